//! Which findings are incidents: blips, one client's trouble and echoes of another finding are not.

use lastgood_model::{ClientId, UnixMs};

use crate::Question;
use crate::finding::{Finding, Part};
use crate::lens::Lens;
use crate::outcome::Outcome;
use crate::turned::is_front;

/// What a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// An incident.
    Incident,
    /// It ended within the minimum duration.
    Blip,
    /// It was over, and stayed so, when a live host was asked how it is now.
    Recovered,
    /// One client failed while others were served.
    OneClient,
    /// A limit of the site turned a few clients away: what it is for.
    Limited,
    /// Outside of what was asked for, or part of a larger finding at the same time.
    Nothing,
}

/// What is known of a finding beside its requests.
pub struct Known<S, E> {
    /// Of those that did not fail, whether it is worth a word.
    pub stands: S,
    /// Whether the proxy's own error log names what is wrong with nearly every failed request.
    pub explained: E,
}

/// Judges each finding; `now` is the last moment read.
#[must_use]
pub fn judge<S, E>(findings: &[Finding<'_>], question: &Question, now: UnixMs, known: &Known<S, E>) -> Vec<Judgement>
where
    S: Fn(&Finding<'_>) -> bool,
    E: Fn(&Finding<'_>) -> bool,
{
    let stands = &known.stands;
    let alone = |finding: &Finding<'_>| alone(finding, question, now, (known.explained)(finding));
    let failed = |finding: &Finding<'_>| finding.look.lens() == Lens::Failures;
    findings
        .iter()
        .enumerate()
        .map(|(index, finding)| {
            if !failed(finding) && !stands(finding) {
                return Judgement::Nothing;
            }
            let own = alone(finding);
            let echo = findings.iter().enumerate().any(|(other, larger)| {
                let size = |finding: &Finding<'_>, index: usize| (finding.toll.failed, std::cmp::Reverse(index));
                // What would be an incident by itself is no echo of what would be none.
                let hides = own == Judgement::Incident && alone(larger) != Judgement::Incident;
                let first = size(larger, other) > size(finding, index) && !hides;
                // What all felt for a moment is worth a word beside what a part goes on to feel.
                let wider = own == Judgement::Blip && larger.selection.is_part_of(&finding.selection);
                let is_echo = || first && !wider && is_echo(finding, larger, question, now);
                match (failed(finding), failed(larger)) {
                    _ if other == index => false,
                    (true, true) => is_echo(),
                    (false, false) => stands(larger) && is_echo(),
                    // What fails says more than what is refused meanwhile, unless it was over before.
                    (false, true) => alone(larger) == Judgement::Incident && larger.bad(now).meets(finding.bad(now)),
                    (true, false) => false,
                }
            });
            if echo { Judgement::Nothing } else { own }
        })
        .collect()
}

fn alone(finding: &Finding<'_>, question: &Question, now: UnixMs, explained: bool) -> Judgement {
    let first = finding.first_bad.at;
    if question.since.is_some_and(|since| finding.recovered.is_some_and(|hit| hit.at < since))
        || question.until.is_some_and(|until| until < first)
    {
        return Judgement::Nothing;
    }
    // Where it is known what is wrong, a part of the requests is no lesser trouble than all of them.
    let lasted = if explained { finding.last_bad.at.since(finding.first_bad.at) } else { outage_ms(finding) };
    if finding.recovered.is_some() && lasted < question.min_duration_ms {
        return Judgement::Blip;
    }
    if let Some(client) = finding.toll.only_client
        && client != ClientId::UNKNOWN
        && finding.toll.failed > 1
        && finding.toll.served.iter().any(|&other| other != client)
        && !is_front(finding, client)
    {
        return Judgement::OneClient;
    }
    if is_limit_at_work(finding) {
        return Judgement::Limited;
    }
    if question.is_about_now() && finding.recovered.is_some_and(|hit| now.since(hit.at) >= question.min_duration_ms) {
        return Judgement::Recovered;
    }
    Judgement::Incident
}

/// Whether a limit of the site did what it is for: nearly all failures are refusals by it, and they met few clients, or
/// only a small part of all.
fn is_limit_at_work(finding: &Finding<'_>) -> bool {
    const BROAD: u64 = 5;
    let toll = &finding.toll;
    let limited: u64 =
        toll.statuses.iter().filter(|&(&status, _)| Outcome::is_limit(status)).map(|(_, &count)| count).sum();
    let (met, _) = toll.clients.count();
    let (all, _) = toll.everybody.count();
    limited * 10 >= toll.failed * 9 && (met < BROAD || met * 5 < all)
}

/// How long a total outage would have cost as much: a tenth of the requests failing for five minutes is half a minute.
/// With few requests the recovery is seen late, so the failures themselves tell how long it was bad at least.
fn outage_ms(finding: &Finding<'_>) -> i64 {
    let length = finding.last_bad.at.since(finding.first_bad.at);
    let share = |part: u64| i64::try_from(part).unwrap_or(i64::MAX);
    length.saturating_mul(share(finding.toll.failed)) / share(finding.toll.requests).max(1)
}

/// A small finding within the time of a large one is part of the same trouble, as far as anybody can tell; not one that goes on when the
/// large one has long been over.
fn is_echo(small: &Finding<'_>, large: &Finding<'_>, question: &Question, now: UnixMs) -> bool {
    if small.part != Part::Whole && large.part != Part::Whole && std::ptr::eq(small.look, large.look) {
        return false;
    }
    if large.recovered.is_some() && small.last_bad.at.since(large.last_bad.at) >= question.min_duration_ms {
        return false;
    }
    let overlaps = large.onset().cover(large.bad(now)).meets(small.bad(now));
    overlaps && (small.toll.failed * 5 <= large.toll.failed || small.selection.meets(&large.selection))
}
