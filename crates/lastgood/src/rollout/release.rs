//! A release as JSON, `lastgood.release/1`: how it travels, and how the ledger keeps it. Its id is the digest of what makes it what it
//! is: project, Compose's arguments, images by id, files by digest and mode; not when, where or by whom it was made.

use std::collections::BTreeMap;
use std::sync::Arc;

use lastgood_diagnose::check::Accept;
use lastgood_model::release::{Release, ReleasedFile, ReleasedService};
use lastgood_model::rollout::ReleaseId;
use lastgood_world::digest_of;
use serde::{Deserialize, Serialize};

use super::manner::Manner;

/// Its name and version.
const SCHEMA: &str = "lastgood.release/1";

/// A release, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    schema: String,
    #[serde(default)]
    id: String,
    project: String,
    arguments: Vec<String>,
    services: Vec<Service>,
    files: Vec<File>,
}

/// A release on its way to a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// The release.
    #[serde(flatten)]
    pub release: Written,
    /// How it is brought out.
    #[serde(default)]
    pub manner: Manner,
    /// Findings of `check` that are meant to be so.
    #[serde(default)]
    pub accepted: Vec<Accepted>,
    /// What its smoke tests are filled with. They are kept nowhere.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// A finding that is meant to be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    code: String,
    component: Option<String>,
    keys: Vec<String>,
    reason: String,
}

impl From<&Accept> for Accepted {
    fn from(accept: &Accept) -> Self {
        Self {
            code: accept.code.to_string(),
            component: accept.component.as_deref().map(str::to_owned),
            keys: accept.keys.iter().map(ToString::to_string).collect(),
            reason: accept.reason.to_string(),
        }
    }
}

impl From<Accepted> for Accept {
    fn from(accepted: Accepted) -> Self {
        Self {
            code: accepted.code.into(),
            component: accepted.component.map(Arc::from),
            keys: accepted.keys.into_iter().map(Arc::from).collect(),
            reason: accepted.reason.into(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Service {
    name: String,
    image: String,
    image_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct File {
    path: String,
    digest: String,
    mode: u32,
    secret: bool,
}

impl From<&Release> for Written {
    fn from(release: &Release) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            id: release.id.0.to_string(),
            project: release.project.to_string(),
            arguments: release.arguments.iter().map(ToString::to_string).collect(),
            services: release
                .services
                .iter()
                .map(|service| Service {
                    name: service.name.to_string(),
                    image: service.image.to_string(),
                    image_id: service.image_id.to_string(),
                })
                .collect(),
            files: release
                .files
                .iter()
                .map(|file| File {
                    path: file.path.to_string(),
                    digest: file.digest.to_string(),
                    mode: file.mode,
                    secret: file.secret,
                })
                .collect(),
        }
    }
}

impl Written {
    /// The release, with the id that it really has. `None`: a newer version wrote it.
    #[must_use]
    pub fn understood(self) -> Option<Release> {
        (self.schema == SCHEMA).then(|| {
            let release = Release {
                id: ReleaseId(Arc::from("")),
                project: self.project.into(),
                arguments: self.arguments.into_iter().map(Arc::from).collect(),
                services: self
                    .services
                    .into_iter()
                    .map(|service| ReleasedService {
                        name: service.name.into(),
                        image: service.image.into(),
                        image_id: service.image_id.into(),
                    })
                    .collect(),
                files: self
                    .files
                    .into_iter()
                    .map(|file| ReleasedFile {
                        path: file.path.into(),
                        digest: file.digest.into(),
                        mode: file.mode,
                        secret: file.secret,
                    })
                    .collect(),
            };
            identified(release)
        })
    }
}

/// With its id.
#[must_use]
pub fn identified(mut release: Release) -> Release {
    release.files.sort();
    release.id = ReleaseId(Arc::from(""));
    let text = serde_json::to_vec(&Written::from(&release)).unwrap_or_default();
    release.id = ReleaseId(Arc::from(digest_of(&text)));
    release
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(image_id: &str) -> Release {
        let file = |path: &str| ReleasedFile { path: path.into(), digest: "ab".into(), mode: 0o600, secret: true };
        identified(Release {
            id: ReleaseId(Arc::from("whatever")),
            project: "shop".into(),
            arguments: vec!["-f".into(), "docker-compose.prod.yml".into()],
            services: vec![ReleasedService { name: "web".into(), image: "web:1".into(), image_id: image_id.into() }],
            files: vec![file("b"), file("a")],
        })
    }

    #[test]
    fn the_id_is_that_of_what_it_holds() {
        let one = release("sha256:1");
        assert_eq!(one.id, release("sha256:1").id);
        assert_ne!(one.id, release("sha256:2").id, "the same name, another image");
        assert_eq!(one.id.0.len(), 64);
        let text = serde_json::to_string(&Written::from(&one)).unwrap();
        let read: Written = serde_json::from_str(&text).unwrap();
        assert_eq!(read.understood(), Some(one));
        let newer = text.replace("release/1", "release/2");
        assert_eq!(serde_json::from_str::<Written>(&newer).unwrap().understood(), None);
    }
}
