//! Logs that tell of no request and still belong to the story: error logs of proxies, the journal in its four text forms, what the kernel says.
//! Each stands in a folder beside a combined access log; what it says is an aside of the truth, what is damaged is not.

use super::dialect;
use super::draft::Draft;
use super::injury::{Injury, Piece};
use super::request::{Request, Site};
use super::single::{lines, offset};
use super::traffic::Story;
use super::truth::Truth;
use super::{Set, nginx};
use crate::clock::{MINUTE_MS, Zone};
use crate::error_log::{Failure, UpstreamError, write_plain};
use crate::sample::exponential;
use anyhow::{Context as _, Result};
use fastrand::Rng;
use serde_json::json;

/// A log of that kind.
#[derive(Clone, Copy, Debug)]
pub struct Witness {
    /// The folder's name.
    pub name: &'static str,
    /// The file's name.
    pub file: &'static str,
    write: fn(&Entry, Zone) -> Vec<u8>,
    /// Whether it tells of requests that failed, or of the service that was gone.
    of_requests: bool,
}

/// All of them.
pub const ALL: [Witness; 8] = [
    Witness { name: "nginx-error", file: "shop-error.log", write: nginx_error, of_requests: true },
    Witness { name: "apache-error", file: "shop-error.log", write: apache_error, of_requests: true },
    Witness { name: "journal-json", file: "journal.json", write: journal_json, of_requests: false },
    Witness { name: "journal-short-iso", file: "journal.txt", write: short_iso, of_requests: false },
    Witness { name: "journal-short-precise", file: "journal.txt", write: short_precise, of_requests: false },
    Witness { name: "syslog", file: "syslog", write: syslog, of_requests: false },
    Witness { name: "dmesg-iso", file: "dmesg.txt", write: dmesg_iso, of_requests: false },
    Witness { name: "dmesg-human", file: "dmesg.txt", write: dmesg_human, of_requests: false },
];

/// What one line says.
struct Entry<'a> {
    at_ms: i64,
    what: What<'a>,
}

enum What<'a> {
    /// The request failed; the host is the second.
    Refused(&'a Request, &'a Site),
    /// Somebody said something: identifier, process, text, and the unit that systemd spoke of.
    Said(&'static str, u32, String, Option<&'static str>),
}

const UNIT: &str = "shop-app.service";

/// The folder of a witness. Equal arguments give equal bytes.
pub fn witness(kind: &Witness, seed: u64, damaged: bool) -> Result<Set> {
    let mut rng = Rng::with_seed(seed ^ 0x3175_e55e ^ u64::from(damaged) << 60);
    let story = Story::draw(&mut rng);
    let zone = Zone::minutes([540, 0, -300, 330][rng.usize(..4)]);
    let upstream = "127.0.0.1:8080";
    let site = Site { name: "shop", host: "shop.example.test", upstream, zone, failing: 502 };
    let requests = story.requests(1_000.0, true, &mut rng);
    let mut truth = Truth::new(kind.name, seed);
    truth.arguments = vec!["--tz".to_owned(), offset(zone)];
    if kind.name == "nginx-error" {
        truth.upstream = Some(upstream);
    }
    let access = dialect::by_name("combined").context("the format combined")?;
    let log = lines(access, &site, &story, &requests, damaged, &mut truth, &mut rng);
    let mut entries = match kind.of_requests {
        true => failures(&requests, &site),
        false => service(&story),
    };
    entries.extend(noise(&story, kind.of_requests, &mut rng));
    entries.sort_by_key(|entry| entry.at_ms);
    let mut said = Vec::new();
    for entry in &entries {
        let line = (kind.write)(entry, zone);
        let injury = if damaged { draw(&mut rng) } else { Injury::Whole };
        let piece = injury.inflict(&Draft { bytes: line, ..Draft::default() }, &mut rng);
        said.extend_from_slice(&piece.bytes);
        // Whether a line that says nothing of interest is read is the reader's affair, that it is not lost is not.
        let rest = piece.fates[..piece.fates.len() - 1].to_vec();
        truth.count(&Piece { bytes: Vec::new(), fates: rest, told: true });
        truth.aside();
    }
    let mut files = vec![("shop-access.log".to_owned(), log), (kind.file.to_owned(), said)];
    if kind.name == "nginx-error" {
        files.extend(nginx::configuration(&site));
    }
    Ok(Set { files, truth })
}

