//! Writes nginx error-log lines: upstream failures as nginx words them, and harmless noise.
//! Request bytes stand there raw, as nginx leaves them. It does not judge which line matters.

use crate::clock::{Zone, append};

/// Why nginx could not get an answer from the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody listens.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The upstream hung up before it had answered.
    ClosedEarly,
}

/// The request at which an upstream failed.
#[derive(Clone, Debug)]
pub struct UpstreamError<'a> {
    /// When.
    pub at_ms: i64,
    /// Process id of the worker.
    pub pid: u32,
    /// The connection's serial number.
    pub connection: u64,
    /// What went wrong.
    pub failure: Failure,
    /// The client's address.
    pub client: &'a str,
    /// `server_name` of the server block.
    pub server: &'a str,
    /// The whole first line of the request.
    pub request: &'a [u8],
    /// `127.0.0.1:8080`.
    pub upstream: &'a str,
    /// The `Host` header.
    pub host: &'a str,
    /// The referrer, if there was one.
    pub referrer: Option<&'a [u8]>,
}

impl UpstreamError<'_> {
    /// Appends the line with its newline.
    pub fn write(&self, zone: Zone, out: &mut Vec<u8>) {
        let what = match self.failure {
            Failure::Refused => "connect() failed (111: Connection refused) while connecting to upstream",
            Failure::TimedOut => {
                "upstream timed out (110: Connection timed out) while reading response header from upstream"
            }
            Failure::ClosedEarly => {
                "upstream prematurely closed connection while reading response header from upstream"
            }
        };
        head(zone, self.at_ms, "error", self.pid, out);
        append(
            out,
            format_args!(" *{} {what}, client: {}, server: {}, request: \"", self.connection, self.client, self.server),
        );
        out.extend_from_slice(self.request);
        append(out, format_args!("\", upstream: \"http://{}", self.upstream));
        out.extend_from_slice(target(self.request));
        append(out, format_args!("\", host: \"{}\"", self.host));
        if let Some(referrer) = self.referrer {
            out.extend_from_slice(b", referrer: \"");
            out.extend_from_slice(referrer);
            out.push(b'"');
        }
        out.push(b'\n');
    }
}

/// Appends a line that has nothing to do with an upstream.
pub fn write_plain(zone: Zone, at_ms: i64, level: &str, pid: u32, message: &str, out: &mut Vec<u8>) {
    head(zone, at_ms, level, pid, out);
    append(out, format_args!(" {message}\n"));
}

fn head(zone: Zone, at_ms: i64, level: &str, pid: u32, out: &mut Vec<u8>) {
    zone.write_error(at_ms, out);
    append(out, format_args!(" [{level}] {pid}#{pid}:"));
}

/// The second word of a request line.
fn target(request: &[u8]) -> &[u8] {
    request.split(|&b| b == b' ').nth(1).unwrap_or(b"/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_a_refused_connection_as_nginx_does() {
        let mut out = Vec::new();
        UpstreamError {
            at_ms: Zone::UTC.at((2026, 11, 21), 19, 25, 5),
            pid: 20_360,
            connection: 3,
            failure: Failure::Refused,
            client: "127.0.0.1",
            server: "api.example.test",
            request: b"GET /refused/x?enc=abc HTTP/1.1",
            upstream: "127.0.0.1:9999",
            host: "api.example.test",
            referrer: None,
        }
        .write(Zone::UTC, &mut out);
        let expected = "2026/11/21 19:25:05 [error] 20360#20360: *3 connect() failed (111: Connection \
            refused) while connecting to upstream, client: 127.0.0.1, server: api.example.test, \
            request: \"GET /refused/x?enc=abc HTTP/1.1\", upstream: \
            \"http://127.0.0.1:9999/refused/x?enc=abc\", host: \"api.example.test\"\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
