//! The plan of a rollout: from what is to be done for which service, every step in order, each with what takes it back. Whatever can
//! refuse comes before anything that serves is touched.

use std::sync::Arc;

use lastgood_model::rollout::{Action, HookPoint, Phase, Plan, Recipient, ReleaseId, Step};

/// How a service's traffic gets to its new container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchBy {
    /// Its container is made anew; it serves nobody meanwhile.
    Recreate,
    /// A proxy sends its traffic to a candidate meanwhile.
    Proxy,
}

/// A service that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceIntent {
    /// Its name.
    pub name: Arc<str>,
    /// Whether its image has to be brought to the target.
    pub loads: bool,
    /// Whether it may run beside itself: without a fixed name, a published port, or a volume that only one may write.
    pub beside: bool,
    /// How it is switched. By a proxy only where it may run beside itself.
    pub switch: SwitchBy,
    /// Whether the current release does not have it: going back, it goes.
    pub new: bool,
    /// Whether it is declared any longer.
    pub gone: bool,
}

/// How data is brought forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migration {
    /// The old release works with what it does.
    Compatible,
    /// There is a way back.
    Reversible,
    /// There is none, and that was said to be meant so.
    OneWay,
}

/// What a rollout is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The current release.
    pub parent: Option<ReleaseId>,
    /// The new one.
    pub target: ReleaseId,
    /// Services that change, dependencies before dependents.
    pub services: Vec<ServiceIntent>,
    /// How data is brought forward, if it is.
    pub migration: Option<Migration>,
    /// It is brought forward right before this service is switched, and not before all is tried: what holds it may not run sooner.
    pub migrates_before: Option<Arc<str>>,
    /// Whether the host can go back by itself.
    pub arms: bool,
    /// Where commands of the user's own are run, and of which service.
    pub hooks: Vec<(HookPoint, Arc<str>)>,
    /// Whether there are smoke tests.
    pub smokes: bool,
    /// How long real traffic is watched, in milliseconds; 0: not at all.
    pub bake_ms: u64,
}

/// Limits of time, in milliseconds.
mod limit {
    pub(super) const QUICK: u64 = 10_000;
    pub(super) const FILES: u64 = 60_000;
    pub(super) const LOAD: u64 = 1_800_000;
    pub(super) const ASK: u64 = 30_000;
    pub(super) const START: u64 = 120_000;
    pub(super) const MIGRATE: u64 = 1_800_000;
    pub(super) const HOOK: u64 = 600_000;
    pub(super) const SMOKE: u64 = 60_000;
}

