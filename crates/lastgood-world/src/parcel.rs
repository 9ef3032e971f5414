//! A folder on its way from one machine to another, as a tar stream: its files, and last what is said of it, so that whatever was cut
//! off is known as such. Who carries it, and what the files are, is not known here.

use std::io::{self, Read, Write};
use std::path::Path;

use crate::new_folder::NewFolder;

/// Where its files are in the stream.
const FILES: &str = "case";
/// What is said of it.
const SAID: &str = "said";
/// A sender may fill up its last block.
const MOST_BEHIND: u64 = 1 << 20;

/// Why a parcel was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParcelFault {
    /// It ended before its end, or is none.
    #[error("incomplete")]
    Incomplete,
    /// It holds what would not lie in the folder, or is no file.
    #[error("{0} does not belong there")]
    Foreign(String),
    /// It is larger than this, in bytes.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// It cannot be written, in the operating system's words.
    #[error("{0}")]
    Io(String),
}

/// Sends a folder, and what is said of it.
///
/// # Errors
/// What the system says.
pub fn send(folder: &Path, said: &[u8], to: &mut dyn Write) -> io::Result<()> {
    let mut archive = tar::Builder::new(to);
    archive.follow_symlinks(false);
    archive.append_dir_all(FILES, folder)?;
    let mut header = tar::Header::new_gnu();
    header.set_size(u64::try_from(said.len()).unwrap_or_default());
    header.set_mode(0o600);
    archive.append_data(&mut header, SAID, said)?;
    archive.into_inner()?.flush()
}

/// Takes one, into a folder that is not there yet, and returns what is said of it. Nothing is written anywhere else.
///
/// # Errors
/// If it is not whole, holds anything but files of the folder, or is larger than `most` bytes.
pub fn receive(from: impl Read, into: &NewFolder, most: u64) -> Result<Vec<u8>, ParcelFault> {
    let broken = |_: io::Error| ParcelFault::Incomplete;
    let mut archive = tar::Archive::new(from);
    let (mut said, mut room) = (None, most);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        let foreign = || ParcelFault::Foreign(path.display().to_string());
        match entry.header().entry_type() {
            tar::EntryType::Regular => {}
            // Folders come with their files.
            tar::EntryType::Directory => continue,
            _ => return Err(foreign()),
        }
        let size = entry.size();
        room = room.checked_sub(size).ok_or(ParcelFault::TooLarge(most))?;
        let arrived = if path == Path::new(SAID) {
            let mut text = Vec::new();
            let length = entry.read_to_end(&mut text).map_err(broken)?;
            said = Some(text);
            u64::try_from(length).unwrap_or(u64::MAX)
        } else {
            let below = path.strip_prefix(FILES).map_err(|_| foreign())?;
            into.copy(below, &mut entry).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::AlreadyExists => foreign(),
                _ => ParcelFault::Io(error.to_string()),
            })?
        };
        if arrived != size {
            return Err(ParcelFault::Incomplete);
        }
    }
    let _unread = io::copy(&mut archive.into_inner().take(MOST_BEHIND), &mut io::sink());
    said.ok_or(ParcelFault::Incomplete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn received(parcel: &[u8], most: u64) -> (TempDir, Result<Vec<u8>, ParcelFault>) {
        let place = tempfile::tempdir().unwrap();
        let folder = NewFolder::begin(&place.path().join("case")).unwrap();
        let said = receive(parcel, &folder, most);
        if said.is_ok() {
            folder.finish().unwrap();
        }
        (place, said)
    }

    fn parcel() -> Vec<u8> {
        let sent = tempfile::tempdir().unwrap();
        fs::create_dir_all(sent.path().join("logs/x".repeat(60))).unwrap();
        fs::write(sent.path().join("logs/x".repeat(60)).join("access.log.gz"), vec![7; 3000]).unwrap();
        fs::write(sent.path().join("case.toml"), "version = 1\n").unwrap();
        let mut parcel = Vec::new();
        send(sent.path(), "말한 것".as_bytes(), &mut parcel).unwrap();
        parcel
    }

    #[test]
    fn it_arrives_as_it_was_sent() {
        let (place, said) = received(&parcel(), 4000);
        assert_eq!(said.unwrap(), "말한 것".as_bytes());
        let file = place.path().join("case").join("logs/x".repeat(60)).join("access.log.gz");
        assert_eq!(fs::read(file).unwrap(), vec![7; 3000]);
        assert_eq!(fs::read(place.path().join("case/case.toml")).unwrap(), b"version = 1\n");
    }

    #[test]
    fn nothing_is_left_of_one_that_is_cut_off_or_too_large() {
        let whole = parcel();
        for length in [0, 1, 511, 512, 700, whole.len() / 2, whole.len() - 1100] {
            let (place, said) = received(&whole[..length], 4000);
            assert_eq!(said, Err(ParcelFault::Incomplete), "{length} of {}", whole.len());
            assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
        }
        assert_eq!(received(&whole, 2999).1, Err(ParcelFault::TooLarge(2999)));
        assert_eq!(received(b"Welcome to vm1!\n".repeat(100).as_slice(), 4000).1, Err(ParcelFault::Incomplete));
    }

    #[test]
    fn nothing_leaves_the_folder() {
        let bad = |path: &str, kind: tar::EntryType, link: &str| {
            let mut header = tar::Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
            header.as_gnu_mut().unwrap().linkname[..link.len()].copy_from_slice(link.as_bytes());
            header.set_entry_type(kind);
            header.set_size(2);
            header.set_mode(0o777);
            header.set_cksum();
            let mut archive = tar::Builder::new(Vec::new());
            archive.append(&header, b"x\n".as_slice()).unwrap();
            archive.into_inner().unwrap()
        };
        for (path, kind, link) in [
            ("case/../../escaped", tar::EntryType::Regular, ""),
            ("/tmp/escaped", tar::EntryType::Regular, ""),
            ("escaped", tar::EntryType::Regular, ""),
            ("case", tar::EntryType::Regular, ""),
            ("case/link", tar::EntryType::Symlink, "/etc"),
            ("case/link", tar::EntryType::Link, "/etc/passwd"),
            ("case/pipe", tar::EntryType::Fifo, ""),
        ] {
            let (place, said) = received(&bad(path, kind, link), 4000);
            assert_eq!(said, Err(ParcelFault::Foreign(path.to_owned())), "{path} {kind:?}");
            assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
        }
    }
}
