//! Room on the disk that is set aside before anything is touched, and given back for the way back: also where the disk is full by then,
//! the old files find a place, and the ledger a line. How much that takes is the caller's to say.

use std::fs;
use std::path::Path;

use rustix::fs::{FallocateFlags, OFlags, fallocate};
use rustix::io::Errno;

use super::folder::open;
use super::trouble::{Doing, StateError, While, Why};

const NAME: &str = "reserve";

/// Sets so many bytes aside in a folder of state. A file system that promises no room has to do without.
///
/// # Errors
/// If there is no room, and what else the system says; then nothing is set aside.
pub fn set_aside(state: &Path, bytes: u64) -> Result<(), StateError> {
    let path = state.join(NAME);
    let file = open(&path, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC);
    let file = file.map_err(|why| StateError::new(Doing::Keep, &path, why))?;
    match fallocate(&file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(error) => {
            let _gone = give_back(state);
            Err(StateError::new(Doing::Keep, &path, Why::from(error)))
        }
    }
}

/// Gives a part of it back; all of it where it is no more than that.
///
/// # Errors
/// What the system says.
pub fn give_part(state: &Path, bytes: u64) -> Result<(), StateError> {
    let path = state.join(NAME);
    let file = match open(&path, OFlags::WRONLY) {
        Err(Why::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(|why| StateError::new(Doing::Remove, &path, why))?,
    };
    let has = file.metadata().during(Doing::Remove, &path)?.len();
    file.set_len(has.saturating_sub(bytes)).during(Doing::Remove, &path)
}

/// Gives it back, if there is any.
///
/// # Errors
/// What the system says.
pub fn give_back(state: &Path) -> Result<(), StateError> {
    let path = state.join(NAME);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).during(Doing::Remove, &path),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn room_is_there_until_it_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let (state, path) = (folder.path(), folder.path().join(NAME));
        give_back(state).unwrap();
        give_part(state, 1).unwrap();
        assert!(!path.exists());
        for bytes in [100_000, 50_000] {
            set_aside(state, bytes).unwrap();
            let facts = fs::metadata(&path).unwrap();
            assert_eq!(facts.mode() & 0o777, 0o600);
            assert!(facts.len() == 0 || facts.len() == bytes && facts.blocks() * 512 >= bytes, "no holes: {facts:?}");
        }
        let (before, blocks) = (fs::metadata(&path).unwrap().len(), fs::metadata(&path).unwrap().blocks());
        give_part(state, 20_000).unwrap();
        let left = fs::metadata(&path).unwrap();
        assert!(left.len() == before.saturating_sub(20_000) && (blocks == 0 || left.blocks() < blocks), "{left:?}");
        give_part(state, 1_000_000).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
        give_back(state).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn where_there_is_no_room_nothing_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let error = set_aside(folder.path(), i64::MAX as u64).unwrap_err();
        assert!(error.to_string().starts_with("cannot keep "), "{error}");
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
        std::os::unix::fs::symlink("/tmp/nowhere", folder.path().join(NAME)).unwrap();
        assert!(matches!(set_aside(folder.path(), 1), Err(StateError { why: Why::Link, .. })));
    }
}
