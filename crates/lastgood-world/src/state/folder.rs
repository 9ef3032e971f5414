//! An open folder, from which names are opened one step at a time and never through a link: what lies below it stays
//! below it, whoever moves links about meanwhile. It knows nothing of releases.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::random;
use super::trouble::{Doing, StateError, While, Why};

/// Without links, without waiting for a pipe, without handing it to children.
pub(super) const COMMON: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// No path that is kept lies deeper, or is longer in bytes.
const DEEPEST: usize = 64;
const LONGEST: usize = 2048;

/// Opens a file, and nothing else than a file; creates it as 0600.
pub(super) fn open(path: &Path, how: OFlags) -> Result<File, Why> {
    let file = File::from(rustix::fs::open(path, how | COMMON, Mode::RUSR | Mode::WUSR)?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(Why::NotAFile) }
}

/// The folder in which a path's last name stands.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The names of a path below a folder: no root, no `..`, no line end, which would spoil a list of paths.
pub(super) fn names(path: &Path) -> Result<Vec<&OsStr>, Why> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => names.push(name),
            Component::CurDir | Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(Why::Outside);
            }
        }
    }
    let bytes = path.as_os_str().as_bytes();
    let is_good = !names.is_empty()
        && names.len() <= DEEPEST
        && bytes.len() <= LONGEST
        && !bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0))
        && !bytes.ends_with(b"/");
    if is_good { Ok(names) } else { Err(Why::Outside) }
}

#[derive(Debug)]
pub(super) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
    doing: Doing,
}

impl Folder {
    /// One that the user named: links on the way to it are the user's own.
    pub(super) fn named(path: &Path, doing: Doing) -> Result<Self, StateError> {
        let fd = rustix::fs::open(path, FOLDER, Mode::empty()).during(doing, path)?;
        Ok(Self { fd, path: path.to_owned(), doing })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn error(&self, name: &OsStr, why: impl Into<Why>) -> StateError {
        StateError::new(self.doing, &self.path.join(name), why)
    }

    /// A folder in it; `None` if it is not there.
    pub(super) fn folder(&self, name: &OsStr) -> Result<Option<Self>, StateError> {
        match rustix::fs::openat(&self.fd, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(fd) => Ok(Some(Self { fd, path: self.path.join(name), doing: self.doing })),
            Err(Errno::NOENT) => Ok(None),
            // A link is said to be no folder when asked for in this way.
            Err(Errno::NOTDIR) if self.is_link(name) => Err(self.error(name, Why::Link)),
            Err(error) => Err(self.error(name, error)),
        }
    }

    /// The same; it is created if it is not there.
    pub(super) fn made(&self, name: &OsStr, mode: u32) -> Result<Self, StateError> {
        match rustix::fs::mkdirat(&self.fd, name, Mode::from_bits_truncate(mode as rustix::fs::RawMode)) {
            Ok(()) => self.sync()?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(self.error(name, error)),
        }
        self.folder(name)?.ok_or_else(|| self.error(name, Why::Changed))
    }

    /// The folder that several names lead to; `None` if one of them is not there.
    pub(super) fn walk(&self, names: &[&OsStr]) -> Result<Option<Self>, StateError> {
        let mut at = self.again()?;
        for name in names {
            match at.folder(name)? {
                Some(folder) => at = folder,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// The same; what is not there is created.
    pub(super) fn walk_made(&self, names: &[&OsStr], mode: u32) -> Result<Self, StateError> {
        names.iter().try_fold(self.again()?, |at, name| at.made(name, mode))
    }

    fn again(&self) -> Result<Self, StateError> {
        let fd = self.fd.try_clone().during(self.doing, &self.path)?;
        Ok(Self { fd, path: self.path.clone(), doing: self.doing })
    }

    /// A file in it; `None` if it is not there.
    pub(super) fn file(&self, name: &OsStr, how: OFlags) -> Result<Option<File>, StateError> {
        let file = match rustix::fs::openat(&self.fd, name, how | COMMON, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::ISDIR) => return Err(self.error(name, Why::NotAFile)),
            Err(error) => return Err(self.error(name, error)),
        };
        let is_file = file.metadata().map_err(|error| self.error(name, error))?.is_file();
        if is_file { Ok(Some(file)) } else { Err(self.error(name, Why::NotAFile)) }
    }

    /// A file that was not there, 0600.
    pub(super) fn create(&self, name: &OsStr) -> Result<File, StateError> {
        let how = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | COMMON;
        let made = rustix::fs::openat(&self.fd, name, how, Mode::RUSR | Mode::WUSR);
        made.map(File::from).map_err(|error| self.error(name, error))
    }

    /// What stands there, without following a link; `None` if nothing.
    pub(super) fn stat(&self, name: &OsStr) -> Result<Option<Stat>, StateError> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.error(name, error)),
        }
    }

    fn is_link(&self, name: &OsStr) -> bool {
        let stat = self.stat(name).ok().flatten();
        stat.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
    }

