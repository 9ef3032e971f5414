//! The truth of a dirty set agrees with its own bytes.
//! A second, naive count is made here on purpose, without the generator's knowledge of fates.

use super::*;
use std::collections::{BTreeMap, HashMap};

fn text(name: &str, bytes: &[u8]) -> Vec<u8> {
    if !name.ends_with(".gz") {
        return bytes.to_vec();
    }
    let mut text = Vec::new();
    // The cut file ends in an error; its prefix counts.
    let _ = flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut text);
    text
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = text.split(|&b| b == b'\n').collect();
    if lines.last().is_some_and(|l| l.is_empty()) {
        lines.pop();
    }
    lines
}

/// The status after the first quoted field, if all of it is there.
fn status(line: &[u8]) -> Option<u16> {
    let line: Vec<u8> = line.iter().copied().filter(|&b| b != 0).collect();
    let end = injury::status_end(&line)?;
    let digits = line.get(end.checked_sub(3)?..end)?;
    let known = [&b"+0900] \""[..], b"+0900\xdc \"", "+0900Ü \"".as_bytes()];
    let dated = known.iter().any(|k| line.windows(k.len()).any(|w| w == *k));
    let text = std::str::from_utf8(digits).ok()?;
    dated.then(|| text.parse().ok()).flatten()
}

#[test]
fn a_naive_second_count_finds_the_same() {
    for format in [Format::Combined, Format::MainExt] {
        for seed in 0..if cfg!(debug_assertions) { 1 } else { 20 } {
            let dirty = generate(format, seed).unwrap();
            let mut total = Count::default();
            let mut by_status = BTreeMap::new();
            for (name, bytes) in dirty.files.iter().filter(|(n, _)| n.starts_with(BASE)) {
                for line in lines(&text(name, bytes)) {
                    total.lines += 1;
                    if line.is_empty() || line == b"\r" {
                        total.other += 1;
                    } else if let Some(status) = status(line) {
                        total.parsed += 1;
                        *by_status.entry(status).or_insert(0) += 1;
                    } else {
                        total.unreadable += 1;
                    }
                }
            }
            assert_eq!(total, dirty.truth.total);
            assert_eq!(by_status, dirty.truth.by_status_with_duplicates);
        }
    }
}

#[test]
fn sums_add_up() {
    let truth = generate(Format::MainExt, 5).unwrap().truth;
    let total = truth.total;
    assert_eq!(total.lines, total.parsed + total.other + total.unreadable);
    assert_eq!(truth.by_status.values().sum::<usize>(), total.parsed - truth.duplicates);
    assert_eq!(truth.duplicates, OVERLAP);
    assert_eq!(truth.injuries.values().sum::<usize>(), total.lines);
    assert_eq!(truth.injuries["gzip-cut"], 1);
    assert!(truth.injuries.len() >= 12, "{:?}", truth.injuries);
    assert!(truth.by_status[&9] > 10);
    assert!(total.unreadable > 100 && total.other > 100);
}

#[test]
fn only_the_overlap_stands_in_two_files() {
    let dirty = generate(Format::Combined, 6).unwrap();
    let mut seen: HashMap<Vec<u8>, String> = HashMap::new();
    let mut shared = 0;
    for (name, bytes) in &dirty.files {
        for line in lines(&text(name, bytes)) {
            // Short pieces of cut lines and blank lines are equal by chance.
            if status(line).is_some() {
                let before = seen.insert(line.to_vec(), name.clone());
                shared += usize::from(before.is_some_and(|other| other != *name));
            }
        }
    }
    assert_eq!(shared, dirty.truth.duplicates);
}

#[test]
fn equal_seeds_give_equal_bytes() {
    let one = generate(Format::MainExt, 9).unwrap();
    let two = generate(Format::MainExt, 9).unwrap();
    assert_eq!(one.files, two.files);
    assert_eq!(one.truth, two.truth);
    assert_ne!(one.files, generate(Format::MainExt, 10).unwrap().files);
}
