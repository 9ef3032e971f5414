//! Containers that are not what the files say: one finding a container for the values it was told, one for what else.

use std::sync::Arc;

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::drift::{Difference, Drift, VariableDrift};
use lastgood_model::snapshot::Container;
use lastgood_model::stack::EnvRole;

use super::{Look, finding, of_engine};

/// What drift there is, as findings.
pub(super) fn containers(look: &Look<'_>, found: &mut Vec<Finding>) {
    for drift in look.drift {
        let Some(container) = &drift.container else { continue };
        values(drift, container, found);
        keys(look, drift, container, found);
        others(look, drift, container, found);
    }
}

/// Values that differ: until it is created again, it works with the old ones.
fn values(drift: &Drift, container: &Arc<str>, found: &mut Vec<Finding>) {
    let differs = |variable: &&VariableDrift| variable.declared.is_some() && variable.running.is_some();
    let variables: Vec<VariableDrift> = drift.variables().filter(differs).cloned().collect();
    if !variables.is_empty() {
        let declared = variables.iter().filter_map(|variable| variable.at.clone());
        let refs: Vec<_> = declared.chain([of_engine(container, "Config.Env")]).collect();
        let flaw = Flaw::StaleContainer { container: container.clone(), created: drift.created, variables };
        found.push(finding(Severity::WillBreak, drift.service.clone(), flaw, refs));
    }
}

/// Keys that one side has not. Those that the example has too are told where the example is compared.
fn keys(look: &Look<'_>, drift: &Drift, container: &Arc<str>, found: &mut Vec<Finding>) {
    let examples = || look.stack.env_files.iter().filter(|file| file.role == EnvRole::Example);
    let promised = |key: &str| examples().any(|file| file.entries.iter().any(|entry| &*entry.key == key));
    let added = drift.variables().filter(|variable| variable.running.is_none());
    let added: Vec<Arc<str>> = added.map(|variable| variable.key.clone()).collect();
    let removed = drift.variables().filter(|variable| variable.declared.is_none() && !promised(&variable.key));
    let removed: Vec<Arc<str>> = removed.map(|variable| variable.key.clone()).collect();
    if !added.is_empty() || !removed.is_empty() {
        let declared = drift.variables().filter_map(|variable| variable.at.clone());
        let refs: Vec<_> = declared.take(1).chain([of_engine(container, "Config.Env")]).collect();
        let flaw = Flaw::VariablesDiffer { container: container.clone(), added, removed };
        found.push(finding(Severity::WorthKnowing, drift.service.clone(), flaw, refs));
    }
}

fn others(look: &Look<'_>, drift: &Drift, container: &Arc<str>, found: &mut Vec<Finding>) {
    let snapshot = look.stack.snapshot.as_ref();
    let runs = snapshot.and_then(|snapshot| snapshot.container(container)).is_some_and(Container::is_running);
    let (mut networks, mut targets, mut differences) = (Vec::new(), Vec::new(), Vec::new());
    let mut add = |component: Arc<str>, severity, flaw, what: &str| {
        found.push(finding(severity, component, flaw, Some(of_engine(container, what))));
    };
    for difference in &drift.differences {
        match difference {
            Difference::NotCreated | Difference::Variable(_) => {}
            Difference::Orphan => {
                add(
                    drift.service.clone(),
                    Severity::WorthKnowing,
                    Flaw::Orphan { container: container.clone() },
                    "Config.Labels",
                );
            }
            Difference::NetworkMissing(name) | Difference::NetworkReplaced(name) if runs => networks.push(name.clone()),
            Difference::MountReplaced { target } => targets.push(target.clone()),
            Difference::StaleUpstream { proxy, name, read_at, started } => {
                let flaw = Flaw::StaleUpstream { name: name.clone(), read_at: *read_at, started: *started };
                add(proxy.clone(), Severity::WillBreak, flaw, "State.StartedAt");
            }
            Difference::NetworkMissing(_)
            | Difference::NetworkReplaced(_)
            | Difference::NetworkExtra(_)
            | Difference::Image { .. }
            | Difference::Mount { .. }
            | Difference::Ports { .. }
            | Difference::Restart { .. }
            | Difference::Replicas { .. }
            | Difference::Setting(_) => differences.push(difference.clone()),
        }
    }
    let service = || drift.service.clone();
    let container_name = || container.clone();
    if !networks.is_empty() {
        let flaw = Flaw::Detached { container: container_name(), networks };
        add(service(), Severity::WillBreak, flaw, "NetworkSettings.Networks");
    }
    if !targets.is_empty() {
        let flaw = Flaw::MountReplaced { container: container_name(), targets };
        add(service(), Severity::WorthKnowing, flaw, "Mounts");
    }
    if !differences.is_empty() {
        let flaw = Flaw::ContainerDiffers { container: container_name(), differences };
        add(service(), Severity::WorthKnowing, flaw, "Config");
    }
}
