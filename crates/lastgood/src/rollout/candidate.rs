//! Candidates: a container of the new release beside the one that serves, with its files, variables and networks, which nobody is sent
//! to. It is tried as the service itself will be, so that a release that is no good is met by nobody.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lastgood_model::Stack;
use lastgood_model::snapshot::Container;
use lastgood_world::engine::compose::{self, Compose};
use lastgood_world::now;
use lastgood_world::state::Releases;
use serde_json::{Value, json};

use super::doer::{Hands, MOST_BYTES, everything, heard, kept_image};
use super::gate::{Look, well};
use super::health::OwnChecks;
use super::knock::Door;
use super::mount_folders::make_missing;
use super::passing::{Whose, as_candidates_have_it};
use super::trouble::Trouble;

/// What candidates need, below the folder of state.
const FOLDER: &str = "candidates";
/// The files that they run from, there.
const FILES: &str = "files";
/// What Compose is told besides.
const BESIDES: &str = "besides.json";
/// How Docker is told what it is.
pub(super) const LABEL: &str = "lastgood.candidate";

/// Its container's name.
#[must_use]
pub fn name(project: &str, service: &str) -> String {
    format!("lastgood-candidate-{project}-{service}")
}

/// The candidate of a service, if there is one.
#[must_use]
pub fn of<'s>(stack: &'s Stack, project: &str, service: &str) -> Option<&'s Container> {
    stack.snapshot.as_ref()?.container(&name(project, service))
}

/// What a service writes to of this machine's, as Compose has it, where it is live.
fn state(resolved: &[u8], service: &str, (folder, live): (&Path, &Path)) -> Option<Vec<Value>> {
    let mut resolved: Value = serde_json::from_slice(resolved).ok()?;
    let Value::Array(all) = resolved["services"][service]["volumes"].take() else { return Some(Vec::new()) };
    let written = all.into_iter().filter(|mount| mount["type"] == "bind" && mount["read_only"] != true);
    let settled = written.map(|mut mount| {
        let source = mount["source"].as_str().map(Path::new)?;
        let source = source.strip_prefix(folder).map_or_else(|_| source.to_owned(), |rest| live.join(rest));
        mount["source"] = source.to_str()?.into();
        Some(mount)
    });
    settled.collect()
}

impl Hands<'_> {
    /// Makes it anew.
    pub(super) fn start_candidate(&self, service: &str, within: Duration) -> Result<(), Trouble> {
        let release = self.release(&self.target)?;
        self.drop_candidate(service, within)?;
        let label = format!("{LABEL}={service}");
        let name = name(&release.project, service);
        heard(self.beside(service)?.run_beside(service, &name, &label, within)?)
    }

    /// Compose, told of a container of a service beside those that serve. A folder of its own has the files, as the live one will have
    /// them: what is mounted stays there while it runs.
    pub(super) fn beside(&self, service: &str) -> Result<Compose, Trouble> {
        let release = self.release(&self.target)?;
        let folder = self.candidates();
        let other = |error: io::Error| Trouble::Other(error.to_string());
        fs::create_dir_all(&folder).map_err(other)?;
        Releases::of(&self.state).place(&release.id.0, &folder, &everything(release), now(), MOST_BYTES)?;
        let looked = self.looks.at(release, &folder, &self.live, false);
        let (Some(desired), Some(resolved)) = (&looked.stack.desired, &looked.resolved) else {
            return Err(Trouble::NotUnderstood);
        };
        if desired.service(service).is_none() {
            return Err(Trouble::NoContainer);
        }
        make_missing(resolved, service, &folder).map_err(other)?;
        let state = state(resolved, service, (&folder, &self.live)).ok_or(Trouble::NotUnderstood)?;
        // Its name stands for the old image until the switch, and one that ends is not to be started again.
        let besides = json!({ "services": { service: {
            "image": kept_image(&release.project, service, &release.id),
            "pull_policy": "never",
            "restart": "no",
            "volumes": state,
        }}});
        let path = self.state.join(FOLDER).join(BESIDES);
        fs::write(&path, besides.to_string()).map_err(other)?;
        let mut arguments: Vec<String> =
            desired.files.iter().flat_map(|file| ["-f".to_owned(), file.to_string()]).collect();
        arguments.extend(["-f".to_owned(), path.to_string_lossy().into_owned()]);
        let mut words = release.arguments.iter();
        while let (Some(flag), Some(value)) = (words.next(), words.next()) {
            if &**flag != "-f" {
                arguments.extend([flag.to_string(), value.to_string()]);
            }
        }
        arguments.extend(["-p".to_owned(), release.project.to_string()]);
        Ok(Compose::of(&folder, &arguments))
    }

    /// Well, and so for a while; it answers; and what the user wants of it, it does.
    /// Returns where it was asked.
    ///
    /// # Errors
    /// In what it is not.
    pub(super) fn gate_candidate(&self, service: &str, within: Duration) -> Result<Option<Door>, Trouble> {
        let release = self.release(&self.target)?;
        let folder = self.candidates();
        let container = name(&release.project, service);
        let mut looked = self.looks.at(release, &folder, &self.live, false);
        let as_they_have_it = |stack: &Stack| as_candidates_have_it(stack, &release.project, &self.changing);
        let as_it_will_be = as_they_have_it(&looked.stack);
        if let Some(trouble) = self.before.given_up(service, &as_it_will_be) {
            return Err(trouble);
        }
        let door = self.candidates_door(service, &as_it_will_be);
        let mut checks = OwnChecks::default();
        let stays = self.stays_well((&container, service), door.as_ref(), within, || {
            looked.again();
            let found = of(&looked.stack, &release.project, service);
            let is_healthy = |container: &Container| checks.passes(container);
            let state = found.ok_or(Trouble::NoContainer);
            let state = state.and_then(|container| well(container, false, looked.stack.at, is_healthy));
            Look::at(state, found.into_iter())
        });
        let seen = as_they_have_it(&looked.stack);
        stays.map_err(|trouble| self.traced(trouble, service, Whose::Candidates, &seen))?;
        let again = || as_they_have_it(&self.looks.at(release, &folder, &self.live, false).stack);
        self.hears(service, Whose::Candidates, &seen, again)?;
        self.smoke(Some(service))?;
        Ok(door)
    }

    /// It is not there any more, and when none is, its files are not either.
    pub(super) fn drop_candidate(&self, service: &str, within: Duration) -> Result<(), Trouble> {
        let release = self.release(&self.target)?;
        heard(compose::drop_container(&name(&release.project, service), within)?)?;
        self.clear_beside()
    }

    /// Where nothing is left that runs from them, the files that candidates run from go: secrets stand in them.
    pub(super) fn clear_beside(&self) -> Result<(), Trouble> {
        if !compose::containers_with(LABEL, Some(&self.release(&self.target)?.project))?.is_empty() {
            return Ok(());
        }
        match fs::remove_dir_all(self.state.join(FOLDER)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Trouble::Other(error.to_string())),
            _ => Ok(()),
        }
    }

    fn candidates(&self) -> PathBuf {
        self.state.join(FOLDER).join(FILES)
    }
}
