//! One test a planted problem: it is found, and nothing else is. The healthy stack has no finding at all.

mod healthy;

use std::collections::BTreeSet;

use lastgood_model::check::{Flaw, Severity};
use lastgood_model::desired::Port;
use lastgood_model::drift::{Difference, Drift, VariableDrift};
use lastgood_model::snapshot::{ContainerStatus, ForeignModule, Health, HealthResult, HealthStatus, Listening};
use lastgood_model::stack::{Asked, Dockerfile, HostListening, PathKind, ProxyConf};
use lastgood_model::{Secret, Stack, Topology};

use super::{Accept, CHECKS, accept};
use healthy::{NOW, Planted, at, edge, entry, healthcheck, name, names};

const W: Severity = Severity::WillBreak;
const K: Severity = Severity::WorthKnowing;

/// Plants a problem, expects exactly one finding, and hands out its flaw.
#[track_caller]
fn finds(severity: Severity, component: &str, code: &str, plant: impl FnOnce(&mut Planted)) -> Flaw {
    let mut planted = Planted::healthy();
    plant(&mut planted);
    let mut found = planted.found();
    let told: Vec<_> = found.iter().map(|one| (one.severity, &*one.component, one.flaw.code())).collect();
    assert_eq!(told, [(severity, component, code)], "{found:#?}");
    found.remove(0).flaw
}

#[track_caller]
fn finds_nothing(plant: impl FnOnce(&mut Planted)) {
    let mut planted = Planted::healthy();
    plant(&mut planted);
    assert_eq!(planted.found(), []);
}

#[test]
fn a_healthy_stack_has_no_finding() {
    finds_nothing(|_| {});
}

#[test]
fn where_nothing_is_known_nothing_is_said() {
    finds_nothing(|it| {
        it.stack = Stack::default();
        it.topology = Topology::default();
    });
    assert!(!CHECKS.is_empty());
}

#[test]
fn before_the_first_start_nothing_is_missing() {
    finds_nothing(|it| {
        it.snapshot().containers.retain(|container| &*container.name == "pg-db-1");
        it.stack.host.listening = Some(Vec::new());
    });
}

// ------------------------------------------------------------------------------------------------ Compose

#[test]
fn compose_refuses() {
    let words = "dependency cycle detected: api -> web -> api";
    finds(W, "compose", "compose-refuses", |it| {
        it.stack = Stack { refused: Some(name(words)), ..Stack::default() };
        it.topology = Topology::default();
    });
}

#[test]
fn waiting_for_a_health_that_nobody_tells() {
    finds(W, "web", "nothing-to-wait-for", |it| it.service("api").healthcheck = None);
    finds_nothing(|it| {
        it.image("api").healthcheck = it.service("api").healthcheck.take();
    });
}

#[test]
fn an_external_network_that_is_not_there() {
    let flaw = finds(W, "pg-default", "network-missing", |it| {
        it.desired().networks[1].name = name("pg-default");
    });
    let Flaw::NetworkMissing { nearest, on_nearest, .. } = flaw else { panic!() };
    assert_eq!(nearest.as_deref(), Some("pg_default"));
    assert_eq!(on_nearest, names(&["shop-api-1", "pg-db-1"]));
}

#[test]
fn an_external_volume_that_is_not_there() {
    let flaw = finds(W, "pg-data", "volume-missing", |it| it.desired().volumes[0].name = name("pg-data"));
    assert_eq!(flaw, Flaw::VolumeMissing { volume: name("pg-data"), nearest: Some(name("pg_data")) });
}

fn asked(key: &str) -> Asked {
    Asked { key: name(key), required: false, has_default: false, at: at("compose.yml", 5), unset: true, blank: false }
}

#[test]
fn a_variable_that_compose_cannot_do_without() {
    finds(W, "compose", "variable-required", |it| {
        it.stack.refused = Some(name("required variable RELEASE is missing a value"));
        it.stack.asked = vec![Asked { required: true, ..asked("RELEASE") }];
    });
}

#[test]
fn variables_that_nobody_sets() {
    let flaw = finds(K, "compose", "variables-unset", |it| {
        it.stack.asked = vec![asked("A"), asked("B"), asked("A"), Asked { has_default: true, ..asked("C") }];
    });
    assert_eq!(flaw, Flaw::VariablesUnset { keys: names(&["A", "B"]) });
    finds_nothing(|it| it.stack.asked = vec![Asked { unset: false, blank: true, ..asked("A") }]);
}

