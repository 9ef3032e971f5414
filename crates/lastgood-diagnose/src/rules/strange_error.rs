//! `unknown/located` at whoever an error speaks of that nobody knows, and that came whenever a request failed: the one whom a driver asks,
//! and not the application; else the application that wrote it. What is wrong there is not known.

use lastgood_model::app_claim::SaidError;
use lastgood_model::{AppClaim, CauseCode, Claim, Severity, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::drivers;
use crate::scene::Scene;
use crate::spoken::SpokenError;

/// An error that nobody knows.
pub struct Strange;

impl Rule for Strange {
    fn code(&self) -> CauseCode {
        CauseCode::Located
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let spoken = &scene.spoken;
        let strange = || spoken.errors().filter(|said| said.signature.is_none() && came_with_failures(scene, said));
        let of_driver = strange().find_map(|said| Some((said, drivers::asked(spoken, &said)?)));
        let of_writer = || {
            let loud = |said: &SpokenError<'_>| said.error.severity >= Some(Severity::Error);
            let said =
                strange().find(|said| !said.error.class.is_empty() && loud(said) && !spoken.is_proxy(said.who))?;
            Some((said, spoken.component(said.who)))
        };
        let (said, component) = of_driver.or_else(of_writer)?;
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
