//! Who does on a target what the machine says: each act by Compose, the engine, or the folder of state. What went wrong is `trouble.rs`'
//! to name, and what happens then the machine's affair.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lastgood_diagnose::{drift, topology};
use lastgood_model::probe_claim::Asked;
use lastgood_model::release::{Release, ReleasedFile, ReleasedService};
use lastgood_model::rollout::{Action, Ending, ReleaseId};
use lastgood_model::snapshot::Container;
use lastgood_model::topology::Via;
use lastgood_model::{Difference, Drift, ProbeClaim, Stack, Told, Topology, UnixMs};
use lastgood_rollout::drive::Unwritten;
use lastgood_rollout::{Act, Doer, Lost, Of, Record};
use lastgood_world::engine::compose::{self, Compose};
use lastgood_world::hear::Heard;
use lastgood_world::state::{Ledger, Placement, Releases, Way, reserve};
use lastgood_world::{digest, now};

use super::candidate;
use super::changes::mounts;
use super::gate::{Look, containers, state_by, state_of, unserved};
use super::grip::Grip;
use super::health::OwnChecks;
use super::history;
use super::hold::Well;
use super::kept;
use super::knock::{self, Door};
use super::looks::Looks;
use super::manner::Manner;
use super::mount_folders::make_missing;
use super::outage::{Watch, front};
use super::passing::{Before, Whose, is_proxy, proxies};
use super::patience::Patience;
use super::record::{Line, What, millis};
use super::reload::{inside, is_reread, reread};
use super::route::RouteFault;
use super::smoke::{self, Problem};
use super::trouble::Trouble;
use super::waste::Waste;
use crate::pipeline::stack::Looked;
use crate::privacy::known::Known;
use crate::render::quote::repeated;

/// What stands in the live folder is kept up to so many bytes.
pub const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// Beside its contents, a file takes so much room on the disk, with its folder.
const FOR_A_FILE: u64 = 16 * 1024;
/// And what is written down on the way back.
const FOR_RECORDS: u64 = 256 * 1024;
/// So much of that is given to each try of calling it good.
const FOR_A_RECORD: u64 = 64 * 1024;
/// So many good releases can be gone back to.
pub const KEPT: usize = 5;

/// What is said while it goes on.
pub trait Watcher {
    /// A rollout whose driver died is taken up.
    fn takes_up(&mut self);
    /// An nginx still had requests to answer for a service when it was waited for no longer.
    fn still_busy(&mut self, service: &str, nginx: &str, waited: Duration);
    /// An act ended.
    fn ended(&mut self, act: &Act, ending: Ending, trouble: Option<&Trouble>);
    /// So long a service gave no answer where its users come in.
    fn measured(&mut self, service: &str, down: Duration);
}

/// A target while it is worked on.
pub struct Hands<'w> {
    pub(super) live: PathBuf,
    pub(super) state: PathBuf,
    pub(super) looks: Arc<Looks>,
    ledger: Ledger,
    number: u64,
    grip: Option<Grip>,
    /// Whoever works here is the guard.
    pub(super) is_guard: bool,
    /// The releases that the plan speaks of.
    pub(super) releases: BTreeMap<ReleaseId, Release>,
    /// Those of them that were deployed before, and not only found.
    pub(super) deployed: BTreeSet<ReleaseId>,
    pub(super) target: ReleaseId,
    /// How it is brought out.
    pub(super) manner: Manner,
    /// Whether smoke tests are put.
    smokes: bool,
    /// What they are filled with.
    values: BTreeMap<String, String>,
    /// The status that services gave over HTTP before anything was touched.
    pub(super) usual: BTreeMap<Arc<str>, u16>,
    /// How services that change were asked before anything was touched.
    pub(super) before: Before,
    /// Where candidates were asked that were well.
    pub(super) doors: BTreeMap<Arc<str>, Option<Door>>,
    /// Where the new release's files are, to be asked with.
    staging: PathBuf,
    /// Files that were placed and are others than before.
    changed: BTreeSet<Arc<str>>,
    /// Files of no release that go when the new one is placed.
    strays: Vec<Arc<str>>,
    /// What stood where the new one was placed: paths, and those of their copies.
    pub(super) copies: Vec<(Arc<str>, String)>,
    /// What was found wrong with dependencies; asked once for all services.
    asked: Option<Vec<(Arc<str>, Trouble)>>,
    /// Services that change.
    pub(super) changing: Vec<Arc<str>>,
    /// Services of the old release that were not well before.
    pub(super) unwell: Vec<Arc<str>>,
    /// Those that change and run as they are to.
    switched: BTreeSet<Arc<str>>,
    /// Since when.
    pub(super) begun: UnixMs,
    /// When the candidates of services were started.
    pub(super) started: BTreeMap<Arc<str>, Instant>,
    /// Those whose candidate was well.
    pub(super) tried: BTreeSet<Arc<str>>,
    /// Those that are well themselves, and since when.
    held: BTreeMap<Arc<str>, Well>,
    /// Who asks services that are made anew just now.
    watches: BTreeMap<Arc<str>, Watch>,
    /// Why the act that runs failed.
    trouble: Option<Trouble>,
    /// On the way back.
    pub(super) patience: Patience,
    pub(super) watcher: &'w mut dyn Watcher,
}

