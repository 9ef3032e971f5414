//! One request of an access log, read from a line by an [`AccessFormat`]: what its values mean.
//! The fast path only; lines that it does not take whole go to `damage.rs`.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::quality::FixedState;
use lastgood_model::{ClientId, UnixMs};
use memchr::memmem::find;
use memchr::{memchr, memrchr};

use crate::log_format::{AccessFormat, Field, Fit, Values, find_near};
use crate::timestamp::{Clock, number};

/// Seeds differ so that the hash of an address says nothing about the hash of a line.
const LINES: FixedState = FixedState::with_seed(0x6c61_7374_676f_6f64);
const CLIENTS: FixedState = FixedState::with_seed(0x0063_6c69_656e_7473);

/// Longer words are no methods.
const MAX_METHOD: usize = 20;

/// One request. Bytes are as logged, escapes included; empty where the line has none or says `-`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// When it ended.
    pub at: UnixMs,
    /// The offset that the line's time was written in, in seconds east of UTC.
    pub offset_s: i32,
    /// Address of the client; empty if the line lost its beginning.
    pub client: &'a [u8],
    /// Method; empty if the request line is no HTTP.
    pub method: &'a [u8],
    /// Target with its query; the whole request line if that is no HTTP.
    pub target: &'a [u8],
    /// `HTTP/1.1`.
    pub protocol: &'a [u8],
    /// Status sent to the client, 0–999.
    pub status: u16,
    /// Bytes sent to the client.
    pub bytes: Option<u64>,
    /// Referrer.
    pub referrer: &'a [u8],
    /// User agent.
    pub agent: &'a [u8],
    /// Host asked for.
    pub host: &'a [u8],
    /// Addresses tried, as a list (`10.0.0.1:80, unix:/run/app.sock`).
    pub upstream_addr: &'a [u8],
    /// What they answered, as a list (`502, 200`).
    pub upstream_status: &'a [u8],
    /// How long it took, in milliseconds.
    pub request_time_ms: Option<u32>,
}

/// What two renderings of one request have in common: mangled brackets, CRLF or a lost beginning do not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// Hash of time, request line, status, bytes, referrer and agent.
    pub request: u64,
    /// Hash of the client's address; unknown where the line lost it, and then it stands for any.
    pub client: ClientId,
}

impl<'a> Request<'a> {
    /// The address that was tried first; `None` if the format has none or the proxy answered by itself. Unlike the
    /// one that answered last, it was chosen before anybody knew how the request would end.
    #[must_use]
    pub fn first_upstream(&self) -> Option<&'a [u8]> {
        let end =
            self.upstream_addr.iter().position(|byte| matches!(byte, b',' | b' ')).unwrap_or(self.upstream_addr.len());
        let first = &self.upstream_addr[..end];
        (!first.is_empty() && first != b"-").then_some(first)
    }

    /// The address that answered last; `None` if the format has none or the proxy answered by itself.
    #[must_use]
    pub fn upstream(&self) -> Option<&'a [u8]> {
        last_of_list(self.upstream_addr)
    }

    /// What the address that answered last answered; `None` if it did not answer.
    #[must_use]
    pub fn last_upstream_status(&self) -> Option<u16> {
        last_of_list(self.upstream_status).and_then(status)
    }

    /// The client as a hash of its address.
    #[must_use]
    pub fn client_id(&self) -> ClientId {
        if self.client.is_empty() {
            return ClientId::UNKNOWN;
        }
        let mut hasher = CLIENTS.build_hasher();
        hasher.write(self.client);
        ClientId(hasher.finish().max(1))
    }

    /// What identifies this request among the lines of one rotated set.
    #[must_use]
    pub fn key(&self) -> RequestKey {
        let mut hasher = LINES.build_hasher();
        (self.at.0, self.status, self.bytes).hash(&mut hasher);
        for text in [self.method, self.target, self.protocol, self.referrer, self.agent] {
            hasher.write(text);
            hasher.write_usize(text.len());
        }
        RequestKey { request: hasher.finish(), client: self.client_id() }
    }
}

