//! What a team does to a host over weeks, on a real engine: deploys that are good and that are not, goes back, clears away, kills drivers,
//! removes containers and edits files by hand, two of them at once. After every command it is asked whether what the ledger says is so.
//! The same is asked ten thousand times of a host of plain values in `lastgood-rollout`.
#![expect(clippy::print_stdout, reason = "what was done to a team that failed is what one wants to see")]

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use crate::bed::{Bed, Said, binary, lastgood};

const COMPOSE: &str = r#"
services:
  web:
    image: live-python
    init: true
    stop_grace_period: 0s
    environment: {MODE: "${WEB}"}
    command: [sh, -c, 'test "$$MODE" != bad && exec python3 -m http.server 8000']
  worker:
    image: live-python
    init: true
    stop_grace_period: 0s
    environment: {MODE: "${WORKER}"}
    command: [sh, -c, 'test "$$MODE" != bad && exec sleep infinity']
"#;
const SETTINGS: &str = "[deploy]\nhold = \"300ms\"\n";
const MODES: [&str; 4] = ["one", "two", "three", "bad"];

struct Team {
    /// The project is its own, so that teams can work side by side.
    project: String,
    bed: Bed,
    live: PathBuf,
    random: Rng,
    /// Somebody changed by hand what no good release has put right since.
    meddled: bool,
    log: Vec<String>,
}

