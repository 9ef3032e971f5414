//! That an nginx takes over what is written for it, or stands by what it had: its files are tried before it is told, its new workers are
//! seen to serve, and its old ones are given time for what they are about. What is written, and why, is `route.rs`' business.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lastgood_model::Stack;
use lastgood_model::desired::Service;
use lastgood_model::snapshot::Container;
use lastgood_world::nginx::{self, Nginx, Worker};
use lastgood_world::read_small;

use super::doer::last_line;
use super::gate::containers;
use super::route::RouteFault;
use super::trouble::Trouble;

/// nginx has new workers within this once it was told.
const TO_TAKE_OVER: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Where an nginx in a container has its configuration.
const CONFIGURATION: &str = "/etc/nginx";

/// An nginx that reads a file.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) nginx: Nginx,
    /// As it is called: its container, or `nginx`.
    pub(super) name: String,
    /// The file.
    pub(super) file: PathBuf,
    /// The same, as it sees it.
    pub(super) sees: PathBuf,
    /// The networks of its container, if it is in one with networks of its own.
    pub(super) networks: Option<Vec<Arc<str>>>,
}

/// What a file is to hold, and what it held.
#[derive(Clone, Debug)]
pub(super) struct Rewrite {
    pub(super) path: PathBuf,
    pub(super) before: String,
    pub(super) after: String,
}

impl Reader {
    /// The nginx of a container that sees a file of this machine, if that lies in a folder that it has mounted; `Some(None)`: it has the
    /// very file mounted, and would not see another one in its place.
    pub(super) fn of(container: &Container, path: &Path) -> Option<Option<Self>> {
        let binds = container.mounts.iter().filter(|mount| &*mount.kind == "bind");
        let (mount, rest) = binds.filter_map(|mount| Some((mount, path.strip_prefix(&*mount.source).ok()?))).next()?;
        let networks = container.attachments.iter().map(|attachment| Arc::clone(&attachment.network)).collect();
        Some((!rest.as_os_str().is_empty()).then(|| Self {
            nginx: inside(container),
            name: container.name.to_string(),
            file: path.to_owned(),
            sees: Path::new(&*mount.target).join(rest),
            networks: (&*container.network_mode != "host").then_some(networks),
        }))
    }

    /// That its configuration is good as it is, and that the file is a part of it.
    pub(super) fn reads(&self) -> Result<(), Trouble> {
        let said = self.tries()?;
        let line = format!("# configuration file {}:", self.sees.display());
        if !String::from_utf8_lossy(&said).lines().any(|said| said == line) {
            return Err(RouteFault::NotRead(self.file.to_string_lossy().into_owned(), self.name.clone()).into());
        }
        if self.runs() { Ok(()) } else { Err(RouteFault::Unseen(self.name.clone()).into()) }
    }

    /// It serves.
    pub(super) fn runs(&self) -> bool {
        !self.nginx.workers().is_empty()
    }

    /// All that it reads, if it is content with it.
    pub(super) fn tries(&self) -> Result<Vec<u8>, Trouble> {
        let said = self.nginx.read()?;
        if said.code == 0 { Ok(said.output) } else { Err(self.refuses(&said.complaint).into()) }
    }

    fn refuses(&self, complaint: &str) -> RouteFault {
        let emergency = complaint.lines().find(|line| line.contains("[emerg]"));
        let words = emergency.map_or_else(|| last_line(complaint), |line| line.trim().to_owned());
        RouteFault::Refuses(self.name.clone(), words)
    }
}

/// Writes what is to be written, and lets every nginx take it over that `accepts` it; then those that had the requests have `drain` to
/// answer them. Returns one that still had some then. Where one does not take it over, what stood in the files stands there again.
pub(super) fn take_over(
    rewrites: &[Rewrite],
    readers: &[&Reader],
    accepts: impl Fn(&Reader) -> Result<(), Trouble>,
    becomes: &[String],
    drain: Duration,
) -> Result<Option<String>, Trouble> {
    let put = |path: &Path, text: &str| -> Result<(), Trouble> {
        if read_small(path).ok().as_deref() != Some(text.as_bytes()) {
            nginx::put(path, text, becomes)?;
        }
        Ok(())
    };
    let back = || rewrites.iter().try_for_each(|rewrite| put(&rewrite.path, &rewrite.before));
    let before: Vec<BTreeSet<Worker>> = readers.iter().map(|reader| reader.nginx.workers()).collect();
    if let Some((reader, _)) = readers.iter().zip(&before).find(|(_, workers)| workers.is_empty()) {
        return Err(RouteFault::Unseen(reader.name.clone()).into());
    }
    let written = rewrites.iter().try_for_each(|rewrite| put(&rewrite.path, &rewrite.after));
    let tried = written.and_then(|()| readers.iter().try_for_each(|reader| accepts(reader)));
    if let Err(trouble) = tried {
        back()?;
        return Err(trouble);
    }
    let reloaded = readers.iter().zip(&before).try_for_each(|(reader, before)| {
        let said = reader.nginx.reload()?;
        if said.code != 0 {
            return Err(Trouble::from(reader.refuses(&said.complaint)));
        }
        let new = || is_taken_over(before, &reader.nginx.workers());
        if within(TO_TAKE_OVER, new) { Ok(()) } else { Err(RouteFault::NotTakenOver(reader.name.clone()).into()) }
    });
    if let Err(trouble) = reloaded {
        back()?;
        // Whoever took it over already takes it back.
        readers.iter().for_each(|reader| drop(reader.nginx.reload()));
        return Err(trouble);
    }
    // Requests that are being answered are answered by whoever has them.
    let begun = Instant::now();
    let busy = readers.iter().zip(&before).find(|(reader, before)| {
        !within(drain.saturating_sub(begun.elapsed()), || is_through(before, &reader.nginx.workers()))
    });
    Ok(busy.map(|(reader, _)| reader.name.clone()))
}

