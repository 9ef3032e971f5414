//! Another host, by the user's own OpenSSH: its configuration, agent, jump hosts and known hosts are those of every other `ssh`. One
//! connection carries all commands of a run, and each has a deadline. What the commands mean is the caller's.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::hear::{Heard, Unheard, ended, hear};

/// The exit code that ssh keeps for itself.
const OF_SSH: i32 = 255;
/// Said before a script says anything: what came before is of the user's shell, which may greet whoever comes.
const BEGINS: &str = "-- lastgood begins";
/// The connection that is there says within this whether it does it.
const TO_FORWARD: Duration = Duration::from_secs(10);
/// A greeting has no more bytes.
const LONGEST_GREETING: u64 = 64 * 1024;

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
        let mut heard = hear(&mut self.command(script), input, deadline)?;
        heard.output = script_says(heard.output);
        match heard.code {
            OF_SSH => Err(SshFault::Unreachable(last_line(&heard.complaint))),
            _ => Ok(heard),
        }
    }

    /// Runs a script there, and hands what it says to `reader` as it comes; its complaints go to whoever reads ours. Whatever `reader`
    /// leaves unread is lost, and the script may end of it.
    ///
    /// # Errors
    /// Beside what `reader` found: if the host cannot be reached any more, or the script does not end within `deadline`.
    pub fn stream<T>(
        &self,
        script: &str,
        input: Option<File>,
        deadline: Duration,
        reader: impl FnOnce(&mut dyn Read) -> T,
    ) -> (Option<T>, Result<i32, SshFault>) {
        let stdin = input.map_or_else(Stdio::null, Stdio::from);
        let mut child = match self.command(script).stdin(stdin).stdout(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(error) => return (None, Err(error.into())),
        };
        let output = child.stdout.take();
        let (read, code) = thread::scope(|scope| {
            let waiting = scope.spawn(|| ended(&mut child, deadline).map_err(SshFault::from));
            let read = output.map(|output| {
                let mut output = BufReader::new(output);
                let _before = begin(&mut output);
                reader(&mut output)
            });
            (read, waiting.join())
        });
        let code = match code {
            Ok(Ok(OF_SSH)) => Err(SshFault::Unreachable("the connection broke".to_owned())),
            Ok(code) => code,
            Err(_) => Err(SshFault::Io("a thread ended early".to_owned())),
        };
        (read, code)
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
        command.args(["--", &self.host, "exec", "sh", "-c"]).arg(quoted(&format!("echo '{BEGINS}'\n{script}")));
        command
    }
}

/// A socket of this machine that leads to one of a host, as long as this lives.
#[derive(Debug)]
pub struct Forward {
    socket: PathBuf,
    /// Keeps the connection: it ends when nothing comes in any more.
    holder: Child,
}

impl Forward {
    /// Where it is.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        // It may have ended by itself.
        let _ended_already = self.holder.kill();
        let _reaped = self.holder.wait();
        // Its folder goes with the connection.
        let _gone = std::fs::remove_file(&self.socket);
    }
}

impl Ssh {
    /// Lets a socket of this machine lead to one there. Nothing is known yet of whether somebody listens there.
    ///
    /// # Errors
    /// If the host cannot be reached, or ssh does not do it.
    pub fn forward(&self, there: &str) -> Result<Forward, SshFault> {
        let mut holder = self.command("exec cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        // The connection is there once the script begins.
        let begun = holder.stdout.take().is_some_and(|output| {
            let mut output = BufReader::new(output);
            begin(&mut output).is_none()
        });
        let forward = Forward { socket: self.folder.path().join("d"), holder };
        if !begun {
            return Err(SshFault::Unreachable("the connection broke".to_owned()));
        }
        let mut ask = Command::new("ssh");
        ask.arg("-o").arg(format!("ControlPath={}", self.folder.path().join("s").display()));
        ask.args(["-O", "forward", "-L"]).arg(format!("{}:{there}", forward.socket.display()));
        let heard = hear(ask.args(["--", &self.host]), None, TO_FORWARD)?;
        if heard.code == 0 { Ok(forward) } else { Err(SshFault::Unreachable(last_line(&heard.complaint))) }
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

/// Reads up to where the script begins. Returns what there is if it never does, or not soon.
fn begin(from: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut before = Vec::new();
    let mut limited = from.take(LONGEST_GREETING);
    while limited.read_until(b'\n', &mut before).is_ok_and(|length| length > 0) {
        if before.strip_suffix(b"\n").is_some_and(|line| line.ends_with(BEGINS.as_bytes())) {
            return None;
        }
    }
    Some(before)
}

/// What the script says of all that was said; without one, what is said in its place.
fn script_says(all: Vec<u8>) -> Vec<u8> {
    let mut from = all.as_slice();
    begin(&mut from).unwrap_or_else(|| from.to_vec())
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
    fn a_greeting_is_no_answer() {
        let read = |said: &str| String::from_utf8(script_says(said.as_bytes().to_vec())).unwrap();
        assert_eq!(read(&format!("{BEGINS}\nLinux x86_64\n")), "Linux x86_64\n");
        assert_eq!(
            read(&format!("you are at home\nno newline{BEGINS}\nLinux\n{BEGINS}\n")),
            format!("Linux\n{BEGINS}\n")
        );
        assert_eq!(read("This account is not available.\n"), "This account is not available.\n");
        assert_eq!(read(&"x".repeat(100_000)).len(), 1 << 16);
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
