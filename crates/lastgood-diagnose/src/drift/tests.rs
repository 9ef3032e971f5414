//! One change each to a service that runs as declared, and changes that are none.

use lastgood_model::desired::{DeclaredResource, Healthcheck, Joined, Settings};
use lastgood_model::snapshot::{Attachment, ContainerStatus, Network, State};
use lastgood_model::stack::{EnvEntry, EnvFile, EnvRole, Pass, ProxyConf};
use lastgood_model::{Ref, Secret, UnixMs};

use super::*;

fn text(text: &str) -> Arc<str> {
    Arc::from(text)
}

fn secrets(words: &[&str]) -> Vec<Secret> {
    words.iter().map(|word| Secret::from(*word)).collect()
}

/// A project of one service, with everything as declared.
fn stack() -> Stack {
    let port = Port { host_ip: text("127.0.0.1"), host: Some(8000), container: 8000, protocol: text("tcp") };
    let mount = Mount { kind: text("volume"), source: text("data"), target: text("/data"), read_only: false };
    let check = Healthcheck { test: secrets(&["CMD", "x"]), interval_ms: 2_000, ..Healthcheck::default() };
    let service = Service {
        name: text("api"),
        image: text("api:1"),
        environment: vec![(text("URL"), Some(Secret::from("http://a:1"))), (text("SHELL_ONLY"), None)],
        networks: vec![Joined { key: text("default"), ..Joined::default() }],
        ports: vec![port.clone()],
        mounts: vec![mount.clone()],
        restart: Some(text("unless-stopped")),
        healthcheck: Some(check.clone()),
        replicas: 1,
        ..Service::default()
    };
    let container = Container {
        name: text("shop-api-1"),
        project: Some(text("shop")),
        service: Some(text("api")),
        image: text("api:1"),
        image_id: text("sha256:1"),
        created: UnixMs(1_000_000),
        state: State { status: ContainerStatus::Running, started: Some(UnixMs(1_001_000)), ..State::default() },
        restart_policy: text("unless-stopped"),
        environment: vec![(text("PATH"), Secret::from("/bin")), (text("URL"), Secret::from("http://a:1"))],
        command: secrets(&["serve"]),
        attachments: vec![Attachment {
            network: text("shop_default"),
            network_id: text("n1"),
            aliases: vec![text("api")],
            ..Attachment::default()
        }],
        network_mode: text("shop_default"),
        ports: vec![port],
        mounts: vec![Mount { source: text("shop_data"), ..mount }],
        healthcheck: Some(Healthcheck { interval_ms: 2_000, timeout_ms: 30_000, retries: 3, ..check }),
        ..Container::default()
    };
    let image = Image {
        id: text("sha256:1"),
        tags: vec![text("api:1")],
        environment: vec![(text("PATH"), Secret::from("/bin"))],
        command: secrets(&["serve"]),
        ..Image::default()
    };
    let resource =
        |key: &str, name: &str| DeclaredResource { key: text(key), name: text(name), ..DeclaredResource::default() };
    Stack {
        desired: Some(Desired {
            project: text("shop"),
            services: vec![service],
            networks: vec![resource("default", "shop_default"), resource("other", "shop_other")],
            volumes: vec![resource("data", "shop_data")],
            ..Desired::default()
        }),
        snapshot: Some(Snapshot {
            containers: vec![container],
            images: vec![image],
            networks: vec![Network { id: text("n1"), name: text("shop_default"), ..Network::default() }],
            ..Snapshot::default()
        }),
        env_files: vec![EnvFile {
            path: text(".env"),
            role: EnvRole::Container(vec![text("api")]),
            entries: vec![EnvEntry {
                key: text("URL"),
                value: Some(Secret::from("http://a:1")),
                line: 3,
                lost_dollar: false,
                carriage_return: false,
                splits: false,
                cut: false,
            }],
            fault: None,
            modified: Some(UnixMs(900_000)),
            changed: Some(UnixMs(1_041_000)),
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

/// What is found after a change.
fn after(change: impl FnOnce(&mut Stack)) -> Vec<Difference> {
    let mut stack = stack();
    change(&mut stack);
    find(&stack).into_iter().flat_map(|drift| drift.differences).collect()
}

fn setting(change: impl FnOnce(&mut Stack)) -> &'static str {
    match after(change).as_slice() {
        [Difference::Setting(name)] => name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_runs_as_declared_does_not_differ() {
    assert_eq!(after(|_| {}), []);
    assert_eq!(
        after(|stack| stack.env_files[0].modified = Some(UnixMs(2_000_000))),
        [],
        "a file that was only touched"
    );
    assert_eq!(after(|stack| stack.snapshot.as_mut().unwrap().images.clear()), [], "an image that was removed");
    assert_eq!(after(|stack| service(stack).image = text("docker.io/library/api:1")).len(), 0);
    let own_volume =
        Mount { kind: text("volume"), source: "a".repeat(64).into(), target: text("/var"), read_only: false };
    assert_eq!(after(|stack| container(stack).mounts.push(own_volume)), []);
    assert_eq!(after(|stack| container(stack).environment.push((text("SHELL_ONLY"), Secret::from("x")))), []);
}

#[test]
fn a_variable_differs_with_both_values_its_place_and_its_times() {
    let found = after(|stack| {
        service(stack).environment[0].1 = Some(Secret::from("http://b:1"));
        stack.env_files[0].entries[0].value = Some(Secret::from("http://b:1"));
    });
    let [Difference::Variable(variable)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(variable.declared, Some(Secret::from("http://b:1")));
    assert_eq!(variable.running, Some(Secret::from("http://a:1")));
    assert_eq!(variable.at, Some(Ref::Text { file: text(".env"), line: 3 }));
    // A copy kept the time of the edit; the time of its arrival tells the rest.
    let edited = variable.edited.unwrap();
    assert_eq!((edited.from(), edited.to()), (UnixMs(900_000), UnixMs(1_041_000)));
}

#[test]
fn variables_come_and_go() {
    let added = after(|stack| service(stack).environment.push((text("NEW"), Some(Secret::from("")))));
    assert!(matches!(&added[..], [Difference::Variable(v)] if v.running.is_none() && v.declared.is_some()));
    let removed = after(|stack| service(stack).environment.clear());
    assert!(matches!(&removed[..], [Difference::Variable(v)] if v.declared.is_none() && &*v.key == "URL"));
    let of_image = after(|stack| service(stack).environment.push((text("PATH"), Some(Secret::from("/x")))));
    assert!(matches!(&of_image[..], [Difference::Variable(v)] if &*v.key == "PATH"));
    let default_again = after(|stack| container(stack).environment[0].1 = Secret::from("/x"));
    assert!(matches!(&default_again[..], [Difference::Variable(v)] if v.declared == Some(Secret::from("/bin"))));
}

#[test]
fn an_image_is_rebuilt_or_renamed() {
    let rebuilt = after(|stack| {
        let images = &mut stack.snapshot.as_mut().unwrap().images;
        let new = Image { id: text("sha256:2"), ..images[0].clone() };
        images[0].tags.clear();
        images.push(new);
    });
    assert!(matches!(&rebuilt[..], [Difference::Image { rebuilt: true, .. }]), "{rebuilt:?}");
    let renamed = after(|stack| service(stack).image = text("api:2"));
    assert!(matches!(&renamed[..], [Difference::Image { rebuilt: false, declared, .. }] if &**declared == "api:2"));
}

#[test]
fn networks_mounts_and_ports() {
    let joined = |key: &str| Joined { key: text(key), ..Joined::default() };
    assert_eq!(
        after(|stack| service(stack).networks.push(joined("other"))),
        [Difference::NetworkMissing(text("shop_other"))]
    );
    assert_eq!(
        after(|stack| container(stack).attachments[0].network = text("shop_other")),
        [Difference::NetworkMissing(text("shop_default")), Difference::NetworkExtra(text("shop_other"))]
    );
    assert_eq!(
        after(|stack| stack.snapshot.as_mut().unwrap().networks[0].id = text("n2")),
        [Difference::NetworkReplaced(text("shop_default"))]
    );
    let moved = after(|stack| service(stack).mounts[0].source = text("elsewhere"));
    assert!(matches!(&moved[..], [Difference::Mount { declared: Some(_), running: Some(_), .. }]));
    let gone = after(|stack| service(stack).mounts.clear());
    assert!(matches!(&gone[..], [Difference::Mount { declared: None, .. }]));
    assert_eq!(after(|stack| service(stack).mounts[0].read_only = true).len(), 1);
    let replaced = after(|stack| container(stack).replaced_mounts.push(text("/etc/x")));
    assert_eq!(replaced, [Difference::MountReplaced { target: text("/etc/x") }]);
    let ports = after(|stack| service(stack).ports[0].host = Some(8001));
    assert!(matches!(&ports[..], [Difference::Ports { declared, .. }] if &*declared[0] == "127.0.0.1:8001:8000"));
}

#[test]
fn settings_one_by_one() {
    assert_eq!(setting(|stack| service(stack).command = Some(secrets(&["other"]))), "command");
    assert_eq!(setting(|stack| service(stack).user = Some(text("1000"))), "user");
    assert_eq!(setting(|stack| service(stack).memory_limit = Some(1 << 28)), "mem_limit");
    assert_eq!(setting(|stack| service(stack).extra_hosts.push((text("a"), text("10.0.0.1")))), "extra_hosts");
    assert_eq!(setting(|stack| service(stack).healthcheck.as_mut().unwrap().retries = 7), "healthcheck");
    assert_eq!(setting(|stack| service(stack).healthcheck = None), "healthcheck");
    assert_eq!(setting(|stack| service(stack).network_mode = Some(text("host"))), "network_mode");
    let entrypoint = after(|stack| service(stack).entrypoint = Some(secrets(&["e"])));
    assert_eq!(
        entrypoint,
        [Difference::Setting("entrypoint"), Difference::Setting("command")],
        "the image's command goes with it"
    );
    let restart = after(|stack| service(stack).restart = None);
    assert_eq!(restart, [Difference::Restart { declared: text("no"), running: text("unless-stopped") }]);
}

#[test]
fn names_labels_and_what_the_table_holds() {
    let put =
        |settings: &mut Settings, name: &'static str, value: &str| drop(settings.insert(name, Secret::from(value)));
    assert_eq!(setting(|stack| container(stack).name = text("web")), "container_name");
    assert_eq!(after(|stack| container(stack).name = text("shop_api_2")), []);
    assert_eq!(setting(|stack| service(stack).container_name = Some(text("web"))), "container_name");
    assert_eq!(setting(|stack| drop(service(stack).labels.insert(text("a"), Secret::from("b")))), "labels");
    assert_eq!(setting(|stack| drop(container(stack).labels.insert(text("a"), Secret::from("b")))), "labels");
    assert_eq!(setting(|stack| service(stack).networks[0].aliases.push(text("db"))), "aliases");
    assert_eq!(setting(|stack| container(stack).attachments[0].aliases.push(text("db"))), "aliases");
    assert_eq!(after(|stack| container(stack).attachments[0].aliases.push(text("shop-api-1"))), []);
    assert_eq!(setting(|stack| service(stack).networks[0].address = Some(text("10.0.0.9"))), "ipv4_address");
    assert_eq!(setting(|stack| put(&mut service(stack).settings, "tty", "true")), "tty");
    assert_eq!(setting(|stack| put(&mut container(stack).settings, "cap_add", "NET_ADMIN")), "cap_add");
    // An engine has these where nobody says anything, and adds its own limits to those of a service.
    assert_eq!(after(|stack| put(&mut container(stack).settings, "shm_size", "67108864")), []);
    let limits = |declared: &'static str| {
        after(|stack| {
            put(&mut container(stack).settings, "ulimits", "nofile=1:2 nproc=3:3");
            put(&mut service(stack).settings, "ulimits", declared);
        })
    };
    assert_eq!((limits("nproc=3:3"), limits("nproc=4:4")), (vec![], vec![Difference::Setting("ulimits")]));
    // What the image says counts where the file says nothing.
    let of_image = |own: Option<&'static str>| {
        after(|stack| {
            stack.snapshot.as_mut().unwrap().images[0].working_dir = text("/srv");
            put(&mut container(stack).settings, "working_dir", "/srv");
            own.into_iter().for_each(|own| put(&mut service(stack).settings, "working_dir", own));
        })
    };
    assert_eq!((of_image(None), of_image(Some("/x"))), (vec![], vec![Difference::Setting("working_dir")]));
}

#[test]
fn how_many_containers_and_services_that_are_not_asked_for() {
    let more = after(|stack| service(stack).replicas = 2);
    assert_eq!(more, [Difference::Replicas { declared: 2, running: 1 }]);
    let inactive = after(|stack| {
        let desired = stack.desired.as_mut().unwrap();
        desired.services.clear();
        desired.inactive.push(text("api"));
    });
    assert_eq!(inactive, []);
}

#[test]
fn services_without_containers_and_containers_without_services() {
    assert_eq!(after(|stack| stack.snapshot.as_mut().unwrap().containers.clear()), [Difference::NotCreated]);
    assert_eq!(
        after(|stack| container(stack).one_off = true),
        [Difference::NotCreated],
        "a run of its own is not the service"
    );
    let orphan = after(|stack| container(stack).service = Some(text("old")));
    assert_eq!(orphan, [Difference::NotCreated, Difference::Orphan]);
    let scaled_away = after(|stack| {
        service(stack).replicas = 0;
        stack.snapshot.as_mut().unwrap().containers.clear();
    });
    assert_eq!(scaled_away, []);
}

#[test]
fn a_proxy_that_read_its_configuration_before_asks_the_old_address() {
    let proxy = |is_variable, read_at| ProxyConf {
        container: Some(text("web")),
        read_at: Some(UnixMs(read_at)),
        passes: vec![Pass {
            host: text("api"),
            port: Some(8000),
            location: text("/"),
            server: text("_"),
            is_variable,
            replaces: false,
            tells_host: true,
            tells_scheme: true,
            at: Ref::Text { file: text("x.conf"), line: 1 },
        }],
        ..ProxyConf::default()
    };
    let beside = |on_network: bool, proxy: ProxyConf| {
        after(|stack| {
            let api = container(stack).clone();
            let attachments = if on_network { api.attachments.clone() } else { Vec::new() };
            let web = Container { name: text("web"), project: Some(text("edge")), service: None, attachments, ..api };
            stack.snapshot.as_mut().unwrap().containers.push(web);
            stack.proxies.push(proxy);
        })
    };
    let found = beside(true, proxy(false, 500_000));
    assert!(matches!(&found[..], [Difference::StaleUpstream { .. }]), "{found:?}");
    assert_eq!(beside(false, proxy(false, 500_000)), [], "elsewhere the name means another one");
    assert_eq!(beside(true, proxy(true, 500_000)), []);
    assert_eq!(beside(true, proxy(false, 1_100_000)), []);
}
