//! `memory/oom-kill` by state: the kernel killed the first process of a container, or a child of one that runs on. The kernel's
//! own lines of the host are another rule's; here the engine and the container's cgroup speak.

use std::sync::Arc;

use lastgood_model::snapshot::{Container, ContainerStatus};
use lastgood_model::{Ailment, CauseCode, StateClaim, UnixMs, Weight};

use super::{Fault, edge};
use crate::condition::Condition;
use crate::rules::Depth;
use crate::stack_scene::{StackScene, key};

/// Proposes one fault for each container that lost a process.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    scene
        .containers()
        .filter_map(|container| {
            main_killed(scene, container)
                .or_else(|| started_again(scene, container))
                .or_else(|| child_killed(scene, container))
        })
        .collect()
}

fn main_killed(scene: &StackScene<'_>, container: &Container) -> Option<Fault> {
    let state = &container.state;
    let ailment = match state.status {
        ContainerStatus::Exited | ContainerStatus::Dead => Ailment::Down,
        ContainerStatus::Restarting => Ailment::Restarting,
        _ => return None,
    };
    if !state.oom_killed {
        return None;
    }
    let component = scene.component(container);
    let at = state.finished.unwrap_or(scene.stack.at);
    let claim = StateClaim::MemoryKilled { container: Arc::clone(&container.name), limit: container.memory_limit };
    let first_bad = edge(at, key(&container.name, "State.FinishedAt"));
    let mut fault = Fault::new(CauseCode::OomKill, &component, ailment, Depth::Origin, first_bad.clone()).led(
        state.finished,
        claim,
        key(&container.name, "State.OOMKilled"),
        Weight::Decisive,
    );
    fault.last_good = state.finished.map(|_| first_bad);
    if ailment == Ailment::Restarting {
        let claim = StateClaim::KeepsRestarting {
            container: Arc::clone(&container.name),
            restarts: container.restarts,
            exit_code: state.exit_code,
        };
        fault = fault.says(claim, key(&container.name, "RestartCount"), Weight::Moderate);
    }
    Some(fault)
}

/// A container that runs again: the engine forgets at a start why the last run ended, its events may still tell.
fn started_again(scene: &StackScene<'_>, container: &Container) -> Option<Fault> {
    /// From the kernel's kill to the end of the process.
    const DIES_MS: i64 = 5_000;
    let state = &container.state;
    let started = state.started.filter(|_| state.status == ContainerStatus::Running && container.restarts > 0)?;
    let events = scene.stack.snapshot.iter().flat_map(|snapshot| &snapshot.events);
    let own: Vec<_> = events.filter(|event| event.container == container.name && event.at <= started).collect();
    let died = own.iter().rfind(|event| &*event.action == "die").filter(|died| died.exit_code == Some(137))?;
    let killed = |event: &&&lastgood_model::snapshot::Event| {
        &*event.action == "oom" && (0..=DIES_MS).contains(&died.at.since(event.at))
    };
    let last = own.iter().rfind(killed)?;
    let first = own.iter().find(|event| &*event.action == "oom").unwrap_or(last);
    let component = scene.component(container);
    let reference = || key(&container.name, "events");
    let claim = StateClaim::MemoryKilled { container: Arc::clone(&container.name), limit: container.memory_limit };
    let restarts = StateClaim::KeepsRestarting {
        container: Arc::clone(&container.name),
        restarts: container.restarts,
        exit_code: 137,
    };
    let first_bad = edge(first.at, reference());
    let mut fault = Fault::new(CauseCode::OomKill, &component, Ailment::Restarting, Depth::Origin, first_bad)
        .led(Some(first.at), claim, reference(), Weight::Decisive)
        .says(restarts, key(&container.name, "RestartCount"), Weight::Moderate);
    // Killed once and well since is only a possible reason.
    fault.grave = Condition::of(container, false, scene.stack.at) == Condition::CrashLooping;
    Some(fault)
}

/// The engine calls only the death of the first process a kill: of children tell the cgroup's counter and its event.
fn child_killed(scene: &StackScene<'_>, container: &Container) -> Option<Fault> {
    if container.state.status != ContainerStatus::Running {
        return None;
    }
    let started = container.state.started.unwrap_or(UnixMs::MIN);
    let events = scene.stack.snapshot.iter().flat_map(|snapshot| &snapshot.events);
    let event = events
        .filter(|event| event.container == container.name && &*event.action == "oom" && event.at >= started)
        .map(|event| event.at)
        .next_back();
    let kills = container.oom_kills.filter(|kills| *kills > 0);
    if event.is_none() && kills.is_none() {
        return None;
    }
    let component = scene.component(container);
    let field = if kills.is_some() { "memory.oom_kill" } else { "events" };
    let at = event.or(container.state.started).unwrap_or(scene.stack.at);
    let first_bad = edge(at, key(&container.name, field));
    let claim =
        StateClaim::ChildrenKilled { container: Arc::clone(&container.name), kills, limit: container.memory_limit };
    Some(Fault::new(CauseCode::OomKill, &component, Ailment::Maimed, Depth::Origin, first_bad).led(
        event,
        claim,
        key(&container.name, field),
        Weight::Decisive,
    ))
}
