//! Dependencies that do not serve whoever needs them, by their own word: as containers were told, and as the next ones will be.

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::probe_claim::Asked;
use lastgood_model::{CauseCode, Weight};

use super::{Look, finding};
use crate::faults::probed;
use crate::probing::reference;
use crate::stack_scene::StackScene;

/// Found by the state of containers and of what they were told, with more to say.
const BY_STATE: &[CauseCode] =
    &[CauseCode::WrongAddress, CauseCode::WrongNetwork, CauseCode::ProcessDown, CauseCode::DependencyDown];

/// What probes prove.
pub(super) fn answers(look: &Look<'_>, found: &mut Vec<Finding>) {
    let (topology, drift) = (look.topology.clone(), look.drift.to_vec());
    let scene = StackScene { stack: look.stack, topology, drift, without: lastgood_model::Layers::NONE };
    for probed in &look.stack.probes {
        let Some((cause, weight)) = probed::meaning(&scene, probed) else { continue };
        if BY_STATE.contains(&cause) {
            continue;
        }
        // Who is nobody of ours may not be needed.
        let certain = weight == Weight::Decisive && probed.question.to.is_some();
        let severity = if certain { Severity::WillBreak } else { Severity::WorthKnowing };
        let asked = Asked::of(&probed.question);
        let flaw = Flaw::NotServed { asked, outcome: probed.answer.outcome.clone(), cause };
        found.push(finding(severity, probed.question.from.clone(), flaw, [reference(probed)]));
    }
}
