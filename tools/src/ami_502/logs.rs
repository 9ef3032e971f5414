//! Writes the example's log files: rotation with overlaps, the excerpt, the error log.
//! What was asked and answered comes from `traffic`; here it is only spelled and cut.

use super::damage::{Mangled, headless, mangle};
use super::traffic::{BALANCER, Visit};
use super::{DAY, DOWN_MS, EVE, NGINX_MS, NOTICED_MS, STORY_BAD_MS, STORY_GOOD_MS, ZONE};
use crate::access::{Format, Line};
use crate::clock::MINUTE_MS;
use crate::error_log::{Failure, UpstreamError, write_plain};
use crate::rotate::gzip;
use crate::sample::chance;
use anyhow::Result;
use fastrand::Rng;

/// nginx cuts an error-log line after this many bytes (`NGX_MAX_ERROR_STR`).
const LONGEST_ERROR: usize = 2_048;
/// When access and error log were rotated for the last time before the team looked.
const ROTATED_MS: i64 = ZONE.at(DAY, 11, 16, 0);
const INSU: &str = "toggle-driver-insu-prod-access.log";

fn spell(visit: &Visit) -> Vec<u8> {
    let mut out = Vec::new();
    Line {
        client: &visit.client,
        at_ms: visit.at_ms,
        request: &visit.request,
        status: visit.status,
        bytes: u64::from(visit.bytes),
        referrer: &visit.referrer,
        agent: visit.agent.as_bytes(),
        host: "",
        request_ms: 0,
        tries: &[],
    }
    .write(Format::Combined, ZONE, &mut out);
    out
}

fn between(visits: &[Visit], from_ms: i64, to_ms: i64) -> &[Visit] {
    let at = |ms| visits.partition_point(|v| v.at_ms < ms);
    &visits[at(from_ms)..at(to_ms)]
}

fn text(visits: &[Visit]) -> Vec<u8> {
    visits.iter().flat_map(spell).collect()
}

/// The insurance site's access logs. Neighbouring files overlap, as `copytruncate` makes them.
pub(super) fn insu(visits: &[Visit]) -> Result<Vec<(String, Vec<u8>)>> {
    let oldest = between(visits, i64::MIN, ZONE.at(EVE, 20, 3, 0));
    let older = between(visits, ZONE.at(EVE, 20, 0, 0), ZONE.at(DAY, 9, 42, 0));
    let before = between(visits, ZONE.at(DAY, 9, 30, 0), ROTATED_MS);
    let current = between(visits, ROTATED_MS, i64::MAX);
    // Somebody once looked at this one through a terminal that spoke UTF-8 by then.
    let seen = ZONE.at(DAY, 8, 40, 0)..ZONE.at(DAY, 8, 55, 0);
    let older: Vec<u8> = older
        .iter()
        .flat_map(|visit| {
            let line = spell(visit);
            if seen.contains(&visit.at_ms) { mangle(&line, Mangled::Utf8) } else { line }
        })
        .collect();
    Ok(vec![
        (INSU.to_owned(), text(current)),
        (format!("{INSU}.1"), text(before)),
        (format!("{INSU}.2.gz"), gzip(&older)?),
        (format!("{INSU}.3.gz"), gzip(&text(oldest))?),
        (format!("{INSU}.excerpt"), excerpt(visits)),
    ])
}

/// What the team copied out of its terminal: the two lines of the story and some that followed.
/// All of them also stand in the full logs; the first one has lost its beginning.
fn excerpt(visits: &[Visit]) -> Vec<u8> {
    let copied = |visit: &&Visit| {
        let good = visit.at_ms / 1_000 * 1_000 == STORY_GOOD_MS;
        let bad = (STORY_BAD_MS..STORY_BAD_MS + MINUTE_MS).contains(&visit.at_ms);
        let noticed = (NOTICED_MS..NOTICED_MS + 30_000).contains(&visit.at_ms);
        visit.app && (good || bad || noticed)
    };
    let mut out = Vec::new();
    for visit in visits.iter().filter(copied) {
        let line = spell(visit);
        let kept = if out.is_empty() { headless(&line) } else { &line };
        out.extend(mangle(kept, Mangled::Latin1));
    }
    out
}

