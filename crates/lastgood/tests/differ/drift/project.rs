//! A project in which each service is about to be changed; brought up for real, asked, and gone when its test is.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use super::changes::Change;
use crate::compose::Compose;

/// Gaps that a host without systemd leaves, whatever runs on it.
const OF_THE_HOST: [&str; 2] = ["clock", "units at boot"];

const TOP: &str = "
networks:
  default:
  extra:
  lone:
  fixed:
    ipam: {config: [{subnet: 10.@N.0/24}]}
volumes:
  shared:
  other:
  named: {name: '@P-${VOLUME_NAME:-none}'}
secrets: {word: {file: ./word}}
configs: {setting: {file: ./word}}
";

pub struct Project<'a> {
    folder: TempDir,
    name: String,
    changes: &'a [&'a Change],
    creator: &'a Compose,
}

/// The image that services run on, and another one.
pub fn images() {
    static MADE: OnceLock<()> = OnceLock::new();
    MADE.get_or_init(make_images);
}

fn make_images() {
    // An engine that reaches nothing outside was given them.
    if env::var_os("LASTGOOD_IMAGES").is_some_and(|where_from| where_from == "given") {
        return;
    }
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let script = r#"
        base=$(examples/econipass/stack base)
        for tag in 1 2; do
          DOCKER_BUILDKIT=1 docker build --quiet --build-arg BASE_IMAGE="$base" --build-arg OF_IMAGE="$([ $tag = 1 ] && echo one || echo two)" \
            --tag differ-app:$tag crates/lastgood/tests/differ/drift
        done
        docker tag differ-app:1 differ-same:1
    "#;
    let mut command = Command::new("bash");
    run(command.current_dir(repository).args(["-euc", script])).unwrap();
}

impl<'a> Project<'a> {
    /// Brings it up as it is before the changes.
    pub fn up(changes: &'a [&'a Change], creator: &'a Compose) -> Self {
        let folder = TempDir::with_prefix("differ-").unwrap();
        let name = folder.path().file_name().unwrap().to_string_lossy().to_ascii_lowercase();
        let project = Self { folder, name, changes, creator };
        fs::write(project.path().join("word"), "a word").unwrap();
        for change in changes {
            let own = project.path().join(&change.name);
            fs::create_dir(&own).unwrap();
            for (name, text) in &change.files {
                fs::write(own.join(name), text).unwrap();
            }
            change.prepare.iter().for_each(|script| project.script(change, script));
        }
        project.write(&|change| &change.service, &|change| &change.dot);
        project.compose(&["up", "--detach", "--quiet-pull"]);
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes one change, to its files and to what runs.
    pub fn make(&self, change: &Change) {
        for (name, text) in &change.edited {
            fs::write(self.path().join(&change.name).join(name), text).unwrap();
        }
        let done: BTreeSet<&str> =
            self.changes.iter().take_while(|other| other.name != change.name).map(|other| &*other.name).collect();
        let is_made = |other: &Change| other.name == change.name || done.contains(&*other.name);
        self.write(&|other| other.becomes.as_ref().filter(|_| is_made(other)).unwrap_or(&other.service), &|other| {
            if is_made(other) && !other.dot_edited.is_empty() { &other.dot_edited } else { &other.dot }
        });
        change.run.iter().for_each(|script| self.script(change, script));
    }

    /// What is said to differ, by service.
    pub fn ask(&self, asked: &Compose) -> BTreeMap<String, Vec<String>> {
        let check = self.lastgood(asked, &["check", "--json", "--hide-values"]);
        let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for finding in check["findings"].as_array().unwrap() {
            let what = finding["what"].as_str().unwrap();
            let component = finding["component"].as_str().unwrap().to_owned();
            said.entry(component).or_default().extend(items(finding["code"].as_str().unwrap(), what));
        }
        said.retain(|_, items| !items.is_empty());
        let status = self.lastgood(asked, &["status", "--json"]);
        for row in status["services"].as_array().unwrap() {
            let name = row["name"].as_str().unwrap();
            let count = said.get(name).map_or(0, Vec::len);
            assert_eq!(row["differences"].as_u64(), Some(count as u64), "{name}: {:?}", said.get(name));
        }
        // What another reader understands otherwise is said, and is nothing that may happen here.
        let of_files = |gap: &&serde_json::Value| !OF_THE_HOST.contains(&gap["what"].as_str().unwrap_or_default());
        let gaps: Vec<_> = check["gaps"].as_array().unwrap().iter().filter(of_files).collect();
        assert!(gaps.is_empty(), "{gaps:?}");
        said
    }

    /// Services, of those whose answer is known, of which Compose would create a container again.
    pub fn would_create_again(&self, compose: &Compose) -> BTreeSet<String> {
        let mut command = compose.command(self.path());
        command.args(["--dry-run", "up", "--detach", "--no-deps"]);
        let asked = self.changes.iter().filter(|change| change.recreates(compose).is_some() && !change.is_absent());
        let said = run(command.args(asked.map(|change| &change.name))).unwrap();
        let again = said.lines().filter(|line| line.contains("Recreate"));
        let names = again.filter_map(|line| {
            line.split_whitespace().find(|word| word.starts_with(&*self.name) || word.contains("-special"))
        });
        let service = |container: &str| {
            let named = self.changes.iter().find(|change| {
                let rest = container.strip_prefix(&format!("{}-{}-", self.name, change.name));
                rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
            });
            named.map(|change| change.name.clone())
        };
        names.filter_map(service).collect()
    }

