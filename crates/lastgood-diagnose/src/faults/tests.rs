//! Each fault on a stack made by hand, and something like it that is none.

use std::sync::Arc;

use lastgood_model::desired::{DeclaredResource, DependsOn, Joined, Service};
use lastgood_model::drift::{Difference, VariableDrift};
use lastgood_model::snapshot::{
    Attachment, Container, ContainerStatus, Event, Health, HealthResult, HealthStatus, Image, KnownWords, Listening,
    State,
};
use lastgood_model::stack::{FileSystem, ProxyConf, UpstreamGroup};
use lastgood_model::topology::{Component, ComponentKind, Edge, Via};
use lastgood_model::{
    About, Ailment, CauseCode, Claim, Confidence, Desired, Drift, Incident, Instead, Piece, Ref, Secret, Signature,
    Snapshot, Specificity, Stack, StateClaim, Status, Topology, UnixMs, Verdict,
};

use super::wrong_address;
use crate::stack_scene::StackScene;
use crate::{CloseUp, Question, Suspects, Timeline, decide};

mod misread;
mod probed;
mod under_way;

const NOW: UnixMs = UnixMs(1_700_000_000_000);
const MINUTE: i64 = 60_000;

/// web (nginx) asks backend by name; backend asks the redis of another project by a variable.
struct Yard {
    stack: Stack,
    topology: Topology,
    drift: Vec<Drift>,
}

fn text(text: &str) -> Arc<str> {
    Arc::from(text)
}

fn service(name: &str) -> Service {
    Service {
        name: text(name),
        replicas: 1,
        restart: Some(text("unless-stopped")),
        networks: vec![Joined { key: text("default"), ..Joined::default() }],
        ..Service::default()
    }
}

fn container(project: &str, name: &str, address: &str) -> Container {
    Container {
        name: text(&format!("{project}-{name}")),
        project: Some(text(project)),
        service: Some(text(name)),
        created: NOW.plus(-60 * MINUTE),
        restart_policy: text("unless-stopped"),
        state: State { status: ContainerStatus::Running, started: Some(NOW.plus(-60 * MINUTE)), ..State::default() },
        attachments: vec![Attachment {
            network: text("shop_default"),
            address: text(address),
            ..Attachment::default()
        }],
        network_mode: text("shop_default"),
        listening: Some(vec![Listening { address: text("0.0.0.0"), port: 8000 }]),
        ..Container::default()
    }
}

fn component(name: &str, container: &str, kind: ComponentKind, foreign: Option<&str>) -> Component {
    Component { name: text(name), container: Some(text(container)), foreign: foreign.map(text), kind }
}

fn asks(from: usize, to: usize, host: &str, port: u16, via: Via, protocol: &str) -> Edge {
    Edge {
        from,
        to: Some(to),
        address: text(&format!("{host}:{port}")),
        host: text(host),
        port: Some(port),
        protocol: Some(text(protocol)),
        via,
        at: None,
    }
}

fn variable(key: &str) -> Via {
    Via::Variable { key: text(key), password_key: None }
}

impl Yard {
    fn new() -> Self {
        let mut redis = container("kvs", "redis", "172.18.0.9");
        redis.attachments[0].network = text("kvs_default");
        let mut backend = container("shop", "backend", "172.18.0.3");
        backend.environment = vec![(text("KVS_URL"), Secret::from("redis://172.18.0.1:6379"))];
        Self {
            stack: Stack {
                at: NOW,
                desired: Some(Desired {
                    project: text("shop"),
                    services: vec![service("web"), service("backend")],
                    networks: vec![DeclaredResource {
                        key: text("default"),
                        name: text("shop_default"),
                        ..DeclaredResource::default()
                    }],
                    ..Desired::default()
                }),
                snapshot: Some(Snapshot {
                    containers: vec![container("shop", "web", "172.18.0.2"), backend, redis],
                    ..Snapshot::default()
                }),
                ..Stack::default()
            },
            topology: Topology {
                components: vec![
                    component("web", "shop-web", ComponentKind::Proxy, None),
                    component("backend", "shop-backend", ComponentKind::Service, None),
                    component("kvs-redis", "kvs-redis", ComponentKind::Container, Some("kvs")),
                ],
                edges: vec![
                    asks(0, 1, "backend", 8000, Via::Proxy, "http"),
                    asks(1, 2, "172.18.0.1", 6379, variable("KVS_URL"), "redis"),
                ],
            },
            drift: Vec::new(),
        }
    }

