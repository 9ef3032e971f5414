//! Takes files out of the live folder again that something else had placed there, where they are still as that had them. An edit by hand
//! stays, and so does every folder. Which files, and whether anybody keeps them, is the caller's.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::folder::{Folder, names};
use super::releases::copy;
use super::trouble::{Doing, StateError};

/// Removes files below `from`, each by its path there and the SHA-256, in hexadecimal digits, that it has to have. Those that are not
/// there, or are others, stay as they are. Doing it again changes nothing. Returns what was removed.
///
/// # Errors
/// If a path is none below its folder or leads through a link, and what the system says. Files before the one that it names may be gone.
pub fn displace<'f>(
    from: &Path,
    files: impl IntoIterator<Item = (&'f Path, &'f str)>,
) -> Result<Vec<PathBuf>, StateError> {
    let live = Folder::named(from, Doing::Place)?;
    let mut removed = Vec::new();
    for (path, digest) in files {
        let parts = names(path).map_err(|why| live.error(path.as_os_str(), why))?;
        let Some((name, folders)) = parts.split_last() else { continue };
        let Some(folder) = live.walk(folders)? else { continue };
        let Some(mut file) = folder.file(name, OFlags::RDONLY)? else { continue };
        let (found, _) = copy(&mut file, &mut io::sink(), u64::MAX).map_err(|why| folder.error(name, why))?;
        if found == digest {
            folder.remove(name)?;
            folder.sync()?;
            removed.push(path.to_owned());
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use crate::digest_of;

    use super::*;

    #[test]
    fn only_what_is_as_it_was_placed_goes() {
        let place = tempfile::tempdir().unwrap();
        let at = |path: &str| place.path().join(path);
        fs::create_dir(at("conf")).unwrap();
        for (path, text) in [("compose.override.yaml", "ours"), ("conf/a.conf", "ours"), ("conf/b.conf", "edited")] {
            fs::write(at(path), text).unwrap();
        }
        let ours = digest_of(b"ours");
        let all = ["compose.override.yaml", "conf/a.conf", "conf/b.conf", "conf/never.conf", "gone/c.conf"];
        let files = || all.iter().map(|path| (Path::new(path), &*ours));
        let removed = displace(place.path(), files()).unwrap();
        assert_eq!(removed, [Path::new("compose.override.yaml"), Path::new("conf/a.conf")]);
        assert_eq!(fs::read(at("conf/b.conf")).unwrap(), b"edited");
        assert!(displace(place.path(), files()).unwrap().is_empty(), "once more changes nothing");
        symlink(at("conf"), at("link")).unwrap();
        fs::write(at("conf/a.conf"), "ours").unwrap();
        assert!(displace(place.path(), [(Path::new("link/a.conf"), &*ours)]).is_err());
        assert!(displace(place.path(), [(Path::new("../outside"), &*ours)]).is_err());
        assert!(at("conf/a.conf").exists(), "what a link leads to is somebody else's");
    }
}
