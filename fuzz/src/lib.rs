//! What every fuzz target checks of a format: no panic, every line counted once, and the same result whatever the blocks.
//! The targets only choose the format.

mod transcript;

pub use transcript::transcript;

use std::sync::Arc;

use jiff::tz::{Offset, TimeZone};
use lastgood_intake::nginx_error::{ProxyError, upstream_name};
use lastgood_intake::{AppEvent, Context, Counts, Dimension, Format, Interner, LocalInterner, Request, Scanner, Sink, dimension};
use lastgood_model::{ChangeKind, Fact, SourceId, Span, UnixMs};

/// Does with everything what a run would do, and remembers how much there was.
struct Everything<'i> {
    interner: LocalInterner<'i>,
    context: Context,
    said: u64,
}

impl Sink for Everything<'_> {
    fn request(&mut self, request: &Request<'_>, line: u64) {
        assert!(request.status <= 999);
        self.interner.hit(request, SourceId(0), line, &self.context);
        self.interner.visitor(request);
        let mut text = Vec::new();
        for key in Dimension::ALL {
            dimension::dimension(request, key, &self.context, &mut text);
        }
        self.said = self.said.wrapping_add(request.key().request ^ line);
    }

    fn error(&mut self, error: &ProxyError<'_>, line: u64) {
        self.interner.error(error, SourceId(0), line);
        error.upstream.map(upstream_name);
        self.said = self.said.wrapping_add(error.message.len() as u64 ^ line);
    }

    fn fact(&mut self, at: Option<UnixMs>, _: Fact, line: u64) {
        self.said = self.said.wrapping_add(at.unwrap_or_default().0 as u64 ^ line);
    }

    fn application(&mut self, event: &AppEvent<'_>, line: u64) {
        assert!(event.first <= line && event.lines > 0);
        self.interner.application(event, SourceId(0), line, &self.context);
        self.said = self.said.wrapping_add(event.lines.rotate_left(32) ^ line);
    }

    fn change(&mut self, span: Span, _: ChangeKind, subject: &str, line: u64) {
        self.said = self.said.wrapping_add(span.from().0 as u64 ^ subject.len() as u64 ^ line);
    }
}

fn read<'b>(format: &Format, blocks: impl IntoIterator<Item = &'b [u8]>) -> (Counts, u64) {
    let interner = Interner::default();
    let context = || Context { zone: TimeZone::fixed(Offset::constant(9)), vhost: Arc::from("shop"), about: Some(UnixMs(0)), without: lastgood_model::Layers::NONE };
    let mut sink = Everything { interner: LocalInterner::new(&interner), context: context(), said: 0 };
    let mut scanner = Scanner::new(format, context());
    for block in blocks {
        scanner.feed(block, &mut sink);
    }
    let counts = scanner.finish(&mut sink);
    assert_eq!(counts.lines, counts.parsed + counts.other + counts.unreadable);
    (counts, sink.said)
}

/// Reads a file in blocks, and says how much was read.
pub fn counted<'b>(format: &Format, blocks: impl IntoIterator<Item = &'b [u8]>) -> Counts {
    read(format, blocks).0
}

/// Reads a file whole and line by line.
pub fn check(format: &Format, file: &[u8]) {
    let whole = read(format, [file]);
    let lines = file.split_inclusive(|byte| *byte == b'\n');
    assert_eq!(whole.0.bytes, file.len() as u64);
    assert_eq!(whole.0.lines, lines.clone().count() as u64);
    assert_eq!(read(format, lines), whole);
}

/// The input's first line, and what stands behind it: a target that needs two texts.
#[must_use]
pub fn first_line(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, b""),
    }
}
