//! The JSON of `docker compose config --format json`: merged, interpolated, with `env_file` taken in. Versions from 2.20 on
//! and 5 write nearly the same. In what it prints, Compose doubles every `$`; that is undone here.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use lastgood_model::desired::{
    Build, DeclaredResource, DependsOn, Healthcheck, Joined, Mount, Port, Service, Settings, Written,
};
use lastgood_model::{Desired, Secret};
use serde::Deserialize;
use serde_json::Value;

use crate::engine::BodyFault;
use crate::setting;

#[derive(Deserialize)]
struct Body {
    name: String,
    #[serde(default)]
    services: serde_json::Map<String, Value>,
    #[serde(default)]
    networks: Option<BTreeMap<String, Option<ResourceBody>>>,
    #[serde(default)]
    volumes: Option<BTreeMap<String, Option<ResourceBody>>>,
    #[serde(default)]
    secrets: Option<Files>,
    #[serde(default)]
    configs: Option<Files>,
}

/// Secrets or configurations by their keys.
type Files = BTreeMap<String, Option<FileBody>>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct FileBody {
    file: Option<String>,
    /// A variable that it stands in.
    environment: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FileUse {
    source: String,
    target: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResourceBody {
    name: String,
    external: Value,
    ipam: Ipam,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ipam {
    config: Option<Vec<Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ServiceBody {
    container_name: Option<String>,
    image: Option<String>,
    build: Option<BuildBody>,
    platform: Option<String>,
    pull_policy: Option<String>,
    environment: Option<serde_json::Map<String, Value>>,
    ports: Option<Vec<PortBody>>,
    networks: Option<BTreeMap<String, Option<JoinedBody>>>,
    network_mode: Option<String>,
    volumes: Option<Vec<MountBody>>,
    tmpfs: Option<Vec<String>>,
    restart: Option<String>,
    healthcheck: Option<HealthcheckBody>,
    depends_on: Option<BTreeMap<String, DependsOnBody>>,
    command: Option<Vec<String>>,
    entrypoint: Option<Vec<String>>,
    user: Option<String>,
    extra_hosts: Option<Value>,
    mem_limit: Option<Value>,
    secrets: Option<Vec<FileUse>>,
    configs: Option<Vec<FileUse>>,
    volumes_from: Option<Vec<String>>,
    labels: Option<BTreeMap<String, Option<String>>>,
    scale: Option<u32>,
    deploy: Option<DeployBody>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BuildBody {
    context: String,
    dockerfile: Option<String>,
    dockerfile_inline: Option<String>,
    target: Option<String>,
    platforms: Option<Vec<String>>,
    args: Option<serde_json::Map<String, Value>>,
    additional_contexts: Option<BTreeMap<String, serde::de::IgnoredAny>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PortBody {
    host_ip: Option<String>,
    target: u16,
    published: Value,
    protocol: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct JoinedBody {
    aliases: Option<Vec<String>>,
    ipv4_address: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MountBody {
    #[serde(rename = "type")]
    kind: String,
    source: Option<String>,
    target: String,
    read_only: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HealthcheckBody {
    test: Option<Vec<String>>,
    interval: Option<String>,
    timeout: Option<String>,
    start_period: Option<String>,
    retries: Option<u32>,
    disable: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DependsOnBody {
    condition: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DeployBody {
    replicas: Option<u32>,
    resources: ResourcesBody,
    restart_policy: Option<RestartBody>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RestartBody {
    condition: String,
    max_attempts: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResourcesBody {
    limits: Option<LimitsBody>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LimitsBody {
    memory: Value,
}

/// What is declared. Places and `env_file` entries are not in this output: see [`super::Places`].
///
/// # Errors
/// If it is no such output; a service that is not understood is one, too, since to leave it out would be a lie.
pub fn desired(body: &[u8]) -> Result<Desired, BodyFault> {
    let fault = |error: serde_json::Error| BodyFault(Arc::from(error.to_string()));
    let body: Body = serde_json::from_slice(body).map_err(fault)?;
    let mut services = Vec::with_capacity(body.services.len());
    let files = |body: Option<Files>| -> BTreeMap<String, String> {
        let file = |(key, body): (String, Option<FileBody>)| Some((key, body?.file?));
        body.unwrap_or_default().into_iter().filter_map(file).collect()
    };
    let variable = |(key, body): (&String, &Option<FileBody>)| Some((key.clone(), body.as_ref()?.environment.clone()?));
    let variables: BTreeMap<String, String> = body.secrets.iter().flatten().filter_map(variable).collect();
    let (secrets, configs) = (files(body.secrets), files(body.configs));
    for (name, value) in body.services {
        let settings = setting::declared(&value);
        let mut read: ServiceBody =
            serde_json::from_value(value).map_err(|error| BodyFault(Arc::from(format!("service {name}: {error}"))))?;
        let of_service = read.secrets.take().unwrap_or_default();
        let written = written_of(&of_service, &variables);
        let mut mounted = files_of(of_service, &secrets, SECRETS);
        mounted.extend(files_of(read.configs.take().unwrap_or_default(), &configs, "/"));
        let mut service = service(name, read);
        service.settings = settings;
        service.mounts.extend(mounted);
        service.written = written;
        services.push(service);
    }
    Ok(Desired {
        project: body.name.into(),
        services,
        networks: resources(body.networks),
        volumes: resources(body.volumes),
        ..Desired::default()
    })
}

fn resources(bodies: Option<BTreeMap<String, Option<ResourceBody>>>) -> Vec<DeclaredResource> {
    let resource = |(key, body): (String, Option<ResourceBody>)| {
        let body = body.unwrap_or_default();
        let name = if body.name.is_empty() { key.clone() } else { body.name };
        // `external: true`, or in older files `external: {name: …}`.
        let external = matches!(body.external, Value::Bool(true) | Value::Object(_));
        let has_subnet = body.ipam.config.iter().flatten().any(|pool| pool.get("subnet").is_some());
        DeclaredResource { key: key.into(), name: name.into(), external, has_subnet, at: None }
    };
    bodies.unwrap_or_default().into_iter().map(resource).collect()
}

/// Where Compose puts secrets whose target is no whole path.
const SECRETS: &str = "/run/secrets/";

impl FileUse {
    /// Where it lies in the container.
    fn target(&self, folder: &str) -> Arc<str> {
        let target = self.target.as_deref().filter(|target| !target.is_empty()).unwrap_or(&self.source);
        plain(&if target.starts_with('/') { target.to_owned() } else { format!("{folder}{target}") }).into()
    }
}

/// Secrets or configurations that are files: Compose mounts them. What is no file it writes into the container.
fn files_of(uses: Vec<FileUse>, files: &BTreeMap<String, String>, folder: &str) -> Vec<Mount> {
    let mount = |one: FileUse| {
        let source = plain(files.get(&one.source)?).into();
        Some(Mount { kind: Arc::from("bind"), source, target: one.target(folder), read_only: true })
    };
    uses.into_iter().filter_map(mount).collect()
}

/// Secrets that are variables. What these are set to Compose does not say.
fn written_of(uses: &[FileUse], variables: &BTreeMap<String, String>) -> Vec<Written> {
    let written = |one: &FileUse| {
        let key = variables.get(&one.source)?.as_str().into();
        Some(Written { target: one.target(SECRETS), key, value: None })
    };
    uses.iter().filter_map(written).collect()
}

fn service(name: String, body: ServiceBody) -> Service {
    let deploy = body.deploy.unwrap_or_default();
    let limit = deploy.resources.limits.map(|limits| limits.memory);
    let mut mounts: Vec<Mount> = body.volumes.unwrap_or_default().into_iter().map(mount).collect();
    mounts.extend(body.tmpfs.unwrap_or_default().iter().map(|text| Mount {
        kind: Arc::from("tmpfs"),
        source: Arc::from(""),
        target: Arc::from(text.split(':').next().unwrap_or(text)),
        read_only: false,
    }));
    Service {
        name: name.into(),
        at: None,
        container_name: body.container_name.map(Arc::from),
        image: body.image.unwrap_or_default().into(),
        build: body.build.map(build),
        platform: body.platform.map(Arc::from),
        pull_policy: body.pull_policy.map(Arc::from),
        environment: variables(body.environment),
        env_files: Vec::new(),
        environment_at: Vec::new(),
        ports: body.ports.unwrap_or_default().into_iter().map(port).collect(),
        networks: body.networks.unwrap_or_default().into_iter().map(joined).collect(),
        network_mode: body.network_mode.map(Arc::from),
        mounts,
        written: Vec::new(),
        volumes_from: body.volumes_from.is_some_and(|list| !list.is_empty()),
        restart: deploy.restart_policy.map(restart_policy).or_else(|| body.restart.map(Arc::from)),
        healthcheck: body.healthcheck.map(healthcheck),
        depends_on: body
            .depends_on
            .unwrap_or_default()
            .into_iter()
            .map(|(service, body)| DependsOn { service: service.into(), condition: body.condition.into() })
            .collect(),
        command: body.command.map(|words| words.iter().map(|word| secret(word)).collect()),
        entrypoint: body.entrypoint.map(|words| words.iter().map(|word| secret(word)).collect()),
        user: body.user.map(Arc::from),
        extra_hosts: body.extra_hosts.map(|value| extra_hosts(&value)).unwrap_or_default(),
        memory_limit: body.mem_limit.as_ref().and_then(bytes).or_else(|| limit.as_ref().and_then(bytes)),
        labels: body
            .labels
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (Arc::from(plain(&name)), secret(&value.unwrap_or_default())))
            .collect(),
        settings: Settings::new(),
        replicas: body.scale.or(deploy.replicas).unwrap_or(1),
    }
}

fn build(body: BuildBody) -> Build {
    Build {
        context: plain(&body.context).into(),
        dockerfile: plain(&body.dockerfile.unwrap_or_else(|| "Dockerfile".to_owned())).into(),
        target: body.target.map(Arc::from),
        platforms: body.platforms.unwrap_or_default().into_iter().map(Arc::from).collect(),
        inline: body.dockerfile_inline.map(|text| plain(&text).into()),
        args: variables(body.args),
        contexts: body.additional_contexts.unwrap_or_default().into_keys().map(Arc::from).collect(),
    }
}

fn variables(body: Option<serde_json::Map<String, Value>>) -> Vec<(Arc<str>, Option<Secret>)> {
    let variable = |(key, value): (String, Value)| {
        let value = match value {
            Value::Null => None,
            Value::String(text) => Some(secret(&text)),
            other => Some(secret(&other.to_string())),
        };
        (Arc::from(plain(&key)), value)
    };
    body.unwrap_or_default().into_iter().map(variable).collect()
}

/// In the words of `restart`.
fn restart_policy(body: RestartBody) -> Arc<str> {
    match (body.condition.as_str(), body.max_attempts) {
        ("none" | "", _) => Arc::from("no"),
        ("any", _) => Arc::from("always"),
        ("on-failure", Some(most @ 1..)) => Arc::from(format!("on-failure:{most}")),
        (condition, _) => Arc::from(condition),
    }
}

fn joined((key, body): (String, Option<JoinedBody>)) -> Joined {
    let body = body.unwrap_or_default();
    let aliases = body.aliases.unwrap_or_default().into_iter().map(Arc::from).collect();
    Joined { key: key.into(), aliases, address: body.ipv4_address.map(Arc::from) }
}

fn port(body: PortBody) -> Port {
    let published = match &body.published {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64().and_then(|port| u16::try_from(port).ok()),
        _ => None,
    };
    Port {
        host_ip: body.host_ip.unwrap_or_default().into(),
        host: published.filter(|port| *port != 0),
        container: body.target,
        protocol: body.protocol.unwrap_or_else(|| "tcp".to_owned()).into(),
    }
}

fn mount(body: MountBody) -> Mount {
    Mount {
        kind: body.kind.into(),
        source: plain(&body.source.unwrap_or_default()).into(),
        target: plain(&body.target).into(),
        read_only: body.read_only,
    }
}

fn healthcheck(body: HealthcheckBody) -> Healthcheck {
    let test = if body.disable { vec!["NONE".to_owned()] } else { body.test.unwrap_or_default() };
    Healthcheck {
        test: test.iter().map(|word| secret(word)).collect(),
        interval_ms: milliseconds(body.interval.as_deref()),
        timeout_ms: milliseconds(body.timeout.as_deref()),
        start_period_ms: milliseconds(body.start_period.as_deref()),
        retries: body.retries.unwrap_or(0),
    }
}

/// `1m30s`; 0 where nothing is said.
fn milliseconds(text: Option<&str>) -> u64 {
    let parsed = text.and_then(|text| text.parse::<SignedDuration>().ok());
    parsed.and_then(|duration| u64::try_from(duration.as_millis()).ok()).unwrap_or(0)
}

/// A list of `name=address` or `name:address`, or a map to one or more addresses.
fn extra_hosts(value: &Value) -> Vec<(Arc<str>, Arc<str>)> {
    let pair = |text: &str| text.split_once(['=', ':']).map(|(name, address)| (Arc::from(name), Arc::from(address)));
    match value {
        Value::Array(list) => list.iter().filter_map(|item| pair(item.as_str()?)).collect(),
        Value::Object(map) => map
            .iter()
            .flat_map(|(name, addresses)| {
                let addresses: Vec<&str> = match addresses {
                    Value::String(text) => vec![text],
                    Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
                    _ => Vec::new(),
                };
                addresses.into_iter().map(|address| (Arc::from(name.as_str()), Arc::from(address))).collect::<Vec<_>>()
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Compose prints bytes as a number or as a text of one.
fn bytes(value: &Value) -> Option<u64> {
    let bytes = match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64(),
        _ => None,
    };
    bytes.filter(|bytes| *bytes > 0)
}

fn plain(text: &str) -> String {
    text.replace("$$", "$")
}

fn secret(text: &str) -> Secret {
    Secret::from(plain(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Compose 2.26 prints it, shortened.
    const SHOP: &str = r#"{
      "name": "shop",
      "networks": {"default": {"name": "shop_default", "ipam": {}}, "db": {"name": "pgvector_default", "external": true},
        "edge": {"name": "shop_edge", "ipam": {"config": [{"subnet": "10.83.18.0/24"}]}}},
      "volumes": {"data": {"name": "shop_data"}},
      "services": {
        "web": {"build": {"context": "/srv", "dockerfile": "Dockerfile.web", "args": {"BASE": "debian:12", "TOKEN": null},
            "additional_contexts": {"assets": "/srv/assets"}}, "command": null, "entrypoint": null, "image": "web:1",
          "networks": {"default": null}, "ports": [{"mode": "ingress", "host_ip": "127.0.0.1", "target": 3000, "published": "3000", "protocol": "tcp"}, {"target": 9}],
          "volumes": [{"type": "bind", "source": "/srv/a", "target": "/a", "read_only": true, "bind": {"create_host_path": true}},
                      {"type": "volume", "source": "data", "target": "/data", "volume": {}}]},
        "api": {"build": {"context": "/srv", "dockerfile_inline": "FROM x\nRUN echo $$HOME\n"}, "environment": {"PRICE": "5$$", "FROM_SHELL": null}, "networks": {"db": {"aliases": ["api2"]}}, "restart": "unless-stopped",
          "healthcheck": {"test": ["CMD", "x"], "timeout": "3s", "interval": "1m30s", "retries": 5},
          "depends_on": {"web": {"condition": "service_healthy", "required": true}}, "mem_limit": "268435456",
          "extra_hosts": ["db=10.0.0.7"], "deploy": {"replicas": 2}}
      }}"#;

    #[test]
    fn a_project_is_read_whole_and_in_its_order() {
        let desired = desired(SHOP.as_bytes()).unwrap();
        let names: Vec<&str> = desired.services.iter().map(|service| &*service.name).collect();
        assert_eq!(names, ["web", "api"]);
        let (web, api) = (&desired.services[0], &desired.services[1]);
        assert_eq!((web.ports[0].host, web.ports[1].host, web.command.is_none()), (Some(3000), None, true));
        assert_eq!((&*web.mounts[0].kind, web.mounts[0].read_only, &*web.mounts[1].source), ("bind", true, "data"));
        let (built, inline) = (web.build.as_ref().unwrap(), api.build.as_ref().unwrap());
        assert_eq!(built.args, [("BASE".into(), Some(Secret::from("debian:12"))), ("TOKEN".into(), None)]);
        assert_eq!((&*built.dockerfile, &*built.contexts[0]), ("Dockerfile.web", "assets"));
        assert_eq!(inline.inline.as_deref(), Some("FROM x\nRUN echo $HOME\n"));
        assert_eq!(api.variable("PRICE").unwrap().expose(), "5$");
        assert_eq!(api.environment.iter().find(|(key, _)| &**key == "FROM_SHELL").unwrap().1, None);
        assert_eq!(api.healthcheck.as_ref().unwrap().interval_ms, 90_000);
        assert_eq!((api.replicas, api.memory_limit), (2, Some(268_435_456)));
        assert_eq!(desired.network_name("db").map(|name| &**name), Some("pgvector_default"));
        let networks: Vec<_> = desired.networks.iter().map(|one| (&*one.key, one.external, one.has_subnet)).collect();
        assert_eq!(networks, [("db", true, false), ("default", false, false), ("edge", false, true)]);
    }

    #[test]
    fn secrets_are_files_or_variables() {
        let body = r#"{"name": "shop", "services": {"api": {"secrets": [
            {"source": "file"}, {"source": "token"}, {"source": "token", "target": "/etc/token"}, {"source": "other"}]}},
            "secrets": {"file": {"file": "/srv/file"}, "token": {"environment": "TOKEN"}, "other": null}}"#;
        let desired = desired(body.as_bytes()).unwrap();
        let [api] = desired.services.as_slice() else { panic!("{desired:?}") };
        let mounts: Vec<_> = api.mounts.iter().map(|mount| (&*mount.source, &*mount.target)).collect();
        assert_eq!(mounts, [("/srv/file", "/run/secrets/file")]);
        let written: Vec<_> = api.written.iter().map(|one| (&*one.key, &*one.target, one.value.is_none())).collect();
        assert_eq!(written, [("TOKEN", "/run/secrets/token", true), ("TOKEN", "/etc/token", true)]);
    }

    #[test]
    fn what_is_no_project_is_a_fault() {
        for body in ["", "[]", r#"{"name":"x","services":{"a":{"ports":7}}}"#] {
            assert!(desired(body.as_bytes()).is_err(), "{body}");
        }
    }
}
