//! Services that do not stand: not created, not running, crashing, not healthy. Those of others, too, where ours ask them.

use std::sync::Arc;

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::snapshot::Container;

use super::{Look, finding, of_engine};
use crate::condition::{Condition, is_job};

/// Declared services. Before the first start there is nothing to be said.
pub(super) fn services(look: &Look<'_>, found: &mut Vec<Finding>) {
    let is_started = look.services().any(|service| look.containers(service).next().is_some());
    for service in look.services().filter(|_| is_started) {
        if look.condition(service) == Condition::NotCreated {
            found.push(finding(Severity::WillBreak, service.name.clone(), Flaw::NotCreated, service.at.clone()));
        }
        for container in look.containers(service) {
            let condition = Condition::of(container, is_job(service, look.stack), look.stack.at);
            found.extend(fallen(container, condition, service.name.clone()));
        }
    }
}

/// Containers of other projects that a declared service asks.
pub(super) fn foreign(look: &Look<'_>, found: &mut Vec<Finding>) {
    let Some(snapshot) = &look.stack.snapshot else { return };
    for (index, component) in look.topology.components.iter().enumerate() {
        let named = component.container.as_ref().and_then(|name| snapshot.container(name));
        let Some(container) = named.filter(|container| look.stack.is_foreign(container)) else { continue };
        let is_asked = look
            .topology
            .asked_by(index)
            .any(|edge| look.topology.components.get(edge.from).is_some_and(|from| look.service(&from.name).is_some()));
        if is_asked && look.stack.desired.is_some() {
            let condition = Condition::of(container, false, look.stack.at);
            found.extend(fallen(container, condition, component.name.clone()));
        }
    }
}

fn fallen(container: &Container, condition: Condition, component: Arc<str>) -> Option<Finding> {
    let name = container.name.clone();
    let state = &container.state;
    let last_words = container.last_words.iter().rev().find(|line| !line.trim().is_empty()).cloned();
    let (flaw, what) = match condition {
        Condition::Fine | Condition::Finished | Condition::Starting | Condition::NotCreated => return None,
        Condition::Paused => (Flaw::Paused { container: name }, "State.Status"),
        Condition::Unhealthy => {
            let checks = container.health.iter().flat_map(|health| &health.checks);
            let says = checks.last().map(|check| check.output.clone()).filter(|output| !output.trim().is_empty());
            (Flaw::Unhealthy { container: name, says }, "State.Health")
        }
        Condition::CrashLooping => {
            let (restarts, exit_code) = (container.restarts, state.exit_code);
            (Flaw::CrashLooping { container: name, restarts, exit_code, last_words }, "State")
        }
        Condition::Stopped => {
            let (exit_code, out_of_memory) = (state.exit_code, state.oom_killed);
            (Flaw::NotRunning { container: name, exit_code, out_of_memory, last_words }, "State")
        }
    };
    Some(finding(Severity::WillBreak, component, flaw, Some(of_engine(&container.name, what))))
}
