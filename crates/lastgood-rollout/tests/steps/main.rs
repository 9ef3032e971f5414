//! Every step of a rollout, failed in every way, and the death of whoever drives between any two operations: what is then so, and
//! whether what is said of it is true. In a world of plain values, since a real one has too few evenings.

mod model;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lastgood_model::UnixMs;
use lastgood_model::release::Release;
use lastgood_model::rollout::{Action, HookPoint, Outcome, Phase, Plan, Recipient, ReleaseId};
use lastgood_rollout::history::{History, Line, What};
use lastgood_rollout::plan::Migration;
use lastgood_rollout::{Act, Intent, Lost, Machine, Of, Record, ServiceIntent, SwitchBy, drive, plan};

use world::{Fault, World};

fn release(name: &str) -> ReleaseId {
    ReleaseId(Arc::from(name))
}

fn service(name: &str) -> ServiceIntent {
    ServiceIntent {
        name: Arc::from(name),
        loads: true,
        beside: false,
        switch: SwitchBy::Recreate,
        new: false,
        gone: false,
    }
}

fn hooks() -> Vec<(HookPoint, Arc<str>)> {
    [HookPoint::BeforeSwitch, HookPoint::AfterSwitch].map(|point| (point, Arc::from("backend"))).into()
}

/// Rollouts of every kind, by name.
fn intents() -> Vec<(&'static str, Intent)> {
    let beside = |name| ServiceIntent { beside: true, ..service(name) };
    let proxied = |name| ServiceIntent { switch: SwitchBy::Proxy, ..beside(name) };
    let of = |services: &[ServiceIntent]| Intent {
        parent: Some(release("old")),
        target: release("new"),
        services: services.to_vec(),
        migration: None,
        migrates_before: None,
        arms: true,
        hooks: Vec::new(),
        smokes: true,
        bake_ms: 1_000,
    };
    let two = || of(&[beside("backend"), service("web")]);
    vec![
        ("recreate", of(&[service("backend")])),
        ("beside first", two()),
        ("proxy", of(&[proxied("backend")])),
        ("two by proxy", of(&[proxied("backend"), proxied("web")])),
        ("env only", of(&[ServiceIntent { loads: false, ..service("backend") }])),
        ("one goes", of(&[service("backend"), ServiceIntent { gone: true, ..service("worker") }])),
        ("one comes", of(&[service("backend"), ServiceIntent { new: true, ..service("worker") }])),
        ("first", Intent { parent: None, ..two() }),
        ("first by proxy", Intent { parent: None, ..of(&[proxied("backend")]) }),
        ("migrates, compatible", Intent { migration: Some(Migration::Compatible), ..two() }),
        ("migrates, with a way back", Intent { migration: Some(Migration::Reversible), ..two() }),
        (
            "first, and migrates",
            Intent {
                parent: None,
                migration: Some(Migration::Reversible),
                migrates_before: Some(Arc::from("web")),
                ..of(&[service("backend"), service("web")])
            },
        ),
        ("migrates one way", Intent { migration: Some(Migration::OneWay), ..two() }),
        ("with hooks", Intent { hooks: hooks(), ..of(&[proxied("backend")]) }),
        ("first, with hooks", Intent { parent: None, hooks: hooks(), ..of(&[service("web"), service("backend")]) }),
        ("nothing to look at", Intent { arms: false, smokes: false, bake_ms: 0, ..of(&[service("backend")]) }),
    ]
}

/// How a rollout ended, and what is so then.
struct End {
    outcome: Outcome,
    world: World,
}

/// Runs a rollout in which these operations go wrong. Whoever drives may die; then the host takes it up.
fn run(intent: &Intent, made: &Plan, faults: &[(usize, Fault)]) -> End {
    let mut world = World::new(made, &intent.services, faults);
    let mut outcome = drive(&mut Machine::new(made), &mut world);
    // Each death is one operation, so that there are no more than faults.
    for _ in 0..faults.len() {
        if !world.dead {
            break;
        }
        let history = told(made, &world.ledger);
        outcome = match (history.open(), history.rollouts.last()) {
            (Some(past), _) => {
                world.revive();
                drive(&mut Machine::resumed(&past.plan(), past.begun, past.confirmed), &mut world)
            }
            (None, past) => past.and_then(|past| past.outcome).ok_or(Lost),
        };
    }
    assert!(outcome.is_ok(), "nobody brings it to its end: {:?}", world.acts);
    End { outcome: outcome.unwrap_or(Outcome::UndoFailed), world }
}

