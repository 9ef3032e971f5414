//! Stack: everything that is known at one moment of the services of one host beside their logs: declared, running, proxied,
//! and the host under them. Facts with their places; no conclusion.

use std::sync::Arc;

use crate::rollout::UnderWay;
use crate::{Desired, Probed, Ref, Secret, Snapshot, UnixMs};

/// What is known. What could not be read is absent here and a gap elsewhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stack {
    /// When it was looked at.
    pub at: UnixMs,
    /// What is declared; `None` without a compose file.
    pub desired: Option<Desired>,
    /// Why Compose refuses the files, in its own words, if it does.
    pub refused: Option<Arc<str>>,
    /// What runs; `None` without an engine that answers.
    pub snapshot: Option<Snapshot>,
    /// The project's environment files: what containers are told, what is interpolated, and the example.
    pub env_files: Vec<EnvFile>,
    /// Variables that the compose files ask for with `${…}`.
    pub asked: Vec<Asked>,
    /// Dockerfiles of services that are built, by service.
    pub dockerfiles: Vec<(Arc<str>, Dockerfile)>,
    /// Where declared bind mounts come from, and what is there; absent if that could not be looked at.
    pub mount_sources: Vec<MountSource>,
    /// Configurations of nginx, of the host and of containers.
    pub proxies: Vec<ProxyConf>,
    /// What answered when dependencies were asked as their dependents ask them.
    pub probes: Vec<Probed>,
    /// The machine.
    pub host: HostState,
    /// The rollout that somebody is at just now, as its ledger tells it.
    pub rollout: Option<UnderWay>,
}

/// An environment file.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvFile {
    /// As shown: `.env`.
    pub path: Arc<str>,
    /// What it is for.
    pub role: EnvRole,
    /// Its assignments in order; of two of one key the later one counts.
    pub entries: Vec<EnvEntry>,
    /// Why Compose would refuse it: the line and what is wrong.
    pub fault: Option<(u64, Arc<str>)>,
    /// Modification time; only of a live host or a case that recorded it.
    pub modified: Option<UnixMs>,
    /// When its inode changed: when it arrived here, if it was copied with its modification time kept.
    pub changed: Option<UnixMs>,
    /// Whether others than its owner and group may read it.
    pub world_readable: bool,
}

/// What an environment file is for. One file may have several, and is then listed several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvRole {
    /// Its values stand in for `${…}` in the compose files.
    Interpolation,
    /// `env_file` of these services.
    Container(Vec<Arc<str>>),
    /// An example that says which keys there should be.
    Example,
}

/// One assignment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvEntry {
    /// Its key.
    pub key: Arc<str>,
    /// Its value, interpolated; `None` for a bare key.
    pub value: Option<Secret>,
    /// Where it stands, from 1.
    pub line: u64,
    /// A `$` in it was taken for a variable that nobody sets, so that a part of the text is gone.
    pub lost_dollar: bool,
    /// The line ends with a carriage return that became part of the value.
    pub carriage_return: bool,
    /// It is an address that ends within its own password, at a `/`, `?` or `#` that should have been written `%2F`, `%3F`, `%23`.
    pub splits: bool,
    /// A `#` behind a blank, and no blank behind it, ended the value: Compose takes what follows for a comment.
    pub cut: bool,
}

impl EnvEntry {
    /// Whether no process can be told it: an engine refuses a key without a name, and a sign that ends a text.
    #[must_use]
    pub fn is_untellable(&self) -> bool {
        self.value.as_ref().is_some_and(|value| self.key.is_empty() || value.expose().contains('\0'))
    }

    /// The assignment of a key that counts: the last one with a value; a bare key that found none takes nothing away.
    #[must_use]
    pub fn in_force<'e>(entries: &'e [Self], key: &str) -> Option<&'e Self> {
        let mut assigned = entries.iter().rev().filter(|entry| *entry.key == *key);
        assigned.clone().find(|entry| entry.value.is_some()).or_else(|| assigned.next())
    }
}

impl EnvFile {
    /// The assignment of a key that counts.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&EnvEntry> {
        EnvEntry::in_force(&self.entries, key)
    }
}

/// A variable that a compose file asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub key: Arc<str>,
    /// Whether Compose refuses to go on without it (`${X:?}`, `${X?}`).
    pub required: bool,
    /// Whether something else stands in for it (`${X:-y}`).
    pub has_default: bool,
    /// Where.
    pub at: Ref,
    /// Whether neither shell nor file sets it.
    pub unset: bool,
    /// Whether it is set, to nothing.
    pub blank: bool,
}

/// What a Dockerfile would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dockerfile {
    /// As shown.
    pub path: Arc<str>,
    /// Lines of its `RUN` steps, from 1, in stages that are built for the target (without `--platform=$BUILDPLATFORM`).
    pub run_lines: Vec<u64>,
    /// Images that it begins with.
    pub bases: Vec<Arc<str>>,
}

