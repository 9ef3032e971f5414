//! `lastgood rollback`: brings back the last good release before the one that serves, or a named one.

use std::path::PathBuf;

use clap::Args;

use super::deploy::bring;
use crate::cli::place::PlaceArgs;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::render::answer::View;
use crate::render::telling::Telling;
use crate::rollout::target::{Seen, Target};
use crate::rollout::trouble::Trouble;

/// Brings an earlier release back.
#[derive(Clone, Debug, Args)]
pub struct RollbackArgs {
    /// The release, by the beginning of its id [default: the last good one before the one that serves]
    #[arg(value_name = "RELEASE")]
    pub release: Option<String>,
    /// Which machine
    #[command(flatten, next_help_heading = "Host")]
    pub place: PlaceArgs,
    /// The folder that was deployed to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub of: PathBuf,
    /// Say what would be done, and change nothing
    #[arg(long)]
    pub plan: bool,
    /// As JSON, an event a line, in the shape lastgood.events/1
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
pub fn run(args: &RollbackArgs, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    bring(
        &Target::of(&args.of)?,
        |target| see(target, args.release.as_deref()),
        args.plan,
        Telling::new(args.json, view),
        io,
    )
}

/// The release that is wanted, and what going back to it changes.
fn see(target: &Target, wanted: Option<&str>) -> Result<Seen, Complaint> {
    let fault = |trouble: Trouble| Complaint::Rollout { trouble };
    let history = target.history().map_err(fault)?;
    let Some(release) = history.earlier(wanted) else {
        let known = history.good().map(|release| release.id.short().to_owned()).collect();
        return Err(Complaint::NoRelease { given: wanted.map(str::to_owned), known });
    };
    target.see_again(release).map_err(fault)
}
