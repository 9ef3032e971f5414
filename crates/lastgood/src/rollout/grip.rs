//! A target in the grip of this process: its lease, and what every command that is started holds on to. What is done with it stands in
//! `doer.rs`.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use lastgood_rollout::Lost;
use lastgood_world::state::{Lease, Renewal, Take, hold, lease};
use lastgood_world::{lives, now};
use serde_json::Value;

use super::trouble::Trouble;

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
    pub fn release(&self) -> Result<(), Trouble> {
        self.lease.release()?;
        Ok(())
    }
}

/// Whether somebody who lives has a target.
#[must_use]
pub fn is_held(state: &Path) -> bool {
    let holder = lease::look(&state.join("lock")).ok().flatten();
    holder.is_some_and(|holder| process_lives(&holder.says) == Some(true))
}

/// Whether whoever says that of themselves lives; `None`: nobody knows.
fn process_lives(says: &[u8]) -> Option<bool> {
    let says: Value = serde_json::from_slice(says).ok()?;
    lives(says["process"].as_str()?)
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
                if process_lives(&holder.says) != Some(false) {
                    let says: Value = serde_json::from_slice(&holder.says).unwrap_or_default();
                    return Err(Trouble::Held(says["who"].as_str().unwrap_or("?").to_owned()));
                }
                // Its holder is dead: it counts as run out.
                at = holder.expires;
            }
        }
    }
    Err(Trouble::LeaseLost)
}

#[cfg(test)]
mod tests {
    use lastgood_world::own_mark;

    use super::*;

    /// Somebody has it: this process of theirs, since so many seconds, for a minute.
    fn held(state: &Path, process: &str, since: i64) -> Lease {
        let says = serde_json::json!({ "who": "kim", "process": process }).to_string();
        let at = now().plus(-since * 1000);
        match lease::take(&state.join("lock"), says.as_bytes(), at, BEYOND).unwrap() {
            Take::Taken { lease, .. } => lease,
            Take::Held(holder) => panic!("{holder:?}"),
        }
    }

    #[test]
    fn it_is_taken_from_the_dead_and_from_whom_it_ran_out_for_and_from_nobody_else() {
        let alive = own_mark();
        let mut parts = alive.split(':');
        let (pid, _, boot) = (parts.next().unwrap(), parts.next(), parts.next().unwrap());
        // Its number has another process by now; or it lived before the machine was started anew.
        let (dead, before_boot) = (format!("{pid}:1:{boot}"), format!("{pid}:1:another"));
        for (process, since, is_taken) in [
            (&*alive, 0, false),
            (&*alive, 61, true),
            (&*dead, 0, true),
            (&*dead, 61, true),
            (&*before_boot, 0, true),
            ("", 0, false),
            ("of a newer version", 0, false),
            ("of a newer version", 61, true),
        ] {
            let state = tempfile::tempdir().unwrap();
            let mut theirs = held(state.path(), process, since);
            assert_eq!(is_held(state.path()), process == alive);
            match Grip::of(state.path(), "{\"who\":\"lee\"}") {
                Ok(mut ours) => {
                    assert!(is_taken, "{process} {since}");
                    assert!(matches!(theirs.renew(now(), BEYOND).unwrap(), Renewal::Lost(Some(_))));
                    assert_eq!(ours.renew(Duration::ZERO), Ok(()));
                    ours.release().unwrap();
                    assert!(!state.path().join("lock").exists() && !is_held(state.path()));
                }
                Err(trouble) => {
                    assert_eq!(trouble, Trouble::Held("kim".to_owned()));
                    assert!(!is_taken, "{process} {since}");
                    assert_eq!(theirs.renew(now(), BEYOND).unwrap(), Renewal::Renewed);
                }
            }
        }
    }

    #[test]
    fn whoever_lost_it_is_told_and_whoever_cannot_write_still_has_it() {
        let state = tempfile::tempdir().unwrap();
        let mut ours = Grip::of(state.path(), &serde_json::json!({ "process": own_mark() }).to_string()).unwrap();
        let guard = state.path().join("lock.guard");
        std::fs::rename(&guard, state.path().join("aside")).unwrap();
        std::fs::create_dir(&guard).unwrap();
        assert_eq!(ours.renew(Duration::ZERO), Ok(()), "it cannot be written, and nobody took it");
        assert!(ours.release().is_err() && is_held(state.path()), "nor let go of");
        std::fs::remove_dir(&guard).unwrap();
        // Later than it ran out.
        let at = now().plus(3_600_000);
        assert!(matches!(lease::take(&state.path().join("lock"), b"{}", at, BEYOND).unwrap(), Take::Taken { .. }));
        assert_eq!(ours.renew(Duration::ZERO), Err(Lost));
        ours.release().unwrap();
        assert!(state.path().join("lock").exists(), "it is somebody else's");
    }
}
