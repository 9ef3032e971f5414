//! What stands at the references of an answer that are no lines of a log: a line of a file, a value that the engine tells.
//! Fit to be shown: of environment values only what `privacy` lets through, and no secret that is known.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use lastgood_diagnose::probing;
use lastgood_model::snapshot::{Container, Health};
use lastgood_model::stack::{EnvFile, HostState};
use lastgood_model::{Ref, Secret, Stack, UnixMs};

use super::Looked;
use crate::privacy::env_value::shown;
use crate::render::quote::{Unshowable, quote};

/// The texts of those references that lead into the stack.
pub fn excerpts<'r>(references: impl Iterator<Item = &'r Ref>, looked: &Looked) -> HashMap<Ref, String> {
    let found = references.filter_map(|reference| {
        let text = match reference {
            Ref::Line { .. } => None,
            Ref::Text { file, line } => text_line(looked, file, *line),
            Ref::Key { source, key } if &**source == "docker" => {
                of_image(looked, key).or_else(|| of_engine(&looked.stack, key))
            }
            Ref::Key { source, .. } if &**source == "probe" => of_probe(&looked.stack, reference),
            Ref::Key { source, key } if &**source == "host" => of_host(&looked.stack.host, key),
            Ref::Key { .. } => None,
        }?;
        let text =
            looked.known.without(text.as_bytes()).map_or(text, |text| String::from_utf8_lossy(&text).into_owned());
        Some((reference.clone(), text))
    });
    found.collect()
}

fn text_line(looked: &Looked, file: &Arc<str>, line: u64) -> Option<String> {
    if let Some(file) = looked.stack.env_files.iter().find(|known| known.path == *file) {
        return env_line(file, line);
    }
    let (_, text) = looked.texts.iter().find(|(name, _)| name == file)?;
    let index = usize::try_from(line.checked_sub(1)?).ok()?;
    let line = text.split(|byte| *byte == b'\n').nth(index)?;
    Some(quote(line.trim_ascii_end(), Unshowable::Left))
}

fn env_line(file: &EnvFile, line: u64) -> Option<String> {
    let entry = file.entries.iter().find(|entry| entry.line == line)?;
    Some(entry.value.as_ref().map_or_else(|| entry.key.to_string(), |value| assignment(&entry.key, value)))
}

/// `KEY=value`; what of the value may not be shown is left out.
fn assignment(key: &str, value: &Secret) -> String {
    let value = if value.is_blank() { String::new() } else { shown(key, value).unwrap_or_else(|| "…".to_owned()) };
    format!("{key}={value}")
}

/// What the engine tells under a key: `container/State.Error`.
fn of_engine(stack: &Stack, key: &str) -> Option<String> {
    let (name, field) = key.split_once('/')?;
    let container = stack.snapshot.as_ref()?.container(name)?;
    let state = &container.state;
    let text = match field {
        "State.Status" => state.status.name().to_owned(),
        "State.ExitCode" => state.exit_code.to_string(),
        "State.Error" => state.error.to_string(),
        "State.OOMKilled" => state.oom_killed.to_string(),
        "State.StartedAt" => moment(state.started?)?,
        "State.FinishedAt" => moment(state.finished?)?,
        "State.Health" => last_check(container.health.as_ref()?)?,
        "Created" => moment(container.created)?,
        "RestartCount" => container.restarts.to_string(),
        "Image" => container.image.to_string(),
        "Config.Healthcheck" => command(&container.healthcheck.as_ref()?.test),
        "NetworkSettings.Networks" => networks(container),
        "logs" => container.last_words.last()?.to_string(),
        field => {
            let key = field.strip_prefix("Config.Env/")?;
            assignment(key, container.variable(key)?)
        }
    };
    (!text.is_empty()).then(|| quote(text.as_bytes(), Unshowable::Left))
}

/// What a dependency answered, in its own words.
fn of_probe(stack: &Stack, reference: &Ref) -> Option<String> {
    let probed = stack.probes.iter().find(|probed| probing::reference(probed) == *reference)?;
    Some(quote(probed.answer.words.as_ref()?.as_bytes(), Unshowable::Left))
}

