//! The machine under the containers: room, memory, clock, sockets, units. Looked at only where the container engine runs on
//! this very machine; what is not there to be read is a gap.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lastgood_intake::host as parse;
use lastgood_intake::process::sockets;
use lastgood_model::stack::{FileSystem, HostListening, HostState};
use lastgood_model::{Gap, GapKind, Snapshot, SourceId, UnixMs};
use lastgood_world::engine::Endpoint;
use lastgood_world::{
    Capacity, Damage, boot_time, capacities, first_processes, head, host_name, kernel_release, last_child_started,
    listen, processor, read_small, runs_systemd, socket_holders,
};

use super::gap;

/// What is a gap where the engine's machine is another one.
pub(super) const HOST: &str = "host";
const CLOCK: &str = "clock";
const BOOT: &str = "units at boot";
const DEADLINE: Duration = Duration::from_secs(2);
/// Walking through all processes is not worth more.
const LONGEST_WALK: Duration = Duration::from_millis(150);
/// What tools say of clocks and units is a few lines.
const LONGEST: usize = 64 * 1024;
/// Units that have to come back with the machine: see the check of reboots.
const UNITS: [&str; 3] = ["docker.service", "containerd.service", "nginx.service"];
/// Tools that know whether the clock follows others. The first one that knows is believed.
const CLOCKS: [&[&str]; 2] = [&["timedatectl", "show", "--property=NTPSynchronized"], &["chronyc", "-n", "tracking"]];
/// Where an engine keeps everything, unless it says otherwise.
const USUAL_ROOT: &str = "/var/lib/docker";
const LOGS: &str = "/var/log";
const TOP: &str = "/";
/// Made once and full by design; nobody ever writes there.
const IMAGES: [&str; 5] = ["squashfs", "erofs", "iso9660", "cramfs", "romfs"];
const NGINX: &str = "nginx";

/// On which machine the engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On this one.
    Here,
    /// On another one.
    Elsewhere,
    /// Nobody answered where the user's `docker` would ask, and that may be anywhere.
    Unknown,
}

impl Place {
    /// By where it was asked, and by what it says of its machine.
    pub(super) fn of(endpoint: &Endpoint, snapshot: Option<&Snapshot>) -> Self {
        match (endpoint, snapshot.map(|snapshot| &snapshot.engine)) {
            (Endpoint::Tcp(_) | Endpoint::ThroughDocker(_), _) => Self::Elsewhere,
            // A socket may lead out of a container, into a virtual machine or through a tunnel.
            (Endpoint::Unix(_), Some(engine)) => {
                let is = |said: &str, own: Option<&str>| said.is_empty() || own.is_none_or(|own| own == said);
                let here = is(&engine.host, host_name().as_deref()) && is(&engine.kernel, Some(&kernel_release()));
                if here { Self::Here } else { Self::Elsewhere }
            }
            (Endpoint::Unix(_), None) if endpoint.is_usual() => Self::Here,
            (Endpoint::Unix(_), None) => Self::Unknown,
        }
    }

    /// What is missed if it is not this one.
    pub(super) fn gap(self) -> Option<Gap> {
        (self != Self::Here).then(|| Gap { what: Arc::from(HOST), why: GapKind::OtherMachine })
    }
}

/// This machine, without its file systems.
pub(super) fn machine() -> (HostState, Vec<Gap>) {
    let mut gaps = Vec::new();
    let mut text = |path: &str| match read_small(Path::new(path)) {
        Ok(text) => text,
        Err(damage) => {
            gaps.push(gap(path, &damage));
            Vec::new()
        }
    };
    let memory = parse::memory(&text("/proc/meminfo"));
    let open_files = parse::open_files(&text("/proc/sys/fs/file-nr"));
    let table = read_small(Path::new("/proc/net/tcp"));
    if let Err(damage) = &table {
        gaps.push(gap("/proc/net/tcp", damage));
    }
    let listening = table.ok().map(|table| listening(&table));
    let (clock, units) = std::thread::scope(|scope| {
        let clock = scope.spawn(clock);
        let units = units();
        (clock.join().unwrap_or(None), units)
    });
    if clock.is_none() {
        gaps.push(Gap { what: Arc::from(CLOCK), why: GapKind::NothingTells });
    }
    let units = units.unwrap_or_else(|why| {
        gaps.push(Gap { what: Arc::from(BOOT), why });
        Vec::new()
    });
    let host = HostState {
        name: host_name(),
        architecture: Arc::from(parse::architecture(&processor())),
        file_systems: Vec::new(),
        memory,
        open_files,
        clock_synchronised: clock,
        listening,
        booted: boot_time(),
        units,
    };
    (host, gaps)
}

