//! A target in the grip of this process: its lease, and what every command that is started holds on to. What is done with it stands in
//! `doer.rs`.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use lastgood_rollout::Lost;
use lastgood_world::state::{Lease, Renewal, Take, hold, lease};
use lastgood_world::{lives, now};
use serde_json::Value;

use super::doer::Trouble;

/// Beyond what an act may take, the lease lives so long.
const BEYOND: Duration = Duration::from_secs(60);
/// What somebody who died had begun ends within this.
const UNFINISHED: Duration = Duration::from_secs(120);

/// A target that is ours.
#[derive(Debug)]
pub struct Grip {
    lease: Lease,
    _commands: File,
}

impl Grip {
    /// Takes a target. `says` is who asks, as one line of JSON. From a process that is known to be dead it is taken over, once all
    /// that it had started has ended.
    ///
    /// # Errors
    /// If somebody else has it, or what a dead one started does not end.
    pub fn of(state: &Path, says: &str) -> Result<Self, Trouble> {
        let lease = taken(&state.join("lock"), says)?;
        match hold(&state.join("hands"), UNFINISHED)? {
            Some(commands) => Ok(Self { lease, _commands: commands }),
            None => Err(Trouble::TookTooLong(UNFINISHED.as_secs())),
        }
    }

    /// It stays ours for what is done now, which may take so long. Where that cannot be written, on a full disk for instance, it still is:
    /// nobody takes it from a process that lives before it runs out.
    ///
    /// # Errors
    /// If somebody took it over.
    pub fn renew(&mut self, within: Duration) -> Result<(), Lost> {
        match self.lease.renew(now(), within + BEYOND) {
            Ok(Renewal::Renewed) | Err(_) => Ok(()),
            Ok(Renewal::Lost(_)) => Err(Lost),
        }
    }

    /// Lets go of it.
    ///
    /// # Errors
    /// If the lease cannot be released; it then runs out.
    pub fn release(self) -> Result<(), Trouble> {
        self.lease.release()?;
        Ok(())
    }
}

fn taken(lock: &Path, says: &str) -> Result<Lease, Trouble> {
    let mut at = now();
    for _ in 0..2 {
        match lease::take(lock, says.as_bytes(), at, BEYOND)? {
            Take::Taken { mut lease, .. } => {
                // From here on by the clock, whenever the old one would have ended.
                return match lease.renew(now(), UNFINISHED + BEYOND)? {
                    Renewal::Renewed => Ok(lease),
                    Renewal::Lost(_) => Err(Trouble::LeaseLost),
                };
            }
            Take::Held(holder) => {
                let says: Value = serde_json::from_slice(&holder.says).unwrap_or_default();
                if says["process"].as_str().and_then(lives) != Some(false) {
                    return Err(Trouble::Held(says["who"].as_str().unwrap_or("?").to_owned()));
                }
                // Its holder is dead: it counts as run out.
                at = holder.expires;
            }
        }
    }
    Err(Trouble::LeaseLost)
}
