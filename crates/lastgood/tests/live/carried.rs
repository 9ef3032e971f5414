//! Images that were built here on their way to hosts of their own, over ssh: as little of them as can be, whichever way the engines on both
//! sides keep them; what was cut off goes on, and what does not fit is refused.
#![expect(clippy::print_stdout, reason = "how much is sent is what one wants to see of this")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::bed::{Said, binary, images, lastgood, shell};
use crate::vms::Vms;

/// A service that is built here, of a base and one file on top.
struct Source<'v> {
    vms: &'v Vms,
    path: String,
}

impl Source<'_> {
    fn folder(&self) -> std::path::PathBuf {
        self.vms.folder().join("transfer")
    }

    fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.folder().join(name), content).unwrap();
    }

    /// A file that cannot be packed any smaller.
    fn changes(&self, seed: u64, size: usize) {
        let mut random = fastrand::Rng::with_seed(seed);
        let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(size).collect();
        self.write("content", &bytes);
        self.write("release", format!("{seed}\n").as_bytes());
    }

    fn declares(&self, dockerfile: &str, more: &str) {
        let compose = format!(
            "name: live-carried\nservices:\n  app:\n    build: .\n    init: true\n    stop_grace_period: 1s\n    \
             command: [python3, -c, \"import time; time.sleep(9999)\"]\n    restart: unless-stopped\n{more}"
        );
        self.write("compose.yaml", compose.as_bytes());
        self.write("Dockerfile", dockerfile.as_bytes());
    }

    fn deploy(&self, host: &str) -> Said {
        let variables = [("PATH", self.path.as_str()), ("DOCKER_BUILDKIT", "1")];
        lastgood(&self.folder(), &["deploy", "--host", host], &variables)
    }

    fn runs(&self, number: &str, seed: u64) {
        let said = self.vms.on(number, "cd live-carried && docker compose exec -T app cat /release");
        assert_eq!(said.trim(), seed.to_string());
    }
}

const USUAL: &str = "FROM live-python\nCOPY content release /\n";
const CHANGED: usize = 300_000;
/// Beside a change, in bytes.
const MOST_BESIDE: u64 = 64 * 1024;

/// Bytes that a host received until now.
fn received(vms: &Vms, number: &str) -> u64 {
    vms.on(number, "cat /sys/class/net/eth0/statistics/rx_bytes").trim().parse().unwrap()
}

fn brings(said: &Said) -> String {
    let line = said.stdout.lines().find(|line| line.starts_with("bringing ")).unwrap_or_default();
    line.to_owned()
}

#[test]
#[ignore = "needs a Docker engine that hosts can run in"]
fn as_little_as_can_be_travels() {
    images();
    let vms = Vms::of(1);
    // These keep images in containerd's store.
    vms.manage("up 3 containerd");
    let source = Source { path: vms.path(), vms: &vms };
    fs::create_dir(source.folder()).unwrap();
    source.declares(USUAL, "");

    // An engine like ours: all of it, and then what is new.
    source.changes(1, CHANGED);
    let first = source.deploy("vm1");
    first.ends(0, &["bringing live-carried-app: ", "unpacked", "serves"]);
    println!("{}", brings(&first));
    source.changes(2, CHANGED);
    let before = received(&vms, "1");
    let second = source.deploy("vm1");
    let sent = received(&vms, "1") - before;
    second.ends(0, &["the rest is there", "serves"]);
    println!("{}; on the wire, with all that was asked: {sent} B for {CHANGED} B", brings(&second));
    assert!(sent <= CHANGED as u64 + MOST_BESIDE, "{sent}");
    source.runs("1", 2);
    let before = received(&vms, "1");
    source.deploy("vm1").ends(0, &["nothing to do"]);
    println!("nothing changed: {} B", received(&vms, "1") - before);
    // Its base is gone there.
    vms.on("1", "cd live-carried && docker compose --progress quiet down --timeout 1 && docker image rm -f $(docker image ls -aq) >/dev/null");
    source.changes(3, CHANGED);
    source.deploy("vm1").ends(0, &["unpacked", "serves"]);
    source.runs("1", 3);

    cut_off(&source);
    no_room(&source);
    other_machines(&source);
    containerd(&source);
    from_containerd(&source);
    for number in ["1", "2", "3"] {
        vms.on(number, "cd live-carried && docker compose --progress quiet down --timeout 1");
        assert_eq!(vms.on(number, "ls ~/.cache/lastgood | grep images- || :"), "", "nothing stays there");
    }
    let _gone = shell(Path::new("/"), "docker image rm -f live-carried-app >/dev/null");
}

