//! The store of releases: `releases/<id>/` holds the files of one, as they were, and `digests`. What the files are, and how
//! an id comes about, is not known here. Folders are 0700; a release is there as a whole or not at all.
//!
//! ```text
//! releases/<id>/digests          one line a file: SHA-256, mode in octal, path
//! releases/<id>/files/<path>     a copy, with its mode; one that is secret 0600 at most
//! releases/<id>/annotation       a text about it that is no part of it, if there is one; 0600
//! releases/.replaced-<ms>/…      the same, of what a live folder held before something was placed there
//! releases/.new-…, .gone-…       one in the making, or being removed; swept when something is kept
//! ```

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

use super::folder::{Folder, fresh, names};
use super::hex;
use super::keeping::{self, Kept, NewFile, durable};
use super::trouble::{Doing, StateError, While, Why};

pub(super) const DIGESTS: &str = "digests";
pub(super) const FILES: &str = "files";
const ANNOTATION: &str = "annotation";
pub(super) const GONE: &str = ".gone-";
pub(super) const NEW: &str = ".new-";
pub(super) const REPLACED: &str = ".replaced-";
/// No list of digests is longer, in bytes.
const LONGEST_LIST: u64 = 16 * 1024 * 1024;

/// What was recorded of a file when it was kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recorded {
    /// Below the folder that it comes from.
    pub path: PathBuf,
    /// Its permissions there; those of the kept copy are narrower if it is secret.
    pub mode: u32,
    /// SHA-256 of its contents, in hexadecimal digits.
    pub digest: String,
}

/// What is wrong with a file of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is not there, or something else than a file.
    Missing(PathBuf),
    /// Its contents are others.
    Changed(PathBuf),
    /// It was not kept with the release.
    Extra(PathBuf),
    /// More people may read or write it than its live file.
    TooOpen(PathBuf),
    /// The list of digests itself cannot be read.
    Digests,
}

/// The store.
#[derive(Debug)]
pub struct Releases {
    state: PathBuf,
}

impl Releases {
    /// The store below a folder of state, `.lastgood`. Nothing is created before something is kept.
    #[must_use]
    pub fn of(state: &Path) -> Self {
        Self { state: state.to_owned() }
    }

    /// Keeps a release: all of it, durably, or nothing. `most` bounds its bytes. What an earlier crash left behind is swept.
    ///
    /// One that is kept already stays, if it is whole; if it is damaged, the new one takes its place.
    ///
    /// # Errors
    /// If the id or a path is none, a file cannot be read, it has more bytes than `most` or more than 10,000 files, another
    /// release has this id, and what the system says; then nothing of it is left.
    pub fn keep<R: Read>(
        &self,
        id: &str,
        files: impl IntoIterator<Item = NewFile<R>>,
        most: u64,
    ) -> Result<Kept, StateError> {
        let store = self.made(Doing::Keep)?;
        if !is_id(id) {
            return Err(store.error(OsStr::new(id), Why::BadName));
        }
        keeping::sweep(&store)?;
        keeping::keep(self, &store, id, files, most)
    }

    /// Reads all of it and tells what is not as it was kept; nothing if all is.
    ///
    /// # Errors
    /// If there is no such release, or it cannot be looked into.
    pub fn verify(&self, id: &str) -> Result<Vec<Wrong>, StateError> {
        let release = self.release(id, Doing::Read)?;
        let list = match recorded(&release) {
            Ok(list) => list,
            Err(StateError { why: Why::Damaged | Why::NotAFile | Why::Link, .. }) => return Ok(vec![Wrong::Digests]),
            Err(error) => return Err(error),
        };
        let Some(files) = release.folder(OsStr::new(FILES))? else {
            return Ok(list.into_iter().map(|file| Wrong::Missing(file.path)).collect());
        };
        let mut wrong = Vec::new();
        for file in &list {
            match read_file(&files, &file.path) {
                Ok(Some(mut kept)) => {
                    let path = files.path().join(&file.path);
                    let mode = mode_of(&kept).during(Doing::Read, &path)?;
                    let (digest, _) = copy(&mut kept, &mut io::sink(), u64::MAX).during(Doing::Read, &path)?;
                    if digest != file.digest {
                        wrong.push(Wrong::Changed(file.path.clone()));
                    }
                    if mode & 0o077 & !file.mode != 0 {
                        wrong.push(Wrong::TooOpen(file.path.clone()));
                    }
                }
                Ok(None) | Err(StateError { why: Why::Link | Why::NotAFile | Why::NotAFolder, .. }) => {
                    wrong.push(Wrong::Missing(file.path.clone()));
                }
                Err(error) => return Err(error),
            }
        }
        let known: BTreeSet<&Path> = list.iter().map(|file| file.path.as_path()).collect();
        let there = files.list_below()?;
        wrong.extend(there.into_iter().filter(|path| !known.contains(path.as_path())).map(Wrong::Extra));
        Ok(wrong)
    }

