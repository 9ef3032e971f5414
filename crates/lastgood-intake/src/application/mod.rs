//! What applications print: lines with a level, JSON of loggers, errors over many lines, calls to others. One event for each
//! error and each call, however many lines it takes and whatever stands between them. What an event means is not decided here,
//! only which known sentence it is.

mod call;
mod event;
mod head;
mod json;
mod logfmt;
mod path;
mod record;
mod traceback;

use std::borrow::Cow;

use lastgood_model::{Layers, Piece, Severity, UnixMs};
use memchr::memchr;

use crate::scan::{Context, Line, Sink};
use crate::signatures::{Found, Signatures};
use crate::uvicorn::plain;
pub use event::{AppEvent, AppSaid, CallSaid, ErrorSaid};
use head::{Head, HeadClock};
use record::Record;
use traceback::thrown::{Thrown, behind, thrown};
use traceback::{Beginning, Traceback, introduced};

/// So much of a line is looked at.
const MAX_LINE: usize = 64 * 1024;
/// So much of a message is searched for known sentences.
const MAX_SEARCHED: usize = 4 * 1024;
/// Lines that may go on with an error that was said in a line.
const MAX_MORE: usize = 16;
/// Lines of others between those of one traceback, and the longest pause between two of them.
const MAX_STRANGERS: u8 = 12;
const MAX_PAUSE_MS: i64 = 2_000;

/// Reads what one writer prints.
#[derive(Debug)]
pub(crate) struct ApplicationLog {
    clock: HeadClock,
    /// The service that prints it, where a file holds several.
    service: Box<str>,
    /// Layers of which no sentence is known.
    without: Layers,
    /// The last time that was said.
    last: Option<UnixMs>,
    /// A line that said an error, until it is known what follows it.
    said: Option<Said>,
    /// The line before, where it said nothing by itself.
    unsaid: Option<Said>,
    open: Option<Open>,
}

/// An error that was said in a line, and the lines behind it that may belong to it.
#[derive(Debug)]
struct Said {
    at: Option<UnixMs>,
    severity: Option<Severity>,
    /// Lines as printed, each with its number.
    lines: Vec<(String, u64)>,
    /// The first line behind its head.
    message: String,
}

/// A traceback that goes on.
#[derive(Debug)]
struct Open {
    traceback: Traceback,
    /// The line that led to it, if one did.
    lead: Option<Said>,
    at: Option<UnixMs>,
    first: u64,
    lines: u64,
    strangers: u8,
}

impl ApplicationLog {
    /// A reader for what a service of this name prints; without a name where a file is one writer's.
    pub(crate) fn new(context: &Context, service: &str) -> Self {
        Self {
            clock: HeadClock::new(context.zone.clone(), context.about),
            service: service.into(),
            without: context.without,
            last: None,
            said: None,
            unsaid: None,
            open: None,
        }
    }

    /// Whether a line is one that only an application prints: an error over many lines, or a logger's JSON.
    pub(crate) fn is_plainly_one(line: &[u8]) -> bool {
        let Some(text) = text(line) else { return false };
        if text.starts_with('{') {
            let mut clock = HeadClock::new(jiff::tz::TimeZone::UTC, None);
            return json::read(&text, &mut clock).is_some_and(|record| record.severity.is_some());
        }
        if logfmt::read(&text, &mut HeadClock::new(jiff::tz::TimeZone::UTC, None)).is_some() {
            return true;
        }
        Traceback::begins(&text, 1).is_some()
    }

    /// Whether a line has the head of a logger: a level, behind a time or at the very beginning.
    pub(crate) fn has_head(line: &[u8]) -> bool {
        let Some(text) = text(line) else { return false };
        HeadClock::new(jiff::tz::TimeZone::UTC, None).head(&text).severity.is_some()
    }

