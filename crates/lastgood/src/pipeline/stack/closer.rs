//! A closer look at containers: what happened to them lately, what those that do not simply run wrote last, and what the
//! kernel tells of those that run. Without the right to look at their processes this is not known, and no gap: the engine's
//! word stands.

use std::sync::Arc;

use lastgood_diagnose::condition::Condition;
use lastgood_intake::Signatures;
use lastgood_intake::engine::events;
use lastgood_intake::process::{listening, oom_kills};
use lastgood_model::snapshot::Container;
use lastgood_model::{Layers, Snapshot, UnixMs};
use lastgood_world::engine::{Endpoint, text_of_frames};
use lastgood_world::{process_facts, sees_another_file};

use super::answers::Answers;

/// Last words are so many lines, and no line of them longer than this.
const LINES: usize = 20;
const LONGEST: usize = 2_000;
/// Where an engine itself answers in the network of each container.
const RESOLVER: &str = "127.0.0.11";
/// Engines keep fewer events than this holds.
const EVENTS_MS: i64 = 24 * 3_600_000;

/// What happened to containers lately.
pub(super) fn happened(answers: &Answers, snapshot: &mut Snapshot, now: UnixMs) {
    let seconds = |at: UnixMs| at.0.div_euclid(1000);
    let path = format!("/events?since={}&until={}", seconds(now.plus(-EVENTS_MS)), seconds(now));
    snapshot.events = answers.get(&path).map(|body| events(&body)).unwrap_or_default();
    for event in &mut snapshot.events {
        if let Some(container) = snapshot.containers.iter().find(|container| container.id == event.container) {
            event.container = Arc::clone(&container.name);
        }
    }
}

/// What containers that do not simply run wrote last.
pub(super) fn last_words(answers: &Answers, snapshot: &mut Snapshot, now: UnixMs) {
    // What is starting after it was restarted may have ended with an error.
    let is_well = |container: &Container| match Condition::of(container, false, now) {
        Condition::Fine => true,
        Condition::Starting => container.restarts == 0,
        _ => false,
    };
    let containers = snapshot.containers.iter().enumerate();
    let asked: Vec<usize> = containers.filter(|(_, container)| !is_well(container)).map(|(index, _)| index).collect();
    let path = |index: &usize| {
        let id = snapshot.containers.get(*index).map_or("", |container| &container.id);
        format!("/containers/{id}/logs?stdout=1&stderr=1&tail={LINES}")
    };
    let answers = answers.get_all(&asked.iter().map(path).collect::<Vec<_>>());
    for (index, answer) in asked.into_iter().zip(answers) {
        let (Some(container), Ok(body)) = (snapshot.containers.get_mut(index), answer) else { continue };
        container.last_words = lines(&text_of_frames(&body));
        container.known_words = Signatures::known().last_exact(&container.last_words, Layers::NONE);
    }
}

fn lines(text: &[u8]) -> Vec<Arc<str>> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let cut = |line: &[u8]| Arc::from(String::from_utf8_lossy(line.get(..LONGEST).unwrap_or(line)).trim_end());
    lines.map(cut).collect()
}

/// What the kernel tells of containers of this machine.
pub(super) fn processes(endpoint: &Endpoint, snapshot: &mut Snapshot) {
    if !matches!(endpoint, Endpoint::Unix(_)) {
        return;
    }
    for container in snapshot.containers.iter_mut().filter(|container| container.state.pid != 0) {
        process(container);
    }
}

fn process(container: &mut Container) {
    let Ok(facts) = process_facts(container.state.pid, &container.id) else { return };
    let sockets = facts.sockets.iter().flat_map(|table| listening(table));
    container.listening = Some(sockets.filter(|socket| *socket.address != *RESOLVER).collect());
    container.oom_kills = oom_kills(&facts.memory);
    let pid = container.state.pid;
    let binds = container.mounts.iter().filter(|mount| &*mount.kind == "bind");
    let replaced = binds.filter(|mount| sees_another_file(pid, &mount.target, &mount.source) == Some(true));
    container.replaced_mounts = replaced.map(|mount| Arc::clone(&mount.target)).collect();
}