    fn snapshot(&mut self) -> &mut Snapshot {
        self.stack.snapshot.as_mut().unwrap()
    }

    fn container(&mut self, name: &str) -> &mut Container {
        self.snapshot().containers.iter_mut().find(|container| &*container.name == name).unwrap()
    }

    fn desired(&mut self) -> &mut Desired {
        self.stack.desired.as_mut().unwrap()
    }

    fn ended(&mut self, name: &str, exit_code: i64) -> &mut Container {
        let container = self.container(name);
        container.state = State {
            status: ContainerStatus::Exited,
            exit_code,
            started: Some(NOW.plus(-60 * MINUTE)),
            finished: Some(NOW.plus(-10 * MINUTE)),
            ..State::default()
        };
        container
    }

    fn crashing(&mut self, name: &str, exit_code: i64, words: &[&str]) -> &mut Container {
        let container = self.ended(name, exit_code);
        container.state.status = ContainerStatus::Restarting;
        container.restarts = 7;
        container.last_words = words.iter().map(|words| text(words)).collect();
        container
    }

    fn unhealthy(&mut self, name: &str, output: &str) -> &mut Container {
        let check = |minutes: i64, exit_code| HealthResult {
            at: Some(NOW.plus(-minutes * MINUTE)),
            exit_code,
            output: text(output),
        };
        let container = self.container(name);
        container.health = Some(Health {
            status: HealthStatus::Unhealthy,
            failing_streak: 3,
            checks: vec![check(4, 0), check(3, 1), check(2, 1), check(1, 1)],
        });
        container
    }

    fn scene(&self) -> StackScene<'_> {
        StackScene {
            stack: &self.stack,
            topology: self.topology.clone(),
            drift: self.drift.clone(),
            without: lastgood_model::Layers::NONE,
        }
    }

    fn verdict(&self) -> Verdict {
        let scene = self.scene();
        let question = Question { now: Some(NOW), live: true, ..Question::default() };
        let suspects = Suspects::default();
        let closeup = CloseUp::new(&suspects);
        decide(Timeline::new(), &suspects, closeup, &lastgood_model::Catalogue::default(), &question, Some(&scene))
    }

    /// The only incident.
    fn incident(&self) -> Incident {
        let mut incidents = self.verdict().incidents;
        assert_eq!(incidents.len(), 1, "{incidents:#?}");
        incidents.remove(0)
    }

    fn is_healthy(&self) {
        let verdict = self.verdict();
        assert_eq!(verdict.status, Status::Healthy, "{:#?}", verdict.incidents);
    }
}

/// Code, component and confidence of the first cause, and the state of the first component.
fn told(incident: &Incident) -> (CauseCode, &str, Confidence, Ailment) {
    let cause = &incident.causes[0];
    (cause.code, &cause.component, cause.confidence, incident.standing[0].ailment)
}

#[test]
fn a_stack_that_runs_is_healthy_without_any_log() {
    Yard::new().is_healthy();
}

#[test]
fn nothing_that_runs_is_not_healthy() {
    let mut yard = Yard::new();
    yard.stack.snapshot = None;
    assert_eq!(yard.verdict().status, Status::Undetermined);
}

#[test]
fn a_service_that_was_stopped_is_down_since_it_ended() {
    let mut yard = Yard::new();
    yard.ended("shop-backend", 0);
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::ProcessDown, "backend", Confidence::Confirmed, Ailment::Down));
    assert_eq!(incident.onset.first_bad.as_ref().unwrap().at, NOW.plus(-10 * MINUTE));
    assert_eq!(incident.onset.first_bad.unwrap().reference.to_string(), "docker:shop-backend/State.FinishedAt");
    assert_eq!(incident.impact.requests, 0);
}

