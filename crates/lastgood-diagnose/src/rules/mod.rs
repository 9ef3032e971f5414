//! The table of rules. Each looks at a scene alone and proposes at most one hypothesis; only `rank` compares.

use std::sync::Arc;

use lastgood_model::{CauseCode, Evidence, Layers, Link};

use crate::layers;
use crate::lens::Lens;
use crate::scene::Scene;

mod app_bug;
pub mod app_calls;
mod app_says;
mod app_told;
mod dependency_down;
mod disk_full;
mod dns_failure;
mod gave_up;
mod host_not_passed;
mod located;
mod no_start_page;
mod not_started_after_reboot;
mod oom_kill;
mod path_cut;
mod proxy_says;
mod redirect_loop;
mod release_lacks;
mod server_conn_limit;
pub mod stale_upstream;
pub mod stopped;
mod strange_error;
mod turn;
mod unit_failed;
mod upstream;
mod upstream_closing;
mod upstream_down;
mod upstream_loopback;
mod upstream_slow;
mod version_incompatible;

/// A candidate cause from one rule.
#[derive(Clone, Debug)]
pub struct Hypothesis {
    /// What.
    pub code: CauseCode,
    /// Who.
    pub component: Arc<str>,
    /// What speaks for it, weightiest first.
    pub evidence: Vec<Evidence>,
    /// What speaks against it.
    pub against: Vec<Evidence>,
    /// Trigger → mechanism → symptom.
    pub chain: Vec<Link>,
    /// How deep it lies: of two that both fit, the deeper one explains the other away.
    pub depth: Depth,
}

/// Where in the chain of causes a hypothesis stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Only says where it fails.
    Place,
    /// How the proxy sees the upstream.
    Symptom,
    /// What became of a process.
    Process,
    /// What was done to the process, or to the host under it.
    Origin,
    /// What was written and became something else, of which the other came.
    Written,
}

/// A cause that can be recognised.
pub trait Rule: Sync {
    /// The code that it proposes.
    fn code(&self) -> CauseCode;

    /// The layers of a site that use it.
    fn layers(&self) -> Layers {
        layers::of(self.code())
    }

    /// Proposes, if what it looks for is there.
    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis>;
}

