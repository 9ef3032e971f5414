//! The other dialect, as `docker create --env-file` has it: what our reader makes of generated files, and what the container
//! is told.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use fastrand::Rng;
use lastgood_intake::env_file::{Dialect, read};
use tempfile::TempDir;

use crate::compose::in_full;
use crate::env_text::raw_text;

const SHELL: [(&str, &str); 3] = [("SH", "of shell"), ("EMPTY", ""), ("X", "'x' $Y")];

#[test]
#[ignore = "needs a Docker engine"]
fn every_variable_of_a_raw_file_is_what_docker_makes_of_it() {
    let begun = Instant::now();
    let folder = TempDir::new().unwrap();
    let image = Image::empty(folder.path());
    let mut rng = Rng::with_seed(41);
    let (mut wrong, mut refused, mut variables) = (Vec::new(), 0, 0);
    let files = if in_full() { 150 } else { 25 };
    for _ in 0..files {
        let text = raw_text(&mut rng);
        let shell = |key: &str| SHELL.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned());
        let ours = read(text.as_bytes(), Dialect::Raw, &shell);
        let theirs = told(folder.path(), &image.0, &text);
        match (ours.fault, theirs) {
            (Some(_), Err(_)) => refused += 1,
            (None, Ok(theirs)) => {
                let set = ours.entries.into_iter().filter_map(|entry| Some((entry.key, entry.value?)));
                let ours: BTreeMap<String, String> =
                    set.map(|(key, value)| (key.to_string(), value.expose().to_owned())).collect();
                variables += ours.len();
                if ours != theirs {
                    wrong.push(format!("ours {ours:?}, docker's {theirs:?}: {text:?}"));
                }
            }
            (ours, theirs) => wrong.push(format!("ours {ours:?}, docker's {theirs:?}: {text:?}")),
        }
    }
    println!(
        "docker create --env-file: {files} files, {variables} variables, {refused} refused: {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    assert!(refused > 0 && refused * 2 < files, "most files are to be read, and some not");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What a container is told beside its image's own.
fn told(folder: &Path, image: &str, text: &str) -> Result<BTreeMap<String, String>, String> {
    let file = folder.join("raw.env");
    fs::write(&file, text).unwrap();
    let container = docker(&["create", "--env-file", &file.to_string_lossy(), image, "none"])?;
    let inspected = docker(&["inspect", "--format", "{{json .Config.Env}}", &container]);
    docker(&["rm", &container])?;
    let list: Vec<String> = serde_json::from_str::<Option<Vec<String>>>(&inspected?).unwrap().unwrap_or_default();
    // The engine gives a path to an image that has none.
    let list = list.iter().filter(|text| !text.starts_with("PATH="));
    let pairs: Vec<(String, String)> = list
        .map(|text| text.split_once('=').unwrap_or((text, "")))
        .map(|(key, value): (&str, &str)| (key.to_owned(), value.to_owned()))
        .collect();
    // Of two of one key the later one counts, for a process as well.
    Ok(pairs.into_iter().collect())
}

/// An image without a single file; gone when the test is.
struct Image(String);

impl Image {
    fn empty(folder: &Path) -> Self {
        let archive = folder.join("empty.tar");
        fs::write(&archive, [0; 1024]).unwrap();
        let image = Self(format!("differ-empty-{}", std::process::id()));
        docker(&["import", &archive.to_string_lossy(), &image.0]).unwrap();
        image
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _gone = docker(&["rmi", "--force", &self.0]);
    }
}

fn docker(arguments: &[&str]) -> Result<String, String> {
    let output =
        Command::new("docker").args(arguments).env_remove("X").env_remove("NONE").envs(SHELL).output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
