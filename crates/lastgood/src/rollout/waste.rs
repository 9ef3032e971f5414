//! What is kept on a target although nobody can go back to it: old releases, what they replaced, and the names that hold their images.
//! And all of ours, for whoever wants nothing of it any more. What runs is no part of either.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lastgood_model::UnixMs;
use lastgood_model::rollout::ReleaseId;
use lastgood_rollout::History;
use lastgood_world::engine::compose;
use lastgood_world::engine::guard::IMAGES;
use lastgood_world::state::Releases;

use super::candidate;
use super::doer::heard;
use super::grip::Grip;
use super::guard;
use super::making::{MADE, forsaken};
use super::target::{Target, who};
use super::trouble::Trouble;
use crate::pipeline::builds::{BUILT, built_name};
use crate::pipeline::remote::brought_name;

/// Labels of containers that are ours alone, and never serve once a rollout is over.
const LABELS: [&str; 2] = [candidate::LABEL, "lastgood.probe"];
/// Names of images on their way: also of other projects, which are not ours to take.
const BROUGHT: &str = "lastgood/brought";
/// Ending one of them takes no longer.
const TO_END: Duration = Duration::from_secs(60);

/// What goes, and what stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waste {
    /// Releases that go.
    pub releases: Vec<String>,
    /// Kept copies of replaced files that go, by the names under which they are kept.
    pub replaced: Vec<String>,
    /// Names of images that go.
    pub images: Vec<String>,
    /// Containers that go, by their names.
    pub containers: Vec<String>,
    /// A folder that goes as a whole.
    pub folder: Option<PathBuf>,
    /// Names of images that did not go: a container uses the image, and it has no other name.
    pub in_use: Vec<String>,
    /// Releases that stay.
    pub stays: Vec<ReleaseId>,
}

impl Waste {
    /// What goes if this many good releases stay. `newest` is one that is not called good yet.
    ///
    /// # Errors
    /// If the store or the engine cannot be asked.
    pub fn beyond(
        keep: usize,
        newest: Option<&ReleaseId>,
        history: &History,
        store: &Releases,
    ) -> Result<Self, Trouble> {
        let stays = history.staying(keep, newest);
        let is_kept = |id: &str| stays.iter().any(|kept| *kept.0 == *id);
        let since = stays.iter().filter_map(|id| history.good_since(id)).min();
        let replaced = store.replaced()?.into_iter();
        let mut images = images(history, |tag| stays.iter().any(|kept| kept.short() == tag))?;
        images.extend(forsaken()?);
        Ok(Self {
            releases: store.list()?.into_iter().filter(|id| !is_kept(id)).collect(),
            replaced: replaced.filter(|name| since.is_some_and(|since| is_older(name, since))).collect(),
            images,
            containers: Vec::new(),
            folder: None,
            in_use: Vec::new(),
            stays,
        })
    }

    /// Whether nothing goes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.releases.is_empty()
            && self.replaced.is_empty()
            && self.images.is_empty()
            && self.containers.is_empty()
            && self.folder.is_none()
    }

    /// Clears it away, as far as it goes.
    ///
    /// # Errors
    /// If something does not go.
    pub fn clear(&mut self, store: &Releases) -> Result<(), Trouble> {
        let containers: Vec<&str> = self.containers.iter().map(String::as_str).collect();
        if !containers.is_empty() {
            heard(compose::remove_containers(&containers, TO_END)?)?;
        }
        for image in std::mem::take(&mut self.images) {
            let goes = compose::untag(&image)?.code == 0;
            if goes { &mut self.images } else { &mut self.in_use }.push(image);
        }
        for id in self.releases.iter().chain(&self.replaced) {
            store.remove(id)?;
        }
        match self.folder.as_deref().map(fs::remove_dir_all) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(Trouble::Other(error.to_string())),
            _ => Ok(()),
        }
    }
}

impl Target {
    /// Clears away what goes if this many good releases stay, or says what it would be.
    ///
    /// # Errors
    /// If a rollout is going on or was never finished, or something does not go.
    pub fn prune(&self, keep: usize, only_plan: bool) -> Result<Waste, Trouble> {
        let store = Releases::of(&self.state());
        self.clear(only_plan, |history| Waste::beyond(keep, None, history, &store))
    }