    /// What was recorded of its files, sorted by path.
    ///
    /// # Errors
    /// If there is no such release, or its list of digests is damaged.
    pub fn files(&self, id: &str) -> Result<Vec<Recorded>, StateError> {
        recorded(&self.release(id, Doing::Read)?)
    }

    /// Opens the kept copy of a file. Its contents are not compared with its digest.
    ///
    /// # Errors
    /// If it is not there, and what the system says.
    pub fn open(&self, id: &str, path: &Path) -> Result<File, StateError> {
        let release = self.release(id, Doing::Read)?;
        let files = release.folder(OsStr::new(FILES))?;
        let file = files.map(|files| read_file(&files, path)).transpose()?.flatten();
        file.ok_or_else(|| release.error(path.as_os_str(), Why::NotInRelease))
    }

    /// Writes a text beside a release, in place of the one that is there.
    ///
    /// # Errors
    /// If there is no such release, and what the system says.
    pub fn annotate(&self, id: &str, text: &[u8]) -> Result<(), StateError> {
        let release = self.release(id, Doing::Keep)?;
        let name = OsStr::new(ANNOTATION);
        let building = fresh(NEW).map_err(|why| release.error(name, why))?;
        let mut file = release.create(&building)?;
        let written = file.write_all(text).map_err(Why::Io).and_then(|()| durable(&file, 0o600));
        written.map_err(|why| release.error(name, why))?;
        release.rename(&building, name).map_err(|error| release.error(name, error))?;
        release.sync()
    }

    /// The text beside a release; `None` if there is none.
    ///
    /// # Errors
    /// If there is no such release, and what the system says.
    pub fn annotation(&self, id: &str) -> Result<Option<Vec<u8>>, StateError> {
        let release = self.release(id, Doing::Read)?;
        let name = OsStr::new(ANNOTATION);
        let Some(file) = release.file(name, OFlags::RDONLY)? else { return Ok(None) };
        let mut text = Vec::new();
        file.take(LONGEST_LIST).read_to_end(&mut text).map_err(|error| release.error(name, error))?;
        Ok(Some(text))
    }

    /// The ids of all releases, sorted.
    ///
    /// # Errors
    /// What the system says; a store that is not there holds none.
    pub fn list(&self) -> Result<Vec<String>, StateError> {
        self.named(is_id)
    }

