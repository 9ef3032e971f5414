//! Whether a service answers at its own address, before anybody meets it: its health path, else its port, and over HTTP no worse than
//! before. What its own health check says is `gate.rs`' matter.

use std::time::Duration;

use lastgood_model::desired::Service;
use lastgood_model::snapshot::Container;
use lastgood_model::topology::{Edge, Via};
use lastgood_model::{Stack, Topology};
use lastgood_world::request::{self, Request, Unanswered};

use super::manner::OfService;
use super::passing::is_proxy;
use super::trouble::Trouble;

/// One request takes no longer.
const WITHIN: Duration = Duration::from_secs(5);
/// So many characters of an answer are shown.
const SHOWN: usize = 200;

/// Where a service is asked, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// The port, in its container.
    pub port: u16,
    /// The path; `None`: it may not speak HTTP.
    pub path: Option<String>,
    /// Any answer on the path will do that is not the server's own failure, since nobody said what is right.
    pub lenient: bool,
    /// A proxy answers there: what users see first.
    pub front: bool,
}

/// Where a service is asked: as its manner says, else where a proxy asks it, else where it is published, of a proxy where it speaks no TLS.
/// `None`: nowhere.
#[must_use]
pub fn door(service: &str, manner: &OfService, stack: &Stack, topology: &Topology) -> Option<Door> {
    let declared = stack.desired.as_ref().and_then(|desired| desired.service(service));
    let asked = || topology.find(service).into_iter().flat_map(|index| topology.asked_by(index));
    let inside = |edge: &Edge| inside(declared, edge);
    let by_proxy = asked().find(|edge| edge.via == Via::Proxy).and_then(inside);
    let ports = || declared.iter().flat_map(|service| &service.ports).map(|port| port.container);
    let front = is_proxy(service, topology);
    let plain = if front { ports().find(|port| !is_secure(*port, service, stack, topology)) } else { None };
    let published = plain.or_else(|| ports().next());
    let port = manner.port.or(by_proxy).or(published).or_else(|| asked().find_map(inside))?;
    // Who is behind a proxy speaks HTTP, and so does a proxy.
    let speaks_http = by_proxy.is_some() || plain == Some(port);
    let path = manner.health.clone().or_else(|| speaks_http.then(|| "/".to_owned()));
    Some(Door { port, path, lenient: manner.health.is_none(), front })
}

/// Whether a proxy speaks TLS there.
fn is_secure(port: u16, service: &str, stack: &Stack, topology: &Topology) -> bool {
    let container = topology.find(service).and_then(|index| topology.components.get(index)?.container.clone());
    let own = stack.proxies.iter().filter(|conf| conf.container == container);
    own.flat_map(|conf| &conf.servers).any(|server| server.secure.contains(&port))
}

/// The port in the container that whoever asks comes out at: one on the host, or by way of it, asks a published one.
pub(super) fn inside(service: Option<&Service>, edge: &Edge) -> Option<u16> {
    let asked = edge.port?;
    let by_name = |service: &&Service| edge.host == service.name || Some(&edge.host) == service.container_name.as_ref();
    let Some(service) = service.filter(|service| !by_name(service)) else { return Some(asked) };
    let published = service.ports.iter().find(|port| port.host == Some(asked));
    Some(published.map_or(asked, |port| port.container))
}

/// A container's own address; `None` while it has none.
#[must_use]
pub fn address(container: &Container) -> Option<&str> {
    container.attachments.iter().map(|attachment| &*attachment.address).find(|address| !address.is_empty())
}

/// The status that comes back there, if HTTP is spoken.
#[must_use]
pub fn status(address: &str, name: &str, door: &Door) -> Option<u16> {
    let path = door.path.as_deref()?;
    request::put(&get(address, name, door.port, path)).ok().map(|response| response.status)
}

