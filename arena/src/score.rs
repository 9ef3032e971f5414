//! What a verdict is worth, given the truth. Pure: JSON and labels in, marks out; it runs and reads nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fault::Answer;
use crate::pattern::stands_in;

/// Nobody knows the cause, and says so.
const LOCATED: &str = "unknown/located";
/// Logs count seconds.
const SLACK_S: i64 = 1;

/// What really happened.
#[derive(Clone, Debug)]
pub struct Truth {
    /// No answer is right but silence, if there are none.
    pub answers: Vec<Answer>,
    /// Of these texts one has to be cited.
    pub decisive: Vec<String>,
    /// Between these moments good turned bad, in seconds since 1970.
    pub turned: (i64, i64),
}

/// How an answer stands to the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Component and code.
    Exact,
    /// Component and class.
    Class,
    /// `unknown/located`, at the right component.
    Located,
    /// `unknown/located` elsewhere, or that it could not be told.
    Unknown,
    /// Another component or class.
    Wrong,
    /// That all is well.
    Missed,
    /// Of what is healthy: that all is well.
    Quiet,
    /// Of what is healthy: a cause, or an incident.
    FalseAlarm,
}

/// What a verdict is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    pub outcome: Outcome,
    /// The best rank of a right answer, by component and code, and by component and class; the first is 1.
    pub rank: Option<usize>,
    pub class_rank: Option<usize>,
    /// `component code`, or the status.
    pub said: String,
    /// Whether the interval holds the true moment; none is told of what has no requests.
    pub onset: Option<bool>,
    /// How wide it is.
    pub width_s: Option<i64>,
    /// Whether the first cause cites what decides.
    pub decisive: Option<bool>,
    /// Incidents beside the one that was made, with a cause that is not right.
    pub strays: usize,
}

/// Marks a verdict.
pub fn mark(verdict: &Value, truth: &Truth) -> Marks {
    let incidents = list(verdict, "incidents");
    let status = text(verdict, "status");
    let silent = |outcome| Marks {
        outcome,
        rank: None,
        class_rank: None,
        said: status.to_owned(),
        onset: None,
        width_s: None,
        decisive: None,
        strays: 0,
    };
    if truth.answers.is_empty() {
        // What could not be told is no alarm; a named cause is, whatever the status.
        let Some(incident) = incidents.first() else { return silent(Outcome::Quiet) };
        return Marks { said: said(incident), ..silent(Outcome::FalseAlarm) };
    }
    let Some(incident) = incidents.iter().min_by_key(|incident| distance(incident, truth.turned)) else {
        return silent(if status == "undetermined" { Outcome::Unknown } else { Outcome::Missed });
    };
    let causes = list(incident, "causes");
    let rank_of = |fits: &dyn Fn(&Answer, &Value) -> bool| {
        causes.iter().position(|cause| truth.answers.iter().any(|answer| fits(answer, cause))).map(|at| at + 1)
    };
    let rank = rank_of(&is_exact);
    let class_rank = rank_of(&is_of_class);
    let first = causes.first().unwrap_or(&Value::Null);
    let outcome = match (rank, class_rank) {
        (Some(1), _) => Outcome::Exact,
        (_, Some(1)) => Outcome::Class,
        _ if text(first, "code") == LOCATED => {
            let there = truth.answers.iter().any(|answer| answer.component == text(first, "component"));
            if there { Outcome::Located } else { Outcome::Unknown }
        }
        _ => Outcome::Wrong,
    };
    let (onset, width_s) = turn(incident, truth.turned);
    let strays = incidents.iter().filter(|other| !std::ptr::eq(*other, incident)).filter(|other| {
        let first = other["causes"].get(0).unwrap_or(&Value::Null);
        text(first, "code") != LOCATED && !truth.answers.iter().any(|answer| is_of_class(answer, first))
    });
    Marks {
        outcome,
        rank,
        class_rank,
        said: said(incident),
        onset,
        width_s,
        decisive: (!truth.decisive.is_empty()).then(|| cites(first, &truth.decisive)),
        strays: strays.count(),
    }
}

fn is_exact(answer: &Answer, cause: &Value) -> bool {
    answer.component == text(cause, "component") && answer.code == text(cause, "code")
}

fn is_of_class(answer: &Answer, cause: &Value) -> bool {
    let class = answer.code.split('/').next().unwrap_or_default();
    answer.component == text(cause, "component") && class == text(cause, "class")
}

fn said(incident: &Value) -> String {
    let first = &incident["causes"][0];
    format!("{} {}", text(first, "component"), text(first, "code"))
}

/// Whether the first cause leans on one of these.
fn cites(cause: &Value, decisive: &[String]) -> bool {
    let pieces = list(cause, "evidence").iter().chain(list(cause, "chain"));
    let said: Vec<&str> = pieces.flat_map(|piece| [text(piece, "quote"), text(piece, "ref")]).collect();
    decisive.iter().any(|pattern| said.iter().any(|said| stands_in(pattern, said)))
}

/// The interval of the onset; open where it is not told.
fn interval(incident: &Value) -> (Option<i64>, Option<i64>) {
    let at = |edge: &str| incident["onset"][edge]["at"].as_str()?.parse::<Timestamp>().ok().map(Timestamp::as_second);
    (at("last_good"), at("first_bad"))
}

