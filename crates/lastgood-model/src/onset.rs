//! When good turned bad: an interval, never a point. Its width is our uncertainty.

use crate::{Ref, UnixMs};

/// One end of an interval: a moment and the line that proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// When.
    pub at: UnixMs,
    /// The line.
    pub reference: Ref,
}

/// How much of the turn was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnsetKind {
    /// Good was seen before, bad after.
    Bracketed,
    /// Everything that was read is bad already.
    NoGoodSeen,
    /// Traffic stopped: no failure was logged at all.
    NoBadSeen,
    /// Good and bad alternate; the onset is that of the first bad stretch.
    Intermittent,
}

impl OnsetKind {
    /// Stable kebab-case name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bracketed => "bracketed",
            Self::NoGoodSeen => "no-good-seen",
            Self::NoBadSeen => "no-bad-seen",
            Self::Intermittent => "intermittent",
        }
    }
}

/// The interval in which good turned bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onset {
    /// How much of the turn was seen.
    pub kind: OnsetKind,
    /// The last success before the earliest plausible change point.
    pub last_good: Option<Edge>,
    /// The first failure at or after the latest plausible change point.
    pub first_bad: Option<Edge>,
    /// The first success of the good stretch that followed; `None` while it goes on.
    pub recovered: Option<Edge>,
    /// Requests of the failing slice from `last_good` to `first_bad`: 1 when they are neighbours.
    pub width_requests: Option<u64>,
}