impl Door {
    /// Whether a status will do. `usual` is what the old one gives there: who has always answered 500 to this may do so, and a proxy that
    /// had something to show has it still.
    #[must_use]
    pub fn accepts(&self, status: u16, usual: Option<u16>) -> bool {
        let fails = |status: u16| status >= 500;
        let succeeds = |status: u16| (200..400).contains(&status);
        let is_gone = self.front && matches!(status, 403 | 404) && usual.is_some_and(succeeds);
        match self.lenient {
            true => !is_gone && (!fails(status) || usual.is_some_and(fails)),
            false => succeeds(status),
        }
    }
}

/// Knocks. `usual` is the status that the old one gives there.
///
/// # Errors
/// If nobody opens, or with the wrong answer.
pub fn knock(address: &str, name: &str, door: &Door, usual: Option<u16>) -> Result<(), Trouble> {
    let port = door.port;
    let Some(path) = door.path.as_deref() else {
        return request::connects(address, port, WITHIN).map_err(|why| Trouble::NotListening { port, why });
    };
    let response = match request::put(&get(address, name, port, path)) {
        Ok(response) => response,
        Err(why @ (Unanswered::Refused | Unanswered::TookTooLong(_))) => {
            return Err(Trouble::NotListening { port, why });
        }
        // It listens; what it speaks nobody has said.
        Err(_) if door.lenient => return Ok(()),
        Err(why) => return Err(Trouble::NotListening { port, why }),
    };
    if door.accepts(response.status, usual) {
        return Ok(());
    }
    let path = path.split('?').next().unwrap_or_default().to_owned();
    let usual = usual.filter(|usual| door.lenient && *usual != response.status);
    Err(Trouble::Answers { path, status: response.status, usual, body: beginning(&response.body) })
}

/// The beginning of an answer, on one line.
#[must_use]
pub fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..body.len().min(4 * SHOWN)).unwrap_or_default()).into_owned();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > SHOWN { line.chars().take(SHOWN).chain(['…']).collect() } else { line }
}

fn get(address: &str, name: &str, port: u16, path: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        url: format!("http://{}:{port}{path}", bracketed(address)),
        // By the name that others in the stack ask it by.
        headers: vec![("Host".to_owned(), format!("{name}:{port}"))],
        within: WITHIN,
        ..Request::default()
    }
}

/// An address as it stands in a URL.
#[must_use]
pub fn bracketed(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

#[cfg(test)]
mod tests {
    use lastgood_model::desired::Port;

    use super::*;

    #[test]
    fn no_worse_than_before_will_do_where_nobody_said_what_is_right() {
        let door = |lenient, front| Door { port: 80, path: Some("/".to_owned()), lenient, front };
        for (lenient, front, status, usual, will_do) in [
            (true, false, 404, Some(200), true),
            (true, false, 502, Some(200), false),
            (true, false, 502, None, false),
            (true, false, 502, Some(500), true),
            (true, true, 404, Some(200), false),
            (true, true, 403, Some(301), false),
            (true, true, 404, Some(404), true),
            (true, true, 404, None, true),
            (true, true, 401, Some(200), true),
            (false, false, 302, None, true),
            (false, true, 500, Some(500), false),
        ] {
            assert_eq!(door(lenient, front).accepts(status, usual), will_do, "{lenient} {front} {status} {usual:?}");
        }
    }

    #[test]
    fn who_asks_at_the_host_comes_out_at_the_containers_port() {
        let port = Port { host: Some(18482), container: 8000, ..Port::default() };
        let app = Service { name: "app".into(), ports: vec![port], ..Service::default() };
        let edge = |host: &str, port| Edge {
            from: 0,
            to: Some(1),
            via: Via::Proxy,
            address: format!("{host}:{port}").into(),
            host: host.into(),
            port: Some(port),
            protocol: None,
            at: None,
        };
        for (host, asked, wanted) in
            [("127.0.0.1", 18482, 8000), ("app", 8000, 8000), ("app", 18482, 18482), ("127.0.0.1", 81, 81)]
        {
            assert_eq!(inside(Some(&app), &edge(host, asked)), Some(wanted), "{host}:{asked}");
        }
        assert_eq!(inside(None, &edge("app", 1)), Some(1));
    }
}
