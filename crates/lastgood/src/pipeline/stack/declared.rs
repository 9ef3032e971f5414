//! What a project declares: Compose itself merges and interpolates the files; they are read here only for their lines, and
//! for the environment files that they name.

use std::sync::Arc;
use std::time::Duration;

use lastgood_intake::compose::{ComposeFile, Places, desired};
use lastgood_model::stack::{Asked, EnvFile};
use lastgood_model::{Desired, Gap, GapKind, SourceId};
use lastgood_world::{Damage, Said, head, listen, read_small};

use super::project::Project;
use super::{env_files, gap};

const COMPOSE: &str = "docker compose";
const DEADLINE: Duration = Duration::from_secs(10);
/// No project is larger than this.
const LONGEST: usize = 64 * 1024 * 1024;

/// What is declared.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) desired: Option<Desired>,
    pub(super) asked: Vec<Asked>,
    pub(super) env_files: Vec<EnvFile>,
    /// The compose files.
    pub(super) texts: Vec<(Arc<str>, Vec<u8>)>,
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
    let places = Places::of(files);
    match resolved(project) {
        Ok(mut desired) => {
            desired.folder = Arc::from(project.folder.to_string_lossy());
            desired.files = project.files.iter().map(|file| project.shown(file)).collect();
            places.locate(&mut desired);
            declared.env_files = env_files::read(&desired, project, &mut declared.gaps);
            declared.desired = Some(desired);
        }
        Err(why) => {
            declared.gaps.push(Gap { what: Arc::from(COMPOSE), why });
            declared.env_files = env_files::read(&Desired::default(), project, &mut declared.gaps);
        }
    }
    declared.asked = places.asked(&|key| env_files::interpolated(key, &declared.env_files));
    declared
}

/// What Compose makes of the files.
fn resolved(project: &Project) -> Result<Desired, GapKind> {
    let mut command = vec!["docker", "compose"];
    command.extend(project.arguments.iter().map(String::as_str));
    command.extend(["config", "--format", "json"]);
    let said = listen(&command, COMPOSE, SourceId(0), DEADLINE).or_else(|damage| match damage {
        // Some hosts have it as a program of its own.
        Damage::NotFound => {
            let command: Vec<&str> = std::iter::once("docker-compose").chain(command.iter().skip(2).copied()).collect();
            listen(&command, COMPOSE, SourceId(0), DEADLINE)
        }
        damage => Err(damage),
    });
    let said: Said = said.map_err(|damage| damage.gap_kind(0))?;
    if let Some(damage) = said.damage {
        return Err(damage.gap_kind(0));
    }
    let body = head(&said.file, LONGEST).map_err(|damage| damage.gap_kind(0))?;
    desired(&body).map_err(|fault| GapKind::Io(fault.0))
}
