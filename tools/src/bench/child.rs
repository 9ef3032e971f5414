//! Runs one command and measures it: wall clock, CPU seconds, peak resident memory.
//! It looks at no output; that goes to a file which the caller reads afterwards.

use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a command cost, its descendants included.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Elapsed time.
    pub wall: Duration,
    /// User and system time of the process and of all children it waited for.
    pub cpu: Duration,
    /// Resident memory of the largest single process, in bytes.
    pub peak_rss: u64,
    /// Exit code; a signal is an error before this is made.
    pub code: i32,
}

/// Runs a command with its standard output in `stdout`, and measures it.
pub fn run(command: &mut Command, stdout: &Path) -> Result<Cost> {
    let name = command.get_program().to_string_lossy().into_owned();
    let file = File::create(stdout).with_context(|| format!("create {}", stdout.display()))?;
    command.stdin(Stdio::null()).stdout(file);
    let begin = Instant::now();
    let child = command.spawn().with_context(|| format!("start {name}"))?;
    let pid = libc::pid_t::try_from(child.id()).context("process id")?;
    let (status, usage) = wait(pid).with_context(|| format!("wait for {name}"))?;
    let wall = begin.elapsed();
    if !libc::WIFEXITED(status) {
        bail!("{name} was ended by signal {}", libc::WTERMSIG(status));
    }
    Ok(Cost {
        wall,
        cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
        // Linux reports kibibytes.
        peak_rss: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1_024,
        code: libc::WEXITSTATUS(status),
    })
}

/// Reaps the process and asks what it used; the standard library's `wait` does not tell.
#[expect(unsafe_code, reason = "wait4 is the only way to a child's own resource usage, and std does not offer it")]
fn wait(pid: libc::pid_t) -> Result<(libc::c_int, libc::rusage)> {
    let mut status = 0;
    // SAFETY: rusage is a plain structure of integers, for which all zeroes is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live locals of the right type, and `pid` is our own child,
        // which nobody else reaps.
        let got = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        if got == pid {
            return Ok((status, usage));
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error.into());
        }
    }
}

fn duration(time: libc::timeval) -> Duration {
    let micros = time.tv_sec * 1_000_000 + time.tv_usec;
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_a_pipeline_and_keeps_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mut command = Command::new("sh");
        command.args(["-c", "seq 1 200000 | tail -n 1; exit 3"]);
        let cost = run(&mut command, &out).unwrap();
        assert_eq!(std::fs::read_to_string(out).unwrap(), "200000\n");
        assert_eq!(cost.code, 3);
        assert!(cost.wall > Duration::ZERO);
        assert!(cost.peak_rss > 100_000);
    }

    #[test]
    fn a_command_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("/nonexistent/lastgood");
        assert!(run(&mut command, &folder.path().join("out")).is_err());
    }
}
