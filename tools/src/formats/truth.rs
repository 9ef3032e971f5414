//! What a reader has to find in a set, and its JSON form `lastgood-tools.formats/1`.
//! Lines that are whole and tell of no request are `asides`: whether a reader knows them is its own affair.

use super::injury::{Fate, Piece};
use super::traffic::Story;
use crate::clock::Zone;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The truth about one set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Name of the set: that of its format, or `mixed`.
    pub name: String,
    /// The seed.
    pub seed: u64,
    /// Physical lines of all log files.
    pub lines: usize,
    /// Those that tell of a request.
    pub parsed: usize,
    /// Blank ones.
    pub other: usize,
    /// Damaged beyond reading.
    pub unreadable: usize,
    /// Whole lines that tell of no request.
    pub asides: usize,
    /// Requests that can be read, by status.
    pub by_status: BTreeMap<u16, usize>,
    /// When the first and the last of them were logged.
    pub span_ms: Option<(i64, i64)>,
    /// The first request that fails because of the outage and can be read.
    pub onset_ms: i64,
    /// The last one before it that was answered and can be read.
    pub last_good_ms: i64,
    /// The component that is to blame, as the logs name it; not all formats do.
    pub upstream: Option<&'static str>,
    /// What to tell the reader, as arguments: the zone of times that name none.
    pub arguments: Vec<String>,
}

impl Truth {
    /// For a story; nothing is counted yet.
    #[must_use]
    pub fn new(name: &str, seed: u64) -> Self {
        Self { name: name.to_owned(), seed, onset_ms: i64::MAX, last_good_ms: i64::MIN, ..Self::default() }
    }

    /// Counts the physical lines of a piece.
    pub fn count(&mut self, piece: &Piece) {
        self.lines += piece.fates.len();
        for fate in &piece.fates {
            match fate {
                Fate::Parsed => self.parsed += 1,
                Fate::Other => self.other += 1,
                Fate::Unreadable => self.unreadable += 1,
            }
        }
    }

    /// Counts a whole line that is no request.
    pub fn aside(&mut self) {
        self.lines += 1;
        self.asides += 1;
    }

    /// Counts a request that can be read.
    pub fn tell(&mut self, at_ms: i64, status: u16) {
        *self.by_status.entry(status).or_default() += 1;
        let (first, last) = self.span_ms.unwrap_or((at_ms, at_ms));
        self.span_ms = Some((first.min(at_ms), last.max(at_ms)));
    }

    /// Remembers how a request of the failing part ended, if it is the nearest to the onset so far.
    pub fn turn(&mut self, story: &Story, at_ms: i64, answered: bool) {
        if answered && at_ms < story.down_ms {
            self.last_good_ms = self.last_good_ms.max(at_ms);
        } else if !answered {
            self.onset_ms = self.onset_ms.min(at_ms);
        }
    }

    /// Adds what stands in another file of the same set.
    pub fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        self.parsed += other.parsed;
        self.other += other.other;
        self.unreadable += other.unreadable;
        self.asides += other.asides;
        for (status, count) in &other.by_status {
            *self.by_status.entry(*status).or_default() += count;
        }
        self.span_ms = match (self.span_ms, other.span_ms) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        self.onset_ms = self.onset_ms.min(other.onset_ms);
        self.last_good_ms = self.last_good_ms.max(other.last_good_ms);
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let statuses: serde_json::Map<String, Value> =
            self.by_status.iter().map(|(status, count)| (format!("{status:03}"), json!(count))).collect();
        let at = |ms: i64| Zone::UTC.rfc3339(ms);
        json!({
            "schema": "lastgood-tools.formats/1",
            "name": self.name,
            "seed": self.seed,
            "lines": self.lines,
            "parsed": self.parsed,
            "other": self.other,
            "unreadable": self.unreadable,
            "asides": self.asides,
            "by_status": statuses,
            "first_at": self.span_ms.map(|(first, _)| at(first)),
            "last_at": self.span_ms.map(|(_, last)| at(last)),
            "last_good_at": at(self.last_good_ms),
            "onset_at": at(self.onset_ms),
            "upstream": self.upstream,
            "arguments": self.arguments,
        })
    }
}
