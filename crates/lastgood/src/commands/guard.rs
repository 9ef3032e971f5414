//! `lastgood guard`: stands guard over a rollout, on the target. For lastgood itself: nobody types it.

use std::path::PathBuf;

use clap::Args;
use lastgood_world::engine::guard::step_out;

use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::render::answer::View;
use crate::render::telling::Telling;
use crate::rollout::guard::stand_guard;
use crate::rollout::target::Target;

/// Stands guard.
#[derive(Clone, Debug, Args)]
pub struct GuardArgs {
    /// The folder that is deployed to
    #[arg(long, value_name = "DIR", required_unless_present = "steps_out")]
    pub of: Option<PathBuf>,
    /// The project
    #[arg(long, value_name = "NAME", default_value = "")]
    pub project: String,
    /// Out of a container, into the machine, and there what stands behind --
    #[arg(long, requires = "user")]
    pub steps_out: bool,
    /// Who to be there: numbers of user and group
    #[arg(long, value_name = "UID:GID", value_parser = user)]
    pub user: Option<(u32, u32)>,
    /// The numbers of all groups
    #[arg(long, value_name = "GID", value_delimiter = ',')]
    pub groups: Vec<u32>,
    /// Where to be there
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub folder: PathBuf,
    /// What to be called with there
    #[arg(last = true)]
    pub arguments: Vec<String>,
}

/// Runs it.
pub fn run(args: &GuardArgs, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    if let (true, Some(user)) = (args.steps_out, args.user) {
        return Err(step_out(user, &args.groups, &args.folder, &args.arguments).into());
    }
    let Some(folder) = &args.of else { return Err(Complaint::NoHost.into()) };
    let mut watcher = Telling::new(false, view).watcher(io.stdout);
    stand_guard(&Target::of(folder)?, &args.project, &mut *watcher)
        .map_err(|trouble| Complaint::Rollout { trouble })?;
    Ok(Exit::Good)
}

fn user(text: &str) -> Result<(u32, u32), String> {
    let numbers = text.split_once(':').and_then(|(user, group)| Some((user.parse().ok()?, group.parse().ok()?)));
    numbers.ok_or_else(|| "two numbers, UID:GID".to_owned())
}
