//! The guard: somebody on the target who brings a rollout to its end whose driver died, also after the machine was started anew. It is
//! called while something that serves is touched, and goes when that is over.

use std::thread;
use std::time::{Duration, Instant};

use lastgood_world::engine::{compose, guard};
use lastgood_world::state::{bundle, hold, in_hand};

use super::doer::{Hands, Watcher, heard};
use super::target::Target;
use super::trouble::Trouble;
use crate::pipeline::stack::Looked;

/// How Docker is told what it is.
pub(super) const LABEL: &str = "lastgood.guard";
/// So many lines of one that does not stand are told.
const LAST_WORDS: u32 = 5;
/// It looks so often whether the driver lives.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// Removing it takes no longer.
const TO_GO: Duration = Duration::from_secs(30);
/// Beginning takes it no longer.
const TO_STAND: Duration = Duration::from_secs(10);
/// Whoever waits for that looks so often.
const STANDS_YET: Duration = Duration::from_millis(20);
/// What it has in hand, in the folder of state, as long as it stands there.
const POST: &str = "guard";

/// Its container's name.
pub(super) fn name(project: &str) -> String {
    format!("lastgood-guard-{project}")
}

/// Whether one can stand there: our binary has to run in an empty image, on the machine that the engine is on, as its own root.
#[must_use]
pub(super) fn can_stand(looked: &Looked) -> bool {
    let of_root = looked.stack.snapshot.as_ref().is_some_and(|snapshot| !snapshot.engine.rootless);
    cfg!(target_env = "musl") && of_root && !looked.elsewhere
}

impl Hands<'_> {
    /// It stands there, and anew: one that stood for a rollout before may be of another version. That its container was started is not
    /// enough: a promise that nobody keeps is worse than none.
    pub(super) fn arm(&self) -> Result<(), Trouble> {
        let project = self.release(&self.target)?.project.clone();
        self.disarm()?;
        let folder = self.live.to_string_lossy().into_owned();
        let label = format!("{LABEL}={project}");
        let arguments = ["guard", "--of", &folder, "--project", &project];
        heard(guard::stand(&name(&project), &label, &self.live, &arguments)?)?;
        let begun = Instant::now();
        while !in_hand(&self.state.join(POST))? {
            if begun.elapsed() > TO_STAND {
                let words = compose::last_lines(&name(&project), LAST_WORDS)?;
                return Err(if words.is_empty() {
                    Trouble::TookTooLong(TO_STAND.as_secs())
                } else {
                    Trouble::Said(words.join("\n"))
                });
            }
            thread::sleep(STANDS_YET);
        }
        Ok(())
    }

    /// It does not. Where it is the one who drives, it goes by itself when all is over.
    pub(super) fn disarm(&self) -> Result<(), Trouble> {
        if self.is_guard {
            return Ok(());
        }
        heard(compose::drop_container(&name(&self.release(&self.target)?.project), TO_GO)?)
    }
}

/// Stands guard over a target: until no rollout is left that was never finished.
///
/// # Errors
/// If its own container does not go in the end.
pub fn stand_guard(target: &Target, project: &str, watcher: &mut dyn Watcher) -> Result<(), Trouble> {
    let _post = hold(&target.state().join(POST), TO_GO)?;
    // Whoever holds it lives; and whatever else is in the way may be over soon: after a boot everything begins at once.
    while target.take_up_as_guard(watcher).is_err() {
        thread::sleep(LOOK_AGAIN);
    }
    // What the dead one had unpacked; if it does not go, the next deploy takes it away.
    let _swept = bundle::sweep(&target.state());
    heard(compose::drop_container(&name(project), TO_GO)?)
}
