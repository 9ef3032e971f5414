//! `lastgood artifact`: what was built elsewhere becomes an image of this machine. For lastgood itself: nobody types it.

use std::io::Read;

use clap::Args;

use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::rollout::making::{look, make};
use crate::rollout::trouble::Trouble;

/// Makes an image of what comes in on standard input.
#[derive(Clone, Debug, Args)]
pub struct ArtifactArgs {
    /// Only a description comes in: is the image there?
    #[arg(long)]
    pub look: bool,
    /// This machine is meant
    #[arg(long)]
    pub local: bool,
}

/// Runs it.
pub fn run(args: &ArtifactArgs, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let fault = |trouble: Trouble| Complaint::Rollout { trouble };
    let mut stream = std::io::stdin().lock();
    let said = if args.look {
        let mut text = Vec::new();
        stream.read_to_end(&mut text)?;
        serde_json::to_string(&look(&serde_json::from_slice(&text)?).map_err(fault)?)?
    } else {
        make(stream).map_err(fault)?
    };
    io.answer(&format!("{said}\n"))?;
    Ok(Exit::Good)
}
