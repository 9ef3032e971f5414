//! An open file with a reading position of its own. It reads with `pread`, so that several readers can share one
//! descriptor, and never maps memory: a log that is truncated under a mapping kills its reader.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// A shared descriptor and a position in it.
#[derive(Debug)]
pub(crate) struct Handle {
    file: Arc<File>,
    at: u64,
    /// What comes behind this was written after the reading had been decided on.
    end: u64,
}

impl Handle {
    /// Reads an open file from its beginning, and no further than to `end`: a file that grows all the time would
    /// never end, and every reading of it has to see the same.
    pub(crate) fn new(file: Arc<File>, end: u64) -> Self {
        Self { file, at: 0, end }
    }

    /// Opens a file that was not kept open.
    pub(crate) fn open(path: &Path, end: u64) -> io::Result<Self> {
        Ok(Self::new(Arc::new(File::open(path)?), end))
    }

    /// Whether the end was not reached yet; if nothing more can be read, the file became shorter.
    pub(crate) fn lacks_more(&self) -> bool {
        self.at < self.end
    }

    /// Bytes read so far.
    pub(crate) fn position(&self) -> u64 {
        self.at
    }

    /// Goes forward without reading.
    pub(crate) fn skip(&mut self, bytes: u64) {
        self.at = self.at.saturating_add(bytes);
    }

    /// Reads until `out` is full or the file ends; less than `out.len()` means that it ended.
    pub(crate) fn fill(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        let ahead = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = out.len().min(ahead);
        let out = out.get_mut(..wanted).unwrap_or_default();
        while filled < out.len() {
            match self.file.read_at(&mut out[filled..], self.at) {
                Ok(0) => break,
                Ok(read) => {
                    filled += read;
                    self.at += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What was read before the error is handed on; the next call meets the error again.
                Err(_) if filled > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}
