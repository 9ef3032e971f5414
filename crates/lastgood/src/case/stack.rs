//! What a case holds of a stack beside answers and files: where the project lies, its environment files as structure, and what
//! the kernel told of the processes of containers. Shapes of files only; values are masked before they come here.

use std::sync::Arc;

use lastgood_model::snapshot::{Container, Listening};
use lastgood_model::stack::{Dockerfile, EnvEntry, EnvFile, EnvRole, MountSource, PathKind};
use lastgood_model::{Secret, UnixMs};
use serde::{Deserialize, Serialize};

/// Where the answers of an engine lie.
pub const DOCKER: &str = "docker";
/// What the kernel told of processes.
pub const PROCESSES: &str = "docker/processes.json";
/// What Compose makes of the files.
pub const RESOLVED: &str = "project/compose.json";
/// The project's folder, files and environment files.
pub const PROJECT: &str = "project/project.json";

/// Programs of images.
pub const PROGRAMS: &str = "docker/programs.json";

/// The format of compose files, as `case.toml` names it.
pub const COMPOSE_FILE: &str = "compose";
/// The format of Dockerfiles.
pub const DOCKERFILE: &str = "dockerfile";

/// `project/project.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Project {
    /// Where it lay.
    pub folder: String,
    /// Its compose files, as they were shown.
    pub files: Vec<String>,
    /// How its user calls Compose for it.
    pub call: String,
    /// Why Compose refused its files, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Its environment files.
    pub env_files: Vec<EnvFileFacts>,
    /// Dockerfiles of its services.
    pub dockerfiles: Vec<DockerfileFacts>,
    /// What lay where its bind mounts come from.
    pub mount_sources: Vec<MountFacts>,
    /// Registries that its user was logged in to, by name.
    pub logins: Vec<String>,
}

/// A Dockerfile, as its service would have it built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct DockerfileFacts {
    service: String,
    path: String,
    run_lines: Vec<u64>,
    bases: Vec<String>,
}

impl DockerfileFacts {
    /// Of one.
    #[must_use]
    pub fn of((service, dockerfile): &(Arc<str>, Dockerfile)) -> Self {
        Self {
            service: service.to_string(),
            path: dockerfile.path.to_string(),
            run_lines: dockerfile.run_lines.clone(),
            bases: dockerfile.bases.iter().map(ToString::to_string).collect(),
        }
    }

    /// As it was.
    #[must_use]
    pub fn told(self) -> (Arc<str>, Dockerfile) {
        let bases = self.bases.into_iter().map(Arc::from).collect();
        (Arc::from(self.service), Dockerfile { path: Arc::from(self.path), run_lines: self.run_lines, bases })
    }
}

/// The source of a bind mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct MountFacts {
    path: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    #[default]
    Missing,
    EmptyDirectory,
    Directory,
    File,
}

impl MountFacts {
    /// Of one.
    #[must_use]
    pub fn of(source: &MountSource) -> Self {
        let kind = match source.kind {
            PathKind::Missing => Kind::Missing,
            PathKind::EmptyDirectory => Kind::EmptyDirectory,
            PathKind::Directory => Kind::Directory,
            PathKind::File => Kind::File,
        };
        Self { path: source.path.to_string(), kind }
    }

    /// As it was.
    #[must_use]
    pub fn told(self) -> MountSource {
        let kind = match self.kind {
            Kind::Missing => PathKind::Missing,
            Kind::EmptyDirectory => PathKind::EmptyDirectory,
            Kind::Directory => PathKind::Directory,
            Kind::File => PathKind::File,
        };
        MountSource { path: Arc::from(self.path), kind }
    }
}

/// One image in `docker/programs.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct ProgramFacts {
    /// The image's id.
    pub image: String,
    /// Where the program's file is in it.
    pub path: String,
    /// For which machine it is, in Docker's words.
    pub architecture: String,
    /// It is no program that is started, but a module.
    pub module: bool,
}

/// An environment file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct EnvFileFacts {
    path: String,
    role: Role,
    /// Which services are told it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    services: Vec<String>,
    /// When its contents and when anything of it was changed, in milliseconds since 1970.
    modified: Option<i64>,
    changed: Option<i64>,
    world_readable: bool,
    /// The line at which it cannot be read on, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<(u64, String)>,
    entries: Vec<EntryFacts>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Role {
    #[default]
    Interpolation,
    Container,
    Example,
}