#[test]
fn a_job_that_ended_well_is_no_incident() {
    let mut yard = Yard::new();
    let migrate = Service { restart: None, ..service("migrate") };
    yard.desired().services.push(migrate);
    yard.desired().services[1].depends_on =
        vec![DependsOn { service: text("migrate"), condition: text("service_completed_successfully") }];
    let mut done = container("shop", "migrate", "");
    done.restart_policy = text("no");
    yard.snapshot().containers.push(done);
    yard.ended("shop-migrate", 0);
    yard.is_healthy();
    yard.ended("shop-migrate", 1).last_words = vec![text("relation users does not exist")];
    assert_eq!(told(&yard.incident()).1, "migrate");
}

#[test]
fn a_service_that_was_removed_has_no_container() {
    let mut yard = Yard::new();
    yard.snapshot().containers.remove(1);
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::ProcessDown, "backend", Confidence::Confirmed, Ailment::Down));
    let mut none = Yard::new();
    none.snapshot().containers.clear();
    assert_eq!(told(&none.incident()).1, "shop", "nothing was created at all");
    none.desired().services.iter_mut().for_each(|service| service.replicas = 0);
    assert!(none.verdict().incidents.is_empty());
}

#[test]
fn a_dependency_of_another_project_is_to_blame_for_what_follows() {
    let mut yard = Yard::new();
    yard.ended("kvs-redis", 0);
    yard.container("kvs-redis").state.finished = Some(NOW.plus(-5 * MINUTE));
    yard.unhealthy("shop-backend", "redis: connection refused");
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::DependencyDown, "kvs-redis", Confidence::Confirmed, Ailment::Down));
    assert_eq!(&*incident.standing[1].component, "backend");
    assert_eq!(incident.standing[1].ailment, Ailment::Unhealthy);
}

#[test]
fn a_foreign_container_that_nobody_asks_does_not_matter() {
    let mut yard = Yard::new();
    yard.topology.edges.pop();
    yard.ended("kvs-redis", 0);
    yard.is_healthy();
}

#[test]
fn what_went_wrong_long_before_its_dependency_did_does_not_follow_from_it() {
    let mut yard = Yard::new();
    yard.unhealthy("shop-backend", "503");
    yard.ended("kvs-redis", 0);
    yard.container("kvs-redis").state.finished = Some(NOW.plus(-1_000));
    let verdict = yard.verdict();
    assert_eq!(verdict.incidents.len(), 2, "{:#?}", verdict.incidents);
}

#[test]
fn a_crash_loop_speaks_with_its_own_last_words() {
    for (words, code) in [
        (&["Traceback (most recent call last):", "KeyError: 'DATABASE_URL'", ""][..], CauseCode::AppBug),
        (&["exec /usr/local/bin/app: exec format error"], CauseCode::WrongArch),
        (&["nginx: [emerg] unknown directive \"proxy_pas\" in /etc/nginx/conf.d/a.conf:3"], CauseCode::ConfigSyntax),
        (&["python3: can't open file '/app/main.py': [Errno 2] No such file or directory"], CauseCode::BadEntrypoint),
        (&["/entrypoint.sh: 3: exec: gunicorn: not found"], CauseCode::BadEntrypoint),
    ] {
        let mut yard = Yard::new();
        yard.crashing("shop-backend", 1, words);
        let incident = yard.incident();
        let (found, component, confidence, ailment) = told(&incident);
        assert_eq!((found, component, ailment), (code, "backend", Ailment::Restarting));
        assert_eq!(confidence, Confidence::Confirmed);
        let said = words.iter().rev().find(|words| !words.is_empty()).unwrap();
        let quoted = incident.causes[0].evidence.iter().any(
            |evidence| matches!(&evidence.claim, Claim::State(StateClaim::LastWords { text, .. }) if **text == **said),
        );
        assert!(quoted, "{:#?}", incident.causes[0]);
    }
}

