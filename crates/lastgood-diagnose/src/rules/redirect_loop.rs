//! `proxy/redirect-loop`: whoever asks is sent on, and comes back to the same place, again and again. The usual reason is an application
//! that wants TLS and is not told that there is some: the proxy's own files show whether it is. Mistaken for a trouble of cookies.

use std::sync::Arc;

use lastgood_model::{CauseCode, Claim, Evidence, TurnClaim, Weight};

use super::{Depth, Hypothesis, Rule, turn};
use crate::lens::Lens;
use crate::passed::Passed;
use crate::scene::Scene;
use crate::turned::answered;

/// Somebody is sent round.
pub struct RedirectLoop;

impl Rule for RedirectLoop {
    fn code(&self) -> CauseCode {
        CauseCode::RedirectLoop
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        if scene.finding.look.lens() != Lens::Rounds {
            return None;
        }
        let passed = Passed::of(scene);
        let (finding, first) = (scene.finding, scene.finding.first_bad);
        let status = scene.scope.statuses.first().copied()?;
        let claim = TurnClaim::SentRound {
            status,
            sent: finding.toll.failed,
            of: finding.toll.requests,
            answered: answered(finding),
        };
        let untold = passed.as_ref().and_then(|passed| passed.pass).filter(|pass| !pass.tells_scheme);
        let component = match &passed {
            // It passes on what the application needs, which sends on all the same.
            Some(passed) if untold.is_none() => {
                scene.stack.and_then(|stack| passed.asked(stack)).unwrap_or_else(|| Arc::clone(&passed.component))
            }
            Some(passed) => Arc::clone(&passed.component),
            None => scene.component(),
        };
        let mut hypothesis = Hypothesis {
            code: self.code(),
            component,
            evidence: vec![scene.evidence(Claim::Turn(claim), (first.at, first.line), Weight::Strong)],
            against: Vec::new(),
            chain: vec![scene.symptom()],
            depth: Depth::Origin,
        };
        if let Some(pass) = untold {
            let claim = Claim::Turn(TurnClaim::SchemeNotPassed { told: Arc::clone(&pass.host) });
            hypothesis.evidence.push(Evidence { claim, reference: pass.at.clone(), weight: Weight::Strong });
        }
        if let Some(link) = turn::proxy_changed(scene, passed.as_ref().map(|passed| passed.proxy)) {
            hypothesis.set_off_by(link, Weight::Moderate);
        }
        Some(hypothesis)
    }
}
