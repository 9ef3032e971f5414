//! Where what runs differs from what the files would create now: values, image, networks, mounts, ports, settings. Decided by
//! the facts themselves; Compose's own labels and hashes prove nothing and are not looked at.

use std::sync::Arc;

use lastgood_model::desired::{Mount, Port, Service};
use lastgood_model::snapshot::{Container, Image};
use lastgood_model::stack::EnvRole;
use lastgood_model::{Desired, Difference, Drift, Ref, Secret, Snapshot, Span, Stack, VariableDrift};

/// Everything that differs, by service in the order of the files, then containers whose service is declared no more.
#[must_use]
pub fn find(stack: &Stack) -> Vec<Drift> {
    let (Some(desired), Some(snapshot)) = (&stack.desired, &stack.snapshot) else { return Vec::new() };
    let mut found = Vec::new();
    for service in &desired.services {
        let mut containers = snapshot.of_service(&desired.project, &service.name).peekable();
        if containers.peek().is_none() && service.replicas > 0 {
            found.push(Drift {
                service: Arc::clone(&service.name),
                container: None,
                created: None,
                differences: vec![Difference::NotCreated],
            });
        }
        found.extend(containers.map(|container| {
            let pair = Pair { stack, desired, snapshot, service, container };
            drift(&service.name, container, pair.differences())
        }));
    }
    let orphans = snapshot.containers.iter().filter(|container| {
        let declared = container.service.as_deref().is_some_and(|service| desired.service(service).is_some());
        !container.one_off && !stack.is_foreign(container) && !declared
    });
    found.extend(orphans.map(|container| drift(container.component(), container, vec![Difference::Orphan])));
    found.retain(|drift| !drift.differences.is_empty());
    found
}

fn drift(service: &Arc<str>, container: &Container, differences: Vec<Difference>) -> Drift {
    Drift {
        service: Arc::clone(service),
        container: Some(Arc::clone(&container.name)),
        created: Some(container.created),
        differences,
    }
}

/// Where a value stands that a service is told: `environment` wins over `env_file`, and a later file over an earlier one.
#[must_use]
pub fn declared_at(stack: &Stack, service: &Service, key: &str) -> Option<Ref> {
    let named = service.environment_at.iter().find(|(name, _)| &**name == key).map(|(_, at)| at.clone());
    named.or_else(|| {
        let files = stack.env_files.iter().rev().filter(|file| match &file.role {
            EnvRole::Container(services) => services.contains(&service.name),
            EnvRole::Interpolation | EnvRole::Example => false,
        });
        files.flat_map(|file| file.entries.iter().rev().map(move |entry| (file, entry))).find_map(|(file, entry)| {
            (&*entry.key == key).then(|| Ref::Text { file: Arc::clone(&file.path), line: entry.line })
        })
    })
}

/// A service and one of its containers.
struct Pair<'a> {
    stack: &'a Stack,
    desired: &'a Desired,
    snapshot: &'a Snapshot,
    service: &'a Service,
    container: &'a Container,
}

