//! How a rotated file is packed, by the ending of its name.

use crate::rotate::gzip;
use lzma_rust2::{XzOptions, XzWriter};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::{self, Write as _};

/// A compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// None.
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// xz.
    Xz,
    /// bzip2.
    Bzip2,
}

impl Packing {
    /// All.
    pub const ALL: [Self; 5] = [Self::Plain, Self::Gzip, Self::Zstd, Self::Xz, Self::Bzip2];

    /// The `index`-th of them, round and round.
    #[must_use]
    pub const fn nth(index: usize) -> Self {
        Self::ALL[index % Self::ALL.len()]
    }

    /// What is appended to the file's name.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
            Self::Xz => ".xz",
            Self::Bzip2 => ".bz2",
        }
    }

    /// Packs a file.
    pub fn pack(self, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain => Ok(bytes),
            Self::Gzip => gzip(&bytes),
            Self::Zstd => Ok(compress_to_vec(&bytes[..], CompressionLevel::Fastest)),
            Self::Xz => {
                let mut writer = XzWriter::new(Vec::new(), XzOptions::with_preset(1))?;
                writer.write_all(&bytes)?;
                writer.finish()
            }
            Self::Bzip2 => {
                let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                writer.write_all(&bytes)?;
                writer.finish()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn each_can_be_unpacked_again() {
        let text = b"one line\nanother one\n".repeat(5_000);
        for packing in Packing::ALL {
            let packed = packing.pack(text.clone()).unwrap();
            let packed = &packed[..];
            let mut back = Vec::new();
            match packing {
                Packing::Plain => back = packed.to_vec(),
                Packing::Gzip => drop(flate2::read::GzDecoder::new(packed).read_to_end(&mut back).unwrap()),
                Packing::Zstd => {
                    let mut decoder = ruzstd::decoding::StreamingDecoder::new(packed).unwrap();
                    decoder.read_to_end(&mut back).unwrap();
                }
                Packing::Xz => drop(lzma_rust2::XzReader::new(packed, true).read_to_end(&mut back).unwrap()),
                Packing::Bzip2 => drop(bzip2::read::BzDecoder::new(packed).read_to_end(&mut back).unwrap()),
            }
            assert!(back == text, "{packing:?}");
        }
    }
}
