//! The picture of the traffic: requests per step as bars, the share of failures under them, the onset marked.
//! Plain text in rows of equal length; labels and colours are the terminal's.

use lastgood_model::Incident;

use super::clock::Clock;
use super::layout;
use super::series::{Series, began};

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_BARS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// Rows of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Requests per step.
    pub requests: String,
    /// Share of failures per step; `·` where nothing failed.
    pub failing: String,
    /// Marks under the onset and the recovery.
    pub marks: String,
    /// Times under the marks and at both ends.
    pub times: String,
    /// Seconds per column.
    pub step_s: u64,
    /// Most requests in a column.
    pub peak: u64,
}

/// Draws the traffic around an incident in at most `columns`.
#[must_use]
pub fn picture(incident: &Incident, clock: Clock, columns: usize, unicode: bool) -> Option<Picture> {
    let series = Series::around(incident, clock, columns, &[])?;
    let began = began(incident)?;
    let (sums, peak) = (&series.sums, series.peak());
    let (bars, none, mark, end) = if unicode { (BARS, '·', '▲', '△') } else { (ASCII_BARS, ' ', '^', '|') };
    let mut marks = vec![' '; sums.len()];
    let ended = incident.onset.recovered.as_ref().map(|edge| edge.at);
    if let Some(slot) = ended.and_then(|at| marks.get_mut(series.step(at))) {
        *slot = end;
    }
    if let Some(slot) = marks.get_mut(series.step(began)) {
        *slot = mark;
    }
    let mut labels = Labels::new(sums.len());
    labels.put(series.step(began), &clock.time(began));
    if let Some(at) = ended {
        labels.put(series.step(at), &clock.time(at));
    }
    labels.put(0, &clock.minute(series.origin));
    Some(Picture {
        requests: sums.iter().map(|(requests, _)| bar(&bars, *requests, peak).unwrap_or(' ')).collect(),
        failing: sums
            .iter()
            .map(|(requests, failed)| match (requests, bar(&bars, *failed, *requests)) {
                (0, _) => ' ',
                (_, Some(bar)) => bar,
                (_, None) => none,
            })
            .collect(),
        marks: marks.into_iter().collect::<String>().trim_end().to_owned(),
        times: labels.text(),
        step_s: series.step_s(),
        peak,
    })
}

/// A bar for a share; anything above nothing is visible.
fn bar(bars: &[char; 8], part: u64, whole: u64) -> Option<char> {
    if part == 0 || whole == 0 {
        return None;
    }
    let level = part.saturating_mul(8).div_ceil(whole).clamp(1, 8);
    bars.get(usize::try_from(level).unwrap_or(1) - 1).copied()
}

/// Texts below a row, each at its column or moved left to fit, never on top of another.
struct Labels {
    row: Vec<char>,
}

impl Labels {
    fn new(columns: usize) -> Self {
        Self { row: vec![' '; columns + 8] }
    }

    fn put(&mut self, column: usize, text: &str) {
        let length = layout::width(text);
        let first = column.min(self.row.len().saturating_sub(length));
        let free = |row: &[char]| row.iter().all(|c| *c == ' ');
        let (before, after) = (first.saturating_sub(1), (first + length + 1).min(self.row.len()));
        if self.row.get(before..after).is_some_and(free) {
            for (slot, c) in self.row.iter_mut().skip(first).zip(text.chars()) {
                *slot = c;
            }
        }
    }

    fn text(self) -> String {
        self.row.into_iter().collect::<String>().trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lastgood_model::{Bucket, Edge, Impact, Onset, OnsetKind, Ref, Scope, Traffic, UnixMs};

    const MINUTE: i64 = 60_000;

    fn incident(traffic: Traffic, began: i64, ended: Option<i64>) -> Incident {
        let reference = Ref::Key { source: "test".into(), key: "1".into() };
        let edge = |minute: i64| Edge { at: UnixMs(minute * MINUTE), reference: reference.clone() };
        Incident {
            onset: Onset {
                kind: OnsetKind::Bracketed,
                last_good: None,
                first_bad: Some(edge(began)),
                recovered: ended.map(edge),
                width_requests: None,
            },
            scope: Scope::default(),
            impact: Impact::default(),
            detection: None,
            changes: Vec::new(),
            causes: Vec::new(),
            next: Vec::new(),
            standing: Vec::new(),
            cleared: Vec::new(),
            traffic,
        }
    }

    /// A minute a bucket; all fail from `began` up to `ended`.
    fn traffic(minutes: i64, began: i64, ended: i64, requests: u64) -> Traffic {
        let bucket = |minute| Bucket {
            from: UnixMs(minute * MINUTE),
            requests,
            failed: if (began..ended).contains(&minute) { requests } else { 0 },
        };
        Traffic { width_ms: MINUTE, buckets: (0..minutes).map(bucket).collect() }
    }

    #[test]
    fn the_onset_stands_under_the_first_failing_column() {
        let drawn = picture(&incident(traffic(120, 60, 80, 5), 60, Some(80)), Clock::new(0), 46, true).unwrap();
        assert_eq!(drawn.requests, "█".repeat(41));
        assert_eq!(drawn.failing, format!("{0}{1}{0}·", "·".repeat(10), "█".repeat(20)));
        assert_eq!(drawn.marks.chars().position(|c| c == '▲'), drawn.failing.chars().position(|c| c == '█'));
        assert_eq!(drawn.times, "00:50     01:00:00            01:20:00");
        assert_eq!((drawn.step_s, drawn.peak), (60, 5));
    }

    #[test]
    fn a_long_incident_gets_coarser_steps_and_never_more_columns() {
        for columns in [20, 46] {
            for minutes in [30, 600, 6_000, 60_000] {
                let all = traffic(minutes, minutes / 3, minutes, 2);
                let Some(drawn) = picture(&incident(all, minutes / 3, None), Clock::new(20_700), columns, true) else {
                    continue;
                };
                assert!(drawn.requests.chars().count() <= columns, "{drawn:?}");
                assert_eq!(drawn.requests.chars().count(), drawn.failing.chars().count());
                assert!(layout::width(&drawn.times) <= columns + 8, "{drawn:?}");
            }
        }
    }

    #[test]
    fn little_traffic_is_no_picture() {
        let draw = |traffic: Traffic| picture(&incident(traffic, 1, None), Clock::new(0), 46, true);
        assert_eq!(draw(traffic(2, 1, 2, 1)), None);
        assert_eq!(draw(traffic(3, 1, 3, 90)), None, "three columns");
        assert_eq!(draw(Traffic::default()), None);
    }

    #[test]
    fn without_unicode_it_is_ascii() {
        let drawn = picture(&incident(traffic(60, 30, 50, 5), 30, Some(50)), Clock::new(0), 46, false).unwrap();
        for row in [drawn.requests, drawn.failing, drawn.marks, drawn.times] {
            assert!(row.is_ascii(), "{row}");
        }
    }
}
