//! Counts per bucket and slice in bounded memory: buckets grow wider as the data grows longer.
//! Holds no single request: those are read again by the close-up where they matter.

use lastgood_model::{Hit, SliceId, UnixMs};

use crate::lens::{sends_on, turns_away};
use crate::outcome::Outcome;

/// Bucket widths in seconds. Each divides the next, so that buckets merge without being cut.
const WIDTHS_S: [i64; 8] = [1, 5, 15, 60, 300, 900, 3600, 14_400];

/// Beyond this many cells the buckets grow wider. 32 bytes each.
const MAX_CELLS: usize = 200_000;

/// What happened to the requests of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests whose outcome is known.
    pub requests: u32,
    /// Failed ones.
    pub failed: u32,
    /// Refused ones (4xx).
    pub refused: u32,
    /// Refused ones of a route that is not there, or not for this.
    pub turned_away: u32,
    /// Ones that were sent on to another address; none that was refused or failed.
    pub sent_on: u32,
    /// Ones whose client left first; none of the above.
    pub abandoned: u32,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.requests = self.requests.wrapping_add(other.requests);
        self.failed = self.failed.wrapping_add(other.failed);
        self.refused = self.refused.wrapping_add(other.refused);
        self.turned_away = self.turned_away.wrapping_add(other.turned_away);
        self.sent_on = self.sent_on.wrapping_add(other.sent_on);
        self.abandoned = self.abandoned.wrapping_add(other.abandoned);
    }

    fn of(status: u16) -> Self {
        let outcome = Outcome::of(status);
        Self {
            requests: u32::from(outcome != Outcome::Abandoned),
            failed: u32::from(outcome == Outcome::Failed),
            refused: u32::from(outcome == Outcome::Refused),
            turned_away: u32::from(outcome == Outcome::Refused && turns_away(status)),
            sent_on: u32::from(sends_on(status)),
            abandoned: u32::from(outcome == Outcome::Abandoned),
        }
    }

    /// The same with every sign turned; sums wrap, so that a retraction may come before what it takes back.
    const fn negated(self) -> Self {
        Self {
            requests: self.requests.wrapping_neg(),
            failed: self.failed.wrapping_neg(),
            refused: self.refused.wrapping_neg(),
            turned_away: self.turned_away.wrapping_neg(),
            sent_on: self.sent_on.wrapping_neg(),
            abandoned: self.abandoned.wrapping_neg(),
        }
    }
}

/// The counts of one slice in one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Bucket number: seconds since 1970 divided by the width.
    pub bucket: u32,
    /// The slice.
    pub slice: SliceId,
    /// What happened.
    pub counts: Counts,
}

/// Cells under construction: a dense row for the bucket being read, a log of finished rows behind it.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    width: usize,
    log: Vec<Cell>,
    sorted: usize,
    now: u32,
    row: Vec<Counts>,
    touched: Vec<SliceId>,
}

impl Cells {
    /// Adds a request.
    pub fn add(&mut self, hit: &Hit) {
        self.apply(hit.at, hit.slice, Counts::of(hit.status));
    }

    /// Takes a request back.
    pub fn retract(&mut self, hit: &Hit) {
        self.apply(hit.at, hit.slice, Counts::of(hit.status).negated());
    }

    /// Width of a bucket in milliseconds.
    #[must_use]
    pub fn width_ms(&self) -> i64 {
        WIDTHS_S.get(self.width).copied().unwrap_or(14_400) * 1000
    }

    /// When a bucket begins.
    #[must_use]
    pub fn begins(&self, bucket: u32) -> UnixMs {
        UnixMs(i64::from(bucket) * self.width_ms())
    }

    /// Adds everything of another one, at the wider of the two widths.
    pub fn merge(&mut self, mut other: Self) {
        self.flush();
        other.flush();
        let width = self.width.max(other.width);
        self.widen_to(width);
        other.widen_to(width);
        self.log.append(&mut other.log);
        self.sorted = 0;
        self.compact();
    }

