//! A stack as it was when a case was captured: the engine's answers, Compose's and the files, read from the case as they are
//! read on a live host. Nothing of this machine is looked at.

use std::path::Path;
use std::sync::Arc;

use lastgood_intake::compose::{ComposeFile, Places, desired};
use lastgood_model::stack::{EnvFile, ProxyConf};
use lastgood_model::{Gap, GapKind, Stack, UnixMs};
use lastgood_world::{Damage, file_below, read_small};
use serde::de::DeserializeOwned;

use super::answers::{Answers, Kept};
use super::proxies::{FOLDER, IN_CONTAINER, Proxy};
use super::{FoundProgram, Looked, Texts, engine, env_files, gap, host, programs};
use crate::case::host::{HOST, HostFacts};
use crate::case::probes::{PROBES, ProbeFacts};
use crate::case::stack::{
    COMPOSE_FILE, DOCKER, DOCKERFILE, DockerfileFacts, MountFacts, PROCESSES, PROGRAMS, PROJECT, ProcessFacts,
    ProgramFacts, Project, RESOLVED,
};
use crate::case::{CONFIGURATION, Opened};
use crate::privacy::stack as privacy;

/// What a case holds of a stack; nothing if it holds none.
pub(crate) fn look(case: &Opened) -> Looked {
    let at = UnixMs(case.captured_at.as_millisecond());
    let mut looked = Looked { stack: Stack { at, ..Stack::default() }, ..Looked::default() };
    let kept = answers(case, &mut looked.gaps);
    let has_engine = !kept.is_empty();
    let kept = Answers::Case(kept);
    if has_engine {
        looked.stack.snapshot = engine::answered(&kept, at, &mut looked.gaps);
    }
    for (name, text) in texts(case, &mut looked.gaps) {
        looked.texts.push((name, text));
    }
    let processes: Vec<ProcessFacts> = part(case, PROCESSES, &mut looked.gaps).unwrap_or_default();
    let host: Option<HostFacts> = part(case, HOST, &mut looked.gaps);
    looked.stack.proxies = proxies(&looked.texts, &processes);
    looked.stack.proxies.extend(proxy_of_host(&looked.texts, host.as_ref()));
    let programs: Vec<ProgramFacts> = part(case, PROGRAMS, &mut looked.gaps).unwrap_or_default();
    looked.programs = programs.into_iter().map(found).collect();
    for container in looked.stack.snapshot.iter_mut().flat_map(|snapshot| &mut snapshot.containers) {
        if let Some(facts) = processes.iter().find(|facts| *facts.container == *container.name) {
            facts.tell(container);
        }
    }
    declared(case, &mut looked);
    engine::images_of_services(&kept, &mut looked.stack, &mut looked.gaps);
    if let Some(snapshot) = &mut looked.stack.snapshot {
        programs::tell(snapshot, &looked.programs);
    }
    let probes: Vec<ProbeFacts> = part(case, PROBES, &mut looked.gaps).unwrap_or_default();
    looked.stack.probes = probes.into_iter().filter_map(ProbeFacts::probed).collect();
    match host {
        Some(host) => looked.stack.host = host.into(),
        None if looked.is_seen() => looked.gaps.push(Gap { what: Arc::from(host::HOST), why: GapKind::NotFound }),
        None => {}
    }
    looked.stack.host.name = case.case.host.as_deref().map(Arc::from);
    looked.known = privacy::known(&looked.stack);
    looked
}

fn found(facts: ProgramFacts) -> FoundProgram {
    let ProgramFacts { image, path, architecture, module } = facts;
    let (image, path, architecture) = (Arc::from(image), Arc::from(path), Arc::from(architecture));
    FoundProgram { image, path, architecture, is_module: module }
}

