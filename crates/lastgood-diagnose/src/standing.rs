//! Faults against each other: which of them stand by themselves, and which only follow from one that lies deeper. The only
//! place where faults meet; findings of requests meet them in `decide`.

use std::sync::Arc;

use lastgood_model::snapshot::Container;
use lastgood_model::{Ailment, Cause, CauseCode, Confidence, Incident, Scope, Span, Standing, UnixMs};

use crate::faults::{FAULTS, Fault};
use crate::rank::rank;
use crate::rules::Hypothesis;
use crate::stack_scene::StackScene;

/// Health checks and engines tell of a fault this much later than it began, at most.
const LATE_MS: i64 = 120_000;

/// All faults of one component that stand by themselves, and what follows from them.
#[derive(Clone, Debug)]
pub struct Group {
    /// The component.
    pub bearer: Arc<str>,
    /// Its faults, the worst first; never empty.
    pub faults: Vec<Fault>,
    /// Faults of others that only follow.
    pub follows: Vec<Fault>,
}

impl Group {
    /// The worst of its faults.
    #[must_use]
    pub fn worst(&self) -> Option<&Fault> {
        self.faults.first()
    }

    /// Whether it is an incident even where no request failed.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        self.faults.iter().any(|fault| fault.grave)
    }

    /// Whether a state proves it.
    #[must_use]
    pub fn is_decisive(&self) -> bool {
        self.worst().is_some_and(Fault::is_decisive)
    }

    /// What may have been the cause of its worst state.
    #[must_use]
    pub fn hypotheses(&self) -> Vec<Hypothesis> {
        self.faults.iter().filter(|fault| self.is_rival(fault)).map(|fault| fault.hypothesis.clone()).collect()
    }

    /// What will fail once the worst is mended.
    #[must_use]
    pub fn next(&self) -> Vec<Cause> {
        let others = self.faults.iter().filter(|fault| !self.is_rival(fault));
        proven(others.map(|fault| fault.hypothesis.clone()))
    }

    /// Whether a fault may be what the worst one is, seen otherwise: of a state whose reason nobody knows, any. What is proven of something
    /// else is so as well.
    fn is_rival(&self, fault: &Fault) -> bool {
        let same = |worst: &Fault| worst.hypothesis.component == fault.hypothesis.component;
        let of_it = |worst: &Fault| worst.ailment == fault.ailment || worst.hypothesis.code == CauseCode::Located;
        self.worst().is_some_and(|worst| of_it(worst) && (same(worst) || !fault.is_decisive()))
    }

    /// Its own state, and those that follow.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        self.worst().into_iter().chain(&self.follows).map(standing).collect()
    }
}

/// Each as a cause of its own, if a state proves it.
pub fn proven(hypotheses: impl Iterator<Item = Hypothesis>) -> Vec<Cause> {
    let causes = hypotheses.flat_map(|hypothesis| rank(vec![hypothesis]));
    causes.filter(|cause| cause.confidence == Confidence::Confirmed).collect()
}

fn standing(fault: &Fault) -> Standing {
    Standing {
        component: Arc::clone(&fault.bearer),
        ailment: fault.ailment,
        reference: fault.first_bad.reference.clone(),
    }
}

