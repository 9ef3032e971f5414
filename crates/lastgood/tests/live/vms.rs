//! Hosts that are hosts of their own: each with its own engine, sshd and users, which `scripts/test-vm` brings up. What is asked from
//! here is what somebody asks who has an account there that may use Docker, and no more; hosts go silent in the middle of it.
#![expect(clippy::print_stdout, reason = "how long a question takes is what one wants to see of this")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::bed::{Bed, PREAMBLE, Said, binary, lastgood, shell};

const SCRIPT: &str = "scripts/test-vm";
/// Shells that say something by themselves are not rare.
const GREETING: &str = "you are at home\n";
/// What a user sees of a host where we may have left something. Others use /tmp meanwhile.
const TEMPORARY: &str = "ls -A ~; find /tmp -name '*lastgood*'";
/// ssh gives up on a host that said nothing for four times five seconds, and may try once more for ten; we have a little to do before.
const SILENT: Duration = Duration::from_secs(35);

/// Hosts, two as a rule, and a folder here from which they are asked.
pub struct Vms {
    client: TempDir,
}

impl Vms {
    pub fn up() -> Self {
        Self::of(2)
    }

    /// So many of them.
    pub fn of(count: u32) -> Self {
        let client = TempDir::with_prefix("client-").unwrap();
        let vms = Self { client };
        vms.manage(&format!("up {count}"));
        let config = fs::canonicalize(repository().join("target/test-vm/ssh_config")).unwrap();
        let config = config.display();
        // Names that only the first host can look up.
        let jump = format!(
            "Include \"{config}\"\nHost vm-behind\n  HostName vm2\n  HostKeyAlias vm2\n  ProxyJump vm1\n\
             Host vm-nowhere\n  HostName vm2\n  HostKeyAlias vm2\n"
        );
        fs::write(vms.folder().join("ssh_config"), jump).unwrap();
        let shim = format!("#!/bin/sh\nexec /usr/bin/ssh -F '{}' \"$@\"\n", vms.folder().join("ssh_config").display());
        fs::create_dir(vms.folder().join("bin")).unwrap();
        fs::write(vms.folder().join("bin/ssh"), shim).unwrap();
        shell(vms.folder(), "chmod +x bin/ssh").unwrap();
        vms
    }

    pub fn folder(&self) -> &Path {
        self.client.path()
    }

    pub fn manage(&self, what: &str) {
        shell(&repository(), &format!("{SCRIPT} {what}")).unwrap();
    }

    /// What a command says on one of them.
    pub fn on(&self, whom: &str, script: &str) -> String {
        let mut command = Command::new(repository().join(SCRIPT));
        let output = command.args(["ssh", whom]).arg(format!("{PREAMBLE}{script}")).output().unwrap();
        let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{whom}: `{script}`: {said}{complaint}");
        said.strip_prefix(GREETING).unwrap_or(&said).to_owned()
    }

    pub fn path(&self) -> String {
        format!("{}:{}", self.folder().join("bin").display(), std::env::var("PATH").unwrap())
    }

    pub fn ask(&self, arguments: &[&str]) -> Said {
        lastgood(self.folder(), arguments, &[("PATH", &self.path())])
    }

    /// The same, and how long it took.
    fn timed(&self, arguments: &[&str]) -> (Said, Duration) {
        let begun = Instant::now();
        let said = self.ask(arguments);
        (said, begun.elapsed())
    }

    /// The stack of a fault, by images from here, in the home of `me`.
    fn deploy(&self, number: &str, compose: &str) {
        let file = format!("compose-{number}.yaml");
        fs::write(self.folder().join(&file), compose).unwrap();
        let ssh = format!("bin/ssh vm{number}");
        let script = format!(
            "docker save live-python live-redis | {ssh} docker load --quiet
             {ssh} 'mkdir -p shop && cat >shop/compose.yaml' <{file}
             {ssh} 'cd shop && docker compose --progress quiet up --detach --wait'"
        );
        shell(self.folder(), &script).unwrap();
    }

