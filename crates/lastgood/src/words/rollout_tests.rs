//! Every sentence about rollouts is there in both languages, and they are not the same.

use std::sync::Arc;

use lastgood_model::Difference;
use lastgood_model::rollout::{Action, HookPoint, Outcome, Recipient, ReleaseId};
use lastgood_model::snapshot::ContainerStatus;
use lastgood_rollout::{Remains, Runs};

use super::Lang;
use crate::complaint::Complaint;
use crate::rollout::changes::Reason;
use crate::rollout::contents::ContentFault;
use crate::rollout::environment::EnvironmentFault;
use crate::rollout::fetch::Unfetched;
use crate::rollout::survey::Survey;
use crate::rollout::trouble::Trouble;

fn differ(what: &str, said: impl Fn(Lang) -> String) {
    let (en, ko) = (said(Lang::En), said(Lang::Ko));
    assert!(!en.is_empty() && !ko.is_empty() && en != ko, "{what}: `{en}`, `{ko}`");
    let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
    assert!(!hangul(&en) && hangul(&ko), "{what}: `{en}`, `{ko}`");
}

fn nobody(service: &str, hidden: bool) -> Complaint {
    let (key, has) = ("deploy.migrate.service".to_owned(), vec!["backend".to_owned()]);
    Complaint::Nobody { key, service: service.to_owned(), has, hidden }
}