/// What an image's label says and what its program or a module is made for: `registry/shop:1.0/Architecture`, `…/Module`.
fn of_image(looked: &Looked, key: &str) -> Option<String> {
    let (name, is_module) = match key.strip_suffix("/Module") {
        Some(name) => (name, true),
        None => (key.strip_suffix("/Architecture")?, false),
    };
    let snapshot = looked.stack.snapshot.as_ref()?;
    let image = snapshot.image(name).or_else(|| snapshot.image(&format!("{name}:latest")))?;
    let program = looked.programs.iter().find(|program| program.image == image.id && program.is_module == is_module);
    let program = program.map(|program| format!(", {} {}", program.path, program.architecture));
    Some(quote(format!("{}{}", image.architecture, program.unwrap_or_default()).as_bytes(), Unshowable::Left))
}

/// What the machine says of itself, in numbers.
fn of_host(host: &HostState, key: &str) -> Option<String> {
    let disk = |path: &str| host.file_systems.iter().find(|system| &*system.path == path);
    let text = match key {
        "memory" => {
            let memory = host.memory?;
            format!(
                "{} of {} bytes available, {} of {} swap",
                memory.available, memory.total, memory.swap_free, memory.swap
            )
        }
        "open files" => {
            let (open, most) = host.open_files?;
            format!("{open} of {most}")
        }
        "clock" => format!("synchronised: {}", if host.clock_synchronised? { "yes" } else { "no" }),
        key => match disk(key.strip_prefix("disk ").unwrap_or(key)) {
            Some(system) => {
                let (free, inodes) = (system.free, system.inodes_free);
                let read_only = if system.read_only { ", read-only" } else { "" };
                format!("{free} of {} bytes, {inodes} of {} inodes free{read_only}", system.bytes, system.inodes)
            }
            None => {
                let (unit, enabled) = host.units.iter().find(|(unit, _)| &**unit == key)?;
                format!("{unit} {}", if *enabled { "enabled" } else { "disabled" })
            }
        },
    };
    Some(text)
}

/// As the engine writes it, as far as it is known: the rest of the second is left out.
fn moment(at: UnixMs) -> Option<String> {
    Some(format!("{}…", Timestamp::from_millisecond(at.0).ok()?.strftime("%Y-%m-%dT%H:%M:%S")))
}

