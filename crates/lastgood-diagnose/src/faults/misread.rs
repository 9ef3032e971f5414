//! `environment/env-malformed` and `environment/env-missing` by the files: why a credential is refused or an address leads nowhere,
//! where what was written became something else on its way. A `$` was taken for a variable, a `${…}` stands for nothing, a sign in
//! a password ends the address, a `#` the value. Mistaken for the server that refuses, which does what it should.

use std::sync::Arc;

use lastgood_model::desired::Service;
use lastgood_model::snapshot::Container;
use lastgood_model::stack::{EnvEntry, EnvFile, EnvRole};
use lastgood_model::{Ailment, CauseCode, Misread, ProbeQuestion, Probed, Ref, StateClaim, Told, Weight};

use super::{Fault, edge, probed};
use crate::rules::Depth;
use crate::stack_scene::{StackScene, key};

/// What a refusal may come of.
const REFUSALS: &[CauseCode] = &[
    CauseCode::MissingCredential,
    CauseCode::WrongCredential,
    CauseCode::AuthNotExpected,
    CauseCode::WrongAddress,
    CauseCode::DnsFailure,
    CauseCode::SchemaMissing,
];

/// Proposes one fault for each variable that reached a container as something else than was written: where a server refuses what
/// it holds, or where nothing else can come of it.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    let refused = scene.stack.probes.iter().filter_map(|probed| of_refusal(scene, probed));
    let mut found: Vec<Fault> = refused.collect();
    found.extend(scene.containers().flat_map(|container| split(scene, container)));
    found
}

/// Whether a refused probe is explained here.
pub(super) fn explains(scene: &StackScene<'_>, question: &ProbeQuestion) -> bool {
    container(scene, question)
        .is_some_and(|(container, service)| written(scene, container, service, question).is_some())
}

fn of_refusal(scene: &StackScene<'_>, probed: &Probed) -> Option<Fault> {
    let question = &probed.question;
    let (code, _) = probed::meaning(scene, probed).filter(|(code, _)| REFUSALS.contains(code))?;
    let (container, service) = container(scene, question).filter(|_| question.told == Told::Running)?;
    let (variable, how, at) = written(scene, container, service, question)?;
    let fault = fault(scene, container, &variable, how, at);
    // What the server said of it stands behind, as what came of it.
    let answered = probed::answered(probed);
    let weight = if code == CauseCode::AuthNotExpected { Weight::Weak } else { Weight::Moderate };
    Some(fault.led(None, answered, crate::probing::reference(probed), weight))
}

fn container<'a>(scene: &StackScene<'a>, question: &ProbeQuestion) -> Option<(&'a Container, &'a Service)> {
    let container = scene.containers().find(|container| scene.component(container) == question.from)?;
    Some((container, scene.service(container)?))
}

/// What became of the variables that a probe was put by, and where they were written.
fn written(
    scene: &StackScene<'_>,
    container: &Container,
    service: &Service,
    question: &ProbeQuestion,
) -> Option<(Arc<str>, Misread, Ref)> {
    let keys = || [Some(&question.key), question.password_key.as_ref()].into_iter().flatten();
    let own = |entry: &&EnvEntry| container.variable(&entry.key) == entry.value.as_ref();
    let short = |entry: &EnvEntry| entry.lost_dollar || entry.cut;
    let lost = lines(scene, service).find(|(_, entry)| short(entry) && keys().any(|key| *key == entry.key));
    if let Some((file, entry)) = lost.filter(|(_, entry)| own(entry)) {
        let how = if entry.lost_dollar { Misread::DollarLost } else { Misread::Cut };
        return Some((Arc::clone(&entry.key), how, at(file, entry)));
    }
    let nothing = |asked: &&lastgood_model::stack::Asked| (asked.unset || asked.blank) && !asked.has_default;
    keys().find_map(|key| {
        let (_, place) = service.environment_at.iter().find(|(name, _)| name == key)?;
        let asked = scene.stack.asked.iter().filter(nothing).find(|asked| asked.at == *place)?;
        let variable = Arc::clone(&asked.key);
        Some((Arc::clone(key), Misread::NothingStandsIn { variable }, asked.at.clone()))
    })
}

/// Addresses that end within their own password.
fn split(scene: &StackScene<'_>, container: &Container) -> Vec<Fault> {
    let Some(service) = scene.service(container) else { return Vec::new() };
    let told = |entry: &EnvEntry| {
        container.variable(&entry.key).is_some() && container.variable(&entry.key) == entry.value.as_ref()
    };
    let mut found: Vec<Fault> = Vec::new();
    for (file, entry) in lines(scene, service).filter(|(_, entry)| entry.splits && told(entry)) {
        if !found.iter().any(|fault| fault.first_bad.reference == at(file, entry)) {
            found.push(fault(scene, container, &entry.key, Misread::Splits, at(file, entry)));
        }
    }
    found
}

fn fault(scene: &StackScene<'_>, container: &Container, variable: &Arc<str>, how: Misread, at: Ref) -> Fault {
    let code = match how {
        Misread::NothingStandsIn { .. } => CauseCode::EnvMissing,
        Misread::DollarLost | Misread::Splits | Misread::Cut => CauseCode::EnvMalformed,
    };
    let component = scene.component(container);
    let first_bad = edge(container.created, at.clone());
    let created = StateClaim::ContainerCreated { container: Arc::clone(&container.name) };
    let claim = StateClaim::Misread { service: Arc::clone(&component), key: Arc::clone(variable), how };
    Fault::new(code, &component, Ailment::Misled, Depth::Written, first_bad)
        .led(Some(container.created), created, key(&container.name, "Created"), Weight::Weak)
        .led(None, claim, at, Weight::Decisive)
}

/// The lines of the files that a service is told, or that are filled in for it.
fn lines<'a>(scene: &StackScene<'a>, service: &Service) -> impl Iterator<Item = (&'a EnvFile, &'a EnvEntry)> {
    let stack = scene.stack;
    let is_its = move |file: &&EnvFile| match &file.role {
        EnvRole::Interpolation => true,
        EnvRole::Container(services) => services.contains(&service.name),
        EnvRole::Example => false,
    };
    stack.env_files.iter().filter(is_its).flat_map(|file| file.entries.iter().map(move |entry| (file, entry)))
}

fn at(file: &EnvFile, entry: &EnvEntry) -> Ref {
    Ref::Text { file: Arc::clone(&file.path), line: entry.line }
}
