//! Environment files, made up, as our reader and the real Compose understand them: each variable of each service, and what is
//! refused. Lines are compared where Compose tells one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use fastrand::Rng;
use lastgood_intake::env_file::{ComposeVersion, Dialect, EnvRead, Told, Variables, interpolate, read, read_in_turn};
use lastgood_model::Secret;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::compose::{Compose, in_full, versions};
use crate::env_text::{env_text, raw_text, value};

/// What the shell sets.
const SHELL: [(&str, &str); 4] = [("SH", "of shell"), ("EMPTY", ""), ("X", "$Y 'x\""), ("LONG_NAME", "long")];
const PROJECT: &str = "differ-env";
/// Services of one project: so many are asked with one call.
const AT_ONCE: usize = 40;

/// One file of a service.
struct File {
    name: String,
    text: String,
    raw: bool,
}

/// A service that is told things.
struct Service {
    files: Vec<File>,
    /// Compose's own words for its files and its `environment`.
    declared: Value,
    /// `environment`: key, and what is written.
    own: Vec<(String, Option<String>)>,
}

/// What is resolved.
type Resolved = BTreeMap<String, String>;

/// A project with one `.env`.
struct Project {
    dot_env: String,
    services: Vec<Service>,
}

#[derive(Default)]
struct Tally {
    files: usize,
    variables: usize,
    refused: usize,
    lines: usize,
    wrong: Vec<String>,
}

