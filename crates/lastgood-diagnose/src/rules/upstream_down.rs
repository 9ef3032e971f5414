//! `process/process-down` as the proxy sees it: nothing listens at the upstream's address. Not why it stopped.

use lastgood_model::{CauseCode, ProxyErrorKind, Span, Weight};

use super::{Hypothesis, Rule, upstream};
use crate::decide::LOG_SKEW_MS;
use crate::scene::{Errors, Scene};

/// The upstream refuses, or its socket is gone.
pub struct UpstreamDown;

impl Rule for UpstreamDown {
    fn code(&self) -> CauseCode {
        CauseCode::ProcessDown
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        const KINDS: &[ProxyErrorKind] =
            &[ProxyErrorKind::ConnectRefused, ProxyErrorKind::SocketMissing, ProxyErrorKind::NoLiveUpstreams];
        let errors = scene.errors_of(KINDS)?;
        upstream::from_errors(scene, self.code(), KINDS, Weight::Decisive).filter(|_| is_meanwhile(scene, &errors))
    }
}

/// Whether most failures came while such errors were logged. Those of a restart are over soon, and tell nothing of what failed after it.
fn is_meanwhile(scene: &Scene<'_>, errors: &Errors) -> bool {
    let meanwhile = Span::new(errors.first.0.plus(-LOG_SKEW_MS), errors.last.plus(LOG_SKEW_MS));
    let failed = || scene.finding.look.samples.iter().filter(|sample| sample.visitor.is_some());
    let failed = || failed().filter(|sample| scene.finding.selection.holds(sample.hit.slice));
    failed().filter(|sample| meanwhile.contains(sample.hit.at)).count() * 2 >= failed().count()
}
