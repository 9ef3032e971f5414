//! Asks through the agent, as a container would, and looks at what is true of every answer. Which answer is right is said by the
//! tests.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lastgood::pipeline::probe::{agents_answers, agents_request};
use lastgood_model::{ProbeAnswer, ProbeOutcome, ProbeProtocol, ProbeTarget, Secret};

/// What is promised of each probe, and what starting a process may add on a busy machine.
const PROMISED: Duration = Duration::from_secs(2);
const STARTING: Duration = Duration::from_millis(1_500);

pub fn target(protocol: ProbeProtocol, host: &str, port: u16) -> ProbeTarget {
    ProbeTarget {
        protocol,
        host: host.into(),
        port,
        secure: false,
        path: "".into(),
        user: None,
        password: None,
        database: None,
    }
}

/// What else may be asked with.
pub trait With: Sized {
    fn user(self, user: &str) -> Self;
    fn password(self, password: &str) -> Self;
    fn database(self, database: &str) -> Self;
    fn path(self, path: &str) -> Self;
    fn secure(self) -> Self;
}

impl With for ProbeTarget {
    fn user(self, user: &str) -> Self {
        Self { user: Some(user.into()), ..self }
    }

    fn password(self, password: &str) -> Self {
        Self { password: Some(Secret::from(password)), ..self }
    }

    fn database(self, database: &str) -> Self {
        Self { database: Some(database.into()), ..self }
    }

    fn path(self, path: &str) -> Self {
        Self { path: path.into(), ..self }
    }

    fn secure(self) -> Self {
        Self { secure: true, ..self }
    }
}

/// The agent, with this environment and no other.
pub fn agent(targets: &[ProbeTarget], variables: &[(&str, &str)]) -> Vec<ProbeAnswer> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastgood"));
    command.arg("probe").env_clear().env("LASTGOOD_PROBE", agents_request(targets).expose());
    command.envs(variables.iter().copied());
    let begun = Instant::now();
    let answers = answers_of(&mut command, targets);
    assert!(begun.elapsed() < PROMISED + STARTING, "{:?}", begun.elapsed());
    answers
}

/// Runs something that ends in the agent, and checks what holds for every answer.
pub fn answers_of(command: &mut Command, targets: &[ProbeTarget]) -> Vec<ProbeAnswer> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {stderr}", output.status);
    for secret in targets.iter().filter_map(|target| target.password.as_ref()) {
        for form in forms(secret.expose()) {
            assert!(!stdout.contains(&form) && !stderr.contains(&form), "a secret shows: {stdout} {stderr}");
        }
    }
    let answers = agents_answers(targets, &output.stdout).unwrap();
    for answer in &answers {
        assert!(Duration::from_millis(answer.took_ms.into()) <= PROMISED, "{answer:?}");
        assert!(answer.words.as_ref().is_none_or(|words| !words.contains('\n') && words.chars().count() <= 240));
    }
    answers
}

/// How a secret might show.
fn forms(secret: &str) -> Vec<String> {
    let encoded = |bytes: &[u8]| {
        let mut text = String::new();
        base64_into(bytes, &mut text);
        text
    };
    if secret.len() < 6 {
        return Vec::new();
    }
    // Without the first and last signs, which depend on what stands beside it.
    let inner = |shift: usize| {
        let text = encoded(&[&vec![b'x'; shift], secret.as_bytes()].concat());
        text.trim_end_matches('=').get(4..).map(|text| text[..text.len() - 1].to_owned())
    };
    std::iter::once(secret.to_owned()).chain((0..3).filter_map(inner)).collect()
}

fn base64_into(bytes: &[u8], text: &mut String) {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode_string(bytes, text);
}

/// One state: asks, says so, and compares. `words` has to stand in the answer's words; empty: there are none.
#[track_caller]
pub fn state(name: &str, target: ProbeTarget, outcome: &ProbeOutcome, words: &str) -> ProbeAnswer {
    state_with(name, target, &[], outcome, words)
}

/// The same, asked in an environment.
#[track_caller]
pub fn state_with(
    name: &str,
    target: ProbeTarget,
    variables: &[(&str, &str)],
    outcome: &ProbeOutcome,
    words: &str,
) -> ProbeAnswer {
    let answer = agent(&[target], variables).remove(0);
    compare(name, &answer, outcome, words);
    answer
}

/// Compares an answer.
#[track_caller]
pub fn compare(name: &str, answer: &ProbeAnswer, outcome: &ProbeOutcome, words: &str) {
    println!(
        "state {name}: {:?} `{}` {} ms",
        answer.outcome,
        answer.words.as_deref().unwrap_or_default(),
        answer.took_ms
    );
    assert_eq!(answer.outcome, *outcome, "{name}: {answer:?}");
    match &answer.words {
        Some(said) => assert!(!words.is_empty() && said.contains(words), "{name}: {said:?} does not say {words:?}"),
        None => assert_eq!(words, "", "{name}: no words"),
    }
}
