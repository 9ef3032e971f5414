//! Scenarios are deterministic, and their truth agrees with their own lines.
//! The statistical quality of a tool is measured in the bench, not here.

use super::*;
use std::collections::BTreeMap;
use std::io::Read as _;

/// An unoptimised build is slow; it looks at fewer seeds.
const SEEDS: u64 = if cfg!(debug_assertions) { 1 } else { 8 };

fn lines(bytes: &[u8], name: &str) -> Vec<String> {
    let mut text = String::new();
    if name.ends_with(".gz") {
        flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes.to_vec()).unwrap();
    }
    text.lines().map(str::to_owned).collect()
}

/// The statuses of the slice's requests in order of their ordinals.
fn statuses(scenario: &Scenario, slice: &SliceTruth) -> Vec<u16> {
    let files: BTreeMap<&str, Vec<String>> =
        scenario.files.iter().map(|(name, bytes)| (name.as_str(), lines(bytes, name))).collect();
    let mut statuses = Vec::new();
    for file in &slice.files {
        assert_eq!(file.first_ordinal, statuses.len());
        for &line in &file.lines {
            let text = &files[file.name.as_str()][line as usize - 1];
            let after = text.split("\" ").nth(1).unwrap();
            statuses.push(after[..3].parse().unwrap());
        }
    }
    statuses
}

#[test]
fn equal_seeds_give_equal_bytes() {
    for kind in [Kind::Fifth, Kind::Sparse, Kind::Retried, Kind::Scanner] {
        let one = generate(kind, 11).unwrap();
        let two = generate(kind, 11).unwrap();
        assert_eq!(one.files, two.files, "{}", kind.name());
        assert_eq!(one.truth, two.truth);
        let other = generate(kind, 12).unwrap();
        assert_ne!(one.files, other.files);
    }
}

#[test]
fn truth_agrees_with_the_lines() {
    for kind in Kind::ALL {
        for seed in 0..SEEDS {
            let scenario = generate(kind, seed).unwrap();
            let truth = &scenario.truth;
            assert_eq!(truth.incidents.is_empty(), kind.healthy());
            let total: usize = scenario
                .files
                .iter()
                .filter(|(name, _)| name.contains("access.log"))
                .map(|(name, bytes)| lines(bytes, name).len())
                .sum();
            assert_eq!(total, truth.requests);
            // Scans and surges come on top of the cap.
            assert!(total <= 64_000, "{} {total}", kind.name());
            for incident in truth.incidents.iter().chain(&truth.blips) {
                check(&scenario, incident);
            }
        }
    }
}

fn check(scenario: &Scenario, incident: &IncidentTruth) {
    let statuses = statuses(scenario, &scenario.truth.slices[incident.slice]);
    let end = incident.recovered_ordinal.unwrap_or(statuses.len());
    let rate = |part: &[u16]| part.iter().filter(|&&s| s >= 500).count() as f64 / part.len().max(1) as f64;
    let during = &statuses[incident.onset_ordinal..end];
    assert!(during.len() >= 3);
    if incident.p == 1.0 && incident.rise_end_ms.is_none() && incident.episodes_ms.is_empty() {
        assert_eq!(rate(during), 1.0);
        assert!(during.iter().all(|&s| s == scenario.truth.status));
    } else if incident.rise_end_ms.is_none() && incident.episodes_ms.is_empty() {
        assert!((rate(during) - incident.p).abs() < 0.15, "{incident:?}");
    }
    let before = &statuses[..incident.onset_ordinal];
    if scenario.truth.incidents.len() == 1 {
        assert!(rate(before) < 0.05, "{}", rate(before));
    }
}

#[test]
fn every_kind_has_room_in_many_seeds() {
    for kind in Kind::ALL {
        for seed in 0..SEEDS * SEEDS {
            generate(kind, 1_000 + seed).unwrap();
        }
    }
}

#[test]
fn names_are_found_again() {
    for kind in Kind::ALL {
        assert_eq!(kind.name().parse::<Kind>().unwrap(), kind);
    }
    assert!("no-such-kind".parse::<Kind>().is_err());
}
