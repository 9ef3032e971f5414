//! An incident: what failed, since when, how bad it was, and what may have caused it.

use std::sync::Arc;

use crate::{CauseCode, Change, Claim, Confidence, Evidence, Link, Onset, OnsetKind, Ref, Traffic, UnixMs};

/// One incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// When good turned bad.
    pub onset: Onset,
    /// Which part of the traffic.
    pub scope: Scope,
    /// How bad.
    pub impact: Impact,
    /// When people saw it, if they say so.
    pub detection: Option<Detection>,
    /// Changes just before the onset, nearest first.
    pub changes: Vec<Change>,
    /// Causes, best first; never empty.
    pub causes: Vec<Cause>,
    /// What will fail once the first cause is mended.
    pub next: Vec<Cause>,
    /// Components whose state is bad with it: the faulty one first, then those that only follow from it. Empty where only
    /// logs were read.
    pub standing: Vec<Standing>,
    /// What was looked at and is fine.
    pub cleared: Vec<Cleared>,
    /// All requests of the failing slice, bad times and good.
    pub traffic: Traffic,
}

impl Incident {
    /// Whether it is a build that failed.
    #[must_use]
    pub fn is_of_build(&self) -> bool {
        self.standing.first().is_some_and(|standing| standing.ailment == Ailment::NotBuilt)
    }

    /// Whether it is seen in the state of components alone, and in no request nor in the want of them.
    #[must_use]
    pub fn is_of_state(&self) -> bool {
        self.impact.requests == 0 && self.onset.kind != OnsetKind::NoBadSeen && !self.standing.is_empty()
    }
}

/// Which part of the traffic failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The virtual host, if it is one.
    pub vhost: Option<Arc<str>>,
    /// The upstream, if it is one and known.
    pub upstream: Option<Arc<str>>,
    /// Path templates that failed, most failures first; empty if all of the host's did.
    pub paths: Vec<Arc<str>>,
    /// The only method that failed, if others were fine.
    pub method: Option<Arc<str>>,
    /// Statuses of the failures, most frequent first.
    pub statuses: Vec<u16>,
}

/// How bad it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// Requests of the failing slice while it was bad.
    pub requests: u64,
    /// Failures among them.
    pub failed: u64,
    /// Distinct clients that met a failure.
    pub clients: u64,
    /// Whether `clients` is an estimate (beyond 65,536).
    pub clients_estimated: bool,
    /// From the first failure to the recovery, or to now, in seconds.
    pub duration_s: u64,
    /// Hosts whose links led into failures, with counts, most first.
    pub referrers: Vec<(Arc<str>, u64)>,
    /// Client applications that met failures, with counts, most first.
    pub agents: Vec<(Arc<str>, u64)>,
}

/// When people saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// Somebody noticed.
    pub noticed_at: Option<UnixMs>,
    /// Somebody told us.
    pub reported_at: Option<UnixMs>,
    /// Time to detect: from the first failure to `noticed_at`, else to `reported_at`, in seconds.
    pub ttd_s: u64,
}

/// A candidate cause after ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// What.
    pub code: CauseCode,
    /// Who: a unit, an upstream, `host`, or the vhost where nothing better is known.
    pub component: Arc<str>,
    /// How sure.
    pub confidence: Confidence,
    /// Posterior share among the causes considered, 0–1.
    pub score: f64,
    /// Trigger → mechanism → symptom.
    pub chain: Vec<Link>,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// What speaks against it.
    pub against: Vec<Evidence>,
}

/// A component whose state is bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub component: Arc<str>,
    /// In which way.
    pub ailment: Ailment,
    /// Where a human can see it.
    pub reference: Ref,
}

/// In which way a component's state is bad, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ailment {
    /// The machine lacks something that all need.
    HostShort,
    /// It could not be started.
    NotStarted,
    /// It does not run.
    Down,
    /// It ends again and again.
    Restarting,
    /// A network that it needs does not reach it.
    CutOff,
    /// It runs and was told something that cannot work.
    Misled,
    /// It runs, and something that it needs does not serve it.
    Unserved,
    /// It runs, and those who come to it do not trust it.
    Distrusted,
    /// It runs, and has no room for those who come to it.
    Crowded,
    /// It runs and says that it is not well.
    Unhealthy,
    /// It runs, and a process in it was killed.
    Maimed,
    /// There is no image of it: its build failed.
    NotBuilt,
}

impl Ailment {
    /// Stable kebab-case name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HostShort => "host-short",
            Self::NotStarted => "not-started",
            Self::Down => "down",
            Self::Restarting => "restarting",
            Self::CutOff => "cut-off",
            Self::Misled => "misled",
            Self::Unserved => "unserved",
            Self::Distrusted => "distrusted",
            Self::Crowded => "crowded",
            Self::Unhealthy => "unhealthy",
            Self::Maimed => "maimed",
            Self::NotBuilt => "not-built",
        }
    }
}

/// Something that was looked at and is fine.
#[derive(Clone, Debug, PartialEq)]
pub struct Cleared {
    /// What.
    pub component: Arc<str>,
    /// Why it is fine.
    pub because: Claim,
    /// Where a human can see it.
    pub reference: Ref,
}
