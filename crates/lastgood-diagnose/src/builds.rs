//! Builds that failed, as their own output tells it: which step, what it says is wrong, and the cause that this is. Not a request
//! and no moment: the output of a build has no times.

use std::sync::Arc;

use lastgood_model::{
    Ailment, BuildError, BuildFact, Catalogue, CauseCode, Claim, Evidence, Fact, Impact, Incident, LineRef, Link,
    Observation, Onset, OnsetKind, Scope, Standing, Traffic, Weight,
};

use crate::rank::rank;
use crate::rules::{Depth, Hypothesis};

/// The codes that are proposed here.
#[cfg(test)]
pub const CODES: &[CauseCode] =
    &[CauseCode::WrongArch, CauseCode::BuildMissing, CauseCode::AppBug, CauseCode::DiskFull, CauseCode::DnsFailure];

/// One build.
#[derive(Default)]
struct Build<'f> {
    what: Option<&'f Arc<str>>,
    /// What it says, each with its line, in order.
    said: Vec<(LineRef, &'f BuildFact)>,
}

/// An incident for each build that failed.
pub fn incidents(facts: &[Observation], catalogue: &Catalogue) -> Vec<Incident> {
    let mut builds: Vec<(lastgood_model::SourceId, Build<'_>)> = Vec::new();
    for observation in facts {
        let Fact::Build(fact) = &observation.fact else { continue };
        let source = observation.line.source;
        if !builds.iter().any(|(known, _)| *known == source) {
            builds.push((source, Build::default()));
        }
        let Some((_, build)) = builds.iter_mut().find(|(known, _)| *known == source) else { continue };
        match fact {
            BuildFact::Step { what, .. }
            | BuildFact::Error { what, .. }
            | BuildFact::Image { what, .. }
            | BuildFact::Failed { what, .. } => {
                build.what.get_or_insert(what);
                build.said.push((observation.line, fact));
            }
            BuildFact::Succeeded => {}
        }
    }
    builds.sort_by_key(|(source, _)| *source);
    builds.iter().filter_map(|(_, build)| build.incident(catalogue)).collect()
}

/// Whether a build was read that ended well.
pub fn any_succeeded(facts: &[Observation]) -> bool {
    facts.iter().any(|observation| observation.fact == Fact::Build(BuildFact::Succeeded))
}

impl Build<'_> {
    fn incident(&self, catalogue: &Catalogue) -> Option<Incident> {
        let (first, _) = self.said.first()?;
        let named = self.what.filter(|what| !what.is_empty());
        let component = named.map_or_else(|| Arc::from("build"), Arc::clone);
        let error = self.said.iter().find_map(|(line, fact)| match fact {
            BuildFact::Error { kind, .. } => Some((*line, *kind)),
            _ => None,
        });
        let code = error.map_or(CauseCode::BuildMissing, |(_, kind)| code(kind));
        let mut said: Vec<&(LineRef, &BuildFact)> = self.said.iter().collect();
        said.sort_by_key(|(line, _)| *line);
        let mut hypothesis = Hypothesis {
            code,
            component: Arc::clone(&component),
            evidence: Vec::new(),
            against: Vec::new(),
            chain: Vec::new(),
            depth: Depth::Origin,
        };
        for (line, fact) in said {
            let weight = match fact {
                // That it failed is certain; of what, only where the output says so.
                BuildFact::Error { kind: BuildError::Other, .. } => Weight::Strong,
                BuildFact::Error { .. } => Weight::Decisive,
                BuildFact::Image { .. } => Weight::Weak,
                _ => Weight::Moderate,
            };
            let (claim, reference) = (Claim::Build((*fact).clone()), catalogue.reference(*line));
            // What it would have been is nothing that happened.
            if !matches!(fact, BuildFact::Image { .. }) {
                hypothesis.chain.push(Link { at: None, what: claim.clone(), reference: reference.clone() });
            }
            hypothesis.evidence.push(Evidence { claim, reference, weight });
        }
        let at = error.map_or(*first, |(line, _)| line);
        let standing = Standing { component, ailment: Ailment::NotBuilt, reference: catalogue.reference(at) };
        Some(Incident {
            onset: Onset {
                kind: OnsetKind::NoGoodSeen,
                last_good: None,
                first_bad: None,
                recovered: None,
                width_requests: None,
            },
            scope: Scope::default(),
            impact: Impact::default(),
            detection: None,
            changes: Vec::new(),
            causes: rank(vec![hypothesis]),
            next: Vec::new(),
            standing: vec![standing],
            cleared: Vec::new(),
            traffic: Traffic::default(),
        })
    }
}

const fn code(kind: BuildError) -> CauseCode {
    match kind {
        BuildError::WrongArchitecture => CauseCode::WrongArch,
        BuildError::NoSpace => CauseCode::DiskFull,
        BuildError::NoAnswer => CauseCode::DnsFailure,
        BuildError::Refused | BuildError::TestFailed => CauseCode::AppBug,
        BuildError::ProgramMissing
        | BuildError::ModuleMissing
        | BuildError::PackageMissing
        | BuildError::Denied
        | BuildError::Malformed
        | BuildError::Other => CauseCode::BuildMissing,
    }
}
