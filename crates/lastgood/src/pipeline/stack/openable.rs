//! Which containers can be looked into without changing anything. To hand out a file of one, the engine mounts what it mounts
//! at a start, and makes an empty folder of whatever source of a bind mount is missing then. So those are left shut.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lastgood_model::snapshot::Container;
use lastgood_model::stack::PathKind;
use lastgood_model::{GapKind, Snapshot};
use lastgood_world::path_kinds;

use super::host::Place;

const DEADLINE: Duration = Duration::from_secs(2);
const BIND: &str = "bind";

/// What is known of the sources of bind mounts.
#[derive(Clone, Debug)]
pub(super) struct Openable {
    place: Place,
    /// Why a source keeps its containers shut; none if it is there.
    sources: BTreeMap<Arc<str>, Option<GapKind>>,
}

impl Openable {
    /// Looks at the sources of all containers.
    pub(super) fn of(snapshot: &Snapshot, place: Place) -> Self {
        let mut sources = BTreeMap::new();
        if place == Place::Here {
            let names: Vec<&Arc<str>> = snapshot.containers.iter().flat_map(binds).collect();
            let paths: Vec<PathBuf> = names.iter().map(|name| PathBuf::from(&***name)).collect();
            for (name, kind) in names.into_iter().zip(path_kinds(&paths, DEADLINE)) {
                let why = match kind {
                    Ok(PathKind::Missing) => Some(GapKind::SourceMissing(Arc::clone(name))),
                    Ok(_) => None,
                    Err(damage) => Some(damage.gap_kind(0)),
                };
                sources.insert(Arc::clone(name), why);
            }
        }
        Self { place, sources }
    }

    /// Why a container is left shut, if it is.
    pub(super) fn shut(&self, container: &Container) -> Option<GapKind> {
        match self.place {
            Place::Here => binds(container).find_map(|source| self.sources.get(source).cloned().flatten()),
            Place::Elsewhere | Place::Unknown => binds(container).next().map(|_| GapKind::OtherMachine),
        }
    }
}

fn binds(container: &Container) -> impl Iterator<Item = &Arc<str>> {
    container.mounts.iter().filter(|mount| &*mount.kind == BIND).map(|mount| &mount.source)
}

#[cfg(test)]
mod tests {
    use lastgood_model::desired::Mount;

    use super::*;

    #[test]
    fn a_container_is_left_shut_whose_mount_would_be_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| -> Arc<str> { Arc::from(folder.path().join(name).to_string_lossy()) };
        let container = |sources: &[&str]| {
            let mount = |name: &&str| Mount { kind: Arc::from("bind"), source: path(name), ..Mount::default() };
            Container { mounts: sources.iter().map(mount).collect(), ..Container::default() }
        };
        let (fine, missing, none) = (container(&[""]), container(&["", "gone.conf"]), container(&[]));
        let snapshot =
            Snapshot { containers: vec![fine.clone(), missing.clone(), none.clone()], ..Snapshot::default() };
        let here = Openable::of(&snapshot, Place::Here);
        assert_eq!((here.shut(&fine), here.shut(&none)), (None, None));
        assert_eq!(here.shut(&missing), Some(GapKind::SourceMissing(path("gone.conf"))));
        let elsewhere = Openable::of(&snapshot, Place::Elsewhere);
        assert_eq!((elsewhere.shut(&fine), elsewhere.shut(&none)), (Some(GapKind::OtherMachine), None));
    }
}