impl AccessFormat {
    /// Reads an undamaged line: its request, and how well the line fits. `None` if time or status cannot be read.
    #[inline(always)]
    pub(crate) fn read<'a>(&self, line: &'a [u8], clock: &mut Clock) -> Option<(Request<'a>, Fit)> {
        let mut values = Values::EMPTY;
        let fit = self.split(line, false, &mut values);
        Some((request(&values, clock)?, fit))
    }

    /// Reads a line whose values hold bare quotes.
    pub(crate) fn read_loose<'a>(&self, line: &'a [u8], clock: &mut Clock) -> Option<(Request<'a>, Fit)> {
        let mut values = Values::EMPTY;
        let fit = self.split(line, true, &mut values);
        Some((request(&values, clock)?, fit))
    }

    /// Reads a line that lost its beginning: `text` starts with the time.
    pub(crate) fn read_headless<'a>(&self, text: &'a [u8], clock: &mut Clock) -> Option<(Request<'a>, Fit)> {
        let mut values = Values::EMPTY;
        let fit = self.split_headless(text, &mut values);
        Some((request(&values, clock)?, fit))
    }
}

/// Gives values their meaning. `None` without a real time and a status of three digits.
#[inline(always)]
fn request<'a>(values: &Values<'a>, clock: &mut Clock) -> Option<Request<'a>> {
    let status = status(values.get(Field::Status))?;
    let (at, offset_s) = time(values, clock)?;
    // A port that is no number: something stands before the line, and what looks like a host is a part of that.
    if !values.present(Field::ServerPort).iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (method, target, protocol) = match values.get(Field::RequestLine) {
        b"" => without_request_line(values),
        line => request_line(line),
    };
    Some(Request {
        at,
        offset_s,
        client: client(values),
        method,
        target,
        protocol,
        status,
        bytes: number(first_of(values, [Field::BodyBytes, Field::SentBytes, Field::Skip])),
        referrer: values.present(Field::Referrer),
        agent: values.present(Field::Agent),
        host: host(values),
        upstream_addr: upstream(values),
        upstream_status: values.present(Field::UpstreamStatus),
        request_time_ms: duration(values),
    })
}

#[inline]
fn time(values: &Values<'_>, clock: &mut Clock) -> Option<(UnixMs, i32)> {
    let written = match (values.get(Field::TimeLocal), values.get(Field::TimeIso)) {
        (b"", b"") => None,
        (b"", iso) => Some(clock.iso8601(iso)?),
        (local, _) => Some(clock.local(local)?),
    };
    match values.get(Field::Msec) {
        b"" => written,
        // The finer clock says when, the written time says in which zone.
        msec => {
            let (at, offset) = clock.msec(msec)?;
            Some((at, written.map_or(offset, |(_, offset)| offset)))
        }
    }
}

#[inline]
fn first_of<'a>(values: &Values<'a>, fields: [Field; 3]) -> &'a [u8] {
    let mut found: &[u8] = b"";
    for field in fields {
        if found.is_empty() && field != Field::Skip {
            found = values.present(field);
        }
    }
    found
}

/// The host asked for. What stands before it on the line is no part of it.
#[inline]
fn host<'a>(values: &Values<'a>) -> &'a [u8] {
    match first_of(values, [Field::Host, Field::HttpHost, Field::ServerName]) {
        b"" => url(values).0,
        written => memrchr(b' ', written).map_or(written, |before| &written[before + 1..]),
    }
}

/// Addresses tried, without the scheme of a URL.
#[inline]
fn upstream<'a>(values: &Values<'a>) -> &'a [u8] {
    match values.present(Field::UpstreamAddr) {
        b"" => {
            let url = values.present(Field::UpstreamUrl);
            let authority = find(url, b"://").map_or(url, |scheme| &url[scheme + 3..]);
            memchr(b'/', authority).map_or(authority, |path| &authority[..path])
        }
        list => list,
    }
}

/// The client's address. What stands before it on the line (`nginx-1  | `) is no part of it.
#[inline]
fn client<'a>(values: &Values<'a>) -> &'a [u8] {
    let written = match values.present(Field::Client) {
        b"" => {
            let with_port = values.present(Field::ClientPort);
            if let Some(port) = memrchr(b':', with_port) {
                return with_port[..port].trim_ascii();
            }
            let list = values.present(Field::ForwardedFor);
            return memchr(b',', list).map_or(list, |comma| &list[..comma]);
        }
        written => written,
    };
    match written.contains(&b' ') {
        true => memrchr(b' ', written).map_or(written, |before| &written[before + 1..]),
        false => written,
    }
}

