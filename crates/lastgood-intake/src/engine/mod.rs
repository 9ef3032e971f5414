//! Bodies of the container engine's API, as received, to the nouns of a snapshot. Keys that are not known are passed over
//! and missing ones are empty; a body that is no such thing at all is a fault. Nothing is asked for here.

mod container;
mod events;
mod image;
mod resources;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use lastgood_model::snapshot::Engine;
use lastgood_model::{Secret, UnixMs};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use container::{container, container_ids};
pub use events::events;
pub use image::{history, image};
pub use resources::{networks, volumes};

/// A body that could not be understood, in the parser's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyFault(pub Arc<str>);

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BodyFault> {
    serde_json::from_slice(body).map_err(|error| BodyFault(Arc::from(error.to_string())))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Version {
    version: String,
    arch: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Info {
    docker_root_dir: String,
    name: String,
    kernel_version: String,
    security_options: Option<Vec<String>>,
    default_address_pools: Option<Vec<AddressPool>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct AddressPool {
    base: String,
    size: u8,
}

/// The engine itself, from `/version` and `/info`; `api` is what was agreed on.
///
/// # Errors
/// If one of them is not understood.
pub fn about(version: &[u8], info: &[u8], api: &str) -> Result<Engine, BodyFault> {
    let (version, info): (Version, Info) = (read(version)?, read(info)?);
    let options = info.security_options.unwrap_or_default();
    let pools = info.default_address_pools.unwrap_or_default();
    Ok(Engine {
        version: version.version.into(),
        api: Arc::from(api),
        architecture: version.arch.into(),
        root: info.docker_root_dir.into(),
        rootless: options.iter().any(|option| option.contains("name=rootless")),
        host: info.name.into(),
        kernel: info.kernel_version.into(),
        address_pools: pools.into_iter().map(|pool| (pool.base.into(), pool.size)).collect(),
    })
}

/// A moment; the engine writes the year 1 where there is none.
fn moment(text: &str) -> Option<UnixMs> {
    let moment: Timestamp = text.parse().ok()?;
    Some(UnixMs(moment.as_millisecond())).filter(|at| at.0 > 0)
}

/// `KEY=value`; a key alone is told nothing.
fn variables(list: Option<Vec<String>>) -> Vec<(Arc<str>, Secret)> {
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        (Arc::from(key), Secret::from(value))
    };
    list.unwrap_or_default().iter().map(pair).collect()
}

/// Labels that somebody set, without those that Compose uses for itself.
fn labels(map: BTreeMap<String, String>) -> BTreeMap<Arc<str>, Secret> {
    let is_own = |name: &str| name.starts_with("com.docker.") || name.starts_with("desktop.docker.io/");
    let labels = map.into_iter().filter(|(name, _)| !is_own(name));
    labels.map(|(name, value)| (Arc::from(name), Secret::from(value))).collect()
}

fn secrets(list: Option<Vec<String>>) -> Vec<Secret> {
    list.unwrap_or_default().into_iter().map(Secret::from).collect()
}

fn shared(text: String) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_says_who_it_is() {
        let version = br#"{"Version":"20.10.24+dfsg1","ApiVersion":"1.41","Arch":"amd64","New":{"x":1}}"#;
        let info =
            br#"{"DockerRootDir":"/home/me/.local/share/docker","SecurityOptions":["name=seccomp","name=rootless"],
             "DefaultAddressPools":[{"Base":"10.0.0.0/8","Size":24}],"Name":"vm","KernelVersion":"6.1.0-42-amd64"}"#;
        let engine = about(version, info, "1.41").unwrap();
        assert_eq!((&*engine.version, &*engine.architecture, engine.rootless), ("20.10.24+dfsg1", "amd64", true));
        assert_eq!(engine.address_pools, [("10.0.0.0/8".into(), 24)]);
        assert_eq!((&*engine.host, &*engine.kernel), ("vm", "6.1.0-42-amd64"));
        assert!(about(b"<html>", info, "1.41").is_err());
    }

    #[test]
    fn the_year_one_is_no_time() {
        assert_eq!(moment("0001-01-01T00:00:00Z"), None);
        assert_eq!(moment("2026-11-23T03:04:48.63679341Z"), Some(UnixMs(1_795_403_088_636)));
    }
}
