//! In what condition a service is, by what the engine says of its containers. Why it is so is for the rules.

use lastgood_model::desired::Service;
use lastgood_model::snapshot::{Container, ContainerStatus, HealthStatus};
use lastgood_model::{Stack, UnixMs};

/// The condition of a container or a service, from fine to gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// It runs, and its health check, if it has one, is content.
    Fine,
    /// It did what it was for and ended well.
    Finished,
    /// It runs, and its health check has not decided yet.
    Starting,
    /// Somebody froze it.
    Paused,
    /// It runs, and its health check is not content.
    Unhealthy,
    /// It ends and is started, again and again.
    CrashLooping,
    /// It is not running.
    Stopped,
    /// There is no container of it.
    NotCreated,
}

/// One that was restarted so often and ran for no longer than this since is expected to end again.
const RESTARTS: u64 = 2;
const SETTLED_MS: i64 = 30_000;

impl Condition {
    /// Stable kebab-case name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Finished => "finished",
            Self::Starting => "starting",
            Self::Paused => "paused",
            Self::Unhealthy => "unhealthy",
            Self::CrashLooping => "crash-looping",
            Self::Stopped => "stopped",
            Self::NotCreated => "not-created",
        }
    }

    /// Whether it cannot do its work. What is starting may yet.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        !matches!(self, Self::Fine | Self::Finished | Self::Starting)
    }

    /// Of one container at a moment. `is_job`: it is there to end.
    #[must_use]
    pub fn of(container: &Container, is_job: bool, now: UnixMs) -> Self {
        let state = &container.state;
        match state.status {
            ContainerStatus::Restarting => Self::CrashLooping,
            ContainerStatus::Running => {
                let up_ms = state.started.map_or(i64::MAX, |started| now.since(started));
                if container.restarts >= RESTARTS && up_ms < SETTLED_MS {
                    return Self::CrashLooping;
                }
                match container.health.as_ref().map(|health| health.status) {
                    Some(HealthStatus::Unhealthy) => Self::Unhealthy,
                    Some(HealthStatus::Starting) => Self::Starting,
                    Some(HealthStatus::Healthy) | None => Self::Fine,
                }
            }
            ContainerStatus::Paused => Self::Paused,
            ContainerStatus::Exited if is_job && state.exit_code == 0 => Self::Finished,
            ContainerStatus::Created | ContainerStatus::Removing | ContainerStatus::Exited | ContainerStatus::Dead => {
                Self::Stopped
            }
        }
    }

    /// Of a declared service: that of its worst container.
    #[must_use]
    pub fn of_service(service: &Service, stack: &Stack) -> Self {
        let (Some(desired), Some(snapshot)) = (&stack.desired, &stack.snapshot) else { return Self::NotCreated };
        let is_job = is_job(service, stack);
        let containers = snapshot.of_service(&desired.project, &service.name);
        containers.map(|container| Self::of(container, is_job, stack.at)).max().unwrap_or(if service.replicas == 0 {
            Self::Finished
        } else {
            Self::NotCreated
        })
    }
}

/// Whether a service is there to end: others wait for its success, or nothing of it is there to be asked and nothing starts
/// it again.
#[must_use]
pub fn is_job(service: &Service, stack: &Stack) -> bool {
    let Some(desired) = &stack.desired else { return false };
    let mut waits =
        desired.services.iter().flat_map(|other| &other.depends_on).filter(|waits| waits.service == service.name);
    if waits.clone().any(|waits| &*waits.condition == "service_completed_successfully") {
        return true;
    }
    let is_kept =
        !matches!(service.restart.as_deref(), None | Some("no")) && service.restart.as_deref() != Some("on-failure");
    !is_kept && service.ports.is_empty() && service.healthcheck.is_none() && waits.next().is_none()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lastgood_model::snapshot::{Health, State};
    use lastgood_model::{Desired, Snapshot};

    use super::*;

    const NOW: UnixMs = UnixMs(1_000_000_000);

    fn container(status: ContainerStatus) -> Container {
        Container {
            project: Some(Arc::from("p")),
            service: Some(Arc::from("s")),
            state: State { status, started: Some(NOW.plus(-60_000)), ..State::default() },
            ..Container::default()
        }
    }

    #[test]
    fn a_container_is_what_the_engine_says() {
        let of = |container: &Container| Condition::of(container, false, NOW);
        assert_eq!(of(&container(ContainerStatus::Running)), Condition::Fine);
        assert_eq!(of(&container(ContainerStatus::Exited)), Condition::Stopped);
        assert_eq!(of(&container(ContainerStatus::Restarting)), Condition::CrashLooping);
        let health = Some(Health { status: HealthStatus::Unhealthy, ..Health::default() });
        assert_eq!(of(&Container { health, ..container(ContainerStatus::Running) }), Condition::Unhealthy);
    }

    #[test]
    fn one_that_runs_for_a_moment_between_two_crashes_is_still_crashing() {
        let mut crashing = Container { restarts: 5, ..container(ContainerStatus::Running) };
        assert_eq!(Condition::of(&crashing, false, NOW), Condition::Fine, "it has been up for a minute");
        crashing.state.started = Some(NOW.plus(-2_000));
        assert_eq!(Condition::of(&crashing, false, NOW), Condition::CrashLooping);
    }

    #[test]
    fn a_job_that_ended_well_is_finished_and_a_server_is_not() {
        let mut service = Service { name: Arc::from("s"), replicas: 1, ..Service::default() };
        let mut stack = Stack {
            at: NOW,
            desired: Some(Desired { project: Arc::from("p"), services: vec![service.clone()], ..Desired::default() }),
            snapshot: Some(Snapshot { containers: vec![container(ContainerStatus::Exited)], ..Snapshot::default() }),
            ..Stack::default()
        };
        assert_eq!(Condition::of_service(&service, &stack), Condition::Finished);
        service.restart = Some(Arc::from("unless-stopped"));
        assert_eq!(Condition::of_service(&service, &stack), Condition::Stopped);
        stack.snapshot = Some(Snapshot::default());
        assert_eq!(Condition::of_service(&service, &stack), Condition::NotCreated);
    }
}
