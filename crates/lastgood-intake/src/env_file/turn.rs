//! Several environment files for one container, in the order in which Compose takes them in: what each of them sees of those
//! before it. Versions differ in that; which one is asked is not known here.

use std::sync::Arc;

use lastgood_model::Secret;

use super::{Around, ComposeVersion, Dialect, EnvRead, read_with};

/// What a container is told beside its files, and what the project knows.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// Variables of the project: the shell's, then `.env`'s.
    pub project: &'a dyn Fn(&str) -> Option<String>,
    /// `environment` of the service.
    pub own: &'a [(Arc<str>, Option<Secret>)],
    /// Which version of Compose reads.
    pub version: ComposeVersion,
}

/// Reads the files of one container, one after the other.
#[must_use]
pub fn read_in_turn(files: &[(&[u8], Dialect)], told: Told<'_>) -> Vec<EnvRead> {
    let mut done: Vec<EnvRead> = Vec::with_capacity(files.len());
    for (bytes, dialect) in files {
        let before = |key: &str| {
            let value = done.iter().rev().find_map(|read| read.value(key))?;
            Some(value.expose().to_owned())
        };
        let own = |key: &str| {
            let (_, value) = told.own.iter().find(|(name, _)| **name == *key)?;
            Some(value.as_ref()?.expose().to_owned())
        };
        let read = match told.version {
            ComposeVersion::V2_26 => {
                let first = |key: &str| before(key).or_else(|| (told.project)(key));
                read_with(bytes, *dialect, Around { first: &first, last: &|_| None, version: told.version })
            }
            ComposeVersion::V2_40 => {
                let first = |key: &str| (told.project)(key).or_else(|| own(key));
                read_with(bytes, *dialect, Around { first: &first, last: &before, version: told.version })
            }
        };
        done.push(read);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_differ_in_what_counts_most() {
        let own = [(Arc::from("E"), Some(Secret::from("e")))];
        let project = |key: &str| (key == "SH").then(|| "shell".to_owned());
        let read = |version| {
            let files =
                [(&b"X=1\nSH=a\n"[..], Dialect::Compose), (&b"X=2\nY=$X\nZ=$E\nS=$SH\nSH\n"[..], Dialect::Compose)];
            let read = read_in_turn(&files, Told { project: &project, own: &own, version });
            ["Y", "Z", "S", "SH"].map(|key| read[1].value(key).unwrap().expose().to_owned())
        };
        assert_eq!(read(ComposeVersion::V2_26), ["1", "", "a", "a"]);
        assert_eq!(read(ComposeVersion::V2_40), ["2", "e", "shell", "shell"]);
    }
}
