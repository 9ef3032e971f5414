//! A release is brought to a host of its own under constant load, and something breaks: a step, a process, the engine, the line, the
//! disk, the host. Whatever it is, the last good release serves in the end, and the ledger and the exit code tell the truth. What breaks
//! stands in `broken/cases.toml`. The host has no systemd, and whoever deploys is in the group `docker` there and may do no more.
//! `LASTGOOD_BROKEN='name,…'` takes these alone.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs::{self, File};
use std::io::Read;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tempfile::TempDir;

use crate::bed::{PREAMBLE, binary, images, lastgood, shell};
use crate::load::{Client, Load, Tally};
use crate::vms::{Vms, repository};

/// Nobody waits longer for a client, nor for whoever brings it to its end without one.
const LONGEST: Duration = Duration::from_secs(400);
/// So long the old release is asked before anything happens.
const BEFORE: Duration = Duration::from_millis(800);
const SECRET: &str = "carbon-store-password";

/// One of `cases.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// `plain`: its containers are made anew. `proxied`: nginx sends their traffic elsewhere meanwhile. `small`: like `plain`, on a small
    /// disk of its own. `first`: nothing of it is there before.
    stack: String,
    /// What is called instead of `deploy`.
    #[serde(default)]
    calls: Vec<String>,
    /// A script in the folder that is deployed.
    #[serde(default)]
    edit: String,
    /// A script before the deploy.
    #[serde(default)]
    breaks: String,
    /// The act at whose beginning `then` is run; it is what the ledger says, as a pattern.
    #[serde(default)]
    at: String,
    #[serde(default)]
    then: String,
    /// A script once the client has ended; brings back what cases share.
    #[serde(default)]
    mends: String,
    /// The first act that has to fail; `""`: none, or it is not known.
    #[serde(default)]
    step: String,
    /// What the ledger calls it; `nothing`: nothing was attempted. Two with a `|` between them: either.
    ends: String,
    /// The client's exit code, where it is not that of the outcome.
    exit: Option<i32>,
    /// What has to be said.
    #[serde(default)]
    says: Vec<String>,
    /// Requests may fail: what serves is touched, and nothing else can serve meanwhile.
    #[serde(default)]
    may_fail: bool,
    /// What is ours and may be left.
    #[serde(default)]
    stays: String,
    /// Nobody stands guard yet: the next deploy brings it to its end.
    #[serde(default)]
    next_ends_it: bool,
}

/// A project on the host, and its files here as they were when it was last good.
struct Stack {
    name: String,
    port: u16,
    good: PathBuf,
    release: u32,
}

/// One line of the table.
struct Row {
    case: Case,
    step: String,
    outcome: String,
    code: Option<i32>,
    tally: Tally,
    took: Duration,
}

struct Lab {
    vms: Vms,
    network: String,
    address: IpAddr,
    ssh_address: String,
    stacks: BTreeMap<String, Stack>,
    folder: TempDir,
}

/// Half of the clients keep their connections; one asks for something that takes long.
fn clients() -> Vec<Client> {
    let client = |path, keeps, rests_ms| Client { path, keeps, rests: Duration::from_millis(rests_ms) };
    vec![client("/", true, 40), client("/", false, 40), client("/", false, 60), client("/slow", true, 200)]
}

impl Lab {
    fn up() -> Self {
        images();
        let vms = Vms::of(1);
        let folder = TempDir::with_prefix("broken-").unwrap();
        // Users come by a network of their own, so that the line of whoever deploys can be cut.
        let network = format!("lastgood-broken-{}", std::process::id());
        let host = format!("$('{}/scripts/test-vm' name 1)", repository().display());
        let of_users = format!("docker network create {network} >/dev/null && docker network connect {network} {host}");
        let asks = format!(
            "docker container inspect --format '{{{{(index .NetworkSettings.Networks \"{network}\").IPAddress}}}}' {host} >'{}/address'",
            folder.path().display()
        );
        let said = vms.on("1", "echo $SSH_CONNECTION");
        let ssh_address = said.split_whitespace().nth(2).unwrap().to_owned();
        let mut lab =
            Self { vms, network, address: [127, 0, 0, 1].into(), ssh_address, stacks: BTreeMap::new(), folder };
        // For scripts that call it by its name.
        std::os::unix::fs::symlink(binary(), lab.vms.folder().join("bin/lastgood")).unwrap();
        shell(Path::new("/"), &format!("{of_users}\n{asks}")).unwrap();
        lab.address = fs::read_to_string(lab.folder.path().join("address")).unwrap().trim().parse().unwrap();
        let carried = "docker save live-python live-redis live-nginx | bin/ssh vm1 docker load --quiet";
        shell(lab.vms.folder(), carried).unwrap();
        lab
    }