/// What hands are to know.
pub struct Job<'w> {
    /// The live folder.
    pub live: PathBuf,
    /// Its folder of state.
    pub state: PathBuf,
    /// What was seen of it.
    pub looks: Arc<Looks>,
    /// Open for writing.
    pub ledger: Ledger,
    /// The number of the rollout.
    pub number: u64,
    /// The target is ours.
    pub grip: Grip,
    /// Whoever works is the guard.
    pub is_guard: bool,
    /// The new release.
    pub target: Release,
    /// The old one.
    pub parent: Option<Release>,
    /// Those of the two that were deployed before, and not only found.
    pub deployed: BTreeSet<ReleaseId>,
    /// How the new one is brought out.
    pub manner: Manner,
    /// Its smoke tests are put.
    pub smokes: bool,
    /// What they are filled with.
    pub values: BTreeMap<String, String>,
    /// Where the new one's files are.
    pub staging: PathBuf,
    /// Services that change.
    pub changing: Vec<Arc<str>>,
    /// Services of the old one that were not well before.
    pub unwell: Vec<Arc<str>>,
    /// Files of no release that go when the new one is placed.
    pub strays: Vec<Arc<str>>,
    /// Who is told.
    pub watcher: &'w mut dyn Watcher,
}

impl<'w> Hands<'w> {
    /// For a job.
    #[must_use]
    pub fn of(job: Job<'w>) -> Self {
        let Job {
            live,
            state,
            looks,
            ledger,
            number,
            grip,
            is_guard,
            target,
            parent,
            deployed,
            manner,
            smokes,
            values,
            staging,
            changing,
            unwell,
            strays,
            watcher,
        } = job;
        let id = target.id.clone();
        let releases = parent.into_iter().chain([target]).map(|release| (release.id.clone(), release)).collect();
        Self {
            live,
            state,
            looks,
            ledger,
            number,
            grip: Some(grip),
            is_guard,
            releases,
            deployed,
            target: id,
            manner,
            smokes,
            values,
            usual: BTreeMap::new(),
            before: Before::default(),
            doors: BTreeMap::new(),
            staging,
            changed: BTreeSet::new(),
            strays,
            copies: Vec::new(),
            asked: None,
            changing,
            unwell,
            switched: BTreeSet::new(),
            begun: now(),
            started: BTreeMap::new(),
            tried: BTreeSet::new(),
            held: BTreeMap::new(),
            watches: BTreeMap::new(),
            trouble: None,
            patience: Patience::default(),
            watcher,
        }
    }