impl Pair<'_> {
    fn differences(&self) -> Vec<Difference> {
        let mut found = self.variables();
        found.extend(self.image());
        found.extend(self.networks());
        found.extend(self.mounts());
        found.extend(self.ports());
        found.extend(self.restart());
        found.extend(self.settings());
        found
    }

    fn of_image(&self) -> Option<&Image> {
        self.snapshot.image(&self.container.image_id)
    }

    fn variables(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        for (key, declared) in &self.service.environment {
            let running = self.container.variable(key);
            // A bare key that no shell sets is not told at all.
            let Some(declared) = declared else { continue };
            if running != Some(declared) {
                found.push(self.variable(key, Some(declared.clone()), running.cloned()));
            }
        }
        // What the container has beyond that comes from its image, or was declared when it was created.
        let Some(image) = self.of_image() else { return found };
        for (key, running) in &self.container.environment {
            let declared = self.service.environment.iter().any(|(name, value)| name == key && value.is_some());
            let brought = image.environment.iter().find(|(name, _)| name == key).map(|(_, value)| value);
            if !declared && brought != Some(running) {
                found.push(self.variable(key, brought.cloned(), Some(running.clone())));
            }
        }
        found
    }

    fn variable(&self, key: &Arc<str>, declared: Option<Secret>, running: Option<Secret>) -> Difference {
        let at = declared_at(self.stack, self.service, key);
        let edited = at.as_ref().and_then(|at| self.edited(at));
        Difference::Variable(VariableDrift { key: Arc::clone(key), declared, running, at, edited })
    }

    /// When the file was edited, and when it arrived if it was copied with its time kept.
    fn edited(&self, at: &Ref) -> Option<Span> {
        let Ref::Text { file, .. } = at else { return None };
        let file = self.stack.env_files.iter().find(|known| known.path == *file)?;
        let modified = file.modified?;
        Some(Span::new(modified, file.changed.unwrap_or(modified).max(modified)))
    }

    fn image(&self) -> Option<Difference> {
        let built = format!("{}-{}", self.desired.project, self.service.name);
        let declared = if self.service.image.is_empty() { built.as_str() } else { &self.service.image };
        let running = &self.container.image;
        let same_name = tagged(declared) == tagged(running);
        let rebuilt = same_name && self.named(declared).is_some_and(|image| image.id != self.container.image_id);
        // Once its name stands for another image, an engine calls the old one by its id.
        let by_id = running.starts_with("sha256:");
        let rebuilt = rebuilt || by_id && self.named(declared).is_some_and(|image| image.id != self.container.image_id);
        (rebuilt || !same_name && !by_id).then(|| Difference::Image {
            declared: Arc::from(declared),
            running: Arc::clone(running),
            rebuilt,
        })
    }

    fn named(&self, name: &str) -> Option<&Image> {
        let name = tagged(name);
        self.snapshot.images.iter().find(|image| image.tags.iter().any(|tag| tagged(tag) == name))
    }

    fn networks(&self) -> Vec<Difference> {
        if self.service.network_mode.is_some() {
            return Vec::new();
        }
        let wanted: Vec<&Arc<str>> =
            self.service.networks.iter().filter_map(|joined| self.desired.network_name(&joined.key)).collect();
        let has = &self.container.attachments;
        let missing = wanted.iter().filter(|name| !has.iter().any(|attachment| attachment.network == ***name));
        let mut found: Vec<Difference> = missing.map(|name| Difference::NetworkMissing(Arc::clone(name))).collect();
        let extra = has.iter().filter(|attachment| !wanted.contains(&&attachment.network));
        found.extend(extra.map(|attachment| Difference::NetworkExtra(Arc::clone(&attachment.network))));
        let replaced = has.iter().filter(|attachment| {
            let now = self.snapshot.network(&attachment.network);
            !attachment.network_id.is_empty() && now.is_some_and(|network| network.id != attachment.network_id)
        });
        found.extend(replaced.map(|attachment| Difference::NetworkReplaced(Arc::clone(&attachment.network))));
        found
    }

    fn mounts(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        let source = |mount: &Mount| -> Arc<str> {
            match &*mount.kind {
                "volume" => self.desired.volume_name(&mount.source).unwrap_or(&mount.source).clone(),
                _ => Arc::from(mount.source.trim_end_matches('/')),
            }
        };
        for mount in &self.service.mounts {
            let declared = source(mount);
            let running = self.container.mounts.iter().find(|running| running.target == mount.target);
            let same = running.is_some_and(|running| {
                declared.is_empty() || running.source.trim_end_matches('/') == declared.trim_end_matches('/')
            });
            // The engine lists what is in memory elsewhere.
            if !same && &*mount.kind != "tmpfs" {
                found.push(Difference::Mount {
                    target: Arc::clone(&mount.target),
                    declared: Some(declared),
                    running: running.map(|running| Arc::clone(&running.source)),
                });
            }
        }
        for running in &self.container.mounts {
            let declared = self.service.mounts.iter().any(|mount| mount.target == running.target);
            // Anonymous volumes come from the image; secrets and configs are declared elsewhere.
            let anonymous = running.source.len() == 64 && running.source.bytes().all(|byte| byte.is_ascii_hexdigit());
            let given = &*running.kind != "bind" || running.target.starts_with("/run/secrets/");
            if !declared && !anonymous && !given {
                found.push(Difference::Mount {
                    target: Arc::clone(&running.target),
                    declared: None,
                    running: Some(Arc::clone(&running.source)),
                });
            }
        }
        let replaced = self.container.replaced_mounts.iter();
        found.extend(replaced.map(|target| Difference::MountReplaced { target: Arc::clone(target) }));
        found
    }

    fn ports(&self) -> Option<Difference> {
        let shown = |ports: &[Port]| -> Vec<Arc<str>> {
            let mut shown: Vec<Arc<str>> = ports.iter().map(|port| Arc::from(published(port))).collect();
            shown.sort();
            shown.dedup();
            shown
        };
        let (declared, running) = (shown(&self.service.ports), shown(&self.container.ports));
        (declared != running).then_some(Difference::Ports { declared, running })
    }

    fn restart(&self) -> Option<Difference> {
        let policy = |text: &str| -> Arc<str> {
            match text {
                "" => Arc::from("no"),
                text => Arc::from(text),
            }
        };
        let declared = policy(self.service.restart.as_deref().unwrap_or_default());
        let running = policy(&self.container.restart_policy);
        // Some engines tell how often, some do not.
        let kind = |policy: &Arc<str>| policy.split(':').next().unwrap_or_default().to_owned();
        (kind(&declared) != kind(&running)).then_some(Difference::Restart { declared, running })
    }

    fn settings(&self) -> Vec<Difference> {
        let (service, container) = (self.service, self.container);
        let image = self.of_image();
        let mode = service.network_mode.as_deref().filter(|mode| matches!(*mode, "host" | "none" | "bridge"));
        let hosts = |hosts: &[(Arc<str>, Arc<str>)]| {
            let mut hosts = hosts.to_vec();
            hosts.sort();
            hosts
        };
        let differs = [
            ("command", service.command.as_ref().is_some_and(|command| *command != container.command)),
            ("entrypoint", service.entrypoint.as_ref().is_some_and(|entrypoint| *entrypoint != container.entrypoint)),
            ("user", service.user.as_ref().is_some_and(|user| *user != container.user)),
            ("mem_limit", service.memory_limit != container.memory_limit),
            ("network_mode", mode.is_some_and(|mode| mode != &*container.network_mode)),
            ("extra_hosts", hosts(&service.extra_hosts) != hosts(&container.extra_hosts)),
            ("healthcheck", self.check_differs(image)),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| Difference::Setting(name)).collect()
    }

    fn check_differs(&self, image: Option<&Image>) -> bool {
        let running = self.container.healthcheck.as_ref().map(|check| &check.test);
        match &self.service.healthcheck {
            // With times alone declared, the test is the image's.
            Some(declared) if declared.test.is_empty() => false,
            Some(declared) => {
                let none = |test: &[Secret]| test.first().is_some_and(|word| word.expose() == "NONE");
                running.map_or(!none(&declared.test), |running| *running != declared.test)
            }
            None => image.is_some_and(|image| running != image.healthcheck.as_ref().map(|check| &check.test)),
        }
    }
}

/// A port as Compose writes it.
fn published(port: &Port) -> String {
    let host = port.host.map_or_else(String::new, |port| port.to_string());
    let ip = if matches!(&*port.host_ip, "" | "0.0.0.0") { String::new() } else { format!("{}:", port.host_ip) };
    let protocol = if matches!(&*port.protocol, "" | "tcp") { String::new() } else { format!("/{}", port.protocol) };
    format!("{ip}{host}:{}{protocol}", port.container)
}

/// A name without what every engine adds to it.
fn tagged(name: &str) -> String {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    let has_tag = name.contains('@') || name.rsplit('/').next().is_some_and(|last| last.contains(':'));
    if has_tag { name.to_owned() } else { format!("{name}:latest") }
}

#[cfg(test)]
mod tests;
