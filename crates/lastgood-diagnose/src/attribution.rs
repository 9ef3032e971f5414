//! Which part of the traffic fails: the one or two dimensions whose elements divide into failing and fine ones.
//! In the spirit of Adtributor (Bhagwan et al., NSDI 2014), with likelihoods in place of its surprise.
//! It names slices, never a component.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use lastgood_model::{Atom, Catalogue, Slice};

use crate::cells::Counts;
use crate::episodes::log_ratio;
use crate::series::Selection;

/// A way to divide traffic, coarse ones first: of two that explain equally well, the first is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Virtual host.
    Vhost,
    /// The address that is tried first.
    Upstream,
    /// First path segment.
    Segment,
    /// Method.
    Method,
    /// Path template.
    Path,
}

impl Dimension {
    /// All of them, coarse ones first.
    pub const ALL: [Self; 5] = [Self::Vhost, Self::Upstream, Self::Segment, Self::Method, Self::Path];

    /// The element that a slice belongs to; `None` where the format does not say.
    #[must_use]
    pub const fn element(self, slice: &Slice) -> Option<Atom> {
        match self {
            Self::Vhost => Some(slice.vhost),
            Self::Upstream => slice.upstream,
            Self::Segment => Some(slice.segment),
            Self::Method => Some(slice.method),
            Self::Path => Some(slice.path),
        }
    }
}

/// What is known of one slice around an episode.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    /// Counts inside the episode.
    pub inside: Counts,
    /// Requests outside of it.
    pub outside: u64,
}

/// What an element of a dimension adds up to inside the episode.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    n: f64,
    k: f64,
    outside: f64,
}

/// Doubt in an element's favour: with little seen of it, it counts as failing like the rest.
const BENEFIT: f64 = 1.0;
/// What naming one element costs, in nats.
const ELEMENT_COST: f64 = 1.5;
/// What a dimension must explain beyond its cost to be worth a mention, in nats.
const WORTH: f64 = 6.0;

/// Narrows `start` to the failing slices, by at most two dimensions. `shares` is indexed by slice id, `good` is the
/// failure rate outside of the episode.
#[must_use]
pub fn attribute(catalogue: &Catalogue, start: &Selection, shares: &[Share], good: f64) -> Selection {
    let mut chosen = start.clone();
    let mut used = Vec::new();
    for _ in 0..2 {
        let best = Dimension::ALL
            .into_iter()
            .filter(|dimension| !used.contains(dimension))
            .filter_map(|dimension| Some((dimension, divide(dimension, catalogue, &chosen, shares, good)?)))
            .fold(None, |best: Option<(Dimension, Division)>, (dimension, division)| match best {
                Some(best) if best.1.worth >= division.worth - 1e-9 => Some(best),
                _ => Some((dimension, division)),
            });
        let Some((dimension, division)) = best else { break };
        used.push(dimension);
        chosen = narrow(catalogue, &chosen, dimension, &division.failing);
    }
    chosen
}

/// The slices of a selection whose element is among the failing ones.
fn narrow(
    catalogue: &Catalogue,
    selection: &Selection,
    dimension: Dimension,
    failing: &HashMap<Option<Atom>, bool, FixedState>,
) -> Selection {
    let mut index = 0_u32;
    Selection::of(&catalogue.slices, |slice| {
        let id = lastgood_model::SliceId(index);
        index += 1;
        selection.holds(id) && failing.get(&dimension.element(slice)).copied().unwrap_or(false)
    })
}

struct Division {
    failing: HashMap<Option<Atom>, bool, FixedState>,
    worth: f64,
}

