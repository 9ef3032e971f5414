//! The post-mortem in Markdown: one order of sections for both languages, the team's own in Korean. Names and quotes
//! come from logs and are written so that neither Markdown nor HTML reads anything into them.

use lastgood_model::{Cause, ChangeKind, Claim, Incident, Ref, Status, UnixMs};

use super::answer::Answer;
use super::clock::Clock;
use super::mask::Mask;
use super::paste::commands;
use super::quote::{Unshowable, clean, quote, shorten};
use crate::knowledge;
use crate::words::{Account, Lang, ReportWords, Words, part, status};

/// A quote longer than this says no more.
const LONGEST_QUOTE: usize = 300;

/// The report. With a mask, without anybody's address.
#[must_use]
pub fn render(answer: Answer<'_>, lang: Lang, mask: Option<&mut Mask>) -> String {
    let clock = answer.clock();
    let mut writer =
        Writer { answer, lang, words: lang.words(), report: lang.report(), clock, mask, out: String::new() };
    writer.document();
    writer.out
}

struct Writer<'a, 'm> {
    answer: Answer<'a>,
    lang: Lang,
    words: &'static dyn Words,
    report: &'static ReportWords,
    clock: Clock,
    mask: Option<&'m mut Mask>,
    out: String,
}

impl<'a> Writer<'a, '_> {
    fn document(&mut self) {
        let verdict = &self.answer.found.verdict;
        match (verdict.status, verdict.incidents.is_empty()) {
            (Status::Incident, false) => {
                for (index, incident) in verdict.incidents.iter().enumerate() {
                    self.incident(incident, index + 1 == verdict.incidents.len());
                }
            }
            (Status::Healthy, _) => self.line(&format!("# {}\n", self.report.healthy)),
            _ => self.line(&format!("# {}\n", self.words.labels().could_not_tell)),
        }
        if verdict.incidents.is_empty() {
            self.looked_at();
        }
        let footer = self.report.footer.replace("{zone}", &self.clock.zone());
        self.line(&format!("---\n\n{}", footer.replace("{version}", env!("CARGO_PKG_VERSION"))));
    }

    /// One incident; with the last one also what concerns all of them.
    fn incident(&mut self, incident: &'a Incident, last: bool) {
        let Some(account) = self.answer.account(incident) else { return };
        let wrong = self.text(&self.words.wrong(incident));
        self.line(&format!("# {} – {wrong}\n", self.report.title));
        self.matter(&account, &wrong);
        self.reported(incident);
        self.course(incident);
        self.logs(&account);
        if last {
            self.looked_at();
        }
        self.causes(&account);
        self.measures(&account);
        for code in incident.scope.statuses.iter().take(2).map(|code| status(*code)) {
            self.status(&code);
        }
    }

    fn matter(&mut self, account: &Account<'a>, wrong: &str) {
        self.heading(self.report.matter);
        let since = self.words.since(account.incident, &self.clock, self.answer.found.live);
        let summary = self.words.cause(account).summary;
        let sure = self.words.confidence(account.cause.confidence);
        let (since, summary) = (self.text(&since), self.text(&summary));
        self.line(&format!("- {}: {wrong}", self.report.symptom));
        self.line(&format!("- {}: {since}", self.report.since));
        self.line(&format!("- {}: {summary} ({sure})", self.report.cause));
        for (index, impact) in self.words.impact(account.incident).iter().enumerate() {
            let impact = self.text(impact);
            // The first line says how much, the others of what.
            match index {
                0 => self.line(&format!("- {}: {impact}", self.report.impact)),
                _ => self.line(&format!("  - {impact}")),
            }
        }
        self.line("");
    }

    fn reported(&mut self, incident: &Incident) {
        self.heading(self.report.reported);
        let Some(detection) = &incident.detection else {
            self.line(&format!("{}\n", self.report.nobody_reported));
            return;
        };
        for (word, at) in [(self.report.noticed, detection.noticed_at), (self.report.told, detection.reported_at)] {
            if let Some(at) = at {
                self.line(&format!("- {word}: {}", self.clock.full(at)));
            }
        }
        let ttd = self.words.duration(detection.ttd_s);
        self.line(&format!("- {}: {ttd}\n", self.report.time_to_detect));
    }

    /// Everything with a time, in order.
    fn course(&mut self, incident: &'a Incident) {
        let mut rows: Vec<(UnixMs, String, Option<&Ref>)> = Vec::new();
        let labels = self.words.labels();
        let onset = &incident.onset;
        for (word, edge) in [
            (labels.last_good, &onset.last_good),
            (labels.first_bad, &onset.first_bad),
            (labels.recovered, &onset.recovered),
        ] {
            rows.extend(edge.as_ref().map(|edge| (edge.at, word.to_owned(), Some(&edge.reference))));
        }
        let known = |reference: &Ref, rows: &[(UnixMs, String, Option<&Ref>)]| {
            rows.iter().any(|(_, _, other)| *other == Some(reference))
        };
        for link in incident.causes.iter().take(1).flat_map(|cause| &cause.chain) {
            if let Some(at) = link.at.filter(|_| !known(&link.reference, &rows)) {
                // Beside a time the lead says nothing.
                let text = match &link.what {
                    Claim::ChangeBefore { kind, subject, reported, .. } => self.change(*kind, subject, *reported),
                    what => self.words.claim(what),
                };
                rows.push((at, text, Some(&link.reference)));
            }
        }
        for change in &incident.changes {
            // Units come and go all day; what matters of them stands in the chain.
            let minor = matches!(change.kind, ChangeKind::UnitStarted | ChangeKind::UnitStopped);
            if !minor && !known(&change.reference, &rows) {
                let text = self.change(change.kind, &change.subject, change.reported);
                rows.push((change.span.from(), text, Some(&change.reference)));
            }
        }
        if let Some(detection) = &incident.detection {
            rows.extend(detection.noticed_at.map(|at| (at, self.report.noticed.to_owned(), None)));
            rows.extend(detection.reported_at.map(|at| (at, self.report.told.to_owned(), None)));
        }
        rows.sort_by_key(|(at, _, _)| *at);
        self.heading(self.report.course);
        let [time, what, place] = self.report.columns;
        self.line(&format!("| {time} | {what} | {place} |\n|---|---|---|"));
        for (at, text, reference) in rows {
            let text = self.text(&text);
            let place = reference.map(|reference| self.reference(reference)).unwrap_or_default();
            self.line(&format!("| {} | {text} | {place} |", self.clock.full(at)));
        }
        self.line("");
    }

    fn change(&self, kind: ChangeKind, subject: &str, reported: bool) -> String {
        let text = self.words.change(kind, subject);
        if reported { format!("{text} ({})", self.words.labels().reported) } else { text }
    }

    fn logs(&mut self, account: &Account<'a>) {
        let labels = self.words.labels();
        let onset = &account.incident.onset;
        self.heading(self.report.logs);
        for (word, edge) in [(labels.last_good, &onset.last_good), (labels.first_bad, &onset.first_bad)] {
            let Some(edge) = edge else { continue };
            let said = format!("{word}, {}", self.clock.full(edge.at));
            self.quoted(&said, &edge.reference);
        }
        let edges = [&onset.last_good, &onset.first_bad].into_iter().flatten();
        let mut shown: Vec<&Ref> = edges.map(|edge| &edge.reference).collect();
        let linked = account.cause.chain.iter().map(|link| (&link.what, &link.reference));
        let claimed = account.cause.evidence.iter().map(|evidence| (&evidence.claim, &evidence.reference));
        let mut told: Vec<&Claim> = Vec::new();
        for (claim, reference) in linked.chain(claimed) {
            if matches!(claim, Claim::FirstBad { .. } | Claim::FailingShare { .. }) || told.contains(&claim) {
                continue;
            }
            told.push(claim);
            let said = self.words.claim(claim);
            // A line is quoted where it is first referred to.
            if shown.contains(&reference) {
                let (said, place) = (self.text(&said), self.reference(reference));
                self.line(&format!("- {said} ({place})\n"));
            } else {
                shown.push(reference);
                self.quoted(&said, reference);
            }
        }
        let cleared = account.incident.cleared.iter().map(|cleared| {
            (format!("{}: {}", part(&cleared.component), self.words.claim(&cleared.because)), Some(&cleared.reference))
        });
        self.list(self.report.cleared, cleared.collect());
    }

    /// Notes, gaps and how much was read.
    fn looked_at(&mut self) {
        let found = self.answer.found;
        let notes = found.verdict.notes.iter().map(|note| {
            let at = note.at.map_or_else(String::new, |at| format!("{} ", self.clock.full(at)));
            (format!("{at}{}", self.words.note(&note.kind)), note.reference.as_ref())
        });
        self.list(self.report.notes, notes.collect());
        let gaps = found.verdict.gaps.iter();
        let gaps = gaps.map(|gap| (format!("{}: {}", self.words.gap_what(gap), self.words.gap_why(gap)), None));
        self.list(self.report.gaps, gaps.collect());
        let read = self.words.read(&found.read);
        self.line(&format!("{}: {read}\n", self.words.labels().read));
    }

    fn causes(&mut self, account: &Account<'a>) {
        let incident = account.incident;
        self.heading(self.report.causes);
        let verdict = self.cause(account.cause, incident);
        self.line(&format!("{verdict}\n"));
        // What only shows the failure is no factor of it.
        let shows = |claim: &Claim| {
            matches!(claim, Claim::FirstBad { .. } | Claim::UpstreamErrors { .. } | Claim::FailingShare { .. })
        };
        let factors = account.cause.chain.iter().filter(|link| !shows(&link.what));
        let factors = factors.map(|link| (self.words.claim(&link.what), Some(&link.reference)));
        self.list(self.report.factors, factors.collect());
        let against = account.cause.against.iter();
        let against = against.map(|evidence| (self.words.claim(&evidence.claim), Some(&evidence.reference)));
        self.list(self.report.against, against.collect());
        let rivals: Vec<String> = incident.causes.iter().skip(1).map(|cause| self.cause(cause, incident)).collect();
        if !rivals.is_empty() {
            self.line(&format!("### {}\n", self.report.rivals));
            for rival in rivals {
                self.line(&format!("- {rival}"));
            }
            self.line("");
        }
    }

    /// A cause in a line: what, how sure, who, and its code.
    fn cause(&mut self, cause: &'a Cause, incident: &'a Incident) -> String {
        let summary = self.text(&self.words.cause(&Account { incident, cause }).summary);
        let component = self.text(&cause.component);
        let (sure, report) = (self.words.confidence(cause.confidence), self.report);
        format!("{summary} ({}: {sure}, {}: {component}, `{}`)", report.sure, report.component, cause.code)
    }

    fn measures(&mut self, account: &Account<'a>) {
        let text = self.words.cause(account);
        let (fix, prevention) = (self.text(&text.fix), self.text(&text.prevention.join(" ")));
        self.heading(self.report.measures);
        self.line(&format!("**{}**: {fix}\n", self.report.now));
        let commands = commands(account).join("\n");
        if !commands.is_empty() {
            self.line(&fenced(&commands, "sh"));
        }
        self.line(&format!("**{}**: {prevention}\n", self.report.prevention));
    }

    fn status(&mut self, code: &str) {
        let Some(article) = knowledge::status(code, self.lang) else { return };
        self.heading(&self.report.status.replace("{status}", code));
        self.line(&format!("{} {}\n", article.meaning, article.producer));
    }

    /// What is said, where it stands, and the line itself.
    fn quoted(&mut self, said: &str, reference: &Ref) {
        let (said, place) = (self.text(said), self.reference(reference));
        self.line(&format!("- {said} ({place})\n"));
        if let Some(line) = self.answer.line(reference) {
            let line = shorten(&quote(line, Unshowable::Escaped), LONGEST_QUOTE);
            let line = self.masked(&line);
            let block = fenced(&inert(&line), "text");
            let indented: String = block.lines().map(|line| format!("  {line}\n")).collect();
            self.line(&indented);
        }
    }

    fn list(&mut self, heading: &str, items: Vec<(String, Option<&Ref>)>) {
        if items.is_empty() {
            return;
        }
        self.line(&format!("### {heading}\n"));
        for (text, reference) in items {
            let text = self.text(&text);
            let place = reference.map(|reference| format!(" ({})", self.reference(reference))).unwrap_or_default();
            self.line(&format!("- {text}{place}"));
        }
        self.line("");
    }

    fn heading(&mut self, text: &str) {
        self.line(&format!("## {text}\n"));
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A sentence with names in it.
    fn text(&mut self, text: &str) -> String {
        let text = self.masked(text);
        escape(&clean(&text))
    }

    /// A reference as code.
    fn reference(&mut self, reference: &Ref) -> String {
        format!("`{}`", inert(&clean(&reference.to_string())).replace('|', "\\|"))
    }

    fn masked(&mut self, text: &str) -> String {
        match &mut self.mask {
            Some(mask) => mask.hide(text),
            None => text.to_owned(),
        }
    }
}

/// Nothing in it means anything to Markdown or HTML.
fn escape(text: &str) -> String {
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
fn inert(code: &str) -> String {
    code.replace('`', "\\x60").replace('<', "\\x3c")
}

fn fenced(code: &str, language: &str) -> String {
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
