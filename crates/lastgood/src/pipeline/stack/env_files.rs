//! The environment files of a project: those that containers are told, the one that is interpolated, and the example. Each
//! with the times that say when it was edited and when it arrived here.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lastgood_intake::compose::Places;
use lastgood_intake::env_file::{Dialect, EnvRead, read as parse};
use lastgood_model::stack::{EnvFile, EnvRole};
use lastgood_model::{Desired, Gap, GapKind, UnixMs};
use lastgood_world::{Damage, file_facts, read_small};

use super::gap;
use super::project::Project;
use super::told::{ToldFile, told};

/// The file whose values stand in for `${…}`.
const INTERPOLATED: &str = ".env";
/// A variable that Compose itself sets, for the files as well.
const PROJECT_NAME: &str = "COMPOSE_PROJECT_NAME";
/// Names under which teams keep the list of keys that there should be.
const EXAMPLES: [&str; 5] = [".env.example", ".env.sample", ".env.template", ".env.dist", "env.example"];
const OTHERS_MAY_READ: u32 = 0o004;

/// The file whose values stand in for `${…}`, if there is one.
pub(super) fn interpolation(project: &Project, gaps: &mut Vec<Gap>) -> Option<EnvFile> {
    let shell = |key: &str| env::var(key).ok();
    let path = project.folder.join(INTERPOLATED);
    match read_small(&path) {
        Ok(bytes) => Some(file(&path, EnvRole::Interpolation, parse(&bytes, Dialect::Compose, &shell), project)),
        Err(Damage::NotFound) => None,
        Err(damage) => {
            gaps.push(gap(&project.shown(&path), &damage));
            None
        }
    }
}

/// The example, if there is one.
fn example(project: &Project) -> Option<EnvFile> {
    let path = EXAMPLES.iter().map(|name| project.folder.join(name)).find(|path| path.is_file())?;
    let read = parse(&read_small(&path).ok()?, Dialect::Compose, &|_| None);
    Some(file(&path, EnvRole::Example, read, project))
}

/// All of them: what is interpolated, what services are told, the example. `answered` says whether Compose answered.
pub(super) fn read(
    interpolation: Option<EnvFile>,
    desired: &Desired,
    places: &Places,
    project: &Project,
    answered: bool,
    gaps: &mut Vec<Gap>,
) -> Vec<EnvFile> {
    let mut files: Vec<EnvFile> = interpolation.into_iter().collect();
    let outside = |key: &str| {
        let name = || (answered && key == PROJECT_NAME).then(|| desired.project.to_string());
        interpolated(key, &files).or_else(name)
    };
    let told = told(desired, places, &outside, answered);
    let mut contradicted: Vec<(Arc<str>, Arc<str>)> = Vec::new();
    for (path, keys) in told.contradicted {
        let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
        contradicted.push((project.shown(Path::new(&*path)), keys.join(", ").into()));
    }
    if answered {
        // What Compose has read it does not refuse.
        let refused = files.iter_mut().filter_map(|file| file.fault.take().map(|_| Arc::clone(&file.path)));
        contradicted.extend(refused.map(|path| (path, Arc::from(""))));
    }
    files.extend(told.files.into_iter().map(|ToldFile { path, read, services, .. }| {
        file(Path::new(&*path), EnvRole::Container(services), read, project)
    }));
    gaps.extend(told.missing.iter().map(|(path, damage)| gap(&project.shown(Path::new(&**path)), damage)));
    gaps.extend(contradicted.into_iter().map(|(what, keys)| Gap { what, why: GapKind::OtherThanCompose(keys) }));
    files.extend(example(project));
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
    Some(file.entry(key)?.value.as_ref()?.expose().to_owned())
}

fn file(path: &Path, role: EnvRole, read: EnvRead, project: &Project) -> EnvFile {
    let facts = file_facts(path);
    let shown: PathBuf = path.components().collect();
    EnvFile {
        path: project.shown(&shown),
        role,
        entries: read.entries,
        fault: read.fault,
        modified: facts.map(|facts| milliseconds(facts.modified)),
        changed: facts.map(|facts| milliseconds(facts.changed)),
        world_readable: facts.is_some_and(|facts| facts.mode & OTHERS_MAY_READ != 0),
    }
}

fn milliseconds((seconds, nanoseconds): (i64, i64)) -> UnixMs {
    UnixMs::from_seconds(seconds).plus(nanoseconds / 1_000_000)
}
