//! A large rotated set for measuring speed: fifteen files, thirteen of them gzip, one outage.
//! Lines are made fast rather than lifelike; onset accuracy is measured with `scenario` instead.

use crate::access::Format;
use crate::clock::{DAY_MS, Zone, append};
use crate::rotate;
use crate::sample::{Weighted, chance, opaque};
use crate::visitors::{AGENTS, crowd};
use anyhow::{Context as _, Result};
use fastrand::Rng;
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Files of the set; the two youngest are plain.
const FILES: usize = 15;
const PLAIN: usize = 2;
const DAYS: i64 = 6;
const ZONE: Zone = Zone::minutes(540);
const BEGIN_MS: i64 = ZONE.at((2022, 11, 11), 0, 0, 0);
/// The outage, as shares of all lines: about an hour of six days, in the evening.
const OUTAGE: (f64, f64) = (0.640, 0.645_6);
/// How strongly traffic swings over a day.
const SWING: f64 = 0.45;

/// The share of requests, and of referrers, that carry a long encrypted parameter.
const ENCRYPTED: f64 = 0.16;

/// First path segments (the empty one is the front page); those of `/static` and `/img` never reach the application.
const SEGMENTS: [&str; 36] = [
    "api",
    "static",
    "img",
    "join",
    "quote",
    "login",
    "mypage",
    "search",
    "cart",
    "orders",
    "payment",
    "event",
    "notice",
    "faq",
    "company",
    "terms",
    "privacy",
    "health",
    "sitemap",
    "robots.txt",
    "favicon.ico",
    "assets",
    "fonts",
    "download",
    "admin",
    "partner",
    "policy",
    "claim",
    "car",
    "driver",
    "contract",
    "coupon",
    "point",
    "review",
    "",
    "logout",
];
/// Segments that nginx serves itself.
const SERVED: [&str; 9] =
    ["static", "img", "health", "sitemap", "robots.txt", "favicon.ico", "assets", "fonts", "download"];

/// What was written.
#[derive(Clone, Debug, Default)]
struct Tally {
    lines: u64,
    bytes: u64,
    by_status: BTreeMap<u16, u64>,
    last_good: Option<(i64, u64)>,
    first_bad: Option<(i64, u64)>,
    recovered: Option<(i64, u64)>,
}

/// Writes the set into `out` and returns its truth.
pub fn write(out: &Path, bytes: u64, seed: u64) -> Result<Value> {
    fs::create_dir_all(out).with_context(|| format!("create {}", out.display()))?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, (String, Tally)>> = Mutex::new(BTreeMap::new());
    let part = bytes / FILES as u64;
    let work = || -> Result<()> {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= FILES {
                return Ok(());
            }
            let age = FILES - 1 - index;
            let packed = age >= PLAIN;
            let number = rotate::Naming::Number;
            let name = rotate::name("shop-access.log", number, age, 0, ZONE, packed);
            let tally =
                write_file(&out.join(&name), index, packed, part, seed).with_context(|| format!("write {name}"))?;
            // A thread that panicked has not touched the map; what is in it still holds.
            done.lock().unwrap_or_else(PoisonError::into_inner).insert(index, (name, tally));
        }
    };
    std::thread::scope(|scope| -> Result<()> {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for handle in handles {
            match handle.join() {
                Ok(outcome) => outcome?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })?;
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(truth(seed, done.into_values().collect()))
}

fn truth(seed: u64, files: Vec<(String, Tally)>) -> Value {
    let mut by_status: BTreeMap<String, u64> = BTreeMap::new();
    let mut edges = serde_json::Map::new();
    let (mut lines, mut bytes) = (0, 0);
    // Oldest first: the last good line is the last one written before the first bad one.
    for (name, tally) in &files {
        lines += tally.lines;
        bytes += tally.bytes;
        for (status, count) in &tally.by_status {
            *by_status.entry(format!("{status:03}")).or_default() += count;
        }
        let at = |edge: (i64, u64)| json!({"at": ZONE.rfc3339(edge.0), "ref": format!("{name}:{}", edge.1)});
        if let Some(edge) = tally.last_good {
            edges.insert("last_good".to_owned(), at(edge));
        }
        for (key, edge) in [("first_bad", tally.first_bad), ("recovered", tally.recovered)] {
            if let Some(edge) = edge {
                edges.entry(key).or_insert_with(|| at(edge));
            }
        }
    }
    json!({
        "schema": "lastgood-tools.big/1",
        "seed": seed,
        "format": Format::Combined.name(),
        "files": files.len(),
        "lines": lines,
        "bytes": bytes,
        "by_status": by_status,
        "incident": edges,
    })
}

fn write_file(path: &Path, index: usize, packed: bool, bytes: u64, seed: u64) -> Result<Tally> {
    let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut rng = Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(index as u64));
    let tally = if packed {
        let mut encoder = GzBuilder::new().mtime(0).write(file, Compression::new(6));
        let tally = lines(index, bytes, &mut rng, &mut encoder)?;
        encoder.finish()?.flush()?;
        tally
    } else {
        let mut file = file;
        let tally = lines(index, bytes, &mut rng, &mut file)?;
        file.flush()?;
        tally
    };
    Ok(tally)
}