// -------------------------------------------------------------------------------------- environment files

#[test]
fn an_env_file_that_compose_refuses() {
    finds(W, ".env", "env-file-refused", |it| {
        it.stack.refused = Some(name("failed to read /srv/shop/.env: line 3"));
        it.stack.env_files[0].fault = Some((3, name("unexpected character \"-\" in variable name")));
    });
}

#[test]
fn a_password_that_lost_its_dollar() {
    let flaw = finds(W, ".env", "dollar-lost", |it| it.entry("KVS_PASSWORD").lost_dollar = true);
    assert_eq!(flaw, Flaw::DollarLost { key: name("KVS_PASSWORD") });
}

#[test]
fn line_ends_of_windows() {
    finds(W, ".env", "carriage-return", |it| it.entry("KVS_HOST").carriage_return = true);
}

#[test]
fn a_secret_that_everybody_may_read() {
    let flaw = finds(K, ".env", "env-file-readable", |it| it.stack.env_files[0].world_readable = true);
    assert_eq!(flaw, Flaw::EnvFileReadable { keys: names(&["KVS_PASSWORD"]) });
}

#[test]
fn a_key_that_the_example_has() {
    finds(K, ".env", "keys-missing", |it| {
        it.stack.env_files[2].entries.extend([entry("SMTP_HOST", "mail", 9), entry("OPTIONAL", "", 10)]);
    });
    finds_nothing(|it| {
        it.stack.env_files[2].entries.push(entry("LOG_LEVEL", "info", 9));
        it.service("api").environment.push((name("LOG_LEVEL"), Some("info".into())));
    });
}

#[test]
fn a_key_that_the_next_container_loses() {
    finds(W, ".env", "keys-lost", |it| {
        it.stack.env_files[2].entries.push(entry("SMTP_HOST", "mail", 9));
        it.drift = vec![drift(Difference::Variable(variable("SMTP_HOST", None, Some("mail"))))];
    });
}

#[test]
fn a_key_that_the_example_does_not_have() {
    finds(K, ".env", "keys-undocumented", |it| it.stack.env_files[0].entries.push(entry("NEW_FEATURE", "on", 9)));
}

#[test]
fn a_key_left_blank() {
    finds(K, ".env", "keys-blank", |it| it.entry("SELF_URL").value = Some(Secret::from(" ")));
    finds_nothing(|it| {
        it.stack.env_files[2].entries[4].value = Some("".into());
        it.entry("KVS_PASSWORD").value = Some("".into());
    });
}

#[test]
fn half_an_address() {
    let flaw = finds(W, "api", "half-address", |it| {
        it.entry("KVS_HOST").value = Some("".into());
        it.service("api").environment[2].1 = Some("".into());
    });
    assert_eq!(flaw, Flaw::HalfAddress { key: name("KVS_HOST"), partner: name("KVS_PORT") });
}

// ---------------------------------------------------------------------------------------------- addresses

#[test]
fn localhost_in_a_container() {
    let flaw = finds(W, "api", "localhost-address", |it| {
        it.topology.edges.push(edge(1, None, "WEB_URL", "localhost", 3000));
    });
    let meant = Some(name("web"));
    assert_eq!(flaw, Flaw::LocalhostAddress { key: name("WEB_URL"), address: name("localhost:3000"), meant });
    finds(K, "api", "localhost-address", |it| {
        it.topology.edges.push(edge(1, None, "FRONTEND_URL", "127.0.0.1", 3000));
    });
    finds_nothing(|it| it.topology.edges.push(edge(1, None, "CORS_ORIGINS", "localhost", 3000)));
}

#[test]
fn localhost_is_right_beside_a_sidecar() {
    finds_nothing(|it| {
        it.topology.edges.push(edge(1, None, "WEB_URL", "localhost", 3000));
        it.service("web").network_mode = Some(name("service:api"));
        it.container("shop-api-1").listening.as_mut().unwrap().push(Listening { address: name("::"), port: 3000 });
    });
}

#[test]
fn an_address_on_another_network() {
    let flaw = finds(W, "web", "no-shared-network", |it| {
        it.topology.edges.push(edge(0, Some(2), "DB_URL", "pg-db-1", 5432));
    });
    let (key, asked) = (Some(name("DB_URL")), name("pg-db-1"));
    assert_eq!(flaw, Flaw::NoSharedNetwork { key, asked, networks: names(&["pg_default"]) });
}

