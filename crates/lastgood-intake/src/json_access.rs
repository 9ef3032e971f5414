//! Access lines in JSON, known by the names of their members: nginx's with `escape=json`, Caddy's, Traefik's, those of
//! applications. What a line means stands here; names are in `json_fields.rs`, damage is undone by `json_repair.rs`.

use jiff::tz::TimeZone;
use lastgood_model::UnixMs;
use memchr::memmem::{find, find_iter};

use crate::access::{self, Request, request_line};
use crate::access_log::is_entrypoint;
use crate::json_fields::Slot;
use crate::json_record::{Names, Record, Value, read, read_first};
use crate::json_repair::repaired;
use crate::scan::{Context, Line, Sink};
use crate::timestamp::{Clock, Stamp};

/// Records that one damaged line may hold.
const MAX_RECORDS: usize = 200;
/// What stands before the object in Caddy's console format is no longer.
const MAX_PREFIX: usize = 256;
/// So much of a line's beginning marks where another one begins that is glued to it.
const MAX_OPENING: usize = 32;

/// Whose JSON it is. All are read alike; it is a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonDialect {
    /// nginx's with `escape=json`, and an application's own.
    Plain,
    /// Caddy's.
    Caddy,
    /// Traefik's.
    Traefik,
    /// With the names of the Elastic Common Schema.
    Ecs,
}

impl JsonDialect {
    /// Its name, as shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "json",
            Self::Caddy => "caddy",
            Self::Traefik => "traefik-json",
            Self::Ecs => "ecs-json",
        }
    }

    /// Recognises lines, and says how well they fit: 4 for each one that is a whole request, 1 for a damaged one.
    pub(crate) fn recognise(lines: &[&[u8]]) -> Option<(Self, usize)> {
        let mut reader = JsonAccess::new(TimeZone::UTC);
        let points = |line: &&[u8]| match reader.whole(line) {
            Some(true) => 4,
            Some(false) => 0,
            None => usize::from(reader.damaged(line, &mut |_| ()) > 0),
        };
        let points = lines.iter().map(points).sum();
        let says = |word: &[u8]| lines.iter().any(|line| find(line, word).is_some());
        let dialect = if says(b"\"DownstreamStatus\"") {
            Self::Traefik
        } else if says(b"http.log.access") {
            Self::Caddy
        } else if says(b"\"ecs.version\"") || says(b"\"ecs\"") || says(b"http.response.status_code") {
            Self::Ecs
        } else {
            Self::Plain
        };
        (points > 0).then_some((dialect, points))
    }
}

/// Reads access lines in JSON. Keep one per file.
#[derive(Debug)]
pub(crate) struct JsonAccess {
    clock: Clock,
    /// Caddy's console format writes times in UTC without saying so.
    utc: Clock,
    names: Names,
    /// How the lines of this file begin: `{"time":`.
    opening: Vec<u8>,
}

