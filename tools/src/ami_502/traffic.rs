//! The requests of the example's three vhosts, with the answers they got.
//! It knows the story's timeline; how the lines are cut into files is in `logs`.

use super::{
    BEGIN_MS, DAY, DOWN_MS, END_MS, FIRST_BAD_MS, LAST_GOOD_MS, NGINX_MS, NOTICED_MS, RECOVERED_MS, STORY_BAD_MS,
    STORY_GOOD_MS, ZONE,
};
use crate::clock::{HOUR_MS, append};
use crate::sample::{Weighted, chance, exponential, opaque};
use crate::site::SCANNED;
use crate::visitors::{AGENTS, crowd};
use fastrand::Rng;

/// The web views of another company's application that most customers come through.
pub(super) const WEBVIEWS: [&str; 2] = [
    "Mozilla/5.0 (Linux; Android 12; SM-G991N; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/107.0.5304.105 Mobile Safari/537.36 CarNaviApp/3.2",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 CarNaviApp/3.2",
];
const NAVI: &str = "https://app.carnavi.example/insu";
pub(super) const BALANCER: &str = "ELB-HealthChecker/2.0";

/// One logged request.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub at_ms: i64,
    pub client: String,
    pub agent: &'static str,
    pub request: Vec<u8>,
    pub referrer: Vec<u8>,
    pub status: u16,
    pub bytes: u32,
    /// Only the application can answer it.
    pub app: bool,
}

/// The application's routes: method, path, weight, size.
const APP: [(&str, &str, f64, u32); 9] = [
    ("GET", "/", 5.0, 8_912),
    ("GET", "/join/user-form?step=", 5.0, 12_440),
    ("POST", "/api/join/user", 2.0, 273),
    ("GET", "/api/quote/{n}", 6.0, 1_318),
    ("GET", "/api/car/models?maker=", 4.0, 5_206),
    ("GET", "/join/agree", 2.0, 9_730),
    ("GET", "/join/complete", 1.0, 6_051),
    ("GET", "/mypage", 1.5, 7_388),
    ("GET", "/api/notice?page=", 2.5, 2_204),
];

/// What nginx serves from disk.
const FILES: [(&str, u32); 6] = [
    ("/static/js/app.7c1d2e.js", 148_220),
    ("/static/css/main.0f93ab.css", 38_114),
    ("/static/img/logo.svg", 3_120),
    ("/static/img/car-01.webp", 84_332),
    ("/static/fonts/sans-kr.woff2", 212_008),
    ("/favicon.ico", 4_286),
];

/// The insurance site.
pub(super) fn insu(rng: &mut Rng) -> Vec<Visit> {
    let clients = crowd(rng, 420);
    let routes = Weighted::new(APP.iter().map(|route| route.2));
    let mut visits = Vec::new();
    poisson(rng, BEGIN_MS, 0.26, |at_ms, rng| {
        // Half of those who meet a 502 do not come back.
        if (FIRST_BAD_MS..RECOVERED_MS).contains(&at_ms) && rng.bool() {
            return;
        }
        let route = APP[routes.pick(rng)];
        visits.push(app(at_ms, &clients[rng.usize(..clients.len())], route, rng));
    });
    poisson(rng, BEGIN_MS, 0.0022, |at_ms, rng| {
        let client = clients[rng.usize(..clients.len())].clone();
        let agent = WEBVIEWS[rng.usize(..2)];
        let filled = at_ms + rng.i64(20_000..90_000);
        let enc = token(rng);
        visits.push(form(at_ms, &client, agent, &enc, rng));
        if rng.bool() {
            visits.push(join(filled, &client, agent, &enc, rng));
        }
    });
    poisson(rng, BEGIN_MS, 0.11, |at_ms, rng| {
        let client = &clients[rng.usize(..clients.len())];
        visits.push(file(at_ms, client, &FILES, rng));
    });
    balancer(&mut visits);
    // Nothing reaches the application between its last answer and the first 502, and nothing at
    // all is logged while the host is down.
    visits.retain(|v| !(DOWN_MS..NGINX_MS + 700).contains(&v.at_ms));
    visits.retain(|v| !(v.app && (LAST_GOOD_MS..FIRST_BAD_MS + 1_000).contains(&v.at_ms)));
    visits.retain(|v| !(v.app && [STORY_GOOD_MS, STORY_BAD_MS, NOTICED_MS].contains(&(v.at_ms / 1_000 * 1_000))));
    told(&clients, &mut visits, rng);
    visits.retain(|v| v.at_ms < END_MS);
    visits.sort_by_key(|v| v.at_ms);
    for visit in &mut visits {
        if visit.app && (FIRST_BAD_MS..RECOVERED_MS).contains(&visit.at_ms) {
            visit.status = 502;
            visit.bytes = 568;
        }
    }
    visits
}

