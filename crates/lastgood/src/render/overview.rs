//! The stack in one screen, on a terminal and as `lastgood.status/1`. Which rows there are is decided in `diagnose`.

use lastgood_diagnose::overview::Row;
use lastgood_model::desired::Port;
use lastgood_model::{Gap, Stack, UnixMs};
use serde::Serialize;

use super::answer::View;
use super::clock::Clock;
use super::layout::{Ink, Line, cut, pad, width};
use super::page::{Page, Section};
use super::quote::{clean, inert_json};
use super::under_way::UnderWayShape;
use crate::words::Lang;

/// What `status` shows.
#[derive(Clone, Copy, Debug)]
pub struct Overview<'a> {
    /// The facts.
    pub stack: &'a Stack,
    /// The rows.
    pub rows: &'a [Row],
    /// What could not be read.
    pub gaps: &'a [Gap],
    /// Zone of the answer.
    pub clock: Clock,
}

impl Overview<'_> {
    /// Rows that are ours, and how many of them can do their work.
    fn ours(&self) -> (usize, usize) {
        let ours: Vec<&Row> = self.rows.iter().filter(|row| row.foreign.is_none()).collect();
        (ours.iter().filter(|row| !row.condition.is_bad()).count(), ours.len())
    }

    /// Whether something cannot do its work: ours, or what ours ask.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        // A container that belongs to no project may have been stopped years ago, on purpose.
        self.stack.desired.is_some() && self.rows.iter().any(|row| row.condition.is_bad())
    }

    /// Host, project, files and engine, as the first line of every answer names them.
    fn subject(&self) -> String {
        let desired = self.stack.desired.as_ref();
        let host = self.stack.host.name.as_deref();
        let project = desired.map(|desired| format!("{} ({})", desired.project, desired.files.join(", ")));
        let engine = self.stack.snapshot.as_ref().map(|snapshot| format!("Docker {}", snapshot.engine.version));
        let parts: Vec<String> = host.map(str::to_owned).into_iter().chain(project).chain(engine).collect();
        clean(&parts.join(", "))
    }
}

/// For people.
#[must_use]
pub fn render(overview: &Overview<'_>, view: View) -> String {
    let labels = view.lang.words().labels();
    let words = view.lang.overview();
    let margins = [
        words.services,
        words.containers,
        words.asked,
        words.host,
        labels.healthy,
        labels.wrong,
        labels.rollout,
        labels.gaps,
    ];
    let mut page = Page::new(margins.map(width).into_iter().max().unwrap_or(0) + 2);
    page.line(Line::of(Ink::Dim, format!("{} {}; {}", labels.looked_at, overview.subject(), overview.clock.zone())));

    let (fine, ours) = overview.ours();
    let how_many = view.lang.how_many_fine(fine, ours, overview.stack.desired.is_some());
    if overview.is_bad() {
        page.headline(Ink::Bad, labels.wrong, Line::of(Ink::Strong, how_many));
    } else if overview.stack.snapshot.is_some() {
        page.headline(Ink::Good, labels.healthy, Line::of(Ink::Strong, how_many));
    } else {
        page.headline(Ink::Bad, labels.undetermined, Line::of(Ink::Plain, labels.could_not_tell));
    }

    if let Some(rollout) = &overview.stack.rollout {
        let text =
            format!("{} {}", overview.clock.beside(rollout.since, overview.stack.at), view.lang.under_way(rollout));
        page.headline(Ink::Plain, labels.rollout, Line::of(Ink::Plain, clean(&text)));
    }

    let columns = Columns::of(overview, view.lang);
    let lines = |foreign: bool| -> Vec<Vec<Line>> {
        let rows = overview.rows.iter().filter(|row| row.foreign.is_some() == foreign);
        rows.map(|row| columns.row(row, overview, view)).collect()
    };
    let label = if overview.stack.desired.is_some() { words.services } else { words.containers };
    page.add(Section { label, rank: 100, keep: usize::MAX, rows: lines(false) });
    page.add(Section { label: words.asked, rank: 100, keep: usize::MAX, rows: lines(true) });
    let machine = view.lang.machine(&overview.stack.host);
    if !machine.is_empty() {
        let line = Line::of(Ink::Plain, machine.join(" · "));
        page.add(Section { label: words.host, rank: 90, keep: 1, rows: vec![vec![line]] });
    }
    let gaps = overview.gaps.iter().map(|gap| {
        let said = view.lang.words();
        vec![Line::of(Ink::Plain, clean(&format!("{}: {}", said.gap_what(gap), said.gap_why(gap))))]
    });
    page.add(Section { label: labels.gaps, rank: 80, keep: 1, rows: gaps.collect() });
    page.render(view.colour)
}

