//! `startup/build-missing` as the proxy sees it: the folder that it serves has no start page any more, so that it refuses to show
//! the folder (403). Mistaken for permissions.

use std::sync::Arc;

use lastgood_model::{CauseCode, ProxyErrorKind, Weight};

use super::{Hypothesis, Rule, turn};
use crate::passed::Passed;
use crate::scene::Scene;

/// Pages without a first one.
pub struct NoStartPage;

impl Rule for NoStartPage {
    fn code(&self) -> CauseCode {
        CauseCode::BuildMissing
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let errors = scene.errors_of(&[ProxyErrorKind::NoIndex])?;
        if errors.count * 2 < scene.finding.toll.failed {
            return None;
        }
        let passed = Passed::of(scene);
        let writer = scene.writer(errors.first.1).or_else(|| passed.as_ref().map(|it| Arc::clone(&it.component)));
        let component = writer.unwrap_or_else(|| Arc::from("nginx"));
        let mut hypothesis = turn::refused(scene, self.code(), component, &[403, 404])?;
        hypothesis.evidence.push(scene.evidence(errors.claim(), errors.first, Weight::Decisive));
        hypothesis.chain.insert(0, scene.link(errors.claim(), errors.first));
        if let Some(link) = turn::proxy_changed(scene, passed.map(|passed| passed.proxy)) {
            hypothesis.set_off_by(link, Weight::Weak);
        }
        Some(hypothesis)
    }
}
