//! How long the commands that look at a live stack take, on whatever runs in a folder. It brings nothing up and breaks nothing.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::child;

/// What is measured.
const COMMANDS: [&[&str]; 4] = [&["why"], &["why", "--no-probes"], &["check"], &["status"]];

/// Asks each command so many times in turn, in this folder, and makes a table of it.
pub fn run(folder: &Path, lastgood: &Path, runs: usize) -> Result<String> {
    let lastgood = lastgood.canonicalize().with_context(|| format!("find {}", lastgood.display()))?;
    let answer = tempfile::NamedTempFile::new().context("a file for answers")?;
    let mut walls: Vec<(i32, Vec<Duration>)> = vec![(0, Vec::new()); COMMANDS.len()];
    // One after the other, so that a slow minute of the machine meets all of them.
    for _ in 0..runs {
        for (arguments, (code, walls)) in COMMANDS.iter().zip(&mut walls) {
            let mut command = Command::new(&lastgood);
            let cost = child::run(command.args(*arguments).current_dir(folder), answer.path())?;
            if cost.code > 1 {
                bail!("lastgood {} could not tell (exit {}) in {}", arguments.join(" "), cost.code, folder.display());
            }
            *code = cost.code;
            walls.push(cost.wall);
        }
    }
    let mut table =
        String::from("| command | exit | runs | median s | fastest | slowest |\n|---|--:|--:|--:|--:|--:|\n");
    for (arguments, (code, mut walls)) in COMMANDS.iter().zip(walls) {
        walls.sort();
        let seconds = |at: usize| walls.get(at).map_or(0.0, Duration::as_secs_f64);
        let (median, last) = (walls.len() / 2, walls.len().saturating_sub(1));
        let arguments = arguments.join(" ");
        let numbers = format!("{:.2} | {:.2} | {:.2}", seconds(median), seconds(0), seconds(last));
        writeln!(table, "| `lastgood {arguments}` | {code} | {runs} | {numbers} |")?;
    }
    Ok(table)
}