/// Sockets of the whole machine on which something listens.
fn listening(table: &[u8]) -> Vec<HostListening> {
    // A kernel without the newer protocol has no such table.
    let newer = read_small(Path::new("/proc/net/tcp6")).unwrap_or_default();
    let found: Vec<_> = sockets(table).into_iter().chain(sockets(&newer)).collect();
    let inodes: HashSet<u64> = found.iter().map(|(_, inode)| *inode).filter(|inode| *inode != 0).collect();
    let holders = socket_holders(&inodes, LONGEST_WALK);
    let mut listening: Vec<HostListening> = found
        .into_iter()
        .map(|(socket, inode)| HostListening {
            address: socket.address,
            port: socket.port,
            program: holders.get(&inode).cloned(),
        })
        .collect();
    listening.sort_by(|a, b| (a.port, &a.address).cmp(&(b.port, &b.address)));
    listening.dedup();
    listening
}

fn clock() -> Option<bool> {
    CLOCKS.iter().find_map(|command| parse::clock_synchronised(&said(command).ok()?))
}

fn units() -> Result<Vec<(Arc<str>, bool)>, GapKind> {
    if !runs_systemd() {
        return Err(GapKind::NothingTells);
    }
    let mut command = vec!["systemctl", "list-unit-files", "--no-pager"];
    command.extend(UNITS);
    said(&command).map(|list| parse::units(&list)).map_err(|damage| damage.gap_kind(0))
}

fn said(command: &[&str]) -> Result<Vec<u8>, Damage> {
    let name = command.first().copied().unwrap_or_default();
    head(&listen(command, name, SourceId(0), DEADLINE)?.file, LONGEST)
}

/// File systems that hold something of ours, each once: under the path that it matters most for.
pub(super) fn file_systems(snapshot: Option<&Snapshot>, folder: Option<&Path>, gaps: &mut Vec<Gap>) -> Vec<FileSystem> {
    let root = snapshot.map(|snapshot| &*snapshot.engine.root).filter(|root| !root.is_empty());
    let paths = [root.unwrap_or(USUAL_ROOT), LOGS, TOP].map(PathBuf::from);
    let [engine, logs, top] = paths;
    let paths: Vec<PathBuf> = std::iter::once(engine).chain(folder.map(Path::to_owned)).chain([logs, top]).collect();
    let mut rooms = Vec::new();
    for (path, room) in paths.iter().zip(capacities(&paths, DEADLINE)) {
        match room {
            Ok(room) => rooms.push((path.as_path(), room)),
            Err(Damage::NotFound) => {}
            Err(damage) => gaps.push(gap(&path.to_string_lossy(), &damage)),
        }
    }
    // Without it, the kernel's numbers tell file systems apart.
    let mounts = read_small(Path::new("/proc/self/mountinfo")).unwrap_or_default();
    distinct(rooms, &mounts)
}

