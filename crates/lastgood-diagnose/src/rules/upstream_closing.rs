//! `network/connection-closed`: the upstream takes the request and hangs up. Not why it does.

use lastgood_model::{CauseCode, ProxyErrorKind, Weight};

use super::{Hypothesis, Rule, upstream};
use crate::scene::Scene;

/// The upstream closes or resets connections before it has answered.
pub struct UpstreamClosing;

impl Rule for UpstreamClosing {
    fn code(&self) -> CauseCode {
        CauseCode::ConnectionClosed
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        const KINDS: &[ProxyErrorKind] = &[ProxyErrorKind::ClosedEarly, ProxyErrorKind::Reset];
        upstream::from_errors(scene, self.code(), KINDS, Weight::Strong)
    }
}
