//! `resource-limit/server-conn-limit`: a database or cache turned clients away because all of its connections were
//! taken, when it turned bad. Not who holds them.

use std::sync::Arc;

use lastgood_model::{CauseCode, Claim, Span, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::scene::Scene;

/// A server without a connection left.
pub struct ServerConnLimit;

/// From such a line to the onset at most.
const AROUND_MS: i64 = 60_000;

impl Rule for ServerConnLimit {
    fn code(&self) -> CauseCode {
        CauseCode::ServerConnLimit
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let around = Span::new(scene.onset.from().plus(-AROUND_MS), scene.onset.to().plus(AROUND_MS));
        let said = || scene.host.exhausted.iter();
        let (mark, who) = said().find(|((at, _), _)| around.contains(*at))?;
        let claim = Claim::ConnectionsExhausted { who: Arc::clone(who) };
        let evidence = vec![scene.evidence(claim.clone(), *mark, Weight::Strong)];
        // As often in good times as in bad ones, it breaks nothing by itself.
        let length = scene.bad.length_ms();
        let before = Span::new(around.from().plus(-length), around.from());
        let count = |span: Span| said().filter(|((at, _), other)| other == who && span.contains(*at)).count() as u64;
        let (earlier, meanwhile) = (count(before), count(scene.bad.cover(around)));
        let against = (earlier * 2 >= meanwhile)
            .then(|| scene.evidence(Claim::ErrorsBefore { count: earlier }, *mark, Weight::Strong));
        Some(Hypothesis {
            code: self.code(),
            component: Arc::clone(who),
            evidence,
            against: against.into_iter().collect(),
            chain: vec![scene.link(claim, *mark), scene.symptom()],
            depth: Depth::Origin,
        })
    }
}
