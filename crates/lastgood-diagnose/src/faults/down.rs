//! `process/process-down` and `process/dependency-down` by state: a container that was stopped, killed, frozen or removed, or
//! that ended without a complaint. One that ends with an error is the business of `crash`.

use std::sync::Arc;

use lastgood_model::snapshot::{Container, ContainerStatus};
use lastgood_model::{Ailment, CauseCode, Ending, StateClaim, UnixMs, Weight};

use super::{Fault, edge};
use crate::condition::is_job;
use crate::rules::Depth;
use crate::stack_scene::{StackScene, key};

/// From the end of a process to the engine's word that somebody stopped it.
const STOP_MS: i64 = 5_000;

/// Proposes one fault for each container that is down and should not be, and for each service without one.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    let mut found: Vec<Fault> = scene.containers().filter_map(|container| of_container(scene, container)).collect();
    found.extend(without_container(scene));
    found
}

fn of_container(scene: &StackScene<'_>, container: &Container) -> Option<Fault> {
    let name = || Arc::clone(&container.name);
    let state = &container.state;
    let now = scene.stack.at;
    if !state.error.is_empty() || scene.is_done(container) {
        return None;
    }
    let code = if scene.is_behind(container) { CauseCode::DependencyDown } else { CauseCode::ProcessDown };
    let component = scene.component(container);
    let fault = |at: UnixMs, field: &str, depth| {
        Fault::new(code, &component, Ailment::Down, depth, edge(at, key(&container.name, field)))
    };
    let claimed = match state.status {
        ContainerStatus::Exited | ContainerStatus::Dead => {
            let ending = ending(scene, container);
            if ending == Ending::ByItself && state.exit_code != 0 {
                return None;
            }
            // Whoever stops a container has the last word on why it is down; a kill may have a reason behind it.
            let depth = if ending == Ending::Stopped { Depth::Origin } else { Depth::Process };
            let at = state.finished.unwrap_or(now);
            let claim = StateClaim::ContainerEnded { container: name(), exit_code: state.exit_code, ending };
            let mut fault = fault(at, "State.FinishedAt", depth);
            fault.last_good = state.finished.map(|at| edge(at, key(&container.name, "State.FinishedAt")));
            fault.led(state.finished, claim, key(&container.name, "State.FinishedAt"), Weight::Decisive)
        }
        ContainerStatus::Paused => {
            let claim = StateClaim::ContainerPaused { container: name() };
            fault(now, "State.Status", Depth::Origin).led(
                None,
                claim,
                key(&container.name, "State.Status"),
                Weight::Decisive,
            )
        }
        ContainerStatus::Created => {
            let claim = StateClaim::NeverStarted { container: name() };
            let created = fault(container.created, "Created", Depth::Origin).led(
                Some(container.created),
                claim,
                key(&container.name, "State.Status"),
                Weight::Decisive,
            );
            // Compose does not start what waits for another one to be well.
            Fault { follows: true, ..created }
        }
        ContainerStatus::Running | ContainerStatus::Restarting | ContainerStatus::Removing => return None,
    };
    Some(claimed)
}

/// Who ended it. An engine starts a container with such a policy again unless somebody stopped it.
pub(super) fn ending(scene: &StackScene<'_>, container: &Container) -> Ending {
    let events = scene.stack.snapshot.iter().flat_map(|snapshot| &snapshot.events);
    // Of this run of it: it may have been stopped a moment before, and started again.
    let of_this_run = |at: UnixMs| container.state.started.is_none_or(|started| at >= started);
    let told = |at: UnixMs| {
        let mut stops = events.clone().filter(|event| event.container == container.name && &*event.action == "stop");
        stops.any(|event| event.at.since(at).abs() <= STOP_MS && of_this_run(event.at))
    };
    let kept = matches!(&*container.restart_policy, "always" | "unless-stopped");
    match container.state.exit_code {
        _ if container.state.oom_killed => Ending::Killed,
        _ if kept || container.state.finished.is_some_and(told) => Ending::Stopped,
        143 => Ending::Stopped,
        137 => Ending::Killed,
        _ => Ending::ByItself,
    }
}

/// Services that have no container although others of the project have; or the project, if none of it has.
fn without_container(scene: &StackScene<'_>) -> Vec<Fault> {
    let (Some(desired), Some(_)) = (&scene.stack.desired, &scene.stack.snapshot) else { return Vec::new() };
    let wanted = || scene.services().filter(|service| service.replicas > 0);
    let missing: Vec<_> = wanted().filter(|service| scene.of_service(&service.name).next().is_none()).collect();
    let declared = |service: &lastgood_model::desired::Service| {
        service.at.clone().unwrap_or_else(|| key(&desired.project, "containers"))
    };
    let gone = |component: &Arc<str>, claim, reference: lastgood_model::Ref| {
        let first_bad = edge(scene.stack.at, reference.clone());
        Fault::new(CauseCode::ProcessDown, component, Ailment::Down, Depth::Origin, first_bad).led(
            None,
            claim,
            reference,
            Weight::Decisive,
        )
    };
    if !missing.is_empty() && missing.len() == wanted().count() {
        let claim = StateClaim::NothingCreated { project: Arc::clone(&desired.project) };
        return missing.first().map(|first| gone(&desired.project, claim, declared(first))).into_iter().collect();
    }
    missing
        .into_iter()
        // What runs once and is cleared away after it is not missed.
        .filter(|service| !is_job(service, scene.stack))
        .map(|service| {
            gone(&service.name, StateClaim::ContainerGone { service: Arc::clone(&service.name) }, declared(service))
        })
        .collect()
}