    /// Its project, which runs its first release; of `first` there is none yet.
    fn stack(&mut self, kind: &str) -> Result<(), String> {
        if self.stacks.contains_key(kind) && kind != "first" {
            return Ok(());
        }
        let port = 18_600 + ["plain", "proxied", "small", "first"].iter().position(|one| *one == kind).unwrap() as u16;
        let name = format!("broken-{kind}");
        let good = self.folder.path().join(kind);
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/broken");
        shell(
            self.folder.path(),
            &format!(
                "rm -rf {kind} && cp -r '{}' {kind} && cd {kind} && rm cases.toml helpers.sh
                 sed -i 's/@PROJECT@/{name}/; s/@PORT@/{port}/' compose.yaml
                 printf 'RELEASE=1\\nKVS_PASSWORD={SECRET}\\n' >.env
                 printf '[deploy]\\nhold = \"1s\"\\n' >lastgood.toml
                 if [ {kind} = proxied ]; then printf '[deploy.service.app]\\nswitch = \"proxy\"\\n[deploy.nginx]\\ndrain = \"3s\"\\n' >>lastgood.toml; fi",
                from.display()
            ),
        )?;
        self.stacks.insert(kind.to_owned(), Stack { name, port, good, release: 0 });
        if kind == "small" {
            self.run(kind, "small_disk", &[])?;
        }
        if kind != "first" {
            let said = self.deploys(kind);
            if said.0 != 0 {
                return Err(said.1);
            }
            self.stacks.get_mut(kind).unwrap().release = 1;
        }
        Ok(())
    }

    /// It has a release to go back to.
    fn releases_again(&mut self, kind: &str) -> Result<(), String> {
        let stack = self.stacks.get_mut(kind).unwrap();
        stack.release += 1;
        shell(&stack.good, &format!("sed -i 's/RELEASE=.*/RELEASE={}/' .env", stack.release))?;
        let (code, said) = self.deploys(kind);
        if code == 0 { Ok(()) } else { Err(said) }
    }

