//! A file to read: where it is, how it is shown, how it is packed. What is written in it is not known here.

use std::fs::{File, Metadata};
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

/// The files below a folder, sorted, by their paths in it; links are none. `None`: there are more than a thousand.
///
/// # Errors
/// If a folder cannot be read.
pub fn files_below(folder: &Path) -> io::Result<Option<Vec<PathBuf>>> {
    below(folder, 1_000, false)
}

/// The files and links below a folder, as [`files_below`] has them. `None`: there are more than `most`.
///
/// # Errors
/// If a folder cannot be read.
pub fn tree_below(folder: &Path, most: usize) -> io::Result<Option<Vec<PathBuf>>> {
    below(folder, most, true)
}

fn below(folder: &Path, most: usize, with_links: bool) -> io::Result<Option<Vec<PathBuf>>> {
    let (mut found, mut open) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(here) = open.pop() {
        for entry in std::fs::read_dir(folder.join(&here))? {
            let entry = entry?;
            let (path, kind) = (here.join(entry.file_name()), entry.file_type()?);
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() || with_links && kind.is_symlink() {
                found.push(path);
            }
            if found.len() + open.len() > most {
                return Ok(None);
            }
        }
    }
    found.sort();
    Ok(Some(found))
}
