//! What a rule may look at: one finding, what was logged and done around it, and the host's own story.
//! It holds no hypothesis.

use std::sync::Arc;

use lastgood_model::snapshot::Container;
use lastgood_model::topology::Via;
use lastgood_model::{
    Catalogue, Change, ChangeKind, Claim, Evidence, Hit, LineRef, Link, ProxyErrorKind, Ref, Scope, Span, UnixMs,
    Weight,
};

use crate::finding::Finding;
use crate::host::{Host, Mark};
use crate::runs::ErrorRun;
use crate::spoken::Spoken;
use crate::stack_scene::StackScene;

/// One finding and everything around it.
pub struct Scene<'a> {
    /// Names of ids.
    pub catalogue: &'a Catalogue,
    /// What turned bad, and when.
    pub finding: &'a Finding<'a>,
    /// Which part of the traffic, in words.
    pub scope: &'a Scope,
    /// From the last success to the first failure.
    pub onset: Span,
    /// From the first failure to the recovery, or to now.
    pub bad: Span,
    /// Proxy errors while it was bad, most frequent first.
    pub errors: Vec<ErrorRun>,
    /// Proxy errors in a good stretch of the same length before.
    pub errors_before: Vec<ErrorRun>,
    /// Changes before or in the onset, nearest first.
    pub changes: &'a [Change],
    /// The host's own story.
    pub host: &'a Host,
    /// What applications wrote around it.
    pub spoken: Spoken<'a>,
    /// The stack as it is now, if it was looked at.
    pub stack: Option<&'a StackScene<'a>>,
}

/// A change that happened longer before the last success than this had time to show itself: it was survived.
const SURVIVED_MS: i64 = 600_000;

/// An error line up to this much after the first failure began with it.
pub const WITH_ONSET_MS: i64 = 60_000;

