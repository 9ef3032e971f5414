//! Fetches the lines that a verdict refers to, each file once. How they are shown, and what is hidden, is decided
//! where they are rendered.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use lastgood_model::{Incident, LineRef, Ref, SourceId, Verdict};
use lastgood_world::fetch;

use super::block_index::BlockIndex;
use super::scan::{Scanned, threads};
use super::survey::LogSource;
use crate::privacy::known::Known;

/// The texts of all lines that the verdict refers to, without secrets that are known. A file that is gone by now yields none.
pub(crate) fn quotes<M: Sync>(
    verdict: &Verdict,
    files: &[LogSource],
    scanned: &[Scanned<M>],
    known: &Known,
) -> HashMap<LineRef, Vec<u8>> {
    let mut wanted: BTreeMap<SourceId, BTreeSet<u64>> = BTreeMap::new();
    for reference in references(verdict) {
        if let Ref::Line { at, .. } = reference {
            wanted.entry(at.source).or_default().insert(at.line);
        }
    }
    let work: Vec<(&LogSource, &BlockIndex, Vec<u64>)> = files
        .iter()
        .zip(scanned)
        .filter(|(source, _)| source.format.is_text())
        .filter_map(|(source, scanned)| {
            Some((source, &scanned.index, wanted.get(&source.file.id)?.iter().copied().collect()))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(HashMap::new());
    thread::scope(|scope| {
        for _ in 0..threads(work.len()) {
            scope.spawn(|| {
                while let Some((source, index, lines)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let texts = fetch(&source.file, lines, |line| index.start(line)).unwrap_or_default();
                    let by_line = texts.into_iter().map(|(line, text)| {
                        (LineRef { source: source.file.id, line }, known.without(&text).unwrap_or(text))
                    });
                    found.lock().unwrap_or_else(PoisonError::into_inner).extend(by_line);
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Everything that a verdict refers to.
pub(crate) fn references(verdict: &Verdict) -> impl Iterator<Item = &Ref> {
    let notes = verdict.notes.iter().filter_map(|note| note.reference.as_ref());
    verdict.incidents.iter().flat_map(of_incident).chain(notes)
}

fn of_incident(incident: &Incident) -> impl Iterator<Item = &Ref> {
    let onset = &incident.onset;
    let edges =
        [&onset.last_good, &onset.first_bad, &onset.recovered].into_iter().flatten().map(|edge| &edge.reference);
    let changes = incident.changes.iter().map(|change| &change.reference);
    let causes = incident.causes.iter().chain(&incident.next).flat_map(|cause| {
        let chain = cause.chain.iter().map(|link| &link.reference);
        chain.chain(cause.evidence.iter().chain(&cause.against).map(|evidence| &evidence.reference))
    });
    let cleared = incident.cleared.iter().map(|cleared| &cleared.reference);
    edges.chain(changes).chain(causes).chain(cleared)
}
