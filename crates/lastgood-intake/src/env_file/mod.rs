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

/// Whether an address ends within its own password: another `@` follows behind what ends the part with user and host.
#[must_use]
pub fn splits(value: &str) -> bool {
    let text = value.trim();
    let text = text.strip_prefix("jdbc:").unwrap_or(text);
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // What follows a path may hold any sign, and so may what follows a place.
    let has_place = authority.contains('@');
    let path = match behind.chars().next() {
        Some('/') => behind.split(['?', '#']).next().unwrap_or_default(),
        _ if has_place => "",
        _ => behind,
    };
    // A web address may have a sign in its path; with a login before it, and a place behind it, it has none.
    let place = path.rsplit_once('@').map(|(_, place)| place.split('/').next().unwrap_or_default());
    let of_place = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    let leads = |place: &str| !place.is_empty() && place.bytes().all(of_place);
    let has_login = has_place || !scheme.starts_with("http");
    !scheme.is_empty() && authority.contains(':') && has_login && place.is_some_and(leads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_ends_within_its_password_is_known() {
        for value in ["postgresql://shop:carbon@word/72@db:5432/shop", "redis://:car/bon@kvs:6379/0", "amqp://a:b#c@mq"]
        {
            assert!(splits(value), "{value}");
        }
        for value in [
            "postgresql://shop:carbon@db:5432/shop",
            "postgresql://shop:car%2Fbon@db/shop?options=a@b.c",
            "https://example.com:8443/@user/page",
            "https://example.com/@user",
            "redis://:a@b@kvs:6379/0",
            "mailto:a@b",
            "plain@word/x@y",
        ] {
            assert!(!splits(value), "{value}");
        }
    }
}
