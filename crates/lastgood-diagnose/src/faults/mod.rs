//! The table of faults: what is wrong with a component as its state says, whether or not a request failed. Each rule looks at
//! the stack alone and proposes at most one fault a component; only `standing` compares.

use std::sync::Arc;

use lastgood_model::{Ailment, CauseCode, Claim, Edge, Evidence, Link, Ref, StateClaim, UnixMs, Weight};

use crate::rules::{Depth, Hypothesis};
use crate::stack_scene::StackScene;

pub mod crash;
mod cut_off;
mod down;
mod host_short;
mod misread;
mod out_of_memory;
pub mod probed;
mod refused_start;
mod stale_env;
mod stale_upstream;
mod unhealthy;
pub mod wrong_address;

/// The codes that are proposed here.
#[cfg(test)]
pub const CODES: &[CauseCode] = &[
    CauseCode::BadEntrypoint,
    CauseCode::HealthcheckBroken,
    CauseCode::WrongArch,
    CauseCode::WrongNetwork,
    CauseCode::WrongAddress,
    CauseCode::StaleUpstreamIp,
    CauseCode::StaleEnv,
    CauseCode::StartupOrder,
    CauseCode::BadMount,
    CauseCode::WrongCredential,
    CauseCode::MissingCredential,
    CauseCode::AuthNotExpected,
    CauseCode::ProtectedMode,
    CauseCode::PersistenceFailing,
    CauseCode::MemoryLimit,
    CauseCode::ReadOnly,
    CauseCode::FirewallDrop,
    CauseCode::BindLoopback,
    CauseCode::SchemaMissing,
    CauseCode::Loading,
    CauseCode::ProtocolMismatch,
    CauseCode::IssuerMismatch,
    CauseCode::ClockSkew,
    CauseCode::TlsNotYetValid,
    CauseCode::TlsVersion,
];

/// Every rule.
pub const FAULTS: &[fn(&StackScene<'_>) -> Vec<Fault>] = &[
    host_short::propose,
    refused_start::propose,
    down::propose,
    out_of_memory::propose,
    crash::propose,
    cut_off::propose,
    stale_env::propose,
    wrong_address::propose,
    stale_upstream::propose,
    unhealthy::propose,
    misread::propose,
    probed::propose,
];

/// Something wrong with a component.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What, who, and why we think so.
    pub hypothesis: Hypothesis,
    /// The component whose state is bad; the hypothesis may blame another one.
    pub bearer: Arc<str>,
    /// In which way its state is bad.
    pub ailment: Ailment,
    /// The last moment at which it was seen well.
    pub last_good: Option<Edge>,
    /// The first moment at which it was seen bad.
    pub first_bad: Edge,
    /// It may be no more than what follows from something that the bearer asks.
    pub follows: bool,
    /// It is an incident by itself, and not only a possible reason of failing requests.
    pub grave: bool,
}

impl Fault {
    /// A grave fault of a component that is to blame itself, seen bad from `first_bad` on.
    fn new(code: CauseCode, component: &Arc<str>, ailment: Ailment, depth: Depth, first_bad: Edge) -> Self {
        Self {
            hypothesis: Hypothesis {
                code,
                component: Arc::clone(component),
                evidence: Vec::new(),
                against: Vec::new(),
                chain: Vec::new(),
                depth,
            },
            bearer: Arc::clone(component),
            ailment,
            last_good: None,
            first_bad,
            follows: false,
            grave: true,
        }
    }

    /// With a piece of evidence.
    fn says(mut self, claim: StateClaim, reference: Ref, weight: Weight) -> Self {
        self.hypothesis.evidence.push(Evidence { claim: Claim::State(claim), reference, weight });
        self
    }

    /// With a piece of evidence that is a link of the chain, too.
    fn led(mut self, at: Option<UnixMs>, claim: StateClaim, reference: Ref, weight: Weight) -> Self {
        self.hypothesis.chain.push(Link { at, what: Claim::State(claim.clone()), reference: reference.clone() });
        self.says(claim, reference, weight)
    }

    /// Whether a state or an unambiguous line proves it.
    #[must_use]
    pub fn is_decisive(&self) -> bool {
        self.hypothesis.evidence.iter().any(|evidence| evidence.weight == Weight::Decisive)
    }
}

/// An edge of an onset.
const fn edge(at: UnixMs, reference: Ref) -> Edge {
    Edge { at, reference }
}

#[cfg(test)]
pub mod tests;