/// A path of the host that a bind mount comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountSource {
    /// The path.
    pub path: Arc<str>,
    /// What is there.
    pub kind: PathKind,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathKind {
    /// Nothing.
    Missing,
    /// A directory with nothing in it.
    EmptyDirectory,
    /// A directory.
    Directory,
    /// A file, a socket or a device.
    File,
}

/// A configuration of nginx.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyConf {
    /// The container that it is of; `None`: the host's own.
    pub container: Option<Arc<str>>,
    /// When the processes that serve with it now read it, if that is known.
    pub read_at: Option<UnixMs>,
    /// `server` blocks.
    pub servers: Vec<VirtualServer>,
    /// `upstream` groups.
    pub groups: Vec<UpstreamGroup>,
    /// Where requests are passed to.
    pub passes: Vec<Pass>,
}

impl ProxyConf {
    /// Whether an address, `host:port`, is one of several in a group: whoever does not answer there is passed over.
    #[must_use]
    pub fn is_one_of_several(&self, address: &str) -> bool {
        let is_it = |server: &str| server == address || address.strip_suffix(":80") == Some(server);
        let several = self.groups.iter().filter(|group| group.servers.len() > 1);
        several.flat_map(|group| &group.servers).any(|(server, _)| is_it(server))
    }
}

/// A `server` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualServer {
    /// `server_name`s.
    pub names: Vec<Arc<str>>,
    /// Ports that it listens on.
    pub ports: Vec<u16>,
    /// Those of them on which it speaks TLS.
    pub secure: Vec<u16>,
    /// Where.
    pub at: Ref,
}

/// An `upstream` group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamGroup {
    /// Its name.
    pub name: Arc<str>,
    /// Its servers, as written, `host:port`, each with its place.
    pub servers: Vec<(Arc<str>, Ref)>,
}

/// A `proxy_pass` or one of its kin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// The host or the group, as written, without scheme, port and path.
    pub host: Arc<str>,
    /// The port, where one is written, else the scheme's.
    pub port: Option<u16>,
    /// The `location` that it is in.
    pub location: Arc<str>,
    /// The first `server_name` around it.
    pub server: Arc<str>,
    /// It holds a variable, so that the name is looked up again and again and not once at the start.
    pub is_variable: bool,
    /// A path is written behind the host: it takes the place of what the location matched.
    pub replaces: bool,
    /// The host that users asked for is passed on, or may be.
    pub tells_host: bool,
    /// Whether users came over TLS is passed on, or may be.
    pub tells_scheme: bool,
    /// Where.
    pub at: Ref,
}

/// The machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostState {
    /// Its name.
    pub name: Option<Arc<str>>,
    /// In Docker's words: `amd64`, `arm64`.
    pub architecture: Arc<str>,
    /// File systems that hold something of ours.
    pub file_systems: Vec<FileSystem>,
    /// Memory, in bytes.
    pub memory: Option<Memory>,
    /// Open files of the whole system, and how many there may be.
    pub open_files: Option<(u64, u64)>,
    /// Whether the clock follows others; `None` if nothing says so.
    pub clock_synchronised: Option<bool>,
    /// Sockets on which something listens.
    pub listening: Option<Vec<HostListening>>,
    /// When it booted.
    pub booted: Option<UnixMs>,
    /// What starts at boot: unit and whether it is enabled.
    pub units: Vec<(Arc<str>, bool)>,
}

/// A file system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSystem {
    /// What it is looked at for: the engine's folder, the project's, logs.
    pub path: Arc<str>,
    /// Bytes in all.
    pub bytes: u64,
    /// Bytes that a user can still write.
    pub free: u64,
    /// Inodes in all; 0 where there is no such limit.
    pub inodes: u64,
    /// Inodes that are left.
    pub inodes_free: u64,
    /// Whether it can only be read.
    pub read_only: bool,
}

/// Memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// In all.
    pub total: u64,
    /// What programs can still get.
    pub available: u64,
    /// Swap in all.
    pub swap: u64,
    /// Swap that is left.
    pub swap_free: u64,
}

/// A socket of the host on which something listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostListening {
    /// The address.
    pub address: Arc<str>,
    /// The port.
    pub port: u16,
    /// The program, where it may be known.
    pub program: Option<Arc<str>>,
}

impl Stack {
    /// Whether a container belongs to somebody else: another project, or none while there is one.
    #[must_use]
    pub fn is_foreign(&self, container: &crate::snapshot::Container) -> bool {
        self.desired.as_ref().is_some_and(|desired| container.project.as_deref() != Some(&*desired.project))
    }
}
