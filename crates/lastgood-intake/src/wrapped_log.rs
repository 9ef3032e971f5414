//! A log whose lines are in a container runtime's envelopes: it joins lines that the runtime cut, and hands each to the
//! reader of its service. How an envelope is opened is in `envelope.rs`.

use std::sync::Arc;

use lastgood_model::UnixMs;

use crate::envelope::{Envelope, Letter, Opener};
use crate::line_reader::LineReader;
use crate::recognise::Format;
use crate::scan::{Context, Counts, Line, Sink};

/// Services that are told apart in one file. Lines of more cannot be read.
const MAX_SERVICES: usize = 64;
/// So much of a line that came in pieces is kept. The runtimes cut at 16 KiB.
const MAX_JOINED: usize = 256 * 1024;
/// Pieces of one line follow each other at once; what comes later is another line, and the first was never ended.
const MAX_PAUSE_MS: i64 = 10_000;

/// What is known of a file in envelopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    envelope: Envelope,
    /// Services and what they write; one without a name where the file is one container's.
    services: Vec<(Box<[u8]>, Format)>,
    name: Box<str>,
}

impl Wrapped {
    /// These services in this envelope.
    #[must_use]
    pub fn new(envelope: Envelope, services: Vec<(Box<[u8]>, Format)>) -> Self {
        let mut inside: Vec<&str> = Vec::new();
        for (_, format) in &services {
            if *format != Format::Unknown && !inside.contains(&format.name()) {
                inside.push(format.name());
            }
        }
        let name = match &inside[..] {
            [] => envelope.name().into(),
            inside => format!("{} in {}", inside.join(" + "), envelope.name()).into(),
        };
        Self { envelope, services, name }
    }

    /// Recognises what is in the envelopes of these lines; `recognise` is asked for each service.
    pub(crate) fn recognise(lines: &[&[u8]], recognise: impl Fn(&[u8]) -> Format) -> Option<Self> {
        let envelope = Envelope::around(lines)?;
        let mut opener = Opener::new(envelope);
        let mut texts: Vec<(Box<[u8]>, Vec<u8>)> = Vec::new();
        for line in lines {
            opener.open(line, &mut |letter| {
                let known = texts.iter().position(|(service, _)| **service == *letter.service);
                let place = known.unwrap_or_else(|| {
                    texts.push((letter.service.into(), Vec::new()));
                    texts.len() - 1
                });
                if let Some((_, text)) = texts.get_mut(place) {
                    text.extend_from_slice(letter.text);
                    if !letter.goes_on {
                        text.push(b'\n');
                    }
                }
            });
        }
        texts.truncate(MAX_SERVICES);
        let services = texts.into_iter().map(|(service, text)| {
            let format = recognise(&text);
            (service, if format.is_log() { format } else { Format::Unknown })
        });
        Some(Self::new(envelope, services.collect()))
    }

    /// Its name, as shown: `combined in docker json-file`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its lines may be requests. Services whose lines begin later may write any.
    pub(crate) fn may_hold_requests(&self) -> bool {
        let may =
            |format: &Format| format.holds_requests() || format.holds_proxy_errors() || *format == Format::Unknown;
        self.envelope == Envelope::Compose || self.services.iter().any(|(_, format)| may(format))
    }

    /// Whether this is true of what some service writes.
    pub(crate) fn any(&self, what: impl Fn(&Format) -> bool) -> bool {
        self.services.iter().any(|(_, format)| what(format))
    }
}

/// Reads a file in envelopes.
#[derive(Debug)]
pub(crate) struct WrappedLog {
    opener: Opener,
    inner: Inner,
}

/// What is behind the envelopes.
#[derive(Debug)]
struct Inner {
    known: Arc<Wrapped>,
    context: Context,
    services: Vec<Service>,
    /// What became of lines that were counted as other when they came, and were read later.
    late: Late,
}

#[derive(Debug)]
struct Service {
    name: Box<[u8]>,
    reader: LineReader,
    /// Lines of which more is to come, by stream.
    begun: Vec<Begun>,
}

