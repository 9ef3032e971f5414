//! The post-mortem in Markdown: one order of sections for both languages, the team's own in Korean. Names and quotes
//! come from logs and are written so that neither Markdown nor HTML reads anything into them. What it says: `outline`.

use serde::Serialize;

use super::outline::{Candidate, Chapter, Item, Outline, Proof};
use crate::words::{Labels, Lang, ReportWords};

/// The report of an outline.
#[must_use]
pub fn render(outline: &Outline, lang: Lang) -> String {
    let writer = Writer::new(lang);
    let looked_at = writer.looked_at(outline);
    let mut out = String::new();
    for (index, chapter) in outline.incidents.iter().enumerate() {
        let sections = writer.sections(chapter);
        out += &format!("# {} – {}\n\n", writer.report.title, escape(&chapter.wrong));
        out += &[sections.summary, sections.detection, sections.timeline, sections.evidence].concat();
        // What concerns all of them stands with the last one.
        if index + 1 == outline.incidents.len() {
            out += &looked_at;
        }
        out += &[sections.causes, sections.measures, sections.statuses].concat();
    }
    if outline.incidents.is_empty() {
        out += &format!("# {}\n\n{looked_at}", escape(&outline.verdict));
    }
    out + &format!("---\n\n{}\n", outline.footer)
}

/// The sections of an incident, each with its heading.
#[derive(Clone, Debug, Serialize)]
pub struct Sections<T> {
    /// Symptom, since when, because of what, impact.
    pub summary: T,
    /// When people saw it.
    pub detection: T,
    /// The table of everything with a time.
    pub timeline: T,
    /// Claims with their lines, and what is fine.
    pub evidence: T,
    /// The verdict, contributing factors, rivals.
    pub causes: T,
    /// What to do now, and so that it does not happen again.
    pub measures: T,
    /// What the statuses mean.
    pub statuses: T,
}

impl Sections<String> {
    /// Each of them as something else.
    #[must_use]
    pub fn map<T>(self, turn: fn(String) -> T) -> Sections<T> {
        Sections {
            summary: turn(self.summary),
            detection: turn(self.detection),
            timeline: turn(self.timeline),
            evidence: turn(self.evidence),
            causes: turn(self.causes),
            measures: turn(self.measures),
            statuses: turn(self.statuses),
        }
    }
}

/// Writes in a language.
#[derive(Clone, Copy)]
pub struct Writer {
    labels: &'static Labels,
    report: &'static ReportWords,
}

impl Writer {
    /// One for this language.
    #[must_use]
    pub fn new(lang: Lang) -> Self {
        Self { labels: lang.words().labels(), report: lang.report() }
    }

    /// The sections of an incident.
    #[must_use]
    pub fn sections(self, chapter: &Chapter) -> Sections<String> {
        Sections {
            summary: self.summary(chapter),
            detection: self.detection(chapter),
            timeline: self.timeline(chapter),
            evidence: self.evidence(chapter),
            causes: self.causes(chapter),
            measures: self.measures(chapter),
            statuses: self.statuses(chapter),
        }
    }

    /// Notes, gaps and how much was read.
    #[must_use]
    pub fn looked_at(self, outline: &Outline) -> String {
        let (notes, gaps) = (list(self.report.notes, &outline.notes), list(self.report.gaps, &outline.gaps));
        format!("{notes}{gaps}{}: {}\n\n", self.labels.read, outline.read)
    }

    fn summary(self, chapter: &Chapter) -> String {
        let ReportWords { symptom, since, cause, impact, .. } = self.report;
        let mut out = heading(self.report.matter);
        out += &format!("- {symptom}: {}\n", escape(&chapter.wrong));
        out += &format!("- {since}: {}\n", escape(&chapter.since));
        out += &format!("- {cause}: {} ({})\n", escape(&chapter.cause.summary), chapter.cause.sure);
        for (index, line) in chapter.impact.iter().enumerate() {
            let line = escape(line);
            // The first line says how much, the others of what.
            out += &if index == 0 { format!("- {impact}: {line}\n") } else { format!("  - {line}\n") };
        }
        out + "\n"
    }

