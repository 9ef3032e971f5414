//! Releases are kept, verified and placed as they were, whatever stands around: links, other modes, edits by hand. What a
//! crash does to them stands in `crashes.rs`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

use std::fs::{self, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use lastgood_model::UnixMs;
use lastgood_world::state::{Before, NewFile, Placed, Placement, Releases, StateError, Way, Why, Wrong, prepare};

const MOST: u64 = 1 << 20;

#[test]
fn the_folder_of_the_state_is_for_its_owner_alone() {
    let place = tempfile::tempdir().unwrap();
    let state = prepare(place.path()).unwrap();
    assert_eq!((state.as_path(), mode(&state)), (place.path().join(".lastgood").as_path(), 0o700));
    fs::set_permissions(&state, Permissions::from_mode(0o755)).unwrap();
    prepare(place.path()).unwrap();
    assert_eq!(mode(&state), 0o700);
    fs::remove_dir(&state).unwrap();
    symlink("/tmp", &state).unwrap();
    assert!(matches!(prepare(place.path()).unwrap_err().why, Why::Link));
    assert!(matches!(prepare(&place.path().join("none")).unwrap_err().why, Why::Io(_)));
}

struct Ground {
    root: tempfile::TempDir,
    releases: Releases,
}

impl Ground {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir_all(root.path().join("app/.lastgood")).unwrap();
        let releases = Releases::of(&root.path().join("app/.lastgood"));
        Self { root, releases }
    }

    fn live(&self) -> PathBuf {
        self.root.path().join("app")
    }

    fn store(&self, path: &str) -> PathBuf {
        self.live().join(".lastgood/releases").join(path)
    }

    fn keep(&self, id: &str, files: &[(&str, u32, bool, &[u8])]) -> Result<lastgood_world::state::Kept, StateError> {
        self.releases.keep(
            id,
            files.iter().map(|(path, mode, secret, content)| file(path, *mode, *secret, content)),
            MOST,
        )
    }

    fn place(&self, id: &str, placements: &[Placement]) -> Result<Placed, StateError> {
        self.releases.place(id, &self.live(), placements, UnixMs(1_700_000_000_000), MOST)
    }

    fn hidden(&self) -> Vec<String> {
        let names = fs::read_dir(self.store("")).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> =
            names.map(|name| name.into_string().unwrap()).filter(|name| name.starts_with('.')).collect();
        names.sort();
        names
    }
}

fn file<'a>(path: &str, mode: u32, secret: bool, content: &'a [u8]) -> NewFile<&'a [u8]> {
    NewFile { path: PathBuf::from(path), mode, secret, content }
}

