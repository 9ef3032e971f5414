//! One run: arguments to an exit code, through streams that are handed in. It knows which command is which, and how a
//! complaint is printed; no command's business.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::cli::{Cli, Command, Manner, When};
use crate::commands::init::InitArgs;
use crate::commands::{
    artifact, capture, check, completions, deploy, explain, guard, history, host, init, man, probe, prune, report,
    rollback, status, timeline, why,
};
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::remote::{Asked, Target, retold, target, usual_folder};
use crate::pipeline::stack::project_here;
use crate::render::answer::View;
use crate::render::quote::repeated;
use crate::settings::{self, Settings};
use crate::words::Lang;

/// Runs lastgood with these arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>, io: &mut Io<'_>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, io),
    };
    // A page of the manual and completions are the same everywhere, what is to be written first is not there yet, and an agent
    // is told everything.
    let settings = match cli.command {
        Command::Completions(_) | Command::Man(_) | Command::Probe(_) | Command::Artifact(_) => Ok(Settings::default()),
        Command::Init(InitArgs { nginx: None, .. }) => Ok(Settings::default()),
        _ => settings::read(cli.manner.config.as_deref()),
    };
    let lang = settings.as_ref().map_or(None, |settings| settings.lang);
    let view = view(&cli.manner, lang, io);
    let answered = settings.map_err(anyhow::Error::from).and_then(|settings| match elsewhere(&cli, &settings)? {
        Some(target) => {
            let typed: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
            let typed = retold(&typed);
            match &cli.command {
                Command::Capture(args) => capture::elsewhere(args, target, &typed, &settings, view, io),
                _ => Asked::of(target, view, io)?.answer(&typed, settings.path.as_deref(), view, io),
            }
        }
        None => dispatch(&cli, &settings, view, io),
    });
    match answered.and_then(|exit| Ok(io.stdout.flush().map(|()| exit)?)) {
        Ok(exit) => exit,
        Err(error) if closed(&error) => Exit::Good,
        Err(error) => {
            // There is nobody left to tell if this fails too.
            let _ignored = io.complain(&error, view.lang);
            Exit::Unknown
        }
    }
}

/// The host that is asked in this one's place.
fn elsewhere(cli: &Cli, settings: &Settings) -> Result<Option<Target>, Complaint> {
    let (place, case, logs) = match &cli.command {
        Command::Why(args) => (&args.place, &args.question.case, args.question.logs.as_slice()),
        Command::Check(args) => (&args.place, &args.case, [].as_slice()),
        Command::Status(args) => (&args.place, &args.case, [].as_slice()),
        Command::Capture(args) => (&args.place, &args.question.case, args.question.logs.as_slice()),
        Command::Timeline(args) => (&args.place, &args.case, args.logs.as_slice()),
        Command::Rollback(args) => (&args.place, &None, [].as_slice()),
        Command::History(args) => (&args.place, &None, [].as_slice()),
        Command::Prune(args) => (&args.place, &None, [].as_slice()),
        Command::Init(args) => (&args.place, &None, [].as_slice()),
        _ => return Ok(None),
    };
    // A case is of this machine, wherever it was captured.
    let files: Vec<PathBuf> = case.iter().map(|case| Path::new(".").join(case)).chain(logs.iter().cloned()).collect();
    let mut found = target(place, &files, settings)?;
    // Where a project was deployed to is where its history is.
    if let (Some(Target { path: path @ None, .. }), Command::Rollback(_) | Command::History(_) | Command::Prune(_)) =
        (&mut found, &cli.command)
    {
        // Compose files may have names of their own here, which only `deploy` was told.
        let folder_here = || Some(std::env::current_dir().ok()?.file_name()?.to_string_lossy().into_owned());
        *path = project_here().or_else(folder_here).map(|project| usual_folder(&project));
    }
    Ok(found)
}

fn dispatch(cli: &Cli, settings: &Settings, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    match &cli.command {
        Command::Why(args) => why::run(args, settings, view, io),
        Command::Status(args) => status::run(args, view, io),
        Command::Check(args) => check::run(args, settings, view, io),
        Command::Timeline(args) => timeline::run(args, settings, view, io),
        Command::Report(args) => report::run(args, settings, view, io),
        Command::Capture(args) => capture::run(args, settings, view, io),
        Command::Explain(args) => explain::run(args, view, io),
        Command::Deploy(args) => deploy::run(args, settings, view, io),
        Command::Rollback(args) => rollback::run(args, view, io),
        Command::History(args) => history::run(args, view, io),
        Command::Prune(args) => prune::run(args, view, io),
        Command::Guard(args) => guard::run(args, view, io),
        Command::Leave(args) => host::leave(args, view, io),
        Command::Artifact(args) => artifact::run(args, io),
        Command::Host(args) => host::run(args, settings, view, io),
        Command::Init(args) => init::run(args, cli.manner.lang, view, io),
        Command::Completions(args) => completions::run(args, io),
        Command::Man(args) => man::run(args, io),
        Command::Probe(args) => probe::run(args, io),
    }
}

/// Help and version are good answers; anything else that clap has to say is a wrong usage.
fn usage(error: &clap::Error, io: &mut Io<'_>) -> Exit {
    let text = error.render();
    let (stream, terminal) = if error.use_stderr() {
        (&mut io.stderr, io.stderr_is_terminal)
    } else {
        (&mut io.stdout, io.stdout_is_terminal)
    };
    let plain = text.to_string();
    // What was typed may hold a secret; it is not repeated then, and colours are not looked through.
    let fit = if error.use_stderr() { repeated(&plain) } else { plain.clone() };
    let text = if terminal && fit == plain { text.ansi().to_string() } else { fit };
    let written = stream.write_all(text.as_bytes());
    match (written, error.use_stderr()) {
        (Ok(()), false) => Exit::Good,
        _ => Exit::Unknown,
    }
}

fn view(manner: &Manner, settled: Option<Lang>, io: &Io<'_>) -> View {
    let told = io.variable("LASTGOOD_LANG").and_then(Lang::of_locale);
    let lang = manner.lang.or(told).or(settled).or_else(|| io.locale().and_then(Lang::of_locale)).unwrap_or_default();
    let colour = match manner.color {
        When::Always => true,
        When::Never => false,
        When::Auto => io.stdout_is_terminal && io.variable("NO_COLOR").is_none() && io.variable("TERM") != Some("dumb"),
    };
    View { lang, colour, unicode: io.speaks_utf8(), width: io.width(), verbose: false }
}

/// Whether the reader of our answer went away (`lastgood why … | head`), which is no failure.
fn closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
