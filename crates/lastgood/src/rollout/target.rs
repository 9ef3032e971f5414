//! A target's side of a rollout, all of it in one process there: what arrived becomes a release, the release a plan, the plan an
//! outcome. A rollout whose driver died is taken up first.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lastgood_diagnose::check::Accept;
use lastgood_diagnose::{drift, topology};
use lastgood_model::check::Finding;
use lastgood_model::release::{Release, ReleasedService};
use lastgood_model::rollout::{HookPoint, Outcome, Plan, ReleaseId};
use lastgood_model::stack::EnvRole;
use lastgood_model::{Desired, Difference, Drift, Stack};
use lastgood_rollout::history::Moment;
use lastgood_rollout::{Bar, History, Intent, Lost, Machine, Migration, drive, plan};
use lastgood_world::engine::compose;
use lastgood_world::state::{self, Ledger, NewFile, Releases, bundle};
use lastgood_world::{digest, now, own_mark};
use tempfile::TempDir;

use super::changes::{Changes, Reason, changes};
use super::checked::would_break;
use super::contents::{INTERPOLATED, as_it_is, released};
use super::doer::{Hands, Job, MOST_BYTES, Watcher, heard, kept_image};
use super::environment::{Choice, Orders};
use super::fetch;
use super::gate::unwell;
use super::grip::Grip;
use super::guard::{self, can_stand};
use super::history;
use super::kept::Kept;
use super::looks::Looks;
use super::manner::{Manner, Migrate};
use super::mended::{self, How, Mended};
use super::record::{Line, What, millis};
use super::release::{Sent, identified};
use super::route::unrouted;
use super::stale::{more, stale};
use super::strays::{called, strays};
use super::survey::Survey;
use super::trouble::Trouble;
use crate::pipeline::stack::Looked;

/// The guard is waited for so long, where it is at work; a rollout that takes longer is somebody else's business.
const GUARD_ENDS: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// A target's folder.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where the project's files are.
    pub live: PathBuf,
    looks: Arc<Looks>,
}

/// A release that was looked at on its target.
#[derive(Debug)]
pub struct Seen {
    /// The release.
    pub release: Release,
    /// The one that serves, as far as the ledger knows, or as it was found.
    pub parent: Option<Release>,
    /// The parent was found, and stands in no ledger yet.
    pub found: bool,
    /// How far the ledger went.
    at: Moment,
    /// Files that somebody mended on the target, and what becomes of them, if that was said.
    pub mended: Vec<Mended>,
    /// Files there that are of no release, and that Compose finds by itself.
    strays: Vec<Arc<str>>,
    /// See there.
    pub choice: Option<Choice>,
    /// What the release changes.
    pub changes: Changes,
    /// How long services that change gave no answer the last time, in milliseconds.
    pub down: Vec<(Arc<str>, u64)>,
    /// Services of the release that runs that are not well.
    pub unwell: Vec<Arc<str>>,
    /// What would break it.
    pub findings: Vec<Finding>,
    /// What was seen of it, and of what runs.
    pub looked: Looked,
    /// How data is brought forward, if it is.
    pub migration: Option<Migration>,
    /// That there may be no way back is meant so.
    one_way: bool,
    /// A guard can stand there.
    pub arms: bool,
    /// How it is brought out.
    pub manner: Manner,
    /// Its smoke tests are put: there are some, and all that they need.
    pub smokes: bool,
    /// What they are filled with.
    values: BTreeMap<String, String>,
    /// Where its files are.
    staging: Staging,
}