    /// Reads a line if it goes on with an error that was begun; says whether it does.
    pub(crate) fn goes_on_with(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> bool {
        if self.open.is_none() && self.said.is_none() {
            return false;
        }
        let Some(text) = text(line) else { return false };
        let head = self.clock.head(&text);
        self.goes_on(&text, &head, at, number, sink)
    }

    /// Reads one line that goes on with nothing, written `at` that time if something around it says so; `None` if it is nothing that an application
    /// prints in a way that is known.
    pub(crate) fn line(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Option<Line> {
        let text = text(line)?;
        if text.trim_ascii().is_empty() {
            return None;
        }
        let record = if text.starts_with('{') {
            json::read(&text, &mut self.clock)
        } else {
            logfmt::read(&text, &mut self.clock)
        };
        if let Some(record) = record {
            self.stranger(at, sink);
            self.flush(sink);
            self.record(&record, at, number, sink);
            return Some(Line::Parsed);
        }
        let head = self.clock.head(&text);
        let at = at.or(head.at);
        if let Some(at) = at {
            self.last = Some(at);
        }
        if let Some(beginning) = Traceback::begins(&text, number) {
            return self.begin(beginning, &text, at, number, sink);
        }
        self.message(&text, &head, at, number, sink)
    }

    /// The lines ended.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) {
        self.close(sink);
        self.flush(sink);
    }

    /// Whether a line is one more of the traceback that is open.
    fn goes_on(&mut self, text: &str, head: &Head<'_>, at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> bool {
        let Some(open) = &mut self.open else { return self.attach(text, head, at, number) };
        let paused = open.at.zip(at).is_some_and(|(begun, at)| at.since(begun).abs() > MAX_PAUSE_MS);
        if !paused && open.traceback.line(text, head.is_one(), number) {
            open.lines += 1;
            return true;
        }
        self.stranger(at, sink);
        false
    }

    /// A line of somebody else came: the traceback may go on behind it, or is over.
    fn stranger(&mut self, at: Option<UnixMs>, sink: &mut impl Sink) {
        let Some(open) = &mut self.open else { return };
        open.strangers += 1;
        let paused = open.at.zip(at).is_some_and(|(begun, at)| at.since(begun).abs() > MAX_PAUSE_MS);
        if paused || open.strangers > MAX_STRANGERS || open.traceback.is_complete() && !open.traceback.may_be_joined() {
            self.close(sink);
        }
    }

    /// Whether a line goes on with the error that was said last.
    fn attach(&mut self, text: &str, head: &Head<'_>, at: Option<UnixMs>, number: u64) -> bool {
        let Some(said) = &mut self.said else { return false };
        let paused = said.at.zip(at).is_some_and(|(begun, at)| at.since(begun).abs() > MAX_PAUSE_MS);
        if head.is_one() || paused || said.lines.len() >= MAX_MORE || Traceback::begins(text, number).is_some() {
            return false;
        }
        // An error without a head does not go on with another one.
        let is_another = said.severity.is_none() && !text.starts_with([' ', '\t']) && thrown(text).is_some();
        let is_record = text.starts_with('{') && text.ends_with('}') || logfmt::read(text, &mut self.clock).is_some();
        if is_another || is_record || call::read(text).is_some() {
            return false;
        }
        said.lines.push((text.to_owned(), number));
        true
    }

    fn begin(
        &mut self,
        beginning: Beginning,
        text: &str,
        at: Option<UnixMs>,
        number: u64,
        sink: &mut impl Sink,
    ) -> Option<Line> {
        // What is open now does not go on behind another one.
        self.close(sink);
        let lead = self.said.take().or_else(|| self.unsaid.take().filter(|unsaid| unsaid.first() == Some(number - 1)));
        let open = |traceback, lead: Option<Said>, first| Open {
            traceback,
            at: at.or_else(|| lead.as_ref()?.at),
            lines: number + 1 - first,
            lead,
            first,
            strangers: 0,
        };
        match beginning {
            Beginning::Here(traceback) => {
                let first = lead.as_ref().and_then(Said::first).unwrap_or(number);
                self.open = Some(open(traceback, lead, first));
                Some(Line::Parsed)
            }
            Beginning::Before(kind) => {
                let lines =
                    lead.iter().flat_map(|lead| lead.lines.iter().map(|(line, number)| (line.as_str(), *number)));
                let traceback = introduced(kind, lines);
                let Some(mut traceback) = traceback else {
                    self.said = lead;
                    return None;
                };
                traceback.line(text, false, number);
                let first = lead.as_ref().and_then(Said::first).unwrap_or(number);
                self.open = Some(open(traceback, lead, first));
                Some(Line::Other)
            }
        }
    }

    /// A line by itself.
    fn message(
        &mut self,
        text: &str,
        head: &Head<'_>,
        at: Option<UnixMs>,
        number: u64,
        sink: &mut impl Sink,
    ) -> Option<Line> {
        let call = call::read(head.message);
        let is_error = head.severity >= Some(Severity::Error);
        let known = Signatures::known().find(searched(head.message), self.without);
        let bare = thrown(text).is_some();
        if !head.is_one() && call.is_none() && known.is_none() && !bare {
            self.unsaid = behind(text).map(|error| Said {
                at: at.or(self.last),
                severity: None,
                lines: vec![(error.to_owned(), number)],
                message: text.to_owned(),
            });
            return None;
        }
        self.flush(sink);
        let at = at.or(self.last);
        if let Some(call) = call {
            self.tell_call(&call, at, number, sink);
        }
        let failed = call.is_none_or(|call| call.status.is_none_or(|status| status >= 500));
        if failed && (is_error || known.is_some() || bare || complains(head)) {
            let (severity, message) = (head.severity, head.message.to_owned());
            self.said = Some(Said { at, severity, lines: vec![(text.to_owned(), number)], message });
        }
        Some(Line::Parsed)
    }

    /// A structured line.
    fn record(&mut self, record: &Record, at: Option<UnixMs>, number: u64, sink: &mut impl Sink) {
        let at = at.or(record.at).or(self.last);
        self.last = at;
        let call = call::read(&record.message).or_else(|| call::read(&record.error));
        if let Some(call) = call {
            self.tell_call(&call, at, number, sink);
        }
        let mut chain = traceback::in_text(&record.stack, number);
        let mut outer = Thrown::new(&record.class, &record.error, number);
        // A logger of Go's prints where it was called, without saying of what.
        if let Some((frame, is_own)) = traceback::place_in(&record.stack).filter(|_| chain.is_empty()) {
            outer.at(frame, is_own, true);
        }
        // Where the stack is not printed, the error is all there is; where it is, the fields say more of the same one.
        match chain.iter_mut().find(|thrown| thrown.class == outer.class || outer.class.is_empty()) {
            Some(same) if !outer.message.is_empty() && !same.message.contains(&outer.message) => {
                same.add(&outer.message);
            }
            None if !outer.class.is_empty() || !outer.message.is_empty() => chain.push(outer),
            _ => {}
        }
        let known = Known::of(&chain, &record.message, number, self.without);
        let is_error = record.severity >= Some(Severity::Error) || !record.stack.is_empty();
        let answered = call.is_some_and(|call| call.status.is_some_and(|status| status < 500));
        if (is_error || known.found.is_some()) && !answered {
            let path = if record.path.is_empty() { path::of(&record.message) } else { &record.path };
            let words = (record.message.as_str(), path);
            self.tell(&chain, &known, record.severity, words, at, (number, 1), sink);
        }
    }

    /// The traceback that is open is over.
    fn close(&mut self, sink: &mut impl Sink) {
        let Some(open) = self.open.take() else { return };
        let chain = open.traceback.settle();
        let message = open.lead.as_ref().map_or("", |lead| lead.message.as_str());
        if chain.is_empty() {
            // It broke off before it said what it is.
            self.said = open.lead;
            return self.flush(sink);
        }
        let severity = open.lead.as_ref().and_then(|lead| lead.severity).max(Some(Severity::Error));
        let known = Known::of(&chain, message, open.first, self.without);
        let at = open.at.or(self.last);
        self.tell(&chain, &known, severity, (message, path::of(message)), at, (open.first, open.lines), sink);
    }

    /// What was said stands by itself.
    fn flush(&mut self, sink: &mut impl Sink) {
        let Some(said) = self.said.take() else { return };
        let Some(first) = said.first() else { return };
        let mut chain: Vec<Thrown> = Vec::new();
        // The first line that is an error as a language prints it; another below it is what that came from.
        for (line, number) in said.lines.iter().rev() {
            chain.extend(thrown(line).map(|(class, message)| Thrown::new(class, message, *number)));
        }
        let mut known = Known::of(&chain, &said.message, first, self.without);
        for (line, number) in said.lines.iter().skip(1) {
            known.better(Signatures::known().find(searched(line), self.without), None, *number);
        }
        let bare = said.severity.is_none() && chain.is_empty();
        // A line that merely sounds bad, or that says of a known sentence only that all is well, is none.
        if bare && known.found.is_none() && !sounds_bad(&said.message) {
            return;
        }
        let lines = u64::try_from(said.lines.len()).unwrap_or(u64::MAX);
        let words = (said.message.as_str(), path::of(&said.message));
        self.tell(&chain, &known, said.severity, words, said.at, (first, lines), sink);
    }

    #[expect(clippy::too_many_arguments, reason = "what is known of one event, put together in one place")]
    fn tell(
        &self,
        chain: &[Thrown],
        known: &Known,
        severity: Option<Severity>,
        (message, path): (&str, &str),
        at: Option<UnixMs>,
        (first, lines): (u64, u64),
        sink: &mut impl Sink,
    ) {
        // The error that says most, else the root.
        let told = known.of.and_then(|index| chain.get(index)).or(chain.first());
        let frame = told.filter(|told| told.is_own).or_else(|| chain.iter().find(|thrown| thrown.is_own)).or(told);
        let class = told.map_or("", |told| &told.class);
        let outermost = chain.last().map_or("", |last| &last.class);
        let message = told.map_or_else(|| traceback::unwrapped(message), |told| &told.message);
        let names = known.names();
        let why = known.why.as_ref().filter(|_| known.found.as_ref().is_some_and(|found| !found.says_why));
        let said = ErrorSaid {
            severity,
            class,
            message,
            outermost: if outermost == class { "" } else { outermost },
            frame: frame.map_or("", |thrown| &thrown.frame),
            path,
            signature: known.found.as_ref().map(|found| found.signature),
            why: why.map(|found| found.signature),
            names: &names,
        };
        let event = AppEvent { at, service: &self.service, first, lines, said: AppSaid::Error(said) };
        let line = known.found.as_ref().map(|_| known.line).or(told.map(|told| told.line)).unwrap_or(first);
        sink.application(&event, line);
    }

    fn tell_call(&self, call: &call::Call<'_>, at: Option<UnixMs>, number: u64, sink: &mut impl Sink) {
        let call::Call { method, host, port, status } = *call;
        let said = AppSaid::Call(CallSaid { method, host, port, status });
        sink.application(&AppEvent { at, service: &self.service, first: number, lines: 1, said }, number);
    }
}

impl Said {
    fn first(&self) -> Option<u64> {
        self.lines.first().map(|(_, number)| *number)
    }
}

/// The known sentence that an error is, the line that it stands in, and one of the same chain that says why where it does not.
#[derive(Debug, Default)]
struct Known {
    found: Option<Found>,
    /// Which of the chain; `None`: it stands in a line that is none of it.
    of: Option<usize>,
    line: u64,
    why: Option<Found>,
}

impl Known {
    /// Of all errors of a chain the sentence that says most, the one nearest to the root of equal ones; else that of the line
    /// that led to it.
    fn of(chain: &[Thrown], message: &str, line: u64, without: Layers) -> Self {
        let mut known = Self::default();
        for (index, thrown) in chain.iter().enumerate() {
            let text = match thrown.class.as_str() {
                "" => Cow::Borrowed(thrown.message.as_str()),
                class => Cow::Owned(format!("{class}: {}", thrown.message)),
            };
            known.better(Signatures::known().find(searched(&text), without), Some(index), thrown.line);
        }
        if !message.is_empty() {
            known.better(Signatures::known().find(searched(message), without), None, line);
        }
        known
    }

