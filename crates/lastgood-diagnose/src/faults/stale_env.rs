//! `environment/stale-env`: a container was told another value than its files hold now. Decided by the values; the times only
//! explain it. It is an incident by itself where the old value cannot work.

use std::sync::Arc;

use lastgood_model::snapshot::Container;
use lastgood_model::topology::{Edge, Via};
use lastgood_model::{Ailment, CauseCode, Drift, Ref, StateClaim, UnixMs, VariableDrift, Weight};

use super::wrong_address::dead_end;
use super::{Fault, edge};
use crate::address::{Address, address, is_asked, is_doubtful, is_for_browsers};
use crate::rules::Depth;
use crate::stack_scene::{StackScene, key};

/// Proposes one fault for each container that is stale.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    scene.drift.iter().filter_map(|drift| of_drift(scene, drift)).collect()
}

fn of_drift(scene: &StackScene<'_>, drift: &Drift) -> Option<Fault> {
    let snapshot = scene.stack.snapshot.as_ref()?;
    let container = snapshot.container(drift.container.as_deref()?)?;
    let component = scene.component(container);
    let mut variables: Vec<(&VariableDrift, Option<StateClaim>)> =
        drift.variables().map(|variable| (variable, useless(scene, container, variable))).collect();
    // What cannot work before what merely differs.
    variables.sort_by_key(|(_, useless)| useless.is_none());
    let (worst, useless) = variables.first()?;
    let reference = |variable: &VariableDrift| key(&container.name, &format!("Config.Env/{}", variable.key));
    let created = key(&container.name, "Created");
    let first_bad = edge(container.created, reference(worst));
    let mut fault = Fault::new(CauseCode::StaleEnv, &component, Ailment::Misled, Depth::Origin, first_bad);
    fault.grave = useless.is_some();
    let made = StateClaim::ContainerCreated { container: Arc::clone(&container.name) };
    fault = fault.led(Some(container.created), made, created, Weight::Weak);
    for (at, claim, reference) in edited(worst) {
        fault = fault.led(Some(at), claim, reference, Weight::Weak);
    }
    for (variable, useless) in &variables {
        let differs = StateClaim::ValueDiffers {
            key: Arc::clone(&variable.key),
            declared: variable.declared.clone(),
            running: variable.running.clone(),
        };
        let at = variable.at.clone().unwrap_or_else(|| reference(variable));
        // Which of its variables an application uses is not known; an address it uses.
        let leads = [&variable.declared, &variable.running].into_iter().flatten().any(|value| address(value).is_some());
        let weight = match useless {
            Some(_) => Weight::Decisive,
            None if leads => Weight::Strong,
            None => Weight::Moderate,
        };
        if variable.key == worst.key {
            fault = fault.led(None, differs, at, weight);
            if let Some(claim) = useless {
                fault = fault.led(None, claim.clone(), reference(variable), Weight::Strong);
            }
        } else {
            fault = fault.says(differs, at, Weight::Weak);
        }
    }
    Some(fault)
}

/// Why the value that the container was told cannot work.
fn useless(scene: &StackScene<'_>, container: &Container, variable: &VariableDrift) -> Option<StateClaim> {
    let value = variable.running.as_ref()?;
    let found = address(value).filter(|_| !is_for_browsers(&variable.key) && is_asked(&variable.key))?;
    let Address { host, port, .. } = found.clone();
    // Where it leads is known of the value that runs only if the edge is its own.
    let from = scene.index(container)?;
    if scene.named(&host).is_none() && is_doubtful(&variable.key, &found) {
        return None;
    }
    let asked = scene
        .topology
        .asks(from)
        .find(|edge| matches!(&edge.via, Via::Variable { key, .. } if *key == variable.key) && edge.host == host);
    let assumed = Edge {
        from,
        to: scene.named(&host),
        address: Arc::clone(&host),
        host,
        port,
        protocol: None,
        via: Via::DependsOn,
        at: None,
    };
    let asked = asked.unwrap_or(&assumed);
    let why = dead_end(scene, container, asked)?;
    Some(StateClaim::LeadsNowhere {
        key: Arc::clone(&variable.key),
        value: value.clone(),
        host: Arc::clone(&asked.host),
        port: asked.port,
        why,
    })
}

/// When the file was edited, and when it arrived here if that was later.
fn edited(variable: &VariableDrift) -> Vec<(UnixMs, StateClaim, Ref)> {
    /// A copy that keeps its time arrives later than this.
    const ARRIVED_MS: i64 = 1_000;
    let (Some(span), Some(at)) = (variable.edited, &variable.at) else { return Vec::new() };
    let file: Arc<str> = match at {
        Ref::Line { file, .. } | Ref::Text { file, .. } => Arc::clone(file),
        Ref::Key { source, .. } => Arc::clone(source),
    };
    let mut told = vec![(span.from(), StateClaim::EnvFileEdited { file: Arc::clone(&file) }, at.clone())];
    if span.length_ms() > ARRIVED_MS {
        told.push((span.to(), StateClaim::EnvFileArrived { file }, at.clone()));
    }
    told
}
