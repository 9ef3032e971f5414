//! Exit codes: a public contract. What an answer is worth is decided elsewhere.

use lastgood_model::Status;
use lastgood_model::rollout::Outcome;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: healthy, no finding, nothing to do.
    Good,
    /// 1: the answer is bad.
    Bad,
    /// 2: could not find out, or nothing was attempted.
    Unknown,
    /// 3: only of `deploy` and `rollback`: it serves nobody, or going back failed.
    Broken,
}

impl Exit {
    /// The number that the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Bad => 1,
            Self::Unknown => 2,
            Self::Broken => 3,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Good => Self::Good,
            Outcome::Refused | Outcome::RolledBack => Self::Bad,
            Outcome::Down | Outcome::Stopped | Outcome::UndoFailed => Self::Broken,
        }
    }
}

impl From<Status> for Exit {
    fn from(status: Status) -> Self {
        match status {
            Status::Incident => Self::Bad,
            Status::Healthy => Self::Good,
            Status::Undetermined => Self::Unknown,
        }
    }
}
