//! Which files are read, and what is said of those that are not.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::process::Command;
use std::slice::from_ref;
use std::thread::sleep;
use std::time::Duration;

use lastgood::pipeline::{NoLogs, investigate};
use lastgood::progress::Silent;
use lastgood_intake::Dimension;
use lastgood_model::{GapKind, NoteKind};
use lastgood_tools::rotate::gzip;

use crate::{asked, folder, line, question, read, requests, totals};

fn log(lines: u64) -> String {
    (0..lines).map(|number| line(number, number % 9, "/", 200)).collect()
}

#[test]
fn files_that_say_the_same_are_read_once_whatever_they_are_called() {
    let packed = gzip(log(300).as_bytes()).unwrap();
    let files: [(&str, Vec<u8>); 4] = [
        ("access.log", log(300).into()),
        ("backup.log.gz", packed),
        ("shop-access.log", log(120).into()),
        ("other.log", log(300).replace("10.0.0.", "10.0.1.").into()),
    ];
    let folder = folder(files);
    let course = read(&asked(folder.path(), &[]));
    assert_eq!((requests(&course), course.read.files, course.read.duplicates), (600, 2, 0));
    let mut same: Vec<_> = course
        .notes
        .iter()
        .map(|note| match &note.kind {
            NoteKind::SameContent { file, of } => (&**file, &**of),
            _ => ("", ""),
        })
        .collect();
    same.sort_unstable();
    assert_eq!(same, [("backup.log.gz", "access.log"), ("shop-access.log", "access.log")]);
}

#[test]
fn a_file_given_twice_counts_once() {
    let folder = folder([("access.log", log(50))]);
    let file = folder.path().join("access.log");
    let mut args = asked(&file, &[]);
    args.paths = vec![file.clone(), folder.path().to_owned(), file];
    assert_eq!(requests(&read(&args)), 50);
}

#[test]
fn a_folder_without_logs_says_what_was_there() {
    let folder = folder([("README.md", "# hello\n"), ("notes/todo.txt", "logs?\n"), ("catalogue.json", "{}\n")]);
    let error = investigate(&question(&[folder.path().to_owned()]), &Silent).unwrap_err();
    let error = error.downcast_ref::<NoLogs>().unwrap();
    assert_eq!(error.files, 3);
    let unknown: Vec<_> = error.gaps.iter().map(|gap| (&*gap.what, &gap.why)).collect();
    let why = GapKind::UnknownFormat;
    assert_eq!(unknown, [("README.md", &why), ("catalogue.json", &why), ("notes/todo.txt", &why)]);
}

#[test]
fn beside_logs_only_what_sounds_like_one_is_missed() {
    let files = [
        ("access.log", log(5)),
        ("README.md", "# hello\n".into()),
        ("app.log", "started\nstopped\n".into()),
        ("empty.log", String::new()),
    ];
    let folder = folder(files);
    let course = read(&asked(folder.path(), &[]));
    let gaps: Vec<_> = course.gaps.iter().map(|gap| (&*gap.what, &gap.why)).collect();
    assert_eq!(gaps, [("app.log", &GapKind::UnknownFormat)]);
}

#[test]
fn a_configuration_among_the_files_says_what_the_fields_are() {
    let conf = "include /etc/nginx/conf.d/*.conf;\nhttp { access_log /var/log/nginx/access.log up; }\n";
    let part = "log_format up '$remote_addr [$time_local] \"$request\" $status ua=$upstream_addr';\n";
    let line = "1.2.3.4 [16/Nov/2022:12:00:00 +0000] \"GET / HTTP/1.1\" 502 ua=10.0.0.7:80\n";
    let folder = folder([("nginx/nginx.conf", conf), ("nginx/conf.d/formats.conf", part), ("logs/access.log", line)]);
    let course = read(&asked(folder.path(), &[Dimension::Upstream, Dimension::Status]));
    assert_eq!(totals(&course).into_iter().collect::<Vec<_>>(), [("10.0.0.7:80 502".to_owned(), 1)]);
}

#[test]
fn error_logs_take_their_zone_from_the_access_log_beside_them() {
    let error = "2022/11/16 21:00:05 [error] 7#7: *1 upstream timed out (110: Connection timed out) while connecting \
                 to upstream, client: 1.2.3.4, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://a:1/\"\n";
    let access = "1.2.3.4 - - [16/Nov/2022:21:00:00 +0900] \"GET / HTTP/1.1\" 200 7 \"-\" \"curl\"\n";
    let both = folder([("error.log", error), ("access.log", access)]);
    let found = investigate(&question(&[both.path().to_owned()]), &Silent).unwrap();
    assert_eq!(found.offset_s, 9 * 3600);
    assert!(!found.verdict.gaps.iter().any(|gap| matches!(gap.why, GapKind::ZoneAssumed(_))));
    assert_eq!(found.now.unwrap().0, 1_668_600_005_000);

    let alone = folder([("error.log", error)]);
    let found = investigate(&question(&[alone.path().to_owned()]), &Silent).unwrap();
    assert!(found.verdict.gaps.iter().any(|gap| matches!(&gap.why, GapKind::ZoneAssumed(zone) if &**zone == "UTC")));
}

#[test]
fn only_a_log_that_a_server_writes_to_now_is_live() {
    let folder = folder([("logs/access.log", log(20)), ("logs/access.log.1", log(10)), ("copy/access.log", log(20))]);
    let (logs, copy) = (folder.path().join("logs"), folder.path().join("copy"));
    // Whoever is called nginx and has a log open for writing is one, as far as anybody outside can see.
    let server = folder.path().join("nginx");
    symlink("/bin/sleep", &server).unwrap();
    let open = File::options().append(true).open(logs.join("access.log")).unwrap();
    let mut process = Command::new(&server).arg("60").stdout(open).spawn().unwrap();
    // Its name is set a moment after it was started.
    let name = format!("/proc/{}/comm", process.id());
    while fs::read_to_string(&name).unwrap().trim() != "nginx" {
        sleep(Duration::from_millis(1));
    }
    let is_live = |paths: &[_]| investigate(&question(paths), &Silent).unwrap().live;
    let seen = [
        is_live(from_ref(&logs)),
        is_live(&[logs.join("access.log"), logs.join("access.log.1")]),
        is_live(from_ref(&copy)),
        is_live(&[logs.clone(), copy]),
    ];
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(seen, [true, true, false, false]);
    assert!(!is_live(&[logs]), "nobody writes to it any more");
}