    fn act(&mut self, act: &Act, within: Duration) -> Result<(), Trouble> {
        match &act.action {
            // It is since before the plan was written down.
            Action::TakeLease => Ok(()),
            Action::DropLease => self.let_go(),
            Action::Keep => self.keep(),
            Action::Load { service } => super::fetch::load(self.release(&self.target)?, service, within),
            Action::Ask { service } => self.ask(service),
            Action::Place { release: Some(release) } => self.place(release),
            // What only the first release placed does nothing where nothing runs from it.
            Action::Place { release: None } => Ok(()),
            Action::Switch { service, release: Some(release) } => self.switch(service, release, within),
            Action::Switch { service, release: None } => self.remove(service, within),
            Action::Gate { service, release } => {
                let well = self.gate(service, release, within)?;
                self.held.insert(Arc::clone(service), well);
                self.unwatch(service);
                Ok(())
            }
            Action::Verify { release } => {
                // Also where what is gone back to is that same release.
                self.verify(release.as_ref(), act.of == Of::Look)?;
                let back: Vec<Arc<str>> = self.watches.keys().cloned().collect();
                back.iter().for_each(|service| self.unwatch(service));
                Ok(())
            }
            Action::Route { service, to } => self.route(service, *to),
            Action::Prune => self.prune(),
            // The ledger's own record of it is the confirmation.
            Action::Confirm => Ok(()),
            Action::StartCandidate { service } => {
                self.started.insert(Arc::clone(service), Instant::now());
                self.start_candidate(service, within)
            }
            Action::GateCandidate { service } => {
                let door = self.gate_candidate(service, within)?;
                self.doors.insert(Arc::clone(service), door);
                self.tried.insert(Arc::clone(service));
                Ok(())
            }
            Action::DropCandidate { service } => self.drop_candidate(service, within),
            Action::Smoke => self.smoke(None),
            Action::Migrate => self.migrate(false, within),
            Action::MigrateBack => self.migrate(true, within),
            Action::Hook { point } => self.hook(*point, within),
            Action::EndHook { point } => self.end_hook(*point, within),
            Action::Bake => self.bake(),
            Action::Arm => self.arm(),
            Action::Disarm => self.disarm(),
        }
    }

    /// Somebody else may have the target. Where it cannot be let go of, it stays ours, to be tried once more.
    fn let_go(&mut self) -> Result<(), Trouble> {
        self.grip.as_ref().map_or(Ok(()), Grip::release)?;
        self.grip = None;
        Ok(())
    }

    /// Its files are in the store, and its images are held: also those of services that stay as they are.
    fn keep(&self) -> Result<(), Trouble> {
        let release = self.release(&self.target)?;
        let store = Releases::of(&self.state);
        super::target::keep(&store, release, &self.staging)?;
        let manner = serde_json::to_vec(&self.manner).map_err(|error| Trouble::Other(error.to_string()))?;
        store.annotate(&release.id.0, &manner)?;
        reserve::set_aside(&self.state, self.way_back())?;
        release.services.iter().filter(|service| !service.image_id.is_empty()).try_for_each(|service| {
            // One that is not there yet is brought by its own act.
            match compose::image_id(&service.image_id)? {
                Some(id) => heard(compose::tag(&id, &kept_image(&release.project, &service.name, &release.id))?),
                None => Ok(()),
            }
        })
    }

    /// How many bytes of disk the way back may take: what stands there is kept once more, and what stood there placed anew.
    fn way_back(&self) -> u64 {
        let files = self.releases.values().flat_map(|release| &release.files);
        let length = |file: &ReleasedFile| {
            let of = |folder: &Path| folder.join(&*file.path).metadata().map_or(0, |facts| facts.len());
            of(&self.live).max(of(&self.staging)) + FOR_A_FILE
        };
        files.map(length).sum::<u64>() + FOR_RECORDS
    }

