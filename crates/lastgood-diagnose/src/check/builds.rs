//! Images that are built: for which machine, and on which.

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::desired::Service;
use lastgood_model::{Ref, Snapshot};

use super::{Look, finding};

/// Builds that would run programs of the target on another kind of machine: by emulation, slowly at best.
pub(super) fn emulated(look: &Look<'_>, found: &mut Vec<Finding>) {
    let here = Some(&look.stack.host.architecture).filter(|name| !name.is_empty());
    let Some(development) = look.question.development.as_ref().or(here) else { return };
    for (name, dockerfile) in &look.stack.dockerfiles {
        let Some((service, line)) = look.service(name).zip(dockerfile.run_lines.first()) else { continue };
        let Some(target) = built_for(service, look.stack.snapshot.as_ref()).filter(|target| **target != **development)
        else {
            continue;
        };
        let flaw = Flaw::BuildEmulated {
            dockerfile: dockerfile.path.clone(),
            line: *line,
            steps: dockerfile.run_lines.len(),
            development: development.clone(),
            target: target.into(),
        };
        let at = Ref::Text { file: dockerfile.path.clone(), line: *line };
        found.push(finding(Severity::WillBreak, name.clone(), flaw, Some(at)));
    }
}

/// The architecture that an image is built for: what the compose file says, else what the engine runs on.
#[must_use]
pub fn built_for<'a>(service: &'a Service, snapshot: Option<&'a Snapshot>) -> Option<&'a str> {
    let built = service.build.as_ref().and_then(|build| build.platforms.first());
    let written = service.platform.as_ref().or(built).and_then(|platform| platform.split('/').nth(1));
    let engine = snapshot.map(|snapshot| &*snapshot.engine.architecture);
    written.or(engine).filter(|name| !name.is_empty())
}
