//! Causes that an application's own error names: a sentence that drivers and servers are known to write, in the root of a
//! traceback or in a line. One rule for each code, which differ only in the sentences they look for. A sentence that says who
//! and why, and began with the failures, proves it; one that only says who makes it likely; one that several share decides
//! nothing. Against it speaks that the same was written before, and that the one it blames answered others meanwhile. It is
//! mistaken for the cause where the application recovers from it by itself.

use std::cmp::Reverse;
use std::sync::Arc;

use lastgood_model::app_claim::SaidError;
use lastgood_model::topology::{Component, ComponentKind, Via};
use lastgood_model::{About, AppClaim, CauseCode, Claim, Evidence, Piece, Severity, Signature, Specificity, Weight};

use super::{Depth, Hypothesis, Rule};
use crate::probing::names_provider;
use crate::scene::{Scene, WITH_ONSET_MS};
use crate::spoken::SpokenError;

/// A cause, and the sentences that name it.
pub struct AppSays {
    code: CauseCode,
}

impl AppSays {
    /// The rule for a code.
    pub const fn of(code: CauseCode) -> Self {
        Self { code }
    }
}

/// What an error means.
struct Meaning<'s> {
    said: SpokenError<'s>,
    /// The sentence that says of whom it is.
    about: &'s Signature,
    specificity: Specificity,
}

impl Rule for AppSays {
    fn code(&self) -> CauseCode {
        self.code
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let means = |said| meaning(said, self.code);
        let mut meanings: Vec<(Arc<str>, Meaning<'_>)> = scene
            .spoken
            .errors()
            .filter_map(means)
            .filter(|meaning| meaning.said.error.severity != Some(Severity::Debug))
            .filter_map(|meaning| Some((component(scene, &meaning)?, meaning)))
            // Who lets others in writes of everybody whom it turned away, a scan and a probe among them.
            .filter(|(component, meaning)| {
                self.code.class() != "credentials" || *component != scene.spoken.component(meaning.said.who)
            })
            .collect();
        // Those that say most, the loud before the others, and of them the most frequent first.
        meanings.sort_by_key(|(_, Meaning { said, specificity, .. })| {
            (Reverse((*specificity, is_loud(said.error.severity), said.run.count)), said.run.first)
        });
        if meanings.is_empty() {
            return self.undated(scene);
        }
        let (component, first) = meanings.first()?;
        let (component, said) = (Arc::clone(component), first.said);
        let (met, failed) = scene.spoken.met(said.run.shape, scene.finding);
        let together = Together::of(met, failed);
        let before = scene.spoken.before(said.run.shape);
        // As often while all was well, it breaks nothing.
        if before * 2 >= said.run.count {
            return None;
        }
        let mark = said.run.first;
        let claim = |meaning: &Meaning<'_>| {
            let error =
                SaidError::of(&scene.spoken.component(meaning.said.who), meaning.said.error, Some(meaning.about.about));
            Claim::Application(AppClaim::Said { error, count: meaning.said.run.count })
        };
        let mut evidence = vec![scene.evidence(claim(first), mark, weight(scene, first, together, before))];
        // Several sentences of one cause are one cause, told twice.
        let more = meanings.iter().skip(1).filter(|(other, more)| {
            *other == component && more.specificity > Specificity::Ambiguous && more.about.name != first.about.name
        });
        evidence.extend(more.take(2).map(|(_, more)| scene.evidence(claim(more), more.said.run.first, Weight::Weak)));
        if together == Together::Mostly && failed > 0 {
            let who = scene.spoken.component(said.who);
            let weight = if first.specificity == Specificity::Ambiguous { Weight::Weak } else { Weight::Moderate };
            evidence.push(scene.evidence(
                Claim::Application(AppClaim::WithFailures { who, met, failed }),
                mark,
                weight,
            ));
        }
        let (for_it, against_it) = super::app_told::beside(scene, self.code, &said, &component);
        // What is proven of what it was told is said first.
        evidence.splice(0..0, for_it);
        let mut against: Vec<Evidence> =
            super::app_calls::answered(scene, &component).filter(|_| is_unreachable(self.code)).into_iter().collect();
        against.extend(against_it);
        if before > 0 {
            against.push(scene.evidence(Claim::ErrorsBefore { count: before }, mark, Weight::Moderate));
        }
        Some(Hypothesis {
            code: self.code,
            component,
            evidence,
            against,
            chain: vec![scene.link(claim(first), mark), scene.symptom()],
            depth: depth(self.code),
        })
    }
}