    /// Runs a script of a case, here.
    fn run(&self, kind: &str, script: &str, variables: &[(&str, &str)]) -> Result<(), String> {
        let helpers = include_str!("broken/helpers.sh");
        let script = format!("{PREAMBLE}{helpers}\nset -x\n{script}");
        let test_vm = fs::canonicalize(repository().join("scripts/test-vm")).unwrap();
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(&script).current_dir(&self.stacks[kind].good).envs(variables.iter().copied());
        bash.env("PREAMBLE", PREAMBLE).env("PATH", self.vms.path()).env("SSH_ADDRESS", &self.ssh_address);
        bash.env("TEST_VM", test_vm).env("LIVE", format!("/home/me/{}", self.stacks[kind].name));
        let output = bash.env("NAME", &self.stacks[kind].name).output().unwrap();
        if output.status.success() {
            return Ok(());
        }
        Err(format!("{} {}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    }

    /// What a script says on the host as root, not by ssh; in the project's folder where there is one.
    fn on(&self, kind: &str, script: &str) -> Result<String, String> {
        let live = format!("/home/me/{}", self.stacks[kind].name);
        let mut exec = Command::new(repository().join("scripts/test-vm"));
        exec.args(["exec", "1", "bash", "-c"]);
        let output = exec.arg(format!("{PREAMBLE}cd {live} 2>/dev/null || cd /\n{script}")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(said);
        }
        Err(format!("`{script}`: {said}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Begins a call in a folder; what it says goes to a file.
    fn begin(&self, folder: &Path, calls: &[&str], into: &Path) -> Child {
        let mut command = Command::new(binary());
        let said = File::create(into).unwrap();
        command.args(calls).args(["--host", "vm1"]).current_dir(folder).env_clear();
        command.env("PATH", self.vms.path()).env("HOME", env::var_os("HOME").unwrap()).env("DOCKER_BUILDKIT", "1");
        command.stdin(Stdio::null()).stderr(said.try_clone().unwrap()).stdout(said).spawn().unwrap()
    }

    /// Deploys what was last good.
    fn deploys(&self, kind: &str) -> (i32, String) {
        let said = lastgood(&self.stacks[kind].good, &["deploy", "--host", "vm1"], &[("PATH", &self.vms.path())]);
        (said.code, format!("{}{}", said.stdout, said.stderr))
    }

    /// Lines of the ledger so far.
    fn lines(&self, kind: &str) -> usize {
        self.on(kind, "wc -l <.lastgood/ledger.jsonl").ok().and_then(|lines| lines.trim().parse().ok()).unwrap_or(0)
    }

    /// Waits for something on the host, looked for there again and again.
    fn until(&self, kind: &str, what: &str, longest: Duration) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            // Asked in one go: whoever asks anew each time is late.
            let script = format!("for _ in $(seq 200); do if {what}; then exit 0; fi; sleep 0.03; done; exit 1");
            if self.on(kind, &script).is_ok() {
                return Ok(());
            }
            if begun.elapsed() > longest {
                return Err(format!("never: {what}"));
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let leave = format!(
            "docker network disconnect --force {0} $(docker ps --all --quiet --filter network={0}); docker network rm {0}",
            self.network
        );
        let _left = shell(Path::new("/"), &leave);
    }
}

/// What stands in a project's folder, without what is ours and what stays at home.
const FILES: &str = "find . -path ./.lastgood -prune -o -type f ! -name lastgood.toml ! -name ballast -print0 | sort -z | xargs -0 sha256sum";
const CONTAINERS: &str = "docker ps --all --no-trunc --filter label=com.docker.compose.project=$(basename $PWD) --format '{{.Names}} {{.ID}}' | sort";
/// Whatever is ours and should be gone.
const LEFT: &str = "docker ps --all --format '{{.Names}}' | grep -E 'lastgood-(guard|candidate|migration)' || :
    docker ps --all --quiet --filter label=lastgood.probe
    for one in .lastgood/lock .lastgood/reserve .lastgood/candidates .lastgood/arriving-*; do if [ -e $one ]; then echo $one; fi; done
    pgrep -u me -af lastgood/agent || :";

impl Lab {
    fn walk(&mut self, case: &Case, wrong: &mut Vec<String>) -> Result<Row, String> {
        self.stack(&case.stack)?;
        let kind = &*case.stack;
        if case.calls == ["rollback"] {
            self.releases_again(kind)?;
        }
        let (good, release, port) = {
            let stack = &self.stacks[kind];
            (stack.good.clone(), stack.release, stack.port)
        };
        let was_there = kind != "first";
        if was_there {
            // An engine that was killed leaves all of them so.
            self.on(kind, "su me -c 'docker compose --progress quiet up --detach --wait' 2>&1")?;
        }
        let tried = self.folder.path().join("tried");
        shell(
            self.folder.path(),
            &format!(
                "rm -rf tried && cp -r {kind} tried && cd tried && sed -i 's/RELEASE=.*/RELEASE={}/' .env\n{}",
                release + 1,
                case.edit
            ),
        )?;
        self.run(kind, &case.breaks, &[])?;
        let before = if was_there { self.on(kind, CONTAINERS)? } else { String::new() };
        let lines = self.lines(kind);
        let load = was_there.then(|| Load::begin(SocketAddr::new(self.address, port), &clients()));
        thread::sleep(BEFORE);

        let said = self.folder.path().join("said");
        let calls: Vec<&str> =
            if case.calls.is_empty() { vec!["deploy"] } else { case.calls.iter().map(String::as_str).collect() };
        let mut client = self.begin(&tried, &calls, &said);
        let ours = format!("tail -n +{} .lastgood/ledger.jsonl 2>/dev/null", lines + 1);
        let mut broke = Instant::now();
        if !case.at.is_empty() {
            let seen = self.until(
                kind,
                &format!("{ours} | grep '\"begun\",\"act\":\"{}' >/dev/null", case.at),
                Duration::from_secs(120),
            );
            broke = Instant::now();
            let then = seen.and_then(|()| self.run(kind, &case.then, &[("CLIENT", &client.id().to_string())]));
            if let Err(complaint) = then {
                let _ended = client.kill();
                wrong
                    .push(format!("it was not broken: {complaint}: {}", fs::read_to_string(&said).unwrap_or_default()));
            }
        }
        let code = ended(&mut client)?;
        self.run(kind, &case.mends, &[])?;
        self.on(kind, "rm -f /usr/local/bin/docker")?;
        let outcome = format!("{ours} | grep -o '\"outcome\":\"[a-z-]*' | cut -d'\"' -f4 || :");
        let mut healed = None;
        if case.next_ends_it {
            healed = Some(self.deploys(kind));
        } else if case.ends != "nothing" {
            // Where nobody planned anything there is nothing to wait for.
            // All of it is read: who is cut off while it speaks has failed, as the shell sees it.
            let planned = format!("{ours} | grep planned >/dev/null");
            self.until(kind, &format!("! {{ {planned}; }} || [ -n \"$({outcome})\" ]"), LONGEST)?;
        }
        let guards = "[ -z \"$(docker ps --all --quiet --filter label=lastgood.guard)\" ]";
        self.until(kind, guards, Duration::from_secs(60))?;
        let took = broke.elapsed();
        let told = fs::read_to_string(&said).unwrap_or_default();

        let outcome = self.on(kind, &outcome)?.lines().next().unwrap_or("nothing").to_owned();
        let step = format!(
            "{ours} | grep '\"ended\"' | grep -v '\"done\"' | grep -o '\"act\":\"[a-z-]*\\( [a-z]*\\b\\)\\?' | cut -d'\"' -f4 | sed 's/ $//' || :"
        );
        let step = self.on(kind, &step)?.lines().next().unwrap_or_default().to_owned();
        let mut must = |is: bool, what: &dyn Fn() -> String| {
            if !is {
                wrong.push(what());
            }
        };
        must(case.ends.split('|').any(|ends| ends == outcome), &|| format!("ends {outcome} and not {}", case.ends));
        must(step.starts_with(&case.step), &|| format!("`{step}` failed first, and not `{}`", case.step));
        let kills_client = case.then.contains("kill_client");
        let expected = case.exit.or(match &*outcome {
            _ if kills_client => None,
            "good" => Some(0),
            "refused" | "rolled-back" => Some(1),
            "nothing" => Some(2),
            _ => Some(3),
        });
        must(expected.is_none() || code == expected, &|| format!("exit code {code:?} and not {expected:?}"));
        let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in &case.says {
            must(flat.contains(words.as_str()), &|| format!("does not say `{words}`"));
        }
        must(!told.contains(SECRET), &|| "says a secret".to_owned());

        let is_good = outcome == "good";
        if is_good {
            shell(self.folder.path(), &format!("rm -rf {kind} && cp -r tried {kind}"))?;
            self.stacks.get_mut(kind).unwrap().release = release + 1;
        }
        if !was_there && !is_good {
            let now = self.on(kind, CONTAINERS)?;
            must(now.is_empty(), &|| format!("containers are left: {now}"));
            let left = self.on(kind, LEFT)?;
            must(left.is_empty(), &|| format!("left: {left}"));
            return Ok(Row { case: case.clone(), step, outcome, code, tally: Tally::default(), took });
        }

        // What serves is what was last good: its answer, its files, its containers, and Compose has nothing to do.
        let release = self.stacks[kind].release;
        let answer = serves(SocketAddr::new(self.address, port), release);
        must(answer.is_ok(), &|| format!("{answer:?}"));
        let files = self.on(kind, FILES)?;
        let said_files = self.folder.path().join("files");
        shell(&self.stacks[kind].good, &format!("{FILES} >'{}'", said_files.display()))?;
        let of_good = fs::read_to_string(said_files).unwrap();
        must(files == of_good, &|| format!("the files are others:\n{files}---\n{of_good}"));
        let containers = self.on(kind, CONTAINERS)?;
        if matches!(&*outcome, "refused" | "nothing") {
            must(containers == before, &|| format!("containers are others:\n{before}---\n{containers}"));
        }
        let (healed, text) = healed.unwrap_or_else(|| self.deploys(kind));
        must(healed == 0 && text.contains("nothing to do"), &|| format!("deployed again: exit {healed}: {text}"));
        self.on(kind, "su me -c 'docker compose --progress quiet up --detach --quiet-pull' 2>&1")?;
        let again = self.on(kind, CONTAINERS)?;
        must(again == containers, &|| format!("Compose made something anew:\n{containers}---\n{again}"));
        let left = self.on(kind, LEFT)?;
        must(left.trim_end() == case.stays, &|| format!("left: {left}"));
        if case.ends != "nothing" {
            let history = lastgood(&good, &["history", "--host", "vm1"], &[("PATH", &self.vms.path())]).stdout;
            let told = history.lines().find(|line| line.split_whitespace().nth(4) == Some(&outcome));
            let first = history.lines().position(|line| Some(line) == told);
            must(told.is_some() && first < Some(3), &|| format!("history: {history}"));
        }
        let tally = load.map(Load::end).unwrap_or_default();
        must(case.may_fail || tally.failed == 0, &|| tally.to_string());
        must(tally.requests > 20, &|| tally.to_string());
        Ok(Row { case: case.clone(), step, outcome, code, tally, took })
    }
}

/// How the client ended; `None`: it was killed.
fn ended(client: &mut Child) -> Result<Option<i32>, String> {
    let begun = Instant::now();
    while begun.elapsed() < LONGEST {
        if let Some(status) = client.try_wait().unwrap() {
            return Ok(status.code());
        }
        thread::sleep(Duration::from_millis(50));
    }
    let _ended = client.kill();
    client.wait().unwrap();
    Err("the client never ended".to_owned())
}

/// The release answers; after an engine has been killed that may take a moment.
fn serves(at: SocketAddr, release: u32) -> Result<(), String> {
    let begun = Instant::now();
    let mut answered = String::new();
    while begun.elapsed() < Duration::from_secs(40) {
        let ask = || -> std::io::Result<String> {
            let mut peer = TcpStream::connect_timeout(&at, Duration::from_secs(2))?;
            peer.set_read_timeout(Some(Duration::from_secs(5)))?;
            std::io::Write::write_all(&mut peer, b"GET / HTTP/1.0\r\n\r\n")?;
            let mut text = String::new();
            peer.read_to_string(&mut text)?;
            Ok(text)
        };
        answered = ask().unwrap_or_else(|error| error.to_string());
        if answered.ends_with(&format!("release {release}\n")) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(200));
    }
    Err(format!("release {release} does not serve: {answered}"))
}

fn table(rows: &[Row]) -> String {
    let mut out = "| what breaks | stack | when | first act that failed | outcome | exit | over after | requests | failed |\n|---|---|---|---|---|---|---|---|---|\n".to_owned();
    for Row { case, step, outcome, code, tally, took } in rows {
        let (when, code) =
            (case.at.replace(".*\\\"undo\\\":true", ", undone"), code.map_or("–".to_owned(), |code| code.to_string()));
        let _written = writeln!(
            out,
            "| {} | {} | {when} | {step} | {outcome} | {code} | {:.1} s | {} | {} |",
            case.name,
            case.stack,
            took.as_secs_f64(),
            tally.requests,
            tally.failed
        );
    }
    out
}

#[test]
#[ignore = "needs a Docker engine that hosts can run in, and most of an hour"]
fn whatever_breaks_the_last_good_release_serves() {
    #[derive(Deserialize)]
    struct Cases {
        case: Vec<Case>,
    }
    let Cases { case: mut cases } = toml::from_str(include_str!("broken/cases.toml")).unwrap();
    if let Ok(only) = env::var("LASTGOOD_BROKEN") {
        cases.retain(|case| only.split(',').any(|one| case.name.contains(one) || one == case.stack));
    }
    assert!(!cases.is_empty(), "no such case");
    let mut lab = Lab::up();
    let (mut rows, mut report) = (Vec::new(), Vec::new());
    for case in &cases {
        let mut wrong = Vec::new();
        let begun = Instant::now();
        match lab.walk(case, &mut wrong) {
            Ok(row) => {
                print!("{}", table(std::slice::from_ref(&row)).lines().last().unwrap_or_default());
                rows.push(row);
            }
            Err(complaint) => wrong.push(complaint),
        }
        println!(" {}, {}: {:.0} s", case.name, case.stack, begun.elapsed().as_secs_f64());
        if !wrong.is_empty() {
            let said = fs::read_to_string(lab.folder.path().join("said")).unwrap_or_default();
            let all = format!("{} ({})\n  - {}\n{said}", case.name, case.stack, wrong.join("\n  - "));
            println!("WRONG: {all}");
            report.push(all);
            // The next one is not to meet what this one left.
            let name = lab.stacks.remove(&case.stack).map(|stack| stack.name).unwrap_or_default();
            let gone = format!(
                "cd / && rm -f /usr/local/bin/docker; pkill -9 -f [l]astgood/agent || :; docker rm -f lastgood-guard-{name} 2>/dev/null || :
                 docker ps -aq --filter label=com.docker.compose.project={name} | xargs -r docker rm -fv >/dev/null
                 docker network rm {name}_default 2>/dev/null; umount /home/me/{name} 2>/dev/null; rm -rf /home/me/{name}"
            );
            shell(
                Path::new("/"),
                &format!(
                    "'{}' exec 1 bash -c '{}'",
                    fs::canonicalize(repository().join("scripts/test-vm")).unwrap().display(),
                    gone.replace('\'', "'\\''")
                ),
            )
            .unwrap();
        }
    }
    println!("{}", table(&rows));
    assert!(report.is_empty(), "{} of {} end otherwise:\n{}", report.len(), cases.len(), report.join("\n\n"));
}