fn to(path: &str, way: Way) -> Placement {
    Placement { from: PathBuf::from(path), to: PathBuf::from(path), way }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

const FILES: &[(&str, u32, bool, &[u8])] = &[
    ("compose.yaml", 0o644, false, b"services: {}\n"),
    (".env", 0o644, true, b"PASSWORD=hunter22\r\n\0\xff"),
    ("conf/nginx/한글 .conf", 0o640, false, b"server {}\n"),
    ("bin/start.sh", 0o755, false, b"#!/bin/sh\n"),
    ("digests", 0o600, false, b""),
    ("secret/key.pem", 0o400, true, b"-----BEGIN"),
];

#[test]
fn what_is_kept_comes_back_byte_for_byte() {
    let ground = Ground::new();
    assert_eq!(ground.releases.list().unwrap(), [""; 0]);
    let kept = ground.keep("a1b2", FILES).unwrap();
    assert_eq!((kept.already, kept.files), (false, 6));
    assert_eq!(kept.bytes, FILES.iter().map(|file| file.3.len() as u64).sum::<u64>());
    assert_eq!(ground.releases.verify("a1b2").unwrap(), []);
    assert_eq!(ground.releases.list().unwrap(), ["a1b2"]);
    assert!(ground.keep("a1b2", FILES).unwrap().already);
    assert_eq!(ground.hidden(), [""; 0]);
    for (path, mode_there, secret, content) in FILES {
        let mut bytes = Vec::new();
        ground.releases.open("a1b2", Path::new(path)).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(&bytes, content, "{path}");
        let expected = if *secret { mode_there & 0o600 } else { *mode_there };
        assert_eq!(mode(&ground.store("a1b2/files").join(path)), expected, "{path}");
    }
    for folder in ["", "a1b2", "a1b2/files", "a1b2/files/conf", "a1b2/files/conf/nginx"] {
        assert_eq!(mode(&ground.store(folder)), 0o700, "{folder}");
    }
    let recorded = ground.releases.files("a1b2").unwrap();
    assert_eq!(recorded[0].mode, 0o644);
    assert_eq!(
        recorded.iter().map(|file| file.path.to_str().unwrap()).collect::<Vec<_>>()[..2],
        [".env", "bin/start.sh"]
    );
    let live: Vec<Placement> = FILES.iter().map(|file| to(file.0, Way::Replace)).collect();
    let placed = ground.place("a1b2", &live).unwrap();
    assert_eq!((placed.changed.len(), placed.kept), (6, None));
    assert!(placed.changed.iter().all(|file| file.before == Before::Absent));
    for (path, expected, _, content) in FILES {
        assert_eq!(&fs::read(ground.live().join(path)).unwrap(), content, "{path}");
        assert_eq!(mode(&ground.live().join(path)), *expected, "{path}");
    }
    assert_eq!(ground.place("a1b2", &live).unwrap(), Placed::default());
    assert_eq!(ground.hidden(), [""; 0]);
}

#[test]
fn whatever_is_wrong_with_a_release_is_told() {
    let ground = Ground::new();
    let path = |name: &str| PathBuf::from(name);
    let with = |break_it: &dyn Fn(&Path)| {
        ground.releases.remove("r").unwrap();
        ground.keep("r", FILES).unwrap();
        break_it(&ground.store("r/files"));
        ground.releases.verify("r").unwrap()
    };
    assert_eq!(with(&|_| ()), []);
    assert_eq!(with(&|at| fs::write(at.join(".env"), "PASSWORD=").unwrap()), [Wrong::Changed(path(".env"))]);
    assert_eq!(with(&|at| fs::remove_file(at.join("digests")).unwrap()), [Wrong::Missing(path("digests"))]);
    assert_eq!(with(&|at| fs::write(at.join("bin/more"), "x").unwrap()), [Wrong::Extra(path("bin/more"))]);
    let open = |at: &Path| fs::set_permissions(at.join("secret/key.pem"), Permissions::from_mode(0o440)).unwrap();
    assert_eq!(with(&open), [Wrong::TooOpen(path("secret/key.pem"))]);
    let link = |at: &Path| {
        fs::copy(at.join(".env"), at.join("../.env")).unwrap();
        fs::remove_file(at.join(".env")).unwrap();
        symlink("../.env", at.join(".env")).unwrap();
    };
    assert_eq!(with(&link), [Wrong::Missing(path(".env"))]);
    assert_eq!(with(&|at| fs::write(at.join("../digests"), "abc\n").unwrap()), [Wrong::Digests]);
    assert_eq!(with(&|at| fs::remove_file(at.join("../digests")).unwrap()), [Wrong::Digests]);
    assert_eq!(with(&|at| fs::remove_dir_all(at).unwrap()).len(), 6);
    let first_line_only = |at: &Path| {
        let list = fs::read_to_string(at.join("../digests")).unwrap();
        fs::write(at.join("../digests"), list.split_inclusive('\n').next().unwrap()).unwrap();
    };
    assert_eq!(with(&first_line_only).len(), 5);
    // A damaged one is not placed, and is made whole by keeping it again.
    with(&|at| fs::write(at.join(".env"), "PASSWORD=").unwrap());
    let error = ground.place("r", &[to("compose.yaml", Way::Replace), to(".env", Way::Replace)]).unwrap_err();
    assert!(matches!(error.why, Why::Damaged), "{error}");
    assert!(!ground.live().join("compose.yaml").exists());
    fs::write(ground.live().join(".env"), "PASSWORD=live").unwrap();
    let error = ground.place("r", &[to(".env", Way::InPlace)]).unwrap_err();
    assert!(matches!(error.why, Why::Damaged), "{error}");
    assert_eq!(fs::read(ground.live().join(".env")).unwrap(), b"PASSWORD=live");
    assert!(!ground.keep("r", FILES).unwrap().already);
    assert_eq!(ground.releases.verify("r").unwrap(), []);
    let error = ground.keep("r", &FILES[..2]).unwrap_err();
    assert!(matches!(error.why, Why::Another), "{error}");
    assert_eq!(ground.releases.verify("r").unwrap(), []);
    assert_eq!(ground.hidden(), [""; 0]);
}

#[test]
fn nothing_is_left_of_what_cannot_be_kept() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::ConnectionReset))
        }
    }
    let ground = Ground::new();
    for path in ["/etc/passwd", "../x", "a/../../x", "", "a\nb"] {
        let error = ground.keep("r", &[("ok", 0o644, false, b"x"), (path, 0o644, false, b"x")]).unwrap_err();
        assert!(matches!(error.why, Why::Outside), "{path:?}: {error}");
    }
    for id in ["", "..", ".", "a/b", "/a", ".new-x", "a b", &"x".repeat(101)] {
        assert!(matches!(ground.keep(id, FILES).unwrap_err().why, Why::BadName), "{id}");
        assert!(!matches!(ground.releases.remove(id), Ok(true)), "{id}");
    }
    let error = ground.keep("r", &[("a", 0o644, false, b"x"), ("a", 0o644, false, b"x")]).unwrap_err();
    assert!(matches!(error.why, Why::Twice));
    let error = ground.releases.keep("r", [file("a", 0o644, false, &[0; 60]), file("b", 0o644, false, &[0; 60])], 100);
    let error = error.unwrap_err();
    assert!(
        error.to_string().starts_with("cannot keep ") && error.to_string().ends_with("/b: more than 100 bytes"),
        "{error}"
    );
    assert!(ground.releases.keep("r", [file("a", 0o644, false, &[0; 100])], 100).is_ok());
    let broken = NewFile { path: PathBuf::from("a"), mode: 0o644, secret: false, content: Broken };
    assert!(matches!(ground.releases.keep("s", [broken], 100).unwrap_err().why, Why::Io(_)));
    assert_eq!(ground.releases.list().unwrap(), ["r"]);
    assert_eq!(ground.hidden(), [""; 0]);
}

