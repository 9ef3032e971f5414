//! A container that ends with an error, again and again or once, by its own last words: a program that is not there or is made
//! for another machine, a configuration that it refuses, a name that it cannot find, a mistake of the program; else all that is known is
//! that it ends, and whose driver complained.

use std::sync::Arc;

use lastgood_model::snapshot::{Container, ContainerStatus, HealthStatus};
use lastgood_model::{About, Ailment, CauseCode, Ending, Piece, StateClaim, UnixMs, Weight};

use super::{Fault, down, edge};
use crate::architecture::runs_on;
use crate::condition::Condition;
use crate::drivers;
use crate::rules::Depth;
use crate::stack_scene::{StackScene, key};
use crate::variables::told;

/// Proposes one fault for each container that ends with an error.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    scene.containers().filter_map(|container| of_container(scene, container)).collect()
}

fn of_container(scene: &StackScene<'_>, container: &Container) -> Option<Fault> {
    let state = &container.state;
    let name = || Arc::clone(&container.name);
    let loops = ending(scene, container)?;
    if !state.error.is_empty() {
        return None;
    }
    let at = began(scene, container).or(state.started).unwrap_or(scene.stack.at);
    let verdict = foreign_module(scene, container)
        .or_else(|| mounted_folder(container))
        .filter(|verdict| scene.may_be(verdict.code))
        .unwrap_or_else(|| last_words(scene, container));
    let came =
        if loops || !scene.may_be(CauseCode::StartupOrder) { None } else { came_later(scene, container, &verdict) };
    let verdict = if came.is_some() {
        Verdict { code: CauseCode::StartupOrder, depth: Depth::Origin, whom: None, ..verdict }
    } else {
        verdict
    };
    let component = scene.component(container);
    let told = verdict.lacks.map(|variable| told(scene, container, variable));
    let ailment = if loops { Ailment::Restarting } else { Ailment::Down };
    let first_bad = edge(at, key(&container.name, "State.FinishedAt"));
    let mut fault = Fault::new(verdict.code, &component, ailment, verdict.depth, first_bad);
    if let Some(whom) = verdict.whom {
        fault.hypothesis.component = whom;
    }
    fault.follows = verdict.depth < Depth::Origin;
    let ended = if loops {
        StateClaim::KeepsRestarting { container: name(), restarts: container.restarts, exit_code: state.exit_code }
    } else {
        StateClaim::ContainerEnded { container: name(), exit_code: state.exit_code, ending: Ending::ByItself }
    };
    // What the container was told says more than what its program makes of it.
    if let Some((claim, reference)) = told {
        let weight = if matches!(claim, StateClaim::VariableMissing { .. }) { Weight::Decisive } else { Weight::Weak };
        fault = fault.says(claim, reference, weight);
    }
    if let Some(text) = verdict.words {
        fault = fault.led(
            None,
            StateClaim::LastWords { container: name(), text: Arc::clone(text) },
            key(&container.name, "logs"),
            Weight::Decisive,
        );
    }
    if let Some(other) = came {
        let claim = StateClaim::ContainerStarted { container: Arc::clone(&other.name) };
        fault = fault.says(claim, key(&other.name, "State.StartedAt"), Weight::Strong);
    }
    if verdict.code == CauseCode::WrongArch {
        fault = with_architecture(fault, scene, container);
    }
    // That it ends is certain even where it says nothing; what it is is then only likely.
    let weight = if verdict.words.is_some() { Weight::Strong } else { Weight::Moderate };
    let field = if loops { "RestartCount" } else { "State.ExitCode" };
    Some(fault.led(state.finished, ended, key(&container.name, field), weight))
}

/// Whether the container of a component ends with an error by itself.
pub fn ends(scene: &StackScene<'_>, component: &str) -> bool {
    scene.containers().any(|container| &*scene.component(container) == component && ending(scene, container).is_some())
}

/// Whether a container that ends with an error is started again each time; `None` for one that does not end so.
fn ending(scene: &StackScene<'_>, container: &Container) -> Option<bool> {
    let state = &container.state;
    match state.status {
        ContainerStatus::Exited | ContainerStatus::Dead => {
            (state.exit_code != 0 && down::ending(scene, container) == Ending::ByItself).then_some(false)
        }
        _ => {
            let loops = Condition::of(container, false, scene.stack.at) == Condition::CrashLooping;
            (loops || starts_anew(scene, container)).then_some(true)
        }
    }
}

/// Whether it ended with an error, was started again by the engine, and its health check is not content yet: what takes long to start ends
/// seldom.
fn starts_anew(scene: &StackScene<'_>, container: &Container) -> bool {
    let is_starting = container.health.as_ref().is_some_and(|health| health.status == HealthStatus::Starting);
    let events = scene.stack.snapshot.iter().flat_map(|snapshot| snapshot.events.iter().rev());
    let mut ends = events.filter(|event| event.container == container.name && &*event.action == "die");
    let failed = |code: i64| !matches!(code, 0 | 137 | 143);
    container.is_running()
        && container.restarts > 0
        && is_starting
        && ends.next().is_some_and(|end| end.exit_code.is_some_and(failed))
}

