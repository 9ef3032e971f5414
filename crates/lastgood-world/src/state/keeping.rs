//! How a release comes to be kept: built beside its place under a name of its own, made durable file by file, then
//! renamed. Not where releases are found again.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::folder::{Folder, fresh, names};
use super::releases::{DIGESTS, FILES, GONE, NEW, Releases, copy};
use super::trouble::{StateError, Why};

/// No release has more files.
const MOST_FILES: usize = 10_000;

/// A file to keep.
#[derive(Debug)]
pub struct NewFile<R> {
    /// Below the folder that it comes from.
    pub path: PathBuf,
    /// Its permissions there, without those beyond 0777.
    pub mode: u32,
    /// Whether nobody else may ever read the copy, whatever its mode.
    pub secret: bool,
    /// Its contents.
    pub content: R,
}

/// What keeping a release did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// It was kept already, and is whole.
    pub already: bool,
    /// How many files it has.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
}

pub(super) fn keep<R: Read>(
    releases: &Releases,
    store: &Folder,
    id: &str,
    files: impl IntoIterator<Item = NewFile<R>>,
    most: u64,
) -> Result<Kept, StateError> {
    let mut building = Building::begin(store, id, most)?;
    files.into_iter().try_for_each(|file| building.add(file).map(drop))?;
    let kept = Kept { already: false, files: building.files.len(), bytes: building.bytes };
    let list = building.complete()?;
    let place = OsStr::new(id);
    match building.moved(place) {
        Ok(()) => return Ok(kept),
        Err(Errno::EXIST | Errno::NOTEMPTY) => {}
        Err(error) => return Err(store.error(place, error)),
    }
    if !releases.verify(id)?.is_empty() {
        // What is there is of no use to anybody, and there is a whole one now.
        let exchanged = store.exchange(&building.name, place);
        exchanged.map_err(|error| store.error(place, error))?;
        store.sync()?;
        return Ok(kept);
    }
    let mut there = Vec::new();
    if let Some(folder) = store.folder(place)?
        && let Some(mut file) = folder.file(OsStr::new(DIGESTS), OFlags::RDONLY)?
    {
        file.read_to_end(&mut there).map_err(|error| folder.error(OsStr::new(DIGESTS), error))?;
    }
    if there == list { Ok(Kept { already: true, ..kept }) } else { Err(store.error(place, Why::Another)) }
}

/// Removes what a crash left behind. One that somebody is building just now is held by them and stays.
pub(super) fn sweep(store: &Folder) -> Result<(), StateError> {
    for name in store.list()? {
        let is_left = [NEW, GONE].iter().any(|prefix| name.as_bytes().starts_with(prefix.as_bytes()));
        // A link of that name goes, not what it leads to.
        let held = is_left && store.folder(&name).ok().flatten().is_some_and(|folder| !folder.hold());
        if is_left && !held {
            store.remove_all(&name)?;
        }
    }
    Ok(())
}

/// A release in the making. It vanishes unless it was moved to its place.
pub(super) struct Building<'a> {
    store: &'a Folder,
    name: OsString,
    /// Held while this lives.
    folder: Folder,
    below: Folder,
    most: u64,
    bytes: u64,
    /// Path, recorded mode and digest.
    files: BTreeMap<PathBuf, (u32, String)>,
    folders: BTreeSet<PathBuf>,
    is_moved: bool,
}

impl<'a> Building<'a> {
    pub(super) fn begin(store: &'a Folder, label: &str, most: u64) -> Result<Self, StateError> {
        let name = fresh(&format!("{NEW}{label}-")).map_err(|why| store.error(OsStr::new(label), why))?;
        let folder = store.made(&name, 0o700)?;
        // Where folders cannot be held, they are not swept either.
        let _held = folder.hold();
        let below = folder.made(OsStr::new(FILES), 0o700)?;
        let (files, folders) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self { store, name, folder, below, most, bytes: 0, files, folders, is_moved: false })
    }

    /// Adds a file and says its digest.
    pub(super) fn add<R: Read>(&mut self, mut file: NewFile<R>) -> Result<&str, StateError> {
        let wrong = |why| self.below.error(file.path.as_os_str(), why);
        let parts = names(&file.path).map_err(wrong)?;
        let Some((name, folders)) = parts.split_last() else { return Err(wrong(Why::Outside)) };
        // As it is listed, without `//` and the like.
        let path: PathBuf = parts.iter().collect();
        if self.files.len() >= MOST_FILES {
            return Err(wrong(Why::TooMany(MOST_FILES)));
        }
        if self.files.contains_key(&path) {
            return Err(wrong(Why::Twice));
        }
        let parent = self.below.walk_made(folders, 0o700)?;
        let mut kept = parent.create(name)?;
        let room = self.most.saturating_sub(self.bytes);
        let copied = copy(&mut file.content, &mut kept, room).map_err(|why| match why {
            Why::TooLarge(_) => Why::TooLarge(self.most),
            why => why,
        });
        let (digest, bytes) = copied.map_err(wrong)?;
        let mode = file.mode & 0o777;
        // Whoever owns it has to be able to read it again.
        let own = if file.secret { mode & 0o600 } else { mode } | 0o400;
        durable(&kept, own).map_err(wrong)?;
        self.bytes += bytes;
        self.folders
            .extend(path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned));
        Ok(&self.files.entry(path).or_insert((mode, digest)).1)
    }

    /// Writes the list of digests and makes everything durable; gives the list.
    pub(super) fn complete(&mut self) -> Result<Vec<u8>, StateError> {
        let mut list = Vec::new();
        for (path, (mode, digest)) in &self.files {
            list.extend(format!("{digest} {mode:04o} ").bytes());
            list.extend(path.as_os_str().as_bytes());
            list.push(b'\n');
        }
        let name = OsStr::new(DIGESTS);
        let mut file = self.folder.create(name)?;
        file.write_all(&list)
            .map_err(Why::Io)
            .and_then(|()| durable(&file, 0o600))
            .map_err(|why| self.folder.error(name, why))?;
        for folder in self.folders.iter().rev() {
            let names: Vec<&OsStr> = folder.iter().collect();
            self.below.walk(&names)?.map_or(Ok(()), |folder| folder.sync())?;
        }
        self.below.sync()?;
        self.folder.sync()?;
        Ok(list)
    }

    /// Moves it to its place, durably. The error is the system's, as it may mean that something is there.
    pub(super) fn moved(&mut self, place: &OsStr) -> Result<(), Errno> {
        self.store.rename(&self.name, place)?;
        self.is_moved = true;
        rustix::fs::fsync(self.store)
    }
}

impl Drop for Building<'_> {
    fn drop(&mut self) {
        if !self.is_moved {
            // If it fails, the next one sweeps.
            let _left = self.store.remove_all(&self.name);
        }
    }
}

/// Gives a file its mode and waits until it is on the disk.
pub(super) fn durable(file: &File, mode: u32) -> Result<(), Why> {
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    Ok(())
}