#[test]
fn last_words_of_a_driver_that_nobody_knows_speak_of_the_one_that_it_asks() {
    let mut yard = Yard::new();
    yard.crashing("shop-backend", 1, &["redis.exceptions.ResponseError: SOMETHING new"]);
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::Located, "kvs-redis", Confidence::Confirmed, Ailment::Restarting));
    // A word alone may be about anything.
    for of_itself in ["error: no redis today", "error: cannot read '/app/redis/first.conf'"] {
        yard.crashing("shop-backend", 1, &[of_itself]);
        assert_eq!(told(&yard.incident()).1, "backend");
    }
}

#[test]
fn who_was_stopped_before_it_was_started_again_ends_by_itself() {
    let (stopped, started, ended) = (NOW.plus(-21_000), NOW.plus(-20_500), NOW.plus(-20_000));
    let stop = |at| {
        let mut yard = Yard::new();
        let web = yard.ended("shop-web", 1);
        (web.restart_policy, web.last_words) = (text("no"), vec![text("nginx: [emerg] unknown directive \"x\"")]);
        (web.state.started, web.state.finished) = (Some(started), Some(ended));
        let event = Event { at, action: text("stop"), container: text("shop-web"), exit_code: None };
        yard.snapshot().events.push(event);
        yard.incident().causes[0].code
    };
    assert_eq!(stop(stopped), CauseCode::ConfigSyntax);
    assert_eq!(stop(ended), CauseCode::ProcessDown);
}

#[test]
fn who_gave_up_on_a_database_that_had_hardly_begun_was_started_too_early() {
    let gave_up = |age_ms: i64, policy: &str| {
        let mut yard = Yard::new();
        yard.container("kvs-redis").state.started = Some(NOW.plus(-MINUTE - age_ms));
        let backend = yard.ended("shop-backend", 1);
        (backend.restart_policy, backend.state.finished) = (text(policy), Some(NOW.plus(-MINUTE)));
        backend.last_words = vec![text("redis.exceptions.ConnectionError: Error 111 connecting to redis:6379.")];
        let incident = yard.incident();
        (incident.causes[0].code, incident.causes[0].component.to_string())
    };
    assert_eq!(gave_up(3_000, "no"), (CauseCode::StartupOrder, "backend".to_owned()));
    assert_eq!(gave_up(10 * MINUTE, "no"), (CauseCode::Located, "kvs-redis".to_owned()));
}

#[test]
fn what_takes_long_to_start_and_ended_with_an_error_ends_again() {
    let slow = |exit_code: i64, health: HealthStatus| {
        let mut yard = Yard::new();
        let backend = yard.container("shop-backend");
        backend.restarts = 1;
        backend.state.started = Some(NOW.plus(-40_000));
        backend.state.finished = Some(NOW.plus(-41_000));
        backend.health = Some(Health { status: health, ..Health::default() });
        backend.last_words = vec![text("java.lang.IllegalStateException: no plan")];
        yard.snapshot().events.push(Event {
            at: NOW.plus(-41_000),
            action: text("die"),
            container: text("shop-backend"),
            exit_code: Some(exit_code),
        });
        yard
    };
    let incident = slow(1, HealthStatus::Starting).incident();
    assert_eq!(told(&incident), (CauseCode::AppBug, "backend", Confidence::Confirmed, Ailment::Restarting));
    slow(1, HealthStatus::Healthy).is_healthy();
    slow(143, HealthStatus::Starting).is_healthy();
}

#[test]
fn an_image_of_another_architecture_shows_label_and_program() {
    let mut yard = Yard::new();
    yard.crashing("shop-backend", 1, &["exec /app: exec format error"]).image_id = text("sha256:1");
    yard.snapshot().images.push(Image {
        id: text("sha256:1"),
        architecture: text("amd64"),
        program_architecture: Some(text("arm64")),
        ..Image::default()
    });
    let incident = yard.incident();
    assert!(incident.causes[0].evidence.iter().any(|evidence| {
        matches!(&evidence.claim, Claim::State(StateClaim::ProgramOfOtherArch { program, .. }) if &**program == "arm64")
    }));
}

