//! The stage of a scenario: traffic, site, clients, zone, format and files, drawn at random.
//! It does not know what will go wrong, only which kind of story it has to leave room for.

use super::Kind;
use crate::access::Format;
use crate::clock::{HOUR_MS, Zone};
use crate::rotate::Naming;
use crate::sample::{Weighted, between, chance, log_between};
use crate::site::{APP, Route, STATIC};
use crate::visitors::{AGENTS, crowd};
use fastrand::Rng;

/// Requests of a set at most, so that thousands of sets can be generated and read.
const MAX_REQUESTS: f64 = 60_000.0;

/// Traffic of the neighbouring vhost as a share of the main one.
pub(super) const NEIGHBOUR_SHARE: f64 = 0.08;

/// Offsets in minutes; none of these zones matters more than another.
const ZONES: [i32; 6] = [0, 540, -300, 330, 120, -210];

/// Everything that is fixed before the first request.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub start_ms: i64,
    pub end_ms: i64,
    pub zone: Zone,
    pub format: Format,
    /// The status with which the incident shows itself.
    pub status: u16,
    /// Mean requests a second to the main vhost.
    pub rate: f64,
    /// Depth of the daily swing, 0 to 1.
    pub swing: f64,
    /// Local hour of the busiest time.
    pub peak_hour: f64,
    /// Share of requests that fail in good times.
    pub noise: f64,
    pub static_share: f64,
    pub app: Vec<Route>,
    pub app_choice: Weighted,
    pub files: Vec<Route>,
    pub clients: Vec<String>,
    pub client_choice: Weighted,
    pub agent_choice: Weighted,
    pub upstreams: Vec<&'static str>,
    /// A second, healthy vhost with a log of its own.
    pub neighbour: bool,
    pub error_log: bool,
    pub naming: Naming,
    pub layout: Layout,
}

/// How the access log is cut into files, the oldest first.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// At these shares of the lines, and whether each rotated part is packed.
    Shares(Vec<(f64, bool)>),
    /// At local midnight; the older part is packed or not.
    Midnight(bool),
}

impl Setting {
    pub fn draw(kind: Kind, rng: &mut Rng) -> Self {
        let sparse = kind == Kind::Sparse;
        let static_share = match kind {
            _ if chance(rng, 0.2) => 0.0,
            Kind::Sparse => between(rng, 0.0, 0.3),
            _ => between(rng, 0.0, 0.6),
        };
        let rate = match kind {
            Kind::Sparse => between(rng, 1.0, 3.0) / 60.0,
            Kind::Blip => log_between(rng, 1.5, 40.0),
            _ => log_between(rng, 0.2, 40.0).min(kind.max_rate()),
        };
        let needed = kind.app_requests() / ((1.0 - static_share) * rate * 3_600.0);
        let hours = if sparse { between(rng, 6.0, 24.0) } else { log_between(rng, 1.0, 24.0).max(needed) };
        let swing = between(rng, 0.0, 0.6);
        // The set may lie wholly in the busiest hours.
        let busiest = rate * (1.0 + swing) * (1.0 + NEIGHBOUR_SHARE);
        let hours = hours.min(24.0).min(MAX_REQUESTS / (busiest * 3_600.0));
        let zone = Zone::minutes(ZONES[rng.usize(..ZONES.len())]);
        let start_ms = zone.at((2026, 3, 1), 0, 0, 0) + rng.i64(0..80 * 24 * 3_600) * 1_000;

        let routes = rng.usize(4..=APP.len());
        let mut app = APP.to_vec();
        rng.shuffle(&mut app);
        app.truncate(routes);
        let files = rng.usize(2..=STATIC.len());
        let crowd_size = if sparse { rng.usize(1..=20) } else { log_between(rng, 3.0, 900.0) as usize };
        let format = if kind == Kind::Retried || rng.bool() { Format::MainExt } else { Format::Combined };
        let dated = chance(rng, 0.15);
        Self {
            start_ms,
            end_ms: start_ms + (hours * HOUR_MS as f64) as i64,
            zone,
            format,
            status: [502, 502, 502, 500, 503, 504][rng.usize(..6)],
            rate,
            swing,
            peak_hour: between(rng, 9.0, 22.0),
            noise: noise(kind, rng),
            static_share,
            app_choice: Weighted::zipf(routes, between(rng, 0.3, 1.1)),
            app,
            files: STATIC[..files].to_vec(),
            clients: crowd(rng, crowd_size),
            client_choice: Weighted::zipf(crowd_size, between(rng, 0.2, 0.9)),
            agent_choice: Weighted::zipf(AGENTS.len(), 0.8),
            upstreams: if kind == Kind::Retried {
                vec!["127.0.0.1:8081", "127.0.0.1:8082"]
            } else {
                vec!["127.0.0.1:8080"]
            },
            neighbour: chance(rng, 0.25),
            error_log: kind == Kind::Retried || rng.bool(),
            naming: if dated { Naming::Date } else { Naming::Number },
            layout: if dated { Layout::Midnight(rng.bool()) } else { shares(rng) },
        }
    }

    /// Requests a millisecond at an instant.
    pub fn intensity(&self, ms: i64) -> f64 {
        let local = ms + i64::from(self.zone.offset_s) * 1_000;
        let hour = local.rem_euclid(24 * HOUR_MS) as f64 / HOUR_MS as f64;
        let angle = (hour - self.peak_hour) / 24.0 * std::f64::consts::TAU;
        self.rate / 1_000.0 * (1.0 + self.swing * angle.cos())
    }
}

fn noise(kind: Kind, rng: &mut Rng) -> f64 {
    match kind {
        Kind::Healthy => log_between(rng, 0.000_5, 0.01),
        Kind::BurstyHealthy => between(rng, 0.001, 0.008),
        _ if chance(rng, 0.3) => 0.0,
        _ => log_between(rng, 0.000_2, 0.01),
    }
}

fn shares(rng: &mut Rng) -> Layout {
    let files = rng.usize(1..=6);
    let mut cuts: Vec<f64> = (1..files).map(|_| between(rng, 0.02, 0.98)).collect();
    cuts.sort_by(f64::total_cmp);
    Layout::Shares(cuts.into_iter().map(|cut| (cut, chance(rng, 0.6))).collect())
}
