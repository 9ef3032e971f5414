//! A folder that is written as a whole or not at all: it is built beside its place, where nobody else can look into it,
//! and moved there when it is complete. The only thing that is ever written for a user; what goes into it is not known
//! here.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::damage::Damage;

/// A folder in the making. It vanishes unless it is [finished](NewFolder::finish).
#[derive(Debug)]
pub struct NewFolder {
    target: PathBuf,
    building: TempDir,
}

impl NewFolder {
    /// Begins one.
    ///
    /// # Errors
    /// `AlreadyExists` if anything is there already, or what the system says.
    pub fn begin(target: &Path) -> io::Result<Self> {
        if target.symlink_metadata().is_ok() {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        let beside = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let building = tempfile::Builder::new()
            .prefix(".lastgood-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(beside)?;
        Ok(Self { target: target.to_owned(), building })
    }

    /// A packed file in it, at a path below it.
    ///
    /// # Errors
    /// What the system says.
    pub fn packed(&self, path: &Path) -> io::Result<PackedFile> {
        let digesting = Digesting { file: self.create(path)?, digest: Sha256::new() };
        Ok(PackedFile(GzEncoder::new(digesting, flate2::Compression::default())))
    }

    /// A whole file in it, at a path below it.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.create(path)?.write_all(bytes)
    }

    /// A file in it, of what comes from somewhere else; says how many bytes came.
    ///
    /// # Errors
    /// What the system says.
    pub fn copy(&self, path: &Path, from: &mut dyn Read) -> io::Result<u64> {
        io::copy(from, &mut self.create(path)?)
    }

    /// Moves it to its place and says how many bytes it takes.
    ///
    /// # Errors
    /// What the system says; then nothing is left of it.
    pub fn finish(self) -> io::Result<u64> {
        let size = size(self.building.path())?;
        if self.target.symlink_metadata().is_ok() {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        fs::rename(self.building.path(), &self.target)?;
        // It has left; there is nothing more to remove.
        let _gone = self.building.keep();
        Ok(size)
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        if !is_below(path) {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let full = self.building.path().join(path);
        if let Some(folder) = full.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(full)
    }
}

/// A file that is packed while it is written.
#[derive(Debug)]
pub struct PackedFile(GzEncoder<Digesting>);

impl PackedFile {
    /// Ends it and says the SHA-256 of what is on the disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn finish(self) -> io::Result<String> {
        let digest = self.0.finish()?.digest.finalize();
        Ok(digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
    }
}

impl Write for PackedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[derive(Debug)]
struct Digesting {
    file: File,
    digest: Sha256,
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file below a folder that somebody else has made: no link, no pipe, and nothing outside.
///
/// # Errors
/// If it is not there or is anything else.
pub fn file_below(folder: &Path, path: &Path) -> Result<PathBuf, Damage> {
    if !is_below(path) {
        return Err(Damage::NotFound);
    }
    let mut full = folder.to_owned();
    let mut metadata: Option<Metadata> = None;
    for part in path.components() {
        full.push(part);
        let found = full.symlink_metadata()?;
        if found.is_symlink() {
            return Err(Damage::Io("a link".into()));
        }
        metadata = Some(found);
    }
    match metadata.filter(Metadata::is_file) {
        Some(_) => Ok(full),
        None => Err(Damage::Io("not a file".into())),
    }
}

/// What the file system says of a file beside its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// When its contents were changed, in seconds and nanoseconds since 1970.
    pub modified: (i64, i64),
    /// When anything of it was changed.
    pub changed: (i64, i64),
    /// Its permissions.
    pub mode: u32,
}

/// The facts of a file; `None` if it is not there any more.
#[must_use]
pub fn file_facts(path: &Path) -> Option<FileFacts> {
    let metadata = fs::metadata(path).ok()?;
    Some(FileFacts {
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
        mode: metadata.mode() & 0o7777,
    })
}

fn is_below(path: &Path) -> bool {
    path.components().next().is_some() && path.components().all(|part| matches!(part, Component::Normal(_)))
}

fn size(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        sum += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_as_a_whole_and_for_its_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("case");
        let folder = NewFolder::begin(&target).unwrap();
        folder.write(Path::new("case.toml"), b"version = 1\n").unwrap();
        let mut file = folder.packed(Path::new("logs/a/x.log.gz")).unwrap();
        file.write_all(b"line\n").unwrap();
        let digest = file.finish().unwrap();
        assert!(!target.exists());
        assert!(folder.finish().unwrap() > 12);
        let packed = fs::read(target.join("logs/a/x.log.gz")).unwrap();
        assert!(packed.starts_with(&[0x1f, 0x8b]) && digest.len() == 64);
        let mode = |path: &str| target.join(path).metadata().unwrap().mode() & 0o777;
        assert_eq!(
            [mode(""), mode("logs/a"), mode("case.toml"), mode("logs/a/x.log.gz")],
            [0o700, 0o700, 0o600, 0o600]
        );
        assert_eq!(NewFolder::begin(&target).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_left_of_one_that_was_given_up() {
        let place = tempfile::tempdir().unwrap();
        let folder = NewFolder::begin(&place.path().join("case")).unwrap();
        for outside in ["../x", "/x", "", "a/../../x"] {
            assert!(folder.write(Path::new(outside), b"").is_err(), "{outside}");
        }
        drop(folder);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_files_below_are_opened() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("a"), "x").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", place.path().join("link")).unwrap();
        assert!(file_below(place.path(), Path::new("a")).is_ok());
        for wrong in ["link", "../x", "/etc/passwd", "", "b", "."] {
            assert!(file_below(place.path(), Path::new(wrong)).is_err(), "{wrong}");
        }
    }
}
