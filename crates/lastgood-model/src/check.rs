//! Findings of `check`: what would bite the next deploy, or is wrong right now. Typed, with their arguments; words are told elsewhere.

use std::sync::Arc;

use crate::Ref;

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What is wrong.
    pub flaw: Flaw,
    /// How bad it is.
    pub severity: Severity,
    /// The service, container or resource that has it, as the user's own files write it; `host` for the machine.
    pub component: Arc<str>,
    /// Where a human can see it; the first is the most telling.
    pub refs: Vec<Ref>,
    /// Why it was accepted in the settings, if it was.
    pub accepted: Option<Arc<str>>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; gives exit 1 only with `--strict`.
    WorthKnowing,
    /// It is broken, or will break; gives exit 1.
    WillBreak,
}

impl Severity {
    /// Stable name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WorthKnowing => "worth-knowing",
            Self::WillBreak => "will-break",
        }
    }
}

/// What is wrong. Each has a stable code and words in every language.
#[derive(Clone, Debug, PartialEq)]
pub enum Flaw {
    /// A network that others are to have made is not there.
    NetworkMissing {
        /// Its name.
        network: Arc<str>,
        /// The existing name that looks most like it.
        nearest: Option<Arc<str>>,
        /// Who is on that one.
        on_nearest: Vec<Arc<str>>,
    },
}

impl Flaw {
    /// Stable kebab-case code, as in JSON and in `lastgood.toml`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NetworkMissing { .. } => "network-missing",
        }
    }
}
