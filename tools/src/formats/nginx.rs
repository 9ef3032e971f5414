//! What nginx writes in declared formats: `main_ext` with its upstream fields, and `escape=json`.
//! With `escape=json` an absent value is empty, a status that is no number is written bare, and bytes above 126 stay raw.

use super::Files;
use super::draft::Draft;
use super::request::{Request, Site};
use crate::access::{Format, Line, Try};
use crate::nginx_conf::{self, Vhost};

/// The declaration of the JSON lines written here.
const JSON: &str = r#"    log_format json_ext escape=json '{"time":"$time_iso8601","remote_addr":"$remote_addr",'
                        '"request":"$request","status":$status,"body_bytes_sent":$body_bytes_sent,'
                        '"host":"$host","http_referer":"$http_referer","http_user_agent":"$http_user_agent",'
                        '"request_time":$request_time,"upstream_addr":"$upstream_addr",'
                        '"upstream_status":"$upstream_status","upstream_response_time":"$upstream_response_time"}';"#;

/// A line of `main_ext`.
pub(super) fn main_ext(request: &Request, site: &Site, out: &mut Draft) {
    let status = request.status(site);
    // A status that nginx could not make out was taken for a plain 200 by the upstream module.
    let told = if status == 9 { 200 } else { status };
    let answered = request.answered().then_some(request.took_ms);
    let tries = [Try {
        addr: site.upstream,
        status: told,
        connect_ms: answered.map(|_| 0),
        header_ms: answered,
        response_ms: request.took_ms,
    }];
    let line = request.line();
    Line {
        client: &request.client,
        at_ms: request.at_ms,
        request: line.as_bytes(),
        status,
        bytes: request.bytes,
        referrer: b"-",
        agent: request.agent.as_bytes(),
        host: site.host,
        request_ms: request.took_ms,
        tries: &tries,
    }
    .write(Format::MainExt, site.zone, &mut out.bytes);
    out.bytes.pop();
    // The status follows the request's closing quote and a space.
    let quotes = out.bytes.iter().enumerate().filter(|(_, byte)| **byte == b'"').map(|(at, _)| at);
    out.silent_until = quotes.clone().nth(1).unwrap_or_default();
    out.told_from = out.silent_until + 5;
}

/// A line of `json_ext`.
pub(super) fn json(request: &Request, site: &Site, out: &mut Draft) {
    let seconds = format!("{}.{:03}", request.took_ms / 1_000, request.took_ms % 1_000);
    let status = request.status(site);
    out.text(format_args!("{{\"time\":\""));
    out.vital(format_args!("{}", site.zone.iso(request.at_ms)));
    out.text(format_args!("\",\"remote_addr\":\"{}\",\"request\":\"", request.client));
    out.request(format_args!("{}", request.line()));
    out.text(format_args!("\",\"status\":"));
    out.vital(format_args!("{status:03}"));
    out.text(format_args!(
        ",\"body_bytes_sent\":{},\"host\":\"{}\",\"http_referer\":\"\",\"http_user_agent\":\"",
        request.bytes, site.host
    ));
    out.raw(request.agent.as_bytes());
    if request.serial.is_multiple_of(40) {
        // Neither Latin-1 nor anything else that is not UTF-8 is escaped.
        out.raw(b" caf\xe9 \xed\xa0\x80");
    }
    out.text(format_args!("\",\"request_time\":{seconds},\"upstream_addr\":\"{}\",", site.upstream));
    out.text(format_args!(
        "\"upstream_status\":\"{}\",\"upstream_response_time\":\"{seconds}\"}}",
        if status == 9 { 200 } else { status }
    ));
}

/// The configuration that declares both.
pub(super) fn configuration(site: &Site) -> Files {
    let mut files = nginx_conf::files(&[Vhost { base: site.name, server: site.host, upstreams: &[site.upstream] }]);
    if let Some((_, main)) = files.first_mut() {
        let text = String::from_utf8_lossy(main).replacen("    log_format", &format!("{JSON}\n    log_format"), 1);
        *main = text.into_bytes();
    }
    files
}

/// The same, for a log in `json_ext`.
pub(super) fn json_configuration(site: &Site) -> Files {
    let mut files = configuration(site);
    for (_, bytes) in &mut files {
        *bytes = String::from_utf8_lossy(bytes).replace("-access.log main_ext", "-access.log json_ext").into_bytes();
    }
    files
}
