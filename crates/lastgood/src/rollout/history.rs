//! The history of a target, read from its folder of state. What it tells is `lastgood-rollout`'s affair, how its lines are written
//! `record.rs`'.

use std::path::Path;

use lastgood_rollout::History;
use lastgood_world::state::{Entry, StateError, ledger};

use super::record::Line;

/// That of a folder of state.
///
/// # Errors
/// If the ledger is there and cannot be read.
pub fn read(state: &Path) -> Result<History, StateError> {
    let mut history = History::default();
    for entry in ledger::read(&state.join("ledger.jsonl"))? {
        match entry {
            Entry::Record { payload, .. } => {
                match serde_json::from_slice::<Line>(&payload).ok().and_then(Line::understood) {
                    Some(line) => history.add(line),
                    // It is whole: what is not understood is not guessed.
                    None => history.newer = true,
                }
            }
            Entry::Damaged { .. } => history.add_damaged(),
            Entry::Newer { .. } => history.newer = true,
        }
    }
    Ok(history)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lastgood_model::rollout::Outcome;
    use lastgood_world::state::Ledger;
    use tempfile::TempDir;

    use super::*;

    /// Two good releases, one that failed, and the way back to the first: as version 1 wrote them.
    const VERSION_1: &[u8] = include_bytes!("../../tests/ledgers/version-1.jsonl");

    fn ledger(bytes: &[u8]) -> TempDir {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join("ledger.jsonl"), bytes).unwrap();
        state
    }

    #[test]
    fn what_version_1_wrote_is_read() {
        let history = read(ledger(VERSION_1).path()).unwrap();
        let told = history.rollouts.iter().map(|past| (past.number, past.release.id.short(), past.outcome));
        let (good, back) = (Some(Outcome::Good), Some(Outcome::RolledBack));
        let wanted =
            [(1, "a773773307", good), (2, "3b7159f307", good), (3, "f698628d17", back), (4, "a773773307", good)];
        assert_eq!(told.collect::<Vec<_>>(), wanted);
        assert!(!history.newer && history.damaged == 0 && history.open().is_none());
        assert_eq!(history.earlier(None).map(|release| release.id.short()), Some("3b7159f307"));
        let why = history.rollouts[2].failure.as_ref().and_then(|(_, why)| why.as_deref());
        assert_eq!(why, Some("it is exited, exit code 1"));
    }

    #[test]
    fn what_a_newer_version_wrote_is_not_guessed() {
        for line in [
            r#"{"at":1,"rollout":5,"kind":"dreamt"}"#,
            r#"{"at":1,"rollout":4,"kind":"finished","outcome":"better"}"#,
            r#"{"at":1,"rollout":4,"kind":"begun","act":"fly","step":1,"undo":false}"#,
            r#"{"at":1,"rollout":4,"kind":"ended","act":"fly","step":1,"ending":"done"}"#,
            r#"{"at":1,"rollout":4,"kind":"ended","act":"keep","step":1,"ending":"half"}"#,
        ] {
            let state = ledger(VERSION_1);
            Ledger::open(&state.path().join("ledger.jsonl")).unwrap().append(line.as_bytes()).unwrap();
            assert!(read(state.path()).unwrap().newer, "{line}");
        }
    }

    #[test]
    fn a_ledger_that_was_cut_off_anywhere_tells_what_stands_in_it() {
        let whole = read(ledger(VERSION_1).path()).unwrap();
        let state = tempfile::tempdir().unwrap();
        let file = state.path().join("ledger.jsonl");
        for end in (0..VERSION_1.len()).step_by(37) {
            fs::write(&file, &VERSION_1[..end]).unwrap();
            let cut = read(state.path()).unwrap();
            assert!(!cut.newer && cut.damaged <= 1, "{end}");
            assert!(cut.rollouts.len() <= whole.rollouts.len());
            for (cut, whole) in cut.rollouts.iter().zip(&whole.rollouts) {
                assert!(
                    (&cut.release, &cut.parent, &cut.steps) == (&whole.release, &whole.parent, &whole.steps),
                    "{end}"
                );
                assert!(cut.outcome.is_none() || cut.outcome == whole.outcome, "{end}");
            }
            // Only the last one can have lost its end.
            let open = cut.rollouts.iter().filter(|past| past.outcome.is_none()).count();
            assert_eq!(open, usize::from(cut.open().is_some()), "{end}");
        }
    }
}
