//! Reads whole small files, and finds files by patterns as a shell does: what following `include` lines needs.
//! It does not know what a configuration says.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use crate::damage::Damage;

/// No configuration is longer, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;
/// At most so many files behind one pattern.
const MOST_MATCHES: usize = 1_000;

/// A whole file, up to 4 MiB.
///
/// # Errors
/// If it cannot be read, is no file, or is longer.
pub fn read_small(path: &Path) -> Result<Vec<u8>, Damage> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(Damage::Io("not a file".into()));
    }
    whole(File::open(path)?)
}

/// All of standard input, up to 4 MiB.
///
/// # Errors
/// If it cannot be read, or is longer.
pub fn read_standard_input() -> Result<Vec<u8>, Damage> {
    whole(io::stdin().lock())
}

fn whole(from: impl Read) -> Result<Vec<u8>, Damage> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST { Err(Damage::TooLarge) } else { Ok(bytes) }
}

/// Writes a file where nothing is yet.
///
/// # Errors
/// If something is there already, or it cannot be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    File::create_new(path)?.write_all(bytes)
}

/// The same, for nobody else to read.
///
/// # Errors
/// If something is there already, or it cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}

/// The nearest file of this name: in the current folder, or in one above.
#[must_use]
pub fn find_upwards(name: &str) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The files that a pattern names, sorted. `*`, `?` and `[…]` stand for parts of one name; hidden names are only
/// matched by a dot that is written. A pattern without them is the file itself if it is there.
#[must_use]
pub fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let part = component.as_os_str().as_encoded_bytes();
        let is_pattern = matches!(component, Component::Normal(_)) && part.iter().any(|byte| b"*?[".contains(byte));
        found = found
            .into_iter()
            .flat_map(|folder| if is_pattern { entries(&folder, part) } else { vec![folder.join(component)] })
            .take(MOST_MATCHES)
            .collect();
    }
    found.retain(|path| path.is_file());
    found.sort();
    found
}

fn entries(folder: &Path, pattern: &[u8]) -> Vec<PathBuf> {
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = fs::read_dir(listed) else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.file_name())
        .filter(|name| {
            let name = name.as_encoded_bytes();
            (!name.starts_with(b".") || pattern.starts_with(b".")) && matches(pattern, name)
        })
        .map(|name| folder.join(name))
        .collect()
}

/// Whether a name fits a pattern. Goes back to the last `*` only, so that no pattern takes long.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while let Some(&byte) = name.get(n) {
        let step = match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(b'?') => Some(1),
            Some(b'[') => class(pattern.get(p + 1..).unwrap_or_default(), byte).map(|length| length + 1),
            Some(&literal) => (literal == byte).then_some(1),
            None => None,
        };
        match (step, star) {
            (Some(step), _) => {
                p += step;
                n += 1;
            }
            (None, Some((at, from))) => {
                star = Some((at, from + 1));
                p = at + 1;
                n = from + 1;
            }
            (None, None) => return false,
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|&byte| byte == b'*')
}

/// Length of a class behind its `[`, the `]` included, if it holds the byte.
fn class(class: &[u8], byte: u8) -> Option<usize> {
    let negated = matches!(class.first(), Some(b'!' | b'^'));
    let mut at = usize::from(negated);
    let begin = at;
    let mut inside = false;
    loop {
        match *class.get(at)? {
            b']' if at > begin => break,
            low => match (class.get(at + 1), class.get(at + 2)) {
                (Some(b'-'), Some(&high)) if high != b']' => {
                    inside |= (low..=high).contains(&byte);
                    at += 3;
                }
                _ => {
                    inside |= low == byte;
                    at += 1;
                }
            },
        }
    }
    (inside != negated).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        write_new(&path, b"one").unwrap();
        assert_eq!(write_new(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read_small(&path).unwrap(), b"one");
    }

    #[test]
    fn patterns_fit_as_in_a_shell() {
        for (pattern, name, fits) in [
            ("*", "shop.conf", true),
            ("*.conf", "shop.conf", true),
            ("*.conf", "shop.conf.bak", false),
            ("*.conf*", "shop.conf.bak", true),
            ("s?op.*", "shop.conf", true),
            ("[a-s]hop*", "shop.conf", true),
            ("[!a-s]hop*", "shop.conf", false),
            ("[]x]hop", "]hop", true),
            ("[s", "s", false),
            ("*a*b*c", "xxaxxbxxcxxc", true),
            ("*a*b*c", "xxaxxbxx", false),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn stars_take_no_time() {
        assert!(!matches(&[&b"*a".repeat(30)[..], b"b"].concat(), &[b'a'; 20_000]));
    }

    #[test]
    fn includes_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["sites/b.conf", "sites/a.conf", "sites/.a.conf.swp", "sites/x.conf~", "other/c.conf"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let found = |pattern: &str| {
            let found = expand(&folder.path().join(pattern));
            found.iter().map(|path| String::from_utf8(read_small(path).unwrap()).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(found("sites/*.conf"), ["sites/a.conf", "sites/b.conf"]);
        assert_eq!(found("*/[bc].conf"), ["other/c.conf", "sites/b.conf"]);
        assert_eq!(found("other/c.conf"), ["other/c.conf"]);
        assert_eq!(found("other/none.conf"), [""; 0]);
        assert!(read_small(folder.path()).is_err());
    }
}
