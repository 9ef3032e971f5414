//! Where the container engine is: what the user's own `docker` would talk to, by the same variables and files. Whether
//! anybody answers there is the client's business.

use std::env;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::damage::Damage;
use crate::settings::read_small;

/// Where an engine listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket of this machine.
    Unix(PathBuf),
    /// `host:port`, without encryption.
    Tcp(String),
    /// Somewhere that the user's `docker` itself knows how to reach: over ssh or TLS, with keys. It is asked to connect.
    ThroughDocker(String),
}

impl Endpoint {
    /// The one that the user's `docker` would use: `DOCKER_HOST`, the current context, else the default sockets.
    #[must_use]
    pub fn of_user() -> Self {
        let of_host = variable("DOCKER_HOST").map(|host| {
            let has_tls = variable("DOCKER_TLS_VERIFY").is_some() || variable("DOCKER_TLS").is_some();
            (host, has_tls)
        });
        let named = of_host.or_else(|| {
            let folder = configuration_folder()?;
            let context = variable("DOCKER_CONTEXT").or_else(|| current_context(&folder))?;
            if context == DEFAULT {
                return None;
            }
            let has_tls = place_of_context(&folder, "tls", &context).is_dir();
            // Of one that is not known, `docker` itself says so; it does not take another one's place.
            host_of_context(&folder, &context).map(|host| (host, has_tls)).or(Some((context, true)))
        });
        match named {
            Some((host, has_tls)) => Self::parse(&host, has_tls),
            None => Self::default_socket(),
        }
    }

    fn parse(host: &str, has_tls: bool) -> Self {
        match host.split_once("://") {
            Some(("unix", path)) => Self::Unix(path.into()),
            Some(("tcp", address)) if !has_tls => Self::Tcp(address.trim_end_matches('/').to_owned()),
            None if host.starts_with('/') => Self::Unix(host.into()),
            None if !has_tls && host.contains(':') => Self::Tcp(host.to_owned()),
            _ => Self::ThroughDocker(host.to_owned()),
        }
    }

    /// Root's socket, else that of an engine that this user runs without root.
    fn default_socket() -> Self {
        const ROOTFUL: &str = "/var/run/docker.sock";
        let rootless = variable("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("docker.sock"));
        match rootless {
            Some(socket) if !Path::new(ROOTFUL).exists() && socket.exists() => Self::Unix(socket),
            _ => Self::Unix(ROOTFUL.into()),
        }
    }

    /// Whether it is at the place where an engine of this machine listens.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default_socket()
    }

    /// As it is shown.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Unix(path) => path.display().to_string(),
            Self::Tcp(address) => address.clone(),
            Self::ThroughDocker(host) => host.clone(),
        }
    }
}

/// The configuration of the user's `docker`, as it stands there: with its secrets.
///
/// # Errors
/// If there is none, or we may not read it.
pub fn client_configuration() -> Result<Vec<u8>, Damage> {
    read_small(&configuration_folder().ok_or(Damage::NotFound)?.join("config.json"))
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn configuration_folder() -> Option<PathBuf> {
    variable("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(Path::new(&variable("HOME")?).join(".docker")))
}

/// The name of having none.
const DEFAULT: &str = "default";

fn current_context(folder: &Path) -> Option<String> {
    let bytes = read_small(&folder.join("config.json")).ok()?;
    let config: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    Some(config.get("currentContext")?.as_str()?.to_owned())
}

/// What belongs to a context lies in a folder that is named by the digest of its name.
fn place_of_context(folder: &Path, kind: &str, context: &str) -> PathBuf {
    let name: String = Sha256::digest(context).iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join("contexts").join(kind).join(name)
}

fn host_of_context(folder: &Path, context: &str) -> Option<String> {
    let bytes = read_small(&place_of_context(folder, "meta", context).join("meta.json")).ok()?;
    let meta: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    Some(meta.pointer("/Endpoints/docker/Host")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_address_says_how_it_is_reached() {
        let parse = |host| Endpoint::parse(host, false);
        assert_eq!(parse("unix:///run/d.sock"), Endpoint::Unix("/run/d.sock".into()));
        assert_eq!(parse("/run/d.sock"), Endpoint::Unix("/run/d.sock".into()));
        assert_eq!(parse("tcp://127.0.0.1:2375/"), Endpoint::Tcp("127.0.0.1:2375".into()));
        assert_eq!(parse("ssh://me@vm"), Endpoint::ThroughDocker("ssh://me@vm".into()));
        assert_eq!(Endpoint::parse("tcp://vm:2376", true), Endpoint::ThroughDocker("tcp://vm:2376".into()));
    }

    #[test]
    fn a_context_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(host_of_context(folder.path(), "vm"), None);
        let digest: String = Sha256::digest("vm").iter().map(|byte| format!("{byte:02x}")).collect();
        let place = folder.path().join("contexts/meta").join(digest);
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("meta.json"), r#"{"Name":"vm","Endpoints":{"docker":{"Host":"ssh://me@vm"}}}"#).unwrap();
        fs::write(folder.path().join("config.json"), r#"{"currentContext":"vm"}"#).unwrap();
        assert_eq!(current_context(folder.path()).as_deref(), Some("vm"));
        assert_eq!(host_of_context(folder.path(), "vm").as_deref(), Some("ssh://me@vm"));
    }
}
