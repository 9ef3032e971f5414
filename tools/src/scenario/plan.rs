//! Where in time a story happens: faults, blip, bursts, scans, one client's surge, retries.
//! It places them so that there is enough traffic around them; it draws no single answer.

use super::Kind;
use super::fault::{Fault, Shape};
use super::setting::Setting;
use super::traffic::{Hit, What, hit};
use crate::clock::MINUTE_MS;
use crate::sample::{beta, between, chance, log_between};
use fastrand::Rng;

/// A blip has to be over before a tool's half minute is.
const BLIP_MS: i64 = 25_000;

/// What goes wrong in a set.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub faults: Vec<Fault>,
    pub blip: Option<Fault>,
    pub noise: Noise,
    pub retry: Option<Retry>,
}

/// Failures of good times.
#[derive(Clone, Debug)]
pub(super) enum Noise {
    /// Independent, always equally rare.
    Even(f64),
    /// A rate for each minute, and short bursts (from, to, rate).
    Bursty { start_ms: i64, minutes: Vec<f64>, bursts: Vec<(i64, i64, f64)> },
}

/// A dead backend that nginx works around.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    pub from_ms: i64,
    /// For how long nginx leaves the dead one alone; 0 is `max_fails=0`.
    pub hold_ms: i64,
}

/// How much room a fault needs, in requests of its slice and in milliseconds.
struct Room {
    before: usize,
    during: usize,
    shortest_ms: i64,
}

impl Plan {
    /// Places the story; `None` if this setting has no room for it.
    pub fn draw(kind: Kind, setting: &Setting, hits: &mut Vec<Hit>, rng: &mut Rng) -> Option<Self> {
        let mut plan = Self { faults: Vec::new(), blip: None, noise: Noise::Even(setting.noise), retry: None };
        let stage = Stage::new(setting, hits, None);
        match kind {
            Kind::Sudden => plan.faults = vec![stage.place(&SUDDEN, 0.65, 1.0, rng)?],
            Kind::Half => plan.faults = vec![stage.place(&HALF, 0.65, 0.5, rng)?],
            Kind::Fifth => plan.faults = vec![stage.place(&FIFTH, 0.65, 0.2, rng)?],
            Kind::Ongoing => plan.faults = vec![stage.place(&SUDDEN, 0.0, 1.0, rng)?],
            Kind::Sparse => plan.faults = vec![stage.place(&SPARSE, 0.6, 1.0, rng)?],
            Kind::OnePath => {
                let routes = one_path(setting, rng)?;
                let stage = Stage::new(setting, hits, Some(routes));
                plan.faults = vec![stage.place(&SUDDEN, 0.65, 1.0, rng)?];
            }
            Kind::LeftBehind => {
                let routes = one_path(setting, rng)?;
                let one = Stage::new(setting, hits, Some(routes)).place(&SUDDEN, 0.65, 1.0, rng)?;
                #[expect(clippy::cast_possible_truncation, reason = "a few seconds")]
                let to_ms = one.from_ms + between(rng, 4_000.0, 20_000.0) as i64;
                plan.blip = Some(Fault { routes: None, to_ms: Some(to_ms), shape: Shape::Level(1.0), ..one.clone() });
                plan.faults = vec![one];
            }
            Kind::Gradual => plan.faults = vec![stage.rise(rng)?],
            Kind::Intermittent => plan.faults = vec![stage.episodes(rng)?],
            Kind::TwoIncidents => plan.faults = stage.two(rng)?,
            Kind::NoGoodSeen => plan.faults = vec![stage.since_the_start(rng)?],
            Kind::Blip => plan.blip = Some(stage.blip(rng)?),
            Kind::BurstyHealthy => plan.noise = bursty(setting, rng),
            Kind::Scanner => scan(setting, hits, rng),
            Kind::ClientErrors => surge(setting, hits, rng),
            Kind::Retried => {
                let hold_ms = if rng.bool() { 10_000 } else { 0 };
                let from_ms = stage.at(between(rng, 0.0, 0.7));
                plan.retry = Some(Retry { from_ms, hold_ms });
            }
            Kind::Healthy => {}
        }
        Some(plan)
    }

    /// The probability with which the fault that is active then makes this request fail.
    pub fn active(&self, hit: &Hit) -> f64 {
        self.faults
            .iter()
            .chain(&self.blip)
            .filter(|fault| fault.covers(hit.what))
            .map(|fault| fault.p_at(hit.at_ms))
            .fold(0.0, f64::max)
    }

    /// Whether the answers drawn still tell the story: a blip must be seen, and be seen to be short.
    pub fn holds(&self, hits: &[Hit]) -> bool {
        let Some(blip) = &self.blip else {
            return true;
        };
        let slice = || hits.iter().filter(|hit| blip.covers(hit.what));
        let failed = slice().filter(|hit| blip.p_at(hit.at_ms) > 0.0);
        let Some(first) = failed.clone().next() else {
            return false;
        };
        let last_ms = failed.clone().map(|hit| hit.at_ms).max().unwrap_or(0);
        let healed = slice().find(|hit| hit.at_ms > last_ms && hit.status < 500);
        // One second of slack each side, because a log has whole seconds.
        failed.count() >= 3 && healed.is_some_and(|hit| hit.at_ms - first.at_ms < 28_000)
    }
}

