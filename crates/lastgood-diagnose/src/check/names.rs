//! Who answers to a name, and on which networks: declared services and containers of others.

use std::sync::Arc;

use lastgood_model::desired::Service;
use lastgood_model::snapshot::Container;

use super::Look;

/// Somebody with a name.
pub(super) struct Named<'a> {
    /// As users speak of it.
    pub name: Arc<str>,
    /// The service, if it is one of the project.
    pub service: Option<&'a Service>,
    /// The container, if it is somebody else's.
    pub container: Option<&'a Container>,
    /// The networks it can be reached on, by the engine's names.
    pub networks: Vec<Arc<str>>,
}

/// Everybody who has that name on some network.
pub(super) fn who<'a>(look: &Look<'a>, name: &str) -> Vec<Named<'a>> {
    everybody(look).into_iter().filter(|(names, _)| names.iter().any(|one| **one == *name)).map(|(_, it)| it).collect()
}

/// Names that can be asked for on any of these networks.
pub(super) fn names_on(look: &Look<'_>, networks: &[Arc<str>]) -> Vec<Arc<str>> {
    let near = everybody(look).into_iter().filter(|(_, it)| shares(&it.networks, networks));
    near.flat_map(|(names, _)| names).collect()
}

/// Whether two have a network in common.
pub(super) fn shares(one: &[Arc<str>], other: &[Arc<str>]) -> bool {
    one.iter().any(|network| other.contains(network))
}

/// The networks of a declared service, by the engine's names.
pub(super) fn networks_of(look: &Look<'_>, service: &Service) -> Vec<Arc<str>> {
    let owner = look.services().find(|other| other.name == service.name).map_or(service, |own| look.namespace(own));
    let Some(desired) = &look.stack.desired else { return Vec::new() };
    let joined = owner.networks.iter().filter_map(|joined| desired.network_name(&joined.key).cloned());
    joined.collect()
}

fn everybody<'a>(look: &Look<'a>) -> Vec<(Vec<Arc<str>>, Named<'a>)> {
    let own = look.services().map(|service| {
        let aliases = service.networks.iter().flat_map(|joined| joined.aliases.iter().cloned());
        let made = look.containers(service).map(|container| container.name.clone());
        let names = [service.name.clone()].into_iter().chain(service.container_name.clone()).chain(aliases).chain(made);
        let networks = networks_of(look, service);
        (names.collect(), Named { name: service.name.clone(), service: Some(service), container: None, networks })
    });
    let others = look.stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
    let others = others.filter(|container| look.stack.is_foreign(container)).map(|container| {
        let aliases = container.attachments.iter().flat_map(|on| on.aliases.iter().cloned());
        let names = [container.name.clone()].into_iter().chain(container.service.clone()).chain(aliases);
        let networks = container.attachments.iter().map(|on| on.network.clone()).collect();
        (names.collect(), Named { name: container.name.clone(), service: None, container: Some(container), networks })
    });
    own.chain(others).collect()
}
