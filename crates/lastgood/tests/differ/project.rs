//! A Compose project of a test's own: written, brought up, and gone with its folder when the test is.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::drift::images;

pub struct Project {
    folder: TempDir,
}

impl Project {
    /// With this compose file, and these files beside it.
    pub fn up(compose: &str, files: &[(&str, &str)]) -> Self {
        images();
        let project = Self { folder: TempDir::with_prefix("differ-").unwrap() };
        fs::write(project.path().join("compose.yaml"), compose).unwrap();
        for (name, text) in files {
            fs::write(project.path().join(name), text).unwrap();
        }
        project.run("docker compose --progress quiet up --detach");
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// As Compose calls it.
    pub fn name(&self) -> String {
        self.path().file_name().unwrap().to_string_lossy().to_ascii_lowercase()
    }

    /// Runs a script in its folder, and hands out what it said.
    pub fn run(&self, script: &str) -> String {
        let output =
            Command::new("bash").current_dir(self.path()).args(["-euo", "pipefail", "-c", script]).output().unwrap();
        assert!(output.status.success(), "`{script}`: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let mut command = Command::new("docker");
        command.current_dir(self.path()).args([
            "compose",
            "--progress",
            "quiet",
            "down",
            "--volumes",
            "--timeout",
            "0",
        ]);
        if !command.status().is_ok_and(|status| status.success()) {
            println!("{} was left behind", self.name());
        }
    }
}