    fn detection(self, chapter: &Chapter) -> String {
        let mut out = heading(self.report.reported);
        let Some(detection) = &chapter.detection else {
            return out + self.report.nobody_reported + "\n\n";
        };
        for (word, at) in [(self.report.noticed, &detection.noticed), (self.report.told, &detection.reported)] {
            out += &at.as_ref().map(|at| format!("- {word}: {at}\n")).unwrap_or_default();
        }
        out + &format!("- {}: {}\n\n", self.report.time_to_detect, detection.took)
    }

    fn timeline(self, chapter: &Chapter) -> String {
        let [time, what, place] = self.report.columns;
        let mut out = heading(self.report.course) + &format!("| {time} | {what} | {place} |\n|---|---|---|\n");
        for event in &chapter.course {
            let place = event.place.as_deref().map(code).unwrap_or_default();
            out += &format!("| {} {} | {} | {place} |\n", event.date, event.time, escape(&event.text));
        }
        out + "\n"
    }

    fn evidence(self, chapter: &Chapter) -> String {
        let mut out = heading(self.report.logs);
        for Proof { text, place, quote } in &chapter.proofs {
            out += &format!("- {} ({})\n\n", escape(text), code(place));
            if let Some(quote) = quote {
                let block = fenced(&inert(quote), "text");
                out.extend(block.lines().map(|line| format!("  {line}\n")));
                out += "\n";
            }
        }
        out + &list(self.report.cleared, &chapter.cleared)
    }

    fn causes(self, chapter: &Chapter) -> String {
        let mut out = heading(self.report.causes);
        out += &format!("{}\n\n", self.candidate(&chapter.cause));
        out += &list(self.report.factors, &chapter.factors);
        out += &list(self.report.against, &chapter.against);
        if !chapter.rivals.is_empty() {
            out += &format!("### {}\n\n", self.report.rivals);
            out.extend(chapter.rivals.iter().map(|rival| format!("- {}\n", self.candidate(rival))));
            out += "\n";
        }
        out
    }

    /// A cause in a line: what, how sure, who, and its code.
    fn candidate(self, cause: &Candidate) -> String {
        let (summary, component) = (escape(&cause.summary), escape(&cause.component));
        let ReportWords { sure, component: who, .. } = self.report;
        format!("{summary} ({sure}: {}, {who}: {component}, `{}`)", cause.sure, cause.code)
    }

    fn measures(self, chapter: &Chapter) -> String {
        let ReportWords { now, prevention, .. } = self.report;
        let mut out = heading(self.report.measures) + &format!("**{now}**: {}\n\n", escape(&chapter.fix));
        if !chapter.commands.is_empty() {
            out += &format!("{}\n", fenced(&chapter.commands.join("\n"), "sh"));
        }
        out + &format!("**{prevention}**: {}\n\n", escape(&chapter.prevention.join(" ")))
    }

    fn statuses(self, chapter: &Chapter) -> String {
        let title = |code: &str| heading(&self.report.status.replace("{status}", code));
        chapter.statuses.iter().map(|status| format!("{}{}\n\n", title(&status.code), status.meaning)).collect()
    }
}

fn heading(text: &str) -> String {
    format!("## {text}\n\n")
}

fn list(heading: &str, items: &[Item]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let mut out = format!("### {heading}\n\n");
    for Item { text, place } in items {
        let place = place.as_deref().map(|place| format!(" ({})", code(place))).unwrap_or_default();
        out += &format!("- {}{place}\n", escape(text));
    }
    out + "\n"
}

/// A reference or a name as code, also in a table.
#[must_use]
pub fn code(place: &str) -> String {
    format!("`{}`", inert(place).replace('|', "\\|"))
}

/// Nothing in it means anything to Markdown or HTML.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// Code that cannot end its own block and that a careless reader does not take for HTML.
#[must_use]
pub fn inert(code: &str) -> String {
    code.replace('`', "\\x60").replace('<', "\\x3c")
}

/// A block of code.
#[must_use]
pub fn fenced(code: &str, language: &str) -> String {
    format!("```{language}\n{code}\n```\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_nothing_to_markdown() {
        assert_eq!(
            escape("<script>a_b*c*`d`|e&f</script>"),
            "&lt;script&gt;a\\_b\\*c\\*\\`d\\`\\|e&amp;f&lt;/script&gt;"
        );
        assert_eq!(inert("GET /`<img src=x>` HTTP"), "GET /\\x60\\x3cimg src=x>\\x60 HTTP");
    }
}
