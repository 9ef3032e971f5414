//! The output of a build: of BuildKit in plain progress and as it looks on a terminal, of Docker's old builder, of Compose, and
//! of package managers, compilers and test runners by themselves. It says which step failed, and the first line that says why. What
//! a line of a tool says is in `build_error.rs`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use lastgood_model::{BuildError, BuildFact, Fact};

use crate::build_error;
use crate::build_image::image;
use crate::scan::{Line, Sink};
use crate::uvicorn::plain;

/// Steps that are told apart; more than that no Dockerfile has.
const MAX_STEPS: usize = 512;
/// Where an error belongs that is of no step.
const NO_STEP: u32 = u32::MAX;
/// So much of a step is shown.
const MAX_STEP: usize = 160;

/// Reads the output of one build.
#[derive(Debug, Default)]
pub(crate) struct BuildLog {
    /// Steps by what their lines begin with: `#7`, or the step that runs now.
    steps: BTreeMap<u32, Step>,
    /// The one that lines without a number belong to.
    current: u32,
    /// The steps of services, by the first word of their labels.
    has_services: bool,
    /// What is built, as far as it was said.
    what: String,
    /// The step that was said to have failed.
    failed: Option<u32>,
    /// The line that says that the build failed, and the exit code in it.
    ended: Option<(u64, Option<i64>)>,
    succeeded: Option<u64>,
}

#[derive(Debug, Default)]
struct Step {
    label: String,
    line: u64,
    /// What is wrong, by the line that says most.
    error: Option<(BuildError, String, u64)>,
}

