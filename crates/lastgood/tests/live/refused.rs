//! Releases that are no good, one after the other: each is refused with its true cause, while somebody asks the old one all the time and
//! is answered every time. What makes each of them no good stands in `refused/cases.toml`.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::bed::{Bed, Said, binary, lastgood, shell};

/// What must never be said.
const SECRETS: [&str; 3] = ["carbon-store-password", "other-store-password", "smoke-password-of-kim"];

struct Case {
    name: String,
    edit: String,
    says: Vec<String>,
    ends: String,
    code: i32,
}

fn cases(text: &str) -> Vec<Case> {
    let read: toml::Table = text.parse().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let case = |case: &toml::Value| Case {
        name: text(&case["name"]),
        edit: text(&case["edit"]),
        says: case["says"].as_array().unwrap().iter().map(text).collect(),
        ends: case.get("ends").map_or_else(|| "is refused; what served before serves on, untouched".to_owned(), text),
        code: case.get("code").map_or(1, |code| i32::try_from(code.as_integer().unwrap()).unwrap()),
    };
    read["case"].as_array().unwrap().iter().map(case).collect()
}

/// What goes when the test does, however it ends.
struct Neighbourhood;

impl Drop for Neighbourhood {
    fn drop(&mut self) {
        let _gone = shell(
            Path::new("/"),
            "docker compose -p live-refused --progress quiet down --volumes --timeout 0
             docker rm --force live-refused-neighbour
             docker network rm live-refused-shared
             docker image ls --format '{{.Repository}}:{{.Tag}}' | grep '^lastgood/live-refused/' | xargs -r docker image rm
             docker image rm live-refused-arm64 live-refused-program",
        );
    }
}

/// Asks all the time, and counts what is not answered with 200.
fn asking(until: Arc<AtomicBool>) -> thread::JoinHandle<(usize, Vec<String>)> {
    thread::spawn(move || {
        let (mut asked, mut failed) = (0, Vec::new());
        while !until.load(Ordering::Relaxed) {
            asked += 1;
            match ask() {
                Ok(line) if line.contains(" 200 ") => {}
                Ok(line) => failed.push(line),
                Err(error) => failed.push(error.to_string()),
            }
            thread::sleep(Duration::from_millis(10));
        }
        (asked, failed)
    })
}

