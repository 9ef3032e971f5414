//! A release on its way to a target: one stream of files, as tar has them, and before them one text that says what they are. Packed
//! from a folder, unpacked into a fresh one; what the text says is somebody else's.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::alive::{lives, own_mark};

/// The name of the text in the stream. No file of a release begins so.
const TEXT: &str = ".lastgood-release";
/// The text has no more bytes.
const LONGEST_TEXT: u64 = 4 * 1024 * 1024;

/// Folders that streams are unpacked into begin so.
const ARRIVING: &str = "arriving-";
/// Where nobody knows who left one, it is older.
const ARRIVES_WITHIN: Duration = Duration::from_secs(3600);

/// A folder to unpack into, below the folder of state, that goes when it is dropped. It bears the mark of this process; what others
/// left there goes first.
///
/// # Errors
/// If it cannot be made.
pub fn arrival(state: &Path) -> io::Result<TempDir> {
    sweep(state)?;
    TempDir::with_prefix_in(format!("{ARRIVING}{}-", own_mark()), state)
}

/// Takes away what somebody left there who died, or who left it long ago: it holds what no other place may hold.
///
/// # Errors
/// If the folder cannot be read.
pub fn sweep(state: &Path) -> io::Result<()> {
    for entry in fs::read_dir(state)?.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_prefix(ARRIVING)) else { continue };
        let is_dead = name.rsplit_once('-').and_then(|(mark, _)| lives(mark)) == Some(false);
        let age = || entry.metadata().and_then(|facts| facts.modified()).ok()?.elapsed().ok();
        if is_dead || age().is_some_and(|age| age > ARRIVES_WITHIN) {
            // Whoever else sweeps here may be quicker.
            let _gone = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// A file to pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Where it is.
    pub from: PathBuf,
    /// Its path in the stream, below the folder.
    pub path: PathBuf,
    /// Its permissions.
    pub mode: u32,
}

/// Packs a text and files.
///
/// # Errors
/// If a file cannot be read, or the stream cannot be written.
pub fn pack(into: &mut impl Write, text: &[u8], files: &[Packed]) -> io::Result<()> {
    let mut stream = tar::Builder::new(into);
    append(&mut stream, Path::new(TEXT), 0o600, text.len() as u64, text)?;
    for file in files {
        let content = File::open(&file.from)?;
        let length = content.metadata()?.len();
        // One that grows meanwhile is cut, and its digest then tells.
        append(&mut stream, &file.path, file.mode, length, content.take(length))?;
    }
    stream.finish()
}

/// The same, packed tight, since it may be large.
///
/// # Errors
/// As `pack`.
pub fn pack_tight(into: &mut impl Write, text: &[u8], files: &[Packed]) -> io::Result<()> {
    // What packs badly is rather sent than thought about.
    let mut packer = GzEncoder::new(into, Compression::fast());
    pack(&mut packer, text, files)?;
    packer.finish().map(|_| ())
}

/// Unpacks what was packed tight.
///
/// # Errors
/// As `unpack`.
pub fn unpack_tight(from: impl Read, into: &Path, most: u64) -> io::Result<Vec<u8>> {
    unpack(GzDecoder::new(from), into, most)
}

fn append(
    stream: &mut tar::Builder<&mut impl Write>,
    path: &Path,
    mode: u32,
    length: u64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(length);
    header.set_mode(mode);
    header.set_entry_type(tar::EntryType::Regular);
    stream.append_data(&mut header, path, content)
}