/// A line of an environment file: structure of its value, and what was special about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct EntryFacts {
    key: String,
    value: Option<String>,
    line: u64,
    #[serde(skip_serializing_if = "is_false")]
    lost_dollar: bool,
    #[serde(skip_serializing_if = "is_false")]
    carriage_return: bool,
    #[serde(skip_serializing_if = "is_false")]
    splits: bool,
    #[serde(skip_serializing_if = "is_false")]
    cut: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl EnvFileFacts {
    /// Of a file; `mask` makes each value fit to be handed on.
    pub fn of(file: &EnvFile, mask: &mut dyn FnMut(&str, &str) -> String) -> Self {
        let (role, services) = match &file.role {
            EnvRole::Interpolation => (Role::Interpolation, Vec::new()),
            EnvRole::Container(services) => (Role::Container, services.iter().map(ToString::to_string).collect()),
            EnvRole::Example => (Role::Example, Vec::new()),
        };
        let entries = file.entries.iter().map(|entry| EntryFacts {
            key: entry.key.to_string(),
            value: entry.value.as_ref().map(|value| mask(&entry.key, value.expose())),
            line: entry.line,
            lost_dollar: entry.lost_dollar,
            carriage_return: entry.carriage_return,
            splits: entry.splits,
            cut: entry.cut,
        });
        Self {
            path: file.path.to_string(),
            role,
            services,
            modified: file.modified.map(|at| at.0),
            changed: file.changed.map(|at| at.0),
            world_readable: file.world_readable,
            fault: file.fault.as_ref().map(|(line, why)| (*line, why.to_string())),
            entries: entries.collect(),
        }
    }
}

impl From<EnvFileFacts> for EnvFile {
    fn from(facts: EnvFileFacts) -> Self {
        let role = match facts.role {
            Role::Interpolation => EnvRole::Interpolation,
            Role::Container => EnvRole::Container(facts.services.into_iter().map(Arc::from).collect()),
            Role::Example => EnvRole::Example,
        };
        let entries = facts.entries.into_iter().map(|entry| EnvEntry {
            key: Arc::from(entry.key),
            value: entry.value.map(Secret::from),
            line: entry.line,
            lost_dollar: entry.lost_dollar,
            carriage_return: entry.carriage_return,
            splits: entry.splits,
            cut: entry.cut,
        });
        Self {
            path: Arc::from(facts.path),
            role,
            entries: entries.collect(),
            fault: facts.fault.map(|(line, why)| (line, Arc::from(why))),
            modified: facts.modified.map(UnixMs),
            changed: facts.changed.map(UnixMs),
            world_readable: facts.world_readable,
        }
    }
}

/// One container in `docker/processes.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct ProcessFacts {
    /// Its name.
    pub container: String,
    /// Where something listens in it, if that could be seen.
    pub listening: Option<Vec<(String, u16)>>,
    /// Processes that were killed for lack of memory, if that could be seen.
    pub oom_kills: Option<u64>,
    /// Mounts that show another file than their source is now.
    pub replaced_mounts: Vec<String>,
    /// When the newest process of its nginx was started, in milliseconds since 1970.
    pub proxy_read_at: Option<i64>,
}

impl ProcessFacts {
    /// What is known of a container.
    #[must_use]
    pub fn of(container: &Container, proxy_read_at: Option<UnixMs>) -> Self {
        let place = |listening: &Listening| (listening.address.to_string(), listening.port);
        Self {
            container: container.name.to_string(),
            listening: container.listening.as_ref().map(|all| all.iter().map(place).collect()),
            oom_kills: container.oom_kills,
            replaced_mounts: container.replaced_mounts.iter().map(ToString::to_string).collect(),
            proxy_read_at: proxy_read_at.map(|at| at.0),
        }
    }

    /// Tells it to the container.
    pub fn tell(&self, container: &mut Container) {
        let place = |(address, port): &(String, u16)| Listening { address: Arc::from(address.as_str()), port: *port };
        container.listening = self.listening.as_ref().map(|all| all.iter().map(place).collect());
        container.oom_kills = self.oom_kills;
        container.replaced_mounts = self.replaced_mounts.iter().map(|path| Arc::from(path.as_str())).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfiles_and_mounts_are_read_as_they_were_written() {
        let dockerfile =
            Dockerfile { path: Arc::from("Dockerfile"), run_lines: vec![3], bases: vec![Arc::from("node:22")] };
        let told = (Arc::from("web"), dockerfile);
        let written = serde_json::to_string(&DockerfileFacts::of(&told)).unwrap();
        assert_eq!(serde_json::from_str::<DockerfileFacts>(&written).unwrap().told(), told);
        for kind in [PathKind::Missing, PathKind::EmptyDirectory, PathKind::Directory, PathKind::File] {
            let source = MountSource { path: Arc::from("/srv/x"), kind };
            let written = serde_json::to_string(&MountFacts::of(&source)).unwrap();
            assert_eq!(serde_json::from_str::<MountFacts>(&written).unwrap().told(), source);
        }
    }

    #[test]
    fn an_environment_file_is_read_as_it_was_written() {
        let file = EnvFile {
            path: Arc::from(".env"),
            role: EnvRole::Container(vec![Arc::from("api")]),
            entries: vec![EnvEntry {
                key: Arc::from("A"),
                value: Some(Secret::from("x")),
                line: 3,
                lost_dollar: true,
                carriage_return: false,
                splits: true,
                cut: true,
            }],
            fault: Some((7, Arc::from("unterminated quote"))),
            modified: Some(UnixMs(5)),
            changed: None,
            world_readable: true,
        };
        let facts = EnvFileFacts::of(&file, &mut |_, value| value.to_owned());
        let written = serde_json::to_string(&facts).unwrap();
        assert_eq!(EnvFile::from(serde_json::from_str::<EnvFileFacts>(&written).unwrap()), file);
    }
}
