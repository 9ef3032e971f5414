//! How much failures come together, beyond chance: a bursty site must not look broken at each burst.
//! It measures good times only; which times those are is the caller's business.

use crate::series::{Point, sum};

/// Bin widths, in milliseconds, at which failures may come together.
const WIDTHS_MS: [i64; 3] = [15_000, 60_000, 300_000];

/// Fewer failures than this may stand together by chance alone.
const FEWEST: f64 = 5.0;

/// The correlation of two requests' failures in one bin, for each bin width; 0 for independent ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scatter {
    correlation: [f64; 3],
}

impl Scatter {
    /// Measures a series, leaving out the points that `skip` names: Pearson's χ² per bin against independent
    /// failures, turned into an intra-class correlation.
    #[must_use]
    pub fn measure(points: &[Point], skip: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<Point> =
            points.iter().enumerate().filter(|&(index, _)| !skip(index)).map(|(_, &point)| point).collect();
        let (n, k) = sum(&kept);
        if k < FEWEST || n <= k {
            return Self::default();
        }
        let rate = k / n;
        let correlation = WIDTHS_MS.map(|width| {
            let (mut chi, mut bins) = (0.0, 0.0);
            for (n, k) in binned(&kept, width) {
                chi += (k - n * rate).powi(2) / (n * rate * (1.0 - rate));
                bins += 1.0;
            }
            // Ten bins' worth of belief in independence keeps a handful of bins from deciding.
            let ratio = (chi + 10.0) / (bins + 9.0);
            // How far independent failures stray: 2 per bin, and more the rarer they are.
            let stray = ((2.0 + bins / k) / (bins + 9.0)).sqrt();
            let load = load(&kept, width);
            if ratio > 1.0 + 3.0 * stray && load > 1.0 { ((ratio - 1.0) / (load - 1.0)).min(1.0) } else { 0.0 }
        });
        Self { correlation }
    }

    /// The stronger correlation of two at each width.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let mut correlation = self.correlation;
        for (mine, theirs) in correlation.iter_mut().zip(other.correlation) {
            *mine = mine.max(theirs);
        }
        Self { correlation }
    }

    /// By how much it inflates the variance of the failures in a series: 1 for independent ones.
    #[must_use]
    pub fn dispersion(&self, points: &[Point]) -> f64 {
        WIDTHS_MS
            .iter()
            .zip(self.correlation)
            .filter(|&(_, correlation)| correlation > 0.0)
            .map(|(&width, correlation)| 1.0 + correlation * (load(points, width) - 1.0).max(0.0))
            .fold(1.0, f64::max)
    }
}

/// Requests and failures per bin.
fn binned(points: &[Point], width: i64) -> impl Iterator<Item = (f64, f64)> {
    points.chunk_by(move |a, b| a.at.0.div_euclid(width) == b.at.0.div_euclid(width)).map(sum)
}

/// Requests in the bin of a typical request.
fn load(points: &[Point], width: i64) -> f64 {
    let (all, squares) = binned(points, width).fold((0.0, 0.0), |(all, squares), (n, _)| (all + n, squares + n * n));
    squares / f64::max(all, 1.0)
}

#[cfg(test)]
mod tests {
    use lastgood_model::UnixMs;

    use super::*;

    fn series(failing: impl Fn(i64) -> bool) -> Vec<Point> {
        (0..6000_i64)
            .map(|second| Point { at: UnixMs::from_seconds(second), n: 1.0, k: f64::from(u8::from(failing(second))) })
            .collect()
    }

    #[test]
    fn scattered_failures_are_independent() {
        let points = series(|second| second % 97 == 0);
        assert!(Scatter::measure(&points, |_| false).dispersion(&points) < 1.3);
    }

    #[test]
    fn bursts_come_together_and_a_thin_slice_of_them_less_so() {
        let points = series(|second| [500, 1800, 2600, 4100, 5500].iter().any(|&at| (at..at + 8).contains(&second)));
        let scatter = Scatter::measure(&points, |_| false);
        let thin: Vec<Point> = points.iter().step_by(20).copied().collect();
        assert!(scatter.dispersion(&points) > 4.0);
        assert!((1.05..4.0).contains(&scatter.dispersion(&thin)));
    }
}