const LONGEST_NAME: usize = 28;

/// How wide each column is.
struct Columns {
    name: usize,
    condition: usize,
    since: usize,
    ports: usize,
}

impl Columns {
    fn of(overview: &Overview<'_>, lang: Lang) -> Self {
        let widest =
            |text: &dyn Fn(&Row) -> String| overview.rows.iter().map(|row| width(&text(row))).max().unwrap_or(0);
        Self {
            name: widest(&|row| name(row)).min(LONGEST_NAME),
            condition: widest(&|row| lang.condition(row.condition, row.has_check).to_owned()),
            since: widest(&|row| since(row, overview)),
            ports: widest(&|row| ports(&row.ports)),
        }
    }

    fn row(&self, row: &Row, overview: &Overview<'_>, view: View) -> Vec<Line> {
        let ink = if row.condition.is_bad() { Ink::Bad } else { Ink::Plain };
        let line = Line::of(Ink::Strong, pad(&cut(&name(row), self.name), self.name + 2))
            .and(ink, pad(view.lang.condition(row.condition, row.has_check), self.condition + 2))
            .and(Ink::Dim, pad(&since(row, overview), self.since + 2))
            .and(Ink::Plain, pad(&ports(&row.ports), self.ports + 2));
        let remarks = view.lang.remarks(row);
        let line =
            if remarks.is_empty() { line.and(Ink::Dim, clean(&row.image)) } else { line.and(ink, remarks.join(", ")) };
        vec![line]
    }
}

fn name(row: &Row) -> String {
    let project = row.foreign.as_deref().filter(|project| !project.is_empty());
    clean(&project.map_or_else(|| row.name.to_string(), |project| format!("{} ({project})", row.name)))
}

fn since(row: &Row, overview: &Overview<'_>) -> String {
    row.since.map_or_else(String::new, |at| overview.clock.beside(at, overview.stack.at))
}

/// `80, 3000→8000`.
fn ports(ports: &[Port]) -> String {
    let shown = ports.iter().filter_map(|port| {
        let host = port.host?;
        Some(if host == port.container { host.to_string() } else { format!("{host}→{}", port.container) })
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// `lastgood.status/1`.
#[must_use]
pub fn json(overview: &Overview<'_>, lang: Lang) -> String {
    let words = lang.words();
    let at = |at: UnixMs| overview.clock.rfc3339(at);
    let desired = overview.stack.desired.as_ref();
    let shape = Shape {
        schema: "lastgood.status/1",
        at: at(overview.stack.at),
        host: overview.stack.host.name.as_deref(),
        project: desired.map(|desired| &*desired.project),
        files: desired.map(|desired| desired.files.iter().map(|file| &**file).collect()).unwrap_or_default(),
        status: match (overview.is_bad(), &overview.stack.snapshot) {
            (true, _) => "bad",
            (false, Some(_)) => "good",
            (false, None) => "undetermined",
        },
        rollout: overview.stack.rollout.as_ref().map(|rollout| UnderWayShape::of(rollout, overview.clock)),
        services: overview
            .rows
            .iter()
            .map(|row| RowShape {
                name: &row.name,
                foreign: row.foreign.as_deref(),
                condition: row.condition.name(),
                is_bad: row.condition.is_bad(),
                containers: row.containers.iter().map(|name| &**name).collect(),
                since: row.since.map(at),
                restarts: row.restarts,
                exit_code: row.exit_code,
                image: &row.image,
                ports: row.ports.iter().filter_map(|port| port.host).collect(),
                differences: row.differences,
            })
            .collect(),
        gaps: overview.gaps.iter().map(|gap| GapShape { what: words.gap_what(gap), why: words.gap_why(gap) }).collect(),
    };
    // A shape of strings and numbers; it can always be written.
    inert_json(serde_json::to_string_pretty(&shape).unwrap_or_default()) + "\n"
}

#[derive(Serialize)]
struct Shape<'a> {
    schema: &'static str,
    at: String,
    host: Option<&'a str>,
    project: Option<&'a str>,
    files: Vec<&'a str>,
    status: &'static str,
    rollout: Option<UnderWayShape>,
    services: Vec<RowShape<'a>>,
    gaps: Vec<GapShape<'a>>,
}

#[derive(Serialize)]
struct RowShape<'a> {
    name: &'a str,
    foreign: Option<&'a str>,
    condition: &'static str,
    is_bad: bool,
    containers: Vec<&'a str>,
    since: Option<String>,
    restarts: u64,
    exit_code: Option<i64>,
    image: &'a str,
    ports: Vec<u16>,
    differences: usize,
}

#[derive(Serialize)]
struct GapShape<'a> {
    what: &'a str,
    why: String,
}
