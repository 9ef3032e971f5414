//! The agent: the binary of lastgood that runs on a kind of machine. Our own, where that is the same kind; else one that lies beside
//! it. It is known by the digest of what it holds, so that it is brought to a host once.

use std::env;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use lastgood_world::digest;

use super::HostFault;

/// A binary, and what it is called on a host.
#[derive(Debug)]
pub(super) struct Agent {
    path: PathBuf,
    digest: String,
    bytes: u64,
    machine: &'static str,
}

impl Agent {
    /// The one for a machine that says this of itself: `Linux x86_64`.
    pub(super) fn for_machine(machine: &str) -> Result<Self, HostFault> {
        let Some(processor) = machine.strip_prefix("Linux ") else {
            return Err(HostFault::NoLinux(machine.to_owned()));
        };
        let name = match processor {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            _ => return Err(HostFault::NoAgent(machine.to_owned(), None)),
        };
        let own = env::current_exe().map_err(|error| HostFault::Io(error.to_string()))?;
        let is_same = env::consts::OS == "linux" && env::consts::ARCH == processor;
        let places = candidates(&own, name, is_same);
        let found = places.iter().find(|path| path.is_file()).cloned();
        let missing = || places.first().map(|place| place.display().to_string());
        let path = found.ok_or_else(|| HostFault::NoAgent(machine.to_owned(), missing()))?;
        let described = digest(&path).and_then(|digest| Ok((digest, path.metadata()?.len())));
        let (digest, bytes) = described.map_err(|error| HostFault::Io(error.to_string()))?;
        Ok(Self { path, digest, bytes, machine: name })
    }

    /// SHA-256 of it, in hex.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    /// Its size.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The processor that it is for, in Docker's words.
    pub(super) const fn machine(&self) -> &'static str {
        self.machine
    }

    pub(super) fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }
}

/// Where it may be, the best first. One that was made for hosts needs none of their libraries; our own may.
fn candidates(own: &Path, name: &str, is_same: bool) -> Vec<PathBuf> {
    let mut paths = vec![own.with_file_name(format!("lastgood-linux-{name}"))];
    paths.extend(is_same.then(|| own.to_owned()));
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_kind_of_machine_needs_another_binary() {
        let own = Path::new("/opt/lastgood");
        assert_eq!(candidates(own, "arm64", false), [Path::new("/opt/lastgood-linux-arm64")]);
        assert_eq!(candidates(own, "amd64", true), [Path::new("/opt/lastgood-linux-amd64"), own]);
        let told = |machine: &str| Agent::for_machine(machine).unwrap_err();
        assert_eq!(told("Darwin arm64"), HostFault::NoLinux("Darwin arm64".to_owned()));
        assert_eq!(told("Linux riscv64"), HostFault::NoAgent("Linux riscv64".to_owned(), None));
    }
}
