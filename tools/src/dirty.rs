//! Dirty sets: rotated access logs damaged in every way the field reports, and the exact count
//! of what can still be read. There is no incident in them; they measure reading alone.

mod injury;
mod sheet;
mod truth;

pub use truth::{Count, DirtyTruth};

use crate::access::Format;
use crate::clock::Zone;
use crate::nginx_conf::{self, Vhost};
use crate::rotate::gzip;
use anyhow::{Context as _, Result};
use fastrand::Rng;
use injury::{Fate, Piece};
use sheet::Sheet;
use std::io::Read as _;

const ZONE: Zone = Zone::minutes(540);
const BASE: &str = "shop-access.log";
/// Lines that `copytruncate` left in two files.
const OVERLAP: usize = 300;

/// A damaged set and what is true of it.
#[derive(Clone, Debug)]
pub struct Dirty {
    /// Relative path and content of each file.
    pub files: Vec<(String, Vec<u8>)>,
    /// What a reader has to count.
    pub truth: DirtyTruth,
}

/// A damaged set in one format. Equal arguments give equal bytes.
pub fn generate(format: Format, seed: u64) -> Result<Dirty> {
    let mut rng = Rng::with_seed(seed ^ 0xd1f7_0000_0000_0000);
    let mut sheet = Sheet::new(format, ZONE);
    let mut truth = DirtyTruth::new(seed, format.name());
    let mut files = Vec::new();

    let fifth = sheet.damaged(3_000, &mut rng);
    let packed = gzip(&bytes(&fifth))?;
    add(&mut files, &mut truth, ".5.gz", packed, &fifth);

    let fourth = sheet.damaged(4_000, &mut rng);
    let (packed, kept) = truncated(&fourth)?;
    truth.truncated(&format!("{BASE}.4.gz"), &kept);
    add(&mut files, &mut truth, ".4.gz", packed, &kept);

    // Two members one after the other, as `cat a.gz b.gz` makes them; readers stop after one.
    let third = sheet.damaged(4_000, &mut rng);
    let (one, two) = third.split_at(1_700);
    let packed = [gzip(&bytes(one))?, gzip(&bytes(two))?].concat();
    add(&mut files, &mut truth, ".3.gz", packed, &third);

    let second = sheet.damaged(4_000, &mut rng);
    let packed = gzip(&bytes(&second))?;
    add(&mut files, &mut truth, ".2.gz", packed, &second);

    let mut first = sheet.damaged(4_000, &mut rng);
    let shared = sheet.clean(OVERLAP, &mut rng);
    first.extend_from_slice(&shared);
    add(&mut files, &mut truth, ".1", bytes(&first), &first);

    let mut current = shared.clone();
    current.extend(sheet.damaged(4_000, &mut rng));
    current.extend(sheet.clean(1, &mut rng));
    // nginx was writing while the file was copied: the last line has no newline.
    if let Some(last) = current.last_mut() {
        last.bytes.pop();
    }
    add(&mut files, &mut truth, "", bytes(&current), &current);

    truth.forget_duplicates(&shared);
    if format == Format::MainExt {
        files.extend(nginx_conf::files(&[Vhost {
            base: "shop",
            server: "shop.example.test",
            upstreams: &["127.0.0.1:8080", "unix:/run/app.sock"],
        }]));
    }
    Ok(Dirty { files, truth })
}

fn add(files: &mut Vec<(String, Vec<u8>)>, truth: &mut DirtyTruth, end: &str, content: Vec<u8>, pieces: &[Piece]) {
    let name = format!("{BASE}{end}");
    truth.add(&name, pieces);
    files.push((name, content));
}

fn bytes(pieces: &[Piece]) -> Vec<u8> {
    pieces.iter().flat_map(|p| p.bytes.iter().copied()).collect()
}

/// A gzip file that ends too early, and the lines that it still yields.
///
/// The cut is chosen so that the last, partial line is a short one without a status: inflaters
/// may differ by the last few bytes, and the truth must not depend on them.
fn truncated(pieces: &[Piece]) -> Result<(Vec<u8>, Vec<Piece>)> {
    let whole = gzip(&bytes(pieces))?;
    for length in (whole.len() * 7 / 10..whole.len() - 8).step_by(13) {
        let text = inflate_prefix(&whole[..length]);
        let lines = text.iter().filter(|&&b| b == b'\n').count();
        let partial = text.rsplit(|&b| b == b'\n').next().unwrap_or(b"");
        let from_clean = matches!(pieces[lines].fate, Fate::Parsed(_));
        if from_clean && (8..30).contains(&partial.len()) && partial.is_ascii() && partial[0] > 32 {
            let mut kept = pieces[..lines].to_vec();
            kept.push(Piece { bytes: partial.to_vec(), fate: Fate::Unreadable, injury: "gzip-cut" });
            return Ok((whole[..length].to_vec(), kept));
        }
    }
    None.context("no place to cut the gzip file at")
}

/// Everything that comes out before the end of the data is noticed.
fn inflate_prefix(packed: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    // The error is the point of the exercise; what was read before it stays in `text`.
    let outcome = flate2::read::GzDecoder::new(packed).read_to_end(&mut text);
    debug_assert!(outcome.is_err(), "the file is cut");
    text
}

#[cfg(test)]
mod tests;
