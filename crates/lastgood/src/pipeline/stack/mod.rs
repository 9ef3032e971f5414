//! Looks at a stack: what its compose files declare, what the engine runs, what nginx passes where, and the host. It fills a
//! `Stack` with facts and says what it could not read; what they mean is worked out in `diagnose`.

pub(super) mod answers;
mod builds;
mod closer;
mod declared;
mod engine;
mod env_files;
pub mod excerpts;
mod host;
mod logins;
pub(super) mod logs;
mod mounts;
mod openable;
mod probing;
mod programs;
mod project;
mod proxies;
pub(super) mod replay;
mod taken_in;
mod told;
mod written;

pub use declared::COMPOSE;
pub use programs::FoundProgram;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, ScopedJoinHandle};

use lastgood_model::stack::{HostState, ProxyConf};
use lastgood_model::{Gap, Stack};
use lastgood_world::engine::{Endpoint, Engine};
use lastgood_world::{Damage, host_name, now};

use self::answers::Kept;
use self::declared::Declared;
use self::host::Place;
use self::openable::Openable;
use self::project::Project;
use crate::privacy::known::Known;
use crate::privacy::stack as privacy;
use probing::ImageNames;

/// Which stack.
#[derive(Clone, Debug, Default)]
pub struct StackSubject {
    /// Compose files, as typed with `-f`; empty: as Compose finds them itself.
    pub files: Vec<PathBuf>,
    /// The project's name, as typed with `-p`.
    pub project: Option<String>,
    /// Profiles, as typed.
    pub profiles: Vec<String>,
    /// Where to begin; the current folder if empty.
    pub folder: PathBuf,
    /// Whether dependencies are asked, too, as their dependents ask them.
    pub probes: bool,
    /// Look into the images of all containers, and not only of those that end with an error.
    pub all_programs: bool,
    /// And into those that have no container, also where nobody is asked.
    pub opens_images: bool,
    /// Names under which the images of services are kept here, where those do not bear their own yet.
    pub images: ImageNames,
}

/// Files by the names that are shown for them.
pub(super) type Texts = Vec<(Arc<str>, Vec<u8>)>;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// The facts.
    pub stack: Stack,
    /// What could not be read, and why.
    pub gaps: Vec<Gap>,
    /// Files that references lead into, by the names that are shown for them.
    pub(super) texts: Texts,
    /// Secrets that the stack itself tells.
    pub known: Known,
    /// What the engine answered, as received: with its secrets.
    pub(super) kept: Kept,
    /// What Compose made of the files, as received: with its secrets.
    pub(crate) resolved: Option<Vec<u8>>,
    /// How the user of a case called Compose.
    pub(crate) call: Option<String>,
    /// How many short-lived containers were started to ask with, and removed again.
    pub probed: usize,
    /// Programs of images that were looked at.
    pub(super) programs: Vec<FoundProgram>,
    /// The folder that the project lies in.
    pub(crate) folder: Option<PathBuf>,
    /// The machine was looked at.
    pub(super) has_host: bool,
    /// The engine runs on another machine than this: what this one logs is not what its containers live on.
    pub(crate) elsewhere: bool,
}

impl Looked {
    /// The configurations of proxies in containers; those of the host are found as its logs are.
    pub(super) fn proxy_texts(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let texts = self.texts.iter().filter(|(name, _)| name.contains(proxies::IN_CONTAINER));
        texts.map(|(name, text)| (PathBuf::from(&**name), text.clone())).collect()
    }

    /// Whether there is a stack: an engine that answered, or files that declare one.
    #[must_use]
    pub const fn is_seen(&self) -> bool {
        self.stack.snapshot.is_some() || self.stack.desired.is_some()
    }
}

/// The name that an argument would be if it names a service: one word without a folder, and no file that is there.
#[must_use]
pub fn bare_word(path: &Path) -> Option<Arc<str>> {
    let text = path.to_str().filter(|text| *text != "-" && !text.contains('/') && !text.starts_with('.'))?;
    (!path.is_file()).then(|| Arc::from(text))
}

/// What Compose calls the project whose files lie here or above: as its environment says, its files, or its folder.
#[must_use]
pub fn project_here() -> Option<String> {
    let project = project::named(&StackSubject::default())?;
    project::told_name().or_else(|| declared::name(&project)).or_else(|| project.folder_name())
}

/// The folder of the project that is meant, by its files.
#[must_use]
pub fn folder_of(subject: &StackSubject) -> Option<PathBuf> {
    std::path::absolute(project::named(subject)?.folder).ok()
}

/// What of a look is dear to ask, and stays so while nobody touches the files: what Compose makes of them, and the machine.
#[derive(Clone, Debug)]
pub struct Standing {
    declared: Declared,
    machine: Option<(HostState, Vec<Gap>)>,
}

/// Looks at this machine, as it is now.
#[must_use]
pub fn look(subject: &StackSubject) -> Looked {
    look_knowing(subject, None).0
}

