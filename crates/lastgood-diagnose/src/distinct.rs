//! How many different clients there were, in bounded memory: the k smallest hashes (Bar-Yossef et al. 2002).
//! Exact up to its room, an estimate beyond. Knows no addresses.

use std::collections::BTreeSet;

use lastgood_model::ClientId;

/// Exact up to this many.
const ROOM: usize = 65_536;

/// A set of clients that can be counted and merged.
#[derive(Clone, Debug, Default)]
pub struct Distinct {
    smallest: BTreeSet<u64>,
    overflowed: bool,
}

impl Distinct {
    /// Adds a client; a line without an address adds none.
    pub fn add(&mut self, client: ClientId) {
        if client != ClientId::UNKNOWN {
            self.insert(spread(client.0));
        }
    }

    /// Adds everything of another set.
    pub fn merge(&mut self, other: &Self) {
        self.overflowed |= other.overflowed;
        for &hash in &other.smallest {
            self.insert(hash);
        }
    }

    /// How many there are, and whether that is an estimate.
    #[must_use]
    pub fn count(&self) -> (u64, bool) {
        match (self.overflowed, self.smallest.last()) {
            (true, Some(&largest)) => {
                #[expect(clippy::cast_precision_loss, reason = "an estimate")]
                let estimate = (ROOM - 1) as f64 / (largest as f64 / u64::MAX as f64);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, far below 2^63")]
                (estimate as u64, true)
            }
            _ => (self.smallest.len() as u64, false),
        }
    }

    fn insert(&mut self, hash: u64) {
        if self.smallest.len() == ROOM && self.smallest.last().is_some_and(|&largest| hash > largest) {
            self.overflowed = true;
            return;
        }
        self.smallest.insert(hash);
        if self.smallest.len() > ROOM {
            self.smallest.pop_last();
            self.overflowed = true;
        }
    }
}

/// Spreads ids evenly over all values (the finaliser of SplitMix64, Steele et al. 2014).
const fn spread(id: u64) -> u64 {
    let id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    id ^ (id >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_counted_exactly_and_many_nearly() {
        let mut few = Distinct::default();
        (0..5000).for_each(|id| few.add(ClientId(id % 1000)));
        assert_eq!(few.count(), (999, false));
        let mut many = Distinct::default();
        (1..=1_000_000).for_each(|id| many.add(ClientId(id)));
        let (count, estimated) = many.count();
        assert!(estimated && (980_000..1_020_000).contains(&count), "{count}");
    }
}
