//! Causes by what a dependency itself answered when it was asked as its dependent asks it: credentials that are missing or
//! wrong, servers that are not ready, addresses at which nobody answers. The server's own words decide; a failed probe is never
//! dropped as a symptom, unless the state of what was asked explains it.

use std::sync::Arc;

use lastgood_model::probe_claim::Asked;
use lastgood_model::snapshot::Container;
use lastgood_model::{
    Ailment, CauseCode, ProbeClaim, ProbeOutcome, ProbeProtocol, Probed, StateClaim, TlsFault, Told, Weight,
};

use super::{Fault, edge, misread};
use crate::address::is_localhost;
use crate::layers;
use crate::probing::reference;
use crate::rules::Depth;
use crate::stack_scene::StackScene;

/// Proposes one fault for each dependency that does not serve its dependent.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    scene.stack.probes.iter().filter_map(|probed| of(scene, probed)).collect()
}

/// What an answer means.
struct Reading {
    code: CauseCode,
    blames: Blames,
    depth: Depth,
    weight: Weight,
    /// It may be no more than what follows from the state of what was asked.
    follows: bool,
}

/// Whose fault it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blames {
    /// What was asked.
    Asked,
    /// Whoever asked: what it was told is wrong.
    Asker,
    /// The machine.
    Host,
}

impl Reading {
    /// The server's own word: it stands, whatever else is so.
    const fn certain(code: CauseCode, blames: Blames) -> Self {
        Self { code, blames, depth: Depth::Origin, weight: Weight::Decisive, follows: false }
    }

    /// What may follow from what became of the one that was asked.
    const fn of_process(code: CauseCode, blames: Blames, weight: Weight) -> Self {
        Self { code, blames, depth: Depth::Process, weight, follows: true }
    }
}

/// As which cause an answer counts, and how much it says; `None` if whoever asked is served, or was told something that its files
/// do not say any more: that is the business of `stale_env`, also where it leads nowhere.
#[must_use]
pub fn meaning(scene: &StackScene<'_>, probed: &Probed) -> Option<(CauseCode, Weight)> {
    current(scene, probed).map(|reading| (reading.code, reading.weight))
}

fn current(scene: &StackScene<'_>, probed: &Probed) -> Option<Reading> {
    let question = &probed.question;
    let drifts = scene.drift.iter().filter(|drift| drift.service == question.from);
    let stale = question.told == Told::Running
        && drifts.flat_map(lastgood_model::Drift::variables).any(|variable| variable.key == question.key);
    if stale { None } else { reading(scene, probed) }
}

fn of(scene: &StackScene<'_>, probed: &Probed) -> Option<Fault> {
    let question = &probed.question;
    let reading = current(scene, probed)?;
    let asked = Asked::of(question);
    let component = match reading.blames {
        Blames::Asked => Arc::clone(asked.peer()),
        Blames::Asker => Arc::clone(&question.from),
        Blames::Host => Arc::from("host"),
    };
    let reference = reference(probed);
    let front = question.target.protocol == ProbeProtocol::Front;
    let ailment = if front { Ailment::Distrusted } else { Ailment::Unserved };
    let mut fault =
        Fault::new(reading.code, &component, ailment, reading.depth, edge(scene.stack.at, reference.clone()));
    fault.bearer = Arc::clone(&question.from);
    fault.follows = reading.follows || misread::explains(scene, question);
    // What the files say hurts only the next container; and not everything that is told is used, unless it is somebody of ours, or
    // has a name that only one of ours could have.
    let bare = probed.answer.outcome == ProbeOutcome::NoSuchName && !question.target.host.contains('.');
    let is_ours = question.to.is_some() || bare;
    // Whom a program trusts may stand where nobody looks: that somebody is unknown hurts only where something fails.
    let is_unknown = matches!(probed.answer.outcome, ProbeOutcome::Tls(TlsFault::UnknownIssuer { .. }));
    fault.grave = question.told == Told::Running && reading.weight == Weight::Decisive && is_ours && !is_unknown;
    let wants_password = probed.answer.outcome == ProbeOutcome::WantsPassword && question.password_key.is_none();
    fault = fault.led(None, answered(probed), reference.clone(), reading.weight);
    if wants_password {
        let nothing = StateClaim::Probe(ProbeClaim::NoVariable { asked });
        fault = fault.says(nothing, reference, Weight::Weak);
    }
    Some(fault)
}

/// What was asked and what came back.
pub(super) fn answered(probed: &Probed) -> StateClaim {
    let (outcome, words) = (probed.answer.outcome.clone(), probed.answer.words.clone());
    StateClaim::Probe(ProbeClaim::Answered { asked: Asked::of(&probed.question), outcome, words })
}

