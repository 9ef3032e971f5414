//! Files of one set that cover the same time: a line that stands in two of them counts once, however they overlap.
//! The rule itself is tested beside it; here it is the whole way from files to counts.

use std::collections::BTreeMap;

use lastgood_intake::Dimension;
use lastgood_tools::rotate::gzip;
use proptest::prelude::*;

use crate::{asked, folder, line, read, requests, totals};

/// A log whose clock goes back a second now and then, and in which lines repeat.
fn log(lines: u64, per_second: u64) -> Vec<String> {
    (0..lines)
        .map(|number| {
            let second = (number / per_second).saturating_sub(u64::from(number % 17 == 3));
            line(second, number % 5, &format!("/p{}", number % 3), if number % 7 == 0 { 502 } else { 200 })
        })
        .collect()
}

fn truth(log: &[String]) -> BTreeMap<String, u64> {
    let mut truth = BTreeMap::new();
    for line in log {
        let status = if line.contains("\" 502 ") { "502" } else { "200" };
        let path = line.split(' ').nth(6).unwrap();
        *truth.entry(format!("{path} {status}")).or_default() += 1;
    }
    truth
}

const BY: [Dimension; 2] = [Dimension::Segment, Dimension::Status];

fn named(index: usize) -> String {
    if index == 0 { "access.log".into() } else { format!("access.log.{index}.gz") }
}

fn content(index: usize, lines: &[String]) -> Vec<u8> {
    let bytes = lines.concat().into_bytes();
    if index == 0 { bytes } else { gzip(&bytes).unwrap() }
}

#[test]
fn an_excerpt_counts_nothing_twice() {
    let log = log(5_000, 3);
    let files = [("access.log", log.concat()), ("access.log.excerpt", log[1_000..1_100].concat())];
    let folder = folder(files);
    let course = read(&asked(folder.path(), &BY));
    assert_eq!(totals(&course), truth(&log));
    assert_eq!((course.read.duplicates, course.notes.len()), (100, 1));
}

#[test]
fn equal_lines_on_both_sides_of_a_cut_are_real() {
    // A health check that asks four times a second, and a rotation in the middle of one.
    let check = |second: u64| line(second, 1, "/health", 200).repeat(4);
    let log: String = (0..100).map(check).collect();
    let (first, second) = log.split_at(log.len() / 2 + check(0).len() / 2);
    let (first, second) = (first.to_owned() + &line(50, 2, "/last", 200), line(50, 2, "/first", 200) + second);
    let folder = folder([("access.log.1", first), ("access.log", second)]);
    assert_eq!(requests(&read(&asked(folder.path(), &[]))), 402);
}

#[test]
fn large_files_that_touch_overlap_or_hold_each_other_count_once() {
    // Some blocks each, so that ends, middles and whole files are compared.
    let twins = |number: u64| line(number / 40, 1, &format!("/p{}/{number:x}x", number % 3), 200).repeat(2);
    let log: Vec<String> = (0..20_000).map(twins).collect();
    for cuts in [
        [0, 7_000, 7_000, 14_000, 14_000, 20_000],
        [0, 9_000, 8_000, 15_000, 14_990, 20_000],
        [0, 20_000, 3, 19_990, 5_000, 5_010],
    ] {
        let files = cuts.chunks(2).enumerate().map(|(index, cut)| (named(index), content(index, &log[cut[0]..cut[1]])));
        let folder = folder(files);
        let course = read(&asked(folder.path(), &[]));
        assert_eq!(requests(&course), 40_000, "{cuts:?}");
        let read_twice = cuts.chunks(2).map(|cut| cut[1] - cut[0]).sum::<usize>() - log.len();
        assert_eq!(course.read.duplicates, 2 * read_twice as u64);
    }
}

#[test]
fn the_same_name_in_another_folder_is_another_set() {
    let log = log(100, 1);
    let mut longer = log.clone();
    longer[0] = line(0, 9, "/other", 200);
    let folder = folder([("web1/access.log", log.concat()), ("web2/access.log", longer.concat())]);
    assert_eq!(requests(&read(&asked(folder.path(), &[]))), 200);
}

#[test]
fn error_lines_in_two_files_count_once_too() {
    let error = |second: u64, connection: u64| {
        format!(
            "2022/11/16 12:00:{second:02} [error] 7#7: *{connection} connect() failed (111: Connection refused) while \
             connecting to upstream, client: 10.0.0.1, server: a, request: \"GET / HTTP/1.1\", upstream: \
             \"http://127.0.0.1:8080/\", host: \"a\"\n"
        )
    };
    let lines: Vec<_> = (0..50).map(|number| error(number, number)).collect();
    let folder = folder([
        ("access.log", line(1, 1, "/", 200)),
        ("error.log", lines[20..].concat()),
        ("error.log.1", lines[..30].concat()),
    ]);
    assert_eq!(read(&asked(folder.path(), &[])).read.duplicates, 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_windows_of_one_log_are_one_log(
        lines in 1_u64..1_500,
        per_second in prop_oneof![Just(1_u64), 2_u64..30],
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4),
        whole in 0_usize..4,
    ) {
        let log = log(lines, per_second);
        let mut windows: Vec<_> = cuts
            .iter()
            .map(|(a, b)| (a.index(log.len()), b.index(log.len())))
            .map(|(a, b)| (a.min(b), a.max(b) + 1))
            .collect();
        windows.insert(whole.min(windows.len()), (0, log.len()));
        let files = windows.iter().enumerate().map(|(index, (from, to))| (named(index), content(index, &log[*from..*to])));
        let folder = folder(files);
        let course = read(&asked(folder.path(), &BY));
        prop_assert_eq!(totals(&course), truth(&log), "{:?}", windows);
    }
}
