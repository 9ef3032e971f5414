//! A stack like the story's: nginx before a backend, which asks Keycloak by name, Postgres of another project over a shared
//! network, and Redis of a third by the gateway's address.

use lastgood_model::desired::{DependsOn, Port, Service};
use lastgood_model::snapshot::{Attachment, ContainerStatus, Network, State};
use lastgood_model::stack::UpstreamGroup;
use lastgood_model::{Desired, Snapshot};

use super::*;

fn text(text: &str) -> Arc<str> {
    Arc::from(text)
}

fn container(project: &str, service: &str, networks: &[(&str, &str)]) -> Container {
    Container {
        name: text(&format!("{project}-{service}")),
        project: Some(text(project)),
        service: Some(text(service)),
        state: State { status: ContainerStatus::Running, ..State::default() },
        attachments: networks
            .iter()
            .map(|(network, address)| Attachment {
                network: text(network),
                address: text(address),
                aliases: vec![text(service)],
                ..Attachment::default()
            })
            .collect(),
        ..Container::default()
    }
}

fn stack(environment: &[(&str, &str)]) -> Stack {
    let service = |name: &str| Service { name: text(name), replicas: 1, ..Service::default() };
    let mut redis = container("kvs", "redis", &[("kvs_default", "172.20.0.2")]);
    redis.ports = vec![Port { host: Some(6379), container: 6379, ..Port::default() }];
    let pass = |host: &str, line| Pass {
        host: text(host),
        port: Some(8000),
        location: text("/v1/"),
        server: text("_"),
        is_variable: false,
        replaces: false,
        tells_host: true,
        tells_scheme: true,
        at: Ref::Text { file: text("nginx.conf"), line },
    };
    Stack {
        desired: Some(Desired {
            project: text("shop"),
            services: vec![
                service("web"),
                Service {
                    environment: environment
                        .iter()
                        .map(|(key, value)| (text(key), Some(Secret::from(*value))))
                        .collect(),
                    depends_on: vec![DependsOn { service: text("keycloak"), condition: text("service_healthy") }],
                    ..service("backend")
                },
                service("keycloak"),
            ],
            ..Desired::default()
        }),
        snapshot: Some(Snapshot {
            containers: vec![
                container("shop", "web", &[("shop_default", "172.18.0.2")]),
                container("shop", "backend", &[("shop_default", "172.18.0.3"), ("pg_default", "172.19.0.3")]),
                container("shop", "keycloak", &[("shop_default", "172.18.0.4")]),
                container("pg", "db", &[("pg_default", "172.19.0.2")]),
                redis,
            ],
            networks: vec![Network {
                name: text("shop_default"),
                gateways: vec![text("172.18.0.1")],
                ..Network::default()
            }],
            ..Snapshot::default()
        }),
        proxies: vec![ProxyConf {
            container: Some(text("shop-web")),
            groups: vec![UpstreamGroup {
                name: text("app"),
                servers: vec![(text("backend:8000"), Ref::Text { file: text("nginx.conf"), line: 2 })],
            }],
            passes: vec![pass("app", 9), pass("$target", 12)],
            ..ProxyConf::default()
        }],
        ..Stack::default()
    }
}

/// Who the backend asks, as `address -> component` with the foreign project.
fn asked(environment: &[(&str, &str)]) -> Vec<String> {
    let topology = build(&stack(environment));
    let from = topology.find("backend").unwrap();
    let told = topology.asks(from).filter(|edge| edge.via != Via::DependsOn).map(|edge| {
        let to = edge.to.and_then(|to| topology.components.get(to));
        let name = to.map_or("?", |to| &*to.name);
        let foreign = to.and_then(|to| to.foreign.as_deref()).map_or(String::new(), |project| format!(" of {project}"));
        format!("{} -> {name}{foreign}", edge.address)
    });
    told.collect()
}

