//! What a cause's text may name, taken out of its chain and evidence: the unit, the trigger, the process.
//! It finds and never concludes; a text that misses a name says less.

use std::sync::Arc;

use lastgood_model::app_claim::SaidError;
use lastgood_model::{
    AppClaim, BuildFact, Cause, ChangeKind, Claim, Evidence, Incident, ProxyErrorKind, StateClaim, TurnClaim,
    UnitFileState,
};

/// Whether a vhost names anything: standard input does not, nor does a file that is called what nginx calls it.
pub(super) fn is_name(vhost: &str) -> bool {
    !matches!(vhost, "" | "-" | "access" | "access.log" | "access_log" | "other_vhosts_access.log")
}

/// A part of the traffic as it is shown: `vhost/segment`, without a vhost that names nothing.
#[must_use]
pub fn part(component: &str) -> &str {
    match component.split_once('/') {
        Some((vhost, _)) if !is_name(vhost) => component.get(vhost.len()..).unwrap_or(component),
        _ => component,
    }
}

/// A cause as its words see it.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// The cause.
    pub cause: &'a Cause,
    /// How the user calls Compose for this project: `docker compose -f docker-compose.prod.yml`.
    pub compose: &'a str,
}

/// The change that set things off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger<'a> {
    /// What sort of change.
    pub kind: ChangeKind,
    /// What was changed.
    pub subject: &'a str,
    /// Only a person says so.
    pub reported: bool,
}