impl Scene<'_> {
    /// The proxy's errors of some kinds while it was bad: how many, the most frequent upstream, the first line.
    #[must_use]
    pub fn errors_of(&self, kinds: &[ProxyErrorKind]) -> Option<Errors> {
        self.tally(&self.errors, kinds)
    }

    /// The same, if they began with the onset and not later, as when somebody restarts what hangs.
    #[must_use]
    pub fn errors_from_onset(&self, kinds: &[ProxyErrorKind]) -> Option<Errors> {
        self.errors_of(kinds).filter(|errors| errors.first.0.since(self.onset.to()) <= WITH_ONSET_MS)
    }

    /// The same in the good stretch before.
    #[must_use]
    pub fn errors_before_of(&self, kinds: &[ProxyErrorKind]) -> u64 {
        self.tally(&self.errors_before, kinds).map_or(0, |errors| errors.count)
    }

    fn tally(&self, runs: &[ErrorRun], kinds: &[ProxyErrorKind]) -> Option<Errors> {
        let mut found: Option<Errors> = None;
        for run in runs {
            let Some(shape) = self.catalogue.shape(run.shape).filter(|shape| kinds.contains(&shape.kind)) else {
                continue;
            };
            match &mut found {
                Some(errors) => {
                    errors.count += run.count;
                    errors.first = errors.first.min(run.first);
                    errors.last = errors.last.max(run.last);
                    // That a whole group is gone is what follows of its servers' failing one by one.
                    let of_a_group = errors.kind == ProxyErrorKind::NoLiveUpstreams && shape.kind != errors.kind;
                    if errors.upstream.is_none() || of_a_group {
                        errors.upstream.clone_from(&shape.upstream);
                        errors.kind = shape.kind;
                    }
                }
                None => {
                    found = Some(Errors {
                        kind: shape.kind,
                        upstream: shape.upstream.clone(),
                        count: run.count,
                        first: run.first,
                        last: run.last,
                    });
                }
            }
        }
        found
    }

    /// A line reference as the user sees it.
    #[must_use]
    pub fn reference(&self, mark: Mark) -> Ref {
        self.catalogue.reference(mark.1)
    }

    /// Evidence that stands on a line.
    #[must_use]
    pub fn evidence(&self, claim: Claim, mark: Mark, weight: Weight) -> Evidence {
        Evidence { claim, reference: self.reference(mark), weight }
    }

    /// A link of a chain that stands on a line.
    #[must_use]
    pub fn link(&self, what: Claim, mark: Mark) -> Link {
        Link { at: Some(mark.0), what, reference: self.reference(mark) }
    }

    /// The last link of every chain: the first failure.
    #[must_use]
    pub fn symptom(&self) -> Link {
        let Hit { status, at, line, .. } = self.finding.first_bad;
        self.link(Claim::FirstBad { status }, (at, line))
    }

    /// The nearest change of some kinds that came before `before` and was not survived, as a link.
    #[must_use]
    pub fn trigger(&self, kinds: &[ChangeKind], before: UnixMs) -> Option<Link> {
        let earliest = self.onset.from().plus(-SURVIVED_MS);
        let change = self.changes.iter().find(|change| {
            kinds.contains(&change.kind) && change.span.from() <= before.plus(999) && change.span.to() >= earliest
        })?;
        Some(Link {
            at: Some(change.span.from()),
            what: change_claim(change, self.onset.to()),
            reference: change.reference.clone(),
        })
    }

    /// The paths that failed, in order.
    #[must_use]
    pub fn failing_paths(&self) -> Vec<Arc<str>> {
        let slices = self.finding.toll.slices.keys().filter_map(|&id| self.catalogue.slice(id));
        let mut paths: Vec<Arc<str>> = slices.map(|slice| Arc::from(self.catalogue.text(slice.path))).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// How to name what failed where nothing better is known: the upstream, else the vhost.
    #[must_use]
    pub fn component(&self) -> Arc<str> {
        let place = self.scope.upstream.as_ref().or(self.scope.vhost.as_ref());
        place.map_or_else(|| Arc::from("-"), |place| self.named(place))
    }

    /// The component at an address, `host:port`, at a socket in the file system, or of that name; else what was given.
    #[must_use]
    pub fn named(&self, place: &Arc<str>) -> Arc<str> {
        if let Some(path) = place.strip_prefix("unix:") {
            let owner = self.stack.and_then(|stack| stack.component_at_socket(path));
            return owner.unwrap_or_else(|| Arc::clone(place));
        }
        let host = place.rsplit_once(':').map_or(&**place, |(host, _)| host);
        let found = self.stack.and_then(|stack| {
            let has = |container: &&Container| {
                *container.name == *host || container.attachments.iter().any(|attachment| *attachment.address == *host)
            };
            Some(stack.component(stack.containers().find(has)?))
        });
        found.or_else(|| self.asked_at(place)).unwrap_or_else(|| Arc::clone(place))
    }

    /// Whom proxies ask at the port of an address that nobody has, or has any more: the only one of those that do not run.
    fn asked_at(&self, place: &Arc<str>) -> Option<Arc<str>> {
        let (host, port) = place.rsplit_once(':')?;
        let (stack, port) = (self.stack?, port.parse().ok()?);
        host.parse::<std::net::IpAddr>().ok().filter(|address| !address.is_loopback())?;
        let components = &stack.topology.components;
        let down = |at: &usize| {
            let mut containers = stack.containers().filter(|container| stack.index(container) == Some(*at));
            containers.all(|container| !container.is_running())
        };
        let edges = stack.topology.edges.iter().filter(|edge| edge.via == Via::Proxy && edge.port == Some(port));
        let mut asked: Vec<usize> = edges.filter_map(|edge| edge.to).filter(down).collect();
        asked.sort_unstable();
        asked.dedup();
        let [only] = *asked else { return None };
        components.get(only).map(|component| Arc::clone(&component.name))
    }

    /// The component whose container wrote a line.
    #[must_use]
    pub fn writer(&self, line: LineRef) -> Option<Arc<str>> {
        self.stack?.writer_of(&self.catalogue.reference(line))
    }
}

/// The claim that a change makes, seen from the first failure.
#[must_use]
pub fn change_claim(change: &Change, first_bad: UnixMs) -> Claim {
    Claim::ChangeBefore {
        kind: change.kind,
        subject: Arc::clone(&change.subject),
        seconds: u64::try_from(first_bad.since(change.span.to()) / 1000).unwrap_or(0),
        reported: change.reported,
    }
}

/// Proxy errors of like kind.
#[derive(Clone, Debug)]
pub struct Errors {
    /// The most frequent kind.
    pub kind: ProxyErrorKind,
    /// The most frequent upstream.
    pub upstream: Option<Arc<str>>,
    /// How many.
    pub count: u64,
    /// The first line.
    pub first: Mark,
    /// When the last one was written.
    pub last: UnixMs,
}

impl Errors {
    /// What they claim.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim::UpstreamErrors { kind: self.kind, upstream: self.upstream.clone(), count: self.count }
    }
}