    /// Takes away everything of ours but what serves, or says what it would be.
    ///
    /// # Errors
    /// If a rollout is going on or was never finished, or something does not go.
    pub fn leave(&self, only_plan: bool) -> Result<Waste, Trouble> {
        let state = self.state();
        self.clear(only_plan, |history| {
            // Where no engine is, nothing of it is ours.
            let project = history.rollouts.last().map(|past| Arc::clone(&past.release.project));
            // A guard of another project has its own to look after.
            let guard = project.iter().map(|project| format!("{}={project}", guard::LABEL));
            let labels: Vec<String> = LABELS.iter().map(|label| (*label).to_owned()).chain(guard).collect();
            let mut images = images(history, |_| false)?;
            if project.is_some() {
                // One that another project's guard runs from is in use.
                images.extend(compose::image_names(IMAGES)?);
                let released = || history.rollouts.iter().flat_map(|past| &past.release.services);
                let brought: BTreeSet<String> = released().map(|service| brought_name(&service.image_id)).collect();
                images.extend(compose::image_names(BROUGHT)?.into_iter().filter(|name| brought.contains(name)));
                let built: BTreeSet<String> = history
                    .rollouts
                    .iter()
                    .flat_map(|past| past.release.services.iter().map(|one| (&past.release.project, &one.name)))
                    .map(|(project, service)| built_name(project, service))
                    .collect();
                images.extend(compose::image_names(BUILT)?.into_iter().filter(|name| built.contains(name)));
                // Those that were made here have ids of this engine.
                let ids: BTreeSet<&str> = released().map(|service| &*service.image_id).collect();
                for name in compose::image_names(MADE)? {
                    let id = compose::image_id(&name)?;
                    images.extend(id.is_some_and(|id| ids.contains(&*id)).then_some(name));
                }
            }
            Ok(Waste {
                images,
                containers: labels
                    .iter()
                    .flat_map(|label| compose::containers_with(label, project.as_deref()).unwrap_or_default())
                    .collect(),
                folder: state.is_dir().then(|| state.clone()),
                ..Waste::default()
            })
        })
    }

    fn clear(&self, only_plan: bool, find: impl FnOnce(&History) -> Result<Waste, Trouble>) -> Result<Waste, Trouble> {
        let state = self.state();
        // Nobody can have a target in hand that has no folder of state.
        let grip = if only_plan || !state.is_dir() { None } else { Some(Grip::of(&state, &who())?) };
        let cleared = self.history().and_then(|history| {
            if history.open().is_some() {
                return Err(Trouble::Unfinished);
            }
            let mut waste = find(&history)?;
            if !only_plan {
                waste.clear(&Releases::of(&state))?;
            }
            Ok(waste)
        });
        match grip {
            Some(grip) if state.is_dir() => grip.release()?,
            _ => {}
        }
        cleared
    }
}

/// Names that releases of a project hold images by, without those that stay.
fn images(history: &History, stays: impl Fn(&str) -> bool) -> Result<Vec<String>, Trouble> {
    let Some(past) = history.rollouts.last() else { return Ok(Vec::new()) };
    let names = compose::image_names(&format!("lastgood/{}/*", past.release.project))?;
    let goes = |name: &String| name.rsplit_once(':').is_some_and(|(_, tag)| !stays(tag));
    Ok(names.into_iter().filter(goes).collect())
}

/// Whether what is kept under this name, `.replaced-<ms>`, was replaced before that.
fn is_older(name: &str, than: UnixMs) -> bool {
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    let at = digits.split('-').next().and_then(|digits| digits.parse().ok());
    at.is_some_and(|at: i64| at < than.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_replaced_tells_when() {
        for (name, than, is) in [
            (".replaced-1700000000000", 1_700_000_000_001, true),
            (".replaced-1700000000000-1", 1_700_000_000_001, true),
            (".replaced-1700000000000", 1_700_000_000_000, false),
            (".replaced-x", i64::MAX, false),
        ] {
            assert_eq!(is_older(name, UnixMs(than)), is, "{name}");
        }
    }
}
