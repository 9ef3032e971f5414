//! Reads the parts of a file again that hold given stretches of time. What is done with the lines is the caller's.

use lastgood_intake::{Request, Scanner, Sink};
use lastgood_world::Blocks;

use super::block_index::Entry;
use super::duplicates::LineSet;
use super::survey::LogSource;

/// A file of which parts are read again.
pub(crate) struct Parts<'a> {
    pub(crate) source: &'a LogSource,
    /// Lines that count in another file.
    pub(crate) copies: &'a LineSet,
    /// Stretches of blocks, each with the offset at which it ends.
    pub(crate) pieces: Vec<(Entry, u64)>,
}

impl Parts<'_> {
    /// Hands on every request of these parts that is no copy, with its line. A file that cannot be opened any more was
    /// read a moment ago: what the first reading counted still stands.
    pub(crate) fn requests(&self, take: &mut dyn FnMut(&Request<'_>, u64)) {
        let Ok(mut blocks) = Blocks::open(&self.source.file) else { return };
        for &(entry, end) in &self.pieces {
            blocks.skip_to(entry.offset);
            let mut scanner = Scanner::new(&self.source.format, self.source.context.clone());
            let mut sink = Requests { copies: self.copies, lines_before: entry.lines_before, take };
            while blocks.offset() < end {
                let Some(block) = blocks.next_block() else { return };
                scanner.feed(block, &mut sink);
            }
        }
    }
}

struct Requests<'a> {
    copies: &'a LineSet,
    lines_before: u64,
    take: &'a mut dyn FnMut(&Request<'_>, u64),
}

impl Sink for Requests<'_> {
    fn request(&mut self, request: &Request<'_>, line: u64) {
        let line = line + self.lines_before;
        if !self.copies.contains(line) {
            (self.take)(request, line);
        }
    }
}