    /// Renames within this folder; the error is the system's, as it may mean that the new name is taken.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
        rustix::fs::renameat(&self.fd, from, &self.fd, to)
    }

    /// Exchanges two names in it.
    pub(super) fn exchange(&self, one: &OsStr, other: &OsStr) -> Result<(), Errno> {
        rustix::fs::renameat_with(&self.fd, one, &self.fd, other, rustix::fs::RenameFlags::EXCHANGE)
    }

    /// Takes every permission of others away.
    pub(super) fn close_to_others(&self) -> Result<(), StateError> {
        rustix::fs::fchmod(&self.fd, Mode::RWXU).during(self.doing, &self.path)
    }

    /// Makes names in it durable.
    pub(super) fn sync(&self) -> Result<(), StateError> {
        rustix::fs::fsync(&self.fd).during(self.doing, &self.path)
    }

    /// Holds it until it is closed; `false` if somebody else does, or it cannot be told.
    pub(super) fn hold(&self) -> bool {
        rustix::fs::flock(&self.fd, FlockOperation::NonBlockingLockExclusive).is_ok()
    }

    /// The names in it, sorted.
    pub(super) fn list(&self) -> Result<BTreeSet<OsString>, StateError> {
        let mut names = BTreeSet::new();
        for entry in Dir::read_from(&self.fd).during(self.doing, &self.path)? {
            let entry = entry.during(self.doing, &self.path)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                names.insert(name.to_owned());
            }
        }
        Ok(names)
    }

    /// All files below it, sorted, and whatever else is no folder.
    pub(super) fn list_below(&self) -> Result<BTreeSet<PathBuf>, StateError> {
        let mut found = BTreeSet::new();
        for name in self.list()? {
            let stat = self.stat(&name)?;
            let is_folder = stat.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
            match is_folder.then(|| self.folder(&name)).transpose()?.flatten() {
                Some(folder) => found.extend(folder.list_below()?.into_iter().map(|path| Path::new(&name).join(path))),
                None => drop(found.insert(PathBuf::from(name))),
            }
        }
        Ok(found)
    }

    /// Removes a name that is no folder; one that is not there is fine. A link goes, not what it leads to.
    pub(super) fn remove(&self, name: &OsStr) -> Result<(), StateError> {
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.error(name, error)),
        }
    }

    /// Removes a name and everything below it.
    pub(super) fn remove_all(&self, name: &OsStr) -> Result<(), StateError> {
        let stat = self.stat(name)?;
        if stat.is_none_or(|stat| FileType::from_raw_mode(stat.st_mode) != FileType::Directory) {
            return self.remove(name);
        }
        if let Some(folder) = self.folder(name)? {
            folder.list()?.iter().try_for_each(|below| folder.remove_all(below))?;
        }
        rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR).map_err(|error| self.error(name, error))
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A name that nobody else has.
pub(super) fn fresh(prefix: &str) -> Result<OsString, Why> {
    let random = random()?;
    Ok(OsString::from(format!("{prefix}{}", random.get(..16).unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_paths_below_are_paths() {
        for good in ["a", ".env", "a/b c/..d", "a/한글.conf", "./a"] {
            assert_eq!(names(Path::new(good)).is_ok(), good != "./a", "{good}");
        }
        for wrong in ["", "/", "/etc/passwd", "..", "a/../b", "../a", "a\nb", "a\rb", ".", "a/", "a\0b"] {
            assert!(matches!(names(Path::new(wrong)), Err(Why::Outside)), "{wrong:?}");
        }
        assert!(names(Path::new(&"a/".repeat(70).trim_end_matches('/'))).is_err());
    }

    #[test]
    fn no_link_is_followed_and_removing_stays_inside() {
        let place = tempfile::tempdir().unwrap();
        let outside = place.path().join("outside");
        fs::create_dir_all(outside.join("deep")).unwrap();
        fs::write(outside.join("deep/file"), "theirs").unwrap();
        let inside = place.path().join("inside");
        fs::create_dir_all(inside.join("a/b")).unwrap();
        fs::write(inside.join("a/b/file"), "x").unwrap();
        symlink(&outside, inside.join("a/link")).unwrap();
        symlink(outside.join("deep/file"), inside.join("a/file")).unwrap();
        let folder = Folder::named(&inside, Doing::Place).unwrap();
        let why = |path: &str| folder.walk(&names(Path::new(path)).unwrap()).unwrap_err().why;
        assert!(matches!(why("a/link"), Why::Link));
        assert!(matches!(why("a/link/deep"), Why::Link));
        assert!(matches!(why("a/b/file"), Why::NotAFolder));
        let a = folder.folder("a".as_ref()).unwrap().unwrap();
        assert!(matches!(a.file("file".as_ref(), OFlags::RDWR), Err(StateError { why: Why::Link, .. })));
        assert!(matches!(a.file("b".as_ref(), OFlags::RDWR), Err(StateError { why: Why::NotAFile, .. })));
        assert!(matches!(a.made("link".as_ref(), 0o700), Err(StateError { why: Why::Link, .. })));
        assert!(a.create("file".as_ref()).is_err());
        assert_eq!(folder.list_below().unwrap().len(), 3);
        folder.remove_all("a".as_ref()).unwrap();
        assert!(folder.list().unwrap().is_empty());
        assert_eq!(fs::read(outside.join("deep/file")).unwrap(), b"theirs");
    }
}
