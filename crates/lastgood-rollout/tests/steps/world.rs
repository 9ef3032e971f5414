//! A world that is not there: services, candidates, routes, files and a ledger as plain values, in which any act can fail in every
//! way, and whoever drives can die between any two operations. It knows what is true, whatever it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lastgood_model::rollout::{Action, Ending, Plan, Recipient, ReleaseId};
use lastgood_rollout::drive::Unwritten;
use lastgood_rollout::{Act, Doer, Lost, Of, Record, Remains, Runs, ServiceIntent};

/// In which way an operation goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It is not done, and that is said. A record is not written.
    Error,
    /// It is not done in time.
    Timeout,
    /// It is done, too late.
    Late,
    /// It is not done, and is said to be.
    SaysDone,
    /// It is done, and is said not to be.
    SaysFailed,
    /// It is done at the last moment.
    Slow,
    /// What it needs is gone for good: it fails from now on, whenever it is tried.
    Gone,
    /// A record is written, and cannot be read later. Acts have nothing of the kind.
    Damaged,
    /// The disk is full from now on, for whatever is not set aside.
    Full,
    /// Somebody removes by hand, right before it, the container of a service that the rollout does not change.
    Removed,
    /// Whoever drives dies before it.
    DiesBefore,
    /// Whoever drives dies when it is done, and before anybody hears of it.
    DiesAfter,
}

impl Fault {
    pub const ALL: [Self; 12] = [
        Self::Error,
        Self::Timeout,
        Self::Late,
        Self::SaysDone,
        Self::SaysFailed,
        Self::Slow,
        Self::Gone,
        Self::Damaged,
        Self::Full,
        Self::Removed,
        Self::DiesBefore,
        Self::DiesAfter,
    ];
}

/// What is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Which release a service's container runs.
    pub services: BTreeMap<Arc<str>, Option<ReleaseId>>,
    /// Services with a candidate.
    pub candidates: BTreeSet<Arc<str>>,
    /// Services whose traffic goes to the candidate.
    pub routed: BTreeSet<Arc<str>>,
    /// Which release's files are live.
    pub files: Option<ReleaseId>,
    /// Whether the data was brought forward.
    pub migrated: bool,
    /// Which of those who drove, one after the other, has the lease.
    pub leased: Option<usize>,
    pub armed: bool,
    /// Whether what the rollout does not change runs.
    pub others_run: bool,
}

/// Room on the disk.
#[derive(Clone, Debug, Default)]
struct Room {
    is_full: bool,
    /// So many parts are set aside: each is enough for records, and all that are left for the way back.
    aside: Option<u32>,
    /// Given back since the disk was full: for records; for files, too.
    records: bool,
    files: bool,
    /// What was given back for the way back was taken by others.
    was_taken: bool,
}

impl Room {
    /// Each try of a confirmation takes one, and the last one is the way back's.
    const PARTS: u32 = 4;

    const fn has_for_records(&self) -> bool {
        !self.is_full || self.records || self.files
    }

    const fn has_for_files(&self) -> bool {
        !self.is_full || self.files
    }

    /// Whoever fills the disk takes what was given back, too.
    fn fill(&mut self) {
        let was_taken = self.was_taken || self.files;
        *self = Self { is_full: true, aside: self.aside, was_taken, ..Self::default() };
    }

    /// Before an act, as whoever drives a real one does.
    fn make(&mut self, act: &Act) {
        match (&act.of, self.aside) {
            (Of::Step(_), Some(parts)) if act.action == Action::Confirm && parts > 1 => {
                (self.aside, self.records) = (Some(parts - 1), true);
            }
            (Of::Step(_), _) | (_, None) => {}
            (_, Some(_)) => (self.aside, self.files) = (None, true),
        }
    }
}

#[derive(Clone)]
pub struct World {
    pub truth: Truth,
    /// `None`: it cannot be read.
    pub ledger: Vec<Option<Record>>,
    /// Something that serves, or its files, was changed at some time.
    pub touched: bool,
    /// So many operations so far: acts and records alike.
    pub operations: usize,
    /// Acts in order, by the operation that they were.
    pub acts: Vec<(usize, Act)>,
    /// Who drives: the first, the second.
    driver: usize,
    pub dead: bool,
    /// Acts that went wrong because they were made to.
    pub faulted: Vec<Action>,
    /// Those of them of which nobody could know, or that nobody could do.
    pub hopeless: Vec<Action>,
    /// Nothing of the project runs: what needs others cannot be tried beside itself.
    pub is_down: bool,
    /// Room was set aside, at some time.
    pub was_set_aside: bool,
    room: Room,
    /// The act is a look whether the way back led where it should.
    looks_back: bool,
    target: ReleaseId,
    /// Services that the new release does not have.
    gone_services: BTreeSet<Arc<str>>,
    /// Services that the old one does not have.
    new_services: BTreeSet<Arc<str>>,
    needs_data_back: bool,
    kept: bool,
    loaded: BTreeSet<Arc<str>>,
    to_load: BTreeSet<Arc<str>>,
    faults: Vec<(usize, Fault)>,
    gone: Vec<Action>,
}

