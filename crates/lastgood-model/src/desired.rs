//! Desired: what the user's Compose files declare, after interpolation, merging and profiles. Not what runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Ref, Secret};

/// Settings by Compose's names for them, each as a text in which declared and running are written alike; absent where
/// nobody says anything.
pub type Settings = BTreeMap<&'static str, Secret>;

/// A Compose project as declared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// The project's name.
    pub project: Arc<str>,
    /// The folder that relative paths start from.
    pub folder: Arc<str>,
    /// The compose files, as the user names them, in the order of merging.
    pub files: Vec<Arc<str>>,
    /// What Compose takes in beside them: files that they include or extend, and what these name.
    pub taken_in: Vec<TakenIn>,
    /// Services, in the order of the files.
    pub services: Vec<Service>,
    /// Services that stand in the files and are not asked for now: their profile is not.
    pub inactive: Vec<Arc<str>>,
    /// Networks by the key that services use.
    pub networks: Vec<DeclaredResource>,
    /// Named volumes by the key that services use.
    pub volumes: Vec<DeclaredResource>,
}

/// A file that is taken in because another one names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenIn {
    /// Its whole path.
    pub path: Arc<str>,
    /// What it is taken for.
    pub taken: Taken,
}

/// What a file is taken in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// As a compose file.
    Composed,
    /// For its variables, which may be secrets.
    Variables,
    /// For its labels.
    Labels,
}

impl Desired {
    /// The name of a service's image: as written, or as Compose calls what it builds.
    #[must_use]
    pub fn image_of(&self, service: &Service) -> Arc<str> {
        if service.image.is_empty() && service.build.is_some() {
            return Arc::from(format!("{}-{}", self.project, service.name));
        }
        Arc::clone(&service.image)
    }
}

/// A secret that stands in a variable, and as a file in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where in the container.
    pub target: Arc<str>,
    /// The variable.
    pub key: Arc<str>,
    /// What it is set to.
    pub value: Option<Secret>,
}

/// One service as declared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is declared.
    pub at: Option<Ref>,
    /// `container_name`, if one is set.
    pub container_name: Option<Arc<str>>,
    /// The image, as written; empty if only built.
    pub image: Arc<str>,
    /// How it is built, if it is.
    pub build: Option<Build>,
    /// `platform`, if one is set: `linux/amd64`.
    pub platform: Option<Arc<str>>,
    /// `pull_policy`, if one is set: `always`, `missing`, `never`.
    pub pull_policy: Option<Arc<str>>,
    /// What its container would be told: `env_file` and `environment` merged. `None`: the key without a value, which
    /// nobody's shell gave one.
    pub environment: Vec<(Arc<str>, Option<Secret>)>,
    /// `env_file` entries in order.
    pub env_files: Vec<EnvFileUse>,
    /// Where `environment:` names a key, if it does.
    pub environment_at: Vec<(Arc<str>, Ref)>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// Networks it joins.
    pub networks: Vec<Joined>,
    /// `network_mode`, if one is set: `host`, `service:x`.
    pub network_mode: Option<Arc<str>>,
    /// Mounts, secrets and configurations that are files among them.
    pub mounts: Vec<Mount>,
    /// Secrets that are variables: Compose writes them into its container as it is made.
    pub written: Vec<Written>,
    /// Whether it takes over the mounts of another one.
    pub volumes_from: bool,
    /// `restart`, or `deploy.restart_policy` in its words; `None` is `no`.
    pub restart: Option<Arc<str>>,
    /// The health check; `None` leaves it to the image.
    pub healthcheck: Option<Healthcheck>,
    /// Services that it waits for.
    pub depends_on: Vec<DependsOn>,
    /// `command`, if one is set.
    pub command: Option<Vec<Secret>>,
    /// `entrypoint`, if one is set.
    pub entrypoint: Option<Vec<Secret>>,
    /// `user`, if one is set.
    pub user: Option<Arc<str>>,
    /// `extra_hosts`: name and address.
    pub extra_hosts: Vec<(Arc<str>, Arc<str>)>,
    /// `mem_limit` or `deploy.resources.limits.memory`, in bytes.
    pub memory_limit: Option<u64>,
    /// Its labels.
    pub labels: BTreeMap<Arc<str>, Secret>,
    /// What else is set.
    pub settings: Settings,
    /// How many containers; 1 unless scaled.
    pub replicas: u32,
}

