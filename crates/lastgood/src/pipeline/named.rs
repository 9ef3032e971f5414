//! Bounds how many files are named one by one: of those that share a reason the first are named, the others counted.
//! Nobody is silently left out.

use std::mem::discriminant;

use lastgood_model::{Gap, GapKind, Note, NoteKind};

/// So many files are named for one reason.
const MOST_NAMED: usize = 20;

/// Names at most [`MOST_NAMED`] gaps of one reason; the last of them says how many more there are.
pub(super) fn few_gaps(gaps: &mut Vec<Gap>) {
    let mut reasons: Vec<(GapKind, usize, usize)> = Vec::new();
    let mut kept: Vec<Gap> = Vec::new();
    for gap in gaps.drain(..) {
        match reasons.iter_mut().find(|(why, ..)| is_alike(why, &gap.why)) {
            Some((_, named, _)) if *named < MOST_NAMED => *named += 1,
            Some((_, _, more)) => {
                *more += 1;
                continue;
            }
            None => reasons.push((gap.why.clone(), 1, 0)),
        }
        kept.push(gap);
    }
    for (why, _, more) in reasons.into_iter().filter(|(_, _, more)| *more > 0) {
        if let Some(last) = kept.iter_mut().rev().find(|gap| is_alike(&gap.why, &why)) {
            last.why = GapKind::AndMore { files: more as u64, why: Box::new(last.why.clone()) };
        }
    }
    *gaps = kept;
}

fn is_alike(a: &GapKind, b: &GapKind) -> bool {
    matches!((a, b), (GapKind::Truncated { .. }, GapKind::Truncated { .. })) || a == b
}

/// Names at most [`MOST_NAMED`] files that were read once or whose lines were, then says how many more there are.
pub(super) fn few_notes(notes: &mut Vec<Note>) {
    let of_files = [
        NoteKind::SameContent { file: "".into(), of: "".into() },
        NoteKind::DuplicateLines { count: 0, file: "".into() },
    ];
    for kind in of_files {
        let mut met = 0_usize;
        notes.retain(|note| {
            met += usize::from(discriminant(&note.kind) == discriminant(&kind));
            discriminant(&note.kind) != discriminant(&kind) || met <= MOST_NAMED
        });
        if met > MOST_NAMED {
            let kind = NoteKind::MoreFiles { files: (met - MOST_NAMED) as u64 };
            notes.push(Note { kind, at: None, reference: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_are_counted_by_their_reasons() {
        let gap = |name: usize, why: &GapKind| Gap { what: name.to_string().into(), why: why.clone() };
        let denied = (0..1_000).map(|name| gap(name, &GapKind::NoPermission));
        let cut = (0..30).map(|name| gap(name, &GapKind::Truncated { lines: name as u64 }));
        let mut gaps: Vec<_> = denied.chain(cut).chain([gap(7, &GapKind::NotFound)]).collect();
        few_gaps(&mut gaps);
        assert_eq!(gaps.len(), 41);
        assert_eq!(gaps[19].why, GapKind::AndMore { files: 980, why: Box::new(GapKind::NoPermission) });
        assert_eq!(gaps[39].why, GapKind::AndMore { files: 10, why: Box::new(GapKind::Truncated { lines: 19 }) });
        assert_eq!(gaps[40].why, GapKind::NotFound);
    }

    #[test]
    fn few_stay_as_they_are() {
        let note = |kind| Note { kind, at: None, reference: None };
        let copy = || note(NoteKind::SameContent { file: "a".into(), of: "b".into() });
        let mut notes: Vec<_> = (0..25).map(|_| copy()).collect();
        notes.push(note(NoteKind::DuplicateLines { count: 1, file: "c".into() }));
        few_notes(&mut notes);
        assert_eq!(notes.len(), 22);
        assert_eq!(notes[21].kind, NoteKind::MoreFiles { files: 5 });
    }
}