    /// The names under which is kept what placing replaced, oldest first. They can be verified, placed and removed like
    /// releases.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub fn replaced(&self) -> Result<Vec<String>, StateError> {
        self.named(is_replaced)
    }

    /// Removes a release; says whether it was there. It is gone at once, and a crash leaves nothing but what is swept.
    ///
    /// # Errors
    /// If it is no folder in the store (links are not followed), and what the system says.
    pub fn remove(&self, id: &str) -> Result<bool, StateError> {
        let Some(store) = self.store(Doing::Remove)? else { return Ok(false) };
        let id = checked(&store, id)?;
        // A link in its place is told, not removed: nobody of us put it there.
        if store.folder(id)?.is_none() {
            return Ok(false);
        }
        let gone = fresh(GONE).map_err(|why| store.error(id, why))?;
        store.rename(id, &gone).map_err(|error| store.error(id, error))?;
        store.sync()?;
        store.remove_all(&gone)?;
        Ok(true)
    }

    fn named(&self, is: fn(&str) -> bool) -> Result<Vec<String>, StateError> {
        let Some(store) = self.store(Doing::Read)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for name in store.list()? {
            if let Some(id) = name.to_str().filter(|name| is(name))
                && matches!(store.folder(&name), Ok(Some(_)))
            {
                found.push(id.to_owned());
            }
        }
        Ok(found)
    }

    pub(super) fn release(&self, id: &str, doing: Doing) -> Result<Folder, StateError> {
        let missing = || StateError::new(doing, &self.path().join(id), io::Error::from(io::ErrorKind::NotFound));
        let store = self.store(doing)?.ok_or_else(missing)?;
        store.folder(checked(&store, id)?)?.ok_or_else(missing)
    }

    fn path(&self) -> PathBuf {
        self.state.join("releases")
    }

    fn store(&self, doing: Doing) -> Result<Option<Folder>, StateError> {
        if !self.state.exists() {
            return Ok(None);
        }
        Folder::named(&self.state, doing)?.folder(OsStr::new("releases"))
    }

    pub(super) fn made(&self, doing: Doing) -> Result<Folder, StateError> {
        Folder::named(&self.state, doing)?.made(OsStr::new("releases"), 0o700)
    }
}

fn checked<'a>(store: &Folder, id: &'a str) -> Result<&'a OsStr, StateError> {
    if is_id(id) || is_replaced(id) { Ok(OsStr::new(id)) } else { Err(store.error(OsStr::new(id), Why::BadName)) }
}

fn is_id(id: &str) -> bool {
    (1..=100).contains(&id.len())
        && !id.starts_with('.')
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn is_replaced(id: &str) -> bool {
    id.strip_prefix(REPLACED).is_some_and(is_id)
}

/// The list of digests of a release.
pub(super) fn recorded(release: &Folder) -> Result<Vec<Recorded>, StateError> {
    let name = OsStr::new(DIGESTS);
    let damaged = || release.error(name, Why::Damaged);
    let file = release.file(name, OFlags::RDONLY)?.ok_or_else(damaged)?;
    let mut bytes = Vec::new();
    file.take(LONGEST_LIST).read_to_end(&mut bytes).map_err(|error| release.error(name, error))?;
    let lines: Option<Vec<Recorded>> = bytes.split_inclusive(|byte| *byte == b'\n').map(line).collect();
    lines.ok_or_else(damaged)
}

fn line(line: &[u8]) -> Option<Recorded> {
    let (digest, rest) = line.strip_suffix(b"\n")?.split_at_checked(64)?;
    let (mode, path) = rest.strip_prefix(b" ")?.split_at_checked(4)?;
    let path = PathBuf::from(OsStr::from_bytes(path.strip_prefix(b" ")?));
    names(&path).ok()?;
    let digest = String::from_utf8(digest.to_vec()).ok()?;
    let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 8).ok()?;
    Some(Recorded { path, mode, digest })
}

/// A kept file, from the folder of files of its release.
pub(super) fn read_file(files: &Folder, path: &Path) -> Result<Option<File>, StateError> {
    let names = names(path).map_err(|why| files.error(path.as_os_str(), why))?;
    let Some((name, folders)) = names.split_last() else { return Ok(None) };
    files.walk(folders)?.map(|folder| folder.file(name, OFlags::RDONLY)).transpose().map(Option::flatten)
}

pub(super) fn mode_of(file: &File) -> io::Result<u32> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.mode() & 0o7777)
}

/// Copies to the end, at most `most` bytes; says the digest and how many there were.
pub(super) fn copy(from: &mut impl Read, to: &mut impl Write, most: u64) -> Result<(String, u64), Why> {
    let mut digest = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    let mut total = 0_u64;
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => return Ok((hex(&digest.finalize()), total)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        total = total.saturating_add(read as u64);
        if total > most {
            return Err(Why::TooLarge(most));
        }
        let bytes = chunk.get(..read).unwrap_or_default();
        digest.update(bytes);
        to.write_all(bytes)?;
    }
}