impl World {
    /// One in which a release runs, or none, and in which these operations go wrong.
    pub fn new(plan: &Plan, services: &[ServiceIntent], faults: &[(usize, Fault)]) -> Self {
        let to_load = plan.steps.iter().filter_map(|step| match &step.action {
            Action::Load { service } => Some(Arc::clone(service)),
            _ => None,
        });
        Self {
            truth: Truth {
                services: services
                    .iter()
                    .map(|service| (Arc::clone(&service.name), plan.parent.clone().filter(|_| !service.new)))
                    .collect(),
                candidates: BTreeSet::new(),
                routed: BTreeSet::new(),
                files: plan.parent.clone(),
                migrated: false,
                leased: None,
                armed: false,
                others_run: true,
            },
            ledger: Vec::new(),
            touched: false,
            operations: 0,
            acts: Vec::new(),
            driver: 0,
            dead: false,
            faulted: Vec::new(),
            hopeless: Vec::new(),
            is_down: false,
            was_set_aside: false,
            room: Room::default(),
            looks_back: false,
            target: plan.target.clone(),
            gone_services: named(services, |service| service.gone),
            new_services: named(services, |service| service.new),
            needs_data_back: plan.steps.iter().any(|step| step.undo == Some(Action::MigrateBack)),
            kept: false,
            loaded: BTreeSet::new(),
            to_load: to_load.collect(),
            faults: faults.to_vec(),
            gone: Vec::new(),
        }
    }

    /// Somebody else drives from now on.
    pub fn revive(&mut self) {
        self.dead = false;
        self.driver += 1;
        self.truth.leased = Some(self.driver);
    }

    /// Whether nobody else could take the target: from the dead it is taken over.
    pub fn is_held(&self) -> bool {
        !self.dead && self.truth.leased == Some(self.driver)
    }

    /// Whether everything is as a release says; services of which it has none are given.
    pub fn is(&self, release: Option<&ReleaseId>) -> bool {
        let truth = &self.truth;
        let has = |id: &ReleaseId, name: &Arc<str>| match *id == self.target {
            true => !self.gone_services.contains(name),
            false => !self.new_services.contains(name),
        };
        let of = |name: &Arc<str>| release.filter(|id| has(id, name));
        let services = truth.services.iter().all(|(name, running)| running.as_ref() == of(name));
        let data = !self.needs_data_back || release == Some(&self.target) || !truth.migrated;
        services && data && truth.files.as_ref() == release && truth.routed.is_empty()
    }

    /// What somebody sees who looks, and takes `back` for the last good release.
    pub fn remains(&self, back: Option<&ReleaseId>, data: bool) -> Remains {
        let runs = |running: &Option<ReleaseId>| running.clone().map_or(Runs::Nothing, Runs::As);
        let has = |name| back.is_some() && !self.new_services.contains(name);
        let services = self.truth.services.iter();
        Remains {
            back: back.cloned(),
            files: self.truth.files.clone(),
            services: services.map(|(name, running)| (Arc::clone(name), runs(running), has(name))).collect(),
            candidates: self.truth.candidates.iter().cloned().collect(),
            away: self.truth.routed.iter().cloned().collect(),
            data,
        }
    }

    /// Somebody does that by hand, when what had gone is there again; whether it could be done.
    pub fn by_hand(&mut self, action: &Action) -> bool {
        self.room.is_full = false;
        self.really(action)
    }

    /// Whether somebody else took the room that was given back for the way back.
    pub const fn was_robbed(&self) -> bool {
        self.room.was_taken
    }

    fn fault(&mut self) -> Option<Fault> {
        let now = self.operations;
        self.operations += 1;
        self.faults.iter().find(|(at, _)| *at == now).map(|(_, fault)| *fault)
    }

