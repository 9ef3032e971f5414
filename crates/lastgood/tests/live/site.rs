//! A project's folder, and the one of this machine that it is deployed to. What the project is, and what is asked of it, is each test's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bed::{Bed, Said, lastgood, shell};

/// Where a test deploys.
pub struct Site {
    /// The project's name, as its compose file has it.
    project: &'static str,
    pub source: Bed,
    pub live: PathBuf,
}

impl Site {
    /// A project that lies in a folder beside the tests.
    pub fn of(project: &'static str, folder: &str) -> Self {
        Self::laid(project, &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live").join(folder))
    }

    /// A project that is one compose file.
    pub fn with(project: &'static str, compose: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("compose.yaml"), compose).unwrap();
        Self::laid(project, folder.path())
    }

    fn laid(project: &'static str, folder: &Path) -> Self {
        let source = Bed::laid(folder).unwrap();
        let live = source.path().join("state/live");
        Self { project, source, live }
    }

    pub fn of_source(&self, name: &str, text: &str) {
        fs::write(self.source.path().join(name), text).unwrap();
    }

    pub fn of_live(&self, name: &str, text: &str) {
        fs::write(self.live.join(name), text).unwrap();
    }

    /// What a file says that is live.
    pub fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.live.join(name)).ok()
    }

    /// Said where the project is, for the folder that it goes to.
    pub fn deploy(&self, arguments: &[&str]) -> Said {
        let to = self.live.to_str().unwrap();
        let arguments: Vec<&str> =
            ["deploy", "--local", "--to", to].into_iter().chain(arguments.iter().copied()).collect();
        lastgood(self.source.path(), &arguments, &[])
    }

    pub fn rollback(&self, arguments: &[&str]) -> Said {
        let arguments: Vec<&str> = ["rollback", "--local"].into_iter().chain(arguments.iter().copied()).collect();
        self.here(&arguments)
    }

    /// Said in the folder that it went to.
    pub fn here(&self, arguments: &[&str]) -> Said {
        lastgood(&self.live, arguments, &[])
    }

    /// The id of a service's container; empty: there is none.
    pub fn container(&self, service: &str) -> String {
        let name = format!("{}-{service}-1", self.project);
        let output = Command::new("docker").args(["inspect", "--format", "{{.Id}}", &name]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// All of the project by service and id: what was made anew is another one.
    pub fn containers(&self) -> Vec<String> {
        let label = format!("label=com.docker.compose.project={}", self.project);
        let format = "{{.Label \"com.docker.compose.service\"}} {{.ID}}";
        let list = ["ps", "--all", "--no-trunc", "--filter", &label, "--format", format];
        let output = Command::new("docker").args(list).output().unwrap();
        let mut all: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        all.sort();
        all
    }

    /// The users' own command has nothing to do.
    pub fn is_as_compose_has_it(&self, when: &str) {
        let before = self.containers();
        shell(&self.live, "docker compose --progress quiet up --detach --quiet-pull").unwrap();
        assert_eq!(self.containers(), before, "{when}: `docker compose up -d` made something anew");
    }

    /// What a container is told.
    pub fn told(&self, service: &str, key: &str) -> String {
        let mut docker = Command::new("docker");
        let container = format!("{}-{service}-1", self.project);
        let output = docker.args(["exec", &container, "printenv", key]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // The folder goes with the bed; its containers and their images' names do not.
        let script = "docker ps --all --quiet --filter name=^lastgood-candidate-PROJECT- | xargs -r docker rm --force
             docker compose -p PROJECT --progress quiet down --volumes --timeout 0
             docker image ls --format '{{.Repository}}:{{.Tag}}' | grep '^lastgood/PROJECT/' | xargs -r docker image rm";
        let _gone = shell(Path::new("/"), &script.replace("PROJECT", self.project));
    }
}
