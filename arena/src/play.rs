//! One round, live or from its bundle: break, look, score, mend. What is a right answer is `score`'s; what is done to the stack, the
//! fault file's.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use crate::ask::Lastgood;
use crate::baseline::Guesses;
use crate::bed::Bed;
use crate::bundle::{self, Live, Record};
use crate::evidence::Case;
use crate::result::{Played, Score};
use crate::roster::Round;
use crate::score::{Truth, list, mark};
use crate::users::{Asked, Users, served};

/// Until a stack serves, first and once it is mended.
const PATIENCE: Duration = Duration::from_secs(45);
/// Until a suggested command has helped.
const HOPE: Duration = Duration::from_secs(12);
const RATE: f64 = 4.0;
/// Whether no health check of the stack fails.
const WELL: &str =
    r#"! docker ps --quiet --filter "label=com.docker.compose.project=$PROJECT" --filter health=unhealthy | grep -q ."#;

/// Breaks a running stack and looks at it. Saves its bundle, if it counts.
pub fn live(round: &Round, lastgood: &Lastgood, commit: &str, save: bool) -> Result<Played> {
    let fault = &round.fault;
    let bed = Bed::lay(round)?;
    let scripts = [round.stack.prepare(), fault.prepare.as_deref(), round.variant.prepare.as_deref()];
    for script in scripts.into_iter().flatten() {
        bed.run(script).context("prepare")?;
    }
    bed.up().context("the stack does not come up")?;
    ensure!(within(PATIENCE, || is_served(round, &bed, 1)), "users are not served before anything is broken");

    let mut requests = round.stack.requests(&bed.words);
    if let Some(request) = requests.iter().find(|request| !within(PATIENCE, || served(&bed.front, request, 0))) {
        bail!("before anything is broken, {request} is not served");
    }
    requests.extend(fault.impact.traffic.iter().map(|request| crate::fault::fill(request, &bed.words)));
    let users = Users::new(&bed.front, requests, round.variant.rate.unwrap_or(RATE));
    let place = TempDir::new()?;
    let case = place.path().join("case");
    let looked = thread::scope(|scope| {
        let _come = users.come(scope);
        let looked = broken(round, &bed, &users, lastgood, &case);
        users.leave();
        looked
    });
    let Looked { turned, before, after, verdict, shown, seconds, peak_rss, harmed } = looked?;

    let secrets = round.stack.secrets();
    let shown_secrets = secrets.iter().filter(|secret| shown.contains(secret.as_str())).count();
    let leaked = shown_secrets + Case::read(&case)?.holds(&secrets);
    let suggested = suggested(round, &bed, &verdict);
    let fixed = match &fault.fix {
        Some(fix) => {
            bed.run(&fix.run).context("fix")?;
            Some(within(PATIENCE, || is_served(round, &bed, fault.impact.tries)))
        }
        None => None,
    };
    if let Some(restore) = &fault.restore {
        bed.run(&restore.run).context("restore")?;
    }
    ensure!(fixed != Some(false), "its fix does not help, so it may not be what the label says");

    let truth = truth(round, turned);
    let marks = mark(&verdict, &truth);
    let record = Record {
        round: round.name(),
        captured: Timestamp::now().strftime("%Y-%m-%d").to_string(),
        commit: commit.to_owned(),
        turned,
        before,
        after,
        words: bed.words.clone(),
        live: Live { said: marks.said.clone(), seconds, peak_rss, harmed, leaked, fixed, suggested },
    };
    if save {
        bundle::pack(&case, &record, &round.bundle)?;
    }
    let replayed = lastgood.ask(&case, &["why", "--case", ".", "--json"])?.verdict()?;
    let case = Case::read(&case)?;
    let (quotes, misquoted) = case.misquoted(&replayed);
    Ok(Played::of(
        round,
        Some(scored(Score { marks, seconds, peak_rss, leaked, ..blank(&record, &case, round) }, quotes, misquoted)),
    ))
}