const SUDDEN: Room = Room { before: 12, during: 25, shortest_ms: 2 * MINUTE_MS };
const HALF: Room = Room { before: 80, during: 120, shortest_ms: 3 * MINUTE_MS };
const FIFTH: Room = Room { before: 400, during: 500, shortest_ms: 5 * MINUTE_MS };
const SPARSE: Room = Room { before: 15, during: 15, shortest_ms: 15 * MINUTE_MS };

/// Good requests that must follow a recovery, so that it can be seen.
const AFTER: usize = 25;

/// The traffic of one slice, on which a fault is placed.
struct Stage<'a> {
    setting: &'a Setting,
    routes: Option<Vec<u8>>,
    times: Vec<i64>,
}

impl<'a> Stage<'a> {
    fn new(setting: &'a Setting, hits: &[Hit], routes: Option<Vec<u8>>) -> Self {
        let probe = Fault { routes: routes.clone(), shape: Shape::Level(1.0), from_ms: 0, to_ms: None };
        let times = hits.iter().filter(|hit| probe.covers(hit.what)).map(|hit| hit.at_ms).collect();
        Self { setting, routes, times }
    }

    /// The instant at a share of the set's duration.
    fn at(&self, share: f64) -> i64 {
        let length = (self.setting.end_ms - self.setting.start_ms) as f64;
        self.setting.start_ms + (length * share) as i64
    }

    fn count(&self, from: i64, to: i64) -> usize {
        self.times.partition_point(|&t| t < to) - self.times.partition_point(|&t| t < from)
    }

    fn fault(&self, shape: Shape, from_ms: i64, to_ms: Option<i64>) -> Fault {
        Fault { routes: self.routes.clone(), shape, from_ms, to_ms }
    }

    /// A level fault that recovers with probability `recovers`, somewhere with enough room.
    fn place(&self, room: &Room, recovers: f64, p: f64, rng: &mut Rng) -> Option<Fault> {
        for _ in 0..60 {
            let from = self.at(between(rng, 0.15, 0.8));
            if self.count(self.setting.start_ms, from) < room.before {
                continue;
            }
            let to = chance(rng, recovers).then(|| {
                let longest = (self.setting.end_ms - from) as f64 * 0.8;
                from + log_between(rng, room.shortest_ms as f64, longest) as i64
            });
            let end = to.unwrap_or(self.setting.end_ms);
            let healed = to.is_none() || self.count(end, self.setting.end_ms) >= AFTER;
            let lasts = end - from >= room.shortest_ms;
            if healed && lasts && self.count(from, end) >= room.during {
                return Some(self.fault(Shape::Level(p), from, to));
            }
        }
        None
    }

    fn rise(&self, rng: &mut Rng) -> Option<Fault> {
        for _ in 0..60 {
            let base = self.place(&HALF, 0.65, 1.0, rng)?;
            let end = base.to_ms.unwrap_or(self.setting.end_ms);
            let longest = (end - base.from_ms) as f64 * 0.7;
            if longest < 3.0 * MINUTE_MS as f64 {
                continue;
            }
            let longest = longest.min(30.0 * MINUTE_MS as f64);
            let rise_ms = between(rng, 3.0 * MINUTE_MS as f64, longest) as i64;
            if self.count(base.from_ms, base.from_ms + rise_ms) >= 60 {
                let top = between(rng, 0.9, 1.0);
                return Some(Fault { shape: Shape::Rise { rise_ms, top }, ..base });
            }
        }
        None
    }

    fn episodes(&self, rng: &mut Rng) -> Option<Fault> {
        let from = self.at(between(rng, 0.2, 0.4));
        let until = from + self.at(between(rng, 0.35, 0.5)) - self.setting.start_ms;
        // At little traffic an episode of a minute would be empty; it lasts six requests then.
        let slice_rate = self.times.len() as f64 / (self.at(1.0) - self.at(0.0)) as f64;
        let shortest = (60_000.0_f64).max(6.0 / slice_rate);
        let mut on: Vec<(i64, i64)> = Vec::new();
        let mut at = from;
        while at < until {
            let length = between(rng, shortest, 4.0 * shortest) as i64;
            on.push((at, at + length));
            at += length + between(rng, shortest, 4.0 * shortest) as i64;
        }
        let end = on.last()?.1;
        let seen = on.iter().all(|&(from, to)| self.count(from, to) >= 3);
        let room =
            self.count(self.setting.start_ms, from) >= HALF.before && self.count(end, self.setting.end_ms) >= AFTER;
        let p = if rng.bool() { 1.0 } else { between(rng, 0.7, 1.0) };
        (on.len() >= 4 && seen && room).then(|| self.fault(Shape::Episodes { on, p }, from, Some(end)))
    }

