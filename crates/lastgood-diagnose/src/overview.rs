//! The stack in one screen: a row for each declared service, and for what they ask that is not theirs. What `status` shows;
//! no causes.

use std::sync::Arc;

use lastgood_model::desired::Port;
use lastgood_model::snapshot::Container;
use lastgood_model::topology::ComponentKind;
use lastgood_model::{Drift, Stack, Topology, UnixMs};

use crate::Condition;
use crate::condition::is_job;

/// A service, or something that services ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The service; of what is not ours, the container.
    pub name: Arc<str>,
    /// The project that it belongs to, if that is another one.
    pub foreign: Option<Arc<str>>,
    /// In what condition it is.
    pub condition: Condition,
    /// Whether a health check says so.
    pub has_check: bool,
    /// Its containers.
    pub containers: Vec<Arc<str>>,
    /// Since when it is so, where that is known.
    pub since: Option<UnixMs>,
    /// How often the engine restarted it.
    pub restarts: u64,
    /// What it ended with, if it ended.
    pub exit_code: Option<i64>,
    /// The image, as it was asked for.
    pub image: Arc<str>,
    /// Ports of the host that lead to it.
    pub ports: Vec<Port>,
    /// In how many things what runs differs from what is declared.
    pub differences: usize,
}

/// Rows of the declared services in their order, then of what they ask, by name. Without a compose file: all containers.
#[must_use]
pub fn overview(stack: &Stack, topology: &Topology, drifts: &[Drift]) -> Vec<Row> {
    let Some(snapshot) = &stack.snapshot else { return Vec::new() };
    let Some(desired) = &stack.desired else {
        let mut rows: Vec<Row> =
            snapshot.containers.iter().map(|container| row(&container.name, &[container], false, stack)).collect();
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        return rows;
    };
    let mut rows: Vec<Row> = desired
        .services
        .iter()
        .map(|service| {
            let containers: Vec<&Container> = snapshot.of_service(&desired.project, &service.name).collect();
            let drift = drifts.iter().filter(|drift| drift.service == service.name);
            Row {
                condition: Condition::of_service(service, stack),
                differences: drift.map(|drift| drift.differences.len()).sum(),
                image: Arc::clone(&service.image),
                ..row(&service.name, &containers, is_job(service, stack), stack)
            }
        })
        .collect();
    rows.extend(asked(stack, topology));
    rows
}

/// Containers that are not the project's and that something of it asks.
fn asked(stack: &Stack, topology: &Topology) -> Vec<Row> {
    let Some(snapshot) = &stack.snapshot else { return Vec::new() };
    let mut rows: Vec<Row> = topology
        .components
        .iter()
        .enumerate()
        .filter(|(index, component)| {
            let is_ours = component.kind == ComponentKind::Service;
            !is_ours && topology.asked_by(*index).next().is_some()
        })
        .filter_map(|(_, component)| {
            let container = snapshot.container(component.container.as_deref()?)?;
            stack.is_foreign(container).then(|| Row {
                foreign: Some(container.project.clone().unwrap_or_default()),
                ..row(&component.name, &[container], false, stack)
            })
        })
        .collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows.dedup_by(|a, b| a.name == b.name);
    rows
}

fn row(name: &Arc<str>, containers: &[&Container], is_job: bool, stack: &Stack) -> Row {
    let worst = containers.iter().max_by_key(|container| Condition::of(container, is_job, stack.at));
    let condition = worst.map_or(Condition::NotCreated, |container| Condition::of(container, is_job, stack.at));
    let mut ports: Vec<Port> = containers.iter().flat_map(|container| container.bound.iter().cloned()).collect();
    // The same port on all addresses of both kinds is one to a reader.
    ports.sort_by_key(|port| (port.host, port.container));
    ports.dedup_by_key(|port| (port.host, port.container, Arc::clone(&port.protocol)));
    Row {
        name: Arc::clone(name),
        foreign: None,
        condition,
        has_check: worst.is_some_and(|container| container.health.is_some()),
        containers: containers.iter().map(|container| Arc::clone(&container.name)).collect(),
        since: worst.and_then(|container| match condition {
            Condition::Stopped | Condition::Finished | Condition::CrashLooping => container.state.finished,
            _ => container.state.started,
        }),
        restarts: containers.iter().map(|container| container.restarts).sum(),
        exit_code: worst
            .filter(|_| matches!(condition, Condition::Stopped | Condition::Finished | Condition::CrashLooping))
            .map(|container| container.state.exit_code),
        image: worst.map(|container| Arc::clone(&container.image)).unwrap_or_default(),
        ports,
        differences: 0,
    }
}

#[cfg(test)]
mod tests {
    use lastgood_model::desired::Service;
    use lastgood_model::snapshot::{ContainerStatus, State};
    use lastgood_model::topology::{Component, Edge, Via};
    use lastgood_model::{Desired, Snapshot};

    use super::*;

    fn container(name: &str, project: &str, service: &str, status: ContainerStatus) -> Container {
        Container {
            name: Arc::from(name),
            project: Some(Arc::from(project)),
            service: Some(Arc::from(service)),
            state: State { status, exit_code: 137, finished: Some(UnixMs(7)), ..State::default() },
            ..Container::default()
        }
    }

    #[test]
    fn services_come_first_then_what_they_ask() {
        let service = |name: &str| Service { name: Arc::from(name), replicas: 1, ..Service::default() };
        let stack = Stack {
            desired: Some(Desired {
                project: Arc::from("shop"),
                services: vec![service("web"), service("api"), service("new")],
                ..Desired::default()
            }),
            snapshot: Some(Snapshot {
                containers: vec![
                    container("shop-api", "shop", "api", ContainerStatus::Exited),
                    container("shop-web", "shop", "web", ContainerStatus::Running),
                    container("cache", "other", "redis", ContainerStatus::Running),
                    container("stranger", "other", "job", ContainerStatus::Exited),
                ],
                ..Snapshot::default()
            }),
            ..Stack::default()
        };
        let component = |name: &str, kind, container: &str| Component {
            name: Arc::from(name),
            container: Some(Arc::from(container)),
            foreign: None,
            kind,
        };
        let topology = Topology {
            components: vec![
                component("api", ComponentKind::Service, "shop-api"),
                component("cache", ComponentKind::Container, "cache"),
            ],
            edges: vec![Edge {
                from: 0,
                to: Some(1),
                address: Arc::from("172.18.0.1:6379"),
                host: Arc::from("172.18.0.1"),
                port: Some(6379),
                protocol: None,
                via: Via::DependsOn,
                at: None,
            }],
        };
        let rows = overview(&stack, &topology, &[]);
        let seen: Vec<_> = rows.iter().map(|row| (&*row.name, row.condition, row.foreign.as_deref())).collect();
        assert_eq!(
            seen,
            [
                ("web", Condition::Fine, None),
                ("api", Condition::Stopped, None),
                ("new", Condition::NotCreated, None),
                ("cache", Condition::Fine, Some("other")),
            ]
        );
        assert_eq!((rows[1].exit_code, rows[1].since), (Some(137), Some(UnixMs(7))));
    }
}
