//! How images get to where they run out of a real registry, with a login and without. What is refused says the true cause and the way out,
//! and leaves alone what serves. Tokens and TLS are `guarded.rs`' matter, and what is sent over ssh `carried.rs`'.

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
