//! `lastgood report`: the post-mortem, to be handed to others, so without anybody's address unless asked for.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::question::QuestionArgs;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline;
use crate::render::answer::{Answer, View};
use crate::render::mask::Mask;
use crate::render::outline::Outline;
use crate::render::{html, json, markdown};

/// The post-mortem.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// What is asked
    #[command(flatten)]
    pub question: QuestionArgs,
    /// Shape of the report
    #[arg(long, value_enum, default_value_t = Format::Md)]
    pub format: Format,
    /// With client and mail addresses as they are
    #[arg(long)]
    pub with_addresses: bool,
    /// Write it to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Shapes of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Markdown
    Md,
    /// One HTML page that needs nothing else
    Html,
    /// JSON, in the shape lastgood.verdict/1
    Json,
}

/// Runs it.
pub fn run(args: &ReportArgs, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let asked = args.question.understand()?;
    let found = {
        let progress = super::progress(io);
        pipeline::investigate(&asked, progress.as_ref())?
    };
    let answer = Answer { found: &found, asked: &asked.paths };
    let mut mask = (!args.with_addresses).then(|| Mask::new(&found.catalogue));
    let text = match args.format {
        Format::Md => markdown::render(&Outline::new(answer, view.lang, mask.as_mut()), view.lang),
        Format::Html => html::render(answer, view.lang, mask.as_mut())?,
        Format::Json => json::render(answer, view.lang, mask.as_mut()),
    };
    match &args.output {
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Complaint::Write { path: path.display().to_string(), why: error.to_string() })?,
        None => io.answer(&text)?,
    }
    let exit = Exit::from(found.verdict.status);
    if exit == Exit::Unknown {
        io.complain(&Complaint::Undetermined.into(), view.lang)?;
    }
    Ok(exit)
}
