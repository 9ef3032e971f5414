//! What holds for any bytes: nothing panics, every line is counted once, and cutting a file into other blocks changes
//! nothing. What holds for damage: it hides no record that can still be read, and changes no record's identity.
#![expect(clippy::unwrap_used, reason = "a broken test says so by panicking")]

use std::sync::Arc;

use jiff::tz::TimeZone;
use lastgood_intake::nginx_error::ProxyError;
use lastgood_intake::{
    AccessFormat, AppEvent, Context, Counts, Database, Envelope, Format, HostText, JsonDialect, NginxConf,
    PackageManager, Request, RequestKey, Scanner, Sink, Wrapped, recognise, rotation,
};
use lastgood_model::{ChangeKind, ClientId, Fact, Span, UnixMs};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn host_text() -> Format {
    Format::HostText(HostText { by_journalctl: false, names_year: false })
}

/// Everything that was said, as text, and the keys of the requests.
#[derive(Debug, Default, PartialEq)]
struct Said {
    all: Vec<String>,
    keys: Vec<(RequestKey, u16)>,
}

impl Sink for Said {
    fn request(&mut self, request: &Request<'_>, line: u64) {
        assert!(request.status <= 999);
        self.keys.push((request.key(), request.status));
        self.all.push(format!("{line} {request:?}"));
    }

    fn error(&mut self, error: &ProxyError<'_>, line: u64) {
        self.all.push(format!("{line} {error:?}"));
    }

    fn fact(&mut self, at: Option<UnixMs>, fact: Fact, line: u64) {
        self.all.push(format!("{line} {at:?} {fact:?}"));
    }

    fn application(&mut self, event: &AppEvent<'_>, line: u64) {
        assert!(event.first <= line && event.lines > 0);
        self.all.push(format!("{line} {event:?}"));
    }

    fn change(&mut self, span: Span, kind: ChangeKind, subject: &str, line: u64) {
        self.all.push(format!("{line} {span:?} {kind:?} {subject}"));
    }
}

fn formats() -> Vec<Format> {
    let conf = NginxConf::parse(include_bytes!("data/nginx-lab.conf"));
    let declared = |name: &str| AccessFormat::compile(name, conf.log_format(name).unwrap()).unwrap();
    let access =
        [declared("ext"), declared("json"), AccessFormat::compile("bare", "$msec $status $http_user_agent").unwrap()];
    let access = access.into_iter().chain(AccessFormat::built_ins());
    let mut formats: Vec<Format> = access.map(|format| Format::Access(Arc::new(format))).collect();
    let wrapped = |envelope| Wrapped::new(envelope, vec![(Box::default(), formats[0].clone())]);
    formats.extend(Envelope::ALL.map(|envelope| Format::Wrapped(Arc::new(wrapped(envelope)))));
    formats.extend([
        Format::Haproxy,
        Format::Uvicorn,
        Format::Certificate,
        Format::ApacheError,
        Format::ApacheConf,
        Format::JsonAccess(JsonDialect::Plain),
        Format::NginxError,
        Format::Journal,
        host_text(),
        Format::Packages(PackageManager::Dpkg),
        Format::Packages(PackageManager::Apt),
        Format::Packages(PackageManager::Yum),
        Format::Last,
        Format::Database(Database::Postgres),
        Format::Database(Database::Mysql),
        Format::Database(Database::Mariadb),
        Format::Database(Database::Redis),
        Format::UnitFiles,
        Format::CloudTrail,
        Format::NginxConf,
        Format::Application,
        Format::Unknown,
    ]);
    formats
}

fn read<'b>(format: &Format, blocks: impl IntoIterator<Item = &'b [u8]>) -> (Counts, Said) {
    let mut said = Said::default();
    let mut scanner = Scanner::new(
        format,
        Context {
            zone: TimeZone::UTC,
            vhost: "v".into(),
            about: Some(UnixMs(0)),
            without: lastgood_model::Layers::NONE,
        },
    );
    for block in blocks {
        scanner.feed(block, &mut said);
    }
    (scanner.finish(&mut said), said)
}

/// Reads a text whole and in blocks, and checks what must hold for any text.
fn check(format: &Format, text: &[u8], cuts: &[Index]) -> Result<(), TestCaseError> {
    let (counts, said) = read(format, [text]);
    let newlines = text.iter().filter(|byte| **byte == b'\n').count();
    let expected = newlines + usize::from(text.last().is_some_and(|byte| *byte != b'\n'));
    prop_assert_eq!(counts.lines, expected as u64);
    prop_assert_eq!(counts.lines, counts.parsed + counts.other + counts.unreadable);
    prop_assert_eq!(counts.bytes, text.len() as u64);

    let mut ends: Vec<usize> =
        text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    if !ends.is_empty() {
        ends = cuts.iter().map(|cut| *cut.get(&ends)).collect();
    }
    ends.sort_unstable();
    ends.dedup();
    let mut begin = 0;
    let mut blocks = Vec::new();
    for end in ends.into_iter().chain([text.len()]) {
        blocks.push(&text[begin..end]);
        begin = end;
    }
    prop_assert_eq!(read(format, blocks), (counts, said));
    Ok(())
}