impl BuildLog {
    /// Whether lines are the output of a build.
    pub(crate) fn is_one(lines: &[&[u8]]) -> bool {
        let mut points = 0;
        for line in lines {
            let line = plain(line);
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_ascii_end();
            points += match Kit::of(text) {
                Some(Kit::Step { .. } | Kit::Error { .. } | Kit::Done { .. }) => 2,
                Some(Kit::Output { .. }) => 1,
                None if classic_step(text).is_some() || is_header(text) => 2,
                None => 0,
            };
        }
        points >= 2
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8], number: u64) -> Line {
        let line = plain(line);
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_ascii_end();
        if text.is_empty() {
            return Line::Other;
        }
        let readable = |c: char| !c.is_control() || c == '\t';
        if !text.chars().all(readable) && !build_error::shows_a_program(text) {
            return Line::Unreadable;
        }
        match Kit::of(text) {
            Some(Kit::Step { vertex, label }) => self.step(vertex, label, number),
            Some(Kit::Output { vertex, text }) => self.says(vertex, text, number),
            Some(Kit::Error { vertex, text }) => {
                self.failed.get_or_insert(vertex);
                self.says(vertex, text, number);
            }
            Some(Kit::Done { exports: true }) => self.succeeded = Some(number),
            Some(Kit::Done { .. }) => {}
            None => return self.bare(text, number),
        }
        Line::Parsed
    }

    /// The output ended.
    pub(crate) fn finish(self, sink: &mut impl Sink) {
        let what: Arc<str> = self.what().into();
        let failing = self.failed.or_else(|| {
            let bad = self.steps.iter().filter(|(_, step)| step.error.is_some());
            bad.map(|(vertex, _)| *vertex).next_back()
        });
        let step = failing.and_then(|vertex| self.steps.get(&vertex));
        let error = step.and_then(|step| step.error.as_ref());
        // A word of success ends what was said before it, and hides nothing that comes after it: an install that
        // went well may be followed by a build that does not.
        let stands = error.is_some_and(|(.., line)| self.succeeded.is_none_or(|good| good < *line));
        if self.ended.is_none() && self.failed.is_none() && !stands {
            if let Some(line) = self.succeeded {
                sink.fact(None, Fact::Build(BuildFact::Succeeded), line);
            }
            return;
        }
        if let Some(step) = step.filter(|step| !step.label.is_empty()) {
            let label = Arc::from(cut(&step.label));
            sink.fact(None, Fact::Build(BuildFact::Step { what: Arc::clone(&what), step: label }), step.line);
        }
        if let Some((kind, name, line)) = error {
            let name = Arc::from(cut(name));
            sink.fact(None, Fact::Build(BuildFact::Error { what: Arc::clone(&what), kind: *kind, name }), *line);
        }
        if let (Some((BuildError::WrongArchitecture, ..)), Some(failed)) = (error, step) {
            let steps = self.steps.values().map(|step| (step.label.as_str(), step.line));
            if let Some((image, line)) = image(&what, &failed.label, steps) {
                sink.fact(None, Fact::Build(image), line);
            }
        }
        if let Some((line, code)) = self.ended {
            sink.fact(None, Fact::Build(BuildFact::Failed { what, code }), line);
        }
    }

    fn what(&self) -> String {
        let label = self.failed.and_then(|vertex| self.steps.get(&vertex)).map_or("", |step| &step.label);
        let service = label.strip_prefix('[').and_then(|label| label.split([' ', ']']).next());
        match service.filter(|_| self.has_services) {
            Some(service) => service.to_owned(),
            None => self.what.clone(),
        }
    }

    fn step(&mut self, vertex: u32, label: &str, number: u64) {
        // `[internal] load build definition from Dockerfile.frontend`; of Compose `[frontend internal] load …`.
        if let Some((head, rest)) = label.split_once("] load build definition from ") {
            self.has_services |= head.ends_with(" internal");
            let name = rest.split_whitespace().next().unwrap_or_default();
            if name != "Dockerfile" && self.what.is_empty() {
                name.clone_into(&mut self.what);
            }
        }
        if self.steps.len() < MAX_STEPS {
            self.steps.entry(vertex).or_insert_with(|| Step { label: label.to_owned(), line: number, error: None });
        }
        self.current = vertex;
    }

    /// A line of a step's output.
    fn says(&mut self, vertex: u32, text: &str, number: u64) {
        let Some((kind, name)) = build_error::read(text) else { return };
        if self.steps.len() >= MAX_STEPS && !self.steps.contains_key(&vertex) {
            return;
        }
        let step = self.steps.entry(vertex).or_default();
        // The first line that says something counts, unless a later one says more than that something is wrong.
        let vague = |kind: BuildError| kind == BuildError::Other;
        // And where two say the same, the one with a name in it.
        let better = step.error.as_ref().is_none_or(|(known, named, _)| {
            vague(*known) && !vague(kind) || *known == kind && named.is_empty() && !name.is_empty()
        });
        if better {
            step.error = Some((kind, name.to_owned(), number));
        }
    }

    /// A line that no vertex of BuildKit's is before.
    fn bare(&mut self, text: &str, number: u64) -> Line {
        let solved =
            ["ERROR: failed to solve: ", "failed to solve: ", "error: failed to solve: ", "ERROR: failed to build: "];
        if let Some(reason) = solved.iter().find_map(|lead| text.strip_prefix(lead)) {
            self.ended = Some((number, exit_code(reason)));
            if self.failed.is_none() {
                // It names no step: what ran last is not to blame.
                self.says(NO_STEP, reason, number);
            }
            return Line::Parsed;
        }
        if let Some(rest) = text.strip_prefix("The command '")
            && rest.contains("' returned a non-zero code: ")
        {
            self.ended = Some((number, exit_code(text)));
            self.failed.get_or_insert(self.current);
            return Line::Parsed;
        }
        if let Some((index, label)) = classic_step(text) {
            self.step(index, label, number);
            return Line::Parsed;
        }
        // `Dockerfile.frontend:12`, above the lines of it that newer builders show.
        if let Some((file, line)) = text.rsplit_once(':')
            && file.contains("ockerfile")
            && !file.contains(' ')
            && line.bytes().all(|byte| byte.is_ascii_digit())
        {
            if self.what.is_empty() && file != "Dockerfile" {
                file.clone_into(&mut self.what);
            }
            return Line::Parsed;
        }
        if let Some(label) = text.strip_prefix(" => ERROR ") {
            // The seconds stand at the end of the row.
            let timed = label.rsplit_once(' ').filter(|(_, last)| last.ends_with('s') && last.contains('.'));
            let label = timed.map_or(label, |(label, _)| label).trim_end();
            let vertex = 100_000 + self.current;
            self.step(vertex, label, number);
            self.failed.get_or_insert(vertex);
            return Line::Parsed;
        }
        if self.name(text, number) {
            return Line::Parsed;
        }
        if is_success(text) {
            self.succeeded = Some(number);
            return Line::Parsed;
        }
        if is_failure(text) {
            self.ended.get_or_insert((number, exit_code(text)));
        }
        // What stands between the rules below a failure repeats what was said.
        let repeated = self.failed.is_some_and(|vertex| vertex < 100_000);
        if !repeated {
            self.says(self.current, text, number);
        }
        if is_header(text) { Line::Parsed } else { Line::Other }
    }

    /// The name of what is built, as npm and Maven say it.
    fn name(&mut self, text: &str, number: u64) -> bool {
        let npm = text.strip_prefix("> ").filter(|rest| rest.contains('@') && rest.split(' ').count() >= 2);
        let npm = npm.and_then(|rest| rest.split('@').find(|name| !name.is_empty()));
        let maven = text.strip_prefix("[INFO] Building ").and_then(|rest| rest.split(' ').next());
        let Some(name) = npm.or(maven) else { return false };
        if self.what.is_empty() {
            name.clone_into(&mut self.what);
        }
        // What it runs is the step.
        if npm.is_some() {
            self.current += 1;
            self.step(self.current, text.trim_start_matches("> "), number);
        }
        true
    }
}

