//! Access lines of load balancers: HAProxy's `option httplog`, bare and as syslog files it, and AWS's application balancer.

use super::draft::Draft;
use super::request::{Request, Site};
use crate::clock::Zone;

/// HAProxy on standard output in the raw format; its time is local and is that of the request's arrival.
pub(super) fn haproxy(request: &Request, site: &Site, out: &mut Draft) {
    let begun = request.begun_ms();
    let mut time = Vec::new();
    site.zone.write_clf(begun, &mut time);
    let time = String::from_utf8_lossy(&time[..20]);
    out.text(format_args!("{}:{} [", request.client, request.port));
    out.vital(format_args!("{time}.{:03}", begun.rem_euclid(1_000)));
    let (server, timers) = match request.answered() {
        true => ("app1", format!("0/0/0/{0}/{0}", request.took_ms)),
        false => ("<NOSRV>", format!("0/-1/-1/-1/{}", request.took_ms)),
    };
    out.text(format_args!("] https-in~ {}/{server} {timers} ", site.name));
    out.vital(format_args!("{}", request.status(site)));
    let flags = if request.answered() { "----" } else { "SC--" };
    out.text(format_args!(" {} - - {flags} 3/3/1/1/0 0/0 \"", request.bytes));
    out.request(format_args!("{}", request.line()));
    out.text(format_args!("\""));
}

/// The same in a file that rsyslog writes.
pub(super) fn haproxy_syslog(request: &Request, site: &Site, out: &mut Draft) {
    haproxy(request, site, out);
    out.prefix(format!("{} lb-1 haproxy[14389]: ", site.zone.syslog(request.at_ms)).as_bytes());
}

/// An AWS application load balancer; times are UTC, when the answer left and when the request came.
pub(super) fn alb(request: &Request, site: &Site, out: &mut Draft) {
    out.text(format_args!("https "));
    out.vital(format_args!("{}041Z", Zone::utc_millis(request.at_ms)));
    let (target, times, target_status) = match request.answered() {
        true => (site.upstream, format!("0.000 0.{:03} 0.000", request.took_ms), request.status(site).to_string()),
        false => (site.upstream, "-1 -1 -1".to_owned(), "-".to_owned()),
    };
    out.text(format_args!(" app/{}/50dc6c495c0c9188 {}:{} {target} {times} ", site.name, request.client, request.port));
    out.vital(format_args!("{}", request.status(site)));
    out.text(format_args!(" {target_status} 312 {} \"", request.bytes));
    out.request(format_args!("{} https://{}:443{} HTTP/1.1", request.method, site.host, request.target));
    out.text(format_args!(
        "\" \"{}\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:\
         targetgroup/{}/73e2d6bc24d8a067 \"Root=1-58337262-36d228ad5d99923122bb{:04x}\" \"{}\" \
         \"arn:aws:acm:ap-northeast-2:123456789012:certificate/12345678-1234-1234-1234-123456789012\" 0 {}041Z \
         \"forward\" \"-\" \"-\" \"{target}\" \"{target_status}\" \"-\" \"-\" TID_{:032x}",
        request.agent,
        site.name,
        request.serial,
        site.host,
        Zone::utc_millis(request.begun_ms()),
        request.serial
    ));
}
