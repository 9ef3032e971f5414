//! Settings of a container beside its variables, mounts, networks and ports.

use std::collections::BTreeSet;
use std::sync::Arc;

use lastgood_model::desired::Healthcheck;
use lastgood_model::{Difference, Secret};

use super::Pair;

/// What an engine takes where nothing is said, in milliseconds and failures.
const INTERVAL_MS: u64 = 30_000;
const RETRIES: u32 = 3;

/// Where a service says nothing of these, the engine has its own; so they are only compared where it does.
const OF_THE_ENGINE: [&str; 9] = [
    "cgroup",
    "cgroup_parent",
    "healthcheck.start_interval",
    "logging.driver",
    "logging.options",
    "memswap_limit",
    "runtime",
    "shm_size",
    "ulimits",
];

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
        // With an entrypoint of its own, a service does without the image's command; to say none is to say nothing.
        let own = self.service.command.clone().filter(|words| !words.is_empty());
        let has_entrypoint = self.service.entrypoint.as_ref().is_some_and(|words| !words.is_empty());
        let inherited = if has_entrypoint { None } else { image.map(|image| &image.command) };
        let command = or_image(&own, inherited).unwrap_or_default();
        if (image.is_some() || own.is_some()) && command != self.container.command {
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
        if self.has_other_mode() {
            found.push(Difference::Setting("network_mode"));
        }
        let mut hosts = [self.service.extra_hosts.clone(), self.container.extra_hosts.clone()];
        hosts.iter_mut().for_each(|hosts| hosts.sort());
        if hosts[0] != hosts[1] {
            found.push(Difference::Setting("extra_hosts"));
        }
        found
    }

    /// Name, labels, and what the table of settings holds.
    pub(super) fn others(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        let is_named = match &self.service.container_name {
            Some(name) => *name == self.container.name,
            None => self.is_numbered(&self.container.name),
        };
        if !is_named {
            found.push(Difference::Setting("container_name"));
        }
        if self.has_other_labels() {
            found.push(Difference::Setting("labels"));
        }
        let names: BTreeSet<&'static str> =
            self.service.settings.keys().chain(self.container.settings.keys()).copied().collect();
        found.extend(names.into_iter().filter(|name| self.is_set_otherwise(name)).map(Difference::Setting));
        found
    }

    /// Labels come from the file and from the image; of an image that is gone nothing can be said.
    fn has_other_labels(&self) -> bool {
        let running = &self.container.labels;
        if self.service.labels.iter().any(|(name, value)| running.get(name) != Some(value)) {
            return true;
        }
        let Some(image) = self.own_image() else { return false };
        let declared = |name: &Arc<str>| self.service.labels.get(name).or_else(|| image.labels.get(name));
        running.iter().any(|(name, value)| declared(name) != Some(value))
            || image.labels.keys().any(|name| !running.contains_key(name))
    }

    fn is_set_otherwise(&self, name: &'static str) -> bool {
        let (declared, running) = (self.service.settings.get(name), self.container.settings.get(name));
        if OF_THE_ENGINE.contains(&name) {
            return match (declared, running) {
                // An engine adds its own limits to those of a service.
                (Some(declared), running) if name == "ulimits" => {
                    let has = |limit: &str| {
                        running.is_some_and(|running| running.expose().split(' ').any(|other| other == limit))
                    };
                    !declared.expose().split(' ').all(has)
                }
                (Some(declared), Some(running)) => declared != running,
                _ => false,
            };
        }
        let of_image = |text: &Arc<str>| Some(Secret::from(&**text)).filter(|text| !text.is_blank());
        let inherited = match (name, self.own_image()) {
            ("working_dir", Some(image)) => of_image(&image.working_dir),
            ("stop_signal", Some(image)) => of_image(&image.stop_signal),
            ("working_dir" | "stop_signal", None) if declared.is_none() => return false,
            _ => None,
        };
        declared.or(inherited.as_ref()) != running
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
