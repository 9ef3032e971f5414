//! The walk over `faults/*`: each is brought up, broken, asked about, mended, and asked about again. What is right stands in
//! its `fault.toml`. `LASTGOOD_FAULT=name,… scripts/test live` walks to these alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use crate::bed::{Bed, Said};

/// So many projects at a time.
const HANDS: usize = 2;
/// What is mended may take so long until nothing is to be said of it.
const PATIENCE: Duration = Duration::from_secs(40);

/// `fault.toml`. Absent keys expect nothing, unknown ones are errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    /// A script that breaks what runs.
    broken: Option<String>,
    /// A script that mends it; where the product prints commands, the same.
    mended: Option<String>,
    /// Arguments of `why`.
    #[serde(default)]
    args: Vec<String>,
    exit: i32,
    /// Exit code of `status`, where it is another one.
    status: Option<i32>,
    code: Option<String>,
    component: Option<String>,
    confidence: Option<String>,
    /// What `why` has to say on a terminal, however it is wrapped.
    #[serde(default)]
    says: Vec<String>,
    /// What `status` has to.
    #[serde(default)]
    status_says: Vec<String>,
}

#[test]
#[ignore = "needs a Docker engine"]
fn every_fault_is_named_and_silent_once_it_is_mended() {
    let only = std::env::var("LASTGOOD_FAULT").ok();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/faults");
    let mut folders: Vec<PathBuf> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| only.as_deref().is_none_or(|only| only.split(',').any(|one| folder.ends_with(one))));
    folders.sort();
    assert!(!folders.is_empty(), "no such fault in {}", root.display());
    let open = Mutex::new(folders.into_iter());
    let report = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                while let Some(folder) = { open.lock().unwrap().next() } {
                    let begun = Instant::now();
                    let wrong = walk(&folder);
                    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    println!("{name}: {} s", begun.elapsed().as_secs());
                    if !wrong.is_empty() {
                        report.lock().unwrap().push(format!("{name}\n  - {}", wrong.join("\n  - ")));
                    }
                }
            });
        }
    });
    let report = report.into_inner().unwrap();
    assert!(report.is_empty(), "{} faults are told otherwise than they are:\n{}", report.len(), report.join("\n"));
}

fn walk(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("fault.toml")).unwrap_or_default();
    let fault: Fault = match toml::from_str(&text) {
        Ok(fault) => fault,
        Err(error) => return vec![format!("fault.toml: {error}")],
    };
    let bed = match Bed::up(folder) {
        Ok(bed) => bed,
        Err(complaint) => return vec![complaint],
    };
    if let Err(complaint) = fault.broken.as_deref().map_or(Ok(()), |script| bed.run(script)) {
        return vec![complaint];
    }
    let mut wrong = Vec::new();
    fault.told(&bed, &mut wrong);
    if let Some(script) = &fault.mended {
        match bed.run(script) {
            Ok(()) => silent(&bed, &mut wrong),
            Err(complaint) => wrong.push(complaint),
        }
    }
    wrong
}

impl Fault {
    fn told(&self, bed: &Bed, wrong: &mut Vec<String>) {
        let why = |extra: &[&str]| {
            let arguments = self.args.iter().map(String::as_str);
            bed.ask(&std::iter::once("why").chain(arguments).chain(extra.iter().copied()).collect::<Vec<_>>(), &[])
        };
        let json = why(&["--json"]);
        let text = why(&[]);
        let verdict: Value = serde_json::from_str(&json.stdout).unwrap_or_default();
        let cause = &verdict["incidents"][0]["causes"][0];
        let mut differs = |what: &str, expected: Option<&str>| {
            let found = cause[what].as_str();
            if expected.is_some() && expected != found {
                wrong.push(format!("{what}: {found:?}, expected {expected:?}:\n{}", text.stdout));
            }
        };
        differs("code", self.code.as_deref());
        differs("component", self.component.as_deref());
        differs("confidence", self.confidence.as_deref());
        exits("why --json", &json, self.exit, wrong);
        exits("why", &text, self.exit, wrong);
        exits("why --lang ko", &why(&["--lang", "ko"]), self.exit, wrong);
        says("why", &text, &self.says, wrong);
        let status = bed.ask(&["status"], &[]);
        exits("status", &status, self.status.unwrap_or(self.exit), wrong);
        says("status", &status, &self.status_says, wrong);
    }
}

/// Nothing is wrong any more, or will soon be.
fn silent(bed: &Bed, wrong: &mut Vec<String>) {
    let begun = Instant::now();
    let mut said = bed.ask(&["why"], &[]);
    while said.code != 0 && begun.elapsed() < PATIENCE {
        thread::sleep(Duration::from_secs(1));
        said = bed.ask(&["why"], &[]);
    }
    exits("why, once mended", &said, 0, wrong);
    exits("status, once mended", &bed.ask(&["status"], &[]), 0, wrong);
}

fn exits(what: &str, said: &Said, code: i32, wrong: &mut Vec<String>) {
    if said.code != code {
        wrong.push(format!("{what}: exit {} instead of {code}:\n{}{}", said.code, said.stdout, said.stderr));
    }
}

/// Words, whatever lines they are on.
fn says(what: &str, said: &Said, words: &[String], wrong: &mut Vec<String>) {
    let text = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in words.iter().filter(|part| !text.contains(part.as_str())) {
        wrong.push(format!("{what} does not say `{part}`:\n{}", said.stdout));
    }
}