impl JsonAccess {
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self { clock: Clock::new(zone), utc: Clock::new(TimeZone::UTC), names: Names::default(), opening: Vec::new() }
    }

    pub(crate) fn of(context: Context) -> Self {
        Self::new(context.zone)
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        let (prefix, object) = split(line);
        if let Some(record) = read(object, &mut self.names) {
            let Some(request) = request(&record, prefix, &mut self.clock, &mut self.utc) else { return Line::Other };
            sink.request(&request, number);
            if self.opening.is_empty() {
                self.opening = opening(object).to_vec();
            }
            return Line::Parsed;
        }
        if line.trim_ascii().is_empty() || is_entrypoint(line) {
            return Line::Other;
        }
        match self.damaged(line, &mut |request| sink.request(request, number)) {
            0 => Line::Unreadable,
            _ => Line::Parsed,
        }
    }

    /// Whether a line is an object, and a request.
    fn whole(&mut self, line: &[u8]) -> Option<bool> {
        let (prefix, object) = split(line);
        let record = read(object, &mut self.names)?;
        Some(request(&record, prefix, &mut self.clock, &mut self.utc).is_some())
    }

    /// Hands on every request of a damaged line, and says how many there were.
    #[cold]
    fn damaged(&mut self, line: &[u8], take: &mut impl FnMut(&Request<'_>)) -> usize {
        let mut found = 0;
        for fragment in line.split(|byte| *byte == 0).filter(|fragment| !fragment.is_empty()) {
            let first = memchr::memchr(b'{', fragment).unwrap_or(fragment.len());
            let opening = if self.opening.is_empty() { opening(&fragment[first..]) } else { &self.opening };
            let mut begins: Vec<usize> = match opening {
                b"" => Vec::new(),
                opening => find_iter(fragment, opening).take(MAX_RECORDS).collect(),
            };
            if begins.first() != Some(&0) {
                begins.insert(0, 0);
            }
            for (index, begin) in begins.iter().enumerate() {
                let piece = &fragment[*begin..begins.get(index + 1).copied().unwrap_or(fragment.len())];
                found += usize::from(self.piece(piece, take));
            }
        }
        found
    }

    /// Reads what may be one record.
    fn piece(&mut self, piece: &[u8], take: &mut impl FnMut(&Request<'_>)) -> bool {
        let (prefix, object) = split(piece);
        // Without its beginning an object begins with the next name.
        let headless = match find(object, b",\"") {
            Some(comma) if !object.starts_with(b"{") => [b"{", &object[comma + 1..]].concat(),
            _ => Vec::new(),
        };
        let object = if headless.is_empty() { object } else { &headless };
        let text;
        let record = match read_first(object, &mut self.names) {
            Some(record) => Some(record),
            None => {
                text = repaired(object);
                read(text.as_bytes(), &mut self.names)
            }
        };
        let request = record.as_ref().and_then(|record| request(record, prefix, &mut self.clock, &mut self.utc));
        if let Some(request) = &request {
            take(request);
        }
        request.is_some()
    }
}

/// What stands before the object, and the object.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii();
    if line.starts_with(b"{") {
        return (b"", line);
    }
    let head = &line[..line.len().min(MAX_PREFIX)];
    match find(head, b"\t{").or_else(|| find(head, b" {")) {
        Some(before) => (&line[..before], &line[before + 1..]),
        None => (b"", line),
    }
}

/// `{"time":` of an object.
fn opening(object: &[u8]) -> &[u8] {
    let head = &object[..object.len().min(MAX_OPENING)];
    match memchr::memchr(b':', head) {
        Some(colon) if head.starts_with(b"{\"") => &head[..=colon],
        _ => b"",
    }
}

/// Gives values their meaning. `None` without a time, a status, and a word on what was asked.
fn request<'r>(record: &'r Record<'_>, prefix: &[u8], clock: &mut Clock, utc: &mut Clock) -> Option<Request<'r>> {
    // Beside the access line, Caddy's error log has the same request once more.
    if record.text(Slot::Logger).starts_with(b"http.log.error") {
        return None;
    }
    let status = status(record.get(Slot::Status))?;
    let request_time_ms = duration(record);
    let (at, offset_s) = time(record, request_time_ms, clock).or_else(|| utc.error_log(prefix.get(..19)?))?;
    let (mut method, target, mut protocol) = match record.text(Slot::RequestLine) {
        b"" => (record.text(Slot::Method), record.text(Slot::Target), &b""[..]),
        line => request_line(line),
    };
    if method.is_empty() && target.is_empty() && record.get(Slot::RequestLine) == &Value::Absent {
        return None;
    }
    if protocol.is_empty() {
        protocol = record.text(Slot::Protocol);
    }
    if method.is_empty() && record.text(Slot::RequestLine).is_empty() {
        method = record.text(Slot::Method);
    }
    let (url_host, target) = without_origin(target);
    let first = |slots: &[Slot]| slots.iter().map(|slot| record.text(*slot)).find(|text| !text.is_empty());
    Some(Request {
        at,
        offset_s,
        client: client(record),
        method,
        target,
        protocol,
        status,
        bytes: number(record.get(Slot::Bytes)),
        referrer: record.text(Slot::Referrer),
        agent: record.text(Slot::Agent),
        host: first(&[Slot::Host, Slot::HttpHost, Slot::ServerName]).unwrap_or(url_host),
        upstream_addr: record.text(Slot::UpstreamAddr),
        upstream_status: record.text(Slot::UpstreamStatus),
        request_time_ms,
    })
}

fn status(value: &Value<'_>) -> Option<u16> {
    match value {
        Value::Text(text) => access::status(text.as_bytes()),
        // Caddy's word for a client that went away before it was answered.
        Value::Whole(0) => Some(499),
        Value::Whole(number) => u16::try_from(*number).ok().filter(|status| *status <= 999),
        Value::Absent | Value::Real(_) => None,
    }
}

