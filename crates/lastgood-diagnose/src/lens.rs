//! What counts as going wrong in a search. The same eyes look four times: for failures, for refusals of what was answered before,
//! for users who give up, and for such as are sent on and on. What becomes of what they see is decided elsewhere.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use lastgood_model::SliceId;

use crate::cells::{Cell, Counts};
use crate::outcome::Outcome;

/// Requests of a slice of either kind that make it worth a look.
const WORTH: u32 = 2;

/// What a search takes for bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Lens {
    /// What failed.
    #[default]
    Failures,
    /// What was turned away with a status that says that there is no such thing to be had here. Failures say nothing of that.
    Refusals,
    /// Whose client left before there was an answer.
    Departures,
    /// Who is sent on to another address. That is how sites work, unless it never ends.
    Rounds,
}

impl Lens {
    /// Those that look only at what was answered before: clients choose what they ask for.
    pub const OF_TURNS: [Self; 3] = [Self::Refusals, Self::Departures, Self::Rounds];

    /// Whether a status is bad; `None` if it says nothing either way.
    #[must_use]
    pub const fn is_bad(self, status: u16) -> Option<bool> {
        match (self, Outcome::of(status)) {
            (Self::Failures, Outcome::Abandoned) => None,
            (Self::Failures, outcome) => Some(outcome.failed()),
            (Self::Rounds, Outcome::Good) => Some(sends_on(status)),
            (Self::Refusals | Self::Departures, Outcome::Good) => Some(false),
            (Self::Refusals, Outcome::Refused) if turns_away(status) => Some(true),
            (Self::Departures, Outcome::Abandoned) => Some(true),
            (Self::Refusals | Self::Departures | Self::Rounds, _) => None,
        }
    }

    /// The counts of a bucket as this lens sees them: what counts, and what of it is bad.
    #[must_use]
    pub const fn recount(self, counts: Counts) -> Counts {
        let good = counts.requests.wrapping_sub(counts.failed).wrapping_sub(counts.refused);
        let bad = match self {
            Self::Failures => return counts,
            Self::Refusals => counts.turned_away,
            Self::Departures => counts.abandoned,
            // Those are among the good ones.
            Self::Rounds => return Counts { requests: good, failed: counts.sent_on, ..counts },
        };
        Counts { requests: good.wrapping_add(bad), failed: bad, ..counts }
    }

    /// The cells of slices that were answered as well as not, seen through it.
    #[must_use]
    pub fn cells(self, cells: &[Cell]) -> Vec<Cell> {
        let mut slices: HashMap<SliceId, (u32, u32), FixedState> = HashMap::default();
        let seen = || cells.iter().map(|cell| Cell { counts: self.recount(cell.counts), ..*cell });
        for cell in seen() {
            let (good, bad) = slices.entry(cell.slice).or_default();
            *good = good.saturating_add(cell.counts.requests.wrapping_sub(cell.counts.failed));
            *bad = bad.saturating_add(cell.counts.failed);
        }
        slices.retain(|_, (good, bad)| *good >= WORTH && *bad >= WORTH);
        if slices.is_empty() {
            return Vec::new();
        }
        seen().filter(|cell| cell.counts.requests > 0 && slices.contains_key(&cell.slice)).collect()
    }
}

/// Whether a refusal says that a route is not there, or not for this: no login (401) that is wanted, no limit, and nothing that
/// was taken away for good on purpose (410).
#[must_use]
pub const fn turns_away(status: u16) -> bool {
    matches!(status, 400 | 403..=405)
}

/// Whether a status sends whoever asks on to another address.
#[must_use]
pub const fn sends_on(status: u16) -> bool {
    matches!(status, 301..=303 | 307 | 308)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lens_sees_its_own_and_no_more() {
        let seen = |lens: Lens| [200, 304, 401, 403, 404, 405, 410, 429, 499, 502].map(|status| lens.is_bad(status));
        let (good, bad) = (Some(false), Some(true));
        assert_eq!(seen(Lens::Failures), [good, good, good, good, good, good, good, bad, None, bad]);
        assert_eq!(seen(Lens::Refusals), [good, good, None, bad, bad, bad, None, None, None, None]);
        assert_eq!(seen(Lens::Departures), [good, good, None, None, None, None, None, None, bad, None]);
        assert_eq!(
            [200, 304, 302, 308, 404, 502].map(|status| Lens::Rounds.is_bad(status)),
            [good, good, bad, bad, None, None]
        );
    }

    #[test]
    fn what_was_never_answered_is_not_looked_at() {
        let cell = |slice, good, away| Cell {
            bucket: 1,
            slice: SliceId(slice),
            counts: Counts { requests: good + away, refused: away, turned_away: away, ..Counts::default() },
        };
        let seen = Lens::Refusals.cells(&[cell(0, 0, 90), cell(1, 5, 0), cell(2, 5, 4)]);
        assert_eq!(seen.iter().map(|cell| (cell.slice.0, cell.counts.failed)).collect::<Vec<_>>(), [(2, 4)]);
    }
}