#[test]
fn an_edit_by_hand_is_kept_and_can_be_placed_again() {
    for way in [Way::Replace, Way::InPlace] {
        let ground = Ground::new();
        ground.keep("r", FILES).unwrap();
        let edited = ground.live().join(".env");
        fs::write(&edited, "PASSWORD=edited by hand, and longer than what is placed over it\n").unwrap();
        fs::set_permissions(&edited, Permissions::from_mode(0o664)).unwrap();
        fs::write(ground.live().join("theirs"), "stays").unwrap();
        let placements = [to(".env", way), to("bin/start.sh", way)];
        let placed = ground.place("r", &placements).unwrap();
        assert_eq!(placed.changed.len(), 2);
        assert!(matches!(&placed.changed[0].before, Before::File { mode: 0o664, .. }));
        assert_eq!(placed.changed[1].before, Before::Absent);
        let kept = placed.kept.unwrap();
        assert_eq!(kept, ".replaced-1700000000000");
        assert_eq!(mode(&ground.store(&kept).join("files/.env")), 0o600);
        assert_eq!(fs::read(&edited).unwrap(), FILES[1].3);
        assert_eq!((mode(&edited), mode(&ground.live().join("bin/start.sh"))), (0o644, 0o755));
        assert_eq!(ground.place("r", &placements).unwrap(), Placed::default());
        // A second edit at the same moment does not touch what was kept of the first.
        fs::write(&edited, "again").unwrap();
        assert_eq!(ground.place("r", &placements).unwrap().kept.unwrap(), ".replaced-1700000000000-1");
        assert_eq!(ground.releases.replaced().unwrap().len(), 2);
        assert_eq!(ground.releases.verify(&kept).unwrap(), []);
        ground.place(&kept, &[to(".env", way)]).unwrap();
        assert!(fs::read_to_string(&edited).unwrap().starts_with("PASSWORD=edited by hand"));
        assert_eq!(mode(&edited), 0o664);
        assert_eq!(fs::read(ground.live().join("theirs")).unwrap(), b"stays");
        assert!(ground.releases.remove(&kept).unwrap());
        // Only the mode is different.
        fs::set_permissions(ground.live().join("bin/start.sh"), Permissions::from_mode(0o600)).unwrap();
        assert_eq!(ground.place("r", &placements[1..]).unwrap().changed.len(), 1);
        assert_eq!(mode(&ground.live().join("bin/start.sh")), 0o755);
    }
}