/// Lines until the file is full; time follows from how full it is.
fn lines(index: usize, bytes: u64, rng: &mut Rng, out: &mut impl Write) -> Result<Tally> {
    // Every file draws the same crowd, so that a client returns the next day.
    let clients = crowd(&mut Rng::with_seed(1), 700);
    let segment = Weighted::zipf(SEGMENTS.len(), 0.85);
    let served: Vec<bool> = SEGMENTS.iter().map(|s| SERVED.contains(s)).collect();
    let mut tally = Tally::default();
    let mut stamp = (i64::MIN, Vec::with_capacity(32));
    let mut line = Vec::with_capacity(2_048);
    while tally.bytes < bytes {
        let share = (index as f64 + tally.bytes as f64 / bytes as f64) / FILES as f64;
        let at_ms = instant(share);
        if at_ms.div_euclid(1_000) != stamp.0 {
            stamp.0 = at_ms.div_euclid(1_000);
            stamp.1.clear();
            ZONE.write_clf(at_ms, &mut stamp.1);
        }
        let which = segment.pick(rng);
        let failing = !served[which] && (OUTAGE.0..OUTAGE.1).contains(&share);
        let status = status(failing, rng);
        line.clear();
        spell(&clients, &stamp.1, which, status, rng, &mut line);
        out.write_all(&line)?;
        tally.lines += 1;
        tally.bytes += line.len() as u64;
        *tally.by_status.entry(status).or_default() += 1;
        if !served[which] {
            let here = Some((at_ms, tally.lines));
            if share < OUTAGE.0 && status < 500 {
                tally.last_good = here;
            } else if failing {
                tally.first_bad = tally.first_bad.or(here);
            } else if share >= OUTAGE.1 && status < 500 {
                tally.recovered = tally.recovered.or(here);
            }
        }
    }
    Ok(tally)
}

/// The instant at a share of all lines: days are busy by day and quiet by night.
fn instant(share: f64) -> i64 {
    let cycles = DAYS as f64 * std::f64::consts::TAU;
    let warped = share + SWING / cycles * (cycles * share).sin();
    BEGIN_MS + (warped * (DAYS * DAY_MS) as f64) as i64
}

fn status(failing: bool, rng: &mut Rng) -> u16 {
    if failing {
        return 502;
    }
    match rng.u16(..10_000) {
        0..6 => 500,
        6..8 => 502,
        8..10 => 504,
        10..160 => 404,
        160..170 => 499,
        170..400 => 302,
        400..2_400 => 304,
        _ => 200,
    }
}

fn spell(clients: &[String], stamp: &[u8], segment: usize, status: u16, rng: &mut Rng, out: &mut Vec<u8>) {
    out.extend_from_slice(clients[rng.usize(..clients.len())].as_bytes());
    out.extend_from_slice(b" - - [");
    out.extend_from_slice(stamp);
    out.extend_from_slice(if rng.u8(..8) == 0 { b"] \"POST /" } else { b"] \"GET /" });
    if !SEGMENTS[segment].is_empty() {
        out.extend_from_slice(SEGMENTS[segment].as_bytes());
        append(out, format_args!("/{}", rng.u32(1..4_000)));
    }
    if chance(rng, ENCRYPTED) {
        parameter(b"?enc=", rng, out);
    }
    let size = if status == 304 { 0 } else { rng.u32(100..90_000) };
    append(out, format_args!(" HTTP/1.1\" {status} {size} \"https://shop.example.test/"));
    if chance(rng, ENCRYPTED) {
        parameter(b"join?enc=", rng, out);
    }
    out.extend_from_slice(b"\" \"");
    out.extend_from_slice(AGENTS[rng.usize(..AGENTS.len())].as_bytes());
    out.extend_from_slice(b"\"\n");
}

fn parameter(name: &[u8], rng: &mut Rng, out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    let length = rng.usize(600..=1_000);
    opaque(rng, length, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn a_small_one_has_the_shape_of_the_big_one() {
        let folder = tempfile::tempdir().unwrap();
        let truth = write(folder.path(), 6_000_000, 3).unwrap();
        let again = tempfile::tempdir().unwrap();
        assert_eq!(write(again.path(), 6_000_000, 3).unwrap(), truth);
        let mut lines = 0;
        let mut failed = 0;
        let mut packed = 0;
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let other = again.path().join(path.file_name().unwrap());
            assert!(bytes == fs::read(other).unwrap(), "{} differs", path.display());
            let mut text = String::new();
            if path.extension().is_some_and(|e| e == "gz") {
                packed += 1;
                flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
            } else {
                text = String::from_utf8(bytes).unwrap();
            }
            lines += text.lines().count() as u64;
            failed += text.lines().filter(|l| l.contains("\" 502 ")).count() as u64;
        }
        assert_eq!(packed, 13);
        assert_eq!(truth["lines"], lines);
        assert_eq!(truth["by_status"]["502"], failed);
        let mean = 6_000_000 / lines;
        assert!((380..480).contains(&mean), "{mean} bytes a line");
        assert!(truth["incident"]["first_bad"]["ref"].is_string());
    }

    #[test]
    fn time_never_runs_backwards() {
        let mut before = i64::MIN;
        for step in 0..=10_000 {
            let at = instant(f64::from(step) / 10_000.0);
            assert!(at >= before);
            before = at;
        }
        assert_eq!(before, BEGIN_MS + DAYS * DAY_MS);
    }
}
