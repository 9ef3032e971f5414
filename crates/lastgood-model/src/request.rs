//! One request of an access log, reduced to numbers. The bytes stay with the reader.

use crate::{Atom, LineRef, SliceId, UnixMs};

/// A client as a keyed hash of its address: equal for equal addresses, 0 when the line has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

impl ClientId {
    /// A line without a client address.
    pub const UNKNOWN: Self = Self(0);
}

/// One request. Ordered as the log orders it: by time, then by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// When the line says the request ended.
    pub at: UnixMs,
    /// Which part of the traffic it belongs to.
    pub slice: SliceId,
    /// The status sent to the client, 0–999; nginx writes 9 (`009`) for an answer that was not HTTP.
    pub status: u16,
    /// Who asked.
    pub client: ClientId,
    /// Where it stands.
    pub line: LineRef,
    /// How long it took, in milliseconds, where the format says so.
    pub took_ms: Option<u32>,
}

/// Who was hit, for the impact, and who answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// Host part of the referrer, if the line has one.
    pub referrer_host: Option<Atom>,
    /// Product name of the client application (`CarNaviApp`, `curl`, `Chrome`), if the line has one.
    pub agent: Option<Atom>,
    /// What the upstream answered that answered last, where the format says so and one did.
    pub upstream_status: Option<u16>,
}
