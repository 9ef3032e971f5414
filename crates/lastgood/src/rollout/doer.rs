//! Who does on a target what the machine says: each act by Compose, the engine, or the folder of state. It says what went wrong in types;
//! what happens then is the machine's affair.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lastgood_diagnose::Condition;
use lastgood_diagnose::{StackScene, drift};
use lastgood_model::probe_claim::Asked;
use lastgood_model::release::{Release, ReleasedService};
use lastgood_model::rollout::{Action, Ending, ReleaseId};
use lastgood_model::snapshot::{Container, ContainerStatus, HealthStatus};
use lastgood_model::{Difference, Drift, ProbeClaim, Stack, Told, Weight};
use lastgood_rollout::drive::Unwritten;
use lastgood_rollout::{Act, Doer, Record};
use lastgood_world::engine::compose::{self, Compose};
use lastgood_world::hear::{Heard, Unheard};
use lastgood_world::state::{Lease, Ledger, Placement, Releases, Renewal, StateError, Take, Way, hold, lease};
use lastgood_world::{digest, now};

use super::changes::mounts;
use super::history::History;
use super::record::Line;
use crate::pipeline::stack::{Looked, StackSubject, look};
use crate::render::quote::repeated;

/// A service stays well for so long before it is believed.
const HOLD: Duration = Duration::from_secs(4);
const LOOK_AGAIN: Duration = Duration::from_millis(300);
/// What stands in the live folder is kept up to so many bytes.
pub const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// Beyond its act's own time, a lease lives so long.
const LEASE: Duration = Duration::from_secs(60);
/// What somebody who died had begun ends within this.
const UNFINISHED: Duration = Duration::from_secs(120);
/// So many good releases can be gone back to.
const KEPT: usize = 5;

/// Why an act failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Somebody else holds the target: what they say of themselves.
    Held(String),
    /// The target has another release than the plan assumes.
    Stale,
    /// An image is not there and could not be fetched: its name, and what Docker said.
    NoImage(String, String),
    /// What Compose or Docker said.
    Said(String),
    /// A dependency does not serve the new release.
    Unserved(Box<ProbeClaim>),
    /// A service has no container.
    NoContainer,
    /// It does not run: its state, exit code and last words.
    Ended(ContainerStatus, i64, Option<Arc<str>>),
    /// It was restarted while it was watched: what it said last.
    Restarted(Option<Arc<str>>),
    /// Its health check fails: what it says.
    Unhealthy(Arc<str>),
    /// Its health check did not succeed in time.
    NotHealthyYet,
    /// It runs otherwise than the release says.
    Differs(Vec<Difference>),
    /// A live file is not the release's.
    File(Arc<str>),
    /// Containers of ours are still there.
    StillThere,
    /// The lease was lost.
    LeaseLost,
    /// It took too long, in seconds.
    TookTooLong(u64),
    /// The system's, or the state's, own word.
    Other(String),
}

impl From<Unheard> for Trouble {
    fn from(unheard: Unheard) -> Self {
        match unheard {
            Unheard::TookTooLong(seconds) => Self::TookTooLong(seconds),
            Unheard::Io(error) => Self::Other(error.to_string()),
        }
    }
}

impl From<StateError> for Trouble {
    fn from(error: StateError) -> Self {
        Self::Other(error.to_string())
    }
}

/// What is said while it goes on.
pub trait Watcher {
    /// An act begins.
    fn begins(&mut self, act: &Act);
    /// It ended.
    fn ended(&mut self, act: &Act, ending: Ending, trouble: Option<&Trouble>);
}

/// A target while it is worked on.
pub struct Hands<'w> {
    live: PathBuf,
    state: PathBuf,
    ledger: Ledger,
    number: u64,
    /// Who asked, one line of JSON.
    who: String,
    /// The releases that the plan speaks of.
    releases: BTreeMap<ReleaseId, Release>,
    target: ReleaseId,
    parent: Option<ReleaseId>,
    /// Where the new release's files are, to be asked with.
    staging: PathBuf,
    lease: Option<Lease>,
    /// Held by every command that is started.
    in_hand: Option<File>,
    /// Files that were placed and are others than before.
    changed: BTreeSet<Arc<str>>,
    /// What was found wrong with dependencies; asked once for all services.
    asked: Option<Vec<(Asked, ProbeClaim)>>,
    /// Services that change.
    changing: Vec<Arc<str>>,
    /// Those of them that run as they are to.
    switched: BTreeSet<Arc<str>>,
    /// Why the act that runs failed.
    trouble: Option<Trouble>,
    /// Why the target could not be taken: then nothing was attempted.
    pub untaken: Option<Trouble>,
    watcher: &'w mut dyn Watcher,
}

