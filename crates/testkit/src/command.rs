//! The binary under test, in an environment that is the same on every machine: nothing inherited, a home of its own,
//! a fixed zone and locale, no container engine.

use std::ffi::OsStr;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::redact;

/// A run that is being prepared.
#[must_use = "nothing runs before `run`"]
pub struct Lastgood {
    command: Command,
    folder: TempDir,
    input: Vec<u8>,
}

/// What came out of a run.
#[must_use = "a run whose outcome nobody looks at tests nothing"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Exit code; -1 if a signal ended it.
    pub code: i32,
    /// What it answered.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

impl Lastgood {
    /// A run of this binary (`env!("CARGO_BIN_EXE_lastgood")`) in an empty folder.
    pub fn new(binary: &str) -> Self {
        let folder = new_folder();
        let mut command = Command::new(binary);
        command.env_clear().current_dir(folder.path());
        command.env("HOME", folder.path()).env("XDG_STATE_HOME", folder.path().join("state"));
        command.env("XDG_CACHE_HOME", folder.path().join("cache")).env("XDG_CONFIG_HOME", folder.path().join("config"));
        command.env("TZ", "UTC").env("LANG", "C.UTF-8").env("PATH", "/usr/bin:/bin").env("TERM", "dumb");
        // What the machine's own engine runs is no business of a test that does not say so.
        command.env("DOCKER_HOST", "unix:///nobody/docker.sock");
        Self { command, folder, input: Vec::new() }
    }

    /// With arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    /// With an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// With this on standard input; it is empty otherwise.
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// In another folder than its own empty one.
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// With a file in its own folder; folders on the way are made.
    #[expect(clippy::expect_used, reason = "a test without its files is no test")]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(self.folder.path())).expect("the folder can be made");
        std::fs::write(path, content).expect("the file can be written");
        self
    }

    /// Its own folder.
    #[must_use]
    pub fn own_folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Runs to the end. The path of its own folder does not show in what came out.
    #[expect(clippy::expect_used, reason = "a binary that cannot be started is no answer")]
    pub fn run(mut self) -> Output {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the binary starts");
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        let input = std::mem::take(&mut self.input);
        // A run that does not read its input closes the pipe, and that is its own business.
        let feeder = std::thread::spawn(move || stdin.write_all(&input).is_ok());
        let output = child.wait_with_output().expect("the binary ends");
        let _fed = feeder.join();
        let text = |bytes: &[u8]| redact(&String::from_utf8_lossy(bytes), self.folder.path());
        Output { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

#[expect(clippy::expect_used, reason = "a test without a folder is no test")]
fn new_folder() -> TempDir {
    TempDir::with_prefix("lastgood-test-").expect("a temporary folder can be made")
}

impl fmt::Display for Output {
    /// All of it, for a snapshot.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit {}", self.code)?;
        writeln!(f, "----- stdout\n{}", self.stdout)?;
        write!(f, "----- stderr\n{}", self.stderr)
    }
}
