//! What this process has in memory stays there: values of environments are among it, and no file and no other process of the same user is
//! to hold a copy.

use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};

/// From here on no core is dumped of this process, nor of what it starts, and nobody but the administrator reads its memory.
///
/// # Errors
/// What the system says.
pub fn keep_private() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    undumpable()?;
    Ok(())
}

/// No debugger, and an environment that only the administrator reads.
#[cfg(target_os = "linux")]
pub(crate) fn undumpable() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Other systems have no word for it.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn undumpable() -> io::Result<()> {
    Ok(())
}
