//! Facts of the machine that we run on, as it says them: clock, name, boot, and who writes to which file now.
//! Only asked when the run is live; what they mean is not known here.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use lastgood_model::UnixMs;

use crate::files::LogFile;

/// Servers whose log files are this host's own, also where no init system says so.
const SERVERS: [&str; 6] = ["nginx", "apache2", "httpd", "caddy", "haproxy", "openresty"];

/// The clock.
#[must_use]
pub fn now() -> UnixMs {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// This machine's name.
#[must_use]
pub fn host_name() -> Option<Arc<str>> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(Arc::from(name.trim())).filter(|name: &Arc<str>| !name.is_empty())
}

/// When the kernel was started.
#[must_use]
pub fn boot_time() -> Option<UnixMs> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let seconds = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(UnixMs::from_seconds(seconds))
}

/// A file that a server, a unit or a container of this host writes to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where it is, as the writing process sees it.
    pub path: PathBuf,
    /// Device and inode.
    pub inode: (u64, u64),
}

/// The regular files that servers, units and containers of this host have open for writing. Without the right to look
/// at other users' processes it finds only our own user's.
#[must_use]
pub fn written_now() -> Vec<Written> {
    let mut found = HashMap::new();
    for process in numbered(Path::new("/proc")) {
        if process.ends_with(std::process::id().to_string()) || !is_service(&process) {
            continue;
        }
        for descriptor in numbered(&process.join("fd")) {
            let Ok(metadata) = fs::metadata(&descriptor) else { continue };
            let inode = (metadata.dev(), metadata.ino());
            if !metadata.is_file() || found.contains_key(&inode) || !is_for_writing(&process, &descriptor) {
                continue;
            }
            if let Ok(path) = fs::read_link(&descriptor) {
                found.insert(inode, Written { path, inode });
            }
        }
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Written {
    /// Whether it is this file.
    #[must_use]
    pub fn is(&self, file: &LogFile) -> bool {
        self.inode == file.inode && file.path.is_some()
    }
}

/// Entries whose names are numbers.
fn numbered(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_number = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
    entries.filter_map(Result::ok).filter(is_number).map(|entry| entry.path()).collect()
}

/// Somebody's shell or editor is none: what it writes to may be a copy that is being made.
fn is_service(process: &Path) -> bool {
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    if SERVERS.contains(&name.trim()) {
        return true;
    }
    let groups = fs::read_to_string(process.join("cgroup")).unwrap_or_default();
    groups.lines().any(|line| {
        let group = line.rsplit(':').next().unwrap_or_default();
        !group.starts_with("/user.slice")
            && (group.contains(".service") || group.contains("docker") || group.contains("libpod"))
    })
}

fn is_for_writing(process: &Path, descriptor: &Path) -> bool {
    const ACCESS_MODE: u32 = 0o3;
    let Some(number) = descriptor.file_name() else { return false };
    let Ok(information) = fs::read_to_string(process.join("fdinfo").join(number)) else { return false };
    let flags = information.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & ACCESS_MODE != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_name_and_booted_before_now() {
        assert!(host_name().is_some());
        assert!(boot_time().is_some_and(|boot| boot < now()));
    }

    #[test]
    fn a_descriptor_says_whether_it_is_for_writing() {
        use std::os::fd::AsRawFd;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let writing = fs::File::create(&path).unwrap();
        let reading = fs::File::open(&path).unwrap();
        let process = Path::new("/proc/self");
        let descriptor = |file: &fs::File| process.join("fd").join(file.as_raw_fd().to_string());
        assert!(is_for_writing(process, &descriptor(&writing)));
        assert!(!is_for_writing(process, &descriptor(&reading)));
        assert!(written_now().iter().all(|written| written.path != path), "our own files are no service's");
    }
}
