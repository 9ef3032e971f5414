//! The fold: requests, errors, facts and changes on one time axis, in bounded memory.
//! It decides nothing, and keeps single requests nowhere.

use lastgood_model::{
    AppHit, Bucket, Change, ErrorHit, Gap, GapKind, Hit, LineRef, Note, Observation, Ref, SliceId, Span, Traffic,
    UnixMs,
};

use crate::cells::{Cell, Cells};
use crate::host::{self, Host};
use crate::lens::Lens;
use crate::outcome::Outcome;
use crate::refused::RefusedClients;
use crate::runs::ErrorRuns;
use crate::utterances::Utterances;

/// Beyond this many facts the rest is dropped, with a gap that says so.
const MAX_FACTS: usize = 100_000;

/// Everything that was read, folded. Mergeable, so that files and cores can be read apart.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    cells: Cells,
    pub(crate) errors: ErrorRuns,
    pub(crate) refused: RefusedClients,
    pub(crate) said: Utterances,
    pub(crate) facts: Vec<Observation>,
    pub(crate) changes: Vec<Change>,
    pub(crate) notes: Vec<Note>,
    pub(crate) gaps: Vec<Gap>,
    requests: Option<Span>,
}

impl Timeline {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a request.
    pub fn hit(&mut self, hit: &Hit) {
        self.cells.add(hit);
        self.requests = Some(match self.requests {
            Some(span) if span.contains(hit.at) => span,
            Some(span) => span.cover(Span::at(hit.at)),
            None => Span::at(hit.at),
        });
        if Outcome::of(hit.status) == Outcome::Refused {
            self.refused.add(hit);
        }
    }

    /// Takes a request back that turned out to be a duplicate.
    pub fn retract(&mut self, hit: &Hit) {
        self.cells.retract(hit);
        if Outcome::of(hit.status) == Outcome::Refused {
            self.refused.retract(hit);
        }
    }

    /// Adds a line of a proxy's error log.
    pub fn error(&mut self, error: &ErrorHit) {
        self.errors.add(error);
    }

    /// Takes a line of an error log back that turned out to be a duplicate.
    pub fn retract_error(&mut self, error: &ErrorHit) {
        self.errors.retract(error);
    }

    /// Adds something that an application wrote.
    pub fn application(&mut self, hit: &AppHit) {
        self.said.add(hit);
    }

    /// Adds a fact.
    pub fn observe(&mut self, observation: Observation) {
        if self.facts.len() < MAX_FACTS {
            self.facts.push(observation);
        } else if self.facts.len() == MAX_FACTS {
            self.facts.push(observation);
            self.gaps.push(Gap { what: "journal".into(), why: GapKind::TooLarge });
        }
    }

    /// Adds a change.
    pub fn change(&mut self, change: Change) {
        if self.changes.len() < MAX_FACTS {
            self.changes.push(change);
        }
    }

    /// Adds a note of the reader's.
    pub fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Adds a gap of the reader's.
    pub fn gap(&mut self, gap: Gap) {
        self.gaps.push(gap);
    }

    /// Adds everything of another one.
    pub fn merge(&mut self, other: Self) {
        self.cells.merge(other.cells);
        self.errors.merge(other.errors);
        self.refused.merge(other.refused);
        self.said.merge(other.said);
        for observation in other.facts {
            self.observe(observation);
        }
        for change in other.changes {
            self.change(change);
        }
        self.notes.extend(other.notes);
        self.gaps.extend(other.gaps);
        self.requests = match (self.requests, other.requests) {
            (Some(a), Some(b)) => Some(a.cover(b)),
            (a, b) => a.or(b),
        };
    }

    /// From the first request read to the last; `None` without requests.
    #[must_use]
    pub const fn requests(&self) -> Option<Span> {
        self.requests
    }

    /// Width of a bucket in milliseconds.
    #[must_use]
    pub fn bucket_ms(&self) -> i64 {
        self.cells.width_ms()
    }

    /// When a bucket begins.
    pub(crate) fn begins(&self, bucket: u32) -> UnixMs {
        self.cells.begins(bucket)
    }

    /// Requests over time for a picture: those of `wanted` slices in the time asked about, in at most `most` buckets of
    /// equal width. Call [`Timeline::settle`] first.
    #[must_use]
    pub fn traffic(&self, most: usize, window: Span, wanted: impl Fn(SliceId) -> bool) -> Traffic {
        self.traffic_through(Lens::Failures, most, window, wanted)
    }

    /// The same, with what a lens takes for bad in place of failures.
    pub(crate) fn traffic_through(
        &self,
        lens: Lens,
        most: usize,
        window: Span,
        wanted: impl Fn(SliceId) -> bool,
    ) -> Traffic {
        let (Some(first), Some(last)) = (self.cells_in(window).first(), self.cells_in(window).last()) else {
            return Traffic::default();
        };
        let present = i64::from(last.bucket - first.bucket) + 1;
        let together = present.div_euclid(i64::try_from(most.max(1)).unwrap_or(i64::MAX)) + 1;
        let width_ms = together * self.bucket_ms();
        let mut buckets: Vec<Bucket> = Vec::new();
        for cell in self.cells_in(window).iter().filter(|cell| wanted(cell.slice)) {
            let from = UnixMs(self.begins(cell.bucket).0.div_euclid(width_ms) * width_ms);
            let counts = lens.recount(cell.counts);
            let (requests, failed) = (u64::from(counts.requests), u64::from(counts.failed));
            match buckets.last_mut().filter(|bucket| bucket.from == from) {
                Some(bucket) => {
                    bucket.requests += requests;
                    bucket.failed += failed;
                }
                None => buckets.push(Bucket { from, requests, failed }),
            }
        }
        Traffic { width_ms, buckets }
    }

    /// Every change that was read, those that facts tell of included, in order of time.
    /// Call [`Timeline::settle`] first.
    #[must_use]
    pub fn all_changes(&self, reference: impl Fn(LineRef) -> Ref) -> Vec<Change> {
        let host = Host::from_facts(&self.facts);
        let mut all = self.changes.clone();
        all.extend(host::changes(&self.facts, &host, reference));
        all.sort_by_key(|change| (change.span.from(), change.span.to()));
        all
    }

    /// Puts everything in order; has to be called once after the last line was added.
    pub fn settle(&mut self) {
        let _sorted = self.cells.finish();
        self.facts.sort_by_key(|observation| (observation.at, observation.line));
        self.changes.sort_by_key(|change| (change.span.from(), change.span.to()));
    }

    /// The cells whose buckets share a moment with a stretch of time.
    pub(crate) fn cells_in(&self, window: Span) -> &[Cell] {
        let cells = self.cells();
        let from = cells.partition_point(|cell| self.begins(cell.bucket).plus(self.bucket_ms() - 1) < window.from());
        let to = cells.partition_point(|cell| self.begins(cell.bucket) <= window.to());
        cells.get(from..to).unwrap_or_default()
    }

    /// The cells, in order once [`Timeline::settle`] was called.
    pub(crate) fn cells(&self) -> &[Cell] {
        self.cells.settled()
    }
}