/// What hands are to know.
pub struct Job<'w> {
    /// The live folder.
    pub live: PathBuf,
    /// Its folder of state.
    pub state: PathBuf,
    /// Open for writing.
    pub ledger: Ledger,
    /// The number of the rollout.
    pub number: u64,
    /// Who asked, one line of JSON.
    pub who: String,
    /// The new release.
    pub target: Release,
    /// The old one.
    pub parent: Option<Release>,
    /// Where the new one's files are.
    pub staging: PathBuf,
    /// Services that change.
    pub changing: Vec<Arc<str>>,
    /// Who is told.
    pub watcher: &'w mut dyn Watcher,
}

impl<'w> Hands<'w> {
    /// For a job.
    #[must_use]
    pub fn of(job: Job<'w>) -> Self {
        let Job { live, state, ledger, number, who, target, parent, staging, changing, watcher } = job;
        let ids = (target.id.clone(), parent.as_ref().map(|parent| parent.id.clone()));
        let releases = parent.into_iter().chain([target]).map(|release| (release.id.clone(), release)).collect();
        Self {
            live,
            state,
            ledger,
            number,
            who,
            releases,
            target: ids.0,
            parent: ids.1,
            staging,
            lease: None,
            in_hand: None,
            changed: BTreeSet::new(),
            asked: None,
            changing,
            switched: BTreeSet::new(),
            trouble: None,
            untaken: None,
            watcher,
        }
    }

    /// Takes the target over from a driver that died.
    ///
    /// # Errors
    /// If it lives.
    pub fn take_over(&mut self) -> Result<(), Trouble> {
        self.lease = Some(self.taken(LEASE)?);
        self.take_in_hand()
    }

    /// Waits for what a dead one had begun.
    fn take_in_hand(&mut self) -> Result<(), Trouble> {
        self.in_hand = hold(&self.state.join("hands"), UNFINISHED)?;
        if self.in_hand.is_some() { Ok(()) } else { Err(Trouble::TookTooLong(UNFINISHED.as_secs())) }
    }

    /// The lease of the target. That of a process which is known to be dead counts as run out.
    fn taken(&self, ttl: Duration) -> Result<Lease, Trouble> {
        let lock = self.state.join("lock");
        let mut at = now();
        for _ in 0..2 {
            match lease::take(&lock, self.who.as_bytes(), at, ttl)? {
                Take::Taken { mut lease, .. } => {
                    // From here on by the clock, whenever the old one would have ended.
                    return match lease.renew(now(), ttl)? {
                        Renewal::Renewed => Ok(lease),
                        Renewal::Lost(_) => Err(Trouble::LeaseLost),
                    };
                }
                Take::Held(holder) if super::target::is_dead(&holder.says) => at = holder.expires,
                Take::Held(holder) => return Err(held(&holder.says)),
            }
        }
        Err(Trouble::LeaseLost)
    }

    fn act(&mut self, action: &Action, within: Duration) -> Result<(), Trouble> {
        if !matches!(action, Action::TakeLease | Action::DropLease) {
            self.renew(within)?;
        }
        match action {
            Action::TakeLease => self.take_lease(within),
            Action::DropLease => {
                self.in_hand = None;
                if let Some(lease) = self.lease.take() {
                    lease.release()?;
                }
                Ok(())
            }
            Action::Keep => self.keep(),
            Action::Load { service } => self.load(service, within),
            Action::Ask { service } => self.ask(service),
            Action::Place { release: Some(release) } => self.place(release),
            // What only the first release placed does nothing where nothing runs from it.
            Action::Place { release: None } => Ok(()),
            Action::Switch { service, release: Some(release) } => self.switch(service, release, within),
            Action::Switch { service, release: None } => {
                let project = self.any_release()?;
                heard(self.compose(&project, &self.live).remove(service, within)?)
            }
            Action::Gate { service, release } => self.gate(service, release, within),
            Action::Verify { release } => self.verify(release.as_ref()),
            Action::Prune => self.prune(),
            // The ledger's own record of it is the confirmation.
            Action::Confirm => Ok(()),
            // No plan of this version has them.
            Action::StartCandidate { .. }
            | Action::GateCandidate { .. }
            | Action::DropCandidate { .. }
            | Action::Migrate
            | Action::MigrateBack
            | Action::Arm
            | Action::Disarm
            | Action::Route { .. }
            | Action::Smoke
            | Action::Bake => Ok(()),
        }
    }

