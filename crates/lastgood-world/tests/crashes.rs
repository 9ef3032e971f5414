//! What dies in the middle: processes that write the state are killed at any moment, and disks are full. Each is a child of
//! the test, which runs this program once more with a role. A crash of the whole machine is not tried here.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use lastgood_model::UnixMs;
use lastgood_world::state::lease::take;
use lastgood_world::state::ledger::read;
use lastgood_world::state::{Entry, Ledger, NewFile, Placement, Releases, Renewal, StateError, Take, Way, Why};

const MOST: u64 = 1 << 30;
const TTL: Duration = Duration::from_secs(60);

// ------------------------------------------------------------------------------------------------- the roles

/// The child; nothing without a role.
#[test]
fn child() {
    let Some(role) = std::env::var_os("LASTGOOD_TEST_ROLE") else { return };
    let folder = PathBuf::from(std::env::var_os("LASTGOOD_TEST_FOLDER").expect("a folder"));
    match role.to_str().expect("a role") {
        "append" => append(&folder),
        "keep" => keep(&folder),
        "replace" => replace(&folder),
        "contend" => contend(&folder),
        "hold" => hold(&folder),
        "fill-ledger" => fill_ledger(&folder),
        "fill-store" => fill_store(&folder),
        role => unreachable!("{role}"),
    }
}

fn command(role: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
    command.env("LASTGOOD_TEST_ROLE", role).env("LASTGOOD_TEST_FOLDER", folder).stdout(Stdio::piped());
    command
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // In one call: what is said is said.
    out.write_all(format!("\nsaid {text}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// What it said, until it ended.
fn said(child: &mut Child) -> Vec<String> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("said ").map(str::to_owned)).collect()
}

/// Kills it at some moment after it said its first word; what it said until then.
fn killed(role: &str, folder: &Path, at_most: Duration) -> Vec<String> {
    let mut child = command(role, folder).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("said ready") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "{role} ended");
    }
    let reader = std::thread::spawn(move || {
        let said = out.lines().map_while(Result::ok);
        said.filter_map(|line| line.strip_prefix("said ").map(str::to_owned)).collect::<Vec<_>>()
    });
    sleep(at_most.mul_f64(chance()));
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(status.code().is_none(), "{role} ended by itself: {status}");
    reader.join().unwrap()
}

/// From 0 to 1, another one each time.
fn chance() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    f64::from(u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap()) / f64::from(u32::MAX)
}

fn now() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos()
}

// ------------------------------------------------------------------------------------------------ the ledger

fn append(folder: &Path) {
    let mut ledger = Ledger::open(&folder.join("ledger.jsonl")).unwrap();
    say("ready");
    for n in 0.. {
        // Many pages: the kernel may stop between two of them.
        let id = format!("{}-{n}", now());
        let pad = "x".repeat(if n % 2 == 0 { 300_000 } else { 10 });
        ledger.append(format!("{{\"id\":\"{id}\",\"pad\":\"{pad}\"}}").as_bytes()).unwrap();
        say(&id);
    }
}

fn ids(entries: &[Entry]) -> (Vec<String>, usize) {
    let id = |entry: &Entry| match entry {
        Entry::Record { payload, .. } => {
            let json: serde_json::Value = serde_json::from_slice(payload).unwrap();
            Some(json["id"].as_str().unwrap().to_owned())
        }
        _ => None,
    };
    let ids: Vec<String> = entries.iter().filter_map(id).collect();
    let damaged = entries.len() - ids.len();
    (ids, damaged)
}

#[test]
fn what_was_told_as_appended_survives_its_process() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("ledger.jsonl");
    let (mut told, mut torn) = (0, 0);
    for round in 0..30 {
        let said = killed("append", place.path(), Duration::from_millis(60));
        let (ids, damaged) = ids(&read(&path).unwrap());
        assert!(ids.len() >= said.len() && damaged <= 1, "{round}: {} of {}, {damaged}", ids.len(), said.len());
        // In their order; at most one more, which could not be told any more.
        assert!(ids.starts_with(&said) && ids.len() <= said.len() + 1, "{round}");
        told += said.len();
        torn += damaged;
        // What comes after a torn one is read.
        Ledger::open(&path).unwrap().append(b"{\"id\":\"after\"}").unwrap();
        let after = self::ids(&read(&path).unwrap());
        assert_eq!(
            (after.0.len(), after.1, after.0.last().map(String::as_str)),
            (ids.len() + 1, damaged, Some("after"))
        );
        fs::remove_file(&path).unwrap();
    }
    assert!(told > 30);
    println!("30 killed, {told} records told, {torn} torn");
}

