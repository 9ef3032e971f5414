//! Sets are what they say: reproducible, and their truth agrees with their own bytes.

use super::*;

/// Lines of a set, if none of its files is packed.
fn newlines(set: &Set) -> Option<usize> {
    let endings = Packing::ALL.map(Packing::ending);
    let packed = |name: &str| endings[1..].iter().any(|ending| name.ends_with(ending));
    let mut logs = set.files.iter().filter(|(name, _)| !name.ends_with(".conf"));
    logs.try_fold(0, |sum, (name, bytes)| {
        (!packed(name)).then(|| sum + bytes.iter().filter(|byte| **byte == b'\n').count())
    })
}

#[test]
fn counts_agree_with_the_bytes() {
    let mut counted = 0;
    for name in names() {
        for damaged in [false, true] {
            let set = set(name, 5, damaged).unwrap();
            let truth = &set.truth;
            if let Some(lines) = newlines(&set) {
                assert_eq!(lines, truth.lines, "{name}");
                counted += 1;
            }
            assert_eq!(truth.lines, truth.parsed + truth.other + truth.unreadable + truth.asides, "{name}");
            assert_eq!(truth.by_status.values().sum::<usize>(), truth.parsed, "{name}");
            assert_eq!(truth.unreadable > 0, damaged);
            assert!(truth.last_good_ms < truth.onset_ms);
            let failed: usize = truth.by_status.range(500..).map(|(_, count)| count).sum();
            assert!(failed > 100, "{name}");
        }
    }
    assert!(counted > 10, "{counted}");
}

#[test]
fn equal_seeds_give_equal_bytes() {
    let one = mixed(3, true).unwrap();
    assert_eq!(one.files, mixed(3, true).unwrap().files);
    assert_ne!(one.files, mixed(4, true).unwrap().files);
}
