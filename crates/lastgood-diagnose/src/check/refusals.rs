//! What Compose would refuse, said before it is asked.

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::desired::Healthcheck;
use lastgood_model::stack::{EnvEntry, EnvFile};

use super::{Look, finding};

/// Compose's own words. Where the variable or the line that it stumbles over is known, that says it better.
pub(super) fn compose_refuses(look: &Look<'_>, found: &mut Vec<Finding>) {
    let Some(words) = &look.stack.refused else { return };
    let is_refused = |file: &EnvFile| file.fault.is_some() || file.entries.iter().any(EnvEntry::is_untellable);
    let is_known = look.stack.env_files.iter().any(is_refused)
        || look.stack.asked.iter().any(|asked| asked.required && (asked.unset || asked.blank));
    if !is_known {
        found.push(finding(Severity::WillBreak, "compose", Flaw::ComposeRefuses { words: words.clone() }, None));
    }
}

/// A service that others wait for until it is healthy, and that never says how it is.
pub(super) fn nothing_to_wait_for(look: &Look<'_>, found: &mut Vec<Finding>) {
    let is_none = |check: &Healthcheck| check.test.first().is_none_or(|word| word.expose() == "NONE");
    for service in look.services() {
        for waits in service.depends_on.iter().filter(|waits| &*waits.condition == "service_healthy") {
            let Some(other) = look.service(&waits.service) else { continue };
            let silent = match &other.healthcheck {
                Some(check) => is_none(check),
                // Only the image knows, and it may not be here yet.
                None => look.image(other).is_some_and(|image| image.healthcheck.as_ref().is_none_or(is_none)),
            };
            if silent {
                let flaw = Flaw::NothingToWaitFor { service: other.name.clone() };
                found.push(finding(Severity::WillBreak, service.name.clone(), flaw, other.at.clone()));
            }
        }
    }
}