/// The requests that the story names.
fn told(clients: &[String], visits: &mut Vec<Visit>, rng: &mut Rng) {
    let enc = token(rng);
    let mut good = join(STORY_GOOD_MS + 412, &clients[7], WEBVIEWS[0], &enc, rng);
    (good.status, good.bytes) = (200, 273);
    visits.push(good);
    let enc = token(rng);
    visits.push(form(STORY_BAD_MS + 90, &clients[19], WEBVIEWS[1], &enc, rng));
    let enc = token(rng);
    visits.push(form(NOTICED_MS + 640, &clients[41], WEBVIEWS[0], &enc, rng));
    for (at_ms, client) in [(LAST_GOOD_MS + 300, 3), (FIRST_BAD_MS + 250, 11)] {
        let mut visit = app(at_ms, &clients[client], APP[3], rng);
        (visit.status, visit.bytes) = (200, 1_318);
        visits.push(visit);
    }
}

fn app(at_ms: i64, client: &str, route: (&str, &str, f64, u32), rng: &mut Rng) -> Visit {
    let (method, path, _, size) = route;
    let mut request = Vec::new();
    let (stem, number) = match path.strip_suffix("{n}") {
        Some(stem) => (stem, Some(rng.u32(10_000..99_000))),
        None if path.ends_with('=') => (path, Some(rng.u32(1..9))),
        None => (path, None),
    };
    append(&mut request, format_args!("{method} {stem}"));
    if let Some(number) = number {
        append(&mut request, format_args!("{number}"));
    }
    request.extend_from_slice(b" HTTP/1.1");
    let status = match rng.u16(..1_000) {
        0..2 => 500,
        2..5 => 499,
        5..11 => 404,
        11..20 => 302,
        20..60 if method == "GET" => 304,
        _ => 200,
    };
    let webview = chance(rng, 0.6);
    Visit {
        at_ms,
        client: client.to_owned(),
        agent: if webview { WEBVIEWS[rng.usize(..2)] } else { AGENTS[rng.usize(..6)] },
        request,
        referrer: if webview { NAVI.as_bytes().to_vec() } else { b"-".to_vec() },
        status,
        bytes: match status {
            304 | 499 => 0,
            200 => size - rng.u32(..size / 20 + 1),
            404 => 153,
            _ => 21,
        },
        app: true,
    }
}

/// The form with its encrypted parameter, opened from the other company's application.
fn form(at_ms: i64, client: &str, agent: &'static str, enc: &[u8], rng: &mut Rng) -> Visit {
    let mut visit = app(at_ms, client, APP[1], rng);
    visit.request = [b"GET /join/user-form?enc=", enc, b" HTTP/1.1"].concat();
    visit.referrer = NAVI.as_bytes().to_vec();
    Visit { agent, ..visit }
}

/// What the form sends; the parameter is now in the referrer.
fn join(at_ms: i64, client: &str, agent: &'static str, enc: &[u8], rng: &mut Rng) -> Visit {
    let mut visit = app(at_ms, client, APP[2], rng);
    visit.referrer = [NAVI.as_bytes(), b"/join?enc=", enc].concat();
    Visit { agent, ..visit }
}

fn token(rng: &mut Rng) -> Vec<u8> {
    let mut enc = Vec::new();
    let length = rng.usize(600..=1_000);
    opaque(rng, length, &mut enc);
    enc
}

fn file(at_ms: i64, client: &str, files: &[(&str, u32)], rng: &mut Rng) -> Visit {
    let (path, size) = files[rng.usize(..files.len())];
    let status = if chance(rng, 0.3) { 304 } else { 200 };
    Visit {
        at_ms,
        client: client.to_owned(),
        agent: AGENTS[rng.usize(..6)],
        request: format!("GET {path} HTTP/1.1").into_bytes(),
        referrer: b"-".to_vec(),
        status,
        bytes: if status == 304 { 0 } else { size },
        app: false,
    }
}

