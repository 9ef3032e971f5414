//! The cases: whole incidents, as they were found on a host, and what `lastgood why --json` has to say of each.
//! One test walks `cases/*`, collects every disagreement and shows all of them. It holds no opinion of its own:
//! what is right stands in each case's `expected.toml`, and what is true of every answer in `truths`.
//! `LASTGOOD_CASE=name cargo test -p lastgood --test cases` runs one case alone.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

// ------------------------------------------------------------------------------------------ what is expected

/// `expected.toml`. Absent keys expect nothing, unknown ones are errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: String,
    exit: i32,
    /// Arguments beside the paths.
    #[serde(default)]
    args: Vec<String>,
    /// Files below `host/` to name instead of the folder.
    #[serde(default)]
    input: Vec<String>,
    /// Kinds of notes that have to be there, and such that must not.
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    no_notes: Vec<String>,
    /// What gaps have to be about, and what they must not.
    #[serde(default)]
    gaps: Vec<String>,
    #[serde(default)]
    no_gaps: Vec<String>,
    /// Codes that no cause may have.
    #[serde(default)]
    never: Vec<String>,
    /// Components that no cause may have.
    #[serde(default)]
    never_components: Vec<String>,
    /// Files that no cause may lean on.
    #[serde(default)]
    never_cites: Vec<String>,
    /// Kinds of changes that no incident may list.
    #[serde(default)]
    never_changes: Vec<String>,
    /// Texts that must not be shown.
    #[serde(default)]
    hidden: Vec<String>,
    /// Lines that are too damaged to be read: none unless said, one of these if several.
    #[serde(default)]
    unreadable: Vec<u64>,
    /// Whether an incident has one cause and no rival.
    #[serde(default)]
    only_cause: bool,
    /// The incidents, all of them, in order of onset.
    #[serde(default)]
    incident: Vec<Incident>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Incident {
    onset: String,
    last_good: Option<Edge>,
    first_bad: Option<Edge>,
    recovered: Option<Recovered>,
    /// Where the edges cannot be told: a moment that lies between them, and how far apart they may be.
    turned: Option<String>,
    at_most_s: Option<i64>,
    vhost: Option<String>,
    upstream: Option<String>,
    /// Exactly these, in any order.
    paths: Option<Vec<String>>,
    statuses: Option<Vec<u64>>,
    requests: Option<u64>,
    failed: Option<u64>,
    clients: Option<u64>,
    ttd_s: Option<u64>,
    /// Parts of names that stand among the cleared ones.
    #[serde(default)]
    cleared: Vec<String>,
    #[serde(default)]
    changes: Vec<Change>,
    /// Codes that no cause of this incident may have.
    #[serde(default)]
    never: Vec<String>,
    cause: Cause,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edge {
    #[serde(rename = "ref")]
    reference: Option<String>,
    at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Recovered {
    Whether(bool),
    At(Edge),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    kind: String,
    /// A part of it.
    subject: Option<String>,
    reported: Option<bool>,
}

/// The verdict: the first cause.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cause {
    code: OneOf,
    component: Option<OneOf>,
    confidence: OneOf,
    /// References that the chain holds in this order; a file's name stands for any line of it.
    #[serde(default)]
    chain: Vec<String>,
    /// References that the chain must not hold.
    #[serde(default)]
    never_in_chain: Vec<String>,
    #[serde(default)]
    cites: Vec<Cite>,
}

/// Evidence that has to be there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cite {
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// A part of the quote.
    has: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOf {
    One(String),
    Any(Vec<String>),
}

impl OneOf {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::One(one) => one == text,
            Self::Any(any) => any.iter().any(|one| one == text),
        }
    }
}

// ------------------------------------------------------------------------------------------------- the walk

