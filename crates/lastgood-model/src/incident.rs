//! An incident: what failed, since when, how bad it was, and what may have caused it.

use std::sync::Arc;

use crate::{CauseCode, Change, Claim, Confidence, Evidence, Link, Onset, Ref, Traffic, UnixMs};

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
    /// What was looked at and is fine.
    pub cleared: Vec<Cleared>,
    /// All requests of the failing slice, bad times and good.
    pub traffic: Traffic,
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