fn number(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Text(text) => crate::timestamp::number(text.as_bytes()),
        Value::Whole(number) => Some(*number),
        Value::Absent | Value::Real(_) => None,
    }
}

fn client<'r>(record: &'r Record<'_>) -> &'r [u8] {
    for slot in [Slot::Client, Slot::Peer] {
        let written = record.text(slot);
        if !written.is_empty() {
            return without_port(written);
        }
    }
    let list = record.text(Slot::ForwardedFor);
    &list[..memchr::memchr(b',', list).unwrap_or(list.len())]
}

/// `1.2.3.4` of `1.2.3.4:5678`, `2001:db8::1` of `[2001:db8::1]:5678`.
fn without_port(address: &[u8]) -> &[u8] {
    if let Some(rest) = address.strip_prefix(b"[") {
        return &rest[..memchr::memchr(b']', rest).unwrap_or(rest.len())];
    }
    match memchr::memchr(b':', address) {
        Some(colon) if memchr::memrchr(b':', address) == Some(colon) => &address[..colon],
        _ => address,
    }
}

/// The host and the rest of `https://host/path`; no host if there is none.
fn without_origin(target: &[u8]) -> (&[u8], &[u8]) {
    let Some(rest) = target.strip_prefix(b"https://").or_else(|| target.strip_prefix(b"http://")) else {
        return (b"", target);
    };
    rest.split_at(memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len()))
}

fn time(record: &Record<'_>, took_ms: Option<u32>, clock: &mut Clock) -> Option<Stamp> {
    let begun = moment(record.get(Slot::Begun), clock);
    if let Some((at, offset)) = begun.zip(took_ms).map(|((at, offset), took)| (at.plus(i64::from(took)), offset)) {
        return Some((at, offset));
    }
    let written = moment(record.get(Slot::Time), clock);
    match moment(record.get(Slot::Epoch), clock) {
        // The finer clock says when, the written time says in which zone.
        Some((at, offset)) => Some((at, written.map_or(offset, |(_, offset)| offset))),
        None => written.or(begun),
    }
}

/// A time however it is written.
fn moment(value: &Value<'_>, clock: &mut Clock) -> Option<Stamp> {
    match value {
        Value::Absent => None,
        Value::Whole(number) => clock.epoch(*number as f64),
        Value::Real(number) => clock.epoch(*number),
        Value::Text(text) => {
            let text = text.as_bytes();
            let epoch = |clock: &mut Clock| clock.epoch(std::str::from_utf8(text).ok()?.parse().ok()?);
            clock.iso8601(text).or_else(|| clock.local(text)).or_else(|| epoch(clock)).or_else(|| spaced(text, clock))
        }
    }
}

