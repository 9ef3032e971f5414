//! Where what runs differs from what Compose would create now, service by service. Values decide, times only explain: a file
//! that was merely touched is no drift, and one whose time was kept by a copy is. Labels and hashes are never asked.

mod networks;
mod settings;
mod upstream;
mod variables;

use std::sync::Arc;

use lastgood_model::desired::{Mount, Port, Service};
use lastgood_model::snapshot::{Container, Image};
use lastgood_model::{Desired, Difference, Drift, Snapshot, Stack};

pub use variables::declared_at;

/// Every service that differs, in the order of the files, then containers whose service is declared no more.
#[must_use]
pub fn find(stack: &Stack) -> Vec<Drift> {
    let (Some(desired), Some(snapshot)) = (&stack.desired, &stack.snapshot) else { return Vec::new() };
    let mut found = Vec::new();
    for service in &desired.services {
        let containers: Vec<&Container> = snapshot.of_service(&desired.project, &service.name).collect();
        if containers.is_empty() && service.replicas > 0 {
            found.push(drift(service, None, vec![Difference::NotCreated]));
        }
        let replicas = replicas(service, &containers);
        for (index, container) in containers.into_iter().enumerate() {
            let pair = Pair { stack, desired, snapshot, service, container };
            let mut differences = pair.differences();
            differences.extend(replicas.clone().filter(|_| index == 0));
            if !differences.is_empty() {
                found.push(drift(service, Some(container), differences));
            }
        }
    }
    let orphans = snapshot.containers.iter().filter(|container| {
        !container.one_off
            && container.project.as_ref() == Some(&desired.project)
            && container
                .service
                .as_ref()
                .is_some_and(|service| desired.service(service).is_none() && !desired.inactive.contains(service))
    });
    found.extend(orphans.map(|container| Drift {
        service: container.service.clone().unwrap_or_default(),
        container: Some(Arc::clone(&container.name)),
        created: Some(container.created),
        differences: vec![Difference::Orphan],
    }));
    found
}

/// Another number of containers than is declared; none at all is said elsewhere.
fn replicas(service: &Service, containers: &[&Container]) -> Option<Difference> {
    let running = u32::try_from(containers.len()).unwrap_or(u32::MAX);
    (running != service.replicas).then_some(Difference::Replicas { declared: service.replicas, running })
}

fn drift(service: &Service, container: Option<&Container>, differences: Vec<Difference>) -> Drift {
    Drift {
        service: Arc::clone(&service.name),
        container: container.map(|container| Arc::clone(&container.name)),
        created: container.map(|container| container.created),
        differences,
    }
}

/// A service and one container of it.
struct Pair<'a> {
    stack: &'a Stack,
    desired: &'a Desired,
    snapshot: &'a Snapshot,
    service: &'a Service,
    container: &'a Container,
}

impl<'a> Pair<'a> {
    fn differences(&self) -> Vec<Difference> {
        let mut found = self.variables();
        found.extend(self.image());
        found.extend(self.networks());
        found.extend(self.mounts());
        found.extend(self.ports());
        found.extend(self.settings());
        found.extend(self.others());
        found.extend(self.upstreams());
        found
    }

