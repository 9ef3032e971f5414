//! A folder that looks like another one in which one file holds something else: for programs that read files by their names. What it
//! holds may be a secret, so it is written where nobody else reads it, and nothing of it stays, however this process ends.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process;

use tempfile::TempDir;

/// A folder in the place of another one.
#[derive(Debug)]
pub struct StandIn {
    /// Holds links alone; it goes when this is dropped.
    _folder: TempDir,
    path: PathBuf,
    /// Has no name of its own, so that it goes with this process.
    _file: File,
}

impl StandIn {
    /// Of a folder, whose name it bears too, with these contents in the file of that name.
    ///
    /// # Errors
    /// What the system says.
    pub fn of(folder: &Path, name: &str, contents: &[u8]) -> io::Result<Self> {
        let outer = TempDir::with_prefix("lastgood-")?;
        let path = outer.path().canonicalize()?.join(folder.file_name().unwrap_or("project".as_ref()));
        fs::create_dir(&path)?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if *entry.file_name() != *name {
                symlink(entry.path(), path.join(entry.file_name()))?;
            }
        }
        let mut file = tempfile::tempfile()?;
        file.write_all(contents)?;
        // As long as we live, others of this user reach it by our descriptor.
        let ours = PathBuf::from(format!("/proc/{}/fd/{}", process::id(), file.as_raw_fd()));
        if ours.exists() {
            symlink(ours, path.join(name))?;
        } else {
            file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path.join(name))?;
            file.write_all(contents)?;
        }
        Ok(Self { _folder: outer, path, _file: file })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does something in it: programs that are started meanwhile find themselves there.
    ///
    /// # Errors
    /// If one cannot go there, or back.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> io::Result<T> {
        let before = env::current_dir()?;
        env::set_current_dir(&self.path)?;
        let done = work();
        env::set_current_dir(before)?;
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn programs_read_the_other_contents_and_nothing_of_them_stays() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("shop");
        fs::create_dir_all(folder.join("conf")).unwrap();
        fs::write(folder.join("conf/a"), "a").unwrap();
        fs::write(folder.join(".env"), "A=here").unwrap();
        let stand_in = StandIn::of(&folder, ".env", b"A=there").unwrap();
        let path = stand_in.path().to_owned();
        assert_eq!(path.file_name(), folder.file_name());
        let read = Command::new("cat").args([".env", "conf/a", ".env"]).current_dir(&path).output().unwrap();
        assert_eq!(read.stdout, b"A=thereaA=there");
        // Links alone: whoever finds them after our death finds nothing behind them.
        assert!(fs::symlink_metadata(path.join(".env")).unwrap().is_symlink() || !Path::new("/proc/self/fd").exists());
        drop(stand_in);
        assert!(!path.parent().unwrap().exists());
        assert_eq!(fs::read(folder.join(".env")).unwrap(), b"A=here");
    }
}