    fn take_lease(&mut self, within: Duration) -> Result<(), Trouble> {
        if self.lease.is_none() {
            self.lease = Some(self.taken(within + LEASE)?);
            self.take_in_hand()?;
        }
        let current = History::read(&self.state)?.current().map(|release| release.id.clone());
        if current == self.parent { Ok(()) } else { Err(Trouble::Stale) }
    }

    fn renew(&mut self, within: Duration) -> Result<(), Trouble> {
        match &mut self.lease {
            Some(lease) => match lease.renew(now(), within + LEASE)? {
                Renewal::Renewed => Ok(()),
                Renewal::Lost(_) => Err(Trouble::LeaseLost),
            },
            None => Ok(()),
        }
    }

    /// The files are in the store already, or come from where they arrived.
    fn keep(&self) -> Result<(), Trouble> {
        super::target::keep(&Releases::of(&self.state), self.release(&self.target)?, &self.staging)
    }

    fn load(&self, service: &str, within: Duration) -> Result<(), Trouble> {
        let release = self.release(&self.target)?;
        let Some(ReleasedService { name, image, image_id }) = release.service(service) else { return Ok(()) };
        let there = compose::image_id(if image_id.is_empty() { image } else { image_id })?;
        let there = match there {
            Some(id) => id,
            None => {
                let said = compose::pull(image, within)?;
                let failed = || Trouble::NoImage(image.to_string(), last_line(&said.complaint));
                compose::image_id(image)?.filter(|_| said.code == 0).ok_or_else(failed)?
            }
        };
        // By a name of ours it stays, whatever its own name comes to stand for.
        heard(compose::tag(&there, &kept_image(&release.project, name, &release.id))?)
    }

    /// What it needs of others serves it with the new values. What changes itself in this rollout is asked when it has changed.
    fn ask(&mut self, service: &str) -> Result<(), Trouble> {
        if self.asked.is_none() {
            let release = self.release(&self.target)?.clone();
            let looked = looked_at(&release, &self.staging, &self.live, true);
            let wrong = unserved(&looked.stack, Told::Declared);
            let changes = |asked: &Asked| self.changing.iter().any(|name| name == asked.peer() || *name == asked.host);
            self.asked = Some(wrong.into_iter().filter(|(asked, _)| !changes(asked)).collect());
        }
        let wrong = self.asked.iter().flatten().find(|(asked, _)| &*asked.from == service);
        wrong.map_or(Ok(()), |(_, claim)| Err(Trouble::Unserved(Box::new(claim.clone()))))
    }

    fn place(&mut self, release: &ReleaseId) -> Result<(), Trouble> {
        let release = self.release(release)?;
        let placements: Vec<Placement> = release
            .files
            .iter()
            .map(|file| {
                let path = PathBuf::from(&*file.path);
                Placement { from: path.clone(), to: path, way: Way::Replace }
            })
            .collect();
        let id = release.id.0.to_string();
        let placed = Releases::of(&self.state).place(&id, &self.live, &placements, now(), MOST_BYTES)?;
        self.changed.extend(placed.changed.iter().map(|file| Arc::from(file.path.to_string_lossy())));
        Ok(())
    }

