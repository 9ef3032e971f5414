//! A rollout that goes on, as status and history tell programs of it. People are told in `words/under_way.rs`.

use lastgood_model::rollout::UnderWay;
use serde::Serialize;

use super::clock::Clock;
use crate::rollout::act::named;

/// What goes on.
#[derive(Serialize)]
pub(super) struct UnderWayShape {
    /// In its ledger.
    number: u64,
    /// Who asked for it; `null` if they did not say.
    who: Option<String>,
    since: String,
    release: String,
    /// Services that it changes.
    services: Vec<String>,
    /// The act that began last, as the ledger calls it; `null`: none yet, or it only looks, or tidies up.
    act: Option<String>,
    /// It is on its way back.
    back: bool,
}

impl UnderWayShape {
    pub(super) fn of(rollout: &UnderWay, clock: Clock) -> Self {
        Self {
            number: rollout.number,
            who: (!rollout.who.is_empty()).then(|| rollout.who.to_string()),
            since: clock.rfc3339(rollout.since),
            release: rollout.release.0.to_string(),
            services: rollout.services.iter().map(ToString::to_string).collect(),
            act: rollout.act.as_ref().map(named),
            back: rollout.back,
        }
    }
}
