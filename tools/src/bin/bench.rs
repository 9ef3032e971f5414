//! `bench`: measures lastgood on generated sets and prints Markdown tables.
//! Arguments, printing and the exit code only; the measuring is in the library.

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};
use lastgood_tools::bench::{formats, live, onset, speed, tally};
use lastgood_tools::scenario::Kind;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures lastgood on generated sets; exit 1 if a target is missed, 2 if it could not measure.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Is the true onset in the answer, and how narrow is the answer?
    Onset {
        /// Seeds of each kind
        #[arg(long, default_value_t = 200)]
        seeds: u64,
        /// The first seed
        #[arg(long, default_value_t = 1)]
        first: u64,
        /// Only these kinds
        #[arg(long, value_delimiter = ',')]
        kinds: Vec<Kind>,
        /// The binary to ask
        #[arg(long, default_value = "target/release/lastgood")]
        lastgood: PathBuf,
        /// Processes at a time
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// Tell on standard error which seeds are not perfect, and why
        #[arg(long)]
        explain: bool,
    },
    /// Is the same story read exactly in every format, plain and damaged?
    Formats {
        /// Seeds of each format
        #[arg(long, default_value_t = 10)]
        seeds: u64,
        /// The first seed
        #[arg(long, default_value_t = 1)]
        first: u64,
        /// Only these formats, or `mixed`
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// The binary to ask
        #[arg(long, default_value = "target/release/lastgood")]
        lastgood: PathBuf,
    },
    /// How long do the commands take that look at a live stack? It has to run already
    Live {
        /// The folder of its compose file
        #[arg(long, default_value = "examples/econipass")]
        folder: PathBuf,
        /// Rounds
        #[arg(long, default_value_t = 9)]
        runs: usize,
        /// The binary to measure
        #[arg(long, default_value = "target/static/lastgood")]
        lastgood: PathBuf,
    },
    /// How long does it take, compared with mawk and DuckDB?
    Speed {
        /// A set made by `generate big`
        #[arg(long)]
        dir: PathBuf,
        /// Rounds
        #[arg(long, default_value_t = 5)]
        runs: usize,
        /// The binary to measure
        #[arg(long, default_value = "target/release/lastgood")]
        lastgood: PathBuf,
        /// A Python that has DuckDB; tools/duckdb-venv makes one
        #[arg(long, default_value = "target/duckdb-venv/bin/python")]
        python: PathBuf,
    },
}

fn main() -> Result<ExitCode> {
    match measure() {
        Ok(code) => Ok(code),
        Err(error) => {
            told(&format!("bench: {error:#}"))?;
            Ok(ExitCode::from(2))
        }
    }
}

fn measure() -> Result<ExitCode> {
    let (text, shortfalls) = match Arguments::parse().what {
        What::Onset { seeds, first, kinds, lastgood, jobs, explain } => {
            must_exist(&lastgood, "cargo build --release -p lastgood")?;
            let kinds = if kinds.is_empty() { Kind::ALL.to_vec() } else { kinds };
            let (rows, remarks) =
                onset::run(&onset::Plan { lastgood: &lastgood, kinds: &kinds, seeds: first..first + seeds, jobs })?;
            if explain {
                for remark in remarks {
                    let (kind, seed) = (remark.kind.name(), remark.seed);
                    told(&format!("{kind} --seed {seed}: {}", remark.text))?;
                }
            }
            let shortfalls = rows.iter().flat_map(tally::Row::shortfalls).collect();
            (tally::table(&rows), shortfalls)
        }
        What::Formats { seeds, first, only, lastgood } => {
            must_exist(&lastgood, "cargo build --release -p lastgood")?;
            let report =
                formats::run(&formats::Plan { lastgood: &lastgood, seeds: first..first + seeds, only: &only })?;
            (report.text, report.shortfalls)
        }
        What::Live { folder, runs, lastgood } => {
            must_exist(&lastgood, "scripts/build-static")?;
            (live::run(&folder, &lastgood, runs)?, Vec::new())
        }
        What::Speed { dir, runs, lastgood, python } => {
            must_exist(&lastgood, "cargo build --release -p lastgood")?;
            must_exist(&python, "tools/duckdb-venv")?;
            let report = speed::run(&dir, &lastgood, &python, runs)?;
            (report.text, report.shortfalls)
        }
    };
    std::io::stdout().write_all(text.as_bytes()).context("write the table")?;
    for shortfall in &shortfalls {
        told(&format!("target missed: {shortfall}"))?;
    }
    Ok(if shortfalls.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn must_exist(path: &std::path::Path, made_by: &str) -> Result<()> {
    if !path.is_file() {
        bail!("{} is not there; {made_by} makes it", path.display());
    }
    Ok(())
}

fn told(line: &str) -> Result<()> {
    writeln!(std::io::stderr(), "{line}").context("write to standard error")
}