#[test]
fn each_language_tells_of_rollouts() {
    let service = || Arc::<str>::from("backend");
    let release = || ReleaseId(Arc::from("0123456789abcdef"));
    for release in [None, Some(release())] {
        differ("place", |lang| lang.act(&Action::Place { release: release.clone() }));
        differ("switch", |lang| lang.act(&Action::Switch { service: service(), release: release.clone() }));
        differ("verify", |lang| lang.act(&Action::Verify { release: release.clone() }));
    }
    for action in [
        Action::TakeLease,
        Action::Keep,
        Action::Load { service: service() },
        Action::Ask { service: service() },
        Action::StartCandidate { service: service() },
        Action::GateCandidate { service: service() },
        Action::DropCandidate { service: service() },
        Action::Migrate,
        Action::MigrateBack,
        Action::Hook { point: HookPoint::BeforeSwitch },
        Action::EndHook { point: HookPoint::AfterSwitch },
        Action::Arm,
        Action::Disarm,
        Action::Gate { service: service(), release: release() },
        Action::Route { service: service(), to: Recipient::Service },
        Action::Route { service: service(), to: Recipient::Candidate },
        Action::Smoke,
        Action::Bake,
        Action::Confirm,
        Action::Prune,
        Action::DropLease,
    ] {
        differ(&format!("{action:?}"), |lang| lang.act(&action));
    }
    let said = || Some(Arc::<str>::from("boom"));
    for trouble in [
        Trouble::Held("me".to_owned()),
        Trouble::Stale,
        Trouble::NoImage("web:1".to_owned(), Unfetched::Said("denied".to_owned())),
        Trouble::NoImage("web:1".to_owned(), Unfetched::Moved),
        Trouble::NoImage("web:1".to_owned(), Unfetched::OtherMachine("arm64".to_owned(), "amd64".to_owned())),
        Trouble::Newer,
        Trouble::UnknownRelease("0123456789".to_owned()),
        Trouble::DamagedRelease("0123456789".to_owned()),
        Trouble::Elsewhere("/srv/shop".to_owned()),
        Trouble::NoEngine,
        Trouble::NotUnderstood,
        Trouble::Contents(ContentFault::TooMany("/x".to_owned())),
        Trouble::Environment(EnvironmentFault::Silent),
        Trouble::Unfinished,
        Trouble::NoContainer,
        Trouble::Ended(ContainerStatus::Exited, 1, said()),
        Trouble::Ended(ContainerStatus::Exited, 1, None),
        Trouble::Restarted(said()),
        Trouble::Unhealthy(Arc::from("503")),
        Trouble::NotHealthyYet,
        Trouble::PassedOn { address: Arc::from("app:1"), at: None },
        Trouble::GivenUp { address: Arc::from("app:1"), at: None },
        Trouble::Differs(Vec::new()),
        Trouble::Differs(vec![Difference::NotCreated]),
        Trouble::File(Arc::from(".env")),
        Trouble::StillThere,
        Trouble::LeaseLost,
        Trouble::TookTooLong(30),
    ] {
        differ(&format!("{trouble:?}"), |lang| lang.trouble(&trouble));
    }
    for reason in [
        Reason::File(Arc::from("site.conf")),
        Reason::Gone,
        Reason::Stopped,
        Reason::Shares(Arc::from("vpn")),
        Reason::Differs(Difference::NotCreated),
    ] {
        differ(&format!("{reason:?}"), |lang| lang.reason(&reason));
    }
    for outcome in
        [Outcome::Good, Outcome::Refused, Outcome::RolledBack, Outcome::Down, Outcome::Stopped, Outcome::UndoFailed]
    {
        differ(outcome.name(), |lang| lang.outcome(outcome, "0123456789", Some("9876543210")));
    }
    let id = || ReleaseId(Arc::from("0123456789abcdef"));
    let names = ["app", "web", "kvs", "pdb"].map(Arc::<str>::from);
    let run = [Runs::As(id()), Runs::AsNeither, Runs::Nothing, Runs::Unknown];
    for files in [None, Some(id())] {
        let survey = Survey {
            remains: Remains {
                back: Some(id()),
                files,
                services: names.iter().cloned().zip(run.clone()).map(|(name, runs)| (name, runs, true)).collect(),
                candidates: vec![Arc::clone(&names[0])],
                away: vec![Arc::clone(&names[0])],
                data: false,
            },
            why: [(Arc::clone(&names[1]), Trouble::NoContainer)].into(),
            by_hand: Vec::new(),
        };
        for line in 0..=names.len() {
            differ("remains", |lang| lang.remains(&survey)[line].clone());
        }
    }
    differ("remains", |lang| lang.or_rollback("0123456789"));
    for complaint in [
        Complaint::Rollout { trouble: Trouble::Stale },
        Complaint::Rollout { trouble: Trouble::StillThere },
        Complaint::Rollout { trouble: Trouble::Unfinished },
        Complaint::Rollout { trouble: Trouble::Environment(EnvironmentFault::Silent) },
        Complaint::Rollout { trouble: Trouble::Elsewhere("/srv/shop".to_owned()) },
        Complaint::Contents { fault: ContentFault::Outside("/x".to_owned()) },
        Complaint::Contents { fault: ContentFault::TooMany("/x".to_owned()) },
        Complaint::Contents { fault: ContentFault::Unreadable("/x".to_owned(), "EACCES".to_owned()) },
        Complaint::NoRelease { given: None, known: Vec::new() },
        nobody("backedn", false),
        nobody("x", false),
        nobody("backend", true),
        Complaint::NoRelease { given: Some("ab".to_owned()), known: vec!["cd".to_owned()] },
    ] {
        differ(&format!("{complaint:?}"), |lang| lang.words().complaint(&complaint).0);
        differ(&format!("{complaint:?} hint"), |lang| lang.words().complaint(&complaint).1.join(" "));
    }
    for whole in [true, false] {
        differ("images", |lang| lang.brings_images(&["web:1"], 1_000_000, 2_000_000, whole));
    }
    differ("images", |lang| lang.goes_on(1_000_000));
    differ("images", |lang| lang.brings_whole().to_owned());
    let of = |lang: Lang| {
        let words = lang.waste();
        let all =
            [words.goes, words.gone, words.folder, words.releases, words.replaced, words.images, words.containers];
        all.iter().copied().chain([words.in_use, words.nothing]).collect::<Vec<_>>()
    };
    for index in 0..of(Lang::En).len() {
        differ(of(Lang::En)[index], |lang| of(lang)[index].to_owned());
    }
}