#[test]
fn every_case_is_told_right() {
    let only = std::env::var("LASTGOOD_CASE").ok();
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.retain(|folder| only.as_deref().is_none_or(|only| name(folder) == only));
    assert!(!folders.is_empty(), "no case in {}", root().display());
    let mut report = String::new();
    let mut wrong = 0;
    for folder in &folders {
        let mut case = Case { folder: folder.clone(), files: HashMap::new(), wrong: Vec::new() };
        case.check();
        if !case.wrong.is_empty() {
            wrong += 1;
            report.push_str(&format!("\n{}\n  - {}\n", name(folder), case.wrong.join("\n  - ")));
        }
    }
    assert!(wrong == 0, "{wrong} of {} cases are told otherwise than they happened:\n{report}", folders.len());
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases")
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A case under examination.
struct Case {
    folder: PathBuf,
    /// Lines of the evidence, unpacked; `None` for what is not there.
    files: HashMap<String, Option<Vec<String>>>,
    wrong: Vec<String>,
}

impl Case {
    fn check(&mut self) {
        let read = fs::read_to_string(self.folder.join("expected.toml")).map_err(|error| error.to_string());
        let expected: Expected = match read.and_then(|text| toml::from_str(&text).map_err(|error| error.to_string())) {
            Ok(expected) => expected,
            Err(error) => return self.wrong.push(format!("expected.toml: {error}")),
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_lastgood"));
        command.env_clear().arg("why");
        if self.is_captured() {
            command.current_dir(&self.folder).args(["--case", "."]);
        } else if expected.input.is_empty() {
            command.current_dir(&self.folder).arg("host");
        } else {
            command.current_dir(self.host()).args(&expected.input);
        }
        let output = match command.arg("--json").args(&expected.args).output() {
            Ok(output) => output,
            Err(error) => return self.wrong.push(format!("cannot run the binary: {error}")),
        };
        let exit = output.status.code();
        self.differs("exit code", &exit, &Some(expected.exit));
        let text = String::from_utf8_lossy(&output.stdout);
        let verdict: Value = match serde_json::from_str(&text) {
            Ok(verdict) => verdict,
            Err(error) => {
                let complaint = String::from_utf8_lossy(&output.stderr);
                return self.wrong.push(format!("no JSON on standard output ({error}); it said: {}", complaint.trim()));
            }
        };
        for secret in expected.hidden.iter().filter(|secret| text.contains(*secret)) {
            self.wrong.push(format!("`{secret}…` is shown"));
        }
        if output.stderr.windows(5).any(|part| part == b"panic") {
            self.wrong.push(format!("it panicked: {}", String::from_utf8_lossy(&output.stderr).trim()));
        }
        self.truths(&verdict, exit);
        self.compare(&verdict, &expected);
    }

    /// What references are relative to.
    fn host(&self) -> PathBuf {
        if self.is_captured() { self.folder.clone() } else { self.folder.join("host") }
    }

    /// Whether `lastgood capture` wrote it.
    fn is_captured(&self) -> bool {
        self.folder.join("case.toml").is_file()
    }

    fn differs<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: &T, expected: &T) {
        if found != expected {
            self.wrong.push(format!("{what}: {found:?}, expected {expected:?}"));
        }
    }
}

// --------------------------------------------------------------------------------------------- what happened

impl Case {
    fn compare(&mut self, verdict: &Value, expected: &Expected) {
        self.differs("status", &text(verdict, "status"), &expected.status.as_str());
        let kinds: Vec<&str> = list(verdict, "notes").iter().map(|note| text(note, "kind")).collect();
        self.wanted("note", &kinds, &expected.notes, &expected.no_notes);
        let gaps: Vec<&str> = list(verdict, "gaps").iter().map(|gap| text(gap, "what")).collect();
        self.wanted("gap", &gaps, &expected.gaps, &expected.no_gaps);

        let unreadable = verdict["read"]["unreadable"].as_u64().unwrap_or(u64::MAX);
        if unreadable != 0 && !expected.unreadable.contains(&unreadable) {
            self.wrong.push(format!("read.unreadable: {unreadable}, expected one of {:?}", expected.unreadable));
        }

        let incidents = list(verdict, "incidents");
        for incident in incidents {
            for cause in list(incident, "causes") {
                let (code, component) = (text(cause, "code"), text(cause, "component"));
                if expected.never.iter().any(|never| never == code) {
                    self.wrong.push(format!("a cause is {code} of {component}: {}", grounds(cause)));
                }
                if expected.never_components.iter().any(|never| never == component) {
                    self.wrong.push(format!("{component} is blamed ({code}): {}", grounds(cause)));
                }
                for reference in references(cause) {
                    if expected.never_cites.iter().any(|file| of_file(reference, file)) {
                        self.wrong.push(format!("{code} leans on {reference}"));
                    }
                }
            }
            for change in list(incident, "changes") {
                if expected.never_changes.iter().any(|never| never == text(change, "kind")) {
                    self.wrong.push(format!("{} is listed as a change before it: {change}", text(change, "kind")));
                }
            }
            let causes = list(incident, "causes").len();
            if expected.only_cause && causes != 1 {
                self.wrong.push(format!("{causes} causes instead of one"));
            }
        }
        if incidents.len() != expected.incident.len() {
            let found: Vec<String> = incidents.iter().map(outline).collect();
            let found = if found.is_empty() { String::new() } else { format!(": {}", found.join("; ")) };
            self.wrong.push(format!("{} incidents, expected {}{found}", incidents.len(), expected.incident.len()));
            // With one too many, what is said of the real ones is still worth a look.
        }
        for (index, wanted) in expected.incident.iter().enumerate() {
            let Some(incident) = nearest(incidents, wanted).or_else(|| incidents.get(index)) else { continue };
            self.incident(incident, wanted);
        }
    }

    fn wanted(&mut self, what: &str, found: &[&str], wanted: &[String], unwanted: &[String]) {
        for wanted in wanted.iter().filter(|wanted| !found.contains(&wanted.as_str())) {
            self.wrong.push(format!("no {what} `{wanted}`; there are {found:?}"));
        }
        for unwanted in unwanted.iter().filter(|unwanted| found.contains(&unwanted.as_str())) {
            self.wrong.push(format!("a {what} `{unwanted}`"));
        }
    }

    fn incident(&mut self, incident: &Value, wanted: &Incident) {
        let onset = &incident["onset"];
        self.differs("onset.kind", &text(onset, "kind"), &wanted.onset.as_str());
        for (key, edge) in [("last_good", &wanted.last_good), ("first_bad", &wanted.first_bad)] {
            match edge {
                Some(edge) => self.edge(key, &onset[key], edge),
                None if wanted.turned.is_none() => self.differs(key, &onset[key], &Value::Null),
                None => {}
            }
        }
        if let Some(turned) = wanted.turned.as_deref().and_then(moment) {
            let (from, to) = (seconds(&onset["last_good"]).unwrap_or(0), seconds(&onset["first_bad"]).unwrap_or(0));
            let width = wanted.at_most_s.unwrap_or(i64::MAX);
            if turned < from || to < turned || to - from > width {
                self.wrong.push(format!("onset: {onset}, expected at most {width} s around {:?}", wanted.turned));
            }
        }
        match &wanted.recovered {
            Some(Recovered::At(edge)) => self.edge("recovered", &onset["recovered"], edge),
            Some(Recovered::Whether(whether)) if *whether == onset["recovered"].is_null() => {
                let found = &onset["recovered"];
                self.wrong.push(format!("onset.recovered: {found}, expected {whether}"));
            }
            _ => {}
        }

        let scope = &incident["scope"];
        for (key, wanted) in [("vhost", &wanted.vhost), ("upstream", &wanted.upstream)] {
            if let Some(wanted) = wanted {
                self.differs(&format!("scope.{key}"), &text(scope, key), &wanted.as_str());
            }
        }
        if let Some(wanted) = &wanted.paths {
            let mut found: Vec<&str> = list(scope, "paths").iter().filter_map(Value::as_str).collect();
            let mut wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            found.sort_unstable();
            wanted.sort_unstable();
            self.differs("scope.paths", &found, &wanted);
        }
        if let Some(wanted) = &wanted.statuses {
            let found: Vec<u64> = list(scope, "statuses").iter().filter_map(Value::as_u64).collect();
            self.differs("scope.statuses", &found, wanted);
        }
        let impact = &incident["impact"];
        let counts = [("requests", wanted.requests), ("failed", wanted.failed), ("clients", wanted.clients)];
        for (key, wanted) in counts {
            if wanted.is_some() {
                self.differs(&format!("impact.{key}"), &impact[key].as_u64(), &wanted);
            }
        }
        if wanted.ttd_s.is_some() {
            self.differs("detection.ttd_s", &incident["detection"]["ttd_s"].as_u64(), &wanted.ttd_s);
        }
        let cleared: Vec<&str> = list(incident, "cleared").iter().map(|cleared| text(cleared, "component")).collect();
        for part in wanted.cleared.iter().filter(|part| !cleared.iter().any(|name| name.contains(part.as_str()))) {
            self.wrong.push(format!("`{part}` is not cleared; cleared are {cleared:?}"));
        }
        let changes = list(incident, "changes");
        for wanted in &wanted.changes {
            let listed = changes.iter().any(|change| {
                text(change, "kind") == wanted.kind
                    && wanted.subject.as_deref().is_none_or(|subject| text(change, "subject").contains(subject))
                    && wanted.reported.is_none_or(|reported| change["reported"].as_bool() == Some(reported))
            });
            if !listed {
                let found: Vec<String> =
                    changes.iter().map(|c| format!("{} {}", text(c, "kind"), text(c, "subject"))).collect();
                self.wrong.push(format!("no change like {wanted:?}; there are {found:?}"));
            }
        }
        let causes = list(incident, "causes");
        for cause in causes.iter().filter(|cause| wanted.never.iter().any(|never| never == text(cause, "code"))) {
            self.wrong.push(format!("a cause of it is {}: {}", text(cause, "code"), grounds(cause)));
        }
        match causes.first() {
            Some(cause) => self.cause(cause, &wanted.cause),
            None => self.wrong.push("no cause".to_owned()),
        }
    }

    fn edge(&mut self, what: &str, found: &Value, wanted: &Edge) {
        let found = (found["ref"].as_str(), found["at"].as_str());
        let wanted = (wanted.reference.as_deref().or(found.0), wanted.at.as_deref().or(found.1));
        self.differs(&format!("onset.{what}"), &found, &wanted);
    }

    fn cause(&mut self, cause: &Value, wanted: &Cause) {
        let code = text(cause, "code");
        if !wanted.code.holds(code) {
            return self.wrong.push(format!("the cause is {code}, expected {:?}: {}", wanted.code, grounds(cause)));
        }
        let component = text(cause, "component");
        if wanted.component.as_ref().is_some_and(|wanted| !wanted.holds(component)) {
            self.wrong.push(format!("{code}: component {component:?}, expected {:?}", wanted.component));
        }
        let confidence = text(cause, "confidence");
        if !wanted.confidence.holds(confidence) {
            let wanted = &wanted.confidence;
            self.wrong.push(format!("{code}: {confidence}, expected {wanted:?}: {}", grounds(cause)));
        }
        let chain: Vec<&str> = list(cause, "chain").iter().map(|link| text(link, "ref")).collect();
        let mut rest = chain.iter();
        if !wanted.chain.iter().all(|link| rest.any(|reference| matches(reference, link))) {
            self.wrong.push(format!("{code}: the chain is {chain:?}, expected in it {:?}", wanted.chain));
        }
        for never in wanted.never_in_chain.iter().filter(|never| chain.iter().any(|link| matches(link, never))) {
            self.wrong.push(format!("{code}: {never} is in the chain {chain:?}"));
        }
        let evidence = list(cause, "evidence");
        for cite in &wanted.cites {
            let found = evidence.iter().any(|piece| {
                cite.reference.as_deref().is_none_or(|wanted| matches(text(piece, "ref"), wanted))
                    && cite.has.as_deref().is_none_or(|part| text(piece, "quote").contains(part))
            });
            if !found {
                self.wrong.push(format!("{code}: nothing cites {cite:?}; {}", grounds(cause)));
            }
        }
    }
}

/// The incident that begins where the wanted one does.
fn nearest<'a>(incidents: &'a [Value], wanted: &Incident) -> Option<&'a Value> {
    incidents.iter().find(|incident| {
        let wanted = wanted.first_bad.as_ref().and_then(|edge| edge.reference.as_deref());
        wanted.is_some() && incident["onset"]["first_bad"]["ref"].as_str() == wanted
    })
}

