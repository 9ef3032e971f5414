//! The story that every set tells: steady traffic to one application, which is gone for some minutes.
//! Times and outcomes only; the words belong to the writers.

use super::request::{Outcome, Request};
use crate::clock::{MINUTE_MS, Zone};
use crate::sample::{Weighted, exponential, latency_ms};
use crate::site::{APP, write_target};
use crate::visitors::{AGENTS, address};
use fastrand::Rng;

/// A part of the query that `injury` may replace by bytes that are no UTF-8; no letter of it is ever escaped.
pub(super) const MARK: &str = "zq0000qz";

/// When everything happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Story {
    /// The first minute of the log.
    pub begin_ms: i64,
    /// From then on nobody answers.
    pub down_ms: i64,
    /// From then on somebody answers again.
    pub up_ms: i64,
    /// The last minute of the log.
    pub end_ms: i64,
}

impl Story {
    /// Draws one; it lies within one day in every zone from UTC to Korea, before today.
    pub fn draw(rng: &mut Rng) -> Self {
        let begin_ms = Zone::UTC.at((2026, 11, rng.u32(2..20)), rng.u32(1..10), rng.u32(..60), 0);
        let down_ms = begin_ms + rng.i64(18 * MINUTE_MS..26 * MINUTE_MS);
        let up_ms = down_ms + rng.i64(6 * MINUTE_MS..12 * MINUTE_MS);
        Self { begin_ms, down_ms, up_ms, end_ms: up_ms + rng.i64(10 * MINUTE_MS..15 * MINUTE_MS) }
    }

    /// The requests of one site in order of time, about one in `gap_ms`.
    pub fn requests(&self, gap_ms: f64, fails: bool, rng: &mut Rng) -> Vec<Request> {
        let busy = Weighted::zipf(APP.len(), 0.9);
        let statuses = Weighted::new([930.0, 30.0, 20.0, 20.0]);
        let mut requests = Vec::new();
        let mut at_ms = self.begin_ms;
        loop {
            // Two requests never share a millisecond, so that their order can be told.
            at_ms += 1 + exponential(rng, gap_ms) as i64;
            if at_ms >= self.end_ms {
                return requests;
            }
            let route = &APP[busy.pick(rng)];
            let mut target = Vec::new();
            write_target(route, rng, &mut target);
            let mut target = String::from_utf8_lossy(&target).into_owned();
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(MARK);
            let refused = fails && (self.down_ms..self.up_ms).contains(&at_ms);
            requests.push(Request {
                at_ms,
                serial: requests.len() as u64 + 1,
                client: address(rng.u32(..700)),
                port: rng.u16(32_768..60_999),
                method: route.method,
                target,
                outcome: match refused {
                    true => Outcome::Refused,
                    false => Outcome::Answered([200, 304, 302, 404][statuses.pick(rng)]),
                },
                bytes: u64::from(route.bytes),
                agent: AGENTS[rng.usize(..AGENTS.len())],
                took_ms: if refused { 1 } else { latency_ms(rng, f64::from(route.latency_ms) / 4.0).min(900) },
            });
        }
    }
}
