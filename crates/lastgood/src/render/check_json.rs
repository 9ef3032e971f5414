//! `lastgood.check/1`: the wire form of what `check` found, written here and nowhere else; described in docs/CHECK.md.
//! Prose is in the language of the run; everything that a program compares is not.

use lastgood_model::check::Finding;
use serde::Serialize;

use super::check::Checked;
use super::quote::{clean, inert_json};
use crate::words::Lang;

/// The whole document.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    at: String,
    subject: Subject<'a>,
    /// `clean`, `worth-knowing`, `will-break` or `undetermined`; what is accepted does not count.
    status: &'static str,
    /// What will break first.
    findings: Vec<FindingShape<'a>>,
    /// Acceptances in `lastgood.toml` that fit nothing.
    unused: Vec<UnusedShape<'a>>,
    gaps: Vec<GapShape<'a>>,
    /// How many short-lived containers were started to ask dependencies, and removed again.
    probed: usize,
}

#[derive(Serialize)]
struct Subject<'a> {
    host: Option<&'a str>,
    project: Option<&'a str>,
    files: Vec<&'a str>,
}

#[derive(Serialize)]
struct FindingShape<'a> {
    code: &'static str,
    severity: &'static str,
    component: &'a str,
    what: String,
    /// Side by side, where values differ.
    values: Vec<ValueShape>,
    why: String,
    fix: String,
    commands: Vec<String>,
    refs: Vec<RefShape<'a>>,
    /// The reason, if it was accepted.
    accepted: Option<&'a str>,
}

#[derive(Serialize)]
struct ValueShape {
    #[serde(rename = "where")]
    place: String,
    value: String,
    since: Option<String>,
}

#[derive(Serialize)]
struct RefShape<'a> {
    #[serde(rename = "ref")]
    reference: String,
    quote: Option<&'a str>,
}

#[derive(Serialize)]
struct UnusedShape<'a> {
    code: &'a str,
    component: Option<&'a str>,
    reason: &'a str,
}

#[derive(Serialize)]
struct GapShape<'a> {
    what: &'a str,
    why: String,
}

/// The document, ready to be written.
#[must_use]
pub fn render(checked: &Checked<'_>, lang: Lang) -> String {
    let desired = checked.stack.desired.as_ref();
    let words = lang.words();
    let document = Document {
        schema: "lastgood.check/1",
        at: checked.clock.rfc3339(checked.stack.at),
        subject: Subject {
            host: checked.stack.host.name.as_deref(),
            project: desired.map(|desired| &*desired.project),
            files: desired.iter().flat_map(|desired| &desired.files).map(|file| &**file).collect(),
        },
        status: checked.outcome().name(),
        findings: checked.findings.iter().map(|finding| shape(checked, finding, lang)).collect(),
        unused: checked
            .unused
            .iter()
            .map(|accept| UnusedShape {
                code: &accept.code,
                component: accept.component.as_deref(),
                reason: &accept.reason,
            })
            .collect(),
        gaps: checked.gaps.iter().map(|gap| GapShape { what: words.gap_what(gap), why: words.gap_why(gap) }).collect(),
        probed: checked.probed,
    };
    // A shape of strings; it can always be written.
    inert_json(serde_json::to_string_pretty(&document).unwrap_or_default()) + "\n"
}

/// Its findings alone, to stand in another document.
#[must_use]
pub fn findings(checked: &Checked<'_>, lang: Lang) -> serde_json::Value {
    let shapes: Vec<_> = checked.findings.iter().map(|finding| shape(checked, finding, lang)).collect();
    serde_json::to_value(shapes).unwrap_or_default()
}

fn shape<'a>(checked: &'a Checked<'_>, finding: &'a Finding, lang: Lang) -> FindingShape<'a> {
    let text = checked.text(finding, lang);
    let quote = |at| checked.excerpts.get(at).filter(|_| !checked.hide_values).map(String::as_str);
    FindingShape {
        code: finding.flaw.code(),
        severity: finding.severity.name(),
        component: &finding.component,
        what: clean(&text.what),
        values: text
            .sides
            .into_iter()
            .map(|side| ValueShape { place: side.place, value: side.value, since: side.since })
            .collect(),
        why: text.why,
        fix: text.fix,
        commands: checked.commands(finding),
        refs: finding.refs.iter().map(|at| RefShape { reference: at.to_string(), quote: quote(at) }).collect(),
        accepted: finding.accepted.as_deref(),
    }
}