    /// The image that the container runs on, which may have lost its name since.
    fn own_image(&self) -> Option<&'a Image> {
        self.snapshot.images.iter().find(|image| image.id == self.container.image_id)
    }

    /// The name that Compose gives to what it builds, where the file gives none.
    fn image_name(&self) -> Arc<str> {
        if self.service.image.is_empty() {
            Arc::from(format!("{}-{}", self.desired.project, self.service.name))
        } else {
            Arc::clone(&self.service.image)
        }
    }

    fn image(&self) -> Option<Difference> {
        let declared = self.image_name();
        let named = |image: &Image| {
            let with_tag = if has_tag(&declared) { declared.to_string() } else { format!("{declared}:latest") };
            image.tags.iter().any(|tag| **tag == *with_tag) || image.digests.contains(&declared)
        };
        let now = self.snapshot.images.iter().find(|image| named(image));
        if let Some(image) = now {
            let differs = image.id != self.container.image_id;
            // Once its name stands for another image, an engine may call the old one by its id.
            let rebuilt = same_name(&declared, &self.container.image) || self.container.image.starts_with("sha256:");
            return differs.then(|| Difference::Image {
                declared: if rebuilt { Arc::clone(&image.id) } else { declared },
                running: Arc::clone(if rebuilt { &self.container.image_id } else { &self.container.image }),
                rebuilt,
            });
        }
        // An image that is not here yet can only be told from this one by its name.
        (!same_name(&declared, &self.container.image) && !self.container.image.starts_with("sha256:"))
            .then(|| Difference::Image { declared, running: Arc::clone(&self.container.image), rebuilt: false })
    }

    fn mounts(&self) -> Vec<Difference> {
        let source = |mount: &Mount| match &*mount.kind {
            "volume" => self.desired.volume_name(&mount.source).cloned().unwrap_or_else(|| Arc::clone(&mount.source)),
            "bind" => Arc::from(tidy_path(&mount.source)),
            _ => Arc::clone(&mount.kind),
        };
        let in_force =
            |target: &str| self.container.mounts.iter().find(|one| tidy_path(&one.target) == tidy_path(target));
        let mut found = Vec::new();
        for declared in &self.service.mounts {
            let running = in_force(&declared.target);
            // Neither a tmpfs nor a volume without a name says where it comes from.
            let nameless = &*declared.kind == "tmpfs" || declared.source.is_empty();
            let same = match running {
                None => &*declared.kind == "tmpfs",
                Some(running) => {
                    let comes_from = if &*running.kind == "bind" {
                        tidy_path(&running.source).into()
                    } else {
                        Arc::clone(&running.source)
                    };
                    nameless
                        || (running.kind == declared.kind
                            && comes_from == source(declared)
                            && running.read_only == declared.read_only)
                }
            };
            if !same {
                found.push(Difference::Mount {
                    target: Arc::clone(&declared.target),
                    declared: Some(source(declared)),
                    running: running.map(|running| Arc::clone(&running.source)),
                });
            }
        }
        for running in &self.container.mounts {
            let is_declared =
                self.service.mounts.iter().any(|one| tidy_path(&one.target) == tidy_path(&running.target));
            // A volume that the image asks for has a long name of the engine's own making.
            let of_image = &*running.kind == "volume" && is_anonymous(&running.source);
            let is_inherited = self.service.volumes_from;
            if !is_declared && !of_image && !is_inherited && &*running.kind != "tmpfs" {
                found.push(Difference::Mount {
                    target: Arc::clone(&running.target),
                    declared: None,
                    running: Some(Arc::clone(&running.source)),
                });
            }
        }
        found.extend(
            self.container
                .replaced_mounts
                .iter()
                .map(|target| Difference::MountReplaced { target: Arc::clone(target) }),
        );
        found
    }

    fn ports(&self) -> Option<Difference> {
        let list = |ports: &[Port]| {
            let mut list: Vec<Arc<str>> = ports.iter().map(written).collect();
            list.sort();
            list
        };
        let (declared, running) = (list(&self.service.ports), list(&self.container.ports));
        (declared != running).then_some(Difference::Ports { declared, running })
    }
}

fn has_tag(name: &str) -> bool {
    name.contains('@') || name.rsplit('/').next().is_some_and(|last| last.contains(':'))
}

fn same_name(a: &str, b: &str) -> bool {
    let whole = |name: &str| {
        let name = name.strip_prefix("docker.io/library/").or_else(|| name.strip_prefix("docker.io/")).unwrap_or(name);
        if has_tag(name) { name.to_owned() } else { format!("{name}:latest") }
    };
    whole(a) == whole(b)
}

fn tidy_path(path: &str) -> &str {
    if path.len() > 1 { path.trim_end_matches('/') } else { path }
}

fn is_anonymous(volume: &str) -> bool {
    volume.len() == 64 && volume.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `127.0.0.1:8000:8000/tcp`, as Compose would write it; all addresses are no address.
fn written(port: &Port) -> Arc<str> {
    let address = match &*port.host_ip {
        "" | "0.0.0.0" | "::" => String::new(),
        address => format!("{address}:"),
    };
    let host = port.host.map_or_else(String::new, |host| format!("{host}:"));
    let protocol = if &*port.protocol == "tcp" { String::new() } else { format!("/{}", port.protocol) };
    Arc::from(format!("{address}{host}{}{protocol}", port.container))
}

#[cfg(test)]
mod tests;
