//! `proxy/wrong-host-header` by the proxy's own files: the application refuses (400) what it answered, and
//! nothing in that configuration passes on the host that users asked for. Mistaken for an application that is broken.

use std::sync::Arc;

use lastgood_model::{CauseCode, Claim, Evidence, TurnClaim, Weight};

use super::{Hypothesis, Rule, turn};
use crate::passed::Passed;
use crate::scene::Scene;

/// A proxy that tells another host.
pub struct HostNotPassed;

impl Rule for HostNotPassed {
    fn code(&self) -> CauseCode {
        CauseCode::WrongHostHeader
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let passed = Passed::of(scene)?;
        let pass = passed.pass.filter(|pass| !pass.tells_host)?;
        let changed = turn::proxy_changed(scene, Some(passed.proxy));
        let mut hypothesis = turn::refused(scene, self.code(), Arc::clone(&passed.component), &[400])?;
        let claim = Claim::Turn(TurnClaim::HostNotPassed { told: Arc::clone(&pass.host) });
        hypothesis.evidence.push(Evidence { claim, reference: pass.at.clone(), weight: Weight::Strong });
        if let Some(link) = changed {
            hypothesis.set_off_by(link, Weight::Moderate);
        }
        Some(hypothesis)
    }
}
