//! `lastgood completions`: what a shell needs to complete our arguments.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::io::Io;

/// Completions for a shell.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Runs it.
pub fn run(args: &CompletionsArgs, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "lastgood", &mut text);
    io.answer(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Good)
}
