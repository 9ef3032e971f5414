//! `process/process-down` as the proxy sees it: nothing listens at the upstream's address. Not why it stopped.

use lastgood_model::{CauseCode, ProxyErrorKind, Weight};

use super::{Hypothesis, Rule, upstream};
use crate::scene::Scene;

/// The upstream refuses, or its socket is gone.
pub struct UpstreamDown;

impl Rule for UpstreamDown {
    fn code(&self) -> CauseCode {
        CauseCode::ProcessDown
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        const KINDS: &[ProxyErrorKind] =
            &[ProxyErrorKind::ConnectRefused, ProxyErrorKind::SocketMissing, ProxyErrorKind::NoLiveUpstreams];
        upstream::from_errors(scene, self.code(), KINDS, Weight::Decisive)
    }
}
