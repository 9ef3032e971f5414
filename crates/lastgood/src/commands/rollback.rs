//! `lastgood rollback`: brings back the last good release before the one that serves, or a named one.

use std::path::PathBuf;

use clap::Args;

use crate::cli::place::PlaceArgs;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::render::answer::View;
use crate::render::rollout;
use crate::rollout::doer::Trouble;
use crate::rollout::target::{Target, who};

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
}

/// Runs it.
pub fn run(args: &RollbackArgs, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let fault = |trouble: Trouble| Complaint::Rollout { trouble };
    let target = Target::of(&args.of)?;
    if !args.plan
        && let Some(open) = target.history().map_err(fault)?.open()
    {
        io.answer(&format!("{}\n", view.lang.rollout().takes_up))?;
        let mut teller = rollout::Teller { out: io.stdout, view };
        target.take_up(open, &mut teller).map_err(fault)?;
    }
    let history = target.history().map_err(fault)?;
    let known: Vec<_> = history.good().collect();
    let wanted = match &args.release {
        Some(begin) => known.iter().find(|release| release.id.0.starts_with(begin.as_str())),
        None => known.get(1),
    };
    let Some(release) = wanted else {
        let known = known.iter().map(|release| release.id.short().to_owned()).collect();
        return Err(Complaint::NoRelease { given: args.release.clone(), known }.into());
    };
    let seen = target.see_again(release).map_err(fault)?;
    io.answer(&rollout::plan(&seen, &target.live.to_string_lossy(), view))?;
    if args.plan || seen.changes.is_empty() {
        return Ok(Exit::Good);
    }
    let mut teller = rollout::Teller { out: io.stdout, view };
    let outcome = target.roll(&seen, &who(), &mut teller).map_err(fault)?;
    io.answer(&rollout::outcome(outcome, &seen.release, seen.parent.as_ref(), view))?;
    Ok(Exit::from(outcome))
}
