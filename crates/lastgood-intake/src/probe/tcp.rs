//! What a peer said unasked.

use lastgood_model::{Asked, ProbeOutcome, Transcript, TurnEnd};

use super::reach::unfinished;
use super::words::line;
use super::{Reading, turn};

pub(super) fn read(transcript: &Transcript) -> Reading {
    let Some(greeting) = turn(transcript, Asked::Greeting) else { return (ProbeOutcome::Undecided, None) };
    match (line(&greeting.heard), greeting.ended) {
        // It said something; that it went on, or hung up then, is its business.
        (Some(words), TurnEnd::Complete | TurnEnd::Cut | TurnEnd::TimedOut) => (ProbeOutcome::Serves, Some(words)),
        _ => unfinished(greeting).unwrap_or((ProbeOutcome::Serves, None)),
    }
}