#[test]
fn a_module_of_another_architecture_is_told_from_one_that_is_not_there() {
    let words = ["Error: /app/x.node: cannot open shared object file: No such file or directory"];
    for (program, code) in [
        (Some("arm64"), CauseCode::WrongArch),
        (Some("darwin/arm64"), CauseCode::WrongArch),
        (Some("386"), CauseCode::Located),
        (Some("amd64"), CauseCode::Located),
        (None, CauseCode::Located),
    ] {
        let mut yard = Yard::new();
        yard.crashing("shop-backend", 1, &words).image_id = text("sha256:1");
        yard.snapshot().engine.architecture = text("amd64");
        yard.snapshot().images.push(Image {
            id: text("sha256:1"),
            architecture: text("amd64"),
            program_architecture: program.map(text),
            ..Image::default()
        });
        assert_eq!(told(&yard.incident()).0, code, "{program:?}");
    }
}

#[test]
fn a_crash_loop_began_with_the_first_of_its_ends() {
    let mut yard = Yard::new();
    yard.crashing("shop-backend", 1, &["boom"]);
    let die = |minutes: i64| Event {
        at: NOW.plus(-minutes * MINUTE),
        action: text("die"),
        container: text("shop-backend"),
        exit_code: Some(1),
    };
    yard.snapshot().events = vec![die(50), die(13), die(12), die(11), die(10)];
    assert_eq!(yard.incident().onset.first_bad.unwrap().at, NOW.plus(-13 * MINUTE));
}

#[test]
fn one_restart_long_ago_is_no_crash_loop() {
    let mut yard = Yard::new();
    let backend = yard.container("shop-backend");
    backend.restarts = 5;
    backend.state.finished = Some(NOW.plus(-61 * MINUTE));
    yard.is_healthy();
}

