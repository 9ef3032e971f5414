//! Looking with a service's own eyes where that is hard: an image with nothing in it but its program, a lastgood whose files the
//! engine cannot see, and one that is killed while it looks.

use std::env;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::bed::{Bed, Said, binary, shell};

/// Redis wants a password; a program in an otherwise empty image was told an address without one.
const STACK: &str = r#"
name: live-eyes
services:
  shop:
    image: live-scratch
    user: "65534"
    mem_limit: 24m
    restart: unless-stopped
    environment: { STORE_URL: "redis://store:6379/0" }
  store:
    image: live-redis
    command: redis-server --protected-mode no --requirepass carbon-store-password
    restart: unless-stopped
"#;
/// All that stands in that image.
const PAUSE: &str = "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n";
const OURS: &str = "docker ps -aq --filter label=lastgood.probe";

#[test]
#[ignore = "needs a Docker engine and the static binary"]
fn an_empty_image_has_eyes_too_and_no_look_leaves_anything_behind() {
    let folder = TempDir::with_prefix("eyes-").unwrap();
    fs::write(folder.path().join("compose.yaml"), STACK).unwrap();
    fs::write(folder.path().join("pause.c"), PAUSE).unwrap();
    let image = "printf 'FROM scratch\\nCOPY pause /pause\\nCMD [\"/pause\"]\\n' >Dockerfile.scratch
        musl-gcc -static -Os -o pause pause.c
        DOCKER_BUILDKIT=1 docker build --quiet --tag live-scratch --file Dockerfile.scratch .";
    shell(folder.path(), image).unwrap();
    let bed = Bed::up(folder.path()).unwrap();

    refused(&bed.ask(&["why"]), "a mounted program", "store:6379 demands a password, shop sends none");
    // Nobody has Compose there: services go by the names of their containers.
    refused(&from_within(&bed), "a copied program", "live-eyes-store-1 (store:6379) demands a password");
    let none = bed.ask(&["why", "--no-probes"]);
    assert!(none.code == 0 && !none.stdout.contains("short-lived"), "{}{}", none.stdout, none.stderr);

    // Killed in the middle, again and again, at other moments.
    let probing = |after_ms: u64| {
        let mut child = Command::new(binary())
            .arg("why")
            .current_dir(bed.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(after_ms));
        let _ended_already = child.kill();
        child.wait().unwrap();
    };
    (1..12).map(|step| step * 70).for_each(probing);
    // What was started ends by itself; what was only made is removed by the next look, once it is old enough.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(90) && shell(bed.path(), &format!("[ -z \"$({OURS})\" ]")).is_err() {
        thread::sleep(Duration::from_secs(3));
        bed.ask(&["why"]);
    }
    shell(bed.path(), &format!("left=$({OURS}); [ -z \"$left\" ] || {{ docker ps -a >&2; false; }}")).unwrap();
}

fn refused(said: &Said, what: &str, because: &str) {
    let wanted = [because, "-NOAUTH Authentication required.", "1 short-lived container"];
    let text = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.code == 1, "{what}: exit {}: {}{}", said.code, said.stdout, said.stderr);
    for word in wanted {
        assert!(text.contains(word), "{what}: `{word}` is not said: {}", said.stdout);
    }
}

/// As somebody runs it who has it in a container: the engine sees none of its files.
fn from_within(bed: &Bed) -> Said {
    let socket = env::var("DOCKER_HOST").unwrap_or_default();
    let socket = socket.strip_prefix("unix://").unwrap_or("/var/run/docker.sock");
    let folder = bed.path().display().to_string();
    let within = format!(
        "docker create --name live-eyes-within --volume {socket}:/var/run/docker.sock --volume {folder}:{folder} \
           --workdir {folder} live-python /lastgood why -v >/dev/null
         docker cp --quiet {} live-eyes-within:/lastgood >/dev/null
         docker start --attach live-eyes-within",
        binary().display()
    );
    let output = Command::new("bash").args(["-c", &within]).output().unwrap();
    let _removed = shell(bed.path(), "docker rm --force live-eyes-within");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}
