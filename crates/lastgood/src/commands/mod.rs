//! One file a command: its arguments and its run. A command collects, lets decide, renders, and nothing else.

pub mod artifact;
pub mod capture;
pub mod check;
pub mod completions;
pub mod deploy;
pub mod explain;
pub mod guard;
pub mod history;
pub mod host;
pub mod init;
pub mod man;
pub mod probe;
pub mod prune;
pub mod report;
pub mod rollback;
pub mod status;
pub mod timeline;
pub mod why;

use crate::investigation::Progress;
use crate::io::Io;
use crate::progress::{Bar, Silent};

/// A bar where somebody can see it.
fn progress(io: &Io<'_>) -> Box<dyn Progress> {
    if io.stderr_is_terminal { Box::new(Bar::new()) } else { Box::new(Silent) }
}