/// What a ledger with these records tells.
fn told(made: &Plan, records: &[Option<Record>]) -> History {
    let line = |what| Line { at: UnixMs(0), rollout: 1, what };
    let mut history = History::default();
    history.add(line(What::Planned {
        who: "somebody".to_owned(),
        release: holding_nothing(&made.target),
        parent: made.parent.clone(),
        services: Vec::new(),
        unwell: Vec::new(),
        steps: made.steps.clone(),
    }));
    for record in records {
        match record {
            Some(record) => history.add(line(What::of(record, None))),
            None => history.add_damaged(),
        }
    }
    history
}

fn holding_nothing(id: &ReleaseId) -> Release {
    let (arguments, services, files) = (Vec::new(), Vec::new(), Vec::new());
    Release { id: id.clone(), project: Arc::from("shop"), arguments, services, files }
}

/// What must hold at the end, whatever went wrong; the complaint, if it does not.
fn wrong(intent: &Intent, made: &Plan, end: &End) -> Option<String> {
    let (world, truth) = (&end.world, &end.world.truth);
    let is_old = world.is(made.parent.as_ref());
    let gone = |name: &str| intent.services.iter().any(|service| service.gone && &*service.name == name);
    let of_target = |(name, running): (&Arc<str>, &Option<ReleaseId>)| {
        if gone(name) { running.is_none() } else { running.as_ref() == Some(&made.target) }
    };
    let is_new =
        truth.services.iter().all(of_target) && truth.files.as_ref() == Some(&made.target) && truth.routed.is_empty();
    // One that stays although nobody made that fail would have been forgotten.
    let stays = |name: &&Arc<str>| !world.hopeless.contains(&Action::DropCandidate { service: Arc::clone(name) });
    let forgotten = truth.candidates.iter().any(|name| stays(&name) && !truth.routed.contains(name));
    let cannot_look = world.faulted.contains(&Action::Verify { release: made.parent.clone() });
    let said = match end.outcome {
        Outcome::Good if !is_new => "is said to be good and is not",
        Outcome::Refused if !is_old => "is said to be refused, and is not as it was",
        Outcome::Refused if world.touched => "is said to be refused, and something that serves was touched",
        Outcome::RolledBack | Outcome::Down if !is_old => "is said to be back, and is not",
        Outcome::RolledBack if made.parent.is_none() => "there was nothing to go back to",
        Outcome::Down if made.parent.is_some() => "is said to be the first one",
        Outcome::UndoFailed if is_old && !cannot_look => "is said to be broken, and is as it was",
        Outcome::Stopped if intent.migration != Some(Migration::OneWay) => "stops for no reason",
        _ if forgotten => "a candidate is forgotten",
        _ if truth.armed && !world.hopeless.contains(&Action::Disarm) => "the host is still armed",
        _ if world.is_held() && !lease_may_stay(world) => "the lease is still held",
        _ => "",
    };
    if !said.is_empty() {
        return Some(format!("{said}: {:?} {truth:?}", end.outcome));
    }
    let written = world.ledger.iter().rev().find_map(|record| match record {
        Some(Record::Finished(outcome)) => Some(*outcome),
        _ => None,
    });
    match written {
        Some(written) if written != end.outcome => Some(format!("the ledger says {written:?}: {:?}", end.outcome)),
        _ => None,
    }
}

/// Where letting go itself failed however often it was tried, or was said to be done, the lease ends by its expiry, or with its holder.
fn lease_may_stay(world: &World) -> bool {
    world.hopeless.contains(&Action::DropLease)
}

/// Operations of a rollout in which nothing goes wrong.
fn operations(intent: &Intent, made: &Plan) -> usize {
    let end = run(intent, made, &[]);
    assert_eq!(end.outcome, Outcome::Good);
    assert_eq!(wrong(intent, made, &end), None);
    end.world.operations
}