/// Who came only after a container had given up on it: it was started too early, and nothing starts it again.
fn came_later<'a>(scene: &StackScene<'a>, container: &Container, verdict: &Verdict<'_>) -> Option<&'a Container> {
    let gave_up = container.state.finished?;
    if matches!(&*container.restart_policy, "always" | "unless-stopped") {
        return None;
    }
    match &verdict.whom {
        Some(whom) => was_starting(scene, whom, gave_up),
        None => was_nowhere(scene, container, verdict, gave_up),
    }
}

/// The one that a container asked, if that is well now and had hardly begun to run then.
fn was_starting<'a>(scene: &StackScene<'a>, whom: &str, gave_up: UnixMs) -> Option<&'a Container> {
    /// So long a database takes to be ready.
    const YOUNG_MS: i64 = 60_000;
    let mut asked = scene.containers().filter(|other| &*scene.component(other) == whom);
    let was_young = |other: &&Container| other.state.started.is_some_and(|at| gave_up.since(at) <= YOUNG_MS);
    asked.find(|other| Condition::of(other, false, scene.stack.at) == Condition::Fine && was_young(other))
}

/// Who bears the name that a container could not find, and was started after it had given up.
fn was_nowhere<'a>(
    scene: &StackScene<'a>,
    container: &Container,
    verdict: &Verdict<'_>,
    gave_up: UnixMs,
) -> Option<&'a Container> {
    if verdict.code != CauseCode::DnsFailure {
        return None;
    }
    let quoted = verdict.words.and_then(|words| words.split('"').nth(1));
    let name = quoted.map(|name| name.split(':').next().unwrap_or(name))?;
    let mut others = scene.containers().filter(|other| other.name != container.name && other.is_running());
    others.find(|other| {
        let bears = *other.name == *name
            || other.service.as_deref() == Some(name)
            || other.attachments.iter().any(|there| there.aliases.iter().any(|alias| **alias == *name));
        bears && container.shares_network(other) && other.state.started.is_some_and(|started| started > gave_up)
    })
}

/// The first end of a row of them: an engine waits longer and longer between two starts, and never longer than this.
fn began(scene: &StackScene<'_>, container: &Container) -> Option<UnixMs> {
    const LONGEST_WAIT_MS: i64 = 120_000;
    let events = scene.stack.snapshot.iter().flat_map(|snapshot| snapshot.events.iter().rev());
    let ends = events
        .filter(|event| event.container == container.name && &*event.action == "die")
        .filter(|event| event.exit_code.is_none_or(|code| code != 0));
    ends.fold(container.state.finished, |first, end| {
        first.map(|first| if first.since(end.at) <= LONGEST_WAIT_MS { first.min(end.at) } else { first })
    })
}

/// The image's label beside what its program is made for.
fn with_architecture(fault: Fault, scene: &StackScene<'_>, container: &Container) -> Fault {
    let Some(snapshot) = &scene.stack.snapshot else { return fault };
    let Some(image) = snapshot.image(&container.image_id) else { return fault };
    let Some(program) = &image.program_architecture else { return fault };
    let claim = StateClaim::ProgramOfOtherArch {
        image: Arc::clone(&container.image),
        label: Arc::clone(&image.architecture),
        program: Arc::clone(program),
        machine: Arc::clone(&snapshot.engine.architecture),
    };
    fault.says(claim, key(&container.image, "Architecture"), Weight::Strong)
}

/// What a container's last words make of its end.
struct Verdict<'c> {
    code: CauseCode,
    depth: Depth,
    /// The line that says so.
    words: Option<&'c Arc<str>>,
    /// The variable that it asks for in vain.
    lacks: Option<&'c Arc<str>>,
    /// Whom it asked when it ended, where that is to blame and not itself.
    whom: Option<Arc<str>>,
}

impl<'c> Verdict<'c> {
    /// What one line says of the container itself.
    const fn of_line(code: CauseCode, line: Option<&'c Arc<str>>) -> Self {
        Self { code, depth: Depth::Origin, words: line, lacks: None, whom: None }
    }
}

