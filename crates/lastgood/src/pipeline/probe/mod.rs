//! Probes, connected: asked from here, or by an agent in a container whose output is read. The shape of what goes to an agent
//! and comes back is in `wire`.

pub mod wire;

use lastgood_intake::probe_answer;
use lastgood_model::{ProbeAnswer, ProbeTarget, Secret};
use lastgood_world::probe::probe_all;

use wire::NotOurs;

/// The variable in which an agent is told whom to ask; without it, it reads its standard input.
pub const VARIABLE: &str = "LASTGOOD_PROBE";
/// More are not asked in one go.
pub const MOST_TARGETS: usize = 64;

/// Asks from this machine. One answer a target, in their order; those beyond [`MOST_TARGETS`] are not asked, and undecided.
#[must_use]
pub fn ask_here(targets: &[ProbeTarget]) -> Vec<ProbeAnswer> {
    let asked = targets.get(..targets.len().min(MOST_TARGETS)).unwrap_or_default();
    let transcripts = probe_all(asked).into_iter().chain(std::iter::repeat_with(Default::default));
    targets.iter().zip(transcripts).map(|(target, transcript)| probe_answer(target, &transcript)).collect()
}

/// What an agent is told, for its variable or its standard input. It holds the targets' passwords.
#[must_use]
pub fn agents_request(targets: &[ProbeTarget]) -> Secret {
    wire::request(targets)
}

/// Reads what an agent that was told this wrote to its standard output. Whoever ran it may have written it, too.
///
/// # Errors
/// If it is not that, or does not fit to these targets.
pub fn agents_answers(targets: &[ProbeTarget], output: &[u8]) -> Result<Vec<ProbeAnswer>, NotOurs> {
    let transcripts = wire::read_transcripts(output)?;
    if transcripts.len() != targets.len() {
        return Err(NotOurs::OtherCount { wanted: targets.len(), found: transcripts.len() });
    }
    Ok(targets.iter().zip(&transcripts).map(|(target, transcript)| probe_answer(target, transcript)).collect())
}
