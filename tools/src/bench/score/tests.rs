//! An answer made from the truth is perfect, and answers that are wrong in one way are told apart.
//! The answers are built here; no tool runs.

use super::*;
use crate::scenario::{Kind, generate};

/// The line of a request of the slice.
fn edge(truth: &Truth, ordinal: usize) -> Edge {
    let file = truth.slices[0].files.iter().rev().find(|f| f.first_ordinal <= ordinal && !f.lines.is_empty()).unwrap();
    Edge { at_ms: truth.incidents[0].onset_ms, file: file.name.clone(), line: file.lines[ordinal - file.first_ordinal] }
}

/// What a tool that knows everything would answer.
fn oracle(truth: &Truth) -> Verdict {
    let incidents: Vec<Reported> = truth
        .incidents
        .iter()
        .map(|i| Reported {
            kind: "bracketed".to_owned(),
            last_good: (i.onset_ordinal > 0).then(|| Edge { at_ms: i.onset_ms, ..edge(truth, i.onset_ordinal - 1) }),
            first_bad: Some(Edge { at_ms: i.onset_ms, ..edge(truth, i.onset_ordinal) }),
            recovered: i.recovered_ms.map(|at_ms| Edge { at_ms, ..edge(truth, i.recovered_ordinal.unwrap()) }),
        })
        .collect();
    Verdict {
        status: if incidents.is_empty() { "healthy".to_owned() } else { "incident".to_owned() },
        incidents,
        notes: truth.blips.iter().map(|_| "blip".to_owned()).collect(),
    }
}

#[test]
fn the_oracle_is_perfect_in_every_kind() {
    for kind in Kind::ALL {
        let truth = generate(kind, 3).unwrap().truth;
        let verdict = oracle(&truth);
        let code = i32::from(!kind.healthy());
        let score = score(&truth, &verdict, code);
        assert_eq!(score.missed + score.extra + score.blips_unnoted, 0);
        assert!(!score.false_alarm);
        assert_eq!(score.found.len(), truth.incidents.len());
        for found in score.found {
            let perfect = Found { covered: true, width: Some(1), off_slice: false, end_wrong: false };
            assert_eq!(found, perfect, "{}", kind.name());
        }
    }
}

#[test]
fn an_interval_on_either_side_is_not_covered() {
    let truth = generate(Kind::Sudden, 3).unwrap().truth;
    let onset = truth.incidents[0].onset_ordinal;
    for (good, bad, covered) in [
        (onset - 1, onset, true),
        (onset - 5, onset + 5, true),
        (onset - 5, onset - 1, false),
        (onset, onset + 1, false),
    ] {
        let mut verdict = oracle(&truth);
        verdict.incidents[0].last_good = Some(edge(&truth, good));
        verdict.incidents[0].first_bad = Some(edge(&truth, bad));
        let found = score(&truth, &verdict, 1).found[0];
        assert_eq!(found.covered, covered);
        assert_eq!(found.width, Some((bad - good) as i64));
    }
}

#[test]
fn missing_extra_and_false_alarms_are_counted() {
    let truth = generate(Kind::TwoIncidents, 3).unwrap().truth;
    let mut verdict = oracle(&truth);
    verdict.incidents.pop();
    assert_eq!(score(&truth, &verdict, 1).missed, 1);
    let mut verdict = oracle(&truth);
    verdict.incidents.push(verdict.incidents[0].clone());
    assert_eq!(score(&truth, &verdict, 1).extra, 1);

    let healthy = generate(Kind::Healthy, 3).unwrap().truth;
    let mut verdict = oracle(&healthy);
    assert!(!score(&healthy, &verdict, 0).false_alarm);
    assert!(score(&healthy, &verdict, 1).false_alarm);
    verdict.status = "undetermined".to_owned();
    assert!(score(&healthy, &verdict, 0).false_alarm);
    let blip = generate(Kind::Blip, 3).unwrap().truth;
    let mut verdict = oracle(&blip);
    verdict.notes.clear();
    assert_eq!(score(&blip, &verdict, 0).blips_unnoted, 1);
}

#[test]
fn a_line_of_other_traffic_is_off_slice_but_has_a_place() {
    let truth = (1..50)
        .map(|seed| generate(Kind::OnePath, seed).unwrap().truth)
        .find(|truth| edge(truth, truth.incidents[0].onset_ordinal).line > 1)
        .unwrap();
    let onset = truth.incidents[0].onset_ordinal;
    let bad = edge(&truth, onset);
    let mut verdict = oracle(&truth);
    // The line just before the first bad one belongs to another path, or is the last good one.
    verdict.incidents[0].last_good = Some(Edge { line: bad.line - 1, ..bad });
    let found = score(&truth, &verdict, 1).found[0];
    assert!(found.covered);
    assert_eq!(found.width, Some(1));
}
