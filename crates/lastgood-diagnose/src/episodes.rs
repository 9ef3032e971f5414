//! Bad stretches in a failure series: a two-state hidden Markov model (good, bad) with Bernoulli failures.
//! The most probable path is found by Viterbi's algorithm (Viterbi 1967), the two rates by re-estimating them from
//! it until it stays (segmental k-means, Juang and Rabiner 1990). Linear in the number of points.

use lastgood_model::UnixMs;

use crate::series::{Point, sum};

/// What is believed of a rate before anything was seen: half a failure in fifty requests.
const PRIOR_FAILURES: f64 = 0.5;
const PRIOR_REQUESTS: f64 = 50.0;

/// A stretch in the bad state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Episode {
    /// Index of its first point.
    pub first: usize,
    /// Index of its last point.
    pub last: usize,
    /// Requests in it.
    pub n: f64,
    /// Failures in it.
    pub k: f64,
}

impl Episode {
    /// Its failure rate.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.k / self.n.max(1.0)
    }

    /// Whether a point lies in it or beside it. A change within a bucket leaves its traces in the next one, and they
    /// are neither good nor bad.
    #[must_use]
    pub const fn touches(&self, index: usize) -> bool {
        self.first <= index + 1 && index <= self.last + 1
    }

    /// When it begins and when its last bucket begins.
    #[must_use]
    pub fn times(&self, points: &[Point]) -> (UnixMs, UnixMs) {
        (points[self.first].at, points[self.last].at)
    }
}

/// Finds the bad stretches of a series.
#[must_use]
pub fn episodes(points: &[Point]) -> Vec<Episode> {
    if points.is_empty() {
        return Vec::new();
    }
    // Two starting points, since the path only finds what is above the middle of the two rates.
    [0.6, 0.15]
        .into_iter()
        .map(|bad| settle(points, bad))
        .max_by(|a, b| a.score.total_cmp(&b.score))
        .map(|fit| fit.episodes)
        .unwrap_or_default()
}

/// Where the rate of a bad stretch falls to less than half and stays there: the index of the first point after it. `None` where one rate
/// for all of it is as likely.
#[must_use]
pub fn fall(points: &[Point]) -> Option<usize> {
    let (n, k) = sum(points);
    let all = (k + 0.5) / (n + 1.0);
    let (mut before, mut best) = ((0.0, 0.0), (change_cost(points.len()), None));
    for index in 1..points.len() {
        let last = &points[index - 1];
        before = (before.0 + last.n, before.1 + last.k);
        let after = (n - before.0, k - before.1);
        let rate = |(n, k): (f64, f64)| (k + 0.5) / (n + 1.0);
        let gained = log_ratio(before.0, before.1, all, rate(before)) + log_ratio(after.0, after.1, all, rate(after));
        if rate(before) > 2.0 * rate(after) && gained > best.0 {
            best = (gained, Some(index));
        }
    }
    best.1
}

/// The rate of a good stretch, with the prior mixed in.
#[must_use]
pub fn good_rate(n: f64, k: f64) -> f64 {
    (k + PRIOR_FAILURES) / (n + PRIOR_REQUESTS)
}

/// How much likelier `k` failures in `n` requests are at their own rate than at `good`, in nats.
#[must_use]
pub fn gain(n: f64, k: f64, good: f64) -> f64 {
    let own = ((k + 0.5) / (n + 1.0)).clamp(1e-9, 1.0 - 1e-9);
    if own <= good { 0.0 } else { log_ratio(n, k, good, own) }
}

/// How much likelier `k` failures in `n` requests are at rate `bad` than at rate `good`, in nats.
#[must_use]
pub fn log_ratio(n: f64, k: f64, good: f64, bad: f64) -> f64 {
    k * (bad / good).ln() + (n - k) * ((1.0 - bad) / (1.0 - good)).ln()
}

struct Fit {
    episodes: Vec<Episode>,
    score: f64,
}

fn settle(points: &[Point], mut bad: f64) -> Fit {
    // The start must not be the overall rate: a long outage would make it high and hide itself.
    let mut good = good_rate(0.0, 0.0);
    let change = change_cost(points.len());
    let mut best = Fit { episodes: Vec::new(), score: f64::MIN };
    for _ in 0..8 {
        let (found, score) = path(points, good, bad, change);
        let (n, k) = sum(points);
        let (n_bad, k_bad) = found.iter().fold((0.0, 0.0), |(n, k), episode| (n + episode.n, k + episode.k));
        let settled = found == best.episodes;
        best = Fit { episodes: found, score };
        if settled || best.episodes.is_empty() {
            break;
        }
        good = good_rate(n - n_bad, k - k_bad);
        bad = ((k_bad + 0.5) / (n_bad + 1.0)).clamp((3.0 * good + 0.02).min(0.9), 0.98);
    }
    best
}