    /// What it needs of others serves it with the new values. What changes itself in this rollout is asked when it has changed.
    fn ask(&mut self, service: &str) -> Result<(), Trouble> {
        if self.asked.is_none() {
            let release = self.release(&self.target)?.clone();
            let looked = self.looks.at(&release, &self.staging, &self.live, true);
            let topology = topology::build(&looked.stack);
            let all = proxies(&topology).chain(self.changing.iter().cloned());
            self.usual = all.filter_map(|service| self.usual_answer(&service, &looked.stack, &release)).collect();
            self.before = self.before(&looked.stack);
            let wrong = unserved(&looked.stack, Told::Declared);
            let changes = |asked: &Asked| self.changing.iter().any(|name| name == asked.peer() || *name == asked.host);
            let wrong = wrong.into_iter().filter(|(asked, _)| !changes(asked));
            let told = wrong.map(|(asked, claim)| (Arc::clone(&asked.from), unserved_by(&asked, claim, &topology)));
            self.asked = Some(told.collect());
        }
        let wrong = self.asked.iter().flatten().find(|(from, _)| &**from == service);
        wrong.map_or(Ok(()), |(_, trouble)| Err(trouble.clone()))
    }

    /// What a service answers now, before anything is touched.
    fn usual_answer(&self, service: &Arc<str>, stack: &Stack, release: &Release) -> Option<(Arc<str>, u16)> {
        let container = containers(stack, &release.project, service).next()?;
        let status = knock::status(knock::address(container)?, service, &self.door(service, stack)?)?;
        Some((Arc::clone(service), status))
    }

    fn place(&mut self, release: &ReleaseId) -> Result<(), Trouble> {
        let release = self.release(release)?.clone();
        let store = Releases::of(&self.state);
        if release.id == self.target {
            let strays = self.strays.iter().map(|path| Path::new(&**path));
            if let Some((gone, name)) = store.put_away(&self.live, strays, now(), MOST_BYTES)? {
                let gone = gone.iter().map(|path| path.to_string_lossy());
                self.copies.extend(gone.map(|path| (Arc::from(&*path), kept::copy(&name, &path))));
            }
        }
        let placed = store.place(&release.id.0, &self.live, &everything(&release), now(), MOST_BYTES)?;
        if release.id == self.target {
            self.copies.extend(kept::copies(&placed));
        }
        let gone = self.displace(&release)?;
        let placed = placed.changed.iter().map(|file| Arc::from(file.path.to_string_lossy()));
        self.changed.extend(placed.chain(gone));
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
        let looked = self.look_at(&release);
        self.watch(service, &looked.stack);
        let compose = self.compose(&release, &self.live);
        // Compose does not see that a mounted file is another one, nor that a container still bears the name which it had for the
        // moment in which somebody who died made it anew.
        let desired = looked.stack.desired.as_ref().and_then(|desired| desired.service(service));
        let changed = |path: &Arc<str>| {
            let (file, project) = (self.live.join(&**path), &*release.project);
            desired.is_some_and(|desired| mounts(desired, &file) && !is_reread(desired, &looked.stack, project, &file))
        };
        let unseen = |difference: &Difference| {
            matches!(difference, Difference::MountReplaced { .. } | Difference::Setting("container_name"))
        };
        let replaced = |drift: &Drift| &*drift.service == service && drift.differences.iter().any(unseen);
        if let Some(resolved) = &looked.resolved {
            make_missing(resolved, service, &self.live).map_err(|error| Trouble::Other(error.to_string()))?;
        }
        let anew = self.changed.iter().any(changed) || drift::find(&looked.stack).iter().any(replaced);
        let up = || if anew { compose.up_anew(service, within) } else { compose.up(service, within) };
        if heard(up()?).is_err() {
            // What somebody left who died in the middle of this is in the way.
            compose.clear(service, within)?;
            heard(up()?)?;
        }
        self.reread(service, &release, &looked.stack)?;
        for cut_off in self.cut_off_by(service, &release, &looked.stack) {
            self.switch(&cut_off, &release.id, within)?;
        }
        Ok(())
    }

    /// Services whose containers share the network of one that is gone, since this service was made anew: on either way they follow it.
    fn cut_off_by(&self, service: &str, release: &Release, before: &Stack) -> Vec<Arc<str>> {
        let services = before.desired.iter().flat_map(|desired| &desired.services);
        let shares = |mode: &str| mode.strip_prefix("service:") == Some(service);
        let mut sharers = services.filter(|other| other.network_mode.as_deref().is_some_and(shares)).peekable();
        if sharers.peek().is_none() {
            return Vec::new();
        }
        let found = drift::find(&self.look_at(release).stack);
        let is_cut_off = |name: &Arc<str>| {
            let mut drifts = found.iter().filter(|drift| drift.service == *name);
            drifts.any(|drift| drift.differences.contains(&Difference::Setting("network_mode")))
        };
        sharers.map(|sharer| Arc::clone(&sharer.name)).filter(is_cut_off).collect()
    }