fn outline(incident: &Value) -> String {
    let cause = incident["causes"].get(0).map_or("no cause", |cause| text(cause, "code"));
    let (onset, scope, impact) = (&incident["onset"], &incident["scope"], &incident["impact"]);
    format!(
        "{cause} from {} to {}, {} of {} requests to {} {}",
        onset["first_bad"]["ref"],
        onset["recovered"]["ref"],
        impact["failed"],
        impact["requests"],
        scope["vhost"],
        scope["paths"]
    )
}

/// What a cause stands on, in one line.
fn grounds(cause: &Value) -> String {
    let pieces = |key: &str| -> Vec<String> {
        list(cause, key).iter().map(|piece| format!("{} ({})", text(piece, "claim"), text(piece, "ref"))).collect()
    };
    let (evidence, against) = (pieces("evidence"), pieces("against"));
    format!("for it: {}; against it: {}", evidence.join(", "), against.join(", "))
}

/// The references of a cause's chain and evidence; what speaks against it may stand anywhere.
fn references(cause: &Value) -> impl Iterator<Item = &str> {
    list(cause, "chain").iter().chain(list(cause, "evidence")).map(|piece| text(piece, "ref"))
}

fn matches(reference: &str, wanted: &str) -> bool {
    reference == wanted || of_file(reference, wanted)
}

