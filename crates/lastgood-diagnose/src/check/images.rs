//! Images: for which machine they are, where they come from, and what their names are worth.

use std::sync::Arc;

use lastgood_model::check::{Finding, Flaw, Severity};

use super::{Look, finding, of_engine};
use crate::architecture::runs_on;
use crate::condition::Condition;

/// Images whose label lies about the program in them, images for another machine, and modules for another one.
pub(super) fn architectures(look: &Look<'_>, found: &mut Vec<Finding>) {
    let (Some(snapshot), Some(desired)) = (&look.stack.snapshot, &look.stack.desired) else { return };
    let host = &snapshot.engine.architecture;
    for service in look.services() {
        let Some(image) = look.image(service).filter(|image| !image.architecture.is_empty()) else { continue };
        let name = desired.image_of(service);
        // What runs from another image proves nothing of this one.
        let runs_from_it = || look.containers(service).any(|container| container.image_id == image.id);
        let runs = look.condition(service) == Condition::Fine && runs_from_it();
        let at = || Some(of_engine(&name, "Architecture"));
        let program = image.program_architecture.as_ref();
        if let Some(program) = program.filter(|program| !runs_on(program, &image.architecture)) {
            let flaw = Flaw::ImageMislabelled {
                image: Arc::clone(&name),
                label: image.architecture.clone(),
                program: program.clone(),
            };
            // Whatever the label says, a machine runs the programs that are made for it.
            let severity = if runs_on(program, host) { Severity::WorthKnowing } else { Severity::WillBreak };
            found.push(finding(severity, service.name.clone(), flaw, at()));
        } else if !runs_on(&image.architecture, host) && !host.is_empty() {
            // Where the kernel emulates, it runs all the same.
            let severity = if runs { Severity::WorthKnowing } else { Severity::WillBreak };
            let flaw = Flaw::ImageArchitecture {
                image: Arc::clone(&name),
                image_architecture: image.architecture.clone(),
                host: host.clone(),
            };
            found.push(finding(severity, service.name.clone(), flaw, at()));
        }
        if let Some(module) = &image.foreign_module {
            // A service that is well does not load it.
            let severity = if runs { Severity::WorthKnowing } else { Severity::WillBreak };
            let flaw = Flaw::ModuleArchitecture {
                image: Arc::clone(&name),
                module: module.path.clone(),
                architecture: module.architecture.clone(),
                label: image.architecture.clone(),
            };
            found.push(finding(severity, service.name.clone(), flaw, Some(of_engine(&name, "Module"))));
        }
    }
}

/// Images that have to be pulled from where nobody has logged in.
pub(super) fn logins(look: &Look<'_>, found: &mut Vec<Finding>) {
    let Some(snapshot) = &look.stack.snapshot else { return };
    for service in look.services().filter(|service| service.build.is_none() && look.image(service).is_none()) {
        let Some(registry) = registry(&service.image) else { continue };
        if !snapshot.logins.iter().any(|login| &**login == registry) {
            let flaw = Flaw::LoginMissing { registry: registry.into(), image: service.image.clone() };
            found.push(finding(Severity::WorthKnowing, service.name.clone(), flaw, service.at.clone()));
        }
    }
}

/// Images from elsewhere whose name stands for the newest one.
pub(super) fn floating_tags(look: &Look<'_>, found: &mut Vec<Finding>) {
    for service in look.services().filter(|service| service.build.is_none() && !service.image.is_empty()) {
        let name = service.image.rsplit('/').next().unwrap_or_default();
        let floats = !name.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest");
        if floats {
            let flaw = Flaw::FloatingTag { image: service.image.clone() };
            found.push(finding(Severity::WorthKnowing, service.name.clone(), flaw, service.at.clone()));
        }
    }
}

/// The registry in an image's name; none for the engine's own default, from which anybody may pull.
fn registry(image: &str) -> Option<&str> {
    let (host, _) = image.split_once('/')?;
    let is_host = host.contains(['.', ':']) || host == "localhost";
    (is_host && host != "docker.io").then_some(host)
}
