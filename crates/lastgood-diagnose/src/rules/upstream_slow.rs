//! `application/timeout-slow`: the upstream is there and does not answer in time. Not what it waits for.

use lastgood_model::{CauseCode, ProxyErrorKind, Weight};

use super::{Hypothesis, Rule, upstream};
use crate::scene::Scene;
use crate::slowed::slowed_before;

/// The upstream takes too long.
pub struct UpstreamSlow;

impl Rule for UpstreamSlow {
    fn code(&self) -> CauseCode {
        CauseCode::TimeoutSlow
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        const KINDS: &[ProxyErrorKind] = &[ProxyErrorKind::AnswerTimeout, ProxyErrorKind::SocketFull];
        let mut slow = upstream::from_errors(scene, self.code(), KINDS, Weight::Strong)?;
        if let Some((claim, mark)) = slowed_before(&scene.finding.look.samples, scene.finding.first_bad.at) {
            slow.evidence.push(scene.evidence(claim.clone(), mark, Weight::Moderate));
            let place = usize::from(slow.chain.len() > 2);
            slow.chain.insert(place, scene.link(claim, mark));
        }
        Some(slow)
    }
}
