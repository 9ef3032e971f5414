//! `memory/oom-kill`: the kernel killed the component's process when it turned bad. A kill of something else is
//! only a note, and is not proposed here.

use std::sync::Arc;

use lastgood_model::{CauseCode, Claim, Span, Weight};

use super::unit_failed::{HUNG_UP, unit_returned};
use super::{Depth, Hypothesis, Rule};
use crate::host::UnitEvent;
use crate::scene::Scene;

/// The out-of-memory killer.
pub struct OomKill;

/// From the kill to the first failure, or the other way round where clocks and buffers differ.
const AROUND_MS: i64 = 60_000;

impl Rule for OomKill {
    fn code(&self) -> CauseCode {
        CauseCode::OomKill
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let around = Span::new(scene.onset.from().plus(-AROUND_MS), scene.onset.to().plus(AROUND_MS));
        let hung_up = scene.errors_from_onset(HUNG_UP).is_some();
        let (kill, name, unit) =
            scene.host.kills.iter().filter(|kill| around.contains(kill.mark.0)).find_map(|kill| {
                // It counts only where its cgroup is that of a unit which went down with it, and where something links
                // that unit to the failures: any job may run out of memory beside an incident.
                scene.host.units.iter().find_map(|(name, unit)| {
                    let fell = |event: &UnitEvent| matches!(event, UnitEvent::Failed(_) | UnitEvent::Stopped);
                    let linked = hung_up || unit_returned(scene, unit, kill.mark.0);
                    let fits = kill.hit(name) && unit.first_within(around, fell).is_some() && linked;
                    fits.then_some((kill, name, unit))
                })
            })?;
        let claim = Claim::OomKilled { process: Arc::clone(&kill.process), scope: kill.scope.clone() };
        let mut evidence = vec![scene.evidence(claim.clone(), kill.mark, Weight::Decisive)];
        let mut chain = vec![scene.link(claim, kill.mark)];
        if let Some((mark, UnitEvent::Failed(result))) =
            unit.first_within(around, |event| matches!(event, UnitEvent::Failed(_)))
        {
            let claim = Claim::UnitFailed { unit: Arc::clone(name), result: Arc::clone(result) };
            evidence.push(scene.evidence(claim.clone(), *mark, Weight::Strong));
            chain.push(scene.link(claim, *mark));
        }
        chain.push(scene.symptom());
        Some(Hypothesis {
            code: self.code(),
            component: Arc::clone(name),
            evidence,
            against: Vec::new(),
            chain,
            depth: Depth::Origin,
        })
    }
}
