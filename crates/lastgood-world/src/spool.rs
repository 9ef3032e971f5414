//! Takes in a pipe that can be read only once and keeps it as a file: packed, unlinked, readable by nobody else,
//! and capped in size.

use std::fs::{File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use flate2::write::GzEncoder;
use memchr::memchr;

use crate::damage::Damage;
use crate::packing::Compression;

/// At most this much is kept on disk, in bytes after packing.
const KEPT: u64 = 4 * 1024 * 1024 * 1024;
/// Where so many bytes hold no line end, they are no text and may never end.
const LONGEST_LINE: u64 = 1024 * 1024 * 1024;
const CHUNK: usize = 256 * 1024;

/// What came through a pipe.
pub(crate) struct Spooled {
    /// Unlinked; it vanishes with the last descriptor.
    pub(crate) file: Arc<File>,
    /// Why it is not everything.
    pub(crate) damage: Option<Damage>,
}

/// Reads `pipe` to its end. What is packed already is kept as it is.
pub(crate) fn spool(pipe: &mut dyn Read) -> io::Result<Spooled> {
    spool_at_most(pipe, KEPT)
}

/// The same; no more than `limit` bytes are kept, after packing.
pub(crate) fn spool_at_most(pipe: &mut dyn Read, limit: u64) -> io::Result<Spooled> {
    let file = Arc::new(temporary()?);
    let mut kept = Capped { file: &file, room: limit };
    let mut chunk = vec![0; CHUNK];
    let (first, mut damage) = read_some(pipe, &mut chunk);
    let first = chunk.get(..first).unwrap_or_default().to_vec();
    let outcome = if Compression::of(&first) != Compression::None {
        kept.write_all(&first).and_then(|()| copy(pipe, &mut kept, false, &mut chunk, &mut damage))
    } else {
        let mut packer = GzEncoder::new(&mut kept, flate2::Compression::fast());
        let copied = packer.write_all(&first).and_then(|()| copy(pipe, &mut packer, true, &mut chunk, &mut damage));
        // Also after a failure: what is there should unpack as far as it goes.
        copied.and(packer.finish().map(|_| ()))
    };
    if let Err(error) = outcome {
        damage = Some(if kept.room == 0 { Damage::TooLarge } else { Damage::from(error) });
    }
    Ok(Spooled { file, damage })
}

/// In `TMPDIR`, else in `/var/tmp`, which unlike `/tmp` is rarely held in memory.
pub(crate) fn temporary() -> io::Result<File> {
    let in_var = || tempfile::tempfile_in(Path::new("/var/tmp")).ok();
    let file = match std::env::var_os("TMPDIR").is_none().then(in_var).flatten() {
        Some(file) => file,
        None => tempfile::tempfile()?,
    };
    // It has no name, but who may look into our descriptors could open it by them.
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

fn copy(
    pipe: &mut dyn Read,
    to: &mut impl Write,
    is_text: bool,
    chunk: &mut [u8],
    damage: &mut Option<Damage>,
) -> io::Result<()> {
    let mut line = 0;
    while damage.is_none() {
        let (read, failed) = read_some(pipe, chunk);
        *damage = failed;
        if read == 0 {
            break;
        }
        to.write_all(chunk.get(..read).unwrap_or_default())?;
        // `/dev/zero` never ends, and packed it is next to nothing.
        let has_end = memchr(b'\n', chunk.get(..read).unwrap_or_default()).is_some();
        line = if has_end { 0 } else { line + read as u64 };
        if line > LONGEST_LINE && is_text {
            *damage = Some(Damage::TooLarge);
        }
    }
    Ok(())
}

/// Fills `chunk` as far as the pipe goes: packing many small pieces would be slow.
fn read_some(pipe: &mut dyn Read, chunk: &mut [u8]) -> (usize, Option<Damage>) {
    let mut filled = 0;
    while filled < chunk.len() {
        match pipe.read(&mut chunk[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(Damage::from(error))),
        }
    }
    (filled, None)
}

/// Writes until the room is used up, then refuses.
struct Capped<'a> {
    file: &'a File,
    room: u64,
}

impl Write for Capped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 && !bytes.is_empty() {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let allowed = usize::try_from(self.room).unwrap_or(usize::MAX).min(bytes.len());
        let written = self.file.write(bytes.get(..allowed).unwrap_or_default())?;
        self.room = self.room.saturating_sub(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{LogFile, head};
    use lastgood_model::SourceId;

    fn read_back(spooled: &Spooled) -> Vec<u8> {
        let metadata = spooled.file.metadata().unwrap();
        let file = LogFile::describe(SourceId(0), "-".into(), None, &spooled.file, &metadata, true).unwrap();
        head(&file, 1 << 20).unwrap()
    }

    #[test]
    fn what_is_beyond_the_cap_is_said_and_what_came_before_is_used() {
        let mut random = 1_u32;
        let noise: Vec<u8> = (0..200_000)
            .map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                random.to_be_bytes()[0]
            })
            .collect();
        let spooled = spool_at_most(&mut noise.as_slice(), 100_000).unwrap();
        assert_eq!(spooled.damage, Some(Damage::TooLarge));
        assert_eq!(spooled.file.metadata().unwrap().len(), 100_000);
        let read = read_back(&spooled);
        assert!(read.len() > 50_000 && noise.starts_with(&read));
    }

    #[test]
    fn a_pipe_that_breaks_leaves_what_came_before() {
        struct Breaks(bool);
        impl Read for Breaks {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("reset"));
                }
                out[..4].copy_from_slice(b"log\n");
                Ok(4)
            }
        }
        let spooled = spool(&mut Breaks(false)).unwrap();
        assert_eq!((read_back(&spooled), spooled.damage), (b"log\n".to_vec(), Some(Damage::Io("reset".into()))));
    }

    #[test]
    fn nobody_else_can_read_what_is_kept() {
        use std::os::unix::fs::MetadataExt;
        let metadata = spool(&mut &b"secret"[..]).unwrap().file.metadata().unwrap();
        assert_eq!((metadata.mode() & 0o777, metadata.nlink()), (0o600, 0));
    }
}