#[test]
fn a_program_that_ends_for_lack_of_a_variable() {
    let mut yard = Yard::new();
    yard.crashing("shop-backend", 1, &["Traceback (most recent call last):", "KeyError: 'SECRET_KEY'"]);
    let lacks = |name: &str| KnownWords {
        line: 1,
        signature: Signature {
            name: text(name),
            about: About::Environment,
            code: Some(CauseCode::EnvMissing),
            specificity: Specificity::Exact,
            layers: lastgood_model::Layers::NONE,
        },
        names: vec![(Piece::Variable, text("SECRET_KEY"))],
    };
    yard.container("shop-backend").known_words = Some(lacks("py-keyerr"));
    assert_eq!(told(&yard.incident()), (CauseCode::EnvMissing, "backend", Confidence::Confirmed, Ailment::Restarting));
    let instead = |yard: &mut Yard| {
        let incident = yard.incident();
        let cause = incident.causes.into_iter().next().unwrap();
        let all = cause.evidence.into_iter().map(|evidence| evidence.claim);
        all.filter_map(|claim| match claim {
            Claim::State(StateClaim::VariableMissing { instead, .. }) => Some(instead),
            _ => None,
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(instead(&mut yard), [Instead::Nothing]);
    yard.container("shop-backend").environment.push((text("SECRET_KEY"), Secret::from("")));
    assert_eq!(instead(&mut yard), [Instead::Blank]);
    // It is there: then it is the program's own affair what it looks for.
    yard.container("shop-backend").environment.push((text("SECRET_KEY"), Secret::from("carbon")));
    assert_eq!(instead(&mut yard), []);
}

#[test]
fn a_proxy_that_cannot_find_a_service_that_is_down_only_follows() {
    let mut yard = Yard::new();
    yard.ended("shop-backend", 0);
    yard.crashing("shop-web", 1, &["nginx: [emerg] host not found in upstream \"backend\" in /etc/nginx/nginx.conf:9"]);
    let incident = yard.incident();
    assert_eq!(told(&incident).1, "backend");
    assert_eq!(&*incident.standing[1].component, "web");
    let mut alone = Yard::new();
    alone.crashing(
        "shop-web",
        1,
        &["nginx: [emerg] host not found in upstream \"backent\" in /etc/nginx/nginx.conf:9"],
    );
    assert_eq!((told(&alone.incident()).0, told(&alone.incident()).1), (CauseCode::DnsFailure, "web"));
}

#[test]
fn a_proxy_that_was_started_too_early_and_is_left_so() {
    let words = "nginx: [emerg] host not found in upstream \"backend\" in /etc/nginx/nginx.conf:9";
    let early = |policy: &str, backend_minutes: i64| {
        let mut yard = Yard::new();
        let web = yard.ended("shop-web", 1);
        (web.restart_policy, web.last_words) = (text(policy), vec![text(words)]);
        yard.container("shop-backend").state.started = Some(NOW.plus(-backend_minutes * MINUTE));
        let incident = yard.incident();
        assert_eq!(&*incident.causes[0].component, "web");
        incident.causes[0].code
    };
    assert_eq!(early("no", 5), CauseCode::StartupOrder);
    assert_eq!(early("on-failure", 5), CauseCode::StartupOrder);
    assert_eq!(early("no", 60), CauseCode::DnsFailure, "it was there all the time, and could not be found");
    assert_eq!(
        early("unless-stopped", 5),
        CauseCode::ProcessDown,
        "somebody stopped it: else it had been started again"
    );
}

#[test]
fn of_two_that_are_as_bad_the_same_one_is_told_first_every_time() {
    let mut yard = Yard::new();
    yard.ended("shop-backend", 0).state.finished = Some(NOW.plus(-3 * MINUTE));
    yard.ended("shop-web", 0).state.finished = Some(NOW.plus(-9 * MINUTE));
    let scene = yard.scene();
    let order =
        |groups: Vec<crate::standing::Group>| groups.iter().map(|group| group.bearer.to_string()).collect::<Vec<_>>();
    assert_eq!(order(crate::standing::groups(&scene)), ["web", "backend"]);
    let mut near = crate::standing::groups(&scene);
    near.sort_by_key(|group| crate::standing::nearness(group, NOW.plus(-4 * MINUTE), NOW));
    assert_eq!(order(near), ["backend", "web"], "the one that began with the failures");
}

#[test]
fn the_kernel_killed_the_first_process() {
    let mut yard = Yard::new();
    let backend = yard.ended("shop-backend", 137);
    backend.state.oom_killed = true;
    backend.memory_limit = Some(64 << 20);
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::OomKill, "backend", Confidence::Confirmed, Ailment::Down));
    let mut killed = Yard::new();
    killed.ended("shop-backend", 137).restart_policy = text("no");
    assert_eq!(told(&killed.incident()).0, CauseCode::ProcessDown, "137 alone is any kill");
}

#[test]
fn the_kernel_killed_a_child() {
    let mut yard = Yard::new();
    yard.container("shop-backend").oom_kills = Some(2);
    assert_eq!(told(&yard.incident()), (CauseCode::OomKill, "backend", Confidence::Confirmed, Ailment::Maimed));
    let mut by_event = Yard::new();
    let oom = |minutes: i64| Event {
        at: NOW.plus(-minutes * MINUTE),
        action: text("oom"),
        container: text("shop-backend"),
        exit_code: None,
    };
    by_event.snapshot().events = vec![oom(3)];
    assert_eq!(told(&by_event.incident()).0, CauseCode::OomKill);
    by_event.snapshot().events = vec![oom(90)];
    by_event.is_healthy();
    by_event.container("shop-backend").oom_kills = Some(0);
    by_event.is_healthy();
}

#[test]
fn an_unhealthy_service_is_located_with_what_its_check_says() {
    let mut yard = Yard::new();
    yard.unhealthy("shop-backend", "HTTP Error 503: Service Unavailable\n");
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::Located, "backend", Confidence::Likely, Ailment::Unhealthy));
    assert_eq!(incident.onset.last_good.unwrap().at, NOW.plus(-4 * MINUTE));
    assert_eq!(incident.onset.first_bad.unwrap().at, NOW.plus(-3 * MINUTE));
    let mut starting = Yard::new();
    starting.unhealthy("shop-backend", "").health.as_mut().unwrap().status = HealthStatus::Starting;
    starting.is_healthy();
}

