//! One folder with the logs of many servers: other formats, zones and packings, one application behind most of them.

use super::Set;
use super::dialect;
use super::packing::Packing;
use super::request::Site;
use super::single::{lines, offset};
use super::traffic::Story;
use super::truth::Truth;
use crate::clock::Zone;
use crate::error_log::{Failure, UpstreamError};
use anyhow::{Context as _, Result};
use fastrand::Rng;

const UPSTREAM: &str = "10.0.3.7:8080";
const KOREA: Zone = Zone::minutes(540);

/// Folder, format, vhost, zone in minutes, and whether it needs the application that goes down.
const SERVERS: [(&str, &str, &str, &str, i32, bool); 12] = [
    ("nginx", "nginx-upstream", "shop", "shop.example.test", 540, true),
    ("nginx-json", "nginx-json", "pay", "pay.example.test", 0, true),
    ("caddy", "caddy", "docs", "docs.example.test", 0, true),
    ("traefik", "traefik-json", "api", "api.example.test", 0, true),
    ("traefik-old", "traefik-clf", "legacy", "legacy.example.test", 330, true),
    ("haproxy", "haproxy", "edge", "edge.example.test", 540, true),
    ("alb", "aws-alb", "app", "app.example.test", 0, true),
    ("apache", "apache-logformat", "intra", "intra.example.test", -300, true),
    ("docker", "combined-docker", "blog", "blog.example.test", 0, true),
    ("uvicorn", "uvicorn-docker", "tasks", "tasks.example.test", 0, false),
    ("gunicorn", "gunicorn", "mail", "mail.example.test", 60, false),
    ("node", "json-lines", "chat", "chat.example.test", 0, false),
];

/// The mixed folder. Equal seeds give equal bytes.
pub fn mixed(seed: u64, damaged: bool) -> Result<Set> {
    let mut rng = Rng::with_seed(seed ^ 0x0111_c5ed);
    let story = Story::draw(&mut rng);
    let mut truth = Truth::new("mixed", seed);
    truth.arguments = vec!["--tz".to_owned(), offset(KOREA)];
    truth.upstream = Some(UPSTREAM);
    let mut files = Vec::new();
    for (index, (folder, format, name, host, zone, fails)) in SERVERS.into_iter().enumerate() {
        let dialect = dialect::by_name(format).with_context(|| format!("no format {format}"))?;
        let zone = Zone::minutes(zone);
        let site = Site {
            name,
            host,
            upstream: if fails { UPSTREAM } else { "10.0.3.9:3000" },
            zone,
            failing: dialect.failing,
        };
        let requests = story.requests(4_000.0, fails, &mut rng);
        let mut told = Truth::new(format, seed);
        let log = lines(dialect, &site, &story, &requests, damaged, &mut told, &mut rng);
        if !fails {
            // Its good requests say nothing of the outage.
            (told.onset_ms, told.last_good_ms) = (i64::MAX, i64::MIN);
        }
        truth.merge(&told);
        let packing = Packing::nth(index);
        let file = dialect.file.replace("{}", name);
        files.push((format!("{folder}/{file}{}", packing.ending()), packing.pack(log)?));
        files.extend((dialect.beside)(&site).into_iter().map(|(path, bytes)| (format!("{folder}/{path}"), bytes)));
        if format == "nginx-upstream" {
            let mut errors = Vec::new();
            for request in requests.iter().filter(|request| !request.answered()) {
                UpstreamError {
                    at_ms: request.at_ms,
                    pid: 31,
                    connection: request.serial,
                    failure: Failure::Refused,
                    client: &request.client,
                    server: host,
                    request: request.line().as_bytes(),
                    upstream: UPSTREAM,
                    host,
                    referrer: None,
                }
                .write(zone, &mut errors);
                truth.aside();
            }
            files.push((format!("{folder}/{name}-error.log"), errors));
        }
    }
    Ok(Set { files, truth })
}
