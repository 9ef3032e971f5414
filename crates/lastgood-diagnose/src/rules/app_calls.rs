//! `application/app-bug` of somebody else: the application asked another service over HTTP, and that answered with errors of its
//! own. Calls that were answered well clear the one that answered. Not a call that nobody answered: what came instead of an
//! answer says why, and that one's rule speaks.

use std::sync::Arc;

use lastgood_model::{AppClaim, CauseCode, Claim, Cleared, Evidence, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::scene::Scene;
use crate::spoken::SpokenCall;

/// Somebody who is asked answers with errors.
pub struct CalledFails;

impl Rule for CalledFails {
    fn code(&self) -> CauseCode {
        CauseCode::AppBug
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let failing = scene.spoken.calls().find(|said| said.call.status.is_some_and(|status| status >= 500))?;
        let component = scene.spoken.called(failing.who, &failing.call.target);
        let same = |said: &SpokenCall<'_>| scene.spoken.called(said.who, &said.call.target) == component;
        let sum = |wanted: fn(u16) -> bool| -> u64 {
            let calls = scene.spoken.calls().filter(same);
            calls.filter(|said| said.call.status.is_some_and(wanted)).map(|said| said.run.count).sum()
        };
        let (failed, well) = (sum(|status| status >= 500), sum(|status| status < 500));
        if failed < well {
            return None;
        }
        let mark = failing.run.first;
        let claim = Claim::Application(AppClaim::CallFailed {
            who: scene.spoken.component(failing.who),
            target: Arc::clone(&failing.call.target),
            status: failing.call.status,
            count: failed,
        });
        let mut evidence = vec![scene.evidence(claim.clone(), mark, Weight::Strong)];
        let (met, looked_at) = scene.spoken.met(failing.run.shape, scene.finding);
        if looked_at > 0 && met * 2 >= looked_at {
            let who = scene.spoken.component(failing.who);
            let together = Claim::Application(AppClaim::WithFailures { who, met, failed: looked_at });
            evidence.push(scene.evidence(together, mark, Weight::Moderate));
        }
        let before = scene.spoken.before(failing.run.shape);
        let against = (before * 2 >= failing.run.count)
            .then(|| scene.evidence(Claim::ErrorsBefore { count: before }, mark, Weight::Strong));
        Some(Hypothesis {
            code: self.code(),
            component,
            evidence,
            against: against.into_iter().collect(),
            chain: vec![scene.link(claim, mark), scene.symptom()],
            depth: Depth::Process,
        })
    }
}

/// That a component was asked and answered while requests failed, if it did.
pub fn answered(scene: &Scene<'_>, component: &Arc<str>) -> Option<Evidence> {
    let mut answers = scene.spoken.calls().filter(is_answer);
    let said = answers.find(|said| scene.spoken.called(said.who, &said.call.target) == *component)?;
    Some(scene.evidence(claim(scene, &said)?, said.run.first, Weight::Strong))
}

/// The one whom somebody asked and who did not answer, if it is one.
pub fn failing_target(scene: &Scene<'_>, who: &Arc<str>) -> Option<Arc<str>> {
    let silent =
        |said: &SpokenCall<'_>| said.who == who && said.call.status.is_none() && &*said.call.target != "{other}";
    let mut targets = scene.spoken.calls().filter(silent).map(|said| scene.spoken.called(who, &said.call.target));
    let first = targets.next()?;
    targets.all(|target| target == first).then_some(first)
}

/// Those who were asked and answered while requests failed, and whom nobody blames.
pub fn cleared(scene: &Scene<'_>, is_blamed: impl Fn(&str) -> bool) -> Vec<Cleared> {
    let mut cleared: Vec<Cleared> = Vec::new();
    for said in scene.spoken.calls().filter(is_answer) {
        let component = scene.spoken.called(said.who, &said.call.target);
        let fails = scene.spoken.calls().any(|other| {
            let failed = other.call.status.is_none_or(|status| status >= 500);
            failed && scene.spoken.called(other.who, &other.call.target) == component
        });
        if fails || is_blamed(&component) || cleared.iter().any(|known| known.component == component) {
            continue;
        }
        let Some(because) = claim(scene, &said) else { continue };
        cleared.push(Cleared { component, because, reference: scene.reference(said.run.first) });
    }
    cleared
}

/// Whether somebody answered: with what was asked for, or that it will not do that.
fn is_answer(said: &SpokenCall<'_>) -> bool {
    said.call.status.is_some_and(|status| status < 500) && &*said.call.target != "{other}"
}

fn claim(scene: &Scene<'_>, said: &SpokenCall<'_>) -> Option<Claim> {
    Some(Claim::Application(AppClaim::Answered {
        who: scene.spoken.component(said.who),
        target: Arc::clone(&said.call.target),
        status: said.call.status?,
        count: said.run.count,
    }))
}
