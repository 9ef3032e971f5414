//! Whether answers that turned without failing are an incident: a route that many were served on and that now turns nearly all of
//! them away, or on which nearly all give up. Scanners, one client, logins and pages that were taken away are none.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;
use lastgood_model::{Catalogue, ChangeKind, ClientId, SliceId, Span, UnixMs};

use crate::closeup::Sample;
use crate::finding::Finding;
use crate::lens::Lens;

/// Fewer requests say nothing, neither of what was nor of what is.
const FEWEST: u64 = 10;
/// Fewer clients may be one that is broken.
const CLIENTS: u64 = 3;
/// So many routes do not turn at once because somebody took a page away.
const ROUTES: usize = 3;
/// Who leaves sooner did not wait for the answer.
const WAITED_MS: u32 = 500;
/// Who asks for the same again so soon was sent there; but for logs that know seconds.
const BACK_MS: i64 = 1_000;
/// Whatever was answered after a change survived it; but for what was under way, and logs that know seconds.
const SURVIVED_MS: i64 = 3_000;

/// When something was changed that a turn may come of.
#[must_use]
pub fn around(finding: &Finding<'_>) -> Span {
    let onset = finding.onset();
    Span::new(onset.from().plus(-SURVIVED_MS), onset.to().plus(2_000))
}

/// Whether a change may turn answers: what a database or a unit of the host does makes them fail.
#[must_use]
pub const fn may_turn(kind: ChangeKind) -> bool {
    use ChangeKind::{CertificateRenewed, DependencyStarted, DependencyStopped, UnitStopped};
    !matches!(kind, CertificateRenewed | DependencyStarted | DependencyStopped | UnitStopped)
}

/// Whether it is worth an incident; `changed`: something was released or reloaded just before.
#[must_use]
pub fn stands(finding: &Finding<'_>, catalogue: &Catalogue, min_duration_ms: i64, changed: bool) -> bool {
    let toll = &finding.toll;
    let share = match finding.look.lens() {
        Lens::Failures => return true,
        Lens::Refusals => 90,
        Lens::Departures => 80,
        Lens::Rounds => 90,
    };
    let plain = finding.last_good.is_some()
        && toll.failed >= FEWEST
        && toll.failed * 100 >= toll.requests * share
        && finding.last_bad.at.since(finding.first_bad.at) >= min_duration_ms
        && answered(finding) >= FEWEST
        && met_many(finding);
    plain
        && match finding.look.lens() {
            Lens::Departures => waited(finding).is_none_or(|(waited, _)| waited >= WAITED_MS),
            Lens::Rounds => goes_round(finding),
            _ => changed || routes(finding, catalogue) >= ROUTES,
        }
}

/// Good answers before the turn.
#[must_use]
pub fn answered(finding: &Finding<'_>) -> u64 {
    let seen = finding.look.samples.iter().filter(|sample| is_before(sample, finding)).count() as u64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of requests, not negative")]
    let counted = finding.look.answered_before().max(0.0) as u64;
    seen + counted
}

fn is_before(sample: &Sample, finding: &Finding<'_>) -> bool {
    sample.visitor.is_none() && sample.hit.at < finding.first_bad.at && finding.selection.holds(sample.hit.slice)
}

/// After how long those who left had waited, and whether they agree; `None` where the log does not tell.
#[must_use]
pub fn waited(finding: &Finding<'_>) -> Option<(u32, bool)> {
    let left = finding.look.samples.iter().filter(|sample| sample.visitor.is_some());
    let mut times: Vec<u32> = left.filter_map(|sample| sample.hit.took_ms).collect();
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().filter(|_| times.len() >= 5)?;
    let near = times.iter().filter(|time| time.abs_diff(median) * 4 <= median).count();
    Some((median, near * 2 >= times.len()))
}

/// Whether those who are sent on come back to where they were at once, nearly all of them.
fn goes_round(finding: &Finding<'_>) -> bool {
    let mut last: HashMap<(ClientId, SliceId), UnixMs, FixedState> = HashMap::default();
    let (mut back, mut all) = (0, 0);
    for sample in finding.look.samples.iter().filter(|sample| sample.visitor.is_some()) {
        let hit = &sample.hit;
        let before = last.insert((hit.client, hit.slice), hit.at);
        all += 1;
        back += u32::from(before.is_some_and(|before| hit.at.since(before) <= BACK_MS));
    }
    back * 4 >= all * 3
}

fn met_many(finding: &Finding<'_>) -> bool {
    finding.toll.clients.count().0 >= CLIENTS
        || finding.toll.only_client.is_some_and(|client| is_front(finding, client))
}

/// Whether one client was nearly all the traffic that was answered before: a proxy or a gateway, behind which are many.
#[must_use]
pub fn is_front(finding: &Finding<'_>, client: ClientId) -> bool {
    // Of the slices that failed alone: who passes requests on may write them down as well, as one client of its own.
    let of_failing = |sample: &&Sample| finding.toll.slices.contains_key(&sample.hit.slice);
    let before = || finding.look.samples.iter().filter(of_failing).filter(|sample| is_before(sample, finding));
    let own = before().filter(|sample| sample.hit.client == client).count();
    let all = before().count();
    all as u64 >= FEWEST && own * 5 >= all * 4
}

/// How many routes turned.
fn routes(finding: &Finding<'_>, catalogue: &Catalogue) -> usize {
    let slices = finding.toll.slices.keys().filter_map(|&id| catalogue.slice(id));
    slices.map(|slice| slice.path).collect::<HashSet<_, FixedState>>().len()
}