/// What a line says, and what that means; the first that fits. What may follow from another component lies less deep.
const SAYINGS: &[(&[&str], CauseCode, Depth)] = &[
    (&["exec format error"], CauseCode::WrongArch, Depth::Origin),
    (&["[emerg]", "host not found in"], CauseCode::DnsFailure, Depth::Process),
    (&["[emerg]", "address already in use"], CauseCode::PortConflict, Depth::Origin),
    (&["[emerg]"], CauseCode::ConfigSyntax, Depth::Origin),
    (&["executable file not found"], CauseCode::BadEntrypoint, Depth::Origin),
    (&["exec ", "no such file or directory"], CauseCode::BadEntrypoint, Depth::Origin),
    (&["can't open file", "no such file or directory"], CauseCode::BadEntrypoint, Depth::Origin),
    (&["cannot find module"], CauseCode::BadEntrypoint, Depth::Origin),
    (&["error loading asgi app"], CauseCode::BadEntrypoint, Depth::Origin),
    (&["unable to access jarfile"], CauseCode::BadEntrypoint, Depth::Origin),
    (&["exec: ", "not found"], CauseCode::BadEntrypoint, Depth::Origin),
    (&["no space left on device"], CauseCode::DiskFull, Depth::Process),
];

/// What loaders say of a module that is not for the machine; the last two also of one that is not there.
const LOADERS: &[&str] =
    &["invalid elf header", "wrong elf class", "cannot open shared object file", "error loading shared library"];

/// A module that cannot be loaded, where a file for another machine was found in the image.
fn foreign_module<'c>(scene: &StackScene<'_>, container: &'c Container) -> Option<Verdict<'c>> {
    let snapshot = scene.stack.snapshot.as_ref()?;
    let program = snapshot.image(&container.image_id)?.program_architecture.as_ref()?;
    let machine = &snapshot.engine.architecture;
    if machine.is_empty() || runs_on(program, machine) {
        return None;
    }
    let line = container.last_words.iter().rfind(|line| {
        let line = line.to_ascii_lowercase();
        LOADERS.iter().any(|words| line.contains(words))
    })?;
    Some(Verdict::of_line(CauseCode::WrongArch, Some(line)))
}

/// A file that is mounted and is a folder: an engine makes one where there is nothing to mount.
fn mounted_folder(container: &Container) -> Option<Verdict<'_>> {
    let line = container.last_words.iter().rfind(|line| {
        let text = line.to_ascii_lowercase();
        let folder = text.contains("is a directory") || text.contains("eisdir");
        folder && container.mounts.iter().any(|mount| line.contains(&*mount.target))
    })?;
    Some(Verdict::of_line(CauseCode::BadMount, Some(line)))
}

/// Words that a line of an error has; the last such line tells most.
const COMPLAINTS: &[&str] =
    &["error", "exception", "fatal", "panic", "critical", "failed", "refused", "cannot", "denied"];

fn last_words<'c>(scene: &StackScene<'_>, container: &'c Container) -> Verdict<'c> {
    let lines = || container.last_words.iter().filter(|line| !line.trim().is_empty());
    let says = |line: &str, parts: &[&str]| {
        let line = line.to_ascii_lowercase();
        parts.iter().all(|part| line.contains(part))
    };
    for (parts, code, depth) in SAYINGS.iter().filter(|(_, code, _)| scene.may_be(*code)) {
        if let Some(line) = lines().rfind(|line| says(line, parts)) {
            return Verdict { depth: *depth, ..Verdict::of_line(*code, Some(line)) };
        }
    }
    if let Some(verdict) = known_words(scene, container) {
        return verdict;
    }
    // A shell that finds no program, or may not start it, ends so.
    if matches!(container.state.exit_code, 126 | 127) && scene.may_be(CauseCode::BadEntrypoint) {
        return Verdict::of_line(CauseCode::BadEntrypoint, lines().next_back());
    }
    let complaint = lines().rfind(|line| {
        let line = line.to_ascii_lowercase();
        COMPLAINTS.iter().any(|word| line.contains(word))
    });
    let words = complaint.or_else(|| lines().next_back());
    // What is no mistake that programs make is no defect of this one before somebody has looked.
    let own = complaint.is_some_and(|line| drivers::names_mistake(line));
    let asked = |line: &Arc<str>| drivers::asked_in(scene, scene.index(container)?, line);
    let whom = complaint.filter(|_| !own).and_then(asked);
    let code = if own { CauseCode::AppBug } else { CauseCode::Located };
    Verdict { depth: Depth::Process, whom, ..Verdict::of_line(code, words) }
}

/// What a known sentence makes of it, where that is about the container itself: of what it asks others, their own state and
/// answers tell more. Who asks nobody, as a database, speaks of itself.
fn known_words<'c>(scene: &StackScene<'_>, container: &'c Container) -> Option<Verdict<'c>> {
    let known = container.known_words.as_ref()?;
    let own = matches!(
        known.signature.about,
        About::Environment | About::Application | About::Image | About::Volume | About::Memory
    ) || !scene.asks(container);
    let code = known.signature.code.filter(|_| own)?;
    let variable = known.names.iter().find(|(piece, _)| *piece == Piece::Variable);
    Some(Verdict {
        code,
        depth: Depth::Origin,
        words: container.last_words.get(known.line),
        lacks: variable.filter(|_| code == CauseCode::EnvMissing).map(|(_, name)| name),
        whom: None,
    })
}
