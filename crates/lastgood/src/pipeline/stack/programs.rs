//! For which machine the programs in images are made, by the first bytes of their files, which the engine hands out of the
//! containers of the project. Once an image; nothing is started. What it does not see: a program that a script starts in its
//! turn, and modules that nobody complains of.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use lastgood_diagnose::Condition;
use lastgood_diagnose::architecture::runs_on;
use lastgood_intake::program::{BEGINNING, Program, module_in, program};
use lastgood_model::snapshot::{Container, Image};
use lastgood_model::{Gap, Snapshot, Stack};
use lastgood_world::engine::{Engine, Lying};
use lastgood_world::{Damage, file_in};

use super::gap;
use super::openable::Openable;

/// For all images together: an engine that takes longer is not waited for.
const DEADLINE: Duration = Duration::from_millis(1500);
/// No project has more.
const MOST_IMAGES: usize = 40;
const SIDE_BY_SIDE: usize = 8;
const MOST_LINKS: usize = 5;
/// Where programs are looked up in a container whose image does not say.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundProgram {
    /// The image's id.
    pub image: Arc<str>,
    /// Where its file is in there.
    pub path: Arc<str>,
    /// In Docker's words.
    pub architecture: Arc<str>,
}

/// Of the images of the project's own containers; of those that end with an error, unless `all` are meant.
pub(super) fn programs(
    engine: &Engine,
    stack: &Stack,
    openable: &Openable,
    all: bool,
    gaps: &mut Vec<Gap>,
) -> Vec<FoundProgram> {
    let Some(snapshot) = stack.snapshot.as_ref().filter(|_| stack.desired.is_some()) else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let fails = |container: &Container| {
        let condition = Condition::of(container, true, stack.at);
        condition == Condition::CrashLooping || (condition == Condition::Stopped && container.state.exit_code != 0)
    };
    let own = snapshot.containers.iter().filter(|container| !stack.is_foreign(container) && (all || fails(container)));
    let own = own.filter(|container| {
        let why = openable.shut(container);
        gaps.extend(why.iter().map(|why| Gap { what: what(container), why: why.clone() }));
        why.is_none()
    });
    // One that cannot start tells more than another one of its image.
    let (running, others): (Vec<_>, Vec<_>) = own.partition(|container| container.is_running());
    let asked: Vec<(&Container, &Image)> = others
        .into_iter()
        .chain(running)
        .filter(|container| seen.insert(&container.image_id))
        .filter_map(|container| Some((container, snapshot.image(&container.image_id)?)))
        .take(MOST_IMAGES)
        .collect();
    let engine = engine.within(DEADLINE);
    let mut found = Vec::new();
    for some in asked.chunks(SIDE_BY_SIDE) {
        let answers: Vec<_> = thread::scope(|scope| {
            let ask = |(container, image)| {
                let looked = Looking { engine: &engine, container };
                scope.spawn(move || (container, looked.of_image(image)))
            };
            let threads: Vec<_> = some.iter().copied().map(ask).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        for (container, answer) in answers {
            match answer {
                Ok(program) => found.extend(program),
                Err(damage) => gaps.push(gap(&what(container), &damage)),
            }
        }
    }
    found
}

fn what(container: &Container) -> Arc<str> {
    Arc::from(format!("docker program of {}", container.name))
}

/// Tells images what was found in them.
pub(super) fn tell(snapshot: &mut Snapshot, found: &[FoundProgram]) {
    for image in &mut snapshot.images {
        let program = found.iter().find(|program| program.image == image.id);
        image.program_architecture = program.map(|program| Arc::clone(&program.architecture));
    }
}

/// One container that is looked into.
#[derive(Clone, Copy)]
struct Looking<'e> {
    engine: &'e Engine,
    container: &'e Container,
}

impl Looking<'_> {
    /// The first that is for another machine than the image says, else the program that it starts.
    fn of_image(self, image: &Image) -> Result<Option<FoundProgram>, Damage> {
        let mut first = None;
        for word in self.words() {
            let Some((path, architecture)) = self.machine_of(&word)? else { continue };
            let differs = !runs_on(&architecture, &image.architecture);
            let found = FoundProgram { image: Arc::clone(&image.id), path: Arc::from(path), architecture };
            if differs {
                return Ok(Some(found));
            }
            first.get_or_insert(found);
        }
        Ok(first)
    }

    /// What it starts: its entrypoint, what that is told to start, and the module that it last complained of.
    fn words(self) -> Vec<String> {
        let Container { entrypoint, command, last_words, .. } = self.container;
        let started = [entrypoint.first(), command.first()].into_iter().flatten();
        // What is handed to a program as its first argument may be one, or an option.
        let started = started.map(|word| word.expose().to_owned()).filter(|word| !word.starts_with('-'));
        let module = last_words.iter().rev().find_map(|line| module_in(line));
        started.filter(|word| !word.is_empty()).chain(module.map(str::to_owned)).collect()
    }

    /// The machine that a program is for, and its file. A script is for that of its reader.
    fn machine_of(self, word: &str) -> Result<Option<(String, Arc<str>)>, Damage> {
        let Some((path, beginning)) = self.file(word)? else { return Ok(None) };
        match program(&beginning) {
            Some(Program::Code(architecture)) => Ok(Some((path, architecture))),
            Some(Program::Script(reader)) => {
                let Some((path, beginning)) = self.file(&reader)? else { return Ok(None) };
                match program(&beginning) {
                    Some(Program::Code(architecture)) => Ok(Some((path, architecture))),
                    Some(Program::Script(_)) | None => Ok(None),
                }
            }
            None => Ok(None),
        }
    }

    /// The file that a word stands for, looked up as a shell does, links followed.
    fn file(self, word: &str) -> Result<Option<(String, Vec<u8>)>, Damage> {
        let mut next = self.first_of(&self.places(word))?;
        if let Some(path) = &next
            && let Ok(bytes) = file_in(self.container.state.pid, &self.container.id, path, BEGINNING)
        {
            return Ok(next.map(|path| (path, bytes)));
        }
        // The engine followed links already; not every one does.
        for _ in 0..=MOST_LINKS {
            let Some(path) = next else { return Ok(None) };
            match self.engine.lying(&self.container.id, &path, BEGINNING) {
                Ok(Lying::File(bytes)) => return Ok(Some((path, bytes))),
                Ok(Lying::Link(target)) => next = Some(joined(folder_of(&path), &target)),
                Ok(Lying::Other) | Err(Damage::NotFound) => return Ok(None),
                Err(damage) => return Err(damage),
            }
        }
        Ok(None)
    }

    fn places(self, word: &str) -> Vec<String> {
        if word.contains('/') {
            return vec![joined(&self.container.working_folder, word)];
        }
        let path = self.container.variable("PATH").map_or(USUAL_PATH, |path| path.expose());
        path.split(':').filter(|folder| folder.starts_with('/')).map(|folder| joined(folder, word)).collect()
    }

    /// Where the first of several places leads at which there is something.
    fn first_of(self, places: &[String]) -> Result<Option<String>, Damage> {
        for answer in self.engine.targets(&self.container.id, places) {
            match answer {
                Err(Damage::NotFound) => {}
                found => return found.map(Some),
            }
        }
        Ok(None)
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path in a folder, without `.` and `..`.
fn joined(folder: &str, path: &str) -> String {
    let folder = if path.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_links_lead() {
        for (folder, path, whole) in [
            ("/usr/bin", "python3.13", "/usr/bin/python3.13"),
            ("/usr/bin", "../lib/x", "/usr/lib/x"),
            ("/usr/bin", "/etc/alternatives/java", "/etc/alternatives/java"),
            ("", "./server", "/server"),
            ("/app", "./bin/server", "/app/bin/server"),
            ("/", "../../x", "/x"),
        ] {
            assert_eq!(joined(folder, path), whole);
        }
        assert_eq!((folder_of("/usr/bin/env"), folder_of("/x")), ("/usr/bin", ""));
    }
}