#[test]
fn replacing_gives_a_new_file_and_in_place_keeps_it() {
    let ground = Ground::new();
    ground.keep("r", FILES).unwrap();
    for (way, same) in [(Way::Replace, false), (Way::InPlace, true)] {
        let live = ground.live().join("compose.yaml");
        fs::write(&live, "old, and a good deal longer than the new one\n").unwrap();
        // What a container that has mounted the file holds on to.
        let mut mounted = fs::File::open(&live).unwrap();
        let before = fs::metadata(&live).unwrap().ino();
        ground.place("r", &[to("compose.yaml", way)]).unwrap();
        assert_eq!(fs::metadata(&live).unwrap().ino() == before, same);
        let mut seen = String::new();
        mounted.read_to_string(&mut seen).unwrap();
        assert_eq!(seen == "services: {}\n", same, "{seen}");
        assert_eq!(fs::read(&live).unwrap(), b"services: {}\n");
    }
}

#[test]
fn no_link_leads_out_of_the_live_folder() {
    for way in [Way::Replace, Way::InPlace] {
        let ground = Ground::new();
        ground.keep("r", FILES).unwrap();
        let outside = ground.root.path().join("outside");
        fs::create_dir_all(outside.join("nginx")).unwrap();
        fs::write(outside.join("file"), "theirs").unwrap();
        let refused = |to: &str| {
            let placement = Placement { from: PathBuf::from("compose.yaml"), to: PathBuf::from(to), way };
            // What comes before it is not placed either.
            let before = Placement { to: PathBuf::from("first"), ..placement.clone() };
            let error = ground.place("r", &[before, placement]).unwrap_err();
            assert!(!ground.live().join("first").exists());
            error
        };
        symlink(&outside, ground.live().join("conf")).unwrap();
        symlink(outside.join("file"), ground.live().join("link")).unwrap();
        symlink(outside.join("none"), ground.live().join("dangling")).unwrap();
        symlink("link", ground.live().join("inside")).unwrap();
        for path in ["conf/x", "conf/nginx/x", "conf/new/x", "link", "dangling", "inside"] {
            let error = refused(path);
            assert!(matches!(error.why, Why::Link) && error.hint().is_some(), "{path}: {error}");
        }
        for path in ["../outside/file", "/etc/hosts", "", "a/../../outside/file", "."] {
            assert!(matches!(refused(path).why, Why::Outside), "{path}");
        }
        fs::create_dir(ground.live().join("folder")).unwrap();
        assert!(matches!(refused("folder").why, Why::NotAFile));
        assert!(matches!(refused("first").why, Why::Twice));
        let unknown = ground.place("r", &[to("nothing", way)]).unwrap_err();
        assert!(matches!(unknown.why, Why::NotInRelease));
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 2);
        assert_eq!(fs::read_dir(outside.join("nginx")).unwrap().count(), 0);
        assert_eq!(fs::read(outside.join("file")).unwrap(), b"theirs");
        assert!(!outside.join("none").exists());
    }
}

