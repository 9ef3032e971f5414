//! `arena`: breaks real stacks in known ways, asks `lastgood why`, and says how often it is right. Arguments, the order of the rounds
//! and the exit code; playing is `play`, scoring `score`.

mod ask;
mod baseline;
mod bed;
mod bundle;
mod draw;
mod evidence;
mod fault;
mod images;
mod pattern;
mod play;
mod result;
mod roster;
mod score;
mod stack;
mod table;
mod users;
mod without;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Parser, Subcommand};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use ask::Lastgood;
use result::{Mode, Played};
use roster::Round;
use table::Table;
use without::Without;

/// Is `why` right? Exit 1 if a round is worse than the floor that was asked for, 2 if it could not be told.
#[derive(Parser)]
#[command(name = "arena")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Plays rounds and prints the table
    Run(Run),
    /// Lists the rounds
    List {
        /// Folders of fault files beside the arena's own
        #[arg(long)]
        dir: Vec<PathBuf>,
    },
    /// Builds the images of the stacks
    Images,
}

#[derive(clap::Args)]
struct Run {
    /// Folders of fault files beside the arena's own; with `--only-dir` instead of them
    #[arg(long)]
    dir: Vec<PathBuf>,
    /// The arena's own faults are left out
    #[arg(long)]
    only_dir: bool,
    /// Only these faults or rounds
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Break running stacks, and save their bundles; needs a Docker engine
    #[arg(long, conflicts_with = "bundle")]
    live: bool,
    /// Ask about the bundles: the default
    #[arg(long)]
    bundle: bool,
    /// The i-th of n parts
    #[arg(long, value_name = "I/N")]
    shard: Option<String>,
    /// Rounds at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Write the table as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Play rounds anew that were played before, with the same fault file and binary
    #[arg(long)]
    fresh: bool,
    /// Save no bundles
    #[arg(long)]
    no_save: bool,
    /// Fail if fewer of a hundred are exact, or if there is a false alarm, a secret, a change or a wrong quote
    #[arg(long, value_name = "PERCENT")]
    floor: Option<f64>,
    /// Instead of the table: rounds of this layer, or of `each`, without what only their own layer knows of causes
    #[arg(long, value_name = "LAYER", conflicts_with_all = ["live", "floor"])]
    without: Option<String>,
    /// The binary to ask
    #[arg(long, env = "LASTGOOD_BINARY")]
    lastgood: Option<PathBuf>,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Run(run) => run.play(),
        What::List { dir } => list(&dir),
        What::Images => images::build(&home()).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        say(&format!("arena: {error:#}"));
        ExitCode::from(2)
    })
}

/// The folder of this crate: its faults, stacks and bundles.
fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn list(dirs: &[PathBuf]) -> Result<ExitCode> {
    for round in roster::rounds(&[&[home()], dirs].concat(), &home())? {
        print(&format!("{:<28} {:<10} {}\n", round.name(), round.fault.layer, round.fault.title));
    }
    Ok(ExitCode::SUCCESS)
}

