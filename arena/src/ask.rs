//! Asks the binary: what it says, how long it takes, how much memory. What it says is judged elsewhere.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use lastgood_tools::bench::child;
use serde_json::Value;
use tempfile::TempDir;

/// One answer.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub seconds: f64,
    pub peak_rss: u64,
}

impl Said {
    /// A verdict, if it is one.
    pub fn verdict(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout).with_context(|| format!("no verdict: {}", self.stderr.trim()))
    }
}

/// The binary under test.
#[derive(Clone, Debug)]
pub struct Lastgood {
    pub path: PathBuf,
}

impl Lastgood {
    /// What was named, else the one that lies beside this program.
    pub fn find(named: Option<PathBuf>) -> Result<Self> {
        let beside = || env::current_exe().ok().and_then(|own| Some(own.parent()?.join("lastgood")));
        let path = named.or_else(beside).unwrap_or_default();
        let shown = path.display();
        ensure!(
            path.is_file(),
            "no lastgood at {shown}\nhint: build it (cargo build --release), or name one with --lastgood"
        );
        Ok(Self { path: path.canonicalize()? })
    }

    /// Asks in a folder, with nothing of the environment but what leads to the engine.
    pub fn ask(&self, folder: &Path, arguments: &[&str]) -> Result<Said> {
        let own = TempDir::new()?;
        let (stdout, stderr) = (own.path().join("stdout"), own.path().join("stderr"));
        let mut command = Command::new(&self.path);
        command.env_clear().current_dir(folder).args(arguments).stderr(File::create(&stderr)?);
        command.env("LANG", "C.UTF-8").env("TZ", "UTC");
        for name in ["PATH", "HOME", "DOCKER_HOST"] {
            command.envs(env::var_os(name).map(|value| (name, value)));
        }
        let cost = child::run(&mut command, &stdout)?;
        let read = |path: &Path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Said {
            code: cost.code,
            stdout: read(&stdout)?,
            stderr: read(&stderr)?,
            seconds: cost.wall.as_secs_f64(),
            peak_rss: cost.peak_rss,
        })
    }
}
