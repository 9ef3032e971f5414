//! What a rule about states may look at: the stack as it is now, who asks whom in it, and where it differs from its files.
//! It holds no hypothesis.

use std::sync::Arc;

use lastgood_model::desired::{Mount, Service};
use lastgood_model::snapshot::Container;
use lastgood_model::topology::{ComponentKind, Edge};
use lastgood_model::{CauseCode, Drift, Layers, Ref, Stack, Topology};

use crate::condition::{Condition, is_job};
use crate::{drift, layers, topology};

/// A stack and what was worked out from it.
#[derive(Clone, Debug)]
pub struct StackScene<'a> {
    /// The facts.
    pub stack: &'a Stack,
    /// Who asks whom.
    pub topology: Topology,
    /// Where it differs from its files.
    pub drift: Vec<Drift>,
    /// What only these layers know is left out.
    pub without: Layers,
}

/// Protocols of databases, caches and queues: what speaks them serves the application and no visitor.
const BEHIND: &[&str] =
    &["redis", "rediss", "postgres", "postgresql", "mysql", "mariadb", "mongodb", "amqp", "kafka", "memcached", "nats"];

impl<'a> StackScene<'a> {
    /// A stack with what follows from its facts.
    #[must_use]
    pub fn new(stack: &'a Stack) -> Self {
        Self { stack, topology: topology::build(stack), drift: drift::find(stack), without: Layers::NONE }
    }

    /// Whether a cause is one that may be found here.
    #[must_use]
    pub const fn may_be(&self, code: CauseCode) -> bool {
        !layers::of(code).only_in(self.without)
    }

    /// The component whose container wrote a line.
    #[must_use]
    pub fn writer_of(&self, line: &Ref) -> Option<Arc<str>> {
        let Ref::Line { file: path, .. } = line else { return None };
        let name = path.rsplit(['/', ':']).next()?;
        let name = name.strip_suffix(".gz").unwrap_or(name);
        let name = name.strip_suffix(".log").unwrap_or(name);
        self.containers().find(|container| &*container.name == name).map(|container| self.component(container))
    }

    /// The one that shares the folder of a socket with the proxy that asks there, if it is one.
    #[must_use]
    pub fn component_at_socket(&self, path: &str) -> Option<Arc<str>> {
        let is_proxy = |container: &Container| {
            self.stack.proxies.iter().any(|proxy| proxy.container.as_ref() == Some(&container.name))
        };
        let holds = |mount: &&Mount| std::path::Path::new(path).starts_with(&*mount.target) && !mount.source.is_empty();
        let proxies = || self.containers().filter(|container| is_proxy(container));
        let sources: Vec<&Mount> = proxies().flat_map(|proxy| &proxy.mounts).filter(holds).collect();
        let shares = |container: &&Container| {
            container.mounts.iter().any(|mount| sources.iter().any(|source| source.source == mount.source))
        };
        let mut others = self.containers().filter(|container| !is_proxy(container)).filter(shares);
        let owner = others.next()?;
        others.next().is_none().then(|| self.component(owner))
    }

