//! Secret files on the target that the new release would overwrite, and that hold something else than the last release wrote there:
//! somebody mended them, or put them there. Which keys differ, and what becomes of the file as it was chosen.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lastgood_intake::env_file::{Dialect, EnvRead, read};
use lastgood_model::desired::Taken;
use lastgood_model::release::{Release, ReleasedFile};
use lastgood_model::{Desired, Secret};
use lastgood_world::state::Releases;
use lastgood_world::{digest, digest_of, read_small};

use super::contents::INTERPOLATED;
use super::doer::MOST_BYTES;
use super::environment::{EnvironmentFault, interpolated};
use super::release::identified;
use super::trouble::Trouble;

/// A file that somebody mended, or put there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// Below the project's folder.
    pub path: Arc<str>,
    /// Keys that differ, in their order; none where it is no environment file.
    pub keys: Vec<MendedKey>,
    /// How it came to be as it is.
    pub how: How,
}

/// How a file came to be as it is on the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The last release wrote another one.
    Mended,
    /// The last release has none, if there is one at all; this one has.
    There,
    /// No release has it; Compose finds it all the same.
    Stray,
}

/// A key, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MendedKey {
    /// The key.
    pub key: Arc<str>,
    /// By the last release.
    pub last: Option<Secret>,
    /// On the target.
    pub here: Option<Secret>,
    /// By the new release.
    pub new: Option<Secret>,
}

/// Paths of secret files that hold something else than the last release wrote, if there is one, and that the new one would overwrite.
#[must_use]
pub fn mended(last: Option<&Release>, new: &Release, live: &Path) -> Vec<Arc<str>> {
    overwritten(last, new, live, |file| file.secret)
}

/// The same of all files.
#[must_use]
pub fn edited(last: &Release, new: &Release, live: &Path) -> Vec<Arc<str>> {
    overwritten(Some(last), new, live, |_| true)
}

fn overwritten(
    last: Option<&Release>,
    new: &Release,
    live: &Path,
    of: impl Fn(&ReleasedFile) -> bool,
) -> Vec<Arc<str>> {
    let differ = new.files.iter().filter(|file| of(file)).filter(|file| {
        let Ok(here) = digest(&live.join(&*file.path)) else { return false };
        let wrote = last.and_then(|last| written(last, &file.path));
        here != *file.digest && wrote.is_none_or(|wrote| here != *wrote.digest)
    });
    differ.map(|file| Arc::clone(&file.path)).collect()
}

fn written<'r>(release: &'r Release, path: &str) -> Option<&'r ReleasedFile> {
    release.files.iter().find(|file| *file.path == *path)
}

/// Whether a file of a release is another one by now.
#[must_use]
pub fn is_mended(release: &Release, live: &Path) -> bool {
    release.files.iter().any(|file| digest(&live.join(&*file.path)).is_ok_and(|here| here != *file.digest))
}

/// What differs in them. `desired` is what Compose makes of the new release in the folder `staging`; `strays` are of no release.
#[must_use]
pub fn described(
    (paths, strays): (&[Arc<str>], &[Arc<str>]),
    last: Option<&Release>,
    store: &Releases,
    staging: &Path,
    live: &Path,
    desired: &Desired,
) -> Vec<Mended> {
    let is_environment = |path: &str| {
        let told = desired.services.iter().flat_map(|service| &service.env_files).map(|file| &file.path);
        let taken_in = desired.taken_in.iter().filter(|file| file.taken == Taken::Variables).map(|file| &file.path);
        path == INTERPOLATED || told.chain(taken_in).any(|file| Path::new(&**file) == staging.join(path))
    };
    let kept = |path: &str| {
        let mut bytes = Vec::new();
        let file = store.open(&last?.id.0, Path::new(path)).ok()?;
        file.take(MOST_BYTES).read_to_end(&mut bytes).ok().map(|_| bytes)
    };
    let entries = |bytes: Option<Vec<u8>>| read(&bytes.unwrap_or_default(), Dialect::Compose, &|_| None);
    let how =
        |path: &str| if last.is_some_and(|last| written(last, path).is_some()) { How::Mended } else { How::There };
    let all = paths.iter().map(|path| (path, how(path))).chain(strays.iter().map(|path| (path, How::Stray)));
    let described = all.map(|(path, how)| {
        let mut keys = if is_environment(path) {
            let of = |folder: &Path| entries(read_small(&folder.join(&**path)).ok());
            differing(&entries(kept(path)), &of(live), &of(staging))
        } else {
            Vec::new()
        };
        if how == How::There {
            keys.retain(|key| key.here != key.new);
        }
        Mended { path: Arc::clone(path), keys, how }
    });
    described.collect()
}

fn differing(last: &EnvRead, here: &EnvRead, new: &EnvRead) -> Vec<MendedKey> {
    let mut seen = BTreeSet::new();
    let all = here.entries.iter().chain(&new.entries).chain(&last.entries);
    // What is no name is a piece of something else, and may be a secret.
    let keys = all.map(|entry| &entry.key).filter(|key| is_name(key) && seen.insert(Arc::clone(*key)));
    let keys = keys.map(|key| {
        let of = |read: &EnvRead| read.value(key).cloned();
        MendedKey { key: Arc::clone(key), last: of(last), here: of(here), new: of(new) }
    });
    keys.filter(|key| key.here != key.new || key.here != key.last).collect()
}

