//! `lastgood report`: the post-mortem, to be handed to others, so without anybody's address unless asked for.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::question::QuestionArgs;
use crate::cli::stack::{ProbeArgs, StackArgs};
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline;
use crate::render::answer::{Answer, View};
use crate::render::mask::Mask;
use crate::render::outline::Outline;
use crate::render::postmortem::Template;
use crate::render::{html, json, markdown};
use crate::settings::Settings;

/// The post-mortem.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// What is asked
    #[command(flatten)]
    pub question: QuestionArgs,
    /// Which stack
    #[command(flatten, next_help_heading = "Stack")]
    pub stack: StackArgs,
    /// Whether dependencies are asked, too
    #[command(flatten)]
    pub probes: ProbeArgs,
    /// Shape of the report
    #[arg(long, value_enum, default_value_t = Format::Md)]
    pub format: Format,
    /// Your own Markdown template to fill; docs/TEMPLATE.md says with what
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
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

impl Format {
    /// As it is typed.
    const fn name(self) -> &'static str {
        match self {
            Self::Md => "md",
            Self::Html => "html",
            Self::Json => "json",
        }
    }
}

/// Runs it.
pub fn run(args: &ReportArgs, settings: &Settings, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    // What is wrong with the arguments is said before hours of logs are read.
    let template = args.template.as_deref().map(|path| template(path, args.format)).transpose()?;
    let mut asked = args.question.understand(settings)?;
    asked.stack = args.stack.probed(args.probes);
    let found = {
        let progress = super::progress(io);
        pipeline::investigate(&asked, progress.as_ref())?
    };
    let answer = Answer { found: &found, asked: &asked.paths };
    let mut mask = (!args.with_addresses).then(|| Mask::new(&found.catalogue));
    let text = match (args.format, &template) {
        (Format::Md, Some((path, template))) => template
            .fill(answer, view.lang, mask.as_mut())
            .map_err(|mistake| Complaint::Template { path: path.clone(), mistake })?,
        (Format::Md, None) => markdown::render(&Outline::new(answer, view.lang, mask.as_mut()), view.lang),
        (Format::Html, _) => html::render(answer, view.lang, mask.as_mut())?,
        (Format::Json, _) => json::render(answer, view.lang, mask.as_mut()),
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

/// A template and its name, if this shape takes one.
fn template(path: &Path, format: Format) -> Result<(String, Template), Complaint> {
    if format != Format::Md {
        return Err(Complaint::TemplateFormat { format: format.name() });
    }
    let name = path.display().to_string();
    let source = std::fs::read_to_string(path)
        .map_err(|error| Complaint::TemplateRead { path: name.clone(), why: error.to_string() })?;
    match Template::new(source) {
        Ok(template) => Ok((name, template)),
        Err(mistake) => Err(Complaint::Template { path: name, mistake }),
    }
}