/// What an answer means, if it means that whoever asked is not served.
fn reading(scene: &StackScene<'_>, probed: &Probed) -> Option<Reading> {
    use Blames::{Asked, Asker, Host};
    let question = &probed.question;
    if is_a_name_only(scene, probed) {
        return None;
    }
    // Whoever does not know the protocol only sees that somebody answered.
    if layers::of_protocol(question.target.protocol).only_in(scene.without) && probed.answer.outcome.is_an_answer() {
        return None;
    }
    let reading = match &probed.answer.outcome {
        ProbeOutcome::Serves | ProbeOutcome::Undecided => return None,
        // Whom those trust who come to it, nobody here knows; and whether it listens here at all, its own state tells.
        outcome if question.target.protocol == ProbeProtocol::Front => match outcome {
            ProbeOutcome::Tls(fault @ (TlsFault::Expired | TlsFault::NotYetValid | TlsFault::OtherName { .. })) => {
                Reading::certain(of_certificate(fault), Asked)
            }
            _ => return None,
        },
        ProbeOutcome::WantsPassword if question.target.password.is_none() => {
            Reading::certain(CauseCode::MissingCredential, Asked)
        }
        ProbeOutcome::WantsPassword
        | ProbeOutcome::RefusesPassword
        | ProbeOutcome::NoSuchUser
        | ProbeOutcome::RefusesAccess
        | ProbeOutcome::RefusesClient => Reading::certain(CauseCode::WrongCredential, Asked),
        // Some clients send it in a way that is taken nevertheless.
        ProbeOutcome::WantsNoPassword => {
            Reading { weight: Weight::Strong, ..Reading::certain(CauseCode::AuthNotExpected, Asked) }
        }
        ProbeOutcome::RefusesHost if question.target.protocol == ProbeProtocol::Redis => {
            Reading::certain(CauseCode::ProtectedMode, Asked)
        }
        ProbeOutcome::RefusesHost => Reading::certain(CauseCode::WrongCredential, Asked),
        ProbeOutcome::NoSuchDatabase if question.target.protocol == ProbeProtocol::Redis => {
            Reading::certain(CauseCode::WrongAddress, Asker)
        }
        ProbeOutcome::NoSuchDatabase => Reading::certain(CauseCode::SchemaMissing, Asked),
        ProbeOutcome::TooManyConnections => Reading::certain(CauseCode::ServerConnLimit, Asked),
        ProbeOutcome::Starting => Reading::of_process(CauseCode::Loading, Asked, Weight::Decisive),
        ProbeOutcome::Stopping => Reading::of_process(CauseCode::DependencyDown, Asked, Weight::Decisive),
        ProbeOutcome::ReadOnly => Reading::certain(CauseCode::ReadOnly, Asked),
        ProbeOutcome::CannotPersist => Reading::certain(CauseCode::PersistenceFailing, Asked),
        ProbeOutcome::MemoryFull => Reading::certain(CauseCode::MemoryLimit, Asked),
        ProbeOutcome::NoTls | ProbeOutcome::WantsTls => Reading::certain(CauseCode::ProtocolMismatch, Asker),
        ProbeOutcome::Tls(fault) => Reading::certain(of_certificate(fault), Asked),
        // Inside it may be asked at another address than the one that users know it by, and whoever asks was told both.
        ProbeOutcome::IssuerDiffers { said } if is_told(scene, &question.from, said) => return None,
        ProbeOutcome::IssuerDiffers { .. } => Reading::certain(CauseCode::IssuerMismatch, Asked),
        ProbeOutcome::NoSuchRealm => Reading::certain(CauseCode::WrongAddress, Asked),
        ProbeOutcome::ClockDiffers { .. } => Reading::certain(CauseCode::ClockSkew, Host),
        // It answers, and is not well; whether it would answer others is not known.
        ProbeOutcome::HttpStatus(status) if *status >= 500 => {
            Reading::of_process(CauseCode::AppBug, Asked, Weight::Moderate)
        }
        // Who was asked for something that is not there was asked all the same.
        ProbeOutcome::HttpStatus(_) => return None,
        // Who says nothing unasked is not silent.
        ProbeOutcome::Silent if question.target.protocol == ProbeProtocol::Tcp => return None,
        ProbeOutcome::Silent => Reading::of_process(CauseCode::TimeoutSlow, Asked, Weight::Strong),
        ProbeOutcome::HungUp => Reading::of_process(CauseCode::ConnectionClosed, Asked, Weight::Strong),
        ProbeOutcome::OtherProtocol => Reading::certain(CauseCode::ProtocolMismatch, Asker),
        ProbeOutcome::NameserverFails => Reading::of_process(CauseCode::DnsFailure, Host, Weight::Decisive),
        ProbeOutcome::NoSuchName | ProbeOutcome::Refused | ProbeOutcome::Unanswered | ProbeOutcome::NoRoute => {
            return unreached(scene, probed);
        }
    };
    Some(reading)
}

