//! A host that was captured as it was then is that host when the case is replayed, and no other one.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{comparable, lastgood, with_tools};

/// Whoever is called nginx and has a log open for writing is one, as far as anybody outside can see.
fn serving(folder: &Path, log: &Path) -> Child {
    let server = folder.join("nginx");
    symlink("/bin/sleep", &server).unwrap();
    let open = File::options().append(true).open(log).unwrap();
    let process = Command::new(&server).arg("60").stdout(open).spawn().unwrap();
    let name = format!("/proc/{}/comm", process.id());
    while fs::read_to_string(&name).unwrap().trim() != "nginx" {
        sleep(Duration::from_millis(1));
    }
    process
}

#[test]
fn where_no_journal_is_the_kernel_is_heard_itself() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("access.log");
    let at = |seconds: i64| (Timestamp::now() - SignedDuration::from_secs(seconds)).to_zoned(TimeZone::UTC);
    let line = |seconds: i64| {
        let at = at(seconds).strftime("%d/%b/%Y:%H:%M:%S +0000");
        format!("203.0.113.7 - - [{at}] \"GET / HTTP/1.1\" 200 7 \"-\" \"curl/7\"\n")
    };
    fs::write(&log, (1..900).rev().map(line).collect::<String>()).unwrap();
    // On this machine there is one tool, and it knows of one kill.
    let kill = format!(
        "{} Out of memory: Killed process 7 (java) total-vm:1kB",
        at(300).strftime("%Y-%m-%dT%H:%M:%S,000000+00:00")
    );
    let tool = place.path().join("dmesg");
    fs::write(&tool, format!("#!/bin/sh\n[ \"$*\" = \"--kernel --time-format iso --nopager\" ] && echo '{kill}'\n"))
        .unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let mut process = serving(place.path(), &log);
    let before = with_tools(place.path(), place.path(), &["why", "--json", "access.log"]);
    let captured = with_tools(place.path(), place.path(), &["capture", "access.log", "-o", "case", "--json"]);
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(captured.code, Some(0), "{}", captured.stderr);
    let after = lastgood(place.path(), &["why", "--json", "case"]);
    for said in [before.json(), after.json()] {
        assert_eq!(said["notes"][0]["kind"], "unrelated-oom", "{said:#}");
        assert!(said["gaps"].as_array().unwrap().iter().any(|gap| gap["what"] == "journal"), "{said:#}");
    }
}

#[test]
fn a_live_host_replays_to_the_same_verdict() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("access.log");
    let begin = Timestamp::now() - SignedDuration::from_secs(1_500);
    // It was down for a while and is well again: live, that is a note and no incident.
    let text: String = (0..1_500)
        .map(|second| {
            let at = (begin + SignedDuration::from_secs(second)).to_zoned(TimeZone::UTC);
            let status = if (300..500).contains(&second) { 502 } else { 200 };
            let at = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
            format!("203.0.113.{} - - [{at}] \"GET / HTTP/1.1\" {status} 7 \"-\" \"curl/7\"\n", second % 19)
        })
        .collect();
    fs::write(&log, text).unwrap();
    let mut process = serving(place.path(), &log);
    let before = lastgood(place.path(), &["report", "--format", "json", "access.log"]);
    let captured = lastgood(place.path(), &["capture", "access.log", "-o", "case", "--json"]);
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(captured.code, Some(0), "{}", captured.stderr);
    assert_eq!(captured.json()["live"], true);

    let after = lastgood(place.path(), &["report", "--format", "json", "case"]);
    assert_eq!((before.code, after.code), (Some(0), Some(0)), "{}", after.stderr);
    let (before, after) = (comparable(before.json()), comparable(after.json()));
    assert_eq!(before["notes"][0]["kind"], "recovered");
    assert_eq!(before, after);
}