/// The plan for that. The same intent gives the same plan.
#[must_use]
pub fn plan(intent: &Intent) -> Plan {
    let mut steps = Vec::new();
    let mut add = |phase, action, undo, timeout_ms| {
        steps.push(Step { action, undo, phase, one_way: false, timeout_ms });
    };
    let changing = || intent.services.iter().filter(|service| !service.gone);
    let name = |service: &ServiceIntent| Arc::clone(&service.name);

    add(Phase::Before, Action::TakeLease, None, limit::QUICK);
    add(Phase::Before, Action::Keep, None, limit::FILES);
    for service in changing().filter(|service| service.loads) {
        add(Phase::Before, Action::Load { service: name(service) }, None, limit::LOAD);
    }
    for service in changing() {
        add(Phase::Before, Action::Ask { service: name(service) }, None, limit::ASK);
    }
    // What is tried after it has to find its data as it will be, and the data serves already.
    let migrates_first = intent.migration.is_some() && intent.migrates_before.is_none();
    let migrate_undo = (intent.migration == Some(Migration::Reversible)).then_some(Action::MigrateBack);
    let trying = if migrates_first { Phase::Switch } else { Phase::Before };
    if migrates_first {
        if intent.arms {
            add(Phase::Before, Action::Arm, None, limit::QUICK);
        }
        add(Phase::Switch, Action::Migrate, migrate_undo.clone(), limit::MIGRATE);
    }
    // They are watched side by side.
    for service in changing().filter(|service| service.beside) {
        let drop = Action::DropCandidate { service: name(service) };
        add(trying, Action::StartCandidate { service: name(service) }, Some(drop), limit::START);
    }
    // It comes to stand while they start.
    if intent.arms && !migrates_first {
        add(Phase::Before, Action::Arm, None, limit::QUICK);
    }
    for service in changing().filter(|service| service.beside) {
        add(trying, Action::GateCandidate { service: name(service) }, None, limit::START);
    }
    // One that was only there to be looked at is in the way of the real one.
    for service in changing().filter(|service| service.beside && service.switch == SwitchBy::Recreate) {
        let drop = Action::DropCandidate { service: name(service) };
        add(trying, drop.clone(), Some(drop), limit::START);
    }
    let hook = |point| {
        let (_, service) = intent.hooks.iter().find(|(at, _)| *at == point)?;
        Some((service, Action::Hook { point }, Action::EndHook { point }))
    };
    // On a first release, what it needs is started first.
    let (before, is_first) = (hook(HookPoint::BeforeSwitch), intent.parent.is_none());
    if let Some((_, action, undo)) = before.clone().filter(|_| !is_first) {
        add(trying, action, Some(undo), limit::HOOK);
    }
    let place = |release: Option<&ReleaseId>| Action::Place { release: release.cloned() };
    let back = Some(place(intent.parent.as_ref()));
    add(Phase::Switch, place(Some(&intent.target)), back, limit::FILES);
    for service in &intent.services {
        let switch = |release: Option<&ReleaseId>| Action::Switch { service: name(service), release: release.cloned() };
        let back = Some(switch(intent.parent.as_ref().filter(|_| !service.new)));
        if service.gone {
            add(Phase::Switch, switch(None), back, limit::START);
            continue;
        }
        if intent.migration.is_some() && intent.migrates_before.as_ref() == Some(&service.name) {
            add(Phase::Switch, Action::Migrate, migrate_undo.clone(), limit::MIGRATE);
        }
        if let Some((_, action, undo)) = before.clone().filter(|(of, ..)| is_first && **of == service.name) {
            add(Phase::Switch, action, Some(undo), limit::HOOK);
        }
        let route = |to| Action::Route { service: name(service), to };
        let by_proxy = service.switch == SwitchBy::Proxy && service.beside;
        if by_proxy {
            let home = Some(route(Recipient::Service));
            add(Phase::Switch, route(Recipient::Candidate), home, limit::START);
        }
        add(Phase::Switch, switch(Some(&intent.target)), back, limit::START);
        let gate = Action::Gate { service: name(service), release: intent.target.clone() };
        add(Phase::Switch, gate, None, limit::START);
        if by_proxy {
            // The candidate goes when all is over, with whatever else is let go of: until then the way back leads over it.
            add(Phase::Switch, route(Recipient::Service), Some(route(Recipient::Candidate)), limit::START);
        }
    }
    let verify = || Action::Verify { release: Some(intent.target.clone()) };
    // Whoever acts may be wrong about what was done, and a look, too: nothing is called good that was not looked at twice.
    add(Phase::Switch, verify(), None, limit::ASK);
    if let Some((_, action, undo)) = hook(HookPoint::AfterSwitch) {
        add(Phase::Switch, action, Some(undo), limit::HOOK);
    }
    if intent.smokes {
        add(Phase::Switch, Action::Smoke, None, limit::SMOKE);
    }
    if intent.bake_ms > 0 {
        add(Phase::Switch, Action::Bake, None, intent.bake_ms + limit::SMOKE);
    }
    add(Phase::Switch, verify(), None, limit::ASK);
    add(Phase::Switch, Action::Confirm, None, limit::QUICK);
    add(Phase::After, Action::Prune, None, limit::FILES);

    if intent.migration == Some(Migration::OneWay) {
        for step in steps.iter_mut().filter(|step| step.action == Action::Migrate) {
            step.one_way = true;
        }
    }
    Plan { parent: intent.parent.clone(), target: intent.target.clone(), steps }
}
