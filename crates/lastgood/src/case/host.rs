//! `host/host.json` of a case: the machine as it was. Shapes of a file only.

use std::sync::Arc;

use lastgood_model::UnixMs;
use lastgood_model::stack::{FileSystem, HostListening, HostState, Memory};
use serde::{Deserialize, Serialize};

/// Where it lies.
pub const HOST: &str = "host/host.json";

/// The file. What could not be read is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct HostFacts {
    architecture: String,
    /// In milliseconds since 1970.
    booted: Option<i64>,
    file_systems: Vec<FileSystemFacts>,
    memory: Option<MemoryFacts>,
    open_files: Option<OpenFiles>,
    clock_synchronised: Option<bool>,
    listening: Option<Vec<Socket>>,
    units: Vec<UnitFacts>,
    /// When the host's own nginx read its configuration, in milliseconds since 1970.
    pub proxy_read_at: Option<i64>,
}

/// Numbers of bytes and of inodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct FileSystemFacts {
    path: String,
    bytes: u64,
    free: u64,
    inodes: u64,
    inodes_free: u64,
    read_only: bool,
}

/// Bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct MemoryFacts {
    total: u64,
    available: u64,
    swap: u64,
    swap_free: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct OpenFiles {
    open: u64,
    most: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct Socket {
    address: String,
    port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct UnitFacts {
    unit: String,
    enabled: bool,
}

impl HostFacts {
    /// Of a machine, without its name, which `case.toml` has.
    #[must_use]
    pub fn of(host: &HostState, proxy_read_at: Option<UnixMs>) -> Self {
        let file_system = |system: &FileSystem| FileSystemFacts {
            path: system.path.to_string(),
            bytes: system.bytes,
            free: system.free,
            inodes: system.inodes,
            inodes_free: system.inodes_free,
            read_only: system.read_only,
        };
        let socket = |socket: &HostListening| Socket {
            address: socket.address.to_string(),
            port: socket.port,
            program: socket.program.as_deref().map(str::to_owned),
        };
        let unit = |(unit, enabled): &(Arc<str>, bool)| UnitFacts { unit: unit.to_string(), enabled: *enabled };
        Self {
            architecture: host.architecture.to_string(),
            booted: host.booted.map(|at| at.0),
            file_systems: host.file_systems.iter().map(file_system).collect(),
            memory: host.memory.map(|memory| MemoryFacts {
                total: memory.total,
                available: memory.available,
                swap: memory.swap,
                swap_free: memory.swap_free,
            }),
            open_files: host.open_files.map(|(open, most)| OpenFiles { open, most }),
            clock_synchronised: host.clock_synchronised,
            listening: host.listening.as_ref().map(|all| all.iter().map(socket).collect()),
            units: host.units.iter().map(unit).collect(),
            proxy_read_at: proxy_read_at.map(|at| at.0),
        }
    }
}

impl From<HostFacts> for HostState {
    fn from(facts: HostFacts) -> Self {
        let file_system = |system: FileSystemFacts| FileSystem {
            path: Arc::from(system.path),
            bytes: system.bytes,
            free: system.free,
            inodes: system.inodes,
            inodes_free: system.inodes_free,
            read_only: system.read_only,
        };
        let socket = |socket: Socket| HostListening {
            address: Arc::from(socket.address),
            port: socket.port,
            program: socket.program.map(Arc::from),
        };
        Self {
            name: None,
            architecture: Arc::from(facts.architecture),
            file_systems: facts.file_systems.into_iter().map(file_system).collect(),
            memory: facts.memory.map(|memory| Memory {
                total: memory.total,
                available: memory.available,
                swap: memory.swap,
                swap_free: memory.swap_free,
            }),
            open_files: facts.open_files.map(|files| (files.open, files.most)),
            clock_synchronised: facts.clock_synchronised,
            listening: facts.listening.map(|all| all.into_iter().map(socket).collect()),
            booted: facts.booted.map(UnixMs),
            units: facts.units.into_iter().map(|unit| (Arc::from(unit.unit), unit.enabled)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_read_as_it_was_written() {
        let host = HostState {
            architecture: Arc::from("arm64"),
            file_systems: vec![FileSystem { path: Arc::from("/"), bytes: 9, free: 3, ..FileSystem::default() }],
            memory: Some(Memory { total: 7, available: 2, swap: 1, swap_free: 0 }),
            open_files: Some((3, 5)),
            clock_synchronised: Some(false),
            listening: Some(vec![HostListening {
                address: Arc::from("::"),
                port: 22,
                program: Some(Arc::from("sshd")),
            }]),
            booted: Some(UnixMs(11)),
            units: vec![(Arc::from("docker.service"), true)],
            ..HostState::default()
        };
        for host in [host, HostState::default()] {
            let written = serde_json::to_string(&HostFacts::of(&host, Some(UnixMs(3)))).unwrap();
            let read: HostFacts = serde_json::from_str(&written).unwrap();
            assert_eq!(read.proxy_read_at, Some(3));
            assert_eq!(HostState::from(read), host);
        }
    }
}