/// What a change of state costs, in nats: it could have been at any of `points` places.
#[must_use]
pub fn change_cost(points: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count of buckets is far below 2^52")]
    let points = points.max(1) as f64;
    points.ln() + 2.0
}

/// The most probable path, as its bad stretches, and its score against "always good".
fn path(points: &[Point], good: f64, bad: f64, change: f64) -> (Vec<Episode>, f64) {
    // Scores of the best path that ends in each state; staying good scores 0.
    let (mut in_good, mut in_bad) = (0.0_f64, -change);
    let mut came_from_other = Vec::with_capacity(points.len());
    for point in points {
        let step = log_ratio(point.n, point.k, good, bad);
        let recover = in_bad - change > in_good;
        let break_down = in_good - change > in_bad;
        let next_good = if recover { in_bad - change } else { in_good };
        let next_bad = if break_down { in_good - change } else { in_bad } + step;
        came_from_other.push((recover, break_down));
        (in_good, in_bad) = (next_good, next_bad);
    }
    let mut bad_now = in_bad > in_good;
    let score = in_bad.max(in_good);
    let mut found: Vec<Episode> = Vec::new();
    let mut last = points.len() - 1;
    for index in (0..points.len()).rev() {
        let (recover, break_down) = came_from_other[index];
        let was_bad = if bad_now { !break_down } else { recover };
        if bad_now && (!was_bad || index == 0) {
            let (n, k) = sum(&points[index..=last]);
            found.push(Episode { first: index, last, n, k });
        }
        if !bad_now && was_bad && index > 0 {
            last = index - 1;
        }
        bad_now = was_bad;
    }
    found.reverse();
    (found, score)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(failures: &[(usize, f64)]) -> Vec<Point> {
        let mut points = Vec::new();
        for &(count, k) in failures {
            for _ in 0..count {
                let at = UnixMs::from_seconds(i64::try_from(points.len()).unwrap());
                points.push(Point { at, n: 1.0, k });
            }
        }
        points
    }

    #[test]
    fn an_outage_is_found_to_the_point() {
        let found = episodes(&series(&[(100, 0.0), (40, 1.0), (100, 0.0)]));
        assert_eq!(found.iter().map(|e| (e.first, e.last)).collect::<Vec<_>>(), [(100, 139)]);
    }

    #[test]
    fn two_outages_are_two() {
        let found = episodes(&series(&[(100, 0.0), (40, 1.0), (100, 0.0), (30, 1.0), (5, 0.0)]));
        assert_eq!(found.iter().map(|e| (e.first, e.last)).collect::<Vec<_>>(), [(100, 139), (240, 269)]);
    }

    #[test]
    fn what_never_was_good_is_one_stretch() {
        let found = episodes(&series(&[(50, 1.0)]));
        assert_eq!(found.iter().map(|e| (e.first, e.last)).collect::<Vec<_>>(), [(0, 49)]);
    }

    #[test]
    fn one_failure_after_one_success_is_a_stretch_that_goes_on() {
        let found = episodes(&series(&[(1, 0.0), (1, 1.0)]));
        assert_eq!(found.iter().map(|e| (e.first, e.last)).collect::<Vec<_>>(), [(1, 1)]);
    }

    #[test]
    fn an_outage_that_leaves_a_part_behind_falls() {
        let quarter = |count: usize| (0..count).flat_map(|_| [(3, 0.0), (1, 1.0)]);
        let parts: Vec<(usize, f64)> = [(40, 1.0)].into_iter().chain(quarter(30)).collect();
        assert_eq!(fall(&series(&parts)), Some(40));
        assert_eq!(fall(&series(&[(40, 1.0)])), None);
        assert_eq!(fall(&series(&quarter(40).collect::<Vec<_>>())), None);
        let grows: Vec<(usize, f64)> = quarter(30).chain([(40, 1.0)]).collect();
        assert_eq!(fall(&series(&grows)), None);
    }

    #[test]
    fn scattered_failures_are_none() {
        let mut points = series(&[(1000, 0.0)]);
        for point in points.iter_mut().step_by(97) {
            point.k = 1.0;
        }
        assert_eq!(episodes(&points), []);
    }
}