impl Seen {
    /// Whether there is nothing to do. What was mended and stays is to be called a release.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.changes.is_empty() && self.mended.is_empty()
    }

    /// What a rollout of it is for.
    fn intent(&self) -> Intent {
        let (parent, manner) = (self.parent.as_ref(), &self.manner);
        let services = self.changes.intents(parent, manner);
        Intent {
            parent: parent.map(|parent| parent.id.clone()),
            target: self.release.id.clone(),
            migration: self.migration,
            // On a first release, what it needs is started with it.
            migrates_before: manner
                .migrate
                .iter()
                .map(|migrate| Arc::from(&*migrate.service))
                .find(|_| parent.is_none()),
            arms: self.arms,
            hooks: self.hooks(),
            smokes: self.smokes,
            bake_ms: if services.is_empty() { 0 } else { millis(manner.bake.0) },
            services,
        }
    }

    /// Where commands of the user's own are run. Whoever goes back is not kept from it by them.
    #[must_use]
    pub fn hooks(&self) -> Vec<(HookPoint, Arc<str>)> {
        match self.staging {
            Staging::Fresh(_) if !self.changes.services.is_empty() => self.manner.hook.points(),
            Staging::Fresh(_) | Staging::Kept(_) => Vec::new(),
        }
    }

    /// Why it is refused before anything is touched, if it is.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        // With no way back, the first release is as far as anybody can go back anyway.
        let stays = self.migration == Some(Migration::OneWay) && self.parent.is_some();
        let is_stray = |mended: &Mended| mended.how == How::Stray && *mended.path != *INTERPOLATED;
        if self.mended.iter().any(is_stray) && self.choice != Some(Choice::Take) {
            Some(Refusal::Stray)
        } else if !self.mended.is_empty() && self.choice.is_none() {
            Some(Refusal::Mended)
        } else if stays && !self.one_way {
            Some(Refusal::OneWay)
        } else if !self.findings.is_empty() {
            Some(Refusal::WouldBreak)
        } else {
            None
        }
    }
}

/// Why a release is refused before anything is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody has to say first what becomes of files that were mended.
    Mended,
    /// A compose file of nobody lies there, which can only be taken away.
    Stray,
    /// Its migration has no way back, and nobody said that this is meant so.
    OneWay,
    /// `check` finds what would break it.
    WouldBreak,
}

/// How a rollout ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// What became of it.
    pub outcome: Outcome,
    /// The release.
    pub release: ReleaseId,
    /// The one that it assumed.
    pub parent: Option<ReleaseId>,
    /// Services of that one that were not well before.
    pub unwell: Vec<Arc<str>>,
    /// What is there now, where somebody has to look.
    pub survey: Option<Survey>,
    /// What somebody had mended, and is not in its place any more.
    pub kept: Kept,
}

/// Where a release's files are while it is not live.
#[derive(Debug)]
enum Staging {
    /// They just arrived, and go with this.
    Fresh(TempDir),
    /// They are in the store.
    Kept(PathBuf),
}

impl Staging {
    fn path(&self) -> &Path {
        match self {
            Self::Fresh(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }
}

impl Target {
    /// Of a folder, which need not be there yet.
    ///
    /// # Errors
    /// If there is no current folder to begin from.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let whole = std::path::absolute(folder)?;
        // Compose knows folders by where they really are.
        let live = whole.canonicalize().or_else(|_| {
            let (above, name) = (whole.parent().map(Path::canonicalize), whole.file_name());
            match (above, name) {
                (Some(Ok(above)), Some(name)) => Ok::<_, io::Error>(above.join(name)),
                _ => Ok(whole.clone()),
            }
        })?;
        Ok(Self { live, looks: Arc::default() })
    }

    /// Its folder of state.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.live.join(".lastgood")
    }

    /// What became of its rollouts.
    ///
    /// # Errors
    /// If the ledger cannot be read, or a newer version wrote it.
    pub fn history(&self) -> Result<History, Trouble> {
        let history = history::read(&self.state())?;
        if history.newer {
            return Err(Trouble::Newer);
        }
        Ok(history)
    }

