//! Reads the lines of one writer, also where their format changes on the way: after a reload with another `log_format`,
//! or where access and error log share a stream. A line that does not fit its file's format is tried with those of others.

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
}

impl LineReader {
    /// A reader for lines of this format; of any, as they come, if it is unknown.
    pub(crate) fn new(format: &Format, context: Context) -> Self {
        let any = *format == Format::Unknown;
        let others = OtherFormats { context: context.clone(), any, looks_left: MAX_LOOKS, readers: Vec::new() };
        Self { first: Reader::new(format, context), others }
    }

    /// Reads one line, written `at` that time if something around it says so.
    pub(crate) fn line(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Line {
        match self.first.line(line, at, number, sink) {
            Line::Parsed => Line::Parsed,
            Line::Other if !matches!(self.first, Reader::Unknown | Reader::NginxError(_)) => Line::Other,
            unfit => self.others.line(line, at, number, sink).unwrap_or(unfit),
        }
    }

    /// The lines ended.
    pub(crate) fn finish(self, counts: &mut crate::Counts, sink: &mut impl Sink) {
        self.first.finish(counts, sink);
        self.others.readers.into_iter().for_each(|reader| reader.finish(counts, sink));
    }
}

impl OtherFormats {
    /// Reads a line that does not fit its file's format; `None` if it fits no other either.
    #[cold]
    pub(crate) fn line(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Option<Line> {
        if self.readers.iter_mut().any(|reader| reader.line(line, at, number, sink) == Line::Parsed) {
            return Some(Line::Parsed);
        }
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
