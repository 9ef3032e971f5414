//! Where the `.env` of a release comes from, and the project's folder as it is with that one. What a project makes of its values is
//! Compose's affair; on the server's own one nothing is known here.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use lastgood_model::Desired;
use lastgood_model::release::{Release, ReleasedFile};
use lastgood_world::hear::{Heard, Unheard, hear};
use lastgood_world::state::bundle::Packed;
use lastgood_world::{StandIn, digest_of};
use serde_json::Value;

use super::changes::settle;
use super::contents::INTERPOLATED;
use super::release::identified;
use crate::pipeline::stack::StackSubject;

/// Somebody may have to unlock something first.
const TO_TELL: Duration = Duration::from_secs(120);

/// Where the `.env` of a release comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// It is the one of the project's folder.
    #[default]
    Local,
    /// It is this file, below the project's folder.
    File(PathBuf),
    /// It is what this command prints in the project's folder.
    Command(String),
    /// It is the one that is on the target, which leaves it never.
    Server,
}

/// What becomes of a file that somebody mended on the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// The new release's file takes its place; the mended one is kept
    Take,
    /// The mended file becomes the release's
    Keep,
}

impl Choice {
    /// As typed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Keep => "keep",
        }
    }
}

/// What a deploy is told that a release does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// The `.env` is the target's own.
    pub server: bool,
    /// What becomes of files that somebody mended there, if that was said.
    pub choice: Option<Choice>,
    /// That there may be no way back is meant so.
    pub one_way: bool,
}

/// Why there is no `.env`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentFault {
    /// The named file cannot be read, in the system's words.
    Unreadable(String, String),
    /// The command failed: its exit code, and what it complained of.
    Failed(i32, String),
    /// The command succeeded and printed nothing.
    Silent,
    /// The command took longer than it may, in seconds.
    TookTooLong(u64),
    /// There is none in that folder of the target.
    NotThere(String),
    /// The system's own word.
    Other(String),
}

impl From<io::Error> for EnvironmentFault {
    fn from(error: io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

/// A project's folder, in which `.env` is another file.
#[derive(Debug)]
pub struct Furnished {
    stand_in: StandIn,
    /// The real one.
    folder: PathBuf,
    /// The digest of the `.env`; `None`: it is no part of what is sent.
    digest: Option<String>,
}

impl Environment {
    /// The folder with that `.env`; `None`: it is as it is.
    ///
    /// # Errors
    /// If there is none.
    pub fn furnish(&self, folder: &Path) -> Result<Option<Furnished>, EnvironmentFault> {
        let bytes = match self {
            Self::Local => return Ok(None),
            Self::File(path) => fs::read(folder.join(path)).map_err(|error| {
                EnvironmentFault::Unreadable(path.to_string_lossy().into_owned(), error.to_string())
            })?,
            Self::Command(command) => told(command, folder)?,
            // So that the files can be read at all; what it holds goes nowhere.
            Self::Server => fs::read(folder.join(INTERPOLATED)).unwrap_or_default(),
        };
        let digest = (*self != Self::Server).then(|| digest_of(&bytes));
        let stand_in = StandIn::of(folder, INTERPOLATED, &bytes)?;
        Ok(Some(Furnished { stand_in, folder: folder.to_owned(), digest }))
    }
}

/// What a command prints. Nobody but us hears it.
fn told(command: &str, folder: &Path) -> Result<Vec<u8>, EnvironmentFault> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder);
    match hear(&mut shell, None, TO_TELL) {
        Ok(Heard { code: 0, output, .. }) if output.trim_ascii().is_empty() => Err(EnvironmentFault::Silent),
        Ok(Heard { code: 0, output, .. }) => Ok(output),
        Ok(Heard { code, complaint, .. }) => Err(EnvironmentFault::Failed(code, complaint.trim().to_owned())),
        Err(Unheard::TookTooLong(seconds)) => Err(EnvironmentFault::TookTooLong(seconds)),
        Err(Unheard::Io(error)) => Err(error.into()),
    }
}

impl Furnished {
    /// Does something with the stack that is meant, there.
    ///
    /// # Errors
    /// If one cannot go there.
    pub fn within<T>(&self, subject: StackSubject, look: impl FnOnce(&StackSubject) -> T) -> io::Result<T> {
        let below = |file: &PathBuf| {
            let whole = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            whole.strip_prefix(&self.folder).map(Path::to_owned).unwrap_or(whole)
        };
        let files = subject.files.iter().map(below).collect();
        self.stand_in.within(|| look(&StackSubject { files, folder: PathBuf::new(), ..subject }))
    }

