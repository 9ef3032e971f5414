//! Why nothing came: `process/process-down` of the proxy, `reboot/host-down`, a proxy that a reboot left behind, or one
//! that refused its configuration. The rules of the table look at requests that failed; these look at a silence, of
//! which there is nothing to see but what was stopped. One that nothing explains is no incident.

use std::sync::Arc;

use lastgood_model::{CauseCode, Change, ChangeKind, Claim, Edge, Evidence, Link, Weight};

use super::{Depth, Hypothesis};
use crate::scene::change_claim;
use crate::stack_scene::StackScene;
use crate::stop::{Stop, Stopped};

/// The codes that are proposed here.
#[cfg(test)]
pub const CODES: &[CauseCode] = &[CauseCode::HostDown, CauseCode::ConfigSyntax, CauseCode::PortConflict];

/// A silence with its two edges.
pub struct Quiet<'a> {
    /// What was stopped.
    pub stops: &'a [Stop],
    /// How many requests were missed.
    pub expected: u64,
    /// How long, in seconds.
    pub seconds: u64,
    /// The last request before it.
    pub last: &'a Edge,
    /// The first one after it.
    pub first: Option<&'a Edge>,
    /// Changes just before, nearest first.
    pub changes: &'a [Change],
    /// Whose lines tell of it.
    pub stack: Option<&'a StackScene<'a>>,
}

/// Changes that take a host or a proxy down.
const TRIGGERS: &[ChangeKind] = &[
    ChangeKind::MachineImage,
    ChangeKind::InstanceReboot,
    ChangeKind::InstanceStop,
    ChangeKind::InstanceStart,
    ChangeKind::Reported,
];
/// From what set it off to the stop at most.
const TRIGGER_MS: i64 = 600_000;

/// What may have been the cause, one hypothesis a kind of stop.
#[must_use]
pub fn explain(quiet: &Quiet<'_>) -> Vec<Hypothesis> {
    let has_host = quiet.stops.iter().any(|stop| matches!(stop.what, Stopped::Host { .. }));
    let mut found: Vec<Hypothesis> = Vec::new();
    for stop in quiet.stops {
        let hypothesis = match &stop.what {
            Stopped::Proxy { unit, failed, reboot } => {
                quiet.proxy(stop, unit.as_ref(), failed.as_ref(), reboot.as_ref())
            }
            Stopped::Refused { message } => quiet.refused(stop, message),
            Stopped::Host { clean, begun } => {
                quiet.host_down(stop, Claim::HostRebooted { clean: *clean }, begun, Weight::Decisive)
            }
            // The journal knows better when it went down.
            Stopped::Instance { .. } if has_host => continue,
            Stopped::Instance { kind, subject } => {
                let seconds = u64::try_from(quiet.last.at.since(stop.down.at) / 1000).unwrap_or(0);
                let subject = Arc::clone(subject);
                let claim = Claim::ChangeBefore { kind: *kind, subject, seconds, reported: false };
                quiet.host_down(stop, claim, &stop.down, Weight::Strong)
            }
        };
        // The journal and the proxy's own log tell of one stop; the unit's name says more.
        match found.iter_mut().find(|known| known.code == hypothesis.code) {
            Some(known) if known.component.ends_with(".service") || hypothesis.component == known.component => {
                known.evidence.extend(hypothesis.evidence.into_iter().take(1));
            }
            Some(known) => *known = hypothesis,
            None => found.push(hypothesis),
        }
    }
    found
}

