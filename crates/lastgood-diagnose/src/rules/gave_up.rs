//! `application/timeout-slow` by users who give up: on a route that was answered, nearly all leave before there is an answer.
//! Mistaken for clients with a bad connection: those leave everywhere.

use lastgood_model::{CauseCode, Claim, TurnClaim, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::lens::Lens;
use crate::passed::Passed;
use crate::scene::Scene;
use crate::slowed::slowed_before;
use crate::turned::{answered, waited};

/// Nobody waits so long.
pub struct GaveUp;

impl Rule for GaveUp {
    fn code(&self) -> CauseCode {
        CauseCode::TimeoutSlow
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let finding = scene.finding;
        if finding.look.lens() != Lens::Departures {
            return None;
        }
        let (left, of) = (finding.toll.failed, finding.toll.requests);
        let times = waited(finding);
        let waited_ms = times.filter(|(_, agree)| *agree).map(|(waited, _)| waited);
        let claim = Claim::Turn(TurnClaim::GaveUp { left, of, answered: answered(finding), waited_ms });
        let mark = (finding.first_bad.at, finding.first_bad.line);
        // Who leave after all sorts of times may leave for all sorts of reasons.
        let weight = if times.is_none_or(|(_, agree)| agree) { Weight::Strong } else { Weight::Moderate };
        let mut evidence = vec![scene.evidence(claim, mark, weight)];
        if let Some((claim, mark)) = slowed_before(&finding.look.samples, finding.first_bad.at) {
            evidence.push(scene.evidence(claim, mark, Weight::Moderate));
        }
        let behind = scene.stack.and_then(|stack| Passed::of(scene)?.asked(stack));
        let component = behind.unwrap_or_else(|| scene.component());
        let chain = vec![scene.symptom()];
        Some(Hypothesis { code: self.code(), component, evidence, against: Vec::new(), chain, depth: Depth::Symptom })
    }
}