    fn write<'c>(
        &'c self,
        body: &dyn Fn(&'a Change) -> &'c String,
        dot: &dyn Fn(&'a Change) -> &'c BTreeMap<String, String>,
    ) {
        let mut compose = String::from("services:\n");
        let mut lines = String::new();
        for change in self.changes {
            for (key, value) in dot(change) {
                writeln!(lines, "{key}={value}").unwrap();
            }
            let body = body(change);
            if body == "-" {
                continue;
            }
            writeln!(compose, "  {}:", change.name).unwrap();
            if !body.contains("image:") {
                compose.push_str("    image: differ-app:1\n");
            }
            let body = if body.starts_with('{') { format!("<<: {body}") } else { body.clone() };
            for line in body.replace("@/", &format!("./{}/", change.name)).lines() {
                writeln!(compose, "    {line}").unwrap();
            }
        }
        compose.push_str(TOP);
        fs::write(self.path().join("compose.yaml"), compose.replace("@P", &self.name).replace("@N", &self.subnet()))
            .unwrap();
        fs::write(self.path().join(".env"), lines).unwrap();
    }

    /// Two numbers in the middle of addresses that nobody else uses; the engine's own are elsewhere.
    fn subnet(&self) -> String {
        let seed = self.name.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        format!("{}.{}", 200 + seed % 50, seed / 50 % 250)
    }

    fn compose(&self, arguments: &[&str]) {
        run(self.creator.command(self.path()).args(["--progress", "quiet"]).args(arguments)).unwrap();
    }

    fn script(&self, change: &Change, script: &str) {
        let script = script.replace("@/", &format!("./{}/", change.name));
        let mut command = Command::new("bash");
        command.current_dir(self.path()).env("C", format!("{}-{}-1", self.name, change.name)).env("P", &self.name);
        command.envs(self.creator.settings().map(|folder| ("DOCKER_CONFIG", folder)));
        run(command.args(["-euc", &format!("compose() {{ docker compose --progress quiet \"$@\"; }}\n{script}")]))
            .unwrap();
    }

    fn lastgood(&self, asked: &Compose, arguments: &[&str]) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lastgood"));
        command.env_clear().current_dir(self.path()).args(arguments);
        for name in ["PATH", "HOME", "DOCKER_HOST"] {
            command.envs(env::var_os(name).map(|value| (name, value)));
        }
        command.envs(asked.settings().map(|folder| ("DOCKER_CONFIG", folder)));
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&said)
            .unwrap_or_else(|error| panic!("{error}: {said}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

impl Drop for Project<'_> {
    fn drop(&mut self) {
        let down = || {
            let mut command = self.creator.command(self.path());
            let arguments = ["--progress", "quiet", "down", "--volumes", "--remove-orphans", "--timeout", "0"];
            // Many at a time, and an engine 20.10 now and then believes for ever that one of them is still there.
            command.env("COMPOSE_PARALLEL_LIMIT", "2");
            run(command.args(["--profile", "*"]).args(arguments))
        };
        // An engine may not be done with a container when its network is to go; and a network that no service joins any more
        // is nobody's.
        let down = down().or_else(|_| down());
        let left = format!("docker network ls --quiet --filter label=com.docker.compose.project={}", self.name);
        let left =
            run(Command::new("bash").args(["-c", &format!("{left} | xargs --no-run-if-empty docker network rm")]));
        let mut tags = Command::new("docker");
        let tags = run(tags.args([
            "rmi",
            "--force",
            &format!("differ-moved:{}", self.name),
            &format!("differ-gone:{}", self.name),
        ]));
        if let Err(complaint) = down.and(left) {
            println!("{} was left behind: {complaint}", self.name);
        }
        // One of the two names was given up by its own change.
        drop(tags);
    }
}

/// What one finding tells apart.
fn items(code: &str, what: &str) -> Vec<String> {
    let after = |words: &str| what.split_once(words).map(|(_, after)| after.to_owned()).unwrap_or_default();
    let split = |list: &str, before: &str, behind: &str| -> Vec<String> {
        let keys = list.split([',', ' ']).filter(|key| !key.is_empty() && *key != "and");
        keys.map(|key| format!("{before}{key}{behind}")).collect()
    };
    match code {
        "stale-container" => split(&after("old value of "), "old value of ", ""),
        "variables-differ" => {
            let removed = after("still has ");
            let added = what
                .split_once("does not know ")
                .map(|(_, after)| after.split(" yet").next().unwrap())
                .unwrap_or_default();
            let mut items = split(added, "does not know ", " yet");
            items.extend(split(&removed, "still has ", ""));
            items
        }
        "container-differs" => after("files say: ").split("; ").map(str::to_owned).collect(),
        "detached" => split(&after("is not on "), "is not on ", ""),
        "mount-replaced" => vec![what.to_owned()],
        "orphan" => vec!["orphan".to_owned()],
        "not-created" => vec!["not created".to_owned()],
        "stale-upstream" => vec![what.to_owned()],
        _ => Vec::new(),
    }
}

/// What a command said, on both streams; or why it failed.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(said) } else { Err(format!("{command:?}: {said}")) }
}
