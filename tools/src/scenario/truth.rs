//! What is true of a scenario, and its JSON form `lastgood-tools.truth/1`.
//! It holds facts of the generator only; comparing them with an answer is the bench's work.

use super::Kind;
use crate::clock::Zone;
use serde_json::{Value, json};

/// The truth about one set.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// The story.
    pub kind: Kind,
    /// The seed it was drawn from.
    pub seed: u64,
    /// Zone of every log of the set.
    pub zone: Zone,
    /// Name of the access-log format.
    pub format: &'static str,
    /// The status with which incidents show themselves.
    pub status: u16,
    /// Access-log lines of all files.
    pub requests: usize,
    /// The failing slices.
    pub slices: Vec<SliceTruth>,
    /// What a tool has to report as incidents, in order of onset.
    pub incidents: Vec<IncidentTruth>,
    /// What was too short to be an incident.
    pub blips: Vec<IncidentTruth>,
}

/// The requests that belong to a failing slice, numbered in order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SliceTruth {
    /// In words.
    pub description: String,
    /// The path templates that fail.
    pub templates: Vec<String>,
    /// Where its requests stand, the oldest file first.
    pub files: Vec<SliceFile>,
}

/// The slice's lines in one file. The line at index `i` is request `first_ordinal + i`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SliceFile {
    /// Name of the file.
    pub name: String,
    /// Number of its first request in the slice, counted from 0 over the whole set.
    pub first_ordinal: usize,
    /// Line numbers (after decompression, from 1), rising.
    pub lines: Vec<u32>,
}

/// One incident or blip.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentTruth {
    /// Index into `Truth::slices`.
    pub slice: usize,
    /// Probability of failing; the highest one reached if it changes.
    pub p: f64,
    /// When it began.
    pub onset_ms: i64,
    /// When it was over.
    pub recovered_ms: Option<i64>,
    /// When a gradual one reached one half.
    pub rise_end_ms: Option<i64>,
    /// First request of the slice at or after the onset.
    pub onset_ordinal: usize,
    /// First request at or after `recovered_ms`.
    pub recovered_ordinal: Option<usize>,
    /// First request at or after `rise_end_ms`.
    pub rise_end_ordinal: Option<usize>,
    /// The bad episodes of an intermittent one, as (from, to).
    pub episodes_ms: Vec<(i64, i64)>,
}

/// Where a line stands in the order of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Requests of the slice before this line.
    pub before: usize,
    /// Whether the line itself is one of the slice.
    pub inside: bool,
}

impl SliceTruth {
    /// The place of a line, or `None` for a file that is none of the slice's.
    #[must_use]
    pub fn place(&self, file: &str, line: u32) -> Option<Place> {
        let file = self.files.iter().find(|f| f.name == file)?;
        let index = file.lines.partition_point(|&l| l < line);
        Some(Place { before: file.first_ordinal + index, inside: file.lines.get(index) == Some(&line) })
    }

    /// Requests of the slice in the whole set.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.files.iter().map(|file| file.lines.len()).sum()
    }
}

impl Truth {
    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let incidents = |list: &[IncidentTruth]| -> Vec<Value> { list.iter().map(|i| i.to_json(self.zone)).collect() };
        json!({
            "schema": "lastgood-tools.truth/1",
            "kind": self.kind.name(),
            "seed": self.seed,
            "healthy": self.kind.healthy(),
            "zone_offset_s": self.zone.offset_s,
            "format": self.format,
            "status": self.status,
            "requests": self.requests,
            "incidents": incidents(&self.incidents),
            "blips": incidents(&self.blips),
            "slices": self.slices.iter().map(SliceTruth::to_json).collect::<Vec<_>>(),
        })
    }
}

impl SliceTruth {
    fn to_json(&self) -> Value {
        let files: Vec<Value> = self
            .files
            .iter()
            .map(|f| json!({"name": f.name, "first_ordinal": f.first_ordinal, "lines": f.lines}))
            .collect();
        json!({
            "description": self.description,
            "templates": self.templates,
            "requests": self.requests(),
            "files": files,
        })
    }
}

impl IncidentTruth {
    fn to_json(&self, zone: Zone) -> Value {
        json!({
            "slice": self.slice,
            "p": self.p,
            "onset_ms": self.onset_ms,
            "onset_at": zone.rfc3339(self.onset_ms),
            "onset_ordinal": self.onset_ordinal,
            "recovered_ms": self.recovered_ms,
            "recovered_at": self.recovered_ms.map(|ms| zone.rfc3339(ms)),
            "recovered_ordinal": self.recovered_ordinal,
            "rise_end_ms": self.rise_end_ms,
            "rise_end_ordinal": self.rise_end_ordinal,
            "episodes_ms": self.episodes_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_finds_its_place_inside_and_between() {
        let slice = SliceTruth {
            description: String::new(),
            templates: Vec::new(),
            files: vec![SliceFile { name: "a".to_owned(), first_ordinal: 10, lines: vec![2, 5, 6] }],
        };
        let place = |line| slice.place("a", line).map(|p| (p.before, p.inside));
        assert_eq!(place(1), Some((10, false)));
        assert_eq!(place(2), Some((10, true)));
        assert_eq!(place(4), Some((11, false)));
        assert_eq!(place(6), Some((12, true)));
        assert_eq!(place(9), Some((13, false)));
        assert_eq!(slice.place("b", 1), None);
    }
}
