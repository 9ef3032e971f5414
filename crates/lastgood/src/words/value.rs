//! Values of environment variables inside of sentences, as far as they may be shown.

use lastgood_diagnose::PASSED_ON;
use lastgood_model::{Secret, StateClaim};

use crate::privacy::env_value::shown;

/// What the container has and what the files have, if both may be shown and a reader could tell them apart. `nothing` stands
/// where there is no such variable, or nothing in it.
#[must_use]
pub fn both(
    key: &str,
    running: Option<&Secret>,
    declared: Option<&Secret>,
    nothing: &'static str,
) -> Option<(String, String)> {
    let told = |value: Option<&Secret>| match value {
        Some(value) if !value.is_blank() => shown(key, value),
        _ => Some(nothing.to_owned()),
    };
    let (running, declared) = (told(running)?, told(declared)?);
    (running != declared).then_some((running, declared))
}

/// Where a value leads.
#[must_use]
pub fn place(claim: &StateClaim) -> Option<String> {
    let StateClaim::LeadsNowhere { key, value, host, port, .. } = claim else { return None };
    // Where a proxy passes requests on to is no variable, whatever it is called.
    (!host.is_empty() && (&**key == PASSED_ON || shown(key, value).is_some()))
        .then(|| port.map_or_else(|| host.to_string(), |port| format!("{host}:{port}")))
}
