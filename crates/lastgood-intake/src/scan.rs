//! The one loop over the lines of a file: it cuts blocks into lines, hands each to the reader of its format and counts.
//! It does not open, decompress or keep anything; what a line says goes to a [`Sink`] at once.

use std::sync::Arc;

use jiff::tz::TimeZone;
use lastgood_model::{ChangeKind, Fact, Layers, Span, UnixMs};
use memchr::memchr;

use crate::access::Request;
use crate::access_log::AccessLog;
use crate::apache_error::ApacheErrorLog;
use crate::application::AppEvent;
use crate::build_log::BuildLog;
use crate::certificate::CertificateFile;
use crate::cloudtrail::CloudTrail;
use crate::database_log::DatabaseLog;
use crate::haproxy::HaproxyLog;
use crate::journal::Journal;
use crate::journal_text::JournalText;
use crate::json_access::JsonAccess;
use crate::kernel_log::KernelLog;
use crate::line_reader::LineReader;
use crate::login_records::{LastText, Wtmp};
use crate::nginx_error::{ErrorLog, ProxyError};
use crate::package_log::PackageLog;
use crate::recognise::Format;
use crate::unit_files;
use crate::uvicorn::Uvicorn;
use crate::wrapped_log::WrappedLog;

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

    /// Something that an application wrote. The line is the one that says most of it; it may come after later ones.
    fn application(&mut self, event: &AppEvent<'_>, line: u64) {
        let _ = (event, line);
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
    /// A moment near which times lie that are written without a year: each takes the year that brings it nearest.
    pub about: Option<UnixMs>,
    /// Layers of which no sentence is known.
    pub without: Layers,
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
    lines: LineReader,
    counts: Counts,
}

/// Reads lines of one format.
#[derive(Debug)]
pub(crate) enum Reader {
    Access(Box<AccessLog>),
    Haproxy(Box<HaproxyLog>),
    Uvicorn(Uvicorn),
    Certificate(CertificateFile),
    JsonAccess(Box<JsonAccess>),
    Wrapped(Box<WrappedLog>),
    NginxError(Box<ErrorLog>),
    ApacheError(Box<ApacheErrorLog>),
    Journal(Box<Journal>),
    HostText(Box<JournalText>),
    Kernel(Box<KernelLog>),
    Packages(Box<PackageLog>),
    Database(Box<DatabaseLog>),
    Wtmp(Wtmp),
    Last(Box<LastText>),
    UnitFiles,
    CloudTrail(Box<CloudTrail>),
    Configuration,
    Build(Box<BuildLog>),
    /// Nothing but what an application prints, which is read beside whatever else there is.
    Application,
    Unknown,
}

impl Scanner {
    /// A reader for a file of this format.
    #[must_use]
    pub fn new(format: &Format, context: Context) -> Self {
        Self { lines: LineReader::new(format, context, ""), counts: Counts::default() }
    }

    /// Reads a block of whole lines; only the last block of a file may lack its last newline.
    pub fn feed(&mut self, block: &[u8], sink: &mut impl Sink) {
        let counts = &mut self.counts;
        if matches!(self.lines.first, Reader::Uvicorn(_) | Reader::Application) {
            let lines = &mut self.lines;
            return counts.lines_of(block, |line, number| lines.line(line, None, number, sink));
        }
        let LineReader { first, others } = &mut self.lines;
        match first {
            // The hot path: one match for a block, not for a line.
            Reader::Access(log) => {
                let nul = memchr(0, block).is_some();
                counts.lines_of(block, |line, number| match log.line(line, nul, None, number, sink) {
                    Line::Unreadable => others.line(line, None, number, sink).unwrap_or(Line::Unreadable),
                    line => line,
                });
            }
            // A document is understood as a whole: its lines are counted when it ends.
            Reader::CloudTrail(document) => {
                counts.bytes += block.len() as u64;
                document.push(block);
            }
            // Where some lines are requests, so may be those that do not fit.
            Reader::JsonAccess(log) => counts.lines_of(block, |line, number| match log.line(line, number, sink) {
                Line::Unreadable => others.line(line, None, number, sink).unwrap_or(Line::Unreadable),
                Line::Other => others.application(line, None, number, sink).unwrap_or(Line::Other),
                line => line,
            }),
            Reader::Wtmp(records) => {
                counts.bytes += block.len() as u64;
                records.push(block, counts, sink);
            }
            reader => counts.lines_of(block, |line, number| reader.line(line, None, number, sink)),
        }
    }

    /// How much was read so far; a document that is understood as a whole is counted when it ends.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The file ended. Says what only the whole file could tell, and how much was read.
    pub fn finish(mut self, sink: &mut impl Sink) -> Counts {
        self.lines.finish(&mut self.counts, sink);
        self.counts
    }
}

