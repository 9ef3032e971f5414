//! Arguments as typed: shapes and help, nothing resolved. What they mean is worked out by the command that owns them.

pub mod place;
pub mod question;
pub mod stack;
pub mod timeline;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;
use crate::words::Lang;

/// Says when your site broke, what changed just before, and which component is to blame.
#[derive(Clone, Debug, Parser)]
#[command(name = "lastgood", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "\
Exit codes: 0 good, 1 the answer is bad (an incident, something will break, a release refused or taken back), 2 could not
find out, 3 only of deploy and rollback: nothing serves, or going back failed.

Examples:
  lastgood why /var/log/nginx --noticed-at 12:57
  zcat access.log.*.gz | lastgood why -
  lastgood report /var/log/nginx --format md -o post-mortem.md
  lastgood capture /var/log/nginx -o case
  lastgood explain 502")]
pub struct Cli {
    /// What is asked of every command
    #[command(flatten, next_help_heading = "Output")]
    pub manner: Manner,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// How an answer is to look.
#[derive(Clone, Debug, Args)]
pub struct Manner {
    /// Language of the answer [default: LASTGOOD_LANG, else lastgood.toml, else the locale's]
    #[arg(long, global = true, value_enum)]
    pub lang: Option<Lang>,
    /// The settings, or - for standard input [default: the nearest lastgood.toml, here or in a folder above]
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = When::Auto)]
    pub color: When,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// What is wrong, since when, because of what
    Why(commands::why::WhyArgs),
    /// What runs, in one screen
    Status(commands::status::StatusArgs),
    /// What would bite the next deploy, or is wrong right now
    Check(commands::check::CheckArgs),
    /// Requests over time, as a table
    Timeline(timeline::TimelineArgs),
    /// The post-mortem
    Report(commands::report::ReportArgs),
    /// A folder of the logs that can be sent and looked at again
    Capture(commands::capture::CaptureArgs),
    /// What a cause or an HTTP status means
    Explain(commands::explain::ExplainArgs),
    /// A first lastgood.toml beside the compose file
    Init(commands::init::InitArgs),
    /// Brings a release to a target, proves it good, or goes back
    Deploy(commands::deploy::DeployArgs),
    /// Brings an earlier release back
    Rollback(commands::rollback::RollbackArgs),
    /// What was deployed, and what became of it
    History(commands::history::HistoryArgs),
    /// Clears away old releases that nobody can go back to
    Prune(commands::prune::PruneArgs),
    /// Stands guard over a rollout; for lastgood itself
    #[command(hide = true)]
    Guard(commands::guard::GuardArgs),
    /// Takes what a deploy keeps away from this machine; for lastgood itself
    #[command(hide = true)]
    Leave(commands::host::LeaveArgs),
    /// Makes an image of files that come in; for lastgood itself
    #[command(hide = true)]
    Artifact(commands::artifact::ArtifactArgs),
    /// Hosts that were asked
    Host(commands::host::HostArgs),
    /// Completions for a shell
    Completions(commands::completions::CompletionsArgs),
    /// The manual page
    Man(commands::man::ManArgs),
    /// Asks dependencies from where it was put; for lastgood itself
    #[command(hide = true)]
    Probe(commands::probe::ProbeArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_argument_has_help() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
        }
    }
}
