//! The second reading: only the blocks that hold a suspect's stretch, request by request. What is looked for in them
//! is the diagnosis' matter.

use std::cell::RefCell;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use lastgood_diagnose::{CloseUp, Suspect};
use lastgood_intake::{Format, Interner, LocalInterner, Request, Scanner, Sink};
use lastgood_model::Span;
use lastgood_world::Blocks;

use super::block_index::Entry;
use super::duplicates::LineSet;
use super::scan::{Scanned, threads};
use super::survey::LogSource;
use crate::investigation::Progress;

/// A file of which parts are read again.
struct Work<'a> {
    source: &'a LogSource,
    copies: &'a LineSet,
    pieces: Vec<(Entry, u64)>,
}

/// Reads the suspects' stretches again.
pub(crate) fn close_up<M>(
    files: &[LogSource],
    scanned: &[Scanned<M>],
    copies: &[LineSet],
    suspects: &[Suspect],
    interner: &Interner,
    progress: &dyn Progress,
) -> CloseUp {
    let spans: Vec<Span> = suspects.iter().map(Suspect::span).collect();
    let mut work: Vec<Work<'_>> = files
        .iter()
        .zip(scanned)
        .zip(copies)
        .filter(|((source, _), _)| matches!(source.format, Format::Access(_)))
        .map(|((source, scanned), copies)| Work { source, copies, pieces: scanned.index.meeting(&spans) })
        .filter(|work| !work.pieces.is_empty())
        .collect();
    work.sort_by_key(|work| std::cmp::Reverse(work.source.file.size));
    progress.ahead(work.iter().map(|work| work.source.file.size).sum());
    let all = Mutex::new(CloseUp::new(suspects));
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads(work.len()) {
            scope.spawn(|| {
                let mut look = Look { closeup: CloseUp::new(suspects), names: RefCell::new(LocalInterner::new(interner)) };
                while let Some(work) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    look.read(work);
                    progress.read(work.source.file.size);
                }
                all.lock().unwrap_or_else(PoisonError::into_inner).merge(look.closeup);
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// One thread's look.
struct Look<'i> {
    closeup: CloseUp,
    /// Shared by the two halves of one line: its place in the traffic, and who sent it.
    names: RefCell<LocalInterner<'i>>,
}

impl Look<'_> {
    /// A file that cannot be opened any more was read a moment ago: the counts of the first reading still stand.
    fn read(&mut self, work: &Work<'_>) {
        let Ok(mut blocks) = Blocks::open(&work.source.file) else { return };
        for &(entry, end) in &work.pieces {
            blocks.skip_to(entry.offset);
            let mut scanner = Scanner::new(&work.source.format, work.source.context.clone());
            while blocks.offset() < end {
                let Some(block) = blocks.next_block() else { return };
                scanner.feed(block, &mut Requests { look: self, work, lines_before: entry.lines_before });
            }
        }
    }
}

struct Requests<'a, 'i> {
    look: &'a mut Look<'i>,
    work: &'a Work<'a>,
    lines_before: u64,
}

impl Sink for Requests<'_, '_> {
    fn request(&mut self, request: &Request<'_>, line: u64) {
        let line = line + self.lines_before;
        let Look { closeup, names } = &mut *self.look;
        if !closeup.wants(request.at) || self.work.copies.contains(line) {
            return;
        }
        let hit = names.borrow_mut().hit(request, self.work.source.file.id, line, &self.work.source.context);
        closeup.hit(&hit, || names.borrow_mut().visitor(request));
    }
}
