//! A container that the engine could not start, in the engine's own words: a port that somebody else holds, a program that is
//! not there, an architecture that the machine does not run, a mount or a network that is missing; else all that is known is where.

use std::sync::Arc;

use lastgood_model::snapshot::{Container, ContainerStatus};
use lastgood_model::{Ailment, CauseCode, StateClaim, Weight};

use super::{Fault, edge};
use crate::rules::Depth;
use crate::stack_scene::{StackScene, key};

/// What the engine says, and what that means; the first that fits.
const SAYINGS: &[(&str, CauseCode)] = &[
    ("port is already allocated", CauseCode::PortConflict),
    ("address already in use", CauseCode::PortConflict),
    ("exec format error", CauseCode::WrongArch),
    ("does not match the specified platform", CauseCode::WrongArch),
    ("executable file not found", CauseCode::BadEntrypoint),
    ("error mounting", CauseCode::BadMount),
    ("bind source path does not exist", CauseCode::BadMount),
    ("not a directory", CauseCode::BadMount),
    ("no such file or directory", CauseCode::BadEntrypoint),
    ("permission denied", CauseCode::BadEntrypoint),
    ("network", CauseCode::WrongNetwork),
];

/// Proposes one fault for each container with such a word.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    scene.containers().filter_map(|container| of_container(scene, container)).collect()
}

fn of_container(scene: &StackScene<'_>, container: &Container) -> Option<Fault> {
    let state = &container.state;
    let runs = matches!(state.status, ContainerStatus::Running | ContainerStatus::Paused);
    if runs || state.error.is_empty() {
        return None;
    }
    let said = state.error.to_ascii_lowercase();
    let means = |(saying, code): &&(&str, CauseCode)| said.contains(saying) && scene.may_be(*code);
    // What it refuses in words that nobody knows is not understood before somebody has looked.
    let code = SAYINGS.iter().find(means).map_or(CauseCode::Located, |(_, code)| *code);
    let component = scene.component(container);
    let at = state.finished.unwrap_or(container.created);
    let first_bad = edge(at, key(&container.name, "State.Error"));
    let claim = StateClaim::EngineSaid { container: Arc::clone(&container.name), text: Arc::clone(&state.error) };
    Some(Fault::new(code, &component, Ailment::NotStarted, Depth::Origin, first_bad).led(
        Some(at),
        claim,
        key(&container.name, "State.Error"),
        Weight::Decisive,
    ))
}
