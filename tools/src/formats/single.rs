//! A folder with one site's log in one format: two files, the older one packed.

use super::Set;
use super::dialect::{self, Dialect};
use super::injury::{self, Injury, Piece};
use super::json_lines;
use super::packing::Packing;
use super::request::{Outcome, Request, Site};
use super::traffic::Story;
use super::truth::Truth;
use crate::clock::Zone;
use anyhow::Result;
use fastrand::Rng;

/// The set of a format. Equal arguments give equal bytes.
pub fn single(dialect: &Dialect, seed: u64, damaged: bool) -> Result<Set> {
    let mut rng = Rng::with_seed(seed ^ 0xf0_4a75 ^ u64::from(damaged) << 60);
    let story = Story::draw(&mut rng);
    let zone = Zone::minutes([540, 0, -300, 330][rng.usize(..4)]);
    let site =
        Site { name: "shop", host: "shop.example.test", upstream: "10.0.3.7:8080", zone, failing: dialect.failing };
    let mut requests = story.requests(1_000.0, true, &mut rng);
    if dialect.no_number {
        without_number(&mut requests, &story, &mut rng);
    }
    let place = dialect::ALL.iter().position(|other| other.name == dialect.name).unwrap_or_default();
    let packing = Packing::nth(place + seed as usize);
    let mut truth = Truth::new(dialect.name, seed);
    if dialect.zoneless {
        truth.arguments = vec!["--tz".to_owned(), offset(zone)];
    }
    let middle = requests.len() / 3;
    let older = lines(dialect, &site, &story, &requests[..middle], damaged, &mut truth, &mut rng);
    let newer = lines(dialect, &site, &story, &requests[middle..], damaged, &mut truth, &mut rng);
    let name = dialect.file.replace("{}", site.name);
    let mut files = vec![(format!("{name}.1{}", packing.ending()), packing.pack(older)?), (name, newer)];
    files.extend((dialect.beside)(&site));
    Ok(Set { files, truth })
}

/// The lines of these requests, damaged or not; what they tell is added to the truth.
pub(super) fn lines(
    dialect: &Dialect,
    site: &Site,
    story: &Story,
    requests: &[Request],
    damaged: bool,
    truth: &mut Truth,
    rng: &mut Rng,
) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        // The last line of a file has no next one to be glued to; and a line that others were glued to begins as it should,
        // for behind a cut line an empty one is but that line's end.
        let glued_to = !out.is_empty() && !out.ends_with(b"\n");
        let injury = match damaged && !glued_to && index + 1 < requests.len() {
            true => injury::draw(dialect.bracketed, rng),
            false => Injury::Whole,
        };
        let Piece { bytes, fates, told } = injury.inflict(&dialect.line(request, site), rng);
        out.extend_from_slice(&bytes);
        truth.count(&Piece { bytes: Vec::new(), fates, told });
        if told {
            truth.tell(request.at_ms, request.status(site));
            truth.turn(story, request.at_ms, request.answered());
        }
        let glued = !bytes.ends_with(b"\n");
        if dialect.name.starts_with("caddy") && !request.answered() && !glued {
            let mut draft = super::draft::Draft {
                bytes: json_lines::caddy_error(request, site).into_bytes(),
                ..Default::default()
            };
            dialect.envelope.wrap(request.at_ms, site.name, &mut draft);
            out.extend_from_slice(&draft.bytes);
            out.push(b'\n');
            truth.aside();
        }
    }
    out
}

/// Some answers in good times were no HTTP: nginx writes the status of these as `009`.
fn without_number(requests: &mut [Request], story: &Story, rng: &mut Rng) {
    let good: Vec<usize> = (0..requests.len()).filter(|&i| requests[i].at_ms > story.up_ms + 60_000).collect();
    for _ in 0..3 {
        let index = good[rng.usize(..good.len())];
        requests[index].outcome = Outcome::Answered(9);
    }
}

/// `+09:00`, as an argument.
pub(super) fn offset(zone: Zone) -> String {
    zone.rfc3339(0)[23..].to_owned()
}
