//! Requests over time, for a picture. Not for reasoning: that happens on finer counts.

use crate::UnixMs;

/// Requests over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Width of a bucket in milliseconds.
    pub width_ms: i64,
    /// In order of time; a bucket without requests may be left out.
    pub buckets: Vec<Bucket>,
}

/// Requests in one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When it begins.
    pub from: UnixMs,
    /// Requests.
    pub requests: u64,
    /// Failures among them.
    pub failed: u64,
}
