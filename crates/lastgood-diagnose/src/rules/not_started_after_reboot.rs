//! `reboot/not-started-after-reboot`: the host came back, the application's unit did not.
//! It needs the journal; without one nothing is guessed.

use std::sync::Arc;

use lastgood_model::{CauseCode, ChangeKind, Claim, ProxyErrorKind, Span, UnitFileState, UnixMs, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::host::{Boot, Mark, Unit, UnitEvent, is_proxy};
use crate::scene::Scene;

/// A reboot that a unit did not survive.
pub struct NotStartedAfterReboot;

/// The first request after a boot may take a while to come, and the last line of the old boot may stand a little
/// before the last answer.
const SLACK_MS: i64 = 10_000;
/// Between a unit's start and the recovery at most.
const RETURN_MS: i64 = 120_000;
/// Who asked for the reboot.
const TRIGGERS: &[ChangeKind] = &[
    ChangeKind::MachineImage,
    ChangeKind::InstanceReboot,
    ChangeKind::InstanceStop,
    ChangeKind::InstanceStart,
    ChangeKind::Reported,
];

impl Rule for NotStartedAfterReboot {
    fn code(&self) -> CauseCode {
        CauseCode::NotStartedAfterReboot
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        // A boot that good answers came after was survived.
        let (old, new) = scene.host.reboots().find(|(old, new)| {
            let down = old.ended.map_or(new.begun.0, |(at, _)| at);
            scene.onset.from() <= new.begun.0.plus(SLACK_MS)
                && down <= scene.onset.to()
                && new.begun.0 <= scene.onset.to().plus(SLACK_MS)
        })?;
        let (name, left) = scene
            .host
            .units
            .iter()
            .filter_map(|(name, unit)| Some((name, left_behind(scene, unit, old, new)?)))
            .max_by(|a, b| a.1.weight().total_cmp(&b.1.weight()))?;
        Some(hypothesis(scene, name, &left, old, new))
    }
}

/// A unit that ran before the boot and not after it.
struct LeftBehind {
    ran: Mark,
    stopped: Option<Mark>,
    file: Option<(UnitFileState, Mark)>,
    returned: Option<Mark>,
}

impl LeftBehind {
    fn weight(&self) -> f64 {
        let listed = self.file.is_some();
        f64::from(u8::from(listed)) * 2.0
            + f64::from(u8::from(self.returned.is_some())) * 1.5
            + f64::from(u8::from(self.stopped.is_some())) * 0.1
    }
}

fn left_behind(scene: &Scene<'_>, unit: &Unit, old: &Boot, new: &Boot) -> Option<LeftBehind> {
    let down = old.ended.map_or(new.begun.0, |(at, _)| at);
    let old_boot = Span::new(old.begun.0, down);
    let stopped = unit.last_within(old_boot, |event| matches!(event, UnitEvent::Stopped | UnitEvent::Failed(_)));
    let ran = unit
        .last_within(old_boot, |event| matches!(event, UnitEvent::Spoke | UnitEvent::Started))
        // What the shutdown stopped was running, even where no line that it wrote is left.
        .or_else(|| stopped.filter(|(_, event)| *event == UnitEvent::Stopped))?
        .0;
    // Stopped long before the shutdown, it was not running any more.
    if let Some((mark, _)) = stopped
        && mark.0 > ran.0
        && down.since(mark.0) > 300_000
    {
        return None;
    }
    let alive = |event: &UnitEvent| matches!(event, UnitEvent::Spoke | UnitEvent::Started);
    let back = unit.first_within(Span::new(new.begun.0, UnixMs::MAX), alive).map(|(mark, _)| *mark);
    let returned = match (back, scene.finding.recovered) {
        (None, _) => None,
        (Some(mark), Some(hit)) if (0..=RETURN_MS).contains(&hit.at.since(mark.0)) => Some(mark),
        // It was back while requests still failed, so it is not the one.
        (Some(mark), _) if mark.0 <= scene.bad.to() => return None,
        (Some(_), _) => None,
    };
    let file = match unit.file {
        // It is meant to come up by itself; if it did not, it failed, and that is another rule's business.
        Some((UnitFileState::Enabled, _)) => return None,
        Some((state @ (UnitFileState::Disabled | UnitFileState::Masked), line)) => Some((state, (new.begun.0, line))),
        Some((UnitFileState::Other, _)) | None => None,
    };
    // Timers and one-shot units also ran before and not since; something must single the unit out.
    (file.is_some() || returned.is_some()).then_some(LeftBehind {
        ran,
        stopped: stopped.map(|(mark, _)| *mark),
        file,
        returned,
    })
}

fn hypothesis(scene: &Scene<'_>, name: &Arc<str>, left: &LeftBehind, old: &Boot, new: &Boot) -> Hypothesis {
    let unit = || Arc::clone(name);
    let not_started = Claim::UnitNotStarted { unit: unit() };
    let mut evidence = Vec::new();
    if let Some((state, mark)) = left.file {
        evidence.push(scene.evidence(Claim::UnitFile { unit: unit(), state }, mark, Weight::Decisive));
    }
    evidence.push(scene.evidence(Claim::HostRebooted { clean: old.clean }, new.begun, Weight::Strong));
    evidence.push(scene.evidence(not_started.clone(), new.begun, Weight::Moderate));
    evidence.push(scene.evidence(Claim::UnitRanBefore { unit: unit() }, left.ran, Weight::Weak));
    if let Some(mark) = left.stopped {
        evidence.push(scene.evidence(Claim::UnitStopped { unit: unit() }, mark, Weight::Weak));
    }
    let after_boot = Span::new(new.begun.0, scene.onset.to().plus(SLACK_MS));
    let came_back = scene.host.units.iter().find_map(|(other, unit)| {
        let (mark, _) = unit.first_within(after_boot, |event| matches!(event, UnitEvent::Started))?;
        is_proxy(other).then_some((other, *mark))
    });
    if let Some((other, mark)) = came_back {
        evidence.push(scene.evidence(Claim::UnitCameBack { unit: Arc::clone(other) }, mark, Weight::Weak));
    }
    let refused =
        scene.errors_of(&[ProxyErrorKind::ConnectRefused, ProxyErrorKind::SocketMissing, ProxyErrorKind::NoRoute]);
    if let Some(errors) = &refused {
        evidence.push(scene.evidence(errors.claim(), errors.first, Weight::Strong));
    }
    if let Some(mark) = left.returned {
        let seconds = u64::try_from(scene.bad.to().since(mark.0) / 1000).unwrap_or(0);
        evidence.push(scene.evidence(Claim::UnitStartedAtRecovery { unit: unit(), seconds }, mark, Weight::Strong));
    }

    let down = old.ended.unwrap_or(new.begun);
    let mut chain = Vec::from_iter(scene.trigger(TRIGGERS, down.0.max(new.begun.0)));
    chain.push(scene.link(Claim::HostRebooted { clean: old.clean }, new.begun));
    match left.file {
        Some((state, mark)) => {
            let mut link = scene.link(Claim::UnitFile { unit: unit(), state }, mark);
            link.at = None;
            chain.push(link);
        }
        None => chain.push(scene.link(not_started, new.begun)),
    }
    if let Some(errors) = &refused {
        chain.push(scene.link(errors.claim(), errors.first));
    }
    chain.push(scene.symptom());
    let code = CauseCode::NotStartedAfterReboot;
    Hypothesis { code, component: unit(), evidence, against: Vec::new(), chain, depth: Depth::Origin }
}
