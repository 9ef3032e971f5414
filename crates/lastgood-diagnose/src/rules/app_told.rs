//! What an application was told, beside what it says: the variable that it misses, and the password that its dependency takes
//! from everybody else who sends it. It proposes nothing by itself.

use std::sync::Arc;

use lastgood_model::probe_claim::Asked;
use lastgood_model::{CauseCode, Claim, Evidence, Piece, ProbeClaim, ProbeOutcome, StateClaim, Told, Weight};

use crate::probing::reference;
use crate::scene::Scene;
use crate::spoken::SpokenError;
use crate::variables;

/// Evidence for a cause that somebody's error names, and against it.
pub(super) fn beside(
    scene: &Scene<'_>,
    code: CauseCode,
    said: &SpokenError<'_>,
    component: &Arc<str>,
) -> (Option<Evidence>, Option<Evidence>) {
    match code {
        CauseCode::EnvMissing => variable(scene, said),
        CauseCode::MissingCredential | CauseCode::WrongCredential => (served(scene, code, said, component), None),
        _ => (None, None),
    }
}

/// The variable that it misses: not there, as it says; or there.
fn variable(scene: &Scene<'_>, said: &SpokenError<'_>) -> (Option<Evidence>, Option<Evidence>) {
    let look = || {
        let stack = scene.stack?;
        let container = stack.topology.components.get(scene.spoken.index(said.who)?)?.container.as_deref()?;
        let container = stack.stack.snapshot.as_ref()?.container(container)?;
        // What one that is gone was told, nobody knows.
        let same = container.created <= said.run.first.0;
        let variable = said.error.names.iter().find(|(piece, _)| *piece == Piece::Variable);
        variable.filter(|_| same).map(|(_, variable)| variables::told(stack, container, variable))
    };
    let evidence = |claim, reference, weight| Some(Evidence { claim: Claim::State(claim), reference, weight });
    match look() {
        Some((claim @ StateClaim::VariableMissing { .. }, reference)) => {
            (evidence(claim, reference, Weight::Decisive), None)
        }
        Some((claim, reference)) => (None, evidence(claim, reference, Weight::Strong)),
        None => (None, None),
    }
}

/// The one who does not serve it for just that reason, asked as it would ask; if it is one.
pub(super) fn unserved_by(scene: &Scene<'_>, who: &Arc<str>, code: Option<CauseCode>) -> Option<Arc<str>> {
    let (stack, code, from) = (scene.stack?, code?, scene.spoken.component(who));
    let so = |probed: &&lastgood_model::Probed| {
        let question = &probed.question;
        question.from == from
            && question.told == Told::Running
            && crate::faults::probed::meaning(stack, probed).is_some_and(|(found, _)| found == code)
    };
    let mut peers = stack.stack.probes.iter().filter(so).map(|probed| Arc::clone(Asked::of(&probed.question).peer()));
    let first = peers.next()?;
    peers.all(|peer| peer == first).then_some(first)
}

/// The server takes the password that the application was told: then its code does not send it.
fn served(scene: &Scene<'_>, code: CauseCode, said: &SpokenError<'_>, component: &Arc<str>) -> Option<Evidence> {
    let stack = scene.stack?;
    let from = scene.spoken.component(said.who);
    let probed = stack.stack.probes.iter().find(|probed| {
        let question = &probed.question;
        question.from == from
            && question.told == Told::Running
            && Asked::of(question).peer() == component
            && question.target.password.is_some()
            && probed.answer.outcome == ProbeOutcome::Serves
    })?;
    let container = stack.topology.components.get(scene.spoken.index(said.who)?)?.container.as_deref()?;
    // Somebody may have mended it meanwhile: only what is said since the container has these values counts.
    let since = stack.stack.snapshot.as_ref()?.container(container)?.created;
    let stands = scene.finding.recovered.is_none() && said.run.last >= since;
    stands.then(|| Evidence {
        claim: Claim::State(StateClaim::Probe(ProbeClaim::ServedWith {
            asked: Asked::of(&probed.question),
            sends_none: code == CauseCode::MissingCredential,
        })),
        reference: reference(probed),
        weight: Weight::Decisive,
    })
}
