//! What containers wrote lately, as files to be read beside the host's own logs. Only those that matter to the stack are
//! asked for theirs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use lastgood_diagnose::StackScene;
use lastgood_model::{Gap, SourceId, Stack, UnixMs};
use lastgood_world::engine::{Endpoint, Engine};
use lastgood_world::{Damage, LogFile};

use super::gap;

/// What is shown before the name of a container whose log it is.
pub(crate) const CONTAINER: &str = "docker:";
/// The last lines of each container. An engine finds them from the end of its file.
const LINES: u64 = 200_000;
/// For the logs of all containers together.
const DEADLINE: Duration = Duration::from_secs(10);
/// Containers asked side by side.
const SIDE_BY_SIDE: usize = 8;

/// Logs of the containers that matter, numbered from `first` on, and what could not be had of them.
pub(crate) fn logs(stack: &Stack, first: usize, since: UnixMs) -> (Vec<LogFile>, Vec<Gap>) {
    let scene = StackScene::new(stack);
    let named: Vec<(&Arc<str>, &Arc<str>)> =
        scene.containers().map(|container| (&container.id, &container.name)).collect();
    if named.is_empty() {
        return (Vec::new(), Vec::new());
    }
    // The engine answered a moment ago; that it does not any more is a gap of each log.
    let engine = match Engine::connect(Endpoint::of_user(), DEADLINE) {
        Ok(engine) => engine,
        Err(damage) => return (Vec::new(), vec![gap("docker logs", &damage)]),
    };
    let next = AtomicUsize::new(0);
    let mut answers: Vec<_> = thread::scope(|scope| {
        let ask = || {
            let mut answers = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some((id, name)) = named.get(index) else { return answers };
                let display = format!("{CONTAINER}{name}");
                answers.push((index, engine.log(id, LINES, since, &display, SourceId(0))));
            }
        };
        let threads: Vec<_> = (0..SIDE_BY_SIDE.min(named.len())).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    answers.sort_by_key(|(index, _)| *index);
    numbered(answers.into_iter().zip(named).map(|((_, answer), (_, name))| (name, answer)), first)
}

fn numbered<'n>(
    answers: impl Iterator<Item = (&'n Arc<str>, Result<(LogFile, Option<Damage>), Damage>)>,
    first: usize,
) -> (Vec<LogFile>, Vec<Gap>) {
    let (mut files, mut gaps) = (Vec::new(), Vec::new());
    for (name, answer) in answers {
        let what = format!("{CONTAINER}{name}");
        match answer {
            Ok((mut file, damage)) => {
                gaps.extend(damage.map(|damage| gap(&what, &damage)));
                file.id = SourceId(u32::try_from(first + files.len()).unwrap_or(u32::MAX));
                files.push(file);
            }
            // Removed since it was listed.
            Err(Damage::NotFound) => {}
            Err(damage) => gaps.push(gap(&what, &damage)),
        }
    }
    (files, gaps)
}
