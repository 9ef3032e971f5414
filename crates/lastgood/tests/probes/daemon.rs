//! A server for a test: as an unprivileged user, in a folder of its own, on a loopback port. It ends with its test, also where the
//! test is killed.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// `nobody` and `nogroup` of Debian.
const NOBODY: (u32, u32) = (65_534, 65_534);
const STARTS_WITHIN: Duration = Duration::from_secs(90);

/// A folder that the servers may write to.
pub fn folder() -> TempDir {
    let folder = TempDir::with_prefix("probes-").unwrap();
    if is_root() {
        chown(folder.path(), Some(NOBODY.0), Some(NOBODY.1)).unwrap();
    }
    folder
}

pub fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program as the user that servers run as. It ends with the thread that started it.
pub fn unprivileged(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=KILL");
    if is_root() {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command.arg(found(program)).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
    command.stdin(Stdio::null());
    command
}

/// Where a program is; PostgreSQL's are in folders of their versions.
pub fn found(program: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders.extend(["/usr/sbin", "/usr/bin", "/usr/local/bin"].map(PathBuf::from));
    let found = folders.iter().map(|folder| folder.join(program)).find(|path| path.is_file());
    found.unwrap_or_else(|| PathBuf::from(program))
}

/// Runs a program to its end, which has to be a good one.
#[track_caller]
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {} {}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// A server that runs.
pub struct Daemon(Child);

impl Daemon {
    /// Starts it; what it says goes to `log`.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let log = fs::File::create(log).unwrap();
        Self(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap())
    }

    /// Starts it, and waits until it accepts connections.
    #[track_caller]
    pub fn on_port(command: &mut Command, log: &Path, port: u16) -> Self {
        let daemon = Self::start(command, log);
        await_port(port, log);
        daemon
    }

    pub fn signal(&self, signal: &str) {
        run(Command::new("kill").args([signal, &self.0.id().to_string()]));
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _status = self.0.wait();
    }
}

#[track_caller]
pub fn await_port(port: u16, log: &Path) {
    until(&format!("port {port}: {}", log.display()), || TcpStream::connect(("127.0.0.1", port)).is_ok());
}

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < STARTS_WITHIN, "never: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}
