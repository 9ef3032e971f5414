//! What a release changes on a target: which services, why, in which order, and which files. From the drift between the release's files
//! and what runs; nothing is changed by looking.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use lastgood_diagnose::condition::is_job;
use lastgood_diagnose::{drift, topology};
use lastgood_model::desired::{Desired, Service};
use lastgood_model::release::Release;
use lastgood_model::snapshot::ContainerStatus;
use lastgood_model::{Difference, Stack, Topology};
use lastgood_rollout::{ServiceIntent, SwitchBy};
use lastgood_world::digest;

use super::beside::may_stand_beside;
use super::manner::{Manner, Switch};
use super::reload::is_reread;
use super::trouble::Trouble;

/// Why a service changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// It would be created otherwise than it was.
    Differs(Difference),
    /// A file that it has mounted holds something else.
    File(Arc<str>),
    /// It is declared no more.
    Gone,
    /// It is as it should be, and does not run.
    Stopped,
    /// It shares the network of this one, which is made anew.
    Shares(Arc<str>),
}

/// What a release changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Services that change, in the order in which they are switched, and why.
    pub services: Vec<(Arc<str>, Vec<Reason>)>,
    /// Those of them whose new release is tried beside the old one.
    pub beside: BTreeSet<Arc<str>>,
    /// Those that are to be switched by a proxy and are not this time, and why.
    pub unrouted: BTreeMap<Arc<str>, Trouble>,
    /// Those that are not made anew, but take their files over as they are: an nginx its configuration.
    pub rereads: BTreeSet<Arc<str>>,
    /// Services that stay as they are.
    pub staying: Vec<Arc<str>>,
    /// Files that change, or go, by their paths.
    pub files: Vec<Arc<str>>,
}

impl Changes {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.files.is_empty()
    }

    /// Whether a service that changes is switched by a proxy.
    #[must_use]
    pub fn by_proxy(&self, service: &str, manner: &Manner) -> bool {
        manner.of(service).switch == Switch::Proxy
            && self.beside.contains(service)
            && !self.unrouted.contains_key(service)
    }

    /// What becomes of each service that changes.
    #[must_use]
    pub fn intents(&self, parent: Option<&Release>, manner: &Manner) -> Vec<ServiceIntent> {
        let intents = self.services.iter().map(|(name, reasons)| {
            let gone = reasons.contains(&Reason::Gone);
            ServiceIntent {
                name: Arc::clone(name),
                loads: !gone,
                beside: self.beside.contains(name),
                switch: if self.by_proxy(name, manner) { SwitchBy::Proxy } else { SwitchBy::Recreate },
                new: parent.is_some_and(|parent| parent.service(name).is_none()),
                gone,
            }
        });
        intents.collect()
    }
}

