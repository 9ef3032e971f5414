//! The answer on a terminal: what was looked at, then five lines that say everything, then the
//! picture and the evidence, in a column beside a margin of labels. What gives way for 40 lines: `page`.

use lastgood_model::{BuildFact, Change, ChangeKind, Claim, Evidence, Incident, Note, NoteKind, Ref, Status, Weight};

use super::answer::{Answer, View};
use super::clock::Clock;
use super::layout::{Ink, Line, cut, width, wrap};
use super::page::{Page, Section};
use super::paste::commands;
use super::picture::{Picture, picture};
use super::quote::{Unshowable, clean, quote, shorten};
use crate::words::{Account, Labels, Words, part};

/// Columns of a picture at most: the scale stands beside it.
const PICTURE: usize = 46;

/// What to try when what was read says too little.
const EVERYTHING: &str = "lastgood why /var/log/nginx";

/// The answer, ready to be written.
#[must_use]
pub fn render(answer: Answer<'_>, view: View) -> String {
    let words = view.lang.words();
    let terminal = Terminal { answer, view, words, labels: words.labels(), clock: answer.clock() };
    let mut page = terminal.page();
    if !view.verbose {
        let left_out = page.fit();
        if left_out > 0 {
            page.headline(Ink::Dim, terminal.labels.more, Line::of(Ink::Dim, words.left_out(left_out)));
        }
    }
    page.render(view.colour)
}

struct Terminal<'a> {
    answer: Answer<'a>,
    view: View,
    words: &'static dyn Words,
    labels: &'static Labels,
    clock: Clock,
}

impl<'a> Terminal<'a> {
    fn page(&self) -> Page {
        let found = self.answer.found;
        let zone = self.clock.zone();
        let subject = clean(&self.answer.subject(self.words));
        let looked = self.words.looked_at(&subject, &found.read, &zone);
        let mut page = Page::new(self.margin());
        page.line(Line::of(Ink::Dim, format!("{} {looked}", self.labels.looked_at)));
        match (found.verdict.status, self.answer.lead()) {
            (Status::Incident, Some(lead)) => self.incidents(lead, &mut page),
            (Status::Healthy, _) => self.healthy(&mut page),
            (Status::Undetermined | Status::Incident, _) => self.undetermined(&mut page),
        }
        page
    }

    /// Columns beside the margin.
    fn room(&self) -> usize {
        self.view.width.saturating_sub(self.margin())
    }

    fn margin(&self) -> usize {
        let widest = [self.labels.evidence, self.labels.requests, self.labels.gaps, self.labels.failing];
        widest.into_iter().map(width).max().unwrap_or(0) + 2
    }

    fn incidents(&self, lead: usize, page: &mut Page) {
        let incidents = &self.answer.found.verdict.incidents;
        let Some(incident) = incidents.get(lead) else { return };
        let Some(account) = self.answer.account(incident) else { return };
        self.five_lines(&account, page);
        page.gap();
        self.picture(incident, page);
        self.details(&account, page);
        let others = incidents.iter().enumerate().filter(|(index, _)| *index != lead).map(|(_, other)| other);
        if self.view.verbose {
            for other in others {
                let Some(account) = self.answer.account(other) else { continue };
                page.gap();
                self.five_lines(&account, page);
                page.gap();
                self.picture(other, page);
                self.details(&account, page);
            }
            page.gap();
        } else {
            let rows = others.map(|other| self.in_short(other)).collect();
            page.add(section(self.labels.others, 60, 1, rows));
        }
        self.asides(page);
        let text = self.words.cause(&account);
        page.add(section(self.labels.fix, 90, 1, vec![self.wrapped(&text.fix)]));
        let prevention = text.prevention.iter().map(|line| self.wrapped(line));
        page.add(section(self.labels.prevention, 50, 1, prevention.collect()));
        if self.view.verbose {
            let rows = commands(&account).into_iter().map(|line| vec![Line::of(Ink::Command, line)]).collect();
            page.add(section(self.labels.commands, 90, 0, rows));
        }
        self.reading(page);
    }

    /// What is wrong, since when, because of what, how sure, what next: one line each.
    fn five_lines(&self, account: &Account<'_>, page: &mut Page) {
        let text = self.words.cause(account);
        let since = self.words.since(account.incident, &self.clock, self.answer.found.live);
        let next = commands(account).into_iter().next();
        let next = match next {
            // A command that is cut is worse than a long line.
            Some(command) => Line::of(Ink::Command, clean(&command)),
            None => Line::of(Ink::Plain, cut(&text.fix, self.room())),
        };
        let line = |ink, text: &str| Line::of(ink, cut(&clean(text), self.room()));
        for (ink, label, line) in [
            (Ink::Bad, self.labels.wrong, line(Ink::Strong, &self.words.wrong(account.incident))),
            (Ink::Dim, self.labels.since, line(Ink::Plain, &since)),
            (Ink::Dim, self.labels.because, line(Ink::Strong, &text.summary)),
            (Ink::Dim, self.labels.sure, line(Ink::Plain, &self.words.sure(account))),
            (Ink::Dim, self.labels.next, next),
        ] {
            page.headline(ink, label, line);
        }
    }