/// Lines of every format, whole.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<Vec<u8>> = [
        &include_bytes!("data/nginx-lab-access.log")[..],
        include_bytes!("data/nginx-lab-access.jsonl"),
        include_bytes!("data/nginx-lab-upstream-errors.log"),
        include_bytes!("data/nginx-lab-life.log"),
        include_bytes!("data/nginx-lab.conf"),
        include_bytes!("data/journal.jsonl"),
        include_bytes!("data/units.txt"),
        include_bytes!("data/syslog.txt"),
        include_bytes!("data/access-of-others.log"),
        include_bytes!("../../../fuzz/seeds/json_access/others.jsonl"),
        include_bytes!("../../../fuzz/seeds/envelope/docker.json"),
        include_bytes!("../../../fuzz/seeds/envelope/compose.log"),
        include_bytes!("../../../fuzz/seeds/envelope/cri.log"),
        include_bytes!("data/cloudtrail.json"),
        include_bytes!("../../../fuzz/seeds/application/python.log"),
        include_bytes!("../../../fuzz/seeds/application/node.log"),
        include_bytes!("../../../fuzz/seeds/application/java.log"),
        include_bytes!("../../../fuzz/seeds/application/go.log"),
        include_bytes!("../../../fuzz/seeds/application/loggers.jsonl"),
    ]
    .iter()
    .flat_map(|text| text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec))
    .collect();
    select(all)
}

#[derive(Clone, Debug)]
enum Harm {
    Cut(Index),
    Behead(Index),
    Insert(Index, Vec<u8>),
    Replace(Index, u8),
}