    /// Takes in what a client sent, and looks at what it changes. Nothing is changed. To be looked at only, it is put where it leaves
    /// no trace on the target.
    ///
    /// # Errors
    /// If what came in is no release, or cannot be looked at.
    pub fn see(&self, stream: impl Read, only_look: bool, orders: Orders) -> Result<Seen, Trouble> {
        let other = |error: io::Error| Trouble::Other(error.to_string());
        let folder = if only_look {
            TempDir::with_prefix("lastgood-")
        } else {
            fs::create_dir_all(&self.live).map_err(other)?;
            bundle::arrival(&state::prepare(&self.live)?)
        };
        let folder = folder.map_err(other)?;
        let text = bundle::unpack(stream, folder.path(), MOST_BYTES).map_err(other)?;
        let sent: Sent = serde_json::from_slice(&text).map_err(|error| Trouble::Other(error.to_string()))?;
        let Sent { release, manner, accepted, values } = sent;
        let mut release = release.understood().ok_or(Trouble::Newer)?;
        for file in &release.files {
            if digest(&folder.path().join(&*file.path)).ok().as_deref() != Some(&*file.digest) {
                return Err(Trouble::File(Arc::clone(&file.path)));
            }
        }
        if orders.server {
            release = mended::with_server_env(release, folder.path(), &self.live)?;
            // Names of images may come from it.
            if let Some(desired) = &self.looks.at(&release, folder.path(), folder.path(), false).stack.desired {
                named(&mut release, desired);
            }
        }
        let history = self.history()?;
        let last = history.placed();
        let mut mended = mended::mended(last, &release, &self.live);
        if orders.choice == Some(Choice::Keep) {
            mended.extend(strays(&release, last, &self.live).into_iter().filter(|path| **path == *INTERPOLATED));
            release = mended::keep(release, &mended, folder.path(), &self.live)?;
        }
        fetch::settle(&mut release)?;
        let mut seen = self.seen(identified(release), manner, values, Staging::Fresh(folder), !only_look)?;
        let accepted: Vec<Accept> = accepted.into_iter().map(Accept::from).collect();
        let changes: Vec<(Arc<str>, bool)> =
            seen.changes.services.iter().map(|(name, why)| (Arc::clone(name), why.contains(&Reason::Gone))).collect();
        let (brought, goes) = (&seen.release, &seen.changes.files);
        let there = |source: &Path| {
            let Ok(path) = source.strip_prefix(&self.live) else { return true };
            let is_brought = brought.files.iter().any(|file| Path::new(&*file.path).starts_with(path));
            is_brought || source.exists() && !goes.iter().any(|file| Path::new(&**file) == path)
        };
        seen.findings = would_break(&seen.looked.stack, &changes, &there, &accepted);
        self.describe(&mut seen, &mended, last);
        seen.choice = orders.choice;
        // Whoever goes back brings no data forward, and what was brought forward stays.
        seen.migration = seen.manner.migrate.as_ref().and_then(|migrate| migration(migrate, &seen.changes));
        seen.one_way = orders.one_way;
        Ok(seen)
    }

    /// Looks at what going back to a release changes.
    ///
    /// # Errors
    /// If it is not kept any more, or cannot be looked at.
    pub fn see_again(&self, release: &Release) -> Result<Seen, Trouble> {
        let store = Releases::of(&self.state());
        if !store.verify(&release.id.0)?.is_empty() {
            return Err(Trouble::DamagedRelease(release.id.short().to_owned()));
        }
        let folder = self.state().join("releases").join(&*release.id.0).join("files");
        let manner = manner_of(&store, release)?;
        let release = fetch::held(release.clone())?;
        let mut seen = self.seen(release, manner, BTreeMap::new(), Staging::Kept(folder), false)?;
        let history = self.history()?;
        let last = history.placed();
        let edited = last.map(|last| mended::edited(last, &seen.release, &self.live)).unwrap_or_default();
        self.describe(&mut seen, &edited, last);
        // Whoever goes back is in a hurry, and asked nothing: what was mended is kept, and said to be.
        seen.choice = Some(Choice::Take);
        Ok(seen)
    }

    /// What differs in files that somebody mended there, or that are of no release.
    fn describe(&self, seen: &mut Seen, mended: &[Arc<str>], last: Option<&Release>) {
        let Some(desired) = &seen.looked.stack.desired else { return };
        let (store, staging) = (Releases::of(&self.state()), seen.staging.path());
        seen.mended = mended::described((mended, &seen.strays), last, &store, staging, &self.live, desired);
    }

