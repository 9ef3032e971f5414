//! HAProxy's HTTP log (`option httplog`, `httpslog`), with or without what syslog puts before each line. A line says two
//! things: the request, and in the termination state what HAProxy itself saw go wrong. Its times name no zone.
//! Logs of TCP proxies hold no requests; a `log-format` of one's own is not read here.

use jiff::tz::TimeZone;
use lastgood_model::{ProxyErrorKind, UnixMs};
use memchr::memmem::find;
use memchr::{memchr, memrchr};

use crate::access::{Request, request_line, url_parts};
use crate::nginx_error::{Level, ProxyError};
use crate::scan::{Line, Sink};
use crate::timestamp::{self, Clock, number};

/// Length of `06/Feb/2009:12:14:14.655`.
const TIME_LEN: usize = 24;
/// What nginx writes where a client left before there was an answer; HAProxy has no status for it.
const CLIENT_LEFT: u16 = 499;
/// Records that are looked for in one line: a line made of times must not take for ever.
const MAX_TIMES: usize = 200;

/// How HAProxy's own notices begin, between the lines of requests.
const NOTICES: &[&str] = &[
    "Server ",
    "Backup Server ",
    "Proxy ",
    "Health check for ",
    "Stopping ",
    "Pausing ",
    "Connect from ",
    "Loading success",
    "New worker",
    "Current worker",
    "[NOTICE]",
    "[WARNING]",
    "[ALERT]",
    "backend ",
    "proxy ",
];

/// Reads such a log.
#[derive(Debug)]
pub(crate) struct HaproxyLog {
    clock: Clock,
    last_time: Option<UnixMs>,
}

/// A request and the letters that say how it ended.
#[derive(Debug)]
struct Record<'a> {
    request: Request<'a>,
    frontend: &'a [u8],
    /// `backend/server`, as written.
    server: &'a [u8],
    /// `SC--`; empty where the line is cut before it.
    state: &'a [u8],
}