/// Images, of which the client dies in the middle.
fn cut_off(source: &Source<'_>) {
    source.changes(4, 6_000_000);
    dies_and_goes_on(source, "images");
    source.runs("1", 4);
}

/// The client dies in the middle of a parcel of 6 MB of this kind; the next one goes on from there.
fn dies_and_goes_on(source: &Source<'_>, kind: &str) {
    const ARRIVES: usize = 2_000_000;
    let slow = format!("#!/bin/sh\nhead -c {ARRIVES}; sleep 3; exec /usr/bin/cat >/dev/null\n");
    let place = format!("printf '%s' '{slow}' >/usr/local/bin/cat; chmod 755 /usr/local/bin/cat");
    source.vms.on("root@1", &place);
    let mut cut = Command::new(binary());
    cut.args(["deploy", "--host", "vm1"]).current_dir(source.folder()).env("PATH", &source.path);
    let mut cut = cut.env("DOCKER_BUILDKIT", "1").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let there = format!("[ $(wc -c <$(echo ~/.cache/lastgood/{kind}-*)) -ge {ARRIVES} ]");
    source.vms.on("1", &format!("there() {{ {there}; }}; await there"));
    cut.kill().unwrap();
    cut.wait().unwrap();
    // Written so that it does not find itself.
    let of_ours = source.vms.folder().display().to_string().replacen('/', "[/]", 1);
    shell(source.vms.folder(), &format!("pkill -f '{of_ours}/ssh_config' || :")).unwrap();
    source.vms.on("root@1", "rm /usr/local/bin/cat; ended() { ! pgrep -u me sleep; }; await ended");
    source.runs("1", 3);
    let before = received(source.vms, "1");
    let again = source.deploy("vm1");
    let sent = received(source.vms, "1") - before;
    again.ends(0, &["2.0 MB of it came with an earlier attempt", "serves"]);
    println!("{}; after it was cut off: {sent} B", brings(&again));
    // What is on the wire beside it depends on how busy the machine is; what counts is that it is not all of it once more.
    assert!(sent <= 5_000_000, "{sent}");
}

#[test]
#[ignore = "needs a Docker engine that hosts can run in"]
fn what_was_built_elsewhere_goes_on_too() {
    images();
    let vms = Vms::of(1);
    let source = Source { path: vms.path(), vms: &vms };
    fs::create_dir(source.folder()).unwrap();
    source.write(
        "compose.yaml",
        b"name: live-carried\nservices:\n  app:\n    image: live-carried-app\n    init: true\n    stop_grace_period: 1s\n",
    );
    source.write(
        "lastgood.toml",
        b"[deploy.service.app.artifact]\nbase = \"live-python\"\n\
          files = { content = \"/content\", release = \"/release\" }\n\
          command = [\"python3\", \"-c\", \"import time; time.sleep(9999)\"]\n",
    );
    shell(vms.folder(), "docker save live-python | bin/ssh vm1 docker load --quiet >/dev/null").unwrap();
    source.changes(3, CHANGED);
    source.deploy("vm1").ends(0, &["bringing what was built for app: 2 files", "serves"]);
    source.runs("1", 3);
    source.changes(4, 6_000_000);
    dies_and_goes_on(&source, "artifact");
    source.runs("1", 4);
    vms.on("1", "cd live-carried && docker compose --progress quiet down --timeout 1");
    assert_eq!(vms.on("1", "ls ~/.cache/lastgood | grep artifact- || :"), "", "nothing stays there");
}

