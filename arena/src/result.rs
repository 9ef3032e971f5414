//! What came out of one round, as it is kept between runs and printed as JSON. It judges nothing.

use serde::{Deserialize, Serialize};

use crate::baseline::Guesses;
use crate::roster::Round;
use crate::score::Marks;

/// Running stacks, or bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    Live,
    Bundle,
}

impl Mode {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Bundle => "bundle",
        }
    }
}

/// One round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Played {
    pub round: String,
    pub title: String,
    pub layer: String,
    pub control: bool,
    pub misleading: bool,
    /// `component code`, the first of the right answers.
    pub expected: String,
    /// Why it does not count: nobody was hurt, or it could not be brought about.
    pub void: Option<String>,
    pub score: Option<Score>,
}

/// What lastgood and the baselines are worth in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Score {
    pub marks: Marks,
    pub seconds: f64,
    pub peak_rss: u64,
    pub quotes: usize,
    pub misquoted: Vec<String>,
    pub leaked: usize,
    /// Of running stacks, or as it was when the bundle was made.
    pub harmed: bool,
    pub fixed: Option<bool>,
    pub suggested: Option<bool>,
    pub baselines: Guesses,
    /// Each right by component and code, and by component and class.
    pub baselines_right: [(bool, bool); 3],
    /// When and of which commit the bundle is.
    pub captured: String,
    pub commit: String,
}

impl Played {
    /// A round that does not count, yet.
    pub fn void(round: &Round, reason: String) -> Self {
        Self { void: Some(reason), ..Self::of(round, None) }
    }

    pub fn of(round: &Round, score: Option<Score>) -> Self {
        let fault = &round.fault;
        let answers = fault.answers(&round.words);
        Self {
            round: round.name(),
            title: fault.title.clone(),
            layer: fault.layer.clone(),
            control: fault.label.healthy,
            misleading: fault.misleading.is_some(),
            expected: answers
                .first()
                .map_or("healthy".to_owned(), |first| format!("{} {}", first.component, first.code)),
            void: None,
            score,
        }
    }
}