fn distinct(rooms: Vec<(&Path, Capacity)>, mounts: &[u8]) -> Vec<FileSystem> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (path, room) in rooms {
        let mount = parse::mount_of(mounts, &room.place.to_string_lossy()).unwrap_or_default();
        let device = if mount.device.is_empty() { room.device.to_string() } else { mount.device };
        let read_only = room.read_only || mount.read_only;
        // Some systems are built to have it so; what has to be written to is asked for by its own path.
        let is_meant = read_only && path == Path::new(TOP);
        if is_meant || IMAGES.contains(&mount.kind.as_str()) || room.bytes == 0 || !seen.insert(device) {
            continue;
        }
        found.push(FileSystem {
            path: Arc::from(path.to_string_lossy()),
            bytes: room.bytes,
            free: room.free,
            inodes: room.inodes,
            inodes_free: room.inodes_free,
            read_only,
        });
    }
    found
}

/// When the machine's own nginx read the configuration that it serves with; `None` if it does not run.
pub(super) fn nginx_read_at() -> Option<UnixMs> {
    first_processes(NGINX).into_iter().filter_map(last_child_started).max()
}

#[cfg(test)]
mod tests {
    use lastgood_model::snapshot::Engine;

    use super::*;

    #[test]
    fn an_engine_is_here_if_it_says_so_itself() {
        let at = |host: &str, kernel: &str| {
            let engine = Engine { host: Arc::from(host), kernel: Arc::from(kernel), ..Engine::default() };
            Place::of(&Endpoint::Unix("/x.sock".into()), Some(&Snapshot { engine, ..Snapshot::default() }))
        };
        let (name, kernel) = (host_name().unwrap(), kernel_release());
        assert_eq!(at(&name, &kernel), Place::Here);
        assert_eq!(at("", ""), Place::Here);
        assert_eq!(at("docker-desktop", &kernel), Place::Elsewhere);
        assert_eq!(at(&name, "6.6.12-linuxkit"), Place::Elsewhere);
        for endpoint in [Endpoint::Tcp("127.0.0.1:2375".into()), Endpoint::ThroughDocker("ssh://vm".into())] {
            assert_eq!(Place::of(&endpoint, None), Place::Elsewhere);
        }
        assert_eq!(Place::of(&Endpoint::Unix("/x.sock".into()), None), Place::Unknown);
        assert_eq!(Place::of(&Endpoint::Unix("/var/run/docker.sock".into()), None), Place::Here);
    }

    #[test]
    fn each_file_system_is_told_once_and_images_never() {
        let mounts = b"1 0 254:0 / / ro - ext4 /dev/vda1 ro\n2 1 254:0 /log /var/log rw - ext4 /dev/vda1 rw\n\
            3 1 7:0 / /srv/image ro - squashfs /dev/loop0 ro\n4 1 8:1 / /data rw - xfs /dev/sda1 ro\n";
        let room = |path: &'static str, place: &str| {
            (Path::new(path), Capacity { place: place.into(), bytes: 9, free: 3, device: 5, ..Capacity::default() })
        };
        let told = |rooms: Vec<(&'static Path, Capacity)>, mounts: &[u8]| -> Vec<String> {
            let found = distinct(rooms, mounts);
            found.iter().map(|one| format!("{}{}", one.path, if one.read_only { " ro" } else { "" })).collect()
        };
        let rooms = || {
            vec![
                room("/var/lib/docker", "/data/docker"),
                room("/srv/image/shop", "/srv/image/shop"),
                room("/var/log", "/var/log"),
                room("/", "/"),
            ]
        };
        assert_eq!(told(rooms(), mounts), ["/var/lib/docker ro", "/var/log"]);
        assert_eq!(told(rooms(), b""), ["/var/lib/docker"]);
        assert!(!file_systems(None, None, &mut Vec::new()).is_empty());
    }

    #[test]
    fn this_machine_is_seen_without_being_anybody_special() {
        let (host, gaps) = machine();
        let memory = host.memory.unwrap();
        assert!(memory.available <= memory.total && host.open_files.is_some_and(|(open, most)| open <= most));
        assert!(host.listening.is_some() && host.booted.is_some() && !host.architecture.is_empty());
        assert_eq!(host.clock_synchronised.is_none(), gaps.iter().any(|gap| &*gap.what == CLOCK), "{gaps:?}");
    }
}
