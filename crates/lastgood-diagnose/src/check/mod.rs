//! `check`: what would bite the next deploy, or is wrong right now. A table of checks, one file a concern, each blind to the
//! others. Facts in, findings out; no words, and nothing is changed.

use std::cmp::Reverse;
use std::sync::Arc;

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::desired::Service;
use lastgood_model::snapshot::{Container, Image};
use lastgood_model::{Desired, Drift, Ref, Snapshot, Stack, Topology};

use crate::condition::Condition;

mod accepted;
mod addresses;
mod builds;
mod databases;
mod env_contract;
mod env_files;
mod gateways;
mod healthchecks;
mod images;
mod interpolation;
mod mounts;
mod names;
mod ports;
mod probes;
mod reboot;
mod refusals;
mod resources;
mod room;
mod secrets;
mod stale;
mod standing;
#[cfg(test)]
mod tests;

pub use accepted::{Accept, accept};
pub use builds::built_for;

/// What is asked beside the facts.
#[derive(Clone, Debug)]
pub struct CheckQuestion {
    /// The architecture that images are built on, in Docker's words; `None`: this host's.
    pub development: Option<Arc<str>>,
    /// Whether a key looks as if its value were a secret. What is a secret is one decision, and not made here.
    pub is_secret_key: fn(&str) -> bool,
}

/// A check: looks, and adds what it finds.
type Check = fn(&Look<'_>, &mut Vec<Finding>);

/// Every check.
const CHECKS: &[Check] = &[
    refusals::compose_refuses,
    refusals::nothing_to_wait_for,
    resources::networks_missing,
    resources::volumes_missing,
    interpolation::variables,
    env_files::refused,
    env_files::dollars_lost,
    env_files::carriage_returns,
    env_files::readable,
    env_contract::against_the_example,
    env_contract::half_addresses,
    addresses::addresses,
    gateways::gateway_addresses,
    builds::emulated,
    images::architectures,
    images::logins,
    images::floating_tags,
    secrets::in_images,
    secrets::on_command_lines,
    reboot::restart_policies,
    reboot::units,
    mounts::sources,
    ports::taken,
    databases::published,
    stale::containers,
    standing::services,
    standing::foreign,
    healthchecks::ports,
    healthchecks::always_pass,
    healthchecks::certificates,
    room::file_systems,
    room::memory,
    room::clock,
    room::open_files,
    probes::answers,
];

/// Everything that would bite: what will break first, then by the order of the checks.
#[must_use]
pub fn check(stack: &Stack, topology: &Topology, drift: &[Drift], question: &CheckQuestion) -> Vec<Finding> {
    let look = Look { stack, topology, drift, question };
    let mut findings = Vec::new();
    for check in CHECKS {
        check(&look, &mut findings);
    }
    findings.sort_by_key(|finding| Reverse(finding.severity));
    findings
}

/// What a check may look at.
struct Look<'a> {
    stack: &'a Stack,
    topology: &'a Topology,
    drift: &'a [Drift],
    question: &'a CheckQuestion,
}

impl<'a> Look<'a> {
    /// What is declared and what runs, where both are known.
    fn both(&self) -> Option<(&'a Desired, &'a Snapshot)> {
        self.stack.desired.as_ref().zip(self.stack.snapshot.as_ref())
    }

    fn services(&self) -> impl Iterator<Item = &'a Service> + use<'a> {
        self.stack.desired.iter().flat_map(|desired| &desired.services)
    }

    fn service(&self, name: &str) -> Option<&'a Service> {
        self.stack.desired.as_ref()?.service(name)
    }

    /// Containers of a declared service.
    fn containers(&self, service: &'a Service) -> impl Iterator<Item = &'a Container> + use<'a> {
        self.both().into_iter().flat_map(|(desired, snapshot)| snapshot.of_service(&desired.project, &service.name))
    }

    /// The image of a declared service, if the engine has it.
    fn image(&self, service: &Service) -> Option<&'a Image> {
        let snapshot = self.stack.snapshot.as_ref()?;
        let name = self.stack.desired.as_ref()?.image_of(service);
        let name = &*name;
        snapshot.image(name).or_else(|| snapshot.image(&format!("{name}:latest")))
    }

    fn condition(&self, service: &Service) -> Condition {
        Condition::of_service(service, self.stack)
    }

    /// Ports on which something listens in the network namespace of a declared service, `None` if nobody can tell: what it
    /// has not begun to do says nothing of what it will do.
    fn listening(&self, service: &'a Service) -> Option<Vec<u16>> {
        let owner = self.namespace(service);
        let known = self.containers(owner).find_map(|container| container.listening.as_ref())?;
        let settled = self.housemates(owner).all(|service| self.condition(service) == Condition::Fine);
        let ports = sorted(known.iter().map(|listening| listening.port));
        (settled && !ports.is_empty()).then_some(ports)
    }

    /// Ports on which a declared service is meant to listen: those that it listens on, those of its image, and the published.
    fn served(&self, service: &'a Service) -> Vec<u16> {
        let owner = self.namespace(service);
        let declared = self.housemates(owner).flat_map(|service| {
            let exposed = self.image(service).map(|image| image.exposed.as_slice()).unwrap_or_default();
            exposed.iter().copied().chain(service.ports.iter().map(|port| port.container)).collect::<Vec<_>>()
        });
        sorted(declared.chain(self.listening(service).unwrap_or_default()))
    }

    /// Whose network namespace a service lives in: its own, or that of the one that it names.
    fn namespace(&self, service: &'a Service) -> &'a Service {
        let named = service.network_mode.as_deref().and_then(|mode| mode.strip_prefix("service:"));
        named.and_then(|name| self.service(name)).unwrap_or(service)
    }

    /// Services that share a namespace, its owner included.
    fn housemates(&self, owner: &'a Service) -> impl Iterator<Item = &'a Service> + use<'_, 'a> {
        self.services().filter(|service| std::ptr::eq(self.namespace(service), owner))
    }
}

fn sorted(ports: impl Iterator<Item = u16>) -> Vec<u16> {
    let mut ports: Vec<u16> = ports.collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn finding(
    severity: Severity,
    component: impl Into<Arc<str>>,
    flaw: Flaw,
    refs: impl IntoIterator<Item = Ref>,
) -> Finding {
    Finding { flaw, severity, component: component.into(), refs: refs.into_iter().collect(), accepted: None }
}

/// Something that the engine says of one of its own: `docker:econipass-backend/State.Health`.
fn of_engine(name: &str, what: &str) -> Ref {
    Ref::Key { source: "docker".into(), key: format!("{name}/{what}").into() }
}

/// Something of the host: `host:clock`.
fn of_host(what: &str) -> Ref {
    Ref::Key { source: "host".into(), key: what.into() }
}

/// The machine, as a component.
const HOST: &str = "host";