/// Method, target and protocol of a format that writes them in another way.
fn without_request_line<'a>(values: &Values<'a>) -> (&'a [u8], &'a [u8], &'a [u8]) {
    match values.get(Field::RequestUrl) {
        b"" => (values.present(Field::Method), values.present(Field::Target), b""),
        line => {
            let (method, _, protocol) = request_line(line);
            (method, url(values).1, protocol)
        }
    }
}

/// Host and target of `GET https://shop.example:443/path?query HTTP/1.1`; no host where the target is no URL.
fn url<'a>(values: &Values<'a>) -> (&'a [u8], &'a [u8]) {
    let (_, target, _) = request_line(values.get(Field::RequestUrl));
    url_parts(target)
}

/// Host and path of a target; no host where it is no URL.
pub(crate) fn url_parts(target: &[u8]) -> (&[u8], &[u8]) {
    let Some(scheme) = find(target, b"://").filter(|end| *end <= b"https".len()) else { return (b"", target) };
    let rest = &target[scheme + 3..];
    let (authority, path) = rest.split_at(memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len()));
    let host = match memrchr(b':', authority) {
        Some(port) if !authority.ends_with(b"]") => &authority[..port],
        _ => authority,
    };
    // `-` stands for a host that was not said.
    (if host == b"-" { b"" } else { host }, path)
}

/// `GET /a?b HTTP/1.1` as method, target and protocol. What is no HTTP is all target.
#[inline]
pub(crate) fn request_line(line: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let none = &b""[..];
    let Some(space) = find_near(b' ', line) else {
        return if line == b"-" { (none, none, none) } else { (none, line, none) };
    };
    let (method, rest) = (&line[..space], &line[space + 1..]);
    if method.is_empty()
        || space > MAX_METHOD
        || !method.iter().all(|b| b.is_ascii_uppercase() || *b == b'-' || *b == b'_')
    {
        return (none, line, none);
    }
    // Nearly always ` HTTP/1.1` or ` HTTP/2.0`.
    if let Some((target, [b' ', b'H', b'T', b'T', b'P', b'/', _, _, _])) = rest.split_last_chunk() {
        return (method, target, &rest[target.len() + 1..]);
    }
    match memrchr(b' ', rest) {
        Some(last) if rest[last + 1..].starts_with(b"HTTP/") => (method, &rest[..last], &rest[last + 1..]),
        _ => (method, rest, none),
    }
}

#[inline]
pub(crate) fn status(text: &[u8]) -> Option<u16> {
    let &[a, b, c] = text else { return None };
    let digit = |byte: u8| Some(u16::from(byte.wrapping_sub(b'0'))).filter(|digit| *digit < 10);
    Some(digit(a)? * 100 + digit(b)? * 10 + digit(c)?)
}

/// How long the request took, in milliseconds.
#[inline]
fn duration(values: &Values<'_>) -> Option<u32> {
    match values.get(Field::RequestTime) {
        b"" => {
            let ms = number(values.get(Field::RequestTimeMs));
            let us = || number(values.get(Field::RequestTimeUs)).map(|us| us / 1000);
            u32::try_from(ms.or_else(us)?).ok()
        }
        seconds => seconds_as_ms(seconds),
    }
}

/// `1.001` and, of servers that count whole seconds, `1` in milliseconds.
#[inline]
fn seconds_as_ms(text: &[u8]) -> Option<u32> {
    let Some(dot) = text.len().checked_sub(4).filter(|&dot| text[dot] == b'.' && dot > 0) else {
        return u32::try_from(number(text)?.checked_mul(1000)?).ok();
    };
    let ms = number(&text[..dot])?.checked_mul(1000)?.checked_add(number(&text[dot + 1..])?)?;
    u32::try_from(ms).ok()
}