    /// An nginx that was not made anew takes over what its files hold now.
    fn reread(&self, service: &str, release: &Release, before: &Stack) -> Result<(), Trouble> {
        let looked = self.look_at(release);
        let Some(desired) = looked.stack.desired.as_ref().and_then(|desired| desired.service(service)) else {
            return Ok(());
        };
        let (live, project) = (&self.live, &*release.project);
        let reread_files = |file: &ReleasedFile| {
            let file = live.join(&*file.path);
            mounts(desired, &file) && is_reread(desired, &looked.stack, project, &file)
        };
        if !release.files.iter().any(reread_files) {
            return Ok(());
        }
        let was_there = |container: &&Container| {
            containers(before, project, service).any(|old| old.id == container.id && old.is_running())
        };
        containers(&looked.stack, project, service).filter(was_there).try_for_each(reread)
    }

    /// From here on somebody asks it where its users come in.
    fn watch(&mut self, service: &str, stack: &Stack) {
        let manner = self.manner.of(service);
        if !self.watches.contains_key(service)
            && let Some(front) = front(service, manner.health.as_deref(), stack, &topology::build(stack))
            && let Some(watch) = Watch::begin(front)
        {
            self.watches.insert(Arc::from(service), watch);
        }
    }

    /// It answers again, or nobody waits for that any more: how long it did not is told and kept.
    fn unwatch(&mut self, service: &str) {
        let Some(down) = self.watches.remove(service).and_then(Watch::end) else { return };
        self.watcher.measured(service, down);
        let what = What::Measured { service: service.to_owned(), down_ms: millis(down) };
        let line = Line { at: now().0, rollout: self.number, what };
        // What is only good to know holds nothing up.
        let _unwritten = serde_json::to_vec(&line).map(|payload| self.ledger.append(&payload));
    }

    /// Its containers go; what they wrote stays. Not by Compose, whose files may not know the service any more.
    fn remove(&self, service: &str, within: Duration) -> Result<(), Trouble> {
        let release = self.release(&self.target)?;
        let looked = self.look_at(release);
        let ids: Vec<&str> =
            containers(&looked.stack, &release.project, service).map(|container| &*container.id).collect();
        if ids.is_empty() { Ok(()) } else { heard(compose::remove_containers(&ids, within)?) }
    }

