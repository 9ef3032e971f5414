//! Sums scores of many sets into one row a kind, holds them against the targets, prints Markdown.
//! The targets are those of the issue that the benches were made for.

use super::score::Score;
use crate::scenario::Kind;

/// What one run came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// An answer was read and compared.
    Scored(Score),
    /// There was no answer that could be read.
    Broken(String),
}

/// The row of one kind.
#[derive(Clone, Debug)]
pub struct Row {
    kind: Kind,
    seeds: usize,
    incidents: usize,
    covered: usize,
    widths: Vec<i64>,
    missed: usize,
    extra: usize,
    false_alarms: usize,
    unnoted: usize,
    off_slice: usize,
    end_wrong: usize,
    broken: usize,
}

/// What a kind has to reach.
struct Target {
    covered: Option<f64>,
    median: Option<f64>,
    p95: Option<f64>,
}

/// Share of the healthy sets in which an alarm is forgiven.
const FALSE_ALARMS: f64 = 0.01;

fn target(kind: Kind) -> Target {
    let (covered, median, p95) = match kind {
        // Total outages: the neighbouring requests, nearly always.
        Kind::Sudden
        | Kind::OnePath
        | Kind::LeftBehind
        | Kind::TwoIncidents
        | Kind::NoGoodSeen
        | Kind::Ongoing
        | Kind::Sparse => (Some(0.98), Some(1.0), Some(1.0)),
        Kind::Half => (Some(0.98), Some(8.0), None),
        Kind::Gradual | Kind::Intermittent => (Some(0.98), None, None),
        Kind::Fifth => (Some(0.95), Some(60.0), None),
        _ => (None, None, None),
    };
    Target { covered, median, p95 }
}

impl Row {
    /// An empty row.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            seeds: 0,
            incidents: 0,
            covered: 0,
            widths: Vec::new(),
            missed: 0,
            extra: 0,
            false_alarms: 0,
            unnoted: 0,
            off_slice: 0,
            end_wrong: 0,
            broken: 0,
        }
    }

    /// Adds one set with `incidents` true incidents. A run without an answer has missed them all,
    /// and is an alarm where there was nothing to find.
    pub fn add(&mut self, incidents: usize, outcome: &Outcome) {
        self.seeds += 1;
        self.incidents += incidents;
        let score = match outcome {
            Outcome::Scored(score) => score,
            Outcome::Broken(_) => {
                self.broken += 1;
                self.missed += incidents;
                self.false_alarms += usize::from(self.kind.healthy());
                return;
            }
        };
        self.covered += score.found.iter().filter(|f| f.covered).count();
        self.widths.extend(score.found.iter().filter_map(|f| f.width));
        self.off_slice += score.found.iter().filter(|f| f.off_slice).count();
        self.end_wrong += score.found.iter().filter(|f| f.end_wrong).count();
        self.missed += score.missed;
        self.extra += score.extra;
        self.false_alarms += usize::from(score.false_alarm);
        self.unnoted += score.blips_unnoted;
    }

    fn coverage(&self) -> f64 {
        self.covered as f64 / self.incidents.max(1) as f64
    }

    /// What the row falls short of, in words.
    #[must_use]
    pub fn shortfalls(&self) -> Vec<String> {
        let mut list = Vec::new();
        let name = self.kind.name();
        if self.kind.healthy() {
            let share = self.false_alarms as f64 / self.seeds.max(1) as f64;
            if share > FALSE_ALARMS {
                list.push(format!("{name}: {} false alarms", self.false_alarms));
            }
            return list;
        }
        let target = target(self.kind);
        if let Some(least) = target.covered.filter(|least| self.coverage() < *least) {
            let (got, least) = (100.0 * self.coverage(), 100.0 * least);
            list.push(format!("{name}: covered {got:.1} % < {least:.0} %"));
        }
        for (what, share, most) in [("median", 0.5, target.median), ("p95", 0.95, target.p95)] {
            let Some(most) = most else { continue };
            match quantile(&self.widths, share) {
                Some(width) if width <= most => {}
                Some(width) => list.push(format!("{name}: width {what} {width} > {most}")),
                None => list.push(format!("{name}: no width {what}")),
            }
        }
        list
    }

    fn cells(&self) -> Vec<String> {
        let healthy = self.kind.healthy();
        let unless = |hide: bool, text: String| if hide { "–".to_owned() } else { text };
        let width = |share: f64| quantile(&self.widths, share).map_or("–".to_owned(), |width| format!("{width}"));
        vec![
            self.kind.name().to_owned(),
            self.seeds.to_string(),
            unless(healthy, format!("{:.1}", 100.0 * self.coverage())),
            width(0.5),
            width(0.95),
            unless(healthy, format!("{} of {}", self.missed, self.incidents)),
            self.extra.to_string(),
            unless(!healthy, self.false_alarms.to_string()),
            unless(self.kind != Kind::Blip, self.unnoted.to_string()),
            unless(healthy, self.off_slice.to_string()),
            unless(healthy, self.end_wrong.to_string()),
            self.broken.to_string(),
        ]
    }
}

/// The table of all rows.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    const HEAD: [&str; 12] = [
        "kind",
        "seeds",
        "covered %",
        "width median",
        "width p95",
        "missed",
        "extra",
        "false alarms",
        "blips not noted",
        "edge off the slice",
        "end wrong",
        "no answer",
    ];
    let mut text = format!("| {} |\n|---|{}\n", HEAD.join(" | "), "--:|".repeat(11));
    for row in rows {
        text += &format!("| {} |\n", row.cells().join(" | "));
    }
    text
}

/// The value below which `share` of the numbers lie (nearest rank).
fn quantile(numbers: &[i64], share: f64) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).map(|&n| n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::score::Found;

    fn found(covered: bool, width: i64) -> Outcome {
        Outcome::Scored(Score {
            found: vec![Found { covered, width: Some(width), off_slice: false, end_wrong: false }],
            ..Score::default()
        })
    }

    #[test]
    fn a_good_row_has_no_shortfall_and_a_bad_one_names_them() {
        let mut row = Row::new(Kind::Sudden);
        for _ in 0..100 {
            row.add(1, &found(true, 1));
        }
        assert_eq!(row.shortfalls(), Vec::<String>::new());
        for _ in 0..10 {
            row.add(1, &found(false, 9));
        }
        let told = row.shortfalls().join("; ");
        assert!(told.contains("covered 90.9 %") && told.contains("p95 9 > 1"), "{told}");
    }

    #[test]
    fn no_answer_counts_against_the_tool() {
        let mut row = Row::new(Kind::Healthy);
        row.add(0, &Outcome::Broken("crashed".to_owned()));
        assert_eq!(row.shortfalls().len(), 1);
        let text = table(&[row]);
        assert!(text.contains("| healthy | 1 | – | – | – | – | 0 | 1 |"), "{text}");
    }

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let numbers: Vec<i64> = (1..=100).collect();
        assert_eq!(quantile(&numbers, 0.5), Some(50.0));
        assert_eq!(quantile(&numbers, 0.95), Some(95.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
