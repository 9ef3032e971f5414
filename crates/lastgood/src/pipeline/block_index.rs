//! Which stretch of time each block of a file holds, and where it begins: so that a second reading touches only what
//! it needs. It keeps no line.

use lastgood_model::{Span, UnixMs};
use lastgood_world::Start;

/// Beyond this many entries neighbours are joined. 40 bytes each.
const MOST_ENTRIES: usize = 8_192;

/// A block, or several neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where it begins, in bytes after unpacking.
    pub(crate) offset: u64,
    /// Lines before it.
    pub(crate) lines_before: u64,
    /// From its earliest line to its latest; `None` if no line has a time.
    pub(crate) span: Option<Span>,
}

/// The blocks of one file, in order.
#[derive(Clone, Debug)]
pub(crate) struct BlockIndex {
    entries: Vec<Entry>,
    /// Blocks an entry stands for.
    stride: usize,
    in_last: usize,
}

impl Default for BlockIndex {
    fn default() -> Self {
        Self { entries: Vec::new(), stride: 1, in_last: 1 }
    }
}

impl BlockIndex {
    /// Adds the next block.
    pub(crate) fn push(&mut self, block: Entry) {
        match self.entries.last_mut() {
            Some(last) if self.in_last < self.stride => {
                last.span = cover(last.span, block.span);
                self.in_last += 1;
            }
            _ => {
                self.entries.push(block);
                self.in_last = 1;
            }
        }
        if self.entries.len() > MOST_ENTRIES && self.in_last == self.stride {
            self.coarsen();
        }
    }

    /// From the earliest line of the file to the latest.
    pub(crate) fn span(&self) -> Option<Span> {
        self.entries.iter().fold(None, |span, entry| cover(span, entry.span))
    }

    /// The stretches of the file, as entries and the offsets at which they end, that hold a moment of any of `spans`.
    pub(crate) fn meeting(&self, spans: &[Span]) -> Vec<(Entry, u64)> {
        let ends = self.entries.iter().skip(1).map(|entry| entry.offset).chain([u64::MAX]);
        let wanted = |entry: &Entry| entry.span.is_some_and(|own| spans.iter().any(|span| span.meets(own)));
        self.entries.iter().copied().zip(ends).filter(|(entry, _)| wanted(entry)).collect()
    }

    /// Where to begin reading for a line, counted from 1.
    pub(crate) fn start(&self, line: u64) -> Option<Start> {
        let after = self.entries.partition_point(|entry| entry.lines_before < line);
        let entry = after.checked_sub(1).and_then(|index| self.entries.get(index))?;
        Some(Start { offset: entry.offset, lines_before: entry.lines_before })
    }

    fn coarsen(&mut self) {
        let mut next = 0;
        for index in (0..self.entries.len()).step_by(2) {
            let pair = self.entries.get(index..).unwrap_or_default();
            let [first, rest @ ..] = pair else { break };
            let joined = Entry { span: cover(first.span, rest.first().and_then(|second| second.span)), ..*first };
            if let Some(place) = self.entries.get_mut(next) {
                *place = joined;
            }
            next += 1;
        }
        // An odd one out at the end has room for as many blocks again.
        self.in_last = if self.entries.len().is_multiple_of(2) { self.stride * 2 } else { self.stride };
        self.stride *= 2;
        self.entries.truncate(next);
    }
}

fn cover(a: Option<Span>, b: Option<Span>) -> Option<Span> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.cover(b)),
        (a, b) => a.or(b),
    }
}

/// The span between the earliest and the latest moment seen; `None` before the first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    from: UnixMs,
    to: UnixMs,
}

impl Default for Extent {
    fn default() -> Self {
        Self { from: UnixMs::MAX, to: UnixMs::MIN }
    }
}

impl Extent {
    #[inline]
    pub(crate) fn add(&mut self, moment: UnixMs) {
        self.from = self.from.min(moment);
        self.to = self.to.max(moment);
    }

    pub(crate) fn span(self) -> Option<Span> {
        (self.from <= self.to).then(|| Span::new(self.from, self.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u64) -> Entry {
        let second = i64::try_from(number).unwrap();
        let span = (number % 10 != 9).then(|| Span::at(UnixMs::from_seconds(second)));
        Entry { offset: number * 100, lines_before: number * 7, span }
    }

    #[test]
    fn only_the_blocks_that_hold_a_moment_are_read_again() {
        let mut index = BlockIndex::default();
        (0..20).for_each(|number| index.push(block(number)));
        let spans = [Span::new(UnixMs(3_000), UnixMs(4_500)), Span::at(UnixMs(18_000)), Span::at(UnixMs(9_000))];
        let found = index.meeting(&spans);
        assert_eq!(found, [(block(3), 400), (block(4), 500), (block(18), 1_900)]);
        assert_eq!(index.span(), Some(Span::new(UnixMs(0), UnixMs(18_000))));
        let start = |line| index.start(line).map(|start| start.lines_before);
        assert_eq!([start(1), start(7), start(8), start(9_999)], [Some(0), Some(0), Some(7), Some(133)]);
    }

    #[test]
    fn an_index_of_any_length_stays_small_and_loses_no_block() {
        let mut index = BlockIndex::default();
        for number in 0..100_001 {
            index.push(block(number));
            assert!(index.entries.len() <= MOST_ENTRIES + 1);
        }
        for number in [0, 1, 4_095, 8_191, 8_192, 8_193, 50_002, 99_998, 100_000] {
            let at = UnixMs::from_seconds(i64::try_from(number).unwrap());
            let found = index.meeting(&[Span::at(at)]);
            assert!(found.iter().any(|(entry, end)| (entry.offset..*end).contains(&(number * 100))), "{number}");
            assert_eq!(found.len(), 1, "{number}");
        }
    }
}
