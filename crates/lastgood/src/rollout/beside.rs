//! Whether a service may be tried beside itself, so that a release of it that is no good is met by nobody. Only where that harms
//! nobody: two of it must not write to the same place, nor want the same address.

use lastgood_diagnose::condition::is_job;
use lastgood_model::desired::{Mount, Service};
use lastgood_model::release::Release;
use lastgood_model::topology::Via;
use lastgood_model::{Stack, Topology};

use super::changes::is_stopped;
use super::manner::Manner;

/// Whether it may. `parent` is what serves now, `stack` what the new release declares and what runs.
pub fn may_stand_beside(
    service: &Service,
    stack: &Stack,
    topology: &Topology,
    manner: &Manner,
    parent: Option<&Release>,
) -> bool {
    // Without an old one there is nothing that serves, and what it needs may not run yet.
    let is_there = |name: &str| parent.is_some_and(|parent| parent.service(name).is_some());
    let needed = needs(service, stack, topology);
    // What ended is started only when it is switched.
    let has_ended = |name: &str| {
        let service = stack.desired.as_ref().and_then(|desired| desired.service(name));
        service.is_some_and(|service| is_stopped(service, stack))
    };
    let all_there = is_there(&service.name) && needed.iter().all(|name| is_there(name) && !has_ended(name));
    let one_address = service.network_mode.is_some() || service.networks.iter().any(|joined| joined.address.is_some());
    if !all_there || one_address || is_job(service, stack) {
        return false;
    }
    let of = manner.of(&service.name);
    of.candidate.unwrap_or_else(|| {
        // What nobody asks works by itself: two of it would do its work twice.
        let is_asked = of.health.is_some()
            || of.port.is_some()
            || !service.ports.is_empty()
            || topology
                .find(&service.name)
                .is_some_and(|index| topology.asked_by(index).any(|edge| !matches!(edge.via, Via::DependsOn)));
        is_asked && !service.volumes_from && !service.mounts.iter().any(is_written)
    })
}

/// Services that it needs.
fn needs(service: &Service, stack: &Stack, topology: &Topology) -> Vec<String> {
    let declared = service.depends_on.iter().map(|needed| needed.service.to_string());
    let asked = topology.find(&service.name).into_iter().flat_map(|index| topology.asks(index));
    let asked = asked.filter_map(|edge| Some(topology.components.get(edge.to?)?.name.to_string()));
    let is_service = |name: &String| stack.desired.as_ref().is_some_and(|desired| desired.service(name).is_some());
    declared.chain(asked).filter(is_service).collect()
}

/// Whether it is a place that containers write to. A socket is none.
fn is_written(mount: &Mount) -> bool {
    !mount.read_only && &*mount.kind != "tmpfs" && !mount.source.ends_with(".sock")
}

#[cfg(test)]
mod tests {
    use lastgood_model::desired::{DependsOn, Joined, Port};
    use lastgood_model::release::ReleasedService;
    use lastgood_model::rollout::ReleaseId;
    use lastgood_model::snapshot::{Container, ContainerStatus, State};
    use lastgood_model::{Desired, Snapshot};

    use super::*;

    fn asked(change: impl Fn(&mut Service)) -> bool {
        needing(change, ContainerStatus::Running)
    }

    /// It may need a store, whose container is like that.
    fn needing(change: impl Fn(&mut Service), store: ContainerStatus) -> bool {
        let mut service = Service {
            name: "app".into(),
            restart: Some("always".into()),
            ports: vec![Port { container: 80, ..Port::default() }],
            ..Service::default()
        };
        change(&mut service);
        let released = |name: &str| ReleasedService { name: name.into(), image: "i".into(), image_id: "1".into() };
        let parent = Release {
            id: ReleaseId("a".into()),
            project: "p".into(),
            arguments: Vec::new(),
            services: vec![released("app"), released("store")],
            files: Vec::new(),
        };
        let restart = Some("always".into());
        let services = vec![service.clone(), Service { name: "store".into(), restart, ..Service::default() }];
        let desired = Desired { project: "p".into(), services, ..Desired::default() };
        let (project, of) = (Some("p".into()), Some("store".into()));
        let state = State { status: store, ..State::default() };
        let containers = vec![Container { project, service: of, state, ..Container::default() }];
        let snapshot = Some(Snapshot { containers, ..Snapshot::default() });
        let stack = Stack { desired: Some(desired), snapshot, ..Stack::default() };
        may_stand_beside(&service, &stack, &Topology::default(), &Manner::default(), Some(&parent))
    }

    #[test]
    fn only_where_it_harms_nobody() {
        let mount = |read_only| Mount { kind: "volume".into(), source: "data".into(), target: "/d".into(), read_only };
        assert!(asked(|_| {}));
        assert!(asked(|service| service.mounts.push(mount(true))));
        assert!(!asked(|service| service.mounts.push(mount(false))), "two would write to the same volume");
        assert!(!asked(|service| service.network_mode = Some("host".into())));
        let fixed = Joined { key: "n".into(), address: Some("10.0.0.2".into()), ..Joined::default() };
        assert!(!asked(|service| service.networks.push(fixed.clone())));
        assert!(!asked(|service| service.ports.clear()), "nobody asks it");
        assert!(!asked(|service| service.name = "new".into()), "it has no old one");
        let needs = |service: &mut Service| {
            service.depends_on.push(DependsOn { service: "store".into(), ..DependsOn::default() });
        };
        assert!(asked(needs));
        assert!(!needing(needs, ContainerStatus::Exited), "what it needs is started only when it is switched");
        assert!(needing(|_| {}, ContainerStatus::Exited));
    }
}