/// The load balancer's check is answered by nginx itself, which is why nobody was told.
fn balancer(visits: &mut Vec<Visit>) {
    let mut at_ms = BEGIN_MS + 10_200;
    while at_ms < END_MS {
        visits.push(Visit {
            at_ms,
            client: "192.0.2.254".to_owned(),
            agent: BALANCER,
            request: b"GET /health HTTP/1.1".to_vec(),
            referrer: b"-".to_vec(),
            status: 200,
            bytes: 3,
            app: false,
        });
        at_ms += 30_000;
    }
}

/// A site of files only, which scanners visit as they visit every site.
pub(super) fn corp(rng: &mut Rng) -> Vec<Visit> {
    const PAGES: [(&str, u32); 5] = [
        ("/", 14_220),
        ("/company", 9_114),
        ("/news/2022-11", 7_730),
        ("/static/site.css", 20_118),
        ("/favicon.ico", 1_150),
    ];
    let clients = crowd(rng, 90);
    let mut visits = Vec::new();
    poisson(rng, BEGIN_MS, 0.022, |at_ms, rng| {
        let client = &clients[rng.usize(..clients.len())];
        let mut visit = file(at_ms, client, &PAGES, rng);
        if chance(rng, 0.03) {
            visit.request = scanned(rng);
            (visit.status, visit.bytes) = (404, 153);
        }
        visits.push(visit);
    });
    // One bot asks for everything within four minutes, well before the incident.
    let scan = ZONE.at(DAY, 10, 31, 0);
    for _ in 0..230 {
        visits.push(Visit {
            at_ms: scan + rng.i64(0..240_000),
            client: "198.51.100.254".to_owned(),
            agent: "Mozilla/5.0 zgrab/0.x",
            request: scanned(rng),
            referrer: b"-".to_vec(),
            status: if chance(rng, 0.1) { 403 } else { 404 },
            bytes: 153,
            app: false,
        });
    }
    settle(visits)
}

fn scanned(rng: &mut Rng) -> Vec<u8> {
    let path = SCANNED[rng.usize(..SCANNED.len())];
    format!("GET {path}?v={} HTTP/1.1", rng.u32(..900)).into_bytes()
}

/// An interface for partners whose own unit is enabled: it fails now and then, before and after.
pub(super) fn partner(rng: &mut Rng) -> Vec<Visit> {
    const CALLS: [(&str, u32); 4] =
        [("/v1/policies", 1_840), ("/v1/policies/status", 220), ("/v1/claims", 960), ("/v1/ping", 2)];
    let clients = crowd(rng, 6);
    let mut visits = Vec::new();
    poisson(rng, BEGIN_MS, 0.03, |at_ms, rng| {
        let client = &clients[rng.usize(..clients.len())];
        let mut visit = file(at_ms, client, &CALLS, rng);
        visit.agent = "partner-batch/1.9";
        visit.status = match rng.u16(..1_000) {
            0..12 => 500,
            12..15 => 503,
            15..30 => 401,
            _ => 200,
        };
        visit.bytes = if visit.status == 200 { visit.bytes } else { 64 };
        visits.push(visit);
    });
    // Its application needs some seconds after the reboot; no partner happened to call.
    visits.retain(|v| !(DOWN_MS..FIRST_BAD_MS + 9_000).contains(&v.at_ms));
    settle(visits)
}

fn settle(mut visits: Vec<Visit>) -> Vec<Visit> {
    visits.retain(|v| !(DOWN_MS..NGINX_MS + 700).contains(&v.at_ms));
    visits.sort_by_key(|v| v.at_ms);
    visits
}

/// A Poisson process over the whole time; `rate` is that of the forenoon, in requests a second.
fn poisson(rng: &mut Rng, begin_ms: i64, rate: f64, mut emit: impl FnMut(i64, &mut Rng)) {
    let mut at = begin_ms as f64;
    loop {
        at += exponential(rng, 1_000.0 / rate);
        let at_ms = at as i64;
        if at_ms >= END_MS {
            return;
        }
        let hour = ZONE.civil(at_ms).hour;
        let keep = match hour {
            0..7 => 0.06,
            7 | 22 | 23 => 0.25,
            8 | 18..22 => 0.5,
            _ => 1.0,
        };
        // Traffic of the eve is thinner, so that the example stays small.
        let eve = if at_ms < END_MS - 14 * HOUR_MS { 0.6 } else { 1.0 };
        if chance(rng, keep * eve) {
            emit(at_ms, rng);
        }
    }
}
