//! Files that say the same as another one, or begin it, whatever they are called: read once. Files that merely share
//! some lines are not its matter, see `overlaps.rs`.

use std::collections::HashMap;

use lastgood_intake::rotation;
use lastgood_model::{Note, NoteKind};
use lastgood_world::{Relation, relation};

use super::survey::Head;

/// A file is compared with so many others.
const MOST_COMPARED: usize = 32;

/// Takes away all but one of the files that say the same; the one that says most stays.
pub(crate) fn without_copies(heads: Vec<Head>, notes: &mut Vec<Note>) -> Vec<Head> {
    let mut by_first_line: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (index, head) in heads.iter().enumerate() {
        if let Some(line) = &head.first_line {
            by_first_line.entry(line.clone()).or_default().push(index);
        }
    }
    let mut copy_of: Vec<Option<usize>> = vec![None; heads.len()];
    for alike in by_first_line.into_values().filter(|alike| alike.len() > 1) {
        let mut kept: Vec<usize> = Vec::new();
        for index in alike {
            // Where so many are alike so far, it is their form; what they share is then found line by line.
            let mut candidates =
                kept.iter_mut().filter(|other| may_be_same(&heads, **other, index)).take(MOST_COMPARED);
            match candidates.find_map(|other| Some((stronger(&heads, *other, index)?, other))) {
                Some((Stronger::First, other)) => copy_of[index] = Some(*other),
                Some((Stronger::Second, other)) => {
                    copy_of[*other] = Some(index);
                    *other = index;
                }
                None => kept.push(index),
            }
        }
    }
    let names: Vec<_> = heads.iter().map(|head| head.file.display.clone()).collect();
    for (file, of) in copy_of.iter().enumerate() {
        // The one that stayed may itself have given way to a longer one.
        let Some(mut of) = *of else { continue };
        while let Some(further) = copy_of[of] {
            of = further;
        }
        let kind = NoteKind::SameContent { file: names[file].clone(), of: names[of].clone() };
        notes.push(Note { kind, at: None, reference: None });
    }
    heads.into_iter().zip(copy_of).filter(|(_, copy_of)| copy_of.is_none()).map(|(head, _)| head).collect()
}

/// Whether two files begin alike, as far as that is known without reading them again.
fn may_be_same(heads: &[Head], first: usize, second: usize) -> bool {
    let beginning = |index: usize| heads.get(index).map(|head| &*head.beginning).unwrap_or_default();
    let (a, b) = (beginning(first), beginning(second));
    let shorter = a.len().min(b.len());
    a.get(..shorter) == b.get(..shorter)
}

enum Stronger {
    First,
    Second,
}

/// Which of two files says all that the other does; `None` if neither. Of two equal ones it is the one with more of
/// its set beside it, since only there its lines are compared with those of the others.
fn stronger(heads: &[Head], first: usize, second: usize) -> Option<Stronger> {
    let (a, b) = (heads.get(first)?, heads.get(second)?);
    if a.format.name() != b.format.name() {
        return None;
    }
    match relation(&a.file, &b.file).ok()? {
        Relation::Different => None,
        Relation::Equal if siblings(heads, b) > siblings(heads, a) => Some(Stronger::Second),
        Relation::Equal | Relation::SecondBeginsFirst => Some(Stronger::First),
        Relation::FirstBeginsSecond => Some(Stronger::Second),
    }
}

/// How many files have the name of this one's set, itself included.
fn siblings(heads: &[Head], of: &Head) -> usize {
    let stem = rotation::stem(&of.file.display);
    heads.iter().filter(|head| rotation::stem(&head.file.display) == stem).count()
}
