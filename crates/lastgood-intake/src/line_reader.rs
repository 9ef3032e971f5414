//! Reads the lines of one writer, also where their format changes on the way: after a reload with another `log_format`,
//! or where access and error log share a stream. A line that does not fit its file's format is tried with those of others.

use crate::application::ApplicationLog;
use crate::recognise::{Format, recognise_line};
use crate::scan::{Context, Line, Reader, Sink};
use lastgood_model::UnixMs;

/// Formats beside the first one. More of them are not a change of format but noise.
const MAX_OTHERS: usize = 4;
/// Lines that fit nothing are looked at so often, and no more: a file of garbage must not take for ever.
const MAX_LOOKS: u32 = 2_000;

/// A reader and those that were met on the way.
#[derive(Debug)]
pub(crate) struct LineReader {
    pub(crate) first: Reader,
    pub(crate) others: OtherFormats,
}

/// Formats that a file holds beside its own.
#[derive(Debug)]
pub(crate) struct OtherFormats {
    context: Context,
    /// Whether any log is welcome, since nothing is known of the lines; else only requests and a proxy's errors are.
    any: bool,
    looks_left: u32,
    readers: Vec<Reader>,
    /// What an application prints among them, where one may.
    application: Option<Box<ApplicationLog>>,
}

impl LineReader {
    /// A reader for lines of this format, which a service of this name writes; of any, as they come, if it is unknown.
    pub(crate) fn new(format: &Format, context: Context, service: &str) -> Self {
        let any = *format == Format::Unknown;
        let application = format.may_hold_application().then(|| Box::new(ApplicationLog::new(&context, service)));
        let readers = Vec::new();
        let others = OtherFormats { context: context.clone(), any, looks_left: MAX_LOOKS, readers, application };
        Self { first: Reader::new(format, context), others }
    }

    /// Reads one line, written `at` that time if something around it says so.
    pub(crate) fn line(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Line {
        match self.first.line(line, at, number, sink) {
            Line::Parsed => Line::Parsed,
            // Whoever knows requests only has nothing to say of what else the application prints.
            Line::Other if matches!(self.first, Reader::Uvicorn(_) | Reader::JsonAccess(_)) => {
                self.others.application(line, at, number, sink).unwrap_or(Line::Other)
            }
            Line::Other if !matches!(self.first, Reader::Unknown | Reader::Application | Reader::NginxError(_)) => {
                Line::Other
            }
            // What is left of a request is no word of the application's.
            Line::Unreadable if matches!(self.first, Reader::Uvicorn(_)) => {
                let application = self.others.application.take();
                let read = self.others.line(line, at, number, sink).unwrap_or(Line::Unreadable);
                self.others.application = application;
                read
            }
            unfit => self.others.line(line, at, number, sink).unwrap_or(unfit),
        }
    }

    /// Reads a line of which nobody knows who wrote it: what an application prints is nobody else's.
    pub(crate) fn stray_line(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        let application = self.others.application.take();
        let read = self.line(line, None, number, sink);
        self.others.application = application;
        read
    }

    /// The lines ended.
    pub(crate) fn finish(self, counts: &mut crate::Counts, sink: &mut impl Sink) {
        self.first.finish(counts, sink);
        self.others.readers.into_iter().for_each(|reader| reader.finish(counts, sink));
        if let Some(mut application) = self.others.application {
            application.finish(sink);
        }
    }
}

impl OtherFormats {
    /// Reads a line that does not fit its file's format; `None` if it fits no other either.
    #[cold]
    pub(crate) fn line(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Option<Line> {
        if self.application.as_mut().is_some_and(|application| application.goes_on_with(line, at, number, sink)) {
            return Some(Line::Other);
        }
        if self.readers.iter_mut().any(|reader| reader.line(line, at, number, sink) == Line::Parsed) {
            return Some(Line::Parsed);
        }
        self.another(line, at, number, sink).or_else(|| self.application.as_mut()?.line(line, at, number, sink))
    }

    /// Reads what an application prints; `None` if it is nothing that is known.
    #[cold]
    pub(crate) fn application(
        &mut self,
        line: &[u8],
        at: Option<UnixMs>,
        number: u64,
        sink: &mut impl Sink,
    ) -> Option<Line> {
        let application = self.application.as_mut()?;
        if application.goes_on_with(line, at, number, sink) {
            return Some(Line::Other);
        }
        application.line(line, at, number, sink)
    }

    /// A line of a format that was not met before.
    fn another(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Option<Line> {
        if self.readers.len() == MAX_OTHERS || self.looks_left == 0 || line.trim_ascii().is_empty() {
            return None;
        }
        self.looks_left -= 1;
        let format = recognise_line(line)?;
        if !self.any && !format.holds_requests() && !format.holds_proxy_errors() {
            return None;
        }
        let mut reader = Reader::new(&format, self.context.clone());
        let read = reader.line(line, at, number, sink);
        self.readers.push(reader);
        (read == Line::Parsed).then_some(read)
    }
}
