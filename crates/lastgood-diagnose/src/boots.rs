//! The host's boots, put together from records that overlap, repeat each other or begin in the middle: journals, syslog
//! files, login records. Not what a reboot means.

use std::sync::Arc;

use lastgood_model::{LineRef, UnixMs};

use crate::host::Mark;

/// One boot of the host.
#[derive(Clone, Debug)]
pub struct Boot {
    /// The journal's boot id; empty where only others tell of it.
    pub id: Arc<str>,
    /// Its first line; of a boot that was only seen ending, all of time before.
    pub begun: Mark,
    /// Its last line.
    pub ended: Option<Mark>,
    /// Whether it ended in an orderly shutdown.
    pub clean: bool,
}

/// Two sources tell of the same boot if they let it begin within this. A clock that is set while booting, and a daemon
/// that starts late, make a difference.
const SAME_BOOT_MS: i64 = 180_000;

/// What records say of boots, as they say it.
#[derive(Debug, Default)]
pub(crate) struct BootRecords {
    begun: Vec<(Mark, Arc<str>)>,
    ended: Vec<(Mark, Arc<str>, bool)>,
}

impl BootRecords {
    pub(crate) fn begun(&mut self, mark: Mark, id: &Arc<str>) {
        self.begun.push((mark, Arc::clone(id)));
    }

    pub(crate) fn ended(&mut self, mark: Mark, id: &Arc<str>, clean: bool) {
        self.ended.push((mark, Arc::clone(id), clean));
    }

    /// The boots in order.
    pub(crate) fn settle(mut self) -> Vec<Boot> {
        self.begun.sort_by_key(|(mark, _)| *mark);
        self.ended.sort_by_key(|(mark, ..)| *mark);
        let mut boots = self.with_ids();
        let known = boots.len();
        for (mark, _) in self.begun.iter().filter(|(_, id)| id.is_empty()) {
            if !boots.iter().any(|boot| is_told(boot, *mark)) {
                boots.push(Boot { id: Arc::from(""), begun: *mark, ended: None, clean: false });
            }
        }
        let others_tell = boots.len() > known;
        boots.sort_by_key(|boot| boot.begun);
        // A journal that begins with its first boot begins anywhere; others tell only of turns.
        if let Some(first) = boots.first().filter(|first| others_tell && first.id.is_empty()) {
            let line = first.begun.1;
            boots.insert(0, Boot { id: Arc::from(""), begun: (UnixMs::MIN, line), ended: None, clean: false });
        }
        for (mark, _, clean) in self.ended.into_iter().filter(|(_, id, _)| id.is_empty()) {
            let owner = boots.iter_mut().rev().find(|boot| boot.begun.0 < mark.0);
            if let Some(boot) = owner.filter(|boot| boot.id.is_empty()) {
                boot.ended = boot.ended.max(Some(mark));
                boot.clean |= clean;
            }
        }
        boots
    }

    /// Boots that a journal tells of: from the first of its lines in any file to the last.
    fn with_ids(&self) -> Vec<Boot> {
        let mut boots: Vec<Boot> = Vec::new();
        for (mark, id) in self.begun.iter().filter(|(_, id)| !id.is_empty()) {
            if !boots.iter().any(|boot| boot.id == *id) {
                boots.push(Boot { id: Arc::clone(id), begun: *mark, ended: None, clean: false });
            }
        }
        for (mark, id, clean) in &self.ended {
            if let Some(boot) = boots.iter_mut().find(|boot| boot.id == *id && !id.is_empty()) {
                boot.ended = boot.ended.max(Some(*mark));
                boot.clean |= *clean;
            }
        }
        boots
    }
}

/// Whether a beginning that another source tells of is that of a boot already known. What one source tells twice is
/// two boots, however near.
fn is_told(boot: &Boot, (at, line): Mark) -> bool {
    let same_source = |other: LineRef| other.source == line.source;
    let near = boot.begun.0.since(at).abs() <= SAME_BOOT_MS && !same_source(boot.begun.1);
    // A journal that went on all the while knows better.
    let inside = !boot.id.is_empty() && boot.begun.0 <= at && boot.ended.is_some_and(|(end, _)| at <= end);
    near || inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use lastgood_model::SourceId;

    fn mark(second: i64, source: u32) -> Mark {
        let line = LineRef { source: SourceId(source), line: u64::try_from(second).unwrap() };
        (UnixMs::from_seconds(second), line)
    }

    fn told(records: BootRecords) -> Vec<(i64, Option<i64>, bool)> {
        let seconds = |mark: Mark| mark.0.0.div_euclid(1000).max(-1);
        records.settle().into_iter().map(|boot| (seconds(boot.begun), boot.ended.map(seconds), boot.clean)).collect()
    }

    fn none() -> Arc<str> {
        Arc::from("")
    }

    #[test]
    fn a_turn_has_a_boot_before_it() {
        let mut records = BootRecords::default();
        records.ended(mark(1_000, 0), &none(), true);
        records.begun(mark(1_030, 0), &none());
        assert_eq!(told(records), [(-1, Some(1_000), true), (1_030, None, false)]);
    }

    #[test]
    fn sources_repeat_each_other() {
        let mut records = BootRecords::default();
        for source in 0..3 {
            records.ended(mark(1_000, source), &none(), source == 1);
            records.begun(mark(1_030 + i64::from(source) * 10, source), &none());
        }
        assert_eq!(told(records), [(-1, Some(1_000), true), (1_030, None, false)]);
        let mut twice = BootRecords::default();
        twice.begun(mark(1_030, 0), &none());
        twice.begun(mark(1_090, 0), &none());
        assert_eq!(told(twice), [(-1, None, false), (1_030, None, false), (1_090, None, false)]);
    }

    #[test]
    fn a_journal_knows_better() {
        let mut records = BootRecords::default();
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        records.begun(mark(1, 0), &a);
        records.ended(mark(1_000, 0), &a, true);
        records.begun(mark(1_030, 0), &b);
        records.ended(mark(9_000, 0), &b, false);
        records.begun(mark(1_040, 1), &none());
        records.begun(mark(5_000, 1), &none());
        assert_eq!(told(records), [(1, Some(1_000), true), (1_030, Some(9_000), false)]);
    }
}
