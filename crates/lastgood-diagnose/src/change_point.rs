//! Where in a row of requests good turned bad: the posterior of one change point, and its 99 % set.
//! Both failure rates are integrated out (Smith 1975, "A Bayesian approach to inference about a change-point").

/// Where a row of requests turned bad, as indices into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// A success before the change; `None` if the row begins bad.
    pub last_good: Option<usize>,
    /// A failure at or after the change.
    pub first_bad: usize,
}

/// What was counted beside the row itself: requests and failures.
pub type Tally = (f64, f64);

/// What the bracket around the change has to hold of the belief in where it is.
const BELIEF: f64 = 0.99;

/// Finds where `failures` turns from good to bad: the narrowest bracket from a success to a failure that holds the
/// change with 99 % probability, or all there is before it where the row is too short for that. `None` if nothing
/// in the row fails. `before` and `after` were counted beside the row, `dispersion` says how much less than
/// independent the requests are (1: independent).
#[must_use]
pub fn turn_to_bad(failures: &[bool], before: Tally, after: Tally, dispersion: f64) -> Option<Turn> {
    // up_to[i]: the belief that the new regime begins at or before request i.
    let up_to: Vec<f64> = posterior(failures, before, after, dispersion)
        .iter()
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect();
    let first_success = failures.iter().position(|&failed| !failed);
    let mut narrowest: Option<Turn> = None;
    let mut success = None;
    for (index, _) in failures.iter().enumerate().filter(|&(_, &failed)| failed) {
        if up_to[index] < BELIEF {
            continue;
        }
        // The last success such that the change lies after it: its own index does not count as changed yet.
        let from = success.map_or(0, |at| at + 1);
        for at in (from..index).filter(|&at| !failures[at]) {
            if up_to[index] - up_to[at] < BELIEF {
                break;
            }
            success = Some(at);
        }
        let turn = match success.or(first_success.filter(|&at| at < index)) {
            Some(at) => Turn { last_good: Some(at), first_bad: index },
            // Nothing good came before: it is bad from the first failure on, as far as can be seen.
            None => return Some(Turn { last_good: None, first_bad: index.min(failures.iter().position(|&f| f)?) }),
        };
        if narrowest.is_none_or(|known| turn.width() < known.width()) {
            narrowest = Some(turn);
        }
    }
    narrowest.or_else(|| {
        let first_bad = failures.iter().rposition(|&failed| failed)?;
        Some(Turn { last_good: first_success.filter(|&at| at < first_bad), first_bad })
    })
}

impl Turn {
    /// Requests from the success to the failure.
    #[must_use]
    pub const fn width(&self) -> usize {
        match self.last_good {
            Some(at) => self.first_bad - at,
            None => self.first_bad + 1,
        }
    }
}

/// Finds where `failures` turns from bad to good; `None` if it more probably never does. `bad` was counted before the
/// row, `good` is what good times are known to be like.
#[must_use]
pub fn turn_to_good(failures: &[bool], bad: Tally, good: Tally, dispersion: f64) -> Option<usize> {
    let reversed: Vec<bool> = failures.iter().rev().copied().collect();
    let scores = log_scores(&reversed, good, bad, dispersion);
    // In the reversed row, a change at 0 means that nothing good stands at the end.
    let never = scores.first().copied().unwrap_or(f64::NEG_INFINITY);
    #[expect(clippy::cast_precision_loss, reason = "a row of requests is far shorter than 2^52")]
    let places = (failures.len().max(1) as f64).ln();
    let (best, score) =
        scores.iter().copied().enumerate().skip(1).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, f64::NEG_INFINITY));
    (score - places > never).then(|| failures.len() - best)
}

fn posterior(failures: &[bool], before: Tally, after: Tally, dispersion: f64) -> Vec<f64> {
    let scores = log_scores(failures, before, after, dispersion);
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut weights: Vec<f64> = scores.iter().map(|score| (score - highest).exp()).collect();
    let total: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= total;
    }
    weights
}

