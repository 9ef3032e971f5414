//! What dependencies answered: who is blamed for which word, what follows from what, and what is cleared.

use lastgood_model::{ProbeAnswer, ProbeClaim, ProbeOutcome, ProbeProtocol, ProbeQuestion, ProbeTarget, Probed, Told};

use super::*;

impl Yard {
    /// The backend asked Redis, or something that the topology does not know.
    pub(super) fn answered(&mut self, told: Told, to: Option<&str>, outcome: ProbeOutcome) -> &mut Probed {
        let target = ProbeTarget {
            protocol: ProbeProtocol::Redis,
            host: text(if to.is_some() { "172.18.0.1" } else { "store.example" }),
            port: 6379,
            secure: false,
            path: text(""),
            user: None,
            password: None,
            database: None,
        };
        let question = ProbeQuestion {
            from: text("backend"),
            to: to.map(text),
            key: text(if to.is_some() { "KVS_URL" } else { "STORE_URL" }),
            password_key: None,
            told,
            target,
        };
        let answer = ProbeAnswer { outcome, words: Some(text("-NOAUTH")), addresses: Vec::new(), took_ms: 3 };
        self.stack.probes.push(Probed { question, answer });
        self.stack.probes.last_mut().unwrap()
    }
}

#[test]
fn a_server_that_wants_a_password_is_named_by_its_own_word() {
    let mut yard = Yard::new();
    yard.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::WantsPassword);
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::MissingCredential, "kvs-redis", Confidence::Confirmed, Ailment::Unserved));
    assert_eq!(&*incident.standing[0].component, "backend");
    assert_eq!(incident.causes[0].evidence[0].reference.to_string(), "probe:backend/KVS_URL");
    let says_that_none_holds_one = incident.causes[0]
        .evidence
        .iter()
        .any(|evidence| matches!(&evidence.claim, Claim::State(StateClaim::Probe(ProbeClaim::NoVariable { .. }))));
    assert!(says_that_none_holds_one);
    let network = incident.cleared.iter().find(|cleared| &*cleared.component == "network");
    assert!(network.is_some(), "who answers was reached");
}

#[test]
fn who_serves_is_healthy_and_cleared_of_what_another_one_refuses() {
    let mut yard = Yard::new();
    yard.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::Serves);
    yard.is_healthy();
    yard.answered(Told::Running, None, ProbeOutcome::RefusesPassword).question.to = Some(text("web"));
    let incident = yard.incident();
    assert_eq!((incident.causes[0].code, &*incident.causes[0].component), (CauseCode::WrongCredential, "web"));
    assert!(incident.cleared.iter().any(|cleared| &*cleared.component == "kvs-redis"));
}

#[test]
fn two_that_refuse_are_both_told() {
    let mut yard = Yard::new();
    yard.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::WantsPassword);
    yard.answered(Told::Running, None, ProbeOutcome::NoSuchDatabase).question.to = Some(text("web"));
    let incident = yard.incident();
    assert_eq!(incident.causes.len(), 1, "what is proven is no rival");
    assert_eq!(incident.next.len(), 1);
    assert_ne!(incident.causes[0].code, incident.next[0].code);
}

#[test]
fn what_only_the_next_container_will_meet_is_no_incident_yet() {
    let mut yard = Yard::new();
    yard.answered(Told::Declared, Some("kvs-redis"), ProbeOutcome::WantsPassword);
    yard.is_healthy();
}

#[test]
fn an_old_value_hides_the_wall_behind_it() {
    let mut yard = Yard::new();
    yard.container("shop-backend").environment.push((text("API_URL"), Secret::from("http://localhost:9")));
    yard.drift = vec![Drift {
        service: text("backend"),
        container: Some(text("shop-backend")),
        created: None,
        differences: vec![Difference::Variable(VariableDrift {
            key: text("API_URL"),
            declared: Some(Secret::from("http://web:8000")),
            running: Some(Secret::from("http://localhost:9")),
            at: None,
            edited: None,
        })],
    }];
    yard.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::WantsPassword);
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::StaleEnv, "backend", Confidence::Confirmed, Ailment::Misled));
    assert_eq!(incident.next.iter().map(|cause| cause.code).collect::<Vec<_>>(), [CauseCode::MissingCredential]);
}

#[test]
fn nobody_answers_where_nobody_runs() {
    let mut yard = Yard::new();
    yard.ended("kvs-redis", 0);
    yard.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::Refused);
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::DependencyDown, "kvs-redis", Confidence::Confirmed, Ailment::Down));
    assert!(incident.next.is_empty(), "what follows is no wall of its own: {:#?}", incident.next);
}

#[test]
fn who_listens_for_itself_alone_is_told_from_who_listens_elsewhere() {
    for (address, port, code, component) in [
        ("127.0.0.1", 6379, CauseCode::BindLoopback, "kvs-redis"),
        ("0.0.0.0", 6380, CauseCode::WrongAddress, "backend"),
    ] {
        let mut yard = Yard::new();
        yard.container("kvs-redis").listening = Some(vec![Listening { address: text(address), port }]);
        yard.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::Refused);
        let incident = yard.incident();
        assert_eq!((incident.causes[0].code, &*incident.causes[0].component), (code, component));
    }
}

#[test]
fn something_outside_that_does_not_answer_is_no_incident_by_itself() {
    for outcome in [ProbeOutcome::NoSuchName, ProbeOutcome::Unanswered, ProbeOutcome::Refused] {
        let mut yard = Yard::new();
        yard.answered(Told::Running, None, outcome);
        yard.is_healthy();
    }
}

#[test]
fn of_a_service_that_is_not_well_it_may_be_the_reason() {
    let mut yard = Yard::new();
    yard.unhealthy("shop-backend", "Health check exceeded timeout (3s)");
    yard.answered(Told::Running, None, ProbeOutcome::Unanswered);
    let causes: Vec<_> = yard.incident().causes.into_iter().map(|cause| cause.code).collect();
    assert_eq!(causes, [CauseCode::Located, CauseCode::FirewallDrop]);
}

#[test]
fn a_bare_name_that_nobody_bears_is_an_incident() {
    let mut yard = Yard::new();
    yard.answered(Told::Running, None, ProbeOutcome::NoSuchName).question.target.host = text("stroe");
    let incident = yard.incident();
    assert_eq!((incident.causes[0].code, &*incident.causes[0].component), (CauseCode::WrongAddress, "backend"));
}

#[test]
fn a_password_that_nobody_wants_is_none_as_long_as_nothing_fails() {
    let mut yard = Yard::new();
    yard.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::WantsNoPassword);
    yard.is_healthy();
}
