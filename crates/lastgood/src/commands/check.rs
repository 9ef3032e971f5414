//! `lastgood check`: what would bite the next deploy, or is wrong right now. It looks, and changes nothing.

use std::path::PathBuf;

use clap::Args;
use lastgood_diagnose::check::{CheckQuestion, accept, check};
use lastgood_diagnose::{drift, topology};

use crate::case::Opened;
use crate::cli::place::PlaceArgs;
use crate::cli::question::zone;
use crate::cli::stack::{ProbeArgs, StackArgs};
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::look;
use crate::pipeline::stack::StackSubject;
use crate::pipeline::stack::excerpts::excerpts;
use crate::privacy::secrets::is_secret_key;
use crate::render::answer::View;
use crate::render::check::{Checked, Outcome, render};
use crate::render::check_json;
use crate::render::clock::Clock;
use crate::render::compose_call::compose_call;
use crate::settings::Settings;

/// What would bite the next deploy.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Which machine
    #[command(flatten, next_help_heading = "Host")]
    pub place: PlaceArgs,
    /// Which stack
    #[command(flatten, next_help_heading = "Stack")]
    pub stack: StackArgs,
    /// Whether dependencies are asked, too
    #[command(flatten)]
    pub probes: ProbeArgs,
    /// A case that `lastgood capture` wrote, in the place of this machine
    #[arg(long, value_name = "DIR")]
    pub case: Option<PathBuf>,
    /// Exit with 1 also for what is only worth knowing
    #[arg(long)]
    pub strict: bool,
    /// Zone of the answer [default: UTC]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub show_tz: Option<String>,
    /// Show no value of an environment variable, not even addresses
    #[arg(long)]
    pub hide_values: bool,
    /// As JSON, in the shape lastgood.check/1
    #[arg(long)]
    pub json: bool,
    /// Every finding in full, with what is accepted
    #[arg(short, long)]
    pub verbose: bool,
}

/// Runs it.
pub fn run(args: &CheckArgs, settings: &Settings, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let zone = zone("--show-tz", args.show_tz.as_deref())?;
    let subject = StackSubject { all_programs: true, ..args.stack.probed(args.probes) };
    let case = args.case.as_deref().map(Opened::open).transpose()?;
    let seen = look(case.as_ref(), &subject);
    let question = CheckQuestion { development: settings.development.clone(), is_secret_key };
    let mut findings = check(&seen.stack, &topology::build(&seen.stack), &drift::find(&seen.stack), &question);
    let unused = accept(&mut findings, &settings.accepted);
    let offset_s = zone.and_then(|zone| crate::pipeline::offset_at(&zone, seen.stack.at)).unwrap_or(0);
    let call = || compose_call(&subject, seen.stack.desired.as_ref());
    let compose = seen.call.clone().unwrap_or_else(call);
    let checked = Checked {
        stack: &seen.stack,
        findings: &findings,
        unused: &unused,
        gaps: &seen.gaps,
        probed: seen.probed,
        excerpts: &excerpts(findings.iter().flat_map(|finding| &finding.refs), &seen),
        compose: &compose,
        hide_values: args.hide_values,
        clock: Clock::new(offset_s),
    };
    let outcome = checked.outcome();
    let view = View { verbose: args.verbose, ..view };
    io.answer(&if args.json { check_json::render(&checked, view.lang) } else { render(&checked, view) })?;
    Ok(match outcome {
        Outcome::WillBreak => Exit::Bad,
        Outcome::WorthKnowing if args.strict => Exit::Bad,
        Outcome::WorthKnowing | Outcome::Clean => Exit::Good,
        Outcome::Undetermined => {
            io.complain(&Complaint::Undetermined.into(), view.lang)?;
            Exit::Unknown
        }
    })
}
