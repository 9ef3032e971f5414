//! Files and folders that nobody prepared: endless, huge, many, deep, forbidden, or changed while they are read. Each
//! is bounded in memory and time, and said.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::packed::{PACKERS, xz};
use crate::process::{Ran, counts, gap, lastgood, through};
use crate::{folder, line};

fn log(lines: u64) -> String {
    (0..lines).map(|number| line(number, number % 9, "/", 200)).collect()
}

fn why(path: &Path) -> Ran {
    lastgood(["why".as_ref(), "--json".as_ref(), path.as_os_str()])
}

/// A line whose path is so long.
fn long_line(second: u64, length: usize) -> String {
    line(second, 1, &format!("/{}", "x".repeat(length)), 200)
}

#[test]
fn a_line_of_80_megabytes_is_one_line() {
    let text = [log(100), long_line(100, 80 << 20), log(100)].concat();
    let files = [("access.log".to_owned(), text.clone().into_bytes())];
    let packed = PACKERS.map(|(end, pack)| (format!("access.log.{end}"), pack(text.as_bytes())));
    for (name, bytes) in files.into_iter().chain(packed) {
        let folder = folder([(&name, bytes)]);
        let ran = why(folder.path());
        let [lines, parsed, other, unreadable] = counts(&ran.json());
        assert_eq!((lines, other), (201, 0), "{name}");
        assert!(parsed >= 200 && parsed + unreadable == 201, "{name}");
        eprintln!("80 MB line, {name}: {:?}, {} MB", ran.wall, ran.memory >> 20);
    }
}

#[test]
fn lines_of_two_megabytes_are_one_line_each() {
    let text: String = (0..40).map(|n| line(n, 2, "/", 200) + &long_line(n, 2 << 20)).collect();
    let begins_so = long_line(0, 2 << 20) + &log(10);
    let folder = folder([("access.log", text.clone()), ("other.log", log(10)), ("strange.log", begins_so)]);
    fs::write(folder.path().join("access.log.2.xz"), xz(text.as_bytes())).unwrap();
    let ran = why(folder.path());
    let [lines, parsed, ..] = counts(&ran.json());
    assert!(gap(&ran.json(), "strange.log").is_some(), "what begins with such a line is not recognised, and said");
    assert_eq!(lines, 90, "the packed copy is read once");
    assert!(parsed >= 50);
    eprintln!("lines of 2 MB: {:?}, {} MB", ran.wall, ran.memory >> 20);
}

#[test]
fn what_is_no_file_is_not_opened() {
    let folder = folder([("access.log", log(10))]);
    let path = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
    let _socket = UnixListener::bind(path("socket")).unwrap();
    for device in ["zero", "full", "tty", "null"] {
        symlink(format!("/dev/{device}"), path(device)).unwrap();
    }
    symlink("/dev", path("devices")).unwrap();
    symlink("/proc", path("processes")).unwrap();
    let answer = why(folder.path()).json();
    assert_eq!(counts(&answer)[1], 10);
    for name in ["fifo", "socket", "zero", "full", "tty", "null"] {
        assert_eq!(gap(&answer, name), Some("a pipe, socket or device, not opened"), "{name}");
    }
    for device in ["/dev/zero", "/dev/full"] {
        let ran = why(Path::new(device));
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(device), "{ran:?}");
    }
}

#[test]
fn an_endless_pipe_ends() {
    let ran = through("exec \"$0\" \"$@\" < /dev/zero", ["why", "-"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    eprintln!("/dev/zero on standard input: {:?}, {} MB", ran.wall, ran.memory >> 20);
}

#[test]
fn links_lead_out_and_in_circles_and_nowhere() {
    let outside = folder([("access.log.1", log(20))]);
    let folder = folder([("access.log", line(9_000, 1, "/", 200)), ("inner/x.txt", String::new())]);
    let path = |name: &str| folder.path().join(name);
    symlink(folder.path(), path("inner/up")).unwrap();
    symlink(path("itself"), path("itself")).unwrap();
    symlink(path("gone"), path("dangling")).unwrap();
    symlink("n".repeat(300), path("long")).unwrap();
    symlink(outside.path().join("access.log.1"), path("access.log.1")).unwrap();
    symlink(outside.path(), path("outside")).unwrap();
    let answer = why(folder.path()).json();
    assert_eq!(counts(&answer)[1], 21, "what lies outside is read once");
    assert_eq!(gap(&answer, "dangling"), Some("not there"));
    assert!(gap(&answer, "itself").is_some_and(|why| why.contains("symbolic link")), "{answer}");
    assert!(gap(&answer, "long").is_some_and(|why| why.contains("too long")), "{answer}");
}

#[test]
fn what_may_not_be_read_is_said_to_whoever_may_not() {
    let folder = folder([("logs/access.log", log(10)), ("logs/error.log", log(1)), ("logs/closed/access.log", log(5))]);
    let mode = |name: &str, mode| fs::set_permissions(folder.path().join(name), Permissions::from_mode(mode)).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    mode("logs/error.log", 0o000);
    mode("logs/closed", 0o000);
    // Mode bits stop nobody who is root; then it runs as nobody, from where nobody can start it.
    let binary = folder.path().join("lastgood");
    fs::copy(env!("CARGO_BIN_EXE_lastgood"), &binary).unwrap();
    let logs = folder.path().join("logs");
    let is_root = fs::read(logs.join("error.log")).is_ok();
    let mut command = Command::new(if is_root { "setpriv" } else { "env" });
    if is_root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command.env("LANG", "C.UTF-8").arg(&binary).arg("why").arg("--json").arg(&logs);
    let output = match command.output() {
        Ok(output) if !output.stdout.is_empty() => output,
        // No such tool, or no right to use it: what the system would refuse is tested in `world`.
        cannot => return eprintln!("skipped: {cannot:?}"),
    };
    mode("logs/closed", 0o755);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(counts(&answer)[1], 10);
    for name in ["error.log", "closed"] {
        assert!(gap(&answer, name).is_some_and(|why| why.starts_with("no permission")), "{name}: {answer}");
    }
}

/// Runs `why` again and again while something happens to its logs.
fn while_it_is_read(path: &Path, happens: impl Fn(u64) + Sync) -> Vec<Ran> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for step in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                happens(step);
            }
        });
        let ran = (0..4).map(|_| why(path)).collect();
        done.store(true, Ordering::Relaxed);
        ran
    })
}

