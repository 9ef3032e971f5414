//! What applications wrote, folded: how often when, and the lines to show. Lines without a time are only counted.

use std::collections::BTreeMap;

use lastgood_model::{AppHit, AppShapeId, LineRef};

use crate::runs::AppRuns;

/// Everything that applications wrote.
#[derive(Clone, Debug, Default)]
pub struct Utterances {
    /// Lines with a time.
    pub dated: AppRuns,
    /// How many lines of a shape have none, and the first of them. Shapes are bounded by whoever tells them apart.
    pub undated: BTreeMap<AppShapeId, (u64, LineRef)>,
}

impl Utterances {
    /// Adds one.
    pub fn add(&mut self, hit: &AppHit) {
        match hit.at {
            Some(at) => self.dated.add_line(hit.shape, at, hit.line),
            None => self.count(hit.shape, 1, hit.line),
        }
    }

    /// Adds everything of another one.
    pub fn merge(&mut self, other: Self) {
        self.dated.merge(other.dated);
        for (shape, (count, line)) in other.undated {
            self.count(shape, count, line);
        }
    }

    fn count(&mut self, shape: AppShapeId, more: u64, line: LineRef) {
        let (count, first) = self.undated.entry(shape).or_insert((0, line));
        *count += more;
        *first = (*first).min(line);
    }
}
