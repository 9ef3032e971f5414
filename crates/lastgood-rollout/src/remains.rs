//! What is there when a rollout ended and somebody has to look: which release each service runs, and what a person does to get back to
//! the last good one. Who looked, and in which commands it is told, is not known here.

use std::sync::Arc;

use lastgood_model::rollout::{Action, Recipient, ReleaseId};

/// What a service runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runs {
    /// As this release says.
    As(ReleaseId),
    /// As neither release says, or not well.
    AsNeither,
    /// It has no container.
    Nothing,
    /// Nobody answers who could say it.
    Unknown,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remains {
    /// The release to go back to; `None`: there is none.
    pub back: Option<ReleaseId>,
    /// The release whose files are live; `None`: those of neither, or some of both.
    pub files: Option<ReleaseId>,
    /// Services, in the order of the release, and whether the release to go back to has them.
    pub services: Vec<(Arc<str>, Runs, bool)>,
    /// Services whose candidate is still there.
    pub candidates: Vec<Arc<str>>,
    /// Services whose traffic goes to their candidate.
    pub away: Vec<Arc<str>>,
    /// The data was brought forward, or may have been, and there is a way back.
    pub data: bool,
}

impl Remains {
    /// What leads back from here, in order. Each is needed, and all of them are enough.
    #[must_use]
    pub fn by_hand(&self) -> Vec<Action> {
        let mut acts = Vec::new();
        if self.files != self.back {
            acts.push(Action::Place { release: self.back.clone() });
        }
        let goal = |has: bool| self.back.clone().filter(|_| has);
        let wrong = self.services.iter().filter(|(_, runs, has)| match (runs, goal(*has)) {
            (Runs::As(release), Some(goal)) => *release != goal,
            (Runs::Nothing, None) => false,
            _ => true,
        });
        acts.extend(wrong.map(|(name, _, has)| Action::Switch { service: Arc::clone(name), release: goal(*has) }));
        // Nobody is sent away from what answers before something else does.
        acts.extend(self.away.iter().map(|name| Action::Route { service: Arc::clone(name), to: Recipient::Service }));
        acts.extend(self.candidates.iter().map(|name| Action::DropCandidate { service: Arc::clone(name) }));
        acts.extend(self.data.then_some(Action::MigrateBack));
        acts
    }
}
