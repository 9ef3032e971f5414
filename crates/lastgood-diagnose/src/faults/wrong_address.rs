//! `address/wrong-address` by state: a variable of a container leads nowhere: to `localhost` where nothing of its own listens,
//! to a name that nobody has, or to a port on which the one that is meant does not listen; or a proxy passes requests on to such a port.
//! A variable whose files say something else by now is the business of `stale_env`.

use std::sync::Arc;

use lastgood_model::snapshot::{Container, Listening};
use lastgood_model::topology::{Edge, Via};
use lastgood_model::{Ailment, CauseCode, DeadEnd, Secret, StateClaim, Weight};

use super::{Fault, edge};
use crate::address::{is_for_browsers, is_localhost};
use crate::condition::Condition;
use crate::nearest::nearest;
use crate::rules::Depth;
use crate::stack_scene::{StackScene, key};

/// How an address is called that a proxy passes requests on to.
pub const PASSED_ON: &str = "proxy_pass";

/// Proposes one fault for each container with such a variable.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    scene.containers().filter_map(|container| of_container(scene, container)).collect()
}

fn of_container(scene: &StackScene<'_>, container: &Container) -> Option<Fault> {
    if !container.is_running() || scene.stack.is_foreign(container) {
        return None;
    }
    let component = scene.component(container);
    let service = container.component();
    let drifted = |key: &str| {
        scene
            .drift
            .iter()
            .filter(|drift| drift.service == *service)
            .flat_map(lastgood_model::Drift::variables)
            .any(|variable| &*variable.key == key)
    };
    let mut found = of_proxy(scene, container);
    for asked in scene.topology.asks(scene.index(container)?) {
        let Via::Variable { key: variable, .. } = &asked.via else { continue };
        let Some(value) = container.variable(variable) else { continue };
        let Some(why) = dead_end(scene, container, asked).filter(|_| !drifted(variable) && !is_for_browsers(variable))
        else {
            continue;
        };
        let reference = key(&container.name, &format!("Config.Env/{variable}"));
        let first_bad = edge(container.created, reference.clone());
        // A name may be looked up by a resolver that we do not see, and a port may be opened later.
        let (weight, grave) = match why {
            // What an image brings by itself, nobody here has chosen, and it may not be used.
            _ if is_of_image(scene, container, variable) => (Weight::Moderate, false),
            DeadEnd::OwnLocalhost => (Weight::Decisive, true),
            DeadEnd::UnknownName if is_nearly(scene, &asked.host) => (Weight::Decisive, true),
            DeadEnd::UnknownName => (Weight::Strong, false),
            DeadEnd::WrongPort { .. } => (Weight::Strong, true),
        };
        let claim = StateClaim::LeadsNowhere {
            key: Arc::clone(variable),
            value: value.clone(),
            host: Arc::clone(&asked.host),
            port: asked.port,
            why,
        };
        let fault = found.take().unwrap_or_else(|| {
            let mut fault = Fault::new(CauseCode::WrongAddress, &component, Ailment::Misled, Depth::Origin, first_bad);
            fault.grave = false;
            fault
        });
        let mut fault = fault.led(None, claim, reference, weight);
        fault.grave |= grave;
        found = Some(fault);
    }
    found
}

/// Of a proxy that passes requests on to a port on which the one that is meant does not listen.
fn of_proxy(scene: &StackScene<'_>, container: &Container) -> Option<Fault> {
    let component = scene.component(container);
    let conf = scene.stack.proxies.iter().find(|conf| conf.container.as_ref() == Some(&container.name))?;
    let mut asks = scene.topology.asks(scene.index(container)?).filter(|asked| asked.via == Via::Proxy);
    asks.find_map(|asked| {
        if conf.is_one_of_several(&asked.address) {
            return None;
        }
        let why = dead_end(scene, container, asked).filter(|why| matches!(why, DeadEnd::WrongPort { .. }))?;
        let reference = asked.at.clone()?;
        let claim = StateClaim::LeadsNowhere {
            key: Arc::from(PASSED_ON),
            value: Secret::from(&*asked.address),
            host: Arc::clone(&asked.host),
            port: asked.port,
            why,
        };
        let first_bad = edge(conf.read_at.unwrap_or(container.created), reference.clone());
        let mut fault = Fault::new(CauseCode::WrongAddress, &component, Ailment::Misled, Depth::Origin, first_bad);
        // It may be a way that nobody takes.
        fault.grave = false;
        Some(fault.led(None, claim, reference, Weight::Strong))
    })
}

