//! What the container engine says: which bodies are asked for, and that each is parsed. What could not be had is a gap.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use lastgood_intake::engine as parse;
use lastgood_intake::engine::BodyFault;
use lastgood_model::snapshot::{Container, Image};
use lastgood_model::{Gap, GapKind, Snapshot, Stack, UnixMs};
use lastgood_world::Damage;
use lastgood_world::engine::{Endpoint, Engine};

use super::answers::{Answers, Kept};
use super::host::Place;
use super::openable::Openable;
use super::{closer, gap};

const DOCKER: &str = "docker";
/// All containers there are.
const LIST: &str = "/containers/json?all=1";
/// For everything that an engine is asked in one look.
const DEADLINE: Duration = Duration::from_secs(5);

/// What was observed.
#[derive(Debug, Default)]
pub(super) struct Observed {
    pub(super) snapshot: Option<Snapshot>,
    pub(super) gaps: Vec<Gap>,
    /// Which containers may be looked into.
    pub(super) openable: Option<Openable>,
    /// Whoever answered, for what can only be asked once more is known.
    answers: Option<Answers>,
}

impl Observed {
    /// The engine, if it answered.
    pub(super) fn engine(&self) -> Option<&Engine> {
        match &self.answers {
            Some(Answers::Engine(engine, _)) => Some(engine),
            Some(Answers::Case(_)) | None => None,
        }
    }

    /// Asks for what services that have no container would run.
    pub(super) fn images_of_services(&self, stack: &mut Stack, gaps: &mut Vec<Gap>) {
        if let Some(answers) = &self.answers {
            images_of_services(answers, stack, gaps);
        }
    }

    /// Its answers, as received.
    pub(super) fn into_kept(self) -> Kept {
        self.answers.map(Answers::into_kept).unwrap_or_default()
    }
}

/// Asks the engine.
pub(super) fn observe(endpoint: &Endpoint, now: UnixMs) -> Observed {
    let mut observed = Observed::default();
    let engine = match Engine::connect(endpoint.clone(), DEADLINE) {
        Ok(engine) => engine,
        Err(damage) => {
            observed.gaps.push(gap(DOCKER, &damage));
            return observed;
        }
    };
    let answers = Answers::of(engine);
    observed.snapshot = answered(&answers, now, &mut observed.gaps);
    if let Some(snapshot) = &mut observed.snapshot {
        closer::processes(endpoint, snapshot);
    }
    if let Some(snapshot) = &observed.snapshot {
        observed.openable = Some(Openable::of(snapshot, Place::of(endpoint, Some(snapshot))));
    }
    observed.answers = Some(answers);
    observed
}

/// What an engine says, or said: everything that it is asked for in words of its own.
pub(super) fn answered(answers: &Answers, now: UnixMs, gaps: &mut Vec<Gap>) -> Option<Snapshot> {
    let mut snapshot = snapshot(answers, gaps)?;
    closer::happened(answers, &mut snapshot, now);
    closer::last_words(answers, &mut snapshot, now);
    Some(snapshot)
}

/// Everything in two rounds of questions: what there is, then each of it. Without a list of containers there is nothing.
fn snapshot(answers: &Answers, gaps: &mut Vec<Gap>) -> Option<Snapshot> {
    let first = [LIST, "/version", "/info", "/networks", "/volumes"].map(str::to_owned);
    let mut first = answers.get_all(&first).into_iter();
    let mut next = || first.next().unwrap_or(Err(Damage::NotFound));
    let (list, version, info, networks, volumes) = (next(), next(), next(), next(), next());
    // An engine stumbles over a container that is removed while it lists them all; asked again, it does not.
    let list = list.or_else(|_| answers.get(LIST)).or_else(|_| answers.get(LIST));
    let ids = understood("containers", list.map(|body| parse::container_ids(&body)), gaps)?;

    let mut snapshot = Snapshot::default();
    if let (Ok(version), Ok(info)) = (&version, &info) {
        snapshot.engine = understood("info", Ok(parse::about(version, info, answers.api())), gaps).unwrap_or_default();
    }
    snapshot.networks = understood("networks", networks.map(|body| parse::networks(&body)), gaps).unwrap_or_default();
    snapshot.volumes = understood("volumes", volumes.map(|body| parse::volumes(&body)), gaps).unwrap_or_default();
    snapshot.containers = containers(answers, &ids, gaps);
    snapshot.images = images(answers, &snapshot.containers, gaps);
    Some(snapshot)
}