    /// Whether a service or a container has that name.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.services().any(|service| &*service.name == name)
            || self.containers().any(|container| &*container.name == name || container.service.as_deref() == Some(name))
    }

    /// Containers that matter: the project's own, those of others that it asks, and those that ask it.
    pub fn containers(&self) -> impl Iterator<Item = &'a Container> {
        let all = self.stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
        all.filter(|container| {
            !container.one_off
                && (!self.stack.is_foreign(container) || self.is_asked(container) || self.asks(container))
        })
    }

    /// Services as declared.
    pub fn services(&self) -> impl Iterator<Item = &'a Service> {
        self.stack.desired.iter().flat_map(|desired| &desired.services)
    }

    /// Containers of a declared service.
    pub fn of_service(&self, service: &str) -> impl Iterator<Item = &'a Container> {
        let project = self.stack.desired.as_ref().map(|desired| &*desired.project);
        let all = self.stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
        all.filter(move |container| {
            !container.one_off
                && container.project.as_deref() == project
                && container.service.as_deref() == Some(service)
        })
    }

    /// The declared service that a container is of.
    #[must_use]
    pub fn service(&self, container: &Container) -> Option<&'a Service> {
        let desired = self.stack.desired.as_ref()?;
        (!self.stack.is_foreign(container)).then(|| desired.service(container.service.as_deref()?))?
    }

    /// How users speak of a container.
    #[must_use]
    pub fn component(&self, container: &Container) -> Arc<str> {
        let known = self.index(container).and_then(|index| self.topology.components.get(index));
        known.map_or_else(|| Arc::clone(container.component()), |component| Arc::clone(&component.name))
    }

    /// Its place among the components.
    #[must_use]
    pub fn index(&self, container: &Container) -> Option<usize> {
        let components = &self.topology.components;
        let by_container =
            components.iter().position(|component| component.container.as_ref() == Some(&container.name));
        by_container.or_else(|| {
            let own = !self.stack.is_foreign(container);
            own.then(|| self.topology.find(container.component())).flatten()
        })
    }

    /// The component that a name in an address means.
    #[must_use]
    pub fn named(&self, host: &str) -> Option<usize> {
        let components = &self.topology.components;
        components.iter().position(|component| component.container.as_deref() == Some(host) || &*component.name == host)
    }

    /// Whether anything asks it.
    #[must_use]
    pub fn is_asked(&self, container: &Container) -> bool {
        self.index(container).is_some_and(|index| self.askers(index).next().is_some())
    }

    /// Whether it asks anything.
    #[must_use]
    pub fn asks(&self, container: &Container) -> bool {
        self.index(container).is_some_and(|index| self.topology.asks(index).next().is_some())
    }

    /// The one whom a component asks in one of these protocols; `None` where it asks nobody so, or several.
    #[must_use]
    pub fn asked(&self, from: usize, protocols: &[&str]) -> Option<Arc<str>> {
        let edges = self.topology.asks(from);
        let mut found = edges.filter(|edge| edge.protocol.as_deref().is_some_and(|known| protocols.contains(&known)));
        let first = found.next()?;
        if found.any(|other| other.to != first.to || other.host != first.host) {
            return None;
        }
        let component = first.to.and_then(|to| self.topology.components.get(to));
        Some(component.map_or_else(|| Arc::clone(&first.host), |component| Arc::clone(&component.name)))
    }

    fn askers(&self, index: usize) -> impl Iterator<Item = &Edge> {
        self.topology.asked_by(index).filter(move |edge| edge.from != index)
    }

    /// Whether it serves the application and no visitor: it is somebody else's, or only services ask it, as a database.
    #[must_use]
    pub fn is_behind(&self, container: &Container) -> bool {
        let Some(index) = self.index(container) else { return self.stack.is_foreign(container) };
        let by_proxy = |edge: &Edge| {
            self.topology.components.get(edge.from).is_some_and(|asker| asker.kind == ComponentKind::Proxy)
        };
        let database = |edge: &Edge| edge.protocol.as_deref().is_some_and(|protocol| BEHIND.contains(&protocol));
        let asked = || self.askers(index);
        self.stack.is_foreign(container) || (asked().any(database) && !asked().any(by_proxy))
    }

    /// Whether it ended because its work was done: a job that nobody asks, and not a service.
    #[must_use]
    pub fn is_done(&self, container: &Container) -> bool {
        let may_end = matches!(&*container.restart_policy, "" | "no" | "on-failure") && container.ports.is_empty();
        let is_job = self.service(container).map_or(may_end, |service| is_job(service, self.stack));
        is_job && !self.is_asked(container) && Condition::of(container, true, self.stack.at) == Condition::Finished
    }

    /// Whether one component asks another, itself or through others.
    #[must_use]
    pub fn reaches(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![false; self.topology.components.len()];
        let mut open = vec![from];
        while let Some(here) = open.pop() {
            for next in self.topology.asks(here).filter_map(|edge| edge.to) {
                if next == to {
                    return true;
                }
                if let Some(seen) = seen.get_mut(next).filter(|seen| !**seen) {
                    *seen = true;
                    open.push(next);
                }
            }
        }
        false
    }
}

/// A reference into what the engine says of a container.
#[must_use]
pub fn key(container: &str, field: &str) -> Ref {
    Ref::Key { source: Arc::from("docker"), key: Arc::from(format!("{container}/{field}")) }
}
