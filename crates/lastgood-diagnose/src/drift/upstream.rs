//! A proxy that looked a name up before the one it means got the address it has now. nginx looks names up once, when it reads
//! its configuration, unless they stand in variables.

use std::sync::Arc;

use lastgood_model::snapshot::Container;
use lastgood_model::stack::{Pass, ProxyConf};
use lastgood_model::{Difference, UnixMs};

use super::Pair;

/// A proxy that starts together with a service has looked it up when it was there.
const TOGETHER_MS: i64 = 1_000;

impl Pair<'_> {
    /// The proxies that were there before this container was.
    pub(super) fn upstreams(&self) -> Vec<Difference> {
        let Some(began) = self.container.state.started.filter(|_| self.container.is_running()) else {
            return Vec::new();
        };
        // A container that is merely started again keeps its address as a rule; one that is created anew need not.
        let created = self.container.created;
        let stale = |proxy: &ProxyConf| {
            let read_at = self.read_at(proxy)?;
            let name = asked_once(proxy).find(|name| self.is_meant(name)).filter(|_| self.is_near(proxy))?;
            (created.since(read_at) > TOGETHER_MS).then(|| Difference::StaleUpstream {
                proxy: proxy.container.clone().unwrap_or_else(|| Arc::from("nginx")),
                name: Arc::from(name),
                read_at,
                started: began,
            })
        };
        self.stack.proxies.iter().filter_map(stale).collect()
    }

    /// When a proxy that runs read its configuration: told, or when its container was started.
    fn read_at(&self, proxy: &ProxyConf) -> Option<UnixMs> {
        let container: Option<&Container> = proxy.container.as_ref().and_then(|name| self.snapshot.container(name));
        if proxy.container.is_some() && !container.is_some_and(Container::is_running) {
            return None;
        }
        proxy.read_at.or_else(|| container?.state.started)
    }

    /// A name means a container only where both are on one network; the host's own nginx knows none of these names.
    fn is_near(&self, proxy: &ProxyConf) -> bool {
        let proxy = proxy.container.as_ref().and_then(|name| self.snapshot.container(name));
        proxy.is_some_and(|proxy| proxy.shares_network(self.container))
    }

    fn is_meant(&self, host: &str) -> bool {
        let bears = |name: &str| name == host;
        bears(&self.service.name)
            || bears(&self.container.name)
            || self.container.attachments.iter().any(|one| one.aliases.iter().any(|alias| bears(alias)))
    }
}

/// Hosts that a proxy looks up once.
fn asked_once(proxy: &ProxyConf) -> impl Iterator<Item = &str> {
    let passed = proxy.passes.iter().filter(|pass: &&Pass| !pass.is_variable);
    passed.flat_map(|pass| match proxy.groups.iter().find(|group| group.name == pass.host) {
        Some(group) => group.servers.iter().map(|(server, _)| server.split(':').next().unwrap_or(server)).collect(),
        None => vec![&*pass.host],
    })
}
