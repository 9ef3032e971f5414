//! What the proxies of a stack pass on: whether somebody listens wherever requests to a service go, or those that it gets go on to. What a
//! service answers itself is `knock.rs`' matter.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lastgood_diagnose::topology;
use lastgood_model::probe_claim::Asked;
use lastgood_model::release::Release;
use lastgood_model::snapshot::Container;
use lastgood_model::stack::ProxyConf;
use lastgood_model::topology::{Component, ComponentKind, Edge, Topology, Via};
use lastgood_model::{Stack, Told};
use lastgood_world::request::{self, Unanswered};

use super::candidate;
use super::doer::Hands;
use super::gate::{TO_ANSWER, TO_LISTEN, containers, unserved};
use super::knock::{Door, address, inside, knock};
use super::route::is_this_machine;
use super::trouble::Trouble;

/// A container of this machine takes a connection at once, or never.
const TO_CONNECT: Duration = Duration::from_millis(500);
/// An nginx asks nobody for ten seconds who did not answer.
const TO_ASK_AGAIN: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How services that change were asked before anything was touched.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// Addresses that requests are passed on to where nobody listens.
    pub(super) unheard: BTreeSet<Arc<str>>,
    /// Those that led to a service: it, whose requests go there, and the address.
    pub(super) led: BTreeSet<(Arc<str>, Arc<str>, Arc<str>)>,
    /// Who was served, by the value of which variable, and by whom.
    pub(super) served: BTreeMap<(Arc<str>, Arc<str>), Arc<str>>,
}

impl Before {
    /// Whether an address led somebody to a service.
    fn led(&self, service: &str, asker: &Component, edge: &Edge) -> bool {
        self.led.contains(&(Arc::from(service), Arc::clone(&asker.name), Arc::clone(&edge.address)))
    }

    /// A port of this machine that a service will not be published at any more, though a proxy asks it there.
    pub(super) fn given_up(&self, service: &str, stack: &Stack) -> Option<Trouble> {
        let topology = topology::build(stack);
        let declared = stack.desired.as_ref()?.service(service)?;
        let mut edges = topology.edges.iter().filter(|edge| edge.via == Via::Proxy && is_this_machine(&edge.host));
        let edge = edges.find(|edge| {
            let led = topology.components.get(edge.from).is_some_and(|asker| self.led(service, asker, edge));
            let is_published = declared.ports.iter().any(|port| port.host == edge.port);
            // One on the machine's own network has the port itself.
            let bridged = declared.network_mode.as_deref() != Some("host");
            led && bridged && !is_published
        })?;
        Some(Trouble::GivenUp { address: Arc::clone(&edge.address), at: edge.at.clone() })
    }
}

/// Whose containers are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those that serve before anything is touched.
    Old,
    /// Of a service that changes its candidate, if it has one.
    Candidates,
    /// Those that serve; of a service that changes only once it was made anew.
    New,
}

/// The stack as it will be as far as its candidates show: a proxy reads what its candidate reads.
#[must_use]
pub(super) fn as_candidates_have_it(stack: &Stack, project: &str, changing: &[Arc<str>]) -> Stack {
    let mut stack = stack.clone();
    for service in changing {
        let name = candidate::name(project, service);
        let own: Vec<Arc<str>> =
            containers(&stack, project, service).map(|container| Arc::clone(&container.name)).collect();
        let is_of = |conf: &ProxyConf, name: &str| conf.container.as_deref() == Some(name);
        if own.is_empty() || !stack.proxies.iter().any(|conf| is_of(conf, &name)) {
            continue;
        }
        stack.proxies.retain(|conf| !own.iter().any(|own| is_of(conf, own)));
        for conf in stack.proxies.iter_mut().filter(|conf| is_of(conf, &name)) {
            conf.container = own.first().cloned();
        }
    }
    stack
}

/// The services that are proxies of the stack.
pub(super) fn proxies(topology: &Topology) -> impl Iterator<Item = Arc<str>> {
    topology.components.iter().filter(|component| is_of_proxies(component)).map(|component| Arc::clone(&component.name))
}

/// Whether a service is a proxy of the stack.
#[must_use]
pub(super) fn is_proxy(service: &str, topology: &Topology) -> bool {
    topology.find(service).and_then(|index| topology.components.get(index)).is_some_and(is_of_proxies)
}

fn is_of_proxies(component: &Component) -> bool {
    component.kind == ComponentKind::Proxy
}