    fn picture(&self, incident: &Incident, page: &mut Page) {
        let columns = PICTURE.min(self.room().saturating_sub(24));
        let drawn = picture(incident, self.clock, columns, self.view.unicode);
        let Some(Picture { requests, failing, marks, times, step_s, peak }) = drawn else { return };
        let scale = self.words.scale(step_s, peak);
        page.add(section(
            self.labels.requests,
            100,
            1,
            vec![vec![Line::of(Ink::Plain, requests).and(Ink::Dim, format!("  {scale}"))]],
        ));
        page.add(section(self.labels.failing, 100, 1, vec![vec![Line::of(Ink::Bad, failing)]]));
        let below = vec![vec![Line::of(Ink::Strong, marks), Line::of(Ink::Dim, times)]];
        page.add(section("", 100, 1, below));
    }

    fn details(&self, account: &Account<'a>, page: &mut Page) {
        let (incident, cause) = (account.incident, account.cause);
        let day = incident.onset.first_bad.as_ref().or(incident.onset.last_good.as_ref()).map(|edge| edge.at);
        let timed = |at: Option<_>, text: String| match at {
            Some(at) => format!("{} {text}", self.clock.beside(at, day.unwrap_or(at))),
            None => text,
        };
        let onset = &incident.onset;
        let is_turn = |reference: &Ref| onset.first_bad.as_ref().is_some_and(|edge| edge.reference == *reference);
        // The symptom is the turn itself, unless another line stands for it.
        let links = cause
            .chain
            .iter()
            .filter(|link| !(matches!(link.what, Claim::FirstBad { .. }) && is_turn(&link.reference)));
        let chain = links.map(|link| {
            // Beside a time the lead says nothing.
            let text = match (&link.what, link.at) {
                (Claim::ChangeBefore { kind, subject, reported, .. }, Some(_)) => {
                    self.change(*kind, subject, *reported)
                }
                (what, _) => self.words.claim(what),
            };
            let text = timed(link.at, text);
            if matches!(link.what, Claim::Build(BuildFact::Error { .. })) {
                return self.with_whole_line(&text, &link.reference);
            }
            let evidence = cause.evidence.iter().find(|evidence| evidence.claim == link.what);
            self.referred(&text, &link.reference, evidence.is_some_and(|evidence| self.shows_quote(evidence)))
        });
        page.add(section(self.labels.chain, 95, 3, chain.collect()));

        let edges = [
            (self.labels.last_good, Ink::Plain, &onset.last_good),
            (self.labels.first_bad, Ink::Bad, &onset.first_bad),
            (self.labels.recovered, Ink::Good, &onset.recovered),
        ];
        let edges = edges.into_iter().filter(|(_, _, edge)| edge.is_some()).take(if self.view.verbose { 3 } else { 2 });
        let turn = edges.filter_map(|(label, ink, edge)| {
            let edge = edge.as_ref()?;
            let mut lines = self.referred(&timed(Some(edge.at), label.to_owned()), &edge.reference, false);
            let line = self.answer.line(&edge.reference)?;
            lines.push(Line::of(ink, shorten(&quote(line, Unshowable::Escaped), self.room())));
            Some(lines)
        });
        page.add(section(self.labels.turn, 99, 2, turn.collect()));

        let follows = incident.standing.iter().filter(|standing| standing.component != cause.component);
        let follows = follows.map(|standing| {
            self.referred(&self.words.ailing(&standing.component, standing.ailment), &standing.reference, false)
        });
        page.add(section(self.labels.follows, 78, 1, follows.collect()));
        let upcoming = incident.next.iter().map(|next| {
            let text = self.words.cause(&self.answer.of(incident, next)).summary;
            self.wrapped(&format!("{}: {text}", self.words.confidence(next.confidence)))
        });
        page.add(section(self.labels.upcoming, 88, 2, upcoming.collect()));

        let told = |evidence: &&Evidence| {
            let linked =
                cause.chain.iter().any(|link| link.what == evidence.claim && link.reference == evidence.reference);
            // The share of failures stands in the first line and in the impact.
            !linked && !matches!(evidence.claim, Claim::FailingShare { .. })
        };
        let evidence = cause.evidence.iter().filter(told).map(|evidence| self.evidence(evidence));
        page.add(section(self.labels.evidence, 80, 1, evidence.collect()));
        let against = cause.against.iter().map(|evidence| self.evidence(evidence));
        page.add(section(self.labels.against, 85, 1, against.collect()));

        let known = |reference: &Ref| cause.chain.iter().any(|link| link.reference == *reference);
        // Units come and go all day; what matters of them stands in the chain.
        let minor = |kind| matches!(kind, ChangeKind::UnitStarted | ChangeKind::UnitStopped);
        let told = |change: &&Change| (self.view.verbose || !minor(change.kind)) && !known(&change.reference);
        let changes = incident.changes.iter().filter(told).map(|change| {
            let text = self.change(change.kind, &change.subject, change.reported);
            self.referred(&timed(Some(change.span.from()), text), &change.reference, false)
        });
        page.add(section(self.labels.changes, 40, 1, changes.collect()));
        let cleared = incident.cleared.iter().map(|cleared| {
            let text = format!("{}: {}", part(&cleared.component), self.words.claim(&cleared.because));
            self.referred(&text, &cleared.reference, matches!(cleared.because, Claim::State(_)))
        });
        // Who is cleared stands before what clears them: where a page gets too long, the proofs go and the names stay.
        let mut names: Vec<&str> = incident.cleared.iter().map(|cleared| part(&cleared.component)).collect();
        names.dedup();
        let mut rows = if names.len() > 1 { vec![self.wrapped(&names.join(", "))] } else { Vec::new() };
        rows.extend(cleared);
        page.add(section(self.labels.cleared, 70, 1, rows));
        let mut impact = self.words.impact(incident);
        if let Some(detection) = &incident.detection {
            impact.insert(1, self.words.detection(detection, &self.clock, day));
        }
        let impact = impact.iter().map(|line| self.wrapped(line));
        page.add(section(self.labels.impact, 75, 2, impact.collect()));
        let rivals = incident.causes.iter().skip(1).map(|cause| {
            let rival = self.answer.of(incident, cause);
            let text = self.words.cause(&rival).summary;
            self.wrapped(&format!("{}: {text}", self.words.confidence(cause.confidence)))
        });
        page.add(section(self.labels.rivals, 30, 1, rivals.collect()));
    }