/// `2026-11-21 19:25:05.123`, with a `T` or a blank, and with or without a zone behind.
fn spaced(text: &[u8], clock: &mut Clock) -> Option<Stamp> {
    const HEAD: usize = 19;
    let (head, rest) = text.split_at_checked(HEAD)?;
    let mut civil = [0; HEAD];
    civil.copy_from_slice(head);
    (civil[4], civil[7], civil[10]) = (b'-', b'-', b'T');
    let rest: Vec<u8> =
        rest.iter().filter(|byte| **byte != b' ').map(|byte| if *byte == b',' { b'.' } else { *byte }).collect();
    let zoned = |zone: &[u8]| [&civil[..], zone].concat();
    let rest = rest.strip_suffix(b"UTC").map_or(rest.clone(), |fraction| [fraction, b"Z"].concat());
    if let Some(stamp) = clock.iso8601(&zoned(&rest)) {
        return Some(stamp);
    }
    // Without a zone it is the reader's; what is behind the second is found as if it were UTC.
    let (utc, _) = clock.iso8601(&zoned(&[&rest[..], b"Z"].concat()))?;
    (civil[4], civil[7], civil[10]) = (b'/', b'/', b' ');
    let (at, offset) = clock.error_log(&civil)?;
    Some((at.plus(utc.0.rem_euclid(1000)), offset))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is looked at")]
fn duration(record: &Record<'_>) -> Option<u32> {
    let value = |slot| match record.get(slot) {
        Value::Whole(number) => Some(*number as f64),
        Value::Real(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        Value::Absent => None,
    };
    let ms = match (record.get(Slot::Duration), value(Slot::DurationMs), value(Slot::DurationNs)) {
        (_, Some(ms), _) => ms,
        (_, _, Some(ns)) => ns / 1e6,
        (Value::Text(text), ..) => with_unit(text)?,
        (Value::Real(seconds), ..) => seconds * 1e3,
        // Whole numbers are what those write who count in milliseconds.
        (Value::Whole(ms), ..) => *ms as f64,
        (Value::Absent, ..) => return None,
    };
    (0.0..f64::from(u32::MAX)).contains(&ms).then(|| ms.round() as u32)
}

/// Milliseconds of `0.012` (seconds), `12.5ms`, `1.2s`, `350µs`.
fn with_unit(text: &str) -> Option<f64> {
    let text = text.trim();
    let number = text.trim_end_matches(|c: char| c.is_alphabetic() || c == 'µ');
    let factor = match &text[number.len()..] {
        "" | "s" => 1e3,
        "ms" => 1.0,
        "us" | "µs" | "μs" => 1e-3,
        "ns" => 1e-6,
        _ => return None,
    };
    Some(number.trim().parse::<f64>().ok()? * factor)
}

impl Clock {
    /// A number of seconds since 1970, or of thousandths, millionths or billionths of one. The offset is that of the
    /// reader's zone.
    #[expect(clippy::cast_possible_truncation, reason = "the range is looked at")]
    fn epoch(&mut self, number: f64) -> Option<Stamp> {
        let ms = match number {
            n if (1e8..1e11).contains(&n) => n * 1e3,
            n if (1e11..1e14).contains(&n) => n,
            n if (1e14..1e17).contains(&n) => n / 1e3,
            n if (1e17..1e20).contains(&n) => n / 1e6,
            _ => return None,
        };
        self.at(UnixMs(ms.round() as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Counts, Scanner};
    use crate::{NginxConf, recognise};

    /// Every request as time, client, method, target, status, bytes, host, upstream, duration.
    #[derive(Default)]
    struct Told(Vec<String>);

    impl Sink for Told {
        fn request(&mut self, request: &Request<'_>, line: u64) {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let words = [request.client, request.method, request.target, request.host, request.upstream_addr].map(text);
            let (at, status, bytes) = (request.at.0, request.status, request.bytes.unwrap_or_default());
            self.0.push(format!("{line} {at} {} {status:03} {bytes} {:?}", words.join("|"), request.request_time_ms));
        }
    }

    fn read_all(text: &[u8], conf: &NginxConf) -> (String, Counts, Vec<String>) {
        let format = recognise(text, "x", conf);
        let mut scanner = Scanner::new(
            &format,
            Context { zone: TimeZone::UTC, vhost: "x".into(), about: None, without: lastgood_model::Layers::NONE },
        );
        let mut told = Told::default();
        scanner.feed(text, &mut told);
        let counts = scanner.finish(&mut told);
        (format.name().to_owned(), counts, told.0)
    }

    fn one(text: &str) -> (String, String) {
        let (name, counts, told) = read_all(text.as_bytes(), &NginxConf::default());
        assert_eq!((counts.parsed, told.len()), (1, 1), "{text}");
        (name, told[0].clone())
    }

    #[test]
    fn what_nginx_really_wrote_is_read_to_the_last_line() {
        let log = include_bytes!("../tests/data/nginx-lab-access-all.jsonl");
        let (name, counts, told) = read_all(log, &NginxConf::default());
        assert_eq!((name.as_str(), counts.lines, counts.parsed, counts.unreadable), ("json", 84, 84, 0));
        assert_eq!(
            told[1],
            "2 1795289105000 127.0.0.1|GET|/refused/x?enc=abc|api.example.test|127.0.0.1:9999 502 157 Some(0)"
        );
        assert_eq!(
            told[10],
            "11 1795289110000 127.0.0.1|GET|/garbage?enc=abc|api.example.test|127.0.0.1:9010 009 7 Some(201)"
        );
        // As declared, every line says the same.
        let conf = NginxConf::parse(include_bytes!("../tests/data/nginx-lab.conf"));
        let (name, declared, said) = read_all(log, &conf);
        assert_eq!((name.as_str(), declared.parsed), ("json", 84));
        let readable = |told: &[String]| {
            told.iter().filter(|line| line.is_ascii() && !line.contains('\\')).cloned().collect::<Vec<_>>()
        };
        assert_eq!(readable(&said)[..70], readable(&told)[..70]);
    }

    #[test]
    fn names_are_known_without_a_configuration() {
        for line in [
            r#"{"@timestamp":"2026-11-21T19:25:05+00:00","clientip":"1.2.3.4","method":"GET","uri":"/a","status":"502","size":"7","http_host":"h","upstream":"u:1","rt":"0.250"}"#,
            r#"{"msec":"1795289105.000","client_ip":"1.2.3.4","requestMethod":"GET","requestUri":"/a","statusCode":502,"bytesSent":7,"vhost":"h","upstream_addr":"u:1","duration_ms":250}"#,
            r#"{"time_local":"21/Nov/2026:19:25:05 +0000","remote_addr":"1.2.3.4","request":"GET /a HTTP/1.1","status":502,"body_bytes_sent":7,"server_name":"h","upstream_addr":"u:1","request_time":0.25}"#,
            r#"{"timestamp":"2026-11-21 19:25:05","remote_ip":"1.2.3.4","method":"GET","url":"https://h/a","response_code":502,"bytes":7,"upstream":"u:1","latency":"250ms"}"#,
            r#"{"ts":1795289105000000000,"ip":"1.2.3.4:99","method":"GET","path":"\/a","status":502,"bytes":7,"host":"h","upstream_addr":"u:1","elapsed":"250000µs"}"#,
            r#"{"time":1795289105000,"req":{"method":"GET","url":"/a","headers":{"host":"h"},"remoteAddress":"1.2.3.4"},"res":{"statusCode":502},"upstream":"u:1","bytes":7,"responseTime":250}"#,
        ] {
            let (name, told) = one(line);
            assert_eq!(told, "1 1795289105000 1.2.3.4|GET|/a|h|u:1 502 7 Some(250)", "{line}");
            assert_eq!(name, "json");
        }
    }

    #[test]
    fn caddy_traefik_and_the_common_schema_are_read() {
        let caddy = r#""request":{"remote_ip":"10.0.0.1","remote_port":"41342","client_ip":"1.2.3.4","proto":"HTTP/2.0","method":"GET","host":"h","uri":"/a?b","headers":{"User-Agent":["curl/7.82.0"],"Referer":["r"]},"tls":{"server_name":"x"}},"bytes_read":0,"duration":0.25,"size":7,"status":502,"resp_headers":{"Server":["Caddy"]}}"#;
        let expected = "1 1795289105000 1.2.3.4|GET|/a?b|h| 502 7 Some(250)";
        for head in [
            r#"{"level":"info","ts":1795289105.0001,"logger":"http.log.access.log0","msg":"handled request","#,
            r#"{"level":"info","ts":"2026-11-21T19:25:05.000Z","logger":"http.log.access","msg":"handled request","#,
            "2026/11/21 19:25:05.000\tINFO\thttp.log.access.log0\thandled request\t{",
        ] {
            assert_eq!(one(&format!("{head}{caddy}")), ("caddy".to_owned(), expected.to_owned()), "{head}");
        }
        let error = format!(
            r#"{{"level":"error","ts":1795289105.1,"logger":"http.log.error.log0","msg":"dial","err_id":"k",{caddy}"#
        );
        let (_, counts, _) = read_all(
            format!("{{\"ts\":1795289105.0,\"logger\":\"http.log.access\",{caddy}\n{error}\n").as_bytes(),
            &NginxConf::default(),
        );
        assert_eq!((counts.parsed, counts.other), (2, 0));
        let traefik = r#"{"ClientAddr":"1.2.3.4:53","ClientHost":"1.2.3.4","DownstreamContentSize":7,"DownstreamStatus":502,"Duration":250000000,"OriginStatus":502,"RequestHost":"h","RequestMethod":"GET","RequestPath":"/a","RequestProtocol":"HTTP/1.1","ServiceAddr":"u:1","ServiceURL":"http://u:1","StartUTC":"2026-11-21T19:25:04.750000000Z","level":"info","msg":"","request_User-Agent":"curl","time":"2026-11-21T19:25:05Z"}"#;
        assert_eq!(
            one(traefik),
            ("traefik-json".to_owned(), "1 1795289105000 1.2.3.4|GET|/a|h|u:1 502 7 Some(250)".to_owned())
        );
        let ecs = r#"{"@timestamp":"2026-11-21T19:25:05.000Z","ecs.version":"1.6.0","http.request.method":"GET","url":{"path":"/a","domain":"h"},"http":{"response":{"status_code":502,"body":{"bytes":7}}},"client.ip":"1.2.3.4","event.duration":250000000}"#;
        assert_eq!(one(ecs), ("ecs-json".to_owned(), "1 1795289105000 1.2.3.4|GET|/a|h| 502 7 Some(250)".to_owned()));
    }

    const LINE: &str = r#"{"time":"2026-11-21T19:25:05+00:00","remote_addr":"1.2.3.4","request":"GET /a HTTP/1.1","status":502,"bytes":7,"request_time":0.250,"ua":"curl"}"#;

    #[test]
    fn what_is_no_json_is_read() {
        for (from, to) in [
            ("502", "009"),
            (":7,", ":,"),
            (":7,", ":-,"),
            ("curl", r"\x22a\xED"),
            ("curl", "a \"b\" c"),
            (r#","ua":"curl"}"#, ""),
            (r#","ua":"curl"}"#, r#","ua":"cu"#),
        ] {
            let text = format!("{LINE}\n{}\n", LINE.replace(from, to));
            let (_, counts, told) = read_all(text.as_bytes(), &NginxConf::default());
            assert_eq!((counts.parsed, told.len()), (2, 2), "{text}");
        }
        let (head, tail) = LINE.as_bytes().split_at(LINE.find("/a").unwrap());
        let raw = [LINE.as_bytes(), b"\n", head, b"\xff\xfe", tail].concat();
        assert_eq!(read_all(&raw, &NginxConf::default()).1.parsed, 2);
    }

    #[test]
    fn damage_hides_nothing_that_is_whole() {
        let read = |damaged: &str| {
            let (_, counts, told) = read_all(format!("{LINE}\n{damaged}\n").as_bytes(), &NginxConf::default());
            (counts.parsed - 1, counts.other, counts.unreadable, told.len() - 1)
        };
        assert_eq!(read(&format!("\0\0\0{LINE}")), (1, 0, 0, 1));
        assert_eq!(read(&format!("{LINE}{LINE}")), (1, 0, 0, 2));
        assert_eq!(read(&format!("{}{LINE}", &LINE[..60])), (1, 0, 0, 1));
        assert_eq!(read(&format!("{}{LINE}", &LINE[..LINE.len() - 3])), (1, 0, 0, 2));
        assert_eq!(read(&LINE[40..]), (0, 0, 1, 0));
        assert_eq!(read("{}"), (0, 1, 0, 0));
        // The application's own, and no request.
        assert_eq!(
            read(r#"{"level":"info","time":"2026-11-21T19:25:05Z","msg":"listening","status":"up"}"#),
            (1, 0, 0, 0)
        );
        assert_eq!(read("garbage"), (0, 0, 1, 0));
        let status = LINE.find("502").unwrap() + 3;
        for cut in 1..LINE.len() {
            let expected = if cut > status { (1, 0, 0, 1) } else { (0, 0, 1, 0) };
            assert_eq!(read(&LINE[..cut]), expected, "{}", &LINE[..cut]);
        }
    }

    #[test]
    fn a_log_whose_format_changed_is_read_on() {
        let combined = r#"1.2.3.4 - - [22/Nov/2026:04:25:06 +0900] "GET /a HTTP/1.1" 502 7 "-" "curl""#;
        let error = "2026/11/21 19:25:07 [error] 7#7: *3 connect() failed (111: Connection refused) while connecting to upstream";
        for (text, name) in [
            (format!("{combined}\n{LINE}\n{error}\ngarbage\n{combined}\n"), "combined"),
            (format!("{LINE}\n{LINE}\n{combined}\n{error}\ngarbage\n"), "json"),
        ] {
            let (found, counts, told) = read_all(text.as_bytes(), &NginxConf::default());
            assert_eq!((found.as_str(), counts.parsed, counts.unreadable, told.len()), (name, 4, 1, 3), "{told:?}");
            assert!(told.iter().all(|line| line.contains("17952891")), "{told:?}");
        }
    }
}