impl Team {
    fn new(seed: u64) -> Self {
        let project = format!("live-model-{seed}");
        let source = tempfile::tempdir().unwrap();
        fs::write(source.path().join("compose.yaml"), format!("name: {project}{COMPOSE}")).unwrap();
        fs::write(source.path().join("lastgood.toml"), SETTINGS).unwrap();
        fs::write(source.path().join(".env"), "WEB=one\nWORKER=one\n").unwrap();
        let bed = Bed::laid(source.path()).unwrap();
        let live = bed.path().join("state/live");
        fs::create_dir_all(&live).unwrap();
        Self { project, bed, live, random: Rng::with_seed(seed), meddled: false, log: Vec::new() }
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.random.usize(..of.len())]
    }

    fn arguments(&self) -> Vec<String> {
        ["deploy", "--local", "--env", "take", "--to", self.live.to_str().unwrap()].map(str::to_owned).to_vec()
    }

    fn started(&self) -> Child {
        let mut command = Command::new(binary());
        command.current_dir(self.bed.path()).args(self.arguments());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn deploy(&self) -> Said {
        let arguments = self.arguments();
        lastgood(self.bed.path(), &arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[])
    }

    fn goes_on(&mut self) {
        let what = self.random.u32(..100);
        if what < 60 {
            let modes = format!("WEB={}\nWORKER={}\n", self.one_of(&MODES), self.one_of(&MODES));
            fs::write(self.bed.path().join(".env"), &modes).unwrap();
            self.log.push(format!("{what}: {}", modes.replace('\n', " ")));
        } else {
            self.log.push(what.to_string());
        }
        let code = match what {
            0..35 => Some(self.deploy()),
            35..50 => {
                // Whoever drives dies at some moment, and whoever comes next brings it to its end.
                let mut child = self.started();
                thread::sleep(Duration::from_millis(self.random.u64(100..6_000)));
                let _over = child.kill();
                child.wait().unwrap();
                Some(self.deploy())
            }
            50..60 => {
                let mut other = self.started();
                let said = self.deploy();
                other.wait().unwrap();
                Some(said)
            }
            60..75 => Some(lastgood(&self.live, &["rollback", "--local"], &[])),
            75..85 => Some(lastgood(&self.live, &["prune", "--local"], &[])),
            85..90 => self.by_hand("docker ps --quiet --filter name=$PROJECT-web | xargs -r docker rm --force"),
            90..95 => self.by_hand("if [ -e .env ]; then sed -i 's/WORKER=.*/WORKER=mended/' .env; fi"),
            _ => self.by_hand("if [ -e .env ]; then docker compose --progress quiet up --detach; fi"),
        };
        if let Some(said) = code {
            self.log.push(format!("  {} {}", said.code, said.stdout.lines().last().unwrap_or(&said.stderr)));
            // 2 and a hint: somebody else was at it, or there is nothing to go back to. Never 3: there is always a way back here.
            assert!(
                (0..=2).contains(&said.code) || said.stdout.contains("removed"),
                "{}\n{}",
                self.told(),
                said.stdout
            );
            self.meddled &= said.code != 0 || what >= 75;
        }
        self.is_true();
    }

    fn by_hand(&mut self, script: &str) -> Option<Said> {
        self.run(&format!("cd state/live; {script}")).unwrap();
        self.meddled = true;
        None
    }

    fn run(&self, script: &str) -> Result<(), String> {
        self.bed.run(&format!("export PROJECT={}; {script}", self.project))
    }

    fn told(&self) -> String {
        self.log.join("\n")
    }

    /// What the ledger says is so.
    fn is_true(&self) {
        // A guard may be at it still, on behalf of somebody who died.
        let over = "guards() { docker ps --all --quiet --filter name=^lastgood-guard-$PROJECT'$'; }; export -f guards
             await test ! -e state/live/.lastgood/lock && await bash -c '[ -z \"$(guards)\" ]'";
        assert_eq!(self.run(over), Ok(()), "it is never over: {}", self.told());
        let history = lastgood(&self.live, &["history", "--local", "--json"], &[]);
        assert_eq!(history.code, 0, "{}{}", self.told(), history.stderr);
        let history: Value = serde_json::from_str(&history.stdout).unwrap();
        assert_eq!(history["damaged"], 0, "{}", self.told());
        let rollouts = history["rollouts"].as_array().unwrap();
        assert!(rollouts.iter().all(|one| !one["outcome"].is_null()), "unfinished: {}", self.told());
        let left = "[ -z \"$(docker ps --all --quiet --filter label=lastgood.candidate --filter name=$PROJECT-)\" ]";
        assert_eq!(self.run(left), Ok(()), "a candidate stays: {}", self.told());
        let Some(current) = history["current"].as_str().filter(|_| !self.meddled) else { return };
        let kept = self.live.join(".lastgood/releases").join(current).join("files/.env");
        let (kept, files) = (fs::read_to_string(kept), fs::read_to_string(self.live.join(".env")));
        assert_eq!(kept.unwrap(), files.unwrap(), "{}", self.told());
        let same = "cd state/live; . ./.env
             of() { docker inspect $PROJECT-$1-1 --format '{{.State.Running}} {{.Config.Env}}'; }
             of web | grep -q \"^true .*MODE=$WEB\" && of worker | grep -q \"^true .*MODE=$WORKER\"
             before=$(docker compose ps --quiet | sort); docker compose --progress quiet up --detach
             [ \"$before\" = \"$(docker compose ps --quiet | sort)\" ]";
        assert_eq!(self.run(same), Ok(()), "{}", self.told());
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        if thread::panicking() {
            // Who did what to its containers just before, and when, in the engine's own words.
            let events = "docker events --since 2m --until 0s --filter label=com.docker.compose.project=$PROJECT \
                --format '{{.TimeNano}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}}' >&2
                docker ps --all --filter name=$PROJECT >&2; false";
            println!("{}:\n{}", self.project, self.run(events).unwrap_err());
        }
        let clear = "docker ps --all --quiet --filter label=com.docker.compose.project=$PROJECT | xargs -r docker rm --force
                     docker network ls --quiet --filter label=com.docker.compose.project=$PROJECT | xargs -r docker network rm
                     docker image ls --format '{{.Repository}}:{{.Tag}}' | grep \"^lastgood/$PROJECT/\" | xargs -r docker image rm";
        let _gone = self.run(clear);
    }
}

#[test]
#[ignore = "needs a Docker engine, and half a minute for each sequence"]
fn whatever_a_team_does_what_the_ledger_says_is_so() {
    let number = |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let first: u64 = number("LASTGOOD_SEED", 0);
    let (next, end) = (AtomicU64::new(first), first + number("LASTGOOD_SEQUENCES", 3));
    // Most of the time is spent waiting.
    thread::scope(|all| {
        for _ in 0..number("LASTGOOD_SIDE_BY_SIDE", 3) {
            all.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < end) {
                    let mut team = Team::new(seed);
                    for _ in 0..6 {
                        team.goes_on();
                    }
                    println!("sequence {seed}: {}", team.told().replace('\n', "; "));
                }
            });
        }
    });
}
