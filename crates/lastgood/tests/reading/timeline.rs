//! `lastgood timeline` as a program sees it: rows, their order, bounds and texts.

use lastgood::said::Moment;
use lastgood_intake::Dimension;
use testkit::Lastgood;

use crate::{asked, folder, line, read, requests};

const BINARY: &str = env!("CARGO_BIN_EXE_lastgood");

fn log() -> String {
    (0..3_600).map(|second| line(second, 1, "/a", if second < 1_800 { 200 } else { 502 })).collect()
}

#[test]
fn bounds_count_to_the_second_however_they_are_written() {
    let folder = folder([("access.log", log())]);
    let between = |since: &str, until: &str| {
        let mut args = asked(folder.path(), &[Dimension::Class]);
        args.per_ms = 300_000;
        args.since = Moment::parse(since);
        args.until = Moment::parse(until);
        requests(&read(&args))
    };
    assert_eq!(between("", ""), 3_600);
    assert_eq!(between("12:10", "12:10:59"), 60);
    assert_eq!(between("12:07:30", ""), 3_600 - 450);
    assert_eq!(between("2022-11-16T12:07:30Z", "2022-11-16 12:07:30"), 1);
    assert_eq!(between("12:07:31", "12:09:10"), 100);
    assert_eq!(between("-10m", ""), 601);
    assert_eq!(between("", "11:00"), 0);
}

#[test]
fn tsv_has_a_header_and_sorted_rows() {
    let text =
        [line(61, 1, "/b/x", 502), line(1, 1, "/b/y", 200), line(2, 1, "/a?q", 200), line(3, 1, "/b", 201)].concat();
    let out = Lastgood::new(BINARY)
        .file("access.log", text)
        .args(["timeline", "access.log", "--by", "class,segment", "--tsv"])
        .run();
    assert_eq!(out.stderr, "");
    assert_eq!(
        out.stdout,
        "time\tclass\tsegment\trequests\n\
         2022-11-16T12:00:00+00:00\t2xx\t/a\t1\n\
         2022-11-16T12:00:00+00:00\t2xx\t/b\t2\n\
         2022-11-16T12:01:00+00:00\t5xx\t/b\t1\n"
    );
    assert_eq!(out.code, 0);
}

#[test]
fn no_text_of_a_log_breaks_a_row() {
    let text = line(1, 1, "/a\tb\u{1b}[31m\u{9b}", 200);
    let out = Lastgood::new(BINARY)
        .file("access.log", text)
        .args(["timeline", "access.log", "--by", "segment", "--tsv"])
        .run();
    assert_eq!(out.stdout.lines().nth(1), Some("2022-11-16T12:00:00+00:00\t/a\\tb\\x1b[31m\\x9b\t1"));
}

#[test]
fn json_holds_rows_changes_and_how_much_was_read() {
    let notice = "2022/11/16 12:00:30 [notice] 1#1: signal 1 (SIGHUP) received from 7, reconfiguring\n";
    let out = Lastgood::new(BINARY)
        .file("access.log", log())
        .file("error.log", notice)
        .args(["timeline", ".", "--per", "30m", "--by", "class,status", "--json"])
        .run();
    let json: serde_json::Value = serde_json::from_str(&out.stdout).unwrap();
    assert_eq!(json["schema"], "lastgood.timeline/1");
    assert_eq!(json["per_s"], 1_800);
    assert_eq!(json["by"], serde_json::json!(["class", "status"]));
    let row =
        serde_json::json!({"time": "2022-11-16T12:30:00+00:00", "class": "5xx", "status": "502", "requests": 1_800});
    assert_eq!(json["rows"][1], row);
    assert_eq!(json["changes"][0]["kind"], "proxy-reloaded");
    assert_eq!(json["changes"][0]["ref"], "error.log:1");
    assert_eq!(json["read"]["lines"], 3_601);
}

#[test]
fn people_get_a_table_with_the_changes_in_it() {
    let notice = "2022/11/16 12:35:30 [notice] 1#1: signal 1 (SIGHUP) received from 7, reconfiguring\n";
    let out = Lastgood::new(BINARY)
        .file("access.log", log())
        .file("error.log", notice)
        .args(["timeline", ".", "--per", "30m", "--by", "class"])
        .run();
    insta::assert_snapshot!(out.stdout);
}

#[test]
fn more_keys_than_are_told_apart_are_counted_together_and_it_is_said() {
    let text: String = (0..210_000).map(|number| line(number / 100, 1, &format!("/{number:x}x"), 200)).collect();
    let out = Lastgood::new(BINARY)
        .file("access.log", text)
        .args(["timeline", "access.log", "--per", "1h", "--by", "segment", "--tsv"])
        .run();
    assert_eq!(out.stdout.lines().count(), 200_002);
    assert!(out.stdout.contains("\t{other}\t10000\n"), "what is left");
    assert!(out.stderr.contains("{other}"), "{}", out.stderr);
    assert_eq!(out.code, 0);
}

#[test]
fn half_a_second_is_no_row() {
    for per in ["500ms", "0", "-1m", "soon"] {
        let out = Lastgood::new(BINARY).args(["timeline", ".", &format!("--per={per}")]).run();
        assert_eq!(out.code, 2, "{per}");
    }
}
