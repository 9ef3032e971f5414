//! `lastgood init`: a first `lastgood.toml` for the compose file, from what is seen there, printed, or written where none is yet; and
//! what has to be done once so that nginx can be told where a service is. Nothing else is ever written.

use clap::Args;
use lastgood_diagnose::check::{CheckQuestion, built_for, check};
use lastgood_diagnose::{drift, topology};
use lastgood_model::Ref;
use lastgood_world::write_new;

use crate::cli::place::PlaceArgs;
use crate::cli::stack::StackArgs;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::look;
use crate::pipeline::stack::Looked;
use crate::pipeline::stack::excerpts::excerpts;
use crate::privacy::secrets::is_secret_key;
use crate::render::answer::View;
use crate::render::first_settings::{Built, FirstSettings};
use crate::render::nginx_patch::patches;
use crate::render::quote::clean;
use crate::settings::NAME;
use crate::words::Lang;

/// Prints a first lastgood.toml for the compose file, or what lets nginx switch a service without losing a request.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// Write it beside the compose file; one that is there is left alone
    #[arg(long, conflicts_with_all = ["nginx", "host", "target"])]
    pub write: bool,
    /// Print what has to be done once for a service (or for every one that an nginx passes requests to) with switch = "proxy"
    #[arg(long, value_name = "SERVICE", num_args = 0..=1, default_missing_value = "")]
    pub nginx: Option<String>,
    /// Which machine
    #[command(flatten, next_help_heading = "Host")]
    pub place: PlaceArgs,
    /// Which stack
    #[command(flatten, next_help_heading = "Stack")]
    pub stack: StackArgs,
}

/// Runs it. `asked` is the language that was asked for, if one was.
pub fn run(args: &InitArgs, asked: Option<Lang>, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let seen = look(None, &args.stack.subject());
    let Some(folder) = &seen.folder else { return Err(Complaint::NoProject.into()) };
    if let Some(service) = &args.nginx {
        return patch(&seen, service, view, io);
    }
    let path = folder.join(NAME);
    let here = std::env::current_dir().unwrap_or_default();
    let shown = path.strip_prefix(&here).unwrap_or(&path).display().to_string();
    let stack = &seen.stack;
    let question = CheckQuestion { development: None, is_secret_key };
    let findings = check(stack, &topology::build(stack), &drift::find(stack), &question);
    let services = stack.desired.iter().flat_map(|desired| &desired.services);
    let built = services.filter(|service| service.build.is_some()).map(|service| Built {
        service: &service.name,
        dockerfile: stack.dockerfiles.iter().find(|(name, _)| *name == service.name).map(|(_, dockerfile)| dockerfile),
        target: built_for(service, stack.snapshot.as_ref()),
    });
    let first = FirstSettings {
        project: stack.desired.as_ref(),
        built: built.collect(),
        machine: Some(&*stack.host.architecture).filter(|name| !name.is_empty()),
        findings: &findings,
        lang: view.lang,
        asked,
    };
    if !args.write {
        io.answer(&first.text())?;
        return Ok(Exit::Good);
    }
    write_new(&path, first.text().as_bytes()).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Complaint::SettingsExist { path: shown.clone() },
        _ => Complaint::Write { path: shown.clone(), why: error.to_string() },
    })?;
    for line in view.lang.settings_written(&shown) {
        io.answer(&format!("{}\n", clean(&line)))?;
    }
    Ok(Exit::Good)
}

/// What has to be done so that a service's traffic can be sent elsewhere.
fn patch(seen: &Looked, service: &str, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let only = Some(service).filter(|service| !service.is_empty());
    let line = |at: &Ref| excerpts([at].into_iter(), seen).remove(at);
    let found = patches(&seen.stack, &topology::build(&seen.stack), only, &line);
    if found.is_empty() {
        return Err(Complaint::NoProxy { service: only.map(str::to_owned) }.into());
    }
    for (index, patch) in found.iter().enumerate() {
        let between = if index == 0 { "" } else { "\n" };
        io.answer(&format!("{between}{}", patch.text(view.lang)))?;
    }
    Ok(Exit::Good)
}
