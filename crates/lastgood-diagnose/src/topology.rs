//! Which component asks which: from nginx's configuration, from values that are addresses, and from `depends_on`. Where an
//! address leads, through names, networks, gateways and published ports; not whether anybody answers there.

use std::sync::Arc;

use lastgood_model::snapshot::Container;
use lastgood_model::stack::{Pass, ProxyConf};
use lastgood_model::topology::{Component, ComponentKind, Edge, Via};
use lastgood_model::{Ref, Secret, Stack, Topology};

use crate::address::{Address, address, grouped, is_asked, is_doubtful, is_localhost, password_key};

/// Names by which a container means its host.
const HOST_NAMES: &[&str] = &["host.docker.internal", "gateway.docker.internal"];

/// Builds it.
#[must_use]
pub fn build(stack: &Stack) -> Topology {
    let mut builder = Builder { stack, topology: Topology::default() };
    builder.components();
    let own = builder.topology.components.len();
    for conf in &stack.proxies {
        builder.proxy(conf);
    }
    builder.variables();
    builder.dependencies();
    concerning(own, builder.topology)
}

/// What concerns the first `own` components: they, what they ask, and who asks them. What others ask of each other does not.
fn concerning(own: usize, whole: Topology) -> Topology {
    let mut reached: Vec<usize> = (0..own).collect();
    let mut open = reached.clone();
    while let Some(from) = open.pop() {
        for to in whole.asks(from).filter_map(|edge| edge.to) {
            if !reached.contains(&to) {
                reached.push(to);
                open.push(to);
            }
        }
    }
    let asks_own = |edge: &Edge| edge.to.is_some_and(|to| to < own);
    let edges: Vec<Edge> =
        whole.edges.into_iter().filter(|edge| reached.contains(&edge.from) || asks_own(edge)).collect();
    let kept: Vec<usize> = (0..whole.components.len())
        .filter(|index| reached.contains(index) || edges.iter().any(|edge| edge.from == *index))
        .collect();
    let place = |index: usize| kept.iter().position(|kept| *kept == index);
    let moved = edges
        .into_iter()
        .filter_map(|edge| Some(Edge { from: place(edge.from)?, to: edge.to.and_then(place), ..edge }));
    let edges = moved.collect();
    let components = whole.components.into_iter().enumerate();
    let components = components.filter(|(index, _)| kept.contains(index)).map(|(_, component)| component).collect();
    Topology { components, edges }
}

struct Builder<'a> {
    stack: &'a Stack,
    topology: Topology,
}