/// The faults of a stack by component, the worst first.
#[must_use]
pub fn groups(scene: &StackScene<'_>) -> Vec<Group> {
    let holds = |fault: &Fault| scene.may_be(fault.hypothesis.code) && !is_made_by_rollout(scene, fault);
    let faults: Vec<Fault> = FAULTS.iter().flat_map(|rule| rule(scene)).filter(holds).collect();
    let roots: Vec<Option<usize>> = (0..faults.len()).map(|index| root(scene, &faults, index)).collect();
    let mut groups: Vec<Group> = Vec::new();
    for (fault, _) in faults.iter().zip(&roots).filter(|(_, root)| root.is_none()) {
        match groups.iter_mut().find(|group| group.bearer == fault.bearer) {
            Some(group) => group.faults.push(fault.clone()),
            None => groups.push(Group {
                bearer: Arc::clone(&fault.bearer),
                faults: vec![fault.clone()],
                follows: Vec::new(),
            }),
        }
    }
    for (fault, root) in faults.iter().zip(&roots) {
        let Some(root) = root.and_then(|root| faults.get(root)) else { continue };
        let Some(group) = groups.iter_mut().find(|group| group.bearer == root.bearer) else { continue };
        let told = group.bearer == fault.bearer || group.follows.iter().any(|known| known.bearer == fault.bearer);
        if !told {
            group.follows.push(fault.clone());
        }
    }
    for group in &mut groups {
        group.faults.sort_by_key(|fault| (!fault.grave, fault.ailment, !fault.is_decisive()));
    }
    // Of those that are as bad, what is proven, then what was first; the name where nothing else tells.
    groups.sort_by_key(|group| {
        let worst = group.worst().map(|fault| (!fault.grave, fault.ailment, !fault.is_decisive(), fault.first_bad.at));
        (worst, Arc::clone(&group.bearer))
    });
    groups
}

/// Whether it is what a rollout that goes on is just doing to its own services: they are stopped, made anew, and told what their files
/// say by then. Whoever brings it out looks whether they are well, and goes back where they are not.
fn is_made_by_rollout(scene: &StackScene<'_>, fault: &Fault) -> bool {
    let Some(rollout) = &scene.stack.rollout else { return false };
    let project = scene.stack.desired.as_ref().map(|desired| &desired.project);
    let changes = |name: &Arc<str>| rollout.services.contains(name) || project == Some(name);
    // A container that was made since: what one of its name did before is another matter.
    let made = |container: &Container| container.created >= rollout.since && scene.component(container) == fault.bearer;
    // Files are placed before the services are made anew from them.
    let is_now = fault.first_bad.at >= rollout.since
        || fault.hypothesis.code == CauseCode::StaleEnv
        || scene.containers().any(made);
    is_now && (changes(&fault.bearer) || changes(&fault.hypothesis.component))
}

/// The fault that a fault follows from, if it follows from one: the deepest.
fn root(scene: &StackScene<'_>, faults: &[Fault], index: usize) -> Option<usize> {
    let mut seen = vec![index];
    let mut here = index;
    while let Some(next) = faults.iter().enumerate().position(|(other, deeper)| {
        !seen.contains(&other) && faults.get(here).is_some_and(|fault| explains(scene, deeper, fault))
    }) {
        seen.push(next);
        here = next;
    }
    (here != index).then_some(here)
}

/// Whether one is what the other follows from.
fn explains(scene: &StackScene<'_>, deeper: &Fault, fault: &Fault) -> bool {
    if !fault.follows || !deeper.grave {
        return false;
    }
    // What is only known to be so now may have been so for long.
    let dated = deeper.first_bad.at < scene.stack.at;
    if dated && deeper.first_bad.at.since(fault.first_bad.at) > LATE_MS {
        return false;
    }
    if deeper.ailment == Ailment::HostShort {
        return true;
    }
    if deeper.bearer == fault.bearer {
        return deeper.hypothesis.depth > fault.hypothesis.depth;
    }
    let index = |component: &str| scene.topology.find(component);
    match (index(&fault.bearer), index(&deeper.bearer)) {
        (Some(from), Some(to)) => scene.reaches(from, to),
        _ => false,
    }
}

