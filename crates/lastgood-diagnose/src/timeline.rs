//! The fold: requests, errors, facts and changes on one time axis, in bounded memory.

use lastgood_model::{Change, ErrorHit, Gap, Hit, Note, Observation};

/// Everything that was read, folded. Mergeable, so that files and cores can be read apart.
#[derive(Clone, Debug, Default)]
pub struct Timeline {}

impl Timeline {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// Adds a request.
    pub fn hit(&mut self, _hit: &Hit) {}
    /// Takes a request back that turned out to be a duplicate.
    pub fn retract(&mut self, _hit: &Hit) {}
    /// Adds a line of a proxy's error log.
    pub fn error(&mut self, _error: &ErrorHit) {}
    /// Adds a fact.
    pub fn observe(&mut self, _observation: Observation) {}
    /// Adds a change.
    pub fn change(&mut self, _change: Change) {}
    /// Adds a note of the reader's.
    pub fn note(&mut self, _note: Note) {}
    /// Adds a gap of the reader's.
    pub fn gap(&mut self, _gap: Gap) {}
    /// Adds everything of another one.
    pub fn merge(&mut self, _other: Self) {}
}
