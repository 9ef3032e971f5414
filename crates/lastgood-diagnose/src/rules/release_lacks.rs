//! `version/version-skew`: since a container was started, it does not know a route that was answered before. What users' pages
//! call and what runs are of different releases. Mistaken for the proxy, which only passes the answer on.

use std::sync::Arc;

use lastgood_model::snapshot::Container;
use lastgood_model::{CauseCode, Claim, Link, StateClaim, Weight};

use super::{Depth, Hypothesis, Rule, turn};
use crate::passed::Passed;
use crate::scene::Scene;
use crate::stack_scene::{StackScene, key};
use crate::standing;
use crate::turned::around;

/// A release without what is asked for.
pub struct ReleaseLacks;

impl Rule for ReleaseLacks {
    fn code(&self) -> CauseCode {
        CauseCode::VersionSkew
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let stack = scene.stack?;
        let container = started(scene, stack)?;
        let mut hypothesis = turn::refused(scene, self.code(), stack.component(container), &[404, 405])?;
        hypothesis.depth = Depth::Process;
        let what = Claim::State(StateClaim::ContainerStarted { container: Arc::clone(&container.name) });
        let reference = key(&container.name, "State.StartedAt");
        hypothesis.set_off_by(Link { at: container.state.started, what, reference }, Weight::Strong);
        Some(hypothesis)
    }
}

/// The container that answers these requests, if it was started at the turn: the one that they are passed to, else the only one
/// of those behind the proxy.
fn started<'a>(scene: &Scene<'a>, stack: &StackScene<'a>) -> Option<&'a Container> {
    let at_the_turn = |container: &&Container| {
        container.is_running() && container.state.started.is_some_and(|at| around(scene.finding).contains(at))
    };
    let passed = Passed::of(scene);
    if let Some(asked) = passed.as_ref().and_then(|passed| passed.asked(stack)) {
        return stack.containers().filter(|container| stack.component(container) == asked).find(at_the_turn);
    }
    let proxy = passed.map(|passed| &passed.proxy.name);
    let concerned = standing::concerned(stack, scene.scope);
    let mut candidates = stack.containers().filter(|container| {
        Some(&container.name) != proxy
            && concerned.contains(&stack.component(container))
            && !stack.is_behind(container)
            && at_the_turn(container)
    });
    let first = candidates.next()?;
    candidates.next().is_none().then_some(first)
}
