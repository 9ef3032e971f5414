//! A healthy stack to plant problems in: two services, a proxy in front, a database of another project, and everything in
//! its place.

use std::sync::Arc;

use lastgood_model::desired::{DeclaredResource, DependsOn, EnvFileUse, Healthcheck, Joined, Mount, Port, Service};
use lastgood_model::snapshot::{
    Attachment, Container, ContainerStatus, Engine, Health, HealthStatus, Image, Listening, Network, State, Volume,
};
use lastgood_model::stack::{
    EnvEntry, EnvFile, EnvRole, FileSystem, HostListening, HostState, Memory, MountSource, PathKind,
};
use lastgood_model::topology::{Component, ComponentKind, Edge, Via};
use lastgood_model::{Desired, Drift, Ref, Secret, Snapshot, Stack, Topology, UnixMs};

use crate::check::{CheckQuestion, check};
use lastgood_model::check::Finding;

pub const NOW: UnixMs = UnixMs(1_800_000_000_000);

/// A stack with what belongs to it.
pub struct Planted {
    pub stack: Stack,
    pub topology: Topology,
    pub drift: Vec<Drift>,
    pub question: CheckQuestion,
}

pub fn name(text: &str) -> Arc<str> {
    text.into()
}

pub fn names(texts: &[&str]) -> Vec<Arc<str>> {
    texts.iter().map(|text| name(text)).collect()
}

pub fn at(file: &str, line: u64) -> Ref {
    Ref::Text { file: name(file), line }
}

pub fn healthcheck(command: &str) -> Healthcheck {
    Healthcheck { test: vec!["CMD-SHELL".into(), command.into()], ..Healthcheck::default() }
}

pub fn entry(key: &str, value: &str, line: u64) -> EnvEntry {
    EnvEntry {
        key: name(key),
        value: Some(value.into()),
        line,
        lost_dollar: false,
        carriage_return: false,
        splits: false,
        cut: false,
    }
}

fn service(service_name: &str, line: u64, port: u16) -> Service {
    Service {
        name: name(service_name),
        at: Some(at("compose.yml", line)),
        image: name(&format!("shop-{service_name}:1.0")),
        ports: vec![Port { host_ip: name("127.0.0.1"), host: Some(port), container: port, protocol: name("tcp") }],
        networks: vec![Joined { key: name("default"), ..Joined::default() }],
        restart: Some(name("unless-stopped")),
        replicas: 1,
        ..Service::default()
    }
}

fn container(service: &str, port: u16, networks: &[&str]) -> Container {
    Container {
        name: name(&format!("shop-{service}-1")),
        project: Some(name("shop")),
        service: Some(name(service)),
        image: name(&format!("shop-{service}:1.0")),
        image_id: name(&format!("sha256:{service}")),
        created: NOW.plus(-3_600_000),
        state: State {
            status: ContainerStatus::Running,
            pid: 100,
            started: Some(NOW.plus(-3_600_000)),
            ..State::default()
        },
        health: Some(Health { status: HealthStatus::Healthy, ..Health::default() }),
        restart_policy: name("unless-stopped"),
        attachments: networks.iter().map(|on| Attachment { network: name(on), ..Attachment::default() }).collect(),
        bound: vec![Port { host_ip: name("127.0.0.1"), host: Some(port), container: port, protocol: name("tcp") }],
        listening: Some(vec![Listening { address: name("0.0.0.0"), port }]),
        ..Container::default()
    }
}

fn image(service: &str, port: u16) -> Image {
    Image {
        id: name(&format!("sha256:{service}")),
        tags: vec![name(&format!("shop-{service}:1.0"))],
        architecture: name("amd64"),
        program_architecture: Some(name("amd64")),
        exposed: vec![port],
        history: vec!["/bin/sh -c #(nop)  ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D".into()],
        ..Image::default()
    }
}

