//! References: where a human can open what we claim. Not the quoted text itself.

use std::fmt;
use std::sync::Arc;

/// Index of a source (a file, or standard input) in [`crate::Catalogue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A line of a source, counted from 1 after decompression. Small enough to keep by the million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineRef {
    /// The source.
    pub source: SourceId,
    /// The line, from 1.
    pub line: u64,
}

/// A reference as the user sees it: `path:line`, or `source:key`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ref {
    /// A line of a file (or of `-`), with the catalogue's index so that its text can be fetched.
    Line {
        /// Path as shown: relative to the folder argument, or as given.
        file: Arc<str>,
        /// Where to fetch the text.
        at: LineRef,
    },
    /// A line of a small file that was read whole: a compose file, an environment file, a configuration.
    Text {
        /// Path as shown.
        file: Arc<str>,
        /// The line, from 1.
        line: u64,
    },
    /// Something that is not a line, such as `reported:--change`.
    Key {
        /// What kind of source.
        source: Arc<str>,
        /// What in it.
        key: Arc<str>,
    },
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file, at } => write!(f, "{file}:{}", at.line),
            Self::Text { file, line } => write!(f, "{file}:{line}"),
            Self::Key { source, key } => write!(f, "{source}:{key}"),
        }
    }
}