/// What a release changes in a folder. `stack` declares what its files say, as seen from `staging`, and holds what runs; `stale` are files
/// that it does not have any more.
#[must_use]
pub fn changes(
    stack: &mut Stack,
    release: &Release,
    parent: Option<&Release>,
    manner: &Manner,
    (staging, live): (&Path, &Path),
    stale: Vec<Arc<str>>,
) -> Changes {
    if let Some(desired) = &mut stack.desired {
        settle(desired, staging, live);
    }
    let files: Vec<Arc<str>> = release
        .files
        .iter()
        .filter(|file| digest(&live.join(&*file.path)).ok().as_deref() != Some(&*file.digest))
        .map(|file| Arc::clone(&file.path))
        .chain(stale)
        .collect();
    let mut reasons: BTreeMap<Arc<str>, Vec<Reason>> = BTreeMap::new();
    for drift in drift::find(stack) {
        let told = drift.differences.into_iter().filter_map(|difference| match difference {
            Difference::Orphan => Some(Reason::Gone),
            // A reload of the proxy is the proxy's affair.
            Difference::StaleUpstream { .. } => None,
            difference => Some(Reason::Differs(difference)),
        });
        let reasons = reasons.entry(drift.service).or_default();
        for reason in told {
            // Of several containers each may say the same.
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    let Some(desired) = &stack.desired else { return Changes::default() };
    for service in &desired.services {
        let mounted = |file: &&Arc<str>| mounts(service, &live.join(&***file));
        reasons
            .entry(Arc::clone(&service.name))
            .or_default()
            .extend(files.iter().filter(mounted).map(|file| Reason::File(Arc::clone(file))));
    }
    // A name may stand for another image by now, which Compose itself may not see.
    for service in &release.services {
        let running =
            stack.snapshot.as_ref().and_then(|snapshot| snapshot.of_service(&desired.project, &service.name).next());
        let Some(running) =
            running.filter(|running| !service.image_id.is_empty() && running.image_id != service.image_id)
        else {
            continue;
        };
        let reasons = reasons.entry(Arc::clone(&service.name)).or_default();
        if !reasons.iter().any(|reason| matches!(reason, Reason::Differs(Difference::Image { .. }))) {
            let (declared, running) = (Arc::clone(&service.image), Arc::clone(&running.image));
            reasons.push(Reason::Differs(Difference::Image { declared, running, rebuilt: true }));
        }
    }
    for service in desired.services.iter().filter(|service| is_stopped(service, stack)) {
        reasons.entry(Arc::clone(&service.name)).or_default().push(Reason::Stopped);
    }
    reasons.retain(|_, reasons| !reasons.is_empty());
    let takes_over = |name: &str, reasons: &[Reason]| {
        desired.service(name).is_some_and(|service| {
            reasons.iter().all(|reason| match reason {
                Reason::File(file) => is_reread(service, stack, &desired.project, &live.join(&**file)),
                _ => false,
            })
        })
    };
    while let Some((service, host)) = cut_off(desired, &reasons, takes_over) {
        reasons.insert(service, vec![Reason::Shares(host)]);
    }
    let topology = topology::build(stack);
    let order = order(desired, &topology);
    let staying = order.iter().filter(|name| !reasons.contains_key(*name)).cloned().collect();
    let mut services: Vec<(Arc<str>, Vec<Reason>)> =
        order.iter().filter_map(|name| reasons.remove_entry(name)).collect();
    services.extend(reasons);
    let tried = services.iter().filter(|(name, _)| {
        let service = desired.service(name);
        service.is_some_and(|service| may_stand_beside(service, stack, &topology, manner, parent))
    });
    let beside = tried.map(|(name, _)| Arc::clone(name)).collect();
    let rereads = services.iter().filter(|(name, reasons)| takes_over(name, reasons));
    let rereads = rereads.map(|(name, _)| Arc::clone(name)).collect();
    Changes { services, beside, unrouted: BTreeMap::new(), rereads, staying, files }
}

/// A service that would stay as it is while the one whose network it shares is made anew, and with it left without any; and that one.
/// `takes_over`: it is not made anew.
fn cut_off(
    desired: &Desired,
    reasons: &BTreeMap<Arc<str>, Vec<Reason>>,
    takes_over: impl Fn(&str, &[Reason]) -> bool,
) -> Option<(Arc<str>, Arc<str>)> {
    desired.services.iter().filter(|service| !reasons.contains_key(&service.name)).find_map(|service| {
        let host = service.network_mode.as_deref()?.strip_prefix("service:")?;
        let anew = reasons.get_key_value(host).filter(|(host, reasons)| !takes_over(host, reasons));
        anew.map(|(host, _)| (Arc::clone(&service.name), Arc::clone(host)))
    })
}

/// Whether all that is there of a service has ended, and it is no job: a host that was killed in the middle may leave it so.
pub(super) fn is_stopped(service: &Service, stack: &Stack) -> bool {
    let (Some(desired), Some(snapshot)) = (&stack.desired, &stack.snapshot) else { return false };
    let mut there = snapshot.of_service(&desired.project, &service.name).peekable();
    let ended = |status| matches!(status, ContainerStatus::Exited | ContainerStatus::Created | ContainerStatus::Dead);
    there.peek().is_some() && !is_job(service, stack) && there.all(|container| ended(container.state.status))
}

/// Whether a service has a file mounted, by itself or in a folder.
#[must_use]
pub fn mounts(service: &Service, file: &Path) -> bool {
    service.mounts.iter().any(|mount| &*mount.kind == "bind" && file.starts_with(&*mount.source))
}

/// What was read in one folder is going to stand in another one.
pub fn settle(desired: &mut Desired, from: &Path, to: &Path) {
    let moved = |path: &Arc<str>| match Path::new(&**path).strip_prefix(from) {
        Ok(rest) => Arc::from(to.join(rest).to_string_lossy()),
        Err(_) => Arc::clone(path),
    };
    for service in &mut desired.services {
        for mount in service.mounts.iter_mut().filter(|mount| &*mount.kind == "bind") {
            mount.source = moved(&mount.source);
        }
    }
}

/// Services, each behind those that it depends on: as it says itself, or as its values and a proxy's configuration show.
#[must_use]
pub fn order(desired: &Desired, topology: &Topology) -> Vec<Arc<str>> {
    let (mut ordered, mut seen) = (Vec::new(), BTreeSet::new());
    for service in &desired.services {
        visit(service, desired, topology, &mut seen, &mut ordered);
    }
    ordered
}

fn visit(
    service: &Service,
    desired: &Desired,
    topology: &Topology,
    seen: &mut BTreeSet<Arc<str>>,
    ordered: &mut Vec<Arc<str>>,
) {
    if !seen.insert(Arc::clone(&service.name)) {
        return;
    }
    let declared = service.depends_on.iter().map(|needed| Arc::clone(&needed.service));
    let asked = topology.find(&service.name).into_iter().flat_map(|index| topology.asks(index));
    let asked = asked.filter_map(|edge| Some(Arc::clone(&topology.components.get(edge.to?)?.name)));
    for needed in declared.chain(asked) {
        if let Some(needed) = desired.service(&needed) {
            visit(needed, desired, topology, seen, ordered);
        }
    }
    ordered.push(Arc::clone(&service.name));
}

#[cfg(test)]
mod tests {
    use lastgood_model::desired::DependsOn;

    use super::*;

    #[test]
    fn whose_network_goes_is_made_anew_too() {
        let service = |name: &str, mode: Option<&str>| Service {
            name: name.into(),
            network_mode: mode.map(Arc::from),
            ..Service::default()
        };
        let beside = service("beside", Some("service:vpn"));
        let services = vec![service("vpn", None), beside, service("app", Some("host")), service("web", None)];
        let desired = Desired { services, ..Desired::default() };
        let reasons = |names: &[&str]| names.iter().map(|name| (Arc::from(*name), vec![Reason::Stopped])).collect();
        let found = |names: &[&str], rereads| cut_off(&desired, &reasons(names), |_, _| rereads);
        assert_eq!(found(&["vpn"], false), Some(("beside".into(), "vpn".into())));
        assert_eq!(found(&["vpn"], true), None, "it takes its files over as it is");
        assert_eq!(found(&["vpn", "beside"], false), None);
        assert_eq!(found(&["web", "app"], false), None);
    }

    #[test]
    fn dependencies_come_first() {
        let service = |name: &str, needs: &[&str]| Service {
            name: name.into(),
            depends_on: needs
                .iter()
                .map(|needed| DependsOn { service: (*needed).into(), condition: "service_started".into() })
                .collect(),
            ..Service::default()
        };
        let services = vec![service("web", &["app"]), service("app", &["db", "web"]), service("db", &[])];
        let desired = Desired { services, ..Desired::default() };
        let names: Vec<String> = order(&desired, &Topology::default()).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["db", "app", "web"]);
    }
}
