//! How a rotated file is packed.

use crate::rotate::gzip;
use std::io;

/// A compression, by its file ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// None.
    Plain,
    /// gzip.
    Gzip,
}

impl Packing {
    /// All.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Gzip];

    /// What is appended to the file's name.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip => ".gz",
        }
    }

    /// Packs a file.
    pub fn pack(self, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain => Ok(bytes),
            Self::Gzip => gzip(&bytes),
        }
    }
}