    /// What was read there is said of the real folder.
    pub fn settle(&self, desired: &mut Desired) {
        settle(desired, self.stand_in.path(), &self.folder);
        let told = desired.services.iter_mut().flat_map(|service| &mut service.env_files).map(|file| &mut file.path);
        for path in told.chain(desired.taken_in.iter_mut().map(|file| &mut file.path)) {
            if let Ok(rest) = Path::new(&**path).strip_prefix(self.stand_in.path()) {
                *path = Arc::from(self.folder.join(rest).to_string_lossy());
            }
        }
    }

    /// What Compose made of the files there, said of the real folder, to be built by. It goes when it is closed.
    ///
    /// # Errors
    /// If it is none, or cannot be written.
    pub fn model(&self, resolved: &[u8]) -> io::Result<File> {
        let mut model: Value = serde_json::from_slice(resolved)?;
        let services = model.get_mut("services").and_then(Value::as_object_mut);
        for service in services.into_iter().flat_map(|services| services.values_mut()) {
            // Nothing that is built is told it.
            let _told = service.as_object_mut().and_then(|service| service.remove("environment"));
        }
        let (from, to) = (self.stand_in.path().to_string_lossy(), self.folder.to_string_lossy());
        moved(&mut model, &from, &to);
        let mut file = tempfile::tempfile()?;
        file.write_all(&serde_json::to_vec(&model)?)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }

    /// The release with this `.env`, or without one where the target has it.
    #[must_use]
    pub fn released(&self, mut release: Release) -> Release {
        release.files.retain(|file| *file.path != *INTERPOLATED);
        release.files.extend(self.digest.as_deref().map(interpolated));
        identified(release)
    }

    /// Where the contents of one of its files are.
    #[must_use]
    pub fn packed(&self, packed: Packed) -> Packed {
        let is_it = packed.path == Path::new(INTERPOLATED);
        if is_it { Packed { from: self.stand_in.path().join(INTERPOLATED), ..packed } } else { packed }
    }
}

/// The `.env` of a release.
#[must_use]
pub fn interpolated(digest: &str) -> ReleasedFile {
    ReleasedFile { path: INTERPOLATED.into(), digest: digest.into(), mode: 0o600, secret: true }
}

/// Paths below one folder are below another one.
fn moved(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) => {
            if let Some(rest) = text.strip_prefix(from).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                *text = format!("{to}{rest}");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| moved(item, from, to)),
        Value::Object(fields) => fields.values_mut().for_each(|field| moved(field, from, to)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_prints_is_the_file_and_nothing_else_is_said_of_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("store"), "A=carbon\n").unwrap();
        let of = |command: &str| Environment::Command(command.to_owned()).furnish(folder.path());
        let furnished = of("cat store").unwrap().unwrap();
        assert_eq!(furnished.digest.as_deref(), Some(&*digest_of(b"A=carbon\n")));
        let failed = of("cat store; echo no key >&2; exit 3").unwrap_err();
        assert_eq!(failed, EnvironmentFault::Failed(3, "no key".to_owned()));
        assert_eq!(of("true").unwrap_err(), EnvironmentFault::Silent);
        let gone = Environment::File(".env.prod".into()).furnish(folder.path()).unwrap_err();
        assert!(matches!(gone, EnvironmentFault::Unreadable(path, _) if path == ".env.prod"));
        assert!(Environment::Local.furnish(folder.path()).unwrap().is_none());
    }

    #[test]
    fn what_is_built_is_built_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let furnished = Environment::Server.furnish(folder.path()).unwrap().unwrap();
        let context = furnished.stand_in.path().join("backend");
        let model = serde_json::json!({
            "services": { "app": { "build": { "context": context }, "environment": { "A": "carbon" } } }
        });
        let file = furnished.model(&serde_json::to_vec(&model).unwrap()).unwrap();
        let read: Value = serde_json::from_reader(file).unwrap();
        let expected = folder.path().join("backend");
        assert_eq!(read, serde_json::json!({ "services": { "app": { "build": { "context": expected } } } }));
    }
}
