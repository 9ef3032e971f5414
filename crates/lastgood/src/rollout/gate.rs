//! Whether a service runs as its release says and is well, answers, and stays so; and whom what it needs does not serve. What is asked
//! of it at its address is `knock.rs`' matter.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lastgood_diagnose::condition::is_job;
use lastgood_diagnose::{Condition, StackScene, drift, meaning, topology};
use lastgood_model::probe_claim::Asked;
use lastgood_model::release::Release;
use lastgood_model::snapshot::{Container, ContainerStatus, HealthStatus};
use lastgood_model::{Difference, ProbeClaim, Stack, Told, UnixMs, Weight};
use lastgood_world::engine::compose;

use super::doer::{Hands, kept_image, last_line};
use super::hold::{Hold, Well};
use super::knock::{Door, address, door, knock};
use super::trouble::Trouble;

/// Nobody has to listen sooner than this.
pub(super) const TO_LISTEN: Duration = Duration::from_secs(60);
/// A wrong answer may still turn right for so long.
pub(super) const TO_ANSWER: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(150);
/// So many of its last lines are shown.
const LINES: u32 = 5;

/// One look at a service.
pub struct Look {
    /// How often it was restarted, if it is well.
    pub state: Result<u64, Trouble>,
    /// Where its containers are.
    pub addresses: Vec<String>,
    /// Whether a health check of its own passes, if it is well.
    pub checked: bool,
}

impl Look {
    /// At its containers.
    pub fn at<'c>(state: Result<u64, Trouble>, all: impl Iterator<Item = &'c Container>) -> Self {
        let (mut addresses, mut checked) = (Vec::new(), true);
        for container in all {
            addresses.extend(address(container).map(str::to_owned));
            checked &= container.health.is_some();
        }
        Self { state, addresses, checked }
    }
}

impl Hands<'_> {
    /// Where a service is asked, as seen.
    pub(super) fn door(&self, service: &str, stack: &Stack) -> Option<Door> {
        door(service, &self.manner.of(service), stack, &topology::build(stack))
    }

    /// Waits until a service is well, and answers at its door, and until it has been so for a while. `container` is the one whose last
    /// lines tell why, if it is not.
    pub(super) fn stays_well(
        &self,
        (container, service): (&str, &str),
        door: Option<&Door>,
        within: Duration,
        look: impl FnMut() -> Look,
    ) -> Result<Well, Trouble> {
        // What it says for itself is in its log.
        let lines = || compose::last_lines(container, LINES).unwrap_or_default();
        self.waits(service, door, within, look).map_err(|trouble| match trouble {
            Trouble::Restarted(None) => Trouble::Restarted(lines().last().map(|line| Arc::from(line.as_str()))),
            Trouble::Answers { .. } | Trouble::NotListening { .. } | Trouble::NotHealthyYet => match lines() {
                lines if lines.is_empty() => trouble,
                lines => Trouble::Telling(Box::new(trouble), lines),
            },
            trouble => trouble,
        })
    }

    fn waits(
        &self,
        service: &str,
        door: Option<&Door>,
        within: Duration,
        mut look: impl FnMut() -> Look,
    ) -> Result<Well, Trouble> {
        let begun = Instant::now();
        let started = self.started.get(service).copied().unwrap_or(begun);
        let usual = self.usual.get(service).copied();
        let to_listen = self.manner.of(service).start.map_or(TO_LISTEN, |start| start.0);
        let speaks_http = door.is_some_and(|door| door.path.is_some());
        // Since when it is well, and since when it gives a wrong answer.
        let (mut well, mut wrong): (Option<Well>, Option<Instant>) = (None, None);
        loop {
            let seen = look();
            let late = begun.elapsed() >= within;
            let knocked = || {
                let mut doors = seen.addresses.iter().flat_map(|address| door.map(|door| (address, door)));
                doors.try_for_each(|(address, door)| knock(address, service, door, usual))
            };
            match seen.state.and_then(|restarts| knocked().map(|()| restarts)) {
                Ok(restarts) => {
                    wrong = None;
                    let well = well.get_or_insert_with(|| Well::now(restarts));
                    well.stays(restarts)?;
                    let hold = match self.tried.contains(service) {
                        true => Hold::NONE,
                        false => Hold::of(self.manner.hold.map(|hold| hold.0), seen.checked || speaks_http),
                    };
                    if hold.is_over(well, started) {
                        return Ok(*well);
                    }
                }
                Err(Trouble::NotHealthyYet) if !late => well = None,
                Err(Trouble::NotListening { .. }) if !late && begun.elapsed() < to_listen => well = None,
                Err(Trouble::Answers { .. })
                    if !late && wrong.get_or_insert_with(Instant::now).elapsed() < TO_ANSWER =>
                {
                    well = None;
                }
                Err(trouble) => return Err(trouble),
            }
            thread::sleep(LOOK_AGAIN);
        }
    }
}

