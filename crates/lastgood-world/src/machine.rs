//! What this machine says of itself, in numbers and names: room on its file systems, its kernel, who holds which socket, what
//! lies at a path. A file system whose server is gone answers never; so whoever asks for one says how long to wait.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lastgood_model::stack::PathKind;
use rustix::fs::StatVfsMountFlags;

use crate::damage::Damage;

/// Room on a file system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// The path that was asked about, without links.
    pub place: PathBuf,
    /// Bytes in all.
    pub bytes: u64,
    /// Bytes that a user can still write.
    pub free: u64,
    /// Inodes in all; 0 where there is no such limit.
    pub inodes: u64,
    /// Inodes that a user can still take.
    pub inodes_free: u64,
    /// Whether it can only be read.
    pub read_only: bool,
    /// The number by which the kernel tells it from others.
    pub device: u64,
}

/// Room on the file systems that paths are on, in their order.
#[must_use]
pub fn capacities(paths: &[PathBuf], deadline: Duration) -> Vec<Result<Capacity, Damage>> {
    all(paths, deadline, capacity)
}

fn capacity(path: &Path) -> Result<Capacity, Damage> {
    let place = fs::canonicalize(path)?;
    let device = fs::metadata(&place)?.dev();
    let said = rustix::fs::statvfs(&place).map_err(std::io::Error::from)?;
    Ok(Capacity {
        place,
        bytes: said.f_blocks.saturating_mul(said.f_frsize),
        free: said.f_bavail.saturating_mul(said.f_frsize),
        inodes: said.f_files,
        inodes_free: said.f_favail,
        read_only: said.f_flag.contains(StatVfsMountFlags::RDONLY),
        device,
    })
}

/// What lies at paths, links followed; in their order.
#[must_use]
pub fn path_kinds(paths: &[PathBuf], deadline: Duration) -> Vec<Result<PathKind, Damage>> {
    all(paths, deadline, kind_of)
}

fn kind_of(path: &Path) -> Result<PathKind, Damage> {
    let metadata = match fs::metadata(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(PathKind::Missing);
        }
        metadata => metadata?,
    };
    if !metadata.is_dir() {
        return Ok(PathKind::File);
    }
    // One that may not be looked into is somebody's, and not empty as far as anybody knows.
    let is_empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    Ok(if is_empty { PathKind::EmptyDirectory } else { PathKind::Directory })
}

/// Looks at each path. One that does not answer is left behind, and takes no time from the others.
fn all<T: Send + 'static>(
    paths: &[PathBuf],
    deadline: Duration,
    look: fn(&Path) -> Result<T, Damage>,
) -> Vec<Result<T, Damage>> {
    let ends = Instant::now() + deadline;
    let begin = |path: &PathBuf| {
        let (path, (sender, receiver)) = (path.clone(), mpsc::channel());
        thread::spawn(move || {
            // Nobody may be waiting any more.
            let _too_late = sender.send(look(&path));
        });
        receiver
    };
    let answers: Vec<_> = paths.iter().map(begin).collect();
    let wait = |answer: mpsc::Receiver<Result<T, Damage>>| {
        let left = ends.saturating_duration_since(Instant::now());
        answer.recv_timeout(left).unwrap_or_else(|_| Err(Damage::Io(Arc::from("did not answer in time"))))
    };
    answers.into_iter().map(wait).collect()
}

/// The kernel's word for the processor: `x86_64`.
#[must_use]
pub fn processor() -> String {
    rustix::system::uname().machine().to_string_lossy().into_owned()
}

/// The kernel's release: `6.1.0-42-amd64`.
#[must_use]
pub fn kernel_release() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}

/// Whether systemd runs this machine: its tools may be there without it, and then tell of nothing that happens.
#[must_use]
pub fn runs_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Names of the programs that hold these sockets, as far as we may look and time allows.
#[must_use]
pub fn socket_holders(inodes: &HashSet<u64>, deadline: Duration) -> HashMap<u64, Arc<str>> {
    let ends = Instant::now() + deadline;
    let mut found = HashMap::new();
    let Ok(processes) = fs::read_dir("/proc") else { return found };
    for process in processes.filter_map(Result::ok).map(|entry| entry.path()) {
        if found.len() == inodes.len() || Instant::now() >= ends {
            break;
        }
        let Ok(descriptors) = fs::read_dir(process.join("fd")) else { continue };
        for descriptor in descriptors.filter_map(Result::ok) {
            let Ok(link) = fs::read_link(descriptor.path()) else { continue };
            let held = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            if let Some(inode) = held.filter(|inode| inodes.contains(inode))
                && let Ok(name) = fs::read_to_string(process.join("comm"))
            {
                found.entry(inode).or_insert_with(|| Arc::from(name.trim()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::fs::symlink;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[test]
    fn a_file_system_has_room_and_a_path_that_is_not_there_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().to_owned(), "/".into(), folder.path().join("none")];
        let [room, top, none] = &capacities(&paths, PATIENCE)[..] else { panic!() };
        let (room, top) = (room.as_ref().unwrap(), top.as_ref().unwrap());
        assert!(room.bytes > 0 && room.free <= room.bytes && !room.read_only);
        assert_eq!((top.device, &*top.place), (fs::metadata("/").unwrap().dev(), Path::new("/")));
        assert_eq!(*none, Err(Damage::NotFound));
    }

    #[test]
    fn what_takes_too_long_is_left_behind() {
        let begun = Instant::now();
        let slow = |path: &Path| {
            if path == Path::new("/slow") {
                thread::sleep(Duration::from_secs(60));
            }
            Ok(path.to_owned())
        };
        let found = all(&["/slow".into(), "/quick".into()], Duration::from_millis(200), slow);
        assert!(found[0].is_err() && found[1] == Ok(PathBuf::from("/quick")));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn what_lies_at_paths() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::write(place("file"), "").unwrap();
        fs::create_dir_all(place("full/empty")).unwrap();
        symlink("file", place("link")).unwrap();
        symlink("none", place("dangling")).unwrap();
        let paths = ["file", "full", "full/empty", "none", "file/below", "link", "dangling"].map(place);
        let kinds: Vec<PathKind> = path_kinds(&paths, PATIENCE).into_iter().map(Result::unwrap).collect();
        use PathKind::{Directory, EmptyDirectory, File, Missing};
        assert_eq!(kinds, [File, Directory, EmptyDirectory, Missing, Missing, File, Missing]);
    }

    #[test]
    fn a_socket_is_held_by_a_program() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = format!(":{:04X} ", socket.local_addr().unwrap().port());
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let row = table.lines().find(|line| line.contains(&port)).unwrap();
        let inode: u64 = row.split_whitespace().nth(9).unwrap().parse().unwrap();
        let holders = socket_holders(&HashSet::from([inode, 1]), PATIENCE);
        let own = fs::read_to_string("/proc/self/comm").unwrap();
        assert_eq!(holders.get(&inode).map(|name| &**name), Some(own.trim()));
        assert!(!holders.contains_key(&1));
    }

    #[test]
    fn the_kernel_says_what_it_is() {
        assert!(!processor().is_empty() && !kernel_release().is_empty());
    }
}
