//! Who asks for what and when: a Poisson process with a daily swing.
//! Answers are not decided here; every hit leaves with status 0.

use super::setting::{NEIGHBOUR_SHARE, Setting};
use crate::sample::{chance, exponential};
use fastrand::Rng;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A route of the application, by index into the setting.
    App(u8),
    /// A file that nginx serves itself.
    File(u8),
    /// A path that a scanner made up.
    Scan,
    /// A file of the neighbouring vhost.
    Neighbour(u8),
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub at_ms: i64,
    pub what: What,
    pub client: u32,
    pub agent: u8,
    pub status: u16,
    /// The first backend refused and the second answered.
    pub retried: bool,
}

/// Every request of the setting, in order of time.
pub(super) fn arrivals(setting: &Setting, rng: &mut Rng) -> Vec<Hit> {
    let mut hits = Vec::new();
    stream(setting, 1.0, rng, |at_ms, rng| {
        let what = if chance(rng, setting.static_share) {
            What::File(rng.u8(..setting.files.len() as u8))
        } else {
            What::App(setting.app_choice.pick(rng) as u8)
        };
        hits.push(hit(setting, at_ms, what, rng));
    });
    if setting.neighbour {
        stream(setting, NEIGHBOUR_SHARE, rng, |at_ms, rng| {
            let what = What::Neighbour(rng.u8(..setting.files.len() as u8));
            hits.push(hit(setting, at_ms, what, rng));
        });
    }
    hits.sort_by_key(|hit| hit.at_ms);
    hits
}

pub(super) fn hit(setting: &Setting, at_ms: i64, what: What, rng: &mut Rng) -> Hit {
    Hit {
        at_ms,
        what,
        client: setting.client_choice.pick(rng) as u32,
        agent: setting.agent_choice.pick(rng) as u8,
        status: 0,
        retried: false,
    }
}

/// A Poisson process by thinning: candidates at the highest rate, kept in proportion.
fn stream(setting: &Setting, share: f64, rng: &mut Rng, mut emit: impl FnMut(i64, &mut Rng)) {
    let ceiling = share * setting.rate / 1_000.0 * (1.0 + setting.swing);
    let mut at = setting.start_ms as f64;
    loop {
        at += exponential(rng, 1.0 / ceiling);
        let at_ms = at as i64;
        if at_ms >= setting.end_ms {
            return;
        }
        if chance(rng, share * setting.intensity(at_ms) / ceiling) {
            emit(at_ms, rng);
        }
    }
}
