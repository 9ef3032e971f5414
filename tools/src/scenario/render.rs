//! Turns decided requests into files (rotated access logs, error log, nginx.conf) and into truth.
//! Nothing is decided here but sizes, latencies and spellings.

use super::plan::Plan;
use super::setting::{Layout, Setting};
use super::traffic::{Hit, What};
use super::truth::{IncidentTruth, SliceFile, SliceTruth, Truth};
use super::{Kind, Scenario};
use crate::access::{Format, Line, Try};
use crate::clock::{DAY_MS, append};
use crate::error_log::{Failure, UpstreamError, write_plain};
use crate::nginx_conf::{self, Vhost};
use crate::rotate;
use crate::sample::{chance, latency_ms};
use crate::site::{Route, SCANNED, write_target};
use crate::visitors::AGENTS;
use anyhow::Result;
use fastrand::Rng;

const HOST: &str = "shop.example.test";
const NEIGHBOUR: &str = "corp.example.test";

/// Writes every file of the set and the truth about it.
pub(super) fn render(
    kind: Kind,
    seed: u64,
    setting: &Setting,
    plan: &Plan,
    hits: &[Hit],
    rng: &mut Rng,
) -> Result<Scenario> {
    let (main, neighbour): (Vec<Hit>, Vec<Hit>) = hits.iter().partition(|hit| !matches!(hit.what, What::Neighbour(_)));
    let mut pen = Pen { setting, rng, error: Vec::new(), connection: 1 };
    let mut files = Vec::new();
    let mut named = Vec::new();
    for (name, part) in parts(setting, &main) {
        let text = pen.access(part, HOST);
        let packed = name.ends_with(".gz");
        let bytes = if packed { rotate::gzip(&text)? } else { text };
        files.push((name.clone(), bytes));
        named.push((name, part));
    }
    if setting.neighbour {
        let text = pen.access(&neighbour, NEIGHBOUR);
        files.push(("corp-access.log".to_owned(), text));
    }
    if setting.error_log {
        files.push(("shop-error.log".to_owned(), std::mem::take(&mut pen.error)));
    }
    if setting.format == Format::MainExt {
        files.extend(configuration(setting));
    }
    let truth = truth(kind, seed, setting, plan, hits, &named);
    Ok(Scenario { files, truth })
}

fn configuration(setting: &Setting) -> Vec<(String, Vec<u8>)> {
    let mut vhosts = vec![Vhost { base: "shop", server: HOST, upstreams: &setting.upstreams }];
    if setting.neighbour {
        vhosts.push(Vhost { base: "corp", server: NEIGHBOUR, upstreams: &[] });
    }
    nginx_conf::files(&vhosts)
}

/// The parts of the main log with their file names, the oldest first.
fn parts<'h>(setting: &Setting, hits: &'h [Hit]) -> Vec<(String, &'h [Hit])> {
    let cuts: Vec<(usize, bool)> = match &setting.layout {
        Layout::Shares(shares) => {
            shares.iter().map(|&(share, packed)| ((share * hits.len() as f64) as usize, packed)).collect()
        }
        Layout::Midnight(packed) => {
            let local = setting.start_ms + i64::from(setting.zone.offset_s) * 1_000;
            let midnight = setting.start_ms + DAY_MS - local.rem_euclid(DAY_MS);
            let cut = hits.partition_point(|hit| hit.at_ms < midnight);
            if cut < hits.len() { vec![(cut, *packed)] } else { Vec::new() }
        }
    };
    let ends = cuts.iter().copied().chain(std::iter::once((hits.len(), false)));
    let mut begin = 0;
    let mut parts = Vec::new();
    for (index, (end, packed)) in ends.enumerate() {
        let rotated_ms = hits.get(end).map_or(setting.end_ms, |hit: &Hit| hit.at_ms);
        let age = cuts.len() - index;
        let base = "shop-access.log";
        let name = rotate::name(base, setting.naming, age, rotated_ms, setting.zone, packed);
        parts.push((name, &hits[begin..end]));
        begin = end;
    }
    parts
}

