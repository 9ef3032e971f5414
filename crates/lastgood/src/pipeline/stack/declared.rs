//! What a project declares: Compose itself merges and interpolates the files; they are read here only for their lines, and
//! for the environment files that they name.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lastgood_intake::compose::{ComposeFile, Places, desired};
use lastgood_model::stack::{Asked, EnvFile};
use lastgood_model::{Desired, Gap, GapKind, SourceId};
use lastgood_world::{Damage, Said, head, listen, read_small};

use super::project::Project;
use super::taken_in::taken_in;
use super::{Texts, env_files, gap};

/// How Compose is called, and the gap that is left where it does not answer.
pub const COMPOSE: &str = "docker compose";
const DEADLINE: Duration = Duration::from_secs(10);
/// No project is larger than this.
const LONGEST: usize = 64 * 1024 * 1024;

/// What is declared.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared {
    pub(super) desired: Option<Desired>,
    /// Why Compose refuses it, in its own words, as far as they may be said.
    pub(super) refused: Option<Arc<str>>,
    /// What Compose answered, as received.
    pub(super) resolved: Option<Vec<u8>>,
    pub(super) asked: Vec<Asked>,
    pub(super) env_files: Vec<EnvFile>,
    /// The compose files.
    pub(super) texts: Texts,
    pub(super) gaps: Vec<Gap>,
}

pub(super) fn declared(project: &Project) -> Declared {
    let mut declared = Declared::default();
    let mut files = Vec::new();
    for path in &project.files {
        match read_small(&project.folder.join(path)) {
            Ok(bytes) => {
                files.push(ComposeFile {
                    path: project.shown(path),
                    folder: Arc::from(project.folder.to_string_lossy()),
                    text: String::from_utf8_lossy(&bytes).into_owned(),
                });
                declared.texts.push((project.shown(path), bytes));
            }
            Err(damage) => declared.gaps.push(gap(&path.to_string_lossy(), &damage)),
        }
    }
    let places = Places::of(files.clone());
    let interpolation = env_files::interpolation(project, &mut declared.gaps);
    match resolved(project) {
        Ok((body, mut desired)) => {
            declared.resolved = Some(body);
            desired.folder = Arc::from(project.folder.to_string_lossy());
            desired.files = project.files.iter().map(|file| project.shown(file)).collect();
            let value = |key: &str| env_files::interpolated(key, interpolation.as_slice());
            places.locate(&mut desired, &value);
            desired.taken_in = taken_in(&files, &value);
            declared.env_files =
                env_files::read(interpolation.clone(), &desired, &places, project, true, &mut declared.gaps);
            declared.desired = Some(desired);
        }
        Err(damage) => {
            if let Damage::Failed(complaint) = &damage {
                declared.refused = refusal(complaint);
            }
            let why = declared.refused.clone().map_or_else(|| damage.gap_kind(0), GapKind::Io);
            declared.gaps.push(Gap { what: Arc::from(COMPOSE), why });
            // Which line of which file it stumbles over Compose does not always say.
            let mut outline = places.outline();
            let value = |key: &str| env_files::interpolated(key, interpolation.as_slice());
            places.locate(&mut outline, &value);
            declared.env_files =
                env_files::read(interpolation.clone(), &outline, &places, project, false, &mut declared.gaps);
        }
    }
    declared.asked = places.asked(&|key| env_files::interpolated(key, &declared.env_files));
    declared
}

/// What the files call the project.
pub(super) fn name(project: &Project) -> Option<String> {
    let read = |path: &PathBuf| {
        let bytes = read_small(&project.folder.join(path)).ok()?;
        let folder = Arc::from(project.folder.to_string_lossy());
        Some(ComposeFile { path: project.shown(path), folder, text: String::from_utf8_lossy(&bytes).into_owned() })
    };
    let places = Places::of(project.files.iter().filter_map(read).collect());
    let interpolation = env_files::interpolation(project, &mut Vec::new());
    places.name(&|key| env_files::interpolated(key, interpolation.as_slice()))
}

