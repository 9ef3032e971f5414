//! What the kernel tells of the first process of a container, as bytes: the sockets of its network and the account of its
//! memory. Read from outside; nothing is run in the container.

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use lastgood_model::UnixMs;

use crate::damage::Damage;
use crate::host::boot_time;

/// What was read of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessFacts {
    /// `/proc/PID/net/tcp`, then `tcp6`.
    pub sockets: [Vec<u8>; 2],
    /// `memory.events` of its cgroup, or `memory.oom_control` of an older kernel's; empty if there is none.
    pub memory: Vec<u8>,
}

/// The first bytes of a file that a process of that container sees; its links are followed already. Cheaper than to ask the
/// engine, for whoever may.
///
/// # Errors
/// If there is no such process or file, it is no plain file, or we may not look.
pub fn file_in(pid: u32, container: &str, path: &str, most: usize) -> Result<Vec<u8>, Damage> {
    let process = process_of(pid, container)?.0;
    beginning(&process.join("root").join(path.trim_start_matches('/')), most)
}

/// The folder of a process and its groups, if it is of the container with that id: a number may stand for another process on
/// a machine that is not the engine's.
fn process_of(pid: u32, container: &str) -> Result<(PathBuf, String), Damage> {
    let process = Path::new("/proc").join(pid.to_string());
    let groups = String::from_utf8_lossy(&fs::read(process.join("cgroup"))?).into_owned();
    let is_its = !container.is_empty() && (groups.contains(container) || is_kept_for(&process, container));
    if is_its { Ok((process, groups)) } else { Err(Damage::NotFound) }
}

/// Whether a process of this machine is of the container with that id.
#[must_use]
pub fn is_of_container(pid: u32, container: &str) -> bool {
    process_of(pid, container).is_ok()
}

fn beginning(path: &Path, most: usize) -> Result<Vec<u8>, Damage> {
    // A pipe in its place would be waited for.
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(Damage::NotFound);
    }
    let mut bytes = Vec::with_capacity(most);
    fs::File::open(path)?.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads them, if the process is of the container with that id.
///
/// # Errors
/// If there is no such process, it is another one's, or we may not look at it.
pub fn process_facts(pid: u32, container: &str) -> Result<ProcessFacts, Damage> {
    let (process, groups) = process_of(pid, container)?;
    let read = |name: &str| fs::read(process.join(name)).map_err(|error| Damage::from(&error));
    let sockets = [read("net/tcp")?, read("net/tcp6").unwrap_or_default()];
    let memory = memory_accounts(&groups).iter().find_map(|path| fs::read(path).ok()).unwrap_or_default();
    Ok(ProcessFacts { sockets, memory })
}

/// Whether whoever keeps a process was started for this container; an engine without root may have no cgroups to tell by.
fn is_kept_for(process: &Path, container: &str) -> bool {
    let keeper = || {
        let stat = fs::read_to_string(process.join("stat")).ok()?;
        // The name in brackets may hold anything; behind it is the state, then the parent.
        let parent: u32 = stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()?;
        fs::read(format!("/proc/{parent}/cmdline")).ok()
    };
    keeper().is_some_and(|line| line.split(|byte| *byte == 0).any(|word| word == container.as_bytes()))
}

/// Where the account of a process's memory may be, by `/proc/PID/cgroup`.
fn memory_accounts(groups: &str) -> Vec<PathBuf> {
    const ROOT: &str = "/sys/fs/cgroup";
    let groups = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        Some((parts.next()?, parts.next()?.trim_start_matches('/')))
    });
    let mut found = Vec::new();
    for (controllers, path) in groups {
        if controllers.split(',').any(|controller| controller == "memory") {
            found.push(Path::new(ROOT).join("memory").join(path).join("memory.oom_control"));
        } else if controllers.is_empty() {
            found.push(Path::new(ROOT).join(path).join("memory.events"));
        }
    }
    found
}

/// When the youngest child of a process was started: of an nginx, when it took over its configuration. `None` if it has no
/// children, or they may not be looked at.
#[must_use]
pub fn last_child_started(pid: u32) -> Option<UnixMs> {
    /// What the kernel counts a second in, towards programs, on every architecture that Docker runs on.
    const TICKS: i64 = 100;
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    let started = children.split_ascii_whitespace().filter_map(|child| {
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).ok()?;
        // The name in brackets may hold anything; what is behind it are numbers, the start being the 20th of them.
        let ticks: i64 = stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()?;
        Some(boot_time()?.plus(ticks.saturating_mul(1000 / TICKS)))
    });
    started.max()
}