/// What is needed to spell a line.
struct Pen<'a> {
    setting: &'a Setting,
    rng: &'a mut Rng,
    error: Vec<u8>,
    connection: u64,
}

impl Pen<'_> {
    fn access(&mut self, hits: &[Hit], host: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(hits.len() * 220);
        let mut request = Vec::new();
        for hit in hits {
            self.connection += 1;
            request.clear();
            self.request(hit, &mut request);
            self.line(hit, &request, host, &mut out);
            if self.setting.error_log && host == HOST {
                self.errors(hit, &request);
            }
        }
        out
    }

    fn request(&mut self, hit: &Hit, out: &mut Vec<u8>) {
        let method = self.route(hit.what).map_or("GET", |route| route.method);
        out.extend_from_slice(method.as_bytes());
        out.push(b' ');
        match self.route(hit.what) {
            Some(route) => write_target(&route, self.rng, out),
            None => {
                let path = SCANNED[self.rng.usize(..SCANNED.len())];
                append(out, format_args!("{path}"));
                if self.rng.bool() {
                    append(out, format_args!("?v={}", self.rng.u32(..900)));
                }
            }
        }
        out.extend_from_slice(b" HTTP/1.1");
    }

    fn route(&self, what: What) -> Option<Route> {
        match what {
            What::App(index) => Some(self.setting.app[index as usize]),
            What::File(index) | What::Neighbour(index) => Some(self.setting.files[index as usize]),
            What::Scan => None,
        }
    }

    fn line(&mut self, hit: &Hit, request: &[u8], host: &str, out: &mut Vec<u8>) {
        let route = self.route(hit.what);
        let typical = route.map_or(548, |route| route.bytes);
        let bytes = match hit.status {
            304 | 204 | 499 => 0,
            502 => 568,
            503 | 504 => 562,
            500 => 21,
            400..=499 => 153,
            _ => typical - self.rng.u32(..typical / 8 + 1),
        };
        let median = f64::from(route.map_or(5, |route| route.latency_ms).max(1));
        let latency = latency_ms(self.rng, median);
        let proxied = matches!(hit.what, What::App(_) | What::Scan);
        let tries = if proxied { tries(self.setting, hit, latency) } else { Vec::new() };
        let spent: u32 = tries.iter().map(|t| t.response_ms).sum();
        let referrer: &[u8] = match self.rng.u8(..10) {
            0..5 => b"-",
            5..9 => b"https://shop.example.test/",
            _ => b"https://search.example/results?q=shop",
        };
        Line {
            client: &self.setting.clients[hit.client as usize],
            at_ms: hit.at_ms,
            request,
            status: hit.status,
            bytes: u64::from(bytes),
            referrer,
            agent: AGENTS[hit.agent as usize].as_bytes(),
            host,
            request_ms: if proxied { spent } else { 0 },
            tries: &tries,
        }
        .write(self.setting.format, self.setting.zone, out);
    }

    /// The error-log lines that belong to a request, and now and then a harmless one.
    fn errors(&mut self, hit: &Hit, request: &[u8]) {
        let failure = match (hit.status, hit.retried) {
            (_, true) | (502, _) => Some(Failure::Refused),
            (504, _) => Some(Failure::TimedOut),
            _ => None,
        };
        if let Some(failure) = failure {
            UpstreamError {
                at_ms: hit.at_ms,
                pid: 812,
                connection: self.connection,
                failure,
                client: &self.setting.clients[hit.client as usize],
                server: HOST,
                request,
                upstream: self.setting.upstreams[0],
                host: HOST,
                referrer: None,
            }
            .write(self.setting.zone, &mut self.error);
        } else if chance(self.rng, 0.002) {
            let message = format!(
                "*{} a client request body is buffered to a temporary file \
                 /var/lib/nginx/body/{:010}, client: {}, server: {HOST}",
                self.connection,
                self.connection % 9_973,
                self.setting.clients[hit.client as usize],
            );
            let zone = self.setting.zone;
            write_plain(zone, hit.at_ms, "warn", 812, &message, &mut self.error);
        }
    }
}

