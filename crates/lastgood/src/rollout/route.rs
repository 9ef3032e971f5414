//! Where nginx sends a service's traffic: which includes are its own, who stands in for which of their servers, and that nginx has taken
//! over what is written before anything else happens. The texts are `include.rs`', nginx itself is `lastgood_world::nginx`'.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lastgood_model::Stack;
use lastgood_model::release::Release;
use lastgood_model::rollout::Recipient;
use lastgood_model::snapshot::{Attachment, Container, HealthStatus};
use lastgood_world::nginx::{Nginx, is_root};
use lastgood_world::read_small;
use lastgood_world::request::{self, Unanswered};

use super::changes::Changes;
use super::doer::Hands;
use super::gate::containers;
use super::health::OwnChecks;
use super::include::{Include, IncludeFault, host_and_port};
use super::manner::{Manner, OfNginx, Switch};
use super::reload::{Reader, Rewrite, take_over};
use super::trouble::Trouble;
use super::{candidate, knock};

/// Whoever gets the traffic is waited for so long, where nobody has waited before.
const TO_LISTEN: Duration = Duration::from_secs(20);
const TO_CONNECT: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Why traffic cannot be sent elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteFault {
    /// No file tells an nginx where the service is.
    NoInclude,
    /// One that does is none: which, and in what.
    Include(String, IncludeFault),
    /// An nginx has this very file mounted, and would not see another one in its place.
    MountedAlone(String),
    /// No nginx that runs has it mounted.
    NoProxy(String),
    /// nginx does not read it: which file, which nginx.
    NotRead(String, String),
    /// The workers of an nginx cannot be seen.
    Unseen(String),
    /// nginx refuses its configuration: which nginx, and its own words.
    Refuses(String, String),
    /// nginx did not take over what it was told to.
    NotTakenOver(String),
    /// An nginx has no way to the candidate: which nginx.
    NoWay(String),
    /// An include leads to a candidate still.
    Away(String),
    /// It may not run beside itself.
    NotBeside,
    /// Nobody listens where the traffic is to go.
    NobodyListens(String),
}

impl From<RouteFault> for Trouble {
    fn from(fault: RouteFault) -> Self {
        Self::Route(fault)
    }
}

impl Trouble {
    /// Whether it may be over once the release is out that brings what is missing, or is how things are.
    pub(super) const fn comes_with_it(&self) -> bool {
        use RouteFault::{MountedAlone, NoProxy, NotBeside, NotRead};
        matches!(self, Self::Route(NotBeside | NoProxy(_) | NotRead(..) | MountedAlone(_)))
    }
}

/// The nginx of the machine itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostNginx {
    /// The folder of its includes, each called by the project and the service: `shop-backend.conf`.
    pub folder: PathBuf,
    /// Its program, and the arguments with which it finds its configuration.
    pub command: Vec<String>,
    /// What is written before a command that needs its rights.
    pub becomes: Vec<String>,
}

impl HostNginx {
    /// As its manner says.
    #[must_use]
    pub fn of(manner: &OfNginx) -> Self {
        let words = |said: &Option<String>, usual: &str| -> Vec<String> {
            said.as_deref().unwrap_or(usual).split_whitespace().map(str::to_owned).collect()
        };
        Self {
            folder: PathBuf::from(manner.folder.as_deref().unwrap_or("/etc/nginx/lastgood")),
            command: words(&manner.command, "nginx"),
            becomes: words(&manner.becomes, if is_root() { "" } else { "sudo -n" }),
        }
    }
}

/// How long requests are waited for that began before traffic went elsewhere.
#[must_use]
pub fn drain(manner: &OfNginx) -> Duration {
    manner.drain.map_or(Duration::from_secs(30), |span| span.0)
}

/// Whose traffic it is.
#[derive(Clone, Copy, Debug)]
pub struct Traffic<'a> {
    /// The project.
    pub project: &'a str,
    /// Files that releases have or had in the folder, by their paths in it.
    pub files: &'a [Arc<str>],
    /// The service.
    pub service: &'a str,
    /// The live folder.
    pub live: &'a Path,
    /// Where the files are as they are, or will be, there.
    pub files_in: &'a Path,
    /// The machine's own nginx.
    pub host: &'a HostNginx,
}

/// An include of a service, and who reads it.
#[derive(Clone, Debug)]
struct Place {
    path: PathBuf,
    text: String,
    include: Include,
    readers: Vec<Reader>,
}

