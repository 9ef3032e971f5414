//! What the kernel of a machine and a few of its tools say of it: memory, open files, mounts, its clock, its units. One
//! function a text; which texts there are, and what too little would be, is not known here.

use std::sync::Arc;

use jiff::tz::TimeZone;
use lastgood_model::stack::Memory;
use lastgood_model::{Fact, UnitFileState, UnixMs};

use crate::recognise::Format;
use crate::scan::{Context, Scanner, Sink};

/// From `/proc/meminfo`.
#[must_use]
pub fn memory(meminfo: &[u8]) -> Option<Memory> {
    let text = String::from_utf8_lossy(meminfo);
    let bytes = |name: &str| -> Option<u64> {
        let rest = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let kibibytes: u64 = rest.split_ascii_whitespace().next()?.parse().ok()?;
        Some(kibibytes.saturating_mul(1024))
    };
    // Kernels before 3.14 leave the sum to their readers.
    let sum = || {
        let parts = ["MemFree", "Buffers", "Cached"].map(|name| bytes(name).unwrap_or(0));
        parts.into_iter().fold(0, u64::saturating_add)
    };
    Some(Memory {
        total: bytes("MemTotal")?,
        available: bytes("MemAvailable").unwrap_or_else(sum),
        swap: bytes("SwapTotal").unwrap_or(0),
        swap_free: bytes("SwapFree").unwrap_or(0),
    })
}

/// Open files and how many there may be, from `/proc/sys/fs/file-nr`.
#[must_use]
pub fn open_files(file_nr: &[u8]) -> Option<(u64, u64)> {
    let text = String::from_utf8_lossy(file_nr);
    let mut words = text.split_ascii_whitespace().map(str::parse::<u64>);
    let (Some(Ok(allocated)), Some(Ok(unused)), Some(Ok(most))) = (words.next(), words.next(), words.next()) else {
        return None;
    };
    Some((allocated.saturating_sub(unused), most))
}

/// An architecture in Docker's words, from the kernel's. One that Docker has no word for stays as it is.
#[must_use]
pub fn architecture(machine: &str) -> &str {
    match machine {
        "x86_64" | "amd64" => "amd64",
        "aarch64" | "arm64" => "arm64",
        "i386" | "i486" | "i586" | "i686" | "x86" => "386",
        "ppc64le" | "s390x" | "riscv64" | "ppc64" | "mips64" => machine,
        arm if arm.starts_with("armv") => "arm",
        other => other,
    }
}

/// A mount, as `/proc/self/mountinfo` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MountPoint {
    /// What tells its file system from others: the device, else its numbers.
    pub device: String,
    /// `ext4`, `overlay`.
    pub kind: String,
    /// Whether it can only be read, here or anywhere.
    pub read_only: bool,
}

/// The mount that a path is on: the deepest one above it, and of several in one place the last.
#[must_use]
pub fn mount_of(mountinfo: &[u8], path: &str) -> Option<MountPoint> {
    let text = String::from_utf8_lossy(mountinfo);
    let mounts = text.lines().filter_map(|line| {
        let (front, back) = line.split_once(" - ")?;
        let mut front = front.split(' ').skip(2);
        let (numbers, _root, place, options) = (front.next()?, front.next()?, front.next()?, front.next()?);
        let mut back = back.split(' ');
        let (kind, source, super_options) = (back.next()?, back.next()?, back.next().unwrap_or_default());
        let place = unescaped(place);
        let depth = depth_above(&place, path)?;
        let is_read_only = |options: &str| options.split(',').any(|option| option == "ro");
        // Parts of one file system may have numbers of their own, but they have one device.
        let device = if source.starts_with("/dev/") { source } else { numbers };
        let read_only = is_read_only(options) || is_read_only(super_options);
        Some((depth, MountPoint { device: device.to_owned(), kind: kind.to_owned(), read_only }))
    });
    mounts.max_by_key(|(depth, _)| *depth).map(|(_, mount)| mount)
}

/// How deep a folder lies, if a path is at or below it.
fn depth_above(folder: &str, path: &str) -> Option<usize> {
    let folder = folder.trim_end_matches('/');
    let rest = path.strip_prefix(folder)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(folder.len())
}

/// Blanks, tabs, newlines and backslashes stand there as `\040` and the like.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let octal = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match octal {
            Some(byte) => {
                out.push(char::from(byte));
                out.push_str(part.get(3..).unwrap_or_default());
            }
            None => {
                out.push('\\');
                out.push_str(part);
            }
        }
    }
    out
}

/// Whether the clock follows others, by `timedatectl show` or `chronyc tracking`; `None` if neither is what was said.
#[must_use]
pub fn clock_synchronised(said: &[u8]) -> Option<bool> {
    let text = String::from_utf8_lossy(said);
    text.lines().find_map(|line| {
        if let Some(word) = line.strip_prefix("NTPSynchronized=") {
            return match word.trim() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            };
        }
        let (name, state) = line.split_once(':')?;
        (name.trim() == "Leap status").then(|| state.trim() != "Not synchronised")
    })
}