/// Whether who does not answer there is passed over.
fn is_one_of_several(edge: &Edge, stack: &Stack, topology: &Topology) -> bool {
    let asker = topology.components.get(edge.from).and_then(|asker| asker.container.as_ref());
    let mut own = stack.proxies.iter().filter(|conf| conf.container.as_ref() == asker);
    own.any(|conf| conf.is_one_of_several(&edge.address))
}

/// Waits until nothing is wrong any more, for as long as each thing may be.
fn turns_right(
    first: Option<(Duration, Trouble)>,
    mut wrong: impl FnMut() -> Option<(Duration, Trouble)>,
) -> Result<(), Trouble> {
    let (begun, mut now) = (Instant::now(), first);
    while let Some((limit, trouble)) = now {
        if begun.elapsed() >= limit {
            return Err(trouble);
        }
        thread::sleep(LOOK_AGAIN);
        now = wrong();
    }
    Ok(())
}

/// The ways on which proxies pass requests on to a service, or by it.
fn ways<'t>(service: &str, topology: &'t Topology) -> impl Iterator<Item = &'t Edge> {
    let own = topology.find(service);
    let edges = topology.edges.iter().filter(|edge| edge.via == Via::Proxy);
    edges.filter(move |edge| own.is_some_and(|own| edge.from == own || edge.to == Some(own)))
}

