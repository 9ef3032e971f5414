//! A registry as GHCR and companies have it: it speaks TLS by a certificate of their own authority, and answers with the way to a server of
//! tokens. Hosts of their own ask it, of both kinds: with the engine's own store of images, and with containerd's. The token server is
//! `guarded/tokens.py`, the registry Debian's `docker-registry`.
#![expect(clippy::print_stdout, reason = "what a refusal says is what one wants to see of this")]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::bed::{Said, lastgood, shell};
use crate::vms::Vms;

const PASSWORD: &str = "cobalt-token-password";
/// Whoever knows the password may log in; this one alone may read.
const READER: &str = "me";
const REPOSITORY: &str = "me/shop";

/// An authority, a certificate by it for the registry's address, and the key that tokens are signed with.
const CERTIFICATES: &str = "
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem -days 2 -subj '/CN=live authority' 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout tls-key.pem -out tls.csr -subj '/CN=live registry' 2>/dev/null
echo 'subjectAltName=IP:HOST' >extension
openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile extension -out tls.pem 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj '/CN=live tokens' 2>/dev/null
";
const CONFIG: &str = "version: 0.1
storage: {filesystem: {rootdirectory: FOLDER/data}}
";
/// Where images are put: nobody else gets here.
const OPEN: &str = "http: {addr: \"OPEN\"}\n";
/// Where hosts ask.
const GUARDED: &str = "http: {addr: \"GUARDED\", tls: {certificate: FOLDER/tls.pem, key: FOLDER/tls-key.pem}}
auth: {token: {realm: \"http://TOKENS/token\", service: live, issuer: live, rootcertbundle: FOLDER/cert.pem}}
";

struct Registry {
    folder: TempDir,
    open: String,
    guarded: String,
    processes: Vec<Child>,
}

impl Registry {
    /// On an address of this machine that the hosts reach.
    fn up(host: &str) -> Self {
        let folder = TempDir::with_prefix("guarded-").unwrap();
        shell(folder.path(), &CERTIFICATES.replace("HOST", host)).unwrap();
        let free = |host: &str| TcpListener::bind((host, 0)).unwrap().local_addr().unwrap().to_string();
        let (open, guarded, tokens) = (free("127.0.0.1"), free(host), free(host));
        let at = folder.path().display().to_string();
        let written = |part: &str| {
            let text = format!("{CONFIG}{part}").replace("FOLDER", &at);
            text.replace("OPEN", &open).replace("GUARDED", &guarded).replace("TOKENS", &tokens)
        };
        fs::write(folder.path().join("open.yml"), written(OPEN)).unwrap();
        fs::write(folder.path().join("guarded.yml"), written(GUARDED)).unwrap();
        let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/guarded/tokens.py");
        let server = server.to_str().unwrap();
        let mut registry = Self { folder, open, guarded, processes: Vec::new() };
        registry.start("docker-registry", &["serve", "open.yml"]);
        registry.start("docker-registry", &["serve", "guarded.yml"]);
        registry.start("python3", &[server, &tokens, READER, PASSWORD, REPOSITORY]);
        for address in [&registry.open, &registry.guarded, &tokens] {
            let listens = || {
                thread::sleep(Duration::from_millis(50));
                TcpStream::connect(address).is_ok()
            };
            assert!((0..100).any(|_| listens()), "nobody listens at {address}");
        }
        registry
    }

    fn start(&mut self, program: &str, arguments: &[&str]) {
        let log = fs::File::create(self.folder.path().join(format!("log-{}", self.processes.len()))).unwrap();
        let mut serve = Command::new(program);
        serve.args(arguments).current_dir(self.folder.path()).stdout(Stdio::null()).stderr(log);
        self.processes.push(serve.spawn().unwrap());
    }

    fn image(&self, tag: &str) -> String {
        format!("{}/{REPOSITORY}:{tag}", self.guarded)
    }

    /// An image that holds `text`, by a tag, for both kinds of processors: an index of two.
    fn holds(&self, tag: &str, text: &str) {
        let image = format!("{}/{REPOSITORY}:{tag}", self.open);
        let script = format!(
            "[ -f wait ] || {{ printf '#include <unistd.h>\\nint main(void) {{ for (;;) pause(); }}\\n' >wait.c
               cc -static -Os -o wait wait.c; }}
             echo {text} >release
             printf 'FROM scratch\\nCOPY wait release /\\nENTRYPOINT [\"/wait\"]\\n' >Dockerfile
             mkdir -p docker && export DOCKER_CONFIG=$PWD/docker DOCKER_BUILDKIT=1
             for kind in amd64 arm64; do
               docker build --quiet --platform linux/$kind --tag {image}-$kind . >/dev/null
               docker push --quiet {image}-$kind >/dev/null && docker image rm {image}-$kind >/dev/null
             done
             docker manifest create --insecure {image} {image}-amd64 {image}-arm64 >/dev/null
             docker manifest push --insecure --purge {image} >/dev/null"
        );
        shell(self.folder.path(), &script).unwrap();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _gone = process.kill();
            let _ended = process.wait();
        }
    }
}

/// A project that only names its image, and the host that it goes to.
struct Site<'a> {
    vms: &'a Vms,
    registry: &'a Registry,
    number: &'a str,
    folder: TempDir,
}