impl Run {
    fn play(&self) -> Result<ExitCode> {
        let mode = if self.live { Mode::Live } else { Mode::Bundle };
        let lastgood = Lastgood::find(self.lastgood.clone())?;
        let own = if self.only_dir { Vec::new() } else { vec![home()] };
        let mut rounds = roster::rounds(&[own, self.dir.clone()].concat(), &home())?;
        rounds.retain(|round| {
            self.only.is_empty() || self.only.iter().any(|only| *only == round.fault.id || *only == round.name())
        });
        if let Some(shard) = &self.shard {
            let (part, of) = shard.split_once('/').context("--shard: I/N, such as 1/4")?;
            let (part, of): (usize, usize) = (part.parse()?, of.parse()?);
            ensure!(part >= 1 && part <= of, "--shard {shard}: the parts are 1 to {of}");
            let mut at = 0;
            rounds.retain(|_| {
                at += 1;
                (at - 1) % of == part - 1
            });
        }
        if let Some(layer) = &self.without {
            rounds.retain(|round| !round.fault.label.healthy && (layer == "each" || round.fault.layer == *layer));
        }
        let before = rounds.len();
        if mode == Mode::Bundle {
            rounds.retain(|round| round.bundle.is_file());
        }
        let unplayed = before - rounds.len();
        if rounds.is_empty() {
            bail!("no such round\nhint: arena list");
        }
        if mode == Mode::Live {
            images::build(&home())?;
        }
        if self.without.is_some() {
            return self.without(&rounds, &lastgood);
        }
        let commit = play::commit(&home());
        let kept = Kept { folder: home().join("../target/arena").join(mode.name()), fresh: self.fresh };
        let played = self.all(mode, &rounds, &|round| {
            kept.or(round, &lastgood, || match mode {
                Mode::Live => play::live(round, &lastgood, &commit, !self.no_save),
                Mode::Bundle => play::replay(round, &lastgood, None),
            })
        });
        let date = Timestamp::now().strftime("%Y-%m-%d").to_string();
        let command = format!("arena {}", std::env::args().skip(1).collect::<Vec<_>>().join(" "));
        let table = Table { mode, played: &played, date, commit, command };
        print(&table.markdown());
        if unplayed > 0 {
            say(&format!("arena: {unplayed} rounds have no bundle, since they were not played live"));
        }
        if let Some(path) = &self.json {
            fs::write(path, serde_json::to_vec_pretty(&table.json())?).with_context(|| path.display().to_string())?;
        }
        let complaints = self.floor.map(|floor| table.below(floor)).unwrap_or_default();
        complaints.iter().for_each(|complaint| say(&format!("arena: {complaint}")));
        Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    /// Plays each round without its own layer.
    fn without(&self, rounds: &[Round], lastgood: &Lastgood) -> Result<ExitCode> {
        let played = self.all(Mode::Bundle, rounds, &|round| {
            let played = play::replay(round, lastgood, Some(&round.fault.layer));
            played.unwrap_or_else(|error| Played::void(round, format!("{error:#}")))
        });
        let table = Without { played: &played };
        print(&table.markdown());
        if let Some(path) = &self.json {
            fs::write(path, serde_json::to_vec_pretty(&table.json())?).with_context(|| path.display().to_string())?;
        }
        Ok(if played.iter().all(|played| played.void.is_none()) { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }

    /// Those that may have company side by side, then those that must be alone.
    fn all(&self, mode: Mode, rounds: &[Round], play: &(dyn Fn(&Round) -> Played + Sync)) -> Vec<Played> {
        let (alone, together): (Vec<&Round>, Vec<&Round>) =
            rounds.iter().partition(|round| mode == Mode::Live && round.fault.alone);
        let mut played = Vec::new();
        for (rounds, hands) in [(together, self.jobs.max(1)), (alone, 1)] {
            let (open, done) = (Mutex::new(rounds.into_iter()), Mutex::new(Vec::new()));
            thread::scope(|scope| {
                for _ in 0..hands {
                    scope.spawn(|| {
                        while let Some(round) = open.lock().ok().and_then(|mut open| open.next()) {
                            let one = play(round);
                            say(&Table::row(&one));
                            if let Ok(mut done) = done.lock() {
                                done.push(one);
                            }
                        }
                    });
                }
            });
            played.extend(done.into_inner().unwrap_or_default());
        }
        played.sort_by(|a, b| a.round.cmp(&b.round));
        played
    }
}

/// Results of earlier runs, so that one that was interrupted goes on where it stopped.
struct Kept {
    folder: PathBuf,
    fresh: bool,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    key: String,
    played: Played,
}

impl Kept {
    fn or(&self, round: &Round, lastgood: &Lastgood, play: impl FnOnce() -> Result<Played>) -> Played {
        let path = self.folder.join(format!("{}.json", round.name()));
        let read = |path: &Path| serde_json::from_slice::<Entry>(&fs::read(path).ok()?).ok();
        if let Some(entry) = read(&path).filter(|entry| !self.fresh && entry.key == play::key(round, lastgood)) {
            return entry.played;
        }
        let played = play().unwrap_or_else(|error| Played::void(round, format!("{error:#}")));
        // Only what counts is kept; what could not be played may be played the next time.
        if played.score.is_some() {
            let entry = Entry { key: play::key(round, lastgood), played: played.clone() };
            let kept = fs::create_dir_all(&self.folder)
                .map_err(anyhow::Error::from)
                .and_then(|()| Ok(fs::write(&path, serde_json::to_vec(&entry)?)?));
            if let Err(error) = kept {
                say(&format!("arena: {} is not kept: {error}", path.display()));
            }
        }
        played
    }
}

fn print(text: &str) {
    let _unheard = std::io::stdout().write_all(text.as_bytes());
}

fn say(text: &str) {
    let _unheard = writeln!(std::io::stderr(), "{text}");
}
