//! `lastgood init`: a first `lastgood.toml` beside the compose file, from what is seen there. It writes that one file, where
//! none is yet, and nothing else.

use clap::Args;
use lastgood_diagnose::check::{CheckQuestion, built_for, check};
use lastgood_diagnose::{drift, topology};
use lastgood_world::write_new;

use crate::cli::stack::StackArgs;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::look;
use crate::privacy::secrets::is_secret_key;
use crate::render::answer::View;
use crate::render::first_settings::{Built, FirstSettings};
use crate::render::quote::clean;
use crate::settings::NAME;
use crate::words::Lang;

/// A first lastgood.toml beside the compose file; an existing one is left alone.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// Which stack
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Runs it. `asked` is the language that was asked for, if one was.
pub fn run(args: &InitArgs, asked: Option<Lang>, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let seen = look(None, &args.stack.subject());
    let Some(folder) = &seen.folder else { return Err(Complaint::NoProject.into()) };
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
    write_new(&path, first.text().as_bytes()).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Complaint::SettingsExist { path: shown.clone() },
        _ => Complaint::Write { path: shown.clone(), why: error.to_string() },
    })?;
    for line in view.lang.settings_written(&shown) {
        io.answer(&format!("{}\n", clean(&line)))?;
    }
    Ok(Exit::Good)
}