    /// Files of ours on a host, newer than the marker.
    fn left(&self, number: &str) -> String {
        let find = "find / /run /tmp /var/lib/docker -xdev -newer /root/marker -path '*lastgood*'";
        self.on(&format!("root@{number}"), find)
    }
}

impl Drop for Vms {
    fn drop(&mut self) {
        if let Err(complaint) = shell(&repository(), &format!("{SCRIPT} down")) {
            println!("hosts were left behind: {complaint}");
        }
    }
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
#[ignore = "needs a Docker engine that hosts can run in"]
fn hosts_of_their_own() {
    let fault = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/faults/password-missing");
    // Nothing of it runs here; its images are made.
    let bed = Bed::laid(&fault).unwrap();
    let begun = Instant::now();
    let vms = Vms::up();
    println!("two hosts: {:.1} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let broken = fs::read_to_string(bed.path().join("compose.yaml")).unwrap();
    let healthy = broken.replace("redis://store", "redis://:carbon-store-password@store");
    thread::scope(|scope| {
        scope.spawn(|| vms.deploy("1", &broken));
        scope.spawn(|| vms.deploy("2", &healthy));
    });
    println!("images and stacks on both: {:.1} s", begun.elapsed().as_secs_f64());
    let settings = "[target.one]\nhost = 'vm1'\npath = '~/shop'\n[target.two]\nhost = 'vm2'\npath = '~/shop'\n";
    fs::write(vms.folder().join("lastgood.toml"), settings).unwrap();
    for number in ["1", "2"] {
        vms.on(
            &format!("root@{number}"),
            "sed -i '1i echo you are at home' ~me/.bashrc; touch /root/marker; sleep 0.02",
        );
    }

    questions(&vms);
    captures(&vms);
    jumps(&vms);
    goes_silent(&vms);
    reboots(&vms);
    releases(&vms);
    leaves_nothing(&vms);
}

/// Each host answers for itself, in our language, and the agent is brought once.
fn questions(vms: &Vms) {
    let (there, first) = vms.timed(&["why", "--target", "one"]);
    assert_eq!(there.code, 1, "{}{}", there.stdout, there.stderr);
    for words in ["store:6379 demands a password, shop sends none", "NOAUTH Authentication required.", "confirmed"] {
        assert!(there.stdout.contains(words), "no `{words}`: {}", there.stdout);
    }
    let agents = "stat -c '%n %Y %i' ~/.cache/lastgood/*";
    let brought = vms.on("1", agents);
    assert_eq!(brought.lines().count(), 1, "{brought}");
    let (again, second) = vms.timed(&["why", "--target", "one"]);
    assert_eq!(again.code, 1);
    assert_eq!(vms.on("1", agents), brought, "it is brought once");
    let size = fs::metadata(binary()).unwrap().len() >> 20;
    println!(
        "why, first question to a fresh host: {:.2} s (agent of {size} MB); second: {:.2} s",
        first.as_secs_f64(),
        second.as_secs_f64()
    );

    let (healthy, _) = vms.timed(&["why", "--target", "two"]);
    assert_eq!(healthy.code, 0, "{}{}", healthy.stdout, healthy.stderr);
    let (status, took) = vms.timed(&["status", "--target", "two"]);
    assert!(status.code == 0 && status.stdout.contains("live-password-missing"), "{}", status.stdout);
    println!("status of a host that knows the agent: {:.2} s", took.as_secs_f64());
    let (korean, _) = vms.timed(&["why", "--target", "one", "--lang", "ko"]);
    assert!(korean.stdout.contains("비밀번호를 요구"), "{}", korean.stdout);
    for (target, code) in [("one", 1), ("two", 0)] {
        let check = vms.ask(&["check", "--target", target, "--json"]);
        let said: Value = serde_json::from_str(&check.stdout).unwrap();
        assert!(said["findings"].is_array(), "{}{}", check.stdout, check.stderr);
        let has = check.stdout.contains("carbon-store-password");
        assert!(!has, "a secret of {target} is shown");
        println!(
            "check of {target}: exit {} (why: {code}), {} findings",
            check.code,
            said["findings"].as_array().unwrap().len()
        );
    }
}

/// What is captured there lies here, says the same, and nothing of it stays there.
fn captures(vms: &Vms) {
    let before = vms.on("1", TEMPORARY);
    let (captured, took) = vms.timed(&["capture", "--target", "one", "-o", "a case"]);
    println!("capture of a host: {:.2} s", took.as_secs_f64());
    assert_eq!(captured.code, 0, "{}{}", captured.stdout, captured.stderr);
    assert!(captured.stdout.contains("lastgood why --case 'a case'"), "{}", captured.stdout);
    assert_eq!(vms.on("1", TEMPORARY), before, "nothing stays there");
    let cause = |arguments: &[&str]| {
        let said = vms.ask(arguments);
        let verdict: Value = serde_json::from_str(&said.stdout).unwrap();
        let cause = &verdict["incidents"][0]["causes"][0];
        let told = ["code", "component", "confidence"].map(|key| cause[key].clone());
        assert!(told.iter().all(|value| !value.is_null()), "{arguments:?} names no cause: {verdict}");
        (said.code, told)
    };
    assert_eq!(cause(&["why", "--case", "a case", "--json"]), cause(&["why", "--target", "one", "--json"]));
    let mut names: Vec<String> = fs::read_dir(vms.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(".lastgood"))
        .collect();
    assert_eq!(names.pop(), None, "nothing half-made stays here");

    let json = vms.ask(&["capture", "--host", "vm2", "-p", "live-password-missing", "-o", "other", "--json"]);
    let said: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.code, &said["folder"]), (0, &Value::from("other")), "{}", json.stderr);
    assert_eq!(vms.ask(&["why", "--case", "other"]).code, 0);