    fn seen(
        &self,
        mut release: Release,
        manner: Manner,
        mut values: BTreeMap<String, String>,
        staging: Staging,
        refresh: bool,
    ) -> Result<Seen, Trouble> {
        let history = self.history()?;
        let mut looked = self.looks.at(&release, staging.path(), staging.path(), false);
        if looked.stack.desired.is_none() {
            let refused = looked.stack.refused.as_deref().map(|why| Trouble::Said(why.to_owned()));
            return Err(refused.unwrap_or(Trouble::NotUnderstood));
        }
        let Some(snapshot) = &looked.stack.snapshot else { return Err(Trouble::NoEngine) };
        let smokes = match (lacking(&manner, &mut values, &looked.stack), &staging) {
            (None, _) => !manner.smoke.is_empty(),
            (Some(name), Staging::Fresh(_)) => return Err(Trouble::NoValue(name)),
            // Whoever goes back may have no password at hand, and is not kept from it.
            (Some(_), Staging::Kept(_)) => false,
        };
        // Whoever started it from another folder has it there: it is neither a first release nor ours to take away.
        let ours = snapshot.containers.iter().filter(|other| other.project.as_deref() == Some(&*release.project));
        if let Some(folder) = ours
            .filter(|other| !other.one_off)
            .filter_map(|other| other.folder.as_deref())
            .find(|folder| !self.is_live(folder))
        {
            return Err(Trouble::Elsewhere(folder.to_owned()));
        }
        if let (true, Some(desired)) = (refresh, &looked.stack.desired) {
            fetch::refresh(&mut release, desired)?;
            release = identified(release);
        }
        let known = history.current().cloned().map(fetch::held).transpose()?;
        let strays = strays(&release, history.placed(), &self.live);
        let found = match &known {
            Some(known) if strays.is_empty() && !mended::is_mended(known, &self.live) => None,
            // What was mended, and runs so, is what is gone back to.
            Some(known) => self.found(known, true)?,
            // Whoever started it by hand may have named other files than the release does.
            None => match called(snapshot, &release.project, &self.live) {
                Some(files) => {
                    self.found(&Release { arguments: with_profiles(files, &release), ..release.clone() }, false)?
                }
                None => self.found(&release, false)?,
            },
        };
        let (is_found, parent) = (found.is_some(), found.or(known));
        let folders = (staging.path(), &*self.live);
        let stale = stale(&release, parent.as_ref(), &self.live, &history);
        let mut changes = changes(&mut looked.stack, &release, parent.as_ref(), &manner, folders, stale);
        let (back, folders) = (matches!(staging, Staging::Kept(_)), (&*self.live, staging.path()));
        changes.unrouted = unrouted(&changes, &looked.stack, (&release, parent.as_ref()), &manner, folders, back)?;
        let last = |(name, _): &(Arc<str>, Vec<Reason>)| Some((Arc::clone(name), history.down(name)?));
        let down = changes.services.iter().filter_map(last).collect();
        let unwell = parent.as_ref().map(|parent| unwell(&looked.stack, parent)).unwrap_or_default();
        Ok(Seen {
            release,
            parent,
            found: is_found,
            at: history.moment(),
            mended: Vec::new(),
            strays,
            choice: None,
            changes,
            down,
            unwell,
            findings: Vec::new(),
            migration: None,
            one_way: false,
            arms: manner.guard != Some(false) && can_stand(&looked),
            looked,
            manner,
            smokes,
            values,
            staging,
        })
    }

    /// Whether a container of that folder is one of ours.
    fn is_live(&self, folder: &str) -> bool {
        let folder = Path::new(folder);
        folder.canonicalize().as_deref().unwrap_or(folder) == self.live
    }

    /// What runs here already, started by hand, as a release of the live files; `None` if nothing does, or if it is to fit them and
    /// does not.
    fn found(&self, like: &Release, fits: bool) -> Result<Option<Release>, Trouble> {
        if !self.live.is_dir() {
            return Ok(None);
        }
        let looked = self.looks.at(like, &self.live, &self.live, false);
        let (Some(desired), Some(snapshot)) = (&looked.stack.desired, &looked.stack.snapshot) else { return Ok(None) };
        let services: Vec<ReleasedService> = super::changes::order(desired, &topology::build(&looked.stack))
            .into_iter()
            .filter_map(|name| {
                let container = snapshot.of_service(&desired.project, &name).next()?;
                let (image, image_id) = (Arc::clone(&container.image), Arc::clone(&container.image_id));
                Some(ReleasedService { name, image, image_id })
            })
            .collect();
        let fitting = |drift: &Drift| {
            drift.differences.iter().all(|difference| matches!(difference, Difference::StaleUpstream { .. }))
        };
        if services.is_empty() || fits && !drift::find(&looked.stack).iter().all(fitting) {
            return Ok(None);
        }
        let files: Vec<PathBuf> = desired.files.iter().map(|file| PathBuf::from(&**file)).collect();
        let (mut release, _) =
            released(desired, &self.live, &files, services, like.arguments.clone()).map_err(Trouble::Contents)?;
        // What it does not name and is written over comes back with it.
        let more: Vec<_> = more(like, &release).filter(|file| self.live.join(&*file.path).is_file()).cloned().collect();
        for file in more {
            release.files.push(as_it_is(file, &self.live).map_err(Trouble::Contents)?);
        }
        Ok(Some(identified(release)))
    }