fn of_file(reference: &str, file: &str) -> bool {
    reference.strip_prefix(file).is_some_and(|rest| rest.starts_with(':'))
}

// ------------------------------------------------------------------------------- what is true of every answer

impl Case {
    fn truths(&mut self, verdict: &Value, exit: Option<i32>) {
        self.differs("schema", &text(verdict, "schema"), &"lastgood.verdict/1");
        let status = text(verdict, "status");
        let means =
            [("healthy", 0), ("incident", 1), ("undetermined", 2)].into_iter().find(|(word, _)| *word == status);
        self.differs("exit code by the status", &exit, &means.map(|(_, code)| code));
        let incidents = list(verdict, "incidents");
        self.differs("incidents by the status", &incidents.is_empty(), &(status != "incident"));

        let read = &verdict["read"];
        let count = |key: &str| read[key].as_u64().unwrap_or(u64::MAX);
        let sum = ["parsed", "other", "unreadable"].iter().fold(0_u64, |sum, key| sum.saturating_add(count(key)));
        self.differs("read.lines", &count("lines"), &sum);
        self.differs("read.files", &count("files"), &(list(&verdict["subject"], "files").len() as u64));

        self.quotes(verdict);
        for (index, incident) in incidents.iter().enumerate() {
            self.order(incident);
            // Traffic that stopped has no first failure.
            let began = |incident: &Value| {
                let onset = &incident["onset"];
                seconds(&onset["first_bad"]).or_else(|| seconds(&onset["last_good"]))
            };
            let earlier = index.checked_sub(1).and_then(|before| began(&incidents[before]));
            if earlier > began(incident) {
                self.wrong.push("incidents are not in order of onset".to_owned());
            }
            let impact = &incident["impact"];
            if impact["failed"].as_u64() > impact["requests"].as_u64() {
                self.wrong.push(format!("more failures than requests: {impact}"));
            }
        }
    }