    let there_already = vms.ask(&["capture", "--target", "one", "-o", "other"]);
    assert!(there_already.code == 2 && there_already.stderr.contains("other"), "{}", there_already.stderr);
    let too_much = vms.ask(&["capture", "--target", "one", "-o", "small", "--max-size", "1K"]);
    assert!(too_much.code == 2 && !vms.folder().join("small").exists(), "{}{}", too_much.stdout, too_much.stderr);
    assert_eq!(vms.on("1", TEMPORARY), before, "nothing stays there");
}

/// A host that only another one reaches.
fn jumps(vms: &Vms) {
    let direct = vms.ask(&["status", "--host", "vm-nowhere"]);
    assert_eq!(direct.code, 2, "the name means something here: {}", direct.stdout);
    let (there, took) = vms.timed(&["why", "--host", "vm-behind", "-p", "live-password-missing"]);
    assert_eq!(there.code, 0, "{}{}", there.stdout, there.stderr);
    println!("why by way of another host: {:.2} s", took.as_secs_f64());
}

/// A host that answers nothing any more keeps nobody waiting: before, in the middle, and as the one on the way.
fn goes_silent(vms: &Vms) {
    let before = vms.on("1", TEMPORARY);
    let ask = |arguments: &[&str]| {
        let (said, took) = vms.timed(arguments);
        println!("silent, {arguments:?}: {:.1} s: {}", took.as_secs_f64(), said.stderr.trim());
        assert!(said.code == 2 && took < SILENT, "{arguments:?}: {} after {took:?}: {}", said.code, said.stdout);
        assert!(said.stderr.contains("hint:") && said.stderr.contains("ssh does not get there"), "{}", said.stderr);
    };
    thread::scope(|scope| {
        let begun = [["why", "--target", "one"].as_slice(), &["capture", "--target", "one", "-o", "cut"]];
        let middle = begun.map(|arguments| scope.spawn(move || ask(arguments)));
        vms.on("root@1", "both() { pgrep -u me -f 'agent-.* why' && pgrep -u me -f 'agent-.* capture'; }; await both");
        vms.manage("pause 1");
        let start = [["status", "--target", "one"], ["status", "--host", "vm-behind"]];
        let start = start.map(|arguments| scope.spawn(move || ask(&arguments)));
        assert_eq!(vms.ask(&["why", "--target", "two"]).code, 0, "another host is not concerned");
        for asked in middle.into_iter().chain(start) {
            asked.join().unwrap();
        }
    });
    vms.manage("resume 1");
    assert!(!vms.folder().join("cut").exists());
    // What was begun there ends by itself.
    vms.on("root@1", "ended() { ! pgrep -u me -f agent- && [ -z \"$(find /tmp -name 'lastgood-*')\" ]; }; await ended");
    assert_eq!(vms.on("1", TEMPORARY), before, "nothing stays there");
}

