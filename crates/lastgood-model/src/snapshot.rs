//! Snapshot: what a container engine says is there and running. Observed, not declared, and not judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::desired::{Healthcheck, Mount, Port, Settings};
use crate::{Piece, Secret, Signature, UnixMs};

/// What the engine says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The engine itself.
    pub engine: Engine,
    /// All containers, also stopped ones and those of other projects.
    pub containers: Vec<Container>,
    /// Images of these containers and of the project's services.
    pub images: Vec<Image>,
    /// Networks.
    pub networks: Vec<Network>,
    /// Names of volumes.
    pub volumes: Vec<Volume>,
    /// What happened lately; engines keep few of these.
    pub events: Vec<Event>,
    /// Registries that somebody has logged in to, by host name.
    pub logins: Vec<Arc<str>>,
}

/// The engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engine {
    /// Its version.
    pub version: Arc<str>,
    /// The version of the interface that was agreed on: `1.41`.
    pub api: Arc<str>,
    /// In Docker's words: `amd64`.
    pub architecture: Arc<str>,
    /// Where it keeps everything: `/var/lib/docker`.
    pub root: Arc<str>,
    /// Whether it runs without root.
    pub rootless: bool,
    /// The name of the machine that it runs on, as it says itself.
    pub host: Arc<str>,
    /// That machine's kernel: `6.1.0-42-amd64`.
    pub kernel: Arc<str>,
    /// Where it takes subnets from, if somebody set that: a network, `10.0.0.0/8`, and the prefix length of each part of it.
    pub address_pools: Vec<(Arc<str>, u8)>,
}

/// A container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    /// Its id, whole.
    pub id: Arc<str>,
    /// Its name, without the leading slash.
    pub name: Arc<str>,
    /// The Compose project that it belongs to.
    pub project: Option<Arc<str>>,
    /// The Compose service that it is of.
    pub service: Option<Arc<str>>,
    /// The compose files that it was created from.
    pub config_files: Vec<Arc<str>>,
    /// The folder that it was created from.
    pub folder: Option<Arc<str>>,
    /// Made by `docker compose run`: not the service itself.
    pub one_off: bool,
    /// The image, as it was asked for.
    pub image: Arc<str>,
    /// The image's id.
    pub image_id: Arc<str>,
    /// When it was created.
    pub created: UnixMs,
    /// What it is doing.
    pub state: State,
    /// How healthy it says it is; `None` without a health check.
    pub health: Option<Health>,
    /// The health check in force.
    pub healthcheck: Option<Healthcheck>,
    /// How often the engine restarted it.
    pub restarts: u64,
    /// `no`, `always`, `on-failure`, `unless-stopped`.
    pub restart_policy: Arc<str>,
    /// What it was told when it was created, the image's own variables included.
    pub environment: Vec<(Arc<str>, Secret)>,
    /// The program and its arguments.
    pub command: Vec<Secret>,
    /// The entrypoint.
    pub entrypoint: Vec<Secret>,
    /// The folder in it that its program begins in; empty: the top.
    pub working_folder: Arc<str>,
    /// Who it runs as; empty: the image's choice, or root.
    pub user: Arc<str>,
    /// Networks that it is attached to.
    pub attachments: Vec<Attachment>,
    /// `bridge`, `host`, `container:…`, or a network.
    pub network_mode: Arc<str>,
    /// Published ports as asked for.
    pub ports: Vec<Port>,
    /// Published ports in force; empty while it is not running.
    pub bound: Vec<Port>,
    /// Mounts.
    pub mounts: Vec<Mount>,
    /// The limit of its memory in bytes, if there is one.
    pub memory_limit: Option<u64>,
    /// Labels, without Compose's own.
    pub labels: BTreeMap<Arc<str>, Secret>,
    /// What else is set.
    pub settings: Settings,
    /// Names it knows beside the resolver's: name and address.
    pub extra_hosts: Vec<(Arc<str>, Arc<str>)>,
    /// Ports of its own network namespace on which something listens; `None` if that could not be read.
    pub listening: Option<Vec<Listening>>,
    /// How often the kernel killed a process in it for lack of memory, by its cgroup; `None` if that could not be read.
    pub oom_kills: Option<u64>,
    /// Bind mounts whose host file is another one now than the one that is mounted, by target.
    pub replaced_mounts: Vec<Arc<str>>,
    /// The last lines it wrote, oldest first; only of containers that do not simply run.
    pub last_words: Vec<Arc<str>>,
    /// The last of these lines that is a known sentence, and what it says.
    pub known_words: Option<KnownWords>,
}

/// A known sentence in what a container wrote last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownWords {
    /// Which of the lines.
    pub line: usize,
    /// The sentence.
    pub signature: Signature,
    /// What it names.
    pub names: Vec<(Piece, Arc<str>)>,
}

/// What a container is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// In which state.
    pub status: ContainerStatus,
    /// The id of its first process on the host; 0 if none.
    pub pid: u32,
    /// What it ended with, when it did.
    pub exit_code: i64,
    /// Whether the kernel killed its first process for lack of memory.
    pub oom_killed: bool,
    /// What the engine says went wrong, in its own words.
    pub error: Arc<str>,
    /// When it was started last.
    pub started: Option<UnixMs>,
    /// When it ended last.
    pub finished: Option<UnixMs>,
}

/// States of a container, in the engine's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerStatus {
    /// Never started.
    #[default]
    Created,
    /// It runs.
    Running,
    /// It is frozen.
    Paused,
    /// It ended and is about to be started again.
    Restarting,
    /// It is being removed.
    Removing,
    /// It ended.
    Exited,
    /// It could not be removed.
    Dead,
}

