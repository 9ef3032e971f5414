//! The close look: single requests of the suspects, where the fold kept only counts.

use lastgood_model::{Hit, UnixMs, Visitor};

use crate::Suspect;

/// What a second reading of the suspects' stretches yields. Mergeable.
#[derive(Clone, Debug, Default)]
pub struct CloseUp {}

impl CloseUp {
    /// Ready to look at these.
    #[must_use]
    pub fn new(_suspects: &[Suspect]) -> Self {
        Self::default()
    }
    /// Whether any suspect's stretch holds this moment.
    #[must_use]
    pub fn wants(&self, _at: UnixMs) -> bool {
        false
    }
    /// Looks at a request; `visitor` is only asked for failures that count.
    pub fn hit(&mut self, _hit: &Hit, _visitor: impl FnOnce() -> Visitor) {}
    /// Adds what another reader saw.
    pub fn merge(&mut self, _other: Self) {}
}
