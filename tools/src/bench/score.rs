//! Compares one verdict with the truth of its set: matched, covered, how wide.
//! It counts in requests of the truly failing slice; sums over many sets are in `tally`.

use super::verdict::{Edge, Reported, Verdict};
use crate::scenario::{IncidentTruth, SliceTruth, Truth};

/// How far a reported and a true incident may be apart in time and still be the same one.
const SAME_MS: i64 = 60_000;

/// The comparison of one set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// One for each true incident that was found.
    pub found: Vec<Found>,
    /// True incidents that no reported one matches.
    pub missed: usize,
    /// Reported incidents that match no true one.
    pub extra: usize,
    /// Something was called wrong in a healthy set.
    pub false_alarm: bool,
    /// Blips that no note tells of.
    pub blips_unnoted: usize,
}

/// A true incident that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The true onset lies in the reported interval.
    pub covered: bool,
    /// Requests of the slice from the last good to the first bad one.
    pub width: Option<i64>,
    /// An edge is no request of the failing slice.
    pub off_slice: bool,
    /// It says that it is over and it is not, or the reverse.
    pub end_wrong: bool,
}

/// Scores an answer; `code` is the exit code that came with it.
#[must_use]
pub fn score(truth: &Truth, verdict: &Verdict, code: i32) -> Score {
    let mut score = Score::default();
    if truth.kind.healthy() {
        score.false_alarm = verdict.status != "healthy" || code != 0;
        let noted = verdict.notes.iter().filter(|n| n.contains("blip")).count();
        score.blips_unnoted = truth.blips.len().saturating_sub(noted);
        score.extra = verdict.incidents.len();
        return score;
    }
    let mut open: Vec<&Reported> = verdict.incidents.iter().collect();
    for incident in &truth.incidents {
        let nearest = open
            .iter()
            .enumerate()
            .filter(|(_, reported)| overlap(incident, reported))
            .min_by_key(|(_, reported)| begin(reported).map_or(0, |at| (at - incident.onset_ms).abs()))
            .map(|(index, _)| index);
        match nearest {
            Some(index) => {
                let reported = open.swap_remove(index);
                score.found.push(compare(incident, &truth.slices[incident.slice], reported));
            }
            None => score.missed += 1,
        }
    }
    score.extra = open.len();
    score
}

/// When a reported incident begins: with its first bad request, else with its last good one.
fn begin(reported: &Reported) -> Option<i64> {
    let edge = reported.first_bad.as_ref().or(reported.last_good.as_ref());
    edge.map(|edge| edge.at_ms)
}

fn overlap(incident: &IncidentTruth, reported: &Reported) -> bool {
    let starts = begin(reported).unwrap_or(i64::MIN);
    let ends = reported.recovered.as_ref().map_or(i64::MAX, |e| e.at_ms);
    let over = incident.recovered_ms.unwrap_or(i64::MAX);
    starts <= over.saturating_add(SAME_MS) && incident.onset_ms <= ends.saturating_add(SAME_MS)
}

fn compare(incident: &IncidentTruth, slice: &SliceTruth, reported: &Reported) -> Found {
    let total = slice.requests() as i64;
    // Before everything and after everything stand for edges that were not seen.
    let good = match &reported.last_good {
        None => Some((-1, true)),
        Some(edge) => place(slice, edge).map(|(before, inside)| {
            // A line of other traffic stands after the slice's previous request.
            (if inside { before } else { before - 1 }, inside)
        }),
    };
    let bad = match &reported.first_bad {
        None => Some((total, true)),
        Some(edge) => place(slice, edge),
    };
    let onset = incident.onset_ordinal as i64;
    let until = incident.rise_end_ordinal.map_or(onset, |o| o as i64);
    let end_wrong = reported.recovered.is_some() != incident.recovered_ms.is_some();
    match (good, bad) {
        (Some((good, good_inside)), Some((bad, bad_inside))) => Found {
            // A gradual one is covered if the interval meets the stretch from the rise to one half.
            covered: good < until.max(onset) && bad >= onset,
            width: Some(bad - good),
            off_slice: !good_inside || !bad_inside,
            end_wrong,
        },
        // An edge in another file can only be compared by time.
        _ => Found { covered: by_time(incident, reported), width: None, off_slice: true, end_wrong },
    }
}

fn place(slice: &SliceTruth, edge: &Edge) -> Option<(i64, bool)> {
    let place = slice.place(&edge.file, edge.line)?;
    Some((place.before as i64, place.inside))
}

fn by_time(incident: &IncidentTruth, reported: &Reported) -> bool {
    let until = incident.rise_end_ms.unwrap_or(incident.onset_ms);
    let good = reported.last_good.as_ref().map_or(i64::MIN, |e| e.at_ms);
    // A log's second reaches up to the next one.
    let bad = reported.first_bad.as_ref().map_or(i64::MAX, |e| e.at_ms + 999);
    good <= until && bad >= incident.onset_ms
}

#[cfg(test)]
mod tests;
