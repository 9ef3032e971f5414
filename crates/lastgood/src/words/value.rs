//! Values of environment variables inside of sentences, as far as they may be shown.

use lastgood_model::{Secret, StateClaim};

/// What the container has and what the files have, if both may be shown.
#[must_use]
pub fn both(_key: &str, _running: Option<&Secret>, _declared: Option<&Secret>) -> Option<(String, String)> {
    None
}

/// Where a value leads.
#[must_use]
pub fn place(claim: &StateClaim) -> Option<String> {
    let StateClaim::LeadsNowhere { host, port, .. } = claim else { return None };
    (!host.is_empty()).then(|| port.map_or_else(|| host.to_string(), |port| format!("{host}:{port}")))
}