/// The same, by what is known to stand still; and what is known from then on.
#[must_use]
pub fn look_knowing(subject: &StackSubject, standing: Option<Standing>) -> (Looked, Standing) {
    // Compose, the engine and the machine are asked side by side, unless only the containers know which files there are.
    let at = now();
    let endpoint = Endpoint::of_user();
    let known = project::named(subject);
    let is_near = Place::of(&endpoint, None) != Place::Elsewhere;
    let (standing, mut observed) = thread::scope(|scope| {
        let (of_project, is_known) = (known.as_ref(), standing.is_some());
        let declared = of_project.filter(|_| !is_known).map(|project| scope.spawn(|| declared::declared(project)));
        let machine = (is_near && !is_known).then(|| scope.spawn(host::machine));
        let observed = engine::observe(&endpoint, at);
        let joined = |machine: ScopedJoinHandle<'_, _>| machine.join().ok();
        let found = (declared.and_then(|thread| thread.join().ok()), machine.and_then(joined));
        (standing.map_or(found, |standing| (Some(standing.declared), standing.machine)), observed)
    });
    let (declared, machine) = standing;
    let of_containers = || project::of_containers(subject, observed.snapshot.as_ref()?);
    let project = known.or_else(of_containers);
    let declared = declared.or_else(|| project.as_ref().map(declared::declared)).unwrap_or_default();
    let standing = Standing { declared: declared.clone(), machine: machine.clone() };
    let mut looked = Looked {
        stack: Stack {
            at,
            snapshot: observed.snapshot.take(),
            desired: declared.desired,
            refused: declared.refused,
            asked: declared.asked,
            env_files: declared.env_files,
            ..Stack::default()
        },
        gaps: declared.gaps,
        texts: declared.texts,
        resolved: declared.resolved,
        folder: project.as_ref().map(|project| project.folder.clone()),
        ..Looked::default()
    };
    looked.gaps.append(&mut observed.gaps);
    looked.builds(project.as_ref());
    let inside = observed.engine().zip(observed.openable.as_ref());
    if let Some((engine, openable)) = inside {
        looked.proxies(engine, openable);
        written::compare(engine, &mut looked.stack);
    }
    looked.host(&endpoint, machine, project.as_ref());
    observed.images_of_services(&mut looked.stack, &mut looked.gaps);
    if let Some((engine, openable)) = inside {
        // Who wants no container made gets none made.
        let prober = (subject.all_programs && (subject.probes || subject.opens_images))
            .then(|| probing::opener(&looked.stack, engine))
            .flatten();
        let (all, prober) = (subject.all_programs, prober.as_ref());
        looked.programs = programs::programs(engine, &looked.stack, openable, all, prober, &mut looked.gaps);
    }
    if let Some(snapshot) = &mut looked.stack.snapshot {
        programs::tell(snapshot, &looked.programs);
    }
    looked.kept = observed.into_kept();
    if subject.probes && looked.stack.snapshot.is_some() {
        looked.probes(&endpoint, &subject.images);
    }
    looked.gaps.sort();
    looked.gaps.dedup();
    looked.known = privacy::known(&looked.stack);
    privacy::silence(&mut looked.stack, &mut looked.gaps, &looked.known);
    (looked, standing)
}

impl Looked {
    /// Looks again at what runs. What is declared, the proxies and the machine stay as they were seen: they are dear to ask.
    pub fn again(&mut self) {
        self.stack.at = now();
        let mut observed = engine::observe(&Endpoint::of_user(), self.stack.at);
        self.stack.snapshot = observed.snapshot.take();
        if let Some(engine) = observed.engine() {
            written::compare(engine, &mut self.stack);
        }
        self.gaps.append(&mut observed.gaps);
        observed.images_of_services(&mut self.stack, &mut self.gaps);
        self.gaps.sort();
        self.gaps.dedup();
        privacy::silence(&mut self.stack, &mut self.gaps, &self.known);
    }

    /// What the images of services are built from, and pulled with.
    fn builds(&mut self, project: Option<&Project>) {
        let (Some(desired), Some(project)) = (&self.stack.desired, project) else { return };
        let snapshot = self.stack.snapshot.as_ref();
        self.stack.dockerfiles = builds::dockerfiles(desired, snapshot, project, &mut self.texts, &mut self.gaps);
        if let Some(snapshot) = &mut self.stack.snapshot {
            snapshot.logins = logins::logins(&mut self.gaps);
        }
    }

    /// What nginx in containers passes on.
    fn proxies(&mut self, engine: &Engine, openable: &Openable) {
        for proxy in proxies::of_containers(engine, &self.stack, openable, &mut self.gaps) {
            self.stack.proxies.push(proxy.conf);
            self.texts.extend(proxy.texts);
        }
    }

    /// The machine, if the engine runs on it.
    fn host(&mut self, endpoint: &Endpoint, machine: Option<(HostState, Vec<Gap>)>, project: Option<&Project>) {
        let snapshot = self.stack.snapshot.as_ref();
        let place = Place::of(endpoint, snapshot);
        self.gaps.extend(place.gap());
        self.elsewhere = place == Place::Elsewhere;
        let Some((machine, missed)) = machine.filter(|_| place == Place::Here) else {
            let said = snapshot.map(|snapshot| Arc::clone(&snapshot.engine.host)).filter(|name| !name.is_empty());
            self.stack.host.name = if self.elsewhere { said } else { host_name() };
            return;
        };
        self.has_host = true;
        self.gaps.extend(missed);
        let folder = project.map(|project| project.folder.as_path());
        let file_systems = host::file_systems(snapshot, folder, &mut self.gaps);
        self.stack.host = HostState { file_systems, ..machine };
        if let Some(desired) = &self.stack.desired {
            self.stack.mount_sources = mounts::sources(desired, &mut self.gaps);
        }
        if let Some(proxy) = proxies::of_host() {
            self.stack.proxies.push(ProxyConf { read_at: host::nginx_read_at(), ..proxy.conf });
            self.texts.extend(proxy.texts);
        }
    }

    /// What dependencies answer, asked as their dependents ask them.
    fn probes(&mut self, endpoint: &Endpoint, images: &ImageNames) {
        let probes = probing::probe(&self.stack, endpoint, images);
        self.probed = probes.started;
        self.gaps.extend(probes.gaps);
        self.stack.probes = probes.answered;
    }
}

fn gap(what: &str, damage: &Damage) -> Gap {
    Gap { what: Arc::from(what), why: damage.gap_kind(0) }
}
