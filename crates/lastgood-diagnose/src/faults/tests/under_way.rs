//! A stack in the middle of a rollout: what that does to its own services is told as a note, and everything else as ever.

use lastgood_model::NoteKind;
use lastgood_model::rollout::{Action, ReleaseId, UnderWay};

use super::*;

impl Yard {
    /// A rollout of `backend` goes on since so many minutes.
    fn under_way(&mut self, minutes: i64) {
        let release = ReleaseId(text("b2"));
        self.stack.rollout = Some(UnderWay {
            number: 2,
            who: text("kim"),
            since: NOW.plus(-minutes * MINUTE),
            release: release.clone(),
            services: vec![text("backend")],
            act: Some(Action::Switch { service: text("backend"), release: Some(release) }),
            back: false,
        });
    }

    fn is_healthy_meanwhile(&self) {
        let verdict = self.verdict();
        assert_eq!(verdict.status, Status::Healthy, "{verdict:?}");
        let told: Vec<_> = verdict.notes.iter().map(|note| (note.kind.name(), note.at)).collect();
        assert_eq!(told, [("rollout-under-way", self.stack.rollout.as_ref().map(|rollout| rollout.since))]);
        assert!(matches!(&verdict.notes[0].kind, NoteKind::RolloutUnderWay(rollout) if *rollout.who == *"kim"));
    }
}

#[test]
fn what_a_rollout_does_to_its_own_services_is_no_fault_of_theirs() {
    for minutes in [20, 5] {
        let is_its = minutes == 20;
        // Stopped ten minutes ago.
        let mut yard = Yard::new();
        yard.ended("shop-backend", 0);
        yard.under_way(minutes);
        match is_its {
            true => yard.is_healthy_meanwhile(),
            false => assert_eq!(told(&yard.incident()).1, "backend", "it was down before"),
        }
        // It ends at its start again and again.
        let mut yard = Yard::new();
        yard.crashing("shop-backend", 1, &["no price list"]);
        yard.under_way(minutes);
        assert_eq!(yard.verdict().status == Status::Healthy, is_its);
        // One that was made a minute ago, and one of its name that had ended before.
        yard.container("shop-backend").created = NOW.plus(-MINUTE);
        yard.is_healthy_meanwhile();
    }
    // Removed, and not made yet.
    let mut yard = Yard::new();
    yard.snapshot().containers.retain(|container| &*container.name != "shop-backend");
    yard.under_way(1);
    yard.is_healthy_meanwhile();
    // All of it, on a first release.
    yard.snapshot().containers.retain(|container| container.project.as_deref() != Some("shop"));
    yard.is_healthy_meanwhile();
    yard.stack.rollout = None;
    assert_eq!(yard.verdict().status, Status::Incident);
}

#[test]
fn files_that_are_placed_before_their_service_is_made_anew_do_not_make_it_stale() {
    let mut yard = Yard::new();
    yard.drift = vec![stale("LOG_LEVEL", "debug", "info")];
    let tells = |yard: &Yard| yard.verdict().notes.iter().any(|note| note.kind.name() == "stale-variables");
    assert!(tells(&yard), "{:?}", yard.verdict());
    yard.under_way(1);
    yard.is_healthy_meanwhile();
}

#[test]
fn what_others_suffer_meanwhile_is_told_as_ever() {
    let mut yard = Yard::new();
    yard.ended("kvs-redis", 0);
    yard.under_way(20);
    assert_eq!(told(&yard.incident()), (CauseCode::DependencyDown, "kvs-redis", Confidence::Confirmed, Ailment::Down));
    assert!(yard.verdict().notes.iter().any(|note| note.kind.name() == "rollout-under-way"));
}
