//! For how long a service has to be well before it is believed to stay so: the less it shows, the longer. Whether it is well at all is
//! `gate.rs`' matter.

use std::thread;
use std::time::{Duration, Instant};

use super::trouble::Trouble;

/// It stays well for so long, where nobody says for how long.
const WELL: Duration = Duration::from_secs(1);
/// Of one that answers nothing which could be wrong it is only seen that it runs, and most that end by themselves do so within this of
/// their start.
const WATCHED: Duration = Duration::from_secs(3);

/// What is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    /// So long well.
    well: Duration,
    /// And so long since its start.
    watched: Duration,
}

impl Hold {
    /// Nothing but to be well: one whose candidate showed the rest.
    pub(super) const NONE: Self = Self { well: Duration::ZERO, watched: Duration::ZERO };

    /// As the user says, else by what it shows: `answers`, if its health check passes or it answers over HTTP.
    pub(super) fn of(said: Option<Duration>, answers: bool) -> Self {
        match said {
            Some(well) => Self { well, watched: Duration::ZERO },
            None if answers => Self { well: WELL, watched: Duration::ZERO },
            None => Self { well: WELL, watched: WATCHED },
        }
    }

    /// Whether it was so, for a service that started then.
    pub(super) fn is_over(self, well: &Well, started: Instant) -> bool {
        well.since.elapsed() >= self.well && started.elapsed() >= self.watched
    }
}

/// A service that is well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Well {
    /// Since then.
    pub(super) since: Instant,
    /// How often it had been restarted.
    pub(super) restarts: u64,
}

impl Well {
    pub(super) fn now(restarts: u64) -> Self {
        Self { since: Instant::now(), restarts }
    }

    /// That it was not restarted since.
    ///
    /// # Errors
    /// If it was.
    pub(super) fn stays(&self, restarts: u64) -> Result<(), Trouble> {
        if restarts == self.restarts { Ok(()) } else { Err(Trouble::Restarted(None)) }
    }

    /// Waits until it has had to stay so as long as any.
    pub(super) fn wait(&self) {
        thread::sleep(WELL.saturating_sub(self.since.elapsed()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_shows_less_is_watched_for_longer() {
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        let well = |seconds| Well { since: ago(seconds), restarts: 0 };
        let (shown, runs) = (Hold::of(None, true), Hold::of(None, false));
        assert!(Hold::NONE.is_over(&well(0), ago(0)));
        assert!(!shown.is_over(&well(0), ago(60)) && shown.is_over(&well(1), ago(1)));
        assert!(!runs.is_over(&well(2), ago(2)) && runs.is_over(&well(1), ago(3)));
        let said = Hold::of(Some(Duration::from_secs(5)), false);
        assert!(!said.is_over(&well(4), ago(60)) && said.is_over(&well(5), ago(5)));
        assert!(well(0).stays(0).is_ok() && well(0).stays(1).is_err());
    }
}