/// The first processes of a program that runs on this machine itself and in no container: those whose parents are not of it.
#[must_use]
pub fn first_processes(program: &str) -> Vec<u32> {
    let field = |pid: u32, name: &str| -> Option<String> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        status.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim().to_owned()))
    };
    let is_named = |pid: u32| field(pid, "Name").is_some_and(|name| name == program);
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut found: Vec<u32> = numbers
        .filter(|pid| is_named(*pid))
        // A process of a container has another number in there.
        .filter(|pid| field(*pid, "NSpid").is_none_or(|numbers| numbers.split_ascii_whitespace().count() == 1))
        .filter(|pid| {
            let parent = field(*pid, "PPid").and_then(|parent| parent.parse().ok());
            !parent.is_some_and(is_named)
        })
        .collect();
    found.sort_unstable();
    found
}

/// Whether a container's process sees another file at `target` than the one that lies at `source` now: a bind mount keeps the
/// file that it was made with when an editor or `git` puts a new one in its place. `None` if that cannot be seen.
#[must_use]
pub fn sees_another_file(pid: u32, target: &str, source: &str) -> Option<bool> {
    let mounted = fs::metadata(format!("/proc/{pid}/root{target}")).ok()?;
    let here = fs::metadata(source).ok()?;
    Some((mounted.dev(), mounted.ino()) != (here.dev(), here.ino()))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn both_kinds_of_cgroups() {
        let shown = |groups| -> Vec<String> {
            memory_accounts(groups).iter().map(|path| path.to_string_lossy().into_owned()).collect()
        };
        assert_eq!(
            shown("5:devices:/docker/ab\n4:memory:/docker/ab\n"),
            ["/sys/fs/cgroup/memory/docker/ab/memory.oom_control"]
        );
        assert_eq!(
            shown("0::/system.slice/docker-ab.scope\n"),
            ["/sys/fs/cgroup/system.slice/docker-ab.scope/memory.events"]
        );
        assert!(shown("nonsense").is_empty());
    }

    #[test]
    fn a_file_is_read_so_far_and_only_of_the_right_container() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("program");
        fs::write(&file, "#!/bin/sh and more").unwrap();
        assert_eq!(beginning(&file, 9).unwrap(), b"#!/bin/sh");
        assert_eq!(beginning(folder.path(), 9), Err(Damage::NotFound));
        let path = file.to_string_lossy();
        assert_eq!(file_in(std::process::id(), "0123456789abcdef", &path, 9), Err(Damage::NotFound));
    }

    #[test]
    fn a_program_is_found_by_its_first_process() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("lg-first-one");
        std::os::unix::fs::symlink("/bin/sleep", &program).unwrap();
        let mut child = std::process::Command::new(&program).arg("60").spawn().unwrap();
        let mut found = Vec::new();
        for _ in 0..200 {
            found = first_processes("lg-first-one");
            if !found.is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, [child.id()]);
        assert!(first_processes("no-such-program").is_empty());
    }

    #[test]
    fn a_process_is_known_by_who_keeps_it() {
        // The shell keeps `sleep`, and is told a word as a keeper is told the container.
        let script = ["-c", "sleep 60 & echo $!; wait", "0123456789abcdef"];
        let mut shell = Command::new("sh").args(script).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (pid, other) = (line.trim().parse().unwrap(), "fedcba9876543210");
        let read = (process_facts(pid, "0123456789abcdef").is_ok(), process_facts(pid, other));
        Command::new("kill").arg(pid.to_string()).status().unwrap();
        shell.wait().unwrap();
        assert_eq!(read, (true, Err(Damage::NotFound)));
    }

    #[test]
    fn a_process_of_somebody_else_is_not_looked_at() {
        assert_eq!(process_facts(std::process::id(), "0123456789abcdef"), Err(Damage::NotFound));
        assert_eq!(process_facts(std::process::id(), ""), Err(Damage::NotFound));
    }
}