/// Containers of a service of the stack's project, whether or not its files declare it.
pub fn containers<'s>(stack: &'s Stack, project: &'s str, service: &'s str) -> impl Iterator<Item = &'s Container> {
    let all = stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
    all.filter(move |container| {
        !container.one_off
            && container.project.as_deref() == Some(project)
            && container.service.as_deref() == Some(service)
    })
}

/// Whether a service runs as its release says, all of its containers, and how often they were restarted.
///
/// # Errors
/// In what it does not.
pub fn state_of(stack: &Stack, release: &Release, service: &str) -> Result<u64, Trouble> {
    state_by(stack, release, service, |_| false)
}

/// The same, where `is_healthy` says what the engine has not decided yet.
///
/// # Errors
/// In what it does not.
pub fn state_by(
    stack: &Stack,
    release: &Release,
    service: &str,
    mut is_healthy: impl FnMut(&Container) -> bool,
) -> Result<u64, Trouble> {
    let declared = stack.desired.as_ref().and_then(|desired| desired.service(service));
    let job = declared.is_some_and(|service| is_job(service, stack));
    let all: Vec<&Container> = containers(stack, &release.project, service).collect();
    if all.is_empty() {
        let wants_none = declared.is_some_and(|service| service.replicas == 0);
        return if wants_none { Ok(0) } else { Err(Trouble::NoContainer) };
    }
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
    if kept.is_some_and(|id| all.iter().any(|container| id != *container.image_id)) {
        return Err(Trouble::Differs(Vec::new()));
    }
    all.into_iter().map(|container| well(container, job, stack.at, &mut is_healthy)).sum()
}

/// Services of a release that are not well: nobody who brings out another one has to leave them better than they were.
#[must_use]
pub fn unwell(stack: &Stack, release: &Release) -> Vec<Arc<str>> {
    let is_unwell = |service: &Arc<str>| {
        let declared = stack.desired.as_ref().and_then(|desired| desired.service(service));
        let job = declared.is_some_and(|service| is_job(service, stack));
        containers(stack, &release.project, service)
            .any(|container| well(container, job, stack.at, |_| true).is_err_and(|trouble| trouble.is_of_its_own()))
    };
    release.services.iter().map(|service| &service.name).filter(|name| is_unwell(name)).cloned().collect()
}

/// Whether a container runs and is well, or did what it was for; and how often it was restarted. What the engine has not decided yet
/// `is_healthy` says.
///
/// # Errors
/// In what it is not.
pub fn well(
    container: &Container,
    job: bool,
    at: UnixMs,
    mut is_healthy: impl FnMut(&Container) -> bool,
) -> Result<u64, Trouble> {
    let state = &container.state;
    if job && state.status == ContainerStatus::Exited && state.exit_code == 0 {
        return Ok(container.restarts);
    }
    let words = || container.last_words.last().cloned();
    match Condition::of(container, job, at) {
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
        Some(health) if health.status == HealthStatus::Starting && !is_healthy(container) => {
            Err(Trouble::NotHealthyYet)
        }
        _ => Ok(container.restarts),
    }
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