#[derive(Debug)]
struct Begun {
    stream: Box<[u8]>,
    at: Option<UnixMs>,
    number: u64,
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Late {
    parsed: u64,
    unreadable: u64,
}

impl Late {
    fn add(&mut self, line: Line) {
        self.parsed += u64::from(line == Line::Parsed);
        self.unreadable += u64::from(line == Line::Unreadable);
    }
}

impl WrappedLog {
    pub(crate) fn new(known: Arc<Wrapped>, context: Context) -> Self {
        let opener = Opener::new(known.envelope);
        Self { opener, inner: Inner { known, context, services: Vec::new(), late: Late::default() } }
    }

    pub(crate) fn line(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        let inner = &mut self.inner;
        let mut best = None;
        let letters = self.opener.open(line, &mut |letter| {
            let read = inner.letter(&letter, number, sink);
            best = Some(best.map_or(read, |best| better(best, read)));
        });
        match best {
            Some(line) if letters > 0 => line,
            _ if self.opener.is_own_word(line) => Line::Other,
            // Without its envelope nobody knows whose it is.
            _ => inner.stray(line, number, sink),
        }
    }

    pub(crate) fn finish(mut self, counts: &mut Counts, sink: &mut impl Sink) {
        for service in &mut self.inner.services {
            for begun in std::mem::take(&mut service.begun) {
                self.inner.late.add(service.reader.line(&begun.text, begun.at, begun.number, sink));
            }
        }
        counts.recount_other(self.inner.late.parsed, self.inner.late.unreadable);
        self.inner.services.into_iter().for_each(|service| service.reader.finish(counts, sink));
    }
}

impl Inner {
    fn letter(&mut self, letter: &Letter<'_>, number: u64, sink: &mut impl Sink) -> Line {
        let Some(service) = self.service(letter.service) else { return Line::Unreadable };
        let Some(place) = service.begun.iter().position(|begun| *begun.stream == *letter.stream) else {
            if letter.goes_on {
                service.begun.push(Begun::new(letter, number));
                return Line::Other;
            }
            return service.reader.line(letter.text, letter.at, number, sink);
        };
        let mut begun = service.begun.swap_remove(place);
        let paused = begun.at.zip(letter.at).is_some_and(|(begun, at)| at.since(begun).abs() > MAX_PAUSE_MS);
        if paused {
            let late = service.reader.line(&begun.text, begun.at, begun.number, sink);
            let read = self.letter(letter, number, sink);
            self.late.add(late);
            return read;
        }
        begun.add(letter.text);
        if letter.goes_on {
            begun.number = number;
            service.begun.push(begun);
            return Line::Other;
        }
        service.reader.line(&begun.text, begun.at.or(letter.at), number, sink)
    }

    /// The service of this name; `None` if there are too many.
    fn service(&mut self, name: &[u8]) -> Option<&mut Service> {
        if let Some(place) = self.services.iter().position(|service| *service.name == *name) {
            // Lines of one service come in runs.
            self.services.swap(0, place);
            return self.services.first_mut();
        }
        if self.services.len() == MAX_SERVICES {
            return None;
        }
        let known = self.known.services.iter().find(|(service, _)| **service == *name);
        let format = known.map_or(&Format::Unknown, |(_, format)| format);
        let reader = LineReader::new(format, self.context.clone(), &String::from_utf8_lossy(name));
        self.services.push(Service { name: name.into(), reader, begun: Vec::new() });
        self.services.last_mut()
    }

    /// A line that lost its envelope is read if any service can.
    fn stray(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        let read =
            self.services.iter_mut().any(|service| service.reader.stray_line(line, number, sink) == Line::Parsed);
        if read { Line::Parsed } else { Line::Unreadable }
    }
}

impl Begun {
    fn new(letter: &Letter<'_>, number: u64) -> Self {
        let mut begun = Self { stream: letter.stream.into(), at: letter.at, number, text: Vec::new() };
        begun.add(letter.text);
        begun
    }

