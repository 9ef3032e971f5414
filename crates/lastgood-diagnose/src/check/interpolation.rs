//! Variables that the compose files ask for with `${…}`.

use lastgood_model::check::{Finding, Flaw, Severity};

use super::{Look, finding};

/// Those that nobody sets: Compose refuses some, and puts nothing in the place of others.
pub(super) fn variables(look: &Look<'_>, found: &mut Vec<Finding>) {
    let asked = &look.stack.asked;
    // A blank one is refused by `:?` alone; what Compose refused must have been one.
    let refused = look.stack.refused.is_some();
    let mut told: Vec<&str> = Vec::new();
    for asked in asked.iter().filter(|asked| asked.required && (asked.unset || (asked.blank && refused))) {
        if !told.contains(&&*asked.key) {
            told.push(&asked.key);
            let flaw = Flaw::VariableRequired { key: asked.key.clone() };
            found.push(finding(Severity::WillBreak, "compose", flaw, Some(asked.at.clone())));
        }
    }
    let mut keys = Vec::new();
    let mut refs = Vec::new();
    for asked in asked.iter().filter(|asked| asked.unset && !asked.has_default && !asked.required) {
        if !keys.contains(&asked.key) && !told.contains(&&*asked.key) {
            keys.push(asked.key.clone());
            refs.push(asked.at.clone());
        }
    }
    if !keys.is_empty() {
        found.push(finding(Severity::WorthKnowing, "compose", Flaw::VariablesUnset { keys }, refs));
    }
}
