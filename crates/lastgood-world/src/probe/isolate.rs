//! What a process that knows secrets for a moment does first: it takes care that none of its memory is ever written to a
//! file, and that others of its user cannot look into it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::memory::undumpable;

/// No core dump, no debugger, and an environment that only root can read. Where the kernel refuses, nothing is lost but that.
pub fn leave_no_traces() {
    let maximum = getrlimit(Resource::Core).maximum.map(|_| 0);
    let _refused = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: maximum.or(Some(0)) });
    let _refused = undumpable();
}
