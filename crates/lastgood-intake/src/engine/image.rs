//! `/images/NAME/json` and `/images/NAME/history`.

use std::collections::BTreeMap;
use std::sync::Arc;

use lastgood_model::Secret;
use lastgood_model::snapshot::Image;
use serde::Deserialize;

use super::container::{HealthcheckBody, healthcheck};
use super::{BodyFault, labels, moment, read, secrets, variables};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Body {
    id: String,
    repo_tags: Option<Vec<String>>,
    repo_digests: Option<Vec<String>>,
    created: Option<String>,
    architecture: String,
    config: Option<Config>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    user: String,
    working_dir: String,
    stop_signal: String,
    labels: Option<BTreeMap<String, String>>,
    env: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    entrypoint: Option<Vec<String>>,
    exposed_ports: Option<BTreeMap<String, serde::de::IgnoredAny>>,
    healthcheck: Option<HealthcheckBody>,
}

/// An image, from its own body.
///
/// # Errors
/// If the body is none.
pub fn image(body: &[u8]) -> Result<Image, BodyFault> {
    let Body { id, repo_tags, repo_digests, created, architecture, config } = read(body)?;
    if id.is_empty() {
        return Err(BodyFault(Arc::from("no image")));
    }
    let config = config.unwrap_or_default();
    let names = |list: Option<Vec<String>>| list.unwrap_or_default().into_iter().map(Arc::from).collect();
    let exposed = config.exposed_ports.unwrap_or_default();
    Ok(Image {
        id: id.into(),
        tags: names(repo_tags),
        digests: names(repo_digests),
        created: created.as_deref().and_then(moment),
        architecture: architecture.into(),
        program_architecture: None,
        foreign_module: None,
        environment: variables(config.env),
        entrypoint: secrets(config.entrypoint),
        command: secrets(config.cmd),
        healthcheck: config.healthcheck.map(healthcheck),
        exposed: exposed.keys().filter_map(|port| port.split('/').next()?.parse().ok()).collect(),
        user: config.user.into(),
        working_dir: config.working_dir.into(),
        stop_signal: config.stop_signal.into(),
        labels: labels(config.labels.unwrap_or_default()),
        history: Vec::new(),
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Step {
    created_by: String,
}

/// The commands that made an image's layers, newest first.
///
/// # Errors
/// If the body is no history.
pub fn history(body: &[u8]) -> Result<Vec<Secret>, BodyFault> {
    let steps: Vec<Step> = read(body)?;
    Ok(steps.into_iter().map(|step| Secret::from(step.created_by)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_read_whole() {
        let body = br#"{"Id":"sha256:3c","RepoTags":["shop:1.0"],"RepoDigests":[],"Created":"2026-11-23T02:58:36.49Z","Architecture":"arm64",
          "Config":{"Env":["PATH=/bin"],"Cmd":null,"Entrypoint":["/app"],"ExposedPorts":{"80/tcp":{}},"Healthcheck":{"Test":["CMD","x"]}}}"#;
        let image = image(body).unwrap();
        assert_eq!((&*image.architecture, image.exposed.as_slice(), image.command.len()), ("arm64", &[80][..], 0));
        assert!(image.healthcheck.is_some());
        assert!(super::image(b"{}").is_err());
        assert_eq!(history(br#"[{"CreatedBy":"ENV TOKEN=x"},{}]"#).unwrap().len(), 2);
    }
}
