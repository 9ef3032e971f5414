//! Variants that nobody wrote down: names, log formats, zones, rates, layouts and innocent changes, drawn from what a stack offers. The
//! same fault and number draw the same at any time and place; nothing is random.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::fault::{Variant, Words};

/// What may be drawn. A fault's own lists stand instead of the stack's.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Draw {
    /// So many variants in all, with those that are written down; for a fault to say.
    pub runs: usize,
    pub rate: Vec<f64>,
    pub prepare: Vec<String>,
    pub decoy: Vec<String>,
    pub words: BTreeMap<String, Vec<String>>,
}

impl Draw {
    /// The variants of a fault: those that are written, and as many drawn as it asks for.
    pub fn variants(&self, id: &str, written: &[Variant], stack: &Self) -> Vec<Variant> {
        let drawn = (written.len() + 1..=self.runs).map(|number| self.one(id, number, stack));
        written.iter().cloned().chain(drawn).collect()
    }

    fn one(&self, id: &str, number: usize, stack: &Self) -> Variant {
        let name = format!("drawn-{number:02}");
        let seed = |of: &str| format!("{id}.{name} {of}");
        let script = |of: &str, own: &[String], stack: &[String]| {
            pick(&seed(of), own, stack).filter(|script| !script.is_empty())
        };
        let mut pools = stack.words.clone();
        pools.extend(self.words.clone());
        let words: Words =
            pools.iter().filter_map(|(word, pool)| Some((word.clone(), pick(&seed(word), pool, &[])?))).collect();
        Variant {
            words,
            rate: pick(&seed("rate"), &self.rate, &stack.rate),
            prepare: script("prepare", &self.prepare, &stack.prepare),
            decoy: script("decoy", &self.decoy, &stack.decoy),
            name,
            ..Variant::default()
        }
    }
}

/// One of its own; of the others, if it has none.
fn pick<T: Clone>(seed: &str, own: &[T], others: &[T]) -> Option<T> {
    let pool = if own.is_empty() { others } else { own };
    let digest = Sha256::digest(seed.as_bytes());
    let number = digest.iter().take(4).fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
    pool.get(number.checked_rem(pool.len())?).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pools(rates: &[f64], logs: &[&str]) -> Draw {
        let logs = logs.iter().map(|log| (*log).to_owned()).collect();
        Draw { rate: rates.to_vec(), words: BTreeMap::from([("log".to_owned(), logs)]), ..Draw::default() }
    }

    #[test]
    fn the_same_is_drawn_every_time_and_not_always_the_same() {
        let stack = pools(&[1.0, 2.0, 4.0, 8.0], &["main", "json", "timed"]);
        let draw = Draw { runs: 10, ..Draw::default() };
        let written = [Variant { name: "plain".to_owned(), ..Variant::default() }];
        let (once, again) = (draw.variants("ok-01", &written, &stack), draw.variants("ok-01", &written, &stack));
        assert_eq!(once.len(), 10);
        assert_eq!(format!("{once:?}"), format!("{again:?}"));
        assert_eq!((&*once[0].name, &*once[1].name, &*once[9].name), ("plain", "drawn-02", "drawn-10"));
        let logs: std::collections::BTreeSet<&String> = once.iter().filter_map(|one| one.words.get("log")).collect();
        assert!(logs.len() > 1, "{logs:?}");
    }

    #[test]
    fn a_fault_draws_from_its_own_lists_first() {
        let stack = pools(&[8.0], &["main"]);
        let own = Draw { runs: 3, ..pools(&[0.05], &["json"]) };
        let drawn = own.variants("ok-01", &[], &stack);
        assert!(drawn.iter().all(|one| one.rate == Some(0.05) && one.words["log"] == "json"));
        assert!(Draw::default().variants("ok-01", &[], &stack).is_empty());
    }
}
