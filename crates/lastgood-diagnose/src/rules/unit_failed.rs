//! `process/process-down` as systemd sees it: a unit failed or was stopped when it turned bad. Not what made it fail.

use std::sync::Arc;

use lastgood_model::{CauseCode, Claim, ProxyErrorKind, Span, UnixMs, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::host::{Mark, Unit, UnitEvent, is_proxy};
use crate::scene::Scene;

/// A unit that went down.
pub struct UnitFailed;

/// Between a unit's end and the first failure at most, beyond the onset interval itself.
const AROUND_MS: i64 = 30_000;
/// What the proxy logs when the process behind it goes away.
pub(super) const HUNG_UP: &[ProxyErrorKind] = &[
    ProxyErrorKind::ConnectRefused,
    ProxyErrorKind::SocketMissing,
    ProxyErrorKind::ClosedEarly,
    ProxyErrorKind::Reset,
];

/// Between a unit's start and the recovery at most.
const RETURN_MS: i64 = 120_000;

impl Rule for UnitFailed {
    fn code(&self) -> CauseCode {
        CauseCode::ProcessDown
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let around = Span::new(scene.onset.from().plus(-AROUND_MS), scene.onset.to().plus(AROUND_MS));
        scene
            .host
            .units
            .iter()
            .filter(|(name, _)| !is_proxy(name))
            .filter_map(|(name, unit)| hypothesis(scene, name, unit, around))
            .max_by(|a, b| weight(a).total_cmp(&weight(b)))
    }
}

fn weight(hypothesis: &Hypothesis) -> f64 {
    hypothesis.evidence.iter().map(|evidence| evidence.weight.log_ratio()).sum()
}

fn hypothesis(scene: &Scene<'_>, name: &Arc<str>, unit: &Unit, around: Span) -> Option<Hypothesis> {
    let (down, event) = unit.last_within(around, |event| matches!(event, UnitEvent::Failed(_) | UnitEvent::Stopped))?;
    let back = unit.first_within(Span::new(down.0, UnixMs::MAX), |event| matches!(event, UnitEvent::Started));
    let came_back_at_recovery = back.filter(|(mark, _)| at_recovery(scene, *mark));
    let came_back_early = back.filter(|(mark, _)| scene.bad.to().since(mark.0) > RETURN_MS);
    let refused = scene.errors_from_onset(HUNG_UP);
    // Many units stop and start all day: one is only suspected if something links it to the failures.
    if refused.is_none() && came_back_at_recovery.is_none() {
        return None;
    }
    let claim = match event {
        UnitEvent::Failed(result) => Claim::UnitFailed { unit: Arc::clone(name), result: Arc::clone(result) },
        _ => Claim::UnitStopped { unit: Arc::clone(name) },
    };
    let linked = refused.is_some() && came_back_early.is_none() && matches!(event, UnitEvent::Failed(_));
    let telling = if linked || came_back_at_recovery.is_some() { Weight::Decisive } else { Weight::Moderate };
    let mut evidence = vec![scene.evidence(claim.clone(), *down, telling)];
    let mut chain = vec![scene.link(claim, *down)];
    if let Some(errors) = refused {
        evidence.push(scene.evidence(errors.claim(), errors.first, Weight::Moderate));
        chain.push(scene.link(errors.claim(), errors.first));
    }
    chain.push(scene.symptom());
    if let Some((mark, _)) = came_back_at_recovery {
        let seconds = u64::try_from(scene.bad.to().since(mark.0) / 1000).unwrap_or(0);
        evidence.push(scene.evidence(
            Claim::UnitStartedAtRecovery { unit: Arc::clone(name), seconds },
            *mark,
            Weight::Strong,
        ));
    }
    let against = came_back_early
        .map(|(mark, _)| scene.evidence(Claim::FailedAfterReturn { unit: Arc::clone(name) }, *mark, Weight::Strong))
        .into_iter()
        .collect();
    let code = CauseCode::ProcessDown;
    Some(Hypothesis { code, component: Arc::clone(name), evidence, against, chain, depth: Depth::Process })
}

/// Whether a unit was started between a moment and the recovery, and so as to bring it about.
pub(super) fn unit_returned(scene: &Scene<'_>, unit: &Unit, since: UnixMs) -> bool {
    unit.first_within(Span::new(since, UnixMs::MAX), |event| matches!(event, UnitEvent::Started))
        .is_some_and(|(mark, _)| at_recovery(scene, *mark))
}

fn at_recovery(scene: &Scene<'_>, mark: Mark) -> bool {
    scene.finding.recovered.is_some_and(|hit| (0..=RETURN_MS).contains(&hit.at.since(mark.0)))
}