/// Said before anything is sent. The disk is not filled: the host is made to say that it is.
fn no_room(source: &Source<'_>) {
    let full = "#!/bin/sh\necho Filesystem\necho /dev/disk 1000 996 4 99% /full\n";
    source.vms.on("root@1", &format!("printf '%s' '{full}' >/usr/local/bin/df; chmod 755 /usr/local/bin/df"));
    source.changes(5, CHANGED);
    let refused = source.deploy("vm1");
    println!("{}", refused.stderr);
    refused.ends(2, &["vm1 has too little room for the images: /var/lib/docker needs 9", "and has 4.0 kB", "hint:"]);
    assert_eq!(brings(&refused), "");
    source.vms.on("root@1", "rm /usr/local/bin/df");
    source.runs("1", 4);
}

/// Neither an image for another processor gets there nor a program that somebody built on another machine.
fn other_machines(source: &Source<'_>) {
    let scratch = "FROM scratch\nCOPY release /\nCOPY --chmod=755 program /program\nENTRYPOINT [\"/program\"]\n";
    // The head of a program for arm64: 64 bit, little-endian, executable, machine 183.
    let mut program = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 183, 0, 1, 0, 0, 0];
    program.resize(4096, 0);
    source.write("program", &program);
    source.declares(scratch, "    platform: linux/arm64\n");
    let refused = source.deploy("vm1");
    refused.ends(1, &["for arm64, and vm1 is amd64", "platform: linux/amd64"]);
    source.declares(scratch, "");
    let refused = source.deploy("vm1");
    println!("{}", refused.stderr);
    refused.ends(1, &["/program in the image of app is for arm64, and vm1 is amd64", "hint:"]);
    assert_eq!(brings(&refused), "");
    source.runs("1", 4);
}

/// An engine that keeps images in containerd's store calls them otherwise, and gets no more than others.
fn containerd(source: &Source<'_>) {
    let vms = source.vms;
    source.declares(USUAL, "");
    let store = vms.on("2", "docker info --format '{{json .DriverStatus}}'");
    assert!(store.contains("containerd"), "{store}");
    source.changes(6, CHANGED);
    source.deploy("vm2").ends(0, &["unpacked", "serves"]);
    source.runs("2", 6);
    let (here, there) = ids(source, "2");
    assert_ne!(here, there, "another store, another id");
    let started = || vms.on("2", "docker inspect --format '{{.State.StartedAt}}' live-carried-app-1");
    let before = started();
    let unchanged = source.deploy("vm2");
    unchanged.ends(0, &["nothing to do"]);
    assert_eq!((brings(&unchanged), started()), (String::new(), before));

    source.changes(7, CHANGED);
    let before = received(vms, "2");
    let second = source.deploy("vm2");
    let sent = received(vms, "2") - before;
    second.ends(0, &["the rest is there", "serves"]);
    println!("to containerd's store: {}; on the wire: {sent} B for {CHANGED} B", brings(&second));
    assert!(sent <= CHANGED as u64 + MOST_BESIDE, "{sent}");
    source.runs("2", 7);
    // The old one stays what it is, whoever clears up.
    vms.on("2", "docker image prune --force");
    let back = |seed| {
        let variables = [("PATH", source.path.as_str())];
        lastgood(&source.folder(), &["rollback", "--host", "vm2"], &variables).ends(0, &["serves"]);
        source.runs("2", seed);
    };
    back(6);
    back(7);
    for seed in 11..16 {
        source.changes(seed, 1000);
        source.deploy("vm2").ends(0, &["the rest is there", "serves"]);
    }
    source.runs("2", 15);
    let held = vms.on("2", "docker image ls --format '{{.Tag}}' lastgood/live-carried/app");
    assert_eq!(held.lines().count(), 5, "{held}");
    // Beside those that are held, what nothing holds since the last release; the guard's image is none of these.
    let names = vms.on("2", "docker image ls --format '{{.ID}} {{.Repository}}:{{.Tag}}' | grep -v ' lastgood/guard:'");
    let ids: BTreeSet<&str> = names.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(ids.len() <= 6, "what nobody can go back to goes: {names}");
    believes(source);
}

