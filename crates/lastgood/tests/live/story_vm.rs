//! The stack of `examples/econipass`, deployed to a host of its own as its README says: its neighbours, then the product with the real
//! Keycloak and a login as smoke test; again with a changed file, and back. It builds and carries more than a gigabyte of images:
//! `scripts/test story-vm`.
#![expect(clippy::print_stdout, reason = "how long a deploy takes is what one wants to see of this")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tempfile::TempDir;

use crate::bed::{Said, lastgood, shell};
use crate::vms::Vms;

/// Made up, as everything there.
const PASSWORD: &str = "carbon-user-password-1";
const PRODUCT: [&str; 6] = ["deploy", "--no-build", "--host", "vm1", "-f", "docker-compose.prod.yml"];

/// The example, as somebody has it who changes a file of it.
struct Example {
    copy: TempDir,
    vms: Vms,
}

impl Example {
    fn new() -> Self {
        let repository = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
        let copy = TempDir::with_prefix("story-").unwrap();
        let from = repository.display();
        shell(
            copy.path(),
            &format!("mkdir examples && cp -r '{from}/examples/econipass' examples && ln -s '{from}/scripts' ."),
        )
        .unwrap();
        Self { copy, vms: Vms::up() }
    }

    fn folder(&self) -> PathBuf {
        self.copy.path().join("examples/econipass")
    }

    fn images(&self) {
        let begun = Instant::now();
        shell(&self.folder(), "./stack images").unwrap();
        println!("images: {:.1} s", begun.elapsed().as_secs_f64());
    }

    fn ask(&self, below: &str, arguments: &[&str], password: &str) -> Said {
        let begun = Instant::now();
        let path = self.vms.path();
        let said = lastgood(&self.folder().join(below), arguments, &[("PATH", &path), ("SMOKE_PASSWORD", password)]);
        println!("{} {below}: {:.1} s", arguments[0], begun.elapsed().as_secs_f64());
        for secret in [PASSWORD, "carbon-client-secret-26", "carbon-db-password-17", "carbon-kvs-password-8"] {
            assert!(!format!("{}{}", said.stdout, said.stderr).contains(secret), "{secret} is said");
        }
        said
    }

    /// Asks, and it has to end so.
    fn must(&self, code: i32, below: &str, arguments: &[&str], password: &str) -> String {
        let said = self.ask(below, arguments, password);
        assert_eq!(said.code, code, "{arguments:?} {below}: {}{}", said.stdout, said.stderr);
        said.stdout
    }

    /// What the backend on the host says of itself, and what a login there is answered.
    fn health(&self) -> String {
        self.vms.on("1", "docker exec econipass-backend python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/health').read().decode())\"")
    }

    /// Containers of the product, and since when they are.
    fn containers(&self) -> String {
        let format = "{{.Names}} {{.ID}}";
        self.vms.on(
            "1",
            &format!("docker ps --filter label=com.docker.compose.project=econipass --format '{format}' | sort"),
        )
    }
}

#[test]
#[ignore = "needs a Docker engine that hosts can run in, and minutes"]
fn a_login_proves_the_story_good_and_a_wrong_password_refuses_it() {
    let example = Example::new();
    example.images();
    for neighbour in ["neighbours/pgvector", "neighbours/kvs"] {
        example.must(0, neighbour, &["deploy", "--no-build", "--host", "vm1"], "");
    }
    let first = example.must(0, "", &PRODUCT, PASSWORD);
    assert!(first.contains("serves"), "{first}");
    let nothing = example.must(0, "", &PRODUCT, PASSWORD);
    assert!(nothing.contains("nothing to do"), "{nothing}");
    let before = example.containers();
    assert_eq!(before.lines().count(), 3, "{before}");

    // One file is another one; who does not know the password is refused, and what serves is left alone.
    let main = example.folder().join("backend/econipass/main.py");
    let text = fs::read_to_string(&main).unwrap();
    fs::write(&main, text.replace(r#"{"status": "UP"}"#, r#"{"status": "UP", "release": "two"}"#)).unwrap();
    example.images();
    let refused = example.must(1, "", &PRODUCT, "not-the-password");
    assert!(refused.contains("login") && refused.contains("500"), "{refused}");
    assert!(refused.contains("what served before serves on"), "{refused}");
    assert_eq!(example.containers(), before, "{refused}");
    assert!(!example.health().contains("two"));

    let second = example.must(0, "", &PRODUCT, PASSWORD);
    assert!(example.health().contains("two"), "{second}");
    let is_backend = |line: &&str| line.starts_with("econipass-backend ");
    let (now, others) = (example.containers(), |text: &str| {
        text.lines().filter(|line| !is_backend(line)).map(str::to_owned).collect::<Vec<_>>()
    });
    assert_eq!(others(&now), others(&before), "more than the backend was made anew");
    assert_ne!(now, before);

    // Its history is found without a word, although its compose file has a name of its own.
    let history = example.must(0, "", &["history", "--host", "vm1"], "");
    assert!(history.lines().count() >= 3, "{history}");
    let back = example.must(0, "", &["rollback", "--host", "vm1"], "");
    assert!(!example.health().contains("two"), "{back}");
    println!("{first}{refused}{second}{back}{history}");
}
