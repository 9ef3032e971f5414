//! Files that somebody mended by hand and a rollout put others in the place of: where the copies are, and what brings them back. How that
//! is told is the renderers' affair.

use std::path::Path;
use std::sync::Arc;

use lastgood_model::release::Release;
use lastgood_model::rollout::ReleaseId;
use lastgood_world::digest;
use lastgood_world::state::{Before, Placed};

use super::doer::arguments;
use super::mended::Mended;
use super::survey::word_of;

/// What was mended, and is not in its place any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Files, by their paths, and their copies, by theirs: both below the project's folder.
    pub copies: Vec<(Arc<str>, String)>,
    /// What ran with all of them, and can be gone back to; `None`: they were not at work.
    pub release: Option<ReleaseId>,
    /// What puts them back, line by line for a shell in that folder.
    pub by_hand: Vec<String>,
}

/// Copies of what a placing put others in the place of.
pub(super) fn copies(placed: &Placed) -> impl Iterator<Item = (Arc<str>, String)> {
    let stood = placed.changed.iter().filter(|file| matches!(file.before, Before::File { .. }));
    let paths = stood.map(|file| file.path.to_string_lossy().into_owned());
    placed.kept.iter().flat_map(move |kept| paths.clone().map(|path| (Arc::from(path.as_str()), copy(kept, &path))))
}

/// Where a copy is.
pub(super) fn copy(kept: &str, path: &str) -> String {
    format!(".lastgood/releases/{kept}/files/{path}")
}

impl Kept {
    /// Of files that were mended: those whose place holds something else than their copy by now. `found` is what ran with them.
    pub(super) fn of(
        mended: &[Mended],
        copies: &[(Arc<str>, String)],
        found: Option<&ReleaseId>,
        release: &Release,
        live: &Path,
    ) -> Self {
        let of = |path: &str| digest(&live.join(path)).ok();
        let is_aside = |(path, copy): &&(Arc<str>, String)| of(copy).is_some() && of(path) != of(copy);
        let first = |path: &Arc<str>| copies.iter().find(|(of, _)| of == path);
        let copies: Vec<_> = mended.iter().filter_map(|mended| first(&mended.path)).filter(is_aside).cloned().collect();
        if copies.is_empty() {
            return Self::default();
        }
        let compose: Vec<String> = arguments(release).iter().map(|word| word_of(word)).collect();
        let by_hand = copies.iter().map(|(path, copy)| format!("cp -p {} {}", word_of(copy), word_of(path)));
        let by_hand = by_hand.chain([format!("docker compose {} up -d", compose.join(" "))]).collect();
        Self { copies, release: found.cloned(), by_hand }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lastgood_world::state::PlacedFile;

    use crate::rollout::mended::How;

    use super::*;

    #[test]
    fn what_is_not_in_its_place_any_more_can_be_brought_back() {
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path();
        let before = |digest: &str| Before::File { mode: 0o600, digest: digest.to_owned() };
        let file = |path: &str, before| PlacedFile { path: path.into(), before };
        let changed = vec![file(".env", before("a")), file("new.conf", Before::Absent), file("site.conf", before("b"))];
        let placed = Placed { changed, kept: Some(".replaced-7".to_owned()) };
        let copies: Vec<_> = copies(&placed).collect();
        let env = ".lastgood/releases/.replaced-7/files/.env";
        assert_eq!(copies.iter().map(|(path, _)| &**path).collect::<Vec<_>>(), [".env", "site.conf"]);
        assert_eq!(copies[0].1, env);
        fs::create_dir_all(live.join(".lastgood/releases/.replaced-7/files")).unwrap();
        fs::write(live.join(env), "mended").unwrap();
        fs::write(live.join(".env"), "placed").unwrap();
        let release = Release {
            id: ReleaseId("1".into()),
            project: "shop".into(),
            arguments: vec!["-f".into(), "my compose.yaml".into()],
            services: Vec::new(),
            files: Vec::new(),
        };
        let mended = [Mended { path: ".env".into(), keys: Vec::new(), how: How::Mended }];
        let found = ReleaseId("f0".into());
        let kept = Kept::of(&mended, &copies, Some(&found), &release, live);
        assert_eq!((kept.copies.len(), kept.release.as_ref()), (1, Some(&found)));
        assert_eq!(
            kept.by_hand,
            [format!("cp -p {env} .env"), "docker compose -f 'my compose.yaml' -p shop up -d".to_owned()]
        );
        // What came back by itself is where it was.
        fs::write(live.join(".env"), "mended").unwrap();
        assert_eq!(Kept::of(&mended, &copies, None, &release, live), Kept::default());
        fs::remove_file(live.join(".env")).unwrap();
        assert_eq!(Kept::of(&mended, &copies, None, &release, live).copies.len(), 1, "it is gone");
    }
}
