//! What this process has in memory stays there: values of environments are among it, and no file and no other process of the same user is
//! to hold a copy.

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// From here on no core is dumped of this process, nor of what it starts, and nobody but the administrator reads its memory.
///
/// # Errors
/// What the system says.
pub fn keep_private() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}
