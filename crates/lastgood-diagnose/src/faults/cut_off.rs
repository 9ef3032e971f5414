//! `network/wrong-network` by state: a container is not on a network that it is declared to join, or it asks another one with
//! which it shares no network.

use std::sync::Arc;

use lastgood_model::snapshot::Container;
use lastgood_model::topology::{Edge, Via};
use lastgood_model::{Ailment, CauseCode, StateClaim, Weight};

use super::{Fault, edge};
use crate::rules::Depth;
use crate::stack_scene::{StackScene, key};

/// Proposes one fault for each container that a network is missing of.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    let detached: Vec<Fault> = scene.containers().filter_map(|container| detached(scene, container)).collect();
    let told = |component: &Arc<str>| detached.iter().any(|fault| fault.bearer == *component);
    let apart: Vec<Fault> = scene
        .topology
        .edges
        .iter()
        .filter_map(|edge| apart(scene, edge))
        .filter(|fault| !told(&fault.bearer))
        .collect();
    let mut found = detached;
    for fault in apart {
        if !found.iter().any(|known| known.bearer == fault.bearer) {
            found.push(fault);
        }
    }
    found
}

/// A declared network is not among the attachments.
fn detached(scene: &StackScene<'_>, container: &Container) -> Option<Fault> {
    let desired = scene.stack.desired.as_ref()?;
    let service = scene.service(container)?;
    if !container.is_running() || service.network_mode.is_some() {
        return None;
    }
    let missing = service
        .networks
        .iter()
        .filter_map(|joined| desired.network_name(&joined.key))
        .find(|network| !container.attachments.iter().any(|attachment| attachment.network == **network))?;
    let component = scene.component(container);
    let reference = || key(&container.name, "NetworkSettings.Networks");
    // It hurts if somebody on that network asks it, or it asks somebody there.
    let disconnected = scene
        .stack
        .snapshot
        .iter()
        .flat_map(|snapshot| &snapshot.events)
        .filter(|event| event.container == container.name && &*event.action == "disconnect")
        .map(|event| event.at)
        .next_back();
    let at = disconnected.unwrap_or(scene.stack.at);
    let claim = StateClaim::NotAttached { container: Arc::clone(&container.name), network: Arc::clone(missing) };
    Some(Fault::new(CauseCode::WrongNetwork, &component, Ailment::CutOff, Depth::Origin, edge(at, reference())).led(
        disconnected,
        claim,
        reference(),
        Weight::Decisive,
    ))
}

/// Two ends of an edge by name that share no network.
fn apart(scene: &StackScene<'_>, asked: &Edge) -> Option<Fault> {
    let container = |index: usize| {
        let component = scene.topology.components.get(index)?;
        let snapshot = scene.stack.snapshot.as_ref()?;
        let by_name = component.container.as_deref().and_then(|name| snapshot.container(name));
        by_name.or_else(|| scene.of_service(&component.name).next()).filter(|container| container.is_running())
    };
    let (from, to) = (container(asked.from)?, container(asked.to?)?);
    // An address of the host leads there by a published port, whatever the networks are; so does the host's own network.
    let by_name = to.name == asked.host || to.service.as_ref() == Some(&asked.host);
    let own = |container: &Container| {
        matches!(&*container.network_mode, "host" | "none") || container.network_mode.starts_with("container:")
    };
    if !by_name || asked.via == Via::DependsOn || own(from) || own(to) || from.name == to.name {
        return None;
    }
    if from.shares_network(to) || from.attachments.is_empty() && to.attachments.is_empty() {
        return None;
    }
    // Whose networks are fewer lacks one.
    let lacking = if to.attachments.is_empty() { to } else { from };
    let component = scene.component(lacking);
    let reference = || key(&lacking.name, "NetworkSettings.Networks");
    let claim = StateClaim::NoSharedNetwork { from: scene.component(from), to: scene.component(to) };
    Some(
        Fault::new(
            CauseCode::WrongNetwork,
            &component,
            Ailment::CutOff,
            Depth::Origin,
            edge(scene.stack.at, reference()),
        )
        .led(None, claim, reference(), Weight::Decisive),
    )
}
