//! Rollouts: what a deploy is going to do, step by step, and what became of it. Nouns alone: the order is made by `rollout`'s plan,
//! the acts are done by the world.

use std::sync::Arc;

use crate::UnixMs;

/// The id of a release: a digest of all that it holds, in hex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseId(pub Arc<str>);

impl ReleaseId {
    /// The first letters of it, enough for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }
}

/// Who gets a service's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// The service itself.
    Service,
    /// The candidate beside it.
    Candidate,
}

/// Where in a rollout a command of the user's own is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookPoint {
    /// When all that can be tried is, and nothing that serves is touched.
    BeforeSwitch,
    /// When everything runs as the new release says.
    AfterSwitch,
}

/// One act. Each may be done again: it brings about a state, and leaves one alone that is already so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The target is ours for a while, and still has the release that the plan assumes.
    TakeLease,
    /// The release's files are stored on the target, beside what is live.
    Keep,
    /// The image of a service is on the target.
    Load {
        /// The service.
        service: Arc<str>,
    },
    /// Every dependency of a service is asked as the new release would ask it.
    Ask {
        /// The service.
        service: Arc<str>,
    },
    /// A candidate of a service runs beside it, without traffic.
    StartCandidate {
        /// The service.
        service: Arc<str>,
    },
    /// The candidate is well, and stays so for a while.
    GateCandidate {
        /// The service.
        service: Arc<str>,
    },
    /// There is no candidate of a service.
    DropCandidate {
        /// The service.
        service: Arc<str>,
    },
    /// The data is brought forward.
    Migrate,
    /// The data is brought back.
    MigrateBack,
    /// A command of the user's own ran in a container of the new release, and ended well.
    Hook {
        /// Where it stands.
        point: HookPoint,
    },
    /// Its container is not there; what it did is its own affair.
    EndHook {
        /// Where it stands.
        point: HookPoint,
    },
    /// The host goes back by itself if nobody confirms in time.
    Arm,
    /// The host does nothing by itself any more.
    Disarm,
    /// The live files are those of a release; `None`: those that we placed are gone.
    Place {
        /// Which release.
        release: Option<ReleaseId>,
    },
    /// A service runs as a release says; `None`: it has no container of ours.
    Switch {
        /// The service.
        service: Arc<str>,
        /// Which release.
        release: Option<ReleaseId>,
    },
    /// The service runs that release, is well, and stays so for a while.
    Gate {
        /// The service.
        service: Arc<str>,
        /// Which release.
        release: ReleaseId,
    },
    /// A service's traffic goes there.
    Route {
        /// The service.
        service: Arc<str>,
        /// To whom.
        to: Recipient,
    },
    /// The users' own requests succeed.
    Smoke,
    /// Real traffic fares no worse than before.
    Bake,
    /// Everything that serves is as a release says, traffic and files included; `None`: nothing of ours is there.
    Verify {
        /// Which release.
        release: Option<ReleaseId>,
    },
    /// The ledger calls the new release good.
    Confirm,
    /// Old releases that nobody can go back to are removed.
    Prune,
    /// The target is free again.
    DropLease,
}

/// A rollout that somebody is at just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Its number in the ledger.
    pub number: u64,
    /// Who asked for it; empty if nobody said.
    pub who: Arc<str>,
    /// Since when.
    pub since: UnixMs,
    /// The release that it brings.
    pub release: ReleaseId,
    /// Services that it changes.
    pub services: Vec<Arc<str>>,
    /// The act that began last, where it is known.
    pub act: Option<Action>,
    /// It is on its way back.
    pub back: bool,
}

/// When a step happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Nothing that serves is touched.
    Before,
    /// Something that serves is, or may be.
    Switch,
    /// The new release is good, whatever becomes of the rest.
    After,
}

/// A step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// What takes it back, chosen before anything happens.
    pub undo: Option<Action>,
    /// When.
    pub phase: Phase,
    /// Nothing takes it back, and the old release may not work with what it did.
    pub one_way: bool,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

/// All that a rollout is going to do. It is complete before the first act and does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The release that it was made for, which must be current when it begins; `None`: the first one.
    pub parent: Option<ReleaseId>,
    /// The release that it brings.
    pub target: ReleaseId,
    /// In order.
    pub steps: Vec<Step>,
}

/// How an act ended, as whoever did it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// The state is as it was to be.
    Done,
    /// It is not, or nobody knows.
    Failed,
    /// It took too long; whether it was done nobody knows.
    TimedOut,
}

/// What became of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The new release serves.
    Good,
    /// Nothing that serves was touched.
    Refused,
    /// The last good release serves again.
    RolledBack,
    /// It was the first one: its containers are gone again.
    Down,
    /// Data went one way, and then something failed: somebody has to look.
    Stopped,
    /// Going back failed: somebody has to look.
    UndoFailed,
}

impl Outcome {
    /// Stable kebab-case name, as in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Refused => "refused",
            Self::RolledBack => "rolled-back",
            Self::Down => "down",
            Self::Stopped => "stopped",
            Self::UndoFailed => "undo-failed",
        }
    }
}