/// Unpacks a stream into a folder that is there and empty, and returns the text. Files are created anew, with their modes.
///
/// # Errors
/// If the stream is cut or holds anything but files below the folder, or more than `most` bytes; and what the system says.
pub fn unpack(from: impl Read, into: &Path, most: u64) -> io::Result<Vec<u8>> {
    let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut stream = tar::Archive::new(from);
    let mut entries = stream.entries()?;
    let mut first = entries.next().ok_or_else(|| wrong("nothing came in".to_owned()))??;
    if first.path()? != Path::new(TEXT) || first.size() > LONGEST_TEXT {
        return Err(wrong("no release came in".to_owned()));
    }
    let mut text = Vec::new();
    first.read_to_end(&mut text)?;
    let mut left = most;
    for entry in entries {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let below = path.components().all(|part| matches!(part, Component::Normal(_)));
        if !below || entry.header().entry_type() != tar::EntryType::Regular {
            return Err(wrong(format!("{} is no file of a release", path.display())));
        }
        left = left.checked_sub(entry.size()).ok_or_else(|| wrong(format!("more than {most} bytes came in")))?;
        let place = into.join(&path);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        let mode = entry.header().mode()? & 0o777;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&place)?;
        let length = io::copy(&mut entry, &mut file)?;
        if length != entry.size() {
            return Err(wrong(format!("{} is cut", path.display())));
        }
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(from.path().join("conf")).unwrap();
        fs::write(from.path().join(".env"), "A=1\n").unwrap();
        fs::write(from.path().join("conf/a.conf"), [0u8, 255, 10]).unwrap();
        let packed = |path: &str, mode| Packed { from: from.path().join(path), path: path.into(), mode };
        let mut stream = Vec::new();
        pack(&mut stream, b"{}", &[packed(".env", 0o600), packed("conf/a.conf", 0o640)]).unwrap();
        assert_eq!(unpack(stream.as_slice(), into.path(), 100).unwrap(), b"{}");
        let (mut tight, aside) = (Vec::new(), tempfile::tempdir().unwrap());
        pack_tight(&mut tight, b"{}", &[packed("conf/a.conf", 0o640)]).unwrap();
        assert_eq!(unpack_tight(tight.as_slice(), aside.path(), 100).unwrap(), b"{}");
        assert!(unpack_tight(&tight[..tight.len() / 2], &aside.path().join("again"), 100).is_err());
        assert_eq!(fs::read(into.path().join("conf/a.conf")).unwrap(), [0, 255, 10]);
        let mode = |path: &str| fs::metadata(into.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(".env"), mode("conf/a.conf")), (0o600, 0o640));
        for cut in 0..stream.len() {
            let into = tempfile::tempdir().unwrap();
            // One that is cut between two files looks whole: the text has to say which there are.
            let whole = unpack(&stream[..cut], into.path(), 100).is_ok();
            let files = [".env", "conf/a.conf"].iter().filter(|path| into.path().join(path).exists()).count();
            // Two empty blocks at the end say nothing.
            assert!(!whole || files < 2 || cut >= stream.len() - 1024, "cut at {cut}");
        }
        let other = tempfile::tempdir().unwrap();
        assert!(unpack(stream.as_slice(), other.path(), 6).is_err(), "too much");
    }

    #[test]
    fn what_was_left_by_the_dead_and_long_ago_goes() {
        let state = tempfile::tempdir().unwrap();
        let of_now = arrival(state.path()).unwrap().keep();
        let left = state.path().join("arriving-long-ago");
        fs::create_dir(&left).unwrap();
        let long_ago = std::time::SystemTime::now() - 2 * ARRIVES_WITHIN;
        File::open(&left).unwrap().set_modified(long_ago).unwrap();
        let mut dies = std::process::Command::new("true").spawn().unwrap();
        let of_dead = state.path().join(format!("arriving-{}:1:2-x-y", dies.id()));
        dies.wait().unwrap();
        fs::create_dir(&of_dead).unwrap();
        let mine = arrival(state.path()).unwrap();
        assert!(!left.exists() && !of_dead.exists() && of_now.exists() && mine.path().exists());
    }

    #[test]
    fn nothing_leaves_the_folder() {
        for path in ["../a", "/a", "a/../../b"] {
            let mut stream = Vec::new();
            let mut tar = tar::Builder::new(&mut stream);
            let mut header = tar::Header::new_gnu();
            header.set_size(2);
            header.set_mode(0o600);
            tar.append_data(&mut header, TEXT, b"{}".as_slice()).unwrap();
            let mut header = tar::Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_size(1);
            header.set_mode(0o600);
            header.set_cksum();
            tar.append(&header, b"x".as_slice()).unwrap();
            tar.finish().unwrap();
            drop(tar);
            let outer = tempfile::tempdir().unwrap();
            let into = outer.path().join("into");
            fs::create_dir(&into).unwrap();
            assert!(unpack(stream.as_slice(), &into, 100).is_err(), "{path}");
            assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1, "{path}");
        }
    }
}
