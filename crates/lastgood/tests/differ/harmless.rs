//! Asking changes nothing: everything that is there is looked at before and after each command that only looks. What changes by
//! itself is left out: what a health check said last.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::bed::{Bed, lastgood};

const COMPOSE: &str = r#"
services:
  web:
    image: live-nginx
    volumes: ["./nginx:/etc/nginx/conf.d:ro", "cache:/var/cache/nginx"]
    ports: ["127.0.0.1::80"]
    depends_on: [shop]
  shop:
    image: live-python
    env_file: [.env]
    volumes: ["./state:/state"]
    stop_grace_period: 0s
    healthcheck: {test: [CMD, "true"], interval: 1s}
  store:
    image: live-redis
    command: redis-server --requirepass ${STORE_PASSWORD}
volumes: {cache: {}}
"#;
const NGINX: &str = "server { listen 80; location / { proxy_pass http://shop:8000; proxy_connect_timeout 1s; } }\n";

#[test]
#[ignore = "needs a Docker engine"]
fn asking_changes_nothing() {
    let source = TempDir::new().unwrap();
    fs::create_dir(source.path().join("nginx")).unwrap();
    fs::write(source.path().join("compose.yaml"), COMPOSE).unwrap();
    fs::write(source.path().join("nginx/shop.conf"), NGINX).unwrap();
    fs::write(source.path().join(".env"), "STORE_PASSWORD=a-word-of-it\nMODE=one\n").unwrap();
    fs::write(source.path().join(".env.example"), "STORE_PASSWORD=\nMODE=\n").unwrap();
    let bed = Bed::up(source.path()).unwrap();
    // Something is to be told: files that differ, a service that is down, requests that failed.
    let broken = "for _ in 1 2 3; do curl -s -o /dev/null \"http://$(docker compose port web 80)/\"; done
        echo MODE=two >>.env; docker compose stop shop
        for _ in 1 2 3; do curl -s -o /dev/null \"http://$(docker compose port web 80)/\"; done";
    bed.run(broken).unwrap();
    let (elsewhere, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let case = elsewhere.path().join("case");
    let case = case.to_str().unwrap();
    let report = elsewhere.path().join("report.html");
    let before = everything(bed.path());
    assert!(before.len() > 20, "{:?}", before.keys());
    let commands: [&[&str]; 12] = [
        &["why"],
        &["why", "-v", "--json"],
        &["why", "shop"],
        &["check"],
        &["check", "-v", "--json"],
        &["status"],
        &["status", "--json"],
        &["capture", "-o", case],
        &["why", "--case", case],
        &["timeline", "--case", case],
        &["report"],
        &["report", "--format", "html", "-o", report.to_str().unwrap()],
    ];
    for arguments in commands {
        let said = lastgood(bed.path(), arguments, &[("HOME", home.path().to_str().unwrap())]);
        assert!((0..=1).contains(&said.code), "{arguments:?}: exit {}: {}{}", said.code, said.stdout, said.stderr);
        let after = everything(bed.path());
        let changed: Vec<&String> =
            before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name)).collect();
        let shown = changed.first().map(|name| format!("\n{:?}\n{:?}", before.get(*name), after.get(*name)));
        assert!(changed.is_empty(), "{arguments:?} changed {changed:?}{}", shown.unwrap_or_default());
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "nothing is written at home");
    // What is compared would show it.
    bed.run("touch compose.yaml; docker pause $(docker compose ps --quiet store)").unwrap();
    let after = everything(bed.path());
    let changed = before.iter().filter(|(name, text)| after.get(*name) != Some(text)).count();
    assert_eq!(changed, 2, "a file that was touched and a container that was frozen");
    println!("{} commands, {} things are as they were", commands.len(), before.len());
}

/// All that could be changed, by name.
fn everything(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    files(folder, &mut found);
    let project = folder.file_name().unwrap().to_string_lossy().to_ascii_lowercase();
    // On an engine that others use, too, only what is ours stands still.
    let alone = env::var_os("LASTGOOD_IMAGES").is_some_and(|where_from| where_from == "given");
    let filter = format!("label=com.docker.compose.project={project}");
    let of_project: &[&str] = if alone { &[] } else { &["--filter", &filter] };
    for (kind, list) in [
        ("container", &["ps", "--all", "--quiet", "--no-trunc"][..]),
        ("network", &["network", "ls", "--quiet"]),
        ("volume", &["volume", "ls", "--quiet"]),
    ] {
        let mut arguments = list.to_vec();
        arguments.extend(of_project);
        for id in docker(&arguments).lines() {
            let body = docker(&[kind, "inspect", id]);
            let mut body: Value = serde_json::from_str(&body).unwrap();
            if let Some(health) = body[0].pointer_mut("/State/Health") {
                *health = Value::Null;
            }
            assert_eq!(body[0]["ExecIDs"], Value::Null, "nothing of ours runs in a container");
            in_order(&mut body);
            if kind == "container" {
                let diff = docker(&["diff", id]);
                let mut diff: Vec<&str> = diff.lines().collect();
                diff.sort_unstable();
                found.insert(format!("files of {id}"), diff.join("\n"));
                found.insert(format!("log of {id}"), docker(&["logs", "--timestamps", id]));
            }
            found.insert(format!("{kind} {id}"), body.to_string());
        }
    }
    for image in ["live-nginx", "live-python", "live-redis"] {
        found.insert(format!("image {image}"), docker(&["image", "inspect", image]));
    }
    if alone {
        found.insert("images".to_owned(), docker(&["images", "--all", "--no-trunc"]));
        found.insert("configuration of the firewall".to_owned(), firewall());
    } else {
        let bridge = docker(&["network", "inspect", "--format", "{{slice .Id 0 12}}", &format!("{project}_default")]);
        let ours: Vec<String> =
            firewall().lines().filter(|line| line.contains(bridge.trim())).map(str::to_owned).collect();
        found.insert("firewall".to_owned(), ours.join("\n"));
    }
    found
}

/// An engine lists mounts and the like in any order.
fn in_order(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(in_order);
            items.sort_by_key(Value::to_string);
        }
        Value::Object(fields) => fields.values_mut().for_each(in_order),
        _ => {}
    }
}

/// Rules without what they counted.
fn firewall() -> String {
    let output = Command::new("iptables-save").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(" [").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// Each with its bytes, its times and its rights.
fn files(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let facts = fs::symlink_metadata(&path).unwrap();
        let bytes = if facts.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        let times = (facts.mtime(), facts.mtime_nsec(), facts.ctime(), facts.ctime_nsec());
        let rights = (facts.mode(), facts.uid(), facts.gid(), facts.ino());
        found.insert(path.display().to_string(), format!("{times:?} {rights:?} {bytes:?}"));
        if facts.is_dir() {
            files(&path, found);
        }
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
