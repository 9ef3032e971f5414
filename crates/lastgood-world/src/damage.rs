//! What can go wrong while bytes are read: kept as a value, because what came before it is still used.
//! Not an error that stops anything; the pipeline turns it into a gap.

use std::io;
use std::sync::Arc;

use lastgood_model::GapKind;

use crate::packing::Compression;

/// Why reading a file ended before its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The compressed data stops in the middle.
    #[error("compressed data ends too early")]
    CutShort,
    /// The compressed data, or its checksum, is wrong.
    #[error("compressed data is damaged")]
    Corrupt,
    /// Something else stands behind the compressed data.
    #[error("other bytes follow the compressed data")]
    TrailingBytes,
    /// The file became shorter while it was read.
    #[error("file became shorter while it was read")]
    Shrunk,
    /// It unpacks to so much more than its size that no log does that.
    #[error("unpacks to more than the limit")]
    TooLarge,
    /// It is packed by something that cannot be unpacked here.
    #[error("packed in a way that is not unpacked here")]
    UnknownCompression(Compression),
    /// It is not there any more.
    #[error("file not found")]
    NotFound,
    /// No permission.
    #[error("permission denied")]
    NoPermission,
    /// A program ended badly, with the beginning of what it complained of.
    #[error("{}", beginning(.0))]
    Failed(Arc<str>),
    /// The operating system's message.
    #[error("{0}")]
    Io(Arc<str>),
}

impl Damage {
    /// The gap to show; `lines` is how many lines were read before the damage.
    #[must_use]
    pub fn gap_kind(&self, lines: u64) -> GapKind {
        match self {
            Self::CutShort | Self::Corrupt | Self::TrailingBytes | Self::Shrunk => GapKind::Truncated { lines },
            Self::TooLarge => GapKind::TooLarge,
            Self::UnknownCompression(packing) => {
                packing.name().map_or(GapKind::UnknownFormat, |name| GapKind::Packed(Arc::from(name)))
            }
            Self::NotFound => GapKind::NotFound,
            Self::NoPermission => GapKind::NoPermission,
            Self::Failed(complaint) => GapKind::Io(Arc::from(beginning(complaint))),
            Self::Io(message) => GapKind::Io(Arc::clone(message)),
        }
    }
}

/// The first line.
fn beginning(complaint: &str) -> &str {
    complaint.lines().next().unwrap_or_default().trim()
}

impl From<&io::Error> for Damage {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::NoPermission,
            _ => Self::Io(Arc::from(error.to_string())),
        }
    }
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Tests often run as root, whom no mode bit stops: the mapping is what is asserted.
    #[test]
    fn the_operating_systems_refusals_become_gaps_that_say_so() {
        let denied = Damage::from(io::Error::from(io::ErrorKind::PermissionDenied));
        assert_eq!(denied.gap_kind(7), GapKind::NoPermission);
        assert_eq!(Damage::from(io::Error::from(io::ErrorKind::NotFound)).gap_kind(0), GapKind::NotFound);
        assert_eq!(Damage::from(io::Error::other("stale handle")).gap_kind(0), GapKind::Io("stale handle".into()));
        assert_eq!(Damage::Corrupt.gap_kind(7), GapKind::Truncated { lines: 7 });
    }
}
