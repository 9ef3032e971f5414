//! `/networks` and `/volumes`.

use std::collections::BTreeMap;
use std::sync::Arc;

use lastgood_model::snapshot::{Network, Volume};
use serde::Deserialize;

use super::{BodyFault, moment, read, shared};

const PROJECT: &str = "com.docker.compose.project";

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NetworkBody {
    id: String,
    name: String,
    driver: String,
    created: String,
    internal: bool,
    labels: Option<BTreeMap<String, String>>,
    #[serde(rename = "IPAM")]
    ipam: Ipam,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Ipam {
    config: Option<Vec<Pool>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Pool {
    subnet: String,
    gateway: String,
}

/// All networks.
///
/// # Errors
/// If the body is no such list.
pub fn networks(body: &[u8]) -> Result<Vec<Network>, BodyFault> {
    let listed: Vec<NetworkBody> = read(body)?;
    Ok(listed.into_iter().map(network).collect())
}

fn network(body: NetworkBody) -> Network {
    let pools = body.ipam.config.unwrap_or_default();
    let (subnets, gateways): (Vec<_>, Vec<_>) = pools.into_iter().map(|pool| (pool.subnet, pool.gateway)).unzip();
    let filled = |texts: Vec<String>| texts.into_iter().filter_map(shared).collect();
    Network {
        id: body.id.into(),
        name: body.name.into(),
        driver: body.driver.into(),
        project: project(body.labels),
        subnets: filled(subnets),
        // Some engines write the gateway with its prefix.
        gateways: filled(gateways.into_iter().map(|text| text.split('/').next().unwrap_or("").to_owned()).collect()),
        created: moment(&body.created),
        internal: body.internal,
    }
}

fn project(labels: Option<BTreeMap<String, String>>) -> Option<Arc<str>> {
    labels?.remove(PROJECT).and_then(shared)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VolumesBody {
    volumes: Option<Vec<VolumeBody>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VolumeBody {
    name: String,
    labels: Option<BTreeMap<String, String>>,
}

/// All volumes.
///
/// # Errors
/// If the body is no such list.
pub fn volumes(body: &[u8]) -> Result<Vec<Volume>, BodyFault> {
    let listed: VolumesBody = read(body)?;
    let volume = |body: VolumeBody| Volume { name: body.name.into(), project: project(body.labels) };
    Ok(listed.volumes.unwrap_or_default().into_iter().map(volume).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_volumes_name_their_projects() {
        let body = br#"[{"Name":"host","Id":"h","Driver":"host","IPAM":{"Config":null},"Labels":null},
          {"Name":"pgvector_default","Id":"n","Created":"2026-11-23T03:02:24.5Z","Driver":"bridge",
           "IPAM":{"Config":[{"Subnet":"10.83.18.0/24","Gateway":"10.83.18.1"}]},"Labels":{"com.docker.compose.project":"pgvector"}}]"#;
        let networks = networks(body).unwrap();
        assert_eq!(networks[1].project.as_deref(), Some("pgvector"));
        assert_eq!((&*networks[1].gateways[0], networks[0].subnets.len()), ("10.83.18.1", 0));
        let body = br#"{"Volumes":[{"Name":"data","Labels":null}],"Warnings":null}"#;
        assert_eq!(volumes(body).unwrap().len(), 1);
        assert_eq!(volumes(br#"{"Volumes":null}"#).unwrap().len(), 0);
    }
}
