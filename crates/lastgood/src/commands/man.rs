//! `lastgood man`: the manual page, of lastgood or of one command, as roff.

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use crate::cli::Cli;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;

/// The manual page.
#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// Of this command alone
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

/// Runs it.
pub fn run(args: &ManArgs, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let mut cli = Cli::command();
    cli.build();
    let page = match &args.command {
        None => cli,
        Some(name) => {
            let own = cli.find_subcommand(name).cloned();
            let shown = cli.get_subcommands().filter(|command| !command.is_hide_set());
            let names = shown.map(|command| command.get_name().to_owned());
            own.ok_or_else(|| Complaint::Command { given: name.clone(), known: names.collect() })?
        }
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text)?;
    io.answer(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Good)
}
