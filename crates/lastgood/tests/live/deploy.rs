//! Releases of a real stack to a folder of this machine: the whole way there and back, what is refused and why, and deaths in the middle.
//! After each of them Compose itself has nothing to do.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::bed::{Said, binary, lastgood, shell};
use crate::site::Site;

fn site() -> Site {
    Site::of("live-deploy", "deploy")
}

impl Site {
    fn history(&self) -> String {
        lastgood(&self.live, &["history", "--local"], &[]).stdout
    }

    fn edit(&self, script: &str) {
        self.source.run(script).unwrap();
    }

    /// The live files, without ours.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let names = ["compose.yaml", ".env", ".env.prod", "site.conf"];
        names.iter().map(|name| ((*name).to_owned(), fs::read(self.live.join(name)).unwrap_or_default())).collect()
    }

    /// The users' own commands see what they expect, and have nothing to do.
    fn serves_as_compose_has_it(&self, when: &str) {
        self.is_as_compose_has_it(when);
        let answers = "timeout 5 docker compose exec -T web bash -c 'exec 3<>/dev/tcp/127.0.0.1/80 && printf \"GET / HTTP/1.0\\r\\n\\r\\n\" >&3 && grep -q well <&3'";
        let answered = shell(&self.live, &format!("await {answers}"));
        assert!(answered.is_ok(), "{when}: {answered:?}");
    }

    fn begin(&self) -> Child {
        let mut command = Command::new(binary());
        command.args(["deploy", "--local", "--to"]).arg(&self.live).current_dir(self.source.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }
}

fn ends(said: &Said, code: i32, words: &[&str]) {
    said.ends(code, words);
    for secret in ["carbon-store-password", "other-store-password"] {
        assert!(!said.text().contains(secret), "{secret} is said");
    }
}