/// Asks about a bundle; with a layer, without what only that one knows.
pub fn replay(round: &Round, lastgood: &Lastgood, without: Option<&str>) -> Result<Played> {
    let place = TempDir::new()?;
    let record = bundle::unpack(&round.bundle, place.path())?;
    let folder = place.path().join("case");
    let mut arguments = vec!["why", "--case", ".", "--json"];
    arguments.extend(without.into_iter().flat_map(|layer| ["--without", layer]));
    let said = lastgood.ask(&folder, &arguments)?;
    let verdict = said.verdict()?;
    let case = Case::read(&folder)?;
    let (quotes, misquoted) = case.misquoted(&verdict);
    let marks = mark(&verdict, &truth(round, record.turned));
    let secrets = round.stack.secrets();
    let leaked = record.live.leaked
        + case.holds(&secrets)
        + secrets.iter().filter(|secret| said.stdout.contains(*secret)).count();
    // Of another answer than that of the running stack, nobody knows whether its command helps.
    let suggested = record.live.suggested.filter(|_| record.live.said == marks.said && command(&verdict).is_some());
    let blank = blank(&record, &case, round);
    let score = Score { marks, seconds: said.seconds, peak_rss: said.peak_rss, leaked, suggested, ..blank };
    Ok(Played::of(round, Some(scored(score, quotes, misquoted))))
}

fn scored(score: Score, quotes: usize, misquoted: Vec<String>) -> Score {
    Score { quotes, misquoted, ..score }
}

/// What the record and the baselines say; the marks are another's.
fn blank(record: &Record, case: &Case, round: &Round) -> Score {
    let baselines = Guesses::of(case, &record.words);
    let answers = round.fault.answers(&round.words);
    Score {
        marks: mark(&Value::Null, &Truth { answers: Vec::new(), decisive: Vec::new(), turned: (0, 0) }),
        seconds: 0.0,
        peak_rss: 0,
        quotes: 0,
        misquoted: Vec::new(),
        leaked: 0,
        harmed: record.live.harmed,
        fixed: record.live.fixed,
        suggested: record.live.suggested,
        baselines_right: [0, 1, 2].map(|nth| baselines.right(nth, &answers)),
        baselines,
        captured: record.captured.clone(),
        commit: record.commit.clone(),
    }
}

fn truth(round: &Round, turned: (i64, i64)) -> Truth {
    let fill = |text: &String| crate::fault::fill(text, &round.words);
    Truth {
        answers: round.fault.answers(&round.words),
        decisive: round.fault.evidence.any.iter().map(fill).collect(),
        turned,
    }
}

/// What was seen of a broken stack.
struct Looked {
    turned: (i64, i64),
    before: (usize, usize),
    after: (usize, usize),
    verdict: Value,
    shown: String,
    seconds: f64,
    peak_rss: u64,
    harmed: bool,
}

