//! What `check` found, on a terminal: the answer, then what will break, then what is worth knowing.

use std::collections::HashMap;

use lastgood_diagnose::check::Accept;
use lastgood_model::check::{Finding, Severity};
use lastgood_model::{Gap, Ref, Stack};

use super::answer::View;
use super::clock::Clock;
use super::layout::{Ink, Line, pad, width, wrap};
use super::page::{Page, Section};
use super::paste_check::commands;
use super::quote::clean;
use crate::pipeline::stack::COMPOSE;
use crate::words::{FlawText, Lang, Side, Told};

/// What `check` shows.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a> {
    /// The facts.
    pub stack: &'a Stack,
    /// What was found, what is accepted included.
    pub findings: &'a [Finding],
    /// Acceptances that fit nothing.
    pub unused: &'a [&'a Accept],
    /// What could not be read.
    pub gaps: &'a [Gap],
    /// How many short-lived containers were started to ask dependencies.
    pub probed: usize,
    /// What stands at references.
    pub excerpts: &'a HashMap<Ref, String>,
    /// How the user calls Compose.
    pub compose: &'a str,
    /// No value of a variable is to be shown.
    pub hide_values: bool,
    /// Zone of the answer.
    pub clock: Clock,
}

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing would bite.
    Clean,
    /// Something is worth knowing.
    WorthKnowing,
    /// Something will break.
    WillBreak,
    /// Not all could be looked at, and nothing of what was will break.
    Undetermined,
}

impl Outcome {
    /// Stable name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::WorthKnowing => "worth-knowing",
            Self::WillBreak => "will-break",
            Self::Undetermined => "undetermined",
        }
    }
}

impl<'a> Checked<'a> {
    /// Findings that count, by how bad they are.
    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|one| one.accepted.is_none() && one.severity == severity).count()
    }

    /// What it comes to.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.count(Severity::WillBreak) > 0 {
            Outcome::WillBreak
        } else if !self.is_seen() {
            Outcome::Undetermined
        } else if self.count(Severity::WorthKnowing) > 0 {
            Outcome::WorthKnowing
        } else {
            Outcome::Clean
        }
    }

    /// Whether both sides could be looked at: what runs and, where there is a project, what it declares.
    fn is_seen(&self) -> bool {
        self.stack.snapshot.is_some()
            && (self.stack.desired.is_some() || !self.gaps.iter().any(|gap| &*gap.what == COMPOSE))
    }

    /// What is said of a finding.
    pub(super) fn text(&self, finding: &Finding, lang: Lang) -> FlawText {
        let (foreign, hide_values) = (self.owner(finding), self.hide_values);
        lang.words().flaw(&Told { finding, foreign, hide_values, clock: self.clock, now: self.stack.at })
    }

    /// Commands for a finding.
    pub(super) fn commands(&self, finding: &Finding) -> Vec<String> {
        commands(finding, self.compose, self.owner(finding).is_some())
    }

    /// The project of a component that is a container of somebody else; its name if it has none.
    fn owner(&self, finding: &Finding) -> Option<&'a str> {
        let is_ours = self.stack.desired.as_ref().is_some_and(|desired| desired.service(&finding.component).is_some());
        let container = self.stack.snapshot.as_ref()?.container(&finding.component)?;
        let project = container.project.as_deref().unwrap_or(&container.name);
        (!is_ours && self.stack.is_foreign(container)).then_some(project)
    }

    /// Project, host and files.
    fn subject(&self) -> String {
        let desired = self.stack.desired.as_ref();
        let project = desired.map(|desired| desired.project.to_string());
        let host = self.stack.host.name.as_deref().map(str::to_owned);
        let names: Vec<String> = project.into_iter().chain(host).collect();
        let files = desired.map(|desired| format!(" ({})", desired.files.join(", "))).unwrap_or_default();
        clean(&(names.join(", ") + &files))
    }
}

/// For people.
#[must_use]
pub fn render(checked: &Checked<'_>, view: View) -> String {
    let mut page = Page::new(MARGIN);
    let shown = Shown { checked, view };
    shown.headline(&mut page);
    for finding in checked.findings {
        if view.verbose || finding.accepted.is_none() {
            shown.finding(finding, &mut page);
        }
    }
    shown.asides(&mut page);
    if !view.verbose {
        let left_out = page.fit();
        if left_out > 0 {
            page.line(Line::of(Ink::Dim, view.lang.words().left_out(left_out)));
        }
    }
    page.render(view.colour)
}

/// Columns of the marks.
const MARGIN: usize = 2;

struct Shown<'a> {
    checked: &'a Checked<'a>,
    view: View,
}

