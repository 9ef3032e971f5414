//! The one loop over the lines of a file: it cuts blocks into lines, hands each to the reader of its format and counts.
//! It does not open, decompress or keep anything; what a line says goes to a [`Sink`] at once.

use std::sync::Arc;

use jiff::tz::TimeZone;
use lastgood_model::{ChangeKind, Fact, Span, UnixMs};
use memchr::memchr;

use crate::access::Request;
use crate::cloudtrail::CloudTrail;
use crate::damage::{Repair, may_hold_record};
use crate::journal::Journal;
use crate::log_format::{AccessFormat, Fit};
use crate::nginx_error::{ErrorLog, ProxyError};
use crate::recognise::Format;
use crate::timestamp::Clock;
use crate::unit_files;

/// Takes what lines say. Lines are counted from 1; a line may say several things, also of other lines' times.
pub trait Sink {
    /// A request of an access log.
    fn request(&mut self, request: &Request<'_>, line: u64) {
        let _ = (request, line);
    }

    /// A line of a proxy's error log, of level `warn` or above or naming an upstream.
    fn error(&mut self, error: &ProxyError<'_>, line: u64) {
        let _ = (error, line);
    }

    /// A fact. Facts of a journal come in order of time, not of lines, when it ends.
    fn fact(&mut self, at: Option<UnixMs>, fact: Fact, line: u64) {
        let _ = (at, fact, line);
    }

    /// A change that somebody made.
    fn change(&mut self, span: Span, kind: ChangeKind, subject: &str, line: u64) {
        let _ = (span, kind, subject, line);
    }
}

/// How much was read. `lines = parsed + other + unreadable`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes, newlines included.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Lines that hold a record.
    pub parsed: u64,
    /// Lines that are whole and hold none: blank, comment, continuation, header.
    pub other: u64,
    /// Lines too damaged to understand.
    pub unreadable: u64,
}

/// What a file cannot say of itself.
#[derive(Clone, Debug)]
pub struct Context {
    /// Zone of times that are written without one.
    pub zone: TimeZone,
    /// Virtual host of requests whose format has no host: the name of the file set.
    pub vhost: Arc<str>,
}

/// What became of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Parsed,
    Other,
    Unreadable,
}

/// Reads one file, block by block.
#[derive(Debug)]
pub struct Scanner {
    reader: Reader,
    counts: Counts,
}

#[derive(Debug)]
enum Reader {
    Access(Box<AccessLog>),
    Error(Box<ErrorLog>),
    Journal(Box<Journal>),
    UnitFiles,
    CloudTrail(Box<CloudTrail>),
    Configuration,
    Unknown,
}

impl Scanner {
    /// A reader for a file of this format.
    #[must_use]
    pub fn new(format: &Format, context: Context) -> Self {
        let reader = match format {
            Format::Access(format) => Reader::Access(Box::new(AccessLog {
                format: Arc::clone(format),
                clock: Clock::new(context.zone.clone()),
                repair: Repair::default(),
                errors: ErrorLog::new(context.zone),
            })),
            Format::NginxError => Reader::Error(Box::new(ErrorLog::new(context.zone))),
            Format::Journal => Reader::Journal(Box::default()),
            Format::UnitFiles => Reader::UnitFiles,
            Format::CloudTrail => Reader::CloudTrail(Box::default()),
            Format::NginxConf => Reader::Configuration,
            Format::Unknown => Reader::Unknown,
        };
        Self { reader, counts: Counts::default() }
    }

    /// Reads a block of whole lines; only the last block of a file may lack its last newline.
    pub fn feed(&mut self, block: &[u8], sink: &mut impl Sink) {
        let counts = &mut self.counts;
        match &mut self.reader {
            Reader::Access(log) => {
                let nul = memchr(0, block).is_some();
                counts.lines_of(block, |line, number| log.line(line, nul, number, sink));
            }
            Reader::Error(log) => counts.lines_of(block, |line, number| log.line(line, number, sink)),
            Reader::Journal(journal) => counts.lines_of(block, |line, number| journal.line(line, number, sink)),
            Reader::UnitFiles => counts.lines_of(block, |line, number| unit_files::line(line, number, sink)),
            // A document is understood as a whole: its lines are counted when it ends.
            Reader::CloudTrail(document) => {
                counts.bytes += block.len() as u64;
                document.push(block);
            }
            Reader::Configuration => counts.lines_of(block, |line, _| match line.trim_ascii_start().first() {
                None | Some(b'#') => Line::Other,
                Some(_) => Line::Parsed,
            }),
            Reader::Unknown => counts.lines_of(block, |_, _| Line::Other),
        }
    }