fn fill_ledger(folder: &Path) {
    let path = folder.join("ledger.jsonl");
    let ballast = folder.join("ballast");
    fs::write(&ballast, vec![1; 16 * 1024]).unwrap();
    let mut ledger = Ledger::open(&path).unwrap();
    let mut added = 0;
    let error = loop {
        match ledger.append(format!("{{\"id\":\"{added}\",\"pad\":\"{}\"}}", "x".repeat(1500)).as_bytes()) {
            Ok(()) => added += 1,
            Err(error) => break error,
        }
        assert!(added < 1000, "it is never full");
    };
    assert!(error.to_string().contains("ledger.jsonl"), "{error}");
    let (ids, damaged) = ids(&read(&path).unwrap());
    assert_eq!((ids.len(), damaged), (added, 0));
    // A short one may still find room.
    let _room = ledger.append(b"{\"id\":\"short\"}");
    let before = read(&path).unwrap().len();
    fs::remove_file(&ballast).unwrap();
    if error.hint().is_some() {
        ledger.append(b"{\"id\":\"after\"}").unwrap();
        assert_eq!(self::ids(&read(&path).unwrap()).0.len(), before + 1);
    }
    say(&format!("{added} {:?} {error}", error.hint()));
}

#[test]
fn a_file_that_may_not_grow_takes_a_part_back() {
    let place = tempfile::tempdir().unwrap();
    let exe = std::env::current_exe().unwrap();
    // In blocks of 512 bytes; without the signal it is an error like that of a full disk.
    let script = "trap '' XFSZ; ulimit -f 100; exec \"$0\" --exact child --nocapture --test-threads=1";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(exe).stdout(Stdio::piped());
    command.env("LASTGOOD_TEST_ROLE", "fill-ledger").env("LASTGOOD_TEST_FOLDER", place.path());
    let mut child = command.spawn().unwrap();
    let said = said(&mut child);
    assert!(child.wait().unwrap().success(), "{said:?}");
    assert_eq!(said.len(), 1);
    println!("{}", said[0]);
}

/// A small file system of its own, in memory, that ends with the child; `None` where none may be mounted.
fn on_a_small_disk(role: &str, size: &str) -> Option<Vec<String>> {
    let place = tempfile::tempdir().unwrap();
    let script =
        "mount -t tmpfs -o size=\"$1\" tmpfs \"$LASTGOOD_TEST_FOLDER\" || { echo; echo said no mount; exit 0; }
        exec \"$0\" --exact child --nocapture --test-threads=1";
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script]).arg(std::env::current_exe().unwrap()).arg(size).stdout(Stdio::piped());
    command.env("LASTGOOD_TEST_ROLE", role).env("LASTGOOD_TEST_FOLDER", place.path());
    let mut child = command.spawn().ok()?;
    let said = said(&mut child);
    let status = child.wait().unwrap();
    if said.is_empty() && !status.success() {
        // Either no namespaces here, which `unshare` said, or the child failed.
        let may = Command::new("unshare").args(["-rm", "true"]).status();
        assert!(!may.is_ok_and(|status| status.success()), "the child failed");
        return None;
    }
    assert!(status.success(), "{said:?}");
    if said == ["no mount"] { None } else { Some(said) }
}

#[test]
fn a_full_disk_costs_no_record() {
    let Some(said) = on_a_small_disk("fill-ledger", "64k") else { return println!("no small disk here") };
    assert!(said[0].contains("free space"), "{said:?}");
    println!("{}", said[0]);
}

// -------------------------------------------------------------------------------------------------- the lease

const ROUNDS: usize = 60;

fn contend(folder: &Path) {
    say("ready");
    let start = loop {
        match fs::read_to_string(folder.join("go")).ok().and_then(|text| text.parse::<u128>().ok()) {
            Some(start) => break start,
            None => sleep(Duration::from_millis(1)),
        }
    };
    for round in 0..ROUNDS {
        // All at the same moment, as nearly as it goes.
        let moment = start + round as u128 * 10_000_000;
        sleep(Duration::from_nanos(u64::try_from(moment.saturating_sub(now() + 500_000)).unwrap()));
        while now() < moment {
            std::hint::spin_loop();
        }
        let holder = format!("{{\"pid\":{}}}", std::process::id());
        if let Take::Taken { was, .. } =
            take(&folder.join(format!("lock-{round}")), holder.as_bytes(), UnixMs(1_000_000), TTL).unwrap()
        {
            assert!(was.is_some());
            say(&round.to_string());
        }
    }
}

