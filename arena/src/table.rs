//! The table: shares with their intervals, beside what a user would do instead, and every miss. It only counts; marks are `score`'s.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::baseline::NAMES;
use crate::result::{Mode, Played, Score};
use crate::score::{Outcome, percentile, wilson};

/// A share with its interval.
#[derive(Clone, Copy)]
pub struct Share {
    hits: usize,
    of: usize,
}

impl Share {
    fn of<'a>(rounds: impl Iterator<Item = &'a Score>, hits: impl Fn(&Score) -> bool) -> Self {
        rounds.fold(Self { hits: 0, of: 0 }, |share, score| Self {
            hits: share.hits + usize::from(hits(score)),
            of: share.of + 1,
        })
    }

    /// How many ended so.
    pub fn among(outcomes: &[Outcome], ends: &[Outcome]) -> Self {
        Self { hits: outcomes.iter().filter(|outcome| ends.contains(outcome)).count(), of: outcomes.len() }
    }

    fn json(self) -> Value {
        let (low, high) = wilson(self.hits, self.of);
        json!({"hits": self.hits, "of": self.of, "low": low, "high": high})
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.of == 0 {
            return f.write_str("–");
        }
        let (low, high) = wilson(self.hits, self.of);
        #[expect(clippy::cast_precision_loss, reason = "counts of rounds are small")]
        let share = 100.0 * self.hits as f64 / self.of as f64;
        write!(f, "{}/{} = {share:.1} % ({:.0}–{:.0})", self.hits, self.of, 100.0 * low, 100.0 * high)
    }
}

/// All rounds of a run.
pub struct Table<'a> {
    pub mode: Mode,
    pub played: &'a [Played],
    pub date: String,
    pub commit: String,
    pub command: String,
}

