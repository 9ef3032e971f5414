//! `lastgood host remove`: takes away from a host what was brought there to ask it. What runs there stays.

use clap::{Args, Subcommand};

use crate::cli::place::PlaceArgs;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::remote::{Asked, target};
use crate::render::answer::View;
use crate::settings::Settings;

/// Hosts that were asked.
#[derive(Clone, Debug, Args)]
pub struct HostArgs {
    /// What to do
    #[command(subcommand)]
    pub action: HostAction,
}

/// What to do with a host.
#[derive(Clone, Debug, Subcommand)]
pub enum HostAction {
    /// Takes everything of lastgood away from a host; what runs there stays
    Remove(RemoveArgs),
}

/// Takes everything of lastgood away from a host.
#[derive(Clone, Debug, Args)]
pub struct RemoveArgs {
    /// Which machine
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Runs it.
pub fn run(args: &HostArgs, settings: &Settings, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let HostAction::Remove(RemoveArgs { place }) = &args.action;
    let Some(target) = target(place, &[], settings)? else {
        return Err(Complaint::NoHost.into());
    };
    let removed = Asked::remove(&target, io)?;
    io.answer(&view.lang.words().removed(&target.host, &removed))?;
    Ok(Exit::Good)
}
