//! The images of a release on the machine that runs them: which one each service's is, and fetching one that only its registry has.

use std::env;
use std::path::Path;
use std::time::Duration;

use lastgood_diagnose::architecture::runs_on;
use lastgood_intake::refused_pull::{RefusedPull, refused_pull, registry_of};
use lastgood_intake::registry_logins::registry_logins;
use lastgood_model::Desired;
use lastgood_model::release::{Release, ReleasedService};
use lastgood_world::engine::{client_configuration, compose};
use lastgood_world::host_name;

use super::doer::{heard, kept_image, last_line};
use super::trouble::Trouble;
use crate::pipeline::remote::{brought_name, emulator};

/// A name is looked up in its registry, and what it stands for is fetched, within this.
const TO_REFRESH: Duration = Duration::from_secs(1800);
/// Where the kernel lists them.
const EMULATORS: &str = "/proc/sys/fs/binfmt_misc";
/// Docker's own registry, and where it logs in for that.
const DOCKERS: &str = "docker.io";
const DOCKERS_LOGIN: &str = "index.docker.io";
/// As Compose writes it.
const ALWAYS: &str = "always";

/// Why an image is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfetched {
    /// Its registry, or the way there, refused it.
    Refused {
        /// Why.
        why: RefusedPull,
        /// Which registry.
        registry: String,
        /// Who asked it, and where: `me@vm`.
        by: String,
        /// What Docker said.
        said: String,
    },
    /// It was fetched, and is for another processor than this machine's; both in Docker's words.
    OtherMachine(String, String),
    /// It is gone, and its name stands for another one by now.
    Moved,
    /// Something else that Docker said.
    Said(String),
}

impl Unfetched {
    /// With what Docker said told otherwise.
    #[must_use]
    pub fn told(self, tell: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Refused { why, registry, by, said } => Self::Refused { why, registry, by, said: tell(said) },
            Self::Said(said) => Self::Said(tell(said)),
            other => other,
        }
    }
}

/// Where the client knew a name alone, this machine's image counts, if there is one yet; where an image has another id in this engine
/// than in the client's, that one.
pub(super) fn settle(release: &mut Release) -> Result<(), Trouble> {
    for service in &mut release.services {
        let found = match &*service.image_id {
            "" => compose::image_id(&service.image)?,
            id if compose::image_id(id)?.is_none() => compose::image_id(&brought_name(id))?,
            _ => None,
        };
        if let Some(id) = found {
            service.image_id = id.into();
        }
    }
    Ok(())
}

/// What a release was deployed with that its client did not know yet: its images are held by names of ours.
pub(super) fn held(mut release: Release) -> Result<Release, Trouble> {
    let (project, release_id) = (release.project.clone(), release.id.clone());
    for service in release.services.iter_mut().filter(|service| service.image_id.is_empty()) {
        if let Some(id) = compose::image_id(&kept_image(&project, &service.name, &release_id))? {
            service.image_id = id.into();
        }
    }
    Ok(release)
}

/// Where the user wants the registry to be asked every time, a name stands for what it has now. One that was never fetched is fetched
/// when its service's turn comes.
pub(super) fn refresh(release: &mut Release, desired: &Desired) -> Result<(), Trouble> {
    let asks = |service: &&mut ReleasedService| {
        let declared = desired.service(&service.name);
        let always = |declared: &lastgood_model::desired::Service| {
            declared.build.is_none() && declared.pull_policy.as_deref() == Some(ALWAYS)
        };
        !service.image_id.is_empty() && declared.is_some_and(always)
    };
    for service in release.services.iter_mut().filter(asks) {
        service.image_id = fetched(&service.image, Some(&service.image_id), TO_REFRESH)?.into();
    }
    Ok(())
}

/// Makes sure that a service's image is there, and held by a name of ours: so it stays, whatever its own name comes to stand for.
pub(super) fn load(release: &Release, service: &str, within: Duration) -> Result<(), Trouble> {
    let Some(ReleasedService { name, image, image_id }) = release.service(service) else { return Ok(()) };
    let kept = kept_image(&release.project, name, &release.id);
    let there = match &**image_id {
        "" => match compose::image_id(&kept)? {
            Some(id) => Some(id),
            None => compose::image_id(image)?,
        },
        id => compose::image_id(id)?,
    };
    let id = match there {
        Some(id) => id,
        None => fetched(image, None, within)?,
    };
    if !image_id.is_empty() && *id != **image_id {
        return Err(Trouble::NoImage(image.to_string(), Unfetched::Moved));
    }
    heard(compose::tag(&id, &kept)?)
}

/// Fetches what a name stands for in its registry, and returns its id. What does not run here does not keep the name, which stood for
/// `before`.
pub(super) fn fetched(image: &str, before: Option<&str>, within: Duration) -> Result<String, Trouble> {
    let said = compose::pull(image, within)?;
    if let (0, Some(id)) = (said.code, compose::image_id(image)?) {
        let (Some(made), Some(machine)) = compose::processors(&id)? else { return Ok(id) };
        if runs_on(&made, &machine) || emulates(&made) {
            return Ok(id);
        }
        heard(match before {
            Some(before) => compose::tag(before, image)?,
            None => compose::untag(image)?,
        })?;
        return Err(Trouble::NoImage(image.to_owned(), Unfetched::OtherMachine(made, machine)));
    }
    let complaint = last_line(&said.complaint);
    let unfetched = match refused_pull(&said.complaint) {
        Some(why) => {
            let registry = registry_of(image).to_owned();
            let why = if knows(&registry) { why } else { to_stranger(why) };
            Unfetched::Refused { why, registry, by: who_is_here(), said: complaint }
        }
        None => Unfetched::Said(complaint),
    };
    Err(Trouble::NoImage(image.to_owned(), unfetched))
}

/// Whether somebody has logged in to a registry here; what does not tell is not held against anybody.
fn knows(registry: &str) -> bool {
    let logins = client_configuration().ok().map_or(Ok(Vec::new()), |configuration| registry_logins(&configuration));
    let is_it = |login: &str| login == registry || registry == DOCKERS && login == DOCKERS_LOGIN;
    logins.is_ok_and(|logins| logins.iter().any(|login| is_it(login)))
}

/// What a registry means that refuses somebody who has no login there.
const fn to_stranger(why: RefusedPull) -> RefusedPull {
    match why {
        RefusedPull::WrongLogin => RefusedPull::NoLogin,
        RefusedPull::Denied => RefusedPull::Stranger,
        why => why,
    }
}

/// Whether the kernel hands programs for this processor to an emulator.
fn emulates(made: &str) -> bool {
    Path::new(EMULATORS).join(emulator(made)).exists()
}

/// Whose logins Docker uses here: `me@vm`.
fn who_is_here() -> String {
    let of = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let user = of("USER").or_else(|| of("LOGNAME"));
    let user = user.or_else(|| env::home_dir()?.file_name().map(|name| name.to_string_lossy().into_owned()));
    let host = host_name().unwrap_or_default();
    user.map_or_else(|| host.to_string(), |user| format!("{user}@{host}"))
}
