//! A release: all that a project runs on, so that it can be brought back as it was. What its files hold is not kept here.

use std::sync::Arc;

use crate::rollout::ReleaseId;

/// A release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The digest of all below.
    pub id: ReleaseId,
    /// The project's name.
    pub project: Arc<str>,
    /// What Compose is told before every command: `-f`, profiles.
    pub arguments: Vec<Arc<str>>,
    /// Its services, in the order in which they are switched: dependencies first.
    pub services: Vec<ReleasedService>,
    /// Its files, by their paths below the project's folder.
    pub files: Vec<ReleasedFile>,
}

/// A service of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedService {
    /// Its name.
    pub name: Arc<str>,
    /// The name of its image.
    pub image: Arc<str>,
    /// The image's id, which stays what it is when the name comes to stand for another one. Empty where it has none yet.
    pub image_id: Arc<str>,
}

/// A file of a release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleasedFile {
    /// Below the project's folder.
    pub path: Arc<str>,
    /// SHA-256 of what it holds, in hex.
    pub digest: Arc<str>,
    /// Its permissions.
    pub mode: u32,
    /// Nobody but its owner may read its copies.
    pub secret: bool,
}

impl Release {
    /// The service of that name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&ReleasedService> {
        self.services.iter().find(|service| &*service.name == name)
    }
}
