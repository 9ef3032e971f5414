//! Puts files of the live folder away that belong to no release: a copy is kept beside what was replaced, then they go. Which files, and
//! why, is the caller's.

use std::path::{Path, PathBuf};

use lastgood_model::UnixMs;
use rustix::fs::OFlags;

use super::displace::displace;
use super::folder::{Folder, names};
use super::keeping::{Building, NewFile, sweep};
use super::place::as_replaced;
use super::releases::{Releases, mode_of};
use super::trouble::{Doing, StateError};

impl Releases {
    /// Puts files below `from` away, at most `most` bytes of them. Those that are not there are none; one that is written to meanwhile
    /// stays. Doing it again changes nothing. Returns what went, and the name under which it is kept.
    ///
    /// # Errors
    /// If a path is none below its folder or leads through a link, and what the system says. Nothing goes that is not kept.
    pub fn put_away<'p>(
        &self,
        from: &Path,
        paths: impl IntoIterator<Item = &'p Path>,
        now: UnixMs,
        most: u64,
    ) -> Result<Option<(Vec<PathBuf>, String)>, StateError> {
        let live = Folder::named(from, Doing::Place)?;
        let mut there = Vec::new();
        for path in paths {
            let parts = names(path).map_err(|why| live.error(path.as_os_str(), why))?;
            let Some((name, folders)) = parts.split_last() else { continue };
            let Some(folder) = live.walk(folders)? else { continue };
            if let Some(file) = folder.file(name, OFlags::RDONLY)? {
                there.push((path, file));
            }
        }
        if there.is_empty() {
            return Ok(None);
        }
        let store = self.made(Doing::Keep)?;
        sweep(&store)?;
        let mut building = Building::begin(&store, "replaced", most)?;
        let mut kept = Vec::new();
        for (path, content) in there {
            let mode = mode_of(&content).map_err(|error| live.error(path.as_os_str(), error))?;
            let file = NewFile { path: path.to_owned(), mode, secret: true, content };
            kept.push((path, building.add(file)?.to_owned()));
        }
        let name = as_replaced(&store, building, now)?;
        let gone = displace(from, kept.iter().map(|(path, digest)| (*path, digest.as_str())))?;
        Ok(Some((gone, name)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_put_away_is_kept_for_its_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let (state, live) = (place.path().join("state"), place.path().join("live"));
        fs::create_dir(&state).unwrap();
        fs::create_dir(&live).unwrap();
        let store = Releases::of(&state);
        let all = [Path::new(".env"), Path::new("compose.override.yaml")];
        let away = |now| store.put_away(&live, all, UnixMs(now), 1000);
        assert_eq!(away(1).unwrap(), None);
        fs::write(live.join(".env"), "A=1").unwrap();
        assert_eq!(away(2).unwrap(), Some((vec![PathBuf::from(".env")], ".replaced-2".to_owned())));
        assert_eq!((away(3).unwrap(), live.join(".env").exists()), (None, false), "once more changes nothing");
        let copy = state.join("releases/.replaced-2/files/.env");
        assert_eq!(
            (fs::read(&copy).unwrap(), copy.metadata().unwrap().permissions().mode() & 0o777),
            (b"A=1".to_vec(), 0o600)
        );
        // What finds no room stays.
        fs::write(live.join(".env"), vec![b'x'; 2000]).unwrap();
        assert!(away(4).is_err() && live.join(".env").exists());
        assert!(store.put_away(&live, [Path::new("../state")], UnixMs(5), 1000).is_err());
    }
}
