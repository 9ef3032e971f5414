//! The second reading: only the blocks that hold a suspect's stretch, request by request. What is looked for in them
//! is the diagnosis' matter.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use lastgood_diagnose::{CloseUp, Suspects};
use lastgood_intake::{Interner, LocalInterner};

use super::duplicates::LineSet;
use super::reread::Parts;
use super::scan::{Scanned, threads};
use super::survey::LogSource;
use crate::investigation::Progress;

/// Reads the suspects' stretches again.
pub(crate) fn close_up<M>(
    files: &[LogSource],
    scanned: &[Scanned<M>],
    copies: &[LineSet],
    suspects: &Suspects,
    interner: &Interner,
    progress: &dyn Progress,
) -> CloseUp {
    let spans = suspects.spans();
    let mut work: Vec<Parts<'_>> = files
        .iter()
        .zip(scanned)
        .zip(copies)
        .filter(|((source, _), _)| source.format.holds_requests())
        .map(|((source, scanned), copies)| Parts { source, copies, pieces: scanned.index.meeting(&spans) })
        .filter(|parts| !parts.pieces.is_empty())
        .collect();
    work.sort_by_key(|parts| std::cmp::Reverse(parts.source.file.size));
    progress.ahead(work.iter().map(|parts| parts.source.file.size).sum());
    let all = Mutex::new(CloseUp::new(suspects));
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads(work.len()) {
            scope.spawn(|| {
                let mut closeup = CloseUp::new(suspects);
                // Shared by the two halves of one line: its place in the traffic, and who sent it.
                let names = RefCell::new(LocalInterner::new(interner));
                while let Some(parts) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let LogSource { file, context, .. } = parts.source;
                    parts.requests(&mut |request, line| {
                        if closeup.wants(request.at) {
                            let hit = names.borrow_mut().hit(request, file.id, line, context);
                            closeup.hit(&hit, || names.borrow_mut().visitor(request));
                        }
                    });
                    progress.read(file.size);
                }
                all.lock().unwrap_or_else(PoisonError::into_inner).merge(closeup);
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}