#[test]
fn a_proxy_asks_the_servers_of_its_group() {
    let topology = build(&stack(&[]));
    let web = topology.find("web").unwrap();
    assert_eq!(topology.components[web].kind, ComponentKind::Proxy);
    let edges: Vec<_> = topology.asks(web).collect();
    assert_eq!(edges.len(), 1, "a variable leads nowhere that is known: {edges:?}");
    assert_eq!((edges[0].to, &*edges[0].address), (topology.find("backend"), "backend:8000"));
    assert_eq!(edges[0].at, Some(Ref::Text { file: text("nginx.conf"), line: 2 }));
}

#[test]
fn values_lead_to_services_and_to_other_projects() {
    assert_eq!(asked(&[("KEYCLOAK_BASE_URL", "http://keycloak:8080")]), ["keycloak:8080 -> keycloak"]);
    assert_eq!(asked(&[("DATABASE_URL", "postgresql+psycopg://u:p@db:5432/x")]), ["db:5432 -> pg-db of pg"]);
    assert_eq!(
        asked(&[("KVS_HOST", "172.18.0.1"), ("KVS_PORT", "6379")]),
        ["172.18.0.1:6379 -> kvs-redis of kvs"],
        "a gateway and a published port"
    );
    assert_eq!(asked(&[("API", "http://172.18.0.4:8080")]), ["172.18.0.4:8080 -> keycloak"]);
    assert_eq!(asked(&[("API", "https://api.example.com/x")]), ["api.example.com:443 -> api.example.com"]);
}

#[test]
fn what_leads_nowhere_is_still_an_edge() {
    assert_eq!(asked(&[("API", "http://localhost:8080")]), ["localhost:8080 -> ?"]);
    assert_eq!(asked(&[("API", "http://keyclaok:8080")]), ["keyclaok:8080 -> ?"]);
    assert_eq!(asked(&[("CORS_ORIGINS", "http://localhost:3000"), ("LOG_LEVEL", "info")]), [""; 0]);
}

#[test]
fn the_key_of_the_password() {
    let key = |environment: &[(&str, &str)]| {
        let topology = build(&stack(environment));
        topology.edges.iter().find_map(|edge| match &edge.via {
            Via::Variable { password_key, .. } => password_key.clone(),
            _ => None,
        })
    };
    assert_eq!(key(&[("KVS_HOST", "db"), ("KVS_PORT", "6379"), ("KVS_PASSWORD", "x")]), Some(text("KVS_PASSWORD")));
    assert_eq!(key(&[("DB_URL", "postgres://u:p@db/x")]), Some(text("DB_URL")));
    assert_eq!(key(&[("KVS_HOST", "db"), ("KVS_PORT", "6379")]), None);
}

#[test]
fn depends_on_is_an_edge_only_where_nothing_says_more() {
    let edges = |environment: &[(&str, &str)]| {
        let topology = build(&stack(environment));
        topology.edges.iter().filter(|edge| edge.via == Via::DependsOn).count()
    };
    assert_eq!(edges(&[]), 1);
    assert_eq!(edges(&[("KEYCLOAK_BASE_URL", "http://keycloak:8080")]), 0);
}

#[test]
fn what_others_ask_of_each_other_does_not_concern_us() {
    let mut stack = stack(&[]);
    let edge_of = |name: &str, host: &str| ProxyConf {
        container: Some(text(name)),
        passes: vec![Pass {
            host: text(host),
            port: Some(80),
            location: text("/"),
            server: text("_"),
            is_variable: false,
            replaces: false,
            tells_host: true,
            tells_scheme: true,
            at: Ref::Text { file: text("other.conf"), line: 1 },
        }],
        ..ProxyConf::default()
    };
    let snapshot = stack.snapshot.as_mut().unwrap();
    snapshot.containers.extend([
        container("wiki", "edge", &[("wiki_default", "172.21.0.2")]),
        container("wiki", "pages", &[("wiki_default", "172.21.0.3")]),
        container("front", "edge", &[("shop_default", "172.18.0.7")]),
    ]);
    stack.proxies.extend([edge_of("wiki-edge", "pages"), edge_of("front-edge", "backend")]);
    let topology = build(&stack);
    assert_eq!((topology.find("wiki-edge"), topology.find("wiki-pages")), (None, None));
    let front = topology.find("front-edge").unwrap();
    assert_eq!(topology.asks(front).next().unwrap().to, topology.find("backend"), "it stands before ours");
}
