//! The first reading: every line of every file, once, on all cores. What the lines are folded into is the caller's.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;

use lastgood_intake::{Counts, Scanner};
use lastgood_model::{Span, UnixMs};
use lastgood_world::{Blocks, Compression, Damage};

use super::block_index::{BlockIndex, Entry, Extent};
use super::duplicates::Line;
use super::fold::{Feed, Fold, Identify};
use super::survey::LogSource;
use crate::investigation::Progress;

/// More threads than this would need more memory than we may use, whatever the machine has.
const MOST_THREADS: usize = 4;
/// So many lines at either end of a file are kept, so that files that merely touch need not be read again; fewer of
/// each if the files are many.
const EDGE_LINES: usize = 512;
const EDGE_LINES_OF_ALL: usize = 65_536;

/// What reading a file left behind.
#[derive(Debug)]
pub(crate) struct Scanned<M> {
    pub(crate) counts: Counts,
    /// Bytes after unpacking, skipped ones included.
    pub(crate) bytes: u64,
    pub(crate) damage: Option<Damage>,
    pub(crate) index: BlockIndex,
    pub(crate) edges: Edges<M>,
}

impl<M> Scanned<M> {
    /// From its earliest dated line to its latest.
    pub(crate) fn span(&self) -> Option<Span> {
        self.index.span()
    }
}

/// What identifies the first and the last lines of a file.
#[derive(Debug)]
pub(crate) struct Edges<M> {
    head: Vec<Line<M>>,
    /// Every line of the file before this moment is in `head`.
    head_until: UnixMs,
    tail: Vec<Line<M>>,
    /// Every line of the file from this moment on is in `tail`.
    tail_from: UnixMs,
}

impl<M> Default for Edges<M> {
    fn default() -> Self {
        Self { head: Vec::new(), head_until: UnixMs::MIN, tail: Vec::new(), tail_from: UnixMs::MAX }
    }
}

impl<M: Copy> Edges<M> {
    /// All lines of the file in a stretch; `None` if some of them were not kept.
    pub(crate) fn within(&self, span: Span) -> Option<impl Iterator<Item = &Line<M>>> {
        let lines = if span.to() < self.head_until {
            &self.head
        } else if self.tail_from <= span.from() {
            &self.tail
        } else {
            return None;
        };
        Some(lines.iter().filter(move |line| span.contains(line.at)))
    }

    pub(crate) fn keep_head(&mut self, mut lines: Vec<Line<M>>, until: UnixMs, most: usize) {
        lines.sort_by_key(|line| line.at);
        self.head_until = lines.get(most).map_or(until, |line| line.at.min(until));
        lines.retain(|line| line.at < self.head_until);
        lines.shrink_to_fit();
        self.head = lines;
    }

    pub(crate) fn keep_tail(&mut self, mut lines: Vec<Line<M>>, from: UnixMs, most: usize) {
        lines.sort_by_key(|line| std::cmp::Reverse(line.at));
        self.tail_from = lines.get(most).map_or(from, |line| line.at.plus(1).max(from));
        lines.retain(|line| line.at >= self.tail_from);
        lines.shrink_to_fit();
        self.tail = lines;
    }
}

/// How many threads read.
pub(crate) fn threads(files: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    cores.min(MOST_THREADS).min(files).max(1)
}

