//! Files of the live folder that Compose finds by itself and that belong to no release: with them, `docker compose up` there makes
//! something else than the release says. And how Compose was called by hand for what runs. What becomes of such files is chosen elsewhere.

use std::path::Path;
use std::sync::Arc;

use lastgood_model::Snapshot;
use lastgood_model::release::Release;
use lastgood_world::digest;

use super::contents::INTERPOLATED;

/// Compose files, by the order in which Compose prefers them.
const FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// Those that it lays over the one of these.
const OVERRIDES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// Those of a folder where a release is to be live. What the last release placed is its own affair.
pub(super) fn strays(release: &Release, last: Option<&Release>, live: &Path) -> Vec<Arc<str>> {
    let has = |name: &&&str| release.files.iter().any(|file| *file.path == ***name);
    let placed = |name: &str| {
        let file = last.and_then(|last| last.files.iter().find(|file| *file.path == *name));
        file.is_some_and(|file| digest(&live.join(name)).is_ok_and(|here| here == *file.digest))
    };
    // Whoever names the files is given no others.
    let by_itself = !release.arguments.iter().any(|word| **word == *"-f");
    // What is behind the release's own one Compose does not take.
    let ahead = |all: &'static [&'static str]| all.iter().take_while(move |name| !has(name));
    let compose = [&FILES, &OVERRIDES].into_iter().flat_map(|all| ahead(all)).filter(|_| by_itself);
    let all = compose.chain([&INTERPOLATED].into_iter().filter(|name| !has(name)));
    all.filter(|name| live.join(name).is_file() && !placed(name)).map(|name| Arc::from(*name)).collect()
}

/// What Compose was told when the containers of a project were made from that folder, as their labels say; `None`: they do not, or
/// they were made from files that lie elsewhere.
pub(super) fn called(snapshot: &Snapshot, project: &str, live: &Path) -> Option<Vec<Arc<str>>> {
    let mut ours = snapshot.containers.iter().filter(|one| one.project.as_deref() == Some(project) && !one.one_off);
    let container = ours.find(|one| !one.config_files.is_empty())?;
    let below = |file: &Arc<str>| {
        let file = Path::new(&**file).canonicalize().ok()?;
        Some(file.strip_prefix(live).ok()?.to_str()?.to_owned())
    };
    let files: Vec<String> = container.config_files.iter().map(below).collect::<Option<_>>()?;
    let first = |all: [&'static str; 4]| all.into_iter().find(|name| live.join(name).is_file());
    if first(FILES).into_iter().chain(first(OVERRIDES)).eq(files.iter().map(String::as_str)) {
        return Some(Vec::new());
    }
    Some(files.into_iter().flat_map(|file| ["-f".to_owned(), file]).map(Arc::from).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lastgood_model::release::ReleasedFile;
    use lastgood_model::rollout::ReleaseId;
    use lastgood_model::snapshot::Container;
    use lastgood_world::digest_of;

    use super::*;

    fn release(arguments: &[&str], files: &[&str]) -> Release {
        let file = |path: &&str| ReleasedFile {
            path: (*path).into(),
            digest: digest_of(b"x").into(),
            mode: 0o644,
            secret: false,
        };
        Release {
            id: ReleaseId("1".into()),
            project: "shop".into(),
            arguments: arguments.iter().map(|word| Arc::from(*word)).collect(),
            services: Vec::new(),
            files: files.iter().map(file).collect(),
        }
    }

    #[test]
    fn what_compose_finds_by_itself_and_no_release_has_is_a_stray() {
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path();
        let of = |arguments: &[&str], files: &[&str], last: Option<&Release>| {
            let strays = strays(&release(arguments, files), last, live);
            strays.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let ours = ["docker-compose.yml"];
        assert!(of(&[], &ours, None).is_empty(), "nothing is there");
        for name in ["docker-compose.yml", "docker-compose.yaml", "docker-compose.override.yml", "site.conf", ".env"] {
            fs::write(live.join(name), "x").unwrap();
        }
        assert_eq!(of(&[], &ours, None), ["docker-compose.override.yml", ".env"]);
        assert!(
            of(&[], &["docker-compose.yml", "compose.override.yml", ".env"], None).is_empty(),
            "its own goes before"
        );
        assert_eq!(of(&["-f", "docker-compose.yml"], &ours, None), [".env"]);
        // What the last release placed goes by itself, unless somebody edited it.
        let last = release(&[], &["docker-compose.override.yml", ".env"]);
        assert!(of(&[], &ours, Some(&last)).is_empty());
        fs::write(live.join(".env"), "edited").unwrap();
        assert_eq!(of(&[], &ours, Some(&last)), [".env"]);
        fs::write(live.join("compose.yaml"), "x").unwrap();
        assert_eq!(of(&[], &ours, Some(&last)), ["compose.yaml", ".env"], "Compose would take that one");
    }

    #[test]
    fn how_compose_was_called_is_told_by_what_it_made() {
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path().canonicalize().unwrap();
        for name in ["compose.yaml", "compose.override.yaml", "prod.yaml"] {
            fs::write(live.join(name), "x").unwrap();
        }
        let called = |files: &[&str]| {
            let config_files = files.iter().map(|file| live.join(file).to_string_lossy().into()).collect();
            let container = Container { project: Some("shop".into()), config_files, ..Container::default() };
            let snapshot = Snapshot { containers: vec![container], ..Snapshot::default() };
            let words = super::called(&snapshot, "shop", &live)?;
            Some(words.join(" "))
        };
        assert_eq!(called(&["compose.yaml", "compose.override.yaml"]).as_deref(), Some(""));
        assert_eq!(called(&["compose.yaml"]).as_deref(), Some("-f compose.yaml"), "without what lies over it");
        assert_eq!(called(&["compose.yaml", "prod.yaml"]).as_deref(), Some("-f compose.yaml -f prod.yaml"));
        assert_eq!((called(&["gone.yaml"]), called(&["/etc/hostname"]), called(&[])), (None, None, None));
    }
}