    fn switch(&mut self, service: &str, release: &ReleaseId, within: Duration) -> Result<(), Trouble> {
        let release = self.release(release)?.clone();
        self.switched.insert(Arc::from(service));
        if let Some(ReleasedService { name, image, .. }) = release.service(service) {
            // The name stands for the release's image again, whatever was fetched meanwhile.
            let kept = kept_image(&release.project, name, &release.id);
            if let Some(id) = compose::image_id(&kept)?
                && compose::image_id(image)?.as_ref() != Some(&id)
            {
                heard(compose::tag(&id, image)?)?;
            }
        }
        let looked = looked_at(&release, &self.live, &self.live, false);
        let compose = self.compose(&release, &self.live);
        // Compose does not see that a mounted file is another one, nor that a container still bears the name which it had for the
        // moment in which somebody who died made it anew.
        let desired = looked.stack.desired.as_ref().and_then(|desired| desired.service(service));
        let changed = |path: &Arc<str>| desired.is_some_and(|desired| mounts(desired, &self.live.join(&**path)));
        let unseen = |difference: &Difference| {
            matches!(difference, Difference::MountReplaced { .. } | Difference::Setting("container_name"))
        };
        let replaced = |drift: &Drift| &*drift.service == service && drift.differences.iter().any(unseen);
        let anew = self.changed.iter().any(changed) || drift::find(&looked.stack).iter().any(replaced);
        let up = || if anew { compose.up_anew(service, within) } else { compose.up(service, within) };
        if heard(up()?).is_ok() {
            return Ok(());
        }
        // What somebody left who died in the middle of this is in the way.
        compose.clear(service, within)?;
        heard(up()?)
    }