    /// All cells, sorted by bucket and slice, one a pair, empty ones left out.
    #[must_use]
    pub fn finish(&mut self) -> &[Cell] {
        self.flush();
        self.compact();
        &self.log
    }

    /// The cells as [`Cells::finish`] left them.
    #[must_use]
    pub fn settled(&self) -> &[Cell] {
        &self.log
    }

    fn apply(&mut self, at: UnixMs, slice: SliceId, counts: Counts) {
        let bucket = u32::try_from(at.0.div_euclid(self.width_ms())).unwrap_or(if at.0 < 0 { 0 } else { u32::MAX });
        if bucket != self.now {
            self.flush();
            self.now = bucket;
        }
        let index = slice.0 as usize;
        if index >= self.row.len() {
            self.row.resize(index + 1, Counts::default());
        }
        let cell = &mut self.row[index];
        if *cell == Counts::default() {
            self.touched.push(slice);
        }
        cell.add(counts);
    }

    fn flush(&mut self) {
        for slice in self.touched.drain(..) {
            let counts = std::mem::take(&mut self.row[slice.0 as usize]);
            if counts != Counts::default() {
                self.log.push(Cell { bucket: self.now, slice, counts });
            }
        }
        if self.log.len() > MAX_CELLS + self.sorted / 2 {
            self.compact();
        }
    }

    /// Sorts, adds up equal keys, and widens the buckets until the cells fit.
    fn compact(&mut self) {
        loop {
            self.log.sort_unstable_by_key(|cell| (cell.bucket, cell.slice));
            self.log.dedup_by(|later, kept| {
                let same = (later.bucket, later.slice) == (kept.bucket, kept.slice);
                if same {
                    kept.counts.add(later.counts);
                }
                same
            });
            self.log.retain(|cell| cell.counts != Counts::default());
            if self.log.len() <= MAX_CELLS || self.width + 1 == WIDTHS_S.len() {
                break;
            }
            self.widen_to(self.width + 1);
        }
        self.sorted = self.log.len();
    }

    fn widen_to(&mut self, width: usize) {
        let factor = u32::try_from(WIDTHS_S[width] / WIDTHS_S[self.width]).unwrap_or(1);
        if factor > 1 {
            for cell in &mut self.log {
                cell.bucket /= factor;
            }
            self.now /= factor;
            self.width = width;
        }
    }
}

#[cfg(test)]
mod tests {
    use lastgood_model::{ClientId, LineRef, SourceId};

    use super::*;

    fn hit(second: i64, slice: u32, status: u16) -> Hit {
        Hit {
            at: UnixMs::from_seconds(second),
            slice: SliceId(slice),
            status,
            client: ClientId(1),
            line: LineRef { source: SourceId(0), line: 1 },
            took_ms: None,
        }
    }

    fn total(cells: &mut Cells) -> (u64, u64) {
        cells
            .finish()
            .iter()
            .fold((0, 0), |(n, k), cell| (n + u64::from(cell.counts.requests), k + u64::from(cell.counts.failed)))
    }

    #[test]
    fn counts_survive_widening_and_merging() {
        let mut all = Cells::default();
        let mut parts = [Cells::default(), Cells::default()];
        for second in 0..700_000_i64 {
            let hit = hit(second, u32::try_from(second % 3).unwrap(), if second % 7 == 0 { 502 } else { 200 });
            all.add(&hit);
            parts[usize::from(second > 300_000)].add(&hit);
        }
        let [mut left, right] = parts;
        left.merge(right);
        assert_eq!(total(&mut all), (700_000, 100_000));
        assert_eq!(total(&mut left), (700_000, 100_000));
        assert!(all.finish().len() <= MAX_CELLS);
    }

    #[test]
    fn what_is_retracted_is_gone_in_any_order() {
        let mut cells = Cells::default();
        cells.retract(&hit(5, 1, 502));
        cells.add(&hit(9, 0, 200));
        cells.add(&hit(5, 1, 502));
        assert_eq!(total(&mut cells), (1, 0));
        assert_eq!(cells.finish().len(), 1);
    }
}
