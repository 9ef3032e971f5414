//! What a reader has to count in a dirty set, and its JSON form `lastgood-tools.dirty/1`.
//! Only access logs are counted: `nginx.conf` and its parts are no log lines.

use super::injury::{Fate, Piece};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Physical lines by what can be made of them; `lines` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All.
    pub lines: usize,
    /// Those that tell their status.
    pub parsed: usize,
    /// Empty ones.
    pub other: usize,
    /// Garbage, and lines cut before the end of the status.
    pub unreadable: usize,
}

/// The truth about one dirty set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirtyTruth {
    /// The seed.
    pub seed: u64,
    /// Name of the format.
    pub format: &'static str,
    /// All files together.
    pub total: Count,
    /// Parsed lines that also stand in another file of the set.
    pub duplicates: usize,
    /// Parsed lines by status, duplicates counted once.
    pub by_status: BTreeMap<u16, usize>,
    /// Parsed lines by status, duplicates counted twice.
    pub by_status_with_duplicates: BTreeMap<u16, usize>,
    /// Each file for itself.
    pub per_file: Vec<(String, Count)>,
    /// Lines by what was done to them.
    pub injuries: BTreeMap<&'static str, usize>,
    /// The cut gzip file, its whole lines, and the bytes of its last, partial line.
    pub cut_gzip: (String, usize, usize),
}

impl DirtyTruth {
    pub(super) fn new(seed: u64, format: &'static str) -> Self {
        Self {
            seed,
            format,
            total: Count::default(),
            duplicates: 0,
            by_status: BTreeMap::new(),
            by_status_with_duplicates: BTreeMap::new(),
            per_file: Vec::new(),
            injuries: BTreeMap::new(),
            cut_gzip: (String::new(), 0, 0),
        }
    }

    pub(super) fn add(&mut self, name: &str, pieces: &[Piece]) {
        let mut count = Count::default();
        for piece in pieces {
            count.lines += 1;
            *self.injuries.entry(piece.injury).or_default() += 1;
            match piece.fate {
                Fate::Parsed(status) => {
                    count.parsed += 1;
                    *self.by_status.entry(status).or_default() += 1;
                    *self.by_status_with_duplicates.entry(status).or_default() += 1;
                }
                Fate::Other => count.other += 1,
                Fate::Unreadable => count.unreadable += 1,
            }
        }
        self.total.lines += count.lines;
        self.total.parsed += count.parsed;
        self.total.other += count.other;
        self.total.unreadable += count.unreadable;
        self.per_file.push((name.to_owned(), count));
    }

    pub(super) fn truncated(&mut self, name: &str, kept: &[Piece]) {
        let partial = kept.last().map_or(0, |piece| piece.bytes.len());
        self.cut_gzip = (name.to_owned(), kept.len() - 1, partial);
    }

    /// Lines that stand in two files count once.
    pub(super) fn forget_duplicates(&mut self, shared: &[Piece]) {
        for piece in shared {
            if let Fate::Parsed(status) = piece.fate {
                self.duplicates += 1;
                if let Some(count) = self.by_status.get_mut(&status) {
                    *count -= 1;
                }
            }
        }
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let statuses = |map: &BTreeMap<u16, usize>| -> Value {
            map.iter()
                .map(|(status, count)| (format!("{status:03}"), json!(count)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let per_file: serde_json::Map<String, Value> =
            self.per_file.iter().map(|(name, count)| (name.clone(), count.to_json())).collect();
        json!({
            "schema": "lastgood-tools.dirty/1",
            "seed": self.seed,
            "format": self.format,
            "files": self.per_file.len(),
            "lines": self.total.lines,
            "parsed": self.total.parsed,
            "other": self.total.other,
            "unreadable": self.total.unreadable,
            "duplicates": self.duplicates,
            "by_status": statuses(&self.by_status),
            "by_status_with_duplicates": statuses(&self.by_status_with_duplicates),
            "per_file": per_file,
            "injuries": self.injuries,
            "cut_gzip": {
                "file": self.cut_gzip.0,
                "whole_lines": self.cut_gzip.1,
                "partial_bytes": self.cut_gzip.2,
            },
        })
    }
}

impl Count {
    fn to_json(self) -> Value {
        json!({
            "lines": self.lines,
            "parsed": self.parsed,
            "other": self.other,
            "unreadable": self.unreadable,
        })
    }
}