fn tries<'s>(setting: &'s Setting, hit: &Hit, latency: u32) -> Vec<Try<'s>> {
    let answered = |addr: &'s str| Try {
        addr,
        status: hit.status,
        connect_ms: Some(0),
        header_ms: Some(latency),
        response_ms: latency,
    };
    let refused = |addr: &'s str, response_ms: u32, status: u16| Try {
        addr,
        status,
        connect_ms: None,
        header_ms: None,
        response_ms,
    };
    let last = setting.upstreams[setting.upstreams.len() - 1];
    if hit.retried {
        return vec![refused(setting.upstreams[0], 0, 502), answered(last)];
    }
    // A dead backend is retried, so what fails for good was answered by a living one.
    match hit.status {
        502 => vec![refused(last, 0, 502)],
        504 => vec![refused(last, 60_001, 504)],
        _ => vec![answered(last)],
    }
}

fn truth(kind: Kind, seed: u64, setting: &Setting, plan: &Plan, hits: &[Hit], named: &[(String, &[Hit])]) -> Truth {
    let mut truth = Truth {
        kind,
        seed,
        zone: setting.zone,
        format: setting.format.name(),
        status: setting.status,
        requests: hits.len(),
        slices: Vec::new(),
        incidents: Vec::new(),
        blips: Vec::new(),
    };
    // All faults of a set hit the same slice.
    if let Some(fault) = plan.faults.iter().chain(&plan.blip).next() {
        truth.slices.push(slice(setting, fault, named));
    }
    let times = |fault: &super::fault::Fault| -> Vec<i64> {
        hits.iter().filter(|hit| fault.covers(hit.what)).map(|hit| hit.at_ms).collect()
    };
    truth.incidents = plan.faults.iter().map(|fault| incident(fault, &times(fault))).collect();
    // One that a longer fault begins with is no story of its own.
    let alone = plan.blip.iter().filter(|_| plan.faults.is_empty());
    truth.blips = alone.map(|fault| incident(fault, &times(fault))).collect();
    truth
}

fn incident(fault: &super::fault::Fault, times: &[i64]) -> IncidentTruth {
    let ordinal = |ms: i64| times.partition_point(|&t| t < ms);
    let rise_end_ms = match &fault.shape {
        super::fault::Shape::Rise { rise_ms, top } => Some(fault.from_ms + (*rise_ms as f64 * 0.5 / top).ceil() as i64),
        _ => None,
    };
    let episodes_ms = match &fault.shape {
        super::fault::Shape::Episodes { on, .. } => on.clone(),
        _ => Vec::new(),
    };
    IncidentTruth {
        slice: 0,
        p: fault.top(),
        onset_ms: fault.from_ms,
        recovered_ms: fault.to_ms,
        rise_end_ms,
        onset_ordinal: ordinal(fault.from_ms),
        recovered_ordinal: fault.to_ms.map(ordinal),
        rise_end_ordinal: rise_end_ms.map(ordinal),
        episodes_ms,
    }
}

fn slice(setting: &Setting, fault: &super::fault::Fault, named: &[(String, &[Hit])]) -> SliceTruth {
    let covered = |index: &usize| fault.covers(What::App(*index as u8));
    let mut templates: Vec<String> =
        (0..setting.app.len()).filter(covered).map(|index| setting.app[index].template.to_owned()).collect();
    templates.sort_unstable();
    templates.dedup();
    let mut first_ordinal = 0;
    let mut files = Vec::new();
    for (name, part) in named {
        let lines: Vec<u32> =
            (1..).zip(*part).filter(|(_, hit)| fault.covers(hit.what)).map(|(line, _)| line).collect();
        let count = lines.len();
        files.push(SliceFile { name: name.clone(), first_ordinal, lines });
        first_ordinal += count;
    }
    SliceTruth {
        description: match &fault.routes {
            Some(_) => format!("only {}", templates.join(", ")),
            None => "everything that the application answers".to_owned(),
        },
        templates,
        files,
    }
}
