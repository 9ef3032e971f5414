//! `bench speed`: runs all commands in turn, several rounds, and compares answers and costs.
//! Ratios are made within a round, so that a busy neighbour hits all commands alike.

use super::child::{self, Cost};
use super::rivals::{self, DUCKDB, Output, Rival};
use super::rows::Rows;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

/// What came out.
#[derive(Clone, Debug)]
pub struct Report {
    /// The Markdown table and the lines around it.
    pub text: String,
    /// Targets that were missed, and answers that differ.
    pub shortfalls: Vec<String>,
}

/// Runs `rounds` rounds over the folder.
pub fn run(dir: &Path, lastgood: &Path, python: &Path, rounds: usize) -> Result<Report> {
    let (rivals, missing) = rivals::all(dir, lastgood, python)?;
    let scratch = tempfile::tempdir().context("temporary folder")?;
    let kept = |index: usize| scratch.path().join(format!("answer-{index}"));
    let offset_s = zone(dir)?;
    warm(dir)?;
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); rivals.len()];
    for _ in 0..rounds {
        for (index, rival) in rivals.iter().enumerate() {
            let cost = child::run(&mut rival.command(), &kept(index))?;
            if !rival.codes.contains(&cost.code) {
                bail!("{} ended with exit {}", rival.name, cost.code);
            }
            costs[index].push(cost);
        }
    }
    // Answers are read last: a child's peak memory is never less than its parent's was when it
    // was started, so the bench has to stay small until then.
    let answers: Vec<Option<Rows>> = (0..)
        .zip(&rivals)
        .map(|(index, rival)| {
            answer(rival, &kept(index), offset_s).with_context(|| format!("output of {}", rival.name))
        })
        .collect::<Result<_>>()?;
    let mut shortfalls = differences(&rivals, &answers);
    let duckdb = rivals.iter().position(|r| r.name == DUCKDB);
    let base = duckdb.map(|index| costs[index].clone()).unwrap_or_default();
    let mut text = missing.iter().map(|what| format!("note: {what}\n")).collect::<String>();
    text += &head(dir, rounds, &answers)?;
    for (rival, costs) in rivals.iter().zip(&costs) {
        let ratios = ratios(costs, &base);
        text += &row(rival.name, costs, &ratios);
        if rival.name.starts_with("lastgood") && median(&ratios) > 1.0 {
            shortfalls.push(format!("{} takes {:.2} times as long as DuckDB", rival.name, median(&ratios)));
        }
    }
    Ok(Report { text, shortfalls })
}

fn answer(rival: &Rival, out: &Path, offset_s: i64) -> Result<Option<Rows>> {
    if rival.output == Output::Ignored {
        return Ok(None);
    }
    let text = fs::read_to_string(out)?;
    Ok(Some(match rival.output {
        Output::Lastgood => Rows::of_lastgood(&text)?,
        _ => Rows::of_rival(&text, offset_s)?,
    }))
}

/// Every pair with the first answer has to be equal.
fn differences(rivals: &[Rival], answers: &[Option<Rows>]) -> Vec<String> {
    let mut told = Vec::new();
    let mut known = rivals.iter().zip(answers).filter_map(|(rival, rows)| rows.as_ref().map(|rows| (rival.name, rows)));
    let Some((first, reference)) = known.next() else {
        return told;
    };
    for (name, rows) in known {
        if let Some(difference) = reference.difference(rows) {
            told.push(format!("{first} and {name} count differently: {difference}"));
        }
    }
    told
}

fn head(dir: &Path, rounds: usize, answers: &[Option<Rows>]) -> Result<String> {
    let files = rivals::logs(dir)?;
    let mut bytes = 0;
    for file in &files {
        bytes += fs::metadata(file)?.len();
    }
    let rows = answers.iter().flatten().next();
    let (total, groups) = rows.map_or((0, 0), |rows| (rows.total(), rows.len()));
    Ok(format!(
        "{} files, {bytes} bytes on disk, {total} requests in {groups} rows; {rounds} rounds, interleaved\n\n\
         | command | wall s | CPU s | peak RSS MB | wall ÷ DuckDB, median (min–max) |\n|---|--:|--:|--:|--:|\n",
        files.len()
    ))
}

fn row(name: &str, costs: &[Cost], ratios: &[f64]) -> String {
    let of = |f: &dyn Fn(&Cost) -> f64| median(&costs.iter().map(f).collect::<Vec<_>>());
    let peak = costs.iter().map(|c| c.peak_rss).max().unwrap_or(0);
    let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ratios.iter().copied().fold(0.0, f64::max);
    format!(
        "| {name} | {:.2} | {:.2} | {} | {:.2} ({low:.2}–{high:.2}) |\n",
        of(&|c| c.wall.as_secs_f64()),
        of(&|c| c.cpu.as_secs_f64()),
        peak / 1_000_000,
        median(ratios),
    )
}

/// Wall time over DuckDB's of the same round.
fn ratios(costs: &[Cost], base: &[Cost]) -> Vec<f64> {
    costs.iter().zip(base).map(|(cost, base)| cost.wall.as_secs_f64() / base.wall.as_secs_f64()).collect()
}

fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// Reads every file once, so that the first command does not pay for a cold disk.
fn warm(dir: &Path) -> Result<()> {
    let mut buffer = vec![0; 1 << 20];
    for path in rivals::logs(dir)? {
        let mut file = fs::File::open(&path)?;
        while file.read(&mut buffer)? > 0 {}
    }
    Ok(())
}

/// Seconds east of UTC of the first line of a plain file; rivals' rows do not tell it.
fn zone(dir: &Path) -> Result<i64> {
    let plain = rivals::logs(dir)?
        .into_iter()
        .find(|path| path.extension().is_none_or(|e| e != "gz"))
        .context("no plain log file to learn the zone from")?;
    let mut line = String::new();
    BufReader::new(fs::File::open(&plain)?).read_line(&mut line)?;
    parse_zone(&line).with_context(|| format!("no zone in the first line of {}", plain.display()))
}

fn parse_zone(line: &str) -> Option<i64> {
    let zone = line.split_once(']')?.0.rsplit_once(' ')?.1;
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let hours: i64 = zone.get(1..3)?.parse().ok()?;
    let minutes: i64 = zone.get(3..5)?.parse().ok()?;
    Some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_and_medians() {
        let line = "192.0.2.1 - - [14/Nov/2022:13:23:22 -0330] \"GET / HTTP/1.1\"";
        assert_eq!(parse_zone(line), Some(-(3 * 3_600 + 30 * 60)));
        assert_eq!(parse_zone("nothing"), None);
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(&[]).is_nan());
    }
}
