//! `address/stale-upstream-ip` by the error log: the proxy fails to connect to an address which is not that of the container it
//! means any more. Whoever has the address now, or nobody, is not to blame.

use std::sync::Arc;

use lastgood_model::topology::Via;
use lastgood_model::{CauseCode, Claim, Link, ProxyErrorKind, StateClaim, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::scene::Scene;
use crate::stack_scene::key;

/// A proxy that asks a former address.
pub struct StaleUpstream;

/// What a proxy logs of an address that nobody has, or somebody who does not listen there.
const UNREACHED: &[ProxyErrorKind] =
    &[ProxyErrorKind::ConnectRefused, ProxyErrorKind::ConnectTimeout, ProxyErrorKind::NoRoute];

/// What a proxy answers by itself when it did not reach whom it asks, or got no answer.
const GATEWAY: &[u16] = &[502, 503, 504];

/// Whether the failing requests speak against a stale address that only the order of two starts suggests: the application answered
/// them itself, or the address at which the proxy fails is the present one.
pub fn is_refuted(hypothesis: &Hypothesis, scene: &Scene<'_>) -> bool {
    if hypothesis.code != CauseCode::StaleUpstreamIp {
        return false;
    }
    let by_proxy = scene.scope.statuses.iter().any(|status| GATEWAY.contains(status));
    let asked = scene.errors_of(UNREACHED).and_then(|errors| errors.upstream);
    let asked = asked.as_deref().and_then(|upstream| upstream.rsplit_once(':')).map(|(address, _)| address);
    let is_present = hypothesis.evidence.iter().any(|evidence| match &evidence.claim {
        Claim::State(StateClaim::LookedUpBefore { address, .. }) => asked == Some(&**address),
        _ => false,
    });
    !by_proxy || is_present
}

impl Rule for StaleUpstream {
    fn code(&self) -> CauseCode {
        CauseCode::StaleUpstreamIp
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let stack = scene.stack?;
        let snapshot = stack.stack.snapshot.as_ref()?;
        let errors = scene.errors_of(UNREACHED)?;
        let (address, port) = errors.upstream.as_deref()?.rsplit_once(':')?;
        let port: u16 = port.parse().ok()?;
        let has = |container: &lastgood_model::snapshot::Container| {
            container.attachments.iter().any(|attachment| &*attachment.address == address)
        };
        // The one that the proxy means: by name, on that port, running, and elsewhere now.
        let topology = &stack.topology;
        let (edge, meant) =
            topology.edges.iter().filter(|edge| edge.via == Via::Proxy && edge.port == Some(port)).find_map(
                |edge| {
                    let component = topology.components.get(edge.to?)?;
                    let container = snapshot.container(component.container.as_deref()?)?;
                    let by_name = *edge.host != *address;
                    (by_name && container.is_running() && !has(container)).then_some((edge, container))
                },
            )?;
        let proxy = topology.components.get(edge.from)?;
        let holder = snapshot.containers.iter().find(|container| has(container)).map(|holder| Arc::clone(&holder.name));
        let present = meant.attachments.iter().find(|attachment| !attachment.address.is_empty())?;
        let looked_up = Claim::State(StateClaim::LookedUpBefore {
            proxy: Arc::clone(&proxy.name),
            name: Arc::clone(&edge.host),
            container: Arc::clone(&meant.name),
            address: Arc::clone(&present.address),
        });
        let held = Claim::State(StateClaim::AddressHeldBy { address: Arc::from(address), holder });
        let started = key(&meant.name, "State.StartedAt");
        let networks = key(&meant.name, "NetworkSettings.Networks");
        let mut chain = vec![Link { at: meant.state.started, what: looked_up.clone(), reference: started.clone() }];
        chain.push(scene.link(errors.claim(), errors.first));
        chain.push(scene.symptom());
        let say = |claim, reference, weight| lastgood_model::Evidence { claim, reference, weight };
        Some(Hypothesis {
            code: self.code(),
            component: Arc::clone(&proxy.name),
            evidence: vec![
                say(looked_up, started, Weight::Decisive),
                say(held, networks, Weight::Strong),
                scene.evidence(errors.claim(), errors.first, Weight::Strong),
            ],
            against: Vec::new(),
            chain,
            depth: Depth::Origin,
        })
    }
}
