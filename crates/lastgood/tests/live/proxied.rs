//! Releases behind a real nginx, in the stack and on the host, under constant load: no request is lost. The usual run takes two of them
//! and a rollback; with `LASTGOOD_PROXIED=all` it is ten and three.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::bed::{Bed, Said, binary, lastgood, shell};
use crate::load::{Load, Tally, usual};

const IN_STACK: &str = "127.0.0.1:18480";
const ON_HOST: &str = "127.0.0.1:18481";

struct Site {
    source: Bed,
    live: PathBuf,
}

impl Site {
    fn new() -> Self {
        let source = Bed::laid(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/proxied")).unwrap();
        let live = source.path().join("state/live");
        Self { source, live }
    }

    fn deploy(&self, release: u32) -> Said {
        self.source.run(&format!("echo RELEASE={release} >.env")).unwrap();
        lastgood(self.source.path(), &["deploy", "--local", "--to", self.live.to_str().unwrap()], &[])
    }

    fn rollback(&self) -> Said {
        lastgood(&self.live, &["rollback", "--local"], &[])
    }

    /// The users' own commands see what they expect, and have nothing to do; nothing of ours is left running.
    fn is_as_compose_has_it(&self, when: &str) {
        let all = "docker ps --all --no-trunc --filter label=com.docker.compose.project=live-proxied --format '{{.Names}} {{.ID}}' | sort";
        let script = format!(
            "{all} >before
             [ \"$(docker compose ps --services | sort | xargs)\" = \"$(docker compose config --services | sort | xargs)\" ]
             docker compose up --detach --quiet-pull 2>/dev/null
             {all} >after && cmp before after && [ $(wc -l <after) = $(docker compose config --services | wc -l) ]
             rm before after"
        );
        shell(&self.live, &script).map_err(|why| format!("{when}: {why}")).unwrap();
    }

    /// Begins a deploy that nobody waits for.
    fn begin(&self, release: u32) -> Child {
        self.source.run(&format!("echo RELEASE={release} >.env")).unwrap();
        let mut command = Command::new(binary());
        command.args(["deploy", "--local", "--to"]).arg(&self.live).current_dir(self.source.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The include in the stack.
    fn include(&self) -> String {
        fs::read_to_string(self.live.join("nginx/lastgood/app.conf")).unwrap()
    }

    /// Which container a service has.
    fn container(&self, service: &str) -> String {
        let script = format!("docker compose ps --quiet {service} >container");
        shell(&self.live, &script).unwrap();
        let id = fs::read_to_string(self.live.join("container")).unwrap();
        fs::remove_file(self.live.join("container")).unwrap();
        id
    }

    /// Releases and rollbacks under load, as many as this run takes.
    #[expect(
        clippy::print_stdout,
        reason = "how many requests there were, and how long a deploy took, is what it is about"
    )]
    fn stands(&self, server: SocketAddr, runs: Runs) -> Tally {
        let load = Load::begin(server, &usual());
        let mut current = vec![1];
        let steps = runs.releases + runs.rollbacks;
        for step in 0..steps {
            let begun = Instant::now();
            // A rollback after every third release, and at the end.
            let back = step + 1 == steps || step % 4 == 3 && step + 2 < steps;
            let (said, now) = if back {
                current.pop();
                (self.rollback(), *current.last().unwrap())
            } else {
                current.push(step + 2);
                (self.deploy(step + 2), step + 2)
            };
            println!("{}: {} ms", if back { "back" } else { "release" }, begun.elapsed().as_millis());
            assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
            for act in ["app: the candidate gets its traffic", "app gets its traffic"] {
                assert!(said.stdout.contains(act), "{}", said.stdout);
            }
            self.is_as_compose_has_it(&format!("release {now}"));
        }
        let begun = Instant::now();
        while load.made() < runs.requests && begun.elapsed() < Duration::from_secs(600) {
            thread::sleep(Duration::from_millis(100));
        }
        let tally = load.end();
        println!("{tally}");
        assert!(tally.requests >= runs.requests, "{tally}");
        assert_eq!(tally.failed, 0, "{tally}");
        // Each of them was met by somebody.
        assert_eq!(tally.answers.len(), runs.releases as usize + 1, "{:?}", tally.answers);
        tally
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _gone = shell(
            Path::new("/"),
            "docker rm --force lastgood-candidate-live-proxied-app 2>/dev/null
             docker compose -p live-proxied --progress quiet down --volumes --timeout 0
             docker image ls --format '{{.Repository}}:{{.Tag}}' | grep '^lastgood/live-proxied/' | xargs -r docker image rm",
        );
    }
}

/// An nginx of the host, as a plain process with all its files in a folder of its own.
struct HostNginx(Vec<String>);

impl HostNginx {
    /// Begins it; it includes `include` as what its requests go to.
    fn begin(prefix: &Path, include: &Path) -> Self {
        fs::create_dir_all(prefix).unwrap();
        let temporary =
            ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {name};"));
        let conf = format!(
            "pid nginx.pid; error_log error.log; worker_processes 2; events {{}}
             http {{ access_log off; {}
               upstream app {{ include {}; keepalive 8; }}
               server {{ listen {ON_HOST}; location / {{
                 proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }} }}",
            temporary.concat(),
            include.display()
        );
        fs::write(prefix.join("nginx.conf"), conf).unwrap();
        let shown = prefix.display();
        let words = format!("/usr/sbin/nginx -p {shown} -c {shown}/nginx.conf -e {shown}/error.log");
        let nginx = Self(words.split(' ').map(str::to_owned).collect());
        assert!(nginx.run(&[]));
        nginx
    }

    fn run(&self, arguments: &[&str]) -> bool {
        Command::new(&self.0[0]).args(&self.0[1..]).args(arguments).status().unwrap().success()
    }
}

impl Drop for HostNginx {
    fn drop(&mut self) {
        self.run(&["-s", "quit"]);
    }
}

#[derive(Clone, Copy)]
struct Runs {
    releases: u32,
    rollbacks: u32,
    requests: u64,
}

impl Runs {
    fn of_environment() -> Self {
        if is_long() {
            Self { releases: 10, rollbacks: 3, requests: 20_000 }
        } else {
            Self { releases: 2, rollbacks: 1, requests: 2_000 }
        }
    }
}

fn is_long() -> bool {
    env::var_os("LASTGOOD_PROXIED").is_some_and(|all| all == "all")
}

#[test]
#[ignore = "needs a Docker engine"]
fn no_request_is_lost_behind_an_nginx_in_the_stack() {
    let site = Site::new();
    let first = site.deploy(1);
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    let home = site.include();
    site.stands(IN_STACK.parse().unwrap(), Runs::of_environment());
    assert_eq!(site.include(), home);

    // The load would notice.
    if is_long() {
        site.source.run("sed -i s/proxy/recreate/ lastgood.toml").unwrap();
        let load = Load::begin(IN_STACK.parse().unwrap(), &usual());
        let anew = site.deploy(99);
        assert_eq!(anew.code, 0, "{}{}", anew.stdout, anew.stderr);
        let tally = load.end();
        println!("made anew: {tally}");
        assert!(tally.failed > 0, "{tally}");
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn no_request_is_lost_by_whoever_dies_nor_by_what_nginx_refuses() {
    let site = Site::new();
    let first = site.deploy(1);
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    let (home, web) = (site.include(), site.container("web"));
    let load = Load::begin(IN_STACK.parse().unwrap(), &usual());

    // Whoever deploys dies as soon as the candidate has the traffic, or a little later, while the service is made anew.
    for (release, later_ms) in [(2, 0), (3, 900)] {
        let mut dies = site.begin(release);
        let begun = Instant::now();
        while site.include() == home {
            assert!(begun.elapsed() < Duration::from_secs(60) && dies.try_wait().unwrap().is_none(), "never away");
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(later_ms));
        dies.kill().unwrap();
        dies.wait().unwrap();
        // Taken up, and back; what is wanted now is what runs.
        let next = site.deploy(1);
        assert!(next.code == 0 && next.stdout.contains("nothing to do"), "{}{}", next.stdout, next.stderr);
        assert_eq!(site.include(), home);
        site.is_as_compose_has_it("taken up");
    }

    // Its configuration is taken over by the nginx that is there.
    let conf = "nginx/conf.d/default.conf";
    site.source.run(&format!("sed -i 's/listen 80;/listen 80; server_tokens off;/' {conf}")).unwrap();
    let told = site.deploy(1);
    assert!(told.code == 0 && told.stdout.contains("takes its configuration over"), "{}{}", told.stdout, told.stderr);
    shell(&site.live, "docker compose exec -T web nginx -T 2>/dev/null | grep server_tokens >/dev/null").unwrap();
    // What it refuses is said in its own words, and what was there is there.
    site.source.run(&format!("sed -i 's/server_tokens/server_tockens/' {conf}")).unwrap();
    let refused = site.deploy(1);
    assert!(refused.code == 1 && refused.stdout.contains("server_tockens"), "{}{}", refused.stdout, refused.stderr);
    site.is_as_compose_has_it("refused");
    assert_eq!(site.container("web"), web, "nginx was made anew");

    // An include that is not ours is not touched.
    site.source
        .run(&format!("sed -i 's/server_tockens/server_tokens/' {conf} && sed -i /lastgood/d nginx/lastgood/app.conf"))
        .unwrap();
    let foreign = site.deploy(2);
    assert!(foreign.code == 2 && foreign.stderr.contains("init --nginx"), "{}{}", foreign.stdout, foreign.stderr);

    let tally = load.end();
    assert!(tally.failed == 0 && tally.requests > 1_000, "{tally}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_has_to_be_done_once_is_printed_and_enough() {
    let site = Site::new();
    site.source
        .run(
            "rm -r nginx/lastgood lastgood.toml && sed -i '/nginx.lastgood/d' compose.yaml
             sed -i 's|include .*|server app:8000 max_fails=0;|' nginx/conf.d/default.conf",
        )
        .unwrap();
    let first = site.deploy(1);
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    let said = lastgood(&site.live, &["init", "--nginx", "app"], &[]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    // As somebody does it who reads it.
    let steps: Vec<String> = said
        .stdout
        .split("\n\n")
        .filter(|block| block.starts_with("    "))
        .map(|block| block.lines().map(|line| line.strip_prefix("    ").unwrap_or(line).to_owned() + "\n").collect())
        .collect();
    let [include, mount, upstream, settings] = steps.as_slice() else { panic!("{}", said.stdout) };
    let mount = mount.lines().find(|line| line.contains(":ro")).unwrap().trim();
    let at = site.source.path();
    fs::create_dir_all(at.join("lastgood/nginx")).unwrap();
    fs::write(at.join("lastgood/nginx/app.conf"), include).unwrap();
    fs::write(at.join("lastgood.toml"), settings).unwrap();
    fs::write(at.join("upstream"), upstream).unwrap();
    site.source
        .run(&format!(
            "sed -i 's|^      - ./nginx/conf.d.*|&\\n      {mount}|' compose.yaml
             {{ cat upstream; sed '/^upstream/,/^}}/d' nginx/conf.d/default.conf; }} >new && mv new nginx/conf.d/default.conf && rm upstream"
        ))
        .unwrap();
    // With it comes the include; from the next one on it is used.
    let second = site.deploy(2);
    assert!(second.code == 0 && second.stdout.contains("not by nginx this time"), "{}{}", second.stdout, second.stderr);
    // Whoever waits for less than requests take is told so; those that take longer may be cut off, and no others.
    site.source.run("printf '[deploy.nginx]\\ndrain = \"300ms\"\\n' >>lastgood.toml").unwrap();
    let load = Load::begin(IN_STACK.parse().unwrap(), &usual());
    let third = site.deploy(3);
    assert!(third.stdout.contains("still had requests to answer after 0.3 s"), "{}{}", third.stdout, third.stderr);
    assert!(
        third.code == 0 && third.stdout.contains("the candidate gets its traffic"),
        "{}{}",
        third.stdout,
        third.stderr
    );
    let tally = load.end();
    assert!(tally.failures.iter().all(|failure| failure.contains("/slow")), "{tally}");
    let done = lastgood(&site.live, &["init", "--nginx", "app"], &[]);
    assert!(done.stdout.contains("nothing to do"), "{}{}", done.stdout, done.stderr);
}

#[test]
#[ignore = "needs a Docker engine"]
fn no_request_is_lost_behind_an_nginx_of_the_host() {
    let site = Site::new();
    let (prefix, includes) = (site.source.path().join("state/host"), site.source.path().join("state/includes"));
    let include = includes.join("live-proxied-app.conf");
    fs::create_dir_all(&includes).unwrap();
    let home = "# lastgood: app\nserver 127.0.0.1:18482; # published\n";
    fs::write(&include, home).unwrap();
    let (shown, folder) = (prefix.display(), includes.display());
    site.source
        .run(&format!(
            "sed -i '/^  web:/,/unless-stopped/d; s/^    init: true/&\\n    ports: [\"127.0.0.1:18482:8000\"]/' compose.yaml
             printf '[deploy.nginx]\\nfolder = \"{folder}\"\\nbecome = \"env\"\\ncommand = \"/usr/sbin/nginx -p {shown} -c {shown}/nginx.conf -e {shown}/error.log\"\\n' >>lastgood.toml"
        ))
        .unwrap();
    let first = site.deploy(1);
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    let nginx = HostNginx::begin(&prefix, &include);
    site.stands(ON_HOST.parse().unwrap(), Runs { requests: 2_000, ..Runs::of_environment() });
    assert_eq!(fs::read_to_string(&include).unwrap(), home);
    drop(nginx);
}