impl Hands<'_> {
    /// Where a candidate is asked, in the stack as candidates have it. What a proxy answers is not its own where those change, too, whom
    /// it asks: it asks the old ones.
    pub(super) fn candidates_door(&self, service: &str, stack: &Stack) -> Option<Door> {
        let door = self.door(service, stack)?;
        let others = self.changing.len() > 1 && self.manner.of(service).health.is_none();
        let path = door.path.filter(|_| !(others && is_proxy(service, &topology::build(stack))));
        Some(Door { path, ..door })
    }

    /// How those that change are asked as long as nothing is touched. `stack` is what runs, with the answers that everybody got.
    pub(super) fn before(&self, stack: &Stack) -> Before {
        let topology = topology::build(stack);
        let unheard = |service: &Arc<str>| self.unheard(service, stack, Whose::Old);
        let unheard = self.changing.iter().flat_map(unheard).map(|edge| edge.address).collect();
        let name = |index: usize| topology.components.get(index).map(|component| Arc::clone(&component.name));
        let led = topology.edges.iter().filter(|edge| edge.via == Via::Proxy);
        let led = led.filter_map(|edge| Some((name(edge.to?)?, name(edge.from)?, Arc::clone(&edge.address))));
        let wrong: Vec<Asked> = unserved(stack, Told::Running).into_iter().map(|(asked, _)| asked).collect();
        let asked = stack.probes.iter().map(|probed| Asked::of(&probed.question));
        let served = asked.filter(|asked| asked.told == Told::Running && !wrong.contains(asked));
        let served = served.map(|asked| ((Arc::clone(&asked.from), Arc::clone(&asked.key)), Arc::clone(asked.peer())));
        Before { unheard, led: led.collect(), served: served.collect() }
    }

    /// Addresses at which nobody listens, of those that requests are passed on to, by or to a service.
    pub(super) fn unheard(&self, service: &str, stack: &Stack, whose: Whose) -> Vec<Edge> {
        let topology = topology::build(stack);
        let is_unheard = |edge: &&Edge| {
            let Some(to) = edge.to.and_then(|index| topology.components.get(index)) else { return false };
            if is_one_of_several(edge, stack, &topology) {
                return false;
            }
            let declared = stack.desired.as_ref().and_then(|desired| desired.service(&to.name));
            let place = self.meant(to, service, stack, whose).and_then(address).zip(inside(declared, edge));
            // Where this machine has no way to containers, nothing is known of them.
            place
                .is_some_and(|(address, port)| request::connects(address, port, TO_CONNECT) == Err(Unanswered::Refused))
        };
        ways(service, &topology).filter(is_unheard).cloned().collect()
    }

    fn meant<'s>(&self, to: &Component, service: &str, stack: &'s Stack, whose: Whose) -> Option<&'s Container> {
        let project = &*stack.desired.as_ref()?.project;
        let running = || {
            let name = to.container.as_ref()?;
            stack.snapshot.as_ref()?.container(name).filter(|container| container.is_running())
        };
        match whose {
            _ if to.foreign.is_some() => None,
            Whose::Old => running(),
            Whose::Candidates if self.changing.contains(&to.name) => candidate::of(stack, project, &to.name),
            Whose::New if *to.name != *service && self.is_to_change(&to.name) => None,
            Whose::Candidates | Whose::New => running(),
        }
    }

    /// Somebody listens wherever requests are passed on to, by or to a service, but where nobody did before. `seen` is the first look.
    ///
    /// # Errors
    /// If nobody does for a while.
    pub(super) fn hears(
        &self,
        service: &str,
        whose: Whose,
        seen: &Stack,
        look: impl Fn() -> Stack,
    ) -> Result<(), Trouble> {
        // What it listens on itself may take it as long as its door.
        let to_listen = self.manner.of(service).start.map_or(TO_LISTEN, |start| start.0);
        let wrong = |stack: &Stack| {
            let edge = self.newly_unheard(service, stack, whose)?;
            let limit = if edge.to == topology::build(stack).find(service) { to_listen } else { TO_ANSWER };
            Some((limit, Trouble::PassedOn { address: edge.address, at: edge.at }))
        };
        turns_right(wrong(seen), || wrong(&look()))
    }

    /// Proxies that stay as they are answer no worse than before. `seen` is the first look.
    ///
    /// # Errors
    /// If one does for a while.
    pub(super) fn fronts_answer(
        &self,
        release: &Release,
        seen: &Stack,
        look: impl Fn() -> Stack,
    ) -> Result<(), Trouble> {
        let wrong = |stack: &Stack| Some((TO_ASK_AGAIN, self.wrong_front(release, stack)?));
        turns_right(wrong(seen), || wrong(&look()))
    }

    fn wrong_front(&self, release: &Release, stack: &Stack) -> Option<Trouble> {
        let stay = self.usual.iter().filter(|(service, _)| !self.changing.contains(service));
        stay.filter_map(|(service, usual)| {
            // One that was wrong before, by what its own settings say, is none of this.
            let door = self.door(service, stack).filter(|door| door.accepts(*usual, Some(*usual)))?;
            let address = containers(stack, &release.project, service).next().and_then(address)?;
            let trouble = knock(address, service, &door, Some(*usual)).err()?;
            Some(Trouble::Of(Arc::clone(service), Box::new(trouble)))
        })
        .next()
    }

    /// Why a service gives a wrong answer, where that is because nobody listens whom it asks.
    pub(super) fn traced(&self, trouble: Trouble, service: &str, whose: Whose, stack: &Stack) -> Trouble {
        let answers = match &trouble {
            Trouble::Telling(trouble, _) => matches!(**trouble, Trouble::Answers { .. }),
            trouble => matches!(trouble, Trouble::Answers { .. }),
        };
        match self.newly_unheard(service, stack, whose).filter(|_| answers) {
            Some(edge) => Trouble::PassedOn { address: edge.address, at: edge.at },
            None => trouble,
        }
    }

    fn newly_unheard(&self, service: &str, stack: &Stack, whose: Whose) -> Option<Edge> {
        let mut unheard = self.unheard(service, stack, whose).into_iter();
        let lost = || if whose == Whose::New { self.lost(service, stack) } else { None };
        unheard.find(|edge| !self.before.unheard.contains(&edge.address)).or_else(lost)
    }

    /// A way that led to a service, that a proxy still takes, and that leads nowhere any more: a name or a port that was given up.
    fn lost(&self, service: &str, stack: &Stack) -> Option<Edge> {
        let topology = topology::build(stack);
        let own = topology.find(service);
        let mut edges = topology.edges.iter().filter(|edge| edge.via == Via::Proxy && edge.to != own);
        let lost = edges.find(|edge| {
            let Some(asker) = topology.components.get(edge.from) else { return false };
            if self.is_to_change(&asker.name) || !self.before.led(service, asker, edge) {
                return false;
            }
            let is_address = edge.host.parse::<IpAddr>().is_ok() || &*edge.host == "localhost";
            // Names in networks of containers mean nothing here.
            if !is_address && asker.container.is_some() {
                return edge.to.is_none();
            }
            edge.port.is_some_and(|port| request::connects(&edge.host, port, TO_CONNECT).is_err())
        });
        lost.cloned()
    }
}

#[cfg(test)]
mod tests {
    use lastgood_model::desired::{Port, Service};
    use lastgood_model::snapshot::Snapshot;
    use lastgood_model::stack::{Pass, VirtualServer};
    use lastgood_model::{Desired, Ref};