impl<'a> Builder<'a> {
    fn containers(&self) -> impl Iterator<Item = &'a Container> + use<'a> {
        self.stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers).filter(|container| !container.one_off)
    }

    /// Services as declared; without a compose file, containers by their names.
    fn components(&mut self) {
        let is_proxy = |container: Option<&Arc<str>>| {
            container.is_some() && self.stack.proxies.iter().any(|conf| conf.container.as_ref() == container)
        };
        let kind = |container: Option<&Arc<str>>, other| if is_proxy(container) { ComponentKind::Proxy } else { other };
        let mut components: Vec<Component> = Vec::new();
        if let Some(desired) = &self.stack.desired {
            for service in &desired.services {
                let of_service = |container: &&Container| {
                    container.service.as_ref() == Some(&service.name) && !self.stack.is_foreign(container)
                };
                let container = self.containers().find(of_service).map(|container| Arc::clone(&container.name));
                let kind = kind(container.as_ref(), ComponentKind::Service);
                components.push(Component { name: Arc::clone(&service.name), container, foreign: None, kind });
            }
        } else {
            for container in self.containers() {
                let name = || Arc::clone(&container.name);
                let kind = kind(Some(&container.name), ComponentKind::Container);
                components.push(Component { name: name(), container: Some(name()), foreign: None, kind });
            }
        }
        if self.stack.proxies.iter().any(|conf| conf.container.is_none()) {
            let name = Arc::from("nginx");
            components.push(Component { name, container: None, foreign: None, kind: ComponentKind::Proxy });
        }
        self.topology.components = components;
    }

    fn proxy(&mut self, conf: &ProxyConf) {
        let Some(from) = (match &conf.container {
            Some(name) => self.containers().find(|other| other.name == *name).map(|container| self.of(container)),
            None => self.topology.find("nginx"),
        }) else {
            return;
        };
        for pass in &conf.passes {
            let group = conf.groups.iter().find(|group| group.name == pass.host);
            let Some(group) = group else {
                self.pass(from, conf, pass, &pass.host, pass.port, &pass.at);
                continue;
            };
            for (server, at) in &group.servers {
                let (host, port) = match server.rsplit_once(':') {
                    Some((host, port)) => (host, port.parse().ok()),
                    None => (&**server, Some(80)),
                };
                self.pass(from, conf, pass, &Arc::from(host), port, at);
            }
        }
    }

    fn pass(&mut self, from: usize, conf: &ProxyConf, pass: &Pass, host: &Arc<str>, port: Option<u16>, at: &Ref) {
        if host.is_empty() || host.contains('$') || host.starts_with("unix:") || pass.host.is_empty() {
            return;
        }
        let found = Address {
            host: Arc::clone(host),
            port,
            protocol: Some(Arc::from("http")),
            has_password: false,
            bare: false,
        };
        let asker = conf.container.as_ref().and_then(|name| self.containers().find(|other| other.name == *name));
        self.edge(from, asker, &found, Via::Proxy, Some(at.clone()));
    }

    /// Addresses in what services are told: as declared, and where nothing is declared, as it runs.
    fn variables(&mut self) {
        let components: Vec<(usize, Option<Arc<str>>, Arc<str>)> = self
            .topology
            .components
            .iter()
            .enumerate()
            .map(|(index, component)| (index, component.container.clone(), Arc::clone(&component.name)))
            .collect();
        for (from, container, name) in components {
            let container = container.and_then(|name| self.containers().find(|other| other.name == name));
            let service = self.stack.desired.as_ref().and_then(|desired| desired.service(&name));
            let mut told: Vec<(&Arc<str>, &Secret)> = Vec::new();
            if let Some(service) = service {
                told.extend(service.environment.iter().filter_map(|(key, value)| Some((key, value.as_ref()?))));
            }
            if let Some(container) = container {
                for (key, value) in &container.environment {
                    if !told.iter().any(|(known, _)| *known == key) {
                        told.push((key, value));
                    }
                }
            }
            let of = |key: &str| told.iter().find(|(name, _)| &***name == key).map(|(_, value)| (*value).clone());
            for (key, value) in told.iter().filter(|(key, _)| is_asked(key)) {
                let Some(found) = address(value).or_else(|| grouped(key, value, &of)) else { continue };
                let password = password_key(key, &found, &|key: &str| of(key).is_some());
                let via = Via::Variable { key: Arc::clone(key), password_key: password };
                let at = self.declared_at(&name, key).or_else(|| {
                    let key = format!("{}/Config.Env/{key}", container?.name);
                    Some(Ref::Key { source: Arc::from("docker"), key: Arc::from(key) })
                });
                self.edge(from, container, &found, via, at);
            }
        }
    }

    /// Where a value stands that a service is told.
    fn declared_at(&self, service: &str, key: &str) -> Option<Ref> {
        crate::drift::declared_at(self.stack, self.stack.desired.as_ref()?.service(service)?, key)
    }

    fn dependencies(&mut self) {
        let Some(desired) = &self.stack.desired else { return };
        for service in &desired.services {
            for needed in &service.depends_on {
                let (from, to) = (self.topology.find(&service.name), self.topology.find(&needed.service));
                let (Some(from), Some(to)) = (from, to) else { continue };
                if self.topology.asks(from).any(|edge| edge.to == Some(to)) {
                    continue;
                }
                self.topology.edges.push(Edge {
                    from,
                    to: Some(to),
                    address: Arc::clone(&needed.service),
                    host: Arc::clone(&needed.service),
                    port: None,
                    protocol: None,
                    via: Via::DependsOn,
                    at: service.at.clone(),
                });
            }
        }
    }

    fn edge(&mut self, from: usize, asker: Option<&Container>, found: &Address, via: Via, at: Option<Ref>) {
        let to = self.leads_to(from, asker, found);
        if to.is_none() && matches!(&via, Via::Variable { key, .. } if is_doubtful(key, found)) {
            return;
        }
        let address = found.port.map_or_else(|| found.host.to_string(), |port| format!("{}:{port}", found.host));
        let edge = Edge {
            from,
            to,
            address: Arc::from(address),
            host: Arc::clone(&found.host),
            port: found.port,
            protocol: found.protocol.clone(),
            via,
            at,
        };
        if !self.topology.edges.contains(&edge) {
            self.topology.edges.push(edge);
        }
    }

    fn leads_to(&mut self, from: usize, asker: Option<&Container>, found: &Address) -> Option<usize> {
        let host = &*found.host;
        let on_host = asker.is_none_or(|asker| &*asker.network_mode == "host");
        if is_localhost(host) {
            return if on_host { self.published(found.port) } else { None };
        }
        let given = asker.and_then(|asker| asker.extra_hosts.iter().find(|(name, _)| &**name == host));
        let host = given.map_or(host, |(_, address)| address);
        if host == "host-gateway" || HOST_NAMES.contains(&host) {
            return self.published(found.port);
        }
        if host.parse::<std::net::IpAddr>().is_ok() {
            return self.at_address(host, found.port);
        }
        // While nothing runs of whoever asks, no network says who else bears the name: a service of its own project does.
        let is_declared = self.stack.desired.as_ref().is_some_and(|desired| desired.service(host).is_some());
        let own = if asker.is_none() && is_declared { self.topology.find(host) } else { None };
        let named = own.or_else(|| self.bearer(asker, host).map(|container| self.of(container)));
        let named = named.or_else(|| self.topology.find(host)).or_else(|| self.declared(host));
        named.filter(|to| *to != from).or_else(|| {
            host.contains('.').then(|| {
                self.component(Component {
                    name: Arc::from(host),
                    container: None,
                    foreign: None,
                    kind: ComponentKind::Outside,
                })
            })
        })
    }

    /// The container that bears a name, rather one on a network of whoever asks.
    fn bearer(&self, asker: Option<&Container>, host: &str) -> Option<&'a Container> {
        let bears = |container: &&Container| {
            &*container.name == host
                || container.service.as_deref() == Some(host)
                || container
                    .attachments
                    .iter()
                    .any(|attachment| attachment.aliases.iter().any(|alias| &**alias == host))
        };
        let near = |container: &&Container| {
            asker.is_none_or(|asker| {
                let mine = || asker.attachments.iter().map(|attachment| &attachment.network);
                container.attachments.iter().any(|attachment| mine().any(|network| *network == attachment.network))
            })
        };
        let own = |container: &&Container| !self.stack.is_foreign(container);
        let all = || self.containers().filter(bears);
        all().filter(near).find(own).or_else(|| all().find(near)).or_else(|| all().find(own)).or_else(|| all().next())
    }

    /// A service by its declared `container_name` or alias, though nothing runs of it.
    fn declared(&self, host: &str) -> Option<usize> {
        let desired = self.stack.desired.as_ref()?;
        let service = desired.services.iter().find(|service| {
            service.container_name.as_deref() == Some(host)
                || service.networks.iter().any(|joined| joined.aliases.iter().any(|alias| &**alias == host))
        })?;
        self.topology.find(&service.name)
    }

    /// Who has an address: a container, or the host by one of its gateways.
    fn at_address(&mut self, host: &str, port: Option<u16>) -> Option<usize> {
        let has = |container: &&Container| container.attachments.iter().any(|attachment| &*attachment.address == host);
        if let Some(container) = self.containers().find(has) {
            return Some(self.of(container));
        }
        let networks = self.stack.snapshot.iter().flat_map(|snapshot| &snapshot.networks);
        let gateways = networks.flat_map(|network| &network.gateways).map(|gateway| &**gateway);
        let of_containers = self.containers().flat_map(|container| &container.attachments);
        let is_gateway =
            gateways.chain(of_containers.map(|attachment| &*attachment.gateway)).any(|gateway| gateway == host);
        if is_gateway {
            return self.published(port);
        }
        None
    }

    /// Who publishes a port of the host.
    fn published(&mut self, port: Option<u16>) -> Option<usize> {
        let port = port?;
        let publishes = |container: &&Container| {
            container.bound.iter().chain(&container.ports).any(|bound| bound.host == Some(port))
        };
        let running = self.containers().filter(publishes).find(|container| container.is_running());
        let container = running.or_else(|| self.containers().find(publishes));
        if let Some(container) = container {
            return Some(self.of(container));
        }
        let listening = self.stack.host.listening.iter().flatten().any(|socket| socket.port == port);
        listening.then(|| {
            self.component(Component {
                name: Arc::from(format!("127.0.0.1:{port}")),
                container: None,
                foreign: None,
                kind: ComponentKind::Host,
            })
        })
    }

    /// The component of a container; those of others are added when something leads there.
    fn of(&mut self, container: &Container) -> usize {
        let components = &self.topology.components;
        let known = components.iter().position(|component| component.container.as_ref() == Some(&container.name));
        let own = || {
            let service = container.service.as_deref().filter(|_| !self.stack.is_foreign(container))?;
            self.topology.find(service)
        };
        if let Some(index) = known.or_else(own) {
            return index;
        }
        self.component(Component {
            name: Arc::clone(&container.name),
            container: Some(Arc::clone(&container.name)),
            foreign: container.project.clone(),
            kind: ComponentKind::Container,
        })
    }

    fn component(&mut self, component: Component) -> usize {
        if let Some(index) = self.topology.components.iter().position(|known| *known == component) {
            return index;
        }
        self.topology.components.push(component);
        self.topology.components.len() - 1
    }
}

#[cfg(test)]
mod tests;
