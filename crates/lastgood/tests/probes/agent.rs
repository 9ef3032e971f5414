//! The agent itself: it ends by itself, leaves nothing behind, says nothing of what it was told, and works in a container that holds
//! nothing else.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use lastgood::pipeline::probe::{agents_answers, agents_request};
use lastgood_model::ProbeOutcome::*;
use lastgood_model::{ProbeProtocol, ProbeTarget};

use crate::ask::{With, compare, target};
use crate::daemon::{folder, run, until};
use crate::peer::{Habit, Peer};

fn agent() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastgood"));
    command.arg("probe").env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How it ended, and after how long; it may not take longer than this.
fn ended(child: &mut Child, begun: Instant) -> (ExitStatus, Duration) {
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return (status, begun.elapsed());
        }
        assert!(begun.elapsed() < Duration::from_secs(8), "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs servers"]
fn it_ends_whoever_forgot_it() {
    // Nobody closes its standard input.
    let begun = Instant::now();
    let mut waits = agent().spawn().unwrap();
    // Nobody reads what it says, and that is more than a pipe holds.
    let long = Peer::says([&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[b'x'; 60_000]].concat());
    let targets = vec![target(ProbeProtocol::Http, "127.0.0.1", long.port); 60];
    let mut unread = agent().env("LASTGOOD_PROBE", agents_request(&targets).expose()).spawn().unwrap();
    let (status, took) = ended(&mut waits, begun);
    // It lives for 4.8 s; the rest is for a machine that has other things to do.
    assert!(!status.success() && took < Duration::from_secs(9), "{status} {took:?}");
    let (status, took) = ended(&mut unread, begun);
    assert!(!status.success() && took < Duration::from_secs(9), "{status} {took:?}");
}

#[test]
#[ignore = "needs servers"]
fn it_shows_nothing_of_what_it_was_told() {
    let silent = Peer::with(Habit::Silent);
    let told = target(ProbeProtocol::Redis, "127.0.0.1", silent.port).password("carbon-kvs-password-8");
    let request = agents_request(&[told]);
    let mut child = agent().env("LASTGOOD_PROBE", request.expose()).spawn().unwrap();
    let process = Path::new("/proc").join(child.id().to_string());
    // An environment that only root can read, and no core.
    until("it has closed itself", || {
        fs::read_to_string(process.join("limits")).is_ok_and(|limits| {
            let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
            core.split_whitespace().nth(4) == Some("0")
        })
    });
    run(Command::new("kill").args(["-QUIT", &child.id().to_string()]));
    let status = child.wait().unwrap();
    assert!(!status.to_string().contains("core dumped"), "{status}");

    for request in [
        "",
        "{",
        "[\"carbon-kvs\"]",
        r#"{"schema":"lastgood.probe/1","targets":"carbon-kvs"}"#,
        r#"{"schema":"lastgood.probe/1","targets":[{"protocol":"carbon-kvs","host":"x","port":1}]}"#,
        r#"{"schema":"lastgood.probe/1","targets":[{"protocol":"tcp","host":"x","port":"carbon-kvs"}]}"#,
    ] {
        let mut child = agent().spawn().unwrap();
        child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(2), "{request} {said}");
        assert!(!said.contains("carbon") && said.contains("lastgood"), "{said}");
    }
    let by_input = agents_request(&[target(ProbeProtocol::Tcp, "127.0.0.1", silent.port)]);
    let mut child = agent().spawn().unwrap();
    child.stdin.take().unwrap().write_all(by_input.expose().as_bytes()).unwrap();
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success() && text.contains("lastgood.probe/1"), "{text}");
}

/// Networks and images of this test, gone when it is.
struct Containers(String);

impl Drop for Containers {
    fn drop(&mut self) {
        for arguments in
            [["rm", "--force", &format!("{}-redis", self.0)], ["network", "rm", &self.0], ["rmi", "--force", &self.0]]
        {
            let _gone = Command::new("docker").args(arguments).output();
        }
    }
}

#[test]
#[ignore = "needs servers"]
fn it_works_where_nothing_else_is() {
    let binary = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/static/lastgood");
    let has_engine = Command::new("docker").arg("version").output().is_ok_and(|output| output.status.success());
    if !binary.is_file() || !has_engine {
        println!("no {} or no engine: not asked from a container", binary.display());
        return;
    }
    let made = Containers(format!("lastgood-probes-{}", std::process::id()));
    let folder = folder();
    fs::copy(&binary, folder.path().join("lastgood")).unwrap();
    // Redis with the libraries that it needs, and nothing else.
    let script = "mkdir -p redis/etc; cp /usr/bin/redis-server redis/
        ldd /usr/bin/redis-server | grep -o '/[^ ]*' | sort -u | xargs -I{} cp --parents -L {} redis/
        printf 'FROM scratch\\nCOPY lastgood /\\nCOPY redis /\\n' >Dockerfile";
    run(Command::new("bash").args(["-euc", script]).current_dir(folder.path()));
    run(Command::new("docker").args(["build", "--quiet", "--tag", &made.0, "."]).current_dir(folder.path()));
    run(Command::new("docker").args(["network", "create", &made.0]));
    run(Command::new("docker")
        .args([
            "run",
            "--detach",
            "--name",
            &format!("{}-redis", made.0),
            "--network",
            &made.0,
            "--network-alias",
            "kvs",
        ])
        .args([&made.0, "/redis-server", "--requirepass", "carbon-kvs-password-8", "--save", ""]));
    let redis = |host: &str| target(ProbeProtocol::Redis, host, 6379);
    let given = redis("given").password("carbon-wrong-password");
    let targets = [
        redis("kvs"),
        redis("kvs").password("carbon-kvs-password-8"),
        given,
        redis("kvz"),
        target(ProbeProtocol::Tcp, "kvs", 6380),
    ];
    let address = run(Command::new("docker").args([
        "inspect",
        "--format",
        "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
        &format!("{}-redis", made.0),
    ]));
    let ask = |targets: &[ProbeTarget]| {
        let mut command = Command::new("docker");
        command.args(["run", "--rm", "--network", &made.0, "--env", "LASTGOOD_PROBE"]);
        command.arg(format!("--add-host=given:{}", address.trim())).args([&made.0, "/lastgood", "probe"]);
        let output =
            command.env("LASTGOOD_PROBE", agents_request(targets).expose()).stdin(Stdio::null()).output().unwrap();
        agents_answers(targets, &output.stdout).unwrap()
    };
    let answers = ask(&targets);
    compare("container/by its name", &answers[0], &WantsPassword, "-NOAUTH Authentication required.");
    compare("container/with the password", &answers[1], &Serves, "+PONG");
    compare("container/by a host that was added", &answers[2], &RefusesPassword, "-WRONGPASS");
    println!("state container/no such name: {:?}", answers[3]);
    assert!(matches!(answers[3].outcome, NoSuchName | NameserverFails), "{:?}", answers[3]);
    compare("container/nobody listens", &answers[4], &Refused, "ECONNREFUSED");
    run(Command::new("docker").args(["stop", "--time", "0", &format!("{}-redis", made.0)]));
    let stopped = ask(&[redis("kvs")]).remove(0);
    println!("state container/is stopped: {stopped:?}");
    assert!(matches!(stopped.outcome, NoSuchName | NameserverFails), "{stopped:?}");
}
