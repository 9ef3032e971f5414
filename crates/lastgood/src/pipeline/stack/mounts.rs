//! What lies where declared bind mounts come from, on the engine's machine. Links are followed, as the engine follows them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lastgood_model::stack::MountSource;
use lastgood_model::{Desired, Gap};
use lastgood_world::path_kinds;

use super::gap;

const DEADLINE: Duration = Duration::from_secs(2);
const BIND: &str = "bind";

pub(super) fn sources(desired: &Desired, gaps: &mut Vec<Gap>) -> Vec<MountSource> {
    let mounts = desired.services.iter().flat_map(|service| &service.mounts);
    let paths: BTreeSet<&Arc<str>> =
        mounts.filter(|mount| &*mount.kind == BIND && !mount.source.is_empty()).map(|mount| &mount.source).collect();
    let places: Vec<PathBuf> = paths.iter().map(|path| PathBuf::from(&***path)).collect();
    let mut found = Vec::new();
    for (path, kind) in paths.into_iter().zip(path_kinds(&places, DEADLINE)) {
        match kind {
            Ok(kind) => found.push(MountSource { path: Arc::clone(path), kind }),
            Err(damage) => gaps.push(gap(path, &damage)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use lastgood_model::desired::{Mount, Service};
    use lastgood_model::stack::PathKind;

    use super::*;

    #[test]
    fn each_source_is_looked_at_once_and_volumes_never() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let mount =
            |kind: &str, source: String| Mount { kind: Arc::from(kind), source: Arc::from(source), ..Mount::default() };
        let mounts = vec![
            mount("bind", path("none.conf")),
            mount("bind", path("")),
            mount("bind", path("none.conf")),
            mount("volume", "data".to_owned()),
        ];
        let desired = Desired { services: vec![Service { mounts, ..Service::default() }], ..Desired::default() };
        let kinds: Vec<PathKind> = sources(&desired, &mut Vec::new()).into_iter().map(|source| source.kind).collect();
        assert_eq!(kinds, [PathKind::EmptyDirectory, PathKind::Missing]);
    }
}
