//! Networks and volumes that somebody else is to have made.

use std::sync::Arc;

use lastgood_model::check::{Finding, Flaw, Severity};

use super::{Look, finding};
use crate::nearest::nearest;

/// External networks that are not there.
pub(super) fn networks_missing(look: &Look<'_>, found: &mut Vec<Finding>) {
    let Some((desired, snapshot)) = look.both() else { return };
    for network in desired.networks.iter().filter(|network| network.external) {
        if snapshot.network(&network.name).is_some() {
            continue;
        }
        let others = snapshot.networks.iter().map(|network| &*network.name);
        let nearest = nearest(&network.name, others.filter(|name| !matches!(*name, "bridge" | "host" | "none")));
        let on_nearest = snapshot
            .containers
            .iter()
            .filter(|container| container.attachments.iter().any(|on| Some(&*on.network) == nearest))
            .map(|container| container.name.clone())
            .collect();
        let flaw = Flaw::NetworkMissing { network: network.name.clone(), nearest: nearest.map(Arc::from), on_nearest };
        found.push(finding(Severity::WillBreak, network.name.clone(), flaw, network.at.clone()));
    }
}

/// External volumes that are not there.
pub(super) fn volumes_missing(look: &Look<'_>, found: &mut Vec<Finding>) {
    let Some((desired, snapshot)) = look.both() else { return };
    for volume in desired.volumes.iter().filter(|volume| volume.external) {
        if snapshot.volumes.iter().any(|there| there.name == volume.name) {
            continue;
        }
        let nearest = nearest(&volume.name, snapshot.volumes.iter().map(|volume| &*volume.name)).map(Arc::from);
        let flaw = Flaw::VolumeMissing { volume: volume.name.clone(), nearest };
        found.push(finding(Severity::WillBreak, volume.name.clone(), flaw, volume.at.clone()));
    }
}
