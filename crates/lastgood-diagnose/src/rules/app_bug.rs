//! `application/app-bug`: the application answered that it failed, and the proxy only passed it on; or it wrote an error of its
//! own whenever a request failed. Not what it stumbled over: a dependency may stand behind it, and then that one's rule says so.

use lastgood_model::app_claim::SaidError;
use lastgood_model::{AppClaim, CauseCode, ChangeKind, Claim, Evidence, Link, Severity, Weight};

use super::strange_error::came_with_failures;
use super::{Depth, Hypothesis, Rule};
use crate::drivers;
use crate::host::Mark;
use crate::scene::Scene;
use crate::spoken::SpokenError;

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
        if is_of_others(scene) {
            return None;
        }
        let (passed_on, raised) = (passed_on(scene), raised(scene));
        if passed_on.is_none() && raised.is_none() {
            return None;
        }
        let component = raised.as_ref().map(|raised| scene.spoken.component(raised.who));
        let mut evidence: Vec<Evidence> = Vec::new();
        let mut links: Vec<Link> = Vec::new();
        if let Some(raised) = &raised {
            evidence.extend(of_error(scene, raised));
        }
        if let Some((claim, mark)) = passed_on {
            evidence.push(scene.evidence(claim.clone(), mark, Weight::Moderate));
            links.push(scene.link(claim, mark));
        }
        links.extend(evidence.first().filter(|_| raised.is_some()).map(|first| Link {
            at: raised.as_ref().map(|raised| raised.run.first.0),
            what: first.claim.clone(),
            reference: first.reference.clone(),
        }));
        let toll = &scene.finding.toll;
        let first_bad = scene.finding.first_bad;
        let share = Claim::FailingShare { failed: toll.failed, requests: toll.requests };
        evidence.push(scene.evidence(share, (first_bad.at, first_bad.line), Weight::Weak));
        let trigger = scene.trigger(TRIGGERS, first_bad.at);
        if let Some(link) = &trigger {
            let (claim, reference) = (link.what.clone(), link.reference.clone());
            evidence.push(Evidence { claim, reference, weight: Weight::Moderate });
        }
        let mut chain = Vec::from_iter(trigger);
        chain.extend(links);
        chain.push(scene.symptom());
        Some(Hypothesis {
            code: self.code(),
            component: component.unwrap_or_else(|| scene.component()),
            evidence,
            against: Vec::new(),
            chain,
            depth: Depth::Symptom,
        })
    }
}

/// That nearly all failures are answers of the application itself.
fn passed_on(scene: &Scene<'_>) -> Option<(Claim, Mark)> {
    let toll = &scene.finding.toll;
    // A gateway's statuses speak of somebody behind it.
    let own = |status: u16| matches!(status, 500 | 505..=599);
    let (&status, answered) = toll.answered.iter().filter(|(status, _)| own(**status)).max_by_key(|(_, a)| a.count)?;
    let nearly_all = answered.count * 10 >= toll.failed * 9;
    nearly_all.then_some((Claim::UpstreamAnswered { status, count: answered.count }, answered.first))
}

/// An error of the application's own that nobody else is known to write, and that came with the failures.
fn raised<'s>(scene: &'s Scene<'_>) -> Option<SpokenError<'s>> {
    let own = |said: &SpokenError<'_>| {
        said.signature.is_none()
            && !said.error.class.is_empty()
            && said.error.severity >= Some(Severity::Error)
            && drivers::is_own(said.error)
    };
    scene.spoken.errors().filter(own).find(|said| came_with_failures(scene, said))
}

/// Whether what came with the failures is the error of a driver or of the system that is not known: what they refuse, and why, is no
/// defect of the application before somebody has looked.
fn is_of_others(scene: &Scene<'_>) -> bool {
    let strange = |said: &SpokenError<'_>| {
        said.signature.is_none() && (drivers::is_of_system(said.error) || drivers::asked(&scene.spoken, said).is_some())
    };
    scene.spoken.errors().any(|said| strange(&said) && came_with_failures(scene, &said))
}

fn of_error(scene: &Scene<'_>, raised: &SpokenError<'_>) -> [Evidence; 2] {
    let error = SaidError::of(&scene.spoken.component(raised.who), raised.error, None);
    let said = Claim::Application(AppClaim::Said { error, count: raised.run.count });
    let (met, failed) = scene.spoken.met(raised.run.shape, scene.finding);
    let who = scene.spoken.component(raised.who);
    let together = Claim::Application(AppClaim::WithFailures { who, met, failed });
    [said, together].map(|claim| scene.evidence(claim, raised.run.first, Weight::Moderate))
}
