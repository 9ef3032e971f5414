//! What went wrong with an act, in types: what is said of it is `words`' affair, and what happens then the machine's.

use std::sync::Arc;

use lastgood_model::snapshot::ContainerStatus;
use lastgood_model::{Difference, ProbeClaim, Ref};
use lastgood_world::hear::Unheard;
use lastgood_world::request::Unanswered;
use lastgood_world::state::StateError;

use super::artifact::ArtifactFault;
use super::contents::ContentFault;
use super::environment::EnvironmentFault;
use super::fetch::Unfetched;
use super::route::RouteFault;
use super::smoke;

/// Why an act failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Somebody else holds the target: what they say of themselves.
    Held(String),
    /// The target has another release than the plan assumes.
    Stale,
    /// A newer version wrote the ledger, or sent the release.
    Newer,
    /// A release that nobody knows here, by the beginning of its id.
    UnknownRelease(String),
    /// A release that is kept is not as it was, by the beginning of its id.
    DamagedRelease(String),
    /// The project runs from another folder already.
    Elsewhere(String),
    /// No Docker engine answers.
    NoEngine,
    /// Compose makes nothing of the files.
    NotUnderstood,
    /// The live files make no release.
    Contents(ContentFault),
    /// There is no `.env`.
    Environment(EnvironmentFault),
    /// A rollout was never finished.
    Unfinished,
    /// An image is not there: its name, and why it could not be fetched.
    NoImage(String, Unfetched),
    /// Files that were sent cannot become an image.
    Artifact(ArtifactFault),
    /// What Compose or Docker said.
    Said(String),
    /// A dependency does not serve the new release; and the variable for its password, if that one is blank.
    Unserved(Box<ProbeClaim>, Option<Arc<str>>),
    /// A service has no container.
    NoContainer,
    /// It does not run: its state, exit code and last words.
    Ended(ContainerStatus, i64, Option<Arc<str>>),
    /// It was restarted while it was watched: what it said last.
    Restarted(Option<Arc<str>>),
    /// Its health check fails: what it says.
    Unhealthy(Arc<str>),
    /// Its health check did not succeed in time.
    NotHealthyYet,
    /// Nobody listens on its port.
    NotListening {
        /// The port, in its container.
        port: u16,
        /// What came of trying.
        why: Unanswered,
    },
    /// It answers, and with the wrong status.
    Answers {
        /// What was asked for.
        path: String,
        /// What came back.
        status: u16,
        /// What the old one gives, if that is another one.
        usual: Option<u16>,
        /// The beginning of what it says.
        body: String,
    },
    /// Requests are passed on to an address where nobody listens.
    PassedOn {
        /// As whoever passes them on writes it.
        address: Arc<str>,
        /// Where that stands.
        at: Option<Ref>,
    },
    /// Requests are passed on to an address that it will have no more: the same.
    GivenUp {
        /// See there.
        address: Arc<str>,
        /// See there.
        at: Option<Ref>,
    },
    /// Nobody gave a value to a variable of the smoke tests.
    NoValue(String),
    /// A migration failed: its exit code, and the last lines of what it said.
    Migration(i32, Vec<String>),
    /// A hook failed: the same.
    Hook(i32, Vec<String>),
    /// Since the switch real requests fail: where they come in, and how many of how many.
    Bake(Arc<str>, u64, u64),
    /// A request of the user's own failed.
    Smoke(Box<smoke::Failed>),
    /// It is what another service does.
    Of(Arc<str>, Box<Self>),
    /// That, and the last lines of its log.
    Telling(Box<Self>, Vec<String>),
    /// It runs otherwise than the release says.
    Differs(Vec<Difference>),
    /// A live file is not the release's.
    File(Arc<str>),
    /// Containers of ours are still there.
    StillThere,
    /// Traffic cannot be sent elsewhere.
    Route(RouteFault),
    /// The lease was lost.
    LeaseLost,
    /// It took too long, in seconds.
    TookTooLong(u64),
    /// The system's, or the state's, own word.
    Other(String),
}

impl Trouble {
    /// Whether it is how a container does, and not what it was made of.
    pub(super) const fn is_of_its_own(&self) -> bool {
        matches!(self, Self::Ended(..) | Self::Restarted(_) | Self::Unhealthy(_))
    }
}

impl From<Unheard> for Trouble {
    fn from(unheard: Unheard) -> Self {
        match unheard {
            Unheard::TookTooLong(seconds) => Self::TookTooLong(seconds),
            Unheard::Io(error) => Self::Other(error.to_string()),
        }
    }
}

impl From<StateError> for Trouble {
    fn from(error: StateError) -> Self {
        Self::Other(error.to_string())
    }
}