    /// Times that must not run backwards. A log that counts seconds may seem a second early.
    fn order(&mut self, incident: &Value) {
        let onset = &incident["onset"];
        let edges = ["last_good", "first_bad", "recovered"].map(|key| seconds(&onset[key]));
        self.ascending("the onset", edges.into_iter().flatten());
        let mut score = f64::INFINITY;
        for cause in list(incident, "causes") {
            let (code, class) = (text(cause, "code"), text(cause, "class"));
            if code.split_once('/').map(|(class, _)| class) != Some(class) {
                self.wrong.push(format!("{code} is of class {class:?}"));
            }
            self.ascending(&format!("the chain of {code}"), list(cause, "chain").iter().filter_map(seconds));
            let next = cause["score"].as_f64().unwrap_or(f64::NAN);
            if !(0.0..=1.0).contains(&next) || next > score {
                self.wrong.push(format!("{code}: score {next} after {score}"));
            }
            score = next;
            if list(cause, "evidence").is_empty() {
                self.wrong.push(format!("{code} has no evidence"));
            }
        }
    }

    fn ascending(&mut self, what: &str, times: impl Iterator<Item = i64>) {
        let times: Vec<i64> = times.collect();
        if times.windows(2).any(|pair| pair[1] + 1 < pair[0]) {
            self.wrong.push(format!("{what} is not in order of time: {times:?}"));
        }
    }

