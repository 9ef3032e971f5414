//! A failure series: requests and failures of one part of the traffic, bucket by bucket.
//! It knows nothing of change points.

use lastgood_model::{Slice, SliceId, UnixMs};

use crate::cells::Cell;

/// Requests and failures in one stretch; a single request is a point with `n = 1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When the stretch begins.
    pub at: UnixMs,
    /// Requests.
    pub n: f64,
    /// Failures among them.
    pub k: f64,
}

/// Adds the counts of neighbouring points up: the failures and requests of `points`.
#[must_use]
pub fn sum(points: &[Point]) -> (f64, f64) {
    points.iter().fold((0.0, 0.0), |(n, k), point| (n + point.n, k + point.k))
}

/// The slices that are looked at together, as a set of ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    members: Vec<bool>,
}

impl Selection {
    /// The slices of a table for which `choose` says yes.
    pub fn of(slices: &[Slice], choose: impl FnMut(&Slice) -> bool) -> Self {
        Self { members: slices.iter().map(choose).collect() }
    }

    /// Whether a slice is in it.
    #[must_use]
    pub fn holds(&self, slice: SliceId) -> bool {
        self.members.get(slice.0 as usize).copied().unwrap_or(false)
    }

    /// How many slices are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.iter().filter(|&&member| member).count()
    }

    /// Takes the slices of another one in.
    pub fn add(&mut self, other: &Self) {
        for (mine, &theirs) in self.members.iter_mut().zip(&other.members) {
            *mine |= theirs;
        }
    }

    /// Those of its slices that are to be kept.
    #[must_use]
    pub fn only(&self, keep: impl Fn(SliceId) -> bool) -> Self {
        let members = (0_u32..).zip(&self.members).map(|(id, &member)| member && keep(SliceId(id)));
        Self { members: members.collect() }
    }

    /// Whether two selections share a slice.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.members.iter().zip(&other.members).any(|(&mine, &theirs)| mine && theirs)
    }

    /// Whether all of its slices are among those of another one, which has more.
    #[must_use]
    pub fn is_part_of(&self, other: &Self) -> bool {
        self.ids().all(|id| other.holds(id)) && self.len() < other.len()
    }

    /// The ids in it.
    pub fn ids(&self) -> impl Iterator<Item = SliceId> + '_ {
        (0_u32..).zip(&self.members).filter(|&(_, &member)| member).map(|(id, _)| SliceId(id))
    }
}

/// Folds cells (sorted by bucket) into a series, one point a bucket.
pub fn collect<'a>(cells: impl Iterator<Item = &'a Cell>, begins: impl Fn(u32) -> UnixMs) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for cell in cells {
        push(&mut points, begins(cell.bucket), cell);
    }
    points
}

/// Adds a cell to the end of a series.
pub fn push(points: &mut Vec<Point>, at: UnixMs, cell: &Cell) {
    let (n, k) = (f64::from(cell.counts.requests), f64::from(cell.counts.failed));
    if n == 0.0 {
        return;
    }
    match points.last_mut().filter(|point| point.at == at) {
        Some(point) => {
            point.n += n;
            point.k += k;
        }
        None => points.push(Point { at, n, k }),
    }
}
