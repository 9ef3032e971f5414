//! Those for whom a proxy had no room: it sent them away before there was a request that it could write down, and only its error log tells
//! of them. Not what fails in the access log.

use lastgood_model::{Catalogue, CauseCode, ProxyErrorKind, UnixMs};

use crate::runs::ErrorRun;
use crate::{Question, Timeline, layers};

/// Fewer lines are of a moment.
const FEWEST: u64 = 10;

/// What a proxy writes of it, and what that means.
const SAYINGS: &[(ProxyErrorKind, CauseCode)] =
    &[(ProxyErrorKind::WorkerConnections, CauseCode::WorkerLimit), (ProxyErrorKind::TooManyFiles, CauseCode::FdLimit)];

/// A proxy that was full.
#[derive(Clone, Copy, Debug)]
pub struct Crowded {
    /// Of what it had not enough.
    pub code: CauseCode,
    /// Its lines.
    pub run: ErrorRun,
    /// What they say.
    pub kind: ProxyErrorKind,
}

/// Proxies that have been full for at least the minimum duration, up to `now`: when one that is over was well again, no line tells.
#[must_use]
pub fn crowded(timeline: &Timeline, catalogue: &Catalogue, question: &Question, now: UnixMs) -> Vec<Crowded> {
    let runs = timeline.errors.within(question.window()).into_iter();
    let found = runs.filter_map(|run| {
        let kind = catalogue.shape(run.shape)?.kind;
        let means = |(known, code): &&(_, CauseCode)| *known == kind && !layers::of(*code).only_in(question.without);
        let (_, code) = SAYINGS.iter().find(means)?;
        Some(Crowded { code: *code, run, kind })
    });
    let lasted = |run: &ErrorRun| run.last.since(run.first.0) >= question.min_duration_ms;
    let is_over = |run: &ErrorRun| now.since(run.last) >= question.min_duration_ms;
    found.filter(|found| found.run.count >= FEWEST && lasted(&found.run) && !is_over(&found.run)).collect()
}
