//! `lastgood status`: the stack in one screen. It says what runs, not why something does not.

use std::path::PathBuf;

use clap::Args;
use lastgood_diagnose::overview::overview;
use lastgood_diagnose::{drift, topology};

use crate::case::Opened;
use crate::cli::place::PlaceArgs;
use crate::cli::question::zone;
use crate::cli::stack::StackArgs;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::look;
use crate::render::answer::View;
use crate::render::clock::Clock;
use crate::render::overview::{Overview, json, render};

/// What runs, in one screen.
#[derive(Clone, Debug, Args)]
pub struct StatusArgs {
    /// Which machine
    #[command(flatten, next_help_heading = "Host")]
    pub place: PlaceArgs,
    /// Which stack
    #[command(flatten, next_help_heading = "Stack")]
    pub stack: StackArgs,
    /// A case that `lastgood capture` wrote, in the place of this machine
    #[arg(long, value_name = "DIR")]
    pub case: Option<PathBuf>,
    /// Zone of the answer [default: UTC]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub show_tz: Option<String>,
    /// As JSON, in the shape lastgood.status/1
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
pub fn run(args: &StatusArgs, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let zone = zone("--show-tz", args.show_tz.as_deref())?;
    let case = args.case.as_deref().map(Opened::open).transpose()?;
    let seen = look(case.as_ref(), &args.stack.subject());
    let rows = overview(&seen.stack, &topology::build(&seen.stack), &drift::find(&seen.stack));
    let offset_s = zone.and_then(|zone| crate::pipeline::offset_at(&zone, seen.stack.at)).unwrap_or(0);
    let shown = Overview { stack: &seen.stack, rows: &rows, gaps: &seen.gaps, clock: Clock::new(offset_s) };
    io.answer(&if args.json { json(&shown, view.lang) } else { render(&shown, view) })?;
    Ok(match (shown.is_bad(), &seen.stack.snapshot) {
        (true, _) => Exit::Bad,
        (false, Some(_)) => Exit::Good,
        (false, None) => Exit::Unknown,
    })
}
