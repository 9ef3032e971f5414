//! Releases that are no good, one after the other: each is refused with its true cause, while somebody asks the old one all the time and
//! is answered every time. What makes each of them no good stands in `refused/cases.toml`.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::bed::{Bed, lastgood, shell};

/// What must never be said.
const SECRETS: [&str; 3] = ["carbon-store-password", "other-store-password", "smoke-password-of-kim"];

struct Case {
    name: String,
    edit: String,
    says: Vec<String>,
}

fn cases(text: &str) -> Vec<Case> {
    let read: toml::Table = text.parse().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let case = |case: &toml::Value| Case {
        name: text(&case["name"]),
        edit: text(&case["edit"]),
        says: case["says"].as_array().unwrap().iter().map(text).collect(),
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

#[test]
#[ignore = "needs a Docker engine"]
fn each_refusal_names_its_cause_and_nobody_notices() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/refused");
    let _gone = Neighbourhood;
    shell(Path::new("/"), "docker network create live-refused-shared").unwrap();
    let first = Bed::laid(&folder).unwrap();
    shell(first.path(), "docker run --detach --name live-refused-neighbour --publish 127.0.0.1:28481:8000 live-python")
        .unwrap();
    let live = first.path().join("state/live");
    let deploy = |from: &Path| {
        let arguments = ["deploy", "--local", "--to", live.to_str().unwrap()];
        lastgood(from, &arguments, &[("SMOKE_PASSWORD", "smoke-password-of-kim")])
    };
    let said = deploy(first.path());
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("your own requests succeed"), "{}", said.stdout);

    let over = Arc::new(AtomicBool::new(false));
    let asking = asking(Arc::clone(&over));
    let files = |live: &PathBuf| ["app.py", ".env", "compose.yaml"].map(|name| fs::read(live.join(name)).unwrap());
    let (before, placed) = (containers(), files(&live));
    let mut wrong = Vec::new();
    for case in cases(&fs::read_to_string(folder.join("cases.toml")).unwrap()) {
        let bed = Bed::laid(&folder).unwrap();
        shell(bed.path(), &case.edit).unwrap();
        let said = deploy(bed.path());
        // Its folder declares the same project, which is not its own to take down.
        fs::remove_file(bed.path().join("compose.yaml")).unwrap();
        let text = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let lacks: Vec<&String> = case.says.iter().filter(|words| !text.contains(words.as_str())).collect();
        let told = SECRETS.iter().any(|secret| format!("{}{}", said.stdout, said.stderr).contains(secret));
        let is_same = containers() == before && files(&live) == placed;
        let refused = said.code == 1 && text.contains("is refused; what served before serves on, untouched");
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