fn last_check(health: &Health) -> Option<String> {
    let output = &health.checks.last()?.output;
    output.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

fn command(words: &[Secret]) -> String {
    let words: Vec<&str> = words.iter().map(Secret::expose).collect();
    words.join(" ")
}

fn networks(container: &Container) -> String {
    let names: Vec<&str> = container.attachments.iter().map(|attachment| &*attachment.network).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use lastgood_model::Snapshot;
    use lastgood_model::desired::Healthcheck;
    use lastgood_model::snapshot::Image;
    use lastgood_model::stack::{EnvEntry, EnvRole, FileSystem, Memory};

    use super::super::FoundProgram;
    use super::*;
    use crate::privacy::stack::known;

    fn looked() -> Looked {
        let secret = |text: &str| Secret::from(text);
        let container = Container {
            name: Arc::from("shop-api"),
            environment: vec![
                (Arc::from("BASE_URL"), secret("http://localhost:8080")),
                (Arc::from("KVS_PASSWORD"), secret("carbon-kvs-8")),
                (Arc::from("MODE"), secret("hidden")),
            ],
            healthcheck: Some(Healthcheck {
                test: vec![secret("CMD-SHELL"), secret("redis-cli -a carbon-check-5 ping")],
                ..Healthcheck::default()
            }),
            last_words: vec![Arc::from("cannot log in with carbon-kvs-8")],
            created: UnixMs::from_seconds(1_700_000_000),
            ..Container::default()
        };
        let entry = |key: &str, value: &str, line| EnvEntry {
            key: Arc::from(key),
            value: Some(secret(value)),
            line,
            lost_dollar: false,
            carriage_return: false,
            splits: false,
            cut: false,
        };
        let env = EnvFile {
            path: Arc::from(".env"),
            role: EnvRole::Interpolation,
            entries: vec![entry("BASE_URL", "http://keycloak:8080", 1), entry("TOKEN", "carbon-token", 2)],
            fault: None,
            modified: None,
            changed: None,
            world_readable: false,
        };
        let stack = Stack {
            snapshot: Some(Snapshot { containers: vec![container], ..Snapshot::default() }),
            env_files: vec![env],
            ..Stack::default()
        };
        let texts = vec![(Arc::from("compose.yaml"), b"services:\n  api:\n    x: carbon-kvs-8\n".to_vec())];
        Looked { known: known(&stack), stack, texts, ..Looked::default() }
    }

    fn excerpt(reference: Ref) -> Option<String> {
        excerpts(std::iter::once(&reference), &looked()).remove(&reference)
    }

    #[test]
    fn what_the_engine_tells_is_quoted_without_secrets() {
        let of = |field: &str| {
            excerpt(Ref::Key { source: Arc::from("docker"), key: Arc::from(format!("shop-api/{field}")) })
        };
        assert_eq!(of("Config.Env/BASE_URL").as_deref(), Some("BASE_URL=http://localhost:8080"));
        assert_eq!(of("Config.Env/KVS_PASSWORD").as_deref(), Some("KVS_PASSWORD=…"));
        assert_eq!(of("Config.Env/MODE").as_deref(), Some("MODE=…"));
        assert_eq!(of("Config.Healthcheck").as_deref(), Some("CMD-SHELL redis-cli -a … ping"));
        assert_eq!(of("logs").as_deref(), Some("cannot log in with …"));
        assert_eq!(of("Created").as_deref(), Some("2023-11-14T22:13:20…"));
        assert_eq!(of("State.Error"), None);
        assert_eq!(of("Config.Env/NONE"), None);
    }

    #[test]
    fn images_and_the_machine_are_quoted_in_their_own_numbers() {
        let mut looked = looked();
        let image = Image {
            id: Arc::from("sha256:1"),
            tags: vec![Arc::from("ghcr.io/shop/api:1.0")],
            architecture: Arc::from("amd64"),
            ..Image::default()
        };
        looked.stack.snapshot.as_mut().unwrap().images.push(image);
        looked.programs = vec![FoundProgram {
            image: Arc::from("sha256:1"),
            path: Arc::from("/app/server"),
            architecture: Arc::from("arm64"),
            is_module: false,
        }];
        let disk =
            FileSystem { path: Arc::from("/srv"), bytes: 9, free: 3, inodes: 7, inodes_free: 2, read_only: true };
        looked.stack.host = HostState {
            file_systems: vec![disk],
            memory: Some(Memory { total: 8, available: 1, swap: 2, swap_free: 0 }),
            open_files: Some((3, 5)),
            clock_synchronised: Some(false),
            units: vec![(Arc::from("docker.service"), false)],
            ..HostState::default()
        };
        let of = |source: &str, key: &str| {
            let reference = Ref::Key { source: Arc::from(source), key: Arc::from(key) };
            excerpts(std::iter::once(&reference), &looked).remove(&reference)
        };
        assert_eq!(of("docker", "ghcr.io/shop/api:1.0/Architecture").as_deref(), Some("amd64, /app/server arm64"));
        let disk = Some("3 of 9 bytes, 2 of 7 inodes free, read-only");
        assert_eq!((of("host", "/srv").as_deref(), of("host", "disk /srv").as_deref()), (disk, disk));
        assert_eq!(of("host", "memory").as_deref(), Some("1 of 8 bytes available, 0 of 2 swap"));
        assert_eq!(of("host", "open files").as_deref(), Some("3 of 5"));
        assert_eq!(of("host", "clock").as_deref(), Some("synchronised: no"));
        assert_eq!(of("host", "docker.service").as_deref(), Some("docker.service disabled"));
        assert_eq!(of("host", "other.service"), None);
    }

    #[test]
    fn lines_of_files_are_quoted_without_secrets() {
        let of = |file: &str, line| excerpt(Ref::Text { file: Arc::from(file), line });
        assert_eq!(of(".env", 1).as_deref(), Some("BASE_URL=http://keycloak:8080"));
        assert_eq!(of(".env", 2).as_deref(), Some("TOKEN=…"));
        assert_eq!(of("compose.yaml", 3).as_deref(), Some("    x: …"));
        assert_eq!(of("compose.yaml", 9), None);
    }
}