#[test]
fn nothing_that_serves_is_touched_before_all_that_can_refuse() {
    for (name, intent) in intents() {
        let made = plan(&intent);
        assert_eq!(made, plan(&intent), "{name}: the same intent, the same plan");
        let phases: Vec<Phase> = made.steps.iter().map(|step| step.phase).collect();
        assert!(phases.is_sorted(), "{name}: {phases:?}");
        for step in &made.steps {
            let touches = matches!(
                step.action,
                Action::Place { .. } | Action::Switch { .. } | Action::Route { .. } | Action::Migrate
            );
            assert!(!touches || step.phase == Phase::Switch, "{name}: {step:?}");
            let takes_back = step.undo.is_some() || step.action == Action::Migrate;
            assert!(!touches || takes_back, "{name}: nothing takes {step:?} back");
        }
    }
}

#[test]
fn one_fault_ends_with_the_last_good_release() {
    let mut counted: BTreeMap<Outcome, usize> = BTreeMap::new();
    let mut one_way: BTreeMap<Outcome, usize> = BTreeMap::new();
    for (name, intent) in intents() {
        let made = plan(&intent);
        for at in 0..operations(&intent, &made) {
            for fault in Fault::ALL {
                let end = run(&intent, &made, &[(at, fault)]);
                let complaint = wrong(&intent, &made, &end);
                assert_eq!(complaint, None, "{name}: {fault:?} at {at}: {:?}", end.world.acts);
                let counts = if intent.migration == Some(Migration::OneWay) { &mut one_way } else { &mut counted };
                *counts.entry(end.outcome).or_default() += 1;
                // What leads traffic home is gone for good: there is no other way back.
                let no_way_back = fault == Fault::Gone && end.world.faulted.iter().any(is_way_home);
                if end.outcome == Outcome::UndoFailed {
                    leads_back_by_hand(&made, &end.world);
                }
                let broken = end.outcome == Outcome::UndoFailed && !no_way_back;
                assert!(!broken, "{name}: {fault:?} at {at}: {:?}", end.world.acts);
            }
        }
    }
    println!("one fault, or one death: {} rollouts: {counted:?}", counted.values().sum::<usize>());
    println!("with a migration that goes one way: {one_way:?}");
    assert!(counted.keys().copied().collect::<BTreeSet<_>>().len() >= 4, "{counted:?}");
}

#[test]
fn a_disk_that_is_full_keeps_nobody_from_going_back_or_from_calling_good_what_is() {
    for (name, intent) in intents() {
        let made = plan(&intent);
        let confirm =
            |world: &World| world.acts.iter().find(|(_, act)| act.action == Action::Confirm).map(|(at, _)| *at);
        let confirmed = run(&intent, &made, &[]);
        let Some(confirmed) = confirm(&confirmed.world) else { panic!("{name}: nobody calls it good") };
        for at in 0..operations(&intent, &made) {
            let end = run(&intent, &made, &[(at, Fault::Full)]);
            let told = || format!("{name}: full at {at}: {:?} {:?}", end.outcome, end.world.acts);
            // Since the last look began, whose own end need not be written.
            assert_eq!(end.outcome == Outcome::Good, at + 3 >= confirmed, "{}", told());
            let is_written = end.world.ledger.iter().any(|record| matches!(record, Some(Record::Finished(_))));
            assert!(
                is_written || !end.world.was_set_aside || end.world.was_robbed(),
                "nobody wrote what became of it: {}",
                told()
            );
        }
    }
}