#[test]
fn a_health_check_can_itself_be_wrong() {
    let mut program = Yard::new();
    program.unhealthy("shop-backend", "OCI runtime exec failed: exec: \"curl\": executable file not found in $PATH");
    assert_eq!(told(&program.incident()).0, CauseCode::HealthcheckBroken);
    let mut port = Yard::new();
    let check = |port: u16| lastgood_model::desired::Healthcheck {
        test: vec![Secret::from("CMD"), Secret::from(format!("http://localhost:{port}/health"))],
        ..Default::default()
    };
    port.unhealthy("shop-backend", "connection refused").healthcheck = Some(check(9999));
    assert_eq!(told(&port.incident()).0, CauseCode::HealthcheckBroken);
    port.container("shop-backend").healthcheck = Some(check(8000));
    assert_eq!(told(&port.incident()).0, CauseCode::Located);
}

#[test]
fn a_container_that_was_disconnected_is_cut_off() {
    let mut yard = Yard::new();
    yard.container("shop-backend").attachments.clear();
    assert_eq!(told(&yard.incident()), (CauseCode::WrongNetwork, "backend", Confidence::Confirmed, Ailment::CutOff));
    let mut host = Yard::new();
    host.desired().services[1].network_mode = Some(text("host"));
    let backend = host.container("shop-backend");
    backend.attachments.clear();
    backend.network_mode = text("host");
    host.is_healthy();
}

#[test]
fn two_that_share_no_network_cannot_talk() {
    let mut yard = Yard::new();
    yard.topology.edges[1] = asks(1, 2, "kvs-redis", 6379, variable("KVS_URL"), "redis");
    yard.container("kvs-redis").listening = None;
    assert_eq!(told(&yard.incident()), (CauseCode::WrongNetwork, "backend", Confidence::Confirmed, Ailment::CutOff));
    yard.container("kvs-redis").attachments[0].network = text("shop_default");
    yard.is_healthy();
}

fn stale(key: &str, running: &str, declared: &str) -> Drift {
    Drift {
        service: text("backend"),
        container: Some(text("shop-backend")),
        created: Some(NOW.plus(-60 * MINUTE)),
        differences: vec![Difference::Variable(VariableDrift {
            key: text(key),
            declared: Some(Secret::from(declared)),
            running: Some(Secret::from(running)),
            at: Some(lastgood_model::Ref::Text { file: text(".env"), line: 3 }),
            edited: Some(lastgood_model::Span::at(NOW.plus(-59 * MINUTE))),
        })],
    }
}

#[test]
fn an_old_value_that_cannot_work_is_an_incident() {
    let mut yard = Yard::new();
    yard.drift = vec![stale("KEYCLOAK_BASE_URL", "http://localhost:8080", "http://keycloak:8080")];
    let incident = yard.incident();
    assert_eq!(told(&incident), (CauseCode::StaleEnv, "backend", Confidence::Confirmed, Ailment::Misled));
    let chain: Vec<String> = incident.causes[0].chain.iter().map(|link| link.reference.to_string()).collect();
    assert_eq!(chain.first().unwrap(), "docker:shop-backend/Created");
    assert!(chain.contains(&".env:3".to_owned()), "{chain:?}");
}

#[test]
fn an_old_value_that_may_work_is_a_note() {
    let mut yard = Yard::new();
    yard.drift = vec![stale("LOG_LEVEL", "debug", "info")];
    yard.is_healthy();
    assert_eq!(yard.verdict().notes[0].kind.name(), "stale-variables");
    yard.drift = vec![stale("SELF_URL", "http://localhost:8000", "http://backend:8000")];
    yard.is_healthy();
}

#[test]
fn a_stop_comes_before_old_values() {
    let mut yard = Yard::new();
    yard.ended("shop-backend", 0).ports = vec![lastgood_model::desired::Port { container: 8000, ..Default::default() }];
    yard.drift = vec![stale("KEYCLOAK_BASE_URL", "http://localhost:8080", "http://keycloak:8080")];
    let incident = yard.incident();
    assert_eq!(told(&incident).0, CauseCode::ProcessDown);
    assert_eq!(incident.next[0].code, CauseCode::StaleEnv);
}