fn ask() -> std::io::Result<String> {
    let mut peer = TcpStream::connect("127.0.0.1:28480")?;
    peer.set_read_timeout(Some(Duration::from_secs(5)))?;
    peer.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut text = String::new();
    peer.read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn containers() -> String {
    let list = ["ps", "-a", "--no-trunc", "--filter", "label=com.docker.compose.project=live-refused"];
    let format = ["--format", "{{.ID}} {{.Names}} {{.Image}}"];
    String::from_utf8(Command::new("docker").args(list).args(format).output().unwrap().stdout).unwrap()
}

/// The stack, deployed once and well.
struct Shop {
    folder: PathBuf,
    first: Bed,
    live: PathBuf,
    _gone: Neighbourhood,
}

impl Shop {
    fn open() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/refused");
        let gone = Neighbourhood;
        let network =
            "docker network inspect live-refused-shared >/dev/null 2>&1 || docker network create live-refused-shared";
        shell(Path::new("/"), network).unwrap();
        let first = Bed::laid(&folder).unwrap();
        let live = first.path().join("state/live");
        let shop = Self { folder, first, live, _gone: gone };
        let said = shop.deploy(shop.first.path(), &[]);
        assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
        assert!(said.stdout.contains("your own requests succeed"), "{}", said.stdout);
        shop
    }

    fn deploy(&self, from: &Path, more: &[&str]) -> Said {
        let arguments = ["deploy", "--local", "--to", self.live.to_str().unwrap()];
        let arguments: Vec<&str> = arguments.into_iter().chain(more.iter().copied()).collect();
        lastgood(from, &arguments, &[("SMOKE_PASSWORD", "smoke-password-of-kim")])
    }

    /// Deploys a copy of the folder that was changed by a script.
    fn changed(&self, edit: &str, more: &[&str]) -> Said {
        let bed = Bed::laid(&self.folder).unwrap();
        shell(bed.path(), edit).unwrap();
        let said = self.deploy(bed.path(), more);
        // It declares the same project, which is not its own to take down.
        fs::remove_file(bed.path().join("compose.yaml")).unwrap();
        said
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn each_refusal_names_its_cause_and_nobody_notices() {
    let shop = Shop::open();
    let live = &shop.live;
    shell(
        shop.first.path(),
        "docker run --detach --name live-refused-neighbour --publish 127.0.0.1:28481:8000 live-python",
    )
    .unwrap();

    let over = Arc::new(AtomicBool::new(false));
    let asking = asking(Arc::clone(&over));
    let files = |live: &PathBuf| ["app.py", ".env", "compose.yaml"].map(|name| fs::read(live.join(name)).unwrap());
    let (before, placed) = (containers(), files(live));
    let mut wrong = Vec::new();
    for case in cases(&fs::read_to_string(shop.folder.join("cases.toml")).unwrap()) {
        let said = shop.changed(&case.edit, &[]);
        let text = said.text();
        let lacks: Vec<&String> = case.says.iter().filter(|words| !text.contains(words.as_str())).collect();
        let told = SECRETS.iter().any(|secret| text.contains(secret));
        let is_same = containers() == before && files(live) == placed;
        let refused = said.code == case.code && text.contains(&case.ends);
        if !(lacks.is_empty() && refused && is_same) || told {
            wrong.push(format!(
                "{}: lacks {lacks:?}, code {}, same {is_same}, secret {told}\n{}{}",
                case.name, said.code, said.stdout, said.stderr
            ));
        }
    }
    over.store(true, Ordering::Relaxed);
    let (asked, failed) = asking.join().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(asked > 1000 && failed.is_empty(), "{} of {asked} failed: {failed:?}", failed.len());
    let ledger = fs::read_to_string(live.join(".lastgood/ledger.jsonl")).unwrap();
    assert!(!SECRETS.iter().any(|secret| ledger.contains(secret)), "the ledger holds a secret");
}

/// What a migration writes to the store, and takes out again.
const MIGRATES: &str = r#"
cat >>lastgood.toml <<'END'
[deploy.migrate]
service = "app"
up = ["python3", "/app.py", "SET", "schema", "2"]
down = ["python3", "/app.py", "DEL", "schema"]
END
sed -i 's/^http.server.Threading/if len(sys.argv) > 1: print(store(*sys.argv[1:])); sys.exit()\n&/' app.py
"#;

#[test]
#[ignore = "needs a Docker engine"]
fn data_is_brought_forward_once_and_taken_back_with_a_release_that_fails() {
    let shop = Shop::open();
    let schema = |is: &str| {
        let script = format!(
            "[ \"$(docker compose exec -T kvs redis-cli -a carbon-store-password --no-auth-warning GET schema)\" = '{is}' ]"
        );
        shell(&shop.live, &script).unwrap();
    };
    let said = shop
        .changed(&format!("{MIGRATES} sed -i 's/self.answer(200, \"well\")/self.answer(500, \"no\")/' app.py"), &[]);
    assert!(said.code == 1 && said.stdout.contains("← the data is brought back"), "{}{}", said.stdout, said.stderr);
    schema("");
    // Whoever dies while it is brought forward leaves it to the next one to bring it back.
    let bed = Bed::laid(&shop.folder).unwrap();
    let slow =
        "sed -i 's/^up = .*/up = [\"sh\", \"-c\", \"python3 \\/app.py SET schema 2 \\&\\& sleep 4\"]/' lastgood.toml";
    shell(bed.path(), &format!("{MIGRATES}{slow}")).unwrap();
    let mut dies = Command::new(binary());
    dies.args(["deploy", "--local", "--to"]).arg(&shop.live).current_dir(bed.path());
    dies.env("SMOKE_PASSWORD", "smoke-password-of-kim").stdout(Stdio::null()).stderr(Stdio::null());
    let mut dies = dies.spawn().unwrap();
    let written = "is_there() { [ \"$(docker compose exec -T kvs redis-cli -a carbon-store-password --no-auth-warning GET schema)\" = 2 ]; }; await is_there";
    shell(&shop.live, written).unwrap();
    dies.kill().unwrap();
    dies.wait().unwrap();
    fs::remove_file(bed.path().join("compose.yaml")).unwrap();
    let next = shop.changed("true", &[]);
    assert!(next.code == 0 && next.stdout.contains("nothing to do"), "{}{}", next.stdout, next.stderr);
    schema("");
    let said = shop.changed(MIGRATES, &[]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    schema("2");
    // Without a way back a failure behind it is for somebody to look at; what served serves on.
    let one_way = format!(
        "{MIGRATES} sed -i '/^down/d' lastgood.toml; sed -i 's/self.answer(200, \"well\")/self.answer(500, \"no\")/' app.py"
    );
    let said = shop.changed(&one_way, &["--one-way"]);
    assert!(said.code == 3 && said.stdout.contains("somebody has to look"), "{}{}", said.stdout, said.stderr);
    assert!(ask().is_ok_and(|line| line.contains(" 200 ")));
    assert!(!shop.live.join(".lastgood/candidates").exists(), "the files of candidates stay");
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_fails_only_after_the_switch_is_taken_back() {
    let shop = Shop::open();
    let over = Arc::new(AtomicBool::new(false));
    let asking = asking(Arc::clone(&over));
    let later = "sed -i 's/^hold = .*/bake = \"12s\"/' lastgood.toml
        sed -i 's/^import json/import json\\nimport time\\nBEGAN = time.monotonic()/; s/self.answer(200, \"well\")/self.answer(200 if self.path == \"\\/health\" or time.monotonic() < BEGAN + 7 else 500, \"well\")/' app.py";
    let said = shop.changed(later, &[]);
    over.store(true, Ordering::Relaxed);
    let (asked, failed) = asking.join().unwrap();
    let text = said.text();
    assert!(
        said.code == 1 && text.contains("requests to live-refused-web-1 failed, more than before"),
        "{}{}",
        said.stdout,
        said.stderr
    );
    assert!(text.contains("serves again") && failed.len() * 4 < asked * 3, "{} of {asked}", failed.len());
    assert!(ask().is_ok_and(|line| line.contains(" 200 ")));
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_time_without_an_answer_is_told_as_users_measure_it() {
    let shop = Shop::open();
    let over = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&over);
    let measuring = thread::spawn(move || {
        let (mut down, mut since): (Duration, Option<Instant>) = (Duration::ZERO, None);
        while !is_over.load(Ordering::Relaxed) {
            let at = Instant::now();
            match (ask().is_ok_and(|line| line.contains(" 200 ")), since) {
                (false, None) => since = Some(at),
                (true, Some(began)) => {
                    down += at - began;
                    since = None;
                }
                _ => {}
            }
            thread::sleep(Duration::from_millis(10));
        }
        down
    });
    let said = shop.changed("echo '# another one' >>app.py", &[]);
    over.store(true, Ordering::Relaxed);
    let measured = measuring.join().unwrap().as_secs_f64();
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let (_, told) = said.stdout.split_once("app gave no answer for ").unwrap();
    let told: f64 = told.split(' ').next().unwrap().parse().unwrap();
    // Both look a few times a second, and a request may take as long as nginx waits.
    assert!((told - measured).abs() < 0.35, "told {told}, measured {measured}");
    let again = shop.changed("echo '# yet another one' >>app.py", &["--plan"]);
    assert!(again.stdout.contains(&format!("app: {told:.1} s without an answer the last time")), "{}", again.stdout);
}
