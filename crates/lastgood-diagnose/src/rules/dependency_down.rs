//! `process/dependency-down`: a database or cache stopped or crashed when it turned bad, as its own log says. Not why.
//! Where the application itself could not be reached, that is the nearer cause.

use std::sync::Arc;

use lastgood_model::probe_claim::Asked;
use lastgood_model::{CauseCode, Claim, ProbeOutcome, Span, UnixMs, Weight};

use super::unit_failed::HUNG_UP;
use super::{Depth, Hypothesis, Rule};
use crate::faults::crash;
use crate::scene::Scene;

/// A dependency that went down.
pub struct DependencyDown;

/// From its end to the onset at most.
const AROUND_MS: i64 = 60_000;
/// Between its start and the recovery at most.
const RETURN_MS: i64 = 120_000;

impl Rule for DependencyDown {
    fn code(&self) -> CauseCode {
        CauseCode::DependencyDown
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let around = Span::new(scene.onset.from().plus(-AROUND_MS), scene.onset.to().plus(AROUND_MS));
        let stop = scene.host.dependencies.iter().find(|stop| around.contains(stop.down.0))?;
        let who = || scene.writer(stop.down.1).unwrap_or_else(|| Arc::clone(&stop.who));
        // Nobody stopped what ends with an error again and again: why it does is told with its state.
        if scene.stack.is_some_and(|stack| crash::ends(stack, &who())) {
            return None;
        }
        let claim = Claim::DependencyStopped { who: who(), clean: stop.clean };
        let back = scene.host.dependencies.iter().filter(|other| other.who == stop.who);
        let back = back.filter_map(|other| other.up).find(|up| up.0 >= stop.down.0);
        let mut evidence = vec![scene.evidence(claim.clone(), stop.down, Weight::Moderate)];
        let mut against = Vec::new();
        let returned =
            |up: UnixMs| scene.finding.recovered.is_some_and(|hit| (-5_000..=RETURN_MS).contains(&hit.at.since(up)));
        match back {
            Some(up) if returned(up.0) => {
                evidence.push(scene.evidence(Claim::DependencyReturned { who: who() }, up, Weight::Strong));
            }
            Some(up) if scene.bad.to().since(up.0) > RETURN_MS => {
                against.push(scene.evidence(Claim::FailedAfterReturn { unit: who() }, up, Weight::Strong));
            }
            Some(_) => {}
            // It is back, and says itself that it is not ready: that says more.
            None if is_starting(scene, &who()) => return None,
            // Down as long as requests fail.
            None => evidence.push(scene.evidence(Claim::DependencyStillDown { who: who() }, stop.down, Weight::Strong)),
        }
        if let Some(errors) = scene.errors_from_onset(HUNG_UP) {
            against.push(scene.evidence(errors.claim(), errors.first, Weight::Moderate));
        }
        Some(Hypothesis {
            code: self.code(),
            component: who(),
            evidence,
            against,
            chain: vec![scene.link(claim, stop.down), scene.symptom()],
            depth: Depth::Origin,
        })
    }
}

/// Whether a server answered whoever asked it that it is still starting.
fn is_starting(scene: &Scene<'_>, who: &Arc<str>) -> bool {
    let mut probes = scene.stack.into_iter().flat_map(|stack| &stack.stack.probes);
    probes.any(|probed| probed.answer.outcome == ProbeOutcome::Starting && Asked::of(&probed.question).peer() == who)
}
