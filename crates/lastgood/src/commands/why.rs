//! `lastgood why`: the answer on a terminal, or as JSON.

use clap::Args;
use lastgood_model::Layer;

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
    /// Leave out what only these layers know of causes: how the arena sees what is left without it
    #[arg(long, hide = true, value_name = "LAYER", value_delimiter = ',', value_parser = layer)]
    pub without: Vec<Layer>,
    /// As JSON, in the shape lastgood.verdict/1
    #[arg(long)]
    pub json: bool,
    /// All evidence with its lines, all files, every incident in full
    #[arg(short, long)]
    pub verbose: bool,
}

/// A layer by its name.
fn layer(name: &str) -> Result<Layer, String> {
    let names = || Layer::ALL.iter().map(|layer| layer.name()).collect::<Vec<_>>().join(", ");
    Layer::find(name).ok_or_else(|| format!("one of {}", names()))
}

/// Runs it.
pub fn run(args: &WhyArgs, settings: &Settings, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let mut asked = args.question.understand(settings)?;
    asked.stack = args.stack.probed(args.probes);
    asked.without = args.without.iter().copied().collect();
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