#[test]
#[ignore = "needs Docker Compose"]
fn every_variable_of_generated_files_is_what_compose_makes_of_it() {
    let wanted = if in_full() { 600 } else { 60 };
    for compose in versions() {
        let begun = Instant::now();
        let mut tally = Tally::default();
        let mut rng = Rng::with_seed(26);
        while tally.files < wanted {
            project(&mut rng, &compose).compare(&compose, &mut tally);
        }
        println!(
            "Compose {}: {} files, {} variables, {} refused ({} with a line): {:.1} s",
            compose.version,
            tally.files,
            tally.variables,
            tally.refused,
            tally.lines,
            begun.elapsed().as_secs_f64()
        );
        assert!(tally.refused > 0 && tally.refused * 2 < tally.files, "most files are to be read, and some not");
        assert!(tally.wrong.is_empty(), "{} differ:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
    }
}

fn project(rng: &mut Rng, compose: &Compose) -> Project {
    let dot_env =
        if rng.u8(..3) == 0 { env_text(rng) } else { "DOT='of $ .env'\nA=${DOT}!\nX=hidden\nSH=hidden\n".to_owned() };
    let services = (0..AT_ONCE).map(|number| service(rng, number, compose)).collect();
    Project { dot_env, services }
}

fn service(rng: &mut Rng, number: usize, compose: &Compose) -> Service {
    let how_many = [1, 1, 1, 2, 3][rng.usize(..5)];
    let mut files = Vec::new();
    let mut entries = Vec::new();
    for index in 0..how_many {
        let raw = compose.knows_formats() && rng.u8(..6) == 0;
        let name = format!("{number}-{index}.env");
        let mut entry = json!(format!("./{name}"));
        if raw {
            entry = json!({"path": name, "format": "raw"});
        } else if rng.u8(..3) == 0 {
            entry = json!({"path": name, "required": rng.bool()});
        }
        entries.push(entry);
        files.push(File { name, text: if raw { raw_text(rng) } else { env_text(rng) }, raw });
    }
    if rng.u8(..5) == 0 {
        entries.insert(rng.usize(..=entries.len()), json!({"path": "absent.env", "required": false}));
    }
    let mut own: Vec<(String, Option<String>)> = Vec::new();
    for key in ["OWN", "A", "SH", "GONE", "B"] {
        if rng.u8(..4) == 0 {
            own.push((key.to_owned(), (rng.u8(..5) > 0).then(|| value(rng, 2))));
        }
    }
    let environment: Value = if rng.bool() {
        own.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<serde_json::Map<_, _>>().into()
    } else {
        own.iter()
            .map(|(key, value)| value.as_ref().map_or_else(|| key.clone(), |value| format!("{key}={value}")))
            .collect()
    };
    // A single file need not be a list.
    let env_file =
        if let ([Value::String(only)], true) = (&entries[..], rng.bool()) { json!(only) } else { json!(entries) };
    Service { files, declared: json!({"image": "none", "env_file": env_file, "environment": environment}), own }
}

impl Project {
    fn compare(&self, compose: &Compose, tally: &mut Tally) {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(".env"), &self.dot_env).unwrap();
        let shell = |key: &str| SHELL.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned());
        let dot_env = read(self.dot_env.as_bytes(), Dialect::Compose, &shell);
        tally.files += 1;
        // 2.26 hands what it reads here to itself; what no process can be told it refuses without a line.
        let hands_on = compose.manner() == ComposeVersion::V2_26;
        let untellable = dot_env.entries.iter().find(|entry| hands_on && entry.is_untellable());
        let fault = dot_env.fault.clone().or_else(|| untellable.map(|entry| (entry.line, Arc::from("untellable"))));
        if let Some(fault) = &fault {
            write(
                folder.path(),
                &[(0, &Service { files: Vec::new(), declared: json!({"image": "none"}), own: Vec::new() })],
            );
            let said = compose.config(folder.path(), &SHELL);
            refused(said, fault, &self.dot_env, tally);
            return;
        }
        let outside = |key: &str| {
            let of_file = || dot_env.value(key).map(|value| value.expose().to_owned());
            let name = || (key == "COMPOSE_PROJECT_NAME").then(|| PROJECT.to_owned());
            shell(key).or_else(of_file).or_else(name)
        };
        let mut accepted: Vec<(usize, &Service, Resolved)> = Vec::new();
        for (number, service) in self.services.iter().enumerate() {
            tally.files += service.files.len();
            match service.resolved(&outside, compose) {
                Ok(resolved) => accepted.push((number, service, resolved)),
                Err((fault, text)) => {
                    write(folder.path(), &[(number, service)]);
                    refused(compose.config(folder.path(), &SHELL), &fault, &text, tally);
                }
            }
        }
        let all: Vec<(usize, &Service)> = accepted.iter().map(|(number, service, _)| (*number, *service)).collect();
        write(folder.path(), &all);
        let said = compose.config(folder.path(), &SHELL);
        for (number, service, resolved) in &accepted {
            let theirs = match &said {
                Ok(said) => environment(said, *number),
                // One of them is refused: which, and the others all the same.
                Err(_) => {
                    write(folder.path(), &[(*number, service)]);
                    match compose.config(folder.path(), &SHELL) {
                        Ok(said) => environment(&said, *number),
                        Err(complaint) => {
                            tally.wrong.push(format!("we read what Compose refuses: {complaint}\n{}", service.shown()));
                            continue;
                        }
                    }
                }
            };
            tally.variables += theirs.len();
            if theirs != *resolved {
                let ours = difference(resolved, &theirs);
                tally.wrong.push(format!(
                    "ours {ours}, Compose {}\n{}",
                    difference(&theirs, resolved),
                    service.shown()
                ));
            }
        }
    }
}