fn declared(case: &Opened, looked: &mut Looked) {
    let Some(project) = part::<Project>(case, PROJECT, &mut looked.gaps) else { return };
    looked.call = Some(project.call);
    looked.stack.refused = project.refused.map(Arc::from);
    looked.stack.env_files = project.env_files.into_iter().map(EnvFile::from).collect();
    looked.stack.dockerfiles = project.dockerfiles.into_iter().map(DockerfileFacts::told).collect();
    looked.stack.mount_sources = project.mount_sources.into_iter().map(MountFacts::told).collect();
    if let Some(snapshot) = &mut looked.stack.snapshot {
        snapshot.logins = project.logins.into_iter().map(Arc::from).collect();
    }
    let compose = looked.texts.iter().filter(|(name, _)| project.files.iter().any(|file| **file == **name));
    let places = Places::of(
        compose
            .map(|(name, text)| ComposeFile {
                path: Arc::clone(name),
                folder: Arc::from(project.folder.as_str()),
                text: String::from_utf8_lossy(text).into_owned(),
            })
            .collect(),
    );
    match file(case, RESOLVED).map(|body| desired(&body)) {
        Ok(Ok(mut desired)) => {
            desired.folder = Arc::from(project.folder);
            desired.files = project.files.into_iter().map(Arc::from).collect();
            places.locate(&mut desired, &|key| env_files::in_file(key, &looked.stack.env_files));
            looked.stack.desired = Some(desired);
        }
        Ok(Err(fault)) => looked.gaps.push(Gap { what: Arc::from(RESOLVED), why: GapKind::Io(fault.0) }),
        // That Compose did not answer is a gap of then.
        Err(_) => {}
    }
    // What the shell set then is not known; the files are.
    looked.stack.asked = places.asked(&|key| env_files::in_file(key, &looked.stack.env_files));
}

/// What the engine answered.
fn answers(case: &Opened, gaps: &mut Vec<Gap>) -> Kept {
    let places = case.case.files.iter().filter(|file| ![PROCESSES, PROGRAMS].contains(&&*file.path));
    let places = places.filter_map(|file| Path::new(&file.path).strip_prefix(DOCKER).ok());
    let mut kept = Kept::new();
    for place in places {
        let place = place.to_string_lossy().into_owned();
        match file(case, &format!("{DOCKER}/{place}")) {
            Ok(body) => {
                kept.insert(place, body);
            }
            Err(damage) => gaps.push(gap(&place, &damage)),
        }
    }
    kept
}

/// Compose files, Dockerfiles and the configurations of proxies, by the names that they had.
fn texts(case: &Opened, gaps: &mut Vec<Gap>) -> Texts {
    let mut texts = Vec::new();
    for recorded in &case.case.files {
        let is_of_proxy = recorded.format.ends_with(CONFIGURATION)
            && (recorded.original.contains(IN_CONTAINER) || is_of_host(&recorded.original));
        if is_of_proxy || [COMPOSE_FILE, DOCKERFILE].contains(&&*recorded.format) {
            match file(case, &recorded.path) {
                Ok(text) => texts.push((Arc::from(recorded.original.as_str()), text)),
                Err(damage) => gaps.push(gap(&recorded.path, &damage)),
            }
        }
    }
    texts
}

fn is_of_host(path: &str) -> bool {
    Path::new(path).starts_with(FOLDER)
}

/// The machine's own proxy, if it was looked at as it was then.
fn proxy_of_host(texts: &[(Arc<str>, Vec<u8>)], host: Option<&HostFacts>) -> Option<ProxyConf> {
    let read_at = host?.proxy_read_at.map(UnixMs);
    let own: Texts = texts.iter().filter(|(name, _)| is_of_host(name)).cloned().collect();
    (!own.is_empty()).then(|| ProxyConf { read_at, ..Proxy::of(own).conf })
}

fn proxies(texts: &[(Arc<str>, Vec<u8>)], processes: &[ProcessFacts]) -> Vec<ProxyConf> {
    let mut by_container: Vec<(&str, Texts)> = Vec::new();
    for (name, text) in texts {
        let Some((container, _)) = name.split_once(IN_CONTAINER) else { continue };
        let text = (Arc::clone(name), text.clone());
        match by_container.iter_mut().find(|(known, _)| *known == container) {
            Some((_, texts)) => texts.push(text),
            None => by_container.push((container, vec![text])),
        }
    }
    let conf = |(container, texts): (&str, Texts)| {
        let facts = processes.iter().find(|facts| *facts.container == *container);
        let read_at = facts.and_then(|facts| facts.proxy_read_at).map(UnixMs);
        ProxyConf { container: Some(Arc::from(container)), read_at, ..Proxy::of(texts).conf }
    };
    by_container.into_iter().map(conf).collect()
}

/// A part of the case; `None` if it is not there.
fn part<T: DeserializeOwned>(case: &Opened, place: &str, gaps: &mut Vec<Gap>) -> Option<T> {
    let bytes = file(case, place).ok()?;
    match serde_json::from_slice(&bytes) {
        Ok(part) => Some(part),
        Err(error) => {
            gaps.push(Gap { what: Arc::from(place), why: GapKind::Io(Arc::from(error.to_string())) });
            None
        }
    }
}

fn file(case: &Opened, place: &str) -> Result<Vec<u8>, Damage> {
    read_small(&file_below(&case.folder, Path::new(place))?)
}