impl HaproxyLog {
    /// A reader for a log whose times are in this zone.
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self { clock: Clock::new(zone), last_time: None }
    }

    /// Reads one line; `at` is when its envelope was written, if it has one.
    pub(crate) fn line(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Line {
        if line.trim_ascii().is_empty() {
            return Line::Other;
        }
        let (mut found, mut connections, mut from) = (0, 0, 0);
        for _ in 0..MAX_TIMES {
            let Some(time) = find_time(line, from) else { break };
            match self.record(line, from, time) {
                Some((Some(record), end)) => {
                    from = end;
                    found += 1;
                    self.last_time = Some(record.request.at);
                    tell(&record, number, sink);
                }
                Some((None, end)) => {
                    from = end;
                    connections += 1;
                }
                None => from = time + 1,
            }
        }
        match (found, connections) {
            (0, 0) if from == 0 => self.notice(line, at, number, sink),
            (0, 0) => Line::Unreadable,
            (0, _) => Line::Other,
            _ => Line::Parsed,
        }
    }

    /// The record whose time begins at `time`, in what follows `from`, and where it ends; no record for a connection
    /// of a TCP proxy.
    fn record<'a>(&mut self, line: &'a [u8], from: usize, time: usize) -> Option<(Option<Record<'a>>, usize)> {
        let (began, offset_s) = self.clock.local_without_zone(line.get(time..time + TIME_LEN)?)?;
        // As far as the next record, if one is glued to this.
        let until = find_time(line, time + TIME_LEN).unwrap_or(line.len());
        let rest = &line[time + TIME_LEN..until];
        // A bracket, whatever a terminal made of it.
        let space = memchr(b' ', rest).filter(|space| *space <= 2)?;
        let mut words = Words(&rest[space + 1..]);
        let (frontend, server, timers) = (words.next()?, words.next()?, words.next()?);
        let total = match total_ms(timers)? {
            Total::Request(total) => total,
            Total::Connection if words.0.is_empty() => return None,
            Total::Connection => return Some((None, until - words.0.len())),
        };
        let status = words.next().and_then(status)?;
        let bytes = words.next().filter(|_| !words.0.is_empty());
        let _captured_cookies = (words.next(), words.next());
        let state = words.next().filter(|word| is_state(word)).unwrap_or_default();
        let (asked, after) = asked(words.0);
        let (backend, name) = split_at_byte(server, b'/');
        let status = match (status, state.first()) {
            (Some(status), _) => status,
            (None, Some(b'C' | b'c')) => CLIENT_LEFT,
            (None, Some(_)) => 0,
            // Cut before it says who was to blame.
            (None, None) => return None,
        };
        let request = Request {
            at: began.plus(i64::from(total)),
            offset_s,
            client: client(&line[from..time]),
            status,
            bytes: bytes.and_then(|bytes| number(bytes.strip_prefix(b"+").unwrap_or(bytes))),
            // Without a server nobody was asked: `<NOSRV>`, or `<STATS>` for HAProxy's own page.
            upstream_addr: if name.starts_with(b"<") || backend.is_empty() { b"" } else { server },
            request_time_ms: Some(total),
            ..asked
        };
        Some((Some(Record { request, frontend, server, state }), until - after.len()))
    }

    /// A line that is no request: the state of a server, or a word about HAProxy itself. It has no time of its own.
    fn notice(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Line {
        let own = find(line, b"haproxy[").and_then(|name| Some(&line[name + find(&line[name..], b"]: ")? + 3..]));
        let own = own.unwrap_or(line).trim_ascii();
        if own.iter().any(|byte| *byte < 0x20 && *byte != b'\t') {
            return Line::Unreadable;
        }
        if let Some(at) = at.or(self.last_time)
            && let Some((kind, upstream)) = down(own)
        {
            let upstream = Some(upstream);
            sink.error(
                &ProxyError { at, level: Level::Alert, kind, message: own, upstream, ..ProxyError::default() },
                number,
            );
            return Line::Parsed;
        }
        if NOTICES.iter().any(|begin| own.starts_with(begin.as_bytes())) { Line::Other } else { Line::Unreadable }
    }
}

/// Where the next `06/Feb/2009:12:14:14.655` begins, at or after `from`.
fn find_time(line: &[u8], from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let time = timestamp::find_local(line, from)?;
        let fraction = line.get(time + TIME_LEN - 4..time + TIME_LEN)?;
        if fraction[0] == b'.' && fraction[1..].iter().all(u8::is_ascii_digit) {
            return Some(time);
        }
        from = time + 1;
    }
}

fn tell(record: &Record<'_>, number: u64, sink: &mut impl Sink) {
    sink.request(&record.request, number);
    let no_server = record.server.ends_with(b"/<NOSRV>");
    let Some(kind) = kind(record.state, no_server) else { return };
    let (backend, _) = split_at_byte(record.server, b'/');
    let error = ProxyError {
        at: record.request.at,
        level: Level::Error,
        message: record.state,
        kind,
        client: Some(record.request.client).filter(|client| !client.is_empty()),
        server: Some(record.frontend),
        upstream: Some(if no_server { backend } else { record.server }),
        ..ProxyError::default()
    };
    sink.error(&error, number);
}

/// What a termination state says went wrong behind HAProxy. The first letter names who ended the session, small where
/// it was for a timeout; the second one how far it had come. A client's own doing is no error of the proxy.
fn kind(state: &[u8], no_server: bool) -> Option<ProxyErrorKind> {
    Some(match state {
        [b'S', b'C', ..] if no_server => ProxyErrorKind::NoLiveUpstreams,
        [b'S', b'C', ..] => ProxyErrorKind::ConnectRefused,
        [b's', b'C', ..] => ProxyErrorKind::ConnectTimeout,
        [b's', b'H' | b'D' | b'L', ..] => ProxyErrorKind::AnswerTimeout,
        [b'S', b'H' | b'D' | b'L', ..] => ProxyErrorKind::ClosedEarly,
        // Waited in the queue until the timeout: all servers had as many connections as they may.
        [b's', b'Q', ..] => ProxyErrorKind::Limited,
        // HAProxy's own limit of connections.
        [b'P', b'C', ..] => ProxyErrorKind::WorkerConnections,
        [b'P', b'H', ..] => ProxyErrorKind::BadAnswer,
        // Killed because its server was found to be down; out of memory, sockets or ports; a defect of HAProxy.
        [b'D' | b'R' | b'I', ..] => ProxyErrorKind::Other,
        _ => return None,
    })
}