    /// Does it, and says what became of it.
    ///
    /// # Errors
    /// If nothing was attempted: the folder of state cannot be made, or the plan cannot be written down.
    pub fn roll(&self, seen: &Seen, watcher: &mut dyn Watcher) -> Result<Ended, Trouble> {
        let (state, who) = (self.state(), who());
        let grip = Grip::of(&state, &who)?;
        let history = self.history()?;
        if let Err(bar) = history.admits(&seen.at) {
            grip.release()?;
            return Err(match bar {
                Bar::Unfinished => Trouble::Unfinished,
                Bar::Stale => Trouble::Stale,
            });
        }
        let mut ledger = Ledger::open(&state.join("ledger.jsonl"))?;
        let mut number = history.next();
        if let (true, Some(parent)) = (seen.found, &seen.parent) {
            // What was started by hand can be gone back to as well: its files and its images are kept first.
            keep(&Releases::of(&state), parent, &self.live)?;
            for service in &parent.services {
                heard(compose::tag(&service.image_id, &kept_image(&parent.project, &service.name, &parent.id))?)?;
            }
            append(&mut ledger, &Line { at: now().0, rollout: number, what: What::Found { release: parent.into() } })?;
            number += 1;
        }
        let intent = seen.intent();
        let made = plan(&intent);
        append(
            &mut ledger,
            &Line::planned((&made, &intent, &seen.unwell), (&seen.release).into(), &who, number, now()),
        )?;
        let mut hands = Hands::of(Job {
            live: self.live.clone(),
            looks: Arc::clone(&self.looks),
            state,
            ledger,
            number,
            grip,
            is_guard: false,
            target: seen.release.clone(),
            parent: seen.parent.clone(),
            deployed: deployed(&history, [Some(&seen.release), seen.parent.as_ref()]),
            manner: seen.manner.clone(),
            smokes: seen.smokes,
            values: seen.values.clone(),
            staging: seen.staging.path().to_owned(),
            changing: seen.changes.services.iter().map(|(name, _)| Arc::clone(name)).collect(),
            unwell: seen.unwell.clone(),
            strays: seen.strays.clone(),
            watcher,
        });
        let mut ended = driven(Machine::new(&made), &made, &mut hands)?;
        let found = seen.parent.as_ref().filter(|_| seen.found).map(|parent| &parent.id);
        ended.kept = Kept::of(&seen.mended, &hands.copies, found, &seen.release, &self.live);
        Ok(ended)
    }

    /// Takes up a rollout whose driver died, if there is one: back, or on to its end where it was confirmed.
    ///
    /// # Errors
    /// If its driver lives, or nothing was attempted.
    pub fn take_up(&self, watcher: &mut dyn Watcher) -> Result<Option<Ended>, Trouble> {
        self.taken_up(false, watcher)
    }

    /// The same, by the guard.
    ///
    /// # Errors
    /// As there.
    pub fn take_up_as_guard(&self, watcher: &mut dyn Watcher) -> Result<Option<Ended>, Trouble> {
        self.taken_up(true, watcher)
    }

    /// The grip after the guard's, for what it leaves unfinished; `None`: nothing.
    fn after(&self, guard: &str, who: &str) -> Result<Option<Grip>, Trouble> {
        let begun = Instant::now();
        loop {
            thread::sleep(LOOK_AGAIN);
            if self.history()?.open().is_none() {
                return Ok(None);
            }
            match Grip::of(&self.state(), who) {
                Err(Trouble::Held(by)) if by == guard && begun.elapsed() < GUARD_ENDS => {}
                grip => return grip.map(Some),
            }
        }
    }

