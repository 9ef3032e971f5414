//! Whether a process of this machine still lives: told by a mark that no other process ever has. What it does is not known here.

use std::fs;

/// The mark of this process: its number, when it began, and the boot that it began in.
#[must_use]
pub fn own_mark() -> String {
    let pid = std::process::id();
    format!("{pid}:{}:{}", began(pid).unwrap_or_default(), boot())
}

/// Whether the process with that mark lives. One of another boot does not; of a mark that is none nobody knows.
#[must_use]
pub fn lives(mark: &str) -> Option<bool> {
    let mut parts = mark.splitn(3, ':');
    let (pid, began_then, boot_then) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    Some(boot_then == boot() && began(pid).is_some_and(|began| began == began_then))
}

/// When a process began, in the kernel's ticks since the boot; none if there is no such process, or it only waits to be reaped.
pub(crate) fn began(pid: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Its name may hold anything, a bracket too.
    let (_, rest) = text.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    (state != "Z" && state != "X").then_some(())?;
    fields.nth(18).map(str::to_owned)
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_lives_until_it_does_not() {
        assert_eq!(lives(&own_mark()), Some(true));
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let mark = format!("{}:{}:{}", child.id(), began(child.id()).unwrap(), boot());
        assert_eq!(lives(&mark), Some(true));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(lives(&mark), Some(false));
        assert_eq!(lives(&own_mark().replace(&boot(), "another boot")), Some(false));
        assert_eq!(lives("somebody"), None);
    }
}
