//! Evidence: claims with references, for or against. Claims are typed; their words live in the binary.

use std::sync::Arc;

use crate::{AppClaim, BuildFact, ChangeKind, ProxyErrorKind, Ref, StateClaim, TurnClaim, UnitFileState, UnixMs};

/// How much a piece of evidence says, in natural logarithms of a likelihood ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Fits this cause a little better than others.
    Weak,
    /// Fits this cause clearly better.
    Moderate,
    /// Rarely seen without this cause.
    Strong,
    /// A state or an unambiguous line: proves it.
    Decisive,
}

impl Weight {
    /// The logarithm that is added to a hypothesis' score.
    #[must_use]
    pub const fn log_ratio(self) -> f64 {
        match self {
            Self::Weak => 0.3,
            Self::Moderate => 1.0,
            Self::Strong => 2.0,
            Self::Decisive => 4.0,
        }
    }
}

/// Something claimed, with the line to open.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What is claimed.
    pub claim: Claim,
    /// Where a human can see it.
    pub reference: Ref,
    /// How much it says.
    pub weight: Weight,
}

/// One link of the chain trigger → mechanism → symptom.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// When, where known.
    pub at: Option<UnixMs>,
    /// What happened.
    pub what: Claim,
    /// Where a human can see it.
    pub reference: Ref,
}

/// What is claimed. Each has words in every language.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// The first one that was not.
    FirstBad {
        /// Its status.
        status: u16,
    },
    /// How many requests of the failing slice failed.
    FailingShare {
        /// Failures.
        failed: u64,
        /// Requests.
        requests: u64,
    },
    /// The proxy logged this of an upstream, so many times while it was bad.
    UpstreamErrors {
        /// What it logged.
        kind: ProxyErrorKind,
        /// Of whom, if it said.
        upstream: Option<Arc<str>>,
        /// How often.
        count: u64,
    },
    /// The proxy's errors of this kind began only after the onset.
    ErrorsBeganLater {
        /// How much later, in seconds.
        seconds: u64,
    },
    /// The same errors were there before, without failures.
    ErrorsBefore {
        /// How often before the onset.
        count: u64,
    },
    /// A change just before the onset.
    ChangeBefore {
        /// What sort.
        kind: ChangeKind,
        /// What.
        subject: Arc<str>,
        /// Seconds from the change to the first failure; 0 if they overlap.
        seconds: u64,
        /// Only a person says so.
        reported: bool,
    },
    /// The host was rebooted: last line of the old boot, first of the new one.
    HostRebooted {
        /// Whether it was an orderly shutdown.
        clean: bool,
    },
    /// The unit ran before the reboot.
    UnitRanBefore {
        /// Unit.
        unit: Arc<str>,
    },
    /// The unit was stopped by the shutdown, or in it.
    UnitStopped {
        /// Unit.
        unit: Arc<str>,
    },
    /// Another unit was started in the new boot, this one was not.
    UnitNotStarted {
        /// Unit.
        unit: Arc<str>,
    },
    /// A unit came back by itself.
    UnitCameBack {
        /// Unit.
        unit: Arc<str>,
    },
    /// What the unit list says.
    UnitFile {
        /// Unit.
        unit: Arc<str>,
        /// Enabled or not.
        state: UnitFileState,
    },
    /// The unit was started when the failures ended.
    UnitStartedAtRecovery {
        /// Unit.
        unit: Arc<str>,
        /// Seconds from that start to the first good request; negative never.
        seconds: u64,
    },
    /// The unit failed.
    UnitFailed {
        /// Unit.
        unit: Arc<str>,
        /// systemd's word for it.
        result: Arc<str>,
    },
    /// The kernel killed a process for lack of memory.
    OomKilled {
        /// Process name.
        process: Arc<str>,
        /// Unit or cgroup, if known.
        scope: Option<Arc<str>>,
    },
    /// A file system had no room.
    NoSpace {
        /// Who said so.
        who: Arc<str>,
    },
    /// Failures went on although the suspected component was back.
    FailedAfterReturn {
        /// Unit.
        unit: Arc<str>,
    },
    /// No request came although many were to be expected.
    Silence {
        /// How many, by the rate of these hours of the day.
        expected: u64,
        /// For how long, in seconds.
        seconds: u64,
    },
    /// A database or cache took no more connections.
    ConnectionsExhausted {
        /// Which.
        who: Arc<str>,
    },
    /// A database or cache stopped.
    DependencyStopped {
        /// Which.
        who: Arc<str>,
        /// Whether it was told to.
        clean: bool,
    },
    /// A database or cache was ready again just before answers became good.
    DependencyReturned {
        /// Which.
        who: Arc<str>,
    },
    /// A database or cache was not ready again as long as requests failed.
    DependencyStillDown {
        /// Which.
        who: Arc<str>,
    },
    /// The proxy was stopped.
    ProxyStopped,
    /// The proxy was started just before requests came again.
    ProxyStarted,
    /// The proxy refused its configuration.
    ProxyConfigRefused {
        /// What it said.
        message: Arc<str>,
    },
    /// The upstream itself answered so, and the proxy only passed it on.
    UpstreamAnswered {
        /// Its status.
        status: u16,
        /// How often.
        count: u64,
    },
    /// A certificate among the files ended, or had ended.
    CertificateEnded {
        /// Its names.
        names: Arc<str>,
    },
    /// Good answers took longer and longer before the first failure.
    SlowedBefore {
        /// Median in calm times, in milliseconds.
        from_ms: u32,
        /// Median just before the first failure, in milliseconds.
        to_ms: u32,
    },
    /// This part of the traffic was answered well while the other failed.
    ServedWell {
        /// Requests.
        requests: u64,
        /// Failures among them.
        failed: u64,
    },
    /// Something of a container, of what it was told, or of the machine under it.
    State(StateClaim),
    /// What an application wrote.
    Application(AppClaim),
    /// What the output of a build says.
    Build(BuildFact),
    /// Answers that turned without failing.
    Turn(TurnClaim),
}
