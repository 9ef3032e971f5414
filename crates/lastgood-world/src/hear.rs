//! A command of this machine that runs to its end and is heard: its exit code, what it says, what it complains of. Which command, and
//! what it means, is the caller's. Output of any length that is read like a log is the matter of `command.rs`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::spool::temporary;

const OF_SIGNAL: i32 = 255;
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// So much is kept of what a command says, in bytes.
const MOST_SAID: u64 = 4 * 1024 * 1024;

/// What a command said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Its exit code.
    pub code: i32,
    /// The beginning of its standard output.
    pub output: Vec<u8>,
    /// The beginning of its standard error.
    pub complaint: String,
}

/// Why it was not heard to its end.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    /// It took longer than it may, in seconds, and was killed.
    #[error("took longer than {0} s")]
    TookTooLong(u64),
    /// It could not be run.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Runs a command to its end. `input` is what it reads.
///
/// # Errors
/// If it cannot be run, or does not end within `deadline`.
pub fn hear(command: &mut Command, input: Option<File>, deadline: Duration) -> Result<Heard, Unheard> {
    // Not through pipes: whatever it started may hold them longer than it lives.
    let (mut output, mut complaint) = (temporary()?, temporary()?);
    let mut child = command
        .stdin(input.map_or_else(Stdio::null, Stdio::from))
        .stdout(output.try_clone()?)
        .stderr(complaint.try_clone()?)
        .spawn()?;
    let code = ended(&mut child, deadline)?;
    let (output, complaint) = (beginning(&mut output)?, beginning(&mut complaint)?);
    Ok(Heard { code, output, complaint: String::from_utf8_lossy(&complaint).into_owned() })
}

fn beginning(file: &mut File) -> io::Result<Vec<u8>> {
    let mut said = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(MOST_SAID).read_to_end(&mut said)?;
    Ok(said)
}

/// Waits until it ends; after `deadline` it is killed. Returns its exit code, or 255 if a signal ended it.
pub(crate) fn ended(child: &mut Child, deadline: Duration) -> Result<i32, Unheard> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code().unwrap_or(OF_SIGNAL));
        }
        if begun.elapsed() >= deadline {
            let _ended_already = child.kill();
            child.wait()?;
            return Err(Unheard::TookTooLong(deadline.as_secs()));
        }
        thread::sleep(LOOK_AGAIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, deadline_ms: u64) -> Result<Heard, Unheard> {
        hear(Command::new("sh").args(["-c", script]), None, Duration::from_millis(deadline_ms))
    }

    #[test]
    fn a_command_is_heard() {
        let heard = run("echo out; echo err >&2; exit 3", 10_000).unwrap();
        assert_eq!((heard.code, heard.output.as_slice(), heard.complaint.as_str()), (3, b"out\n".as_slice(), "err\n"));
    }

    #[test]
    fn one_that_hangs_is_killed() {
        assert!(matches!(run("sleep 60", 50), Err(Unheard::TookTooLong(0))));
    }
}
