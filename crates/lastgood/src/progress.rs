//! A bar for long reads: on standard error, only on a terminal, only after a moment. It says nothing about what is
//! found.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::investigation::Progress;

/// Shorter reads show nothing.
const PATIENCE: Duration = Duration::from_millis(700);

/// Nobody watches.
pub struct Silent;

impl Progress for Silent {
    fn ahead(&self, _bytes: u64) {}
    fn read(&self, _bytes: u64) {}
}

/// A bar on standard error.
pub struct Bar {
    bar: ProgressBar,
    began: Instant,
    total: AtomicU64,
}

impl Bar {
    /// One that shows itself when the read turns out to be long.
    #[must_use]
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {eta}") {
            bar.set_style(style);
        }
        Self { bar, began: Instant::now(), total: AtomicU64::new(0) }
    }
}

impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for Bar {
    fn ahead(&self, bytes: u64) {
        let total = self.total.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.bar.set_length(total);
    }

    fn read(&self, bytes: u64) {
        self.bar.inc(bytes);
        if self.bar.is_hidden() && self.began.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        // The answer begins on a clean line.
        self.bar.finish_and_clear();
    }
}
