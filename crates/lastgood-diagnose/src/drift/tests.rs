//! One change at a time between what is declared and what runs.

use lastgood_model::UnixMs;
use lastgood_model::desired::{DeclaredResource, Joined};
use lastgood_model::snapshot::{Attachment, Network};
use lastgood_model::stack::{EnvEntry, EnvFile};

use super::*;

fn text(text: &str) -> Arc<str> {
    Arc::from(text)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(Arc<str>, Secret)> {
    pairs.iter().map(|(key, value)| (text(key), Secret::from(*value))).collect()
}

/// A service and its container as it was made from it.
fn stack() -> Stack {
    let port = Port { host_ip: text("127.0.0.1"), host: Some(8000), container: 8000, protocol: text("tcp") };
    let service = Service {
        name: text("backend"),
        image: text("backend:1"),
        environment: pairs(&[("URL", "http://kc:8080"), ("LOG", "info")])
            .into_iter()
            .map(|(key, value)| (key, Some(value)))
            .collect(),
        ports: vec![port.clone()],
        networks: vec![Joined { key: text("default"), ..Joined::default() }],
        mounts: vec![Mount { kind: text("bind"), source: text("/srv/a"), target: text("/a"), read_only: false }],
        restart: Some(text("unless-stopped")),
        replicas: 1,
        ..Service::default()
    };
    let container = Container {
        name: text("shop-backend-1"),
        project: Some(text("shop")),
        service: Some(text("backend")),
        image: text("backend:1"),
        image_id: text("sha256:1"),
        environment: pairs(&[("URL", "http://kc:8080"), ("LOG", "info"), ("PATH", "/bin")]),
        ports: vec![port],
        attachments: vec![Attachment {
            network: text("shop_default"),
            network_id: text("n1"),
            ..Attachment::default()
        }],
        mounts: service.mounts.clone(),
        restart_policy: text("unless-stopped"),
        ..Container::default()
    };
    Stack {
        desired: Some(Desired {
            project: text("shop"),
            services: vec![service],
            networks: vec![DeclaredResource { key: text("default"), name: text("shop_default"), ..Default::default() }],
            ..Desired::default()
        }),
        snapshot: Some(Snapshot {
            containers: vec![container],
            images: vec![Image {
                id: text("sha256:1"),
                tags: vec![text("backend:1")],
                environment: pairs(&[("PATH", "/bin")]),
                ..Image::default()
            }],
            networks: vec![Network { id: text("n1"), name: text("shop_default"), ..Network::default() }],
            ..Snapshot::default()
        }),
        env_files: vec![EnvFile {
            path: text(".env"),
            role: EnvRole::Container(vec![text("backend")]),
            entries: vec![EnvEntry {
                key: text("URL"),
                value: Some(Secret::from("http://kc:8080")),
                line: 4,
                lost_dollar: false,
                carriage_return: false,
            }],
            fault: None,
            modified: Some(UnixMs(1_000)),
            changed: Some(UnixMs(9_000)),
            world_readable: false,
        }],
        ..Stack::default()
    }
}

fn service(stack: &mut Stack) -> &mut Service {
    &mut stack.desired.as_mut().unwrap().services[0]
}

fn container(stack: &mut Stack) -> &mut Container {
    &mut stack.snapshot.as_mut().unwrap().containers[0]
}

/// The differences after a change.
fn after(change: impl FnOnce(&mut Stack)) -> Vec<Difference> {
    let mut stack = stack();
    change(&mut stack);
    find(&stack).into_iter().flat_map(|drift| drift.differences).collect()
}

#[test]
fn what_was_just_made_does_not_differ() {
    assert_eq!(after(|_| {}), []);
}

#[test]
fn a_value_of_an_env_file_with_its_line_and_times() {
    let found = after(|stack| service(stack).environment[0].1 = Some(Secret::from("http://new:8080")));
    let [Difference::Variable(variable)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(variable.running, Some(Secret::from("http://kc:8080")));
    assert_eq!(variable.at, Some(Ref::Text { file: text(".env"), line: 4 }));
    assert_eq!(variable.edited, Some(Span::new(UnixMs(1_000), UnixMs(9_000))));
}

#[test]
fn keys_that_one_side_has_not() {
    let added = after(|stack| service(stack).environment.push((text("NEW"), Some(Secret::from("")))));
    assert!(matches!(added.as_slice(), [Difference::Variable(v)] if v.running.is_none()), "{added:?}");
    let removed = after(|stack| drop(service(stack).environment.pop()));
    assert!(matches!(removed.as_slice(), [Difference::Variable(v)] if v.declared.is_none()), "{removed:?}");
    let bare = after(|stack| service(stack).environment.push((text("BARE"), None)));
    assert_eq!(bare, []);
}

#[test]
fn another_image_by_name_or_by_id() {
    let named = after(|stack| service(stack).image = text("backend:2"));
    assert!(matches!(named.as_slice(), [Difference::Image { rebuilt: false, .. }]), "{named:?}");
    let rebuilt = after(|stack| {
        let snapshot = stack.snapshot.as_mut().unwrap();
        snapshot.images[0].tags.clear();
        snapshot.images.push(Image { id: text("sha256:2"), tags: vec![text("backend:1")], ..Image::default() });
    });
    assert!(matches!(rebuilt.as_slice(), [Difference::Image { rebuilt: true, .. }]), "{rebuilt:?}");
    let same = after(|stack| {
        service(stack).image = text("redis");
        container(stack).image = text("docker.io/library/redis:latest");
    });
    assert_eq!(same, []);
}

#[test]
fn networks_missing_extra_and_made_anew() {
    let missing = after(|stack| container(stack).attachments.clear());
    assert_eq!(missing, [Difference::NetworkMissing(text("shop_default"))]);
    let extra = after(|stack| {
        container(stack).attachments.push(Attachment { network: text("x"), ..Attachment::default() });
    });
    assert_eq!(extra, [Difference::NetworkExtra(text("x"))]);
    let anew = after(|stack| stack.snapshot.as_mut().unwrap().networks[0].id = text("n2"));
    assert_eq!(anew, [Difference::NetworkReplaced(text("shop_default"))]);
}

#[test]
fn mounts_ports_policy_and_settings() {
    let moved = after(|stack| service(stack).mounts[0].source = text("/srv/b"));
    assert!(matches!(moved.as_slice(), [Difference::Mount { .. }]), "{moved:?}");
    let slash = after(|stack| service(stack).mounts[0].source = text("/srv/a/"));
    assert_eq!(slash, []);
    let port = after(|stack| service(stack).ports[0].host = Some(9000));
    assert!(matches!(port.as_slice(), [Difference::Ports { .. }]), "{port:?}");
    let policy = after(|stack| service(stack).restart = None);
    assert!(matches!(policy.as_slice(), [Difference::Restart { .. }]), "{policy:?}");
    let command = after(|stack| service(stack).command = Some(vec![Secret::from("serve")]));
    assert_eq!(command, [Difference::Setting("command")]);
    let limit = after(|stack| service(stack).memory_limit = Some(1));
    assert_eq!(limit, [Difference::Setting("mem_limit")]);
}

#[test]
fn services_without_container_and_containers_without_service() {
    assert_eq!(after(|stack| stack.snapshot.as_mut().unwrap().containers.clear()), [Difference::NotCreated]);
    let orphan = after(|stack| container(stack).service = Some(text("old")));
    assert_eq!(orphan, [Difference::NotCreated, Difference::Orphan]);
    let foreign = after(|stack| {
        let mut other = container(stack).clone();
        other.project = Some(text("other"));
        stack.snapshot.as_mut().unwrap().containers.push(other);
    });
    assert_eq!(foreign, []);
}