impl Traffic<'_> {
    /// Whether its traffic could be sent elsewhere as things are; nothing is changed.
    ///
    /// # Errors
    /// In what it could not.
    pub fn can_be_routed(&self, stack: &Stack) -> Result<(), Trouble> {
        for place in self.read_places(stack)? {
            place
                .include
                .away(|address| self.port(stack, address).map(|port| format!("127.0.0.1:{port}")))
                .map_err(|fault| RouteFault::Include(place.path.to_string_lossy().into_owned(), fault))?;
            for reader in &place.readers {
                reader.reads()?;
            }
        }
        Ok(())
    }

    /// All its includes are at home.
    ///
    /// # Errors
    /// If one is not, or cannot be read.
    pub fn is_home(&self) -> Result<(), Trouble> {
        match self.includes()?.iter().find(|(_, _, include)| !include.is_home()) {
            None => Ok(()),
            Some((path, ..)) => Err(RouteFault::Away(path.to_string_lossy().into_owned()).into()),
        }
    }

    /// Sends its traffic there: nginx has taken it over, and whoever had it is through with it, or has had `drain` for that. Returns
    /// the name of an nginx that still had requests to answer then. Nothing is sent where nobody listens; home it goes all the same.
    ///
    /// # Errors
    /// If it cannot be; what stood in the files stands there again.
    pub fn send(&self, to: Recipient, look: impl Fn() -> Stack, drain: Duration) -> Result<Option<String>, Trouble> {
        let (mut stack, begun) = (look(), Instant::now());
        let mut ready = self.is_ready(&stack, to);
        while ready.as_ref().is_err_and(may_change) && begun.elapsed() < TO_LISTEN {
            thread::sleep(LOOK_AGAIN);
            stack = look();
            ready = self.is_ready(&stack, to);
        }
        if to == Recipient::Candidate {
            ready.clone()?;
        }
        let (mut rewrites, mut readers) = (Vec::new(), Vec::new());
        let places = match to {
            Recipient::Candidate => self.read_places(&stack)?,
            // Also where nobody reads it just now: an nginx that comes back reads where home is.
            Recipient::Service => self.places(&stack)?,
        };
        for Place { path, text, include, readers: own } in &places {
            let after = match to {
                Recipient::Candidate => self.towards_candidate(&stack, path, include, own)?,
                Recipient::Service => include.home().to_owned(),
            };
            rewrites.push(Rewrite { path: path.clone(), before: text.clone(), after });
            readers.extend(own.iter().filter(|reader| to == Recipient::Candidate || reader.runs()));
        }
        let accepts = |reader: &Reader| match to {
            Recipient::Candidate => reader.reads(),
            Recipient::Service => reader.tries().map(drop),
        };
        let busy = take_over(&rewrites, &readers, accepts, &self.host.becomes, drain)?;
        ready?;
        Ok(busy)
    }

    /// Its includes, and who reads them.
    fn places(&self, stack: &Stack) -> Result<Vec<Place>, Trouble> {
        let mut places = Vec::new();
        for (path, text, include) in self.includes()? {
            let readers = if path == self.on_host() { vec![self.host_reader()] } else { self.readers(stack, &path)? };
            places.push(Place { path, text, include, readers });
        }
        Ok(places)
    }

    /// Those that somebody reads.
    fn read_places(&self, stack: &Stack) -> Result<Vec<Place>, Trouble> {
        let mut places = self.places(stack)?;
        let first = places.first().map(|place| place.path.to_string_lossy().into_owned());
        places.retain(|place| !place.readers.is_empty());
        match first {
            Some(path) if places.is_empty() => Err(RouteFault::NoProxy(path).into()),
            None => Err(RouteFault::NoInclude.into()),
            Some(_) => Ok(places),
        }
    }

    /// Files of the release that an nginx of the stack may have mounted, and the one for the machine's own.
    fn includes(&self) -> Result<Vec<(PathBuf, String, Include)>, Trouble> {
        let mut found = Vec::new();
        let of_release = self.files.iter().map(|file| (self.live.join(&**file), self.files_in.join(&**file)));
        for (path, now) in of_release.chain([(self.on_host(), self.on_host())]) {
            found.extend(self.include(&now)?.map(|(text, include)| (path, text, include)));
        }
        Ok(found)
    }

    fn on_host(&self) -> PathBuf {
        self.host.folder.join(format!("{}-{}.conf", self.project, self.service))
    }

    fn host_reader(&self) -> Reader {
        let HostNginx { command, becomes, .. } = self.host.clone();
        let (sees, nginx) = (self.on_host(), Nginx::Here { command, becomes });
        Reader { nginx, name: "nginx".to_owned(), file: sees.clone(), sees, networks: None }
    }

    /// What a file says, if it is an include of the service.
    fn include(&self, path: &Path) -> Result<Option<(String, Include)>, Trouble> {
        let Ok(Ok(text)) = read_small(path).map(String::from_utf8) else { return Ok(None) };
        match Include::parse(&text) {
            Ok(include) if include.service == self.service => Ok(Some((text, include))),
            // One of another service, or any other file.
            Ok(_) | Err(IncludeFault::NoMarker) => Ok(None),
            // Whose it is nobody knows: of some other file with our marker in it, nothing is asked.
            Err(_) if !text.contains(&format!("{}{}", super::include::MARKER, self.service)) => Ok(None),
            Err(fault) => Err(RouteFault::Include(path.to_string_lossy().into_owned(), fault).into()),
        }
    }

    /// Every nginx of the project that has a file mounted with its folder.
    fn readers(&self, stack: &Stack, path: &Path) -> Result<Vec<Reader>, Trouble> {
        let shown = || path.to_string_lossy().into_owned();
        let is_nginx = |container: &&Container| {
            stack.proxies.iter().any(|proxy| proxy.container.as_ref() == Some(&container.name))
        };
        let own = stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
        let own = own
            .filter(|container| !stack.is_foreign(container) && !container.one_off && container.is_running())
            .filter(is_nginx);
        let mut readers = Vec::new();
        for reader in own.filter_map(|container| Reader::of(container, path)) {
            readers.push(reader.ok_or_else(|| RouteFault::MountedAlone(shown()))?);
        }
        Ok(readers)
    }

    /// The include while the candidate gets the traffic.
    fn towards_candidate(
        &self,
        stack: &Stack,
        path: &Path,
        include: &Include,
        readers: &[Reader],
    ) -> Result<String, Trouble> {
        let candidate = candidate::of(stack, self.project, self.service).ok_or(Trouble::NoContainer)?;
        let has_way = |network: &Arc<str>| {
            readers.iter().all(|reader| reader.networks.as_ref().is_none_or(|own| own.contains(network)))
        };
        let attached = candidate.attachments.iter().filter(|one| !one.address.is_empty());
        let address = attached.clone().find(|one| has_way(&one.network)).map(|one| Arc::clone(&one.address));
        let no_way = || RouteFault::NoWay(readers.first().map(|reader| reader.name.clone()).unwrap_or_default());
        let address = address.ok_or_else(no_way)?;
        let instead = |server: &str| self.port(stack, server).map(|port| format!("{address}:{port}"));
        let fault = |fault| RouteFault::Include(path.to_string_lossy().into_owned(), fault);
        Ok(include.away(instead).map_err(fault)?)
    }

    /// The port in the service's container that a server of an include leads to; `None` if it leads elsewhere.
    fn port(&self, stack: &Stack, server: &str) -> Option<u16> {
        let (host, port) = host_and_port(server)?;
        let declared = stack.desired.as_ref().and_then(|desired| desired.service(self.service));
        let named = declared.is_some_and(|service| {
            let aliases = || service.networks.iter().flat_map(|joined| &joined.aliases);
            service.container_name.as_deref() == Some(host) || aliases().any(|alias| &**alias == host)
        });
        let mut own = containers(stack, self.project, self.service);
        let runs_there = own.any(|container| {
            let has = |name: &str| name == host;
            let by_network = |one: &Attachment| has(&one.address) || one.aliases.iter().any(|alias| has(alias));
            has(&container.name) || container.attachments.iter().any(by_network)
        });
        if host == self.service || named || runs_there {
            return Some(port);
        }
        // By a port that it publishes on this machine.
        let published = declared?.ports.iter().find(|published| published.host == Some(port))?;
        is_this_machine(host).then_some(published.container)
    }

    /// Whether whoever is to get the traffic takes it.
    fn is_ready(&self, stack: &Stack, to: Recipient) -> Result<(), Trouble> {
        let container = match to {
            Recipient::Candidate => candidate::of(stack, self.project, self.service),
            Recipient::Service => containers(stack, self.project, self.service).next(),
        };
        let container = container.ok_or(Trouble::NoContainer)?;
        let is_starting = container.health.as_ref().is_some_and(|health| health.status == HealthStatus::Starting);
        // An engine may take its time to ask for the first time.
        if is_starting && !OwnChecks::default().passes(container) {
            return Err(Trouble::NotHealthyYet);
        }
        let address = knock::address(container).ok_or(Trouble::NoContainer)?;
        for place in self.places(stack)? {
            for port in place.include.servers().filter_map(|server| self.port(stack, server)) {
                // Where this machine has no way to containers, nothing is known of them.
                if request::connects(address, port, TO_CONNECT) == Err(Unanswered::Refused) {
                    return Err(RouteFault::NobodyListens(format!("{address}:{port}")).into());
                }
            }
        }
        Ok(())
    }
}

