//! Asks the dependencies of services, as those would ask: by short-lived containers that see what the service sees, and from here
//! for what runs here without one. Whom to ask is worked out in `diagnose`, what an answer means as well.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use lastgood_diagnose::{probing, topology};
use lastgood_model::desired::{Mount, Service};
use lastgood_model::snapshot::Container;
use lastgood_model::{Gap, GapKind, ProbeQuestion, ProbeTarget, Probed, Stack, Told, Topology};
use lastgood_world::Damage;
use lastgood_world::engine::{Endpoint, Engine, Eyes, Prober, Reach};
use lastgood_world::probe::trust_files;

use crate::pipeline::probe::{VARIABLE, agents_answers, agents_request, ask_here};

/// For all probes of one look together: to make the containers, to ask, and to remove them.
const DEADLINE: Duration = Duration::from_secs(8);
/// With less memory than this left, or less room on a disk, nothing is started.
const LEAST_MEMORY: u64 = 96 << 20;
const LEAST_ROOM: u64 = 64 << 20;
/// The engine's own network, which leads outside as those do that Compose makes.
const BRIDGE: &str = "bridge";

/// Names of images, by the services that will have them.
pub type ImageNames = BTreeMap<Arc<str>, String>;

/// By whose eyes a question is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asker {
    /// Those of a container, by its name.
    Container(Arc<str>),
    /// Those that a service's container will have.
    Service(Arc<str>),
    /// Our own: it runs here without a container.
    Here,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Probes {
    pub(super) answered: Vec<Probed>,
    pub(super) gaps: Vec<Gap>,
    /// How many containers were started for it, and removed again.
    pub(super) started: usize,
}

/// Asks them all, side by side. `images` are names of images that go before those that are declared.
pub(super) fn probe(stack: &Stack, endpoint: &Endpoint, images: &ImageNames) -> Probes {
    let mut probes = Probes::default();
    let mut questions: BTreeMap<Asker, Vec<ProbeQuestion>> = BTreeMap::new();
    let topology = topology::build(stack);
    for question in probing::questions(stack, &topology) {
        questions.entry(asker(stack, &topology, &question)).or_default().push(question);
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
            .map(|(asker, questions)| {
                let prober = &prober;
                scope.spawn(move || {
                    let (name, eyes) = match &asker {
                        Asker::Here => return Some(Look::from_here(questions)),
                        Asker::Container(name) => {
                            let container = stack.snapshot.as_ref()?.container(name)?;
                            (container.component().to_string(), eyes(container))
                        }
                        // Where its image is not there, nobody's eyes are at hand.
                        Asker::Service(name) => (name.to_string(), eyes_to_be(stack, name, images)?),
                    };
                    Some(Look::through(prober, &name, &eyes, questions))
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
    fn through(prober: &Prober, name: &str, eyes: &Eyes, questions: Vec<ProbeQuestion>) -> Self {
        let targets: Vec<ProbeTarget> = questions.iter().map(|question| question.target.clone()).collect();
        let variable = format!("{VARIABLE}={}", agents_request(&targets).expose());
        let seen = prober.look(eyes, "probe", &variable);
        let why = match seen.map(|output| agents_answers(&targets, &output)) {
            Ok(Ok(answers)) => {
                let answered = questions.into_iter().zip(answers).map(|(question, answer)| Probed { question, answer });
                return Self { answered: answered.collect(), gap: None, started: true };
            }
            Ok(Err(fault)) => Arc::from(fault.to_string()),
            Err(damage) => Arc::from(damage.to_string()),
        };
        let what = Arc::from(format!("probes of {name}"));
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
    let environment: Vec<String> =
        container.environment.iter().map(|(key, value)| format!("{key}={}", value.expose())).collect();
    Eyes {
        image: container.image_id.to_string(),
        trusted: trusted(&environment, &container.mounts),
        environment,
        user: container.user.to_string(),
        memory: container.memory_limit,
        network,
    }
}

/// Files and folders of the host in which it finds out whom to trust.
fn trusted(environment: &[String], mounts: &[Mount]) -> Vec<(String, String)> {
    let holds = |mount: &&Mount| trust_files(environment).any(|file| Path::new(file).starts_with(&*mount.target));
    let binds = mounts.iter().filter(|mount| &*mount.kind == "bind").filter(holds);
    binds.map(|mount| (mount.source.to_string(), mount.target.to_string())).collect()
}

/// Whose eyes see what the one sees who will ask it.
fn asker(stack: &Stack, topology: &Topology, question: &ProbeQuestion) -> Asker {
    let component = topology.find(&question.from).and_then(|index| topology.components.get(index));
    let declared = stack.desired.as_ref().and_then(|desired| desired.service(&question.from));
    let Some(name) = component.and_then(|component| component.container.as_ref()) else {
        return declared.map_or(Asker::Here, |service| Asker::Service(Arc::clone(&service.name)));
    };
    let container = stack.snapshot.as_ref().and_then(|snapshot| snapshot.container(name));
    match (declared, container) {
        // The container that there is may not be on a network that the files put it on now.
        (Some(service), Some(container))
            if question.told == Told::Declared && !is_on_all(stack, service, container) =>
        {
            Asker::Service(Arc::clone(&service.name))
        }
        _ => Asker::Container(Arc::clone(name)),
    }
}

fn is_on_all(stack: &Stack, service: &Service, container: &Container) -> bool {
    let is_on = |network: &str| container.attachments.iter().any(|attachment| &*attachment.network == network);
    service.network_mode.is_some() || networks(stack, service).all(is_on)
}

/// The networks of a service, as the engine will call them.
fn networks<'s>(stack: &'s Stack, service: &'s Service) -> impl Iterator<Item = &'s str> {
    let declared = stack.desired.iter().flat_map(|desired| &desired.networks);
    let name_of = move |key: &str| declared.clone().find(|network| &*network.key == key).map(|network| &*network.name);
    service.networks.iter().filter_map(move |joined| name_of(&joined.key))
}

/// What a container of a service will see, as it is declared. In the place of networks that Compose has yet to make stands one that leads
/// outside as they will.
fn eyes_to_be(stack: &Stack, name: &str, images: &ImageNames) -> Option<Eyes> {
    let service = stack.desired.as_ref()?.service(name)?;
    let snapshot = stack.snapshot.as_ref()?;
    let known = || snapshot.images.iter().find(|image| image.tags.contains(&service.image));
    let image = images.get(name).cloned().or_else(|| known().map(|image| image.id.to_string()))?;
    let mode = service.network_mode.as_deref();
    if mode.is_some_and(|mode| !matches!(mode, "host" | "none" | BRIDGE)) {
        return None;
    }
    let is_there = |name: &&str| snapshot.networks.iter().any(|network| &*network.name == *name);
    let (there, missing): (Vec<&str>, Vec<&str>) = networks(stack, service).partition(is_there);
    let outside = (mode.is_none() && (there.is_empty() || !missing.is_empty())).then_some(BRIDGE);
    let told = service.environment.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
    let environment: Vec<String> = told.map(|(key, value)| format!("{key}={}", value.expose())).collect();
    Some(Eyes {
        image,
        trusted: trusted(&environment, &service.mounts),
        environment,
        user: service.user.as_deref().unwrap_or_default().to_owned(),
        memory: service.memory_limit,
        network: Reach::On {
            networks: there.into_iter().chain(outside).map(str::to_owned).collect(),
            mode: mode.map(str::to_owned),
            hosts: service.extra_hosts.iter().map(|(name, address)| format!("{name}:{address}")).collect(),
        },
    })
}
