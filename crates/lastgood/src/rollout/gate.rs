//! Whether a service runs as its release says and is well, as one look at the stack shows it; and whom what it needs does not serve. How
//! long it has to stay so is `doer.rs`' business.

use std::sync::Arc;

use lastgood_diagnose::condition::is_job;
use lastgood_diagnose::{Condition, StackScene, drift, meaning};
use lastgood_model::probe_claim::Asked;
use lastgood_model::release::Release;
use lastgood_model::snapshot::{Container, ContainerStatus, HealthStatus};
use lastgood_model::{Difference, ProbeClaim, Stack, Told, Weight};
use lastgood_world::engine::compose;

use super::doer::{Trouble, kept_image, last_line};

/// Containers of a service of the stack's project, whether or not its files declare it.
pub fn containers<'s>(stack: &'s Stack, project: &'s str, service: &'s str) -> impl Iterator<Item = &'s Container> {
    let all = stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
    all.filter(move |container| {
        !container.one_off
            && container.project.as_deref() == Some(project)
            && container.service.as_deref() == Some(service)
    })
}

/// Whether a service runs as its release says, and how often it was restarted.
///
/// # Errors
/// In what it does not.
pub fn state_of(stack: &Stack, release: &Release, service: &str) -> Result<u64, Trouble> {
    let declared = stack.desired.as_ref().and_then(|desired| desired.service(service));
    let job = declared.is_some_and(|service| is_job(service, stack));
    let container = containers(stack, &release.project, service).next().ok_or(Trouble::NoContainer)?;
    let differences: Vec<Difference> = drift::find(stack)
        .into_iter()
        .filter(|drift| &*drift.service == service)
        .flat_map(|drift| drift.differences)
        .filter(|difference| !matches!(difference, Difference::StaleUpstream { .. }))
        .collect();
    if !differences.is_empty() {
        return Err(Trouble::Differs(differences));
    }
    let kept = compose::image_id(&kept_image(&release.project, service, &release.id))?;
    if kept.is_some_and(|id| id != *container.image_id) {
        return Err(Trouble::Differs(Vec::new()));
    }
    let state = &container.state;
    if job && state.status == ContainerStatus::Exited && state.exit_code == 0 {
        return Ok(container.restarts);
    }
    let words = || container.last_words.last().cloned();
    match Condition::of(container, job, stack.at) {
        Condition::CrashLooping => return Err(Trouble::Restarted(words())),
        _ if state.status != ContainerStatus::Running => {
            return Err(Trouble::Ended(state.status, state.exit_code, words()));
        }
        _ => {}
    }
    match &container.health {
        Some(health) if health.status == HealthStatus::Unhealthy => {
            let said = health.checks.last().map_or("", |result| &result.output);
            // A traceback ends with what it is about.
            Err(Trouble::Unhealthy(last_line(said).into()))
        }
        Some(health) if health.status == HealthStatus::Starting => Err(Trouble::NotHealthyYet),
        _ => Ok(container.restarts),
    }
}

/// What a service said last, where it does not simply run.
#[must_use]
pub fn last_words(stack: &Stack, release: &Release, service: &str) -> Option<Arc<str>> {
    containers(stack, &release.project, service).next()?.last_words.last().cloned()
}

/// Who is not served by what it needs, as the answers prove.
#[must_use]
pub fn unserved(stack: &Stack, told: Told) -> Vec<(Asked, ProbeClaim)> {
    let scene = StackScene::new(stack);
    let wrong = stack.probes.iter().filter(|probed| probed.question.told == told);
    let wrong = wrong.filter(|probed| meaning(&scene, probed).is_some_and(|(_, weight)| weight == Weight::Decisive));
    let claims = wrong.map(|probed| {
        let asked = Asked::of(&probed.question);
        let (outcome, words) = (probed.answer.outcome.clone(), probed.answer.words.clone());
        (asked.clone(), ProbeClaim::Answered { asked, outcome, words })
    });
    claims.collect()
}
