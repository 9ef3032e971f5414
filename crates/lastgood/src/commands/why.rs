//! `lastgood why`: the answer on a terminal, or as JSON.

use clap::Args;

use crate::cli::place::PlaceArgs;
use crate::cli::question::QuestionArgs;
use crate::cli::stack::{ProbeArgs, StackArgs};
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline;
use crate::privacy::hide_values::hide_values;
use crate::render::answer::{Answer, View};
use crate::render::{json, terminal};
use crate::settings::Settings;

/// What is wrong, since when, because of what.
#[derive(Clone, Debug, Args)]
pub struct WhyArgs {
    /// What is asked
    #[command(flatten)]
    pub question: QuestionArgs,
    /// Which machine
    #[command(flatten, next_help_heading = "Host")]
    pub place: PlaceArgs,
    /// Which stack
    #[command(flatten, next_help_heading = "Stack")]
    pub stack: StackArgs,
    /// Whether dependencies are asked, too
    #[command(flatten)]
    pub probes: ProbeArgs,
    /// Show no value of an environment variable, not even addresses
    #[arg(long)]
    pub hide_values: bool,
    /// As JSON, in the shape lastgood.verdict/1
    #[arg(long)]
    pub json: bool,
    /// All evidence with its lines, all files, every incident in full
    #[arg(short, long)]
    pub verbose: bool,
}

/// Runs it.
pub fn run(args: &WhyArgs, settings: &Settings, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let mut asked = args.question.understand(settings)?;
    asked.stack = args.stack.probed(args.probes);
    let mut found = {
        let progress = super::progress(io);
        pipeline::investigate(&asked, progress.as_ref())?
    };
    if args.hide_values {
        hide_values(&mut found);
    }
    let answer = Answer { found: &found, asked: found.service.as_ref().map_or(&asked.paths, |_| &[]) };
    let text = if args.json {
        json::render(answer, view.lang, None)
    } else {
        terminal::render(answer, View { verbose: args.verbose, ..view })
    };
    io.answer(&text)?;
    let exit = Exit::from(found.verdict.status);
    if exit == Exit::Unknown {
        // An answer that is none is also said where a script's owner looks.
        io.complain(&Complaint::Undetermined.into(), view.lang)?;
    }
    Ok(exit)
}