fn is_name(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// The release with the files as they are on the target, which are put where the new ones were.
///
/// # Errors
/// If one of them cannot be taken over.
pub fn keep(release: Release, paths: &[Arc<str>], staging: &Path, live: &Path) -> Result<Release, Trouble> {
    let mut release = release;
    for file in release.files.iter_mut().filter(|file| paths.contains(&file.path)) {
        file.digest = adopt(&file.path, staging, live)?.into();
    }
    // Compose reads it there, whether a release has it or not.
    let lacks = release.files.iter().all(|file| *file.path != *INTERPOLATED);
    if lacks && paths.iter().any(|path| **path == *INTERPOLATED) {
        release.files.push(interpolated(&adopt(INTERPOLATED, staging, live)?));
    }
    Ok(identified(release))
}

/// The release with the `.env` that is on the target, which is put beside its other files.
///
/// # Errors
/// If there is none, or it cannot be taken over.
pub fn with_server_env(mut release: Release, staging: &Path, live: &Path) -> Result<Release, Trouble> {
    if !live.join(INTERPOLATED).is_file() {
        return Err(Trouble::Environment(EnvironmentFault::NotThere(live.to_string_lossy().into_owned())));
    }
    release.files.retain(|file| *file.path != *INTERPOLATED);
    release.files.push(interpolated(&adopt(INTERPOLATED, staging, live)?));
    Ok(identified(release))
}

/// Copies a live file beside the new ones, for nobody else to read, and says its digest.
fn adopt(path: &str, staging: &Path, live: &Path) -> Result<String, Trouble> {
    let other = |error: io::Error| Trouble::Other(format!("{path}: {error}"));
    let mut bytes = Vec::new();
    let file = fs::File::open(live.join(path)).map_err(other)?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(other)?;
    let place: PathBuf = staging.join(path);
    // Anew, so that nobody who may read the old one reads this one.
    match fs::remove_file(&place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(other(error)),
        _ => {}
    }
    lastgood_world::write_private(&place, &bytes).map_err(other)?;
    Ok(digest_of(&bytes))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lastgood_model::rollout::ReleaseId;

    use super::*;

    fn release(env: &str) -> Release {
        let file =
            ReleasedFile { path: ".env".into(), digest: digest_of(env.as_bytes()).into(), mode: 0o600, secret: true };
        identified(Release {
            id: ReleaseId(Arc::from("")),
            project: "shop".into(),
            arguments: Vec::new(),
            services: Vec::new(),
            files: vec![file],
        })
    }

    #[test]
    fn a_file_is_mended_where_it_is_neither_the_last_nor_the_new_one() {
        let live = tempfile::tempdir().unwrap();
        let of = |last: &str, new: &str| mended(Some(&release(last)), &release(new), live.path()).len();
        assert_eq!(of("A=1", "A=2"), 0, "nothing is there");
        fs::write(live.path().join(".env"), "A=1").unwrap();
        assert_eq!((of("A=1", "A=2"), of("A=0", "A=1")), (0, 0));
        assert_eq!((of("A=0", "A=2"), of("A=0", "A=0")), (1, 1));
        let without = Release { files: Vec::new(), ..release("") };
        for none in [Some(&without), None] {
            assert_eq!(mended(none, &release("A=2"), live.path()).len(), 1, "nobody wrote it");
            assert_eq!(mended(none, &release("A=1"), live.path()).len(), 0, "it is the same");
        }
        assert!(is_mended(&release("A=2"), live.path()) && !is_mended(&release("A=1"), live.path()));
        // What is no secret is overwritten by whoever deploys, and told by whoever goes back.
        let open = |env: &str| {
            let file = ReleasedFile { secret: false, ..release(env).files.remove(0) };
            Release { files: vec![file], ..release(env) }
        };
        let (last, back) = (open("A=0"), open("A=2"));
        assert_eq!((mended(Some(&last), &back, live.path()).len(), edited(&last, &back, live.path()).len()), (0, 1));
    }

    #[test]
    fn keys_that_differ_are_told_three_ways() {
        let of = |text: &str| read(text.as_bytes(), Dialect::Compose, &|_| None);
        let keys = differing(
            &of("A=1\nB=1\nC=1\nD=1\n"),
            &of("A=1\nB=2\nC=1\nE=1\nab=cd==\n"),
            &of("A=1\nB=1\nC=3\nab=cd==\n"),
        );
        let told: Vec<(&str, [Option<&str>; 3])> = keys
            .iter()
            .map(|key| (&*key.key, [&key.last, &key.here, &key.new].map(|value| value.as_ref().map(Secret::expose))))
            .collect();
        let one = Some("1");
        assert_eq!(
            told,
            [
                ("B", [one, Some("2"), one]),
                ("C", [one, one, Some("3")]),
                ("E", [None, one, None]),
                ("ab", [None, Some("cd=="), Some("cd==")]),
                ("D", [one, None, None])
            ]
        );
    }

    #[test]
    fn what_is_kept_is_part_of_the_release_and_nobody_elses_to_read() {
        use std::os::unix::fs::PermissionsExt;
        let (live, staging) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let missing = with_server_env(release("A=1"), staging.path(), live.path()).unwrap_err();
        assert!(matches!(missing, Trouble::Environment(EnvironmentFault::NotThere(_))));
        fs::write(live.path().join(".env"), "A=mended").unwrap();
        fs::write(staging.path().join(".env"), "A=1").unwrap();
        let kept = keep(release("A=1"), &[Arc::from(".env")], staging.path(), live.path()).unwrap();
        assert_eq!(kept, release("A=mended"));
        assert_eq!(
            with_server_env(Release { files: Vec::new(), ..kept.clone() }, staging.path(), live.path()),
            Ok(kept.clone())
        );
        let none = Release { files: Vec::new(), ..kept.clone() };
        let adopted = keep(none, &[Arc::from(".env")], staging.path(), live.path()).unwrap();
        assert_eq!(adopted, kept, "one that no release had");
        let mode = fs::metadata(staging.path().join(".env")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