    /// How much was read so far; a document that is understood as a whole is counted when it ends.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The file ended. Says what only the whole file could tell, and how much was read.
    pub fn finish(mut self, sink: &mut impl Sink) -> Counts {
        match self.reader {
            Reader::Access(log) => log.errors.finish(sink),
            Reader::Error(log) => log.finish(sink),
            Reader::Journal(journal) => journal.finish(sink),
            Reader::CloudTrail(document) => document.finish(&mut self.counts, sink),
            Reader::UnitFiles | Reader::Configuration | Reader::Unknown => {}
        }
        self.counts
    }
}

impl Counts {
    /// Cuts a block into lines, without their ends, and counts what `read` makes of each.
    #[inline]
    fn lines_of(&mut self, block: &[u8], mut read: impl FnMut(&[u8], u64) -> Line) {
        self.bytes += block.len() as u64;
        let mut rest = block;
        while !rest.is_empty() {
            let (line, after) = match memchr(b'\n', rest) {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => (rest, &rest[rest.len()..]),
            };
            rest = after;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let number = self.lines + 1;
            self.count(read(line, number));
        }
    }

    /// Counts one line.
    #[inline]
    pub(crate) fn count(&mut self, line: Line) {
        self.lines += 1;
        match line {
            Line::Parsed => self.parsed += 1,
            Line::Other => self.other += 1,
            Line::Unreadable => self.unreadable += 1,
        }
    }
}

/// An access log, with the error lines that stand among its own where a container writes both to one stream.
#[derive(Debug)]
struct AccessLog {
    format: Arc<AccessFormat>,
    clock: Clock,
    repair: Repair,
    errors: ErrorLog,
}

impl AccessLog {
    #[inline]
    fn line(&mut self, line: &[u8], nul_in_block: bool, number: u64, sink: &mut impl Sink) -> Line {
        let nul = nul_in_block && memchr(0, line).is_some();
        if !nul
            && let Some((request, Fit::Whole { extra })) = self.format.read(line, &mut self.clock)
            && (extra == 0 || !may_hold_record(&self.format, line, extra))
        {
            sink.request(&request, number);
            return Line::Parsed;
        }
        self.difficult_line(line, number, sink)
    }

    #[cold]
    fn difficult_line(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        if matches!(line.trim_ascii_start().first(), None | Some(b'#')) {
            return Line::Other;
        }
        let emit = |request: &Request<'_>| sink.request(request, number);
        if self.repair.records(&self.format, line, &mut self.clock, emit) > 0 {
            return Line::Parsed;
        }
        match self.errors.line_among_others(line, number, sink) {
            Line::Unreadable if is_entrypoint(line) => Line::Other,
            line => line,
        }
    }
}

/// What nginx's own container image says before nginx starts, on the stream that the access log goes to.
fn is_entrypoint(line: &[u8]) -> bool {
    [&b"/docker-entrypoint."[..], b".sh: info: "].iter().any(|part| memchr::memmem::find(line, part).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Told(Vec<String>);

    impl Sink for Told {
        fn request(&mut self, request: &Request<'_>, line: u64) {
            self.0.push(format!("{line} {}", request.status));
        }

        fn error(&mut self, error: &ProxyError<'_>, line: u64) {
            self.0.push(format!("{line} {:?}", error.kind));
        }
    }

    #[test]
    fn one_stream_of_a_container_is_read_whole() {
        let text = b"/docker-entrypoint.sh: Configuration complete; ready for start up\n\
            10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6\n\
            2026/11/21 19:25:04 [notice] 1#1: nginx/1.22.1\n\
            1.2.3.4 - - [21/Nov/2026:19:25:05 +0000] \"GET / HTTP/1.1\" 502 157 \"-\" \"curl\" \"-\"\r\n\
            2026/11/21 19:25:05 [error] 7#7: *3 connect() failed (111: Connection refused) while connecting to upstream\n\
            \n\
            1.2.3.4 - - [21/Nov/2026:19:25:06 +0000] \"GET /";
        let format = Format::Access(Arc::new(AccessFormat::combined()));
        let mut scanner = Scanner::new(&format, Context { zone: TimeZone::UTC, vhost: "shop".into() });
        let mut told = Told::default();
        scanner.feed(text, &mut told);
        let counts = scanner.finish(&mut told);
        assert_eq!(told.0, ["4 502", "5 ConnectRefused"]);
        let expected = Counts { bytes: text.len() as u64, lines: 7, parsed: 3, other: 3, unreadable: 1 };
        assert_eq!(counts, expected);
    }
}
