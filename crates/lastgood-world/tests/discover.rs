//! What `discover` finds behind arguments, with real folders, links and pipes. Not what is read from the files.
#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use lastgood_model::{Gap, GapKind};
use lastgood_world::{Blocks, Compression, Discovered, Input, Start, discover, fetch, head};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn paths(paths: &[&Path]) -> Vec<Input> {
    paths.iter().map(|path| Input::Path(path.to_path_buf())).collect()
}

fn shown(found: &Discovered) -> Vec<&str> {
    found.files.iter().map(|file| &*file.display).collect()
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

fn gap(what: &Path, why: GapKind) -> Gap {
    Gap { what: what.to_string_lossy().into(), why }
}

#[test]
fn a_folder_is_walked_in_the_order_of_names_and_shown_relative_to_itself() {
    let folder = folder();
    fs::create_dir_all(folder.path().join("nginx/.git")).unwrap();
    for name in ["b.log", "nginx/access.log.2.gz", "nginx/access.log", "a.log", "nginx/.git/HEAD", ".bash_history"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let found = discover(&paths(&[folder.path()]));
    assert_eq!(shown(&found), ["a.log", "b.log", "nginx/access.log", "nginx/access.log.2.gz"]);
    assert!(found.gaps.is_empty());
    let ids: Vec<_> = found.files.iter().map(|file| file.id.0).collect();
    assert_eq!(ids, [0, 1, 2, 3]);
    assert!(found.files.iter().all(|file| file.compression == Compression::None), "names do not decide");
    assert_eq!(found.files[2].name(), "access.log");
}

#[test]
fn files_are_shown_as_given_and_two_folders_stay_apart() {
    let folder = folder();
    for name in ["one", "two"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("access.log"), name).unwrap();
    }
    fs::write(folder.path().join("two/only.log"), "x").unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let found = discover(&paths(&[&one, &two]));
    let expected = [one.join("access.log"), two.join("access.log")].map(|path| path.to_string_lossy().into_owned());
    assert_eq!(shown(&found), [&expected[0], &expected[1], "only.log"]);
    let found = discover(&paths(&[&one.join("access.log")]));
    assert_eq!(shown(&found), [&expected[0]]);
}

#[test]
fn one_file_under_several_names_is_read_once() {
    let folder = folder();
    let (log, link, hard) = (folder.path().join("a.log"), folder.path().join("b.log"), folder.path().join("c.log"));
    fs::write(&log, "x\n").unwrap();
    symlink(&log, &link).unwrap();
    fs::hard_link(&log, &hard).unwrap();
    let found = discover(&paths(&[folder.path(), &log]));
    assert_eq!(shown(&found), ["a.log"]);
    let again: Vec<_> = found.again.iter().map(|again| &*again.display).collect();
    assert_eq!(again, ["b.log", "c.log", &*log.to_string_lossy()]);
    assert_eq!(discover(&paths(&[&log, &log])).again, []);
}

#[test]
fn loops_of_links_end() {
    let folder = folder();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("x.log"), "x").unwrap();
    symlink(folder.path(), inner.join("up")).unwrap();
    symlink(folder.path().join("nowhere"), folder.path().join("broken")).unwrap();
    symlink(folder.path().join("itself"), folder.path().join("itself")).unwrap();
    symlink("/proc", folder.path().join("proc")).unwrap();
    let found = discover(&paths(&[folder.path()]));
    assert_eq!(shown(&found), ["inner/x.log"]);
    let gaps: Vec<_> = found.gaps.iter().map(|gap| &*gap.what).collect();
    assert_eq!(gaps, ["broken", "itself"]);
}

#[test]
fn folders_too_deep_are_said() {
    let folder = folder();
    let deep = folder.path().join("1/2/3/4/5/6/7/8/9");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("x.log"), "x").unwrap();
    let found = discover(&paths(&[folder.path()]));
    assert_eq!(found.gaps, [Gap { what: "1/2/3/4/5/6/7/8/9".into(), why: GapKind::TooLarge }]);
}

#[test]
fn what_is_not_a_file_is_a_gap() {
    let folder = folder();
    fifo(&folder.path().join("pipe"));
    let _socket = UnixListener::bind(folder.path().join("socket")).unwrap();
    let found = discover(&paths(&[folder.path(), Path::new("/dev/null"), Path::new("/no/such/file")]));
    assert!(found.files.is_empty());
    assert_eq!(
        found.gaps,
        [
            Gap { what: "pipe".into(), why: GapKind::NotAFile },
            Gap { what: "socket".into(), why: GapKind::NotAFile },
            gap(Path::new("/dev/null"), GapKind::NotAFile),
            gap(Path::new("/no/such/file"), GapKind::NotFound),
        ]
    );
}

#[test]
fn a_pipe_given_as_an_argument_is_taken_in_and_can_be_read_twice() {
    for packed in [false, true] {
        let folder = folder();
        let pipe = folder.path().join("pipe");
        fifo(&pipe);
        let text = (0..30_000).fold(String::new(), |text, line| text + &format!("line {line}\n"));
        let bytes = if packed {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            packer.write_all(text.as_bytes()).unwrap();
            packer.finish().unwrap()
        } else {
            text.clone().into_bytes()
        };
        let writer = thread::spawn({
            let pipe = pipe.clone();
            move || fs::write(pipe, bytes)
        });
        let found = discover(&paths(&[&pipe]));
        writer.join().unwrap().unwrap();
        assert_eq!(shown(&found), [&*pipe.to_string_lossy()]);
        let file = &found.files[0];
        assert_eq!((file.compression, file.path.clone(), file.modified), (Compression::Gzip, None::<PathBuf>, None));
        assert!(file.size < text.len() as u64 / 2, "kept packed");
        assert_eq!(head(file, 7).unwrap(), b"line 0\n");
        let expected = [(1, "line 0"), (2, "line 1"), (20_000, "line 19999"), (30_000, "line 29999")];
        let mut blocks = Blocks::open(file).unwrap();
        let first = blocks.next_block().unwrap();
        let lines_before = first.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let second = Start { offset: blocks.offset(), lines_before };
        for known in [None, Some(second)] {
            let start = |line| known.filter(|start| start.lines_before < line);
            let lines = fetch(file, &[1, 2, 2, 20_000, 30_000, 30_001], start).unwrap();
            assert_eq!(lines, expected.map(|(number, text)| (number, text.as_bytes().to_vec())));
        }
    }
}

#[test]
fn a_rotation_while_we_read_does_not_swap_files() {
    let folder = folder();
    let log = folder.path().join("access.log");
    fs::write(&log, "old\n").unwrap();
    let found = discover(&paths(&[folder.path()]));
    fs::rename(&log, folder.path().join("access.log.1")).unwrap();
    fs::write(&log, "new\n").unwrap();
    assert_eq!(head(&found.files[0], 100).unwrap(), b"old\n");
}

// As root the mode bits stop nobody: there the mapping in `damage.rs` is the test.
#[test]
fn what_may_not_be_read_is_a_gap() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let log = folder.path().join("secret.log");
    fs::write(&log, "x\n").unwrap();
    fs::set_permissions(&log, fs::Permissions::from_mode(0o000)).unwrap();
    let found = discover(&paths(&[folder.path()]));
    if fs::read(&log).is_err() {
        assert_eq!(found.gaps, [Gap { what: "secret.log".into(), why: GapKind::NoPermission }]);
    } else {
        assert_eq!(shown(&found), ["secret.log"]);
    }
}
