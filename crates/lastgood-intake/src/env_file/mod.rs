//! Environment files, in the dialects that are in use: Compose's own, which quotes and interpolates, and that of
//! `docker run --env-file`, which takes every line as it stands. What Compose does is the measure, oddities included.

mod compose;
mod interpolate;
mod raw;

use std::sync::Arc;

use lastgood_model::stack::EnvEntry;

pub use interpolate::{Unresolved, interpolate};

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `.env` and `env_file` of Compose.
    Compose,
    /// `docker run --env-file`, and `format: raw` of Compose.
    Raw,
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvRead {
    /// Its assignments in order; of two of one key the later one counts.
    pub entries: Vec<EnvEntry>,
    /// Why it would be refused: the line, and what is wrong. What came before is kept.
    pub fault: Option<(u64, Arc<str>)>,
}

/// Reads a file. `outside` knows variables that are set elsewhere: in the shell, or in files read before.
#[must_use]
pub fn read(bytes: &[u8], dialect: Dialect, outside: &dyn Fn(&str) -> Option<String>) -> EnvRead {
    // Editors of another system begin a file with a mark that is no part of the first key.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    match dialect {
        Dialect::Compose => compose::read(&text, outside),
        Dialect::Raw => raw::read(&text, outside),
    }
}
