//! Commands of the user's own around a deploy, run where it was typed: the project's tests before anything is built, and hooks before
//! and after. What they complain of is shown where they fail; what it means is theirs.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use lastgood_world::hear::{Heard, Unheard, hear};
use serde::Deserialize;

/// Tests take no longer.
const TO_TEST: Duration = Duration::from_secs(3600);
/// A hook takes no longer.
const TO_HOOK: Duration = Duration::from_secs(600);

/// `[deploy.hook]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hooks {
    /// Before the release goes to its target; where it fails, nothing is attempted.
    pub before: Option<String>,
    /// After all is over, whatever became of it.
    pub after: Option<String>,
}

/// Runs the tests in the project's folder, and hears them.
///
/// # Errors
/// If they cannot be run, or do not end.
pub fn test(command: &str, folder: &Path) -> Result<Heard, Unheard> {
    hear(shell(command).current_dir(folder), None, TO_TEST)
}

/// Runs a hook in the project's folder; it is told of the deploy in variables.
///
/// # Errors
/// If it cannot be run, or does not end.
pub fn run(command: &str, folder: &Path, told: &[(&str, &str)]) -> Result<Heard, Unheard> {
    hear(shell(command).current_dir(folder).envs(told.iter().copied()).stdin(Stdio::null()), None, TO_HOOK)
}

fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}
