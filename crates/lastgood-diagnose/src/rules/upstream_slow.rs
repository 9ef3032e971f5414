//! `application/timeout-slow`: the upstream is there and does not answer in time. Not what it waits for.

use lastgood_model::{CauseCode, ProxyErrorKind, Weight};

use super::{Hypothesis, Rule, upstream};
use crate::scene::Scene;

/// The upstream takes too long.
pub struct UpstreamSlow;

impl Rule for UpstreamSlow {
    fn code(&self) -> CauseCode {
        CauseCode::TimeoutSlow
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        const KINDS: &[ProxyErrorKind] = &[ProxyErrorKind::AnswerTimeout, ProxyErrorKind::SocketFull];
        upstream::from_errors(scene, self.code(), KINDS, Weight::Strong)
    }
}
