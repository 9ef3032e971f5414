//! The stack of `examples/econipass`, as its README says: brought up, and broken by each of its three walls. What `why` and
//! `check` have to say of it, in both languages, and that neither changes anything or tells a secret.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::bed::{Said, lastgood, shell};

/// What the stack must never be heard saying; made up, as everything there.
const SECRETS: [&str; 4] =
    ["carbon-client-secret-26", "carbon-db-password-17", "carbon-kvs-password-8", "carbon-user-password-1"];
/// How the README calls Compose.
const COMPOSE: &str = "docker compose -f docker-compose.prod.yml";

/// The example, as a user has it.
struct Story {
    folder: PathBuf,
    wrong: Vec<String>,
}

#[test]
#[ignore = "needs a Docker engine"]
fn three_walls_are_named_one_after_the_other_and_together() {
    let mut story =
        Story { folder: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/econipass"), wrong: Vec::new() };
    story.stack("up");
    story.healthy("up");

    story.stack("wall-2");
    story.login(500);
    story.stale();
    shell(&story.folder, &format!("{COMPOSE} restart backend")).unwrap();
    story.stale();
    shell(&story.folder, &format!("{COMPOSE} up -d --no-deps backend && await ./stack login")).unwrap();

    story.stack("wall-3");
    story.login(500);
    story.refused();

    story.stack("walls-2-3");
    story.login(500);
    story.both();

    story.stack("mend");
    story.healthy("mend");
    story.stack("wall-1");
    story.other_architecture();
    story.stack("mend");
    story.healthy("mend, at last");
    story.stack("down");
    assert!(story.wrong.is_empty(), "{}", story.wrong.join("\n"));
}

impl Story {
    fn stack(&self, what: &str) {
        shell(&self.folder, &format!("./stack {what}")).unwrap();
    }

    fn login(&mut self, wanted: u16) {
        let script = format!("./stack login | tail -n 1 | grep -qx {wanted}");
        // A login that fails makes its script fail, too.
        let answered = shell(&self.folder, &format!("set +o pipefail; {script}"));
        self.expect(answered.is_ok(), &format!("the login does not answer {wanted}"));
    }

    fn expect(&mut self, is_right: bool, complaint: &str) {
        if !is_right {
            self.wrong.push(complaint.to_owned());
        }
    }

    /// Asks, and looks at what is true of every answer: no secret in it, and nothing changed by it.
    fn ask(&mut self, arguments: &[&str]) -> Said {
        let before = state();
        let said = lastgood(&self.folder, arguments, &[]);
        let what = arguments.join(" ");
        let after = state();
        self.expect(before == after, &format!("{what}: containers or networks are not as before:\n{before}\n{after}"));
        for secret in SECRETS {
            let shown = format!("{}{}", said.stdout, said.stderr).contains(secret);
            self.expect(!shown, &format!("{what} says {secret}"));
        }
        said
    }

    fn answers(&mut self, arguments: &[&str], code: i32, words: &[&str]) -> Said {
        let said = self.ask(arguments);
        let text = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let what = arguments.join(" ");
        self.expect(
            said.code == code,
            &format!("{what}: exit {} instead of {code}:\n{}{}", said.code, said.stdout, said.stderr),
        );
        for word in words {
            self.expect(text.contains(word), &format!("{what} does not say `{word}`:\n{}", said.stdout));
        }
        said
    }

    fn verdict(&mut self) -> Value {
        let said = self.ask(&["why", "--json"]);
        serde_json::from_str(&said.stdout).unwrap_or_default()
    }

    fn cause(&mut self, cause: &Value, code: &str, component: &str) {
        let is = |key: &str, wanted: &str| cause[key].as_str() == Some(wanted);
        let right = is("code", code) && is("component", component) && is("confidence", "confirmed");
        self.expect(right, &format!("not {code} of {component}, confirmed: {cause:#}"));
    }

    fn healthy(&mut self, when: &str) {
        self.login(200);
        self.answers(&["why"], 0, &["healthy"]);
        self.answers(&["status"], 0, &["3 of 3 services are up"]);
        let check = self.answers(&["check"], 0, &["nothing would bite"]);
        self.expect(check.stderr.is_empty(), &format!("{when}: check complains: {}", check.stderr));
    }

    /// Wall 2.
    fn stale(&mut self) {
        let anew = format!("{COMPOSE} up -d --no-deps backend");
        let values =
            "KEYCLOAK_BASE_URL is http://localhost:8080 in the container, http://econipass-keycloak:8080 in the files";
        let words = [values, "econipass-backend was created", ".env was edited", "restart does not read", &anew];
        self.answers(&["why"], 1, &words);
        self.answers(&["why", "backend", "--lang", "ko"], 1, &["KEYCLOAK_BASE_URL", "http://localhost:8080", &anew]);
        self.answers(
            &["check"],
            1,
            &["http://localhost:8080", "http://econipass-keycloak:8080", "restart will not", &anew],
        );
        self.answers(&["check", "--lang", "ko"], 1, &["http://localhost:8080", &anew]);
        let verdict = self.verdict();
        self.cause(&verdict["incidents"][0]["causes"][0], "environment/stale-env", "backend");
    }

    /// Wall 3.
    fn refused(&mut self) {
        let mut verdict = self.verdict();
        // On a busy machine Keycloak's first answers take longer than a probe waits.
        for _ in 0..3 {
            if cleared(&verdict["incidents"][0]).len() < 3 {
                verdict = self.verdict();
            }
        }
        let incident = &verdict["incidents"][0];
        let cause = &incident["causes"][0];
        self.cause(cause, "credentials/missing-credential", "kvs-redis");
        let quotes = |list: &Value, word: &str| {
            list.as_array().is_some_and(|all| {
                all.iter().any(|one| one["quote"].as_str().is_some_and(|quote| quote.contains(word)))
            })
        };
        self.expect(quotes(&cause["evidence"], "NOAUTH"), &format!("Redis is not quoted: {cause:#}"));
        let cleared = cleared(incident);
        for component in ["keycloak", "pgvector-db", "network"] {
            self.expect(cleared.contains(&component), &format!("{component} is not cleared: {cleared:?}"));
        }
        let text = cause.to_string();
        self.expect(text.contains("only if the code reads it"), "it is not said that a variable alone does not help");
        self.expect(!text.contains("docker restart kvs") && !text.contains("-p kvs"), "it would touch another project");
        self.answers(&["why"], 1, &["demands a password", "backend", "10.83.18.1:6379", "keycloak"]);
        self.answers(&["why", "--lang", "ko"], 1, &["비밀번호를 요구", "backend", "kvs-redis"]);
        self.answers(&["check"], 1, &["demands a password", "not-served"]);
    }

    /// Walls 2 and 3: the second hides the third.
    fn both(&mut self) {
        let verdict = self.verdict();
        let incident = &verdict["incidents"][0];
        self.cause(&incident["causes"][0], "environment/stale-env", "backend");
        self.cause(&incident["next"][0], "credentials/missing-credential", "kvs-redis");
        self.answers(&["why"], 1, &["KEYCLOAK_BASE_URL", "demands a password"]);
        self.answers(&["check"], 1, &["stale-container", "not-served", "demands a password"]);
    }

    /// Wall 1, where it runs.
    fn other_architecture(&mut self) {
        let verdict = self.verdict();
        self.cause(&verdict["incidents"][0]["causes"][0], "version/wrong-arch", "frontend");
        self.answers(&["why"], 1, &["exec format error", "frontend"]);
        self.answers(&["check"], 1, &["image-mislabelled", "arm64"]);
    }
}

/// Components that are cleared.
fn cleared(incident: &Value) -> Vec<&str> {
    incident["cleared"].as_array().into_iter().flatten().filter_map(|one| one["component"].as_str()).collect()
}

/// What there is of the three projects, and of ours: by id, so that what was made anew is another thing.
fn state() -> String {
    let script = r"
        docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.Networks}} {{.Labels}}'
        docker network ls --no-trunc --format '{{.ID}} {{.Name}}'
        docker volume ls --format '{{.Name}} {{.Labels}}'";
    let output = Command::new("bash").args(["-c", script]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let ours = |line: &&str| ["econipass", "kvs", "pgvector", "lastgood.probe"].iter().any(|name| line.contains(name));
    // In which order labels stand is nobody's choice.
    let words = |line: &str| line.split([' ', ',']).map(str::to_owned).collect::<BTreeSet<_>>();
    let lines: BTreeSet<BTreeSet<String>> = text.lines().filter(ours).map(words).collect();
    format!("{lines:#?}")
}