/// Whether a file is a part of the configuration that an nginx of a service sees as it is now, since it has its folder mounted: it can
/// take it over, and need not be made anew.
#[must_use]
pub(super) fn is_reread(service: &Service, stack: &Stack, project: &str, file: &Path) -> bool {
    let is_nginx =
        |container: &Container| stack.proxies.iter().any(|proxy| proxy.container.as_ref() == Some(&container.name));
    let mut mounts = service.mounts.iter().filter(|mount| &*mount.kind == "bind");
    containers(stack, project, &service.name).any(is_nginx)
        && mounts.all(|mount| match file.strip_prefix(&*mount.source) {
            Ok(rest) => !rest.as_os_str().is_empty() && Path::new(&*mount.target).starts_with(CONFIGURATION),
            Err(_) => true,
        })
}

/// The nginx of a container.
pub(super) fn inside(container: &Container) -> Nginx {
    Nginx::Inside { container: container.id.to_string(), pid: container.state.pid }
}

/// Lets the nginx of a container take over what its files hold now.
pub(super) fn reread(container: &Container) -> Result<(), Trouble> {
    let reader = Reader {
        nginx: inside(container),
        name: container.name.to_string(),
        file: PathBuf::new(),
        sees: PathBuf::from(CONFIGURATION),
        networks: None,
    };
    take_over(&[], &[&reader], |reader| reader.tries().map(drop), &[], Duration::ZERO).map(drop)
}

/// A master has new workers alone, but for those that shut down.
fn is_taken_over(before: &BTreeSet<Worker>, now: &BTreeSet<Worker>) -> bool {
    let ids: BTreeSet<_> = before.iter().map(|worker| worker.id).collect();
    let masters: BTreeSet<u32> = now.iter().map(|worker| worker.master).collect();
    masters.into_iter().any(|master| {
        let mut serving = now.iter().filter(|worker| worker.master == master && !worker.shuts_down).peekable();
        serving.peek().is_some() && serving.all(|worker| !ids.contains(&worker.id))
    })
}

/// No worker of before shuts down any more.
fn is_through(before: &BTreeSet<Worker>, now: &BTreeSet<Worker>) -> bool {
    !now.iter().any(|worker| worker.shuts_down && before.iter().any(|old| old.id == worker.id))
}

/// Whether it comes to be so in time.
fn within(limit: Duration, so: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if so() {
            return true;
        }
        if begun.elapsed() >= limit {
            return false;
        }
        thread::sleep(LOOK_AGAIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(of: &[(u32, u32, bool)]) -> BTreeSet<Worker> {
        of.iter()
            .map(|(pid, master, shuts_down)| Worker { id: (*pid, 1), master: *master, shuts_down: *shuts_down })
            .collect()
    }

    #[test]
    fn new_workers_serve_and_old_ones_are_gone() {
        let before = workers(&[(2, 1, false), (3, 1, false), (12, 11, false)]);
        for (now, taken_over, through) in [
            (workers(&[(2, 1, false), (3, 1, false), (12, 11, false)]), false, true),
            (workers(&[(2, 1, true), (3, 1, false), (4, 1, false), (12, 11, false)]), false, false),
            (workers(&[(2, 1, true), (3, 1, true), (12, 11, false)]), false, false),
            (workers(&[(2, 1, true), (4, 1, false), (12, 11, false)]), true, false),
            (workers(&[(4, 1, false), (5, 1, false), (12, 11, false)]), true, true),
            // One that shut down before has nothing to do with it.
            (workers(&[(9, 1, true), (4, 1, false)]), true, true),
            (workers(&[]), false, true),
        ] {
            assert_eq!((is_taken_over(&before, &now), is_through(&before, &now)), (taken_over, through), "{now:?}");
        }
    }
}
