//! The binary as a process of its own, measured and with a deadline: what it needs in memory and time counts here.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What nobody's logs may make it take.
const MOST_MEMORY: u64 = 200 << 20;
const DEADLINE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(2);

#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub wall: Duration,
    pub memory: u64,
}

impl Ran {
    /// The JSON that it answered.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs it. It is killed after a minute, must not panic, and stays within its memory.
pub fn lastgood(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    measured(Command::new(env!("CARGO_BIN_EXE_lastgood")).args(arguments))
}

/// Runs it by a shell's script, whose last command has to be `exec "$0" "$@"`, perhaps with more.
pub fn through(script: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    measured(Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_lastgood")]).args(arguments))
}

fn measured(command: &mut Command) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let (stdout, stderr) = (folder.path().join("stdout"), folder.path().join("stderr"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("TZ", "UTC").env("HOME", folder.path());
    command.stdin(Stdio::null()).stdout(File::create(&stdout).unwrap()).stderr(File::create(&stderr).unwrap());
    let begun = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut memory = 0;
    let status = loop {
        memory = memory.max(highest_memory(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > DEADLINE {
            child.kill().unwrap();
        }
        thread::sleep(LOOK_AGAIN);
    };
    let text = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let (stdout, stderr) = (text(stdout), text(stderr));
    let ran = Ran { code: status.code().unwrap_or(-1), stdout, stderr, wall: begun.elapsed(), memory };
    assert!((0..=2).contains(&ran.code), "killed or panicked: {ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!(ran.memory <= MOST_MEMORY, "{} MB", ran.memory >> 20);
    ran
}

/// The most memory that a process ever had. What `wait4` would say counts our own, too: the child begins as a copy.
fn highest_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kilobytes =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// What `why --json` said of this: every line is in one of the three counts.
pub fn counts(answer: &Value) -> [u64; 4] {
    let count = |name: &str| answer["read"][name].as_u64().unwrap();
    let [lines, parsed, other, unreadable] = ["lines", "parsed", "other", "unreadable"].map(count);
    assert_eq!(lines, parsed + other + unreadable);
    [lines, parsed, other, unreadable]
}

/// The gap's reason, by what it names.
pub fn gap<'a>(answer: &'a Value, what: &str) -> Option<&'a str> {
    answer["gaps"].as_array().unwrap().iter().find(|gap| gap["what"] == what).and_then(|gap| gap["why"].as_str())
}
