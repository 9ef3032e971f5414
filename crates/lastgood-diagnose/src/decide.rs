//! The last step: suspects, close-ups, facts and changes become a verdict.

use lastgood_model::{Catalogue, Status, Verdict};

use crate::{CloseUp, Question, Suspect, Timeline};

/// Decides.
#[must_use]
pub fn decide(
    _timeline: Timeline,
    _suspects: &[Suspect],
    _closeup: CloseUp,
    _catalogue: &Catalogue,
    _question: &Question,
) -> Verdict {
    Verdict { status: Status::Undetermined, incidents: Vec::new(), notes: Vec::new(), gaps: Vec::new() }
}