    /// Well, as its release says, and so for a while.
    fn gate(&self, service: &str, release: &ReleaseId, within: Duration) -> Result<(), Trouble> {
        let release = self.release(release)?;
        let begun = Instant::now();
        let mut well: Option<(Instant, u64)> = None;
        loop {
            let looked = looked_at(release, &self.live, &self.live, false);
            let late = begun.elapsed() >= within;
            match state_of(&looked.stack, release, service) {
                Ok(restarts) => {
                    if well.is_none() {
                        // Its address is another one now.
                        reload_proxies(&looked.stack, service)?;
                    }
                    let (since, before) = *well.get_or_insert((Instant::now(), restarts));
                    if restarts != before {
                        return Err(Trouble::Restarted(last_words(&looked.stack, service)));
                    }
                    if since.elapsed() >= HOLD {
                        // It runs; now with its own eyes, and whatever else is new beside it.
                        let seen = looked_at(release, &self.live, &self.live, true);
                        let waits = |asked: &Asked| {
                            let is_it = |name: &Arc<str>| name == asked.peer() || *name == asked.host;
                            self.changing.iter().any(|name| is_it(name) && !self.switched.contains(name))
                        };
                        let wrong = unserved(&seen.stack, Told::Running);
                        let wrong = wrong.into_iter().find(|(asked, _)| &*asked.from == service && !waits(asked));
                        return wrong.map_or(Ok(()), |(_, claim)| Err(Trouble::Unserved(Box::new(claim))));
                    }
                }
                Err(Trouble::NotHealthyYet) if !late => well = None,
                Err(trouble) => return Err(trouble),
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    fn verify(&self, release: Option<&ReleaseId>) -> Result<(), Trouble> {
        let Some(release) = release else {
            let project = self.any_release()?;
            let looked = looked_at(&project, &self.live, &self.live, false);
            let there = looked.stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
            let mut ours = there.filter(|container| container.project.as_deref() == Some(&*project.project));
            return if ours.next().is_some() { Err(Trouble::StillThere) } else { Ok(()) };
        };
        let release = self.release(release)?;
        for file in &release.files {
            if digest(&self.live.join(&*file.path)).ok().as_deref() != Some(&*file.digest) {
                return Err(Trouble::File(Arc::clone(&file.path)));
            }
        }
        let looked = looked_at(release, &self.live, &self.live, false);
        for service in &release.services {
            match state_of(&looked.stack, release, &service.name) {
                Ok(_) | Err(Trouble::NotHealthyYet) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    /// Old releases that nobody can go back to, and the names that held their images.
    fn prune(&self) -> Result<(), Trouble> {
        let history = History::read(&self.state)?;
        let stays: Vec<&Release> = history.good().take(KEPT).collect();
        let stays = |id: &str| stays.iter().any(|release| &*release.id.0 == id) || *id == *self.target.0;
        let store = Releases::of(&self.state);
        for id in store.list()?.into_iter().filter(|id| !stays(id)) {
            let old = history.rollouts.iter().map(|past| &past.release).find(|release| *release.id.0 == *id);
            for (release, service) in old.iter().flat_map(|old| old.services.iter().map(|service| (*old, service))) {
                // One that is in use, or was never kept, stays as it is.
                let _kept = compose::untag(&kept_image(&release.project, &service.name, &release.id));
            }
            store.remove(&id)?;
        }
        Ok(())
    }

    /// What other programs said, without the secrets of the old files and the new ones: it is shown, and kept in the ledger.
    fn discreet(&self, trouble: Trouble) -> Trouble {
        let hidden = |text: String| {
            let mut text = repeated(&text);
            let Some(release) = self.releases.get(&self.target) else { return text };
            for folder in [&self.staging, &self.live].into_iter().filter(|folder| folder.is_dir()) {
                let known = looked_at(release, folder, folder, false).known;
                if let Some(without) = known.without(text.as_bytes()) {
                    text = String::from_utf8_lossy(&without).into_owned();
                }
            }
            text
        };
        match trouble {
            Trouble::Said(text) => Trouble::Said(hidden(text)),
            Trouble::NoImage(image, text) => Trouble::NoImage(image, hidden(text)),
            Trouble::Other(text) => Trouble::Other(hidden(text)),
            other => other,
        }
    }

    fn release(&self, id: &ReleaseId) -> Result<&Release, Trouble> {
        self.releases.get(id).ok_or_else(|| Trouble::Other(format!("nothing is known of release {}", id.short())))
    }

    fn any_release(&self) -> Result<Release, Trouble> {
        self.release(&self.target).cloned()
    }

    fn compose(&self, release: &Release, folder: &Path) -> Compose {
        Compose::of(folder, &arguments(release))
    }
}

impl Doer for Hands<'_> {
    fn write(&mut self, record: &Record) -> Result<(), Unwritten> {
        let why = self.trouble.as_ref().map(|trouble| crate::words::Lang::En.trouble(trouble));
        let why = why.filter(|_| matches!(record, Record::Ended(_, ending) if *ending != Ending::Done));
        if let Record::Begun(act) = record {
            self.watcher.begins(act);
        }
        let line = Line::of(record, self.number, now(), why.as_deref());
        let payload = serde_json::to_vec(&line).map_err(|_| Unwritten)?;
        self.ledger.append(&payload).map_err(|_| Unwritten)
    }

    fn perform(&mut self, act: &Act) -> Ending {
        let result = self.act(&act.action, Duration::from_millis(act.timeout_ms));
        self.trouble = result.err().map(|trouble| self.discreet(trouble));
        if act.action == Action::TakeLease {
            self.untaken.clone_from(&self.trouble);
        }
        let ending = match &self.trouble {
            None => Ending::Done,
            Some(Trouble::TookTooLong(_)) => Ending::TimedOut,
            Some(_) => Ending::Failed,
        };
        self.watcher.ended(act, ending, self.trouble.as_ref());
        ending
    }
}

/// Somebody lives who says that of itself.
fn held(says: &[u8]) -> Trouble {
    let says: Option<serde_json::Value> = serde_json::from_slice(says).ok();
    let who = says.as_ref().and_then(|says| says["who"].as_str()).unwrap_or("?");
    Trouble::Held(who.to_owned())
}

/// What Compose is told of a release.
fn arguments(release: &Release) -> Vec<String> {
    let project = ["-p".to_owned(), release.project.to_string()];
    release.arguments.iter().map(ToString::to_string).chain(project).collect()
}

/// A look at a release's project, whose files are in `folder` and will be, or are, in `live`.
pub fn looked_at(release: &Release, folder: &Path, live: &Path, probes: bool) -> Looked {
    // Compose reads where it is called; nobody else in this process looks at the folder meanwhile.
    let _stays = env::set_current_dir(folder);
    let mut looked = look(&subject(release, probes));
    if folder != live
        && let Some(desired) = &mut looked.stack.desired
    {
        super::changes::settle(desired, folder, live);
    }
    looked
}

fn subject(release: &Release, probes: bool) -> StackSubject {
    let mut subject = StackSubject { project: Some(release.project.to_string()), probes, ..StackSubject::default() };
    let mut words = release.arguments.iter();
    while let Some(word) = words.next() {
        match (&**word, words.next()) {
            ("-f", Some(file)) => subject.files.push(PathBuf::from(&**file)),
            ("--profile", Some(profile)) => subject.profiles.push(profile.to_string()),
            _ => {}
        }
    }
    subject
}

/// Proxies of the stack that still ask a service by an address which is not its own any more look it up again.
fn reload_proxies(stack: &Stack, service: &str) -> Result<(), Trouble> {
    let drift = drift::find(stack).into_iter().filter(|drift| &*drift.service == service);
    for difference in drift.flat_map(|drift| drift.differences) {
        let Difference::StaleUpstream { proxy, .. } = difference else { continue };
        let container = stack.snapshot.as_ref().and_then(|snapshot| snapshot.container(&proxy));
        // Somebody else's proxy is theirs to reload.
        if container.is_some_and(|container| !stack.is_foreign(container)) {
            heard(compose::reload_nginx(&proxy)?)?;
        }
    }
    Ok(())
}

/// Who is not served by what it needs, as the answers prove.
fn unserved(stack: &Stack, told: Told) -> Vec<(Asked, ProbeClaim)> {
    let scene = StackScene::new(stack);
    let wrong = stack.probes.iter().filter(|probed| probed.question.told == told);
    let wrong = wrong.filter(|probed| {
        lastgood_diagnose::meaning(&scene, probed).is_some_and(|(_, weight)| weight == Weight::Decisive)
    });
    let claims = wrong.map(|probed| {
        let asked = Asked::of(&probed.question);
        let (outcome, words) = (probed.answer.outcome.clone(), probed.answer.words.clone());
        (asked.clone(), ProbeClaim::Answered { asked, outcome, words })
    });
    claims.collect()
}

fn container<'s>(stack: &'s Stack, service: &str) -> Option<&'s Container> {
    let project = &stack.desired.as_ref()?.project;
    let all = &stack.snapshot.as_ref()?.containers;
    let is_it = |container: &&Container| {
        !container.one_off
            && container.project.as_deref() == Some(&**project)
            && container.service.as_deref() == Some(service)
    };
    all.iter().find(is_it)
}

fn last_words(stack: &Stack, service: &str) -> Option<Arc<str>> {
    container(stack, service)?.last_words.last().cloned()
}

/// Whether a service runs as its release says, and how often it was restarted.
fn state_of(stack: &Stack, release: &Release, service: &str) -> Result<u64, Trouble> {
    let job = stack.desired.as_ref().and_then(|desired| desired.service(service));
    let job = job.is_some_and(|service| lastgood_diagnose::condition::is_job(service, stack));
    let container = container(stack, service).ok_or(Trouble::NoContainer)?;
    let differences: Vec<Difference> = drift::find(stack)
        .into_iter()
        .filter(|drift| &*drift.service == service)
        .flat_map(|drift| drift.differences)
        .filter(|difference| !matches!(difference, Difference::StaleUpstream { .. }))
        .collect();
    if !differences.is_empty() {
        return Err(Trouble::Differs(differences));
    }
    let kept = compose::image_id(&kept_image(&release.project, service, &release.id))?;
    if kept.is_some_and(|id| id != *container.image_id) {
        return Err(Trouble::Differs(Vec::new()));
    }
    let state = &container.state;
    if job && state.status == ContainerStatus::Exited && state.exit_code == 0 {
        return Ok(container.restarts);
    }
    let words = || container.last_words.last().cloned();
    match Condition::of(container, job, stack.at) {
        Condition::CrashLooping => return Err(Trouble::Restarted(words())),
        _ if state.status != ContainerStatus::Running => {
            return Err(Trouble::Ended(state.status, state.exit_code, words()));
        }
        _ => {}
    }
    match &container.health {
        Some(health) if health.status == HealthStatus::Unhealthy => {
            let said = health.checks.last().map_or("", |result| &result.output);
            // A traceback ends with what it is about.
            Err(Trouble::Unhealthy(last_line(said).into()))
        }
        Some(health) if health.status == HealthStatus::Starting => Err(Trouble::NotHealthyYet),
        _ => Ok(container.restarts),
    }
}

/// The name by which a release holds an image.
pub(super) fn kept_image(project: &str, service: &str, release: &ReleaseId) -> String {
    format!("lastgood/{project}/{service}:{}", release.short())
}

fn heard(heard: Heard) -> Result<(), Trouble> {
    if heard.code == 0 { Ok(()) } else { Err(Trouble::Said(last_line(&heard.complaint))) }
}

fn last_line(text: &str) -> String {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}
