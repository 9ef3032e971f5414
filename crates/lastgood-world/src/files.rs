//! A file to read: where it is, how it is shown, how it is packed. What is written in it is not known here.

use std::fs::{File, FileType, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lastgood_model::{SourceId, UnixMs};
use sha2::{Digest, Sha256};

use crate::damage::Damage;
use crate::handle::Handle;
use crate::packing::{Compression, TELLING};
use crate::source::Source;
use crate::unpack::ALWAYS_ALLOWED;

/// A packing whose window is larger than this is unpacked while nothing else is.
const MODEST_WINDOW: u64 = 8 * 1024 * 1024;

/// One file to read, or a spooled pipe.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// Its place in the catalogue's list of sources.
    pub id: SourceId,
    /// Path as shown: relative to the folder argument, or as given; `-` for standard input.
    pub display: Arc<str>,
    /// Where it is; `None` if it came through a pipe.
    pub path: Option<PathBuf>,
    /// Bytes on disk, before unpacking.
    pub size: u64,
    /// When it was last written to, as far as the file system says.
    pub modified: Option<UnixMs>,
    /// Device and inode.
    pub inode: (u64, u64),
    /// How it is packed.
    pub compression: Compression,
    /// Memory that unpacking begins with, in bytes.
    pub(crate) window: u64,
    /// What it may unpack to, in bytes, however little is believable for its size.
    pub(crate) allowed: u64,
    /// Kept open, so that a rotation while we read does not swap files under us.
    pub(crate) open: Option<Arc<File>>,
}

impl LogFile {
    /// Describes an open file.
    pub(crate) fn describe(
        id: SourceId,
        display: Arc<str>,
        path: Option<PathBuf>,
        file: &Arc<File>,
        metadata: &Metadata,
        keep_open: bool,
    ) -> io::Result<Self> {
        let mut first = [0; TELLING];
        let length = Handle::new(Arc::clone(file), metadata.len()).fill(&mut first)?;
        let first = first.get(..length).unwrap_or_default();
        let compression = Compression::of(first);
        Ok(Self {
            id,
            display,
            path,
            size: metadata.len(),
            modified: Some(UnixMs(
                metadata.mtime().saturating_mul(1000).saturating_add(metadata.mtime_nsec() / 1_000_000),
            )),
            inode: (metadata.dev(), metadata.ino()),
            compression,
            window: compression.window(first),
            allowed: ALWAYS_ALLOWED,
            open: keep_open.then(|| Arc::clone(file)),
        })
    }

    /// The last component of its path, or what is shown for it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.display.rsplit('/').next().unwrap_or(&self.display)
    }

    /// The folder it lies in.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.path.as_deref().and_then(Path::parent)
    }

    /// Whether unpacking takes so much memory that only one such file may be read at a time, and no other beside it.
    #[must_use]
    pub fn is_heavy(&self) -> bool {
        self.window > MODEST_WINDOW
    }

    pub(crate) fn handle(&self) -> Result<Handle, Damage> {
        match (&self.open, &self.path) {
            (Some(file), _) => Ok(Handle::new(Arc::clone(file), self.size)),
            (None, Some(path)) => Ok(Handle::open(path, self.size)?),
            (None, None) => Err(Damage::NotFound),
        }
    }
}

/// The first `max` bytes after unpacking; less if the file is shorter or damaged.
///
/// # Errors
/// If nothing at all could be read.
pub fn head(file: &LogFile, max: usize) -> Result<Vec<u8>, Damage> {
    let mut bytes = vec![0; max];
    let length = Source::open(file)?.fill(&mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// SHA-256 of what a file holds, in hex.
///
/// # Errors
/// If it cannot be read.
pub fn digest(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    io::copy(&mut File::open(path)?, &mut digest)?;
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// SHA-256 of some bytes, in hex.
#[must_use]
pub fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What lies below a folder; all of it by its path in there, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Below {
    /// Files, and links that were followed to one.
    pub files: Vec<PathBuf>,
    /// Links that were not followed.
    pub links: Vec<PathBuf>,
}

/// The files below a folder. Links that lead to a file or a folder of `within` are followed, unless round in a circle. `None`: there are
/// more than a thousand.
///
/// # Errors
/// If a folder cannot be read.
pub fn files_below(folder: &Path, within: &Path) -> io::Result<Option<Below>> {
    let within = within.canonicalize()?;
    below(folder, 1_000, |link| {
        let to = folder.join(link).canonicalize().ok().filter(|to| to.starts_with(&within))?;
        let kind = to.metadata().ok()?.file_type();
        // Wherever on the way here somebody has been in there already.
        let is_circle = || {
            let mut way = link.ancestors().skip(1).map(|above| folder.join(above).canonicalize());
            way.any(|above| above.is_ok_and(|above| above.starts_with(&to)))
        };
        (kind.is_file() || kind.is_dir() && !is_circle()).then_some(kind)
    })
}

/// The files and links below a folder; no link is followed. `None`: there are more than `most`.
///
/// # Errors
/// If a folder cannot be read.
pub fn tree_below(folder: &Path, most: usize) -> io::Result<Option<Vec<PathBuf>>> {
    let found = below(folder, most, |_| None)?;
    Ok(found.map(|Below { mut files, links }| {
        files.extend(links);
        files.sort();
        files
    }))
}

/// `follow` says of a link whether it is taken for what it leads to, and for what.
fn below(folder: &Path, most: usize, follow: impl Fn(&Path) -> Option<FileType>) -> io::Result<Option<Below>> {
    let (mut found, mut open) = (Below::default(), vec![PathBuf::new()]);
    while let Some(here) = open.pop() {
        for entry in std::fs::read_dir(folder.join(&here))? {
            let entry = entry?;
            let (path, kind) = (here.join(entry.file_name()), entry.file_type()?);
            let kind = if kind.is_symlink() { follow(&path).unwrap_or(kind) } else { kind };
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                found.files.push(path);
            } else if kind.is_symlink() {
                found.links.push(path);
            }
            if found.files.len() + found.links.len() + open.len() > most {
                return Ok(None);
            }
        }
    }
    found.files.sort();
    found.links.sort();
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_followed_as_far_as_they_stay_within() {
        let place = tempfile::tempdir().unwrap();
        let at = place.path().join("project");
        for folder in ["on/deep", "available"] {
            fs::create_dir_all(at.join(folder)).unwrap();
        }
        for file in ["on/one", "on/deep/two", "available/three", "../outside"] {
            fs::write(at.join(file), "x").unwrap();
        }
        for (to, link) in [
            ("../available/three", "on/three"),
            ("../available", "on/all"),
            ("../on", "on/circle"),
            ("..", "on/deep/up"),
            ("loop", "on/loop"),
            ("../on", "available/back"),
            ("nowhere", "on/nowhere"),
            ("../../outside", "on/outside"),
            ("/dev/null", "on/device"),
        ] {
            symlink(to, at.join(link)).unwrap();
        }
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        let found = files_below(&at.join("on"), &at).unwrap().unwrap();
        assert_eq!(found.files, paths(&["all/three", "deep/two", "one", "three"]));
        assert_eq!(found.links, paths(&["all/back", "circle", "deep/up", "device", "loop", "nowhere", "outside"]));

        let tree = tree_below(&at.join("on"), 100).unwrap().unwrap();
        let all = ["all", "circle", "deep/two", "deep/up", "device", "loop", "nowhere", "one", "outside", "three"];
        assert_eq!(tree, paths(&all));
        assert_eq!(tree_below(&at.join("on"), 5).unwrap(), None);
    }
}
