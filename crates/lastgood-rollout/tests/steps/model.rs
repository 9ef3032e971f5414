//! What a team does to a host over weeks, in a second: deploys, goes back, clears away, loses drivers and power in the middle, meddles with
//! containers and files by hand, and two of them at once. After every command it is asked whether what the ledger says is so.
//! The history, the plan, the machine and its driver are the real ones; the host is a few plain values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fastrand::Rng;
use lastgood_model::UnixMs;
use lastgood_model::rollout::{HookPoint, Outcome, Plan, ReleaseId};
use lastgood_rollout::history::{Line, What};
use lastgood_rollout::plan::Migration;
use lastgood_rollout::{Bar, History, Intent, Lost, Machine, ServiceIntent, SwitchBy, drive, plan};

use crate::world::{Fault, World};
use crate::{holding_nothing, leads_back_by_hand};

/// So many good releases stay when a release is good.
const KEPT: usize = 3;
const SERVICES: [&str; 3] = ["backend", "web", "worker"];

/// Services of a release, and which version of each; also what runs.
type Content = BTreeMap<Arc<str>, u32>;

/// The release that holds it: by its content alone.
fn id(content: &Content) -> ReleaseId {
    ReleaseId(content.iter().map(|(name, version)| format!("{name}={version};")).collect::<String>().into())
}