    fn evidence(&self, evidence: &Evidence) -> Vec<Line> {
        self.referred(&self.words.claim(&evidence.claim), &evidence.reference, self.shows_quote(evidence))
    }

    /// Without `-v` a quote has to earn its line.
    fn shows_quote(&self, evidence: &Evidence) -> bool {
        let plain = |line: &[u8]| !line.starts_with(b"{") && line.len() <= self.room();
        let decisive = evidence.weight == Weight::Decisive;
        self.view.verbose || (decisive && self.answer.line(&evidence.reference).is_some_and(plain))
    }

    /// A text, where a human can see it, and the line itself.
    fn referred(&self, text: &str, reference: &Ref, quoted: bool) -> Vec<Line> {
        let mut lines = self.wrapped(text);
        // Never cut: somebody wants to open it.
        let shown = clean(&reference.to_string());
        let fits = lines.last().is_some_and(|line| line.width() + 2 + width(&shown) <= self.room());
        match lines.pop() {
            Some(last) if fits => lines.push(last.and(Ink::Dim, format!("  {shown}"))),
            last => {
                lines.extend(last);
                lines.push(Line::of(Ink::Dim, format!("  {shown}")));
            }
        }
        let line = self.answer.line(reference).filter(|_| quoted);
        lines.extend(line.map(|line| {
            let text = shorten(&quote(line, Unshowable::Escaped), self.room().saturating_sub(2));
            Line::of(Ink::Plain, format!("  {text}"))
        }));
        lines
    }

    /// The same with the line as it stands, over several rows: of the output of a build nobody wants more than that line, and what
    /// decides often stands at its end.
    fn with_whole_line(&self, text: &str, reference: &Ref) -> Vec<Line> {
        const MOST_ROWS: usize = 4;
        let mut lines = self.referred(text, reference, false);
        let room = self.room().saturating_sub(2);
        let whole =
            self.answer.line(reference).map(|line| shorten(&quote(line, Unshowable::Escaped), room * MOST_ROWS));
        let rows = whole.iter().flat_map(|whole| wrap(whole, room)).take(MOST_ROWS);
        lines.extend(rows.map(|row| Line::of(Ink::Plain, format!("  {row}"))));
        lines
    }

    fn change(&self, kind: ChangeKind, subject: &str, reported: bool) -> String {
        let text = self.words.change(kind, subject);
        if reported { format!("{text} ({})", self.labels.reported) } else { text }
    }