/// The components that failing requests of a scope go through: who passes them on, who answers, and whom those ask.
#[must_use]
pub fn concerned(scene: &StackScene<'_>, scope: &Scope) -> Vec<Arc<str>> {
    let topology = &scene.topology;
    let proxies = || topology.edges.iter().filter(|edge| edge.via == lastgood_model::topology::Via::Proxy);
    let mut first: Vec<usize> =
        scope.upstream.as_deref().and_then(|upstream| at_address(scene, upstream)).into_iter().collect();
    if first.is_empty() {
        first.extend(scope.vhost.as_deref().and_then(|vhost| scene.named(vhost)));
    }
    if first.is_empty() {
        first.extend(proxies().filter_map(|edge| edge.to));
    }
    // Where nobody knows who passes to whom, it may be any of them.
    if first.is_empty() {
        first.extend(0..topology.components.len());
    }
    let mut all = first.clone();
    all.extend(proxies().filter(|edge| edge.to.is_some_and(|to| first.contains(&to))).map(|edge| edge.from));
    let asked = (0..topology.components.len()).filter(|to| first.iter().any(|from| scene.reaches(*from, *to)));
    all.extend(asked);
    let mut names: Vec<Arc<str>> = all
        .into_iter()
        .filter_map(|index| topology.components.get(index))
        .map(|known| Arc::clone(&known.name))
        .collect();
    names.push(Arc::from("host"));
    names.sort();
    names.dedup();
    names
}

/// How near an incident is to a service; the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// Its own, one of what it asks, or one of the requests that it answers.
    Its,
    /// Somebody else's, for which something is to blame that it asks, too.
    Shared,
}

/// Whether an incident is about a service.
#[must_use]
pub fn concerns(scene: &StackScene<'_>, incident: &Incident, service: &str) -> Option<Concern> {
    let Some(asked) = scene.named(service) else { return Some(Concern::Its) };
    let components = &scene.topology.components;
    let near = |component: &Arc<str>| {
        &**component == "host"
            || &**component == service
            || components
                .iter()
                .position(|known| known.name == *component)
                .is_some_and(|index| index == asked || scene.reaches(asked, index))
    };
    let blamed = incident.causes.first().is_some_and(|cause| near(&cause.component));
    let stands = incident.standing.iter().any(|standing| near(&standing.component));
    let answers = incident.impact.requests > 0
        && components.get(asked).is_some_and(|known| concerned(scene, &incident.scope).contains(&known.name));
    if stands || answers { Some(Concern::Its) } else { blamed.then_some(Concern::Shared) }
}

/// The component that answers at `host:port`.
fn at_address(scene: &StackScene<'_>, address: &str) -> Option<usize> {
    let (host, port) =
        address.rsplit_once(':').map_or((address, None), |(host, port)| (host, port.parse::<u16>().ok()));
    let containers = || scene.stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
    let published = |container: &&lastgood_model::snapshot::Container| {
        port.is_some() && container.bound.iter().chain(&container.ports).any(|bound| bound.host == port)
    };
    let by_address = containers()
        .find(|container| container.attachments.iter().any(|attachment| &*attachment.address == host))
        .or_else(|| containers().filter(|_| host.starts_with("127.") || host == "localhost").find(published));
    by_address.and_then(|container| scene.index(container)).or_else(|| scene.named(host))
}

/// How well a group's worst fault agrees with failures that began at `first_bad`: how bad it is, whether it is proven, and how far
/// apart they began, as far as that is known; the name decides where nothing else does.
#[must_use]
pub fn nearness(group: &Group, first_bad: UnixMs, now: UnixMs) -> impl Ord + use<> {
    let worst = group.worst().map(|fault| {
        let began = fault.first_bad.at;
        let apart = if began >= now { i64::MAX } else { began.since(first_bad).abs() };
        (!fault.grave, fault.ailment, !fault.is_decisive(), apart)
    });
    (worst.is_none(), worst, Arc::clone(&group.bearer))
}

/// Whether a group's fault may be why requests failed then: it was there before good answers ended, and none came since. Of a
/// fault that is only known to be so `now`, the failures themselves may tell since when, while they are not `over`.
#[must_use]
pub fn fits(group: &Group, onset: Span, bad: Span, has_good: bool, over: bool, now: UnixMs) -> bool {
    let Some(fault) = group.worst() else { return false };
    let at = fault.first_bad.at;
    if at >= now && fault.is_decisive() && !over {
        return true;
    }
    let survived = has_good && onset.from().since(at) > LATE_MS;
    !survived && at.since(bad.to()) <= LATE_MS
}