    /// Well, as its release says, and so for a while; it answers, and what it needs serves it.
    fn gate(&self, service: &str, release: &ReleaseId, within: Duration) -> Result<Well, Trouble> {
        let release = self.release(release)?;
        let (mut reloaded, mut checks) = (None, OwnChecks::default());
        let mut looked = self.look_at(release);
        let is_proxy = is_proxy(service, &topology::build(&looked.stack));
        // Whoever passes requests on to it may not be made anew yet, and speak of another port.
        let door = match self.doors.get(service).filter(|_| !is_proxy) {
            Some(door) => door.clone(),
            None => self.door(service, &looked.stack),
        };
        let container = containers(&looked.stack, &release.project, service).next();
        let container = container.map(|container| container.name.to_string()).unwrap_or_default();
        let stays = self.stays_well((&container, service), door.as_ref(), within, || {
            looked.again();
            let state = state_by(&looked.stack, release, service, |container| checks.passes(container));
            let mut look = Look::at(state, containers(&looked.stack, &release.project, service));
            // Where it is well for the first time at an address, proxies look that up again.
            if look.state.is_ok() && reloaded.as_ref() != Some(&look.addresses) {
                looked = self.look_at(release);
                look.state = reload_proxies(&looked.stack, service).and(look.state);
                reloaded = Some(look.addresses.clone());
            }
            look
        });
        let well = stays.map_err(|trouble| self.traced(trouble, service, Whose::New, &looked.stack))?;
        let look = || self.look_at(release).stack;
        self.hears(service, Whose::New, &looked.stack, look)?;
        self.fronts_answer(release, &looked.stack, look)?;
        // Its candidate was served, nothing else is new beside it, and nobody asks it who stays as they are.
        let is_asked =
            || self.before.served.iter().any(|((from, _), by)| **by == *service && !self.changing.contains(from));
        if self.tried.contains(service) && self.changing.len() == 1 && !is_asked() {
            return Ok(well);
        }
        // It runs; now with its own eyes, and whatever else is new beside it.
        let seen = self.looks.at(release, &self.live, &self.live, true);
        let waits = |asked: &Asked| self.is_to_change(asked.peer()) || self.is_to_change(&asked.host);
        let by_others = |asked: &Asked| {
            let by = self.before.served.get(&(Arc::clone(&asked.from), Arc::clone(&asked.key)));
            by.is_some_and(|by| **by == *service) && !self.changing.contains(&asked.from)
        };
        let wrong = unserved(&seen.stack, Told::Running);
        let wrong = wrong.into_iter().find(|(asked, _)| &*asked.from == service && !waits(asked) || by_others(asked));
        let topology = topology::build(&seen.stack);
        wrong.map_or(Ok(well), |(asked, claim)| Err(unserved_by(&asked, claim, &topology)))
    }

    /// Whether a service changes, and has not yet.
    pub(super) fn is_to_change(&self, service: &str) -> bool {
        self.changing.iter().any(|name| **name == *service && !self.switched.contains(name))
    }

    /// The user's own requests succeed: of a candidate, those that are put to it; else all.
    pub(super) fn smoke(&self, candidate: Option<&str>) -> Result<(), Trouble> {
        // Who comes in by the front door does not meet a candidate; nor does a test that is all about others.
        let concerned = |service: &str| self.manner.smoke.iter().any(|test| smoke::host(&test.url) == Some(service));
        if !self.smokes || candidate.is_some_and(|service| !concerned(service)) {
            return Ok(());
        }
        let release = self.release(&self.target)?;
        let looked = self.look_at(release);
        let place = |host: &str| {
            let tried = candidate.and_then(|_| candidate::of(&looked.stack, &release.project, host));
            let container = tried.or_else(|| containers(&looked.stack, &release.project, host).next())?;
            knock::address(container).map(str::to_owned)
        };
        let skip = |host: &str| candidate.is_some() && release.service(host).is_none();
        smoke::smoke(&self.manner.smoke, &self.values, place, skip).map_err(Trouble::Smoke)
    }