impl ContainerStatus {
    /// The engine's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

/// What a health check says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Its word.
    pub status: HealthStatus,
    /// Failures in a row.
    pub failing_streak: u64,
    /// The last checks, oldest first.
    pub checks: Vec<HealthResult>,
}

/// Words of a health check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HealthStatus {
    /// Not decided yet.
    #[default]
    Starting,
    /// Fine.
    Healthy,
    /// Not fine.
    Unhealthy,
}

/// One check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthResult {
    /// When it began.
    pub at: Option<UnixMs>,
    /// What it ended with; 0 is fine.
    pub exit_code: i64,
    /// What it said, cut by the engine.
    pub output: Arc<str>,
}

/// A container on a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// The network's name.
    pub network: Arc<str>,
    /// The network's id, as it was when the container was attached.
    pub network_id: Arc<str>,
    /// Its address there; empty while it is not running.
    pub address: Arc<str>,
    /// The gateway there.
    pub gateway: Arc<str>,
    /// The address that was asked for, if one was.
    pub fixed: Option<Arc<str>>,
    /// Names that others reach it by.
    pub aliases: Vec<Arc<str>>,
}

/// A socket on which something listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listening {
    /// The address; `0.0.0.0` and `::` are all.
    pub address: Arc<str>,
    /// The port.
    pub port: u16,
}

/// An image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    /// Its id.
    pub id: Arc<str>,
    /// Its names: `econipass-backend:1.0`.
    pub tags: Vec<Arc<str>>,
    /// Its digests in registries: `ghcr.io/x/y@sha256:…`.
    pub digests: Vec<Arc<str>>,
    /// When it was made.
    pub created: Option<UnixMs>,
    /// The architecture that its label claims, in Docker's words.
    pub architecture: Arc<str>,
    /// The architecture of the program that it starts, or of a module that this program cannot load, read from the file's own
    /// header; `None` if that could not be read.
    pub program_architecture: Option<Arc<str>>,
    /// A module in it that is for another machine than its programs, if one was seen.
    pub foreign_module: Option<ForeignModule>,
    /// Variables that it brings.
    pub environment: Vec<(Arc<str>, Secret)>,
    /// Its own entrypoint.
    pub entrypoint: Vec<Secret>,
    /// Its own command.
    pub command: Vec<Secret>,
    /// Its own health check.
    pub healthcheck: Option<Healthcheck>,
    /// Ports that it says it listens on.
    pub exposed: Vec<u16>,
    /// Who it runs as.
    pub user: Arc<str>,
    /// The folder that it starts in.
    pub working_dir: Arc<str>,
    /// The signal that it is asked to end with, if it says one.
    pub stop_signal: Arc<str>,
    /// Labels.
    pub labels: BTreeMap<Arc<str>, Secret>,
    /// Commands that made its layers, newest first, as its history tells them.
    pub history: Vec<Secret>,
}

/// A module of an image that is for another machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignModule {
    /// Where its file is.
    pub path: Arc<str>,
    /// For which machine it is, in Docker's words.
    pub architecture: Arc<str>,
}

/// A network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Its id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// `bridge`, `host`, `overlay`.
    pub driver: Arc<str>,
    /// The Compose project that made it.
    pub project: Option<Arc<str>>,
    /// Its subnets: `172.18.0.0/16`.
    pub subnets: Vec<Arc<str>>,
    /// Its gateways.
    pub gateways: Vec<Arc<str>>,
    /// When it was made.
    pub created: Option<UnixMs>,
    /// Whether it has no way out.
    pub internal: bool,
}

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub name: Arc<str>,
    /// The Compose project that made it.
    pub project: Option<Arc<str>>,
}

/// Something that happened to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: UnixMs,
    /// The engine's word: `die`, `oom`, `start`, `disconnect`.
    pub action: Arc<str>,
    /// The container's name.
    pub container: Arc<str>,
    /// The exit code, of `die`.
    pub exit_code: Option<i64>,
}

impl Snapshot {
    /// Containers of a service of a project, not those of `docker compose run`.
    pub fn of_service<'s>(&'s self, project: &'s str, service: &'s str) -> impl Iterator<Item = &'s Container> {
        self.containers.iter().filter(move |container| {
            !container.one_off
                && container.project.as_deref() == Some(project)
                && container.service.as_deref() == Some(service)
        })
    }

    /// The container of that name.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|container| &*container.name == name)
    }

    /// The image with that id or that name.
    #[must_use]
    pub fn image(&self, name: &str) -> Option<&Image> {
        self.images.iter().find(|image| &*image.id == name || image.tags.iter().any(|tag| &**tag == name))
    }

    /// The network of that name.
    #[must_use]
    pub fn network(&self, name: &str) -> Option<&Network> {
        self.networks.iter().find(|network| &*network.name == name)
    }
}

impl Container {
    /// What it was told for a key. An engine may list one twice; the later one reaches the process.
    #[must_use]
    pub fn variable(&self, key: &str) -> Option<&Secret> {
        self.environment.iter().rev().find(|(name, _)| &**name == key).map(|(_, value)| value)
    }

    /// How users speak of it: its service, else its name.
    #[must_use]
    pub fn component(&self) -> &Arc<str> {
        self.service.as_ref().unwrap_or(&self.name)
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state.status == ContainerStatus::Running
    }

    /// Whether there is a network that both are on.
    #[must_use]
    pub fn shares_network(&self, other: &Self) -> bool {
        self.attachments.iter().any(|mine| other.attachments.iter().any(|theirs| mine.network == theirs.network))
    }
}