impl Service {
    /// What our code makes of it; or what it refuses, with the text that it stands in.
    fn resolved(
        &self,
        outside: &dyn Fn(&str) -> Option<String>,
        compose: &Compose,
    ) -> Result<Resolved, ((u64, Arc<str>), String)> {
        let variables = Variables { lookup: outside, version: compose.manner() };
        let mut own: Vec<(Arc<str>, Option<Secret>)> = Vec::new();
        for (key, written) in &self.own {
            let value = match written {
                None => outside(key),
                Some(written) => Some(interpolate(written, variables, &mut false).map_err(|why| {
                    // Compose tells no line of a value in a compose file.
                    ((0, Arc::from(why.to_string())), String::new())
                })?),
            };
            own.push((Arc::from(key.as_str()), value.map(Secret::from)));
        }
        let dialect = |raw| if raw { Dialect::Raw } else { Dialect::Compose };
        let files: Vec<(&[u8], Dialect)> =
            self.files.iter().map(|file| (file.text.as_bytes(), dialect(file.raw))).collect();
        let read = read_in_turn(&files, Told { project: outside, own: &own, version: compose.manner() });
        let mut resolved = Resolved::new();
        for (file, read) in self.files.iter().zip(read) {
            let EnvRead { entries, fault } = read;
            if let Some(fault) = fault {
                return Err((fault, file.text.clone()));
            }
            let set = entries.into_iter().filter_map(|entry| Some((entry.key, entry.value?)));
            resolved.extend(set.map(|(key, value)| (key.to_string(), value.expose().to_owned())));
        }
        for (key, value) in own {
            match value {
                Some(value) => resolved.insert(key.to_string(), value.expose().to_owned()),
                None => resolved.remove(&*key),
            };
        }
        Ok(resolved)
    }

    fn shown(&self) -> String {
        let files = self.files.iter().map(|file| format!("  {}: {:?}", file.name, file.text));
        let files = files.collect::<Vec<_>>().join("\n");
        format!("  {}\n{files}", self.declared)
    }
}

fn write(folder: &Path, services: &[(usize, &Service)]) {
    let mut declared = serde_json::Map::new();
    for (number, service) in services {
        declared.insert(format!("s{number}"), service.declared.clone());
        for file in &service.files {
            fs::write(folder.join(&file.name), &file.text).unwrap();
        }
    }
    fs::write(folder.join("compose.yaml"), json!({"name": PROJECT, "services": declared}).to_string()).unwrap();
}

/// What Compose would tell a container. It doubles each `$` in what it prints.
fn environment(said: &Value, number: usize) -> Resolved {
    let variables = said["services"][format!("s{number}")]["environment"].as_object();
    let plain = |(key, value): (&String, &Value)| Some((key.replace("$$", "$"), value.as_str()?.replace("$$", "$")));
    variables.into_iter().flatten().filter_map(plain).collect()
}

fn difference(these: &Resolved, those: &Resolved) -> String {
    let only = these.iter().filter(|(key, value)| those.get(*key) != Some(value));
    format!("{:?}", only.collect::<Vec<_>>())
}

/// Compose refuses it as we do, and means the same line.
fn refused(said: Result<Value, String>, (line, why): &(u64, Arc<str>), text: &str, tally: &mut Tally) {
    tally.refused += 1;
    let Err(complaint) = said else {
        tally.wrong.push(format!("we refuse what Compose reads ({line}: {why}): {text:?}"));
        return;
    };
    let Some((_, after)) = complaint.rsplit_once("line ") else { return };
    let Some(theirs) = after.split(':').next().and_then(|number| number.parse::<u64>().ok()) else { return };
    tally.lines += 1;
    let lines: Vec<&str> = text.split('\n').collect();
    let ours = lines.get(usize::try_from(*line).unwrap() - 1).copied().unwrap_or_default();
    let same = match after.split_once("unterminated quoted value ") {
        // Compose counts to the end of the file; we name the line on which the quote opens, and it quotes that one.
        Some((_, quoted)) => ours.trim_end().ends_with(quoted.trim_end()),
        // 2.26 does not count the lines of bare keys.
        None => {
            theirs <= *line
                && lines[..usize::try_from(*line).unwrap()].iter().filter(|line| is_bare(line)).count() as u64
                    >= line - theirs
        }
    };
    if !same {
        tally.wrong.push(format!("we refuse line {line} ({why}), Compose says {complaint:?}: {text:?}"));
    }
}

fn is_bare(line: &str) -> bool {
    !line.trim().is_empty() && !line.contains(['=', ':'])
}
