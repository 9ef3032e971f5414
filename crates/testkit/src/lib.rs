//! Test support: runs the binary in a clean environment and redacts what varies from run to run.
//! Never a normal dependency, and no assertions of its own: a test says itself what it expects.

mod command;
mod redact;

pub use command::{Lastgood, Output};
pub use redact::redact;