fn network(network_name: &str, project: &str, gateway: &str) -> Network {
    Network {
        name: name(network_name),
        project: Some(name(project)),
        driver: name("bridge"),
        gateways: vec![name(gateway)],
        subnets: vec![name(&gateway.replace(".0.1", ".0.0/16"))],
        ..Network::default()
    }
}

pub fn edge(from: usize, to: Option<usize>, key: &str, host: &str, port: u16) -> Edge {
    Edge {
        from,
        to,
        address: name(&format!("{host}:{port}")),
        host: name(host),
        port: Some(port),
        protocol: None,
        via: Via::Variable { key: name(key), password_key: None },
        at: Some(at(".env", 1)),
    }
}

impl Planted {
    pub fn healthy() -> Self {
        let component = |component_name: &str, kind, foreign: Option<&str>| Component {
            name: name(component_name),
            container: Some(name(&if foreign.is_some() {
                component_name.to_owned()
            } else {
                format!("shop-{component_name}-1")
            })),
            foreign: foreign.map(name),
            kind,
        };
        let topology = Topology {
            components: vec![
                component("web", ComponentKind::Service, None),
                component("api", ComponentKind::Service, None),
                component("pg-db-1", ComponentKind::Container, Some("pg")),
            ],
            edges: vec![
                Edge { via: Via::Proxy, at: Some(at("web.conf", 3)), ..edge(0, Some(1), "", "api", 8000) },
                edge(1, Some(2), "DATABASE_URL", "pg-db-1", 5432),
                edge(1, Some(1), "SELF_URL", "localhost", 8000),
            ],
        };
        Self {
            stack: Stack {
                at: NOW,
                desired: Some(desired()),
                snapshot: Some(snapshot()),
                env_files: env_files(),
                mount_sources: vec![MountSource { path: name("/srv/shop/web.conf"), kind: PathKind::File }],
                host: host(),
                ..Stack::default()
            },
            topology,
            drift: Vec::new(),
            question: CheckQuestion {
                development: None,
                is_secret_key: |key| key.contains("PASSWORD") || key.contains("pass") || key.contains("KEY"),
            },
        }
    }

    pub fn found(&self) -> Vec<Finding> {
        check(&self.stack, &self.topology, &self.drift, &self.question)
    }

    pub fn desired(&mut self) -> &mut Desired {
        self.stack.desired.as_mut().unwrap()
    }

    pub fn service(&mut self, name: &str) -> &mut Service {
        self.desired().services.iter_mut().find(|service| &*service.name == name).unwrap()
    }

    pub fn snapshot(&mut self) -> &mut Snapshot {
        self.stack.snapshot.as_mut().unwrap()
    }

    pub fn container(&mut self, name: &str) -> &mut Container {
        self.snapshot().containers.iter_mut().find(|container| &*container.name == name).unwrap()
    }

    pub fn image(&mut self, service: &str) -> &mut Image {
        let tag = format!("shop-{service}:1.0");
        self.snapshot().images.iter_mut().find(|image| image.tags.iter().any(|one| **one == *tag)).unwrap()
    }

    pub fn entry(&mut self, key: &str) -> &mut EnvEntry {
        let files = self.stack.env_files.iter_mut().filter(|file| file.role != EnvRole::Example);
        files.flat_map(|file| &mut file.entries).find(|entry| &*entry.key == key).unwrap()
    }
}

