//! Which programs a machine runs as they are, and what runs on it although its label says that it could not.

use std::sync::Arc;

use lastgood_model::{Note, NoteKind};

use crate::condition::Condition;
use crate::stack_scene::{StackScene, key};

/// Processors that also run the programs of their smaller predecessors.
const ALSO_RUNS: [(&str, &str); 2] = [("amd64", "386"), ("arm64", "arm")];

/// Whether a program runs on a machine without emulation; both in Docker's words.
#[must_use]
pub fn runs_on(program: &str, machine: &str) -> bool {
    program == machine || ALSO_RUNS.contains(&(machine, program))
}

/// Containers, of all services or of one, that run although their images are labelled for another machine.
pub(crate) fn mislabelled<'s>(scene: &'s StackScene<'_>, service: Option<&'s str>) -> impl Iterator<Item = Note> + 's {
    let snapshot = scene.stack.snapshot.as_ref();
    let own = snapshot.into_iter().flat_map(|snapshot| snapshot.containers.iter().map(move |one| (snapshot, one)));
    own.filter_map(move |(snapshot, container)| {
        let host = &snapshot.engine.architecture;
        let label = &snapshot.image(&container.image_id)?.architecture;
        let named = container.component();
        let meant = service.is_none_or(|service| service == &**named || service == &*container.name);
        let known = !host.is_empty() && !label.is_empty() && !runs_on(label, host);
        let runs = Condition::of(container, true, scene.stack.at) == Condition::Fine;
        (known && runs && meant && !scene.stack.is_foreign(container)).then(|| Note {
            kind: NoteKind::OtherArchitecture {
                service: Arc::clone(named),
                label: Arc::clone(label),
                host: Arc::clone(host),
            },
            at: None,
            reference: Some(key(&container.image, "Architecture")),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smaller_ones_run_on_larger_ones_and_never_the_other_way() {
        assert!(runs_on("amd64", "amd64") && runs_on("386", "amd64") && runs_on("arm", "arm64"));
        assert!(!runs_on("amd64", "386") && !runs_on("arm64", "amd64") && !runs_on("darwin/arm64", "arm64"));
    }
}
