//! Runs a command of the host that only shows something, and keeps what it says as a file to be read like any other.
//! Which command, and what it means, is the caller's.

use std::fs::File;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lastgood_model::SourceId;

use crate::damage::Damage;
use crate::files::LogFile;
use crate::handle::Handle;
use crate::spool::temporary;

const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// A command that says more than this is stopped, in bytes.
const MOST_SAID: u64 = 2 * 1024 * 1024 * 1024;
const MOST_COMPLAINED: u64 = 4096;

/// What a command said.
#[derive(Debug)]
pub struct Said {
    /// Its standard output.
    pub file: LogFile,
    /// The beginning of its standard error.
    pub complaint: String,
    /// Why it is not everything.
    pub damage: Option<Damage>,
}

/// Runs a command with neither input nor terminal and keeps its output, which is shown as `display`. After `deadline`
/// it is stopped, and what it said until then is used.
///
/// # Errors
/// If it is not installed, cannot be run, or fails without saying anything.
pub fn listen(command: &[&str], display: &str, id: SourceId, deadline: Duration) -> Result<Said, Damage> {
    let Some((program, arguments)) = command.split_first() else { return Err(Damage::NotFound) };
    let (output, complaint) = (Arc::new(temporary()?), Arc::new(temporary()?));
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .env("SYSTEMD_COLORS", "0")
        .env("SYSTEMD_PAGER", "")
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(complaint.try_clone()?)
        .spawn()?;
    let outcome = wait(&mut child, &output, deadline);
    let complaint = beginning(complaint)?;
    let damage = match outcome {
        Ok(status) if status.success() => None,
        Ok(status) => Some(failure(status, &complaint)),
        Err(damage) => Some(damage),
    };
    let metadata = output.metadata()?;
    match damage {
        Some(damage) if metadata.len() == 0 => Err(damage),
        damage => {
            let file = LogFile::describe(id, Arc::from(display), None, &output, &metadata, true)?;
            Ok(Said { file: LogFile { modified: None, ..file }, complaint, damage })
        }
    }
}

fn wait(child: &mut Child, output: &File, deadline: Duration) -> Result<ExitStatus, Damage> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        let too_much = output.metadata()?.len() > MOST_SAID;
        if too_much || begun.elapsed() >= deadline {
            // It may have ended just now; either way it is waited for, so that no dead child stays.
            let _ended_already = child.kill();
            child.wait()?;
            return Err(if too_much { Damage::TooLarge } else { Damage::Io("took too long".into()) });
        }
        thread::sleep(LOOK_AGAIN);
    }
}

fn failure(status: ExitStatus, complaint: &str) -> Damage {
    let first_line = complaint.lines().next().unwrap_or_default().trim();
    let complained = first_line.to_ascii_lowercase();
    if complained.contains("permission denied") || complained.contains("operation not permitted") {
        Damage::NoPermission
    } else if first_line.is_empty() {
        Damage::Io(Arc::from(status.to_string()))
    } else {
        Damage::Failed(Arc::from(complaint))
    }
}

fn beginning(file: Arc<File>) -> Result<String, Damage> {
    let mut bytes = vec![0; usize::try_from(MOST_COMPLAINED).unwrap_or(0)];
    let length = Handle::new(file, MOST_COMPLAINED).fill(&mut bytes)?;
    bytes.truncate(length);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::head;

    fn run(script: &str, deadline_ms: u64) -> Result<Said, Damage> {
        listen(&["sh", "-c", script], "journal", SourceId(3), Duration::from_millis(deadline_ms))
    }

    #[test]
    fn what_a_command_says_is_a_file() {
        let said = run("echo one; echo two; echo hint >&2", 10_000).unwrap();
        assert_eq!(head(&said.file, 100).unwrap(), b"one\ntwo\n");
        assert_eq!((&*said.file.display, said.complaint.as_str(), said.damage), ("journal", "hint\n", None));
    }

    #[test]
    fn a_command_that_hangs_is_stopped_and_what_it_said_is_used() {
        let begun = Instant::now();
        let said = run("echo one; exec sleep 100", 200).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert_eq!(head(&said.file, 100).unwrap(), b"one\n");
        assert_eq!(said.damage, Some(Damage::Io("took too long".into())));
    }

    #[test]
    fn failures_say_why() {
        assert_eq!(run("echo 'x: Permission denied' >&2; exit 1", 10_000).unwrap_err(), Damage::NoPermission);
        let refused = "echo 'dmesg: read kernel buffer failed: Operation not permitted' >&2; exit 1";
        assert_eq!(run(refused, 10_000).unwrap_err(), Damage::NoPermission);
        assert_eq!(run("echo 'no bus' >&2; exit 1", 10_000).unwrap_err(), Damage::Failed("no bus\n".into()));
        let missing = listen(&["no-such-command-here"], "journal", SourceId(0), Duration::from_secs(1));
        assert_eq!(missing.unwrap_err(), Damage::NotFound);
    }
}
