//! The ledger's records as JSON, `lastgood.ledger/1`, one file for the shape of all of them: what a rollout is going to do, each act's
//! beginning and end, and what became of it.

use std::sync::Arc;

use lastgood_model::UnixMs;
use lastgood_model::rollout::{Action, Ending, Outcome, Plan, Recipient, ReleaseId};
use lastgood_rollout::{Act, Intent, Of, Record};
use serde::{Deserialize, Serialize};

use super::release::Written;

/// A record, as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Which rollout: a number of this ledger.
    pub rollout: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum What {
    /// A release that ran when nobody had deployed one yet, as it was found.
    Found {
        /// The release.
        release: Written,
    },
    /// A rollout is planned.
    Planned {
        /// Who asked for it.
        who: String,
        /// The release that it brings.
        release: Written,
        /// The one that it assumes.
        parent: Option<String>,
        /// Services that change, in order.
        services: Vec<Service>,
        /// Its steps, in words of programs.
        steps: Vec<String>,
    },
    /// An act begins.
    Begun {
        /// Which.
        act: String,
        /// The step that it is, where it is one.
        step: Option<usize>,
        /// Whether it takes something back.
        undo: bool,
    },
    /// It ended.
    Ended {
        /// Which.
        act: String,
        /// The step that it is, where it is one.
        step: Option<usize>,
        /// `done`, `failed` or `timed-out`.
        ending: String,
        /// Why it failed, if it did, without secrets.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// What became of it.
    Finished {
        /// `good`, `refused`, `rolled-back`, `down`, `stopped`, `undo-failed`.
        outcome: String,
    },
}

/// A service that a plan changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Whether it is declared no more.
    pub gone: bool,
}

impl Line {
    /// A line for a record of the machine.
    #[must_use]
    pub fn of(record: &Record, rollout: u64, at: UnixMs, why: Option<&str>) -> Self {
        let what = match record {
            Record::Begun(act) => {
                What::Begun { act: named(&act.action), step: step(act), undo: matches!(act.of, Of::Undo(_)) }
            }
            Record::Ended(act, ending) => What::Ended {
                act: named(&act.action),
                step: step(act),
                ending: match ending {
                    Ending::Done => "done",
                    Ending::Failed => "failed",
                    Ending::TimedOut => "timed-out",
                }
                .to_owned(),
                why: why.map(str::to_owned),
            },
            Record::Finished(outcome) => What::Finished { outcome: outcome.name().to_owned() },
        };
        Self { at: at.0, rollout, what }
    }

    /// A line for a plan.
    #[must_use]
    pub fn planned(plan: &Plan, intent: &Intent, release: Written, who: &str, rollout: u64, at: UnixMs) -> Self {
        let services = intent.services.iter();
        let services = services.map(|service| Service { name: service.name.to_string(), gone: service.gone }).collect();
        let parent = plan.parent.as_ref().map(|id| id.0.to_string());
        let steps = plan.steps.iter().map(|step| named(&step.action)).collect();
        Self { at: at.0, rollout, what: What::Planned { who: who.to_owned(), release, parent, services, steps } }
    }
}

fn step(act: &Act) -> Option<usize> {
    match act.of {
        Of::Step(step) | Of::Undo(step) => Some(step),
        Of::Look | Of::Close => None,
    }
}

/// An action, as the ledger calls it: `switch backend 3f2a…`.
#[must_use]
pub fn named(action: &Action) -> String {
    let id = |release: &Option<ReleaseId>| release.as_ref().map_or_else(|| "nothing".to_owned(), |id| id.0.to_string());
    let with = |verb: &str, service: &Arc<str>| format!("{verb} {service}");
    match action {
        Action::TakeLease => "take-lease".to_owned(),
        Action::Keep => "keep".to_owned(),
        Action::Load { service } => with("load", service),
        Action::Ask { service } => with("ask", service),
        Action::StartCandidate { service } => with("start-candidate", service),
        Action::GateCandidate { service } => with("gate-candidate", service),
        Action::DropCandidate { service } => with("drop-candidate", service),
        Action::Migrate => "migrate".to_owned(),
        Action::MigrateBack => "migrate-back".to_owned(),
        Action::Arm => "arm".to_owned(),
        Action::Disarm => "disarm".to_owned(),
        Action::Place { release } => format!("place {}", id(release)),
        Action::Switch { service, release } => format!("switch {service} {}", id(release)),
        Action::Gate { service, release } => format!("gate {service} {}", release.0),
        Action::Route { service, to: Recipient::Service } => with("route-home", service),
        Action::Route { service, to: Recipient::Candidate } => with("route-to-candidate", service),
        Action::Smoke => "smoke".to_owned(),
        Action::Bake => "bake".to_owned(),
        Action::Verify { release } => format!("verify {}", id(release)),
        Action::Confirm => "confirm".to_owned(),
        Action::Prune => "prune".to_owned(),
        Action::DropLease => "drop-lease".to_owned(),
    }
}

/// The outcome of that name.
#[must_use]
pub fn outcome(name: &str) -> Option<Outcome> {
    const ALL: [Outcome; 6] =
        [Outcome::Good, Outcome::Refused, Outcome::RolledBack, Outcome::Down, Outcome::Stopped, Outcome::UndoFailed];
    ALL.into_iter().find(|outcome| outcome.name() == name)
}
