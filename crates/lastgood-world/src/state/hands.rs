//! Who has a target in hand, children included: a lock of the kernel's that is inherited by every command which is started meanwhile, so
//! that whoever takes a target over waits for what the dead one had begun. The lease says who may; this says who still does.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, FdFlags, fcntl_setfd};

use super::trouble::{Doing, StateError, While};

const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Takes a target in hand, as soon as nobody else has it; `None` if somebody still does after `patience`. It is let go of when the
/// returned file is dropped and every command has ended that was started in between.
///
/// # Errors
/// What the system says.
pub fn hold(path: &Path, patience: Duration) -> Result<Option<File>, StateError> {
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path).during(Doing::Lock, path)?;
    // Commands are to have it, too.
    fcntl_setfd(&file, FdFlags::empty()).map_err(std::io::Error::from).during(Doing::Lock, path)?;
    let begun = Instant::now();
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(file)),
            Err(Errno::WOULDBLOCK) if begun.elapsed() >= patience => return Ok(None),
            Err(Errno::WOULDBLOCK | Errno::INTR) => thread::sleep(LOOK_AGAIN),
            Err(error) => return Err(std::io::Error::from(error)).during(Doing::Lock, path),
        }
    }
}

/// Whether somebody has it in hand, who is not waited for.
///
/// # Errors
/// What the system says.
pub fn in_hand(path: &Path) -> Result<bool, StateError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).during(Doing::Lock, path),
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(false),
        Err(Errno::WOULDBLOCK) => Ok(true),
        Err(error) => Err(std::io::Error::from(error)).during(Doing::Lock, path),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_command_has_it_in_hand_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hands");
        assert!(!in_hand(&path).unwrap(), "nobody ever had it");
        let held = hold(&path, Duration::ZERO).unwrap().unwrap();
        assert!(in_hand(&path).unwrap());
        let mut child = Command::new("sh").args(["-c", "sleep 0.6 & wait"]).spawn().unwrap();
        drop(held);
        assert!(hold(&path, Duration::from_millis(100)).unwrap().is_none(), "its child still has it");
        assert!(hold(&path, Duration::from_secs(20)).unwrap().is_some());
        assert!(!in_hand(&path).unwrap());
        child.wait().unwrap();
    }
}
