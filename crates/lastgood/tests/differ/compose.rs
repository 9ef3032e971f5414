//! The real Docker Compose, in the versions that are here: the plugin, and the one whose path stands in `LASTGOOD_COMPOSE_5`.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use lastgood_intake::env_file::ComposeVersion;
use serde_json::Value;
use tempfile::TempDir;

/// One version of it.
pub struct Compose {
    /// `2.26.1-4`.
    pub version: String,
    /// Settings of `docker` under which `docker compose` is this version; `None`: it is without any.
    settings: Option<TempDir>,
}

/// Whether everything shall be asked, and of all versions: `LASTGOOD_DIFFER=all`.
pub fn in_full() -> bool {
    env::var("LASTGOOD_DIFFER").is_ok_and(|share| share == "all")
}

/// The versions that are asked.
pub fn versions() -> Vec<Compose> {
    let newer = env::var_os("LASTGOOD_COMPOSE_5").map(PathBuf::from);
    assert!(!in_full() || newer.is_some(), "LASTGOOD_COMPOSE_5 has to name a Compose 5: scripts/compose-5 gets one");
    std::iter::once(Compose::plugin(None)).chain(newer.map(|program| Compose::plugin(Some(&program)))).collect()
}

impl Compose {
    fn plugin(program: Option<&Path>) -> Self {
        let settings = program.map(|program| {
            let folder = TempDir::with_prefix("docker-").unwrap();
            fs::create_dir(folder.path().join("cli-plugins")).unwrap();
            symlink(program, folder.path().join("cli-plugins/docker-compose")).unwrap();
            folder
        });
        let mut compose = Self { version: String::new(), settings };
        let output = compose.command(Path::new("/")).args(["version", "--short"]).output().unwrap();
        compose.version = String::from_utf8(output.stdout).unwrap().trim().trim_start_matches('v').to_owned();
        assert!(!compose.version.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        compose
    }

    /// `DOCKER_CONFIG` under which `docker compose` is this version.
    pub fn settings(&self) -> Option<&Path> {
        self.settings.as_ref().map(TempDir::path)
    }

    /// How it looks variables up.
    pub fn manner(&self) -> ComposeVersion {
        let mut parts = self.version.split('.').map(|part| part.parse::<u32>().unwrap());
        match (parts.next().unwrap(), parts.next().unwrap()) {
            (0..=1, _) | (2, 0..=26) => ComposeVersion::V2_26,
            _ => ComposeVersion::V2_40,
        }
    }

    /// Whether it knows `format: raw`.
    pub fn knows_formats(&self) -> bool {
        self.manner() == ComposeVersion::V2_40
    }

    /// `docker compose`, in a folder and with nothing else of this shell.
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new("docker");
        command.arg("compose").current_dir(folder).env_clear();
        for name in ["PATH", "HOME", "DOCKER_HOST"] {
            command.envs(env::var_os(name).map(|value| (name, value)));
        }
        command.envs(self.settings().map(|folder| ("DOCKER_CONFIG", folder)));
        command
    }

    /// What it makes of a project, or what it complains of.
    pub fn config(&self, folder: &Path, shell: &[(&str, &str)]) -> Result<Value, String> {
        let mut command = self.command(folder);
        let output = command.args(["config", "--format", "json"]).envs(shell.iter().copied()).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    }
}
