//! Onset scenarios: a log set with one known story each, and the truth about it.
//! It draws the story and hands it to its parts; it knows nothing of the tool that is measured.

mod fault;
mod kind;
mod plan;
mod render;
mod setting;
mod traffic;
mod truth;

pub use kind::Kind;
pub use truth::{IncidentTruth, SliceFile, SliceTruth, Truth};

use anyhow::{Result, bail};
use fastrand::Rng;

/// A generated set and what is true of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Relative path and content of each file.
    pub files: Vec<(String, Vec<u8>)>,
    /// What happened.
    pub truth: Truth,
}

/// The story of `kind` that `seed` tells. Equal arguments give equal bytes.
pub fn generate(kind: Kind, seed: u64) -> Result<Scenario> {
    // A draw may not have room for its story (too few requests before the onset); then the next
    // draw of the same seed is taken, so that no seed is lost and none is chosen by hand.
    for attempt in 0..200 {
        let mut rng = Rng::with_seed(mix(seed, kind as u64, attempt));
        let setting = setting::Setting::draw(kind, &mut rng);
        let mut hits = traffic::arrivals(&setting, &mut rng);
        let Some(plan) = plan::Plan::draw(kind, &setting, &mut hits, &mut rng) else {
            continue;
        };
        fault::decide(&plan, &setting, &mut hits, &mut rng);
        if !plan.holds(&hits) {
            continue;
        }
        return render::render(kind, seed, &setting, &plan, &hits, &mut rng);
    }
    bail!("no draw of seed {seed} has room for a {} story", kind.name())
}

/// Spreads seed, kind and attempt over the whole range (splitmix64's finisher).
fn mix(seed: u64, kind: u64, attempt: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(kind << 32).wrapping_add(attempt);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
