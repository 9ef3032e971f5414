//! Patience on the way back: an engine that died takes down all that runs, and brings it up again once it is back itself. Who gives up
//! before that calls broken what is only on its way. How often something is tried is the machine's affair.

use std::thread;
use std::time::{Duration, Instant};

use lastgood_rollout::{Act, Of};
use lastgood_world::engine::compose;

use super::doer::Trouble;

/// So long is waited in all, however often something fails.
const IN_ALL: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long somebody who goes back still waits.
#[derive(Debug, Default)]
pub struct Patience {
    since: Option<Instant>,
}

impl Patience {
    /// Whether an act that failed is worth another try in a moment, which is waited for here.
    pub fn waits(&mut self, act: &Act, trouble: &Trouble) -> bool {
        let is_look = act.of == Of::Look;
        if !is_look && !matches!(act.of, Of::Undo(_)) {
            return false;
        }
        // What ended comes up again by itself, where its engine does so.
        let passes = is_look && matches!(trouble, Trouble::Ended(..)) || !compose::answers();
        if !passes || self.since.get_or_insert_with(Instant::now).elapsed() > IN_ALL {
            return false;
        }
        thread::sleep(LOOK_AGAIN);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lastgood_model::rollout::Action;
    use lastgood_model::snapshot::ContainerStatus;

    #[test]
    fn on_the_way_back_what_ended_is_waited_for_and_not_for_ever() {
        let act = |of| Act { action: Action::Verify { release: None }, of, timeout_ms: 0 };
        let ended = Trouble::Ended(ContainerStatus::Exited, 0, None);
        let mut patience = Patience::default();
        assert!(!patience.waits(&act(Of::Step(1)), &ended), "forward is another way");
        assert!(patience.waits(&act(Of::Look), &ended));
        patience.since = Instant::now().checked_sub(IN_ALL + LOOK_AGAIN);
        assert!(!patience.waits(&act(Of::Look), &ended));
    }
}
