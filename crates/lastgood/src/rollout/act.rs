//! The names of acts in the ledger, both ways: `switch backend 3f2a…`. What an act does is `doer.rs`' affair.

use std::sync::Arc;

use lastgood_model::rollout::{Action, HookPoint, Recipient, ReleaseId};

/// No release.
const NOTHING: &str = "nothing";

/// Points of hooks, as the ledger and the settings call them.
const POINTS: [(HookPoint, &str); 2] =
    [(HookPoint::BeforeSwitch, "before_switch"), (HookPoint::AfterSwitch, "after_switch")];

/// A point, as it is called.
#[must_use]
pub fn point(point: HookPoint) -> &'static str {
    POINTS.iter().find(|(other, _)| *other == point).map_or("", |(_, name)| name)
}

/// An act, as the ledger calls it.
#[must_use]
pub fn named(action: &Action) -> String {
    let id = |release: &Option<ReleaseId>| release.as_ref().map_or_else(|| NOTHING.to_owned(), |id| id.0.to_string());
    let with = |verb: &str, service: &Arc<str>| format!("{verb} {service}");
    match action {
        Action::TakeLease => "take-lease".to_owned(),
        Action::Keep => "keep".to_owned(),
        Action::Load { service } => with("load", service),
        Action::Ask { service } => with("ask", service),
        Action::StartCandidate { service } => with("start-candidate", service),
        Action::GateCandidate { service } => with("gate-candidate", service),
        Action::DropCandidate { service } => with("drop-candidate", service),
        Action::Migrate => "migrate".to_owned(),
        Action::MigrateBack => "migrate-back".to_owned(),
        Action::Hook { point: at } => format!("hook {}", point(*at)),
        Action::EndHook { point: at } => format!("end-hook {}", point(*at)),
        Action::Arm => "arm".to_owned(),
        Action::Disarm => "disarm".to_owned(),
        Action::Place { release } => format!("place {}", id(release)),
        Action::Switch { service, release } => format!("switch {service} {}", id(release)),
        Action::Gate { service, release } => format!("gate {service} {}", release.0),
        Action::Route { service, to: Recipient::Service } => with("route-home", service),
        Action::Route { service, to: Recipient::Candidate } => with("route-to-candidate", service),
        Action::Smoke => "smoke".to_owned(),
        Action::Bake => "bake".to_owned(),
        Action::Verify { release } => format!("verify {}", id(release)),
        Action::Confirm => "confirm".to_owned(),
        Action::Prune => "prune".to_owned(),
        Action::DropLease => "drop-lease".to_owned(),
    }
}

/// The act of that name; `None`: this version knows none.
#[must_use]
pub fn action(name: &str) -> Option<Action> {
    let words: Vec<&str> = name.split(' ').collect();
    let service = |name: &&str| Arc::from(*name);
    let known = |name: &str| POINTS.iter().find(|(_, other)| *other == name).map(|(point, _)| *point);
    let release = |id: &&str| (*id != NOTHING).then(|| ReleaseId(Arc::from(*id)));
    Some(match words.as_slice() {
        ["take-lease"] => Action::TakeLease,
        ["keep"] => Action::Keep,
        ["load", name] => Action::Load { service: service(name) },
        ["ask", name] => Action::Ask { service: service(name) },
        ["start-candidate", name] => Action::StartCandidate { service: service(name) },
        ["gate-candidate", name] => Action::GateCandidate { service: service(name) },
        ["drop-candidate", name] => Action::DropCandidate { service: service(name) },
        ["migrate"] => Action::Migrate,
        ["migrate-back"] => Action::MigrateBack,
        ["hook", name] => Action::Hook { point: known(name)? },
        ["end-hook", name] => Action::EndHook { point: known(name)? },
        ["arm"] => Action::Arm,
        ["disarm"] => Action::Disarm,
        ["place", id] => Action::Place { release: release(id) },
        ["switch", name, id] => Action::Switch { service: service(name), release: release(id) },
        ["gate", name, id] => Action::Gate { service: service(name), release: release(id)? },
        ["route-home", name] => Action::Route { service: service(name), to: Recipient::Service },
        ["route-to-candidate", name] => Action::Route { service: service(name), to: Recipient::Candidate },
        ["smoke"] => Action::Smoke,
        ["bake"] => Action::Bake,
        ["verify", id] => Action::Verify { release: release(id) },
        ["confirm"] => Action::Confirm,
        ["prune"] => Action::Prune,
        ["drop-lease"] => Action::DropLease,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use lastgood_rollout::{Intent, Migration, ServiceIntent, SwitchBy, plan};

    use super::*;

    #[test]
    fn every_act_of_a_plan_is_found_by_its_name() {
        let service = |name: &str, switch, new, gone| ServiceIntent {
            name: name.into(),
            loads: true,
            beside: true,
            switch,
            new,
            gone,
        };
        let intent = Intent {
            parent: Some(ReleaseId("a1".into())),
            target: ReleaseId("b2".into()),
            services: vec![
                service("app", SwitchBy::Proxy, false, false),
                service("web", SwitchBy::Recreate, true, false),
                service("old", SwitchBy::Recreate, false, true),
            ],
            migration: Some(Migration::Reversible),
            migrates_before: None,
            arms: true,
            hooks: vec![(HookPoint::BeforeSwitch, "app".into()), (HookPoint::AfterSwitch, "app".into())],
            smokes: true,
            bake_ms: 1,
        };
        let steps = plan(&intent).steps;
        let acts = steps.iter().flat_map(|step| [Some(&step.action), step.undo.as_ref()]).flatten();
        let mut all: Vec<Action> = acts.cloned().collect();
        all.extend([Action::Disarm, Action::DropLease, Action::Verify { release: None }]);
        for act in &all {
            assert_eq!(action(&named(act)).as_ref(), Some(act));
        }
        let mut verbs: Vec<String> =
            all.iter().map(|act| named(act).split(' ').next().unwrap_or_default().to_owned()).collect();
        verbs.sort();
        verbs.dedup();
        assert_eq!(verbs.len(), 24, "an act is missing here: {verbs:?}");
        assert_eq!(action("fly"), None);
    }
}