fn changed(before: &[String], after: &[String]) -> Vec<String> {
    let new = after.iter().filter(|container| !before.contains(container));
    new.map(|container| container.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_release_is_proved_good_or_never_was() {
    let site = site();
    // A plan touches nothing.
    ends(&site.deploy(&["--plan"]), 0, &["kvs: it has no container yet", "nothing was changed"]);
    assert!(!site.live.exists() && site.containers().is_empty());

    // The first one; the dependency goes first although nothing declares it as one.
    let first = site.deploy(&[]);
    ends(&first, 0, &["what it needs serves it", "serves"]);
    let places: Vec<usize> =
        ["✓ kvs runs", "✓ app runs", "✓ web runs"].map(|act| first.stdout.find(act).unwrap()).into();
    assert!(places.is_sorted(), "{}", first.stdout);
    site.serves_as_compose_has_it("first");
    let mode = |path: &str| fs::metadata(site.live.join(path)).unwrap();
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(mode(".env").permissions().mode() & 0o777, 0o600);
    assert_eq!(mode(".lastgood").permissions().mode() & 0o777, 0o700);

    // Nothing to do is nothing done.
    let before = site.containers();
    ends(&site.deploy(&[]), 0, &["nothing to do"]);
    assert_eq!(site.containers(), before);

    // One variable: exactly the service that is told it.
    site.edit("echo GREETING=two >.env.prod");
    ends(&site.deploy(&[]), 0, &["app: GREETING", "stays kvs, web"]);
    assert_eq!(changed(&before, &site.containers()), ["app"]);
    site.serves_as_compose_has_it("one variable");

    // A mounted file: exactly the service that has it.
    let before = site.containers();
    site.edit("sed -i 's/listen 80;/listen 80; server_tokens off;/' site.conf");
    ends(&site.deploy(&[]), 0, &["web: site.conf holds something else", "stays kvs, app"]);
    assert_eq!(changed(&before, &site.containers()), ["web"]);
    site.serves_as_compose_has_it("a mounted file");

    // A password that is wrong is refused by the server itself, and nothing was touched.
    let (before, files) = (site.containers(), site.files());
    site.edit("sed -i s/carbon-store/other-store/ .env");
    ends(&site.deploy(&[]), 1, &["kvs:6379 refuses the user or the password that app sends", "is refused"]);
    assert_eq!((site.containers(), site.files()), (before.clone(), files.clone()));
    ends(&site.deploy(&["--lang", "ko"]), 1, &["거부됨, 이전 상태는 그대로"]);
    site.edit("sed -i s/other-store/carbon-store/ .env");

    // One that ends is met by nobody: it is tried beside the one that serves.
    site.edit("cp compose.yaml good.yaml && sed -i 's/^  app:/  app:\\n    command: [python3, -c, \"raise SystemExit(\\\\\"no price list\\\\\")\"]/' compose.yaml");
    ends(&site.deploy(&[]), 1, &["app: the candidate is well: it is exited, exit code 1: no price list", "is refused"]);
    assert_eq!((site.containers(), site.files()), (before.clone(), files.clone()));

    // Where that is not wanted the last good one serves again, byte for byte.
    site.edit("printf '[deploy.service.app]\\ncandidate = false\\n' >lastgood.toml");
    ends(
        &site.deploy(&[]),
        1,
        &["app is well, and stays so: it ends and is started again: no price list", "serves again"],
    );
    assert_eq!(site.files(), files);
    assert_eq!(changed(&before, &site.containers()), ["app"]);
    site.serves_as_compose_has_it("one that ends");

    // One that is ill, too.
    site.edit("cp good.yaml compose.yaml && sed -i 's/127.0.0.1:8000/127.0.0.1:8001/' compose.yaml");
    ends(&site.deploy(&[]), 1, &["its health check", "serves again"]);
    site.serves_as_compose_has_it("one that is ill");

    // A secret that it says itself is not said again, nor kept.
    let good = fs::read_to_string(site.source.path().join("good.yaml")).unwrap();
    let compose = |text: &str| fs::write(site.source.path().join("compose.yaml"), text).unwrap();
    let tells = "  app:\n    command: [python3, -c, \"import os; raise SystemExit(os.environ['KVS_PASSWORD'])\"]";
    compose(&good.replace("  app:", tells));
    ends(&site.deploy(&[]), 1, &["it ends and is started again", "serves again"]);
    let ledger = fs::read_to_string(site.live.join(".lastgood/ledger.jsonl")).unwrap();
    assert!(!ledger.contains("carbon-store-password"), "the ledger holds a secret");

    // A service that comes and is no good is gone again; one that is, stays until the release does that lacks it.
    let worker = |command: &str| {
        let worker = format!(
            "  worker:\n    image: live-python\n    command: [python3, -c, \"{command}\"]\n    init: true\n    \
             stop_grace_period: 1s\n    restart: always\n"
        );
        compose(&(good.clone() + &worker));
    };
    let services = || site.containers().iter().map(|one| one.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    worker("raise SystemExit(3)");
    ends(&site.deploy(&[]), 1, &["worker is gone", "serves again"]);
    assert_eq!(services(), ["app", "kvs", "web"]);
    worker("import time; time.sleep(9999)");
    ends(&site.deploy(&[]), 0, &["worker: it has no container yet", "serves"]);
    assert_eq!(services(), ["app", "kvs", "web", "worker"]);
    ends(&site.rollback(&[]), 0, &["worker: it is declared no more", "worker is gone", "serves"]);
    assert_eq!(services(), ["app", "kvs", "web"]);
    site.serves_as_compose_has_it("a service came and went");

    // A build that fails says why, and nothing was attempted.
    site.edit(
        "printf 'FROM live-python\\nRUN no-such-program\\n' >Dockerfile && \
         sed '0,/image: live-python/s//build: ./' good.yaml >compose.yaml",
    );
    ends(&site.deploy(&[]), 1, &["no-such-program is not there to be run", "no-such-program: not found"]);
    site.edit("cp good.yaml compose.yaml");

    // So do the project's own tests; and what is to run before it holds it up. What runs after it is told how it ended.
    let settings = |text: &str| fs::write(site.source.path().join("lastgood.toml"), text).unwrap();
    settings("[deploy]\ntest = \"echo '#5 0.3 sh: 1: jest: not found' && exit 127\"\n");
    let tested = site.deploy(&[]);
    assert!(tested.code == 1 && tested.stdout.contains("jest"), "{}{}", tested.stdout, tested.stderr);
    settings("[deploy.hook]\nbefore = \"echo it is friday >&2; exit 3\"\n");
    let held = site.deploy(&[]);
    assert!(held.code == 2 && held.stderr.contains("exit code 3: it is friday"), "{}{}", held.stdout, held.stderr);
    settings("[deploy.hook]\nafter = \"echo $LASTGOOD_PROJECT $LASTGOOD_EXIT >told\"\n");
    ends(&site.deploy(&[]), 0, &["nothing to do"]);
    assert_eq!(fs::read_to_string(site.source.path().join("told")).unwrap(), "live-deploy 0\n");
    settings("[deploy.service.app]\ncandidate = false\n");

    // Compose's own refusal is passed on, and nothing was attempted.
    site.edit("cp good.yaml compose.yaml && sed -i 's/restart:/restrat:/' compose.yaml");
    let refused = site.deploy(&[]);
    assert!(refused.code == 2 && refused.stderr.contains("restrat"), "{}{}", refused.stdout, refused.stderr);
    site.edit("cp good.yaml compose.yaml");

    // Back, and back again: environment and mounted files included.
    let newest = site.files();
    let history = site.history();
    let second = history.lines().filter(|line| line.contains(" good ")).nth_back(1).unwrap();
    let second = second.split_whitespace().nth(3).unwrap();
    ends(&site.rollback(&[second]), 0, &["web: site.conf holds something else", "serves"]);
    assert_ne!(site.files(), newest);
    ends(&site.rollback(&[]), 0, &["serves"]);
    assert_eq!(site.files(), newest);
    site.serves_as_compose_has_it("rolled back twice");
    let unknown = site.rollback(&["feedbeef"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("feedbeef"), "{}", unknown.stderr);

    // Only what can be gone back to is kept: the release with the worker, and three without.
    let kept = fs::read_dir(site.live.join(".lastgood/releases")).unwrap();
    let kept = kept.filter(|entry| !entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(kept.count(), 4);
    let left = fs::read_dir(site.live.join(".lastgood")).unwrap();
    assert!(!left.into_iter().any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("arriving-")));

    let history = site.history();
    for (outcome, times) in [("good", 7), ("refused", 3), ("rolled-back", 4)] {
        let of_rollouts = history.lines().filter(|line| line.split_whitespace().nth(4) == Some(outcome));
        assert_eq!(of_rollouts.count(), times, "{outcome}: {history}");
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_image_comes_back_although_its_name_stands_for_another_one() {
    let site = site();
    let image = |text: &str| {
        site.edit(&format!(
            "printf 'FROM live-python\\nRUN echo {text} >/release\\n' >Dockerfile && DOCKER_BUILDKIT=1 docker build --quiet --tag live-deploy-app:latest ."
        ));
    };
    let runs = |text: &str| {
        shell(&site.live, &format!("[ \"$(docker compose exec -T app cat /release)\" = {text} ]")).unwrap();
    };
    site.edit("sed -i '0,/image: live-python/s//image: live-deploy-app:latest/' compose.yaml");
    image("one");
    ends(&site.deploy(&[]), 0, &["serves"]);
    runs("one");
    // The same files, the same name, another image: that is noticed.
    image("two");
    site.edit("sed -i 's/listen 80;/listen 80; server_tokens off;/' site.conf");
    ends(&site.deploy(&[]), 0, &["app:", "serves"]);
    runs("two");
    // A release in which it stays as it is holds it all the same.
    site.edit("sed -i 's/server_tokens off;//' site.conf");
    let third = site.deploy(&[]);
    ends(&third, 0, &["stays kvs, app"]);
    image("three");
    ends(&site.deploy(&[]), 0, &["app:", "serves"]);
    runs("three");
    ends(&site.rollback(&[]), 0, &["app:", "serves"]);
    runs("two");
    site.serves_as_compose_has_it("rolled back");
    shell(&site.live, "docker compose down --timeout 0 && docker image rm -f live-deploy-app:latest").unwrap();
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_was_started_by_hand_is_what_is_gone_back_to() {
    let site = site();
    shell(site.source.path(), "mkdir -p state/live && cp compose.yaml .env .env.prod site.conf state/live/").unwrap();
    shell(&site.live, "docker compose --progress quiet up --detach --wait").unwrap();
    let files = site.files();
    site.edit("echo GREETING=two >.env.prod");
    ends(
        &site.deploy(&["--env", "take"]),
        0,
        &["app: GREETING", ".env.prod is there although no release wrote it", "serves"],
    );
    assert!(site.history().contains("found running"), "{}", site.history());
    ends(&site.rollback(&[]), 0, &["serves"]);
    assert_eq!(site.files()[2], files[2]);

    // From another folder it is neither a first release nor ours to replace.
    let before = site.containers();
    let elsewhere = site.source.path().join("state/elsewhere");
    let elsewhere = lastgood(site.source.path(), &["deploy", "--local", "--to", elsewhere.to_str().unwrap()], &[]);
    assert!(elsewhere.code == 2 && elsewhere.stderr.contains(site.live.to_str().unwrap()), "{}", elsewhere.stderr);
    assert_eq!(site.containers(), before);
    site.serves_as_compose_has_it("gone back");
}

#[test]
#[ignore = "needs a Docker engine"]
fn whoever_dies_leaves_nothing_half_done() {
    let site = site();
    ends(&site.deploy(&[]), 0, &["serves"]);
    let files = site.files();
    for (turn, after_ms) in [200_u64, 900, 1_400, 2_000, 3_000, 4_500].into_iter().enumerate() {
        site.edit(&format!("echo GREETING=turn-{turn} >.env.prod"));
        let mut dies = site.begin();
        thread::sleep(Duration::from_millis(after_ms));
        // It may be through already, on a quick machine.
        let _over = dies.kill();
        dies.wait().unwrap();
        // The next one brings it to its end first, unless the guard is at it already: here with what is good already.
        site.edit("echo GREETING=one >.env.prod");
        let is_held =
            |said: &Said| said.code == 2 && said.stderr.contains("somebody else is at it: lastgood-guard-live-deploy");
        let begun = Instant::now();
        let mut next = site.deploy(&[]);
        while is_held(&next) && begun.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(500));
            next = site.deploy(&[]);
        }
        assert_eq!(next.code, 0, "after {after_ms} ms: {}{}", next.stdout, next.stderr);
        assert_eq!(site.files(), files, "after {after_ms} ms: {}", next.stdout);
        site.serves_as_compose_has_it(&format!("after {after_ms} ms"));
        assert!(!site.history().contains("never finished"), "{}", site.history());
    }
    // Two at once: one does it, the other one says who.
    site.edit("echo GREETING=both >.env.prod");
    let mut first = site.begin();
    thread::sleep(Duration::from_millis(1_500));
    let second = site.deploy(&[]);
    assert!(first.wait().unwrap().success());
    let held = second.code == 2 && second.stderr.contains("somebody else is at it");
    assert!(held || second.stdout.contains("nothing to do"), "{}{}", second.stdout, second.stderr);
    site.serves_as_compose_has_it("two at once");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_guard_stands_there_or_nothing_is_touched() {
    let site = site();
    ends(&site.deploy(&[]), 0, &["the host goes back by itself from here on", "serves"]);
    let (files, containers) = (site.files(), site.containers());

    // One whose container is started and which cannot do what it is there for.
    let post = site.live.join(".lastgood/guard");
    fs::remove_file(&post).unwrap();
    fs::create_dir(&post).unwrap();
    site.edit("echo GREETING=two >.env.prod");
    ends(&site.deploy(&[]), 1, &["Is a directory", "serves"]);
    assert_eq!((site.files(), site.containers()), (files.clone(), containers));
    fs::remove_dir(&post).unwrap();

    // Whoever drives dies, and nobody comes: it does it alone.
    let mut dies = site.begin();
    let guard = "docker ps --all --quiet --filter name=lastgood-guard-live-deploy";
    // It stands before anything that serves is touched.
    shell(&site.live, "await grep -q two .env.prod && ! flock --nonblock .lastgood/guard true").unwrap();
    dies.kill().unwrap();
    dies.wait().unwrap();
    shell(&site.live, &format!("await bash -c '[ -z \"$({guard})\" ]'")).unwrap();
    assert!(site.history().contains("rolled-back"), "{}", site.history());
    assert_eq!(site.files(), files);
    site.serves_as_compose_has_it("by its guard");
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_only_another_release_has_goes_with_it() {
    let site = site();
    let more = site.live.join("compose.override.yaml");
    ends(&site.deploy(&[]), 0, &["serves"]);
    let files = site.files();

    // Compose finds this one by itself: while it lies there, no release without it could be gone back to.
    site.edit("echo 'services: { app: { environment: { LOUD: \"1\" } } }' >compose.override.yaml");
    ends(&site.deploy(&[]), 0, &["app: LOUD", "serves"]);
    site.serves_as_compose_has_it("one file more");
    ends(&site.rollback(&[]), 0, &["app: LOUD", "serves"]);
    assert!(!more.exists() && site.files() == files);
    site.serves_as_compose_has_it("rolled back");

    // Forwards, too, and back where that fails.
    ends(&site.rollback(&[]), 0, &["app: LOUD", "serves"]);
    assert!(more.exists());
    site.edit("rm compose.override.yaml");
    ends(&site.deploy(&[]), 0, &["app: LOUD", "serves"]);
    assert!(!more.exists());
    site.edit("echo 'services: { kvs: { entrypoint: [\"false\"] } }' >compose.override.yaml");
    ends(&site.deploy(&[]), 1, &["kvs"]);
    assert!(!more.exists() && site.files() == files);
    site.serves_as_compose_has_it("gone back");

    // What somebody has edited meanwhile is theirs: Compose would take it from there, so it goes, and is kept.
    site.edit("echo 'services: { app: { environment: { LOUD: \"1\" } } }' >compose.override.yaml");
    ends(&site.deploy(&[]), 0, &["serves"]);
    shell(&site.live, "echo '# mine' >>compose.override.yaml").unwrap();
    let said = site.rollback(&[]);
    ends(&said, 0, &["app: LOUD", "serves", "kept compose.override.yaml, as it was mended"]);
    assert!(!more.exists() && site.files() == files);
    let copy = said.stdout.lines().map(str::trim).find(|line| line.ends_with("files/compose.override.yaml")).unwrap();
    assert!(fs::read_to_string(copy).unwrap().ends_with("# mine\n"));
    site.serves_as_compose_has_it("gone back from what was edited");
}