/// The last of `a, b : c`, as nginx lists upstreams (`:` after an internal redirect); `None` if that is `-`.
fn last_of_list(list: &[u8]) -> Option<&[u8]> {
    let mut last = list;
    while let Some(space) = memchr(b' ', last) {
        last = &last[space + 1..];
    }
    let last = last.strip_suffix(b",").unwrap_or(last);
    (!last.is_empty() && last != b"-" && last != b":").then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn read<'a>(format: &AccessFormat, line: &'a str) -> Option<Request<'a>> {
        format.read(line.as_bytes(), &mut Clock::new(TimeZone::UTC)).map(|(request, _)| request)
    }

    fn with_request(line: &str) -> String {
        format!(r#"1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] "{line}" 400 157 "-" "-""#)
    }

    #[test]
    fn a_combined_line_is_a_request() {
        let line = r#"1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] "POST /api/join/user?enc=Ab HTTP/1.1" 200 273 "https://a.example/x" "CarNaviApp/1""#;
        let expected = Request {
            at: UnixMs::from_seconds(1_668_564_296),
            offset_s: 32_400,
            client: b"1.2.3.4",
            method: b"POST",
            target: b"/api/join/user?enc=Ab",
            protocol: b"HTTP/1.1",
            status: 200,
            bytes: Some(273),
            referrer: b"https://a.example/x",
            agent: b"CarNaviApp/1",
            ..Request::default()
        };
        assert_eq!(read(&AccessFormat::combined(), line), Some(expected));
    }

    #[test]
    fn requests_that_are_no_http_are_requests() {
        let format = AccessFormat::combined();
        for (line, method, target) in [
            ("-", "", ""),
            (r"\x16\x03\x01\x00\xEE", "", r"\x16\x03\x01\x00\xEE"),
            (r"GE\x16T / HTTP/1.1", "", r"GE\x16T / HTTP/1.1"),
            ("GET / HT", "GET", "/ HT"),
            (r"GET /a\x22x y HTTP/1.1", "GET", r"/a\x22x y"),
            ("GET", "", "GET"),
        ] {
            let text = with_request(line);
            let request = read(&format, &text).unwrap();
            assert_eq!((request.method, request.target), (method.as_bytes(), target.as_bytes()), "{line}");
            assert_eq!(request.status, 400);
        }
    }

    #[test]
    fn a_status_has_three_digits() {
        let format = AccessFormat::combined();
        let status = |text: &str| {
            let line = format!(r#"1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] "GET / HTTP/1.1" {text} 7 "-" "-""#);
            read(&format, &line).map(|request| request.status)
        };
        assert_eq!(status("009"), Some(9));
        assert_eq!(status("502"), Some(502));
        for text in ["50", "5020", "5a2", "-", ""] {
            assert_eq!(status(text), None, "{text}");
        }
    }

    #[test]
    fn lists_of_upstreams_end_with_the_one_that_answered() {
        for (list, last) in [
            ("127.0.0.1:9999, 127.0.0.1:9000", Some("127.0.0.1:9000")),
            ("127.0.0.1:9999, unix:/run/app.sock", Some("unix:/run/app.sock")),
            ("10.0.0.1:80 : 10.0.0.2:80", Some("10.0.0.2:80")),
            ("[2001:db8::1]:80", Some("[2001:db8::1]:80")),
            ("10.0.0.1:80, -", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(last_of_list(list.as_bytes()), last.map(str::as_bytes), "{list}");
        }
        let request = Request { upstream_status: b"502, 200", ..Request::default() };
        assert_eq!(request.last_upstream_status(), Some(200));
    }

    #[test]
    fn the_prefix_of_compose_is_no_part_of_the_client() {
        let line = format!("nginx-1  | {}", with_request("GET / HTTP/1.1"));
        assert_eq!(read(&AccessFormat::combined(), &line).unwrap().client, b"1.2.3.4");
    }

    #[test]
    fn times_of_two_kinds_complete_each_other() {
        let format = AccessFormat::compile("x", "$msec [$time_local] $status $request_time").unwrap();
        let request = read(&format, "1668564296.250 [16/Nov/2022:11:04:56 +0900] 200 1.001").unwrap();
        assert_eq!(request.at, UnixMs(1_668_564_296_250));
        assert_eq!(request.offset_s, 32_400);
        assert_eq!(request.request_time_ms, Some(1001));
    }

    #[test]
    fn clients_are_told_apart_and_unknown_is_zero() {
        let of = |client| Request { client, ..Request::default() }.client_id();
        assert_eq!(of(b""), ClientId::UNKNOWN);
        assert_ne!(of(b"1.2.3.4"), ClientId::UNKNOWN);
        assert_ne!(of(b"1.2.3.4"), of(b"1.2.3.5"));
    }
}
