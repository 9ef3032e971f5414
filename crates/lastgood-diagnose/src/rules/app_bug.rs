//! `application/app-bug`: the application answered that it failed, and the proxy only passed it on. Not what it stumbled
//! over: a dependency may stand behind it, and then that one's rule says so.

use lastgood_model::{CauseCode, ChangeKind, Claim, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::scene::Scene;

/// An application that answers with an error of its own.
pub struct AppBug;

/// What may bring an error into an application.
const TRIGGERS: &[ChangeKind] =
    &[ChangeKind::Reported, ChangeKind::PackageChanged, ChangeKind::UnitStarted, ChangeKind::FileEdited];

impl Rule for AppBug {
    fn code(&self) -> CauseCode {
        CauseCode::AppBug
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let toll = &scene.finding.toll;
        // A gateway's statuses speak of somebody behind it.
        let own = |status: u16| matches!(status, 500 | 505..=599);
        let (&status, answered) =
            toll.answered.iter().filter(|(status, _)| own(**status)).max_by_key(|(_, a)| a.count)?;
        if answered.count * 10 < toll.failed * 9 {
            return None;
        }
        let claim = Claim::UpstreamAnswered { status, count: answered.count };
        let mut evidence = vec![
            scene.evidence(claim.clone(), answered.first, Weight::Moderate),
            scene.evidence(
                Claim::FailingShare { failed: toll.failed, requests: toll.requests },
                (scene.finding.first_bad.at, scene.finding.first_bad.line),
                Weight::Weak,
            ),
        ];
        let trigger = scene.trigger(TRIGGERS, scene.finding.first_bad.at);
        if let Some(link) = &trigger {
            let (claim, reference) = (link.what.clone(), link.reference.clone());
            evidence.push(lastgood_model::Evidence { claim, reference, weight: Weight::Moderate });
        }
        let mut chain = Vec::from_iter(trigger);
        chain.push(scene.link(claim, answered.first));
        chain.push(scene.symptom());
        Some(Hypothesis {
            code: self.code(),
            component: scene.component(),
            evidence,
            against: Vec::new(),
            chain,
            depth: Depth::Symptom,
        })
    }
}
