//! What probes clear of an incident: dependencies that serve whoever asks them, and the way to those that answered. Each with the
//! words that it answered.

use std::sync::Arc;

use lastgood_model::probe_claim::Asked;
use lastgood_model::{Cause, Claim, Cleared, ProbeClaim, ProbeOutcome, StateClaim};

use crate::probing::reference;
use crate::stack_scene::StackScene;

/// Names and packets, as a component that may be blamed.
const NETWORK: &str = "network";

/// What is cleared of what ails these components, for which the causes are blamed.
#[must_use]
pub fn acquitted(scene: &StackScene<'_>, bearers: &[&Arc<str>], causes: &[Cause]) -> Vec<Cleared> {
    let mut cleared: Vec<Cleared> = Vec::new();
    let blamed = |component: &str| causes.iter().any(|cause| &*cause.component == component);
    for probed in scene.stack.probes.iter().filter(|probed| bearers.contains(&&probed.question.from)) {
        let asked = Asked::of(&probed.question);
        let component = Arc::clone(asked.peer());
        let outcome = probed.answer.outcome.clone();
        // It answered, though something else may be there for others.
        let serves = match outcome {
            ProbeOutcome::Serves => true,
            ProbeOutcome::HttpStatus(status) => status < 500,
            _ => false,
        };
        if serves && !blamed(&component) && !cleared.iter().any(|known| known.component == component) {
            let words = probed.answer.words.clone();
            let because = Claim::State(StateClaim::Probe(ProbeClaim::Answered { asked, outcome, words }));
            cleared.push(Cleared { component, because, reference: reference(probed) });
        }
    }
    // Who refuses in words of its own was reached.
    let refuser = scene.stack.probes.iter().find(|probed| {
        let question = &probed.question;
        bearers.contains(&&question.from)
            // Who asks itself needs no way.
            && question.to.as_ref() != Some(&question.from)
            && probed.answer.outcome != ProbeOutcome::Serves
            && probed.answer.outcome.is_an_answer()
            && causes
                .first()
                .is_some_and(|cause| question.to.as_ref().unwrap_or(&question.target.host) == &cause.component)
    });
    if let Some(probed) = refuser.filter(|_| !blamed(NETWORK)) {
        let claim = ProbeClaim::WayIsOpen { asked: Asked::of(&probed.question) };
        let because = Claim::State(StateClaim::Probe(claim));
        cleared.push(Cleared { component: Arc::from(NETWORK), because, reference: reference(probed) });
    }
    cleared
}
