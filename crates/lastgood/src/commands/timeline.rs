//! `lastgood timeline`: requests over time, as a table. Stands in until the scan is there.

use crate::cli::timeline::TimelineArgs;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;

/// Runs it.
pub fn run(_args: &TimelineArgs, _io: &mut Io<'_>) -> anyhow::Result<Exit> {
    Err(Complaint::NoPath.into())
}
