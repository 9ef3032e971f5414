//! Where to look closely: slices and stretches that may hold an incident, found in the buckets.

use lastgood_model::{Catalogue, Span, UnixMs};

use crate::{Question, Timeline};

/// A stretch of time in which a part of the traffic may have gone bad.
#[derive(Clone, Debug)]
pub struct Suspect {}

impl Suspect {
    /// What has to be read again for it.
    #[must_use]
    pub fn span(&self) -> Span {
        Span::at(UnixMs(0))
    }
}

/// Finds what deserves a close look; empty for a healthy timeline.
#[must_use]
pub fn suspect(_timeline: &Timeline, _catalogue: &Catalogue, _question: &Question) -> Vec<Suspect> {
    Vec::new()
}
