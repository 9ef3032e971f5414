//! Findings of `check`: what would bite the next deploy, or is wrong right now. How bad it is and where; what exactly it is
//! stands in `flaw`, and words are told elsewhere.

use std::sync::Arc;

use crate::Ref;
pub use crate::flaw::Flaw;

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
