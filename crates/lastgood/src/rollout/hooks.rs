//! Commands of the user's own around a deploy: the project's tests before anything is built, and hooks before and after, which run where
//! it was typed; and those that run on the target, in a container of the new release. What they complain of is shown where they fail;
//! what it means is theirs.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use lastgood_model::rollout::HookPoint;
use lastgood_world::engine::compose;
use lastgood_world::hear::{Heard, Unheard, hear};
use serde::{Deserialize, Serialize};

use super::act::point;
use super::doer::{Hands, heard};
use super::trouble::Trouble;

/// Tests take no longer.
const TO_TEST: Duration = Duration::from_secs(3600);
/// A hook takes no longer.
const TO_HOOK: Duration = Duration::from_secs(600);

/// `[deploy.hook]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hooks {
    /// Before the release goes to its target; where it fails, nothing is attempted. It stays where it was typed.
    #[serde(skip_serializing)]
    pub before: Option<String>,
    /// After all is over, whatever became of it. It stays there, too.
    #[serde(skip_serializing)]
    pub after: Option<String>,
    /// On the target, when all that can be tried is, and nothing that serves is touched.
    pub before_switch: Option<InContainer>,
    /// On the target, when everything runs as the new release says.
    pub after_switch: Option<InContainer>,
}

/// A command in a container of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InContainer {
    /// The service whose image, variables and networks it has.
    pub service: String,
    /// The command and its arguments.
    pub run: Vec<String>,
}

impl Hooks {
    /// The command at a point.
    #[must_use]
    pub const fn at(&self, point: HookPoint) -> Option<&InContainer> {
        match point {
            HookPoint::BeforeSwitch => self.before_switch.as_ref(),
            HookPoint::AfterSwitch => self.after_switch.as_ref(),
        }
    }

    /// Where there is one, and of which service.
    #[must_use]
    pub fn points(&self) -> Vec<(HookPoint, Arc<str>)> {
        let all = [HookPoint::BeforeSwitch, HookPoint::AfterSwitch];
        all.into_iter().filter_map(|point| Some((point, Arc::from(&*self.at(point)?.service)))).collect()
    }
}

impl Hands<'_> {
    /// Runs the command at a point in a container of the new release.
    pub(super) fn hook(&self, point: HookPoint, within: Duration) -> Result<(), Trouble> {
        // The plan is made by the manner; one that does not know the point is of another version.
        let Some(InContainer { service, run }) = self.manner.hook.at(point) else { return Err(Trouble::Newer) };
        let (code, lines) = self.run_once(service, run, &self.hook_name(point)?, within)?;
        if code == 0 { Ok(()) } else { Err(Trouble::Hook(code, lines)) }
    }

    /// Its container goes, whatever it is about.
    pub(super) fn end_hook(&self, point: HookPoint, within: Duration) -> Result<(), Trouble> {
        heard(compose::drop_container(&self.hook_name(point)?, within)?)?;
        self.clear_beside()
    }

    fn hook_name(&self, at: HookPoint) -> Result<String, Trouble> {
        Ok(format!("lastgood-hook-{}-{}", self.release(&self.target)?.project, point(at)))
    }
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