fn turn(incident: &Value, turned: (i64, i64)) -> (Option<bool>, Option<i64>) {
    let (good, bad) = interval(incident);
    if good.is_none() && bad.is_none() {
        return (None, None);
    }
    let holds = good.is_none_or(|good| good <= turned.1 + SLACK_S) && bad.is_none_or(|bad| bad + SLACK_S >= turned.0);
    (Some(holds), good.zip(bad).map(|(good, bad)| bad - good))
}

/// How far an incident's onset lies from the true one.
fn distance(incident: &Value, turned: (i64, i64)) -> i64 {
    let (good, bad) = interval(incident);
    bad.or(good).map_or(0, |at| if at < turned.0 { turned.0 - at } else { (at - turned.1).max(0) })
}

/// Wilson's interval of a share, at 95 %.
pub fn wilson(hits: usize, of: usize) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    const Z: f64 = 1.959_964;
    #[expect(clippy::cast_precision_loss, reason = "counts of rounds are small")]
    let (hits, of) = (hits as f64, of as f64);
    let share = hits / of;
    let middle = share + Z * Z / (2.0 * of);
    let half = Z * (share * (1.0 - share) / of + Z * Z / (4.0 * of * of)).sqrt();
    let scale = 1.0 + Z * Z / of;
    (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0))
}

/// The smallest value that a share of all do not exceed.
pub fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let at = ((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1);
    sorted.get(at).copied()
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn truth() -> Truth {
        let answer = Answer { component: "cache".to_owned(), code: "process/process-down".to_owned() };
        Truth { answers: vec![answer], decisive: vec!["Connection…refused".to_owned()], turned: (1_000, 1_003) }
    }

    fn cause(component: &str, code: &str) -> Value {
        let class = code.split('/').next();
        json!({"component": component, "code": code, "class": class, "chain": [],
               "evidence": [{"ref": "a.log:1", "quote": "Connection was refused"}]})
    }

    fn verdict(causes: &[Value]) -> Value {
        json!({"status": "incident", "incidents": [{"causes": causes, "onset": {
            "last_good": {"at": "1970-01-01T00:16:39Z"}, "first_bad": {"at": "1970-01-01T00:16:43Z"}}}]})
    }

    #[test]
    fn exact_class_and_wrong_are_told_apart() {
        let outcome = |causes: &[Value]| mark(&verdict(causes), &truth()).outcome;
        assert_eq!(outcome(&[cause("cache", "process/process-down")]), Outcome::Exact);
        assert_eq!(outcome(&[cause("cache", "process/dependency-down")]), Outcome::Class);
        assert_eq!(outcome(&[cause("app", "process/process-down")]), Outcome::Wrong);
        assert_eq!(outcome(&[cause("cache", "unknown/located")]), Outcome::Located);
        assert_eq!(outcome(&[cause("app", "unknown/located")]), Outcome::Unknown);
    }

    #[test]
    fn a_right_rival_has_its_rank() {
        let marks =
            mark(&verdict(&[cause("app", "application/app-bug"), cause("cache", "process/process-down")]), &truth());
        assert_eq!((marks.outcome, marks.rank, marks.class_rank), (Outcome::Wrong, Some(2), Some(2)));
    }

    #[test]
    fn the_onset_holds_the_moment_or_not() {
        let marks = mark(&verdict(&[cause("cache", "process/process-down")]), &truth());
        assert_eq!((marks.onset, marks.width_s, marks.decisive), (Some(true), Some(4), Some(true)));
        let later = Truth { turned: (1_010, 1_012), ..truth() };
        assert_eq!(mark(&verdict(&[cause("cache", "process/process-down")]), &later).onset, Some(false));
    }

    #[test]
    fn silence_is_right_of_the_healthy_alone() {
        let silence = json!({"status": "healthy", "incidents": []});
        assert_eq!(mark(&silence, &truth()).outcome, Outcome::Missed);
        let healthy = Truth { answers: Vec::new(), ..truth() };
        assert_eq!(mark(&silence, &healthy).outcome, Outcome::Quiet);
        assert_eq!(mark(&verdict(&[cause("app", "unknown/located")]), &healthy).outcome, Outcome::FalseAlarm);
    }

    #[test]
    fn the_incident_that_was_made_is_marked_and_others_are_strays() {
        let mut both = verdict(&[cause("cache", "process/process-down")]);
        let early = json!({"causes": [cause("app", "application/app-bug")], "onset": {
            "last_good": null, "first_bad": {"at": "1970-01-01T00:10:00Z"}}});
        both["incidents"].as_array_mut().unwrap().insert(0, early);
        let marks = mark(&both, &truth());
        assert_eq!((marks.outcome, marks.strays), (Outcome::Exact, 1));
    }

    #[test]
    fn wilson_is_as_published() {
        let (low, high) = wilson(0, 300);
        assert!(low.abs() < 1e-9 && (high - 0.012_6).abs() < 0.000_3, "{low} {high}");
        let (low, high) = wilson(8, 10);
        assert!((low - 0.490).abs() < 0.001 && (high - 0.943).abs() < 0.001, "{low} {high}");
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        assert_eq!(percentile(&[3.0, 1.0, 2.0, 4.0], 0.5), Some(2.0));
        assert_eq!(percentile(&[3.0, 1.0, 2.0, 4.0], 0.95), Some(4.0));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
