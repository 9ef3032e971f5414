//! Whether good answers took longer and longer before the first failure. It compares medians, since single slow answers are
//! everywhere; it does not say what they waited for.

use lastgood_model::{Claim, LineRef, UnixMs};

use crate::closeup::Sample;
use crate::outcome::Outcome;

/// What is compared with the calm before it.
const RECENT_MS: i64 = 300_000;
/// Fewer answers have no median worth the name.
const FEWEST: usize = 10;
/// So many times longer is slow.
const FACTOR: u32 = 3;
/// Nobody waits for less.
const FELT_MS: u32 = 300;

/// What can be said of the answers before `first_bad`, and the first answer of the slow stretch.
#[must_use]
pub fn slowed_before(samples: &[Sample], first_bad: UnixMs) -> Option<(Claim, (UnixMs, LineRef))> {
    let good =
        samples.iter().map(|sample| sample.hit).filter(|hit| hit.at < first_bad && !Outcome::of(hit.status).failed());
    let timed = good.filter_map(|hit| Some((hit, hit.took_ms?)));
    let (recent, calm): (Vec<_>, Vec<_>) = timed.partition(|(hit, _)| first_bad.since(hit.at) <= RECENT_MS);
    let median = |answers: &[(lastgood_model::Hit, u32)]| {
        let mut times: Vec<u32> = answers.iter().map(|(_, took)| *took).collect();
        times.sort_unstable();
        (times.len() >= FEWEST).then(|| times[times.len() / 2])
    };
    let (from_ms, to_ms) = (median(&calm)?, median(&recent)?);
    if to_ms < FELT_MS || to_ms < from_ms.saturating_mul(FACTOR) {
        return None;
    }
    let (first, _) = recent.iter().filter(|(_, took)| *took >= to_ms).min_by_key(|(hit, _)| (hit.at, hit.line))?;
    Some((Claim::SlowedBefore { from_ms, to_ms }, (first.at, first.line)))
}

#[cfg(test)]
mod tests {
    use lastgood_model::{ClientId, Hit, SliceId, SourceId};

    use super::*;

    fn answers(from_s: i64, count: i64, took_ms: u32) -> Vec<Sample> {
        let hit = |second: i64| Hit {
            at: UnixMs(second * 1000),
            slice: SliceId(0),
            status: 200,
            client: ClientId(1),
            line: LineRef { source: SourceId(0), line: second.unsigned_abs() },
            took_ms: Some(took_ms),
        };
        (from_s..from_s + count).map(|second| Sample { hit: hit(second), visitor: None }).collect()
    }

    #[test]
    fn slow_answers_before_the_failure_are_seen() {
        let samples = [answers(100, 50, 80), answers(1_000, 50, 2_000)].concat();
        let (claim, at) = slowed_before(&samples, UnixMs(1_100_000)).unwrap();
        assert_eq!(claim, Claim::SlowedBefore { from_ms: 80, to_ms: 2_000 });
        assert_eq!(at.0, UnixMs(1_000_000));
    }

    #[test]
    fn few_or_evenly_slow_answers_say_nothing() {
        let even = [answers(100, 50, 900), answers(1_000, 50, 1_000)].concat();
        assert_eq!(slowed_before(&even, UnixMs(1_100_000)), None);
        let few = [answers(100, 50, 80), answers(1_000, 5, 2_000)].concat();
        assert_eq!(slowed_before(&few, UnixMs(1_100_000)), None);
        let quick = [answers(100, 50, 2), answers(1_000, 50, 20)].concat();
        assert_eq!(slowed_before(&quick, UnixMs(1_100_000)), None);
    }
}
