//! `lastgood history`: what was deployed to a folder, and what became of it.

use std::path::PathBuf;

use clap::Args;

use crate::cli::place::PlaceArgs;
use crate::cli::question::zone;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::render::answer::View;
use crate::render::clock::Clock;
use crate::render::{events, rollout};
use crate::rollout::grip::is_held;
use crate::rollout::target::Target;

/// What was deployed, and what became of it.
#[derive(Clone, Debug, Args)]
pub struct HistoryArgs {
    /// Which machine
    #[command(flatten, next_help_heading = "Host")]
    pub place: PlaceArgs,
    /// The folder that was deployed to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub of: PathBuf,
    /// Zone of the answer [default: UTC]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub show_tz: Option<String>,
    /// As JSON, in the shape lastgood.history/1
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
pub fn run(args: &HistoryArgs, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let zone = zone("--show-tz", args.show_tz.as_deref())?;
    let target = Target::of(&args.of)?;
    let history = target.history().map_err(|trouble| Complaint::Rollout { trouble })?;
    let offset = zone.and_then(|zone| crate::pipeline::offset_at(&zone, lastgood_world::now())).unwrap_or(0);
    let (clock, folder, is_held) = (Clock::new(offset), target.live.to_string_lossy(), is_held(&target.state()));
    io.answer(&if args.json {
        events::history(&history, is_held, &folder, clock)
    } else {
        rollout::history(&history, is_held, clock, view)
    })?;
    Ok(Exit::Good)
}
