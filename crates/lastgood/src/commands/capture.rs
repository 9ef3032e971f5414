//! `lastgood capture`: a case folder of what `why` would read, fit to be handed on.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::case::gaps::Written;
use crate::cli::place::PlaceArgs;
use crate::cli::question::QuestionArgs;
use crate::cli::stack::{ProbeArgs, StackArgs};
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::capture::{CaptureArgs as What, capture};
use crate::pipeline::stack::StackSubject;
use crate::render::answer::View;
use crate::render::paste::word;
use crate::render::quote::clean;
use crate::said;
use crate::settings::Settings;
use crate::words::CaptureTold;

/// Gaps that are shown; `gaps.json` has them all.
const MOST_GAPS: usize = 10;

/// A folder of the logs that can be sent and looked at again: addresses and secrets masked, lines where they were.
#[derive(Clone, Debug, Args)]
pub struct CaptureArgs {
    /// What is captured, and what will be asked of it
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
    /// The folder to write; it must not be there
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// With client and mail addresses as they are
    #[arg(long)]
    pub with_addresses: bool,
    /// Refuse to write more than this, after unpacking; --since and --until make it less
    #[arg(long, value_name = "SIZE", default_value = "200M")]
    pub max_size: String,
    /// Say as JSON what was written
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
pub fn run(args: &CaptureArgs, settings: &Settings, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let mut subject = args.question.understand(settings)?;
    // What is left out now cannot be looked at later.
    subject.stack = StackSubject { all_programs: true, ..args.stack.probed(args.probes) };
    let max_bytes = said::size(&args.max_size).ok_or_else(|| Complaint::Size { given: args.max_size.clone() })?;
    let asked = args.question.asked(subject.case.as_ref().map(|case| &case.case.question));
    let what = What { subject, asked, output: args.output.clone(), with_addresses: args.with_addresses, max_bytes };
    let captured = {
        let progress = super::progress(io);
        capture(&what, progress.as_ref())?
    };
    let folder = args.output.to_string_lossy();
    let replay = format!("lastgood why --case {}", word(&folder).unwrap_or_else(|| folder.to_string()));
    let masked = captured.masked;
    if args.json {
        let gaps: Vec<Written> = captured.gaps.iter().map(Written::from).collect();
        let said = json!({
            "schema": "lastgood.capture/1",
            "folder": folder,
            "live": captured.live,
            "files": captured.files,
            "lines": captured.lines,
            "blanked": captured.blanked,
            "bytes": captured.size,
            "masked": {
                "addresses": masked.addresses,
                "mails": masked.mails,
                "secrets": masked.secrets,
                "opaque": masked.opaque,
            },
            "gaps": gaps,
            "not_collected": captured.not_collected,
            "replay": replay,
        });
        io.answer(&format!("{said:#}\n"))?;
        return Ok(Exit::Good);
    }
    let told = CaptureTold {
        folder: &folder,
        files: captured.files,
        lines: captured.lines,
        blanked: captured.blanked,
        size: captured.size,
        masked,
        with_addresses: args.with_addresses,
        absent: &captured.not_collected,
        replay: &replay,
    };
    let mut text = String::new();
    for line in view.lang.captured(&told) {
        text += &format!("{}\n", clean(&line));
    }
    io.answer(&text)?;
    let words = view.lang.words();
    for gap in captured.gaps.iter().take(MOST_GAPS) {
        let what = format!("{}: {}", words.gap_what(gap), words.gap_why(gap));
        writeln!(io.stderr, "lastgood: {}: {}", words.labels().gaps, clean(&what))?;
    }
    if let Some(more) = captured.gaps.len().checked_sub(MOST_GAPS).filter(|more| *more > 0) {
        writeln!(io.stderr, "lastgood: … +{more}")?;
    }
    Ok(Exit::Good)
}
