//! Builds, carried out by the user's own Compose: by the engine here, or by the target's through a socket that leads there. Which is
//! built where was decided before (`builds.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lastgood_model::Desired;
use lastgood_world::engine::compose::{self, Build, Compose};
use lastgood_world::hear::Heard;

use super::builds::{Job, built_name, renamed};
use super::remote::Asked;
use crate::complaint::Complaint;
use crate::io::Io;
use crate::render::answer::View;
use crate::rollout::environment::Furnished;
use crate::rollout::manner::On;
use crate::rollout::trouble::Trouble;

/// Building takes no longer.
const TO_BUILD: Duration = Duration::from_secs(3600);

/// A project that is built.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a> {
    /// As Compose understands it.
    pub desired: &'a Desired,
    /// Its folder.
    pub folder: &'a Path,
    /// What Compose is told before a command.
    pub arguments: &'a [String],
    /// What Compose made of the files.
    pub resolved: Option<&'a [u8]>,
    /// Where its `.env` is another one.
    pub furnished: Option<&'a Furnished>,
}

/// The ids of images that were built on the target, by their services; or what a build said that failed.
type Built = Result<BTreeMap<Arc<str>, String>, Vec<u8>>;

/// Says what is built elsewhere than one would think, and what is built by emulation.
///
/// # Errors
/// If nobody listens.
pub fn announce(jobs: &[Job], host: Option<&Asked>, view: View, io: &mut Io<'_>) -> anyhow::Result<()> {
    let mut here = None;
    for job in jobs {
        if let (true, Some(host)) = (job.is_found, host) {
            io.answer(&format!("{}\n", view.lang.builds_there(&job.service, host.host(), host.machine())))?;
        }
        let Some(processor) = &job.emulated else { continue };
        let knows = match job.on {
            On::Here => {
                let said = here.get_or_insert_with(|| compose::builder(None).ok().flatten().unwrap_or_default());
                platforms(said).contains(&format!("linux/{processor}"))
            }
            // It is asked when it builds.
            On::Target => true,
        };
        io.answer(&format!("{}\n", view.lang.emulates(&job.service, processor, knows)))?;
    }
    Ok(())
}

/// Builds all of them.
///
/// # Errors
/// If Compose cannot be run, or the target's engine cannot be reached.
pub fn build(jobs: &[Job], project: Project<'_>, host: Option<&Asked>) -> anyhow::Result<Built> {
    let on = |on: On| jobs.iter().filter(move |job| job.on == on);
    let told: BTreeSet<Option<&str>> = on(On::Here).map(|job| job.told.as_deref()).collect();
    for processor in told {
        let of_it = on(On::Here).filter(|job| job.told.as_deref() == processor);
        let services: Vec<&str> = of_it.map(|job| &*job.service).collect();
        let how = Build { processor, socket: None };
        let heard = match project.model()? {
            Some(model) => project.compose().build(Some(model), &services, how, TO_BUILD)?,
            None => Compose::of(project.folder, project.arguments).build(None, &services, how, TO_BUILD)?,
        };
        if let Some(failed) = failed(heard) {
            return Ok(Err(failed));
        }
    }
    let there: Vec<&Job> = on(On::Target).collect();
    let (Some(host), false) = (host, there.is_empty()) else { return Ok(Ok(BTreeMap::new())) };
    let mut model = Vec::new();
    match (project.model()?, project.resolved) {
        (Some(mut file), _) => {
            file.read_to_end(&mut model)?;
        }
        (None, Some(resolved)) => model.extend(resolved),
        (None, None) => return Err(Complaint::Rollout { trouble: Trouble::NotUnderstood }.into()),
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(&renamed(&model, project.desired, &there)?)?;
    file.rewind()?;
    let forward = host.engine()?;
    let services: Vec<&str> = there.iter().map(|job| &*job.service).collect();
    let how = Build { processor: None, socket: Some(forward.socket()) };
    let heard = project.compose().build(Some(file), &services, how, TO_BUILD)?;
    if let Some(failed) = failed(heard) {
        return Ok(Err(failed));
    }
    let mut ids = BTreeMap::new();
    for job in there {
        let name = built_name(&project.desired.project, &job.service);
        let id = compose::image_id_at(forward.socket(), &name)?;
        ids.extend(id.map(|id| (Arc::clone(&job.service), id)));
    }
    Ok(Ok(ids))
}

impl Project<'_> {
    /// The model to build by, where it is not that of the files in the folder.
    fn model(&self) -> std::io::Result<Option<File>> {
        let both = self.furnished.zip(self.resolved);
        both.map(|(furnished, resolved)| furnished.model(resolved)).transpose()
    }

    /// Compose, for a model.
    fn compose(&self) -> Compose {
        Compose::of(self.folder, &["-p".to_owned(), self.desired.project.to_string()])
    }
}

fn failed(heard: Heard) -> Option<Vec<u8>> {
    (heard.code != 0).then(|| [heard.output, heard.complaint.into_bytes()].concat())
}

/// What a builder says that it builds for: `Platforms: linux/amd64*, linux/386`.
fn platforms(said: &str) -> Vec<String> {
    let lines = said.lines().filter_map(|line| line.trim().strip_prefix("Platforms:"));
    lines.flat_map(|line| line.split(',')).map(|name| name.trim().trim_end_matches('*').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_builder_says_what_it_builds_for() {
        let said = "Name: default\n\nNodes:\nName:      default\nPlatforms: linux/amd64*, linux/386, linux/arm64\n";
        assert_eq!(platforms(said), ["linux/amd64", "linux/386", "linux/arm64"]);
        assert!(platforms("").is_empty());
    }
}