#[test]
fn what_somebody_removes_of_what_stays_is_not_laid_to_the_rollout() {
    for (name, intent) in intents() {
        let made = plan(&intent);
        let is_look = |act: &Act| matches!(act.action, Action::Verify { .. });
        let untouched = run(&intent, &made, &[]).world.acts;
        let looked = untouched.iter().rev().find(|(_, act)| is_look(act)).map(|(at, _)| *at).unwrap_or_default();
        for at in 0..operations(&intent, &made) {
            let end = run(&intent, &made, &[(at, Fault::Removed)]);
            // Nothing is called good that lacks a part; and what is taken back is not called broken since that part is not there.
            let told = || format!("{name}: removed at {at}: {:?}", end.outcome);
            let one_way = intent.migration == Some(Migration::OneWay);
            match (at <= looked, one_way, &intent.parent) {
                (false, ..) => assert_eq!(end.outcome, Outcome::Good, "{}", told()),
                (true, true, _) => assert_eq!(end.outcome, Outcome::Stopped, "{}", told()),
                (true, false, Some(_)) => assert_eq!(end.outcome, Outcome::RolledBack, "{}", told()),
                (true, false, None) => assert_eq!(end.outcome, Outcome::Down, "{}", told()),
            }
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how many are run is a setting of the test, and not of the machine")]
fn two_faults_are_only_too_many_where_the_way_back_itself_is_gone() {
    let mut counted: BTreeMap<Outcome, usize> = BTreeMap::new();
    let mut broken: BTreeMap<String, usize> = BTreeMap::new();
    let all = std::env::var_os("LASTGOOD_STEPS").is_some_and(|which| which == "all");
    let mut random = fastrand::Rng::with_seed(8);
    for (name, intent) in intents() {
        let made = plan(&intent);
        let operations = operations(&intent, &made);
        for first in 0..operations {
            for one in Fault::ALL {
                // The way back is as long as the way forward again, and is gone up to three times.
                for second in first + 1..first + 2 * operations {
                    for two in Fault::ALL {
                        if !all && random.u32(..16) != 0 {
                            continue;
                        }
                        let end = run(&intent, &made, &[(first, one), (second, two)]);
                        let complaint = wrong(&intent, &made, &end);
                        let told = || format!("{name}: {one:?} at {first}, {two:?} at {second}: {:?}", end.world.acts);
                        assert_eq!(complaint, None, "{}", told());
                        *counted.entry(end.outcome).or_default() += 1;
                        if end.outcome == Outcome::UndoFailed {
                            leads_back_by_hand(&made, &end.world);
                            let faults = [(first, one), (second, two)];
                            let gone = faults.into_iter().filter(|(_, fault)| *fault == Fault::Gone);
                            let acts = gone.filter_map(|(at, _)| end.world.acts.iter().find(|(of, _)| *of == at));
                            let back = |act: &Act| matches!(act.of, Of::Undo(_) | Of::Look) || is_way_home(&act.action);
                            let mut back: Vec<String> =
                                acts.filter(|(_, act)| back(act)).map(|(_, act)| called(act)).collect();
                            back.extend(end.world.was_robbed().then(|| "room that was set aside".to_owned()));
                            assert!(!back.is_empty(), "{}", told());
                            *broken.entry(back.join(" and ")).or_default() += 1;
                        }
                    }
                }
            }
        }
    }
    let share = if all { "all" } else { "one in sixteen of all" };
    println!("two faults or deaths, {share}: {} rollouts: {counted:?}", counted.values().sum::<usize>());
    for (act, count) in broken {
        println!("undo-failed, since this is gone for good on the way back: {act}: {count}");
    }
}

/// What is said to be done by hand leads back from what is so, and nothing of it is needless.
fn leads_back_by_hand(made: &Plan, world: &World) {
    let back = made.parent.as_ref();
    let data = made.steps.iter().any(|step| step.undo == Some(Action::MigrateBack));
    let acts = world.remains(back, data).by_hand();
    let after = |skipped: Option<usize>| {
        let mut world = world.clone();
        let done = acts.iter().enumerate().filter(|(index, _)| Some(*index) != skipped);
        let all = done.fold(true, |all, (_, act)| world.by_hand(act) && all);
        all && world.is(back) && world.truth.candidates.is_empty()
    };
    assert!(after(None), "{acts:?} does not lead back from {:?}", world.truth);
    for (index, act) in acts.iter().enumerate() {
        // Whether data is as it was, nobody sees.
        assert!(*act == Action::MigrateBack || !after(Some(index)), "{act:?} is needless in {:?}", world.truth);
    }
}

fn is_way_home(action: &Action) -> bool {
    matches!(action, Action::Route { to: Recipient::Service, .. })
}

fn called(act: &Act) -> String {
    match &act.action {
        Action::Switch { release, .. } => {
            format!("a service of {}", release.as_ref().map_or("nothing", |release| &*release.0))
        }
        Action::DropCandidate { .. } => "a candidate's end".to_owned(),
        Action::Route { to, .. } => format!("the way to the {to:?}"),
        other => format!("{other:?}"),
    }
}