/// The insurance site's error logs: a refused connection for each 502, and noise.
pub(super) fn errors(visits: &[Visit], rng: &mut Rng) -> Vec<(String, Vec<u8>)> {
    const BASE: &str = "toggle-driver-insu-prod-error.log";
    let mut older = Vec::new();
    let mut current = Vec::new();
    let mut stopped = false;
    let mut connection = 4_180_000;
    for visit in between(visits, ZONE.at(DAY, 0, 0, 0), i64::MAX) {
        if !stopped && visit.at_ms >= DOWN_MS {
            stopped = true;
            connection = 0;
            restart(&mut older);
        }
        connection += rng.u64(1..4);
        let out = if visit.at_ms < ROTATED_MS { &mut older } else { &mut current };
        if visit.status == 502 {
            refused(visit, connection, out);
        } else if visit.agent != BALANCER && chance(rng, 0.008) {
            noise(visit, connection, rng, out);
        }
    }
    vec![(BASE.to_owned(), current), (format!("{BASE}.1"), older)]
}

fn worker(at_ms: i64) -> u32 {
    if at_ms < DOWN_MS { 1_187 } else { 713 }
}

fn refused(visit: &Visit, connection: u64, out: &mut Vec<u8>) {
    let mut line = Vec::new();
    UpstreamError {
        at_ms: visit.at_ms,
        pid: worker(visit.at_ms),
        connection,
        failure: Failure::Refused,
        client: &visit.client,
        server: "toggle-driver-insu.example",
        request: &visit.request,
        upstream: "127.0.0.1:8080",
        host: "toggle-driver-insu.example",
        referrer: (visit.referrer != b"-").then_some(&visit.referrer[..]),
    }
    .write(ZONE, &mut line);
    if line.len() > LONGEST_ERROR {
        line.truncate(LONGEST_ERROR - 1);
        line.push(b'\n');
    }
    out.extend_from_slice(&line);
}

fn noise(visit: &Visit, connection: u64, rng: &mut Rng, out: &mut Vec<u8>) {
    let client = &visit.client;
    let server = "toggle-driver-insu.example";
    let (level, message) = match rng.u8(..3) {
        0 => (
            "error",
            format!(
                "*{connection} open() \"/srv/www/insu/apple-touch-icon.png\" failed (2: No such file \
                 or directory), client: {client}, server: {server}, request: \
                 \"GET /apple-touch-icon.png HTTP/1.1\", host: \"{server}\""
            ),
        ),
        1 => (
            "warn",
            format!(
                "*{connection} an upstream response is buffered to a temporary file \
                 /var/lib/nginx/proxy/{}/01/{:010} while reading upstream, client: {client}, server: \
                 {server}, request: \"GET /join/agree HTTP/1.1\", upstream: \
                 \"http://127.0.0.1:8080/join/agree\", host: \"{server}\"",
                connection % 10,
                connection % 100_000
            ),
        ),
        _ => ("info", format!("*{connection} client {client} closed keepalive connection")),
    };
    // With no application running there is no response to buffer.
    if level == "warn" && visit.at_ms >= DOWN_MS {
        return;
    }
    let pid = worker(visit.at_ms);
    write_plain(ZONE, visit.at_ms, level, pid, &message, out);
}

/// nginx says that it goes and that it is back.
fn restart(out: &mut Vec<u8>) {
    for (at_ms, pid, message) in [
        (DOWN_MS + 200, 1_186, "signal 15 (SIGTERM) received from 1, exiting"),
        (DOWN_MS + 210, 1_187, "exiting"),
        (DOWN_MS + 215, 1_187, "exit"),
        (DOWN_MS + 260, 1_186, "exit"),
        (NGINX_MS + 110, 712, "using the \"epoll\" event method"),
        (NGINX_MS + 110, 712, "nginx/1.22.1"),
        (NGINX_MS + 120, 712, "start worker processes"),
        (NGINX_MS + 121, 712, "start worker process 713"),
    ] {
        write_plain(ZONE, at_ms, "notice", pid, message, out);
    }
}

/// The healthy vhost of files.
pub(super) fn corp(visits: &[Visit]) -> Result<Vec<(String, Vec<u8>)>> {
    let midnight = ZONE.at(DAY, 0, 0, 0);
    let older = text(between(visits, i64::MIN, midnight));
    let current = text(between(visits, midnight, i64::MAX));
    Ok(vec![
        ("corp-site-prod-access.log".to_owned(), current),
        ("corp-site-prod-access.log.1.gz".to_owned(), gzip(&older)?),
    ])
}

/// The vhost that fails now and then.
pub(super) fn partner(visits: &[Visit]) -> (String, Vec<u8>) {
    ("partner-api-prod-access.log".to_owned(), text(visits))
}