    fn two(&self, rng: &mut Rng) -> Option<Vec<Fault>> {
        let length = self.at(1.0) - self.at(0.0);
        let longest = (length as f64 * 0.14).max(2.5 * MINUTE_MS as f64);
        let mut faults = Vec::new();
        for (low, high) in [(0.15, 0.35), (0.6, 0.78)] {
            let from = self.at(between(rng, low, high));
            let to = from + log_between(rng, 2.0 * MINUTE_MS as f64, longest) as i64;
            faults.push(self.fault(Shape::Level(1.0), from, Some(to)));
        }
        let (first, second) = (&faults[0], &faults[1]);
        let (healed, over) = (first.to_ms?, second.to_ms?);
        let room = self.count(self.setting.start_ms, first.from_ms) >= SUDDEN.before
            && self.count(first.from_ms, healed) >= SUDDEN.during
            && self.count(healed, second.from_ms) >= 2 * AFTER
            && self.count(second.from_ms, over) >= SUDDEN.during
            && self.count(over, self.setting.end_ms) >= AFTER;
        room.then_some(faults)
    }

    fn since_the_start(&self, rng: &mut Rng) -> Option<Fault> {
        let to = rng.bool().then(|| self.at(between(rng, 0.3, 0.8)));
        let end = to.unwrap_or(self.setting.end_ms);
        let room = self.count(self.setting.start_ms, end) >= SUDDEN.during
            && (to.is_none() || self.count(end, self.setting.end_ms) >= AFTER);
        room.then(|| self.fault(Shape::Level(1.0), self.setting.start_ms, to))
    }

    fn blip(&self, rng: &mut Rng) -> Option<Fault> {
        let from = self.at(between(rng, 0.2, 0.8));
        let to = from + rng.i64(4_000..BLIP_MS);
        (self.count(from, to) >= 3).then(|| self.fault(Shape::Level(1.0), from, Some(to)))
    }
}

/// A path whose routes carry enough traffic to be seen and too little to be everything.
fn one_path(setting: &Setting, rng: &mut Rng) -> Option<Vec<u8>> {
    let template = setting.app[rng.usize(..setting.app.len().min(8))].template;
    let routes: Vec<u8> =
        (0..setting.app.len() as u8).filter(|&route| setting.app[route as usize].template == template).collect();
    (routes.len() < setting.app.len()).then_some(routes)
}

fn bursty(setting: &Setting, rng: &mut Rng) -> Noise {
    let length = setting.end_ms - setting.start_ms;
    let weight = log_between(rng, 8.0, 80.0);
    let minutes = (0..=length / MINUTE_MS).map(|_| beta(rng, setting.noise, weight)).collect();
    let mut bursts = Vec::new();
    let mut at = setting.start_ms + rng.i64(0..10 * MINUTE_MS);
    while at < setting.end_ms {
        let to = at + rng.i64(3_000..15_000);
        bursts.push((at, to, between(rng, 0.1, 0.6)));
        at = to + rng.i64(10 * MINUTE_MS..20 * MINUTE_MS);
    }
    Noise::Bursty { start_ms: setting.start_ms, minutes, bursts }
}

/// One address asks for hundreds of paths within minutes.
fn scan(setting: &Setting, hits: &mut Vec<Hit>, rng: &mut Rng) {
    let count = rng.i64(300..3_000);
    let client = rng.u32(..setting.clients.len() as u32);
    extra(setting, hits, rng, count, |hit, _| {
        hit.what = What::Scan;
        hit.client = client;
    });
}

/// One client is refused again and again at one route.
fn surge(setting: &Setting, hits: &mut Vec<Hit>, rng: &mut Rng) {
    let count = rng.i64(200..2_000);
    let client = rng.u32(..setting.clients.len() as u32);
    let route = rng.u8(..setting.app.len() as u8);
    let status = [401, 404, 400][rng.usize(..3)];
    extra(setting, hits, rng, count, |hit, rng| {
        hit.what = What::App(route);
        hit.client = client;
        hit.status = if chance(rng, 0.97) { status } else { 200 };
    });
}

/// Adds `count` requests within 2 to 20 minutes.
fn extra(setting: &Setting, hits: &mut Vec<Hit>, rng: &mut Rng, count: i64, mut shape: impl FnMut(&mut Hit, &mut Rng)) {
    let length = rng.i64(2 * MINUTE_MS..20 * MINUTE_MS);
    let latest = (setting.end_ms - length).max(setting.start_ms + 1);
    let from = rng.i64(setting.start_ms..latest);
    for _ in 0..count {
        let at = from + rng.i64(0..length);
        let mut added = hit(setting, at, What::Scan, rng);
        shape(&mut added, rng);
        hits.push(added);
    }
    hits.sort_by_key(|hit| hit.at_ms);
}
