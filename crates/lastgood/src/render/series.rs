//! Requests around an incident, summed in steps that a person counts in. What pictures are drawn from; draws nothing.

use lastgood_model::{Bucket, Incident, UnixMs};

use super::clock::Clock;

/// Steps that a person counts in, in seconds.
pub const STEPS: &[i64] = &[
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];
/// With fewer requests a picture says less than the two lines of the turn.
const FEWEST_REQUESTS: u64 = 10;
/// Fewer steps than this are no picture.
const FEWEST_STEPS: usize = 4;

/// Requests and failures, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// When the first step begins.
    pub origin: UnixMs,
    /// Length of a step.
    pub step_ms: i64,
    /// Requests, and failures among them, of each step.
    pub sums: Vec<(u64, u64)>,
}

impl Series {
    /// The traffic around an incident in at most `most` steps, and around these moments too.
    #[must_use]
    pub fn around(incident: &Incident, clock: Clock, most: usize, moments: &[UnixMs]) -> Option<Self> {
        let traffic = &incident.traffic;
        if traffic.buckets.iter().map(|bucket| bucket.requests).sum::<u64>() < FEWEST_REQUESTS {
            return None;
        }
        let data = (traffic.buckets.first()?.from, traffic.buckets.last()?.from.plus(traffic.width_ms - 1));
        let began = began(incident)?;
        let ended = incident.onset.recovered.as_ref().map_or(data.1, |edge| edge.at);
        // A quarter of its length on either side shows what was normal.
        let margin = (ended.since(began) / 4).max(600_000);
        let first = moments.iter().fold(began.plus(-margin), |first, at| first.min(*at)).max(data.0);
        let last = moments.iter().fold(ended.plus(margin), |last, at| last.max(*at)).min(data.1);
        let step_ms = step_ms(first, last, clock, most, traffic.width_ms)?;
        let origin = clock.step(first, step_ms);
        let sums = sums(&traffic.buckets, origin, last, step_ms, most);
        (sums.len() >= FEWEST_STEPS).then_some(Self { origin, step_ms, sums })
    }

    /// The step that a moment falls into, or the nearest one.
    #[must_use]
    pub fn step(&self, at: UnixMs) -> usize {
        usize::try_from(at.since(self.origin) / self.step_ms).unwrap_or(0).min(self.sums.len().saturating_sub(1))
    }

    /// Most requests in a step.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.sums.iter().map(|(requests, _)| *requests).max().unwrap_or(0)
    }

    /// Length of a step in seconds.
    #[must_use]
    pub fn step_s(&self) -> u64 {
        u64::try_from(self.step_ms / 1000).unwrap_or(0)
    }
}

/// Where a picture shows that it began.
#[must_use]
pub fn began(incident: &Incident) -> Option<UnixMs> {
    let onset = &incident.onset;
    onset.first_bad.as_ref().or(onset.last_good.as_ref()).map(|edge| edge.at)
}

/// The finest step that fits, as steps of this zone's clock.
fn step_ms(from: UnixMs, to: UnixMs, clock: Clock, most: usize, finest: i64) -> Option<i64> {
    let most = i64::try_from(most).ok()?;
    let fits = |step: &i64| *step >= finest && to.since(clock.step(from, *step)) / step < most;
    STEPS.iter().map(|seconds| seconds * 1000).find(fits)
}

/// Requests and failures of each step.
fn sums(buckets: &[Bucket], origin: UnixMs, to: UnixMs, step: i64, most: usize) -> Vec<(u64, u64)> {
    let count = usize::try_from(to.since(origin) / step + 1).unwrap_or(0).min(most);
    let mut sums = vec![(0, 0); count];
    for bucket in buckets.iter().filter(|bucket| origin <= bucket.from && bucket.from <= to) {
        let index = usize::try_from(bucket.from.since(origin) / step).unwrap_or(usize::MAX);
        if let Some((requests, failed)) = sums.get_mut(index) {
            *requests += bucket.requests;
            *failed += bucket.failed;
        }
    }
    sums
}
