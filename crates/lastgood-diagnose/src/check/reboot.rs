//! Whether everything comes back when the machine does.

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::desired::Service;

use super::{HOST, Look, finding, of_host};
use crate::condition::is_job;

/// The unit without which no container comes back.
const ENGINE: &str = "docker.service";
/// The unit of the host's own proxy.
const PROXY: &str = "nginx.service";

/// Services that nothing starts again. It is worst where others ask them.
pub(super) fn restart_policies(look: &Look<'_>, found: &mut Vec<Finding>) {
    for service in look.services().filter(|service| service.replicas > 0 && !is_job(service, look.stack)) {
        let policy = policy(look, service);
        if matches!(policy, "always" | "unless-stopped") {
            continue;
        }
        let is_asked = !service.ports.is_empty() || is_depended_on(look, service);
        let severity = if is_asked { Severity::WillBreak } else { Severity::WorthKnowing };
        let flaw = Flaw::NoRestart { policy: policy.into() };
        found.push(finding(severity, service.name.clone(), flaw, service.at.clone()));
    }
}

/// What is declared; where nothing is, a running container may know of `deploy.restart_policy`.
fn policy<'a>(look: &Look<'a>, service: &'a Service) -> &'a str {
    let running = || look.containers(service).map(|container| &*container.restart_policy).next();
    let policy = service.restart.as_deref().or_else(running).filter(|policy| !policy.is_empty()).unwrap_or("no");
    // `on-failure:3`
    policy.split(':').next().unwrap_or(policy)
}

fn is_depended_on(look: &Look<'_>, service: &Service) -> bool {
    let waits = look.services().any(|other| other.depends_on.iter().any(|waits| waits.service == service.name));
    let asked =
        look.topology.find(&service.name).is_some_and(|to| look.topology.asked_by(to).any(|edge| edge.from != to));
    waits || asked
}

/// Units that everything hangs on and that do not start at boot.
pub(super) fn units(look: &Look<'_>, found: &mut Vec<Finding>) {
    let stack = look.stack;
    let has_containers = stack.snapshot.as_ref().is_some_and(|snapshot| !snapshot.engine.rootless);
    let has_proxy = stack.proxies.iter().any(|proxy| proxy.container.is_none() && proxy.read_at.is_some());
    for (unit, is_needed) in [(ENGINE, has_containers), (PROXY, has_proxy)] {
        let is_off = stack.host.units.iter().any(|(name, enabled)| &**name == unit && !enabled);
        if is_needed && is_off {
            let flaw = Flaw::UnitDisabled { unit: unit.into() };
            found.push(finding(Severity::WillBreak, HOST, flaw, Some(of_host(unit))));
        }
    }
}