/// Divides a selection along one dimension; `None` if that explains nothing.
fn divide(
    dimension: Dimension,
    catalogue: &Catalogue,
    selection: &Selection,
    shares: &[Share],
    good: f64,
) -> Option<Division> {
    let mut tallies: HashMap<Option<Atom>, Tally, FixedState> = HashMap::default();
    for id in selection.ids() {
        let (Some(slice), Some(share)) = (catalogue.slice(id), shares.get(id.0 as usize)) else { continue };
        let tally = tallies.entry(dimension.element(slice)).or_default();
        tally.n += f64::from(share.inside.requests);
        tally.k += f64::from(share.inside.failed);
        #[expect(clippy::cast_precision_loss, reason = "a count of requests is far below 2^52")]
        let outside = share.outside as f64;
        tally.outside += outside;
    }
    tallies.retain(|_, tally| tally.n > 0.0);
    if tallies.len() < 2 {
        return None;
    }
    let whole = tallies.values().fold(Tally::default(), |sum, tally| Tally {
        n: sum.n + tally.n,
        k: sum.k + tally.k,
        outside: sum.outside + tally.outside,
    });
    let rate = |n: f64, k: f64| ((k + 0.5) / (n + 1.0)).clamp(1e-6, 1.0 - 1e-6);
    // The rate of the failing elements: start from the whole, and let the fine ones drop out.
    let mut bad = rate(whole.n, whole.k).max((good * 3.0).min(0.9));
    let mut failing: HashMap<Option<Atom>, bool, FixedState> = HashMap::default();
    for _ in 0..6 {
        failing = tallies
            .iter()
            .map(|(&element, tally)| (element, log_ratio(tally.n, tally.k, good, bad) > -BENEFIT))
            .collect();
        let (n, k) = tallies
            .iter()
            .filter(|(element, _)| failing.get(*element) == Some(&true))
            .fold((0.0, 0.0), |(n, k), (_, tally)| (n + tally.n, k + tally.k));
        let next = rate(n, k).max((good * 3.0).min(0.9));
        if (next - bad).abs() < 1e-4 {
            break;
        }
        bad = next;
    }
    let (mut outside_failing, mut n_failing) = (0.0, 0.0);
    let (mut explained, mut fine) = (0.0, 0_u32);
    for (element, tally) in &tallies {
        if failing.get(element) == Some(&true) {
            explained += log_ratio(tally.n, tally.k, good, bad);
            outside_failing += tally.outside;
            n_failing += tally.n;
        } else {
            fine += 1;
        }
    }
    // Elements that exist only in the failure (an upstream's group name, a dash) say how it fails, not what: there,
    // the absence outside is no chance.
    let expected_outside = whole.outside * n_failing / whole.n;
    let only_in_failure = outside_failing == 0.0 && expected_outside > 10.0;
    if fine == 0 || only_in_failure || explained <= 0.0 {
        return None;
    }
    let undivided = log_ratio(whole.n, whole.k, good, rate(whole.n, whole.k)).max(0.0);
    let named = f64::from(fine.min(u32::try_from(tallies.len()).unwrap_or(u32::MAX) - fine));
    let worth = explained - undivided - ELEMENT_COST * named;
    (worth > WORTH).then_some(Division { failing, worth })
}

#[cfg(test)]
mod tests {
    use lastgood_model::SliceId;

    use super::*;

    /// Slices of (segment, method) with (requests, failures) inside and requests outside.
    fn shares(table: &[(u32, u32, u32, u32, u64)]) -> (Catalogue, Vec<Share>) {
        let slices = table
            .iter()
            .enumerate()
            .map(|(index, &(segment, method, ..))| Slice {
                vhost: Atom(0),
                upstream: None,
                path: Atom(1000 + u32::try_from(index).unwrap()),
                segment: Atom(segment),
                method: Atom(method),
            })
            .collect();
        let shares = table
            .iter()
            .map(|&(_, _, requests, failed, outside)| Share {
                inside: Counts { requests, failed, ..Counts::default() },
                outside,
            })
            .collect();
        (Catalogue { slices, ..Catalogue::default() }, shares)
    }

    fn chosen(table: &[(u32, u32, u32, u32, u64)]) -> Vec<u32> {
        let (catalogue, shares) = shares(table);
        let all = Selection::of(&catalogue.slices, |_| true);
        attribute(&catalogue, &all, &shares, 0.002).ids().map(|SliceId(id)| id).collect()
    }

    #[test]
    fn paths_that_the_proxy_serves_itself_are_left_out() {
        let table = [(1, 1, 40, 40, 900), (2, 1, 30, 30, 700), (3, 1, 60, 0, 2000), (4, 1, 1, 0, 30)];
        assert_eq!(chosen(&table), [0, 1]);
    }

    #[test]
    fn one_method_of_one_path() {
        let table = [(1, 1, 50, 0, 500), (1, 2, 40, 39, 400), (2, 1, 60, 1, 500), (2, 2, 55, 0, 500)];
        assert_eq!(chosen(&table), [1]);
    }

    #[test]
    fn an_even_failure_is_not_divided() {
        let table = [(1, 1, 50, 10, 500), (2, 1, 40, 7, 400), (3, 1, 3, 0, 500), (4, 1, 60, 13, 500)];
        assert_eq!(chosen(&table), [0, 1, 2, 3]);
    }
}