#[test]
fn a_port_on_which_nobody_answers() {
    let flaw = finds(W, "web", "wrong-port", |it| it.topology.edges[0].port = Some(8080));
    assert_eq!(flaw, Flaw::WrongPort { key: None, asked: name("api"), port: 8080, listens: vec![8000] });
    finds(K, "web", "wrong-port", |it| {
        it.topology.edges[0].port = Some(8080);
        it.container("shop-api-1").listening = None;
    });
    finds(W, "api", "wrong-port", |it| it.topology.edges[1].port = Some(5433));
}

#[test]
fn a_name_that_nobody_has() {
    let flaw = finds(W, "web", "unknown-name", |it| {
        it.topology.edges[0].host = name("apii");
        it.topology.edges[0].to = None;
    });
    assert_eq!(flaw, Flaw::UnknownName { key: None, name: name("apii"), nearest: Some(name("api")) });
    finds(K, "api", "unknown-name", |it| it.topology.edges.push(edge(1, None, "MAIL_HOST", "smarthost", 25)));
    finds_nothing(|it| {
        it.topology.edges.push(edge(1, None, "MAIL_HOST", "mail.example.com", 25));
        it.topology.edges.push(edge(1, None, "HOST_URL", "host.docker.internal", 9000));
    });
}

#[test]
fn a_gateway_that_moves() {
    let plant = |it: &mut Planted| it.topology.edges.push(edge(1, Some(2), "PG_HOST", "172.19.0.1", 5432));
    let flaw = finds(K, "api", "gateway-address", plant);
    let Flaw::GatewayAddress { network, behind, shares_network, .. } = flaw else { panic!() };
    assert_eq!((&*network, behind.as_deref(), shares_network), ("pg_default", Some("pg-db-1"), true));
    finds_nothing(|it| {
        plant(it);
        it.desired().networks[1].has_subnet = true;
    });
    finds_nothing(|it| {
        plant(it);
        it.snapshot().networks[1].subnets = vec![name("172.19.0.0/24")];
    });
    finds_nothing(|it| {
        plant(it);
        it.snapshot().engine.address_pools = vec![(name("10.0.0.0/8"), 24)];
    });
}

// ------------------------------------------------------------------------------------------------- images

#[test]
fn a_build_that_runs_programs_of_another_machine() {
    let dockerfile =
        |run_lines: &[u64]| Dockerfile { path: name("Dockerfile.web"), run_lines: run_lines.into(), bases: Vec::new() };
    let flaw = finds(W, "web", "build-emulated", |it| {
        it.question.development = Some(name("arm64"));
        it.stack.dockerfiles = vec![(name("web"), dockerfile(&[7, 13]))];
    });
    let Flaw::BuildEmulated { line, steps, development, target, .. } = flaw else { panic!() };
    assert_eq!((line, steps, &*development, &*target), (7, 2, "arm64", "amd64"));
    finds_nothing(|it| {
        it.question.development = Some(name("arm64"));
        it.stack.dockerfiles = vec![(name("web"), dockerfile(&[]))];
    });
    finds_nothing(|it| it.stack.dockerfiles = vec![(name("web"), dockerfile(&[7]))]);
}

#[test]
fn a_label_that_lies() {
    finds(W, "web", "image-mislabelled", |it| it.image("web").program_architecture = Some(name("arm64")));
    // Such a machine runs it all the same.
    finds_nothing(|it| it.image("web").program_architecture = Some(name("386")));
    // A label for another machine, and a program for this one: it runs here.
    finds(K, "web", "image-mislabelled", |it| it.image("web").architecture = name("arm64"));
}

#[test]
fn a_module_for_another_machine() {
    let module = || Some(ForeignModule { path: name("/app/x.node"), architecture: name("arm64") });
    // What runs well does without it.
    finds(K, "web", "module-architecture", |it| it.image("web").foreign_module = module());
    finds(W, "web", "module-architecture", |it| {
        it.image("web").foreign_module = module();
        it.snapshot().containers.retain(|container| &*container.name == "pg-db-1");
        it.stack.host.listening = Some(Vec::new());
    });
}

#[test]
fn an_image_for_another_machine() {
    finds(K, "web", "image-architecture", |it| {
        it.image("web").architecture = name("arm64");
        it.image("web").program_architecture = None;
    });
    // That another image runs here proves nothing of this one.
    finds(W, "web", "image-architecture", |it| {
        it.image("web").architecture = name("arm64");
        it.image("web").program_architecture = None;
        it.container("shop-web-1").image_id = name("sha256:older");
    });
}