impl Shown<'_> {
    fn headline(&self, page: &mut Page) {
        let words = self.view.lang.check();
        let breaking = self.checked.count(Severity::WillBreak);
        let (ink, answer) = match self.checked.outcome() {
            Outcome::Clean => (Ink::Good, words.nothing.to_owned()),
            Outcome::Undetermined => (Ink::Bad, words.not_looked.to_owned()),
            outcome => {
                let ink = if outcome == Outcome::WillBreak { Ink::Bad } else { Ink::Strong };
                let knowing = self.checked.count(Severity::WorthKnowing);
                (ink, self.view.lang.words().findings(breaking, knowing))
            }
        };
        let subject = self.checked.subject();
        if subject.is_empty() {
            page.line(Line::of(ink, answer));
        } else if width(&answer) + 2 + width(&subject) <= self.view.width {
            page.line(Line::of(ink, answer).and(Ink::Dim, format!(": {subject}")));
        } else {
            page.line(Line::of(ink, answer + ":"));
            page.line(Line::of(Ink::Dim, format!("  {subject}")));
        }
    }

    fn finding(&self, finding: &Finding, page: &mut Page) {
        let text = self.checked.text(finding, self.view.lang);
        let words = self.view.lang.check();
        let breaks = finding.severity == Severity::WillBreak && finding.accepted.is_none();
        let (ink, mark) = match (breaks, self.view.unicode) {
            (true, true) => (Ink::Bad, "✗"),
            (true, false) => (Ink::Bad, "x"),
            (false, true) => (Ink::Dim, "•"),
            (false, false) => (Ink::Dim, "-"),
        };
        let mut lines = wrap(&clean(&text.what), self.room()).into_iter();
        page.gap();
        page.headline(ink, mark, Line::of(Ink::Strong, lines.next().unwrap_or_default()));
        let mut rows: Vec<Vec<Line>> = lines.map(|line| vec![Line::of(Ink::Strong, line)]).collect();
        rows.extend(self.sides(&text));
        let label = [words.why, words.fix].into_iter().map(width).max().unwrap_or(0) + 2;
        let mut labelled = |name: &str, ink, said: &str| {
            let mut lines = wrap(&clean(said), self.room().saturating_sub(label)).into_iter();
            let first = lines.next().map(|line| Line::of(Ink::Dim, pad(name, label)).and(ink, line));
            let rest = lines.map(|line| Line::of(ink, format!("{}{line}", pad("", label))));
            rows.push(first.into_iter().chain(rest).collect());
        };
        // What is only worth knowing has to be brief.
        if breaks || self.view.verbose {
            labelled(words.why, Ink::Plain, &text.why);
        }
        labelled(words.fix, Ink::Plain, &text.fix);
        if let Some(reason) = &finding.accepted {
            labelled("", Ink::Plain, &format!("{}: {reason}", words.accepted));
        }
        // Not wrapped: it is there to be copied.
        let commands = self.checked.commands(finding).into_iter();
        rows.extend(commands.map(|command| vec![Line::of(Ink::Command, pad("", label) + &clean(&command))]));
        rows.push(vec![self.place(finding)]);
        if self.view.verbose {
            let quotes = finding.refs.iter().filter_map(|at| self.checked.excerpts.get(at));
            rows.extend(
                quotes.filter(|_| !self.checked.hide_values).map(|quote| vec![Line::of(Ink::Plain, clean(quote))]),
            );
        }
        let (rank, keep) = if breaks { (70, rows.len().min(3)) } else { (30, 1) };
        page.add(Section { label: "", rank, keep, rows });
    }

    /// Values side by side, each beside where it stands.
    fn sides(&self, text: &FlawText) -> Vec<Vec<Line>> {
        let widest = |part: fn(&Side) -> &str| text.sides.iter().map(|side| width(part(side))).max().unwrap_or(0) + 2;
        let (place, value) = (widest(|side| &side.place), widest(|side| &side.value));
        let row = |side: &Side| {
            let since = side.since.as_deref().unwrap_or_default();
            let line = Line::of(Ink::Dim, pad(&clean(&side.place), place));
            vec![line.and(Ink::Strong, pad(&clean(&side.value), value)).and(Ink::Dim, clean(since))]
        };
        text.sides.iter().map(row).collect()
    }

    /// Whose it is, its code, and where to look.
    fn place(&self, finding: &Finding) -> Line {
        let mut parts = vec![finding.component.to_string(), finding.flaw.code().to_owned()];
        let shown = if self.view.verbose { usize::MAX } else { 1 };
        // What is told as its own component needs no second place.
        parts.extend(finding.refs.iter().take(shown).map(ToString::to_string));
        Line::of(Ink::Dim, clean(&parts.join("  ")))
    }

    fn asides(&self, page: &mut Page) {
        let words = self.view.lang.check();
        let said = self.view.lang.words();
        let unused = self.checked.unused.iter().map(|accept| {
            let component = accept.component.as_ref().map_or_else(String::new, |name| format!(" {name}"));
            format!("lastgood.toml [[check.accept]] {}{component}: {}", accept.code, words.unused)
        });
        let gaps = self.checked.gaps.iter();
        let gaps = gaps.map(|gap| format!("{}: {}: {}", words.gaps, said.gap_what(gap), said.gap_why(gap)));
        let probed = (self.checked.probed > 0).then(|| said.probed(self.checked.probed));
        let rows: Vec<Vec<Line>> = unused
            .chain(gaps)
            .chain(probed)
            .map(|text| wrap(&clean(&text), self.room()).into_iter().map(|line| Line::of(Ink::Dim, line)).collect())
            .collect();
        if !rows.is_empty() {
            page.gap();
            page.add(Section { label: "", rank: 60, keep: rows.len().min(4), rows });
        }
    }

    /// Columns beside the marks.
    fn room(&self) -> usize {
        self.view.width.saturating_sub(MARGIN)
    }
}