fn desired() -> Desired {
    let web = Service {
        mounts: vec![Mount {
            kind: name("bind"),
            source: name("/srv/shop/web.conf"),
            target: name("/etc/nginx/conf.d/web.conf"),
            read_only: true,
        }],
        depends_on: vec![DependsOn { service: name("api"), condition: name("service_healthy") }],
        healthcheck: Some(healthcheck("curl -fsS http://127.0.0.1:3000/ || exit 1")),
        ..service("web", 3, 3000)
    };
    let told: [(&str, &str); 5] = [
        ("DATABASE_URL", "postgresql://shop:hunter-db-17@pg-db-1:5432/shop"),
        ("SELF_URL", "http://localhost:8000"),
        ("KVS_HOST", "10.9.0.1"),
        ("KVS_PORT", "6379"),
        ("KVS_PASSWORD", "hunter-kvs-8"),
    ];
    let api = Service {
        environment: told.iter().map(|(key, value)| (name(key), Some(Secret::from(*value)))).collect(),
        env_files: vec![EnvFileUse { path: name("/srv/shop/.env"), required: true, raw: false }],
        networks: ["default", "others"].map(|key| Joined { key: name(key), ..Joined::default() }).into(),
        healthcheck: Some(healthcheck("curl -f http://localhost:8000/health")),
        ..service("api", 12, 8000)
    };
    let resource = |key: &str, engine_name: &str, external, line| DeclaredResource {
        key: name(key),
        name: name(engine_name),
        external,
        has_subnet: false,
        at: Some(at("compose.yml", line)),
    };
    Desired {
        inactive: Vec::new(),
        project: name("shop"),
        folder: name("/srv/shop"),
        files: names(&["compose.yml"]),
        taken_in: Vec::new(),
        services: vec![web, api],
        networks: vec![resource("default", "shop_default", false, 30), resource("others", "pg_default", true, 31)],
        volumes: vec![resource("data", "pg_data", true, 40)],
    }
}

fn snapshot() -> Snapshot {
    let database = Container {
        name: name("pg-db-1"),
        project: Some(name("pg")),
        service: Some(name("db")),
        ..container("db", 5432, &["pg_default"])
    };
    Snapshot {
        engine: Engine { architecture: name("amd64"), ..Engine::default() },
        containers: vec![
            container("web", 3000, &["shop_default"]),
            container("api", 8000, &["shop_default", "pg_default"]),
            database,
        ],
        images: vec![image("web", 3000), image("api", 8000)],
        networks: vec![network("shop_default", "shop", "172.18.0.1"), network("pg_default", "pg", "172.19.0.1")],
        volumes: vec![Volume { name: name("pg_data"), project: Some(name("pg")) }],
        ..Snapshot::default()
    }
}

fn env_files() -> Vec<EnvFile> {
    let entries = vec![
        entry("DATABASE_URL", "postgresql://shop:hunter-db-17@pg-db-1:5432/shop", 1),
        entry("SELF_URL", "http://localhost:8000", 2),
        entry("KVS_HOST", "10.9.0.1", 3),
        entry("KVS_PORT", "6379", 4),
        entry("KVS_PASSWORD", "hunter-kvs-8", 5),
    ];
    let file = |path: &str, role| EnvFile {
        path: name(path),
        role,
        entries: entries.clone(),
        fault: None,
        modified: Some(NOW.plus(-7_200_000)),
        changed: Some(NOW.plus(-7_200_000)),
        world_readable: false,
    };
    vec![
        file(".env", EnvRole::Interpolation),
        file(".env", EnvRole::Container(names(&["api"]))),
        EnvFile { world_readable: true, ..file(".env.example", EnvRole::Example) },
    ]
}

fn host() -> HostState {
    const GIB: u64 = 1 << 30;
    HostState {
        architecture: name("amd64"),
        file_systems: vec![FileSystem {
            path: name("/var/lib/docker"),
            bytes: 100 * GIB,
            free: 40 * GIB,
            inodes: 1_000_000,
            inodes_free: 900_000,
            read_only: false,
        }],
        memory: Some(Memory { total: 8 * GIB, available: 4 * GIB, swap: 0, swap_free: 0 }),
        open_files: Some((2_000, 1_000_000)),
        clock_synchronised: Some(true),
        listening: Some(vec![
            HostListening { address: name("127.0.0.1"), port: 3000, program: Some(name("docker-proxy")) },
            HostListening { address: name("0.0.0.0"), port: 22, program: Some(name("sshd")) },
        ]),
        units: vec![(name("docker.service"), true), (name("nginx.service"), false)],
        ..HostState::default()
    }
}