#[test]
fn a_registry_without_a_login() {
    let absent = |it: &mut Planted| {
        it.service("web").image = name("ghcr.io/shop/web:1.1");
    };
    let flaw = finds(K, "web", "login-missing", absent);
    assert_eq!(flaw, Flaw::LoginMissing { registry: name("ghcr.io"), image: name("ghcr.io/shop/web:1.1") });
    finds_nothing(|it| {
        absent(it);
        it.snapshot().logins = names(&["ghcr.io"]);
    });
}

#[test]
fn a_tag_that_floats() {
    for image in ["nginx", "nginx:latest", "localhost:5000/nginx"] {
        let mut planted = Planted::healthy();
        planted.service("web").image = name(image);
        planted.snapshot().logins = names(&["localhost:5000"]);
        let found = planted.found();
        assert_eq!(found.iter().map(|one| one.flaw.code()).collect::<Vec<_>>(), ["floating-tag"], "{image}");
    }
    finds_nothing(|it| it.service("web").image = name("nginx@sha256:0123"));
}

#[test]
fn a_secret_in_a_layer() {
    for line in [
        "ENV API_PASSWORD=hunter2x",
        "/bin/sh -c #(nop)  ARG API_PASSWORD=hunter2x",
        "RUN |1 API_PASSWORD=hunter2x /bin/sh -c make",
    ] {
        let flaw = finds(K, "api", "secret-in-image", |it| it.image("api").history.push(line.into()));
        assert_eq!(flaw, Flaw::SecretInImage { image: name("shop-api:1.0"), key: name("API_PASSWORD") }, "{line}");
    }
    finds_nothing(|it| it.image("api").history.push("ARG API_PASSWORD".into()));
}

#[test]
fn a_secret_on_a_command_line() {
    let command = |words: &[&str]| Some(words.iter().map(|word| Secret::from(*word)).collect());
    let flaw = finds(K, "api", "secret-on-command-line", |it| {
        it.service("api").command = command(&["redis-server", "--requirepass", "hunter-kvs-8"]);
    });
    assert_eq!(flaw, Flaw::SecretOnCommandLine { option: name("--requirepass") });
    finds_nothing(|it| {
        it.service("api").command = command(&["run", "--password-file=/run/secrets/db", "--requirepass", ""]);
    });
}

// ------------------------------------------------------------------------------------------ reboot, host

#[test]
fn a_service_that_does_not_come_back() {
    finds(W, "api", "no-restart", |it| it.service("api").restart = Some(name("on-failure:3")));
    finds(W, "web", "no-restart", |it| {
        it.service("web").restart = None;
        it.container("shop-web-1").restart_policy = name("no");
    });
    finds_nothing(|it| it.service("web").restart = None);
}

#[test]
fn units_that_do_not_start_at_boot() {
    finds(W, "host", "unit-disabled", |it| it.stack.host.units[0].1 = false);
    let flaw = finds(W, "host", "unit-disabled", |it| {
        it.stack.proxies = vec![ProxyConf { read_at: Some(NOW), ..ProxyConf::default() }];
    });
    assert_eq!(flaw, Flaw::UnitDisabled { unit: name("nginx.service") });
}

#[test]
fn a_file_that_is_not_there_to_be_mounted() {
    finds(W, "web", "mount-missing", |it| it.stack.mount_sources[0].kind = PathKind::Missing);
    finds(W, "web", "mount-not-a-file", |it| it.stack.mount_sources[0].kind = PathKind::EmptyDirectory);
    finds_nothing(|it| {
        it.stack.mount_sources[0].kind = PathKind::Missing;
        it.service("web").mounts[0].target = name("/var/lib/data");
        it.service("web").mounts[0].read_only = false;
    });
}

#[test]
fn a_port_that_is_somebody_elses() {
    let flaw = finds(W, "web", "port-taken", |it| {
        it.service("web").ports[0].host = Some(22);
    });
    assert_eq!(flaw, Flaw::PortTaken { port: 22, by: Some(name("sshd")) });
    let flaw = finds(W, "web", "port-taken", |it| it.service("web").ports[0].host = Some(5432));
    assert_eq!(flaw, Flaw::PortTaken { port: 5432, by: Some(name("pg-db-1")) });
    finds_nothing(|it| {
        it.stack.host.listening = Some(vec![HostListening { address: name("127.0.0.1"), port: 8000, program: None }]);
    });
}

