//! `storage/disk-full`: somebody on the host could not write when it turned bad. Not what filled the disk.

use std::sync::Arc;

use lastgood_model::{CauseCode, Claim, ProxyErrorKind, Span, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::scene::Scene;

/// A file system without room.
pub struct DiskFull;

/// A full disk shows itself within minutes of the first failure.
const AROUND_MS: i64 = 300_000;

impl Rule for DiskFull {
    fn code(&self) -> CauseCode {
        CauseCode::DiskFull
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let around = Span::new(scene.onset.from().plus(-AROUND_MS), scene.onset.to().plus(AROUND_MS));
        let mut evidence = Vec::new();
        let mut chain = Vec::new();
        if let Some((mark, unit)) = scene.host.full.iter().find(|((at, _), _)| around.contains(*at)) {
            let claim = Claim::NoSpace { who: Arc::clone(unit) };
            evidence.push(scene.evidence(claim.clone(), *mark, Weight::Decisive));
            chain.push(scene.link(claim, *mark));
        }
        if let Some(errors) = scene.errors_of(&[ProxyErrorKind::NoSpace]) {
            // The proxy also complains when it merely cannot buffer one large answer; then most requests are fine.
            let many = errors.count * 2 >= scene.finding.toll.failed.max(1);
            let weight = if many { Weight::Decisive } else { Weight::Moderate };
            evidence.push(scene.evidence(errors.claim(), errors.first, weight));
            chain.push(scene.link(errors.claim(), errors.first));
        }
        if evidence.is_empty() {
            return None;
        }
        chain.push(scene.symptom());
        Some(Hypothesis {
            code: self.code(),
            component: Arc::from("host"),
            evidence,
            against: Vec::new(),
            chain,
            depth: Depth::Origin,
        })
    }
}