    fn taken_up(&self, is_guard: bool, watcher: &mut dyn Watcher) -> Result<Option<Ended>, Trouble> {
        let history = self.history()?;
        let Some(past) = history.open() else { return Ok(None) };
        let state = self.state();
        // It knows no user, and is known by what `docker ps` shows.
        let guard = guard::name(&past.release.project);
        let who = if is_guard { says(&guard) } else { who() };
        let grip = match Grip::of(&state, &who) {
            // It is about just that.
            Err(Trouble::Held(by)) if by == guard && !is_guard => match self.after(&guard, &who)? {
                Some(grip) => grip,
                None => return Ok(None),
            },
            grip => grip?,
        };
        // It may have been brought to its end while we waited for it.
        let history = self.history()?;
        let Some(past) = history.open() else {
            grip.release()?;
            return Ok(None);
        };
        watcher.takes_up();
        let parent = past.parent.as_ref().and_then(|id| history.release(id)).cloned().map(fetch::held).transpose()?;
        let made = past.plan();
        let manner = manner_of(&Releases::of(&state), &past.release)?;
        let mut hands = Hands::of(Job {
            live: self.live.clone(),
            looks: Arc::clone(&self.looks),
            ledger: Ledger::open(&state.join("ledger.jsonl"))?,
            staging: state.join("releases").join(&*past.release.id.0).join("files"),
            state,
            number: past.number,
            grip,
            is_guard,
            target: past.release.clone(),
            deployed: deployed(&history, [Some(&past.release), parent.as_ref()]),
            parent,
            // Whoever goes back tries nothing any more, but has to find nginx, and to bring data back.
            manner,
            smokes: false,
            values: BTreeMap::new(),
            changing: past.services.iter().map(|(name, _)| Arc::clone(name)).collect(),
            unwell: past.unwell.clone(),
            // They went before anything else of it was placed, or nothing was.
            strays: Vec::new(),
            watcher,
        });
        driven(Machine::resumed(&made, past.begun, past.confirmed), &made, &mut hands).map(Some)
    }
}

/// What Compose is told to take these files and the profiles of a release.
fn with_profiles(files: Vec<Arc<str>>, release: &Release) -> Vec<Arc<str>> {
    let pairs = release.arguments.chunks(2).filter(|pair| pair.first().is_some_and(|word| **word == *"--profile"));
    files.into_iter().chain(pairs.flatten().cloned()).collect()
}

/// Those that were deployed at some time.
fn deployed(history: &History, releases: [Option<&Release>; 2]) -> BTreeSet<ReleaseId> {
    let ids = releases.into_iter().flatten().map(|release| &release.id);
    ids.filter(|id| history.was_deployed(id)).cloned().collect()
}

/// Drives it to its end, and looks around where somebody has to.
fn driven(mut machine: Machine<'_>, made: &Plan, hands: &mut Hands<'_>) -> Result<Ended, Trouble> {
    let outcome = drive(&mut machine, hands).map_err(|Lost| Trouble::LeaseLost)?;
    let survey = match outcome {
        Outcome::UndoFailed | Outcome::Stopped => {
            let returns = outcome == Outcome::UndoFailed;
            Some(hands.survey(made.parent.as_ref(), machine.leaves_data(), returns))
        }
        Outcome::Good | Outcome::Refused | Outcome::RolledBack | Outcome::Down => None,
    };
    let (release, parent, unwell) = (made.target.clone(), made.parent.clone(), hands.unwell.clone());
    Ok(Ended { outcome, release, parent, unwell, survey, kept: Kept::default() })
}

/// How a release was brought out. Of one that is not kept nothing is known: whoever died before that had touched nothing yet.
fn manner_of(store: &Releases, release: &Release) -> Result<Manner, Trouble> {
    if !store.list()?.iter().any(|id| **id == *release.id.0) {
        return Ok(Manner::default());
    }
    let Some(text) = store.annotation(&release.id.0)? else { return Ok(Manner::default()) };
    serde_json::from_slice(&text).map_err(|_| Trouble::Newer)
}

