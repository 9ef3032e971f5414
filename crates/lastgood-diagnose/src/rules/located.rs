//! `unknown/located`: where it fails and since when, and nothing that says why. Every scene has at least this.

use lastgood_model::app_claim::SaidError;
use lastgood_model::{AppClaim, CauseCode, ChangeKind, Claim, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::scene::Scene;

/// Says where.
pub struct Located;

impl Rule for Located {
    fn code(&self) -> CauseCode {
        CauseCode::Located
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let finding = scene.finding;
        let first = finding.first_bad;
        let mut evidence = vec![scene.evidence(
            Claim::FailingShare { failed: finding.toll.failed, requests: finding.toll.requests },
            (first.at, first.line),
            Weight::Weak,
        )];
        if let Some(run) = scene.errors.first()
            && let Some(shape) = scene.catalogue.shape(run.shape)
        {
            evidence.push(scene.evidence(
                Claim::UpstreamErrors { kind: shape.kind, upstream: shape.upstream.clone(), count: run.count },
                run.first,
                Weight::Weak,
            ));
        }
        // What the application wrote, though it does not say of whom.
        let said = scene.spoken.errors().find(|said| !scene.spoken.is_proxy(said.who));
        // Where no log names who was asked, whoever wrote errors meanwhile may be it.
        let nobody = scene.scope.upstream.is_none() && scene.scope.vhost.is_none();
        let writer = said.as_ref().filter(|_| nobody).map(|said| scene.spoken.component(said.who));
        let component = writer.unwrap_or_else(|| scene.component());
        if let Some(said) = said {
            let error = SaidError::of(&scene.spoken.component(said.who), said.error, None);
            let claim = Claim::Application(AppClaim::Said { error, count: said.run.count });
            evidence.push(scene.evidence(claim, said.run.first, Weight::Weak));
        }
        let mut chain = Vec::from_iter(scene.trigger(&[ChangeKind::Reported], first.at));
        chain.push(scene.symptom());
        Some(Hypothesis { code: self.code(), component, evidence, against: Vec::new(), chain, depth: Depth::Place })
    }
}
