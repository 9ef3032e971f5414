//! The ledger's records as JSON, `lastgood.ledger/1`, one file for the shape of all of them: what a rollout is going to do, each act's
//! beginning and end, and what became of it.

use std::sync::Arc;
use std::time::Duration;

use lastgood_model::UnixMs;
use lastgood_model::rollout::{Ending, Outcome, Phase, Plan, ReleaseId, Step};
use lastgood_rollout::history::{self, step};
use lastgood_rollout::{Intent, Of, Record};
use serde::{Deserialize, Serialize};

use super::act::{action, named};
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
        /// Services of the one that it assumes that are not well.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unwell: Vec<String>,
        /// Its steps, in order: whoever takes it up does these, whatever a plan of that version would be.
        steps: Vec<WrittenStep>,
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
    /// How long a service gave no answer where its users come in.
    Measured {
        /// Which.
        service: String,
        /// In milliseconds.
        down_ms: u64,
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

/// A step, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenStep {
    act: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<String>,
    /// `before`, `switch` or `after`.
    phase: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    one_way: bool,
    /// How long it may take, in milliseconds.
    ms: u64,
}

const PHASES: [(Phase, &str); 3] = [(Phase::Before, "before"), (Phase::Switch, "switch"), (Phase::After, "after")];
const ENDINGS: [(Ending, &str); 3] =
    [(Ending::Done, "done"), (Ending::Failed, "failed"), (Ending::TimedOut, "timed-out")];

fn name<T: PartialEq>(value: T, names: &[(T, &'static str)]) -> &'static str {
    names.iter().find(|(other, _)| *other == value).map_or("", |(_, name)| name)
}

fn named_so<T: Copy>(name: &str, names: &[(T, &'static str)]) -> Option<T> {
    names.iter().find(|(_, other)| *other == name).map(|(value, _)| *value)
}

impl From<&Step> for WrittenStep {
    fn from(step: &Step) -> Self {
        Self {
            act: named(&step.action),
            undo: step.undo.as_ref().map(named),
            phase: name(step.phase, &PHASES).to_owned(),
            one_way: step.one_way,
            ms: step.timeout_ms,
        }
    }
}

impl WrittenStep {
    /// The step; `None`: a newer version wrote it.
    #[must_use]
    pub fn understood(&self) -> Option<Step> {
        let phase = named_so(&self.phase, &PHASES)?;
        let undo = match &self.undo {
            Some(undo) => Some(action(undo)?),
            None => None,
        };
        Some(Step { action: action(&self.act)?, undo, phase, one_way: self.one_way, timeout_ms: self.ms })
    }
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
                ending: name(*ending, &ENDINGS).to_owned(),
                why: why.map(str::to_owned),
            },
            Record::Finished(outcome) => What::Finished { outcome: outcome.name().to_owned() },
        };
        Self { at: at.0, rollout, what }
    }

    /// A line for a plan, of whose parent these services are not well.
    #[must_use]
    pub fn planned(
        (plan, intent, unwell): (&Plan, &Intent, &[Arc<str>]),
        release: Written,
        who: &str,
        rollout: u64,
        at: UnixMs,
    ) -> Self {
        let services = intent.services.iter();
        let services = services.map(|service| Service { name: service.name.to_string(), gone: service.gone }).collect();
        let parent = plan.parent.as_ref().map(|id| id.0.to_string());
        let unwell = unwell.iter().map(ToString::to_string).collect();
        let steps = plan.steps.iter().map(WrittenStep::from).collect();
        Self {
            at: at.0,
            rollout,
            what: What::Planned { who: who.to_owned(), release, parent, services, unwell, steps },
        }
    }

    /// What it tells; `None`: a newer version wrote it.
    #[must_use]
    pub fn understood(self) -> Option<history::Line> {
        let what = match self.what {
            What::Found { release } => history::What::Found(release.understood()?),
            What::Planned { who, release, parent, services, unwell, steps } => history::What::Planned {
                who,
                release: release.understood()?,
                parent: parent.map(|id| ReleaseId(id.into())),
                services: services.into_iter().map(|service| (service.name.into(), service.gone)).collect(),
                unwell: unwell.into_iter().map(Arc::from).collect(),
                steps: steps.iter().map(WrittenStep::understood).collect::<Option<_>>()?,
            },
            What::Begun { act, step, undo } => {
                action(&act)?;
                history::What::Begun { step, undo }
            }
            What::Ended { act, ending, why, .. } => {
                history::What::Ended { act: action(&act)?, done: named_so(&ending, &ENDINGS)? == Ending::Done, why }
            }
            What::Measured { service, down_ms } => history::What::Measured { service: service.into(), down_ms },
            What::Finished { outcome: name } => history::What::Finished(outcome(&name)?),
        };
        Some(history::Line { at: UnixMs(self.at), rollout: self.rollout, what })
    }
}

/// A span in milliseconds.
#[must_use]
pub fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The outcome of that name.
fn outcome(name: &str) -> Option<Outcome> {
    const ALL: [Outcome; 6] =
        [Outcome::Good, Outcome::Refused, Outcome::RolledBack, Outcome::Down, Outcome::Stopped, Outcome::UndoFailed];
    ALL.into_iter().find(|outcome| outcome.name() == name)
}