/// `Server app/s1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", …` and `backend app has no
/// server available!`.
fn down(notice: &[u8]) -> Option<(ProxyErrorKind, &[u8])> {
    let says = |phrase: &[u8]| find(notice, phrase).is_some();
    let last_word = |end: usize| &notice[memrchr(b' ', &notice[..end]).map_or(0, |space| space + 1)..end];
    if let Some(end) = find(notice, b" has no server available") {
        return Some((ProxyErrorKind::NoLiveUpstreams, last_word(end)));
    }
    let end = find(notice, b" is DOWN, reason: ")?;
    let kind = match () {
        () if says(b"Connection refused") => ProxyErrorKind::ConnectRefused,
        () if says(b"No route to host") || says(b"unreachable") => ProxyErrorKind::NoRoute,
        () if says(b"Layer4 timeout") => ProxyErrorKind::ConnectTimeout,
        () if says(b"Layer6") => ProxyErrorKind::Tls,
        () if says(b"Layer7 timeout") => ProxyErrorKind::AnswerTimeout,
        () if says(b"Layer7") => ProxyErrorKind::BadAnswer,
        () => ProxyErrorKind::TemporarilyDisabled,
    };
    Some((kind, last_word(end)))
}

/// Words of a line, one by one.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    /// The next word; `None` at the end.
    fn next(&mut self) -> Option<&'a [u8]> {
        let (word, rest) = split_at_byte(self.0, b' ');
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }
}

/// `SC--`, `cD` with cookies unused: letters of HAProxy's, and no part of another word.
fn is_state(word: &[u8]) -> bool {
    matches!(word.len(), 2 | 4) && word.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-')
}

fn split_at_byte(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    memchr(byte, text).map_or((text, b""), |at| (&text[..at], &text[at + 1..]))
}

enum Total {
    Request(u32),
    Connection,
}

/// The last of `Tq/Tw/Tc/Tr/Tt`, which a `+` says may still grow: from the time of the line to the answer's end.
fn total_ms(timers: &[u8]) -> Option<Total> {
    let is_number = |text: &[u8]| {
        let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
        number(digits).is_some()
    };
    let mut last: &[u8] = b"";
    let mut count = 0;
    for timer in timers.split(|byte| *byte == b'/') {
        is_number(timer).then_some(())?;
        (last, count) = (timer, count + 1);
    }
    match count {
        5 => {
            let total = number(last.strip_prefix(b"+").unwrap_or(last)).unwrap_or(0);
            Some(Total::Request(u32::try_from(total).ok()?))
        }
        3 => Some(Total::Connection),
        _ => None,
    }
}

/// A status; `Some(None)` for the `-1` or `0` of a request that was not answered.
fn status(text: &[u8]) -> Option<Option<u16>> {
    match text {
        b"-1" | b"0" => Some(None),
        [_, _, _] => Some(u16::try_from(number(text)?).ok()),
        _ => None,
    }
}

/// The client's address, in what stands before the time.
fn client(before: &[u8]) -> &[u8] {
    // Behind the address: a space and a bracket, or what a terminal made of that.
    let Some(end) = memrchr(b' ', before) else { return b"" };
    let address = &before[memrchr(b' ', &before[..end]).map_or(0, |space| space + 1)..end];
    // A block of NULs, and the end of a line that is glued to this one.
    let address = memchr::memrchr2(0, b'"', address).map_or(address, |junk| &address[junk + 1..]);
    memrchr(b':', address).map_or(b"", |port| &address[..port])
}

