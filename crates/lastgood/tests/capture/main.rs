//! Cases that are captured: that they say the same as what they were taken from, and that nothing private is in them.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod live;
mod privacy;
mod same_verdict;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lastgood_intake::rotation;
use serde_json::Value;

/// What came out of a run.
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).map_err(|error| format!("{error}: {}{}", self.stdout, self.stderr)).unwrap()
    }
}

fn lastgood(folder: &Path, arguments: &[&str]) -> Run {
    with_tools(folder, Path::new("/nowhere"), arguments)
}

/// On a machine whose tools are those in a folder.
fn with_tools(folder: &Path, tools: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastgood"));
    command.env_clear().env("PATH", tools);
    // What the machine's own engine runs is no business of these tests.
    command.env("DOCKER_HOST", "unix:///nobody/docker.sock").current_dir(folder).args(arguments);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// All files below a folder, unpacked, by their paths.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            // By another program than ours, so that our own reader is not its own witness.
            let output = Command::new("gzip").arg("-dc").arg(&path).output().unwrap();
            found.insert(path, output.stdout);
        } else {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// A verdict without what a case changes on purpose: folders and packing of paths, and bytes.
fn comparable(mut verdict: Value) -> Value {
    verdict["read"]["bytes"] = Value::Null;
    verdict["subject"]["files"] = Value::Null;
    without_paths(&mut verdict);
    if let Some(gaps) = verdict["gaps"].as_array_mut() {
        gaps.sort_by_key(ToString::to_string);
    }
    if let Some(notes) = verdict["notes"].as_array_mut() {
        notes.sort_by_key(ToString::to_string);
    }
    verdict
}

fn without_paths(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(without_paths),
        Value::Object(entries) => {
            for (key, value) in entries {
                match (key.as_str(), &*value) {
                    ("ref" | "what" | "claim" | "summary" | "because", Value::String(text)) => {
                        *value = Value::from(words_without_paths(text));
                    }
                    _ => without_paths(value),
                }
            }
        }
        _ => {}
    }
}

/// `logs/shop-access.log.1.gz:7` and `shop-access.log.1:7` are one place.
fn words_without_paths(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let (path, line) = match word.rsplit_once(':') {
            Some((path, line)) if line.bytes().all(|byte| byte.is_ascii_digit()) => (path, line),
            _ => (word, ""),
        };
        let name = path.trim_end_matches([',', ';']).rsplit('/').next().unwrap_or_default();
        let name = name.strip_suffix(".gz").unwrap_or(name);
        if word.contains(".log")
            || word.contains(".json")
            || word.contains(".txt")
            || word.contains(".pem")
            || name == "syslog"
        {
            format!("{name}:{line}")
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn sets_keep_their_names() {
    for name in ["shop-access.log", "shop-access.log.1", "shop-access.log.2.gz"] {
        let packed = format!("logs/{}.gz", name.trim_end_matches(".gz"));
        assert_eq!(rotation::vhost_of(&rotation::stem(&packed)), "shop");
    }
}
