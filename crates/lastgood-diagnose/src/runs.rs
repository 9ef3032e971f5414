//! Lines that are told apart by their shape, folded: how many when, and the first line of each bucket to show. A proxy's errors,
//! and what applications write.

use std::collections::BTreeMap;

use lastgood_model::{AppShapeId, ErrorHit, ErrorShapeId, LineRef, Span, UnixMs};

/// Bucket widths in milliseconds; each divides the next.
const WIDTHS_MS: [i64; 5] = [1_000, 10_000, 60_000, 600_000, 3_600_000];

/// Beyond this many buckets over all shapes, they grow wider.
const MAX_BUCKETS: usize = 60_000;

/// One bucket of one shape.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    count: i64,
    first: (UnixMs, LineRef),
    last: UnixMs,
}

/// All lines, folded.
#[derive(Clone, Debug)]
pub struct Runs<K> {
    width: usize,
    buckets: BTreeMap<(K, i64), Bucket>,
}

/// The lines of a proxy's error log.
pub type ErrorRuns = Runs<ErrorShapeId>;
/// What applications write.
pub type AppRuns = Runs<AppShapeId>;

impl<K> Default for Runs<K> {
    fn default() -> Self {
        Self { width: 0, buckets: BTreeMap::new() }
    }
}

/// The lines of one shape in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run<K> {
    /// Which lines.
    pub shape: K,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: (UnixMs, LineRef),
    /// When the last of them was written, as far as the buckets tell.
    pub last: UnixMs,
}

/// A run of a proxy's errors.
pub type ErrorRun = Run<ErrorShapeId>;
/// A run of what an application writes.
pub type AppRun = Run<AppShapeId>;

impl ErrorRuns {
    /// Adds a line of an error log.
    pub fn add(&mut self, hit: &ErrorHit) {
        self.add_line(hit.shape, hit.at, hit.line);
    }

    /// Takes a line back that stood in two files.
    pub fn retract(&mut self, hit: &ErrorHit) {
        if let Some(bucket) = self.buckets.get_mut(&(hit.shape, hit.at.0.div_euclid(WIDTHS_MS[self.width]))) {
            bucket.count -= 1;
        }
    }
}

impl<K: Copy + Ord> Runs<K> {
    /// Adds a line.
    pub fn add_line(&mut self, shape: K, at: UnixMs, line: LineRef) {
        self.put(shape, Bucket { count: 1, first: (at, line), last: at });
        if self.buckets.len() > MAX_BUCKETS {
            self.widen();
        }
    }

    /// Whether a line of this shape was written in a stretch, as far as the buckets tell.
    #[must_use]
    pub fn any_within(&self, shape: K, span: Span) -> bool {
        let bucket = |at: UnixMs| at.0.div_euclid(WIDTHS_MS[self.width]);
        let mut buckets = self.buckets.range((shape, bucket(span.from()))..=(shape, bucket(span.to())));
        buckets.any(|(_, bucket)| bucket.count > 0 && Span::new(bucket.first.0, bucket.last).meets(span))
    }

    /// Adds everything of another one.
    pub fn merge(&mut self, mut other: Self) {
        while self.width < other.width {
            self.widen();
        }
        while other.width < self.width {
            other.widen();
        }
        for ((shape, _), bucket) in other.buckets {
            self.put(shape, bucket);
        }
        while self.buckets.len() > MAX_BUCKETS && self.width + 1 < WIDTHS_MS.len() {
            self.widen();
        }
    }

    /// What was logged in a stretch, one entry a shape, most frequent first.
    #[must_use]
    pub fn within(&self, span: Span) -> Vec<Run<K>> {
        let mut runs: Vec<Run<K>> = Vec::new();
        for (&(shape, _), bucket) in &self.buckets {
            let (Ok(count), true) = (u64::try_from(bucket.count), span.contains(bucket.first.0)) else { continue };
            if count == 0 {
                continue;
            }
            match runs.last_mut().filter(|run| run.shape == shape) {
                Some(run) => {
                    run.count += count;
                    run.last = run.last.max(bucket.last);
                    run.first = run.first.min(bucket.first);
                }
                None => runs.push(Run { shape, count, first: bucket.first, last: bucket.last }),
            }
        }
        runs.sort_by_key(|run| (std::cmp::Reverse(run.count), run.first));
        runs
    }

    fn put(&mut self, shape: K, more: Bucket) {
        let key = (shape, more.first.0.0.div_euclid(WIDTHS_MS[self.width]));
        self.buckets
            .entry(key)
            .and_modify(|bucket| {
                bucket.count += more.count;
                bucket.first = bucket.first.min(more.first);
                bucket.last = bucket.last.max(more.last);
            })
            .or_insert(more);
    }

    fn widen(&mut self) {
        if self.width + 1 < WIDTHS_MS.len() {
            self.width += 1;
            for ((shape, _), bucket) in std::mem::take(&mut self.buckets) {
                self.put(shape, bucket);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lastgood_model::SourceId;

    use super::*;

    fn error(ms: i64, shape: u32) -> ErrorHit {
        let line = u64::try_from(ms).unwrap();
        ErrorHit { at: UnixMs(ms), shape: ErrorShapeId(shape), line: LineRef { source: SourceId(0), line } }
    }

    #[test]
    fn a_stretch_tells_what_was_logged_in_it() {
        let mut runs = ErrorRuns::default();
        for ms in [500, 5_000, 5_100, 9_000] {
            runs.add(&error(ms, 1));
        }
        runs.add(&error(6_000, 2));
        let within = runs.within(Span::new(UnixMs(5_000), UnixMs(8_000)));
        assert_eq!(within.iter().map(|run| (run.shape.0, run.count)).collect::<Vec<_>>(), [(1, 2), (2, 1)]);
        assert_eq!(within[0].first.0, UnixMs(5_000));
    }

    #[test]
    fn merging_in_any_order_counts_the_same() {
        let (mut left, mut right) = (ErrorRuns::default(), ErrorRuns::default());
        for ms in 0..100_000 {
            let part = if ms % 2 == 0 { &mut left } else { &mut right };
            part.add(&error(ms * 1000, u32::try_from(ms % 5).unwrap()));
        }
        left.merge(right);
        let all: u64 = left.within(Span::new(UnixMs::MIN, UnixMs::MAX)).iter().map(|run| run.count).sum();
        assert_eq!(all, 100_000);
    }
}
