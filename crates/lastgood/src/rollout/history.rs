//! The history of a target, read from its folder of state. What it tells is `lastgood-rollout`'s affair, how its lines are written
//! `record.rs`'.

use std::path::Path;
use std::sync::Arc;

use lastgood_model::rollout::UnderWay;
use lastgood_rollout::{History, Past};
use lastgood_world::state::{Entry, StateError, ledger};
use serde_json::Value;

use super::grip::is_held;
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

/// Who asked for a rollout, as they called themselves; `None` if nobody did, or did not say.
#[must_use]
pub fn who(past: &Past) -> Option<String> {
    serde_json::from_str::<Value>(&past.who).ok()?["who"].as_str().map(str::to_owned)
}

/// The rollout that goes on in a history. `is_held`: somebody who lives has the target.
#[must_use]
pub fn going_on(history: &History, is_held: bool) -> Option<UnderWay> {
    let past = history.under_way(is_held)?;
    Some(UnderWay {
        number: past.number,
        who: who(past).unwrap_or_default().into(),
        since: past.at,
        release: past.release.id.clone(),
        services: past.services.iter().map(|(service, _)| Arc::clone(service)).collect(),
        act: past.act().cloned(),
        back: past.back,
    })
}

/// The rollout that goes on in a project's folder. Whoever may not look into its folder of state knows of none.
#[must_use]
pub fn under_way(folder: &Path) -> Option<UnderWay> {
    let state = folder.join(".lastgood");
    if is_held(&state) { going_on(&read(&state).ok()?, true) } else { None }
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
    fn what_goes_on_is_told_with_who_does_it_and_how_far_it_came() {
        let lines: Vec<&[u8]> = VERSION_1.split_inclusive(|byte| *byte == b'\n').collect();
        let of = |count: usize| going_on(&read(ledger(&lines[..count].concat()).path()).unwrap(), true);
        let whole = read(ledger(VERSION_1).path()).unwrap();
        assert_eq!(going_on(&whole, true), None, "all of it is over");
        let third = &whole.rollouts[2];
        let mut told: Vec<(Option<String>, bool)> = Vec::new();
        for count in 0..lines.len() {
            let Some(going) = of(count).filter(|going| going.number == 3) else { continue };
            assert_eq!((going.since, &going.release), (third.at, &third.release.id));
            assert_eq!(going.who, who(third).unwrap().into());
            told.push((going.act.as_ref().map(crate::rollout::act::named), going.back));
        }
        told.dedup();
        assert_eq!(told.first(), Some(&(None, false)), "it is planned, and nothing began");
        assert!(told.contains(&(Some("keep".to_owned()), false)), "{told:?}");
        assert!(told.iter().any(|(act, back)| *back && act.as_ref().unwrap().starts_with("place 3b71")), "{told:?}");
        assert_eq!(told.last(), Some(&(None, true)), "a look, on the way back");
        // Nobody is at it: it was never finished, and is not going on.
        let dead = ledger(&lines[..lines.len() - 1].concat());
        assert_eq!(going_on(&read(dead.path()).unwrap(), false), None);
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
