//! Access lines of the servers that applications bring along, and of Apache in a format of its own.

use super::Files;
use super::draft::Draft;
use super::request::{Request, Site};

/// uvicorn's access line: no time at all, so it only makes sense inside a container's log.
pub(super) fn uvicorn(request: &Request, site: &Site, out: &mut Draft) {
    let status = request.status(site);
    let phrase = match status {
        200 => "OK",
        302 => "Found",
        304 => "Not Modified",
        404 => "Not Found",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    };
    out.text(format_args!("INFO:     {}:{} - \"", request.client, request.port));
    out.request(format_args!("{}", request.line()));
    out.text(format_args!("\" "));
    out.vital(format_args!("{status}"));
    out.text(format_args!(" {phrase}"));
}

/// Apache with the `LogFormat` that [`apache_configuration`] declares: ISO time, host, duration.
pub(super) fn apache(request: &Request, site: &Site, out: &mut Draft) {
    out.text(format_args!("{} {} - [", site.host, request.client));
    let time = site.zone.rfc3339(request.at_ms).replace(':', "");
    // %z has no colon: 2026-11-20T10:00:00+0900.
    let iso = site.zone.iso(request.at_ms);
    out.vital(format_args!("{}{}", &iso[..19], &time[time.len() - 5..]));
    out.text(format_args!("] \""));
    out.request(format_args!("{}", request.line()));
    out.text(format_args!("\" "));
    out.vital(format_args!("{}", request.status(site)));
    out.text(format_args!(" {} \"-\" \"{}\" {}", request.bytes, request.agent, u64::from(request.took_ms) * 1_000));
}

/// `apache2.conf` with that format, and the site that uses it.
pub(super) fn apache_configuration(site: &Site) -> Files {
    let Site { name, host, upstream, .. } = site;
    let main = "ServerRoot \"/etc/apache2\"\nErrorLog ${APACHE_LOG_DIR}/error.log\nLogLevel warn\n\
         LogFormat \"%v %h [%{%Y-%m-%dT%H:%M:%S%z}t] \\\"%r\\\" %>s %O \\\"%{Referer}i\\\" \\\"%{User-Agent}i\\\" %D\" timed\n\
         LogFormat \"%h %l %u %t \\\"%r\\\" %>s %O\" common\nIncludeOptional sites-enabled/*.conf\n";
    let vhost = format!(
        "<VirtualHost *:443>\n    ServerName {host}\n    ProxyPass / http://{upstream}/\n    \
         ErrorLog ${{APACHE_LOG_DIR}}/{name}-error.log\n    CustomLog ${{APACHE_LOG_DIR}}/{name}-access.log timed\n</VirtualHost>\n"
    );
    vec![
        ("apache2.conf".to_owned(), main.as_bytes().to_vec()),
        (format!("sites-enabled/{name}.conf"), vhost.into_bytes()),
    ]
}
