//! What somebody new does with a stack of their own and a host of their own, as the README and `init --nginx` say: two services behind the
//! host's nginx, by a user who may do there no more than what is printed; and a service alone that publishes its port.
#![expect(clippy::print_stdout, reason = "how long a deploy takes is what one wants to see of this")]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::bed::{Bed, Said, lastgood};
use crate::load::{Load, usual};
use crate::vms::Vms;

const DOCKERFILE: &str = "FROM live-python\nCOPY app.py /app.py\n";
const TWO: &str = r#"name: live-newcomer
services:
  app:
    build: .
    command: [python3, /app.py]
    init: true
    environment: { RELEASE: "${RELEASE}", STORE: "redis://store:6379" }
    ports: ["127.0.0.1:18482:8000"]
    depends_on: [store]
    restart: unless-stopped
  store:
    build: store
    restart: unless-stopped
"#;
const ALONE: &str = r#"name: live-alone
services:
  app:
    build: .
    command: [python3, /app.py]
    init: true
    environment: { RELEASE: "${RELEASE}" }
    ports: ["18490:8000"]
    restart: unless-stopped
"#;
const NGINX: &str =
    "server {\n    listen 18481;\n    location / {\n        proxy_pass http://127.0.0.1:18482;\n    }\n}\n";
const ALL_RIGHTS: &str = "/etc/sudoers.d/all";

fn stack(compose: &str) -> Bed {
    let bed = Bed::laid(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/proxied")).unwrap();
    bed.run("rm -r nginx lastgood.toml && mkdir store && printf 'FROM live-redis\\n' >store/Dockerfile").unwrap();
    fs::write(bed.path().join("compose.yaml"), compose).unwrap();
    fs::write(bed.path().join("Dockerfile"), DOCKERFILE).unwrap();
    bed
}

fn ask(vms: &Vms, bed: &Bed, arguments: &[&str]) -> Said {
    lastgood(bed.path(), arguments, &[("PATH", &vms.path())])
}

fn deploy(vms: &Vms, bed: &Bed, release: u32) -> String {
    bed.run(&format!("echo RELEASE={release} >.env")).unwrap();
    let begun = Instant::now();
    let said = ask(vms, bed, &["deploy", "--host", "vm1"]);
    println!("release {release}: {:.1} s", begun.elapsed().as_secs_f64());
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    said.stdout
}

/// Where a port of the first host is, seen from here.
fn address(vms: &Vms, port: u16) -> SocketAddr {
    let said = vms.on("1", "echo $SSH_CONNECTION");
    format!("{}:{port}", said.split_whitespace().nth(2).unwrap()).parse().unwrap()
}

/// Steps that are printed: their headlines and their lines.
fn steps(text: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("    ") {
            Some(line) if !steps.is_empty() => {
                let lines = &mut steps.last_mut().unwrap().1;
                *lines += line;
                lines.push('\n');
            }
            _ if line.starts_with(|first: char| first.is_ascii_digit()) => steps.push((line.to_owned(), String::new())),
            _ => {}
        }
    }
    steps
}

#[test]
#[ignore = "needs a Docker engine that hosts can run in"]
fn behind_the_nginx_of_the_host_with_no_right_but_what_is_printed() {
    let (bed, vms) = (stack(TWO), Vms::up());
    // nginx of before, and somebody who administers the host.
    vms.on("root@1", &format!("printf '%s' '{NGINX}' >/etc/nginx/conf.d/shop.conf && nginx -s reload && echo 'me ALL=(ALL) NOPASSWD: ALL' >{ALL_RIGHTS}"));
    deploy(&vms, &bed, 1);
    let said = ask(&vms, &bed, &["init", "--nginx", "app", "--host", "vm1"]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    println!("{}", said.stdout);
    let steps = steps(&said.stdout);
    let [(_, rights), (file, include), (place, upstream), (_, settings)] = steps.as_slice() else {
        panic!("{}", said.stdout)
    };
    // As somebody does it who reads it: by hand, as `me`, who may use sudo while the host is prepared.
    let path = file.split(", ").nth(1).unwrap();
    let (group, pass) = upstream.split_once("…\n").unwrap();
    let conf = place.split_whitespace().find_map(|word| word.split_once(".conf:")).unwrap().0;
    assert_eq!(format!("{conf}.conf"), "/etc/nginx/conf.d/shop.conf");
    let new = format!("{group}{}", NGINX.replace("proxy_pass http://127.0.0.1:18482;", pass.trim()));
    vms.on(
        "1",
        &format!(
            "export USER=me\n{rights}cat >{path} <<'END'\n{include}END\nsudo tee {conf}.conf >/dev/null <<'END'\n{new}END\n\
             sudo nginx -t 2>/dev/null && sudo nginx -s reload"
        ),
    );
    fs::write(bed.path().join("lastgood.toml"), settings).unwrap();
    vms.on("root@1", &format!("rm {ALL_RIGHTS}"));
    vms.on("1", "! sudo -n true 2>/dev/null");

    let load = Load::begin(address(&vms, 18481), &usual());
    for release in [2, 3] {
        let said = deploy(&vms, &bed, release);
        for act in ["app: the candidate gets its traffic", "app gets its traffic"] {
            assert!(said.contains(act), "{said}");
        }
    }
    // The first one was brought out before nginx was told: going back to that one would not be by nginx.
    let back = ask(&vms, &bed, &["rollback", "--host", "vm1"]);
    assert_eq!(back.code, 0, "{}{}", back.stdout, back.stderr);
    let tally = load.end();
    println!("{tally}");
    assert!(tally.failed == 0 && tally.requests > 100 && tally.answers.len() == 3, "{tally}");
    assert_eq!(vms.on("1", &format!("cat {path}")), *include);
}

#[test]
#[ignore = "needs a Docker engine that hosts can run in"]
fn a_service_alone_that_publishes_its_port() {
    let (bed, vms) = (stack(ALONE), Vms::up());
    deploy(&vms, &bed, 1);
    let plan = ask(&vms, &bed, &["deploy", "--host", "vm1", "--plan"]);
    assert!(plan.stdout.contains("nothing to do"), "{}{}", plan.stdout, plan.stderr);
    let load = Load::begin(address(&vms, 18490), &usual());
    let second = deploy(&vms, &bed, 2);
    let tally = load.end();
    println!("{second}{tally}");
    // It is made anew, and tried before.
    assert!(second.contains("app: a candidate beside it") && tally.failed > 0, "{second}{tally}");
    assert!(tally.longest < Duration::from_secs(30) && tally.answers.len() == 2, "{tally}");
    // Leaving costs nothing.
    vms.on("1", "cd live-alone && docker compose --progress quiet up --detach && docker compose ps --format '{{.Names}}' | grep -qx live-alone-app-1");
}