    use super::*;

    fn conf(container: &str, port: u16) -> ProxyConf {
        let at = || Ref::Text { file: Arc::from(format!("{container}:default.conf")), line: 1 };
        ProxyConf {
            container: Some(container.into()),
            servers: vec![VirtualServer { names: Vec::new(), ports: vec![80], secure: Vec::new(), at: at() }],
            passes: vec![Pass {
                host: "app".into(),
                port: Some(port),
                location: "/".into(),
                server: "".into(),
                is_variable: false,
                replaces: false,
                tells_host: true,
                tells_scheme: true,
                at: at(),
            }],
            ..ProxyConf::default()
        }
    }

    #[test]
    fn a_proxy_asks_as_its_candidate_does() {
        let service = |name: &str| Service { name: name.into(), ..Service::default() };
        let container = |name: &str, service: &str| Container {
            name: name.into(),
            project: Some("shop".into()),
            service: Some(service.into()),
            one_off: name.starts_with("lastgood"),
            ..Container::default()
        };
        let own = [container("shop-web-1", "web"), container("shop-app-1", "app")];
        let beside = container("lastgood-candidate-shop-web", "web");
        let stack = Stack {
            desired: Some(Desired {
                project: "shop".into(),
                services: vec![service("web"), service("app")],
                ..Desired::default()
            }),
            snapshot: Some(Snapshot { containers: own.into_iter().chain([beside]).collect(), ..Snapshot::default() }),
            proxies: vec![conf("shop-web-1", 8000), conf("lastgood-candidate-shop-web", 9000)],
            ..Stack::default()
        };
        let asked = |changing: &[&str]| {
            let changing: Vec<Arc<str>> = changing.iter().map(|name| Arc::from(*name)).collect();
            let topology = topology::build(&as_candidates_have_it(&stack, "shop", &changing));
            assert!(is_proxy("web", &topology) && !is_proxy("app", &topology));
            ways("app", &topology).map(|edge| edge.port.unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(asked(&["app", "web"]), [9000]);
        assert_eq!(asked(&["app"]), [8000], "another one's candidate is none of this");
    }

    #[test]
    fn a_port_at_which_a_proxy_asks_is_not_given_up_unnoticed() {
        let port = |host: u16| Port { host: Some(host), container: 8000, ..Port::default() };
        let app = |published: u16, network_mode: Option<&str>| Service {
            name: "app".into(),
            ports: vec![port(published)],
            network_mode: network_mode.map(Into::into),
            ..Service::default()
        };
        let container = Container {
            name: "shop-app-1".into(),
            project: Some("shop".into()),
            service: Some("app".into()),
            ports: vec![port(18482)],
            ..Container::default()
        };
        let mut of_host = conf("", 18482);
        of_host.container = None;
        for pass in &mut of_host.passes {
            pass.host = "127.0.0.1".into();
        }
        let stack = |app: Service| Stack {
            desired: Some(Desired { project: "shop".into(), services: vec![app], ..Desired::default() }),
            snapshot: Some(Snapshot { containers: vec![container.clone()], ..Snapshot::default() }),
            proxies: vec![of_host.clone()],
            ..Stack::default()
        };
        let led = |to: &str| Before {
            led: BTreeSet::from([(Arc::from(to), Arc::from("nginx"), Arc::from("127.0.0.1:18482"))]),
            ..Before::default()
        };
        let said = |before: &Before, app: Service| before.given_up("app", &stack(app)).is_some();
        assert!(said(&led("app"), app(18483, None)));
        assert!(!said(&led("app"), app(18482, None)), "it stays");
        assert!(!said(&led("app"), app(18483, Some("host"))), "the machine's ports are its own");
        assert!(!said(&led("other"), app(18483, None)), "it led elsewhere");
    }

    #[test]
    fn what_turns_right_in_time_is_right() {
        let wrong = |ms: u64| Some((Duration::from_millis(ms), Trouble::NoContainer));
        assert_eq!(turns_right(None, || unreachable!("nothing is wrong")), Ok(()));
        let mut looks = [wrong(5_000), None].into_iter();
        assert_eq!(turns_right(wrong(5_000), || looks.next().unwrap()), Ok(()));
        assert_eq!(turns_right(wrong(5_000), || wrong(1)), Err(Trouble::NoContainer));
    }
}
