//! A container's own health check, put to it while its engine has not decided yet: an engine asks for the first time after a whole
//! interval, half a minute where nobody says otherwise. What an engine has decided is believed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lastgood_model::Secret;
use lastgood_model::snapshot::Container;
use lastgood_world::engine::{Endpoint, Engine};

/// It is asked again after no less and no more than this.
const SOONEST: Duration = Duration::from_millis(200);
const LATEST: Duration = Duration::from_secs(1);
/// One check takes no longer where it does not say how long it may, as engines have it.
const USUAL_TIMEOUT: Duration = Duration::from_secs(30);

/// What became of the checks of each container, by its id.
#[derive(Debug, Default)]
pub struct OwnChecks(BTreeMap<Arc<str>, Checked>);

/// What became of them.
#[derive(Clone, Copy, Debug)]
struct Checked {
    first: Instant,
    last: Instant,
    /// So long the last one took.
    took: Duration,
    passed: bool,
}

impl Checked {
    /// For how long it is believed: who starts quickly is seen quickly, and who takes long is not kept busy by being asked.
    fn holds(&self) -> Duration {
        let share = self.last.duration_since(self.first) / 4;
        share.max(self.took).clamp(SOONEST, LATEST)
    }
}

impl OwnChecks {
    /// Whether a container's check passes.
    pub fn passes(&mut self, container: &Container) -> bool {
        let before = self.0.get(&container.id).copied();
        if let Some(checked) = before.filter(|checked| checked.last.elapsed() < checked.holds()) {
            return checked.passed;
        }
        let begun = Instant::now();
        let passed = check(container);
        let (first, last) = (before.map_or(begun, |checked| checked.first), Instant::now());
        self.0.insert(Arc::clone(&container.id), Checked { first, last, took: begun.elapsed(), passed });
        passed
    }
}

fn check(container: &Container) -> bool {
    let Some(declared) = &container.healthcheck else { return false };
    let words: Vec<&str> = declared.test.iter().map(Secret::expose).collect();
    let command = match words.as_slice() {
        ["CMD", command @ ..] => command.to_vec(),
        ["CMD-SHELL", script] => vec!["/bin/sh", "-c", script],
        _ => return false,
    };
    let timeout = match declared.timeout_ms {
        0 => USUAL_TIMEOUT,
        ms => Duration::from_millis(ms),
    };
    let engine = Engine::connect(Endpoint::of_user(), timeout);
    engine.and_then(|engine| engine.run_in(&container.id, &command)).is_ok_and(|code| code == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_starts_quickly_is_asked_soon_and_who_takes_long_less_often() {
        let holds = |since_first: u64, took: u64| {
            let first = Instant::now();
            let (last, took) = (first + Duration::from_millis(since_first), Duration::from_millis(took));
            Checked { first, last, took, passed: false }.holds().as_millis()
        };
        assert_eq!([holds(0, 10), holds(400, 10), holds(2_000, 10), holds(60_000, 10)], [200, 200, 500, 1_000]);
        assert_eq!([holds(0, 600), holds(0, 30_000)], [600, 1_000], "a check that takes long is not put all the time");
    }
}