/// The logarithm of the marginal likelihood of a change at each index; one more than there are requests.
fn log_scores(failures: &[bool], before: Tally, after: Tally, dispersion: f64) -> Vec<f64> {
    let all: f64 = failures.iter().map(|&failed| f64::from(u8::from(failed))).sum();
    #[expect(clippy::cast_precision_loss, reason = "a row of requests is far shorter than 2^52")]
    let length = failures.len() as f64;
    let (mut n, mut k) = (0.0, 0.0);
    let mut scores = Vec::with_capacity(failures.len() + 1);
    for index in 0..=failures.len() {
        let good = log_good(before.0 + n, before.1 + k);
        let bad = log_bad(after.0 + length - n, after.1 + all - k);
        // Only good times are known to be bursty; a total outage is as sharp on a bursty site as on any other.
        scores.push(good / dispersion.max(1.0) + bad);
        if let Some(&failed) = failures.get(index) {
            n += 1.0;
            k += f64::from(u8::from(failed));
        }
    }
    scores
}

/// Good times fail rarely: Beta(½, 50).
fn log_good(n: f64, k: f64) -> f64 {
    log_beta(k + 0.5, n - k + 50.0) - log_beta(0.5, 50.0)
}

/// Bad times: half of the belief on a total outage (one request in a thousand gets through), half on any rate.
fn log_bad(n: f64, k: f64) -> f64 {
    let total = k * 0.999_f64.ln() + (n - k) * 0.001_f64.ln();
    let any = log_beta(k + 0.5, n - k + 0.5) - log_beta(0.5, 0.5);
    let high = total.max(any);
    high + f64::midpoint((total - high).exp(), (any - high).exp()).ln()
}

fn log_beta(a: f64, b: f64) -> f64 {
    log_gamma(a) + log_gamma(b) - log_gamma(a + b)
}

/// ln Γ(x) for x > 0: Stirling's series after shifting the argument above 8 (error below 1e-10).
fn log_gamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 8.0 {
        shift += x.ln();
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(parts: &[(usize, bool)]) -> Vec<bool> {
        parts.iter().flat_map(|&(count, failed)| std::iter::repeat_n(failed, count)).collect()
    }

    #[test]
    fn log_gamma_knows_factorials() {
        assert!((log_gamma(5.0) - 24.0_f64.ln()).abs() < 1e-9);
        assert!((log_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-9);
    }

    #[test]
    fn a_total_outage_begins_between_two_requests() {
        let turn = turn_to_bad(&row(&[(300, false), (60, true)]), (5000.0, 4.0), (0.0, 0.0), 1.0);
        assert_eq!(turn, Some(Turn { last_good: Some(299), first_bad: 300 }));
    }

    #[test]
    fn a_short_row_gives_all_it_has() {
        let turn = |parts: &[(usize, bool)]| turn_to_bad(&row(parts), (0.0, 0.0), (0.0, 0.0), 1.0);
        assert_eq!(turn(&[(1, false), (1, true)]), Some(Turn { last_good: Some(0), first_bad: 1 }));
        assert_eq!(turn(&[(30, true)]), Some(Turn { last_good: None, first_bad: 0 }));
        assert_eq!(turn(&[(30, false)]), None);
    }

    #[test]
    fn half_the_requests_failing_leaves_some_doubt_before_the_first_failure() {
        let mut random = fastrand::Rng::with_seed(7);
        let (mut covered, mut widths) = (0, Vec::new());
        for _ in 0..500 {
            let failures: Vec<bool> = (0..800).map(|i| random.f64() < if i < 400 { 0.002 } else { 0.5 }).collect();
            let turn = turn_to_bad(&failures, (1000.0, 2.0), (0.0, 0.0), 1.0).unwrap();
            covered += usize::from(turn.last_good.unwrap() < 400 && 400 <= turn.first_bad);
            widths.push(turn.width());
        }
        widths.sort_unstable();
        assert!(covered >= 485, "covered {covered} of 500");
        assert!(widths[250] <= 8, "median {}", widths[250]);
    }

    #[test]
    fn an_outage_that_ends_is_told_from_one_that_does_not() {
        assert_eq!(turn_to_good(&row(&[(50, true), (3, false)]), (0.0, 0.0), (0.0, 0.0), 1.0), Some(50));
        assert_eq!(turn_to_good(&row(&[(50, true)]), (0.0, 0.0), (0.0, 0.0), 1.0), None);
        // On a bursty site many failures together are likelier, but half of all requests are still no burst.
        let mut ends: Vec<bool> = (0..400).map(|i| i % 2 == 0).collect();
        ends.extend([false; 300]);
        assert_eq!(turn_to_good(&ends, (400.0, 200.0), (20_000.0, 90.0), 1.8), Some(399));
        let half: Vec<bool> = (0..60).map(|i| i % 2 == 0).collect();
        assert_eq!(turn_to_good(&half, (0.0, 0.0), (0.0, 0.0), 1.0), None);
    }
}
