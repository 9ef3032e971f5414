//! Sets are what they say: reproducible, and their truth agrees with their own bytes.

use super::*;

fn newlines(set: &Set) -> usize {
    let logs = set.files.iter().filter(|(name, _)| !name.ends_with(".conf"));
    logs.map(|(name, bytes)| {
        let mut text = Vec::new();
        match name.ends_with(".gz") {
            true => drop(std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut text)),
            false => text.clone_from(bytes),
        }
        text.iter().filter(|byte| **byte == b'\n').count()
    })
    .sum()
}

#[test]
fn counts_agree_with_the_bytes() {
    for name in names() {
        for damaged in [false, true] {
            // Even seeds pack nothing or gzip, which this test can undo.
            let set = set(name, 0, damaged).unwrap();
            let truth = &set.truth;
            assert_eq!(newlines(&set), truth.lines, "{name}");
            assert_eq!(truth.lines, truth.parsed + truth.other + truth.unreadable + truth.asides, "{name}");
            assert_eq!(truth.by_status.values().sum::<usize>(), truth.parsed, "{name}");
            assert_eq!(truth.unreadable > 0, damaged);
            assert!(truth.last_good_ms < truth.onset_ms);
            let failed: usize = truth.by_status.range(500..).map(|(_, count)| count).sum();
            assert!(failed > 100, "{name}");
        }
    }
}

#[test]
fn equal_seeds_give_equal_bytes() {
    let one = mixed(3, true).unwrap();
    assert_eq!(one.files, mixed(3, true).unwrap().files);
    assert_ne!(one.files, mixed(4, true).unwrap().files);
    assert_eq!(newlines(&mixed(3, false).unwrap()), mixed(3, false).unwrap().truth.lines);
}
