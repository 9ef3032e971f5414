//! For which machine the programs in images are made, by the first bytes of their files, which the engine hands out of the
//! containers of the project, or of one that is made of an image that has none. Once an image; nothing is started. What it does
//! not see: a program that a script starts in its turn, and modules that lie elsewhere than those of applications do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use lastgood_diagnose::Condition;
use lastgood_diagnose::architecture::runs_on;
use lastgood_diagnose::modules::foreign;
use lastgood_intake::program::{BEGINNING, Program, is_module, module_in, program};
use lastgood_intake::written_path::{folder_of, joined};
use lastgood_model::desired::Service;
use lastgood_model::snapshot::{Container, ForeignModule, Image};
use lastgood_model::{Desired, Gap, Snapshot, Stack};
use lastgood_world::engine::{Beginnings, Engine, Lying, Prober};
use lastgood_world::{Damage, file_in};

use super::gap;
use super::openable::Openable;

/// For all images together: an engine that takes longer is not waited for.
const DEADLINE: Duration = Duration::from_millis(1500);
/// To look through the folders of all images, which are handed out as a whole.
const MODULES_DEADLINE: Duration = Duration::from_millis(2500);
/// Where modules lie that came with an application, beside the folder that it starts in.
const MODULES: &str = "/usr/local/lib";
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
    /// It is no program that is started, but a module that is for another machine.
    pub is_module: bool,
}

/// Of the images of the project's own containers; of those that end with an error, unless `all` are meant. By a `prober` also of
/// images that have no container.
pub(super) fn programs(
    engine: &Engine,
    stack: &Stack,
    openable: &Openable,
    all: bool,
    prober: Option<&Prober>,
    gaps: &mut Vec<Gap>,
) -> Vec<FoundProgram> {
    let (Some(snapshot), Some(desired)) = (&stack.snapshot, &stack.desired) else { return Vec::new() };
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
        .collect();
    let unopened = prober.map_or_else(Vec::new, |_| unopened(desired, snapshot));
    let unopened = unopened.iter().filter_map(|container| Some((container, snapshot.image(&container.image_id)?)));
    let asked: Vec<(&Container, &Image)> = asked.into_iter().chain(unopened).take(MOST_IMAGES).collect();
    let (engine, patient) = (engine.within(DEADLINE), engine.within(MODULES_DEADLINE));
    let mut found = Vec::new();
    let ask = |(container, image): (&Container, &Image)| {
        let look = |container: &Container| {
            let modules = all.then(|| Looking { engine: &patient, container }.modules(image));
            (Looking { engine: &engine, container }.of_image(image), modules)
        };
        match prober.filter(|_| container.id.is_empty()) {
            Some(prober) => prober.open(&image.id, |id| look(&Container { id: Arc::from(id), ..container.clone() })),
            None => Ok(look(container)),
        }
    };
    for some in asked.chunks(SIDE_BY_SIDE) {
        let answers: Vec<_> = thread::scope(|scope| {
            let ask = &ask;
            let threads: Vec<_> = some.iter().map(|asked| scope.spawn(move || (what(asked.0), ask(*asked)))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        for (what, answer) in answers {
            let (program, modules) = match answer {
                Ok((program, modules)) => (program, modules.unwrap_or_default()),
                Err(damage) => (Err(damage), Modules::default()),
            };
            match program {
                Ok(program) => found.extend(program),
                Err(damage) => gaps.push(gap(&what, &damage)),
            }
            if modules.cut_off {
                gaps.push(gap(&what, &Damage::Io(Arc::from("not all of its modules were looked at"))));
            }
            found.extend(modules.foreign);
        }
    }
    found
}

/// The containers that services would have of images that none has, without an id.
fn unopened(desired: &Desired, snapshot: &Snapshot) -> Vec<Container> {
    let mut seen: BTreeSet<&Arc<str>> = snapshot.containers.iter().map(|container| &container.image_id).collect();
    let of = |service: &Service| {
        let name = desired.image_of(service);
        let image = snapshot.image(&name).or_else(|| snapshot.image(&format!("{name}:latest")))?;
        seen.insert(&image.id).then(|| Container {
            name: Arc::clone(&service.name),
            image_id: Arc::clone(&image.id),
            entrypoint: service.entrypoint.clone().unwrap_or_else(|| image.entrypoint.clone()),
            command: service.command.clone().unwrap_or_else(|| image.command.clone()),
            working_folder: Arc::clone(&image.working_dir),
            environment: image.environment.clone(),
            ..Container::default()
        })
    };
    desired.services.iter().filter_map(of).collect()
}

/// Modules of one image.
#[derive(Default)]
struct Modules {
    foreign: Option<FoundProgram>,
    cut_off: bool,
}

fn what(container: &Container) -> Arc<str> {
    Arc::from(format!("docker program of {}", container.name))
}

/// Tells images what was found in them.
pub(super) fn tell(snapshot: &mut Snapshot, found: &[FoundProgram]) {
    for image in &mut snapshot.images {
        let id = Arc::clone(&image.id);
        let of = |is_module: bool| found.iter().find(|one| one.image == id && one.is_module == is_module);
        image.program_architecture = of(false).map(|program| Arc::clone(&program.architecture));
        image.foreign_module = of(true).map(|module| ForeignModule {
            path: Arc::clone(&module.path),
            architecture: Arc::clone(&module.architecture),
        });
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
            let path = Arc::from(path);
            let found = FoundProgram { image: Arc::clone(&image.id), path, architecture, is_module: false };
            if differs {
                return Ok(Some(found));
            }
            first.get_or_insert(found);
        }
        Ok(first)
    }

    /// A module that its programs cannot load.
    fn modules(self, image: &Image) -> Modules {
        let own = &*self.container.working_folder;
        let mut folders = vec![MODULES];
        if own.starts_with('/') && own != "/" && !MODULES.starts_with(own) {
            folders.insert(0, own);
        }
        let (mut modules, mut cut_off) = (Vec::new(), false);
        for folder in folders {
            match self.engine.beginnings(&self.container.id, folder, BEGINNING, is_module) {
                Ok(Beginnings { files, whole }) => {
                    cut_off |= !whole;
                    modules.extend(files.into_iter().filter_map(|(path, beginning)| match program(&beginning) {
                        Some(Program::Code(architecture)) => Some((path, architecture)),
                        Some(Program::Script(_)) | None => None,
                    }));
                }
                Err(Damage::NotFound) => {}
                Err(_) => cut_off = true,
            }
        }
        let foreign = foreign(&modules, &image.architecture).map(|(path, architecture)| FoundProgram {
            image: Arc::clone(&image.id),
            path: Arc::from(path.as_str()),
            architecture: Arc::clone(architecture),
            is_module: true,
        });
        Modules { foreign, cut_off }
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
