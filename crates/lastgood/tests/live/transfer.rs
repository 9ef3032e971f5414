//! How images get to where they run: out of a real registry, with a login and without; and over ssh to hosts of their own, as little of
//! them as can be. What is refused says the true cause and the way out, and leaves alone what serves.
#![expect(clippy::print_stdout, reason = "how much is sent is what one wants to see of this")]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::bed::{Said, images, lastgood, shell};

const LOGIN: (&str, &str) = ("me", "cobalt-registry-password");
const CONFIG: &str = "version: 0.1\nstorage: {filesystem: {rootdirectory: DATA}}\nhttp: {addr: \"ADDRESS\"}\n";
const AUTH: &str = "auth: {htpasswd: {realm: live, path: PASSWORDS}}\n";

/// Debian's `docker-registry`, as a process on a loopback port.
struct Registry {
    folder: TempDir,
    address: String,
    process: Option<Child>,
}

impl Registry {
    fn up(with_login: bool) -> Self {
        let folder = TempDir::with_prefix("registry-").unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let config = CONFIG.to_owned() + if with_login { AUTH } else { "" };
        let config = config.replace("DATA", &at("data")).replace("ADDRESS", &free.to_string());
        fs::write(folder.path().join("config.yml"), config.replace("PASSWORDS", &at("passwords"))).unwrap();
        let (user, password) = LOGIN;
        shell(folder.path(), &format!("htpasswd -Bbn {user} {password} >passwords && mkdir docker nobody wrong"))
            .unwrap();
        let mut registry = Self { address: free.to_string(), folder, process: None };
        registry.start();
        if with_login {
            let login = format!("docker --config docker login --username {user} --password-stdin {}", registry.address);
            registry.run(&format!("echo {password} | {login}"));
            let wrong = format!(r#"{{"auths":{{"{}":{{"auth":"bWU6bm90LXRoaXM="}}}}}}"#, registry.address);
            fs::write(registry.folder.path().join("wrong/config.json"), wrong).unwrap();
        }
        registry
    }

    fn start(&mut self) {
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let mut serve = Command::new("docker-registry");
        serve.arg("serve").arg(self.folder.path().join("config.yml")).stdout(Stdio::null()).stderr(log);
        self.process = Some(serve.spawn().unwrap());
        let listens = || {
            thread::sleep(Duration::from_millis(50));
            TcpStream::connect(&self.address).is_ok()
        };
        assert!((0..100).any(|_| listens()), "the registry does not listen");
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    fn run(&self, script: &str) {
        shell(self.folder.path(), script).unwrap();
    }

    /// An image that says `text`, by a tag; it lies in the registry, and nowhere else.
    fn holds(&self, tag: &str, text: &str) {
        let image = format!("{}/live-transfer:{tag}", self.address);
        self.run(&format!(
            "printf 'FROM live-python\\nRUN echo {text} >/release\\n' >Dockerfile
             DOCKER_BUILDKIT=1 docker build --quiet --tag live-transfer-made . >/dev/null
             kept=$(docker image inspect --format '{{{{.Id}}}}' {image} 2>/dev/null || true)
             docker tag live-transfer-made {image} && docker --config docker push --quiet {image} >/dev/null
             docker image rm live-transfer-made {image} >/dev/null
             if [ -n \"$kept\" ]; then docker tag \"$kept\" {image}; fi"
        ));
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop();
        let ours = format!("docker image ls --quiet --filter reference='{}/*'", self.address);
        let _gone = shell(Path::new("/"), &format!("{ours} | sort -u | xargs -r docker image rm --force"));
    }
}

/// A project whose service only names its image, and the folder that it is deployed to.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        images();
        Self { folder: TempDir::with_prefix("live-transfer-").unwrap() }
    }

    fn declares(&self, image: &str, more: &str) {
        let compose = format!(
            "name: live-transfer\nservices:\n  app:\n    image: {image}\n    init: true\n    stop_grace_period: 1s\n    \
             restart: always\n    command: [python3, -c, \"import time; time.sleep(9999)\"]\n{more}"
        );
        fs::write(self.folder.path().join("compose.yaml"), compose).unwrap();
    }

    fn ask(&self, arguments: &[&str], registry: &Registry, login: &str) -> Said {
        let config = registry.folder.path().join(login);
        let variables = [("DOCKER_CONFIG", config.to_str().unwrap()), ("USER", "me")];
        let said = lastgood(self.folder.path(), arguments, &variables);
        assert!(!format!("{}{}", said.stdout, said.stderr).contains(LOGIN.1), "the password is said");
        said
    }

    fn deploy(&self, registry: &Registry, login: &str) -> Said {
        self.ask(&["deploy", "--local", "--to", "live"], registry, login)
    }

    fn runs(&self, text: &str) {
        let script = format!("[ \"$(docker compose exec -T app cat /release)\" = {text} ]");
        shell(&self.folder.path().join("live"), &script).unwrap();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _gone = shell(
            Path::new("/"),
            "docker compose -p live-transfer --progress quiet down --volumes --timeout 0
             docker image ls --format '{{.Repository}}:{{.Tag}}' | grep '^lastgood/live-transfer/' | xargs -r docker image rm",
        );
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_registry_that_refuses_says_why() {
    let (mut registry, site) = (Registry::up(true), Site::new());
    let image = |tag: &str| format!("{}/live-transfer:{tag}", registry.address);
    let (one, two, nine, address) = (image("1"), image("2"), image("9"), registry.address.clone());
    registry.holds("1", "one");
    registry.holds("2", "two");
    site.declares(&one, "");
    site.deploy(&registry, "docker").ends(0, &["serves"]);
    site.runs("one");

    site.declares(&two, "");
    let login = format!("hint: docker login {address}, as me@");
    let refused = site.deploy(&registry, "nobody");
    println!("{}", refused.stdout);
    refused.ends(1, &[&format!("{address} wants a login for {two}, and nobody is logged in there"), &login, "refused"]);
    let refused = site.deploy(&registry, "wrong");
    refused.ends(1, &[&format!("{address} does not give {two} to the login that it got"), &login]);
    site.declares(&nine, "");
    site.deploy(&registry, "docker").ends(1, &[&format!("{address} has no {nine}"), "was pushed"]);
    // Twice: it does not stay either.
    let foreign = format!("{address}/live-transfer:foreign");
    registry.run(&format!(
        "printf 'FROM scratch\\nCOPY Dockerfile /release\\n' >Dockerfile
         DOCKER_BUILDKIT=1 docker build --quiet --platform linux/arm64 --tag {foreign} . >/dev/null
         docker --config docker push --quiet {foreign} >/dev/null && docker image rm {foreign} >/dev/null"
    ));
    site.declares(&foreign, "");
    for _ in 0..2 {
        let words = [&*format!("{foreign} is for arm64, and this machine is amd64"), "--platform"];
        site.deploy(&registry, "docker").ends(1, &words);
    }
    let korean = site.ask(&["deploy", "--local", "--to", "live", "--lang", "ko"], &registry, "nobody");
    korean.ends(1, &["로그인", &format!("docker login {address}")]);
    registry.stop();
    site.declares(&two, "");
    site.deploy(&registry, "docker")
        .ends(1, &[&format!("{address}, which has {two}, does not answer"), "connection refused"]);
    site.runs("one");

    // Once it can be had, it is; and what was refused is in nobody's way.
    registry.start();
    site.deploy(&registry, "docker").ends(0, &["serves"]);
    site.runs("two");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_tag_that_moved_is_noticed_where_that_is_wanted_and_can_be_gone_back_from() {
    let (registry, site) = (Registry::up(false), Site::new());
    let image = format!("{}/live-transfer:1", registry.address);
    registry.holds("1", "one");
    site.declares(&image, "");
    site.deploy(&registry, "docker").ends(0, &["serves"]);
    site.runs("one");

    registry.holds("1", "two");
    site.deploy(&registry, "docker").ends(0, &["nothing to do"]);
    site.declares(&image, "    pull_policy: always\n");
    site.ask(&["deploy", "--local", "--to", "live", "--plan"], &registry, "docker").ends(0, &["nothing was changed"]);
    site.deploy(&registry, "docker").ends(0, &["app:", "serves"]);
    site.runs("two");
    registry.holds("1", "three");
    site.deploy(&registry, "docker").ends(0, &["app:", "serves"]);
    site.runs("three");
    site.deploy(&registry, "docker").ends(0, &["nothing to do"]);

    // The registry has the old ones no more, by no name.
    let back = || site.ask(&["rollback", "--local", "--of", "live"], &registry, "docker");
    back().ends(0, &["app:", "serves"]);
    site.runs("two");
    let history = lastgood(&site.folder.path().join("live"), &["history", "--local"], &[]);
    let first =
        history.stdout.lines().rfind(|line| line.contains(" good ")).unwrap().split_whitespace().nth(3).unwrap();
    let first = site.ask(&["rollback", "--local", "--of", "live", first], &registry, "docker");
    first.ends(0, &["serves"]);
    // Its client did not know yet which image that was.
    site.runs("one");
}

/// Over ssh.
mod vms {
    use super::*;
    use crate::bed::binary;
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
        let vms = Vms::up();
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
        for number in ["1", "2"] {
            vms.on(number, "cd live-carried && docker compose --progress quiet down --timeout 1");
            assert_eq!(vms.on(number, "ls ~/.cache/lastgood | grep images- || :"), "", "nothing stays there");
        }
        let _gone = shell(Path::new("/"), "docker image rm -f live-carried-app >/dev/null");
    }

    /// The client dies in the middle; the next one goes on from there.
    fn cut_off(source: &Source<'_>) {
        const ARRIVES: usize = 2_000_000;
        let slow = format!("#!/bin/sh\nhead -c {ARRIVES}; sleep 3; exec /usr/bin/cat >/dev/null\n");
        let place = format!("printf '%s' '{slow}' >/usr/local/bin/cat; chmod 755 /usr/local/bin/cat");
        source.vms.on("root@1", &place);
        source.changes(4, 6_000_000);
        let mut cut = Command::new(binary());
        cut.args(["deploy", "--host", "vm1"]).current_dir(source.folder()).env("PATH", &source.path);
        let mut cut = cut.env("DOCKER_BUILDKIT", "1").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let there = format!("[ $(wc -c <$(echo ~/.cache/lastgood/images-*)) -ge {ARRIVES} ]");
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
        assert!(sent <= 4_000_000 + MOST_BESIDE, "{sent}");
        source.runs("1", 4);
    }

    /// Said before anything is sent. The disk is not filled: the host is made to say that it is.
    fn no_room(source: &Source<'_>) {
        let full = "#!/bin/sh\necho Filesystem\necho /dev/disk 1000 996 4 99% /full\n";
        source.vms.on("root@1", &format!("printf '%s' '{full}' >/usr/local/bin/df; chmod 755 /usr/local/bin/df"));
        source.changes(5, CHANGED);
        let refused = source.deploy("vm1");
        println!("{}", refused.stderr);
        refused
            .ends(2, &["vm1 has too little room for the images: /var/lib/docker needs 9", "and has 4.0 kB", "hint:"]);
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

    /// An engine that keeps images in the way of containerd gets all of it; one that does not say so gets it after a trial.
    fn containerd(source: &Source<'_>) {
        source.declares(USUAL, "");
        source.vms.on("root@2", "echo '{\"features\":{\"containerd-snapshotter\":true}}' >/etc/docker/daemon.json");
        source.vms.manage("reboot 2");
        let store = source.vms.on("2", "docker info --format '{{json .DriverStatus}}'");
        assert!(store.contains("containerd"), "{store}");
        source.changes(6, CHANGED);
        let first = source.deploy("vm2");
        first.ends(0, &["unpacked", "serves"]);
        source.runs("2", 6);
        source.deploy("vm2").ends(0, &["nothing to do"]);
        source.changes(7, CHANGED);
        let second = source.deploy("vm2");
        second.ends(0, &["unpacked", "serves"]);
        println!("to containerd's store: {}", brings(&second));
        source.runs("2", 7);

        let silent = "#!/bin/sh\ncase \"$*\" in *DriverStatus*) echo [];; *) exec /usr/bin/docker \"$@\";; esac\n";
        source
            .vms
            .on("root@2", &format!("printf '%s' '{silent}' >/usr/local/bin/docker; chmod 755 /usr/local/bin/docker"));
        source.changes(8, CHANGED);
        let tried = source.deploy("vm2");
        println!(
            "a trial: {}",
            tried.stdout.lines().filter(|line| line.contains("bringing")).collect::<Vec<_>>().join(" | ")
        );
        tried.ends(0, &["the rest is there", "bringing them whole", "unpacked", "serves"]);
        source.runs("2", 8);
        source.vms.on("root@2", "rm /usr/local/bin/docker");
    }
}
