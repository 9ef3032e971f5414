//! The environment files of a project: those that containers are told, the one that is interpolated, and the example. Each
//! with the times that say when it was edited and when it arrived here.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lastgood_intake::env_file::{Dialect, read as parse};
use lastgood_model::stack::{EnvFile, EnvRole};
use lastgood_model::{Desired, Gap, UnixMs};
use lastgood_world::{Damage, file_facts, read_small};

use super::gap;
use super::project::Project;

/// The file whose values stand in for `${…}`.
const INTERPOLATED: &str = ".env";
/// Names under which teams keep the list of keys that there should be.
const EXAMPLES: [&str; 5] = [".env.example", ".env.sample", ".env.template", ".env.dist", "env.example"];
const OTHERS_MAY_READ: u32 = 0o004;

/// Who is told what a file says.
#[derive(Default)]
struct Users {
    /// Whether Compose refuses to go on without the file.
    required: bool,
    services: Vec<Arc<str>>,
}

/// Reads them all. A file that need not be there and is not is no gap.
pub(super) fn read(desired: &Desired, project: &Project, gaps: &mut Vec<Gap>) -> Vec<EnvFile> {
    let shell = |key: &str| env::var(key).ok();
    let mut files = Vec::new();
    let interpolated =
        file(&project.folder.join(INTERPOLATED), EnvRole::Interpolation, Dialect::Compose, project, &shell);
    files.extend(interpolated.ok());
    // What `.env` says counts for what `env_file`s ask for; the shell counts more.
    let told = files.first().cloned();
    let outside = |key: &str| shell(key).or_else(|| value_in(told.as_ref()?, key));

    let mut users: BTreeMap<(&str, bool), Users> = BTreeMap::new();
    for service in &desired.services {
        for entry in &service.env_files {
            let users = users.entry((&entry.path, entry.raw)).or_default();
            users.required |= entry.required;
            users.services.push(Arc::clone(&service.name));
        }
    }
    for ((path, raw), Users { required, services }) in users {
        let dialect = if raw { Dialect::Raw } else { Dialect::Compose };
        match file(Path::new(path), EnvRole::Container(services), dialect, project, &outside) {
            Ok(file) => files.push(file),
            Err(Damage::NotFound) if !required => {}
            Err(damage) => gaps.push(gap(&project.shown(Path::new(path)), &damage)),
        }
    }
    let example = EXAMPLES.iter().map(|name| project.folder.join(name)).find(|path| path.is_file());
    files.extend(example.and_then(|path| file(&path, EnvRole::Example, Dialect::Compose, project, &|_| None).ok()));
    files
}

/// What a variable of a compose file is set to.
pub(super) fn interpolated(key: &str, files: &[EnvFile]) -> Option<String> {
    env::var(key).ok().or_else(|| in_file(key, files))
}

/// What the file that is interpolated sets it to.
pub(super) fn in_file(key: &str, files: &[EnvFile]) -> Option<String> {
    value_in(files.iter().find(|file| file.role == EnvRole::Interpolation)?, key)
}

fn value_in(file: &EnvFile, key: &str) -> Option<String> {
    let entry = file.entries.iter().rev().find(|entry| *entry.key == *key)?;
    Some(entry.value.as_ref()?.expose().to_owned())
}

fn file(
    path: &Path,
    role: EnvRole,
    dialect: Dialect,
    project: &Project,
    outside: &dyn Fn(&str) -> Option<String>,
) -> Result<EnvFile, Damage> {
    let bytes = read_small(path)?;
    let read = parse(&bytes, dialect, outside);
    let facts = file_facts(path);
    let shown: PathBuf = path.components().collect();
    Ok(EnvFile {
        path: project.shown(&shown),
        role,
        entries: read.entries,
        fault: read.fault,
        modified: facts.map(|facts| milliseconds(facts.modified)),
        changed: facts.map(|facts| milliseconds(facts.changed)),
        world_readable: facts.is_some_and(|facts| facts.mode & OTHERS_MAY_READ != 0),
    })
}

fn milliseconds((seconds, nanoseconds): (i64, i64)) -> UnixMs {
    UnixMs::from_seconds(seconds).plus(nanoseconds / 1_000_000)
}