    fn better(&mut self, found: Option<Found>, of: Option<usize>, line: u64) {
        let Some(found) = found else { return };
        if found.says_why && self.why.as_ref().is_none_or(|why| found.specificity > why.specificity) {
            self.why = Some(found.clone());
        }
        if self.found.as_ref().is_none_or(|known| found.specificity > known.specificity) {
            (self.found, self.of, self.line) = (Some(found), of, line);
        }
    }

    /// What both of them name.
    fn names(&self) -> Vec<(Piece, String)> {
        let mut names: Vec<(Piece, String)> = Vec::new();
        for (piece, name) in self.found.iter().chain(&self.why).flat_map(|found| &found.names) {
            if !names.iter().any(|(known, _)| known == piece) {
                names.push((*piece, name.clone()));
            }
        }
        names
    }
}

/// A line as text, without its colours; `None` if it is none.
fn text(line: &[u8]) -> Option<Cow<'_, str>> {
    if memchr(0, line).is_some() {
        return None;
    }
    let line = &line[..line.len().min(MAX_LINE)];
    let text = match plain(line) {
        Cow::Borrowed(line) => String::from_utf8_lossy(line),
        Cow::Owned(line) => Cow::Owned(String::from_utf8_lossy(&line).into_owned()),
    };
    let is_text =
        text.chars().filter(|c| c.is_control() && *c != '\t').count() == 0 && text.matches('\u{fffd}').count() < 4;
    is_text.then_some(text)
}

/// The part of a text that is searched for known sentences.
fn searched(text: &str) -> &str {
    let end = (0..=MAX_SEARCHED.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

/// Whether a line without a level, as Go's own logger writes them, tells of a failure.
fn complains(head: &Head<'_>) -> bool {
    head.severity.is_none() && head.at.is_some() && sounds_bad(head.message)
}

fn sounds_bad(message: &str) -> bool {
    const WORDS: [&str; 6] = ["error", "failed", "panic", "fatal", "exception", "refused"];
    let head = searched(message).get(..256).unwrap_or(message).to_ascii_lowercase();
    WORDS.iter().any(|word| head.contains(word))
}

#[cfg(test)]
mod tests;
