//! `/containers/json` and `/containers/ID/json`.

use std::collections::BTreeMap;
use std::sync::Arc;

use lastgood_model::desired::{Healthcheck, Mount, Port};
use lastgood_model::snapshot::{Attachment, Container, ContainerStatus, Health, HealthResult, HealthStatus, State};
use serde::Deserialize;
use serde_json::Value;

use super::{BodyFault, moment, read, secrets, shared, variables};
use crate::setting;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Listed {
    id: String,
}

/// The ids of all containers, from the list.
///
/// # Errors
/// If the body is no such list.
pub fn container_ids(body: &[u8]) -> Result<Vec<Arc<str>>, BodyFault> {
    let listed: Vec<Listed> = read(body)?;
    Ok(listed.into_iter().filter_map(|listed| shared(listed.id)).collect())
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Body {
    id: String,
    name: String,
    created: String,
    image: String,
    restart_count: u64,
    state: StateBody,
    config: Config,
    host_config: HostConfig,
    network_settings: NetworkSettings,
    mounts: Option<Vec<MountBody>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct StateBody {
    status: String,
    pid: u32,
    exit_code: i64,
    #[serde(rename = "OOMKilled")]
    oom_killed: bool,
    error: String,
    started_at: String,
    finished_at: String,
    health: Option<HealthBody>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HealthBody {
    status: String,
    failing_streak: u64,
    log: Option<Vec<HealthLog>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HealthLog {
    start: String,
    exit_code: i64,
    output: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    user: String,
    env: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    entrypoint: Option<Vec<String>>,
    working_dir: String,
    image: String,
    healthcheck: Option<HealthcheckBody>,
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct HealthcheckBody {
    test: Option<Vec<String>>,
    interval: u64,
    timeout: u64,
    start_period: u64,
    retries: u32,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HostConfig {
    restart_policy: RestartPolicy,
    port_bindings: Option<BTreeMap<String, Option<Vec<Binding>>>>,
    network_mode: String,
    memory: u64,
    extra_hosts: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RestartPolicy {
    name: String,
    maximum_retry_count: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Binding {
    host_ip: String,
    host_port: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NetworkSettings {
    ports: Option<BTreeMap<String, Option<Vec<Binding>>>>,
    networks: Option<BTreeMap<String, Option<Endpoint>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Endpoint {
    #[serde(rename = "NetworkID")]
    network_id: String,
    #[serde(rename = "IPAddress")]
    address: String,
    gateway: String,
    aliases: Option<Vec<String>>,
    #[serde(rename = "IPAMConfig")]
    ipam_config: Option<IpamConfig>,
    #[serde(rename = "DNSNames")]
    dns_names: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct IpamConfig {
    #[serde(rename = "IPv4Address")]
    address: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct MountBody {
    #[serde(rename = "Type")]
    kind: String,
    name: String,
    source: String,
    destination: String,
    #[serde(rename = "RW")]
    writable: bool,
}

/// A container, from its own body.
///
/// # Errors
/// If the body is none.
pub fn container(body: &[u8]) -> Result<Container, BodyFault> {
    let body: Value = read(body)?;
    let settings = setting::running(&body);
    let Body { id, name, created, image, restart_count, state, config, host_config, network_settings, mounts } =
        serde_json::from_value(body).map_err(|error| BodyFault(Arc::from(error.to_string())))?;
    if id.is_empty() {
        return Err(BodyFault(Arc::from("no container")));
    }
    let mut labels = config.labels.unwrap_or_default();
    let mut label = |name: &str| labels.remove(&format!("com.docker.compose.{name}")).and_then(shared);
    let config_files = label("project.config_files").unwrap_or_default();
    Ok(Container {
        id: id.into(),
        name: Arc::from(name.trim_start_matches('/')),
        project: label("project"),
        service: label("service"),
        config_files: config_files.split(',').filter(|file| !file.is_empty()).map(Arc::from).collect(),
        folder: label("project.working_dir"),
        one_off: label("oneoff").is_some_and(|text| text.eq_ignore_ascii_case("true")),
        image: config.image.into(),
        image_id: image.into(),
        created: moment(&created).unwrap_or_default(),
        health: state.health.as_ref().and_then(health),
        state: condition(&state),
        healthcheck: config.healthcheck.map(healthcheck),
        restarts: restart_count,
        restart_policy: policy(&host_config.restart_policy),
        environment: variables(config.env),
        command: secrets(config.cmd),
        entrypoint: secrets(config.entrypoint),
        working_folder: config.working_dir.into(),
        user: config.user.into(),
        attachments: attachments(network_settings.networks.unwrap_or_default()),
        network_mode: host_config.network_mode.into(),
        ports: ports(host_config.port_bindings.unwrap_or_default()),
        bound: ports(network_settings.ports.unwrap_or_default()),
        mounts: mounts.unwrap_or_default().into_iter().map(mount).collect(),
        labels: super::labels(labels),
        settings,
        memory_limit: Some(host_config.memory).filter(|bytes| *bytes > 0),
        extra_hosts: host_config.extra_hosts.unwrap_or_default().iter().filter_map(|text| extra_host(text)).collect(),
        ..Container::default()
    })
}

fn condition(state: &StateBody) -> State {
    State {
        status: match state.status.as_str() {
            "running" => ContainerStatus::Running,
            "paused" => ContainerStatus::Paused,
            "restarting" => ContainerStatus::Restarting,
            "removing" => ContainerStatus::Removing,
            "exited" => ContainerStatus::Exited,
            "dead" => ContainerStatus::Dead,
            _ => ContainerStatus::Created,
        },
        pid: state.pid,
        exit_code: state.exit_code,
        oom_killed: state.oom_killed,
        error: Arc::from(state.error.as_str()),
        started: moment(&state.started_at),
        finished: moment(&state.finished_at),
    }
}

fn health(body: &HealthBody) -> Option<Health> {
    let status = match body.status.as_str() {
        "healthy" => HealthStatus::Healthy,
        "unhealthy" => HealthStatus::Unhealthy,
        "starting" => HealthStatus::Starting,
        // `none`: it has no check.
        _ => return None,
    };
    let result = |log: &HealthLog| HealthResult {
        at: moment(&log.start),
        exit_code: log.exit_code,
        output: Arc::from(log.output.as_str()),
    };
    let checks = body.log.as_deref().unwrap_or_default().iter().map(result).collect();
    Some(Health { status, failing_streak: body.failing_streak, checks })
}

const NS_PER_MS: u64 = 1_000_000;

pub(super) fn healthcheck(body: HealthcheckBody) -> Healthcheck {
    Healthcheck {
        test: secrets(body.test),
        interval_ms: body.interval / NS_PER_MS,
        timeout_ms: body.timeout / NS_PER_MS,
        start_period_ms: body.start_period / NS_PER_MS,
        retries: body.retries,
    }
}

/// As Compose writes it: `on-failure:3`.
fn policy(policy: &RestartPolicy) -> Arc<str> {
    match (policy.name.as_str(), policy.maximum_retry_count) {
        ("", _) => Arc::from("no"),
        ("on-failure", count @ 1..) => Arc::from(format!("on-failure:{count}")),
        (name, _) => Arc::from(name),
    }
}

fn attachments(networks: BTreeMap<String, Option<Endpoint>>) -> Vec<Attachment> {
    let attachment = |(network, endpoint): (String, Option<Endpoint>)| {
        let endpoint = endpoint.unwrap_or_default();
        let mut aliases: Vec<Arc<str>> = Vec::new();
        // Newer engines tell of all names, older ones of those that were asked for.
        for name in endpoint.dns_names.into_iter().chain(endpoint.aliases).flatten() {
            if !aliases.iter().any(|known| **known == *name) {
                aliases.push(name.into());
            }
        }
        Attachment {
            network: network.into(),
            network_id: endpoint.network_id.into(),
            address: endpoint.address.into(),
            gateway: endpoint.gateway.into(),
            fixed: endpoint.ipam_config.and_then(|config| shared(config.address)),
            aliases,
        }
    };
    networks.into_iter().map(attachment).collect()
}

/// `"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}]`; a port without a list is exposed and not published.
fn ports(bindings: BTreeMap<String, Option<Vec<Binding>>>) -> Vec<Port> {
    let mut ports = Vec::new();
    for (key, bindings) in bindings {
        let (port, protocol) = key.split_once('/').unwrap_or((&key, "tcp"));
        let Ok(container) = port.parse() else { continue };
        ports.extend(bindings.unwrap_or_default().into_iter().map(|binding| Port {
            host_ip: binding.host_ip.into(),
            host: binding.host_port.parse().ok().filter(|port| *port != 0),
            container,
            protocol: Arc::from(protocol),
        }));
    }
    ports
}

fn mount(body: MountBody) -> Mount {
    let source = if body.kind == "volume" { body.name } else { body.source };
    Mount { kind: body.kind.into(), source: source.into(), target: body.destination.into(), read_only: !body.writable }
}

/// `name:address` or `name=address`; addresses may hold colons.
fn extra_host(text: &str) -> Option<(Arc<str>, Arc<str>)> {
    let (name, address) = text.split_once(['=', ':'])?;
    Some((Arc::from(name), Arc::from(address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As an engine 20.10 tells of it, shortened.
    const BACKEND: &str = r#"{
      "Id": "d089", "Created": "2026-11-23T03:04:46.768771933Z", "Path": "python3", "Args": ["-m", "uvicorn"],
      "State": {"Status": "running", "Running": true, "OOMKilled": false, "Pid": 17216, "ExitCode": 0, "Error": "",
        "StartedAt": "2026-11-23T03:04:48.63679341Z", "FinishedAt": "0001-01-01T00:00:00Z",
        "Health": {"Status": "healthy", "FailingStreak": 0,
          "Log": [{"Start": "2026-11-23T03:22:37.352360344Z", "End": "2026-11-23T03:22:37.504111568Z", "ExitCode": 0, "Output": "ok"}]}},
      "Image": "sha256:3c88", "Name": "/shop-backend", "RestartCount": 2,
      "HostConfig": {"NetworkMode": "shop_default", "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
        "PortBindings": {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}]}, "Memory": 268435456,
        "ExtraHosts": ["db:10.0.0.7", "six:fd00::7"]},
      "Mounts": [{"Type": "bind", "Source": "/srv/a.conf", "Destination": "/etc/a.conf", "RW": false},
                 {"Type": "volume", "Name": "shop_data", "Source": "/var/lib/docker/volumes/shop_data/_data", "Destination": "/data", "RW": true}],
      "Config": {"User": "", "Env": ["PATH=/bin", "DSN=postgres://u:p=q@db/x", "EMPTY="], "Cmd": ["-m", "uvicorn"], "Entrypoint": ["python3"],
        "Image": "shop-backend:1.0", "Healthcheck": {"Test": ["CMD", "true"], "Interval": 2000000000, "Retries": 10},
        "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "backend", "com.docker.compose.oneoff": "False",
          "com.docker.compose.project.config_files": "/srv/a.yml,/srv/b.yml", "com.docker.compose.project.working_dir": "/srv"}},
      "NetworkSettings": {"Ports": {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}], "9000/tcp": null},
        "Networks": {"shop_default": {"NetworkID": "n1", "IPAddress": "10.83.18.3", "Gateway": "10.83.18.1", "Aliases": ["backend", "d089"]}}}
    }"#;

    #[test]
    fn a_container_is_read_whole() {
        let container = container(BACKEND.as_bytes()).unwrap();
        assert_eq!(
            (&*container.name, container.service.as_deref(), container.one_off),
            ("shop-backend", Some("backend"), false)
        );
        assert_eq!(container.config_files, [Arc::from("/srv/a.yml"), Arc::from("/srv/b.yml")]);
        assert_eq!(container.variable("DSN").unwrap().expose(), "postgres://u:p=q@db/x");
        assert_eq!(container.variable("EMPTY").unwrap().expose(), "");
        assert_eq!((container.restarts, &*container.restart_policy), (2, "unless-stopped"));
        assert_eq!(container.state.finished, None);
        assert_eq!(container.health.as_ref().unwrap().status, HealthStatus::Healthy);
        assert_eq!(container.healthcheck.as_ref().unwrap().interval_ms, 2_000);
        assert_eq!((container.ports.len(), container.bound.len()), (1, 1));
        assert_eq!(&*container.mounts[1].source, "shop_data");
        assert!(container.mounts[0].read_only);
        assert_eq!(container.extra_hosts[1], (Arc::from("six"), Arc::from("fd00::7")));
        assert_eq!(&*container.attachments[0].address, "10.83.18.3");
    }

    #[test]
    fn what_is_no_container_is_a_fault() {
        for body in ["", "{}", "[]", "{\"message\":\"no such container\"}", "{\"Id\":\"a\",\"State\":7}"] {
            assert!(container(body.as_bytes()).is_err(), "{body}");
        }
        assert_eq!(container_ids(br#"[{"Id":"a"},{"Id":"b"},{}]"#).unwrap(), [Arc::from("a"), Arc::from("b")]);
        assert!(container_ids(b"{}").is_err());
    }
}