impl AppSays {
    /// The same of a log without times: it may be of any day.
    fn undated(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let said = scene.spoken.undated(scene.onset.to());
        let mut exact = said
            .filter_map(|said| meaning(said, self.code))
            .filter(|meaning| meaning.specificity == Specificity::Exact);
        let meaning = exact.next()?;
        let component = component(scene, &meaning)?;
        let error =
            SaidError::of(&scene.spoken.component(meaning.said.who), meaning.said.error, Some(meaning.about.about));
        let claim = Claim::Application(AppClaim::Said { error, count: meaning.said.run.count });
        Some(Hypothesis {
            code: self.code,
            component,
            evidence: vec![scene.evidence(claim, meaning.said.run.first, Weight::Moderate)],
            against: Vec::new(),
            chain: vec![scene.symptom()],
            depth: depth(self.code),
        })
    }
}

impl Meaning<'_> {
    /// The cause that it names, if one sentence does.
    fn code(&self) -> Option<CauseCode> {
        self.about.code.or_else(|| self.said.why?.code)
    }
}

/// What an error means, if it means this cause.
fn meaning(said: SpokenError<'_>, code: CauseCode) -> Option<Meaning<'_>> {
    let signature = said.signature?;
    let (why, specificity) = match signature.code {
        Some(why) => (why, signature.specificity),
        // One sentence of the chain says who, another one why.
        None => {
            let why = said.why?;
            // Both together say as much as one that names the component.
            let specificity = match signature.specificity {
                Specificity::Ambiguous => why.specificity.min(Specificity::Component),
                _ => Specificity::Component,
            };
            (why.code?, specificity)
        }
    };
    // Where the first says nothing of whom it is, the other one may.
    let about = match (signature.about, said.why) {
        (About::Http | About::Network | About::Application, Some(why)) if signature.code.is_none() => why,
        _ => signature,
    };
    (of_whom(why, about.about) == code).then_some(Meaning { said, about, specificity })
}

/// A database that does not answer is a dependency that is down.
const fn of_whom(code: CauseCode, about: About) -> CauseCode {
    match (code, about) {
        (CauseCode::ProcessDown, About::Redis | About::Postgres | About::Mysql | About::Database) => {
            CauseCode::DependencyDown
        }
        _ => code,
    }
}

/// Who is to blame: the dependency that a sentence is about, by the name that it has in the sentence, in what the writer asks or
/// by what it speaks; or whoever wrote it; or the machine. `None` where a sentence that several share could mean anybody.
fn component(scene: &Scene<'_>, meaning: &Meaning<'_>) -> Option<Arc<str>> {
    let Meaning { said, about, specificity } = meaning;
    let spoken = &scene.spoken;
    let who = said.who;
    let host = said.error.named(Piece::Host).filter(|host| !crate::address::is_localhost(host));
    let by_host = || host.map(|host| spoken.named(who, host));
    // What nothing ties to anybody is said of nobody.
    let certain = |component: Option<Arc<str>>| component.or_else(|| fallback(about.about, *specificity));
    match about.about {
        About::Redis => certain(by_host().or_else(|| spoken.asked(who, &["redis", "rediss"]))),
        About::Postgres => certain(by_host().or_else(|| spoken.asked(who, &["postgres", "postgresql"]))),
        About::Mysql => certain(by_host().or_else(|| spoken.asked(who, &["mysql", "mariadb"]))),
        About::Database => {
            let databases = ["postgres", "postgresql", "mysql", "mariadb", "mongodb"];
            certain(by_host().or_else(|| spoken.asked(who, &databases)))
        }
        About::Http | About::Oidc | About::Dns | About::Tls | About::Network => {
            let called = || super::app_calls::failing_target(scene, who);
            let only = || spoken.asked(who, &["http", "https"]).filter(|_| about.about == About::Http);
            let proven = || super::app_told::unserved_by(scene, who, meaning.code());
            let provider = || provider(scene, who).filter(|_| about.about == About::Oidc);
            by_host()
                .or_else(called)
                .or_else(provider)
                .or_else(proven)
                .or_else(only)
                .or_else(|| (*specificity > Specificity::Ambiguous).then(|| spoken.component(who)))
        }
        About::Nginx => Some(Arc::from("nginx")),
        About::Disk | About::Host => Some(Arc::from("host")),
        About::Memory
        | About::Docker
        | About::Compose
        | About::Registry
        | About::Image
        | About::Volume
        | About::Environment
        | About::Application
        | About::Client => Some(spoken.component(who)),
    }
}

/// The one component that somebody asks under a key of a provider of identities.
fn provider(scene: &Scene<'_>, who: &str) -> Option<Arc<str>> {
    let stack = scene.stack?;
    let asked = stack.topology.asks(scene.spoken.index(who)?).filter_map(|edge| match &edge.via {
        Via::Variable { key, .. } if names_provider(key) => stack.topology.components.get(edge.to?),
        _ => None,
    });
    // By its public name it is asked from outside, or through the proxy, which lets nobody log in.
    let asked: Vec<&Component> = asked.filter(|component| component.kind != ComponentKind::Proxy).collect();
    let here = |component: &&Component| component.container.is_some();
    let mut providers = asked.iter().filter(|component| here(component) || !asked.iter().any(here));
    let first = providers.next()?;
    providers.all(|other| other.name == first.name).then(|| Arc::clone(&first.name))
}

/// What to call a dependency that nothing names.
fn fallback(about: About, specificity: Specificity) -> Option<Arc<str>> {
    (specificity > Specificity::Ambiguous).then(|| Arc::from(about.name()))
}

/// How many of the failing requests came with a sentence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Together {
    Hardly,
    Partly,
    Mostly,
}

