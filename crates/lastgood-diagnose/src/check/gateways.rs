//! Addresses of gateways: a way to somebody else's published port that lasts only as long as the network does.

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::topology::Via;

use super::names::networks_of;
use super::{Look, finding};

/// The engine's own network is made once and stays.
const FIRST_NETWORK: &str = "bridge";

/// Variables that hold the gateway of a network whose addresses the engine chose.
pub(super) fn gateway_addresses(look: &Look<'_>, found: &mut Vec<Finding>) {
    let Some(snapshot) = &look.stack.snapshot else { return };
    for edge in &look.topology.edges {
        let Via::Variable { key, .. } = &edge.via else { continue };
        let from = look.topology.components.get(edge.from);
        let Some(asker) = from.and_then(|from| look.service(&from.name)) else { continue };
        let network = snapshot.networks.iter().find(|network| network.gateways.contains(&edge.host));
        let Some(network) = network.filter(|network| !network.fixed_subnet && &*network.name != FIRST_NETWORK) else {
            continue;
        };
        let behind = snapshot
            .containers
            .iter()
            .find(|container| container.bound.iter().any(|port| port.host.is_some() && port.host == edge.port));
        let mine = networks_of(look, asker);
        let flaw = Flaw::GatewayAddress {
            key: key.clone(),
            address: edge.host.clone(),
            network: network.name.clone(),
            behind: behind.map(|container| container.name.clone()),
            shares_network: behind
                .is_some_and(|container| container.attachments.iter().any(|on| mine.contains(&on.network))),
        };
        found.push(finding(Severity::WorthKnowing, asker.name.clone(), flaw, edge.at.clone()));
    }
}
