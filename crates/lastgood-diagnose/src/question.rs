//! What the user asked: the arguments of a diagnosis that are not in the logs. Not the command line itself.

use std::sync::Arc;

use lastgood_model::{Layers, Said, Span, UnixMs};

/// The user's question.
#[derive(Clone, Debug)]
pub struct Question {
    /// The clock when live; `None` for files: "now" is then the last line read.
    pub now: Option<UnixMs>,
    /// Whether this host is looked at as it is now.
    pub live: bool,
    /// Nothing before this counts.
    pub since: Option<UnixMs>,
    /// Nothing after this counts.
    pub until: Option<UnixMs>,
    /// Failures that end sooner than this are a blip, in milliseconds.
    pub min_duration_ms: i64,
    /// When somebody noticed.
    pub noticed_at: Option<Said>,
    /// When somebody told us.
    pub reported_at: Option<Said>,
    /// What a person says was changed, and when.
    pub reported_changes: Vec<(Said, Arc<str>)>,
    /// The service that is asked about; `None`: all of them.
    pub service: Option<Arc<str>>,
    /// Zone of the answer and of times of day, in seconds east of UTC.
    pub offset_s: i32,
    /// What only these layers know is left out.
    pub without: Layers,
}

impl Question {
    /// The time that was asked about.
    #[must_use]
    pub fn window(&self) -> Span {
        Span::new(self.since.unwrap_or(UnixMs::MIN), self.until.unwrap_or(UnixMs::MAX))
    }

    /// Whether a live host is asked how it is now, and not how it was at some time.
    #[must_use]
    pub const fn is_about_now(&self) -> bool {
        self.live && self.since.is_none() && self.until.is_none()
    }
}

impl Default for Question {
    fn default() -> Self {
        Self {
            now: None,
            live: false,
            since: None,
            until: None,
            min_duration_ms: 30_000,
            noticed_at: None,
            reported_at: None,
            reported_changes: Vec::new(),
            service: None,
            offset_s: 0,
            without: Layers::NONE,
        }
    }
}
