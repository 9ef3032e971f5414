//! Asks the dependencies of services, as those would ask: by short-lived containers that see what the service sees, and from here
//! for what runs here without one. Whom to ask is worked out in `diagnose`, what an answer means as well.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use lastgood_diagnose::{probing, topology};
use lastgood_model::snapshot::Container;
use lastgood_model::{Gap, GapKind, ProbeQuestion, ProbeTarget, Probed, Stack};
use lastgood_world::Damage;
use lastgood_world::engine::{Endpoint, Engine, Eyes, Prober, Reach};

use crate::pipeline::probe::{VARIABLE, agents_answers, agents_request, ask_here};

/// For all probes of one look together: to make the containers, to ask, and to remove them.
const DEADLINE: Duration = Duration::from_secs(8);
/// With less memory than this left, or less room on a disk, nothing is started.
const LEAST_MEMORY: u64 = 96 << 20;
const LEAST_ROOM: u64 = 64 << 20;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Probes {
    pub(super) answered: Vec<Probed>,
    pub(super) gaps: Vec<Gap>,
    /// How many containers were started for it, and removed again.
    pub(super) started: usize,
}

/// Asks them all, side by side.
pub(super) fn probe(stack: &Stack, endpoint: &Endpoint) -> Probes {
    let mut probes = Probes::default();
    let mut questions: BTreeMap<Option<Arc<str>>, Vec<ProbeQuestion>> = BTreeMap::new();
    let topology = topology::build(stack);
    for question in probing::questions(stack, &topology) {
        let asker = topology.find(&question.from).and_then(|index| topology.components.get(index));
        let container = asker.and_then(|component| component.container.clone());
        questions.entry(container).or_default().push(question);
    }
    if questions.is_empty() {
        return probes;
    }
    if let Some(why) = short_of(stack) {
        probes.gaps.push(Gap { what: Arc::from("probes"), why });
        return probes;
    }
    let prober = match prober(stack, endpoint) {
        Ok(prober) => prober,
        Err(damage) => {
            probes.gaps.push(super::gap("probes", &damage));
            return probes;
        }
    };
    let looks = thread::scope(|scope| {
        let threads: Vec<_> = questions
            .into_iter()
            .map(|(container, questions)| {
                let prober = &prober;
                let container = container.map(|name| stack.snapshot.as_ref()?.container(&name));
                scope.spawn(move || match container {
                    // Of a service that has no container nobody's eyes are at hand.
                    Some(None) => None,
                    Some(Some(container)) => Some(Look::through(prober, container, questions)),
                    None => Some(Look::from_here(questions)),
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect::<Vec<_>>()
    });
    for look in looks {
        probes.started += usize::from(look.started);
        probes.gaps.extend(look.gap);
        probes.answered.extend(look.answered);
    }
    probes
}

/// Makes containers that are not started, for the files of their images; nobody does where there is no room for them.
pub(super) fn opener(stack: &Stack, engine: &Engine) -> Option<Prober> {
    if short_of(stack).is_some() {
        return None;
    }
    let prober = Prober::of(engine, DEADLINE, Path::new(""));
    prober.sweep(stack.at.0.div_euclid(1000));
    Some(prober)
}

/// Why nothing is to be started here now.
fn short_of(stack: &Stack) -> Option<GapKind> {
    let memory = stack.host.memory.is_some_and(|memory| memory.available < LEAST_MEMORY);
    let room =
        stack.host.file_systems.iter().any(|system| system.bytes > 0 && !system.read_only && system.free < LEAST_ROOM);
    (memory || room).then_some(GapKind::NoRoomToProbe)
}

fn prober(stack: &Stack, endpoint: &Endpoint) -> Result<Prober, Damage> {
    let engine = Engine::connect(endpoint.clone(), DEADLINE)?;
    let prober = Prober::of(&engine, DEADLINE, &env::current_exe()?);
    prober.sweep(stack.at.0.div_euclid(1000));
    Ok(prober)
}

/// What one pair of eyes saw.
#[derive(Default)]
struct Look {
    answered: Vec<Probed>,
    gap: Option<Gap>,
    started: bool,
}

impl Look {
    fn through(prober: &Prober, container: &Container, questions: Vec<ProbeQuestion>) -> Self {
        let targets: Vec<ProbeTarget> = questions.iter().map(|question| question.target.clone()).collect();
        let variable = format!("{VARIABLE}={}", agents_request(&targets).expose());
        let seen = prober.look(&eyes(container), "probe", &variable);
        let why = match seen.map(|output| agents_answers(&targets, &output)) {
            Ok(Ok(answers)) => {
                let answered = questions.into_iter().zip(answers).map(|(question, answer)| Probed { question, answer });
                return Self { answered: answered.collect(), gap: None, started: true };
            }
            Ok(Err(fault)) => Arc::from(fault.to_string()),
            Err(damage) => Arc::from(damage.to_string()),
        };
        let what = Arc::from(format!("probes of {}", container.component()));
        Self { gap: Some(Gap { what, why: GapKind::NotProbed(why) }), ..Self::default() }
    }

    fn from_here(questions: Vec<ProbeQuestion>) -> Self {
        let targets: Vec<ProbeTarget> = questions.iter().map(|question| question.target.clone()).collect();
        let answers = ask_here(&targets);
        let answered = questions.into_iter().zip(answers).map(|(question, answer)| Probed { question, answer });
        Self { answered: answered.collect(), ..Self::default() }
    }
}

/// What a container sees: its own way to others while it runs, else the networks that it is on.
fn eyes(container: &Container) -> Eyes {
    let mode = &*container.network_mode;
    let network = match mode.strip_prefix("container:") {
        Some(owner) => Reach::Of(owner.to_owned()),
        None if container.is_running() => Reach::Of(container.id.to_string()),
        None => Reach::On {
            networks: container.attachments.iter().map(|attachment| attachment.network.to_string()).collect(),
            mode: matches!(mode, "host" | "none").then(|| mode.to_owned()),
            hosts: container.extra_hosts.iter().map(|(name, address)| format!("{name}:{address}")).collect(),
        },
    };
    Eyes {
        image: container.image_id.to_string(),
        environment: container.environment.iter().map(|(key, value)| format!("{key}={}", value.expose())).collect(),
        user: container.user.to_string(),
        memory: container.memory_limit,
        network,
    }
}
