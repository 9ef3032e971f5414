//! The report as one HTML page that needs nothing else: no script, no request. What it says is `outline`'s, its marks
//! stand in `html/report.html`, its looks in `html/report.css`; only figures and the picture are worked out here.

use lastgood_model::{Incident, UnixMs};
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::answer::Answer;
use super::chart::{self, Chart, NARROW, WIDE};
use super::clock::Clock;
use super::engine::{Markup, engine};
use super::mask::Mask;
use super::outline::{Chapter, Outline};
use super::series::Series;
use crate::words::{Lang, PageWords, ReportWords, grouped};

const TEMPLATE: &str = include_str!("html/report.html");
const STYLE: &str = include_str!("html/report.css");

/// What the template is filled with.
#[derive(Serialize)]
struct Page<'a> {
    lang: &'static str,
    version: &'static str,
    title: String,
    style: Value,
    outline: &'a Outline,
    /// The incident to hear of first comes first.
    sheets: Vec<Sheet<'a>>,
    /// The line of an answer without an incident.
    healthy: Option<String>,
    nobody_reported: String,
    files: Vec<FileRow<'a>>,
    page: &'static PageWords,
    report: &'static ReportWords,
}

/// An incident.
#[derive(Serialize)]
struct Sheet<'a> {
    number: usize,
    chapter: &'a Chapter,
    figures: Vec<Figure>,
    charts: Vec<Chart>,
    numbers: Vec<Row>,
}

/// A number that people ask for.
#[derive(Serialize)]
struct Figure {
    label: &'static str,
    value: String,
    note: Option<String>,
}

/// A step of the picture.
#[derive(Serialize)]
struct Row {
    time: String,
    requests: String,
    failed: String,
}

#[derive(Serialize)]
struct FileRow<'a> {
    name: &'a str,
    format: &'a str,
    lines: String,
}

/// The page. With a mask, without anybody's address.
pub fn render(answer: Answer<'_>, lang: Lang, mask: Option<&mut Mask>) -> anyhow::Result<String> {
    let outline = Outline::new(answer, lang, mask);
    let mut sheets: Vec<Sheet<'_>> =
        outline.incidents.iter().filter_map(|chapter| sheet(answer, lang, chapter)).collect();
    let lead = answer.lead().map_or(0, |lead| lead + 1);
    sheets.sort_by_key(|sheet| (sheet.number != lead, sheet.number));
    let report = lang.report();
    let title = match sheets.first() {
        Some(sheet) => format!("{} – {}", report.title, sheet.chapter.wrong),
        None => outline.verdict.clone(),
    };
    let files = outline.files.iter();
    let page = Page {
        lang: lang.name(),
        version: env!("CARGO_PKG_VERSION"),
        title,
        style: Value::from_safe_string(STYLE.trim_end().to_owned()),
        sheets,
        healthy: healthy(answer, lang),
        nobody_reported: report.nobody_reported.replace('`', ""),
        files: files
            .map(|file| FileRow { name: &file.name, format: &file.format, lines: grouped(file.lines) })
            .collect(),
        outline: &outline,
        page: lang.page(),
        report,
    };
    Ok(engine(Markup::Html).render_named_str("report.html", TEMPLATE, Value::from(Serde(page)))?)
}

fn sheet<'a>(answer: Answer<'_>, lang: Lang, chapter: &'a Chapter) -> Option<Sheet<'a>> {
    let incident = answer.found.verdict.incidents.get(chapter.index)?;
    let clock = answer.clock();
    let series = chart::series(incident, &chapter.course, clock, WIDE);
    let drawn = [WIDE, NARROW]
        .into_iter()
        .filter_map(|size| chart::chart(incident, &chapter.course, clock, lang.words(), size));
    Some(Sheet {
        number: chapter.index + 1,
        chapter,
        figures: figures(incident, lang),
        charts: drawn.collect(),
        numbers: series.iter().flat_map(|series| numbers(series, clock)).collect(),
    })
}

fn figures(incident: &Incident, lang: Lang) -> Vec<Figure> {
    let (words, page) = (lang.words(), lang.page());
    let impact = &incident.impact;
    let recovered = incident.onset.recovered.as_ref().map(|edge| edge.at);
    let note = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut figures = Vec::new();
    let mut figure = |label, value, note| figures.push(Figure { label, value, note });
    if impact.duration_s > 0 {
        let ongoing = if recovered.is_none() { note(page.ongoing) } else { None };
        figure(page.duration, words.duration(impact.duration_s), ongoing);
    }
    if impact.requests > 0 {
        let of = page.of_requests.replace("{requests}", &grouped(impact.requests));
        figure(page.failures, grouped(impact.failed), Some(of));
    }
    if impact.clients > 0 {
        let about = if impact.clients_estimated { note(page.about) } else { None };
        figure(page.clients, grouped(impact.clients), about);
    }
    if let Some(detection) = &incident.detection {
        figure(page.to_detect, words.duration(detection.ttd_s), None);
        let detected = detection.noticed_at.or(detection.reported_at);
        if let Some(seconds) = detected.zip(recovered).and_then(|(from, to)| seconds(from, to)) {
            figure(page.to_recover, words.duration(seconds), note(page.since_detected));
        }
    }
    figures
}

/// From one moment to a later one.
fn seconds(from: UnixMs, to: UnixMs) -> Option<u64> {
    u64::try_from(to.since(from) / 1000).ok()
}

fn numbers(series: &Series, clock: Clock) -> impl Iterator<Item = Row> {
    let (origin, step) = (series.origin, series.step_ms);
    let starts = std::iter::successors(Some(origin), move |at| Some(at.plus(step)));
    starts.zip(&series.sums).map(move |(at, (requests, failed))| Row {
        time: clock.full(at),
        requests: grouped(*requests),
        failed: grouped(*failed),
    })
}

/// How many requests were fine, if that is the answer.
fn healthy(answer: Answer<'_>, lang: Lang) -> Option<String> {
    let found = answer.found;
    let sums = found.traffic.buckets.iter().fold((0, 0), |sum, b| (sum.0 + b.requests, sum.1 + b.failed));
    (found.verdict.status == lastgood_model::Status::Healthy).then(|| lang.words().healthy(sums.0, sums.1))
}
