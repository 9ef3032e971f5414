//! Why something of the state could not be written or read: what was being done, with which path, the cause, and the
//! way out if there is one. Not damage of what is kept: that is told as a value, beside everything that is whole.

use std::io;
use std::path::{Path, PathBuf};

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Opening or reading.
    Read,
    /// Creating, writing, making durable.
    Write,
    /// Adding a record.
    Append,
    /// Taking, renewing or giving back the lease.
    Lock,
    /// Keeping a release.
    Keep,
    /// Putting a file into the live folder.
    Place,
    /// Removing.
    Remove,
}

impl Doing {
    fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Append => "append to",
            Self::Lock => "lock",
            Self::Keep => "keep",
            Self::Place => "place",
            Self::Remove => "remove",
        }
    }
}

/// The cause.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// The operating system's message.
    #[error("{0}")]
    Io(io::Error),
    /// The file or a folder on its way is a symbolic link.
    #[error("a symbolic link")]
    Link,
    /// Something else than a file stands there.
    #[error("not a file")]
    NotAFile,
    /// Something else than a folder stands there.
    #[error("not a folder")]
    NotAFolder,
    /// Absolute, with `..`, or otherwise no path below the folder.
    #[error("not a path below the folder")]
    Outside,
    /// No name that can be kept.
    #[error("not a name of a release")]
    BadName,
    /// A file is named twice.
    #[error("named twice")]
    Twice,
    /// More bytes than allowed.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// More files than allowed.
    #[error("more than {0} files")]
    TooMany(usize),
    /// It has to be JSON on one line.
    #[error("not JSON on one line")]
    NotALine,
    /// A newer version of lastgood wrote it, in this version of the frame.
    #[error("written by a newer version of lastgood (format {0})")]
    Newer(u64),
    /// What is kept is not what was written.
    #[error("damaged")]
    Damaged,
    /// Somebody else wrote to it meanwhile.
    #[error("changed by somebody else meanwhile")]
    Changed,
    /// The release has no such file.
    #[error("not in the release")]
    NotInRelease,
    /// Something else is already kept by this name.
    #[error("something else is kept by this name")]
    Another,
    /// Its owner cannot be given to the file that replaces it.
    #[error("belongs to another user")]
    Owner,
    /// Another process held on to it for longer than we wait.
    #[error("held by another process")]
    Busy,
}

/// An error of the state.
#[derive(Debug, thiserror::Error)]
#[error("cannot {} {}: {why}", .doing.word(), .path.display())]
pub struct StateError {
    /// What was being done.
    pub doing: Doing,
    /// With which path.
    pub path: PathBuf,
    /// The cause.
    pub why: Why,
}

impl StateError {
    pub(super) fn new(doing: Doing, path: &Path, why: impl Into<Why>) -> Self {
        Self { doing, path: path.to_owned(), why: why.into() }
    }

    /// The way out, where this spot knows one.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match &self.why {
            Why::Io(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some("free space on that file system"),
                io::ErrorKind::PermissionDenied => Some("run as the user that owns the folder"),
                io::ErrorKind::ReadOnlyFilesystem => {
                    Some("the file system is mounted read-only; look at the kernel's log")
                }
                _ => None,
            },
            Why::Link => {
                Some("links are not followed for writing; name the file that it leads to, or put a file in its place")
            }
            Why::Newer(_) => Some("update lastgood on this machine"),
            Why::Changed => Some("look at the file, then run it again"),
            Why::Owner => Some("run as root, or write the file in place"),
            Why::Busy => Some("another lastgood is stopped or waits for its disk; look for it with ps"),
            _ => None,
        }
    }
}

impl From<io::Error> for Why {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rustix::io::Errno> for Why {
    fn from(error: rustix::io::Errno) -> Self {
        match error {
            // What opening without following says of a link.
            rustix::io::Errno::LOOP => Self::Link,
            rustix::io::Errno::NOTDIR => Self::NotAFolder,
            error => Self::Io(error.into()),
        }
    }
}

/// Says of a result what was being done, and with what.
pub(super) trait While<T> {
    fn during(self, doing: Doing, path: &Path) -> Result<T, StateError>;
}

impl<T, E: Into<Why>> While<T> for Result<T, E> {
    fn during(self, doing: Doing, path: &Path) -> Result<T, StateError> {
        self.map_err(|error| StateError::new(doing, path, error))
    }
}