impl Together {
    const fn of(met: u64, failed: u64) -> Self {
        match (met, failed) {
            (met, failed) if met * 5 < failed => Self::Hardly,
            (met, failed) if met * 2 < failed => Self::Partly,
            _ => Self::Mostly,
        }
    }
}

/// How much a sentence says here.
fn weight(scene: &Scene<'_>, meaning: &Meaning<'_>, together: Together, before: u64) -> Weight {
    let error = meaning.said.error;
    // Whoever merely warns or informs went on.
    let loud = is_loud(error.severity);
    let began = meaning.said.run.first.0.since(scene.onset.to()) <= WITH_ONSET_MS;
    match meaning.specificity {
        Specificity::Ambiguous => Weight::Weak,
        _ if error.severity == Some(Severity::Info) => Weight::Weak,
        _ if !loud => Weight::Moderate,
        // It came with few of the failures: it may be beside the point.
        _ if together == Together::Hardly => Weight::Moderate,
        Specificity::Component if together == Together::Mostly => Weight::Strong,
        Specificity::Component => Weight::Moderate,
        // It says who and why, it was not said while all was well, and it is said whenever something fails.
        Specificity::Exact
            if together == Together::Mostly && began && before == 0 && scene.finding.last_good.is_some() =>
        {
            Weight::Decisive
        }
        Specificity::Exact => Weight::Strong,
    }
}

/// Whether a line is an error, as far as it says.
fn is_loud(severity: Option<Severity>) -> bool {
    severity.is_none_or(|severity| severity >= Severity::Error)
}

/// Causes for which the one that is blamed cannot have answered.
const fn is_unreachable(code: CauseCode) -> bool {
    matches!(
        code,
        CauseCode::ProcessDown
            | CauseCode::DependencyDown
            | CauseCode::DnsFailure
            | CauseCode::FirewallDrop
            | CauseCode::WrongNetwork
            | CauseCode::TlsExpired
            | CauseCode::TlsChain
            | CauseCode::TlsNameMismatch
    )
}

/// What may follow from another one's state lies less deep.
const fn depth(code: CauseCode) -> Depth {
    match code {
        CauseCode::ProcessDown
        | CauseCode::DependencyDown
        | CauseCode::DnsFailure
        | CauseCode::ConnectionClosed
        | CauseCode::TimeoutSlow
        | CauseCode::FirewallDrop
        | CauseCode::AppBug
        | CauseCode::Loading => Depth::Process,
        _ => Depth::Origin,
    }
}
