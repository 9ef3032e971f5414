//! The family of NCSA's common log format: common, combined, Apache's `vhost_combined` and Traefik's.
//! nginx's escapes are those of `access`; gunicorn's and Apache's are here.

use super::draft::Draft;
use super::request::{Request, Site};

/// `%h %l %u %t "%r" %>s %b`.
pub(super) fn common(request: &Request, site: &Site, out: &mut Draft) {
    let time = clf(site, request.at_ms);
    out.text(format_args!("{} - - [", request.client));
    out.vital(format_args!("{time}"));
    out.text(format_args!("] \""));
    out.request(format_args!("{}", request.line()));
    out.text(format_args!("\" "));
    out.vital(format_args!("{:03}", request.status(site)));
    match request.bytes {
        // Apache's %b.
        0 => out.text(format_args!(" -")),
        bytes => out.text(format_args!(" {bytes}")),
    }
}

/// `common "%{Referer}i" "%{User-Agent}i"`, as nginx, Apache and gunicorn write it.
pub(super) fn combined(request: &Request, site: &Site, out: &mut Draft) {
    common(request, site, out);
    out.text(format_args!(" \"https://{}/\" \"{}\"", site.host, request.agent));
}

/// Apache's `vhost_combined`, the format of `other_vhosts_access.log` on Debian.
pub(super) fn vhost_combined(request: &Request, site: &Site, out: &mut Draft) {
    out.text(format_args!("{}:443 ", site.host));
    combined(request, site, out);
}

/// Traefik's `common` with its four fields behind: count, router, server, duration.
pub(super) fn traefik(request: &Request, site: &Site, out: &mut Draft) {
    combined(request, site, out);
    let Site { name, upstream, .. } = site;
    let count = request.serial;
    out.text(format_args!(" {count} \"{name}@docker\" \"http://{upstream}\" {}ms", request.took_ms));
}

fn clf(site: &Site, at_ms: i64) -> String {
    let mut out = Vec::new();
    site.zone.write_clf(at_ms, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