#[test]
fn of_many_processes_exactly_one_takes_over() {
    let place = tempfile::tempdir().unwrap();
    for round in 0..ROUNDS {
        drop(take(&place.path().join(format!("lock-{round}")), b"{}", UnixMs(0), TTL).unwrap());
    }
    let mut children: Vec<Child> = (0..8).map(|_| command("contend", place.path()).spawn().unwrap()).collect();
    fs::write(place.path().join("new"), (now() + 300_000_000).to_string()).unwrap();
    fs::rename(place.path().join("new"), place.path().join("go")).unwrap();
    let mut won: Vec<Vec<String>> = Vec::new();
    for child in &mut children {
        won.push(said(child).into_iter().filter(|word| word != "ready").collect());
        assert!(child.wait().unwrap().success());
    }
    let mut all: Vec<usize> = won.iter().flatten().map(|round| round.parse().unwrap()).collect();
    all.sort_unstable();
    assert_eq!(all, (0..ROUNDS).collect::<Vec<_>>());
    println!("{ROUNDS} rounds, won {:?}", won.iter().map(Vec::len).collect::<Vec<_>>());
}

fn hold(folder: &Path) {
    say("ready");
    for n in 0.. {
        if let Take::Taken { mut lease, .. } = take(&folder.join("lock"), b"{}", UnixMs(n), TTL).unwrap() {
            assert_eq!(lease.renew(UnixMs(n), TTL).unwrap(), Renewal::Renewed);
            assert!(lease.release().unwrap());
        }
    }
}

#[test]
fn who_dies_with_the_lease_locks_nobody_out() {
    let place = tempfile::tempdir().unwrap();
    let lock = place.path().join("lock");
    let mut held = 0;
    for _ in 0..20 {
        killed("hold", place.path(), Duration::from_millis(20));
        let Take::Taken { lease, was } = take(&lock, b"{}", UnixMs(1_000_000_000_000), TTL).unwrap() else {
            unreachable!("it ran out long ago")
        };
        held += usize::from(was.is_some());
        assert!(lease.release().unwrap());
    }
    println!("20 killed, {held} of them while they held it");
}

// ------------------------------------------------------------------------------------------------ the releases

fn contents(letter: char) -> Vec<(String, u32, String)> {
    let file = |n: usize| {
        let text = format!("{letter}{n}\n").repeat(12_000 + n);
        (format!("conf/{}/file-{n}", n % 2), if letter == 'a' { 0o640 } else { 0o600 }, text)
    };
    (0..5).map(file).collect()
}

fn kept(releases: &Releases, id: &str, letter: char) -> Result<(), StateError> {
    let contents = contents(letter);
    let files = contents.iter().map(|(path, mode, text)| NewFile {
        path: PathBuf::from(path),
        mode: *mode,
        secret: false,
        content: text.as_bytes(),
    });
    releases.keep(id, files, MOST).map(drop)
}

fn placements(way: Way) -> Vec<Placement> {
    let paths = contents('a').into_iter().map(|(path, _, _)| PathBuf::from(path));
    paths.map(|path| Placement { from: path.clone(), to: path, way }).collect()
}

fn hidden(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder.join("releases")).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).filter(|name| name.starts_with('.')).collect()
}

fn keep(folder: &Path) {
    let releases = Releases::of(folder);
    say("ready");
    for n in 0_u64.. {
        kept(&releases, &format!("r{n}"), 'a').unwrap();
        say(&format!("r{n}"));
        if n >= 2 {
            assert!(releases.remove(&format!("r{}", n - 2)).unwrap());
        }
    }
}

#[test]
fn a_release_is_there_whole_or_not_at_all() {
    let place = tempfile::tempdir().unwrap();
    let releases = Releases::of(place.path());
    let (mut told, mut left) = (0, 0);
    for round in 0..40 {
        let said = killed("keep", place.path(), Duration::from_millis(250));
        let listed = releases.list().unwrap();
        for id in &listed {
            assert_eq!(releases.verify(id).unwrap(), [], "{round} {id}");
        }
        // The last one, and the one before it, were not to be removed yet.
        for id in said.iter().rev().take(2) {
            assert!(listed.contains(id), "{round}: {id} of {listed:?}");
        }
        told += said.len();
        left += usize::from(!hidden(place.path()).is_empty());
        kept(&releases, "next", 'b').unwrap();
        assert_eq!(hidden(place.path()), [""; 0], "{round}");
        for id in releases.list().unwrap() {
            assert!(releases.remove(&id).unwrap());
        }
    }
    assert!(told > 0 && left > 0, "{told} {left}: killed too early or too late");
    println!("40 killed, {told} releases told as kept, {left} times something was left to sweep");
}

fn replace(folder: &Path) {
    let releases = Releases::of(folder);
    say("ready");
    for n in 0.. {
        let id = if n % 2 == 0 { "a" } else { "b" };
        releases.place(id, &folder.join("live"), &placements(Way::Replace), UnixMs(n), MOST).unwrap();
        say(id);
    }
}

