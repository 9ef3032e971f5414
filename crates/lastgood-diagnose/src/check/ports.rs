//! Ports of the host that are to be published.

use std::sync::Arc;

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::desired::{Port, Service};

use super::{Look, finding};

/// Ports that somebody else holds already.
pub(super) fn taken(look: &Look<'_>, found: &mut Vec<Finding>) {
    for service in look.services() {
        for port in &service.ports {
            let Some(number) = port.host.filter(|_| &*port.protocol != "udp") else { continue };
            let is_ours =
                look.containers(service).any(|container| container.bound.iter().any(|own| overlap(own, port)));
            if is_ours {
                continue;
            }
            if let Some(by) = holder(look, service, port) {
                let flaw = Flaw::PortTaken { port: number, by };
                found.push(finding(Severity::WillBreak, service.name.clone(), flaw, service.at.clone()));
            }
        }
    }
}

/// Who holds a port: a container by its name, or a program of the host if it may be known.
fn holder(look: &Look<'_>, service: &Service, port: &Port) -> Option<Option<Arc<str>>> {
    let containers = look.stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
    let mut holders = containers.filter(|container| container.bound.iter().any(|bound| overlap(bound, port)));
    if let Some(container) = holders.next() {
        // Another service of the project gives it up at the next start, unless it is to have it still.
        let keeps = look.stack.is_foreign(container)
            || look.services().any(|other| {
                other.name != service.name
                    && Some(&other.name) == container.service.as_ref()
                    && other.ports.iter().any(|theirs| overlap(theirs, port))
            });
        return keeps.then(|| Some(container.name.clone()));
    }
    let listening = look.stack.host.listening.iter().flatten();
    let mut programs =
        listening.filter(|one| Some(one.port) == port.host && addresses_overlap(&one.address, &port.host_ip));
    programs.next().map(|one| one.program.clone())
}

fn overlap(one: &Port, other: &Port) -> bool {
    one.host.is_some()
        && one.host == other.host
        && one.protocol == other.protocol
        && addresses_overlap(&one.host_ip, &other.host_ip)
}

fn addresses_overlap(one: &str, other: &str) -> bool {
    one == other || is_all(one) || is_all(other)
}

/// An address that stands for all of the host's.
pub(super) fn is_all(address: &str) -> bool {
    matches!(address, "" | "0.0.0.0" | "::" | "[::]")
}