    /// Does it, if it can be done; looks, if it is a look.
    fn really(&mut self, action: &Action) -> bool {
        let truth = &mut self.truth;
        match action {
            Action::TakeLease => truth.leased = Some(self.driver),
            Action::DropLease => truth.leased = None,
            Action::Arm => truth.armed = true,
            Action::Disarm => truth.armed = false,
            Action::Keep => {
                if !self.room.has_for_files() {
                    return false;
                }
                (self.kept, self.was_set_aside) = (true, true);
                self.room.aside = Some(Room::PARTS);
            }
            Action::Load { service } => {
                if !self.room.has_for_files() {
                    return false;
                }
                self.loaded.insert(Arc::clone(service));
            }
            Action::StartCandidate { service } => {
                if !self.room.has_for_files()
                    || !self.kept
                    || (self.to_load.contains(service) && !self.loaded.contains(service))
                {
                    return false;
                }
                truth.candidates.insert(Arc::clone(service));
            }
            Action::GateCandidate { service } => return !self.is_down && truth.candidates.contains(service),
            Action::DropCandidate { service } => {
                // Nobody takes away what answers.
                if truth.routed.contains(service) {
                    return false;
                }
                truth.candidates.remove(service);
            }
            Action::Migrate => truth.migrated = true,
            Action::MigrateBack => truth.migrated = false,
            // What it does is its own affair, and its container goes with it.
            Action::Hook { .. } | Action::EndHook { .. } => {}
            Action::Place { release } => {
                if release.as_ref() == Some(&self.target) && !self.kept {
                    return false;
                }
                if truth.files != *release && !self.room.has_for_files() {
                    return false;
                }
                self.touched |= truth.files != *release;
                truth.files.clone_from(release);
            }
            Action::Switch { service, release } => {
                let is_new = release.as_ref() == Some(&self.target);
                let unloaded = self.to_load.contains(service) && !self.loaded.contains(service);
                // It is made from the live files.
                let lacks = if is_new { &self.gone_services } else { &self.new_services };
                if (is_new && unloaded)
                    || (release.is_some() && lacks.contains(service))
                    || (release.is_some() && truth.files != *release)
                {
                    return false;
                }
                self.touched |= truth.services.get(service) != Some(release);
                truth.services.insert(Arc::clone(service), release.clone());
            }
            Action::Route { service, to: Recipient::Candidate } => {
                if !truth.candidates.contains(service) {
                    return false;
                }
                self.touched |= truth.routed.insert(Arc::clone(service));
            }
            Action::Route { service, to: Recipient::Service } => {
                truth.routed.remove(service);
            }
            Action::Gate { service, release } => {
                return truth.services.get(service).and_then(Option::as_ref) == Some(release);
            }
            // On the way back, what the rollout did not change is somebody else's to put right.
            Action::Verify { release } => {
                let others = truth.others_run || self.looks_back;
                return others && self.is(release.as_ref());
            }
            Action::Ask { .. } | Action::Smoke | Action::Bake | Action::Confirm | Action::Prune => {}
        }
        true
    }
}

fn named(services: &[ServiceIntent], is_meant: impl Fn(&ServiceIntent) -> bool) -> BTreeSet<Arc<str>> {
    services.iter().filter(|service| is_meant(service)).map(|service| Arc::clone(&service.name)).collect()
}

impl Doer for World {
    fn hold(&mut self, act: &Act) -> Result<(), Lost> {
        // Whoever is dead has nothing; and whoever lost the target does no more than one who is.
        if self.dead {
            return Err(Lost);
        }
        self.room.make(act);
        Ok(())
    }

    fn write(&mut self, record: &Record) -> Result<(), Unwritten> {
        if self.dead {
            return Err(Unwritten);
        }
        let fault = self.fault();
        match fault {
            Some(Fault::Full) => self.room.fill(),
            Some(Fault::Removed) => self.truth.others_run = false,
            _ => {}
        }
        if !self.room.has_for_records() {
            return Err(Unwritten);
        }
        match fault {
            Some(Fault::DiesBefore) => self.dead = true,
            Some(Fault::DiesAfter) => {
                self.ledger.push(Some(record.clone()));
                self.dead = true;
            }
            Some(Fault::Error | Fault::Timeout | Fault::SaysDone) => return Err(Unwritten),
            Some(Fault::Late | Fault::SaysFailed) => {
                self.ledger.push(Some(record.clone()));
                return Err(Unwritten);
            }
            Some(Fault::Damaged) => self.ledger.push(None),
            Some(Fault::Slow | Fault::Gone | Fault::Full | Fault::Removed) | None => {
                self.ledger.push(Some(record.clone()));
            }
        }
        if self.dead { Err(Unwritten) } else { Ok(()) }
    }

    fn perform(&mut self, act: &Act) -> Ending {
        if self.dead {
            return Ending::Failed;
        }
        self.acts.push((self.operations, act.clone()));
        self.looks_back = act.of == Of::Look;
        let done = |done| if done { Ending::Done } else { Ending::Failed };
        let fault = self.fault();
        if fault.is_some() {
            self.faulted.push(act.action.clone());
        }
        if matches!(fault, Some(Fault::SaysDone | Fault::Gone)) {
            self.hopeless.push(act.action.clone());
        }
        if self.gone.contains(&act.action) {
            return Ending::Failed;
        }
        match fault {
            Some(Fault::Full) => {
                self.room.fill();
                done(self.really(&act.action))
            }
            Some(Fault::Removed) => {
                self.truth.others_run = false;
                done(self.really(&act.action))
            }
            Some(Fault::Error) => Ending::Failed,
            Some(Fault::Timeout) => Ending::TimedOut,
            Some(Fault::Late) => {
                self.really(&act.action);
                Ending::TimedOut
            }
            Some(Fault::SaysDone) => Ending::Done,
            Some(Fault::SaysFailed) => {
                self.really(&act.action);
                Ending::Failed
            }
            Some(Fault::Gone) => {
                self.gone.push(act.action.clone());
                Ending::Failed
            }
            Some(Fault::DiesBefore) => {
                self.dead = true;
                Ending::Failed
            }
            Some(Fault::DiesAfter) => {
                self.really(&act.action);
                self.dead = true;
                Ending::Failed
            }
            Some(Fault::Slow | Fault::Damaged) | None => done(self.really(&act.action)),
        }
    }
}