    fn wrapped(&self, text: &str) -> Vec<Line> {
        wrap(&clean(text), self.room()).into_iter().map(|line| Line::of(Ink::Plain, line)).collect()
    }

    fn in_short(&self, incident: &Incident) -> Vec<Line> {
        let mut lines = self.wrapped(&self.words.wrong(incident));
        lines.extend(self.wrapped(&self.words.since(incident, &self.clock, self.answer.found.live)));
        if let Some(account) = self.answer.account(incident) {
            let sure = self.words.confidence(account.cause.confidence);
            lines.extend(self.wrapped(&format!("{sure}: {}", self.words.cause(&account).summary)));
        }
        lines
    }

    fn healthy(&self, page: &mut Page) {
        let found = self.answer.found;
        let buckets = || found.traffic.buckets.iter();
        let (requests, failed) = buckets().fold((0, 0), |sum, b| (sum.0 + b.requests, sum.1 + b.failed));
        let states = found.project.as_ref().map(|project| self.words.healthy_state(project.running));
        let built = requests == 0 && found.files.iter().any(|file| &*file.format == "build");
        let traffic = if built {
            Some(self.words.claim(&Claim::Build(BuildFact::Succeeded)))
        } else {
            (requests > 0 || states.is_none()).then(|| self.words.healthy(requests, failed))
        };
        let text: Vec<String> = states.into_iter().chain(traffic).collect();
        page.headline(Ink::Good, self.labels.healthy, Line::of(Ink::Plain, text.join("; ")));
        if let (Some(first), Some(last)) = (buckets().next(), buckets().last()) {
            let span = format!("{} – {}", self.clock.full(first.from), self.clock.beside(last.from, first.from));
            page.headline(Ink::Dim, self.labels.span, Line::of(Ink::Plain, span));
        }
        self.asides(page);
        self.reading(page);
    }

    fn undetermined(&self, page: &mut Page) {
        let line = Line::of(Ink::Plain, self.labels.could_not_tell);
        page.headline(Ink::Strong, self.labels.undetermined, line);
        page.headline(Ink::Dim, self.labels.next, Line::of(Ink::Command, EVERYTHING));
        self.asides(page);
        self.reading(page);
    }

    fn asides(&self, page: &mut Page) {
        let verdict = &self.answer.found.verdict;
        // What happened to the traffic before what happened to the files.
        let of_files = |note: &&Note| {
            matches!(
                note.kind,
                NoteKind::SameContent { .. }
                    | NoteKind::MoreFiles { .. }
                    | NoteKind::DuplicateLines { .. }
                    | NoteKind::ManyPaths { .. }
            )
        };
        let of_rollout = |note: &&Note| matches!(note.kind, NoteKind::RolloutUnderWay(_));
        let (rollout, others): (Vec<&Note>, Vec<&Note>) = verdict.notes.iter().partition(of_rollout);
        let (files, traffic): (Vec<&Note>, Vec<&Note>) = others.into_iter().partition(of_files);
        // Whoever looks while it goes on has to know before anything else.
        let rollout = rollout.into_iter().map(|note| {
            let since = note.at.map(|at| self.clock.full(at)).unwrap_or_default();
            self.wrapped(&format!("{since} {}", self.words.note(&note.kind)))
        });
        page.add(section(self.labels.rollout, 98, 1, rollout.collect()));
        let notes = traffic.into_iter().chain(files).map(|note| {
            let text = self.words.note(&note.kind);
            let text = note.at.map_or(text.clone(), |at| format!("{} {text}", self.clock.full(at)));
            match &note.reference {
                Some(reference) => self.referred(&text, reference, false),
                None => self.wrapped(&text),
            }
        });
        page.add(section(self.labels.notes, 10, 0, notes.collect()));
        let gaps = verdict
            .gaps
            .iter()
            .map(|gap| self.wrapped(&format!("{}: {}", self.words.gap_what(gap), self.words.gap_why(gap))));
        page.add(section(self.labels.gaps, 65, 1, gaps.collect()));
    }

    fn reading(&self, page: &mut Page) {
        let found = self.answer.found;
        if self.view.verbose {
            let files = found.files.iter().map(|file| {
                self.wrapped(&format!("{}: {}, {}", file.display, file.format, crate::words::grouped(file.lines)))
            });
            page.add(section(self.labels.files, 5, 0, files.collect()));
        }
        if found.probed > 0 {
            page.add(section(self.labels.probed, 98, 1, vec![self.wrapped(&self.words.probed(found.probed))]));
        }
        page.add(section(self.labels.read, 100, 1, vec![self.wrapped(&self.words.read(&found.read))]));
    }
}

const fn section(label: &'static str, rank: u8, keep: usize, rows: Vec<Vec<Line>>) -> Section {
    Section { label, rank, keep, rows }
}
