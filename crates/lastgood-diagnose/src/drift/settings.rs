//! Settings of a container beside its variables, mounts, networks and ports.

use std::sync::Arc;

use lastgood_model::desired::Healthcheck;
use lastgood_model::{Difference, Secret};

use super::Pair;

/// What an engine takes where nothing is said, in milliseconds and failures.
const INTERVAL_MS: u64 = 30_000;
const RETRIES: u32 = 3;

impl Pair<'_> {
    pub(super) fn settings(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        let declared = restart(self.service.restart.as_deref());
        let running = restart(Some(&self.container.restart_policy));
        if declared != running {
            found.push(Difference::Restart { declared, running });
        }
        // Where the file says nothing, the image decides; of an image that is gone nothing can be said.
        let image = self.own_image();
        let or_image = |own: &Option<Vec<Secret>>, image: Option<&Vec<Secret>>| own.clone().or_else(|| image.cloned());
        let entrypoint = or_image(&self.service.entrypoint, image.map(|image| &image.entrypoint));
        if entrypoint.is_some_and(|entrypoint| entrypoint != self.container.entrypoint) {
            found.push(Difference::Setting("entrypoint"));
        }
        // With an entrypoint of its own, a service does without the image's command.
        let inherited = if self.service.entrypoint.is_some() { None } else { image.map(|image| &image.command) };
        let command = or_image(&self.service.command, inherited).unwrap_or_default();
        if (image.is_some() || self.service.command.is_some()) && command != self.container.command {
            found.push(Difference::Setting("command"));
        }
        let user = self.service.user.as_ref().or(image.map(|image| &image.user));
        if user.is_some_and(|user| *user != self.container.user) {
            found.push(Difference::Setting("user"));
        }
        let check = self.container.healthcheck.as_ref().and_then(in_full);
        if self.healthcheck().is_some_and(|declared| declared != check) {
            found.push(Difference::Setting("healthcheck"));
        }
        if self.service.memory_limit != self.container.memory_limit {
            found.push(Difference::Setting("mem_limit"));
        }
        if let Some(mode) = self.mode().filter(|mode| **mode != *self.container.network_mode) {
            // A container's name in a mode is its id by now.
            let is_shared = mode.starts_with("service:") || mode.starts_with("container:");
            if !(is_shared && self.container.network_mode.starts_with("container:")) {
                found.push(Difference::Setting("network_mode"));
            }
        }
        let mut hosts = [self.service.extra_hosts.clone(), self.container.extra_hosts.clone()];
        hosts.iter_mut().for_each(|hosts| hosts.sort());
        if hosts[0] != hosts[1] {
            found.push(Difference::Setting("extra_hosts"));
        }
        found
    }

    /// The mode that would be: only those that are no networks can be compared.
    fn mode(&self) -> Option<Arc<str>> {
        match &self.service.network_mode {
            Some(mode) => Some(Arc::clone(mode)),
            None if super::is_mode(&self.container.network_mode) => Some(Arc::from("bridge")),
            None => None,
        }
    }

    /// The health check that would be: `Some(None)` is none at all, `None` is not known.
    fn healthcheck(&self) -> Option<Option<Healthcheck>> {
        let image = self.own_image();
        let Some(own) = &self.service.healthcheck else {
            return image.map(|image| image.healthcheck.as_ref().and_then(in_full));
        };
        // A file may change the pace of the image's own test.
        let test = if own.test.is_empty() {
            image?.healthcheck.as_ref().map(|check| check.test.clone())?
        } else {
            own.test.clone()
        };
        Some(in_full(&Healthcheck { test, ..own.clone() }))
    }
}

/// A check with the engine's own numbers where none are given; `None` if it is switched off.
fn in_full(check: &Healthcheck) -> Option<Healthcheck> {
    let off = check.test.first().is_none_or(|word| word.expose() == "NONE");
    let or = |ms: u64, usual: u64| if ms == 0 { usual } else { ms };
    (!off).then(|| Healthcheck {
        interval_ms: or(check.interval_ms, INTERVAL_MS),
        timeout_ms: or(check.timeout_ms, INTERVAL_MS),
        retries: if check.retries == 0 { RETRIES } else { check.retries },
        ..check.clone()
    })
}

fn restart(policy: Option<&str>) -> Arc<str> {
    match policy {
        None | Some("" | "no") => Arc::from("no"),
        Some(policy) => Arc::from(policy),
    }
}
