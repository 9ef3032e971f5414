//! Whether what Compose wrote into containers as it made them is what it would write now. Configurations are left out, which a program may
//! edit at its start; what is compared is never said.

use std::sync::Arc;

use lastgood_model::Stack;
use lastgood_model::desired::{Service, Written};
use lastgood_world::engine::Engine;

/// Looks into each container of a service with such secrets. What cannot be read there is not known to differ: a secret may lie in a file
/// system in memory, which engines hand nothing out of.
pub(super) fn compare(engine: &Engine, stack: &mut Stack) {
    let (Some(desired), Some(snapshot)) = (&stack.desired, &mut stack.snapshot) else { return };
    let services = desired.services.iter().filter(|service| !service.written.is_empty());
    for Service { name, written, .. } in services {
        let own = snapshot.containers.iter_mut().filter(|container| {
            !container.one_off
                && container.project.as_ref() == Some(&desired.project)
                && container.service.as_ref() == Some(name)
        });
        for container in own {
            let differs = |one: &&Written| {
                let files = engine.files(&container.id, &one.target).unwrap_or_default();
                let there = files.first().map(|(_, bytes)| bytes.as_slice());
                one.value.as_ref().zip(there).is_some_and(|(value, there)| value.expose().as_bytes() != there)
            };
            let other: Vec<Arc<str>> = written.iter().filter(differs).map(|one| Arc::clone(&one.target)).collect();
            container.replaced_mounts.extend(other);
        }
    }
}
