//! What a user would do instead, as programs: the last error line, `docker ps`, the first 5xx. Each gets the same case, knows the
//! stack's names, and answers as well as it can. They are the yardstick; nothing here is used by lastgood.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::evidence::Case;
use crate::fault::{Answer, Words};

/// The three, in the order of the table.
pub const NAMES: [&str; 3] = ["last error line, by keyword", "`docker ps`", "first 5xx, by grep"];

/// What each said; nothing if it saw nothing wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guesses(pub [Option<(String, String)>; 3]);

impl Guesses {
    /// All three, of one case.
    pub fn of(case: &Case, words: &Words) -> Self {
        Self([last_error(case, words), not_running(case), first_5xx(case, words)])
    }

    /// Whether the nth is right: by component and code, and by component and class. Of what is healthy, silence is.
    pub fn right(&self, nth: usize, answers: &[Answer]) -> (bool, bool) {
        let Some((component, code)) = &self.0[nth] else { return (answers.is_empty(), answers.is_empty()) };
        let class = |code: &str| code.split('/').next().unwrap_or_default().to_owned();
        let of = |answer: &&Answer| answer.component == *component;
        (
            answers.iter().filter(of).any(|answer| answer.code == *code),
            answers.iter().filter(of).any(|answer| class(&answer.code) == class(code)),
        )
    }
}

const ERRORS: [&str; 9] =
    ["error", "fatal", "critical", "exception", "emerg", "panic", "traceback", "refused", "denied"];

/// What a line says, by the first of these words in it.
const MEANINGS: [(&str, &str); 22] = [
    ("out of memory", "memory/oom-kill"),
    ("oom command not allowed", "memory/memory-limit"),
    ("no space left", "storage/disk-full"),
    ("misconf", "storage/persistence-failing"),
    ("permission denied", "storage/permission"),
    ("exec format error", "version/wrong-arch"),
    ("executable file not found", "startup/bad-entrypoint"),
    ("modulenotfounderror", "startup/build-missing"),
    ("cannot find module", "startup/build-missing"),
    ("keyerror", "environment/env-missing"),
    ("too many clients", "resource-limit/server-conn-limit"),
    ("too many open files", "resource-limit/fd-limit"),
    ("too large body", "proxy/body-too-big"),
    ("too big header", "proxy/header-too-big"),
    ("does not exist", "schema/schema-missing"),
    ("certificate", "tls/tls-chain"),
    ("authentication", "credentials/wrong-credential"),
    ("wrongpass", "credentials/wrong-credential"),
    ("name or service not known", "network/dns-failure"),
    ("host not found", "network/dns-failure"),
    ("timed out", "application/timeout-slow"),
    ("refused", "process/process-down"),
];

/// The last line of any log with such a word; the service that it names, else the one that wrote it.
fn last_error(case: &Case, words: &Words) -> Option<(String, String)> {
    let logs = case.below("logs/").chain(case.below("host/docker/"));
    let lines = logs.flat_map(|(name, text)| text.lines().map(move |line| (name, line)));
    let bad = lines.filter(|(_, line)| {
        let line = line.to_lowercase();
        ERRORS.iter().any(|word| line.contains(word))
    });
    // Lines of containers begin with their time.
    let (name, line) = bad.max_by_key(|(_, line)| line.get(..30).unwrap_or_default().to_owned())?;
    let lower = line.to_lowercase();
    let wrote = words.values().find(|word| name.contains(&format!("-{word}-1.log")));
    let services = ["web", "app", "cache", "db", "idp"].iter().filter_map(|role| words.get(*role));
    let named = services
        .filter(|service| Some(*service) != wrote)
        .find(|service| lower.split(|c: char| !c.is_alphanumeric() && c != '-').any(|part| part == service.as_str()));
    let code = MEANINGS.iter().find(|(word, _)| lower.contains(word)).map_or("application/app-bug", |(_, code)| code);
    Some((named.or(wrote)?.clone(), code.to_owned()))
}

/// The first container that does not run well.
fn not_running(case: &Case) -> Option<(String, String)> {
    let project = case.below("project/project.json").next().map_or("", |(_, text)| text);
    let project: Value = serde_json::from_str(project).unwrap_or_default();
    let own = project["folder"].as_str().and_then(|folder| folder.rsplit('/').next()).unwrap_or_default();
    case.below("docker/containers/").filter(|(name, _)| name.ends_with(".json")).find_map(|(_, text)| {
        let container: Value = serde_json::from_str(text).ok()?;
        let labels = &container["Config"]["Labels"];
        let service = labels["com.docker.compose.service"].as_str()?;
        let state = &container["State"];
        if labels["com.docker.compose.project"] != own {
            return None;
        }
        let code = match (state["Status"].as_str()?, state["ExitCode"].as_i64().unwrap_or(0)) {
            _ if state["OOMKilled"] == true => "memory/oom-kill",
            ("running", _) if state["Health"]["Status"] == "unhealthy" => "unknown/located",
            ("running", _) => return None,
            (_, 126 | 127) => "startup/bad-entrypoint",
            _ => "process/process-down",
        };
        Some((service.to_owned(), code.to_owned()))
    })
}

/// The first line with a 5xx: 502 that the application is down, 504 that it is slow, anything else that it has a bug.
fn first_5xx(case: &Case, words: &Words) -> Option<(String, String)> {
    let lines = case.below("logs/").flat_map(|(_, text)| text.lines());
    let status = lines.filter_map(status).find(|status| (500..600).contains(status))?;
    let code = match status {
        502 | 503 => "process/process-down",
        504 => "application/timeout-slow",
        _ => "application/app-bug",
    };
    Some((words.get("app")?.clone(), code.to_owned()))
}

fn status(line: &str) -> Option<u16> {
    let (_, after) = line.split_once("\" ").or_else(|| line.split_once("\"status\":"))?;
    after.get(..3)?.parse().ok()
}