fn harm() -> impl Strategy<Value = Harm> {
    let piece = prop_oneof![
        vec(any::<u8>(), 1..6),
        vec(Just(0u8), 1..50),
        select(vec![
            &b"\""[..],
            b"\\\"",
            b" ",
            b"\xC3\x84",
            b"\xC4",
            b"\r",
            b"[",
            b"{}",
            b"16/Nov/2022:11:04:56 +0900] \"",
            b", host: \""
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop_oneof![
        any::<Index>().prop_map(Harm::Cut),
        any::<Index>().prop_map(Harm::Behead),
        (any::<Index>(), piece).prop_map(|(at, piece)| Harm::Insert(at, piece)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Harm::Replace(at, byte)),
    ]
}

fn harmed(mut line: Vec<u8>, harms: Vec<Harm>) -> Vec<u8> {
    for harm in harms {
        match harm {
            Harm::Cut(at) => line.truncate(at.index(line.len() + 1)),
            Harm::Behead(at) => drop(line.drain(..at.index(line.len() + 1))),
            Harm::Insert(at, piece) => {
                let at = at.index(line.len() + 1);
                line.splice(at..at, piece);
            }
            Harm::Replace(at, byte) if !line.is_empty() => {
                let at = at.index(line.len());
                line[at] = byte;
            }
            Harm::Replace(..) => {}
        }
    }
    line
}

fn text_of_harmed_lines() -> impl Strategy<Value = Vec<u8>> {
    let line = (lines(), vec(harm(), 0..4)).prop_map(|(line, harms)| harmed(line, harms));
    (vec(line, 0..8), any::<bool>()).prop_map(|(lines, newline)| {
        let mut text = lines.join(&b'\n');
        if newline {
            text.push(b'\n');
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_counted(text in vec(any::<u8>(), 0..400), cuts in vec(any::<Index>(), 0..5)) {
        for format in formats() {
            check(&format, &text, &cuts)?;
        }
        let _ = recognise(&text, "x.log", &NginxConf::parse(&text));
    }

    #[test]
    fn harmed_lines_are_counted(text in text_of_harmed_lines(), cuts in vec(any::<Index>(), 0..5)) {
        for format in formats() {
            check(&format, &text, &cuts)?;
        }
        let format = recognise(&text, "access.log.2.gz", &NginxConf::parse(include_bytes!("data/nginx-lab.conf")));
        check(&format, &text, &cuts)?;
    }

    #[test]
    fn any_format_can_be_compiled(format in "[$a-z_{}\" -]{0,80}", line in vec(any::<u8>(), 0..100)) {
        let format = format!("$time_local{format}$status");
        if let Some(format) = AccessFormat::compile("x", &format) {
            check(&Format::Access(Arc::new(format)), &line, &[])?;
        }
    }

    #[test]
    fn stems_are_stable(name in "[a-z0-9.() _/-]{0,30}") {
        let stem = rotation::stem(&name);
        prop_assert_eq!(rotation::stem(&stem), stem.clone());
        prop_assert!(stem.is_empty() || !rotation::vhost_of(&stem).is_empty() || stem.ends_with('/'));
    }
}

/// A request as a server logs it: printable ASCII, quotes escaped.
#[derive(Clone, Debug)]
struct Record {
    client: String,
    time: String,
    request: String,
    status: u16,
    bytes: u32,
    referrer: String,
    agent: String,
}

impl Record {
    fn line(&self) -> String {
        let Self { client, time, request, status, bytes, referrer, agent } = self;
        format!("{client} - - [{time}] \"{request}\" {status:03} {bytes} \"{referrer}\" \"{agent}\"")
    }
}

fn record() -> impl Strategy<Value = Record> {
    let escaped = "([!#-\\[\\]-~]|\\\\x22|\\\\\"){0,60}";
    (
        "[0-9]{1,3}\\.[0-9]{1,3}\\.1\\.7",
        (1..29u8, 0..24u8, 0..60u8, 0..60u8, select(vec!["+0900", "+0000", "-0330"])),
        (select(vec!["GET", "POST"]), escaped),
        prop_oneof![Just(9u16), 200..600u16],
        any::<u32>(),
        escaped,
        "([ !#-\\[\\]-~]|\\\\x22){1,60}",
    )
        .prop_map(
            |(client, (day, hour, minute, second, zone), (method, target), status, bytes, referrer, agent)| Record {
                client,
                time: format!("{day:02}/Nov/2022:{hour:02}:{minute:02}:{second:02} {zone}"),
                request: format!("{method} /{target} HTTP/1.1"),
                status,
                bytes,
                referrer,
                agent,
            },
        )
}

fn german(line: &str) -> String {
    let letters = [('[', 'Ä'), ('\\', 'Ö'), (']', 'Ü'), ('{', 'ä'), ('|', 'ö'), ('}', 'ü'), ('~', 'ß'), ('@', '§')];
    line.chars().map(|c| letters.iter().find(|(ascii, _)| *ascii == c).map_or(c, |(_, letter)| *letter)).collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn keys(text: &[u8]) -> Vec<(RequestKey, u16)> {
    let format = Format::Access(Arc::new(AccessFormat::combined()));
    let (counts, said) = read(&format, [text]);
    assert_eq!(counts.lines, 1, "{}", String::from_utf8_lossy(text));
    said.keys
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_changes_no_identity(record in record(), nuls in 1..5_000usize, before in any::<Index>()) {
        let line = record.line();
        let expected = keys(line.as_bytes());
        prop_assert_eq!(expected.len(), 1);
        prop_assert_eq!(expected[0].1, record.status);
        let headless = [(RequestKey { client: ClientId::UNKNOWN, ..expected[0].0 }, record.status)];
        let bracket = line.find('[').unwrap();

        prop_assert_eq!(keys(format!("{line}\r\n").as_bytes()), expected.clone(), "CRLF");
        prop_assert_eq!(keys(german(&line).as_bytes()), expected.clone(), "UTF-8");
        prop_assert_eq!(keys(&latin1(&german(&line))), expected.clone(), "latin-1");
        prop_assert_eq!(keys(&line.as_bytes()[bracket..]), headless, "headless");
        prop_assert_eq!(keys(&latin1(&german(&line[bracket..]))), headless, "headless latin-1");
        let block = vec![0; nuls];
        prop_assert_eq!(keys(&[&block[..], line.as_bytes()].concat()), expected.clone(), "NUL before");
        prop_assert_eq!(keys(&[line.as_bytes(), &block[..]].concat()), expected.clone(), "NUL behind");

        // What stands before the NULs is a record of its own if it reaches its status.
        let cut = &line.as_bytes()[..before.index(line.len())];
        let found = keys(&[cut, &block[..], line.as_bytes()].concat());
        prop_assert_eq!(found.last(), expected.last(), "NUL between");
        let alone = if cut.is_empty() { vec![] } else { keys(cut) };
        prop_assert_eq!(found.len(), 1 + alone.len());
    }

    #[test]
    fn a_cut_line_is_read_if_its_status_is_there(record in record(), at in any::<Index>()) {
        let line = record.line();
        let status = bracketed_end(&line) + record.request.len() + 2;
        let cut = at.index(line.len());
        let found = if cut == 0 { 0 } else { keys(&line.as_bytes()[..cut]).len() };
        prop_assert_eq!(found, usize::from(cut >= status + 3), "{}", &line[..cut]);
    }

    #[test]
    fn glued_lines_hide_nothing_that_is_whole(first in record(), second in record(), at in any::<Index>()) {
        let (one, two) = (first.line(), second.line());
        let cut = at.index(one.len());
        let status_end = bracketed_end(&one) + first.request.len() + 2 + 3;
        // Cut within the status' own neighbourhood the digits of the next line run into it.
        prop_assume!(!(status_end - 3..=status_end).contains(&cut));
        let found = keys(format!("{}{two}", &one[..cut]).as_bytes());
        let expected = keys(two.as_bytes())[0];
        let last = found.last().unwrap();
        prop_assert_eq!((last.0.request, last.1), (expected.0.request, expected.1), "{}", &one[..cut]);
        prop_assert_eq!(found.len(), 1 + usize::from(cut > status_end));
    }
}

/// Where the request line begins: behind `] "`.
fn bracketed_end(line: &str) -> usize {
    line.find("] \"").unwrap() + 3
}
