//! An nginx that runs, on this machine or in a container of it: its program is asked to read its files and to take them over, its
//! workers are told apart, and a file is put in the place of another one for it. What stands in the file is the caller's.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::alive::began;
use crate::hear::{Heard, Unheard, hear};
use crate::process::{first_processes, is_of_container};

/// It reads its files, or is told to, within this.
const QUICK: Duration = Duration::from_secs(20);
const MASTER: &[u8] = b"nginx: master process";
const WORKER: &[u8] = b"nginx: worker process";
const SHUTS_DOWN: &[u8] = b"is shutting down";
/// Stands beside a file until it takes its name.
const BESIDE: &str = ".lastgood-new-";

/// Where it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nginx {
    /// In a container.
    Inside {
        /// The container's id.
        container: String,
        /// Its first process.
        pid: u32,
    },
    /// On this machine itself.
    Here {
        /// The program, and the arguments with which it finds its configuration.
        command: Vec<String>,
        /// What is written before it, so that it may.
        becomes: Vec<String>,
    },
}

/// A process that serves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Worker {
    /// Its number, and when it began: no other one ever has both.
    pub id: (u32, u64),
    /// Its master's number.
    pub master: u32,
    /// It takes no new connections, and ends when it has answered all requests.
    pub shuts_down: bool,
}

impl Nginx {
    /// Lets it read its files as it would at its start, and say all that it read (`nginx -T`).
    ///
    /// # Errors
    /// If it cannot be asked.
    pub fn read(&self) -> Result<Heard, Unheard> {
        self.run(&["-T"])
    }

    /// Lets it take over its configuration anew; requests that are being answered are not cut off.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub fn reload(&self) -> Result<Heard, Unheard> {
        self.run(&["-s", "reload"])
    }

    fn run(&self, arguments: &[&str]) -> Result<Heard, Unheard> {
        match self {
            Self::Inside { container, .. } => {
                let mut docker = Command::new("docker");
                hear(docker.args(["exec", container, "nginx"]).args(arguments), None, QUICK)
            }
            Self::Here { command, becomes } => {
                let words: Vec<&String> = becomes.iter().chain(command).collect();
                let Some((program, before)) = words.split_first() else {
                    return Err(io::Error::from(io::ErrorKind::InvalidInput).into());
                };
                hear(Command::new(program).args(before).args(arguments), None, QUICK)
            }
        }
    }

    /// Its workers; on this machine those of every nginx that runs on it. Empty where they cannot be seen.
    #[must_use]
    pub fn workers(&self) -> BTreeSet<Worker> {
        let masters = match self {
            Self::Inside { container, pid } if is_of_container(*pid, container) => below(*pid),
            Self::Inside { .. } => Vec::new(),
            Self::Here { .. } => first_processes("nginx"),
        };
        let masters = masters.into_iter().filter(|pid| title(*pid).starts_with(MASTER));
        masters.flat_map(|master| children(master).into_iter().filter_map(move |pid| worker(pid, master))).collect()
    }
}

fn worker(pid: u32, master: u32) -> Option<Worker> {
    let title = title(pid);
    let is_one = title.starts_with(WORKER);
    let shuts_down = title.windows(SHUTS_DOWN.len()).any(|part| part == SHUTS_DOWN);
    is_one.then_some(Worker { id: (pid, began(pid)?.parse().ok()?), master, shuts_down })
}

fn title(pid: u32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

fn children(pid: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_ascii_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// A process and all below it: what a container begins with may be an init, or a shell.
fn below(pid: u32) -> Vec<u32> {
    let (mut found, mut open) = (Vec::new(), vec![pid]);
    while let Some(next) = open.pop() {
        open.extend(children(next));
        found.push(next);
    }
    found
}

/// Whether this process may do all that an nginx of this machine may.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Puts a text in the place of a file, which is the old one or the new one at every moment, also after a crash; its mode stays, and
/// its owner where that may be. Where its folder is not ours to write to, `becomes` is written before the commands that do it.
///
/// # Errors
/// In the system's words.
pub fn put(path: &Path, text: &str, becomes: &[String]) -> Result<(), Unheard> {
    match put_directly(path, text) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && !becomes.is_empty() => {
            put_as_another(path, text, becomes)
        }
        other => Ok(other?),
    }
}

fn put_directly(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let facts = path.metadata()?;
    let mut beside = tempfile::Builder::new().prefix(BESIDE).tempfile_in(folder)?;
    beside.write_all(text.as_bytes())?;
    // Whoever could read the old one has to be able to read the new one: by its mode, where the owner is not ours to give.
    let _kept_where_it_may = fchown(beside.as_file(), Some(facts.uid()), Some(facts.gid()));
    beside.as_file().set_permissions(facts.permissions())?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    File::open(folder)?.sync_all()
}

fn put_as_another(path: &Path, text: &str, becomes: &[String]) -> Result<(), Unheard> {
    let Some((program, before)) = becomes.split_first() else {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied).into());
    };
    let mut ours = tempfile::NamedTempFile::new()?;
    ours.write_all(text.as_bytes())?;
    let beside = path.with_file_name(format!("{BESIDE}{}", std::process::id()));
    // The copy of the old one has its mode and owner.
    let commands: [(&str, [&Path; 2]); 3] =
        [("-p", [path, &beside]), ("--", [ours.path(), &beside]), ("-f", [&beside, path])];
    for (index, (how, paths)) in commands.into_iter().enumerate() {
        let tool = if index < 2 { "cp" } else { "mv" };
        let heard = hear(Command::new(program).args(before).args([tool, how]).args(paths), None, QUICK)?;
        if heard.code != 0 {
            return Err(io::Error::other(heard.complaint.trim().to_owned()).into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_put_in_the_place_of_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backend.conf");
        assert!(put(&path, "x", &[]).is_err(), "one that is not there is nobody's");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let before = path.metadata().unwrap();
        put(&path, "new", &[]).unwrap();
        put_as_another(&path, "newer", &["env".to_owned()]).unwrap();
        let after = path.metadata().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
        assert_eq!((after.mode(), after.uid()), (before.mode(), before.uid()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn processes_that_are_not_nginx_are_no_workers() {
        assert_eq!(worker(std::process::id(), 1), None);
        let nginx = Nginx::Inside { container: "feedbeef".to_owned(), pid: std::process::id() };
        assert!(nginx.workers().is_empty());
        assert!(below(std::process::id()).contains(&std::process::id()));
    }
}
