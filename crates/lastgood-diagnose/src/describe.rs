//! A finding in the user's terms: scope, impact, detection, what was cleared. Names, counts and references only.
//! Whatever the user sees is ordered by texts, since ids depend on which reader met a name first.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use lastgood_model::{Atom, Catalogue, Claim, Cleared, Detection, Edge, Hit, Impact, Onset, Scope, Slice, UnixMs};

use crate::Question;
use crate::closeup::Bystander;
use crate::finding::{self, Finding};

/// Names in a list at most.
const NAMED: usize = 10;

/// When good turned bad, with references.
#[must_use]
pub fn onset(finding: &Finding<'_>, catalogue: &Catalogue) -> Onset {
    let edge = |hit: Hit| Edge { at: hit.at, reference: catalogue.reference(hit.line) };
    Onset {
        kind: finding.kind,
        last_good: finding.last_good.map(edge),
        first_bad: Some(edge(finding.first_bad)),
        recovered: finding.recovered.map(edge),
        width_requests: finding.width,
    }
}

/// Which part of the traffic failed.
#[must_use]
pub fn scope(finding: &Finding<'_>, catalogue: &Catalogue) -> Scope {
    let failing: Vec<(&Slice, u64)> =
        most(&finding.toll.slices).into_iter().filter_map(|(id, count)| Some((catalogue.slice(id)?, count))).collect();
    let only = |element: fn(&Slice) -> Option<Atom>| {
        let mut elements = failing.iter().map(|(slice, _)| element(slice));
        let first = elements.next().flatten()?;
        elements.all(|element| element == Some(first)).then(|| Arc::from(catalogue.text(first)))
    };
    // What failed with the rest at first, and was answered again when this began.
    let again = || {
        let good = finding.look.samples.iter().filter(|sample| sample.visitor.is_none()).map(|sample| sample.hit.slice);
        good.filter(|&slice| finding.part == finding::Part::Late && !finding.selection.holds(slice))
    };
    // Paths and methods are worth naming only where others were fine.
    let fine = |element: fn(&Slice) -> Atom| {
        let failed: Vec<Atom> = failing.iter().map(|(slice, _)| element(slice)).collect();
        let beside = finding.look.bystanders.keys().copied();
        beside.chain(again()).filter_map(|id| catalogue.slice(id)).any(|s| !failed.contains(&element(s)))
    };
    let mut paths: Vec<(Atom, u64)> = Vec::new();
    for (slice, count) in &failing {
        match paths.iter_mut().find(|(path, _)| *path == slice.path) {
            Some((_, sum)) => *sum += count,
            None => paths.push((slice.path, *count)),
        }
    }
    paths.sort_by_key(|&(path, count)| (std::cmp::Reverse(count), catalogue.text(path)));
    let mut statuses: Vec<(u16, u64)> = finding.toll.statuses.iter().map(|(&status, &count)| (status, count)).collect();
    statuses.sort_by_key(|&(status, count)| (std::cmp::Reverse(count), status));
    Scope {
        vhost: only(|slice| Some(slice.vhost)),
        upstream: only(|slice| slice.upstream),
        paths: if fine(|slice| slice.path) {
            paths.iter().take(NAMED).map(|&(path, _)| Arc::from(catalogue.text(path))).collect()
        } else {
            Vec::new()
        },
        method: if fine(|slice| slice.method) { only(|slice| Some(slice.method)) } else { None },
        statuses: statuses.into_iter().map(|(status, _)| status).collect(),
    }
}

