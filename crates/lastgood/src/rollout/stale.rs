//! Files of another release that this one does not have: Compose would find them all the same, and so would whoever has their folder
//! mounted. They go where they stand as that release has them; it keeps them.

use std::path::Path;
use std::sync::Arc;

use lastgood_model::release::{Release, ReleasedFile};
use lastgood_model::rollout::ReleaseId;
use lastgood_rollout::History;
use lastgood_world::digest;
use lastgood_world::state::displace;

use super::doer::Hands;
use super::trouble::Trouble;

/// Those of `other`, if it was deployed: what was only found may have been there for others, too.
pub(super) fn stale(release: &Release, other: Option<&Release>, live: &Path, history: &History) -> Vec<Arc<str>> {
    let deployed = other.filter(|other| history.was_deployed(&other.id));
    let more = deployed.into_iter().flat_map(|other| more(other, release));
    more.filter(|file| digest(&live.join(&*file.path)).ok().as_deref() == Some(&*file.digest))
        .map(|file| Arc::clone(&file.path))
        .collect()
}

/// What one release has more than another.
pub(super) fn more<'r>(release: &'r Release, than: &'r Release) -> impl Iterator<Item = &'r ReleasedFile> {
    release.files.iter().filter(|file| than.files.iter().all(|other| other.path != file.path))
}

impl Hands<'_> {
    /// Takes away what the other releases of the plan have more than this one. Returns the paths of what went.
    pub(super) fn displace(&self, release: &Release) -> Result<Vec<Arc<str>>, Trouble> {
        let is_ours = |id: &ReleaseId| *id == self.target || self.deployed.contains(id);
        let others = self.releases.values().filter(|other| other.id != release.id && is_ours(&other.id));
        let files = others.flat_map(|other| more(other, release));
        let gone = displace(&self.live, files.map(|file| (Path::new(&*file.path), &*file.digest)))?;
        Ok(gone.iter().map(|path| Arc::from(path.to_string_lossy())).collect())
    }
}
