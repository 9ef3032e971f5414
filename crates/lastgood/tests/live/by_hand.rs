//! What somebody did by hand in the folder of a target: files mended there that a rollback puts others in the place of, and files that
//! Compose finds by itself and that no release has. Nothing of it is lost, and nothing of it is at work unasked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::bed::{Said, shell};
use crate::site::Site;

const PROJECT: &str = "live-by-hand";
const COMPOSE: &str = r#"
name: live-by-hand
services:
  app:
    image: live-python
    init: true
    stop_grace_period: 1s
    environment: { PLACE: "${PLACE:-nowhere}", STORE_PASSWORD: "${STORE_PASSWORD:-}" }
    command: [python3, -c, "import time; time.sleep(9999)"]
"#;
const OVERRIDE: &str = "services: { app: { environment: { OVER: \"1\" } } }\n";

fn site() -> Site {
    let site = Site::with(PROJECT, COMPOSE);
    fs::create_dir(&site.live).unwrap();
    site
}

fn ends(said: &Said, code: i32, words: &[&str]) {
    said.ends(code, words);
    assert!(!said.text().contains("carbon-"), "a secret is said: {}", said.text());
}

#[test]
#[ignore = "needs a Docker engine"]
fn whoever_goes_back_is_not_kept_from_it_by_what_was_mended_and_loses_nothing_of_it() {
    let site = site();
    let (one, two) = ("PLACE=/srv/one\nSTORE_PASSWORD=carbon-1\n", "PLACE=/srv/two\nSTORE_PASSWORD=carbon-1\n");
    let mended = "PLACE=/srv/mended\nSTORE_PASSWORD=carbon-2\n";
    for env in [one, two] {
        site.of_source(".env", env);
        ends(&site.deploy(&[]), 0, &["serves"]);
    }
    // Mended, and not at work yet.
    site.of_live(".env", mended);
    let says = [
        ".env is not as the last release left it; it is overwritten, and a copy kept",
        "PLACE: changed on the server and in the new release, differently",
        "STORE_PASSWORD: changed on the server",
    ];
    ends(&site.rollback(&["--plan"]), 0, &says);
    assert_eq!((site.file(".env").as_deref(), site.told("app", "PLACE").as_str()), (Some(mended), "/srv/two"));
    let back = site.rollback(&[]);
    ends(&back, 0, &says);
    ends(&back, 0, &["serves", ".env, as it was mended: ", "these commands put it back:"]);
    assert_eq!((site.file(".env").as_deref(), site.told("app", "PLACE").as_str()), (Some(one), "/srv/one"));
    site.is_as_compose_has_it("back");

    // What is printed brings it back.
    let lines: Vec<&str> = back.stdout.lines().map(str::trim).collect();
    let begin = lines.iter().position(|line| line.ends_with("these commands put it back:")).unwrap();
    let commands = lines[begin + 1..].join("\n");
    let copy = commands.split_whitespace().find(|word| word.ends_with("/files/.env")).unwrap();
    assert_eq!(fs::metadata(site.live.join(copy)).unwrap().permissions().mode() & 0o777, 0o600);
    shell(Path::new("/"), &commands.replace("docker compose", "docker compose --progress quiet")).unwrap();
    assert_eq!((site.file(".env").as_deref(), site.told("app", "PLACE").as_str()), (Some(mended), "/srv/mended"));

    // At work: what ran with it is a release that can be gone back to.
    let back = site.rollback(&["--lang", "ko"]);
    ends(&back, 0, &["서버에서 수정됨, 사본을 남기고 덮어씀", "수정되었던 .env: ", "lastgood rollback"]);
    assert_eq!(site.told("app", "PLACE"), "/srv/two");
    let found = back.stdout.split("lastgood rollback ").nth(1).unwrap().split_whitespace().next().unwrap();
    let back = site.rollback(&[found, "--json"]);
    ends(&back, 0, &[]);
    assert_eq!((site.file(".env").as_deref(), site.told("app", "PLACE").as_str()), (Some(mended), "/srv/mended"));
    let last = |said: &Said| serde_json::from_str::<Value>(said.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last(&back)["kept"], Value::Null, "nobody had mended anything since");

    // Any file that was edited is kept, and a program is told where.
    let edited = format!("{COMPOSE}# edited\n");
    site.of_live("compose.yaml", &edited);
    site.of_source("compose.yaml", &format!("{COMPOSE}# three\n"));
    let back = site.rollback(&["--json"]);
    ends(&back, 0, &[]);
    let kept = last(&back)["kept"].clone();
    // Both releases have the same compose file, so that the edit alone is overwritten.
    assert_eq!((kept.as_array().unwrap().len(), &kept[0]["path"]), (1, &"compose.yaml".into()), "{kept}");
    assert_eq!(site.file(kept[0]["copy"].as_str().unwrap()).as_deref(), Some(&*edited));
    let ledger = site.file(".lastgood/ledger.jsonl").unwrap();
    assert!(!ledger.contains("carbon-"), "the ledger holds a secret");
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_compose_would_find_by_itself_is_of_the_release_or_goes() {
    let site = site();
    // Before there is anything else.
    site.of_live("compose.override.yaml", OVERRIDE);
    site.of_live(".env", "PLACE=/srv/stray\nSTORE_PASSWORD=carbon-1\n");
    let strays = [
        "compose.override.yaml is there and of no release: Compose would take it from there all the same",
        ".env is there and of no release",
        "PLACE: changed on the server (last release none, server /srv/stray, new release none)",
        "is refused; nothing was changed",
        "--env take takes it away",
    ];
    for arguments in [[].as_slice(), &["--plan"], &["--env", "keep"]] {
        let said = site.deploy(arguments);
        // What is kept is part of it from then on; a compose file is not, unasked.
        let words = if arguments.len() == 2 { &strays[3..] } else { &strays };
        ends(&said, 1, words);
    }
    ends(&site.deploy(&["--lang", "ko"]), 1, &["릴리스에 없는 파일이 서버 폴더에 있어", "--env take: 치움"]);
    assert_eq!(site.file("compose.override.yaml").as_deref(), Some(OVERRIDE));
    assert!(site.container("app").is_empty());
    let taken = site.deploy(&["--env", "take"]);
    ends(
        &taken,
        0,
        &["it goes, and a copy is kept", "serves", ".env, as it was mended: ", "cp -p .lastgood/releases/"],
    );
    assert_eq!((site.file("compose.override.yaml"), site.file(".env")), (None, None));
    assert_eq!((site.told("app", "PLACE").as_str(), site.told("app", "OVER").as_str()), ("nowhere", ""));
    site.is_as_compose_has_it("taken away");
    ends(&site.deploy(&[]), 0, &["nothing to do"]);

    // The server's own `.env` becomes the release's; and whoever goes back is asked nothing.
    site.of_live(".env", "PLACE=/srv/kept\nSTORE_PASSWORD=carbon-1\n");
    ends(&site.deploy(&[]), 1, &[".env is there and of no release", "--env keep"]);
    ends(&site.deploy(&["--env", "keep"]), 0, &["becomes part of this one", "serves"]);
    assert_eq!(site.told("app", "PLACE"), "/srv/kept");
    site.is_as_compose_has_it("kept");
    site.of_live("compose.override.yaml", OVERRIDE);
    ends(
        &site.rollback(&[]),
        0,
        &["compose.override.yaml is of no release", "serves", "compose.override.yaml, as it was"],
    );
    assert_eq!((site.told("app", "PLACE").as_str(), site.file("compose.override.yaml")), ("nowhere", None));
    site.is_as_compose_has_it("gone back");
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_was_started_by_hand_is_gone_back_to_with_the_files_that_compose_was_told() {
    let site = site();
    // Two files that are named, and one that is not and lies there all the same.
    site.of_live("base.yaml", COMPOSE);
    site.of_live("prod.yaml", OVERRIDE);
    site.of_live("docker-compose.override.yml", "services: { app: { environment: { DEBUG: \"1\" } } }\n");
    shell(&site.live, "docker compose -f base.yaml -f prod.yaml --progress quiet up --detach").unwrap();
    assert_eq!((site.told("app", "OVER").as_str(), site.told("app", "DEBUG").as_str()), ("1", ""));
    ends(&site.deploy(&[]), 1, &["docker-compose.override.yml is there and of no release"]);

    // A release that is no good goes back to all of that.
    let broken = COMPOSE.replace("import time; time.sleep(9999)", "raise SystemExit(3)");
    site.of_source("compose.yaml", &broken);
    site.of_source("lastgood.toml", "[deploy.service.app]\ncandidate = false\n");
    ends(&site.deploy(&["--env", "take"]), 1, &["serves again"]);
    assert_eq!((site.told("app", "OVER").as_str(), site.told("app", "DEBUG").as_str()), ("1", ""));
    let before = site.container("app");
    shell(&site.live, "docker compose -f base.yaml -f prod.yaml --progress quiet up --detach").unwrap();
    assert_eq!((site.container("app"), site.file("compose.yaml")), (before, None));

    // So does whoever goes back.
    site.of_source("compose.yaml", COMPOSE);
    ends(&site.deploy(&["--env", "take"]), 0, &["serves"]);
    assert_eq!(site.told("app", "OVER"), "");
    site.is_as_compose_has_it("deployed");
    ends(&site.rollback(&[]), 0, &["serves"]);
    assert_eq!(site.told("app", "OVER"), "1");
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_env_that_was_there_first_is_not_overwritten_unasked() {
    let site = site();
    let (theirs, ours) = ("PLACE=/srv/theirs\nSTORE_PASSWORD=carbon-1\n", "PLACE=/srv/ours\nSTORE_PASSWORD=carbon-2\n");
    site.of_live("compose.yaml", COMPOSE);
    site.of_live(".env", theirs);
    shell(&site.live, "docker compose --progress quiet up --detach").unwrap();
    let before = site.container("app");
    site.of_source(".env", ours);
    let asks = [
        ".env is there although no release wrote it, and this one would overwrite it",
        "PLACE: differs (server /srv/theirs, new release /srv/ours)",
        "STORE_PASSWORD: differs",
        "--env take overwrites it",
    ];
    for arguments in [[].as_slice(), &["--plan"]] {
        ends(&site.deploy(arguments), 1, &asks);
    }
    ends(
        &site.deploy(&["--lang", "ko"]),
        1,
        &["어느 릴리스도 쓰지 않은 파일이 서버에 있음, 이번 릴리스가 덮어쓰게 됨"],
    );
    assert_eq!((site.container("app"), site.file(".env").as_deref()), (before.clone(), Some(theirs)));

    // Kept, it is part of the release, which is then what runs.
    ends(&site.deploy(&["--env", "keep", "--plan"]), 0, &["it becomes part of this one", "nothing was changed"]);
    // Taken, it is what is gone back to.
    ends(&site.deploy(&["--env", "take"]), 0, &["it is overwritten, and a copy kept", "serves"]);
    assert_eq!((site.told("app", "PLACE").as_str(), site.file(".env").as_deref()), ("/srv/ours", Some(ours)));
    ends(&site.rollback(&[]), 0, &["serves"]);
    assert_eq!((site.told("app", "PLACE").as_str(), site.file(".env").as_deref()), ("/srv/theirs", Some(theirs)));
    // By now a release wrote it.
    ends(&site.deploy(&[]), 0, &["serves"]);
}

#[test]
#[ignore = "needs a Docker engine"]
fn whoever_mends_the_first_release_that_failed_is_asked_nothing() {
    let site = site();
    site.of_source("compose.yaml", &COMPOSE.replace("import time; time.sleep(9999)", "raise SystemExit(3)"));
    site.of_source(".env", "PLACE=/srv/one\n");
    ends(&site.deploy(&[]), 3, &["there is no earlier release"]);
    assert_eq!(site.file(".env").as_deref(), Some("PLACE=/srv/one\n"), "its files stay");
    site.of_source("compose.yaml", COMPOSE);
    site.of_source(".env", "PLACE=/srv/two\n");
    ends(&site.deploy(&[]), 0, &["serves"]);
}

/// Two services, of which either ends at once where its mode is bad.
const TWO: &str = r#"
name: live-by-hand
services:
  app: &service
    image: live-python
    init: true
    stop_grace_period: 0s
    environment: { MODE: "${APP}" }
    command: [sh, -c, 'test "$$MODE" != bad && exec sleep infinity']
  worker:
    <<: *service
    environment: { MODE: "${WORKER}" }
"#;

#[test]
#[ignore = "needs a Docker engine"]
fn what_was_not_well_before_is_no_reason_to_call_the_way_back_failed() {
    let site = Site::with(PROJECT, TWO);
    fs::create_dir(&site.live).unwrap();
    site.of_live("compose.yaml", TWO);
    site.of_live(".env", "APP=bad\nWORKER=one\n");
    shell(&site.live, "docker compose --progress quiet up --detach").unwrap();
    let runs = |service: &str| !site.told(service, "MODE").is_empty();
    shell(
        &site.live,
        &format!("ended() {{ docker ps --all --filter name={PROJECT}-app-1 | grep -q Exited; }}; await ended"),
    )
    .unwrap();
    assert!(!runs("app") && runs("worker"));
    // What is gone back to is what ran: without the service that had ended by itself.
    site.of_source(".env", "APP=two\nWORKER=bad\n");
    ends(&site.deploy(&["--env", "take", "--plan", "--json"]), 0, &["\"unwell\":[\"app\"]"]);
    let failed = site.deploy(&["--env", "take"]);
    ends(&failed, 1, &["serves again", "app was not well before, either"]);
    assert!(!runs("app") && site.told("worker", "MODE") == "one");
    site.is_as_compose_has_it("gone back");
    // A release of which all is well mends it.
    site.of_source(".env", "APP=two\nWORKER=two\n");
    ends(&site.deploy(&["--env", "take"]), 0, &["serves"]);
    assert!(runs("app") && runs("worker"));
}
