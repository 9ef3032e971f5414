//! The post-mortem in a user's own words: a Markdown template, filled with the verdict as in JSON and with the sections of
//! the report that is written without one. What a template may name stands in docs/TEMPLATE.md.

use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::answer::Answer;
use super::engine::{Markup, engine, shown};
use super::mask::Mask;
use super::outline::{Chapter, Outline};
use super::{json, markdown};
use crate::words::{Lang, grouped};

/// A template that can be read.
#[derive(Clone, Debug)]
pub struct Template {
    source: String,
}

/// Why a template cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Line of the template, counted from 1.
    pub line: usize,
    /// What stands there.
    pub fault: Fault,
}

/// What can be wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It names something that is not there.
    Undefined(String),
    /// The engine's own word for anything else.
    Other(String),
}

/// What a template is filled with: the verdict, and more.
#[derive(Serialize)]
struct Context {
    #[serde(flatten)]
    verdict: Map<String, Json>,
    incidents: Vec<IncidentContext>,
    lang: &'static str,
    version: &'static str,
    zone: String,
    /// Whether something is wrong, in a line; only without an incident.
    verdict_line: String,
    /// Notes, gaps and how much was read.
    looked_at: Value,
    /// All of the report that is written without a template.
    report: Value,
}

/// An incident of the verdict, and its sections.
#[derive(Serialize)]
struct IncidentContext {
    #[serde(flatten)]
    verdict: Map<String, Json>,
    wrong: String,
    since: String,
    sure: String,
    sections: markdown::Sections<Value>,
}

impl Template {
    /// Reads a template, without filling it.
    pub fn new(source: String) -> Result<Self, Mistake> {
        engine(Markup::Markdown).template_from_str(&source).map_err(|error| mistake(&error, &source))?;
        Ok(Self { source })
    }

    /// The template filled. With a mask, without anybody's address.
    pub fn fill(&self, answer: Answer<'_>, lang: Lang, mut mask: Option<&mut Mask>) -> Result<String, Mistake> {
        let outline = Outline::new(answer, lang, mask.as_deref_mut());
        let context = context(&outline, json::document(answer, lang, mask), answer, lang);
        let filled = with_filters(lang).render_str(&self.source, Value::from(Serde(context)));
        filled.map_err(|error| mistake(&error, &self.source))
    }
}

fn context(outline: &Outline, document: Json, answer: Answer<'_>, lang: Lang) -> Context {
    let mut verdict = match document {
        Json::Object(fields) => fields,
        _ => Map::new(),
    };
    let incidents = match verdict.remove("incidents") {
        Some(Json::Array(incidents)) => incidents,
        _ => Vec::new(),
    };
    let writer = markdown::Writer::new(lang);
    let incident = |chapter: &Chapter| {
        let Json::Object(verdict) = incidents.get(chapter.index)?.clone() else { return None };
        let sections = writer.sections(chapter).map(Value::from_safe_string);
        let Chapter { wrong, since, sure, .. } = chapter.clone();
        Some(IncidentContext { verdict, wrong, since, sure, sections })
    };
    Context {
        incidents: outline.incidents.iter().filter_map(incident).collect(),
        verdict,
        lang: lang.name(),
        version: env!("CARGO_PKG_VERSION"),
        zone: answer.clock().zone(),
        verdict_line: outline.verdict.clone(),
        looked_at: Value::from_safe_string(writer.looked_at(outline)),
        report: Value::from_safe_string(markdown::render(outline, lang)),
    }
}

/// The engine, with what a verdict's values are shown by.
fn with_filters(lang: Lang) -> Environment<'static> {
    let mut engine = engine(Markup::Markdown);
    engine.add_filter("time", |time: String| time.get(..19).unwrap_or(&time).replace('T', " "));
    engine.add_filter("duration", move |seconds: u64| lang.words().duration(seconds));
    engine.add_filter("grouped", grouped);
    engine.add_filter("code", |text: String| Value::from_safe_string(markdown::code(&shown(&text))));
    engine.add_filter("block", |text: String| {
        Value::from_safe_string(markdown::fenced(&markdown::inert(&shown(&text)), "text"))
    });
    engine
}

fn mistake(error: &Error, source: &str) -> Mistake {
    let line = error.line().unwrap_or(1);
    let named = error.range().and_then(|range| source.get(range)).map(str::trim).filter(|name| !name.is_empty());
    let fault = match (error.kind(), named) {
        (ErrorKind::UndefinedError, Some(name)) => Fault::Undefined(name.to_owned()),
        (kind, _) => Fault::Other(error.detail().map_or_else(|| kind.to_string(), str::to_owned)),
    };
    Mistake { line, fault }
}