/// Why an address cannot work, if it is certain that it cannot.
pub(super) fn dead_end(scene: &StackScene<'_>, container: &Container, asked: &Edge) -> Option<DeadEnd> {
    let host = &*asked.host;
    if is_localhost(host) {
        return own_localhost(scene, container, asked.port);
    }
    if &*container.network_mode == "host" {
        return None;
    }
    let Some(index) = asked.to else { return is_unknown_name(scene, container, host).then_some(DeadEnd::UnknownName) };
    let component = scene.topology.components.get(index)?;
    let target = scene.stack.snapshot.as_ref()?.container(component.container.as_deref()?)?;
    // By an address of the host the port is a published one.
    let by_name = target.name == asked.host || target.service.as_ref() == Some(&asked.host);
    let listens = open_ports(settled_ports(scene, target)?);
    let port = asked.port?;
    let closed = by_name && !listens.is_empty() && !listens.contains(&port);
    closed.then_some(DeadEnd::WrongPort { listens })
}

/// Whether a value comes with the image.
fn is_of_image(scene: &StackScene<'_>, container: &Container, variable: &str) -> bool {
    let image = scene.stack.snapshot.as_ref().and_then(|snapshot| snapshot.image(&container.image_id));
    image.is_some_and(|image| {
        image.environment.iter().any(|(key, value)| &**key == variable && container.variable(key) == Some(value))
    })
}

/// Whether a name looks like one that somebody has: misspelt, and not one of the world's.
fn is_nearly(scene: &StackScene<'_>, host: &str) -> bool {
    let containers = scene.stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
    let names = containers.flat_map(|container| [Some(&*container.name), container.service.as_deref()]).flatten();
    nearest(host, names.chain(scene.services().map(|service| &*service.name))).is_some()
}

/// What a container listens on, once it had the time to open its ports.
fn settled_ports<'c>(scene: &StackScene<'_>, container: &'c Container) -> Option<&'c [Listening]> {
    const SETTLED_MS: i64 = 10_000;
    let up = container.state.started.is_some_and(|started| scene.stack.at.since(started) >= SETTLED_MS);
    let opened = matches!(Condition::of(container, false, scene.stack.at), Condition::Fine | Condition::Unhealthy);
    container.listening.as_deref().filter(|_| up && opened)
}

/// `localhost` in a container is the container itself.
fn own_localhost(scene: &StackScene<'_>, container: &Container, port: Option<u16>) -> Option<DeadEnd> {
    if container.network_mode.starts_with("container:") || matches!(&*container.network_mode, "host") {
        return None;
    }
    let port = port?;
    let serves = match settled_ports(scene, container) {
        Some(listens) => listens.iter().any(|socket| socket.port == port),
        // While it does not run, its ports are those that it is there for; one that is for none is no server.
        None => {
            let image = scene.stack.snapshot.as_ref().and_then(|snapshot| snapshot.image(&container.image_id));
            let exposed = image.iter().flat_map(|image| image.exposed.iter().copied());
            let mut own = exposed.chain(container.ports.iter().map(|port| port.container)).peekable();
            own.peek().is_none() || own.any(|own| own == port)
        }
    };
    (!serves).then_some(DeadEnd::OwnLocalhost)
}

/// A bare name that no container on its networks bears. A name with a dot may be anybody's in the world.
fn is_unknown_name(scene: &StackScene<'_>, container: &Container, host: &str) -> bool {
    let plain = !host.is_empty() && !host.contains(['.', ':']) && host.parse::<u32>().is_err();
    let given = container.extra_hosts.iter().any(|(name, _)| &**name == host);
    let Some(snapshot) = &scene.stack.snapshot else { return false };
    let borne = snapshot.containers.iter().any(|other| {
        &*other.name == host
            || other.service.as_deref() == Some(host)
            || other.attachments.iter().any(|attachment| attachment.aliases.iter().any(|alias| &**alias == host))
    });
    // A service that is declared and has no container is missing, and not misspelt.
    let declared = scene.services().any(|service| {
        &*service.name == host
            || service.container_name.as_deref() == Some(host)
            || service.networks.iter().any(|joined| joined.aliases.iter().any(|alias| &**alias == host))
    });
    plain && !given && !borne && !declared
}

/// Ports on which others can be served: not those of the engine's own resolver, nor those of the loopback.
fn open_ports(listening: &[Listening]) -> Vec<u16> {
    let mut ports: Vec<u16> =
        listening.iter().filter(|socket| !is_localhost(&socket.address)).map(|socket| socket.port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}