/// An engine of which is believed what is not so gets all of it after a trial, and nothing stays of that.
fn believes(source: &Source<'_>) {
    let vms = source.vms;
    let empty = "cd live-carried && docker compose --progress quiet down --timeout 1\n\
                 docker image ls -q | sort -u | xargs docker image rm -f >/dev/null; [ -z \"$(docker image ls -aq)\" ]";
    vms.on("2", empty);
    fs::write(vms.folder().join("layers"), "").unwrap();
    let layers = "docker image inspect --format '{{json .RootFS.Layers}}' live-python >layers";
    shell(vms.folder(), layers).unwrap();
    let layers = fs::read_to_string(vms.folder().join("layers")).unwrap();
    // containerd clears its store a moment later.
    let base = layers.split('"').nth(1).unwrap().trim_start_matches("sha256:");
    vms.on("root@2", &format!("gone() {{ [ -z \"$(find /var/lib/docker/containerd -name {base})\" ]; }}; await gone"));
    let lies = format!(
        "#!/bin/sh\ncase \"$*\" in *DriverStatus*) echo [];; *'image ls --all'*) echo sha256:0;;\n\
         *RootFS*) echo 'sha256:0 [] {}';; *) exec /usr/bin/docker \"$@\";; esac\n",
        layers.trim()
    );
    fs::write(vms.folder().join("lies"), lies).unwrap();
    let place = "bin/ssh root@vm2 'cat >/usr/local/bin/docker; chmod 755 /usr/local/bin/docker' <lies";
    shell(vms.folder(), place).unwrap();
    source.changes(8, CHANGED);
    let tried = source.deploy("vm2");
    let lines: Vec<&str> = tried.stdout.lines().filter(|line| line.contains("bringing")).collect();
    println!("a trial: {}", lines.join(" | "));
    tried.ends(0, &["the rest is there", "bringing them whole", "unpacked", "serves"]);
    vms.on("root@2", "rm /usr/local/bin/docker");
    source.runs("2", 8);
    source.deploy("vm2").ends(0, &["nothing to do"]);
}

/// The ids of the service's image, here and there.
fn ids(source: &Source<'_>, number: &str) -> (String, String) {
    let inspect = "docker image inspect --format '{{.Id}}' live-carried-app";
    shell(source.vms.folder(), &format!("{inspect} >id")).unwrap();
    (fs::read_to_string(source.vms.folder().join("id")).unwrap(), source.vms.on(number, inspect))
}

/// An engine here that keeps images in containerd's store: layers lie there as they were built, packed. The same build is the same
/// image each time, and an engine of either kind takes it.
fn from_containerd(source: &Source<'_>) {
    let vms = source.vms;
    let forward = "docker save live-python | bin/ssh vm2 docker load --quiet
         bin/ssh -f -N -L \"$PWD/engine\":/var/run/docker.sock -o ExitOnForwardFailure=yes -M -S \"$PWD/master\" vm2";
    shell(vms.folder(), forward).unwrap();
    let engine = format!("unix://{}", vms.folder().join("engine").display());
    let deploy = |host: &str| {
        let variables = [("PATH", source.path.as_str()), ("DOCKER_HOST", engine.as_str())];
        lastgood(&source.folder(), &["deploy", "--host", host], &variables)
    };
    for (number, host, seed) in [("1", "vm1", 21), ("3", "vm3", 31)] {
        source.changes(seed, CHANGED);
        deploy(host).ends(0, &["bringing live-carried-app", "serves"]);
        source.runs(number, seed);
        deploy(host).ends(0, &["nothing to do"]);
        source.changes(seed + 1, CHANGED);
        let changed = deploy(host);
        println!("from containerd's store to {host}: {}", brings(&changed));
        changed.ends(0, &["the rest is there", "serves"]);
        assert!(!changed.stdout.contains("whole"), "{}", changed.stdout);
        source.runs(number, seed + 1);
    }
    shell(vms.folder(), "bin/ssh -S \"$PWD/master\" -O exit vm2").unwrap();
}
