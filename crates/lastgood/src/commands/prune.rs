//! `lastgood prune`: clears away what is kept of releases that nobody can go back to any more.

use std::path::PathBuf;

use clap::Args;

use crate::cli::place::PlaceArgs;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::render::answer::View;
use crate::render::{events, waste};
use crate::rollout::doer::KEPT;
use crate::rollout::target::Target;

/// Clears away old releases.
#[derive(Clone, Debug, Args)]
pub struct PruneArgs {
    /// Which machine
    #[command(flatten, next_help_heading = "Host")]
    pub place: PlaceArgs,
    /// The folder that was deployed to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub of: PathBuf,
    /// So many good releases stay, that can be gone back to
    #[arg(long, value_name = "N", default_value_t = KEPT as u64, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub keep: u64,
    /// Say what would go, and change nothing
    #[arg(long)]
    pub plan: bool,
    /// As JSON, in the shape lastgood.prune/1
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
pub fn run(args: &PruneArgs, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let target = Target::of(&args.of)?;
    let keep = usize::try_from(args.keep).unwrap_or(usize::MAX);
    let gone = target.prune(keep, args.plan).map_err(|trouble| Complaint::Rollout { trouble })?;
    let folder = target.live.to_string_lossy();
    io.answer(&if args.json {
        events::pruned(&gone, &folder, args.plan)
    } else {
        waste::render(&gone, &folder, args.plan, view)
    })?;
    Ok(Exit::Good)
}
