//! Reads again where files of one set cover the same time, so that lines that stand in two of them count once.
//! Which lines are copies is decided in `duplicates.rs`.

use std::collections::VecDeque;

use lastgood_model::{Span, UnixMs};
use lastgood_world::Blocks;

use super::block_index::Entry;
use super::duplicates::{Join, Line, LineSet};
use super::fold::Fold;
use super::scan::{Scanned, identify};
use super::survey::LogSource;
use super::touch::{is_touch, repeats};

/// Clocks go back by a second or two; a line this late is still compared. In milliseconds.
const LATE: i64 = 120_000;

/// Takes copies back from the fold. For each file the lines that were taken.
pub(crate) fn retract_copies<F: Fold>(files: &[LogSource], scanned: &[Scanned<F::Mark>], fold: &mut F) -> Vec<LineSet> {
    let mut copies = vec![LineSet::default(); files.len()];
    for set in sets(files, scanned) {
        let mut join = Join::new();
        let mut sources: Vec<Source<'_, F::Mark>> = set
            .iter()
            .map(|&(index, ref shared)| Source::new(&files[index], &scanned[index], shared.clone()))
            .collect();
        let mut take_back = Vec::new();
        while let Some(rank) = lagging(&sources) {
            for line in sources[rank].advance(fold) {
                join.push(rank, line);
            }
            let slowest = lagging(&sources).map_or(UnixMs::MIN, |rank| sources[rank].reached.plus(-LATE));
            join.settle(slowest, &mut |rank, line| take_back.push((rank, *line)));
            for (rank, line) in take_back.drain(..) {
                copies[set[rank].0].insert(line.line);
                fold.retract(&line.item);
            }
        }
        join.finish(&mut |rank, line| take_back.push((rank, *line)));
        for (rank, line) in take_back {
            copies[set[rank].0].insert(line.line);
            fold.retract(&line.item);
        }
    }
    copies.iter_mut().for_each(LineSet::settle);
    copies
}

/// The source that is furthest behind and has more to say.
fn lagging<M>(sources: &[Source<'_, M>]) -> Option<usize> {
    let open = sources.iter().enumerate().filter(|(_, source)| !source.todo.is_empty());
    open.min_by_key(|(_, source)| source.reached).map(|(rank, _)| rank)
}

/// For each set the files that share a stretch of time with others, and those stretches. The file with most bytes
/// comes first: it keeps the lines, and an excerpt gives them up.
fn sets<M: Copy>(files: &[LogSource], scanned: &[Scanned<M>]) -> Vec<Vec<(usize, Vec<Span>)>> {
    let mut members: Vec<(usize, usize, Span)> = files
        .iter()
        .zip(scanned)
        .enumerate()
        .filter_map(|(index, (file, scanned))| Some((file.set, index, scanned.span()?)))
        .collect();
    members.sort_by_key(|&(set, index, _)| (set, std::cmp::Reverse(scanned[index].bytes), index));
    let shared = |&(_, one, own): &(usize, usize, Span), &(_, other, others): &(usize, usize, Span)| {
        let shared = intersection(own, others).filter(|_| one != other)?;
        let (earlier, later) = if is_touch(own, others) {
            (one, other)
        } else if is_touch(others, own) {
            (other, one)
        } else {
            return Some(shared);
        };
        repeats(&scanned[earlier].edges, &scanned[later].edges, shared).then_some(shared)
    };
    members
        .chunk_by(|a, b| a.0 == b.0)
        .map(|set| {
            set.iter()
                .map(|one| (one.1, joined(set.iter().filter_map(|other| shared(one, other)).collect())))
                .filter(|(_, shared)| !shared.is_empty())
                .collect::<Vec<_>>()
        })
        .filter(|set| !set.is_empty())
        .collect()
}

fn intersection(a: Span, b: Span) -> Option<Span> {
    a.meets(b).then(|| Span::new(a.from().max(b.from()), a.to().min(b.to())))
}

/// The same stretches, sorted, overlapping ones as one.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.from(), span.to()));
    spans.dedup_by(|next, before| {
        let meets = next.meets(*before);
        if meets {
            *before = before.cover(*next);
        }
        meets
    });
    spans
}

/// The lines of one file in the stretches that it shares with others, piece by piece.
struct Source<'a, M> {
    file: &'a LogSource,
    scanned: &'a Scanned<M>,
    shared: Vec<Span>,
    todo: VecDeque<Piece>,
    /// Opened when it is this file's turn, and closed behind its last piece.
    blocks: Option<Blocks>,
    /// Everything before this moment was handed out, but for late lines.
    reached: UnixMs,
}

enum Piece {
    /// A stretch whose lines were kept by the first reading.
    Kept(Span),
    /// Blocks up to an offset, to be read again.
    Blocks(Entry, u64),
}

impl<'a, M: Copy> Source<'a, M> {
    fn new(file: &'a LogSource, scanned: &'a Scanned<M>, shared: Vec<Span>) -> Self {
        let todo = if shared.iter().all(|&span| scanned.edges.within(span).is_some()) {
            shared.iter().copied().map(Piece::Kept).collect()
        } else {
            scanned.index.meeting(&shared).into_iter().map(|(entry, end)| Piece::Blocks(entry, end)).collect()
        };
        let mut source = Self { file, scanned, shared, todo, blocks: None, reached: UnixMs::MIN };
        source.look_ahead();
        source
    }

    /// The lines of the next piece.
    fn advance<F: Fold<Mark = M>>(&mut self, fold: &mut F) -> Vec<Line<M>> {
        let (lines, reached) = match self.todo.pop_front() {
            Some(Piece::Kept(span)) => {
                (self.scanned.edges.within(span).into_iter().flatten().copied().collect(), Some(span.to()))
            }
            Some(Piece::Blocks(entry, end)) => {
                let lines = self.read(entry, end, fold);
                // Not the latest: one line with a wrong clock must not make the file look finished.
                let last = lines.last().map(|line| line.at);
                (lines, last)
            }
            None => (Vec::new(), None),
        };
        self.reached = self.reached.max(reached.unwrap_or(UnixMs::MIN));
        self.look_ahead();
        lines
    }

    fn read<F: Fold<Mark = M>>(&mut self, entry: Entry, end: u64, fold: &mut F) -> Vec<Line<M>> {
        let mut lines = Vec::new();
        if self.blocks.is_none() {
            // It was read a moment ago; if it is gone, nothing is known to be a copy.
            self.blocks = Blocks::open(&self.file.file).ok();
        }
        let Some(blocks) = &mut self.blocks else { return lines };
        blocks.skip_to(entry.offset);
        let mut lines_before = entry.lines_before;
        while blocks.offset() < end {
            let Some(block) = blocks.next_block() else { break };
            let (found, read) = identify(self.file, &[block], lines_before, fold);
            lines.extend(found);
            lines_before += read;
        }
        lines.retain(|line| self.shared.iter().any(|span| span.contains(line.at)));
        lines
    }

    /// Where nothing is left before the next piece, its beginning is reached already.
    fn look_ahead(&mut self) {
        let next = match self.todo.front() {
            Some(Piece::Kept(span)) => Some(span.from()),
            Some(Piece::Blocks(entry, _)) => entry.span.map(Span::from),
            None => {
                self.blocks = None;
                None
            }
        };
        if let Some(next) = next {
            self.reached = self.reached.max(next);
        }
    }
}
