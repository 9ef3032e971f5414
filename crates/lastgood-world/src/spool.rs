//! Takes in a pipe that can be read only once and keeps it as a file: packed, unlinked, readable by nobody else,
//! and capped in size.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use flate2::write::GzEncoder;

use crate::damage::Damage;

/// At most this much is kept on disk, in bytes after packing.
const KEPT: u64 = 4 * 1024 * 1024 * 1024;
const CHUNK: usize = 256 * 1024;

/// What came through a pipe.
pub(crate) struct Spooled {
    /// Unlinked; it vanishes with the last descriptor.
    pub(crate) file: Arc<File>,
    /// Why it is not everything.
    pub(crate) damage: Option<Damage>,
}

/// Reads `pipe` to its end. What is gzip already is kept as it is.
pub(crate) fn spool(pipe: &mut dyn Read) -> io::Result<Spooled> {
    spool_at_most(pipe, KEPT)
}

fn spool_at_most(pipe: &mut dyn Read, limit: u64) -> io::Result<Spooled> {
    let file = Arc::new(temporary()?);
    let mut kept = Capped { file: &file, room: limit };
    let mut chunk = vec![0; CHUNK];
    let (first, mut damage) = read_some(pipe, &mut chunk);
    let first = chunk.get(..first).unwrap_or_default().to_vec();
    let outcome = if first.starts_with(&[0x1f, 0x8b]) {
        kept.write_all(&first).and_then(|()| copy(pipe, &mut kept, &mut chunk, &mut damage))
    } else {
        let mut packer = GzEncoder::new(&mut kept, flate2::Compression::fast());
        let copied = packer.write_all(&first).and_then(|()| copy(pipe, &mut packer, &mut chunk, &mut damage));
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
    if std::env::var_os("TMPDIR").is_none()
        && let Ok(file) = tempfile::tempfile_in(Path::new("/var/tmp"))
    {
        return Ok(file);
    }
    tempfile::tempfile()
}

fn copy(pipe: &mut dyn Read, to: &mut impl Write, chunk: &mut [u8], damage: &mut Option<Damage>) -> io::Result<()> {
    while damage.is_none() {
        let (read, failed) = read_some(pipe, chunk);
        *damage = failed;
        if read == 0 {
            break;
        }
        to.write_all(chunk.get(..read).unwrap_or_default())?;
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
