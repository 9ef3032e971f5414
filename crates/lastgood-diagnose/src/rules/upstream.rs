//! What the rules about an upstream share: errors of some kinds in the proxy's log, held against the failures.
//! Not a rule itself.

use lastgood_model::{CauseCode, ChangeKind, Claim, ProxyErrorKind, Weight};

use super::{Depth, Hypothesis};
use crate::scene::{Scene, WITH_ONSET_MS};

/// Changes that may make an upstream fail.
const TRIGGERS: &[ChangeKind] = &[
    ChangeKind::MachineImage,
    ChangeKind::InstanceReboot,
    ChangeKind::InstanceStop,
    ChangeKind::InstanceStart,
    ChangeKind::HostBoot,
    ChangeKind::SecurityGroup,
    ChangeKind::TargetGroup,
    ChangeKind::UnitStopped,
    ChangeKind::UnitFailed,
    ChangeKind::ProxyReloaded,
    ChangeKind::Reported,
];

/// Proposes `code` where the proxy's log holds errors of `kinds` for a good part of the failures. `telling` is the
/// weight of such lines where they account for most failures.
pub fn from_errors(
    scene: &Scene<'_>,
    code: CauseCode,
    kinds: &[ProxyErrorKind],
    telling: Weight,
) -> Option<Hypothesis> {
    let errors = scene.errors_of(kinds)?;
    let failed = scene.finding.toll.failed.max(1);
    let weight = if errors.count * 2 >= failed {
        telling
    } else if errors.count * 10 >= failed {
        Weight::Moderate
    } else {
        // A few beside the many are of a restart, and tell nothing of why the many failed.
        return None;
    };
    let mut evidence = vec![scene.evidence(errors.claim(), errors.first, weight)];
    let first = scene.finding.first_bad;
    evidence.push(scene.evidence(
        Claim::FailingShare { failed: scene.finding.toll.failed, requests: scene.finding.toll.requests },
        (first.at, first.line),
        Weight::Weak,
    ));
    let mut against = Vec::new();
    let before = scene.errors_before_of(kinds);
    if before * 2 >= errors.count {
        against.push(scene.evidence(Claim::ErrorsBefore { count: before }, errors.first, Weight::Strong));
    }
    let late = errors.first.0.since(scene.onset.to()) / 1000;
    if late > WITH_ONSET_MS / 1000 {
        let seconds = u64::try_from(late).unwrap_or(0);
        against.push(scene.evidence(Claim::ErrorsBeganLater { seconds }, errors.first, Weight::Moderate));
    }
    let mut chain = Vec::from_iter(scene.trigger(TRIGGERS, first.at));
    chain.push(scene.link(errors.claim(), errors.first));
    chain.push(scene.symptom());
    let upstream = scene.scope.upstream.clone().or(errors.upstream);
    let component = upstream.map_or_else(|| scene.component(), |upstream| scene.named(&upstream));
    Some(Hypothesis { code, component, evidence, against, chain, depth: Depth::Symptom })
}