#[test]
fn what_is_too_large_to_be_kept_is_not_replaced() {
    let ground = Ground::new();
    ground.keep("r", FILES).unwrap();
    fs::write(ground.live().join("compose.yaml"), vec![b'x'; usize::try_from(MOST).unwrap() + 1]).unwrap();
    let error = ground.place("r", &[to(".env", Way::Replace), to("compose.yaml", Way::InPlace)]).unwrap_err();
    assert!(matches!(error.why, Why::TooLarge(MOST)), "{error}");
    assert!(!ground.live().join(".env").exists());
    assert_eq!(ground.hidden(), [""; 0]);
}

#[test]
fn the_owner_of_a_live_file_stays() {
    let ground = Ground::new();
    ground.keep("r", FILES).unwrap();
    let live = ground.live().join(".env");
    fs::write(&live, "x").unwrap();
    if std::os::unix::fs::chown(&live, Some(12_345), Some(12_345)).is_err() {
        // Only root can give files away.
        return;
    }
    for way in [Way::Replace, Way::InPlace] {
        fs::write(&live, "x").unwrap();
        ground.place("r", &[to(".env", way)]).unwrap();
        let facts = fs::metadata(&live).unwrap();
        assert_eq!((facts.uid(), facts.gid(), facts.mode() & 0o777), (12_345, 12_345, 0o644));
    }
}

#[test]
fn removing_stays_in_the_store() {
    let ground = Ground::new();
    ground.keep("r", FILES).unwrap();
    ground.keep("s", FILES).unwrap();
    let outside = ground.root.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("file"), "theirs").unwrap();
    symlink(&outside, ground.store("link")).unwrap();
    symlink(&outside, ground.store(".new-link")).unwrap();
    symlink(&outside, ground.store("r/files/link")).unwrap();
    assert!(matches!(ground.releases.remove("link").unwrap_err().why, Why::Link));
    assert!(matches!(ground.releases.remove("../outside").unwrap_err().why, Why::BadName));
    assert!(matches!(
        ground.releases.keep("link", [file("a", 0o600, false, b"")], 1).unwrap_err().why,
        Why::NotAFolder
    ));
    assert!(ground.releases.remove("r").unwrap());
    assert!(!ground.releases.remove("r").unwrap());
    assert_eq!(ground.releases.list().unwrap(), ["s"]);
    // The name that looked like a leftover is swept; what it leads to is not.
    assert_eq!(ground.hidden(), [""; 0]);
    assert_eq!(fs::read(outside.join("file")).unwrap(), b"theirs");
    // A store that is a link is none.
    fs::rename(ground.store(""), ground.root.path().join("moved")).unwrap();
    symlink(ground.root.path().join("moved"), ground.live().join(".lastgood/releases")).unwrap();
    assert!(matches!(ground.releases.list().unwrap_err().why, Why::Link));
    assert!(matches!(ground.releases.remove("s").unwrap_err().why, Why::Link));
}

#[test]
fn what_is_swept_is_ours_and_left_over() {
    let ground = Ground::new();
    ground.keep("r", FILES).unwrap();
    fs::create_dir_all(ground.store(".new-r-0/files/a")).unwrap();
    fs::create_dir_all(ground.store(".gone-r-0/files")).unwrap();
    fs::create_dir_all(ground.store(".new-s-1/files")).unwrap();
    fs::create_dir_all(ground.store(".replaced-1")).unwrap();
    // Somebody is building this one.
    let held = fs::File::open(ground.store(".new-s-1")).unwrap();
    held.try_lock().unwrap();
    fs::write(ground.live().join(".lastgood-new-0"), "SECRET").unwrap();
    fs::write(ground.live().join(".lastgood-mine"), "x").unwrap();
    ground.keep("s", FILES).unwrap();
    assert_eq!(ground.hidden(), [".new-s-1", ".replaced-1"]);
    ground.place("s", &[to(".env", Way::Replace)]).unwrap();
    assert!(!ground.live().join(".lastgood-new-0").exists());
    assert!(ground.live().join(".lastgood-mine").exists());
}
