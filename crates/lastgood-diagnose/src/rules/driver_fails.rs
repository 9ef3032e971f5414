//! `unknown/located` at a store: the application's driver raised an error whenever a request failed, and it is no sentence that is known.
//! Whom it asked is known, and not what is wrong there: the application is not to blame before that is.

use lastgood_model::app_claim::SaidError;
use lastgood_model::{AppClaim, CauseCode, Claim, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::drivers;
use crate::scene::Scene;
use crate::spoken::SpokenError;

/// A driver's error that nobody knows.
pub struct DriverFails;

impl Rule for DriverFails {
    fn code(&self) -> CauseCode {
        CauseCode::Located
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let spoken = &scene.spoken;
        let (said, component) = spoken
            .errors()
            .filter(|said| said.signature.is_none() && came_with_failures(scene, said))
            .find_map(|said| Some((said, drivers::asked(spoken, &said)?)))?;
        let (met, failed) = spoken.met(said.run.shape, scene.finding);
        let who = spoken.component(said.who);
        let error =
            Claim::Application(AppClaim::Said { error: SaidError::of(&who, said.error, None), count: said.run.count });
        let together = Claim::Application(AppClaim::WithFailures { who, met, failed });
        let mark = said.run.first;
        let evidence = [(error.clone(), Weight::Moderate), (together, Weight::Moderate)];
        Some(Hypothesis {
            code: self.code(),
            component,
            evidence: evidence.map(|(claim, weight)| scene.evidence(claim, mark, weight)).into(),
            against: Vec::new(),
            chain: vec![scene.link(error, mark), scene.symptom()],
            depth: Depth::Symptom,
        })
    }
}

/// Whether an error was written when requests failed, and hardly before.
pub(super) fn came_with_failures(scene: &Scene<'_>, said: &SpokenError<'_>) -> bool {
    let (met, failed) = scene.spoken.met(said.run.shape, scene.finding);
    failed > 0 && met * 2 >= failed && scene.spoken.before(said.run.shape) * 2 < said.run.count
}
