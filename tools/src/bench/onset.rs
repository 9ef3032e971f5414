//! `bench onset`: generates sets, asks `lastgood why` about each, and tallies the comparison.
//! Sets live in temporary folders and are gone as soon as they are scored.

use super::child;
use super::score::{Score, score};
use super::tally::{Outcome, Row};
use super::verdict::Verdict;
use crate::scenario::{self, Kind, Truth};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The binary.
    pub lastgood: &'a Path,
    /// The kinds, in the order of the table.
    pub kinds: &'a [Kind],
    /// The seeds of each kind.
    pub seeds: std::ops::Range<u64>,
    /// Processes at a time.
    pub jobs: usize,
}

/// One set whose answer is not perfect, for those who want to know why.
#[derive(Clone, Debug)]
pub struct Remark {
    /// The story.
    pub kind: Kind,
    /// Its seed.
    pub seed: u64,
    /// What was wrong.
    pub text: String,
}

/// Runs everything; rows come in the order of the kinds, remarks in the order of kind and seed.
pub fn run(plan: &Plan<'_>) -> Result<(Vec<Row>, Vec<Remark>)> {
    let jobs: Vec<(usize, u64)> =
        (0..plan.kinds.len()).flat_map(|kind| plan.seeds.clone().map(move |seed| (kind, seed))).collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || -> Result<()> {
        while let Some(&(kind, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (truth, outcome) = one(plan.lastgood, plan.kinds[kind], seed)?;
            // Pushing is all that is done under the lock, so a panic elsewhere leaves it whole.
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((kind, seed, truth, outcome));
        }
        Ok(())
    };
    std::thread::scope(|scope| -> Result<()> {
        let threads: Vec<_> = (0..plan.jobs.max(1)).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            match thread.join() {
                Ok(outcome) => outcome?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(kind, seed, ..)| (*kind, *seed));
    let mut rows: Vec<Row> = plan.kinds.iter().map(|&kind| Row::new(kind)).collect();
    let mut remarks = Vec::new();
    for (kind, seed, incidents, outcome) in done {
        rows[kind].add(incidents, &outcome);
        if let Some(text) = remark(&outcome) {
            let kind = plan.kinds[kind];
            remarks.push(Remark { kind, seed, text });
        }
    }
    Ok((rows, remarks))
}

/// Generates one set, asks, compares. Only trouble of our own is an error.
fn one(lastgood: &Path, kind: Kind, seed: u64) -> Result<(usize, Outcome)> {
    let set = scenario::generate(kind, seed)?;
    let folder = tempfile::tempdir().context("temporary folder")?;
    let logs = folder.path().join("logs");
    for (name, bytes) in &set.files {
        let path = logs.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
    }
    let answer = folder.path().join("answer.json");
    let mut command = Command::new(lastgood);
    command.arg("why").arg(&logs).arg("--json").stderr(Stdio::null());
    let outcome = match ask(&mut command, &answer, &set.truth) {
        Ok(score) => Outcome::Scored(score),
        Err(error) => Outcome::Broken(format!("{error:#}")),
    };
    Ok((set.truth.incidents.len(), outcome))
}

fn ask(command: &mut Command, answer: &Path, truth: &Truth) -> Result<Score> {
    let cost = child::run(command, answer)?;
    let text = fs::read_to_string(answer).context("read the answer")?;
    if text.is_empty() {
        bail!("exit {} and no answer", cost.code);
    }
    Ok(score(truth, &Verdict::parse(&text)?, cost.code))
}

fn remark(outcome: &Outcome) -> Option<String> {
    let score = match outcome {
        Outcome::Scored(score) => score,
        Outcome::Broken(text) => return Some(format!("no answer: {text}")),
    };
    let mut parts = Vec::new();
    for found in &score.found {
        if !found.covered {
            parts.push(format!("not covered (width {:?})", found.width));
        } else if found.off_slice {
            parts.push(format!("edge off the slice (width {:?})", found.width));
        } else if found.width.is_some_and(|width| width > 1) {
            parts.push(format!("width {}", found.width.unwrap_or_default()));
        }
        if found.end_wrong {
            parts.push("end wrong".to_owned());
        }
    }
    for (count, what) in [
        (score.missed, "missed"),
        (score.extra, "extra"),
        (usize::from(score.false_alarm), "false alarm"),
        (score.blips_unnoted, "blip not noted"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}