#[test]
fn a_file_that_grows_is_read_as_far_as_it_was() {
    let folder = folder([("access.log", log(20_000))]);
    let more = log(2_000);
    for ran in while_it_is_read(folder.path(), |step| {
        thread::sleep(Duration::from_millis(1));
        // Enough to be met while it is written to, and not so much that it would matter to a disk.
        if step > 150 {
            return;
        }
        let mut file = File::options().append(true).open(folder.path().join("access.log")).unwrap();
        file.write_all(more.as_bytes()).unwrap();
    }) {
        let [lines, parsed, ..] = counts(&ran.json());
        assert!(lines >= 20_000 && parsed + 1 >= lines, "{ran:?}");
        assert!(ran.wall < Duration::from_secs(50));
    }
}

#[test]
fn a_file_cut_off_or_rotated_while_it_is_read_gives_an_answer() {
    let text = log(30_000);
    let folder = folder([("access.log", &text)]);
    let path = |name: &str| folder.path().join(name);
    for ran in while_it_is_read(folder.path(), |step| match step % 5 {
        4 => thread::sleep(Duration::from_millis(1)),
        0 => File::options().write(true).open(path("access.log")).and_then(|file| file.set_len(1_000)).unwrap(),
        1 => fs::write(path("access.log"), &text).unwrap(),
        2 => fs::rename(path("access.log"), path("access.log.1")).unwrap(),
        _ => fs::copy(path("access.log.1"), path("access.log")).map(|_| ()).unwrap(),
    }) {
        // Between two names there may be nothing at all.
        if ran.code < 2 || ran.stdout.starts_with('{') {
            counts(&ran.json());
        } else {
            assert!(ran.stderr.contains("hint"), "{ran:?}");
        }
    }
}

#[test]
fn twenty_thousand_files_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..20_000_u64 {
        let text = line(number % 7_000, number % 9, "/", 200) + &line(number % 7_000 + 1, 1, "/", 200);
        fs::write(folder.path().join(format!("site-{number:05}.log")), text).unwrap();
    }
    let few_descriptors = "ulimit -n 256; exec \"$0\" \"$@\"";
    let ran = through(few_descriptors, ["why".as_ref(), "--json".as_ref(), folder.path().as_os_str()]);
    let answer = ran.json();
    assert_eq!(counts(&answer)[1], 20_000, "the first half of them");
    let root = folder.path().to_string_lossy();
    assert_eq!(gap(&answer, &root), Some("too many files; 10,000 files left out"), "{:?}", answer["gaps"]);
    eprintln!("20,000 files: {:?}, {} MB", ran.wall, ran.memory >> 20);
}

#[test]
fn of_many_files_that_cannot_be_read_the_most_are_counted() {
    let folder = folder([("access.log", log(10))]);
    for number in 0..3_000 {
        symlink("/nowhere", folder.path().join(format!("{number:04}.log"))).unwrap();
        fs::write(folder.path().join(format!("{number:04}.zip")), "PK\x03\x04").unwrap();
    }
    let ran = why(folder.path());
    let answer = ran.json();
    assert_eq!(gap(&answer, "0019.log"), Some("not there; likewise 2,980 more files"));
    assert_eq!(gap(&answer, "0019.zip"), Some("packed with zip; unpack it first; likewise 2,980 more files"));
    assert!(ran.stdout.len() < 30_000, "{}", ran.stdout.len());
}

#[test]
fn folders_ten_thousand_deep_are_said() {
    let folder = folder([("access.log", log(10))]);
    // Grown from the inside: no path on the way is long.
    let (top, new) = (folder.path().join("d"), folder.path().join("new"));
    fs::create_dir(&top).unwrap();
    for _ in 0..10_000 {
        fs::create_dir(&new).unwrap();
        fs::rename(&top, new.join("d")).unwrap();
        fs::rename(&new, &top).unwrap();
    }
    let ran = why(folder.path());
    // Taken apart likewise: to delete it as a whole would take a descriptor for each.
    while fs::rename(top.join("d"), &new).is_ok() {
        fs::remove_dir(&top).unwrap();
        fs::rename(&new, &top).unwrap();
    }
    let answer = ran.json();
    assert_eq!(counts(&answer)[1], 10);
    assert!(gap(&answer, "d/d/d/d/d/d/d/d/d").is_some(), "{:?}", answer["gaps"]);
    eprintln!("10,000 levels: {:?}", ran.wall);
}