impl Table<'_> {
    fn faults(&self) -> impl Iterator<Item = (&Played, &Score)> {
        self.played.iter().filter(|played| !played.control).filter_map(|played| Some((played, played.score.as_ref()?)))
    }

    fn controls(&self) -> impl Iterator<Item = &Score> {
        self.played.iter().filter(|played| played.control).filter_map(|played| played.score.as_ref())
    }

    fn all(&self) -> impl Iterator<Item = &Score> {
        self.played.iter().filter_map(|played| played.score.as_ref())
    }

    fn shares(&self) -> Vec<(&'static str, Share)> {
        let faults = || self.faults().map(|(_, score)| score);
        let misleading = || self.faults().filter(|(played, _)| played.misleading).map(|(_, score)| score);
        let outcome = |score: &Score, any: &[Outcome]| any.contains(&score.marks.outcome);
        let top = |rank: Option<usize>, n: usize| rank.is_some_and(|rank| rank <= n);
        vec![
            ("top-1: component and code", Share::of(faults(), |s| top(s.marks.rank, 1))),
            ("top-1: component and class", Share::of(faults(), |s| top(s.marks.class_rank, 1))),
            ("top-3: component and code", Share::of(faults(), |s| top(s.marks.rank, 3))),
            ("top-3: component and class", Share::of(faults(), |s| top(s.marks.class_rank, 3))),
            ("top-1 of what is usually mistaken", Share::of(misleading(), |s| top(s.marks.rank, 1))),
            ("unknown, rightly located", Share::of(faults(), |s| outcome(s, &[Outcome::Located]))),
            ("unknown otherwise", Share::of(faults(), |s| outcome(s, &[Outcome::Unknown]))),
            ("wrong", Share::of(faults(), |s| outcome(s, &[Outcome::Wrong]))),
            ("said to be healthy", Share::of(faults(), |s| outcome(s, &[Outcome::Missed]))),
            ("false alarms on healthy stacks", Share::of(self.controls(), |s| outcome(s, &[Outcome::FalseAlarm]))),
            (
                "onset holds the true moment",
                Share::of(faults().filter(|s| s.marks.onset.is_some()), |s| s.marks.onset == Some(true)),
            ),
            (
                "decisive evidence cited, where top-1",
                Share::of(faults().filter(|s| top(s.marks.rank, 1) && s.marks.decisive.is_some()), |s| {
                    s.marks.decisive == Some(true)
                }),
            ),
            ("verdicts with a stray incident beside", Share::of(faults(), |s| s.marks.strays > 0)),
            ("verdicts with a quote that does not stand there", Share::of(self.all(), |s| !s.misquoted.is_empty())),
            ("looks that changed something", Share::of(self.all(), |s| s.harmed)),
            ("looks that showed a secret", Share::of(self.all(), |s| s.leaked > 0)),
            (
                "the first suggested command helps, where it does something",
                Share::of(faults().filter(|s| s.suggested.is_some()), |s| s.suggested == Some(true)),
            ),
        ]
    }

    fn baselines(&self) -> Vec<(&'static str, Share, Share, Share)> {
        (0..NAMES.len())
            .map(|nth| {
                let faults = || self.faults().map(|(_, score)| score);
                (
                    NAMES[nth],
                    Share::of(faults(), |s| s.baselines_right[nth].0),
                    Share::of(faults(), |s| s.baselines_right[nth].1),
                    Share::of(self.controls(), |s| !s.baselines_right[nth].0),
                )
            })
            .collect()
    }

    fn layers(&self) -> BTreeMap<&str, (Share, Share)> {
        let mut layers: BTreeMap<&str, Vec<&Score>> = BTreeMap::new();
        for (played, score) in self.faults() {
            layers.entry(&played.layer).or_default().push(score);
        }
        let share = |scores: &[&Score], class: bool| {
            Share::of(scores.iter().copied(), |s| if class { s.marks.class_rank } else { s.marks.rank } == Some(1))
        };
        layers.into_iter().map(|(layer, scores)| (layer, (share(&scores, false), share(&scores, true)))).collect()
    }

    fn misses(&self) -> impl Iterator<Item = (&Played, &Score)> {
        self.played
            .iter()
            .filter_map(|played| Some((played, played.score.as_ref()?)))
            .filter(|(_, score)| !matches!(score.marks.outcome, Outcome::Exact | Outcome::Quiet))
    }

    fn void(&self) -> impl Iterator<Item = (&Played, &str)> {
        self.played.iter().filter_map(|played| Some((played, played.void.as_deref()?)))
    }

    fn costs(&self) -> (Vec<f64>, u64) {
        (self.all().map(|s| s.seconds).collect(), self.all().map(|s| s.peak_rss).max().unwrap_or(0))
    }

    /// For people.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        let (faults, controls) = (self.faults().count(), self.controls().count());
        let kinds = |control: bool| {
            let own = self.played.iter().filter(|p| p.control == control && p.score.is_some());
            let ids: std::collections::BTreeSet<&str> = own.filter_map(|p| p.round.split('.').next()).collect();
            ids.len()
        };
        line(format!(
            "{} · commit {} · `{}`\n\n{faults} rounds of {} faults, {controls} of {} healthy stacks, {}.\n",
            self.date,
            self.commit,
            self.command,
            kinds(false),
            kinds(true),
            self.mode.name()
        ));
        line("| | share (95 %) |\n|---|---|".to_owned());
        for (name, share) in self.shares() {
            line(format!("| {name} | {share} |"));
        }
        let (seconds, rss) = self.costs();
        let time = |share| percentile(&seconds, share).map_or("–".to_owned(), |s| format!("{s:.2} s"));
        line(format!("| time of `why`, p50 and p95 | {}, {} |", time(0.5), time(0.95)));
        line(format!("| most memory | {} MB |", rss / 1_000_000));
        let widths: Vec<f64> = self
            .faults()
            .filter_map(|(_, s)| s.marks.width_s)
            .map(|w| f64::from(i32::try_from(w).unwrap_or(i32::MAX)))
            .collect();
        let width = |share| percentile(&widths, share).map_or("–".to_owned(), |w| format!("{w:.0} s"));
        line(format!("| width of the onset, p50 and p95 | {}, {} |", width(0.5), width(0.95)));

        line("\n| instead | component and code | component and class | false alarms |\n|---|---|---|---|".to_owned());
        for (name, exact, class, alarms) in self.baselines() {
            line(format!("| {name} | {exact} | {class} | {alarms} |"));
        }
        line("\n| layer | component and code | component and class |\n|---|---|---|".to_owned());
        for (layer, (exact, class)) in self.layers() {
            line(format!("| {layer} | {exact} | {class} |"));
        }
        if self.misses().next().is_some() {
            line("\n| miss | what happened | said | how |\n|---|---|---|---|".to_owned());
        }
        for (played, score) in self.misses() {
            let marks = &score.marks;
            let rank = marks.rank.map_or(String::new(), |rank| format!(", right at {rank}"));
            let how = serde_json::to_value(marks.outcome).ok();
            let how = how.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
            line(format!(
                "| `{}` | {} ({}) | {} | {how}{rank} |",
                played.round, played.title, played.expected, marks.said
            ));
        }
        for (played, score) in self.played.iter().filter_map(|p| Some((p, p.score.as_ref()?))) {
            for wrong in &score.misquoted {
                line(format!("\nmisquoted in `{}`: {wrong}", played.round));
            }
            for (bad, what) in [
                (score.harmed, "something changed"),
                (score.leaked > 0, "a secret was shown"),
                (score.marks.onset == Some(false), "the onset is elsewhere"),
                (
                    score.marks.outcome == Outcome::Exact && score.marks.decisive == Some(false),
                    "nothing decisive is cited",
                ),
                (score.marks.strays > 0, "a stray incident stands beside"),
                (score.suggested == Some(false), "the first suggested command does not help"),
            ] {
                if bad {
                    line(format!("\n`{}`: {what}", played.round));
                }
            }
        }
        for (played, reason) in self.void() {
            line(format!("\n`{}` does not count: {reason}", played.round));
        }
        out
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let (seconds, rss) = self.costs();
        let shares: serde_json::Map<String, Value> =
            self.shares().into_iter().map(|(name, share)| (name.to_owned(), share.json())).collect();
        let baselines: Vec<Value> = self.baselines().into_iter().map(|(name, exact, class, alarms)| {
            json!({"name": name, "exact": exact.json(), "class": class.json(), "false_alarms": alarms.json()})
        }).collect();
        json!({
            "schema": "lastgood.arena/1",
            "date": self.date, "commit": self.commit, "command": self.command, "mode": self.mode,
            "shares": shares, "baselines": baselines,
            "seconds": {"p50": percentile(&seconds, 0.5), "p95": percentile(&seconds, 0.95)}, "peak_rss": rss,
            "rounds": self.played,
        })
    }

    /// One line of a round, while it is played.
    pub fn row(played: &Played) -> String {
        let mut row = format!("{:<28}", played.round);
        match (&played.void, &played.score) {
            (Some(reason), _) => _ = write!(row, "does not count: {reason}"),
            (_, Some(score)) => {
                let outcome = serde_json::to_value(score.marks.outcome).ok();
                let outcome = outcome.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
                _ = write!(row, "{outcome:<12} {} (wanted {})", score.marks.said, played.expected);
            }
            _ => {}
        }
        row
    }
}

impl Table<'_> {
    /// What is worse than it may be: fewer exact than this many of a hundred, or anything that must never happen.
    pub fn below(&self, floor: f64) -> Vec<String> {
        let mut complaints = Vec::new();
        let shares = self.shares();
        let share = |name: &str| shares.iter().find(|(own, _)| *own == name).map(|(_, share)| *share);
        if let Some(top) = share("top-1: component and code") {
            #[expect(clippy::cast_precision_loss, reason = "counts of rounds are small")]
            let percent = 100.0 * top.hits as f64 / top.of.max(1) as f64;
            if percent < floor {
                complaints.push(format!("{percent:.1} % are exact, {floor} % were asked for"));
            }
        }
        for name in [
            "false alarms on healthy stacks",
            "verdicts with a quote that does not stand there",
            "looks that changed something",
            "looks that showed a secret",
        ] {
            if share(name).is_some_and(|share| share.hits > 0) {
                complaints.push(format!("{name}: there are some"));
            }
        }
        complaints.extend(self.void().map(|(played, reason)| format!("{} does not count: {reason}", played.round)));
        complaints
    }
}