/// How data is brought forward by a release that changes this.
fn migration(migrate: &Migrate, changes: &Changes) -> Option<Migration> {
    let concerned = changes.services.iter().any(|(name, _)| **name == *migrate.service);
    concerned.then_some(match (&migrate.down, migrate.compatible) {
        (Some(_), _) => Migration::Reversible,
        (None, true) => Migration::Compatible,
        (None, false) => Migration::OneWay,
    })
}

/// Fills in what smoke tests need and nobody gave, from the file that Compose's own variables come from; the first that is not there
/// either.
fn lacking(manner: &Manner, values: &mut BTreeMap<String, String>, stack: &Stack) -> Option<String> {
    let files = stack.env_files.iter().filter(|file| file.role == EnvRole::Interpolation);
    let entries: Vec<_> = files.flat_map(|file| &file.entries).collect();
    manner.needs().into_iter().find(|name| {
        if values.contains_key(name) {
            return false;
        }
        let found = entries.iter().rev().find(|entry| *entry.key == **name).and_then(|entry| entry.value.as_ref());
        let found = found.filter(|value| !value.is_blank());
        found.map(|value| values.insert(name.clone(), value.expose().to_owned()));
        found.is_none()
    })
}

/// A folder that may begin in the user's home.
#[must_use]
pub fn at_home(folder: &Path) -> PathBuf {
    match (folder.strip_prefix("~"), env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => folder.to_owned(),
    }
}

/// Gives the images of a release the names that Compose has for them there.
fn named(release: &mut Release, desired: &Desired) {
    for service in &mut release.services {
        let declared = desired.service(&service.name).filter(|declared| !declared.image.is_empty());
        if let Some(declared) = declared {
            service.image = Arc::clone(&declared.image);
        }
    }
}

/// Keeps a release's files, as they are in a folder.
pub(super) fn keep(store: &Releases, release: &Release, folder: &Path) -> Result<(), Trouble> {
    if store.list()?.iter().any(|id| **id == *release.id.0) && store.verify(&release.id.0)?.is_empty() {
        return Ok(());
    }
    let mut files = Vec::new();
    for file in &release.files {
        let content = fs::File::open(folder.join(&*file.path)).map_err(|error| Trouble::Other(error.to_string()))?;
        files.push(NewFile { path: PathBuf::from(&*file.path), mode: file.mode, secret: file.secret, content });
    }
    store.keep(&release.id.0, files, MOST_BYTES)?;
    Ok(())
}

fn append(ledger: &mut Ledger, line: &Line) -> Result<(), Trouble> {
    let payload = serde_json::to_vec(line).map_err(|error| Trouble::Other(error.to_string()))?;
    Ok(ledger.append(&payload)?)
}

/// Who asks, and which process does it, as one line of JSON.
pub(super) fn who() -> String {
    let of = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let user = of("LASTGOOD_WHO").or_else(|| of("USER")).or_else(|| of("LOGNAME"));
    says(user.as_deref().unwrap_or("somebody"))
}

fn says(who: &str) -> String {
    serde_json::json!({ "who": who, "process": own_mark() }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_release_was_brought_out_is_known_where_it_is_kept() {
        let state = tempfile::tempdir().unwrap();
        let store = Releases::of(state.path());
        let release = identified(Release {
            id: ReleaseId(Arc::from("")),
            project: "shop".into(),
            arguments: Vec::new(),
            services: Vec::new(),
            files: Vec::new(),
        });
        assert_eq!(manner_of(&store, &release), Ok(Manner::default()), "whoever died before it was kept is taken up");
        keep(&store, &release, state.path()).unwrap();
        assert_eq!(manner_of(&store, &release), Ok(Manner::default()));
        let manner = Manner { guard: Some(false), ..Manner::default() };
        store.annotate(&release.id.0, &serde_json::to_vec(&manner).unwrap()).unwrap();
        assert_eq!(manner_of(&store, &release), Ok(manner));
        store.annotate(&release.id.0, b"{\"magic\":1}").unwrap();
        assert_eq!(manner_of(&store, &release), Err(Trouble::Newer), "what it says is not guessed");
    }
}
