//! Access lines of servers that write JSON by themselves: applications, Caddy, Traefik.
//! These writers know JSON; only nginx writes what is none.

use super::draft::Draft;
use super::request::{Request, Site};
use crate::clock::Zone;

/// One flat object a request, as a home-made middleware writes it.
pub(super) fn flat(request: &Request, site: &Site, out: &mut Draft) {
    let (path, _) = request.target.split_once('?').unwrap_or((&request.target, ""));
    out.text(format_args!("{{\"level\":\"info\",\"timestamp\":\""));
    out.vital(format_args!("{}Z", Zone::utc_millis(request.at_ms)));
    out.text(format_args!("\",\"msg\":\"request\",\"method\":\"{}\",\"path\":\"", request.method));
    // Everything behind the path, so that bytes that are no UTF-8 have a place to be.
    out.request(format_args!("{path}"));
    out.text(format_args!("\",\"query\":\"{}\",\"status\":", super::traffic::MARK));
    out.vital(format_args!("{}", request.status(site)));
    out.text(format_args!(
        ",\"duration_ms\":{},\"bytes\":{},\"host\":\"{}\",\"remote_ip\":\"{}\",\"user_agent\":\"{}\"}}",
        request.took_ms, request.bytes, site.host, request.client, request.agent
    ));
}

/// Node's pino-http: time in milliseconds, request and answer as objects of their own.
pub(super) fn pino(request: &Request, site: &Site, out: &mut Draft) {
    out.text(format_args!("{{\"level\":30,\"time\":"));
    out.vital(format_args!("{}", request.at_ms));
    out.text(format_args!(",\"pid\":7,\"hostname\":\"{}\",\"req\":{{\"id\":{}", site.name, request.serial));
    out.text(format_args!(",\"method\":\"{}\",\"url\":\"", request.method));
    out.request(format_args!("{}", request.target));
    out.text(format_args!(
        "\",\"headers\":{{\"host\":\"{}\",\"user-agent\":\"{}\"}},\"remoteAddress\":\"{}\",\"remotePort\":{}}},",
        site.host, request.agent, request.client, request.port
    ));
    out.text(format_args!("\"res\":{{\"statusCode\":"));
    out.vital(format_args!("{}", request.status(site)));
    out.text(format_args!(",\"headers\":{{}}}},\"responseTime\":{},\"msg\":\"request completed\"}}", request.took_ms));
}

/// Caddy's access log; an answer of 5xx is an error there.
pub(super) fn caddy(request: &Request, site: &Site, out: &mut Draft) {
    let status = request.status(site);
    let level = if status >= 500 { "error" } else { "info" };
    let (seconds, micros) = (request.at_ms / 1_000, request.at_ms % 1_000 * 1_000 + 17);
    out.text(format_args!("{{\"level\":\"{level}\",\"ts\":"));
    out.vital(format_args!("{seconds}.{micros:06}"));
    out.text(format_args!(
        ",\"logger\":\"http.log.access.log0\",\"msg\":\"handled request\",\"request\":{{\"remote_ip\":\"{0}\",\
         \"remote_port\":\"{1}\",\"client_ip\":\"{0}\",\"proto\":\"HTTP/2.0\",\"method\":\"{2}\",\"host\":\"{3}\",\"uri\":\"",
        request.client, request.port, request.method, site.host
    ));
    out.request(format_args!("{}", request.target));
    out.text(format_args!(
        "\",\"headers\":{{\"User-Agent\":[\"{}\"],\"Accept\":[\"*/*\"]}},\"tls\":{{\"resumed\":false,\"version\":772,\
         \"cipher_suite\":4865,\"proto\":\"h2\",\"server_name\":\"{}\"}}}},\"bytes_read\":0,\"user_id\":\"\",\
         \"duration\":{},\"size\":{},\"status\":",
        request.agent,
        site.host,
        f64::from(request.took_ms) / 1_000.0,
        request.bytes
    ));
    out.vital(format_args!("{status}"));
    out.text(format_args!(",\"resp_headers\":{{\"Server\":[\"Caddy\"],\"Content-Type\":[\"text/html\"]}}}}"));
}

/// What Caddy says beside the access line when it could not reach the application: no second request.
pub(super) fn caddy_error(request: &Request, site: &Site) -> String {
    format!(
        "{{\"level\":\"error\",\"ts\":{}.{:06},\"logger\":\"http.log.error.log0\",\"msg\":\"dial tcp {}: connect: \
         connection refused\",\"request\":{{\"remote_ip\":\"{}\",\"remote_port\":\"{}\",\"proto\":\"HTTP/2.0\",\
         \"method\":\"{}\",\"host\":\"{}\",\"uri\":\"{}\",\"headers\":{{}}}},\"duration\":0.001,\"status\":502,\
         \"err_id\":\"k{}\",\"err_trace\":\"reverseproxy.statusError (reverseproxy.go:1390)\"}}",
        request.at_ms / 1_000,
        request.at_ms % 1_000 * 1_000,
        site.upstream,
        request.client,
        request.port,
        request.method,
        site.host,
        request.target,
        request.serial
    )
}

/// Traefik's `json`: keys in order of the alphabet, durations in nanoseconds.
pub(super) fn traefik(request: &Request, site: &Site, out: &mut Draft) {
    let Site { name, host, upstream, .. } = site;
    let status = request.status(site);
    let took = u64::from(request.took_ms) * 1_000_000;
    out.text(format_args!(
        "{{\"ClientAddr\":\"{0}:{1}\",\"ClientHost\":\"{0}\",\"ClientPort\":\"{1}\",\"ClientUsername\":\"-\",\
         \"DownstreamContentSize\":{2},\"DownstreamStatus\":",
        request.client, request.port, request.bytes
    ));
    out.vital(format_args!("{status}"));
    out.text(format_args!(
        ",\"Duration\":{took},\"OriginContentSize\":{},\"OriginDuration\":{took},\"OriginStatus\":{status},\
         \"Overhead\":41000,\"RequestAddr\":\"{host}\",\"RequestContentSize\":0,\"RequestCount\":{},\
         \"RequestHost\":\"{host}\",\"RequestMethod\":\"{}\",\"RequestPath\":\"",
        request.bytes, request.serial, request.method
    ));
    out.request(format_args!("{}", request.target));
    out.text(format_args!(
        "\",\"RequestPort\":\"-\",\"RequestProtocol\":\"HTTP/1.1\",\"RequestScheme\":\"https\",\"RetryAttempts\":0,\
         \"RouterName\":\"{name}@docker\",\"ServiceAddr\":\"{upstream}\",\"ServiceName\":\"{name}@docker\",\
         \"ServiceURL\":\"http://{upstream}\",\"StartLocal\":\"{0}456789Z\",\"StartUTC\":\"",
        Zone::utc_millis(request.begun_ms())
    ));
    out.vital(format_args!("{}456789Z", Zone::utc_millis(request.begun_ms())));
    out.text(format_args!(
        "\",\"entryPointName\":\"websecure\",\"level\":\"info\",\"msg\":\"\",\"request_User-Agent\":\"{}\",\"time\":\"{}\"}}",
        request.agent,
        Zone::UTC.iso(request.at_ms).replace("+00:00", "Z")
    ));
}
