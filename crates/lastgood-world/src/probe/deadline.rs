//! Deadline: the moment at which a probe has to be over, whatever it waits for.

use std::time::{Duration, Instant};

/// A moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// So far from now.
    pub(super) fn within(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// So far from now, and not later than this one.
    pub(super) fn at_most(self, duration: Duration) -> Self {
        Self(self.0.min(Instant::now() + duration))
    }

    /// What is left; zero if it is over.
    pub(super) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    pub(super) fn is_over(self) -> bool {
        self.left().is_zero()
    }
}