impl Site<'_> {
    fn declares(&self, image: &str, more: &str) {
        let compose = format!(
            "name: live-guarded\nservices:\n  app:\n    image: {image}\n    stop_grace_period: 1s\n    \
             restart: unless-stopped\n{more}"
        );
        fs::write(self.folder.path().join("compose.yaml"), compose).unwrap();
    }

    fn ask(&self, arguments: &[&str]) -> Said {
        let host = format!("vm{}", self.number);
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--host", &host]).collect();
        let said = lastgood(self.folder.path(), &arguments, &[("PATH", &self.vms.path())]);
        assert!(!format!("{}{}", said.stdout, said.stderr).contains(PASSWORD), "the password is said");
        said
    }

    fn deploy(&self) -> Said {
        self.ask(&["deploy"])
    }

    /// A refusal: nothing runs that did not before.
    fn refused(&self, words: &[&str]) {
        let said = self.deploy();
        let text = format!("{}{}", said.stdout, said.stderr);
        let told: Vec<&str> = text.lines().filter(|line| line.contains(&self.registry.guarded)).collect();
        println!("vm{}: {}", self.number, told.join("\n     "));
        said.ends(1, words);
    }

    fn on(&self, script: &str) -> String {
        self.vms.on(self.number, script)
    }

    fn log_in(&self, user: &str, password: &str) {
        let script =
            format!("echo {password} | docker login --username {user} --password-stdin {}", self.registry.guarded);
        self.on(&format!("{script} 2>/dev/null"));
    }

    fn runs(&self, text: &str) {
        let said = self.on("cd live-guarded && docker compose cp app:/release - | tar --extract --to-stdout");
        assert_eq!(said.trim(), text);
    }
}

#[test]
#[ignore = "needs a Docker engine that hosts can run in"]
fn tokens_and_certificates() {
    let vms = Vms::of(1);
    // This one keeps images in containerd's store.
    vms.manage("up 2 containerd");
    // The machine that they run on, as they see it.
    let host = vms.on("1", "ip route show default").split(' ').nth(2).unwrap().to_owned();
    let registry = Registry::up(&host);
    for number in ["1", "2"] {
        registry.holds("1", "one");
        let folder = TempDir::with_prefix("live-guarded-").unwrap();
        let site = Site { vms: &vms, registry: &registry, number, folder };
        refusals(&site);
        fetched(&site);
        moved(&site);
        site.on("cd live-guarded && docker compose --progress quiet down --timeout 1");
    }
}

fn refusals(site: &Site<'_>) {
    let (address, image) = (&*site.registry.guarded, site.registry.image("1"));
    site.declares(&image, "");
    let way = format!("/etc/docker/certs.d/{address}/ca.crt");
    site.refused(&[&format!("nobody trusts the certificate of {address}"), &way, "refused"]);
    let authority = fs::read_to_string(site.registry.folder.path().join("ca.pem")).unwrap();
    let place = format!("mkdir -p \"$(dirname {way})\" && echo '{authority}' >{way}");
    site.vms.on(&format!("root@{}", site.number), &place);

    let login = format!("docker login {address}, as me@vm{}", site.number);
    site.refused(&["nobody is logged in there", &image, &login, "refused"]);
    site.ask(&["deploy", "--lang", "ko"]).ends(1, &["로그인", &format!("docker login {address}")]);
    let wrong = format!(
        "mkdir -p ~/.docker; echo '{{\"auths\":{{\"{address}\":{{\"auth\":\"'$(printf {READER}:not-this | base64)'\"}}}}}}' \
         >~/.docker/config.json"
    );
    site.on(&wrong);
    site.refused(&[&format!("{address} does not give {image} to the login that it got"), &login]);
    site.log_in("other", PASSWORD);
    site.refused(&[&format!("{address} denies {image}"), &format!("docker login {address}")]);
    site.log_in(READER, PASSWORD);
    let absent = site.registry.image("9");
    site.declares(&absent, "");
    site.refused(&[&format!("{address} has no {absent}"), "was pushed"]);
}

fn fetched(site: &Site<'_>) {
    site.declares(&site.registry.image("1"), "");
    site.deploy().ends(0, &["serves"]);
    site.runs("one");
    site.deploy().ends(0, &["nothing to do"]);
    // By its digest, too; which is the same image.
    let digests = "docker image inspect --format '{{index .RepoDigests 0}}'";
    let digest = site.on(&format!("{digests} {}", site.registry.image("1")));
    site.declares(digest.trim(), "");
    site.deploy().ends(0, &["serves"]);
    site.runs("one");
    site.deploy().ends(0, &["nothing to do"]);
}

/// The tag stands for another image, and the registry gives the old one to nobody any more.
fn moved(site: &Site<'_>) {
    site.declares(&site.registry.image("1"), "    pull_policy: always\n");
    site.deploy().ends(0, &["serves"]);
    site.registry.holds("1", "two");
    site.deploy().ends(0, &["app:", "serves"]);
    site.runs("two");
    site.deploy().ends(0, &["nothing to do"]);
    site.on(&format!("docker logout {} && docker image prune --force", site.registry.guarded));
    for text in ["one", "two"] {
        site.ask(&["rollback"]).ends(0, &["serves"]);
        site.runs(text);
    }
    site.ask(&["check"]).ends(0, &[]);
}