fn containers(answers: &Answers, ids: &[Arc<str>], gaps: &mut Vec<Gap>) -> Vec<Container> {
    let paths: Vec<String> = ids.iter().map(|id| format!("/containers/{id}/json")).collect();
    let mut containers = Vec::new();
    for (id, answer) in ids.iter().zip(answers.get_all(&paths)) {
        // One that was removed since it was listed is no gap.
        if answer == Err(Damage::NotFound) {
            continue;
        }
        let short = id.get(..12).unwrap_or(id);
        containers.extend(understood(short, answer.map(|body| parse::container(&body)), gaps));
    }
    containers.sort_by(|a, b| a.name.cmp(&b.name));
    containers
}

/// Of containers.
fn images(answers: &Answers, containers: &[Container], gaps: &mut Vec<Gap>) -> Vec<Image> {
    let mut names: BTreeSet<&Arc<str>> = containers.iter().map(|container| &container.image_id).collect();
    // A name may stand for another image by now than the one that its container runs on.
    names.extend(containers.iter().map(|container| &container.image));
    named_images(answers, &names, gaps)
}

/// Adds the images of services that have no container yet.
pub(super) fn images_of_services(answers: &Answers, stack: &mut Stack, gaps: &mut Vec<Gap>) {
    let (Some(snapshot), Some(desired)) = (&mut stack.snapshot, &stack.desired) else { return };
    let names: BTreeSet<Arc<str>> = desired.services.iter().map(|service| desired.image_of(service)).collect();
    let names = names.iter().filter(|name| snapshot.image(name).is_none()).collect();
    for image in named_images(answers, &names, gaps) {
        if !snapshot.images.iter().any(|known| known.id == image.id) {
            snapshot.images.push(image);
        }
    }
}

fn named_images(answers: &Answers, names: &BTreeSet<&Arc<str>>, gaps: &mut Vec<Gap>) -> Vec<Image> {
    let names: Vec<&&Arc<str>> = names.iter().filter(|name| !name.is_empty()).collect();
    let paths = |kind: &str| names.iter().map(|name| format!("/images/{name}/{kind}")).collect::<Vec<_>>();
    let (bodies, histories) = (answers.get_all(&paths("json")), answers.get_all(&paths("history")));
    let mut images: Vec<Image> = Vec::new();
    for ((name, body), history) in names.iter().zip(bodies).zip(histories) {
        if body == Err(Damage::NotFound) {
            continue;
        }
        let Some(mut image) = understood(name, body.map(|body| parse::image(&body)), gaps) else { continue };
        if images.iter().any(|known| known.id == image.id) {
            continue;
        }
        image.history = history.ok().and_then(|body| parse::history(&body).ok()).unwrap_or_default();
        images.push(image);
    }
    images
}

/// What an answer says; if it says nothing, a gap does.
fn understood<T>(what: &str, answer: Result<Result<T, BodyFault>, Damage>, gaps: &mut Vec<Gap>) -> Option<T> {
    let why = match answer {
        Ok(Ok(found)) => return Some(found),
        Ok(Err(BodyFault(why))) => GapKind::Io(why),
        Err(damage) => damage.gap_kind(0),
    };
    gaps.push(Gap { what: Arc::from(format!("{DOCKER} {what}")), why });
    None
}
