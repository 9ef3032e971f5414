//! How long a service gives no answer while its container is made anew, measured where its users come in: through the proxy that asks it,
//! else at its published port. Asked from the host itself, a few times a second; what is on the way to it counts no less than itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lastgood_model::desired::Port;
use lastgood_model::snapshot::Container;
use lastgood_model::stack::{Pass, ProxyConf};
use lastgood_model::topology::Via;
use lastgood_model::{Stack, Topology};
use lastgood_world::request::{self, Request};

/// From one request to the next.
const PAUSE: Duration = Duration::from_millis(50);
/// Who has not answered by then has not answered.
const PATIENCE: Duration = Duration::from_secs(2);
/// What a proxy answers for somebody who is not there.
const FOR_NOBODY: [u16; 3] = [502, 503, 504];

/// Where users of a service come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Front {
    /// Over HTTP: the URL, and the host that is asked for.
    Http(String, Option<Arc<str>>),
    /// By a connection to a port of this host.
    Connection(u16),
}

/// Where users of a service come in; `None`: from outside nobody does.
#[must_use]
pub fn front(service: &str, health: Option<&str>, stack: &Stack, topology: &Topology) -> Option<Front> {
    let index = topology.find(service)?;
    let by_proxy = topology.asked_by(index).filter(|edge| edge.via == Via::Proxy).find_map(|edge| {
        let asks = |conf: &&ProxyConf, pass: &&Pass| {
            let group = conf.groups.iter().find(|group| group.name == pass.host);
            let is_server = |server: &str| server.rsplit_once(':').map_or(server, |(host, _)| host) == &*edge.host;
            pass.host == edge.host
                || group.is_some_and(|group| group.servers.iter().any(|(server, _)| is_server(server)))
        };
        let passes = stack.proxies.iter().flat_map(|conf| conf.passes.iter().map(move |pass| (conf, pass)));
        passes.filter(|(conf, pass)| asks(conf, pass)).find_map(|(conf, pass)| through(conf, pass, stack))
    });
    let published = || {
        let declared = stack.desired.as_ref()?.service(service)?;
        let port = declared.ports.iter().filter(|port| &*port.protocol != "udp").find_map(|port| port.host)?;
        Some(match health {
            Some(path) => Front::Http(format!("http://127.0.0.1:{port}{path}"), None),
            None => Front::Connection(port),
        })
    };
    by_proxy.or_else(published)
}

/// The way through a proxy that this host can reach.
fn through(conf: &ProxyConf, pass: &Pass, stack: &Stack) -> Option<Front> {
    let server = conf.servers.iter().find(|server| server.names.contains(&pass.server)).or(conf.servers.first())?;
    let container = conf.container.as_ref().and_then(|name| stack.snapshot.as_ref()?.container(name));
    let port = match (&conf.container, container) {
        (None, _) => *server.ports.first()?,
        (Some(_), Some(container)) => reached(container, &server.ports)?,
        (Some(_), None) => return None,
    };
    let path = pass.location.trim_start_matches(['=', '^', '~', ' ']);
    // An expression is no path; its beginning may be one.
    let path = if path.starts_with('/') && !pass.location.contains('~') { path } else { "/" };
    let host = Some(Arc::clone(&pass.server)).filter(|name| !name.is_empty() && !name.contains(['*', '~', '_']));
    Some(Front::Http(format!("http://127.0.0.1:{port}{path}"), host))
}

fn reached(container: &Container, ports: &[u16]) -> Option<u16> {
    let leads_there = |port: &&Port| ports.contains(&port.container) && &*port.protocol != "udp";
    container.bound.iter().find(leads_there)?.host
}

/// Somebody who asks all the time.
#[derive(Debug)]
pub struct Watch {
    over: Arc<AtomicBool>,
    asks: JoinHandle<Duration>,
}

impl Watch {
    /// Begins to ask. `None` where that tells nothing: nobody answers there as it is.
    #[must_use]
    pub fn begin(front: Front) -> Option<Self> {
        if !answers(&front) {
            return None;
        }
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        Some(Self { over, asks: thread::spawn(move || ask(&front, &is_over)) })
    }

    /// For how long nobody answered.
    #[must_use]
    pub fn end(self) -> Option<Duration> {
        self.over.store(true, Ordering::Relaxed);
        self.asks.join().ok()
    }
}

/// Sums up how long it is from requests that fail to the next one that does not.
fn ask(front: &Front, is_over: &AtomicBool) -> Duration {
    let (mut down, mut since): (Duration, Option<Instant>) = (Duration::ZERO, None);
    loop {
        let at = Instant::now();
        match (answers(front), since) {
            (true, Some(began)) => {
                down += at - began;
                since = None;
            }
            (false, None) => since = Some(at),
            _ => {}
        }
        if is_over.load(Ordering::Relaxed) {
            return down + since.map_or(Duration::ZERO, |began| began.elapsed());
        }
        thread::sleep(PAUSE);
    }
}

fn answers(front: &Front) -> bool {
    match front {
        Front::Http(url, host) => {
            let headers = host.iter().map(|host| ("Host".to_owned(), host.to_string())).collect();
            let request =
                Request { method: "GET".to_owned(), url: url.clone(), headers, within: PATIENCE, ..Request::default() };
            request::put(&request).is_ok_and(|response| !FOR_NOBODY.contains(&response.status))
        }
        Front::Connection(port) => request::holds(*port, PATIENCE),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn how_long_nobody_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let watch = Watch::begin(Front::Connection(port)).unwrap();
        thread::sleep(Duration::from_millis(200));
        drop(listener);
        thread::sleep(Duration::from_millis(600));
        let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        thread::sleep(Duration::from_millis(200));
        let down = watch.end().unwrap();
        assert!((Duration::from_millis(400)..Duration::from_millis(800)).contains(&down), "{down:?}");
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert!(Watch::begin(Front::Connection(nobody)).is_none());
    }
}