#[test]
fn a_proxy_that_passes_requests_on_to_a_port_of_nobody() {
    let proposed = |port: u16, servers: &[&str]| {
        let mut yard = Yard::new();
        yard.container("shop-backend").listening = Some(vec![Listening { address: text("0.0.0.0"), port: 8000 }]);
        let at = || Ref::Text { file: text("site.conf"), line: 7 };
        let servers = servers.iter().map(|server| (text(server), at())).collect();
        yard.stack.proxies = vec![ProxyConf {
            container: Some(text("shop-web")),
            groups: vec![UpstreamGroup { name: text("pool"), servers }],
            ..ProxyConf::default()
        }];
        yard.topology.edges[0] = Edge { at: Some(at()), ..asks(0, 1, "backend", port, Via::Proxy, "http") };
        // Nobody may take that way: by itself it is no incident.
        yard.is_healthy();
        let faults = wrong_address::propose(&yard.scene());
        faults.iter().map(|fault| (fault.bearer.to_string(), fault.first_bad.reference.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(proposed(9000, &["backend:9000"]), [("web".to_owned(), "site.conf:7".to_owned())]);
    assert_eq!(proposed(8000, &["backend:8000"]), []);
    assert_eq!(proposed(9000, &["backend:8000", "backend:9000"]), [], "nginx asks the other one");
}

#[test]
fn an_address_that_leads_nowhere() {
    let lead = |host: &str, port: u16, to: Option<usize>| {
        let mut yard = Yard::new();
        yard.container("shop-backend").environment.push((text("API_URL"), Secret::from("x")));
        let mut edge = asks(1, 0, host, port, variable("API_URL"), "http");
        edge.to = to;
        yard.topology.edges.push(edge);
        yard
    };
    for wrong in [lead("localhost", 9000, None), lead("bakcend", 8000, None), lead("shop-web", 81, Some(0))] {
        assert_eq!(told(&wrong.incident()).0, CauseCode::WrongAddress);
    }
    for right in [
        lead("localhost", 8000, None),
        lead("api.example.com", 443, None),
        lead("intranet", 8080, None),
        lead("shop-web", 8000, Some(0)),
    ] {
        right.is_healthy();
    }
}

#[test]
fn what_the_engine_could_not_start_speaks_for_itself() {
    for (error, code) in [
        ("driver failed programming: Bind for 0.0.0.0:8000 failed: port is already allocated", CauseCode::PortConflict),
        ("exec: \"serve\": executable file not found in $PATH: unknown", CauseCode::BadEntrypoint),
        ("exec /app: exec format error", CauseCode::WrongArch),
        ("error mounting \"/srv/n.conf\" to rootfs: not a directory", CauseCode::BadMount),
        ("something new", CauseCode::Located),
    ] {
        let mut yard = Yard::new();
        let backend = yard.container("shop-backend");
        backend.state =
            State { status: ContainerStatus::Created, error: text(error), exit_code: 128, ..State::default() };
        let incident = yard.incident();
        assert_eq!(told(&incident), (code, "backend", Confidence::Confirmed, Ailment::NotStarted));
    }
}

#[test]
fn a_disk_without_room() {
    let mut yard = Yard::new();
    let disk = |free: u64| FileSystem { path: text("/var/lib/docker"), bytes: 40 << 30, free, ..FileSystem::default() };
    yard.stack.host.file_systems = vec![disk(1 << 20)];
    assert_eq!(told(&yard.incident()), (CauseCode::DiskFull, "host", Confidence::Confirmed, Ailment::HostShort));
    yard.stack.host.file_systems = vec![disk(3 << 30)];
    yard.is_healthy();
}

#[test]
fn two_faults_that_have_nothing_to_do_with_each_other_are_two_incidents() {
    let mut yard = Yard::new();
    yard.topology.edges.remove(0);
    yard.ended("shop-web", 0);
    yard.crashing("shop-backend", 1, &["exec /app: exec format error"]);
    assert_eq!(yard.verdict().incidents.len(), 2);
}
