//! `address/stale-upstream-ip`: nginx looked a name up when it read its configuration, and the container that bears the name has
//! got another address since. By itself only a possible reason: the address may be the old one still.

use std::sync::Arc;

use lastgood_model::snapshot::Container;
use lastgood_model::{Ailment, CauseCode, Difference, StateClaim, UnixMs, Weight};

use super::{Fault, edge};
use crate::rules::Depth;
use crate::stack_scene::{StackScene, key};

/// Proposes one fault for each proxy that may ask an address which is another one's by now.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    let mut found: Vec<Fault> = Vec::new();
    for drift in &scene.drift {
        for difference in &drift.differences {
            let Difference::StaleUpstream { proxy, name, read_at, started } = difference else { continue };
            let Some(fault) = of(scene, drift.container.as_deref(), proxy, name, *read_at, *started) else { continue };
            if !found.iter().any(|known| known.bearer == fault.bearer) {
                found.push(fault);
            }
        }
    }
    found
}

fn of(
    scene: &StackScene<'_>,
    container: Option<&str>,
    proxy: &Arc<str>,
    name: &Arc<str>,
    read_at: UnixMs,
    started: UnixMs,
) -> Option<Fault> {
    let snapshot = scene.stack.snapshot.as_ref()?;
    let container: &Container = snapshot.container(container?)?;
    let of_proxy = snapshot.container(proxy);
    let component = of_proxy.map_or_else(|| Arc::clone(proxy), |of_proxy| scene.component(of_proxy));
    let shared = |attachment: &&lastgood_model::snapshot::Attachment| {
        of_proxy.is_none_or(|proxy| proxy.attachments.iter().any(|other| other.network == attachment.network))
    };
    let address = container.attachments.iter().find(shared).map(|attachment| Arc::clone(&attachment.address))?;
    let reference = key(&container.name, "State.StartedAt");
    let claim = StateClaim::LookedUpBefore {
        proxy: Arc::clone(&component),
        name: Arc::clone(name),
        container: Arc::clone(&container.name),
        address,
    };
    let mut fault = Fault::new(
        CauseCode::StaleUpstreamIp,
        &component,
        Ailment::Misled,
        Depth::Origin,
        edge(started, reference.clone()),
    )
    .led(Some(started), claim, reference, Weight::Strong);
    fault.last_good = Some(edge(read_at, key(proxy, "State.StartedAt")));
    fault.grave = false;
    Some(fault)
}