fn content(id: &ReleaseId) -> Content {
    let services = id.0.split_terminator(';').filter_map(|one| one.split_once('='));
    services.map(|(name, version)| (Arc::from(name), version.parse().unwrap_or(0))).collect()
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Became {
    Nothing,
    Barred,
    Died,
    Ended(Outcome),
    Cleared,
    Meddled,
}

/// A rollout that nobody has finished yet.
struct Rollout {
    made: Plan,
    world: World,
    /// So many of its records stand in the history.
    told: usize,
    /// Somebody meddled since its driver died: where it was confirmed before, nobody puts that right.
    meddled: bool,
}

pub struct Host {
    random: Rng,
    history: History,
    /// Releases whose files and images are kept.
    store: BTreeSet<ReleaseId>,
    running: Content,
    files: Option<ReleaseId>,
    /// Somebody changed by hand what no rollout has put right since.
    meddled: bool,
    unfinished: Option<Rollout>,
    /// What was done so far, to be read when something is wrong.
    pub log: Vec<String>,
}

impl Host {
    /// An empty one, or one on which a stack was started by hand.
    pub fn new(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let running = if random.bool() { any_content(&mut random) } else { Content::new() };
        let files = (!running.is_empty()).then(|| id(&running));
        let (history, store) = (History::default(), BTreeSet::new());
        Self { random, history, store, running, files, meddled: false, unfinished: None, log: Vec::new() }
    }

    /// Does something.
    pub fn goes_on(&mut self) -> Became {
        let became = match self.random.u32(..100) {
            0..50 => {
                let (wanted, at_once) = (any_content(&mut self.random), self.random.u32(..8) == 0);
                self.log.push(format!("deploy {}", id(&wanted).0));
                self.bring(&wanted, at_once)
            }
            50..65 => self.rollback(),
            65..75 => self.prune(),
            _ => self.meddle(),
        };
        self.log.push(format!("  {became:?}"));
        self.is_true();
        became
    }

    fn rollback(&mut self) -> Became {
        self.take_up();
        let good: Vec<ReleaseId> = self.history.good().map(|release| release.id.clone()).collect();
        // What is not kept any more is refused.
        let kept: Vec<&ReleaseId> = good.iter().filter(|id| self.store.contains(*id)).collect();
        let any = (!kept.is_empty() && self.random.bool()).then(|| kept[self.random.usize(..kept.len())].0.to_string());
        let Some(release) = self.history.earlier(any.as_deref()).map(|release| release.id.clone()) else {
            return Became::Nothing;
        };
        self.log.push(format!("rollback {}", release.0));
        if !self.store.contains(&release) {
            return Became::Nothing;
        }
        self.bring(&content(&release), false)
    }

    fn prune(&mut self) -> Became {
        self.log.push("prune".to_owned());
        if self.history.open().is_some() {
            return Became::Barred;
        }
        let stays = self.history.staying(KEPT, None);
        self.store.retain(|id| stays.contains(id));
        Became::Cleared
    }

    /// By hand, and without a word to anybody; also while a rollout is unfinished.
    fn meddle(&mut self) -> Became {
        let what = self.random.u32(..5);
        let name: Arc<str> = Arc::from(SERVICES[self.random.usize(..SERVICES.len())]);
        self.log.push(format!("by hand {what} {name}"));
        if let Some(Rollout { world, meddled, .. }) = &mut self.unfinished {
            // A container goes, or Compose makes all of them as the live files say.
            let truth = &mut world.truth;
            match what {
                0 if truth.services.contains_key(&name) => _ = truth.services.insert(name, None),
                1 => truth.services.values_mut().for_each(|running| running.clone_from(&truth.files)),
                _ => return Became::Nothing,
            }
            (self.meddled, *meddled) = (true, true);
            return Became::Meddled;
        }
        let Some(files) = self.files.clone().filter(|_| !self.running.is_empty()) else { return Became::Nothing };
        match what {
            0 => _ = self.running.remove(&name),
            1 => self.running = content(&files),
            // All of it is stopped.
            4 => self.running.clear(),
            // A file is edited; and brought up so, or not.
            edited => {
                let mut edits = content(&files);
                edits.insert(name, self.random.u32(10..14));
                self.files = Some(id(&edits));
                if edited == 3 {
                    self.running = edits;
                }
            }
        }
        self.meddled = true;
        Became::Meddled
    }

    /// What every command does that changes something: finishes what was never finished, looks, and brings it out. `at_once`: between
    /// the look and the rollout somebody else does the same.
    fn bring(&mut self, wanted: &Content, at_once: bool) -> Became {
        self.take_up();
        let assumed = self.history.current().map(|release| release.id.clone());
        let (found, seen) = (self.found(assumed.as_ref()), self.history.moment());
        if at_once {
            let other = any_content(&mut self.random);
            self.log.push(format!("  meanwhile deploy {}", id(&other).0));
            let became = self.bring(&other, false);
            self.log.push(format!("    {became:?}"));
        }
        let parent = found.clone().or_else(|| assumed.clone());
        let target = id(wanted);
        let services = self.changes(wanted, parent.as_ref());
        if services.is_empty() && self.files.as_ref() == Some(&target) {
            return Became::Nothing;
        }
        if let Err(bar) = self.history.admits(&seen) {
            assert!(at_once || bar != Bar::Unfinished, "{:#?}", self.log);
            return Became::Barred;
        }
        if let Some(found) = &found {
            let number = self.history.next();
            self.store.insert(found.clone());
            self.tell(number, What::Found(holding_nothing(found)));
        }
        let intent = Intent {
            parent,
            target,
            services,
            migration: (self.random.u32(..4) == 0).then_some(Migration::Reversible),
            migrates_before: None,
            arms: self.random.bool(),
            hooks: if self.random.bool() { vec![(HookPoint::BeforeSwitch, Arc::from("app"))] } else { Vec::new() },
            smokes: self.random.bool(),
            bake_ms: 0,
        };
        self.roll(intent)
    }

    /// What runs as somebody's own files say, where these are not the last release's.
    fn found(&self, known: Option<&ReleaseId>) -> Option<ReleaseId> {
        let files = self.files.clone()?;
        let fits = !self.running.is_empty() && (known.is_none() || content(&files) == self.running);
        (fits && known != Some(&files)).then_some(files)
    }

    fn changes(&mut self, wanted: &Content, parent: Option<&ReleaseId>) -> Vec<ServiceIntent> {
        let old = parent.map(content).unwrap_or_default();
        let all: BTreeSet<&Arc<str>> = wanted.keys().chain(old.keys()).chain(self.running.keys()).collect();
        let differ = all.into_iter().filter(|name| self.running.get(*name) != wanted.get(*name));
        let names: Vec<Arc<str>> = differ.cloned().collect();
        let intents = names.into_iter().map(|name| {
            // What needs others is not tried beside itself before those run.
            let beside = self.random.bool() && !self.running.is_empty();
            let proxied = beside && self.random.bool();
            ServiceIntent {
                loads: self.random.bool(),
                beside,
                switch: if proxied { SwitchBy::Proxy } else { SwitchBy::Recreate },
                new: !old.contains_key(&name),
                gone: !wanted.contains_key(&name),
                name,
            }
        });
        intents.collect()
    }

    fn roll(&mut self, intent: Intent) -> Became {
        let made = plan(&intent);
        self.tell(
            self.history.next(),
            What::Planned {
                who: "somebody".to_owned(),
                release: holding_nothing(&made.target),
                parent: made.parent.clone(),
                services: intent.services.iter().map(|service| (Arc::clone(&service.name), service.gone)).collect(),
                unwell: Vec::new(),
                steps: made.steps.clone(),
            },
        );
        let faults: Vec<(usize, Fault)> = (0..self.random.usize(..3))
            // What goes wrong on the way back happens behind the way forward.
            .map(|_| (self.random.usize(..100), Fault::ALL[self.random.usize(..Fault::ALL.len())]))
            .collect();
        let mut world = World::new(&made, &intent.services, &faults);
        self.as_it_is(&mut world, &made);
        self.store.insert(made.target.clone());
        let outcome = drive(&mut Machine::new(&made), &mut world);
        self.log.push(format!("  {faults:?}"));
        // Whatever was there before: also where all of it had been stopped.
        assert!(
            !faults.is_empty() || outcome == Ok(Outcome::Good),
            "nothing goes wrong, and {outcome:?}: {:#?}",
            self.log
        );
        self.ended(Rollout { made, world, told: 0, meddled: false }, outcome)
    }

    /// The world of a rollout begins with what is there.
    fn as_it_is(&self, world: &mut World, made: &Plan) {
        let old = made.parent.as_ref().map(content).unwrap_or_default();
        let new = content(&made.target);
        for (name, running) in &mut world.truth.services {
            *running = match self.running.get(name) {
                None => None,
                Some(version) if old.get(name) == Some(version) => made.parent.clone(),
                Some(version) if new.get(name) == Some(version) => Some(made.target.clone()),
                Some(version) => Some(ReleaseId(format!("{name}={version};").into())),
            };
        }
        world.truth.files.clone_from(&self.files);
        world.is_down = self.running.is_empty();
    }

    /// What was never finished is brought to its end by whoever comes next, or by the guard.
    fn take_up(&mut self) {
        let Some(mut rollout) = self.unfinished.take() else {
            assert_eq!(self.history.open(), None, "{:#?}", self.log);
            return;
        };
        let open = self.history.open().cloned();
        assert!(open.is_some(), "nobody knows of it: {:#?}", self.log);
        let Some(past) = open else { return };
        rollout.world.revive();
        let made = past.plan();
        let outcome = drive(&mut Machine::resumed(&made, past.begun, past.confirmed), &mut rollout.world);
        let became = self.ended(rollout, outcome);
        self.log.push(format!("  taken up: {became:?}"));
        // Whoever took it up may have died as well.
        self.take_up_again();
    }

    fn take_up_again(&mut self) {
        if self.unfinished.is_some() {
            self.take_up();
        }
    }

    fn ended(&mut self, mut rollout: Rollout, outcome: Result<Outcome, Lost>) -> Became {
        let number = self.history.rollouts.last().map_or(1, |past| past.number);
        for record in rollout.world.ledger.iter().skip(rollout.told) {
            match record {
                Some(record) => {
                    let what = What::of(record, None);
                    self.history.add(Line { at: UnixMs(0), rollout: number, what });
                }
                None => self.history.add_damaged(),
            }
        }
        rollout.told = rollout.world.ledger.len();
        // Whoever died when all was written down had nothing left to do but to let go.
        let written = self.history.rollouts.last().and_then(|past| past.outcome);
        let Some(outcome) = outcome.ok().or(written) else {
            let guarded = rollout.world.truth.armed;
            self.unfinished = Some(rollout);
            if guarded && self.random.bool() {
                self.log.push("  the guard".to_owned());
                self.take_up();
            }
            return Became::Died;
        };
        self.check(&rollout, outcome);
        if outcome == Outcome::UndoFailed {
            // A person mends what had gone, and does what stands there.
            let data = rollout.made.steps.iter().any(|step| step.undo.is_some());
            let acts = rollout.world.remains(rollout.made.parent.as_ref(), data).by_hand();
            acts.iter().for_each(|act| _ = rollout.world.by_hand(act));
        }
        for (name, running) in &rollout.world.truth.services {
            let version = running.as_ref().and_then(|release| content(release).get(name).copied());
            match version {
                Some(version) => _ = self.running.insert(Arc::clone(name), version),
                None => _ = self.running.remove(name),
            }
        }
        self.files.clone_from(&rollout.world.truth.files);
        if outcome == Outcome::Good {
            self.meddled = rollout.meddled;
            let stays = self.history.staying(KEPT, Some(&rollout.made.target));
            self.store.retain(|id| stays.contains(id));
        }
        // Somebody was told, and would see to it that no unfinished rollout is left behind.
        if self.history.open().is_some() {
            self.history.add(Line { at: UnixMs(0), rollout: number, what: What::Finished(outcome) });
        }
        Became::Ended(outcome)
    }

    /// What is said of a rollout is so.
    fn check(&self, Rollout { made, world, meddled, .. }: &Rollout, outcome: Outcome) {
        let told = || format!("{outcome:?} {:?} {:?}\n{:#?}", world.truth, world.acts, self.log);
        let was_dropped = |name: &&Arc<str>| {
            let drop = lastgood_model::rollout::Action::DropCandidate { service: Arc::clone(name) };
            !world.hopeless.contains(&drop) && !world.truth.routed.contains(*name)
        };
        match outcome {
            Outcome::Good => assert!(*meddled || world.is(Some(&made.target)), "not good: {}", told()),
            Outcome::RolledBack | Outcome::Down => assert!(world.is(made.parent.as_ref()), "not back: {}", told()),
            Outcome::Refused => assert!(!world.touched, "touched: {}", told()),
            Outcome::UndoFailed => {
                assert!(!world.faulted.is_empty() || world.was_robbed(), "nothing stood in the way back: {}", told());
                leads_back_by_hand(made, world);
            }
            Outcome::Stopped => assert!(!outcome.name().is_empty(), "nothing goes one way here: {}", told()),
        }
        assert!(world.truth.candidates.iter().filter(was_dropped).count() == 0, "a candidate stays: {}", told());
    }

    /// What holds after every command.
    fn is_true(&self) {
        let told = || format!("{:?} {:?} {:#?}", self.running, self.files, self.log);
        let numbers: Vec<u64> = self.history.rollouts.iter().map(|past| past.number).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "numbers: {}", told());
        assert!(self.history.open().is_none() || self.unfinished.is_some(), "forgotten: {}", told());
        for id in self.history.staying(KEPT, None) {
            assert!(self.store.contains(&id), "{} cannot be gone back to: {}", id.0, told());
        }
        if let (Some(current), false, true) = (self.history.current(), self.meddled, self.unfinished.is_none()) {
            assert_eq!(self.running, content(&current.id), "what serves: {}", told());
            assert_eq!(self.files.as_ref(), Some(&current.id), "the files: {}", told());
        }
    }

    fn tell(&mut self, rollout: u64, what: What) {
        self.history.add(Line { at: UnixMs(0), rollout, what });
    }
}

fn any_content(random: &mut Rng) -> Content {
    let chosen = SERVICES.iter().map(|name| (Arc::from(*name), random.u32(..4)));
    let mut services: Content = chosen.filter(|(_, version)| *version > 0).collect();
    // A release without services is none.
    services.entry(Arc::from(SERVICES[0])).or_insert(1);
    services
}

#[test]
fn whatever_a_team_does_what_the_ledger_says_is_so() {
    let mut counted: BTreeMap<Became, usize> = BTreeMap::new();
    for seed in 0..10_000 {
        let mut host = Host::new(seed);
        for _ in 0..10 {
            *counted.entry(host.goes_on()).or_default() += 1;
        }
    }
    println!("10000 sequences of 10 commands: {counted:?}");
    let ended = |outcome| counted.get(&Became::Ended(outcome)).copied().unwrap_or_default();
    for outcome in [Outcome::Good, Outcome::Refused, Outcome::RolledBack, Outcome::Down, Outcome::UndoFailed] {
        assert!(ended(outcome) > 20, "{outcome:?} is hardly ever met: {counted:?}");
    }
}