#[test]
fn a_database_for_everybody() {
    finds(K, "api", "database-published", |it| {
        it.service("api").ports.push(Port {
            host_ip: name(""),
            host: Some(6379),
            container: 6379,
            protocol: name("tcp"),
        });
    });
}

#[test]
fn a_full_disk() {
    const GIB: u64 = 1 << 30;
    finds(W, "host", "disk-short", |it| it.stack.host.file_systems[0].free = GIB / 2);
    finds(K, "host", "disk-short", |it| it.stack.host.file_systems[0].free = 8 * GIB);
    finds(W, "host", "inodes-short", |it| it.stack.host.file_systems[0].inodes_free = 10);
    finds(W, "host", "disk-read-only", |it| it.stack.host.file_systems[0].read_only = true);
    finds_nothing(|it| it.stack.host.file_systems[0].inodes = 0);
}

#[test]
fn a_host_without_room_or_time() {
    finds(K, "host", "memory-short", |it| it.stack.host.memory.as_mut().unwrap().available = 1 << 20);
    finds(K, "host", "clock-adrift", |it| it.stack.host.clock_synchronised = Some(false));
    finds(K, "host", "open-files-short", |it| it.stack.host.open_files = Some((990_000, 1_000_000)));
}

// -------------------------------------------------------------------------------------------------- drift

fn drift(difference: Difference) -> Drift {
    Drift {
        service: name("api"),
        container: Some(name("shop-api-1")),
        created: Some(NOW.plus(-3_600_000)),
        differences: vec![difference],
    }
}

fn variable(key: &str, declared: Option<&str>, running: Option<&str>) -> VariableDrift {
    let at = declared.map(|_| at(".env", 1));
    VariableDrift {
        key: name(key),
        declared: declared.map(Secret::from),
        running: running.map(Secret::from),
        at,
        edited: None,
    }
}

#[test]
fn a_container_that_was_told_something_else() {
    let told = || variable("KEYCLOAK_BASE_URL", Some("http://keycloak:8080"), Some("http://localhost:8080"));
    let flaw = finds(W, "api", "stale-container", |it| it.drift = vec![drift(Difference::Variable(told()))]);
    let created = Some(NOW.plus(-3_600_000));
    assert_eq!(flaw, Flaw::StaleContainer { container: name("shop-api-1"), created, variables: vec![told()] });
}

#[test]
fn a_variable_that_is_new() {
    finds(K, "api", "variables-differ", |it| {
        it.drift = vec![drift(Difference::Variable(variable("FEATURE", Some("on"), None)))];
    });
}

#[test]
fn a_container_of_another_definition() {
    let restart = Difference::Restart { declared: name("always"), running: name("no") };
    finds(K, "api", "container-differs", |it| it.drift = vec![drift(restart)]);
    finds(K, "api", "mount-replaced", |it| {
        it.drift = vec![drift(Difference::MountReplaced { target: name("/a.conf") })];
    });
    finds(W, "api", "detached", |it| it.drift = vec![drift(Difference::NetworkMissing(name("pg_default")))]);
    finds(K, "old", "orphan", |it| it.drift = vec![Drift { service: name("old"), ..drift(Difference::Orphan) }]);
    let stale =
        Difference::StaleUpstream { proxy: name("web"), name: name("api"), read_at: NOW.plus(-9), started: NOW };
    finds(W, "web", "stale-upstream", |it| it.drift = vec![drift(stale)]);
}

// ----------------------------------------------------------------------------------------- what stands not

#[test]
fn a_service_without_a_container() {
    finds(W, "web", "not-created", |it| {
        it.snapshot().containers.retain(|one| &*one.name != "shop-web-1");
        it.stack.host.listening = Some(Vec::new());
    });
}

#[test]
fn a_service_that_ended() {
    let flaw = finds(W, "web", "not-running", |it| {
        let container = it.container("shop-web-1");
        container.state.status = ContainerStatus::Exited;
        container.state.exit_code = 3;
        container.bound = Vec::new();
        container.listening = None;
        container.last_words = names(&["starting", "cannot open /etc/web.conf", ""]);
        it.stack.host.listening = Some(Vec::new());
    });
    let Flaw::NotRunning { exit_code, last_words, .. } = flaw else { panic!() };
    assert_eq!((exit_code, last_words.as_deref()), (3, Some("cannot open /etc/web.conf")));
}

