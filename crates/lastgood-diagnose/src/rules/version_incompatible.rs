//! `version/version-incompatible`: packages were changed just before, and what failed came from one of them. An upgrade that
//! nothing links to what failed is only listed among the changes.

use std::sync::Arc;

use lastgood_model::{CauseCode, Change, ChangeKind, Claim, Evidence, Link, Span, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::host::UnitEvent;
use crate::scene::{Scene, change_claim};

/// An upgrade that did not agree with what was there.
pub struct VersionIncompatible;

/// From the end of the package manager's run to the first failure at most.
const BEFORE_MS: i64 = 600_000;
/// A package restarts its unit at once, and a unit that cannot go on fails soon.
const AFTER_MS: i64 = 60_000;
/// Shorter words of names tie everything to everything.
const SHORTEST_WORD: usize = 3;

impl Rule for VersionIncompatible {
    fn code(&self) -> CauseCode {
        CauseCode::VersionIncompatible
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let near = |change: &&Change| {
            change.kind == ChangeKind::PackageChanged
                && change.span.from() <= scene.onset.to()
                && scene.onset.to().since(change.span.to()) <= BEFORE_MS
        };
        scene.changes.iter().filter(near).find_map(|change| blamed(scene, change))
    }
}

fn blamed(scene: &Scene<'_>, change: &Change) -> Option<Hypothesis> {
    let fell = |event: &UnitEvent| matches!(event, UnitEvent::Failed(_));
    let during = Span::new(change.span.from(), scene.onset.to().plus(AFTER_MS));
    let (name, mark, result) = scene.host.units.iter().find_map(|(name, unit)| {
        let (mark, event) = unit.first_within(during, fell)?;
        let UnitEvent::Failed(result) = event else { return None };
        is_of(name, &change.subject).then_some((name, *mark, result))
    })?;
    let upgraded = change_claim(change, scene.onset.to());
    let failed = Claim::UnitFailed { unit: Arc::clone(name), result: Arc::clone(result) };
    let evidence = vec![
        Evidence { claim: upgraded.clone(), reference: change.reference.clone(), weight: Weight::Strong },
        scene.evidence(failed.clone(), mark, Weight::Moderate),
    ];
    let chain = vec![
        Link { at: Some(change.span.from()), what: upgraded, reference: change.reference.clone() },
        scene.link(failed, mark),
        scene.symptom(),
    ];
    Some(Hypothesis {
        code: CauseCode::VersionIncompatible,
        component: Arc::clone(name),
        evidence,
        against: Vec::new(),
        chain,
        depth: Depth::Origin,
    })
}

/// Whether a unit's name and the packages share a word: `php8.2-fpm.service` and `php8.2-fpm 8.2.20 → 8.2.24`.
fn is_of(unit: &str, packages: &str) -> bool {
    let stem = unit.strip_suffix(".service").unwrap_or(unit);
    let stem = stem.split('@').next().unwrap_or(stem);
    let names = packages.split([' ', ',']).map(|word| word.split(':').next().unwrap_or(word));
    let parts = |name: &str| name.split('-').map(str::to_owned).collect::<Vec<_>>();
    let words: Vec<String> = names.flat_map(parts).collect();
    parts(stem).iter().any(|part| part.len() >= SHORTEST_WORD && words.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_of_a_package_by_a_word_of_its_name() {
        assert!(is_of("nginx.service", "nginx:amd64 1.22.1-9 → 1.22.1-9+deb12u1"));
        assert!(is_of("php8.2-fpm.service", "php8.2-fpm 8.2.20 → 8.2.24"));
        assert!(is_of("postgresql@15-main.service", "postgresql-15 15.8 → 15.10"));
        assert!(!is_of("shop.service", "nginx 1.22.1-9 → 1.22.1-9+deb12u1"));
        assert!(!is_of("a.service", "a 1 → 2"));
    }
}
