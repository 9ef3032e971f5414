//! Looks at a release's project, over and over while it is brought out. What Compose makes of files that nobody has touched since is not
//! asked again; what runs always is. What is seen is the others' to judge.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lastgood_model::release::{Release, ReleasedService};
use lastgood_world::read_small;

use super::changes::settle;
use super::doer::{arguments, kept_image};
use super::include::Include;
use crate::pipeline::stack::{Looked, StackSubject, Standing, look_knowing};

/// Looks, and what is known by them of what Compose makes of a folder, by what it is told.
#[derive(Debug, Default)]
pub struct Looks(Mutex<BTreeMap<Called, (Vec<Mark>, Standing)>>);

/// What Compose is told, and in which folder.
type Called = (Vec<String>, PathBuf);

/// By what another file, or one that was written to, is told from the same: its device, inode, size and last change.
type Mark = Option<(u64, u64, u64, i64, i64)>;

impl Looks {
    /// At a release's project, whose files are in `folder` and will be, or are, in `live`. `probes`: its dependencies are asked, too.
    #[must_use]
    pub fn at(&self, release: &Release, folder: &Path, live: &Path, probes: bool) -> Looked {
        // Compose reads where it is called; nobody else in this process looks at the folder meanwhile.
        let _stays = env::set_current_dir(folder);
        let (key, marks) = ((arguments(release), folder.to_owned()), marks(release, folder));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.remove(&key).filter(|(then, _)| *then == marks).map(|(_, standing)| standing);
        let (mut looked, standing) = look_knowing(&subject(release, probes), known);
        if looked.stack.desired.is_some() {
            all.insert(key, (marks, standing));
        }
        if folder != live
            && let Some(desired) = &mut looked.stack.desired
        {
            settle(desired, folder, live);
        }
        looked
    }
}

/// Of the files of a release, and of the folder itself: a file that Compose finds there is one more. It does not read those that we
/// write to ourselves.
fn marks(release: &Release, folder: &Path) -> Vec<Mark> {
    let is_include = |path: &PathBuf| {
        let text = read_small(path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.is_some_and(|text| Include::parse(&text).is_ok())
    };
    let files = release.files.iter().map(|file| folder.join(&*file.path)).filter(|path| !is_include(path));
    files.chain([folder.to_owned()]).map(|path| mark(&path)).collect()
}

fn mark(path: &Path) -> Mark {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino(), found.len(), found.ctime(), found.ctime_nsec()))
}

/// The project of a release, for a look.
pub(super) fn subject(release: &Release, probes: bool) -> StackSubject {
    let kept = |service: &ReleasedService| kept_image(&release.project, &service.name, &release.id);
    let images = release.services.iter().map(|service| (Arc::clone(&service.name), kept(service))).collect();
    let project = Some(release.project.to_string());
    let mut subject = StackSubject { project, probes, images, ..StackSubject::default() };
    let mut words = release.arguments.iter();
    while let Some(word) = words.next() {
        match (&**word, words.next()) {
            ("-f", Some(file)) => subject.files.push(PathBuf::from(&**file)),
            ("--profile", Some(profile)) => subject.profiles.push(profile.to_string()),
            _ => {}
        }
    }
    subject
}

#[cfg(test)]
mod tests {
    use lastgood_model::release::ReleasedFile;
    use lastgood_model::rollout::ReleaseId;

    use super::*;

    #[test]
    fn what_somebody_touched_is_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let release = Release {
            id: ReleaseId(Arc::from("1")),
            project: "shop".into(),
            arguments: Vec::new(),
            services: Vec::new(),
            files: vec![ReleasedFile { path: ".env".into(), digest: "".into(), mode: 0o600, secret: true }],
        };
        let mut seen = vec![marks(&release, folder.path())];
        let mut is_new = |what: &str| {
            let now = marks(&release, folder.path());
            assert!(!seen.contains(&now), "{what}");
            assert_eq!(now, marks(&release, folder.path()));
            seen.push(now);
        };
        fs::write(folder.path().join(".env"), "A=1").unwrap();
        is_new("written");
        fs::write(folder.path().join(".env"), "A=2").unwrap();
        is_new("written to, with as many bytes");
        fs::write(folder.path().join("other"), "A=1").unwrap();
        fs::rename(folder.path().join("other"), folder.path().join(".env")).unwrap();
        is_new("another one in its place");
        fs::write(folder.path().join("compose.override.yaml"), "").unwrap();
        is_new("a file beside it");
    }
}
