//! A bundle: the case that `lastgood capture` made of a broken stack, and beside it what was true then, in one packed file. It holds no
//! label; that stands in the fault file.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use flate2::read::GzDecoder;
use lzma_rust2::{XzOptions, XzReader, XzWriter};
use serde::{Deserialize, Serialize};

use crate::fault::Words;

const RECORD: &str = "arena.json";
const CASE: &str = "case";

/// Where the bundle of a round is in a folder, or would be. Older ones are packed with gzip.
pub fn place(folder: &Path, round: &str) -> PathBuf {
    let [new, old] = ["xz", "gz"].map(|packing| folder.join("bundles").join(format!("{round}.tar.{packing}")));
    if old.is_file() && !new.is_file() { old } else { new }
}

/// What was true when it was captured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub round: String,
    pub captured: String,
    /// Of the repository, when lastgood was built.
    pub commit: String,
    /// Between these moments good turned bad, in seconds since 1970.
    pub turned: (i64, i64),
    /// What the users saw before and after it: served, of how many.
    pub before: (usize, usize),
    pub after: (usize, usize),
    pub words: Words,
    /// What `why` said of the running stack.
    pub live: Live,
}

/// What only a running stack can tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Live {
    pub said: String,
    pub seconds: f64,
    pub peak_rss: u64,
    /// Whether anything was changed by looking.
    pub harmed: bool,
    /// How many planted secrets were shown.
    pub leaked: usize,
    /// Whether users were served again after the fault file's fix, and after the first command that was suggested.
    pub fixed: Option<bool>,
    pub suggested: Option<bool>,
}

/// Packs a case and its record. What goes in is the same whoever packs it.
pub fn pack(case: &Path, record: &Record, place: &Path) -> Result<()> {
    let to = &place.with_extension("xz");
    fs::create_dir_all(to.parent().unwrap_or(Path::new(".")))?;
    let file = File::create(to).with_context(|| format!("cannot write {}", to.display()))?;
    let mut archive = tar::Builder::new(XzWriter::new(file, XzOptions::with_preset(9))?);
    archive.mode(tar::HeaderMode::Deterministic);
    let text = serde_json::to_vec_pretty(record)?;
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    archive.append_data(&mut header, RECORD, text.as_slice())?;
    archive.append_dir_all(CASE, case)?;
    archive.into_inner()?.finish()?;
    if to != place {
        fs::remove_file(place)?;
    }
    Ok(())
}

/// Unpacks a bundle into a folder: its record; the case is `case` below it.
pub fn unpack(from: &Path, to: &Path) -> Result<Record> {
    let file = BufReader::new(File::open(from).with_context(|| format!("cannot open {}", from.display()))?);
    let packed: Box<dyn Read> = if from.extension().is_some_and(|extension| extension == "gz") {
        Box::new(GzDecoder::new(file))
    } else {
        Box::new(XzReader::new(file, false))
    };
    tar::Archive::new(packed).unpack(to).with_context(|| format!("cannot unpack {}", from.display()))?;
    let text = fs::read_to_string(to.join(RECORD)).with_context(|| format!("{}: no {RECORD} in it", from.display()))?;
    Ok(serde_json::from_str(&text)?)
}