impl<'a> Account<'a> {
    /// Everything claimed for the cause, the chain first.
    pub fn claims(self) -> impl Iterator<Item = &'a Claim> {
        let chain = self.cause.chain.iter().map(|link| &link.what);
        chain.chain(self.cause.evidence.iter().map(|evidence| &evidence.claim))
    }

    /// The claim that weighs most; the first of several.
    #[must_use]
    pub fn weightiest(self) -> Option<&'a Claim> {
        let heavier = |best: &'a Evidence, next: &'a Evidence| if next.weight > best.weight { next } else { best };
        self.cause.evidence.iter().reduce(heavier).map(|evidence| &evidence.claim)
    }

    /// The state that proves it, the weightiest; none where requests and logs do.
    #[must_use]
    pub fn state(self) -> Option<&'a StateClaim> {
        match self.weightiest()? {
            Claim::State(claim) => Some(claim),
            _ => None,
        }
    }

    /// What the output of a build says, if that is what the cause is known from.
    #[must_use]
    pub fn build(self) -> Option<&'a BuildFact> {
        match self.weightiest()? {
            Claim::Build(fact) => Some(fact),
            _ => None,
        }
    }

    /// What the image of a build that failed would be made of: its fact.
    #[must_use]
    pub fn build_image(self) -> Option<&'a BuildFact> {
        self.claims().find_map(|claim| match claim {
            Claim::Build(fact @ BuildFact::Image { .. }) => Some(fact),
            _ => None,
        })
    }

    /// The step of a build that failed.
    #[must_use]
    pub fn build_step(self) -> Option<&'a str> {
        self.claims().find_map(|claim| match claim {
            Claim::Build(BuildFact::Step { step, .. }) => Some(step.as_ref()),
            _ => None,
        })
    }

    /// What is claimed of answers that turned without failing, if anything is.
    #[must_use]
    pub fn turn(self) -> Option<&'a TurnClaim> {
        self.claims().find_map(|claim| match claim {
            Claim::Turn(claim) => Some(claim),
            _ => None,
        })
    }

    /// Whether nothing tells whoever is asked that users came over TLS.
    #[must_use]
    pub fn is_untold_scheme(self) -> bool {
        self.claims().any(|claim| matches!(claim, Claim::Turn(TurnClaim::SchemeNotPassed { .. })))
    }

    /// Whether it is known that the application is asked for another path.
    #[must_use]
    pub fn has_cut_path(self) -> bool {
        let cut = |claim| matches!(claim, &Claim::Turn(TurnClaim::PathCut { .. } | TurnClaim::PassReplaces { .. }));
        self.claims().any(cut)
    }

    /// Whether the proxy's error log says this for it.
    #[must_use]
    pub fn proxy_error(self, wanted: ProxyErrorKind) -> bool {
        self.claims().any(|claim| matches!(claim, Claim::UpstreamErrors { kind, .. } if *kind == wanted))
    }

    /// The error of an application that weighs most, where none weighs more.
    #[must_use]
    pub fn said(self) -> Option<&'a SaidError> {
        match self.weightiest()? {
            Claim::Application(AppClaim::Said { error, .. }) => Some(error),
            _ => None,
        }
    }

    /// All claims about states.
    pub fn states(self) -> impl Iterator<Item = &'a StateClaim> {
        self.cause.evidence.iter().filter_map(|evidence| match &evidence.claim {
            Claim::State(claim) => Some(claim),
            _ => None,
        })
    }

    /// Variables that differ from their files.
    #[must_use]
    pub fn stale_keys(self) -> Vec<&'a str> {
        let keys = self.states().filter_map(|claim| match claim {
            StateClaim::ValueDiffers { key, .. } => Some(key.as_ref()),
            _ => None,
        });
        keys.take(3).collect()
    }

    /// The container that it is about.
    #[must_use]
    pub fn container(self) -> Option<&'a str> {
        self.states().find_map(|claim| match claim {
            StateClaim::ContainerEnded { container, .. }
            | StateClaim::NeverStarted { container }
            | StateClaim::ContainerPaused { container }
            | StateClaim::KeepsRestarting { container, .. }
            | StateClaim::EngineSaid { container, .. }
            | StateClaim::LastWords { container, .. }
            | StateClaim::VariableMissing { container, .. }
            | StateClaim::MemoryKilled { container, .. }
            | StateClaim::ChildrenKilled { container, .. }
            | StateClaim::HealthFails { container, .. }
            | StateClaim::CheckMissesProgram { container, .. }
            | StateClaim::CheckAsksPort { container, .. }
            | StateClaim::NotAttached { container, .. }
            | StateClaim::ContainerCreated { container }
            | StateClaim::ContainerStarted { container } => Some(container.as_ref()),
            _ => None,
        })
    }

    /// The unit that the cause is about.
    #[must_use]
    pub fn unit(self) -> Option<&'a str> {
        let named = self.claims().find_map(|claim| match claim {
            Claim::UnitNotStarted { unit } | Claim::UnitFailed { unit, .. } => Some(unit.as_ref()),
            _ => None,
        });
        let component = self.cause.component.as_ref();
        named.or_else(|| component.ends_with(".service").then_some(component))
    }

    /// What the unit list says of that unit.
    #[must_use]
    pub fn unit_state(self) -> Option<UnitFileState> {
        let ours = self.unit()?;
        self.claims().find_map(|claim| match claim {
            Claim::UnitFile { unit, state } if unit.as_ref() == ours => Some(*state),
            _ => None,
        })
    }

    /// systemd's word for how the unit failed.
    #[must_use]
    pub fn unit_result(self) -> Option<&'a str> {
        self.claims().find_map(|claim| match claim {
            Claim::UnitFailed { result, .. } => Some(result.as_ref()),
            _ => None,
        })
    }

    /// Whether the unit was stopped on purpose.
    #[must_use]
    pub fn unit_stopped(self) -> bool {
        self.claims().any(|claim| matches!(claim, Claim::UnitStopped { .. }))
    }

    /// The change that the chain begins with.
    #[must_use]
    pub fn trigger(self) -> Option<Trigger<'a>> {
        self.claims().find_map(|claim| match claim {
            Claim::ChangeBefore { kind, subject, reported, .. } => {
                Some(Trigger { kind: *kind, subject, reported: *reported })
            }
            _ => None,
        })
    }

    /// Whether the reboot was an orderly one, if there was one.
    #[must_use]
    pub fn clean_reboot(self) -> Option<bool> {
        self.claims().find_map(|claim| match claim {
            Claim::HostRebooted { clean } => Some(*clean),
            _ => None,
        })
    }

    /// The process that was killed.
    #[must_use]
    pub fn process(self) -> Option<&'a str> {
        self.claims().find_map(|claim| match claim {
            Claim::OomKilled { process, .. } => Some(process.as_ref()),
            _ => None,
        })
    }

    /// What the proxy said when it refused its configuration.
    #[must_use]
    pub fn refusal(self) -> Option<&'a str> {
        self.claims().find_map(|claim| match claim {
            Claim::ProxyConfigRefused { message } => Some(message.as_ref()),
            _ => None,
        })
    }

    /// Whether it is the proxy that was stopped.
    #[must_use]
    pub fn proxy_stopped(self) -> bool {
        self.claims().any(|claim| matches!(claim, Claim::ProxyStopped))
    }

    /// The upstream, from the scope or from what the proxy logged.
    #[must_use]
    pub fn upstream(self) -> Option<&'a str> {
        let logged = || {
            self.claims().find_map(|claim| match claim {
                Claim::UpstreamErrors { upstream, .. } => upstream.as_deref(),
                _ => None,
            })
        };
        self.incident.scope.upstream.as_deref().or_else(logged)
    }

    /// Who is to blame, unless it is only the name of the failing part itself.
    #[must_use]
    pub fn culprit(self) -> Option<&'a str> {
        let component: &Arc<str> = &self.cause.component;
        let itself = self.incident.scope.vhost.as_ref() == Some(component);
        (is_name(component) && !itself).then_some(component.as_ref())
    }

    /// Whether it goes on as far as was read.
    #[must_use]
    pub const fn ongoing(self) -> bool {
        self.incident.onset.recovered.is_none()
    }
}
