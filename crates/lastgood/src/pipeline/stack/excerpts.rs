//! What stands at the references of an answer that are no lines of a log: a line of a file, a value that the engine tells.
//! Fit to be shown: of environment values only what `privacy` lets through, and no secret that is known.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use lastgood_diagnose::probing;
use lastgood_model::snapshot::{Container, Health};
use lastgood_model::stack::EnvFile;
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
            Ref::Key { source, key } if &**source == "docker" => of_engine(&looked.stack, key),
            Ref::Key { source, .. } if &**source == "probe" => of_probe(&looked.stack, reference),
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
    use lastgood_model::stack::{EnvEntry, EnvRole};

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
    fn lines_of_files_are_quoted_without_secrets() {
        let of = |file: &str, line| excerpt(Ref::Text { file: Arc::from(file), line });
        assert_eq!(of(".env", 1).as_deref(), Some("BASE_URL=http://keycloak:8080"));
        assert_eq!(of(".env", 2).as_deref(), Some("TOKEN=…"));
        assert_eq!(of("compose.yaml", 3).as_deref(), Some("    x: …"));
        assert_eq!(of("compose.yaml", 9), None);
    }
}
