//! A bad stretch that is two: what failed at first, as while a release restarts, is answered again, and what fails from then on
//! fails otherwise. The first must not take the blame for the second.

use crate::closeup::Sample;
use crate::series::Selection;

/// Fewer failures on a side are no outage of its own.
const FEWEST: usize = 5;
/// Good answers that show that what failed at first is well again.
const WELL: usize = 3;

/// Where a stretch divides.
pub struct Division {
    /// The first failure of the later part.
    pub at: usize,
    /// The status of the earlier part's failures.
    pub early: u16,
    /// That of the later part's.
    pub late: u16,
    /// The slices that fail in the later part.
    pub selection: Selection,
}

/// Divides the failures in `samples[first..=last]`, of which what follows up to `until` shows what was answered again.
#[must_use]
pub fn divide(
    selection: &Selection,
    samples: &[Sample],
    (first, last, until): (usize, usize, usize),
) -> Option<Division> {
    let fails: Vec<(usize, u16)> = (first..=last)
        .filter_map(|index| samples.get(index).filter(|sample| sample.visitor.is_some()).map(|s| (index, s.hit.status)))
        .collect();
    let (early, late, cut) = cut(&fails)?;
    let (at, _) = *fails.iter().skip(cut).find(|(_, status)| *status == late)?;
    let slices = |of: &[(usize, u16)], wanted: u16| {
        let failing = of.iter().filter(|(_, status)| *status == wanted);
        failing.filter_map(|(index, _)| Some(samples.get(*index)?.hit.slice)).collect::<Vec<_>>()
    };
    let (before, after) = (slices(fails.get(..cut)?, early), slices(fails.get(cut..)?, late));
    // The shorter one first, as a restart is. One that mends comes last, and is the end of the same trouble.
    let time = |index: usize| samples.get(index).map(|sample| sample.hit.at);
    let (over, _) = *fails.iter().take(cut).rfind(|(_, status)| *status == early)?;
    let (began, last) = (time(fails.first()?.0)?, time(fails.last()?.0)?);
    if time(over)?.since(began) >= last.since(time(at)?) {
        return None;
    }
    let mut again = samples
        .get(over + 1..until)?
        .iter()
        .filter(|sample| before.contains(&sample.hit.slice) && !after.contains(&sample.hit.slice));
    if !again.clone().all(|sample| sample.visitor.is_none()) || again.nth(WELL - 1).is_none() {
        return None;
    }
    Some(Division { at, early, late, selection: selection.only(|slice| after.contains(&slice)) })
}

/// The two statuses and the place that divide the failures best, if they do: one in ten may stray.
fn cut(fails: &[(usize, u16)]) -> Option<(u16, u16, usize)> {
    let first = fails.first()?.1;
    let mut others: Vec<u16> = fails.iter().map(|(_, status)| *status).filter(|status| *status != first).collect();
    others.sort_unstable();
    others.dedup();
    let total = fails.len();
    let mut best: Option<(usize, u16, usize)> = None;
    for late in others {
        // Strays before the cut at first, then those after it: all that are not of the later status.
        let mut strays = fails.iter().filter(|(_, status)| *status != late).count();
        for (index, (_, status)) in fails.iter().enumerate() {
            strays = if *status == first { strays.saturating_sub(1) } else { strays + usize::from(*status == late) };
            let cut = index + 1;
            let sides = cut >= FEWEST && total - cut >= FEWEST;
            if sides && strays * 10 <= total && best.is_none_or(|(fewest, ..)| strays < fewest) {
                best = Some((strays, late, cut));
            }
        }
    }
    best.map(|(_, late, cut)| (first, late, cut))
}

#[cfg(test)]
mod tests {
    use lastgood_model::{Atom, ClientId, Hit, LineRef, Slice, SliceId, SourceId, UnixMs, Visitor};

    use super::*;

    fn samples(row: &[(u32, u16)]) -> Vec<Sample> {
        let sample = |(index, &(slice, status)): (usize, &(u32, u16))| {
            let place = index as u64;
            let line = LineRef { source: SourceId(0), line: place };
            let at = UnixMs(place.cast_signed() * 100);
            let hit = Hit { at, slice: SliceId(slice), status, client: ClientId(1), line, took_ms: None };
            Sample { hit, visitor: (status >= 400).then(Visitor::default) }
        };
        row.iter().enumerate().map(sample).collect()
    }

    fn divided(row: &[(u32, u16)]) -> Option<(usize, u16, u16)> {
        let samples = samples(row);
        let table = [Slice { vhost: Atom(0), upstream: None, path: Atom(0), segment: Atom(0), method: Atom(0) }; 3];
        let division = divide(&Selection::of(&table, |_| true), &samples, (0, samples.len() - 1, samples.len()))?;
        Some((division.at, division.early, division.late))
    }

    const RESTART: [(u32, u16); 8] = [(0, 502), (1, 502), (0, 502), (1, 502), (0, 502), (1, 502), (0, 502), (1, 502)];
    const AFTER: [(u32, u16); 10] =
        [(1, 504), (0, 200), (1, 504), (0, 200), (1, 504), (0, 200), (1, 504), (0, 200), (1, 504), (1, 504)];

    #[test]
    fn a_restart_and_what_comes_after_it_are_two() {
        assert_eq!(divided(&[&RESTART[..], &AFTER[..]].concat()), Some((8, 502, 504)));
    }

    #[test]
    fn a_restart_that_mends_is_the_end_of_what_it_mends() {
        let restarted = [&AFTER[..], &AFTER[..], &[(0, 502), (1, 502), (0, 502), (1, 502), (0, 502)], &[(2, 200); 4]];
        assert_eq!(divided(&restarted.concat()), None);
    }

    #[test]
    fn what_stays_down_with_another_status_is_one() {
        let worse: Vec<(u32, u16)> = RESTART.iter().map(|(slice, _)| (*slice, 503)).collect();
        assert_eq!(divided(&[&RESTART[..], &worse[..]].concat()), None, "nothing was answered again");
        assert_eq!(divided(&RESTART), None);
        let mixed: Vec<(u32, u16)> = RESTART.iter().zip(&AFTER).flat_map(|(a, b)| [*a, *b]).collect();
        assert_eq!(divided(&mixed), None, "both at once");
    }
}
