//! Environment files, in the dialects that are in use: Compose's own, which quotes and interpolates, and that of
//! `docker run --env-file`, which takes every line as it stands. What Compose does is the measure, oddities included.

mod compose;
mod interpolate;
mod raw;
mod turn;

use std::sync::Arc;

use lastgood_model::Secret;
use lastgood_model::stack::EnvEntry;

pub use interpolate::{Unresolved, Variables, interpolate};
pub use turn::{Told, read_in_turn};

/// Versions of Compose look variables up in two ways. These were measured; 5.6 does as 2.40.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComposeVersion {
    /// Of a container's files, those before count more than shell and `.env`, and its own `environment` not at all. Defaults
    /// that are not used are resolved all the same.
    V2_26,
    /// Shell and `.env` count most, then the container's own `environment`, then its files, the later the more.
    V2_40,
}

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

/// Reads a file by itself, as Compose reads `.env`. `outside` knows variables that are set elsewhere.
#[must_use]
pub fn read(bytes: &[u8], dialect: Dialect, outside: &dyn Fn(&str) -> Option<String>) -> EnvRead {
    read_with(bytes, dialect, Around { first: outside, last: &|_| None, version: ComposeVersion::V2_40 })
}

/// Who is asked for a variable beside the lines of the file itself.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// Before them. Bare keys take their value from here alone.
    first: &'a dyn Fn(&str) -> Option<String>,
    /// After them.
    last: &'a dyn Fn(&str) -> Option<String>,
    version: ComposeVersion,
}

fn read_with(bytes: &[u8], dialect: Dialect, around: Around<'_>) -> EnvRead {
    // Editors of another system begin a file with a mark that is no part of the first key.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match dialect {
        Dialect::Compose => compose::read(&String::from_utf8_lossy(bytes), around),
        Dialect::Raw => raw::read(bytes, around.first),
    }
}

impl EnvRead {
    /// What a key is set to in the end.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&Secret> {
        EnvEntry::in_force(&self.entries, key)?.value.as_ref()
    }
}