/// Damage that leaves no doubt of what such a line says.
fn draw(rng: &mut Rng) -> Injury {
    [Injury::Nul, Injury::Crlf, Injury::Blank, Injury::Garbage].get(rng.usize(..80)).copied().unwrap_or(Injury::Whole)
}

fn failures<'a>(requests: &'a [Request], site: &'a Site) -> Vec<Entry<'a>> {
    let refused = requests.iter().filter(|request| !request.answered());
    refused.map(|request| Entry { at_ms: request.at_ms, what: What::Refused(request, site) }).collect()
}

/// systemd stops the application and starts it again.
fn service(story: &Story) -> Vec<Entry<'static>> {
    let said = |at_ms, text: &str| {
        let text = text.replace("{}", "shop-app.service - Shop application");
        Entry { at_ms, what: What::Said("systemd", 1, text, Some(UNIT)) }
    };
    vec![
        said(story.down_ms - 40, "Stopping {}..."),
        said(story.down_ms - 20, "shop-app.service: Deactivated successfully."),
        said(story.down_ms - 10, "Stopped {}."),
        said(story.up_ms - 500, "Starting {}..."),
        said(story.up_ms - 20, "Started {}."),
    ]
}

fn noise(story: &Story, of_requests: bool, rng: &mut Rng) -> Vec<Entry<'static>> {
    let mut entries = Vec::new();
    let mut at_ms = story.begin_ms;
    loop {
        at_ms += 1 + exponential(rng, MINUTE_MS as f64 / 4.0) as i64;
        if at_ms >= story.end_ms {
            return entries;
        }
        let pid = rng.u32(400..32_000);
        let (tag, pid, text) = match (of_requests, rng.u8(..4)) {
            (true, _) => ("worker", pid, "signal process started".to_owned()),
            (_, 0) => ("CRON", pid, "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)".to_owned()),
            (_, 1) => ("sshd", pid, format!("Connection closed by 203.0.113.{} port 51022 [preauth]", rng.u8(1..250))),
            (_, 2) => ("systemd", 1, "Finished logrotate.service - Rotate log files.".to_owned()),
            (_, _) => ("chronyd", 612, "Selected source 192.0.2.123 (ntp.example.test)".to_owned()),
        };
        entries.push(Entry { at_ms, what: What::Said(tag, pid, text, None) });
    }
}

fn nginx_error(entry: &Entry<'_>, zone: Zone) -> Vec<u8> {
    let mut out = Vec::new();
    match &entry.what {
        What::Refused(request, site) => UpstreamError {
            at_ms: entry.at_ms,
            pid: 31,
            connection: request.serial,
            failure: Failure::Refused,
            client: &request.client,
            server: site.host,
            request: request.line().as_bytes(),
            upstream: site.upstream,
            host: site.host,
            referrer: None,
        }
        .write(zone, &mut out),
        What::Said(_, pid, text, _) => write_plain(zone, entry.at_ms, "notice", *pid, text, &mut out),
    }
    out.pop();
    out
}

/// Apache 2.4: `[Thu Nov 12 20:13:05.412341 2026] [module:level] [pid N:tid N] [client A:P] text`.
fn apache_error(entry: &Entry<'_>, zone: Zone) -> Vec<u8> {
    let civil = zone.civil(entry.at_ms);
    let weekday = weekday(entry.at_ms, zone);
    let stamp = zone.syslog(entry.at_ms);
    // Unlike syslog, Apache pads the day with a zero.
    let time = format!("{weekday} {}.{:03}341 {}", stamp, entry.at_ms.rem_euclid(1_000), civil.year);
    let time = time.replacen("  ", " 0", 1);
    match &entry.what {
        What::Refused(request, site) => format!(
            "[{time}] [proxy:error] [pid 71:tid 140213] (111)Connection refused: AH00957: http: attempt to connect to \
             {} ({}) failed [client {}:{}]",
            site.upstream,
            site.upstream.split(':').next().unwrap_or_default(),
            request.client,
            request.port
        ),
        What::Said(_, pid, text, _) => format!("[{time}] [core:notice] [pid {pid}:tid 140213] AH00094: {text}"),
    }
    .into_bytes()
}

