//! Patience on the way back: an engine that was killed takes down all that runs, and leaves some of it so when it is back. Who gives up
//! before that calls broken what only has to be started. How often something is tried is the machine's affair.

use std::thread;
use std::time::{Duration, Instant};

use lastgood_model::rollout::Action;
use lastgood_rollout::{Act, Of};
use lastgood_world::engine::compose;

use super::doer::Hands;
use super::gate::state_of;
use super::trouble::Trouble;

/// So long is waited in all, however often something fails.
const IN_ALL: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Starting again what ended takes no longer.
const TO_START: Duration = Duration::from_secs(60);

/// How long somebody who goes back still waits.
#[derive(Debug, Default)]
pub struct Patience {
    since: Option<Instant>,
}

impl Patience {
    /// Whether an act that failed is worth another try in a moment, which is waited for here.
    fn waits(&mut self, act: &Act, trouble: &Trouble) -> bool {
        let is_look = act.of == Of::Look;
        if !is_look && !matches!(act.of, Of::Undo(_)) {
            return false;
        }
        let passes = is_look && matches!(trouble, Trouble::Ended(..)) || !compose::answers();
        if !passes || self.since.get_or_insert_with(Instant::now).elapsed() > IN_ALL {
            return false;
        }
        thread::sleep(LOOK_AGAIN);
        true
    }
}

impl Hands<'_> {
    /// Whether an act that failed is to be done once more.
    pub(super) fn once_more(&mut self, act: &Act, trouble: &Trouble) -> bool {
        self.patience.waits(act, trouble)
    }

    /// Before it is looked whether the way back led where it should: what ended meanwhile is started again, and what somebody
    /// removed made anew, also services that stay. They ran when this began, or they would be among those that change.
    pub(super) fn start_again(&self, act: &Act) {
        let (Of::Look, Action::Verify { release: Some(release) }) = (act.of, &act.action) else { return };
        let Ok(release) = self.release(release) else { return };
        let looked = self.look_at(release);
        let is_down = |service: &str| {
            matches!(state_of(&looked.stack, release, service), Err(Trouble::Ended(..) | Trouble::NoContainer))
        };
        for service in release.services.iter().filter(|service| is_down(&service.name)) {
            // The look that follows tells whether that helped.
            let _started = self.compose(release, &self.live).up(&service.name, TO_START);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
