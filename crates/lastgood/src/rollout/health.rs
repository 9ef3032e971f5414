//! A container's own health check, put to it every second while its engine has not decided yet: an engine asks for the first time after a
//! whole interval, half a minute where nobody says otherwise. What an engine has decided is believed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lastgood_model::Secret;
use lastgood_model::snapshot::Container;
use lastgood_world::engine::{Endpoint, Engine};

/// It is asked again after this.
const AGAIN: Duration = Duration::from_secs(1);
/// One check takes no longer where it does not say how long it may, as engines have it.
const USUAL_TIMEOUT: Duration = Duration::from_secs(30);

/// What became of the last check of each container, by its id.
#[derive(Debug, Default)]
pub struct OwnChecks(BTreeMap<Arc<str>, (Instant, bool)>);

impl OwnChecks {
    /// Whether a container's check passes.
    pub fn passes(&mut self, container: &Container) -> bool {
        match self.0.get(&container.id) {
            Some((asked, passed)) if asked.elapsed() < AGAIN => *passed,
            _ => {
                let passed = check(container);
                self.0.insert(Arc::clone(&container.id), (Instant::now(), passed));
                passed
            }
        }
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
