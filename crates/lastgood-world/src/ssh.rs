//! Another host, by the user's own OpenSSH: its configuration, agent, jump hosts and known hosts are those of every other `ssh`. One
//! connection carries all commands of a run, and each has a deadline. What the commands mean is the caller's.

use std::fs::File;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::hear::{Heard, Unheard, ended, hear};

/// The exit code that ssh keeps for itself.
const OF_SSH: i32 = 255;

/// Why a host could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SshFault {
    /// There is no ssh on this machine.
    #[error("ssh is not installed")]
    NotInstalled,
    /// ssh did not get there, in its own words.
    #[error("{0}")]
    Unreachable(String),
    /// It took longer than it may, in seconds.
    #[error("no answer within {0} s")]
    TookTooLong(u64),
    /// The operating system's message.
    #[error("{0}")]
    Io(String),
}

impl From<Unheard> for SshFault {
    fn from(unheard: Unheard) -> Self {
        match unheard {
            Unheard::TookTooLong(seconds) => Self::TookTooLong(seconds),
            Unheard::Io(error) => error.into(),
        }
    }
}

impl From<io::Error> for SshFault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotInstalled,
            _ => Self::Io(error.to_string()),
        }
    }
}

/// A host.
#[derive(Debug)]
pub struct Ssh {
    host: String,
    /// Whether ssh may ask a person for a password or about an unknown host.
    asks: bool,
    /// Holds the socket of the one connection.
    folder: TempDir,
}

impl Ssh {
    /// A host as the user's ssh knows it: `me@vm`. Nothing is asked of it yet.
    ///
    /// # Errors
    /// If no folder can be made for the connection's socket.
    pub fn new(host: &str, asks: bool) -> Result<Self, SshFault> {
        // A socket's path may have no more than 108 bytes.
        let folder = TempDir::with_prefix_in("lg-", "/tmp").or_else(|_| TempDir::with_prefix("lg-"))?;
        Ok(Self { host: host.to_owned(), asks, folder })
    }

    /// Runs a script of POSIX sh there, and keeps what it says. `input` is what it reads.
    ///
    /// # Errors
    /// If the host cannot be reached, or the script does not end within `deadline`.
    pub fn hear(&self, script: &str, input: Option<File>, deadline: Duration) -> Result<Heard, SshFault> {
        let heard = hear(&mut self.command(script), input, deadline)?;
        match heard.code {
            OF_SSH => Err(SshFault::Unreachable(last_line(&heard.complaint))),
            _ => Ok(heard),
        }
    }

    /// Runs a script there, which says what it says to whoever reads ours. Returns its exit code.
    ///
    /// # Errors
    /// If the host cannot be reached any more, or the script does not end within `deadline`.
    pub fn pass_on(
        &self,
        script: &str,
        input: Option<File>,
        output: Option<File>,
        deadline: Duration,
    ) -> Result<i32, SshFault> {
        let mut child = self
            .command(script)
            .stdin(input.map_or_else(Stdio::null, Stdio::from))
            .stdout(output.map_or_else(Stdio::inherit, Stdio::from))
            .spawn()?;
        match ended(&mut child, deadline)? {
            OF_SSH => Err(SshFault::Unreachable("the connection broke".to_owned())),
            code => Ok(code),
        }
    }

    fn command(&self, script: &str) -> Command {
        let mut command = Command::new("ssh");
        let socket = self.folder.path().join("s");
        command.args(["-T", "-o", "ControlMaster=auto", "-o", "ControlPersist=30"]);
        command.arg("-o").arg(format!("ControlPath={}", socket.display()));
        command.args(["-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"]);
        if !self.asks {
            command.args(["-o", "BatchMode=yes"]);
        }
        // Whatever shell the user has there: it only starts another one.
        command.args(["--", &self.host, "exec", "sh", "-c"]).arg(quoted(script));
        command
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        let socket = self.folder.path().join("s");
        if socket.exists() {
            // It would end by itself, a little later.
            let _ended_already = Command::new("ssh")
                .arg("-o")
                .arg(format!("ControlPath={}", socket.display()))
                .args(["-O", "exit", "--", &self.host])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
    }
}

/// What ssh said last is why it gave up; before it may stand a banner.
fn last_line(text: &str) -> String {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("ssh gave up").to_owned()
}

/// As one word of a POSIX shell.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_one_word() {
        assert_eq!(quoted("echo 'a b' $HOME"), r"'echo '\''a b'\'' $HOME'");
    }

    #[test]
    fn the_last_thing_that_ssh_says_is_why() {
        assert_eq!(
            last_line("welcome\nme@vm: Permission denied (publickey).\r\n\n"),
            "me@vm: Permission denied (publickey)."
        );
        assert_eq!(last_line(""), "ssh gave up");
    }
}