fn broken(round: &Round, bed: &Bed, users: &Users, lastgood: &Lastgood, case: &Path) -> Result<Looked> {
    let fault = &round.fault;
    thread::sleep(Duration::from_secs(fault.settle.before));
    if let Some(decoy) = &round.variant.decoy {
        bed.run(decoy).context("decoy")?;
        thread::sleep(Duration::from_secs(5));
    }
    ensure!(within(PATIENCE, || is_served(round, bed, fault.impact.tries)), "users are not served before it is broken");
    let begun = Timestamp::now().as_second();
    bed.run(&fault.inject.run).context("inject")?;
    let injected = Timestamp::now().as_second();
    bed.run(&fault.settle.run).context("settle")?;
    thread::sleep(Duration::from_secs(fault.settle.after));
    let hurt = !is_served(round, bed, fault.impact.tries);
    if hurt == fault.label.healthy {
        bail!("{}", if hurt { "users of a healthy stack are not served" } else { "nobody is hurt by it" });
    }
    if fault.label.healthy {
        bed.run(WELL).context("a health check of a healthy stack fails: the machine is too slow for it")?;
    }
    let path = case.to_str().context("a path that is text")?;
    let state = bed.state()?;
    let captured = lastgood.ask(bed.folder(), &["capture", "-o", path])?;
    ensure!(captured.code == 0, "capture: {}", captured.stderr.trim());
    let said = lastgood.ask(bed.folder(), &["why", "--json"])?;
    let text = lastgood.ask(bed.folder(), &["why", "-v"])?;
    let harmed = bed.state()? != state;
    let verdict = said.verdict()?;

    let noted = users.noted();
    let of = |asked: &[&Asked]| (asked.iter().filter(|asked| asked.served).count(), asked.len());
    let first_bad = noted.iter().filter(|asked| !asked.served && asked.at >= begun).map(|asked| asked.at).min();
    // Some faults bite later than they are made.
    let turned = (begun, injected.max(first_bad.unwrap_or(injected)));
    let (late, early): (Vec<&Asked>, Vec<&Asked>) = noted.iter().partition(|asked| asked.at > turned.1);
    let shown = [said.stdout, said.stderr, text.stdout, text.stderr, captured.stdout, captured.stderr].concat();
    let (seconds, peak_rss) = (said.seconds, said.peak_rss);
    Ok(Looked { turned, before: of(&early), after: of(&late), verdict, shown, seconds, peak_rss, harmed })
}

/// Commands that only show something, or ask for a password.
const SHOWS: [&str; 11] = [
    "docker logs",
    "docker ps",
    "docker inspect",
    "docker network ls",
    "docker stats",
    "df ",
    "curl ",
    "lastgood ",
    "sudo ",
    "journalctl",
    "systemctl status",
];

/// The first command that was suggested, if it does something.
fn command(verdict: &Value) -> Option<&str> {
    let commands = list(&list(verdict, "incidents").first()?["causes"][0], "commands");
    commands.first()?.as_str().filter(|command| !SHOWS.iter().any(|shows| command.starts_with(shows)))
}

/// Whether the first command that was suggested helps, where one was that does something.
fn suggested(round: &Round, bed: &Bed, verdict: &Value) -> Option<bool> {
    if round.fault.label.healthy {
        return None;
    }
    let command = command(verdict)?;
    // What helps only for a while does not help.
    let ran = bed.run(&format!("timeout 60 bash -c {}", quoted(command))).is_ok();
    Some(ran && within(HOPE, || is_served(round, bed, round.fault.impact.tries)))
}

fn quoted(command: &str) -> String {
    format!("'{}'", command.replace('\'', r"'\''"))
}

/// Whether the user of the fault file is served, every time.
fn is_served(round: &Round, bed: &Bed, tries: u32) -> bool {
    (0..tries).all(|_| match (&round.fault.impact.request, &round.fault.impact.run) {
        (Some(request), _) => served(&bed.front, &crate::fault::fill(request, &bed.words), 0),
        (None, Some(script)) => bed.run(script).is_ok(),
        (None, None) => true,
    })
}

fn within(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if holds() {
            return true;
        }
        if begun.elapsed() > limit {
            return false;
        }
        thread::sleep(Duration::from_millis(500));
    }
}

/// The commit of a repository's folder, as git tells it.
pub fn commit(folder: &Path) -> String {
    let head = std::process::Command::new("git").args(["rev-parse", "--short=10", "HEAD"]).current_dir(folder).output();
    head.ok()
        .filter(|output| output.status.success())
        .map_or_else(|| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What a result depends on: the fault file, the bundle and the binary.
pub fn key(round: &Round, lastgood: &Lastgood) -> String {
    let stamp = |path: &Path| {
        fs::metadata(path)
            .map(|about| (about.len(), about.modified().ok()))
            .map_or(String::new(), |stamp| format!("{stamp:?}"))
    };
    format!("{:?} {:?} {} {}", round.fault, round.variant, stamp(&round.bundle), stamp(&lastgood.path))
}