/// How bad it was, up to the recovery or to `now`.
#[must_use]
pub fn impact(finding: &Finding<'_>, catalogue: &Catalogue, now: UnixMs) -> Impact {
    let toll = &finding.toll;
    let (clients, clients_estimated) = toll.clients.count();
    let named = |table: &HashMap<Atom, u64, _>| -> Vec<(Arc<str>, u64)> {
        let mut named: Vec<(Arc<str>, u64)> =
            table.iter().map(|(&atom, &count)| (Arc::from(catalogue.text(atom)), count)).collect();
        named.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        named.truncate(NAMED);
        named
    };
    Impact {
        requests: toll.requests,
        failed: toll.failed,
        clients,
        clients_estimated,
        duration_s: u64::try_from(finding.bad(now).length_ms() / 1000).unwrap_or(0),
        referrers: named(&toll.referrers),
        agents: named(&toll.agents),
    }
}

/// When people saw it, if they say so.
#[must_use]
pub fn detection(question: &Question, first_bad: UnixMs, data_begins: UnixMs) -> Option<Detection> {
    let resolve = |said: lastgood_model::Said| said.resolve(first_bad, data_begins, question.offset_s);
    let noticed_at = question.noticed_at.map(resolve);
    let reported_at = question.reported_at.map(resolve);
    let seen = noticed_at.or(reported_at)?;
    Some(Detection { noticed_at, reported_at, ttd_s: u64::try_from(seen.since(first_bad) / 1000).unwrap_or(0) })
}

/// Parts of the traffic that were answered well meanwhile: other servers that answer what the failing one answers, then
/// first segments of each vhost, busiest first.
#[must_use]
pub fn cleared(finding: &Finding<'_>, catalogue: &Catalogue) -> Vec<Cleared> {
    let failing = || finding.toll.slices.keys().filter_map(|&id| catalogue.slice(id));
    let asked: HashSet<(Atom, Atom), FixedState> = failing().map(|slice| (slice.vhost, slice.segment)).collect();
    let blamed: HashSet<Option<Atom>, FixedState> = failing().map(|slice| slice.upstream).collect();
    let part_of = |slice: &Slice| match slice.upstream {
        Some(other) if !blamed.contains(&slice.upstream) && asked.contains(&(slice.vhost, slice.segment)) => {
            Part::Server(other)
        }
        _ => Part::Segment(slice.vhost, slice.segment),
    };
    let mut parts: Vec<(Part, Bystander)> = Vec::new();
    let mut bystanders: Vec<_> = finding.look.bystanders.iter().collect();
    bystanders.sort_by_key(|(id, _)| **id);
    for (&id, seen) in bystanders {
        let Some(part) = catalogue.slice(id).map(part_of) else { continue };
        match parts.iter_mut().find(|(known, _)| *known == part) {
            Some((_, all)) => all.add(seen),
            None => parts.push((part, *seen)),
        }
    }
    parts.retain(|(_, seen)| seen.failed * 50 <= seen.requests);
    parts.sort_by_key(|(part, seen)| {
        (matches!(part, Part::Segment(..)), std::cmp::Reverse(seen.requests), part.name(catalogue))
    });
    parts
        .iter()
        .take(NAMED)
        .filter_map(|(part, seen)| {
            Some(Cleared {
                component: Arc::from(part.name(catalogue)),
                because: Claim::ServedWell { requests: seen.requests, failed: seen.failed },
                reference: catalogue.reference(seen.first?.1),
            })
        })
        .collect()
}

/// A part of the traffic that can be cleared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Server(Atom),
    Segment(Atom, Atom),
}

impl Part {
    fn name(self, catalogue: &Catalogue) -> String {
        match self {
            Self::Server(upstream) => catalogue.text(upstream).to_owned(),
            Self::Segment(vhost, segment) => format!("{}{}", catalogue.text(vhost), catalogue.text(segment)),
        }
    }
}

/// The entries of a table, most frequent first.
fn most<K: Copy + Ord, S: BuildHasher>(table: &HashMap<K, u64, S>) -> Vec<(K, u64)> {
    let mut entries: Vec<(K, u64)> = table.iter().map(|(&key, &count)| (key, count)).collect();
    entries.sort_by_key(|&(key, count)| (std::cmp::Reverse(count), key));
    entries
}