    fn verify(&self, release: Option<&ReleaseId>, is_back: bool) -> Result<(), Trouble> {
        self.all_are_home()?;
        let Some(release) = release else {
            let first = self.release(&self.target)?;
            let looked = self.look_at(first);
            return self.are_gone(&looked.stack, first, |_| true);
        };
        let release = self.release(release)?;
        for file in &release.files {
            if digest(&self.live.join(&*file.path)).ok().as_deref() != Some(&*file.digest) {
                return Err(Trouble::File(Arc::clone(&file.path)));
            }
        }
        let held = |service: &str| self.held.get(service).filter(|_| !is_back);
        // Traffic is back at those whose candidate was well as soon as they were: they have to stay so as any has.
        self.changing.iter().filter_map(|service| held(service)).for_each(Well::wait);
        let looked = self.look_at(release);
        // Services that stay are somebody else's to put right where they are not as their release says: nothing of this touched them.
        for service in release.services.iter().filter(|service| !is_back || self.changing.contains(&service.name)) {
            match state_of(&looked.stack, release, &service.name) {
                Ok(restarts) => held(&service.name).map_or(Ok(()), |well| well.stays(restarts))?,
                Err(Trouble::NotHealthyYet) => {}
                // It is as it was.
                Err(trouble) if is_back && trouble.is_of_its_own() && self.unwell.contains(&service.name) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        self.are_gone(&looked.stack, release, |service| release.service(service).is_none())
    }

    /// Of those services that this rollout changes no container is there.
    fn are_gone(&self, stack: &Stack, release: &Release, of: impl Fn(&str) -> bool) -> Result<(), Trouble> {
        let there = |service: &&Arc<str>| containers(stack, &release.project, service).next().is_some();
        let stays = self.changing.iter().filter(|service| of(service)).any(|service| there(&service));
        if stays { Err(Trouble::StillThere) } else { Ok(()) }
    }

    /// Old releases that nobody can go back to, and the names that held their images.
    fn prune(&self) -> Result<(), Trouble> {
        let (history, store) = (history::read(&self.state)?, Releases::of(&self.state));
        Waste::beyond(KEPT, Some(&self.target), &history, &store)?.clear(&store)
    }

    /// What other programs said, without the secrets of the old files and the new ones: it is shown, and kept in the ledger.
    pub(super) fn discreet(&self, trouble: Trouble) -> Trouble {
        let hidden = |text: String| {
            let mut text = repeated(&text);
            let mut given = Known::default();
            self.values.values().for_each(|value| given.learn(value.as_bytes()));
            if let Some(without) = given.without(text.as_bytes()) {
                text = String::from_utf8_lossy(&without).into_owned();
            }
            let Some(release) = self.releases.get(&self.target) else { return text };
            for folder in [&self.staging, &self.live].into_iter().filter(|folder| folder.is_dir()) {
                let known = self.looks.at(release, folder, folder, false).known;
                if let Some(without) = known.without(text.as_bytes()) {
                    text = String::from_utf8_lossy(&without).into_owned();
                }
            }
            text
        };
        match trouble {
            Trouble::Telling(trouble, lines) => {
                Trouble::Telling(Box::new(self.discreet(*trouble)), lines.into_iter().map(hidden).collect())
            }
            Trouble::Of(service, trouble) => Trouble::Of(service, Box::new(self.discreet(*trouble))),
            Trouble::Restarted(words) => Trouble::Restarted(words.map(|words| hidden(words.to_string()).into())),
            Trouble::Ended(status, code, words) => {
                Trouble::Ended(status, code, words.map(|words| hidden(words.to_string()).into()))
            }
            Trouble::Unhealthy(words) => Trouble::Unhealthy(hidden(words.to_string()).into()),
            Trouble::Migration(code, lines) => Trouble::Migration(code, lines.into_iter().map(hidden).collect()),
            Trouble::Hook(code, lines) => Trouble::Hook(code, lines.into_iter().map(hidden).collect()),
            Trouble::Route(RouteFault::Refuses(nginx, words)) => {
                Trouble::Route(RouteFault::Refuses(nginx, hidden(words)))
            }
            Trouble::Answers { path, status, usual, body } => {
                Trouble::Answers { path, status, usual, body: hidden(body) }
            }
            Trouble::Smoke(mut failed) => {
                if let Problem::Status(.., body) | Problem::NoJson(body) = &mut failed.problem {
                    *body = hidden(std::mem::take(body));
                }
                Trouble::Smoke(failed)
            }
            Trouble::Said(text) => Trouble::Said(hidden(text)),
            Trouble::NoImage(image, unfetched) => Trouble::NoImage(image, unfetched.told(hidden)),
            Trouble::Other(text) => Trouble::Other(hidden(text)),
            other => other,
        }
    }

    pub(super) fn release(&self, id: &ReleaseId) -> Result<&Release, Trouble> {
        self.releases.get(id).ok_or_else(|| Trouble::UnknownRelease(id.short().to_owned()))
    }

    /// Its project, whose files are live.
    pub(super) fn look_at(&self, release: &Release) -> Looked {
        self.looks.at(release, &self.live, &self.live, false)
    }

    pub(super) fn compose(&self, release: &Release, folder: &Path) -> Compose {
        Compose::of(folder, &arguments(release))
    }
}

impl Doer for Hands<'_> {
    fn hold(&mut self, act: &Act) -> Result<(), Lost> {
        if !matches!(act.of, Of::Step(_)) {
            // If it stays, it is what it was: room that nobody has.
            let _stays = reserve::give_back(&self.state);
        } else if act.action == Action::Confirm {
            // All of it was found good: that it is called so is not to fail for a line. The rest is for the way back.
            let _stays = reserve::give_part(&self.state, FOR_A_RECORD);
        }
        match &mut self.grip {
            Some(grip) if act.action != Action::DropLease => grip.renew(Duration::from_millis(act.timeout_ms)),
            _ => Ok(()),
        }
    }

    fn write(&mut self, record: &Record) -> Result<(), Unwritten> {
        let why = self.trouble.as_ref().map(|trouble| crate::words::Lang::En.trouble(trouble));
        let why = why.filter(|_| matches!(record, Record::Ended(_, ending) if *ending != Ending::Done));
        let line = Line::of(record, self.number, now(), why.as_deref());
        let payload = serde_json::to_vec(&line).map_err(|_| Unwritten)?;
        self.ledger.append(&payload).map_err(|_| Unwritten)
    }

    fn perform(&mut self, act: &Act) -> Ending {
        let within = Duration::from_millis(act.timeout_ms);
        self.start_again(act);
        let mut result = self.act(act, within);
        while result.as_ref().is_err_and(|trouble| self.once_more(act, trouble)) && self.hold(act).is_ok() {
            self.start_again(act);
            result = self.act(act, within);
        }
        self.trouble = result.err().map(|trouble| self.discreet(trouble));
        let ending = match &self.trouble {
            None => Ending::Done,
            Some(Trouble::TookTooLong(_)) => Ending::TimedOut,
            Some(_) => Ending::Failed,
        };
        self.watcher.ended(act, ending, self.trouble.as_ref());
        ending
    }
}

/// All files of a release, to be placed where they belong.
pub(super) fn everything(release: &Release) -> Vec<Placement> {
    let placed = release.files.iter().map(|file| {
        let path = PathBuf::from(&*file.path);
        Placement { from: path.clone(), to: path, way: Way::Replace }
    });
    placed.collect()
}

/// What Compose is told of a release.
pub(super) fn arguments(release: &Release) -> Vec<String> {
    let project = ["-p".to_owned(), release.project.to_string()];
    release.arguments.iter().map(ToString::to_string).chain(project).collect()
}

/// Proxies of the stack that still ask a service by an address which is not its own any more look it up again.
fn reload_proxies(stack: &Stack, service: &str) -> Result<(), Trouble> {
    let drift = drift::find(stack).into_iter().filter(|drift| &*drift.service == service);
    for difference in drift.flat_map(|drift| drift.differences) {
        let Difference::StaleUpstream { proxy, .. } = difference else { continue };
        let container = stack.snapshot.as_ref().and_then(|snapshot| snapshot.container(&proxy));
        // Somebody else's proxy is theirs to reload.
        if let Some(container) = container.filter(|container| !stack.is_foreign(container)) {
            heard(inside(container).reload()?)?;
        }
    }
    Ok(())
}

/// That it is not served, and by which variable it would have been, were that one not blank.
fn unserved_by(asked: &Asked, claim: ProbeClaim, topology: &Topology) -> Trouble {
    let asks = topology.find(&asked.from).into_iter().flat_map(|from| topology.asks(from));
    let blank = asks.filter(|_| !asked.sends_password).find_map(|edge| match &edge.via {
        // A password by that name is there, and none was sent.
        Via::Variable { key, password_key: Some(password) } if *key == asked.key => Some(Arc::clone(password)),
        _ => None,
    });
    Trouble::Unserved(Box::new(claim), blank)
}

/// The name by which a release holds an image.
pub(super) fn kept_image(project: &str, service: &str, release: &ReleaseId) -> String {
    format!("lastgood/{project}/{service}:{}", release.short())
}

pub(super) fn heard(heard: Heard) -> Result<(), Trouble> {
    if heard.code == 0 { Ok(()) } else { Err(Trouble::Said(last_line(&heard.complaint))) }
}

pub(super) fn last_line(text: &str) -> String {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}
