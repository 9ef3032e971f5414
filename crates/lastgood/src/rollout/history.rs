//! What became of rollouts, read from the ledger: in order, with their outcomes; which release is current; what was never finished.

use std::path::Path;
use std::sync::Arc;

use lastgood_model::UnixMs;
use lastgood_model::release::Release;
use lastgood_model::rollout::{Outcome, Plan, ReleaseId, Step};
use lastgood_world::state::{Entry, StateError, ledger};

use super::record::{Line, What, WrittenStep, outcome};

/// One rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its number.
    pub number: u64,
    /// When it was planned, or found.
    pub at: UnixMs,
    /// When the last thing of it was written.
    pub until: UnixMs,
    /// Who asked for it; empty for what was found.
    pub who: String,
    /// The release.
    pub release: Release,
    /// The one that it assumed.
    pub parent: Option<String>,
    /// Services that it was to change, and whether they were to go.
    pub services: Vec<(Arc<str>, bool)>,
    /// What was to be done; empty for what was found.
    pub steps: Vec<Step>,
    /// Steps that began, by their places.
    pub begun: Vec<usize>,
    /// Whether the ledger calls it good, though nothing more stands there.
    pub confirmed: bool,
    /// What became of it; `None`: whoever drove it died, or drives it still.
    pub outcome: Option<Outcome>,
    /// How long services gave no answer, in milliseconds.
    pub down: Vec<(Arc<str>, u64)>,
    /// The first failure: the act, and why.
    pub failure: Option<(String, Option<String>)>,
}

impl Past {
    /// Its plan.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let parent = self.parent.as_deref().map(|id| ReleaseId(Arc::from(id)));
        Plan { parent, target: self.release.id.clone(), steps: self.steps.clone() }
    }
}

/// All that a ledger tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// In order.
    pub rollouts: Vec<Past>,
    /// Lines that could not be read.
    pub damaged: usize,
    /// A newer lastgood wrote here: nothing may be added.
    pub newer: bool,
}

impl History {
    /// That of a folder of state.
    ///
    /// # Errors
    /// If the ledger is there and cannot be read.
    pub fn read(state: &Path) -> Result<Self, StateError> {
        let mut history = Self::default();
        for entry in ledger::read(&state.join("ledger.jsonl"))? {
            match entry {
                Entry::Record { payload, .. } => history.add(&payload),
                Entry::Damaged { .. } => history.damaged += 1,
                Entry::Newer { .. } => history.newer = true,
            }
        }
        Ok(history)
    }

    fn add(&mut self, payload: &[u8]) {
        let Ok(Line { at, rollout, what }) = serde_json::from_slice::<Line>(payload) else {
            self.newer = true;
            return;
        };
        let at = UnixMs(at);
        let (who, release, parent, services, steps, found) = match what {
            What::Found { release } => (String::new(), release, None, Vec::new(), Vec::new(), true),
            What::Planned { who, release, parent, services, steps } => (who, release, parent, services, steps, false),
            what => return self.go_on(rollout, at, what),
        };
        let steps: Option<Vec<Step>> = steps.iter().map(WrittenStep::understood).collect();
        let (Some(release), Some(steps)) = (release.understood(), steps) else {
            self.newer = true;
            return;
        };
        self.rollouts.push(Past {
            number: rollout,
            at,
            until: at,
            who,
            release,
            parent,
            services: services.into_iter().map(|service| (service.name.into(), service.gone)).collect(),
            steps,
            begun: Vec::new(),
            confirmed: found,
            outcome: found.then_some(Outcome::Good),
            down: Vec::new(),
            failure: None,
        });
    }

    fn go_on(&mut self, rollout: u64, at: UnixMs, what: What) {
        let Some(past) = self.rollouts.iter_mut().rev().find(|past| past.number == rollout) else { return };
        past.until = at;
        match what {
            What::Begun { step: Some(step), undo: false, .. } if !past.begun.contains(&step) => past.begun.push(step),
            // Whoever goes back after a confirmation was told that it could not be written.
            What::Begun { undo: true, .. } => past.confirmed = false,
            What::Ended { act, ending, .. } if ending == "done" => past.confirmed |= act == "confirm",
            What::Ended { act, why, .. } => {
                past.failure.get_or_insert((act, why));
            }
            What::Finished { outcome: name } => past.outcome = outcome(&name),
            What::Measured { service, down_ms } => past.down.push((service.into(), down_ms)),
            What::Begun { .. } | What::Found { .. } | What::Planned { .. } => {}
        }
    }

    /// The release that serves, as far as the ledger knows: the last good one.
    #[must_use]
    pub fn current(&self) -> Option<&Release> {
        self.good().next()
    }

    /// The last good release that was deployed, and not only found.
    #[must_use]
    pub fn deployed(&self) -> Option<&Release> {
        let mut good = self.rollouts.iter().rev().filter(|past| past.outcome == Some(Outcome::Good));
        good.find(|past| !past.who.is_empty()).map(|past| &past.release)
    }

    /// Good releases, the last one first; each once.
    pub fn good(&self) -> impl Iterator<Item = &Release> {
        let mut seen: Vec<&str> = Vec::new();
        self.rollouts.iter().rev().filter(|past| past.outcome == Some(Outcome::Good)).filter_map(move |past| {
            let new = !seen.contains(&&*past.release.id.0);
            seen.push(&past.release.id.0);
            new.then_some(&past.release)
        })
    }

    /// How long a service gave no answer when it was made anew last, in milliseconds.
    #[must_use]
    pub fn down(&self, service: &str) -> Option<u64> {
        let all = self.rollouts.iter().rev().flat_map(|past| &past.down);
        all.into_iter().find(|(name, _)| &**name == service).map(|(_, down)| *down)
    }

    /// A release that was deployed, or found, at some time.
    #[must_use]
    pub fn release(&self, id: &str) -> Option<&Release> {
        self.rollouts.iter().map(|past| &past.release).find(|release| *release.id.0 == *id)
    }

    /// The rollout that was never finished, if there is one.
    #[must_use]
    pub fn open(&self) -> Option<&Past> {
        self.rollouts.iter().rev().find(|past| past.outcome.is_none())
    }

    /// The number of the next one.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.rollouts.iter().map(|past| past.number).max().unwrap_or(0) + 1
    }
}