/// Services that are to be switched by a proxy and are not this time, and why: what it needs comes with this release, or they may not
/// run beside themselves. `stack` is what the release declares, and what runs; its files are in `files_in`.
///
/// # Errors
/// If one cannot be as things are, unless it is to go `back`, which nobody is kept from.
pub fn unrouted(
    changes: &Changes,
    stack: &Stack,
    (release, parent): (&Release, Option<&Release>),
    manner: &Manner,
    (live, files_in): (&Path, &Path),
    back: bool,
) -> Result<BTreeMap<Arc<str>, Trouble>, Trouble> {
    let host = HostNginx::of(&manner.nginx);
    let files: Vec<Arc<str>> = release.files.iter().map(|file| Arc::clone(&file.path)).collect();
    let mut unrouted = BTreeMap::new();
    for (service, _) in &changes.services {
        // Of a new one, or one that goes, no request can be lost.
        let has = |release: &Release| release.service(service).is_some();
        if manner.of(service).switch != Switch::Proxy || !has(release) || !parent.is_some_and(has) {
            continue;
        }
        let traffic = Traffic { project: &release.project, files: &files, service, live, files_in, host: &host };
        let result = match changes.beside.contains(service) {
            true => traffic.can_be_routed(stack),
            false => Err(RouteFault::NotBeside.into()),
        };
        match result {
            Ok(()) => {}
            Err(trouble) if back || trouble.comes_with_it() => drop(unrouted.insert(Arc::clone(service), trouble)),
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(unrouted)
}

impl Hands<'_> {
    /// Its traffic goes there, and nobody else answers any more.
    pub(super) fn route(&mut self, service: &str, to: Recipient) -> Result<(), Trouble> {
        let release = self.release(&self.target)?;
        let (live, files) = (&*self.live, self.files());
        let (host, drain) = (HostNginx::of(&self.manner.nginx), drain(&self.manner.nginx));
        let project = &*release.project;
        let traffic = Traffic { project, files: &files, service, live, files_in: live, host: &host };
        if let Some(nginx) = traffic.send(to, || self.look_at(release).stack, drain)? {
            self.watcher.still_busy(service, &nginx, drain);
        }
        Ok(())
    }

    /// Nothing that changes is answered for by anybody else.
    pub(super) fn all_are_home(&self) -> Result<(), Trouble> {
        let (live, files) = (&*self.live, self.files());
        let host = HostNginx::of(&self.manner.nginx);
        let project = &*self.release(&self.target)?.project;
        self.changing.iter().try_for_each(|service| {
            Traffic { project, files: &files, service, live, files_in: live, host: &host }.is_home()
        })
    }

    /// Whether its traffic goes to its candidate, as far as files can tell.
    pub(super) fn is_away(&self, service: &str) -> bool {
        !self.ways_away(service, None).is_empty()
    }

    /// Files that send its traffic to its candidate, and for each the commands by which every nginx that reads it looks again.
    pub(super) fn ways_away(&self, service: &str, stack: Option<&Stack>) -> Vec<(PathBuf, Vec<String>)> {
        let Ok(release) = self.release(&self.target) else { return Vec::new() };
        let (live, files, host) = (&*self.live, self.files(), HostNginx::of(&self.manner.nginx));
        let project = &*release.project;
        let traffic = Traffic { project, files: &files, service, live, files_in: live, host: &host };
        let away = traffic.includes().unwrap_or_default().into_iter().filter(|(_, _, include)| !include.is_home());
        let reload = |path: &Path| -> Vec<String> {
            if path == traffic.on_host() {
                let words = host.becomes.iter().chain(&host.command).map(String::as_str).chain(["-s", "reload"]);
                return vec![words.collect::<Vec<_>>().join(" ")];
            }
            let readers = stack.and_then(|stack| traffic.readers(stack, path).ok()).unwrap_or_default();
            readers.iter().map(|reader| format!("docker exec {} nginx -s reload", reader.name)).collect()
        };
        away.map(|(path, ..)| (path.clone(), reload(&path))).collect()
    }

    /// Files that the releases have in the live folder, or had.
    fn files(&self) -> Vec<Arc<str>> {
        let all = self.releases.values().flat_map(|release| &release.files).map(|file| Arc::clone(&file.path));
        all.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Whoever starts may come to listen.
fn may_change(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::NotHealthyYet | Trouble::Route(RouteFault::NobodyListens(_)))
}

pub(super) fn is_this_machine(host: &str) -> bool {
    let plain = host.trim_matches(['[', ']']);
    matches!(plain, "localhost" | "host.docker.internal" | "host-gateway")
        || plain.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use lastgood_model::desired::{Desired, Joined, Port, Service};
    use lastgood_model::snapshot::{Attachment, Snapshot};

    use super::*;

    #[test]
    fn servers_lead_to_the_service_or_elsewhere() {
        let service = Service {
            name: "backend".into(),
            container_name: Some("shop_backend".into()),
            networks: vec![Joined { aliases: vec!["api".into()], ..Joined::default() }],
            ports: vec![Port { host: Some(8001), container: 8000, ..Port::default() }],
            ..Service::default()
        };
        let attachment = Attachment { address: "172.18.0.4".into(), ..Attachment::default() };
        let container = Container {
            name: "shop-backend-1".into(),
            project: Some("shop".into()),
            service: Some("backend".into()),
            attachments: vec![attachment],
            ..Container::default()
        };
        let desired = Desired { project: "shop".into(), services: vec![service], ..Desired::default() };
        let snapshot = Snapshot { containers: vec![container], ..Snapshot::default() };
        let stack = Stack { desired: Some(desired), snapshot: Some(snapshot), ..Stack::default() };
        let host = HostNginx::of(&OfNginx::default());
        let traffic = Traffic {
            project: "shop",
            files: &[],
            service: "backend",
            live: Path::new("/srv"),
            files_in: Path::new("/srv"),
            host: &host,
        };
        for (server, port) in [
            ("backend:8000", Some(8000)),
            ("backend", Some(80)),
            ("shop_backend:1", Some(1)),
            ("api:2", Some(2)),
            ("shop-backend-1:3", Some(3)),
            ("172.18.0.4:4", Some(4)),
            ("127.0.0.1:8001", Some(8000)),
            ("[::1]:8001", Some(8000)),
            ("localhost:8001", Some(8000)),
            ("localhost:8002", None),
            ("10.0.0.1:8001", None),
            ("frontend:8000", None),
            ("unix:/run/app.sock", None),
        ] {
            assert_eq!(traffic.port(&stack, server), port, "{server}");
        }
    }

    #[test]
    fn what_leads_to_a_candidate_is_not_home() {
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path();
        let host = HostNginx { folder: live.join("host"), ..HostNginx::of(&OfNginx::default()) };
        let files = [Arc::from("app.conf"), Arc::from("other.conf"), Arc::from("gone.conf")];
        let traffic = Traffic { project: "shop", files: &files, service: "app", live, files_in: live, host: &host };
        let home = |name: &str| format!("# lastgood: {name}\nserver {name}:8000;\n");
        let away = |name: &str| Include::parse(&home(name)).unwrap().away(|_| Some("10.0.0.9:8000".into())).unwrap();
        let write = |path: &str, text: String| std::fs::write(live.join(path), text).unwrap();
        std::fs::create_dir(&host.folder).unwrap();
        write("app.conf", home("app"));
        // Of another service it is another one's.
        write("other.conf", away("other"));
        assert_eq!(traffic.is_home(), Ok(()));
        for path in ["app.conf", "host/shop-app.conf"] {
            write(path, away("app"));
            let shown = live.join(path).to_string_lossy().into_owned();
            assert_eq!(traffic.is_home(), Err(RouteFault::Away(shown).into()));
            write(path, home("app"));
            assert_eq!(traffic.is_home(), Ok(()));
        }
        write("app.conf", away("app").replace("#home# server", "server"));
        assert!(matches!(traffic.is_home(), Err(Trouble::Route(RouteFault::Include(..)))));
    }
}