/// Units and whether they start at boot, from `systemctl list-unit-files`. What has no such choice is left out.
#[must_use]
pub fn units(list: &[u8]) -> Vec<(Arc<str>, bool)> {
    #[derive(Default)]
    struct Units(Vec<(Arc<str>, bool)>);
    impl Sink for Units {
        fn fact(&mut self, _: Option<UnixMs>, fact: Fact, _: u64) {
            if let Fact::UnitFile { unit, state } = fact {
                match state {
                    UnitFileState::Enabled => self.0.push((unit, true)),
                    UnitFileState::Disabled | UnitFileState::Masked => self.0.push((unit, false)),
                    UnitFileState::Other => {}
                }
            }
        }
    }
    let mut units = Units::default();
    let context =
        Context { zone: TimeZone::UTC, vhost: Arc::from(""), about: None, without: lastgood_model::Layers::NONE };
    let mut scanner = Scanner::new(&Format::UnitFiles, context);
    scanner.feed(list, &mut units);
    scanner.finish(&mut units);
    units.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_new_kernels_and_of_old_ones() {
        let new = b"MemTotal:       24681404 kB\nMemFree:          515888 kB\nMemAvailable:   20056524 kB\n\
            SwapTotal:       1048576 kB\nSwapFree:        1000000 kB\n";
        let memory = memory(new).unwrap();
        assert_eq!((memory.total, memory.available), (24_681_404 * 1024, 20_056_524 * 1024));
        assert_eq!((memory.swap, memory.swap_free), (1 << 30, 1_024_000_000));
        let old = super::memory(b"MemTotal: 100 kB\nMemFree: 10 kB\nBuffers: 5 kB\nCached: 20 kB\n").unwrap();
        assert_eq!((old.available, old.swap), (35 * 1024, 0));
        assert_eq!(super::memory(b"MemFree: 10 kB\nMemTotalX: 1 kB\n"), None);
    }

    #[test]
    fn open_files_are_those_in_use() {
        assert_eq!(open_files(b"2592\t32\t9223372036854775807\n"), Some((2560, i64::MAX as u64)));
        assert_eq!(open_files(b"2592 0\n"), None);
        assert_eq!(open_files(b"x y z"), None);
    }

    #[test]
    fn architectures_in_dockers_words() {
        for (kernel, docker) in [
            ("x86_64", "amd64"),
            ("aarch64", "arm64"),
            ("armv7l", "arm"),
            ("i686", "386"),
            ("loongarch64", "loongarch64"),
        ] {
            assert_eq!(architecture(kernel), docker);
        }
    }

    const MOUNTS: &[u8] = b"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n\
        23 22 0:5 / /dev rw,nosuid - devtmpfs udev rw,size=12k\n\
        40 22 254:16 / /var/lib rw,relatime - xfs /dev/vdb rw\n\
        41 40 254:0 /containers /var/lib/docker rw,relatime - ext4 /dev/vda1 rw\n\
        50 22 0:44 / /srv/my\\040shop ro,relatime - nfs4 10.0.0.3:/shop rw,addr=10.0.0.3\n\
        51 22 0:45 / /srv/over rw - ext4 /dev/sdc rw\n\
        52 51 0:46 / /srv/over rw - tmpfs tmpfs ro,size=4k\n\
        53 22 8:1 / /srv\nnonsense\n";

    #[test]
    fn a_path_is_on_the_deepest_and_last_mount_above_it() {
        let of = |path: &str| mount_of(MOUNTS, path).map(|mount| (mount.device, mount.kind, mount.read_only));
        let on = |device: &str, kind: &str, read_only| Some((device.to_owned(), kind.to_owned(), read_only));
        assert_eq!(of("/var/log"), on("/dev/vda1", "ext4", false));
        assert_eq!(of("/var/lib/other"), on("/dev/vdb", "xfs", false));
        assert_eq!(of("/var/lib/docker"), on("/dev/vda1", "ext4", false));
        assert_eq!(of("/var/library"), on("/dev/vda1", "ext4", false));
        assert_eq!(of("/srv/my shop/x"), on("0:44", "nfs4", true));
        assert_eq!(of("/srv/over/x"), on("0:46", "tmpfs", true));
        assert_eq!(mount_of(b"", "/"), None);
    }

    #[test]
    fn a_clock_by_either_tool() {
        assert_eq!(clock_synchronised(b"CanNTP=yes\nNTP=yes\nNTPSynchronized=yes\n"), Some(true));
        assert_eq!(clock_synchronised(b"NTPSynchronized=no\n"), Some(false));
        let chrony = b"Reference ID    : A9FEA97B (169.254.169.123)\nStratum         : 4\nLeap status     : Normal\n";
        assert_eq!(clock_synchronised(chrony), Some(true));
        assert_eq!(clock_synchronised(b"Leap status     : Not synchronised\n"), Some(false));
        assert_eq!(clock_synchronised(b"506 Cannot talk to daemon\n"), None);
    }

    #[test]
    fn units_that_have_a_choice() {
        let list = b"UNIT FILE STATE PRESET\ndocker.service enabled enabled\nnginx.service disabled enabled\n\
            containerd.service masked -\ndbus.service static -\n\n4 unit files listed.\n";
        let of = |name: &str, on| (Arc::from(name), on);
        let wanted = [of("docker.service", true), of("nginx.service", false), of("containerd.service", false)];
        assert_eq!(units(list), wanted);
    }
}
