//! Addresses of gateways: a way to somebody else's published port that lasts only as long as the network does.

use std::net::Ipv4Addr;

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::snapshot::{Engine, Network};
use lastgood_model::topology::Via;

use super::names::networks_of;
use super::{Look, finding};

/// The engine's own network is made once and stays.
const FIRST_NETWORK: &str = "bridge";

/// What an engine takes subnets from if nobody told it otherwise, with the prefix length of each subnet.
const POOLS: [(&str, u8); 2] = [("172.16.0.0/12", 16), ("192.168.0.0/16", 20)];

/// Variables that hold the gateway of a network whose addresses the engine chose.
pub(super) fn gateway_addresses(look: &Look<'_>, found: &mut Vec<Finding>) {
    let Some(snapshot) = &look.stack.snapshot else { return };
    for edge in &look.topology.edges {
        let Via::Variable { key, .. } = &edge.via else { continue };
        let from = look.topology.components.get(edge.from);
        let Some(asker) = from.and_then(|from| look.service(&from.name)) else { continue };
        let network = snapshot.networks.iter().find(|network| network.gateways.contains(&edge.host));
        let Some(network) = network.filter(|network| is_chosen_by_engine(look, network, &snapshot.engine)) else {
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

/// Whether a network would get whatever addresses are free when it is made again. The engine does not say who chose them, but
/// those that are not of its pools somebody must have asked for.
fn is_chosen_by_engine(look: &Look<'_>, network: &Network, engine: &Engine) -> bool {
    let declared = look.stack.desired.iter().flat_map(|desired| &desired.networks);
    let is_declared = declared.filter(|one| one.name == network.name).any(|one| one.has_subnet);
    let is_of = |pool: &str, size| network.subnets.iter().any(|subnet| is_part(subnet, pool, size));
    let is_of_a_pool = if engine.address_pools.is_empty() {
        POOLS.iter().any(|(pool, size)| is_of(pool, *size))
    } else {
        engine.address_pools.iter().any(|(pool, size)| is_of(pool, *size))
    };
    &*network.name != FIRST_NETWORK && !is_declared && is_of_a_pool
}

/// Whether a subnet is one of those that a pool is divided into.
fn is_part(subnet: &str, pool: &str, size: u8) -> bool {
    let (Some((address, length)), Some((base, prefix))) = (prefixed(subnet), prefixed(pool)) else { return false };
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
    length == size && address.to_bits() & mask == base.to_bits() & mask
}

fn prefixed(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, length) = text.split_once('/')?;
    Some((address.parse().ok()?, length.parse().ok()?))
}

#[cfg(test)]
mod pool_tests {
    use super::*;

    #[test]
    fn subnets_of_a_pool() {
        assert!(is_part("172.19.0.0/16", "172.16.0.0/12", 16));
        assert!(is_part("192.168.16.0/20", "192.168.0.0/16", 20));
        assert!(is_part("10.1.2.0/24", "0.0.0.0/0", 24));
        assert!(!is_part("10.83.18.0/24", "172.16.0.0/12", 16));
        assert!(!is_part("172.19.5.0/24", "172.16.0.0/12", 16), "of another size");
        assert!(!is_part("fd00::/64", "172.16.0.0/12", 16));
    }
}
