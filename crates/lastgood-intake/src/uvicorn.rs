//! uvicorn's access lines, `INFO:     127.0.0.1:34554 - "GET / HTTP/1.1" 200 OK`, as they are unless told otherwise. They
//! have no time of their own: a line is a request where something around it says when it was written, and is only
//! counted where nothing does. What the application prints among them is none of our business.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lastgood_model::UnixMs;
use memchr::memmem::find;
use memchr::{memchr, memrchr};

use crate::access::{Request, request_line, status};
use crate::scan::{Line, Sink};

/// What every access line begins with.
const LEVEL: &[u8] = b"INFO: ";

/// Reads such lines.
#[derive(Debug)]
pub(crate) struct Uvicorn {
    zone: TimeZone,
}

impl Uvicorn {
    /// A reader for a log of a machine in this zone.
    pub(crate) const fn new(zone: TimeZone) -> Self {
        Self { zone }
    }

    /// Reads one line that was written at this time.
    pub(crate) fn line(&self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Line {
        let line = plain(line);
        let Some(level) = find(&line, LEVEL) else { return other(&line) };
        let text = &line[level + b"INFO:".len()..];
        let Some(dash) = find(text, b" - \"") else { return other(&line) };
        let address = text[..dash].trim_ascii();
        if address.contains(&b' ') {
            return other(&line);
        }
        let rest = &text[dash + b" - \"".len()..];
        let Some((request, status)) = asked(rest) else { return Line::Unreadable };
        let Some(at) = at else { return Line::Other };
        let (method, target, protocol) = request_line(request);
        // Behind a unix socket there is no address.
        let client = memrchr(b':', address).map_or(address, |port| &address[..port]);
        let offset = Timestamp::from_millisecond(at.0).map(|at| self.zone.to_offset(at).seconds());
        let offset_s = offset.unwrap_or(0);
        sink.request(&Request { at, offset_s, client, method, target, protocol, status, ..Request::default() }, number);
        Line::Parsed
    }

    /// Whether this is an access line.
    pub(crate) fn is_access(line: &[u8]) -> bool {
        struct Seen(bool);
        impl Sink for Seen {
            fn request(&mut self, _request: &Request<'_>, _line: u64) {
                self.0 = true;
            }
        }
        let mut seen = Seen(false);
        Self::new(TimeZone::UTC).line(line, Some(UnixMs::default()), 1, &mut seen);
        seen.0
    }
}

/// Request line and status of `GET / HTTP/1.1" 200 OK`. The target is percent-encoded, so its first quote ends it.
fn asked(text: &[u8]) -> Option<(&[u8], u16)> {
    let quote = memchr(b'"', text)?;
    let after = text[quote + 1..].strip_prefix(b" ")?;
    let (digits, behind) = after.split_at_checked(3)?;
    let ends = behind.first().is_none_or(|byte| *byte == b' ');
    Some((&text[..quote], status(digits).filter(|_| ends)?))
}

/// The line without the colours that it has on a terminal.
pub(crate) fn plain(line: &[u8]) -> Cow<'_, [u8]> {
    if memchr(0x1B, line).is_none() {
        return Cow::Borrowed(line);
    }
    let mut plain = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(escape) = find(rest, b"\x1B[") {
        plain.extend_from_slice(&rest[..escape]);
        let colour = &rest[escape + 2..];
        let end = colour.iter().position(|byte| !byte.is_ascii_digit() && *byte != b';').unwrap_or(colour.len());
        rest = colour.get(end + 1..).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

/// Text of the application, or damage: bytes that are no text, or an access line that ends early.
fn other(line: &[u8]) -> Line {
    let no_text = line.iter().any(|byte| *byte < 0x20 && *byte != b'\t');
    if no_text || is_cut(line) { Line::Unreadable } else { Line::Other }
}

/// Whether this is the beginning of an access line, up to somewhere before its request.
fn is_cut(line: &[u8]) -> bool {
    let Some(address) = line.strip_prefix(LEVEL) else { return !line.is_empty() && LEVEL.starts_with(line) };
    let address = address.trim_ascii_start();
    let length = address.iter().take_while(|byte| byte.is_ascii_hexdigit() || b".:".contains(byte)).count();
    let (address, behind) = address.split_at(length);
    b" - \"".starts_with(behind) && (address.is_empty() || address[0].is_ascii_digit() || address[0] == b':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, NginxConf, recognise};

    #[derive(Default)]
    struct Told(Vec<String>);

    impl Sink for Told {
        fn request(&mut self, request: &Request<'_>, line: u64) {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let Request { at, client, target, status, .. } = *request;
            self.0.push(format!("{line} {} {} {} {status}", at.0, text(client), text(target)));
        }
    }

    fn read(line: &str, at: Option<UnixMs>) -> (Line, Vec<String>) {
        let mut told = Told::default();
        (Uvicorn::new(TimeZone::UTC).line(line.as_bytes(), at, 1, &mut told), told.0)
    }

    const LINE: &str = r#"INFO:     127.0.0.1:34554 - "GET /api/items?x=%22y HTTP/1.1" 502 Bad Gateway"#;

    #[test]
    fn cut_anywhere_it_is_damage_and_never_a_request() {
        let status = LINE.find("502").unwrap() + 3;
        for cut in 1..LINE.len() {
            let expected = if cut < status { Line::Unreadable } else { Line::Parsed };
            assert_eq!(read(&LINE[..cut], Some(UnixMs(5))).0, expected, "{}", &LINE[..cut]);
        }
        for line in
            ["INFO:     Started server process [1]", "INFO:     Application startup complete.", "IN ORDER", "I am"]
        {
            assert_eq!(read(line, Some(UnixMs(5))).0, Line::Other, "{line}");
        }
    }

    #[test]
    fn a_line_with_a_time_around_it_is_a_request() {
        let at = Some(UnixMs(5));
        let said = vec!["1 5 127.0.0.1 /api/items?x=%22y 502".to_owned()];
        assert_eq!(read(LINE, at), (Line::Parsed, said.clone()));
        let coloured = "\u{1b}[32mINFO\u{1b}[0m:     127.0.0.1:34554 - \"\u{1b}[1mGET /api/items?x=%22y HTTP/1.1\u{1b}[0m\" \u{1b}[91m502 Bad Gateway\u{1b}[0m";
        assert_eq!(read(coloured, at), (Line::Parsed, said));
        // A status without a name, a client without an address.
        assert_eq!(read(r#"INFO:     ::1:5 - "GET / HTTP/1.1" 520"#, at).1, ["1 5 ::1 / 520"]);
        assert_eq!(read(r#"INFO:      - "GET / HTTP/1.1" 200 OK"#, at).1, ["1 5  / 200"]);
    }

    #[test]
    fn without_a_time_it_is_only_counted() {
        assert_eq!(read(LINE, None), (Line::Other, vec![]));
        assert_eq!(recognise(LINE.as_bytes(), "x", &NginxConf::default()), Format::Uvicorn);
    }

    #[test]
    fn what_the_application_prints_is_no_request() {
        for line in
            ["INFO:     Started server process [1]", "Traceback (most recent call last):", "", "INFO:     a b - \"GET"]
        {
            assert_eq!(read(line, Some(UnixMs(5))), (Line::Other, vec![]), "{line}");
        }
        let status = LINE.find("502").unwrap();
        for cut in LINE.find('"').unwrap() + 1..LINE.len() {
            let (line, told) = read(&LINE[..cut], Some(UnixMs(5)));
            assert_eq!(told.len(), usize::from(cut >= status + 3), "{cut}");
            assert_eq!(line, if told.is_empty() { Line::Unreadable } else { Line::Parsed });
        }
    }
}