/// Reads all files. `has_siblings` says of which files the ends are kept; `fold` makes one fold for a thread, and what
/// each thread's became is handed back, beside what was left of each file, in the order of the files.
pub(crate) fn scan<F: Fold>(
    files: &[LogSource],
    has_siblings: impl Fn(&LogSource) -> bool + Sync,
    fold: impl Fn() -> F + Sync,
    progress: &dyn Progress,
) -> (Vec<F>, Vec<Scanned<F::Mark>>) {
    progress.ahead(files.iter().map(|source| source.file.size).sum());
    // The longest work first, so that no thread is left alone with it at the end.
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|&index| files.get(index).map(|source| std::cmp::Reverse(work(source))));
    let edge_lines = (EDGE_LINES_OF_ALL / files.len().max(1)).min(EDGE_LINES);
    let next = AtomicUsize::new(0);
    let turn = RwLock::new(());
    let done = Mutex::new(Vec::with_capacity(files.len()));
    let folds = thread::scope(|scope| {
        let worker = || {
            let mut fold = fold();
            while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                let Some(source) = files.get(index) else { continue };
                let edge_lines = if has_siblings(source) { edge_lines } else { 0 };
                // What takes much memory to unpack is read alone.
                let _alone = source.file.is_heavy().then(|| turn.write().unwrap_or_else(PoisonError::into_inner));
                let _beside = (!source.file.is_heavy()).then(|| turn.read().unwrap_or_else(PoisonError::into_inner));
                let scanned = scan_file(source, edge_lines, &mut fold, progress);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((index, scanned));
            }
            fold
        };
        let others: Vec<_> = (1..threads(files.len())).map(|_| scope.spawn(worker)).collect();
        let mut folds = vec![worker()];
        for other in others {
            match other.join() {
                Ok(fold) => folds.push(fold),
                // A defect of ours, and the thread has said so: nothing that could be said of the logs would be true.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        folds
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    (folds, done.into_iter().map(|(_, scanned)| scanned).collect())
}

fn work(source: &LogSource) -> u64 {
    let packed = source.file.compression != Compression::None;
    source.file.size.saturating_mul(if packed { 8 } else { 1 })
}

fn scan_file<F: Fold>(
    source: &LogSource,
    edge_lines: usize,
    fold: &mut F,
    progress: &dyn Progress,
) -> Scanned<F::Mark> {
    let mut scanned = Scanned {
        counts: Counts::default(),
        bytes: 0,
        damage: None,
        index: BlockIndex::default(),
        edges: Edges::default(),
    };
    let mut blocks = match Blocks::open(&source.file) {
        Ok(blocks) => blocks,
        Err(damage) => {
            scanned.damage = Some(damage);
            return scanned;
        }
    };
    let mut scanner = Scanner::new(&source.format, source.context.clone());
    let mut first_block = None;
    // Of the last two blocks: lines before the first of them, and the latest moment before it.
    let mut last_two = [(0, UnixMs::MIN); 2];
    let (mut rest, mut latest) = (Extent::default(), UnixMs::MIN);
    let mut reported = 0;
    loop {
        let (offset, lines_before) = (blocks.offset(), scanner.counts().lines);
        let Some(block) = blocks.next_block() else { break };
        let mut feed = Feed { fold, file: source, extent: Extent::default() };
        scanner.feed(block, &mut feed);
        let span = feed.extent.span();
        if edge_lines > 0 {
            if offset == 0 {
                first_block = Some(identify(source, &[block], 0, fold).0);
            } else if let Some(span) = span {
                rest.add(span.from());
            }
        }
        scanned.index.push(Entry { offset, lines_before, span });
        last_two = [last_two[1], (lines_before, latest)];
        latest = span.map_or(latest, |span| latest.max(span.to()));
        progress.read(blocks.position() - reported);
        reported = blocks.position();
    }
    if let Some(lines) = first_block {
        scanned.edges.keep_head(lines, rest.span().map_or(UnixMs::MAX, Span::from), edge_lines);
        let (lines_before, before) = last_two[0];
        let (lines, _) = identify(source, &blocks.tail(), lines_before, fold);
        scanned.edges.keep_tail(lines, before.plus(1), edge_lines);
    }
    scanned.counts = scanner.finish(&mut Feed { fold, file: source, extent: Extent::default() });
    scanned.bytes = blocks.bytes();
    scanned.damage = blocks.damage().cloned();
    scanned
}

/// Reads some blocks once more, for what identifies their lines. Says also how many lines they are.
pub(crate) fn identify<F: Fold>(
    source: &LogSource,
    blocks: &[&[u8]],
    lines_before: u64,
    fold: &mut F,
) -> (Vec<Line<F::Mark>>, u64) {
    let mut scanner = Scanner::new(&source.format, source.context.clone());
    let mut sink = Identify { fold, file: source, lines_before, lines: Vec::new() };
    for block in blocks {
        scanner.feed(block, &mut sink);
    }
    let lines = sink.lines;
    (lines, scanner.counts().lines)
}