impl Quiet<'_> {
    fn proxy(
        &self,
        stop: &Stop,
        unit: Option<&Arc<str>>,
        failed: Option<&Arc<str>>,
        reboot: Option<&Edge>,
    ) -> Hypothesis {
        let claim = match (unit, failed) {
            (Some(unit), Some(result)) => Claim::UnitFailed { unit: Arc::clone(unit), result: Arc::clone(result) },
            (Some(unit), None) => Claim::UnitStopped { unit: Arc::clone(unit) },
            (None, _) => Claim::ProxyStopped,
        };
        let component = unit.map_or_else(|| Arc::from("nginx"), Arc::clone);
        let mut hypothesis = match (unit, reboot) {
            (Some(unit), Some(begun)) => {
                let mut left = self.hypothesis(CauseCode::NotStartedAfterReboot, component, Depth::Origin);
                let rebooted = Claim::HostRebooted { clean: true };
                let not_started = Claim::UnitNotStarted { unit: Arc::clone(unit) };
                left.say(not_started.clone(), begun, Weight::Decisive);
                left.say(rebooted.clone(), begun, Weight::Strong);
                left.say(claim, &stop.down, Weight::Weak);
                left.link(rebooted, begun);
                left.link(not_started, begun);
                left
            }
            _ => {
                let mut down = self.hypothesis(CauseCode::ProcessDown, component, Depth::Process);
                down.say(claim.clone(), &stop.down, Weight::Decisive);
                down.link(claim, &stop.down);
                down
            }
        };
        if let (Some(up), Some(first)) = (&stop.up, self.first) {
            let seconds = u64::try_from(first.at.since(up.at) / 1000).unwrap_or(0);
            let started = match unit {
                Some(unit) => Claim::UnitStartedAtRecovery { unit: Arc::clone(unit), seconds },
                None => Claim::ProxyStarted,
            };
            hypothesis.say(started, up, Weight::Strong);
        }
        self.told(hypothesis, stop)
    }

    fn refused(&self, stop: &Stop, message: &Arc<str>) -> Hypothesis {
        let code = match () {
            () if message.contains("host not found in") => CauseCode::DnsFailure,
            () if message.contains("Address already in use") => CauseCode::PortConflict,
            () => CauseCode::ConfigSyntax,
        };
        let mut hypothesis = self.hypothesis(code, self.teller(stop), Depth::Origin);
        let claim = Claim::ProxyConfigRefused { message: Arc::clone(message) };
        hypothesis.say(claim.clone(), &stop.down, Weight::Decisive);
        hypothesis.link(claim, &stop.down);
        if let Some(up) = &stop.up {
            hypothesis.say(Claim::ProxyStarted, up, Weight::Strong);
        }
        self.told(hypothesis, stop)
    }

    /// Whose line it is that tells of it: that of a container, or of the host's own.
    fn teller(&self, stop: &Stop) -> Arc<str> {
        let writer = self.stack.and_then(|stack| stack.writer_of(&stop.down.reference));
        writer.unwrap_or_else(|| Arc::from("nginx"))
    }

    /// `seen` is the line that tells of it.
    fn host_down(&self, stop: &Stop, claim: Claim, seen: &Edge, weight: Weight) -> Hypothesis {
        let mut hypothesis = self.hypothesis(CauseCode::HostDown, Arc::from("host"), Depth::Origin);
        hypothesis.say(claim.clone(), seen, weight);
        hypothesis.chain.push(Link { at: Some(stop.down.at), what: claim, reference: seen.reference.clone() });
        self.told(hypothesis, stop)
    }

    fn hypothesis(&self, code: CauseCode, component: Arc<str>, depth: Depth) -> Hypothesis {
        Hypothesis { code, component, evidence: Vec::new(), against: Vec::new(), chain: Vec::new(), depth }
    }

    /// Adds what stands at both ends of every chain here: what set it off, and the silence.
    fn told(&self, mut hypothesis: Hypothesis, stop: &Stop) -> Hypothesis {
        let silence = Claim::Silence { expected: self.expected, seconds: self.seconds };
        hypothesis.say(silence.clone(), self.last, Weight::Moderate);
        hypothesis.chain.push(Link {
            at: Some(stop.down.at.max(self.last.at)),
            what: silence,
            reference: self.last.reference.clone(),
        });
        let trigger = self.changes.iter().find(|change| {
            TRIGGERS.contains(&change.kind)
                && change.reference != stop.down.reference
                && change.span.from() <= stop.down.at.plus(999)
                && stop.down.at.since(change.span.to()) <= TRIGGER_MS
        });
        if let Some(change) = trigger {
            let what = change_claim(change, self.last.at);
            hypothesis
                .chain
                .insert(0, Link { at: Some(change.span.from()), what, reference: change.reference.clone() });
        }
        hypothesis
    }
}

impl Hypothesis {
    fn say(&mut self, claim: Claim, edge: &Edge, weight: Weight) {
        self.evidence.push(Evidence { claim, reference: edge.reference.clone(), weight });
    }

    fn link(&mut self, what: Claim, edge: &Edge) {
        self.chain.push(Link { at: Some(edge.at), what, reference: edge.reference.clone() });
    }
}
