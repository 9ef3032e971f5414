//! What the rules about answers that turned share: what is refused, who passes it on, and what was changed at the turn.
//! Not a rule itself.

use std::sync::Arc;

use lastgood_model::{CauseCode, ChangeKind, Claim, Evidence, Link, StateClaim, TurnClaim, Weight};

use super::{Depth, Hypothesis};
use crate::lens::Lens;
use crate::scene::Scene;
use crate::stack_scene::key;
use crate::turned::{answered, around};

/// Changes of a proxy.
const OF_PROXY: &[ChangeKind] = &[ChangeKind::ProxyReloaded, ChangeKind::ProxyStarted];

/// From this share on, one status is that of the turn.
const MOST: u64 = 9;

/// A hypothesis of why requests are refused, with what is refused as its evidence; `None` unless nearly all bear one of
/// `statuses`.
pub fn refused(scene: &Scene<'_>, code: CauseCode, component: Arc<str>, statuses: &[u16]) -> Option<Hypothesis> {
    let toll = &scene.finding.toll;
    if scene.finding.look.lens() != Lens::Refusals {
        return None;
    }
    let of_these: u64 = statuses.iter().filter_map(|status| toll.statuses.get(status)).sum();
    if of_these * 10 < toll.failed * MOST {
        return None;
    }
    let status = scene.scope.statuses.first().copied()?;
    let first = scene.finding.first_bad;
    let claim =
        TurnClaim::Refused { status, refused: toll.failed, of: toll.requests, answered: answered(scene.finding) };
    let evidence = vec![scene.evidence(Claim::Turn(claim), (first.at, first.line), Weight::Moderate)];
    let chain = vec![scene.symptom()];
    Some(Hypothesis { code, component, evidence, against: Vec::new(), chain, depth: Depth::Origin })
}

/// What the proxy was told at the turn, as the first link of a chain: that it took over a configuration, or was started.
pub fn proxy_changed(scene: &Scene<'_>, proxy: Option<&lastgood_model::snapshot::Container>) -> Option<Link> {
    let change =
        scene.changes.iter().find(|change| OF_PROXY.contains(&change.kind) && change.span.meets(around(scene.finding)));
    if let Some(change) = change {
        let what = crate::scene::change_claim(change, scene.onset.to());
        return Some(Link { at: Some(change.span.from()), what, reference: change.reference.clone() });
    }
    let proxy = proxy?;
    let started = proxy.state.started.filter(|&at| around(scene.finding).contains(at))?;
    let claim = StateClaim::ContainerStarted { container: Arc::clone(&proxy.name) };
    Some(Link { at: Some(started), what: Claim::State(claim), reference: key(&proxy.name, "State.StartedAt") })
}

impl Hypothesis {
    /// With a link at the beginning of the chain that is evidence, too.
    pub fn set_off_by(&mut self, link: Link, weight: Weight) {
        let (claim, reference) = (link.what.clone(), link.reference.clone());
        self.evidence.push(Evidence { claim, reference, weight });
        self.chain.insert(0, link);
    }
}