    /// Every reference leads to a line, and every quote stands in it.
    fn quotes(&mut self, value: &Value) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.quotes(value)),
            Value::Object(entries) => {
                if let Some(reference) = entries.get("ref").and_then(Value::as_str) {
                    self.quote(reference, entries.get("quote").and_then(Value::as_str));
                }
                entries.values().for_each(|value| self.quotes(value));
            }
            _ => {}
        }
    }

    fn quote(&mut self, reference: &str, quote: Option<&str>) {
        let place = reference.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse::<usize>().ok()?)));
        let Some((path, number)) = place else {
            if !reference.starts_with("reported:") {
                self.wrong.push(format!("`{reference}` is neither a line nor something that was reported"));
            }
            return;
        };
        let line = number.checked_sub(1).and_then(|index| self.lines(path)?.get(index).cloned());
        let Some(line) = line else {
            return self.wrong.push(format!("`{reference}` leads nowhere"));
        };
        if quote.is_some_and(|quote| !stands_in(quote, &line)) {
            self.wrong.push(format!("{reference} does not say `{}` but `{line}`", quote.unwrap_or_default()));
        }
    }

    /// The lines of a file below `host/`, unpacked by `gzip` so that our own reader is not its own witness.
    fn lines(&mut self, path: &str) -> Option<&Vec<String>> {
        let full = self.host().join(path);
        let unpacked = || {
            if path.ends_with(".gz") {
                Some(Command::new("gzip").arg("-dc").arg(&full).output().ok()?.stdout)
            } else {
                fs::read(&full).ok()
            }
        };
        let lines = self.files.entry(path.to_owned()).or_insert_with(|| {
            let bytes = unpacked()?;
            Some(bytes.split(|byte| *byte == b'\n').map(|line| String::from_utf8_lossy(line).into_owned()).collect())
        });
        lines.as_ref()
    }
}

/// Whether the pieces of a quote stand in the line, in order. `…` marks what was left out, U+FFFD what is no text.
fn stands_in(quote: &str, line: &str) -> bool {
    let mut rest = line;
    quote.split(['…', '\u{fffd}']).all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

/// The time of an edge or a link, in whole seconds since 1970.
fn seconds(value: &Value) -> Option<i64> {
    moment(value["at"].as_str()?)
}

fn moment(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn a_quote_is_found_piece_by_piece() {
    assert!(stands_in(
        "connect() failed … upstream: \"http://…",
        "x connect() failed (111) y, upstream: \"http://a/\""
    ));
    assert!(stands_in("whole", "the whole line"));
    assert!(!stands_in("upstream … connect()", "connect() then upstream"));
    assert!(!stands_in("…other…", "line"));
}

#[test]
fn an_unknown_key_is_an_error() {
    let known = "status = \"healthy\"\nexit = 0\n";
    assert!(toml::from_str::<Expected>(known).is_ok());
    assert!(toml::from_str::<Expected>(&format!("{known}gap = []\n")).is_err());
}