/// What the quoted request line says, and what follows it. Quotes of a client are escaped.
fn asked(rest: &[u8]) -> (Request<'_>, &[u8]) {
    let Some(open) = memchr(b'"', rest) else { return (Request::default(), b"") };
    let (line, after) = split_at_byte(&rest[open + 1..], b'"');
    let (method, target, protocol) = request_line(line);
    let (host, target) = url_parts(target);
    (Request { method, host, target, protocol, ..Request::default() }, after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Context, Counts, Scanner};
    use crate::{Format, NginxConf, recognise};

    const FINE: &str = r#"Feb  6 12:14:14 localhost haproxy[14389]: 10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1""#;
    const REFUSED: &str = r#"10.0.1.2:33319 [06/Feb/2009:12:14:15.000] https~ static/srv1 0/0/-1/-1/3005 503 212 - - SC-- 205/202/202/115/3 0/0 "GET https://shop.example/image.iso?x HTTP/2.0""#;
    const NOBODY: &str = r#"haproxy[18113]: 127.0.0.1:34548 [15/Oct/2003:15:19:06.103] px-http px-http/<NOSRV> -1/-1/-1/-1/+50001 503 +2750 - - SC-- 2/2/2/0/+2 0/0 "POST /a HTTP/1.1""#;

    #[derive(Default)]
    struct Told(Vec<String>);

    impl Sink for Told {
        fn request(&mut self, request: &Request<'_>, line: u64) {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let Request { client, host, target, status, .. } = *request;
            let upstream = request.first_upstream().map_or_else(|| "-".to_owned(), text);
            let (client, host, target) = (text(client), text(host), text(target));
            self.0.push(format!("{line} {client} {status} {host}{target} {upstream} {}", request.at.0 % 1_000_000));
        }

        fn error(&mut self, error: &ProxyError<'_>, line: u64) {
            let upstream = String::from_utf8_lossy(error.upstream_or_name().unwrap_or(b"-")).into_owned();
            self.0.push(format!("{line} {:?} {upstream}", error.kind));
        }
    }

    fn read(text: &[u8]) -> (Counts, Vec<String>) {
        let mut scanner = Scanner::new(
            &Format::Haproxy,
            Context { zone: TimeZone::UTC, vhost: "v".into(), about: None, without: lastgood_model::Layers::NONE },
        );
        let mut told = Told::default();
        scanner.feed(text, &mut told);
        (scanner.finish(&mut told), told.0)
    }

    /// A request that ended so.
    fn ended(status: &str, state: &str) -> String {
        format!(
            r#"10.0.1.2:3 [06/Feb/2009:12:14:14.655] in app/s1 0/0/1/-1/9 {status} 212 - - {state} 2/2/2/1/0 0/0 "GET / HTTP/1.1""#
        )
    }

    #[test]
    fn a_line_says_the_request_and_what_went_wrong() {
        let text = format!("{FINE}\n{REFUSED}\n{NOBODY}\n");
        assert_eq!(recognise(text.as_bytes(), "x", &NginxConf::default()).name(), "haproxy");
        let (counts, told) = read(text.as_bytes());
        assert_eq!((counts.parsed, counts.lines), (3, 3));
        assert_eq!(
            told,
            [
                "1 10.0.1.2 200 /index.html static/srv1 454764",
                "2 10.0.1.2 503 shop.example/image.iso?x static/srv1 458005",
                "2 ConnectRefused static/srv1",
                "3 127.0.0.1 503 /a - 196104",
                "3 NoLiveUpstreams px-http",
            ]
        );
    }

    #[test]
    fn the_termination_state_is_the_proxys_own_word() {
        for (status, state, said) in [
            ("503", "sC--", Some("ConnectTimeout app/s1")),
            ("504", "sHVN", Some("AnswerTimeout app/s1")),
            ("200", "sD--", Some("AnswerTimeout app/s1")),
            ("502", "SH--", Some("ClosedEarly app/s1")),
            ("503", "sQ--", Some("Limited app/s1")),
            ("502", "PH--", Some("BadAnswer app/s1")),
            ("503", "PC--", Some("WorkerConnections app/s1")),
            ("-1", "SD--", Some("ClosedEarly app/s1")),
            ("200", "CD--", None),
            ("403", "PR--", None),
        ] {
            let (_, told) = read(ended(status, state).as_bytes());
            let expected = if status == "-1" { "0" } else { status };
            assert!(told[0].starts_with(&format!("1 10.0.1.2 {expected} /")), "{told:?}");
            assert_eq!(told.get(1).map(|said| &said[2..]), said, "{state}");
        }
        // The client left: as nginx's 499.
        assert!(read(ended("-1", "CC--").as_bytes()).1[0].starts_with("1 10.0.1.2 499 /"));
    }

    #[test]
    fn states_of_servers_take_the_time_of_the_lines_around_them() {
        let down = r#"[WARNING]  (8) : Server app/s1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 0 active and 0 backup servers left."#;
        let none = "backend app has no server available!";
        let (counts, told) = read(format!("{down}\n{FINE}\n{down}\n{none}\nProxy app started.\n\n").as_bytes());
        assert_eq!((counts.parsed, counts.other), (3, 3));
        assert_eq!(told[1..], ["3 ConnectRefused app/s1", "4 NoLiveUpstreams app"]);
    }

    #[test]
    fn connections_of_a_tcp_proxy_are_no_requests() {
        let line =
            "haproxy[14387]: 10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0";
        let (counts, told) = read(line.as_bytes());
        assert_eq!((counts.other, told.len()), (1, 0));
        assert_eq!(recognise(line.as_bytes(), "x", &NginxConf::default()), Format::Unknown);
    }

    #[test]
    fn a_line_cut_before_its_status_is_not_read() {
        let status = REFUSED.find("503 ").unwrap();
        for cut in 1..REFUSED.len() {
            let (counts, told) = read(&REFUSED.as_bytes()[..cut]);
            let requests = told.iter().filter(|said| said.contains(" 503 ")).count();
            assert_eq!(requests, usize::from(cut >= status + 3), "{cut}");
            assert_eq!((counts.parsed, counts.unreadable), if requests == 1 { (1, 0) } else { (0, 1) }, "{cut}");
        }
        // Without a status, who ended it has to be there.
        let unanswered = ended("-1", "CC--");
        assert_eq!(read(&unanswered.as_bytes()[..unanswered.find(" CC").unwrap()]).0.unreadable, 1);
    }

    #[test]
    fn damage_hides_nothing() {
        let whole = read(FINE.as_bytes()).1;
        let nul = [&[0; 99][..], FINE.as_bytes()].concat();
        assert_eq!(read(&nul).1, whole);
        let bare = &FINE[FINE.find("10.0.1.2").unwrap()..];
        assert_eq!(read(&[&[0; 99][..], bare.as_bytes()].concat()).1, whole);
        for (open, close) in [("Ä", "Ü"), ("", "")] {
            let mangled = FINE.replace(" [", &format!(" {open}")).replace("] ", &format!("{close} "));
            assert_eq!(read(mangled.as_bytes()).1, whole, "{mangled}");
        }
        // Glued: behind a whole line, and behind one that was cut.
        for cut in
            [FINE.len(), FINE.find("{1wt").unwrap(), FINE.find("----").unwrap() + 2, FINE.find("2750").unwrap() + 2]
        {
            let glued = read(format!("{}{bare}", &FINE[..cut]).as_bytes()).1;
            assert_eq!(glued.len(), 2, "{cut} {glued:?}");
            assert!(glued[1].ends_with("200 /index.html static/srv1 454764"), "{glued:?}");
        }
        let headless = &FINE[FINE.find("06/Feb").unwrap()..];
        assert_eq!(read(headless.as_bytes()).1, ["1  200 /index.html static/srv1 454764"]);
    }
}