/// What was brought is still there after a host was switched off and on.
fn reboots(vms: &Vms) {
    vms.manage("crash 2");
    vms.on("2", "cd shop && docker compose --progress quiet up --detach --wait");
    let said = vms.ask(&["why", "--target", "two"]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
}

/// A release goes to a host, with the image that was built for it here, as somebody who may use Docker there and no more; and back. Whoever
/// is cut off in the middle leaves nothing half done.
fn releases(vms: &Vms) {
    let source = vms.folder().join("release");
    fs::create_dir(&source).unwrap();
    let compose = "name: live-release\nservices:\n  app:\n    build: .\n    env_file: [.env.prod]\n    restart: unless-stopped\n    \
                   stop_grace_period: 1s\n";
    fs::write(source.join("compose.yaml"), compose).unwrap();
    let build = |text: &str| {
        fs::write(source.join("Dockerfile"), format!("FROM live-python\nRUN echo {text} >/release\n")).unwrap();
        fs::write(source.join(".env.prod"), format!("GREETING={text}\n")).unwrap();
    };
    let path = vms.path();
    let ask = |arguments: &[&str]| lastgood(&source, arguments, &[("PATH", &path), ("DOCKER_BUILDKIT", "1")]);
    let runs = |text: &str| {
        let script = "cd live-release && docker compose exec -T app sh -c 'echo $(cat /release) $GREETING'";
        assert_eq!(vms.on("1", script).trim(), format!("{text} {text}"));
    };
    build("one");
    let plan = ask(&["deploy", "--host", "vm1", "--plan"]);
    assert!(plan.code == 0 && plan.stdout.contains("app: it has no container yet"), "{}{}", plan.stdout, plan.stderr);
    assert_eq!(vms.on("1", "ls -d live-release || :"), "", "a plan leaves nothing there");
    let begun = Instant::now();
    let first = ask(&["deploy", "--host", "vm1"]);
    println!("a first deploy to a host, with its image: {:.1} s", begun.elapsed().as_secs_f64());
    assert!(first.code == 0 && first.stdout.contains("bringing live-release-app"), "{}{}", first.stdout, first.stderr);
    runs("one");
    let nothing = ask(&["deploy", "--host", "vm1"]);
    assert!(nothing.code == 0 && nothing.stdout.contains("nothing to do"), "{}{}", nothing.stdout, nothing.stderr);
    build("two");
    let second = ask(&["deploy", "--host", "vm1"]);
    assert_eq!(second.code, 0, "{}{}", second.stdout, second.stderr);
    runs("two");
    let back = ask(&["rollback", "--host", "vm1", "--lang", "ko"]);
    assert!(back.code == 0 && back.stdout.contains("서비스 중"), "{}{}", back.stdout, back.stderr);
    runs("one");

    // The client and its connection die; the host goes on to an end of its own.
    build("three");
    let mut cut = Command::new(binary());
    cut.args(["deploy", "--host", "vm1"]).current_dir(&source).env("PATH", &path).env("DOCKER_BUILDKIT", "1");
    let mut cut = cut.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let acts = "sed -n '/\"rollout\":4,/p' live-release/.lastgood/ledger.jsonl";
    vms.on("1", &format!("switches() {{ {acts} | grep -q '\"begun\",\"act\":\"switch app'; }}; await switches"));
    cut.kill().unwrap();
    cut.wait().unwrap();
    // Written so that it does not find itself.
    let of_ours = vms.folder().display().to_string().replacen('/', "[/]", 1);
    shell(vms.folder(), &format!("pkill -f '{of_ours}/ssh_config' || :")).unwrap();
    vms.on("1", &format!("over() {{ {acts} | grep -q finished; }}; await over"));
    let history = ask(&["history", "--host", "vm1"]);
    assert!(history.code == 0 && !history.stdout.contains("never finished"), "{}", history.stdout);
    runs("three");
    let begin = |text: &str, rollout: u32| {
        build(text);
        let mut begun = Command::new(binary());
        begun.args(["deploy", "--host", "vm1"]).current_dir(&source).env("PATH", &path).env("DOCKER_BUILDKIT", "1");
        let begun = begun.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let acts = format!("sed -n '/\"rollout\":{rollout},/p' live-release/.lastgood/ledger.jsonl");
        vms.on("1", &format!("switches() {{ {acts} | grep -q '\"begun\",\"act\":\"switch app'; }}; await switches"));
        (
            begun,
            format!(
                "over() {{ {acts} | grep -q finished; }}; await over; {acts} | grep -o '\"outcome\":\"[a-z-]*' | tail -1"
            ),
        )
    };
    // The one who drives it there dies: the guard goes back.
    let (mut client, over) = begin("four", 5);
    let since = Instant::now();
    vms.on("root@1", "pkill -9 -f '[-]-arrived'");
    client.wait().unwrap();
    assert!(vms.on("1", &over).ends_with("rolled-back\n"));
    println!("back after the death of the driver: {:.1} s", since.elapsed().as_secs_f64());
    runs("three");
    // The host itself dies, and is started anew.
    let (mut client, over) = begin("five", 6);
    let since = Instant::now();
    shell(&repository(), "scripts/test-vm crash 1").unwrap();
    client.wait().unwrap();
    assert!(vms.on("1", &over).ends_with("rolled-back\n"));
    println!("back after the death of the host: {:.1} s", since.elapsed().as_secs_f64());
    runs("three");
    let guards = "none() { [ -z \"$(docker ps --all --quiet --filter label=lastgood.guard)\" ]; }; await none";
    vms.on("1", guards);
    println!("{}", ask(&["history", "--host", "vm1"]).stdout);
    // What is kept for deploys goes; what runs stays.
    let removed = ask(&["host", "remove", "--host", "vm1"]);
    assert!(
        removed.code == 0 && removed.stdout.contains("ledger, releases and copies"),
        "{}{}",
        removed.stdout,
        removed.stderr
    );
    let left =
        "ls -A live-release | grep lastgood || :; docker image ls --format '{{.Repository}}' | grep ^lastgood/ || :";
    assert_eq!(vms.on("1", left), "", "{}", removed.stdout);
    runs("three");
    assert_eq!(ask(&["status", "--host", "vm1"]).code, 0);
    vms.on("1", "cd live-release && docker compose --progress quiet down --timeout 1 && cd .. && rm -r live-release");
    shell(&repository(), "docker image rm -f live-release-app >/dev/null").unwrap();
}

/// Nothing of ours stays: no file, no container, no process.
fn leaves_nothing(vms: &Vms) {
    for (target, number) in [("one", "1"), ("two", "2")] {
        assert!(vms.left(number).contains("agent-"), "nothing would be found");
        let removed = vms.ask(&["host", "remove", "--target", target]);
        assert!(removed.code == 0 && removed.stdout.contains("agent-"), "{}{}", removed.stdout, removed.stderr);
        assert_eq!(vms.left(number), "");
        assert_eq!(vms.on(number, "docker ps --all --quiet --filter label=lastgood.probe"), "");
        thread::sleep(Duration::from_millis(200));
        assert_eq!(vms.on(&format!("root@{number}"), "pgrep -u me -af lastgood/agent || :"), "");
    }
}