/// Every rule.
pub const RULES: &[&dyn Rule] = &[
    &not_started_after_reboot::NotStartedAfterReboot,
    &oom_kill::OomKill,
    &disk_full::DiskFull,
    &unit_failed::UnitFailed,
    &server_conn_limit::ServerConnLimit,
    &stale_upstream::StaleUpstream,
    &dependency_down::DependencyDown,
    &proxy_says::ProxySays::FD_LIMIT,
    &proxy_says::ProxySays::WORKER_LIMIT,
    &proxy_says::ProxySays::TLS_EXPIRED,
    &proxy_says::ProxySays::TLS_CHAIN,
    &proxy_says::ProxySays::TLS_NAME,
    &proxy_says::ProxySays::HEADER_TOO_BIG,
    &proxy_says::ProxySays::NO_TLS,
    &proxy_says::ProxySays::SOCKET_DENIED,
    &proxy_says::ProxySays::BODY_TOO_BIG,
    &proxy_says::ProxySays::RATE_LIMIT,
    &dns_failure::DnsFailure,
    &upstream_down::UpstreamDown,
    &upstream_loopback::UpstreamLoopback,
    &upstream_slow::UpstreamSlow,
    &upstream_closing::UpstreamClosing,
    &version_incompatible::VersionIncompatible,
    &app_says::AppSays::of(CauseCode::DependencyDown),
    &app_says::AppSays::of(CauseCode::ProcessDown),
    &app_says::AppSays::of(CauseCode::MissingCredential),
    &app_says::AppSays::of(CauseCode::WrongCredential),
    &app_says::AppSays::of(CauseCode::AuthNotExpected),
    &app_says::AppSays::of(CauseCode::ProtectedMode),
    &app_says::AppSays::of(CauseCode::PersistenceFailing),
    &app_says::AppSays::of(CauseCode::MemoryLimit),
    &app_says::AppSays::of(CauseCode::ReadOnly),
    &app_says::AppSays::of(CauseCode::SchemaMissing),
    &app_says::AppSays::of(CauseCode::Loading),
    &app_says::AppSays::of(CauseCode::ServerConnLimit),
    &app_says::AppSays::of(CauseCode::ConnectionClosed),
    &app_says::AppSays::of(CauseCode::DnsFailure),
    &app_says::AppSays::of(CauseCode::WrongAddress),
    &app_says::AppSays::of(CauseCode::FirewallDrop),
    &app_says::AppSays::of(CauseCode::Ipv6Mismatch),
    &app_says::AppSays::of(CauseCode::ProtocolMismatch),
    &app_says::AppSays::of(CauseCode::TlsExpired),
    &app_says::AppSays::of(CauseCode::TlsChain),
    &app_says::AppSays::of(CauseCode::TlsNameMismatch),
    &app_says::AppSays::of(CauseCode::IssuerMismatch),
    &app_says::AppSays::of(CauseCode::RedirectUri),
    &app_says::AppSays::of(CauseCode::ClockSkew),
    &app_says::AppSays::of(CauseCode::WrongHostHeader),
    &app_says::AppSays::of(CauseCode::EnvMissing),
    &app_says::AppSays::of(CauseCode::EnvMalformed),
    &app_says::AppSays::of(CauseCode::Permission),
    &app_says::AppSays::of(CauseCode::DiskFull),
    &app_says::AppSays::of(CauseCode::BadMount),
    &app_says::AppSays::of(CauseCode::FdLimit),
    &app_says::AppSays::of(CauseCode::HeapLimit),
    &app_says::AppSays::of(CauseCode::OomKill),
    &app_says::AppSays::of(CauseCode::TimeoutSlow),
    &app_says::AppSays::of(CauseCode::BadEntrypoint),
    &app_says::AppSays::of(CauseCode::BuildMissing),
    &app_says::AppSays::of(CauseCode::PortConflict),
    &app_says::AppSays::of(CauseCode::WrongArch),
    &app_says::AppSays::of(CauseCode::ConfigSyntax),
    &app_says::AppSays::of(CauseCode::VersionIncompatible),
    &app_says::AppSays::of(CauseCode::BindLoopback),
    &app_says::AppSays::of(CauseCode::AppBug),
    &app_calls::CalledFails,
    &strange_error::Strange,
    &app_bug::AppBug,
    &located::Located,
];

/// Rules of answers that turned without failing. What explains failures explains no refusal.
const OF_REFUSALS: &[&dyn Rule] = &[
    &path_cut::PathCut,
    &host_not_passed::HostNotPassed,
    &no_start_page::NoStartPage,
    &release_lacks::ReleaseLacks,
    &app_says::AppSays::of(CauseCode::WrongHostHeader),
    &app_says::AppSays::of(CauseCode::RedirectUri),
    &located::Located,
];
const OF_DEPARTURES: &[&dyn Rule] = &[&gave_up::GaveUp];

const OF_ROUNDS: &[&dyn Rule] = &[&redirect_loop::RedirectLoop];

/// The rules that may explain what a lens finds, but for those that only the layers `without` which to look use. Why somebody is
/// slow has the reasons that failures have.
pub fn rules_for(lens: Lens, without: Layers) -> impl Iterator<Item = &'static &'static dyn Rule> {
    let (own, all) = match lens {
        Lens::Failures => (&[][..], RULES),
        Lens::Refusals => (OF_REFUSALS, &[][..]),
        Lens::Departures => (OF_DEPARTURES, RULES),
        Lens::Rounds => (OF_ROUNDS, &[][..]),
    };
    own.iter().chain(all).filter(move |rule| !rule.layers().only_in(without))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{builds, faults};

    #[test]
    fn every_code_has_a_rule() {
        for &code in CauseCode::ALL {
            let turns = OF_REFUSALS.iter().chain(OF_DEPARTURES).chain(OF_ROUNDS);
            let proposed = RULES.iter().chain(turns).any(|rule| rule.code() == code)
                || stopped::CODES.contains(&code)
                || faults::CODES.contains(&code)
                || builds::CODES.contains(&code);
            assert!(proposed, "no rule proposes {code}");
        }
    }
}
