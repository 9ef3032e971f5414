//! Claims about what applications wrote: errors that they met, and calls that they made. Typed; their words live in the binary.

use std::sync::Arc;

use crate::{About, AppError, Piece, Severity};

/// What is claimed of an application's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppClaim {
    /// It wrote an error.
    Said {
        /// Which.
        error: SaidError,
        /// How often while it was bad.
        count: u64,
    },
    /// So many of the failing requests that were looked at came with it.
    WithFailures {
        /// Who wrote it.
        who: Arc<str>,
        /// Failures within a moment of which it was written.
        met: u64,
        /// Failures that were looked at.
        failed: u64,
    },
    /// It asked somebody, and was answered.
    Answered {
        /// Who asked.
        who: Arc<str>,
        /// Whom, `host:port`.
        target: Arc<str>,
        /// The status.
        status: u16,
        /// How many such answers.
        count: u64,
    },
    /// It asked somebody, and was not, or with an error.
    CallFailed {
        /// Who asked.
        who: Arc<str>,
        /// Whom, `host:port`.
        target: Arc<str>,
        /// The status, if an answer came.
        status: Option<u16>,
        /// How many such calls.
        count: u64,
    },
}

/// An error as it is told of: who wrote it, what it is about, and the names in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidError {
    /// Who wrote it.
    pub who: Arc<str>,
    /// How loud.
    pub severity: Option<Severity>,
    /// What a known sentence is about; `None` if it is not a known one.
    pub about: Option<About>,
    /// The error's class; empty where none is named.
    pub class: Arc<str>,
    /// Where in the application's own code; empty where it is not said.
    pub frame: Arc<str>,
    /// What the sentence names.
    pub names: Vec<(Piece, Arc<str>)>,
}

impl SaidError {
    /// Of an error that somebody wrote.
    #[must_use]
    pub fn of(who: &Arc<str>, error: &AppError, about: Option<About>) -> Self {
        Self {
            who: Arc::clone(who),
            severity: error.severity,
            about,
            class: Arc::clone(&error.class),
            frame: Arc::clone(&error.frame),
            names: error.names.clone(),
        }
    }

    /// What the sentence names of this kind.
    #[must_use]
    pub fn named(&self, piece: Piece) -> Option<&str> {
        self.names.iter().find(|(known, _)| *known == piece).map(|(_, text)| &**text)
    }
}
