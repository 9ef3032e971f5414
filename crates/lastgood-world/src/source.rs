//! The bytes of a file after unpacking, as a stream; neither blocks nor lines yet.

use crate::damage::Damage;
use crate::files::LogFile;
use crate::handle::Handle;
use crate::packing::Compression;
use crate::unpack::Unpack;

/// A file being read, packed or not.
#[derive(Debug)]
pub(crate) enum Source {
    /// As it stands on disk.
    Plain(Handle),
    /// Unpacked on the way. Boxed: it holds much.
    Packed(Box<Unpack>),
}

impl Source {
    /// Begins to read `file`.
    pub(crate) fn open(file: &LogFile) -> Result<Self, Damage> {
        match file.compression {
            Compression::None => Ok(Self::Plain(file.handle()?)),
            packing => Ok(Self::Packed(Box::new(Unpack::new(file.handle()?, packing, file.allowed)?))),
        }
    }

    /// Reads until `out` is full or nothing more can be had; less than `out.len()` means the end, or damage that the
    /// next call reports.
    pub(crate) fn fill(&mut self, out: &mut [u8]) -> Result<usize, Damage> {
        match self {
            Self::Plain(handle) => match handle.fill(out)? {
                0 if !out.is_empty() && handle.lacks_more() => Err(Damage::Shrunk),
                filled => Ok(filled),
            },
            Self::Packed(unpack) => unpack.fill(out),
        }
    }

    /// Goes forward without reading, where that is possible. Says how far.
    pub(crate) fn jump(&mut self, bytes: u64) -> u64 {
        match self {
            Self::Plain(handle) => {
                handle.skip(bytes);
                bytes
            }
            Self::Packed(_) => 0,
        }
    }

    /// Bytes taken from the disk so far, before unpacking.
    pub(crate) fn position(&self) -> u64 {
        match self {
            Self::Plain(handle) => handle.position(),
            Self::Packed(unpack) => unpack.position(),
        }
    }
}
