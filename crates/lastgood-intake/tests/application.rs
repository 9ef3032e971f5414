//! What is made of the lines of real programs: each error one event, by its root, with the sentence that it is known by. The
//! files were written by programs whose database refused them, whose cache was not there, whose names led nowhere.
#![expect(clippy::unwrap_used, reason = "a broken test says so by panicking")]

use jiff::tz::TimeZone;
use lastgood_intake::application::{AppEvent, AppSaid};
use lastgood_intake::{Context, Counts, NginxConf, Request, Scanner, Signatures, Sink, recognise};

/// Events as text: line, first line and number of lines, who, what.
#[derive(Debug, Default)]
struct Told(Vec<String>);

impl Sink for Told {
    fn request(&mut self, request: &Request<'_>, line: u64) {
        self.0.push(format!("{line} request {} {}", String::from_utf8_lossy(request.target), request.status));
    }

    fn application(&mut self, event: &AppEvent<'_>, line: u64) {
        let AppEvent { at, service, first, lines, said } = *event;
        let at = at.map_or(String::from("-"), |at| {
            let at = jiff::Timestamp::from_millisecond(at.0).unwrap();
            jiff::tz::Offset::UTC.to_datetime(at).time().to_string()
        });
        let place = format!("{line} ({first}+{lines}) {at}");
        let who = if service.is_empty() { String::new() } else { format!(" {service}:") };
        let said = match said {
            AppSaid::Call(call) => {
                format!("call {} {}:{} {}", call.method, call.host, call.port, call.status.map_or(-1, i32::from))
            }
            AppSaid::Error(error) => {
                let name =
                    |id: lastgood_model::SignatureId| Signatures::known().all()[usize::from(id.0)].name.to_string();
                let mut parts =
                    vec![error.signature.map_or_else(|| format!("? {}", error.message.lines().next().unwrap()), name)];
                parts.extend(error.why.map(|id| format!("because {}", name(id))));
                parts.extend(error.names.iter().map(|(piece, name)| format!("{}={name}", piece.name())));
                parts.push(format!("[{}]", error.class));
                parts.extend((!error.outermost.is_empty()).then(|| format!("< {}", error.outermost)));
                parts.extend((!error.frame.is_empty()).then(|| format!("@ {}", error.frame)));
                parts.extend((!error.path.is_empty()).then(|| format!("in {}", error.path)));
                parts.join(" ")
            }
        };
        self.0.push(format!("{place}{who} {said}"));
    }
}

fn read(text: &[u8]) -> (String, Counts, Vec<String>) {
    let format = recognise(text, "app.log", &NginxConf::default());
    let mut scanner = Scanner::new(
        &format,
        Context { zone: TimeZone::UTC, vhost: "shop".into(), about: None, without: lastgood_model::Layers::NONE },
    );
    let mut told = Told::default();
    scanner.feed(text, &mut told);
    let counts = scanner.finish(&mut told);
    assert_eq!(counts.lines, counts.parsed + counts.other + counts.unreadable);
    (format.name().to_owned(), counts, told.0)
}

const FILES: [(&str, &[u8]); 6] = [
    ("python.log", include_bytes!("data/application/python.log")),
    ("node.log", include_bytes!("data/application/node.log")),
    ("java.log", include_bytes!("data/application/java.log")),
    ("go.log", include_bytes!("data/application/go.log")),
    ("loggers.jsonl", include_bytes!("data/application/loggers.jsonl")),
    ("logback.jsonl", include_bytes!("data/application/logback.jsonl")),
];

/// Each event in a line: where it is known from (its first line + how many), when, what, [class] < what it became, @ place.
const EVENTS: &str = include_str!("data/application/events.txt");

#[test]
fn every_error_is_one_event_by_its_root() {
    let mut events = String::new();
    for (file, text) in FILES {
        let (name, counts, told) = read(text);
        events.push_str(&format!("== {file}: {name}, {} parsed, {} other\n", counts.parsed, counts.other));
        assert_eq!(counts.unreadable, 0, "{file}");
        told.iter().for_each(|line| events.push_str(&format!("{line}\n")));
    }
    assert!(events == EVENTS, "events.txt should read, if this is right:\n{events}");
}

/// The same lines in a container's log, cut into records by the driver, with an access line of uvicorn behind each of them.
#[test]
fn what_stands_between_the_lines_of_an_error_changes_nothing() {
    let expected = |file: &str| {
        let section = EVENTS.split("== ").find(|section| section.starts_with(file)).unwrap();
        let lines = section.lines().skip(1).filter(|line| !line.contains(" request /"));
        lines.map(|line| line.split_once(") ").unwrap().1.split_once(' ').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    for (file, text) in &FILES[..4] {
        let mut wrapped = String::new();
        for (index, line) in String::from_utf8_lossy(text).lines().enumerate() {
            let time = format!("2026-11-21T19:25:05.{index:03}456789Z");
            let record = |log: &str, stream: &str| {
                let log = serde_json::to_string(&format!("{log}\n")).unwrap();
                format!("{{\"log\":{log},\"stream\":\"{stream}\",\"time\":\"{time}\"}}\n")
            };
            wrapped.push_str(&record(line, "stderr"));
            wrapped.push_str(&record("INFO:     172.18.0.1:40000 - \"GET /health HTTP/1.1\" 200 OK", "stdout"));
        }
        let (name, _, told) = read(wrapped.as_bytes());
        assert!(name.contains("uvicorn"), "{file}: {name}");
        let events = told.iter().filter(|line| !line.contains(" request /"));
        let events: Vec<String> =
            events.map(|line| line.split_once(") ").unwrap().1.split_once(' ').unwrap().1.to_owned()).collect();
        assert_eq!(events, expected(file), "{file}");
        assert_eq!(told.len() - events.len(), String::from_utf8_lossy(text).lines().count(), "{file}");
    }
}
