//! Exit codes: a public contract. What an answer is worth is decided elsewhere.

use lastgood_model::Status;

/// How a run ends. `deploy` and `rollback` will add their own; nothing else ever does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: healthy, no finding, nothing to do.
    Good,
    /// 1: the answer is bad.
    Bad,
    /// 2: could not find out, or nothing was attempted.
    Unknown,
}

impl Exit {
    /// The number that the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Bad => 1,
            Self::Unknown => 2,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
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
