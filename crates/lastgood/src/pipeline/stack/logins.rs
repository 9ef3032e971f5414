//! To which registries the user's `docker` is logged in: names only, read from its own configuration. Nobody is asked.

use std::sync::Arc;

use lastgood_intake::registry_logins::registry_logins;
use lastgood_model::{Gap, GapKind};
use lastgood_world::Damage;
use lastgood_world::engine::client_configuration;

use super::gap;

const WHAT: &str = "docker logins";

pub(super) fn logins(gaps: &mut Vec<Gap>) -> Vec<Arc<str>> {
    match client_configuration() {
        Ok(configuration) => registry_logins(&configuration).unwrap_or_else(|fault| {
            gaps.push(Gap { what: Arc::from(WHAT), why: GapKind::Io(fault.0) });
            Vec::new()
        }),
        // Nobody has ever logged in.
        Err(Damage::NotFound) => Vec::new(),
        Err(damage) => {
            gaps.push(gap(WHAT, &damage));
            Vec::new()
        }
    }
}