/// What Compose makes of the files.
fn resolved(project: &Project) -> Result<(Vec<u8>, Desired), Damage> {
    let mut command = vec!["docker", "compose"];
    command.extend(project.arguments.iter().map(String::as_str));
    command.extend(["config", "--format", "json"]);
    let said: Said = listen(&command, COMPOSE, SourceId(0), DEADLINE).or_else(|damage| {
        if !is_absent(&damage) {
            return Err(damage);
        }
        // Some hosts have it as a program of its own.
        let command: Vec<&str> = std::iter::once("docker-compose").chain(command.iter().skip(2).copied()).collect();
        listen(&command, COMPOSE, SourceId(0), DEADLINE)
    })?;
    if let Some(damage) = said.damage {
        return Err(damage);
    }
    let body = head(&said.file, LONGEST)?;
    let desired = desired(&body).map_err(|fault| Damage::Io(fault.0))?;
    Ok((body, desired))
}

/// No Docker, or one without Compose: it takes the command, or the options behind it, for its own and does not know them.
fn is_absent(damage: &Damage) -> bool {
    match damage {
        Damage::NotFound => true,
        Damage::Failed(complaint) => complaint.contains("is not a docker command") || complaint.starts_with("unknown "),
        _ => false,
    }
}

/// Behind these, Compose's complaint of a file quotes what stands in it: a value, or a message that somebody may have taken
/// for a default.
const BEFORE_QUOTES: [&str; 6] = [
    " near \"",
    "unterminated quoted value ",
    " in variable name \"",
    "Invalid template: \"",
    " is missing a value: ",
    " `",
];

/// The sentence of a complaint that says why: not the warnings before it, nor what it quotes of an environment file.
fn refusal(complaint: &str) -> Option<Arc<str>> {
    let is_warning = |line: &&str| line.starts_with("time=") || line.starts_with("WARN");
    let line = complaint.lines().map(str::trim).find(|line| !line.is_empty() && !is_warning(line))?;
    let end = BEFORE_QUOTES
        .iter()
        .filter_map(|before| Some(line.find(before)? + before.trim_end_matches(['"', '`']).len()))
        .min();
    Some(end.and_then(|end| line.get(..end)).map_or_else(|| Arc::from(line), |kept| Arc::from(format!("{kept}…"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_said_without_warnings_and_without_values() {
        for (complaint, said) in [
            (
                "time=\"2026-11-23T08:48:16Z\" level=warning msg=\"The \\\"X\\\" variable is not set.\"\n\
                 validating /srv/compose.yaml: services.a Additional property port is not allowed\n",
                "validating /srv/compose.yaml: services.a Additional property port is not allowed",
            ),
            (
                "failed to read /srv/.env: line 2: unterminated quoted value 'carbon-db-password-17",
                "failed to read /srv/.env: line 2: unterminated quoted value …",
            ),
            (
                "failed to read /srv/.env: line 3: unexpected character \"!\" in variable name near \"!PW=carbon-17\\n\"",
                "failed to read /srv/.env: line 3: unexpected character \"!\" in variable name near …",
            ),
            (
                "line 2: unexpected character \"!\" in variable name \"PASS!WORD=carbon-17\"",
                "line 2: unexpected character \"!\" in variable name …",
            ),
            (
                "failed to read /srv/a.env: Invalid template: \"pa${carbon\"",
                "failed to read /srv/a.env: Invalid template: …",
            ),
            ("required variable X is missing a value: carbon", "required variable X is missing a value: …"),
            ("yaml: cannot construct !!str `carbon-17` as a !!int", "yaml: cannot construct !!str …"),
        ] {
            assert_eq!(refusal(complaint).as_deref(), Some(said));
        }
        assert_eq!(refusal("\n"), None);
    }
}