    fn add(&mut self, text: &[u8]) {
        let room = MAX_JOINED.saturating_sub(self.text.len());
        self.text.extend_from_slice(&text[..text.len().min(room)]);
    }
}

/// What a line is that holds two letters: what was read counts, then what could not be.
const fn better(one: Line, other: Line) -> Line {
    match (one, other) {
        (Line::Parsed, _) | (_, Line::Parsed) => Line::Parsed,
        (Line::Unreadable, _) | (_, Line::Unreadable) => Line::Unreadable,
        _ => Line::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Request;
    use crate::nginx_error::ProxyError;
    use crate::{NginxConf, Scanner, recognise};
    use jiff::tz::TimeZone;

    const TIME: &str = "2026-11-21T19:25:05.123456789Z";

    #[derive(Default)]
    struct Told(Vec<String>);

    impl Sink for Told {
        fn request(&mut self, request: &Request<'_>, line: u64) {
            let target = String::from_utf8_lossy(request.target);
            self.0.push(format!("{line} {} {}", request.status, target.get(..target.len().min(9)).unwrap_or_default()));
        }

        fn error(&mut self, error: &ProxyError<'_>, line: u64) {
            self.0.push(format!("{line} {:?}", error.kind));
        }
    }

    fn read(text: &str) -> (String, Counts, Vec<String>) {
        let format = recognise(text.as_bytes(), "x-json.log", &NginxConf::default());
        let mut scanner = Scanner::new(
            &format,
            Context { zone: TimeZone::UTC, vhost: "x".into(), about: None, without: lastgood_model::Layers::NONE },
        );
        let mut told = Told::default();
        scanner.feed(text.as_bytes(), &mut told);
        let counts = scanner.finish(&mut told);
        assert_eq!(counts.lines, counts.parsed + counts.other + counts.unreadable);
        (format.name().to_owned(), counts, told.0)
    }

    /// When errors were, as read.
    #[derive(Default)]
    struct Moments(Vec<UnixMs>);

    impl Sink for Moments {
        fn error(&mut self, error: &ProxyError<'_>, _line: u64) {
            self.0.push(error.at);
        }
    }

    #[test]
    fn an_error_among_requests_is_of_the_time_at_which_the_engine_took_it() {
        // In Seoul, of which only the access log tells.
        let access = r#"1.2.3.4 - - [22/Nov/2026:04:25:05 +0900] "GET / HTTP/1.1" 502 157 "-" "curl""#;
        for error in [ERROR.replace("2026/11/21 19", "2026/11/22 04"), APACHE.replace("Nov 21 19", "Nov 22 04")] {
            let text = format!("{TIME} {access}\n{TIME} {access}\n{TIME} {error}\n");
            let format = recognise(text.as_bytes(), "x-json.log", &NginxConf::default());
            let context =
                Context { zone: TimeZone::UTC, vhost: "x".into(), about: None, without: lastgood_model::Layers::NONE };
            let (mut scanner, mut told) = (Scanner::new(&format, context), Moments::default());
            scanner.feed(text.as_bytes(), &mut told);
            scanner.finish(&mut told);
            assert_eq!(told.0, [UnixMs::from_seconds(1_795_289_105)], "{error}");
        }
    }

    const APACHE: &str = "[Sat Nov 21 19:25:05.000000 2026] [proxy:error] [pid 7:tid 9] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:9999 (127.0.0.1) failed";

    fn access(target: &str, status: u16) -> String {
        format!(r#"1.2.3.4 - - [21/Nov/2026:19:25:05 +0000] "GET {target} HTTP/1.1" {status} 157 "-" "curl""#)
    }

    const ERROR: &str = "2026/11/21 19:25:05 [error] 7#7: *3 connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://127.0.0.1:9999/x\", host: \"a\"";

    fn json(text: &str, stream: &str) -> String {
        let log = serde_json::to_string(text).unwrap();
        format!("{{\"log\":{log},\"stream\":\"{stream}\",\"time\":\"{TIME}\"}}\n")
    }

    fn counted(counts: Counts) -> (u64, u64, u64) {
        (counts.parsed, counts.other, counts.unreadable)
    }

    #[test]
    fn a_container_of_nginx_is_read_whole() {
        let text = [
            json("/docker-entrypoint.sh: Configuration complete\n", "stdout"),
            json(&format!("{ERROR}\n"), "stderr"),
            json(&format!("{}\n", access("/a", 200)), "stdout"),
            json("\n", "stdout"),
            json(&format!("{}\n", access("/b", 502)), "stdout"),
            "\0\0\0garbage\n".to_owned(),
        ];
        let (name, counts, told) = read(&text.concat());
        assert_eq!(name, "combined in docker json-file");
        assert_eq!(told, ["2 ConnectRefused", "3 200 /a", "5 502 /b"]);
        assert_eq!(counted(counts), (3, 2, 1));
    }

    #[test]
    fn lines_in_pieces_are_joined_stream_by_stream() {
        let line = access(&format!("/{}", "x".repeat(40_000)), 502);
        let text = [
            json(&format!("{}\n", access("/a", 200)), "stdout"),
            json(&line[..16_384], "stdout"),
            json(&format!("{ERROR}\n"), "stderr"),
            json(&line[16_384..32_768], "stdout"),
            json(&format!("{}\n", &line[32_768..]), "stdout"),
            json(&format!("{}\n", access("/c", 200)), "stdout"),
            // The last line was never ended.
            json(&access("/d", 200), "stdout"),
        ];
        let (_, counts, told) = read(&text.concat());
        assert_eq!(told, ["1 200 /a", "3 ConnectRefused", "5 502 /xxxxxxxx", "6 200 /c", "7 200 /d"]);
        assert_eq!(counted(counts), (5, 2, 0));
        // An unfinished line is not joined with what was written much later.
        let later = |text: &str| json(text, "stdout").replace("19:25:05.1", "19:26:05.1");
        let text = [json(&access("/a", 200), "stdout"), later(&format!("{}\n", access("/b", 200)))];
        let (_, counts, told) = read(&text.concat());
        assert_eq!(told, ["1 200 /a", "2 200 /b"]);
        assert_eq!(counted(counts), (2, 0, 0));
    }

    #[test]
    fn services_of_compose_have_formats_of_their_own() {
        let noise = "api-1  | listening on 3000\n".repeat(300);
        let text = format!(
            "Attaching to api-1, web-1\n\
             web-1  | {}\n\
             api-1  | listening on 3000\n\
             web-1  | {ERROR}\n\
             web-1  | {TIME} {}\n\
             {noise}old_1  | {}\n\
             {}\n\
             api-1 exited with code 137\n\
             \u{1}\u{2}\n",
            access("/a", 200),
            access("/b", 502),
            access("/c", 200).replace(" \"-\" \"curl\"", ""),
            access("/d", 200),
        );
        let (name, counts, told) = read(&text);
        assert_eq!(name, "combined in docker compose logs");
        assert_eq!(told, ["2 200 /a", "4 ConnectRefused", "5 502 /b", "306 200 /c", "307 200 /d"]);
        assert_eq!(counted(counts), (5, 303, 1));
    }

    #[test]
    fn cri_and_docker_times_are_read() {
        let (half, rest) =
            ("1.2.3.4 - - [21/Nov/2026:19:25:05 +0000] \"GET /p", "iece HTTP/1.1\" 502 7 \"-\" \"curl\"");
        let text = format!(
            "{TIME} stdout F {}\n{TIME} stdout P {half}\n{TIME} stderr F {ERROR}\n{TIME} stdout F {rest}\n",
            access("/a", 200)
        );
        let (name, counts, told) = read(&text);
        assert_eq!(name, "combined in CRI");
        assert_eq!(told, ["1 200 /a", "3 ConnectRefused", "4 502 /piece"]);
        assert_eq!(counted(counts), (3, 1, 0));
        let (name, counts, told) = read(&format!("{TIME} {}\n{TIME} {ERROR}\n", access("/a", 200)));
        assert_eq!((name.as_str(), counted(counts)), ("combined in docker logs -t", (2, 0, 0)));
        assert_eq!(told, ["1 200 /a", "2 ConnectRefused"]);
    }

    #[test]
    fn what_nobody_knows_yet_is_read_since_its_writer_may_still_speak() {
        let (name, counts, _) = read(&json("hello\n", "stdout").repeat(9));
        assert_eq!((name.as_str(), counted(counts)), ("docker json-file", (0, 9, 0)));
        let (name, counts, _) = read(&"api-1  | hello\n".repeat(9));
        assert_eq!((name.as_str(), counted(counts)), ("docker compose logs", (0, 9, 0)));
    }

    #[test]
    fn memory_is_bounded() {
        let piece = json(&"x".repeat(16_384), "stdout");
        let text = format!("{}{}", json(&format!("{}\n", access("/a", 200)), "stdout"), piece.repeat(64));
        let (_, counts, _) = read(&text);
        assert_eq!(counted(counts), (1, 63, 1));
        let services: String = (0..100).map(|n| format!("s{n}-1  | {}\n", access("/a", 200))).collect();
        let (_, counts, _) = read(&services);
        assert_eq!(counted(counts), (64, 0, 36));
    }
}
