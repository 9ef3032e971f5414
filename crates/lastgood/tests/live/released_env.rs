//! Where the `.env` of a release comes from, what becomes of one that somebody mended on the target, and what prune and remove leave
//! behind: with real containers, and a real sshd for targets that lastgood.toml names.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bed::{Said, lastgood, shell};
use crate::hosts::Host;
use crate::site::Site;

const PROJECT: &str = "live-environment";

fn site() -> Site {
    Site::of(PROJECT, "environment")
}

impl Site {
    fn env(&self) -> String {
        self.file(".env").unwrap_or_default()
    }

    /// Names of files that were replaced and are kept, with what `.env` held.
    fn replaced(&self) -> Vec<String> {
        let store = self.live.join(".lastgood/releases");
        let kept = fs::read_dir(store).into_iter().flatten().map(|entry| entry.unwrap().path());
        let kept = kept.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".replaced-"));
        kept.filter_map(|path| fs::read_to_string(path.join("files/.env")).ok()).collect()
    }
}

fn ends(said: &Said, code: i32, words: &[&str]) {
    said.ends(code, words);
    assert!(!said.text().contains("carbon-"), "a secret is said: {}", said.text());
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_was_mended_on_the_target_is_not_overwritten_unasked() {
    let site = site();
    let (one, two) = ("PLACE=/srv/one\nSTORE_PASSWORD=carbon-1\n", "PLACE=/srv/two\nSTORE_PASSWORD=carbon-1\n");
    site.of_source(".env", one);
    ends(&site.deploy(&[]), 0, &["serves"]);
    ends(&site.deploy(&[]), 0, &["nothing to do"]);

    // Mended, and at work. Neither is it overwritten, nor is what is new anything before somebody chose.
    let mended = "PLACE=/srv/one\nSTORE_PASSWORD=carbon-2\nDEBUG=true\n";
    site.of_live(".env", mended);
    shell(&site.live, "docker compose --progress quiet up --detach").unwrap();
    site.of_source(".env", two);
    let ledger = || fs::read_to_string(site.live.join(".lastgood/ledger.jsonl")).unwrap();
    let before = ledger();
    for arguments in [[].as_slice(), &["--plan"]] {
        ends(
            &site.deploy(arguments),
            1,
            &[
                ".env is not as the last release left it",
                "PLACE: changed in the new release (last release /srv/one, server /srv/one, new release /srv/two)",
                "STORE_PASSWORD: changed on the server",
                "DEBUG: changed on the server (last release none, server true, new release none)",
                "is refused; nothing was changed",
                "--env take",
            ],
        );
        assert_eq!((ledger(), site.env()), (before.clone(), mended.to_owned()));
    }
    ends(&site.deploy(&["--lang", "ko"]), 1, &["STORE_PASSWORD: 서버에서 변경", "거부됨"]);

    // One that fails goes back to what served: the mended file.
    let compose = fs::read_to_string(site.source.path().join("compose.yaml")).unwrap();
    site.of_source("compose.yaml", &compose.replace("import time; time.sleep(9999)", "raise SystemExit(3)"));
    ends(&site.deploy(&["--env", "take"]), 1, &["overwritten, and a copy kept", "serves again"]);
    assert_eq!((site.env().as_str(), site.told("app", "STORE_PASSWORD").as_str()), (mended, "carbon-2"));
    site.of_source("compose.yaml", &compose);
    ends(&site.deploy(&[]), 1, &["STORE_PASSWORD: changed on the server"]);

    // Kept: the server's file is the release's.
    ends(&site.deploy(&["--env", "keep", "--plan"]), 0, &["becomes part of this one", "nothing was changed"]);
    ends(&site.deploy(&["--env", "keep"]), 0, &["serves"]);
    assert_eq!((site.env().as_str(), site.told("app", "STORE_PASSWORD").as_str()), (mended, "carbon-2"));
    ends(&site.deploy(&["--env", "keep"]), 0, &["PLACE", "serves"]);
    assert_eq!((site.env().as_str(), site.told("app", "PLACE").as_str()), (two, "/srv/two"));

    // Taken: the new file is, and what it replaced is kept. Not at work yet, it is nothing to go back to.
    site.of_live(".env", mended);
    site.of_source(".env", one);
    ends(&site.deploy(&["--env", "take"]), 0, &["serves"]);
    assert_eq!((site.env().as_str(), site.told("app", "PLACE").as_str()), (one, "/srv/one"));
    assert!(site.replaced().iter().any(|text| text == mended));

    // Back, byte for byte: to what was there before, and to what was kept.
    ends(&site.here(&["rollback", "--local"]), 0, &["serves"]);
    assert_eq!(site.env(), two);
    let history = site.here(&["history", "--local"]).stdout;
    let kept = history.lines().filter(|line| line.contains(" good ")).nth_back(1).unwrap();
    let kept = kept.split_whitespace().nth(3).unwrap();
    ends(&site.here(&["rollback", "--local", kept]), 0, &["serves"]);
    assert_eq!((site.env().as_str(), site.told("app", "STORE_PASSWORD").as_str()), (mended, "carbon-2"));
    assert_eq!(mode(&site.live.join(".env")), 0o600);
    assert!(!ledger().contains("carbon-"), "the ledger holds a secret");
}

#[test]
#[ignore = "needs a Docker engine and sshd"]
fn the_env_of_a_target_comes_from_where_its_settings_say() {
    let site = site();
    let host = Host::up();
    let deploy = |keys: &str, arguments: &[&str]| {
        let settings = format!("[target.prod]\nhost = 'vm'\npath = '{}'\n{keys}\n", site.live.display());
        site.of_source("lastgood.toml", &settings);
        let arguments: Vec<&str> = ["deploy"].into_iter().chain(arguments.iter().copied()).collect();
        host.ask(site.source.path(), &arguments)
    };
    // A file, where there is no .env that Compose could read instead.
    site.of_source(".env.prod", "PLACE=/srv/file\nSTORE_PASSWORD=carbon-file\n");
    ends(&deploy("env_file = '.env.prod'", &["--plan"]), 0, &["app: it has no container yet"]);
    ends(&deploy("env_file = '.env.prod'", &[]), 0, &["serves"]);
    assert_eq!(
        (site.told("app", "PLACE").as_str(), site.told("app", "STORE_PASSWORD").as_str()),
        ("/srv/file", "carbon-file")
    );
    assert_eq!(mode(&site.live.join(".env")), 0o600);
    assert!(!site.source.path().join(".env").exists() && !site.live.join(".env.prod").exists());
    ends(&deploy("env_file = '.env.gone'", &[]), 2, &["env_file .env.gone cannot be read"]);

    // A command, although there is one. What is built is built of the real folder.
    site.of_source(".env", "PLACE=/srv/wrong\n");
    site.of_source("locked", "PLACE=/srv/command\nSTORE_PASSWORD=carbon-command\n");
    site.of_source("Dockerfile", "FROM live-python\nARG PLACE\nCOPY locked /\nRUN echo $PLACE >/place\n");
    let compose = fs::read_to_string(site.source.path().join("compose.yaml")).unwrap();
    let built = "build: { context: ., args: { PLACE: \"${PLACE}\" } }";
    site.of_source("compose.yaml", &compose.replace("image: live-python", built));
    let path = format!("{}:{}", host.folder().join("bin").display(), std::env::var("PATH").unwrap());
    let with_builder = |keys: &str| {
        let settings = format!("[target.prod]\nhost = 'vm'\npath = '{}'\n{keys}\n", site.live.display());
        site.of_source("lastgood.toml", &settings);
        lastgood(site.source.path(), &["deploy"], &[("PATH", &path), ("DOCKER_BUILDKIT", "1")])
    };
    ends(&with_builder("env_command = 'cat locked'"), 0, &["serves"]);
    assert_eq!(
        (site.told("app", "PLACE").as_str(), site.told("app", "STORE_PASSWORD").as_str()),
        ("/srv/command", "carbon-command")
    );
    shell(&site.live, &format!("[ \"$(docker exec {PROJECT}-app-1 cat /place)\" = /srv/command ]")).unwrap();
    ends(
        &deploy("env_command = 'cat locked; echo no key here >&2; exit 4'", &["--no-build"]),
        2,
        &["env_command ends with exit code 4: no key here"],
    );
    ends(&deploy("env_command = 'true'", &["--no-build"]), 2, &["env_command prints nothing"]);
    site.of_source("compose.yaml", &compose);

    // The server's own: it never comes here, and a change of it is a change of the release.
    site.of_live(".env", "PLACE=/srv/server\nSTORE_PASSWORD=carbon-server\n");
    ends(
        &deploy("env = 'server'", &[]),
        0,
        &["PLACE is /srv/command in the container, /srv/server in the files", "serves"],
    );
    assert_eq!(
        (site.told("app", "PLACE").as_str(), site.told("app", "STORE_PASSWORD").as_str()),
        ("/srv/server", "carbon-server")
    );
    ends(&deploy("env = 'server'", &[]), 0, &["nothing to do"]);
    site.of_live(".env", "PLACE=/srv/next\nSTORE_PASSWORD=carbon-server\n");
    ends(&deploy("env = 'server'", &[]), 0, &["PLACE", "serves"]);
    ends(&host.ask(site.source.path(), &["rollback"]), 0, &["serves"]);
    assert_eq!(
        (site.env().as_str(), site.told("app", "PLACE").as_str()),
        ("PLACE=/srv/server\nSTORE_PASSWORD=carbon-server\n", "/srv/server")
    );
    fs::remove_file(site.live.join(".env")).unwrap();
    ends(&deploy("env = 'server'", &[]), 2, &["there is no .env in", "put it there first"]);
    shell(&site.live, &format!("docker compose -p {PROJECT} down --timeout 0; docker image rm -f {PROJECT}-app"))
        .unwrap();
}

/// Lines of JSON.
fn events(said: &Said) -> Vec<Value> {
    said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
#[ignore = "needs a Docker engine"]
fn programs_are_told_of_deploys_in_events() {
    let site = site();
    let env = |place: &str| site.of_source(".env", &format!("PLACE={place}\nSTORE_PASSWORD=carbon-1\n"));
    env("/srv/one");
    let planned = events(&site.deploy(&["--plan", "--json"]));
    assert_eq!((planned.len(), &planned[1]["outcome"]), (2, &Value::from("planned")), "{planned:?}");
    assert_eq!(planned[0]["services"][0]["reasons"][0], "it has no container yet");

    let first = site.deploy(&["--json"]);
    ends(&first, 0, &[]);
    let first = events(&first);
    let (plan, outcome) = (first.first().unwrap(), first.last().unwrap());
    assert_eq!((&plan["schema"], &plan["parent"]), (&Value::from("lastgood.events/1"), &Value::Null));
    assert_eq!((&outcome["event"], &outcome["outcome"]), (&Value::from("outcome"), &Value::from("good")));
    assert!(outcome["seconds"].as_f64().unwrap() > 3.0, "{outcome}");
    let acts = || first.iter().filter(|event| event["event"] == "act");
    let switch = acts().find(|act| act["act"] == "switch").unwrap();
    assert_eq!((&switch["service"], &switch["release"]), (&Value::from("app"), &plan["release"]));
    let gate = acts().find(|act| act["act"] == "gate").unwrap();
    assert!(gate["ms"].as_u64().unwrap() >= 3000 && gate["ending"] == "done", "{gate}");
    assert!(acts().all(|act| act["back"] == false && act["why"].is_null()));
    assert_eq!(events(&site.deploy(&["--json"]))[1]["outcome"], "nothing");

    // One that goes back says where and why; one that is refused, what has to be said first.
    let compose = fs::read_to_string(site.source.path().join("compose.yaml")).unwrap();
    site.of_source("compose.yaml", &compose.replace("import time; time.sleep(9999)", "raise SystemExit('carbon-1')"));
    let back = site.deploy(&["--json"]);
    ends(&back, 1, &[]);
    let back = events(&back);
    assert_eq!((&back.last().unwrap()["outcome"], &back[0]["parent"]), (&Value::from("rolled-back"), &plan["release"]));
    let failed = back.iter().find(|event| event["ending"] == "failed").unwrap();
    assert!(failed["act"] == "gate" && failed["why"].as_str().unwrap().contains("ends"), "{failed}");
    assert!(back.iter().any(|event| event["act"] == "switch" && event["back"] == true));
    site.of_source("compose.yaml", &compose);
    site.of_live(".env", "PLACE=/srv/mended\nSTORE_PASSWORD=carbon-2\n");
    env("/srv/two");
    let refused = site.deploy(&["--json"]);
    ends(&refused, 1, &["--env keep"]);
    let refused = events(&refused);
    let keys = refused[0]["mended"][0]["keys"].as_array().unwrap();
    let values = serde_json::json!({ "last": "/srv/one", "server": "/srv/mended", "release": "/srv/two" });
    assert_eq!(keys[0], serde_json::json!({ "key": "PLACE", "on_server": true, "in_release": true, "values": values }));
    assert_eq!(keys[1], serde_json::json!({ "key": "STORE_PASSWORD", "on_server": true, "in_release": false }));
    assert_eq!((&refused[0]["env"], &refused[1]["outcome"]), (&Value::Null, &Value::from("refused")));
    ends(&site.deploy(&["--json", "--env", "take"]), 0, &[]);
    let rolled = events(&site.here(&["rollback", "--local", "--json"]));
    assert_eq!(rolled.last().unwrap()["outcome"], "good");

    let history = site.here(&["history", "--local", "--json"]);
    let history: Value = serde_json::from_str(&history.stdout).unwrap();
    let outcomes = history["rollouts"].as_array().unwrap().iter().map(|rollout| rollout["outcome"].as_str().unwrap());
    assert_eq!(outcomes.collect::<Vec<_>>(), ["good", "good", "rolled-back", "good"]);
    assert_eq!((&history["current"], &history["schema"]), (&plan["release"], &Value::from("lastgood.history/1")));
    assert!(history["rollouts"][2]["failure"]["why"].as_str().unwrap().contains("ends"), "{history}");
}

#[test]
#[ignore = "needs a Docker engine and sshd"]
fn what_nobody_goes_back_to_goes_and_in_the_end_everything_of_ours() {
    let site = site();
    // Somebody else's, with names that look alike.
    let foreign = "lastgood/live-environment-2/app:0123456789";
    shell(Path::new("/"), &format!("docker tag live-python {foreign}")).unwrap();
    for place in ["one", "two", "three"] {
        site.of_source(".env", &format!("PLACE=/srv/{place}\n"));
        ends(&site.deploy(&[]), 0, &["serves"]);
    }
    let releases = || {
        let store = fs::read_dir(site.live.join(".lastgood/releases")).unwrap();
        store.filter(|entry| !entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.')).count()
    };
    let names = |like: &str| {
        let list = ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", &format!("reference={like}")];
        let output = Command::new("docker").args(list).output().unwrap();
        String::from_utf8_lossy(&output.stdout).lines().count()
    };
    let ours = || names(&format!("lastgood/{PROJECT}/*"));
    let container = || {
        let list = ["ps", "--all", "--quiet", "--no-trunc", "--filter"];
        let label = format!("label=com.docker.compose.project={PROJECT}");
        let output = Command::new("docker").args(list).arg(label).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!((releases(), ours(), site.replaced().len()), (3, 3, 2));

    ends(&site.here(&["prune", "--local"]), 0, &["nothing to clear away"]);
    ends(&site.here(&["prune", "--local", "--keep", "2", "--plan"]), 0, &["goes releases:", "nothing was changed"]);
    assert_eq!((releases(), ours()), (3, 3));
    let pruned = site.here(&["prune", "--local", "--keep", "2", "--json"]);
    let pruned: Value = serde_json::from_str(&pruned.stdout).unwrap();
    let count = |key: &str| pruned[key].as_array().unwrap().len();
    assert_eq!((count("releases"), count("images"), count("replaced"), count("stays")), (1, 1, 0, 2), "{pruned}");
    assert_eq!((releases(), ours(), site.replaced().len()), (2, 2, 2));
    ends(&site.here(&["rollback", "--local"]), 0, &["serves"]);
    assert_eq!(site.told("app", "PLACE"), "/srv/two");
    ends(&site.here(&["prune", "--local", "--keep", "1", "--lang", "ko"]), 0, &["제거", "대체된 파일의 사본"]);
    assert_eq!((releases(), ours()), (1, 1));
    ends(&site.here(&["rollback", "--local"]), 2, &[]);
    assert_eq!(site.here(&["prune", "--local", "--keep", "0"]).code, 2);

    // While somebody is at it, or a rollout has no end, nothing goes.
    let ledger = site.live.join(".lastgood/ledger.jsonl");
    let whole = fs::read(&ledger).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    fs::write(&ledger, lines[..lines.len() - 3].concat()).unwrap();
    let host = Host::up();
    let settings = format!("[target.prod]\nhost = 'vm'\npath = '{}'\n", site.live.display());
    site.of_source("lastgood.toml", &settings);
    for arguments in [["prune", "--target", "prod"], ["host", "remove", "--target=prod"]] {
        ends(&host.ask(site.source.path(), &arguments[..]), 2, &["a rollout was never finished"]);
    }
    fs::write(&ledger, &whole).unwrap();

    // Everything of ours but what serves.
    let runs = container();
    shell(
        Path::new("/"),
        &format!(
            "docker create --name {PROJECT}-left --label lastgood.candidate=app --label com.docker.compose.project={PROJECT} live-python true
             docker create --name {PROJECT}-foreign --label lastgood.candidate=app --label com.docker.compose.project=other live-python true"
        ),
    )
    .unwrap();
    ends(
        &host.ask(site.source.path(), &["host", "remove", "--plan"]),
        0,
        &["goes ledger, releases and copies:", ".lastgood", "live-environment-left", "nothing was changed"],
    );
    assert!(site.live.join(".lastgood").exists());
    let removed = host.ask(site.source.path(), &["host", "remove"]);
    ends(&removed, 0, &["removed ledger, releases and copies:", "live-environment-left", "agent-"]);
    assert!(!site.live.join(".lastgood").exists() && !host.folder().join("cache/lastgood").exists());
    assert_eq!((ours(), names("lastgood/live-environment-2/*")), (0, 1));
    assert_eq!(container(), runs, "what runs stays");
    shell(&site.live, "docker compose --progress quiet up --detach").unwrap();
    assert_eq!(site.told("app", "PLACE"), "/srv/two");
    let foreign_stays = format!(
        "docker inspect {PROJECT}-foreign >/dev/null && docker rm {PROJECT}-foreign && docker image rm {foreign}"
    );
    shell(Path::new("/"), &foreign_stays).unwrap();
    ends(&host.ask(site.source.path(), &["host", "remove"]), 0, &["nothing to clear away"]);
}