#[test]
fn a_service_that_crashes_or_is_frozen() {
    finds(W, "web", "crash-looping", |it| it.container("shop-web-1").state.status = ContainerStatus::Restarting);
    finds(W, "web", "paused", |it| it.container("shop-web-1").state.status = ContainerStatus::Paused);
}

#[test]
fn a_service_that_says_it_is_ill() {
    let flaw = finds(W, "web", "unhealthy", |it| {
        let check = HealthResult { output: name("connection refused"), exit_code: 1, ..HealthResult::default() };
        let health = Health { status: HealthStatus::Unhealthy, failing_streak: 3, checks: vec![check] };
        it.container("shop-web-1").health = Some(health);
    });
    assert_eq!(flaw, Flaw::Unhealthy { container: name("shop-web-1"), says: Some(name("connection refused")) });
}

#[test]
fn somebody_elses_service_that_ours_asks() {
    finds(W, "pg-db-1", "not-running", |it| it.container("pg-db-1").state.status = ContainerStatus::Exited);
    finds_nothing(|it| {
        it.container("pg-db-1").state.status = ContainerStatus::Exited;
        it.topology.edges.remove(1);
    });
}

#[test]
fn a_health_check_that_asks_the_wrong_port() {
    let flaw = finds(W, "api", "healthcheck-port", |it| {
        it.service("api").healthcheck = Some(healthcheck("curl -f http://localhost:8080/health"));
        let listening = [8000, 8001].map(|port| Listening { address: name("0.0.0.0"), port });
        it.container("shop-api-1").listening = Some(listening.into());
    });
    assert_eq!(flaw, Flaw::HealthcheckPort { port: 8080, listens: vec![8000, 8001] });
}

#[test]
fn a_health_check_that_cannot_fail() {
    for check in ["curl -f http://localhost:8000/ || true", "exit 0", "true"] {
        finds(K, "api", "healthcheck-always-passes", |it| it.service("api").healthcheck = Some(healthcheck(check)));
    }
}

#[test]
fn a_health_check_of_a_certificate_that_nobody_has() {
    let listen = |it: &mut Planted| {
        it.container("shop-api-1").listening.as_mut().unwrap().push(Listening { address: name("::"), port: 8443 });
    };
    finds(K, "api", "healthcheck-certificate", |it| {
        listen(it);
        it.service("api").healthcheck = Some(healthcheck("curl -f https://localhost:8443/"));
    });
    finds_nothing(|it| {
        listen(it);
        it.service("api").healthcheck = Some(healthcheck("curl -kf https://localhost:8443/").clone());
        it.service("api").healthcheck = Some(healthcheck("curl -k -f https://localhost:8443/"));
    });
}

// ----------------------------------------------------------------------------------------------- accepted

#[test]
fn what_is_accepted_is_kept_with_its_reason() {
    let mut planted = Planted::healthy();
    planted.stack.host.clock_synchronised = Some(false);
    planted.service("web").image = name("nginx");
    let mut found = planted.found();
    let accepted = |code: &str, component: Option<&str>| Accept {
        code: name(code),
        component: component.map(name),
        keys: Vec::new(),
        reason: name("known"),
    };
    let all = [accepted("floating-tag", Some("web")), accepted("clock-adrift", Some("web")), accepted("orphan", None)];
    let unused = accept(&mut found, &all);
    assert_eq!(unused, [&all[1], &all[2]]);
    let reasons: Vec<_> = found.iter().map(|one| (one.flaw.code(), one.accepted.is_some())).collect();
    assert_eq!(reasons, [("floating-tag", true), ("clock-adrift", false)]);
}

#[test]
fn a_key_that_nobody_looked_at_is_not_accepted_with_the_others() {
    let mut planted = Planted::healthy();
    planted.stack.asked = vec![asked("A"), asked("B")];
    let mut found = planted.found();
    let of = |keys: &[&str]| Accept {
        code: name("variables-unset"),
        component: None,
        keys: names(keys),
        reason: name("set by the pipeline"),
    };
    let narrow = [of(&["A"])];
    assert_eq!(accept(&mut found, &narrow), [&narrow[0]]);
    let wide = [of(&["A", "B", "C"])];
    assert_eq!(accept(&mut found, &wide), [] as [&Accept; 0]);
}

#[test]
fn codes_are_distinct() {
    let codes: BTreeSet<&str> = Flaw::CODES.iter().copied().collect();
    assert_eq!(codes.len(), Flaw::CODES.len());
}