/// How a service is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// The folder.
    pub context: Arc<str>,
    /// The Dockerfile, relative to the context unless absolute.
    pub dockerfile: Arc<str>,
    /// `target`, if one is set.
    pub target: Option<Arc<str>>,
    /// `platforms`, if any are set.
    pub platforms: Vec<Arc<str>>,
    /// `dockerfile_inline`: the Dockerfile itself.
    pub inline: Option<Arc<str>>,
    /// `args`; `None`: the key without a value.
    pub args: Vec<(Arc<str>, Option<Secret>)>,
    /// `additional_contexts`, by the names that a Dockerfile calls them.
    pub contexts: Vec<Arc<str>>,
}

/// One `env_file` entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvFileUse {
    /// The path, absolute where the truth says so.
    pub path: Arc<str>,
    /// Whether Compose refuses to go on without it.
    pub required: bool,
    /// `format: raw`: values are taken as they stand.
    pub raw: bool,
}

/// A network or volume at the top level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredResource {
    /// The key that services use.
    pub key: Arc<str>,
    /// The name that the engine knows it by.
    pub name: Arc<str>,
    /// Whether somebody else makes it.
    pub external: bool,
    /// Whether its addresses are declared, too, so that they come back when it is made again.
    pub has_subnet: bool,
    /// Where it is declared.
    pub at: Option<Ref>,
}

/// A network that a service joins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// The key at the top level.
    pub key: Arc<str>,
    /// Names beside the service's own.
    pub aliases: Vec<Arc<str>>,
    /// A fixed address, if one is set.
    pub address: Option<Arc<str>>,
}

/// A published port; declared or in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// The host's address; empty: all.
    pub host_ip: Arc<str>,
    /// The host's port; `None`: any free one.
    pub host: Option<u16>,
    /// The container's port.
    pub container: u16,
    /// `tcp` or `udp`.
    pub protocol: Arc<str>,
}

/// A mount; declared or in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mount {
    /// `bind`, `volume`, `tmpfs`.
    pub kind: Arc<str>,
    /// The host's path, or the volume (declared: its key; in force: its name); empty for `tmpfs` and anonymous ones.
    pub source: Arc<str>,
    /// Where it is in the container.
    pub target: Arc<str>,
    /// Whether the container may not write.
    pub read_only: bool,
}

/// A health check.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Healthcheck {
    /// `["CMD", …]`, `["CMD-SHELL", …]`, `["NONE"]`.
    pub test: Vec<Secret>,
    /// From one to the next, in milliseconds; 0: the default.
    pub interval_ms: u64,
    /// How long one may take, in milliseconds; 0: the default.
    pub timeout_ms: u64,
    /// In which failures do not count, in milliseconds.
    pub start_period_ms: u64,
    /// How many failures in a row; 0: the default.
    pub retries: u32,
}

/// A service that another one waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DependsOn {
    /// Which.
    pub service: Arc<str>,
    /// `service_started`, `service_healthy`, `service_completed_successfully`.
    pub condition: Arc<str>,
}

impl Desired {
    /// The service of that name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| &*service.name == name)
    }

    /// The name that the engine knows a network by.
    #[must_use]
    pub fn network_name(&self, key: &str) -> Option<&Arc<str>> {
        self.networks.iter().find(|network| &*network.key == key).map(|network| &network.name)
    }

    /// The name that the engine knows a volume by.
    #[must_use]
    pub fn volume_name(&self, key: &str) -> Option<&Arc<str>> {
        self.volumes.iter().find(|volume| &*volume.key == key).map(|volume| &volume.name)
    }
}

impl Service {
    /// What its container would be told for a key.
    #[must_use]
    pub fn variable(&self, key: &str) -> Option<&Secret> {
        self.environment.iter().find(|(name, _)| &**name == key).and_then(|(_, value)| value.as_ref())
    }
}