/// A line of BuildKit's plain progress.
enum Kit<'t> {
    Step {
        vertex: u32,
        label: &'t str,
    },
    Output {
        vertex: u32,
        text: &'t str,
    },
    Error {
        vertex: u32,
        text: &'t str,
    },
    /// The engine's own word. `exports`: there is an image.
    Done {
        exports: bool,
    },
}

impl<'t> Kit<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (vertex, rest) = text.strip_prefix('#')?.split_once(' ')?;
        let vertex = vertex.parse().ok()?;
        if rest.starts_with('[') {
            return Some(Self::Step { vertex, label: rest });
        }
        if let Some(text) = rest.strip_prefix("ERROR: ").or_else(|| rest.strip_prefix("ERROR ")) {
            return Some(Self::Error { vertex, text });
        }
        let word = rest.split(' ').next().unwrap_or_default();
        if matches!(word, "DONE" | "CACHED" | "CANCELED") {
            return Some(Self::Done { exports: false });
        }
        // `#9 0.211 text`: seconds since the step began.
        let (time, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_time = time.contains('.') && time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if is_time {
            return Some(Self::Output { vertex, text });
        }
        let known =
            ["transferring", "extracting", "sha256:", "resolve ", "building with", "pushing", "importing", "exporting"];
        let exports = rest.starts_with("writing image") || rest.starts_with("naming to");
        (exports || known.iter().any(|begin| rest.starts_with(begin))).then_some(Self::Done { exports })
    }
}

/// Number and text of `Step 5/7 : RUN npm run build`.
fn classic_step(text: &str) -> Option<(u32, &str)> {
    let (place, _) = text.strip_prefix("Step ")?.split_once(" : ")?;
    let (index, of) = place.split_once('/')?;
    of.parse::<u32>().ok()?;
    Some((index.parse().ok()?, text))
}

/// Lines that only the output of a build has.
fn is_header(text: &str) -> bool {
    text.starts_with("Sending build context to Docker daemon")
        || text.starts_with("[+] Building ")
        || text.starts_with(" => [")
        || text.starts_with(" => ERROR [")
        || text.starts_with("[INFO] Scanning for projects")
        || text == "[INFO] BUILD FAILURE"
        || text.starts_with("npm error code ")
        || text.starts_with("npm ERR! code ")
        || text.contains(": error TS")
        || text.starts_with("--- FAIL: ")
        || text.starts_with("FAIL\t")
        || text.contains("= test session starts =")
        || text.contains("ERROR: failed to solve: ")
        || text.starts_with("ERROR: No matching distribution found for ")
        || (text.starts_with("> ") && text.contains('@') && text.split(' ').count() == 3)
        || (text.starts_with("./") && text.contains(".go:"))
}

fn is_success(text: &str) -> bool {
    text.starts_with("Successfully built ")
        || text.starts_with("Successfully tagged ")
        || text.contains("] BUILD SUCCESS")
        || text.starts_with("found 0 vulnerabilities")
        || text.starts_with("BUILD SUCCESSFUL")
}

fn is_failure(text: &str) -> bool {
    text.contains("] BUILD FAILURE")
        || text == "FAIL"
        || text.starts_with("BUILD FAILED")
        || (text.starts_with('=') && text.contains(" failed") && text.contains(" in "))
        || text.starts_with("# fail ") && text != "# fail 0"
}

/// `127` of `… exit code: 127`
fn exit_code(text: &str) -> Option<i64> {
    let rest = ["exit code: ", "non-zero code: "].iter().find_map(|lead| text.rsplit_once(lead))?.1;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_STEP) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests;