impl Reader {
    pub(crate) fn new(format: &Format, context: Context) -> Self {
        match format {
            Format::Access(format) => Self::Access(Box::new(AccessLog::new(Arc::clone(format), context))),
            Format::Haproxy => Self::Haproxy(Box::new(HaproxyLog::new(context.zone))),
            Format::Certificate => Self::Certificate(CertificateFile::default()),
            Format::Uvicorn => Self::Uvicorn(Uvicorn::new(context.zone)),
            Format::ApacheError => Self::ApacheError(Box::new(ApacheErrorLog::new(context.zone))),
            Format::JsonAccess(_) => Self::JsonAccess(Box::new(JsonAccess::of(context))),
            Format::Wrapped(wrapped) => Self::Wrapped(Box::new(WrappedLog::new(Arc::clone(wrapped), context))),
            Format::NginxError => Self::NginxError(Box::new(ErrorLog::new(context.zone))),
            Format::Journal => Self::Journal(Box::default()),
            Format::HostText(_) => Self::HostText(Box::new(JournalText::new(context))),
            Format::Kernel(_) => Self::Kernel(Box::new(KernelLog::new(context))),
            Format::UnitFiles => Self::UnitFiles,
            Format::CloudTrail => Self::CloudTrail(Box::default()),
            Format::Packages(manager) => Self::Packages(Box::new(PackageLog::new(*manager, context))),
            Format::Database(database) => Self::Database(Box::new(DatabaseLog::new(*database, context))),
            Format::Wtmp => Self::Wtmp(Wtmp::default()),
            Format::Last => Self::Last(Box::new(LastText::new(context))),
            Format::NginxConf | Format::ApacheConf => Self::Configuration,
            Format::Application => Self::Application,
            Format::Build => Self::Build(Box::default()),
            Format::Unknown => Self::Unknown,
        }
    }

    /// Reads one line of a format that is understood line by line. `at` is when something around the line says that it
    /// was written: a container's log driver, for one.
    pub(crate) fn line(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Line {
        match self {
            Self::Access(log) => log.line(line, memchr(0, line).is_some(), at, number, sink),
            Self::Haproxy(log) => log.line(line, at, number, sink),
            Self::Certificate(file) => file.line(line, number, sink),
            Self::Uvicorn(log) => log.line(line, at, number, sink),
            Self::JsonAccess(log) => log.line(line, number, sink),
            Self::Wrapped(log) => log.line(line, number, sink),
            Self::NginxError(log) => log.line(line, at, number, sink),
            Self::ApacheError(log) => log.line(line, at, number, sink),
            Self::Journal(journal) => journal.line(line, number, sink),
            Self::HostText(text) => text.line(line, number, sink),
            Self::Kernel(log) => log.line(line, number, sink),
            Self::Packages(log) => log.line(line, number, sink),
            Self::Database(log) => log.line(line, number, sink),
            Self::Last(text) => text.line(line, number, sink),
            Self::Build(build) => build.line(line, number),
            Self::UnitFiles => unit_files::line(line, number, sink),
            Self::Configuration => match line.trim_ascii_start().first() {
                None | Some(b'#') => Line::Other,
                Some(_) => Line::Parsed,
            },
            Self::CloudTrail(_) | Self::Wtmp(_) | Self::Application | Self::Unknown => Line::Other,
        }
    }

    pub(crate) fn finish(self, counts: &mut Counts, sink: &mut impl Sink) {
        match self {
            Self::Access(log) => log.finish(sink),
            Self::Wrapped(log) => log.finish(counts, sink),
            Self::NginxError(log) => log.finish(sink),
            Self::Journal(journal) => journal.finish(sink),
            Self::HostText(text) => text.finish(sink),
            Self::Packages(log) => log.finish(sink),
            Self::Build(build) => build.finish(sink),
            Self::Wtmp(records) => records.finish(counts),
            Self::CloudTrail(document) => document.finish(counts, sink),
            Self::JsonAccess(_)
            | Self::Haproxy(_)
            | Self::Certificate(_)
            | Self::Uvicorn(_)
            | Self::ApacheError(_)
            | Self::Kernel(_)
            | Self::Last(_)
            | Self::Database(_)
            | Self::UnitFiles
            | Self::Configuration
            | Self::Application
            | Self::Unknown => {}
        }
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

    /// Says what became of lines after all that were counted as other.
    pub(crate) fn recount_other(&mut self, parsed: u64, unreadable: u64) {
        self.other -= parsed + unreadable;
        self.parsed += parsed;
        self.unreadable += unreadable;
    }
}
