//! How bytes are packed, told by their first ones; names lie. It unpacks nothing.

/// How many first bytes tell the packing, and how much memory its unpacking takes.
pub(crate) const TELLING: usize = 512;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one member or several.
    Gzip,
    /// zstd, one frame or several.
    Zstd,
    /// xz, one stream or several.
    Xz,
    /// bzip2, one stream or several.
    Bzip2,
    /// Something of this name that is recognised and not unpacked here.
    Other(&'static str),
}

impl Compression {
    /// By the first bytes; 512 of them suffice.
    #[must_use]
    pub fn of(first: &[u8]) -> Self {
        match first {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            // The digits of pi open a block, those of its root the end of an empty file.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..] => {
                Self::Bzip2
            }
            [0x04 | 0x02, 0x22 | 0x21, 0x4d | 0x4c, 0x18, ..] => Self::Other("lz4"),
            [b'L', b'Z', b'I', b'P', 0 | 1, ..] => Self::Other("lzip"),
            [0x5d, 0, 0, _, _, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ..] => Self::Other("lzma"),
            [0x89, b'L', b'Z', b'O', 0, ..] => Self::Other("lzop"),
            [0x1f, 0x9d, ..] => Self::Other("compress (.Z)"),
            [0xff, 0x06, 0, 0, b's', b'N', b'a', b'P', ..] => Self::Other("snappy"),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Other("zip"),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Self::Other("7z"),
            [b'R', b'a', b'r', b'!', 0x1a, 0x07, ..] => Self::Other("rar"),
            _ if first.get(257..262) == Some(b"ustar") => Self::Other("tar"),
            _ => Self::None,
        }
    }

    /// Its name, as its own tool is called; `None` if nothing is packed.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::Xz => Some("xz"),
            Self::Bzip2 => Some("bzip2"),
            Self::Other(name) => Some(name),
        }
    }

    /// Bytes that its first window takes, as far as the first bytes say; the smaller packings need none worth naming.
    pub(crate) fn window(self, first: &[u8]) -> u64 {
        match self {
            Self::Zstd => zstd_window(first),
            Self::Xz => xz_window(first),
            _ => None,
        }
        .unwrap_or(0)
    }
}

/// Of the first frame: RFC 8878, 3.1.1.1.
fn zstd_window(first: &[u8]) -> Option<u64> {
    let descriptor = *first.get(4)?;
    let is_single_segment = descriptor & 0x20 != 0;
    if !is_single_segment {
        let window = u64::from(*first.get(5)?);
        let base = 1_u64 << (10 + (window >> 3));
        return Some(base + base / 8 * (window & 7));
    }
    // The whole content is the window; its size follows the number of the dictionary.
    let from = 5 + [0, 1, 2, 4][usize::from(descriptor & 3)];
    let length = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    Some(little_endian(first.get(from..from + length)?) + if length == 2 { 256 } else { 0 })
}

/// Of the first block: the xz file format, 3.1 and 5.3.1.
fn xz_window(first: &[u8]) -> Option<u64> {
    let flags = *first.get(13)?;
    let mut rest = first.get(14..)?;
    for has_size in [0x40, 0x80] {
        if flags & has_size != 0 {
            let length = rest.iter().position(|byte| byte & 0x80 == 0)?;
            rest = rest.get(length + 1..)?;
        }
    }
    for _ in 0..=flags & 3 {
        let [id, length, properties @ ..] = rest else { return None };
        if *id == 0x21 {
            let bits = properties.first()? & 0x3f;
            return Some((2 | u64::from(bits & 1)) << (bits / 2 + 11));
        }
        rest = properties.get(usize::from(*length)..)?;
    }
    None
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_is_told_by_the_first_bytes() {
        assert_eq!(Compression::of(b"\x1f\x8b\x08\0\0\0"), Compression::Gzip);
        assert_eq!(Compression::of(b"BZh91A"), Compression::Bzip2);
        assert_eq!(Compression::of(b"BZh is"), Compression::None);
        assert_eq!(Compression::of(b"\x28\xb5\x2f\xfd"), Compression::Zstd);
        assert_eq!(Compression::of(b"\xfd7zXZ\0"), Compression::Xz);
        assert_eq!(Compression::of(b"\x04\x22\x4d\x18"), Compression::Other("lz4"));
        assert_eq!(Compression::of(b"PK\x03\x04"), Compression::Other("zip"));
        assert_eq!(Compression::of(b"10.0.0"), Compression::None);
        assert_eq!(Compression::of(b""), Compression::None);
        let mut tar = [b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(Compression::of(&tar), Compression::Other("tar"));
    }

    #[test]
    fn windows_are_read_from_the_headers() {
        // As `xz -9`, `xz -T2 --block-size=1M -6` and `zstd --long=27` write them.
        let xz = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0\x21\x01\x1c\0\0\0";
        assert_eq!(Compression::Xz.window(xz), 64 << 20);
        let sized = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x04\xc0\x90\x01\x80\x80\x40\x21\x01\x16\0\0\0";
        assert_eq!(Compression::Xz.window(sized), 8 << 20);
        assert_eq!(Compression::Zstd.window(b"\x28\xb5\x2f\xfd\x04\x88"), 128 << 20);
        assert_eq!(Compression::Zstd.window(b"\x28\xb5\x2f\xfd\x20\x05"), 5);
        for cut in 0..20 {
            assert_eq!(Compression::Xz.window(&xz[..cut.min(14)]), 0);
        }
    }
}
