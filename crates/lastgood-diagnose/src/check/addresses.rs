//! Addresses that cannot work: the container itself where nothing listens, somebody on no common network, a port on which
//! nobody answers, a name that nobody has. What is an address is the topology's business.

use std::sync::Arc;

use lastgood_model::Ref;
use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::desired::Service;
use lastgood_model::topology::{Edge, Via};

use super::names::{Named, names_on, networks_of, shares, who};
use super::{Look, finding};
use crate::condition::Condition;
use crate::nearest::nearest;

/// Keys with one of these words hold an address that browsers are sent to.
const FOR_BROWSERS: [&str; 7] = ["PUBLIC", "FRONTEND", "REDIRECT", "CALLBACK", "EXTERNAL", "SITE", "BROWSER"];
/// Keys with one of these words hold no address that is asked: names that are let in, or where to listen.
const NOT_ASKED: [&str; 7] = ["ALLOWED", "CORS", "ORIGIN", "NO_PROXY", "BIND", "LISTEN", "TRUSTED"];
/// Names that the engine itself answers to.
const OF_THE_ENGINE: [&str; 2] = ["host.docker.internal", "gateway.docker.internal"];

/// Every address that a service or its proxy configuration holds.
pub(super) fn addresses(look: &Look<'_>, found: &mut Vec<Finding>) {
    for edge in &look.topology.edges {
        let Some(address) = Address::of(look, edge) else { continue };
        if is_loopback(&edge.host) {
            found.extend(address.localhost());
        } else if edge.host.parse::<std::net::IpAddr>().is_err() {
            found.extend(address.name());
        }
    }
}

struct Address<'l, 'a> {
    look: &'l Look<'a>,
    edge: &'a Edge,
    asker: &'a Service,
    key: Option<&'a Arc<str>>,
}

impl<'l, 'a> Address<'l, 'a> {
    fn of(look: &'l Look<'a>, edge: &'a Edge) -> Option<Self> {
        let from = look.topology.components.get(edge.from)?;
        let asker = look.service(&from.name)?;
        let key = match &edge.via {
            Via::Proxy => None,
            Via::Variable { key, .. } => Some(key),
            Via::DependsOn => return None,
        };
        // A service on the host's own network asks as the host does.
        let on_host = look.namespace(asker).network_mode.as_deref() == Some("host");
        let not_asked = key.is_some_and(|key| has_word(key, &NOT_ASKED));
        (!on_host && !not_asked).then_some(Self { look, edge, asker, key })
    }

    fn finding(&self, severity: Severity, flaw: Flaw) -> Finding {
        let refs: Option<Ref> = self.edge.at.clone();
        finding(severity, self.asker.name.clone(), flaw, refs)
    }

    fn localhost(&self) -> Option<Finding> {
        let port = self.edge.port?;
        if self.look.served(self.asker).contains(&port) {
            return None;
        }
        let own = self.look.namespace(self.asker);
        let mut others = self.look.services().filter(|other| !std::ptr::eq(self.look.namespace(other), own));
        let meant = others.find(|other| self.look.served(other).contains(&port)).map(|other| other.name.clone());
        let severity = if self.key.is_some_and(|key| has_word(key, &FOR_BROWSERS)) {
            Severity::WorthKnowing
        } else {
            Severity::WillBreak
        };
        let key = self.key.cloned().unwrap_or_else(|| Arc::from("proxy_pass"));
        Some(self.finding(severity, Flaw::LocalhostAddress { key, address: self.edge.address.clone(), meant }))
    }

    fn name(&self) -> Option<Finding> {
        let host = &self.edge.host;
        let mine = networks_of(self.look, self.asker);
        let named = who(self.look, host);
        if let Some(near) = named.iter().find(|one| shares(&one.networks, &mine) || self.is_self(one)) {
            return self.port(near);
        }
        if self.asker.extra_hosts.iter().any(|(name, _)| name == host) || OF_THE_ENGINE.contains(&&**host) {
            return None;
        }
        // Who is on a network that is not there yet will be met when it is.
        let snapshot = self.look.stack.snapshot.as_ref();
        if snapshot.is_some_and(|snapshot| mine.iter().any(|network| snapshot.network(network).is_none())) {
            return None;
        }
        if let Some(far) = named.into_iter().next() {
            let (asked, networks) = (far.name, far.networks);
            return Some(
                self.finding(Severity::WillBreak, Flaw::NoSharedNetwork { key: self.key.cloned(), asked, networks }),
            );
        }
        // A name with a dot is for the world's name servers, and without the engine nobody knows who else is there.
        if host.contains('.') || snapshot.is_none() {
            return None;
        }
        let names = names_on(self.look, &mine);
        let nearest = nearest(host, names.iter().map(|name| &**name)).map(Arc::from);
        let severity = if nearest.is_some() { Severity::WillBreak } else { Severity::WorthKnowing };
        Some(self.finding(severity, Flaw::UnknownName { key: self.key.cloned(), name: host.clone(), nearest }))
    }

    fn is_self(&self, named: &Named<'_>) -> bool {
        named.service.is_some_and(|service| std::ptr::eq(service, self.asker))
    }

    fn port(&self, asked: &Named<'_>) -> Option<Finding> {
        let port = self.edge.port?;
        let listening = match (asked.service, asked.container) {
            (Some(service), _) => self.look.listening(service),
            (None, Some(container)) => {
                let is_settled = Condition::of(container, false, self.look.stack.at) == Condition::Fine;
                let known = container.listening.as_ref().filter(|_| is_settled);
                known.map(|known| super::sorted(known.iter().map(|listening| listening.port)))
            }
            (None, None) => None,
        };
        // Without a word of the kernel the image's is a hint and no more.
        let (severity, listens) = match (listening, asked.service) {
            (Some(ports), _) => (Severity::WillBreak, ports),
            (None, Some(service)) => (Severity::WorthKnowing, self.look.served(service)),
            (None, None) => return None,
        };
        let is_wrong = !listens.is_empty() && !listens.contains(&port);
        let (key, asked) = (self.key.cloned(), asked.name.clone());
        is_wrong.then(|| self.finding(severity, Flaw::WrongPort { key, asked, port, listens }))
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn has_word(key: &str, words: &[&str]) -> bool {
    let key = key.to_ascii_uppercase();
    words.iter().any(|word| key.contains(word))
}
