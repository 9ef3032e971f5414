//! Writes access-log lines as nginx writes them: `combined`, and the extended format `main_ext`.
//! It does not decide what was asked or answered, and it never damages a line (see `dirty`).

use crate::clock::{Zone, append};

/// The two formats that the generators write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// nginx's and Apache's `combined`.
    Combined,
    /// `combined` with host, timings and upstream fields; see `nginx_conf::MAIN_EXT`.
    MainExt,
}

impl Format {
    /// The name used on the command line and in truth files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Combined => "combined",
            Self::MainExt => "main_ext",
        }
    }
}

/// One attempt at one upstream server, as `$upstream_*` list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try<'a> {
    /// `$upstream_addr`: `127.0.0.1:8080` or `unix:/run/app.sock`.
    pub addr: &'a str,
    /// `$upstream_status`.
    pub status: u16,
    /// `$upstream_connect_time`, absent when no connection came about.
    pub connect_ms: Option<u32>,
    /// `$upstream_header_time`, absent when no header arrived.
    pub header_ms: Option<u32>,
    /// `$upstream_response_time`.
    pub response_ms: u32,
}

/// One request as the log tells of it. Text fields are raw; escaping happens on writing.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// `$remote_addr`.
    pub client: &'a str,
    /// The instant at which the request ended, which is when nginx logs it.
    pub at_ms: i64,
    /// `$request`: the whole first line.
    pub request: &'a [u8],
    /// `$status`; nginx pads it to three digits, so 9 is written `009`.
    pub status: u16,
    /// `$body_bytes_sent`.
    pub bytes: u64,
    /// `$http_referer`.
    pub referrer: &'a [u8],
    /// `$http_user_agent`.
    pub agent: &'a [u8],
    /// `$host`, only in `main_ext`.
    pub host: &'a str,
    /// `$request_time`, only in `main_ext`.
    pub request_ms: u32,
    /// The attempts, only in `main_ext`; empty when nginx answered by itself.
    pub tries: &'a [Try<'a>],
}

impl Line<'_> {
    /// Appends the line with its newline.
    pub fn write(&self, format: Format, zone: Zone, out: &mut Vec<u8>) {
        out.extend_from_slice(self.client.as_bytes());
        out.extend_from_slice(b" - - [");
        zone.write_clf(self.at_ms, out);
        out.extend_from_slice(b"] \"");
        escape(self.request, out);
        append(out, format_args!("\" {:03} {} \"", self.status, self.bytes));
        escape(self.referrer, out);
        out.extend_from_slice(b"\" \"");
        escape(self.agent, out);
        out.push(b'"');
        if format == Format::MainExt {
            self.write_extension(out);
        }
        out.push(b'\n');
    }

    fn write_extension(&self, out: &mut Vec<u8>) {
        append(out, format_args!(" \"-\" {} rt=", self.host));
        seconds(Some(self.request_ms), out);
        out.extend_from_slice(b" uct=\"");
        self.list(out, |t, out| seconds(t.connect_ms, out));
        out.extend_from_slice(b"\" uht=\"");
        self.list(out, |t, out| seconds(t.header_ms, out));
        out.extend_from_slice(b"\" urt=\"");
        self.list(out, |t, out| seconds(Some(t.response_ms), out));
        out.extend_from_slice(b"\" ua=\"");
        self.list(out, |t, out| out.extend_from_slice(t.addr.as_bytes()));
        out.extend_from_slice(b"\" us=\"");
        self.list(out, |t, out| append(out, format_args!("{}", t.status)));
        out.push(b'"');
    }

    /// nginx joins attempts with a comma and a space, and writes `-` when there was none.
    fn list(&self, out: &mut Vec<u8>, mut field: impl FnMut(&Try<'_>, &mut Vec<u8>)) {
        if self.tries.is_empty() {
            out.push(b'-');
        }
        for (index, attempt) in self.tries.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            field(attempt, out);
        }
    }
}

fn seconds(ms: Option<u32>, out: &mut Vec<u8>) {
    match ms {
        Some(ms) => append(out, format_args!("{}.{:03}", ms / 1_000, ms % 1_000)),
        None => out.push(b'-'),
    }
}

/// nginx escapes quotes, backslashes and everything that is not printable ASCII as `\xHH`.
pub fn escape(raw: &[u8], out: &mut Vec<u8>) {
    for &byte in raw {
        if byte == b'"' || byte == b'\\' || !(32..127).contains(&byte) {
            append(out, format_args!("\\x{byte:02X}"));
        } else {
            out.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(tries: &'a [Try<'a>]) -> Line<'a> {
        Line {
            client: "192.0.2.7",
            at_ms: Zone::UTC.at((2026, 11, 21), 19, 25, 5),
            request: b"GET /halfdead?enc=abc HTTP/1.1",
            status: 200,
            bytes: 2,
            referrer: b"-",
            agent: b"a\"b\\c\x16\xed",
            host: "api.example.test",
            request_ms: 14,
            tries,
        }
    }

    #[test]
    fn combined_escapes_like_nginx() {
        let mut out = Vec::new();
        line(&[]).write(Format::Combined, Zone::UTC, &mut out);
        let expected = "192.0.2.7 - - [21/Nov/2026:19:25:05 +0000] \"GET /halfdead?enc=abc HTTP/1.1\" \
                        200 2 \"-\" \"a\\x22b\\x5Cc\\x16\\xED\"\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn main_ext_lists_every_attempt() {
        let tries = [
            Try { addr: "127.0.0.1:9999", status: 502, connect_ms: None, header_ms: None, response_ms: 0 },
            Try { addr: "127.0.0.1:9000", status: 200, connect_ms: Some(0), header_ms: Some(14), response_ms: 14 },
        ];
        let mut out = Vec::new();
        line(&tries).write(Format::MainExt, Zone::UTC, &mut out);
        let text = String::from_utf8_lossy(&out);
        // The tail of the line that a real nginx 1.22.1 wrote for the same request.
        let tail = "\"-\" api.example.test rt=0.014 uct=\"-, 0.000\" uht=\"-, 0.014\" \
                    urt=\"0.000, 0.014\" ua=\"127.0.0.1:9999, 127.0.0.1:9000\" us=\"502, 200\"\n";
        assert!(text.ends_with(tail), "{text}");
    }

    #[test]
    fn main_ext_without_upstream_writes_dashes() {
        let mut out = Vec::new();
        let mut plain = line(&[]);
        plain.status = 9;
        plain.write(Format::MainExt, Zone::UTC, &mut out);
        let text = String::from_utf8_lossy(&out);
        assert!(text.contains("\" 009 2 \""), "{text}");
        assert!(text.ends_with("uct=\"-\" uht=\"-\" urt=\"-\" ua=\"-\" us=\"-\"\n"));
    }
}
