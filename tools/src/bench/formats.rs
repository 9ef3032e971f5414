//! `bench formats`: asks the binary about the same story in every format and compares counts, statuses and onset.
//! A format is right if nothing is lost and nothing is invented; there is no score in between.

use super::child;
use super::verdict::Verdict;
use crate::formats::{self, Set, Truth};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A log has whole seconds, and some servers log when a request came, not when it was answered.
const TOLERANCE_MS: i64 = 1_500;
/// So far may an edge lie from the true one: requests come about every second, in single logs of a mixed folder every four.
const WIDEST_MS: i64 = 60_000;

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The binary.
    pub lastgood: &'a Path,
    /// Seeds.
    pub seeds: std::ops::Range<u64>,
    /// Only these formats; empty: all, and the mixed folder.
    pub only: &'a [String],
}

/// What came out: a table, and what was not right, one line each.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One row a format.
    pub text: String,
    /// What was wrong.
    pub shortfalls: Vec<String>,
}

/// Sums of one format over its seeds.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    sets: usize,
    lines: usize,
    requests: usize,
    unreadable: usize,
    wrong: usize,
}

/// Runs everything.
pub fn run(plan: &Plan<'_>) -> Result<Report> {
    let wanted = |name: &str| plan.only.is_empty() || plan.only.iter().any(|only| only == name);
    let mut report = Report::default();
    report.text.push_str(
        "| format | sets | lines | requests | unreadable | not right |\n| --- | --: | --: | --: | --: | --: |\n",
    );
    for name in formats::names().filter(|name| wanted(name)) {
        let mut row = Row::default();
        for seed in plan.seeds.clone() {
            for damaged in [false, true] {
                let set = formats::set(name, seed, damaged)?;
                let faults = faults(plan.lastgood, &set)?;
                row.add(&set.truth, faults.len());
                let state = if damaged { "damaged" } else { "plain" };
                report.shortfalls.extend(faults.iter().map(|fault| format!("{name} --seed {seed}, {state}: {fault}")));
            }
        }
        let Row { sets, lines, requests, unreadable, wrong } = row;
        // Writing to a string cannot fail.
        let _ = writeln!(report.text, "| {name} | {sets} | {lines} | {requests} | {unreadable} | {wrong} |");
    }
    Ok(report)
}

impl Row {
    fn add(&mut self, truth: &Truth, faults: usize) {
        self.sets += 1;
        self.lines += truth.lines;
        self.requests += truth.by_status.values().sum::<usize>();
        self.unreadable += truth.unreadable;
        self.wrong += usize::from(faults > 0);
    }
}

/// Asks about one set; only trouble of our own is an error.
fn faults(lastgood: &Path, set: &Set) -> Result<Vec<String>> {
    let folder = tempfile::tempdir().context("temporary folder")?;
    let logs = folder.path().join("logs");
    for (name, bytes) in &set.files {
        let path = logs.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
    }
    let ask = |arguments: &[&str], to: &str| -> Result<String> {
        let answer = folder.path().join(to);
        let mut command = Command::new(lastgood);
        command.args(arguments).arg(&logs).args(&set.truth.arguments).stderr(Stdio::null());
        child::run(&mut command, &answer)?;
        fs::read_to_string(answer).context("read the answer")
    };
    let mut faults =
        statuses(&ask(&["timeline", "--per", "1h", "--by", "status", "--json"], "timeline.json")?, &set.truth);
    faults.extend(verdict(&ask(&["why", "--json"], "why.json")?, &set.truth));
    faults.extend(names(&ask(&["why", "--verbose", "--lang", "en"], "why.txt")?, &set.truth));
    Ok(faults)
}

/// The formats that people are told.
fn names(answer: &str, truth: &Truth) -> Vec<String> {
    let unsaid = |name: &&&str| !answer.contains(&format!(": {name}, "));
    formats::shown(&truth.name).iter().filter(unsaid).map(|name| format!("no file is called {name}")).collect()
}

/// Requests by status, as `timeline` counts them.
fn statuses(answer: &str, truth: &Truth) -> Vec<String> {
    let Ok(value) = serde_json::from_str::<Value>(answer) else {
        return vec!["timeline gave no answer".to_owned()];
    };
    let mut counted: BTreeMap<u16, usize> = BTreeMap::new();
    for row in value["rows"].as_array().into_iter().flatten() {
        let status = row["status"].as_str().and_then(|status| status.parse().ok()).unwrap_or_default();
        *counted.entry(status).or_default() += row["requests"].as_u64().unwrap_or_default() as usize;
    }
    match counted == truth.by_status {
        true => Vec::new(),
        false => vec![format!("statuses {counted:?} instead of {:?}", truth.by_status)],
    }
}

/// What `why` counted, and where it saw the onset.
fn verdict(answer: &str, truth: &Truth) -> Vec<String> {
    let (Ok(value), Ok(verdict)) = (serde_json::from_str::<Value>(answer), Verdict::parse(answer)) else {
        return vec!["why gave no answer".to_owned()];
    };
    let mut faults = counts(&value["read"], truth);
    let [incident] = &verdict.incidents[..] else {
        faults.push(format!("{} incidents instead of one", verdict.incidents.len()));
        return faults;
    };
    match (&incident.last_good, &incident.first_bad) {
        (Some(good), Some(bad)) => {
            let good_off = (good.at_ms - truth.last_good_ms).abs();
            let covered = good.at_ms <= truth.onset_ms && bad.at_ms + TOLERANCE_MS >= truth.onset_ms;
            let narrow = good_off <= WIDEST_MS && bad.at_ms - truth.onset_ms <= WIDEST_MS;
            if !covered || !narrow {
                faults.push(format!("onset {good:?} to {bad:?} instead of {}", truth.onset_ms));
            }
        }
        _ => faults.push(format!("the onset is {}", incident.kind)),
    }
    let component = &value["incidents"][0]["causes"][0]["component"];
    if let Some(upstream) = truth.upstream
        && component != upstream
    {
        faults.push(format!("{component} is blamed instead of {upstream}"));
    }
    faults
}

/// Lines by what became of them.
fn counts(read: &Value, truth: &Truth) -> Vec<String> {
    let of = |key: &str| read[key].as_u64().unwrap_or_default() as usize;
    let (lines, parsed, other, unreadable) = (of("lines"), of("parsed"), of("other"), of("unreadable"));
    let mut faults = Vec::new();
    if lines != parsed + other + unreadable {
        faults.push(format!("{lines} lines are not {parsed} + {other} + {unreadable}"));
    }
    // Configurations are read as well, and what is said beside the requests may count as anything but lost.
    let slack = lines.saturating_sub(truth.lines) + truth.asides;
    let within = |counted: usize, wanted: usize| (wanted..=wanted + slack).contains(&counted);
    if lines < truth.lines || !within(parsed, truth.parsed) || !within(other, truth.other) {
        let Truth { lines: all, parsed: wanted, other: blank, .. } = truth;
        faults.push(format!("{lines} lines, {parsed} parsed, {other} other instead of {all}, {wanted}, {blank}"));
    }
    if !(truth.unreadable..=truth.unreadable + truth.asides).contains(&unreadable) {
        faults.push(format!("{unreadable} unreadable instead of {}", truth.unreadable));
    }
    faults
}
