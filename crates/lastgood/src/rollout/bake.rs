//! Real traffic after the switch, for a while: services stay well, the user's own requests go on to succeed, and `why`, asked in the
//! end, knows of no incident that began with the switch and that a service of this release is to blame for.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lastgood_model::{Incident, UnixMs};
use lastgood_world::now;

use super::doer::{Hands, Trouble, looked_at};
use super::gate::state_of;
use crate::cli::question::QuestionArgs;
use crate::investigation::Progress;
use crate::pipeline;
use crate::settings::Settings;

const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The user's own requests are put so often.
const SMOKE_AGAIN: Duration = Duration::from_secs(10);

/// Nobody watches it read.
struct Unseen;

impl Progress for Unseen {
    fn ahead(&self, _bytes: u64) {}
    fn read(&self, _bytes: u64) {}
}

impl Hands<'_> {
    /// Watches for as long as the user wants.
    pub(super) fn bake(&self) -> Result<(), Trouble> {
        let release = self.release(&self.target)?;
        let (begun, since) = (Instant::now(), now());
        let mut smoked = begun;
        let mut restarts = Vec::new();
        let mut looked = looked_at(release, &self.live, &self.live, false);
        loop {
            looked.again();
            let stays = self.changing.iter().filter(|service| release.service(service).is_some());
            let now_restarted =
                stays.map(|service| state_of(&looked.stack, release, service)).collect::<Result<Vec<_>, _>>()?;
            if restarts.is_empty() {
                restarts.clone_from(&now_restarted);
            }
            if restarts != now_restarted {
                return Err(Trouble::Restarted(None));
            }
            if smoked.elapsed() >= SMOKE_AGAIN {
                self.smoke(None)?;
                smoked = Instant::now();
            }
            if begun.elapsed() >= self.manner.bake.0 {
                return self.incident(since);
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// What `why` says of this machine, if it began since then and one of these services is to blame.
    fn incident(&self, since: UnixMs) -> Result<(), Trouble> {
        let question = QuestionArgs::default().understand(&Settings::default());
        let other = |why: String| Trouble::Other(why);
        // Called where the project lies: `looked_at` has seen to that.
        let question = question.map_err(|complaint| other(format!("{complaint:?}")))?;
        let found = pipeline::investigate(&question, &Unseen).map_err(|error| other(error.to_string()))?;
        let is_ours = |name: &str| self.changing.iter().any(|service| **service == *name);
        let worse = |incident: &&Incident| {
            let began = incident.onset.first_bad.as_ref().is_some_and(|bad| bad.at >= since);
            let blamed = incident.causes.first().is_some_and(|cause| is_ours(&cause.component));
            let of_slice = incident.scope.upstream.as_deref().is_some_and(is_ours);
            began && incident.onset.recovered.is_none() && (blamed || of_slice)
        };
        match found.verdict.incidents.iter().find(worse) {
            Some(incident) => {
                let who = incident.causes.first().map_or_else(|| Arc::from("?"), |cause| Arc::clone(&cause.component));
                Err(Trouble::Bake(who, incident.impact.failed, incident.impact.requests))
            }
            None => Ok(()),
        }
    }
}