#[test]
fn a_live_file_is_the_old_or_the_new_one_and_no_edit_is_lost() {
    let place = tempfile::tempdir().unwrap();
    let live = place.path().join("live");
    fs::create_dir(&live).unwrap();
    let releases = Releases::of(place.path());
    kept(&releases, "a", 'a').unwrap();
    kept(&releases, "b", 'b').unwrap();
    releases.place("b", &live, &placements(Way::Replace), UnixMs(0), MOST).unwrap();
    let (mut mixed, mut left, mut edits, mut told) = (0, 0, 0, 0);
    for round in 0..40 {
        let edit = format!("edited by hand in round {round}\n");
        let edited = live.join("conf/1/file-3");
        fs::write(&edited, &edit).unwrap();
        told += killed("replace", place.path(), Duration::from_millis(250)).len();
        let mut versions = BTreeSet::new();
        for (a, b) in contents('a').into_iter().zip(contents('b')) {
            let path = live.join(&a.0);
            let (text, mode) =
                (fs::read_to_string(&path).unwrap(), fs::metadata(&path).unwrap().permissions().mode() & 0o777);
            let version = [a, b].iter().position(|version| (version.2 == text) && version.1 == mode);
            assert!(
                version.is_some() || (path == edited && text == edit),
                "{round} {}: {} bytes",
                path.display(),
                text.len()
            );
            versions.insert(version);
        }
        mixed += usize::from(versions.len() > 1);
        let mut is_there = fs::read_to_string(&edited).unwrap() == edit;
        for id in releases.replaced().unwrap() {
            assert_eq!(releases.verify(&id).unwrap(), [], "{round} {id}");
            let copy = place.path().join("releases").join(&id).join("files/conf/1/file-3");
            let has_it = fs::read_to_string(copy).is_ok_and(|text| text == edit);
            edits += usize::from(has_it);
            is_there |= has_it;
        }
        assert!(is_there, "{round}: the edit is lost");
        let beside = || {
            let names = ["conf/0", "conf/1"].into_iter().flat_map(|folder| fs::read_dir(live.join(folder)).unwrap());
            names.filter(|name| name.as_ref().unwrap().file_name().to_string_lossy().starts_with(".lastgood-")).count()
        };
        left += usize::from(beside() > 0);
        releases.place("a", &live, &placements(Way::Replace), UnixMs(9), MOST).unwrap();
        releases.place("b", &live, &placements(Way::Replace), UnixMs(9), MOST).unwrap();
        assert_eq!(beside(), 0);
        for id in releases.replaced().unwrap() {
            releases.remove(&id).unwrap();
        }
        assert_eq!(hidden(place.path()), [""; 0], "{round}");
        assert_eq!([releases.verify("a").unwrap(), releases.verify("b").unwrap()], [[], []]);
    }
    println!(
        "40 killed, {told} placings told, {mixed} times between two files, {left} times with files left beside, {edits} edits kept"
    );
}

fn fill_store(folder: &Path) {
    let (state, live) = (folder.join("state"), folder.join("live"));
    fs::create_dir(&state).unwrap();
    fs::create_dir(&live).unwrap();
    let releases = Releases::of(&state);
    let file = |name: &str, size: usize| NewFile {
        path: PathBuf::from(name),
        mode: 0o644,
        secret: false,
        content: std::io::Cursor::new(vec![b'n'; size]),
    };
    releases.keep("r", [file("f", 80_000), file("g", 10)], MOST).unwrap();
    let is_full = |error: StateError| {
        assert!(matches!(&error.why, Why::Io(why) if why.kind() == std::io::ErrorKind::StorageFull), "{error}");
        assert!(error.hint().is_some());
        say(&error.to_string());
    };
    is_full(releases.keep("s", [file("f", 10), file("g", 300_000)], MOST).unwrap_err());
    assert_eq!(releases.list().unwrap(), ["r"]);
    assert_eq!(hidden(&state), [""; 0]);
    fs::write(live.join("f"), "old").unwrap();
    fs::write(live.join("g"), "old").unwrap();
    fs::write(folder.join("ballast"), vec![1; 130_000]).unwrap();
    for way in [Way::InPlace, Way::Replace] {
        // The small one first: it would fit.
        let placements = ["g", "f"].map(|name| Placement { from: PathBuf::from(name), to: PathBuf::from(name), way });
        is_full(releases.place("r", &live, &placements, UnixMs(1), MOST).unwrap_err());
        assert_eq!(fs::read_to_string(live.join("f")).unwrap(), "old");
        assert_eq!(fs::read_to_string(live.join("g")).unwrap() == "old", way == Way::Replace, "{way:?}");
        fs::write(live.join("g"), "old").unwrap();
        assert_eq!(fs::read_dir(&live).unwrap().count(), 2, "{way:?}");
    }
    fs::remove_file(folder.join("ballast")).unwrap();
}

#[test]
fn a_full_disk_costs_no_release_and_no_live_file() {
    let Some(said) = on_a_small_disk("fill-store", "256k") else { return println!("no small disk here") };
    assert_eq!(said.len(), 3, "{said:?}");
    println!("{said:#?}");
}
