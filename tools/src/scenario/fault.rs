//! Decides the answer of every request: by the fault that is active then, else by chance.
//! Where the faults lie in time is decided in `plan`.

use super::plan::{Noise, Plan};
use super::setting::Setting;
use super::traffic::{Hit, What};
use crate::sample::chance;
use fastrand::Rng;

/// How the probability of failing runs over time.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// The same from begin to end.
    Level(f64),
    /// Linear from 0 to `top` over `rise_ms`, then level.
    Rise { rise_ms: i64, top: f64 },
    /// `p` inside the episodes, nothing between them.
    Episodes { on: Vec<(i64, i64)>, p: f64 },
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    /// The failing routes; `None` means everything that the application answers.
    pub routes: Option<Vec<u8>>,
    pub shape: Shape,
    pub from_ms: i64,
    pub to_ms: Option<i64>,
}

impl Fault {
    /// Whether a request belongs to the failing slice.
    pub fn covers(&self, what: What) -> bool {
        match (what, &self.routes) {
            (What::App(route), Some(routes)) => routes.contains(&route),
            (What::App(_) | What::Scan, None) => true,
            _ => false,
        }
    }

    /// The probability of failing at an instant.
    pub fn p_at(&self, ms: i64) -> f64 {
        if ms < self.from_ms || self.to_ms.is_some_and(|to| ms >= to) {
            return 0.0;
        }
        match &self.shape {
            Shape::Level(p) => *p,
            Shape::Rise { rise_ms, top } => {
                let done = (ms - self.from_ms) as f64 / *rise_ms as f64;
                top * done.min(1.0)
            }
            Shape::Episodes { on, p } => {
                let inside = on.iter().any(|&(from, to)| (from..to).contains(&ms));
                if inside { *p } else { 0.0 }
            }
        }
    }

    /// The highest probability that the fault reaches.
    pub fn top(&self) -> f64 {
        match &self.shape {
            Shape::Level(p) | Shape::Episodes { p, .. } => *p,
            Shape::Rise { top, .. } => *top,
        }
    }
}

/// Gives every undecided request its status.
pub(super) fn decide(plan: &Plan, setting: &Setting, hits: &mut [Hit], rng: &mut Rng) {
    let mut retry_until = i64::MIN;
    for hit in hits {
        if hit.status != 0 {
            continue;
        }
        let fault = plan.active(hit);
        if chance(rng, fault) {
            hit.status = setting.status;
            continue;
        }
        hit.status = match hit.what {
            What::App(_) if chance(rng, plan.noise.at(hit.at_ms)) => [500, 500, 500, 502, 504][rng.usize(..5)],
            What::App(route) => answer(setting.app[route as usize].method, rng),
            What::Scan => [404, 404, 404, 403][rng.usize(..4)],
            What::File(_) | What::Neighbour(_) => file_answer(rng),
        };
        if let (What::App(_), Some(retry)) = (hit.what, &plan.retry)
            && hit.at_ms >= retry.from_ms.max(retry_until)
            && hit.status < 500
        {
            hit.retried = retry.hold_ms > 0 || rng.bool();
            // nginx leaves a backend alone for `fail_timeout` after it has failed.
            retry_until = hit.at_ms + retry.hold_ms;
        }
    }
}

fn answer(method: &str, rng: &mut Rng) -> u16 {
    match (rng.u16(..1_000), method) {
        (0..20, _) => 302,
        (20..26, _) => 404,
        (26..30, _) => 401,
        (30..32, _) => 499,
        (32..34, _) => 400,
        (34..70, "GET") => 304,
        (34..200, "POST") => 201,
        (_, "DELETE") => 204,
        _ => 200,
    }
}

fn file_answer(rng: &mut Rng) -> u16 {
    match rng.u16(..1_000) {
        0..4 => 404,
        4..300 => 304,
        _ => 200,
    }
}

impl Noise {
    /// The share of failures in good times at an instant.
    pub fn at(&self, ms: i64) -> f64 {
        match self {
            Self::Even(p) => *p,
            Self::Bursty { start_ms, minutes, bursts } => {
                if let Some(burst) = bursts.iter().find(|b| (b.0..b.1).contains(&ms)) {
                    return burst.2;
                }
                let minute = (ms - start_ms) / crate::clock::MINUTE_MS;
                usize::try_from(minute).ok().and_then(|minute| minutes.get(minute)).copied().unwrap_or(0.0)
            }
        }
    }
}
