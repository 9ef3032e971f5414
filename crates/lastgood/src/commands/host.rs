//! `lastgood host remove`: takes away from a host what was brought there to ask it, and what a deploy keeps there. What runs stays.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::place::PlaceArgs;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::remote::{Asked, Target as Place, target, usual_folder};
use crate::pipeline::stack::project_here;
use crate::render::answer::View;
use crate::render::waste;
use crate::rollout::target::{Target, at_home};
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
    /// The folder there that was deployed to [default: path of the target, else ~/ and the project's name]
    #[arg(long, value_name = "DIR")]
    pub of: Option<PathBuf>,
    /// Say what would go, and change nothing
    #[arg(long)]
    pub plan: bool,
}

/// Takes away what a deploy keeps on this machine.
#[derive(Clone, Debug, Args)]
pub struct LeaveArgs {
    /// Which machine
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The folder that was deployed to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub of: PathBuf,
    /// Say what would go, and change nothing
    #[arg(long)]
    pub plan: bool,
}

/// Runs it here.
pub fn leave(args: &LeaveArgs, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let target = Target::of(&at_home(&args.of))?;
    let gone = target.leave(args.plan).map_err(|trouble| Complaint::Rollout { trouble })?;
    io.answer(&waste::render(&gone, &target.live.to_string_lossy(), args.plan, view))?;
    Ok(Exit::Good)
}

/// Runs it.
pub fn run(args: &HostArgs, settings: &Settings, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let HostAction::Remove(RemoveArgs { place, of, plan }) = &args.action;
    let Some(target) = target(place, &[], settings)? else {
        // Of this machine there is only what was deployed to a folder of it.
        let of = of.clone().filter(|_| place.local).ok_or(Complaint::NoHost)?;
        return leave(&LeaveArgs { place: place.clone(), of, plan: *plan }, view, io);
    };
    let folder = of.as_ref().map(|of| of.to_string_lossy().into_owned()).or_else(|| target.path.clone());
    if let Some(folder) = folder.or_else(|| project_here().map(|project| usual_folder(&project))) {
        let mut typed = vec!["leave".to_owned(), "--of".to_owned(), folder];
        typed.extend(plan.then(|| "--plan".to_owned()));
        // The folder may not be there.
        let there = Place { path: None, ..target.clone() };
        let left = Asked::of(there, view, io)?.tell(&typed, view, io)?;
        if left != Exit::Good || *plan {
            return Ok(left);
        }
    }
    let removed = Asked::remove(&target, io)?;
    io.answer(&view.lang.words().removed(&target.host, &removed))?;
    Ok(Exit::Good)
}
