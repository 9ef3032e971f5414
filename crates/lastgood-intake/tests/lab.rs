//! What a real nginx 1.22.1, made to fail in every way, wrote: every field of every upstream line, and the life of its
//! master process. Expected values were taken from the lines by hand and stand beside them.

use jiff::tz::TimeZone;
use lastgood_intake::nginx_error::{ProxyError, upstream_name};
use lastgood_intake::{AccessFormat, Context, Counts, Format, NginxConf, Request, Scanner, Sink, recognise};
use lastgood_model::{Fact, ProxyErrorKind as Kind, UnixMs};

#[derive(Default)]
struct Rows {
    errors: Vec<(String, Kind)>,
    facts: Vec<(u64, Fact)>,
    requests: Vec<String>,
}

impl Sink for Rows {
    fn request(&mut self, request: &Request<'_>, _: u64) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.requests.push(format!(
            "{} {} {:03} {} {} {:?}",
            text(request.method),
            text(request.target),
            request.status,
            text(request.upstream().unwrap_or(b"-")),
            text(request.host),
            request.request_time_ms
        ));
    }

    fn error(&mut self, error: &ProxyError<'_>, _: u64) {
        let text = |value: Option<&[u8]>| value.map_or("-".into(), |value| String::from_utf8_lossy(value).into_owned());
        let second = error.at.0 / 1000 % 86_400;
        let row = [
            format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60),
            format!("{:?}", error.level).to_lowercase(),
            text(error.client),
            text(error.server),
            text(error.request),
            text(error.subrequest),
            text(error.upstream.map(upstream_name)),
            text(error.host),
            text(error.referrer),
            text(Some(error.message)),
        ];
        self.errors.push((row.join("\t"), error.kind));
    }

    fn fact(&mut self, _: Option<UnixMs>, fact: Fact, line: u64) {
        self.facts.push((line, fact));
    }
}

fn read(text: &[u8], format: &Format) -> (Counts, Rows) {
    let mut rows = Rows::default();
    let mut scanner = Scanner::new(
        format,
        Context { zone: TimeZone::UTC, vhost: "lab".into(), about: None, without: lastgood_model::Layers::NONE },
    );
    scanner.feed(text, &mut rows);
    (scanner.finish(&mut rows), rows)
}

#[test]
fn every_upstream_line_yields_all_its_fields() {
    let log = include_bytes!("data/nginx-lab-upstream-errors.log");
    let expected = include_str!("data/nginx-lab-upstream-errors.tsv");
    assert_eq!(recognise(log, "error.log", &NginxConf::default()), Format::NginxError);
    let (counts, rows) = read(log, &Format::NginxError);
    assert_eq!((counts.lines, counts.parsed), (51, 51));
    let rows: Vec<&str> = rows.errors.iter().map(|(row, _)| row.as_str()).collect();
    assert_eq!(rows, expected.lines().skip(1).collect::<Vec<_>>());
}

#[test]
fn every_upstream_line_has_a_kind() {
    let (_, rows) = read(include_bytes!("data/nginx-lab-upstream-errors.log"), &Format::NginxError);
    let count = |kind| rows.errors.iter().filter(|(_, known)| *known == kind).count();
    for (kind, expected) in [
        (Kind::ConnectRefused, 10),
        (Kind::ConnectTimeout, 3),
        (Kind::SocketMissing, 1),
        (Kind::SocketDenied, 2),
        (Kind::SocketFull, 1),
        (Kind::AnswerTimeout, 5),
        (Kind::Reset, 5),
        (Kind::ClosedEarly, 4),
        (Kind::NoLiveUpstreams, 2),
        (Kind::TemporarilyDisabled, 3),
        (Kind::Tls, 1),
        (Kind::NoTls, 1),
        (Kind::TlsUntrusted, 2),
        (Kind::BadAnswer, 6),
        (Kind::HeaderTooBig, 1),
        (Kind::ClientSide, 1),
        (Kind::Harmless, 3),
        (Kind::Other, 0),
    ] {
        assert_eq!(count(kind), expected, "{kind:?}");
    }
}

#[test]
fn the_life_of_the_master_is_three_facts() {
    let (counts, rows) = read(include_bytes!("data/nginx-lab-life.log"), &Format::NginxError);
    assert_eq!((counts.lines, counts.parsed), (27, 27));
    assert_eq!(rows.facts, [(1, Fact::ProxyStarted), (7, Fact::ProxyReloaded), (21, Fact::ProxyStopped)]);
    assert!(rows.errors.is_empty());
}

#[test]
fn shapes_seen_in_the_lab_have_kinds() {
    let expected = include_str!("data/nginx-lab-kinds.tsv");
    let mut found = String::new();
    for row in expected.lines() {
        let (_, line) = row.split_once('\t').unwrap();
        // Startup errors on stderr have no time; one line before gives it.
        let text = format!("2026/11/21 19:25:04 [notice] 1#1: exit\n{line}\n");
        let (counts, rows) = read(text.as_bytes(), &Format::NginxError);
        assert_eq!(counts.parsed, 2, "{line}");
        let kind = rows.errors.first().map_or("-".to_owned(), |(_, kind)| format!("{kind:?}"));
        found.push_str(&format!("{kind}\t{line}\n"));
    }
    assert_eq!(found, expected);
}

#[test]
fn extended_and_json_formats_of_the_lab_are_read_whole() {
    let conf = NginxConf::parse(include_bytes!("data/nginx-lab.conf"));
    for (log, name, lines) in [
        (&include_bytes!("data/nginx-lab-access.log")[..], "access.log.1", 8),
        (include_bytes!("data/nginx-lab-access.jsonl"), "access.jsonl", 8),
    ] {
        let format = recognise(log, name, &conf);
        assert!(matches!(&format, Format::Access(format) if format.has_upstream()), "{name}: {format:?}");
        let (counts, rows) = read(log, &format);
        assert_eq!((counts.lines, counts.parsed), (lines, lines), "{name}");
        let expected = [
            "GET /ok?enc=abc 200 127.0.0.1:9000 api.example.test Some(10)",
            "GET /refused/x?enc=abc 502 127.0.0.1:9999 api.example.test Some(0)",
            "GET /garbage?enc=abc 009 127.0.0.1:9010 api.example.test Some(201)",
            "GET /unixmissing?enc=abc 502 unix:/srv/lab/missing.sock api.example.test Some(0)",
            "GET /halfdead?enc=abc 200 127.0.0.1:9000 api.example.test Some(14)",
            "GET /limconn 503 - 127.0.0.1 Some(0)",
        ];
        assert_eq!(rows.requests[..6], expected, "{name}");
    }
    assert!(AccessFormat::compile("x", conf.log_format("ext").unwrap()).is_some());
}