fn weekday(at_ms: i64, zone: Zone) -> &'static str {
    // 1970-01-01 was a Thursday.
    let days = (at_ms.div_euclid(1_000) + i64::from(zone.offset_s)).div_euclid(86_400);
    ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days.rem_euclid(7) as usize]
}

/// `dmesg --time-format iso`: `2026-11-12T20:13:05,412341+09:00 text`.
fn dmesg_iso(entry: &Entry<'_>, zone: Zone) -> Vec<u8> {
    let time = zone.rfc3339(entry.at_ms);
    kernel(&format!("{},{}341{}", &time[..19], &time[20..23], &time[23..]), entry)
}

/// `dmesg -T`: `[Thu Nov 12 20:13:05 2026] text`.
fn dmesg_human(entry: &Entry<'_>, zone: Zone) -> Vec<u8> {
    let (stamp, year) = (zone.syslog(entry.at_ms), zone.civil(entry.at_ms).year);
    kernel(&format!("[{} {stamp} {year}]", weekday(entry.at_ms, zone)), entry)
}

fn kernel(time: &str, entry: &Entry<'_>) -> Vec<u8> {
    match &entry.what {
        What::Said(tag, pid, text, _) => format!("{time} {tag}[{pid}]: {text}").into_bytes(),
        What::Refused(..) => Vec::new(),
    }
}

fn journal_json(entry: &Entry<'_>, _: Zone) -> Vec<u8> {
    let What::Said(tag, pid, text, unit) = &entry.what else {
        return Vec::new();
    };
    let micros = (entry.at_ms * 1_000).to_string();
    let mut object = json!({
        "__CURSOR": format!("s=0a1b;i={:x};b=39f53479;t={:x}", entry.at_ms, entry.at_ms * 1_000),
        "__REALTIME_TIMESTAMP": micros,
        "__MONOTONIC_TIMESTAMP": "81204011",
        "_BOOT_ID": "39f53479d3a045ac8e11786248231fbf",
        "_HOSTNAME": "web-1",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": tag,
        "_PID": pid.to_string(),
        "MESSAGE": text,
    });
    if let Some(unit) = unit {
        object["UNIT"] = json!(unit);
        object["_SYSTEMD_UNIT"] = json!("init.scope");
        let id = match text.split(' ').next() {
            Some("Stopping") => "de5b426a63be47a7b6ac3eaac82e2f6f",
            Some("Stopped") => "9d1aaa27d60140bd96365438aad20286",
            Some("Starting") => "7d4958e842da4a758f6c1cdc7b36dcc5",
            Some("Started") => "39f53479d3a045ac8e11786248231fbf",
            _ => "7ad2d189f7e94e70a38c781354912448",
        };
        object["MESSAGE_ID"] = json!(id);
    }
    object.to_string().into_bytes()
}

/// `2026-11-12T20:13:05+0900 host tag[pid]: text`.
fn short_iso(entry: &Entry<'_>, zone: Zone) -> Vec<u8> {
    let iso = zone.iso(entry.at_ms);
    text(&format!("{}{}", &iso[..22], &iso[23..]), entry)
}

/// `Nov 12 20:13:05.412341 host tag[pid]: text`.
fn short_precise(entry: &Entry<'_>, zone: Zone) -> Vec<u8> {
    let stamp = zone.syslog(entry.at_ms).replacen("  ", " 0", 1);
    text(&format!("{stamp}.{:03}341", entry.at_ms.rem_euclid(1_000)), entry)
}

fn syslog(entry: &Entry<'_>, zone: Zone) -> Vec<u8> {
    text(&zone.syslog(entry.at_ms), entry)
}

fn text(time: &str, entry: &Entry<'_>) -> Vec<u8> {
    match &entry.what {
        What::Said(tag, pid, text, _) => format!("{time} web-1 {tag}[{pid}]: {text}").into_bytes(),
        What::Refused(..) => Vec::new(),
    }
}
