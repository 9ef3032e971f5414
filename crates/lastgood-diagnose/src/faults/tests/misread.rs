//! Values that reached a container as something else than was written, and refusals that have another reason.

use lastgood_model::stack::{Asked, EnvEntry, EnvFile, EnvRole};
use lastgood_model::{Misread, ProbeOutcome, Ref, Told};

use super::*;

fn place(file: &str, line: u64) -> Ref {
    Ref::Text { file: text(file), line }
}

impl Yard {
    /// `.env` as the backend is told it, with what it says of the address of the Redis.
    fn env(&mut self, lost_dollar: bool, splits: bool) -> &mut EnvEntry {
        let value = self.container("shop-backend").variable("KVS_URL").cloned();
        let entry =
            EnvEntry { key: text("KVS_URL"), value, line: 3, lost_dollar, carriage_return: false, splits, cut: false };
        self.stack.env_files = vec![EnvFile {
            path: text(".env"),
            role: EnvRole::Container(vec![text("backend")]),
            entries: vec![entry],
            fault: None,
            modified: None,
            changed: None,
            world_readable: false,
        }];
        &mut self.stack.env_files[0].entries[0]
    }

    /// The compose file gives the backend an address made of a variable that nobody sets.
    fn made_of_nothing(&mut self) -> &mut Asked {
        let backend = self.desired().services.iter_mut().find(|service| &*service.name == "backend").unwrap();
        backend.environment_at = vec![(text("KVS_URL"), place("compose.yaml", 12))];
        let key = text("KVS_PASSWORD");
        let at = place("compose.yaml", 12);
        self.stack.asked = vec![Asked { key, required: false, has_default: false, at, unset: true, blank: false }];
        &mut self.stack.asked[0]
    }
}

/// How the first cause says that a value was misread.
fn how(incident: &Incident) -> Option<Misread> {
    incident.causes[0].evidence.iter().find_map(|evidence| match &evidence.claim {
        Claim::State(StateClaim::Misread { how, .. }) => Some(how.clone()),
        _ => None,
    })
}

#[test]
fn a_dollar_that_was_eaten_is_why_a_password_is_refused() {
    let mut yard = Yard::new();
    yard.env(true, false);
    yard.is_healthy();
    yard.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::RefusesPassword);
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::EnvMalformed, "backend", Confidence::Confirmed, Ailment::Misled));
    assert_eq!(how(&incident), Some(Misread::DollarLost));
    assert_eq!(incident.causes.len(), 1, "what the server said comes of it");
    assert_eq!(incident.next, []);
}

#[test]
fn a_value_that_a_hash_cut_off_is_why_a_password_is_refused() {
    let mut yard = Yard::new();
    yard.env(false, false).cut = true;
    yard.is_healthy();
    yard.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::RefusesPassword);
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::EnvMalformed, "backend", Confidence::Confirmed, Ailment::Misled));
    assert_eq!(how(&incident), Some(Misread::Cut));
}

#[test]
fn a_dollar_in_another_value_explains_nothing() {
    let mut yard = Yard::new();
    yard.env(true, false).key = text("GREETING");
    yard.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::RefusesPassword);
    assert_eq!(told(&yard.incident()).0, CauseCode::WrongCredential);
    let mut mended = Yard::new();
    mended.env(true, false).value = Some(Secret::from("redis://other:1"));
    mended.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::RefusesPassword);
    assert_eq!(told(&mended.incident()).0, CauseCode::WrongCredential, "the container was told something else");
}

#[test]
fn a_variable_that_is_set_nowhere_is_why_none_is_sent() {
    let mut yard = Yard::new();
    yard.made_of_nothing();
    yard.is_healthy();
    yard.answered(Told::Running, Some("kvs-redis"), ProbeOutcome::WantsPassword);
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::EnvMissing, "backend", Confidence::Confirmed, Ailment::Misled));
    assert_eq!(how(&incident), Some(Misread::NothingStandsIn { variable: text("KVS_PASSWORD") }));
    yard.made_of_nothing().has_default = true;
    assert_eq!(told(&yard.incident()).0, CauseCode::MissingCredential, "something stands in its place");
    yard.made_of_nothing().at = place("compose.yaml", 30);
    assert_eq!(told(&yard.incident()).0, CauseCode::MissingCredential, "it is asked for elsewhere");
}

#[test]
fn an_address_that_ends_within_its_password_needs_no_answer() {
    let mut yard = Yard::new();
    yard.env(false, true);
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::EnvMalformed, "backend", Confidence::Confirmed, Ailment::Misled));
    assert_eq!(how(&incident), Some(Misread::Splits));
    yard.env(false, true).value = Some(Secret::from("redis://other:1"));
    yard.is_healthy();
}