/// Whether it is only what an identity provider is called, which tokens are held against: that is asked at another address, and answers.
fn is_a_name_only(scene: &StackScene<'_>, probed: &Probed) -> bool {
    let own = &probed.question;
    let url = format!("://{}:{}{}", own.target.host, own.target.port, own.target.path);
    scene.stack.probes.iter().filter(|other| other.question.from == own.from).any(|other| {
        matches!(&other.answer.outcome, ProbeOutcome::IssuerDiffers { said } if said.ends_with(url.trim_end_matches('/')))
    })
}

/// Whether one of the variables of a component is just this address.
fn is_told(scene: &StackScene<'_>, component: &str, address: &str) -> bool {
    let same = |value: &str| value.trim_end_matches('/') == address.trim_end_matches('/');
    container(scene, component)
        .is_some_and(|container| container.environment.iter().any(|(_, value)| same(value.expose())))
}

const fn of_certificate(fault: &TlsFault) -> CauseCode {
    match fault {
        TlsFault::Expired => CauseCode::TlsExpired,
        TlsFault::NotYetValid => CauseCode::TlsNotYetValid,
        TlsFault::OtherName { .. } => CauseCode::TlsNameMismatch,
        TlsFault::UnknownIssuer { .. } => CauseCode::TlsChain,
        TlsFault::NothingInCommon | TlsFault::Alert(_) => CauseCode::TlsVersion,
    }
}

/// Nobody answered: because of what, the state of who should have tells.
fn unreached(scene: &StackScene<'_>, probed: &Probed) -> Option<Reading> {
    use Blames::{Asked, Asker, Host};
    let (question, outcome) = (&probed.question, &probed.answer.outcome);
    let target = &question.target;
    if is_localhost(&target.host) {
        return Some(Reading::certain(CauseCode::WrongAddress, Asker));
    }
    let Some(to) = &question.to else {
        return Some(match outcome {
            ProbeOutcome::NoSuchName | ProbeOutcome::NoRoute => Reading::certain(CauseCode::WrongAddress, Asker),
            ProbeOutcome::Refused => Reading::of_process(CauseCode::DependencyDown, Asked, Weight::Strong),
            _ => Reading::of_process(CauseCode::FirewallDrop, Host, Weight::Moderate),
        });
    };
    let Some(container) = container(scene, to) else {
        return Some(match outcome {
            ProbeOutcome::NoSuchName => Reading::certain(CauseCode::WrongAddress, Asker),
            ProbeOutcome::Refused => Reading::of_process(CauseCode::DependencyDown, Asked, Weight::Decisive),
            _ => Reading::of_process(CauseCode::FirewallDrop, Host, Weight::Strong),
        });
    };
    if !container.is_running() {
        let code = if scene.is_behind(container) { CauseCode::DependencyDown } else { CauseCode::ProcessDown };
        return Some(Reading::of_process(code, Asked, Weight::Strong));
    }
    Some(match outcome {
        ProbeOutcome::NoSuchName | ProbeOutcome::NoRoute => {
            Reading { follows: true, ..Reading::certain(CauseCode::WrongNetwork, Asker) }
        }
        ProbeOutcome::Refused => refused(container, target.port),
        _ => Reading { follows: true, ..Reading::certain(CauseCode::FirewallDrop, Host) },
    })
}

/// A container that runs refuses: it listens elsewhere, for itself alone, or not yet.
fn refused(container: &Container, port: u16) -> Reading {
    use Blames::{Asked, Asker};
    let published = container.bound.iter().find(|bound| bound.host == Some(port)).map(|bound| bound.container);
    let listening = || container.listening.iter().flatten();
    let on = |port: u16| listening().filter(move |socket| socket.port == port);
    let port = published.unwrap_or(port);
    if on(port).next().is_some() {
        let for_itself = on(port).all(|socket| is_localhost(&socket.address));
        let code = if for_itself { CauseCode::BindLoopback } else { CauseCode::ProcessDown };
        return Reading { follows: true, ..Reading::certain(code, Asked) };
    }
    if listening().any(|socket| !is_localhost(&socket.address)) {
        return Reading { follows: true, ..Reading::certain(CauseCode::WrongAddress, Asker) };
    }
    Reading::of_process(CauseCode::ProcessDown, Asked, Weight::Decisive)
}

fn container<'s>(scene: &StackScene<'s>, component: &str) -> Option<&'s Container> {
    let index = scene.topology.find(component)?;
    let name = scene.topology.components.get(index)?.container.as_deref()?;
    scene.stack.snapshot.as_ref()?.container(name)
}
