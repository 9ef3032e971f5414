//! What a report says, in its order, before anybody writes it down: sentences, references and quotes, masked and safe to
//! show, but not yet escaped for any language of marks. Markdown, HTML and users' templates are written from it.

use lastgood_model::{Cause, ChangeKind, Claim, Edge, Incident, Link, Onset, Ref, Status, UnixMs};
use serde::Serialize;

use super::answer::Answer;
use super::clock::Clock;
use super::mask::Mask;
use super::paste::commands;
use super::quote::{Unshowable, clean, quote, shorten};
use crate::knowledge;
use crate::words::{Account, Lang, ReportWords, Words, part, status};

/// A quote longer than this says no more.
const LONGEST_QUOTE: usize = 300;

/// A whole report.
#[derive(Clone, Debug, Serialize)]
pub struct Outline {
    /// What it is, and of what: the first line of an answer that holds no incident.
    pub verdict: String,
    /// `incident`, `healthy` or `undetermined`.
    pub status: &'static str,
    /// One an incident, in order of onset.
    pub incidents: Vec<Chapter>,
    /// Seen, and no incident.
    pub notes: Vec<Item>,
    /// What could not be looked at.
    pub gaps: Vec<Item>,
    /// How much was read.
    pub read: String,
    /// Which files, and what each was understood as.
    pub files: Vec<FileItem>,
    /// Zone and maker.
    pub footer: String,
}

/// One incident.
#[derive(Clone, Debug, Serialize)]
pub struct Chapter {
    /// Its place among the incidents of the verdict.
    #[serde(skip)]
    pub index: usize,
    /// What is wrong.
    pub wrong: String,
    /// Since when.
    pub since: String,
    /// How sure, and why.
    pub sure: String,
    /// Whether it goes on as far as was read.
    pub ongoing: bool,
    /// Who was hit: the first line says how much, the others of what.
    pub impact: Vec<String>,
    /// When people saw it, if they say so.
    pub detection: Option<Detected>,
    /// Everything with a time, in order.
    pub course: Vec<Event>,
    /// What is claimed, each with its line.
    pub proofs: Vec<Proof>,
    /// What was looked at and is fine.
    pub cleared: Vec<Item>,
    /// The verdict.
    pub cause: Candidate,
    /// What led to it.
    pub factors: Vec<Item>,
    /// What speaks against it.
    pub against: Vec<Item>,
    /// Other candidates.
    pub rivals: Vec<Candidate>,
    /// What to do now.
    pub fix: String,
    /// To be pasted into a shell.
    pub commands: Vec<String>,
    /// What keeps it from happening again.
    pub prevention: Vec<String>,
    /// What the statuses mean.
    pub statuses: Vec<StatusMeaning>,
}

/// When people saw it.
#[derive(Clone, Debug, Serialize)]
pub struct Detected {
    /// When somebody noticed.
    pub noticed: Option<String>,
    /// When somebody reported it.
    pub reported: Option<String>,
    /// Time to detect.
    pub took: String,
}

/// A sentence, and where a human can check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The sentence.
    pub text: String,
    /// `file:line`.
    pub place: Option<String>,
}

/// A sentence with the line that proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The sentence.
    pub text: String,
    /// `file:line`.
    pub place: String,
    /// The line itself, the first time that it is referred to.
    pub quote: Option<String>,
}

/// What an event of the course is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// The last success.
    LastGood,
    /// The first failure.
    FirstBad,
    /// The first success of what followed.
    Recovered,
    /// A link of the chain that led to it.
    Factor,
    /// A link that only shows it.
    Symptom,
    /// Another change.
    Change,
    /// A person noticed or reported it.
    Person,
}

/// Something with a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    #[serde(skip)]
    pub at: UnixMs,
    /// Its day.
    pub date: String,
    /// Its time of day.
    pub time: String,
    /// What it is.
    pub kind: EventKind,
    /// What happened.
    pub text: String,
    /// `file:line`.
    pub place: Option<String>,
}

/// A cause in a line: what, how sure, who, and its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// What happened.
    pub summary: String,
    /// How sure, in a word.
    pub sure: &'static str,
    /// Who.
    pub component: String,
    /// `class/name`.
    pub code: String,
}

/// What a status means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusMeaning {
    /// `502`.
    pub code: String,
    /// In plain sentences.
    pub meaning: String,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileItem {
    /// As references name it.
    pub name: String,
    /// What it was understood as.
    pub format: String,
    /// Lines.
    pub lines: u64,
}

impl Outline {
    /// The outline of an answer. With a mask, without anybody's address.
    #[must_use]
    pub fn new(answer: Answer<'_>, lang: Lang, mask: Option<&mut Mask>) -> Self {
        let (words, report) = (lang.words(), lang.report());
        Outliner { answer, lang, words, report, clock: answer.clock(), mask }.outline()
    }
}

struct Outliner<'a, 'm> {
    answer: Answer<'a>,
    lang: Lang,
    words: &'static dyn Words,
    report: &'static ReportWords,
    clock: Clock,
    mask: Option<&'m mut Mask>,
}

impl<'a> Outliner<'a, '_> {
    fn outline(&mut self) -> Outline {
        let found = self.answer.found;
        let verdict = &found.verdict;
        let incidents = verdict.incidents.iter().enumerate();
        let incidents = incidents.filter_map(|(index, incident)| self.chapter(index, incident)).collect();
        let notes = verdict.notes.iter().map(|note| {
            let at = note.at.map_or_else(String::new, |at| format!("{} ", self.clock.full(at)));
            self.item(&format!("{at}{}", self.words.note(&note.kind)), note.reference.as_ref())
        });
        let notes = notes.collect();
        let gaps = verdict.gaps.iter().map(|gap| {
            let text = format!("{}: {}", self.words.gap_what(gap), self.words.gap_why(gap));
            self.item(&text, None)
        });
        let gaps = gaps.collect();
        let files = found.files.iter().map(|file| FileItem {
            name: clean(&file.display),
            format: file.format.to_string(),
            lines: file.lines,
        });
        let footer = self.report.footer.replace("{zone}", &self.clock.zone());
        Outline {
            verdict: match verdict.status {
                Status::Healthy => self.report.healthy,
                Status::Incident | Status::Undetermined => self.words.labels().could_not_tell,
            }
            .to_owned(),
            status: verdict.status.name(),
            incidents,
            notes,
            gaps,
            read: self.words.read(&found.read),
            files: files.collect(),
            footer: footer.replace("{version}", env!("CARGO_PKG_VERSION")),
        }
    }

    fn chapter(&mut self, index: usize, incident: &'a Incident) -> Option<Chapter> {
        let account = self.answer.account(incident)?;
        let text = self.words.cause(&account);
        let wrong = self.text(&self.words.wrong(incident));
        let since = self.text(&self.words.since(incident, &self.clock, self.answer.found.live));
        let sure = self.text(&self.words.sure(&account));
        let impact = self.words.impact(incident).iter().map(|line| self.text(line)).collect();
        let course = self.course(incident);
        let proofs = self.proofs(&account);
        let cleared = incident.cleared.iter().map(|cleared| {
            let text = format!("{}: {}", part(&cleared.component), self.words.claim(&cleared.because));
            self.item(&text, Some(&cleared.reference))
        });
        let cleared = cleared.collect();
        let cause = self.candidate(account.cause, incident);
        let factors = account.cause.chain.iter().filter(|link| !shows(&link.what));
        let factors = factors.map(|link| self.item(&self.words.claim(&link.what), Some(&link.reference))).collect();
        let against = account.cause.against.iter();
        let against =
            against.map(|evidence| self.item(&self.words.claim(&evidence.claim), Some(&evidence.reference))).collect();
        let rivals = incident.causes.iter().skip(1).map(|cause| self.candidate(cause, incident)).collect();
        Some(Chapter {
            index,
            wrong,
            since,
            sure,
            ongoing: account.ongoing(),
            impact,
            detection: self.detection(incident),
            course,
            proofs,
            cleared,
            cause,
            factors,
            against,
            rivals,
            fix: self.text(&text.fix),
            commands: commands(&account),
            prevention: text.prevention.iter().map(|line| self.text(line)).collect(),
            statuses: incident.scope.statuses.iter().take(2).filter_map(|code| self.status(*code)).collect(),
        })
    }

    fn detection(&self, incident: &Incident) -> Option<Detected> {
        let detection = incident.detection.as_ref()?;
        Some(Detected {
            noticed: detection.noticed_at.map(|at| self.clock.full(at)),
            reported: detection.reported_at.map(|at| self.clock.full(at)),
            took: self.words.duration(detection.ttd_s),
        })
    }

    fn course(&mut self, incident: &'a Incident) -> Vec<Event> {
        let mut events: Vec<(UnixMs, EventKind, String, Option<&Ref>)> = Vec::new();
        let labels = self.words.labels();
        let Onset { last_good, first_bad, recovered, .. } = &incident.onset;
        for (kind, word, edge) in [
            (EventKind::LastGood, labels.last_good, last_good),
            (EventKind::FirstBad, labels.first_bad, first_bad),
            (EventKind::Recovered, labels.recovered, recovered),
        ] {
            events.extend(edge.as_ref().map(|edge| (edge.at, kind, word.to_owned(), Some(&edge.reference))));
        }
        let known = |reference: &Ref, events: &[(UnixMs, EventKind, String, Option<&Ref>)]| {
            events.iter().any(|(_, _, _, other)| *other == Some(reference))
        };
        for Link { at, what, reference } in incident.causes.iter().take(1).flat_map(|cause| &cause.chain) {
            if let Some(at) = at.filter(|_| !known(reference, &events)) {
                // Beside a time the lead says nothing.
                let text = match what {
                    Claim::ChangeBefore { kind, subject, reported, .. } => self.change(*kind, subject, *reported),
                    what => self.words.claim(what),
                };
                let kind = if shows(what) { EventKind::Symptom } else { EventKind::Factor };
                events.push((at, kind, text, Some(reference)));
            }
        }
        for change in &incident.changes {
            // Units come and go all day; what matters of them stands in the chain.
            let minor = matches!(change.kind, ChangeKind::UnitStarted | ChangeKind::UnitStopped);
            if !minor && !known(&change.reference, &events) {
                let text = self.change(change.kind, &change.subject, change.reported);
                events.push((change.span.from(), EventKind::Change, text, Some(&change.reference)));
            }
        }
        if let Some(detection) = &incident.detection {
            for (word, at) in [(self.report.noticed, detection.noticed_at), (self.report.told, detection.reported_at)] {
                events.extend(at.map(|at| (at, EventKind::Person, word.to_owned(), None)));
            }
        }
        events.sort_by_key(|(at, ..)| *at);
        let events = events.into_iter().map(|(at, kind, text, reference)| {
            let Item { text, place } = self.item(&text, reference);
            Event { at, date: self.clock.date(at), time: self.clock.time(at), kind, text, place }
        });
        events.collect()
    }

    fn change(&self, kind: ChangeKind, subject: &str, reported: bool) -> String {
        let text = self.words.change(kind, subject);
        if reported { format!("{text} ({})", self.words.labels().reported) } else { text }
    }

    fn proofs(&mut self, account: &Account<'a>) -> Vec<Proof> {
        let labels = self.words.labels();
        let onset = &account.incident.onset;
        let edges = [(labels.last_good, &onset.last_good), (labels.first_bad, &onset.first_bad)];
        let edges = edges.into_iter().filter_map(|(word, edge)| Some((word, edge.as_ref()?)));
        let mut shown: Vec<&Ref> = Vec::new();
        let mut proofs: Vec<Proof> = Vec::new();
        for (word, Edge { at, reference }) in edges {
            shown.push(reference);
            proofs.push(self.proof(&format!("{word}, {}", self.clock.full(*at)), reference, true));
        }
        let linked = account.cause.chain.iter().map(|link| (&link.what, &link.reference));
        let claimed = account.cause.evidence.iter().map(|evidence| (&evidence.claim, &evidence.reference));
        let mut told: Vec<&Claim> = Vec::new();
        for (claim, reference) in linked.chain(claimed) {
            if matches!(claim, Claim::FirstBad { .. } | Claim::FailingShare { .. }) || told.contains(&claim) {
                continue;
            }
            told.push(claim);
            // A line is quoted where it is first referred to.
            let first = !shown.contains(&reference);
            if first {
                shown.push(reference);
            }
            proofs.push(self.proof(&self.words.claim(claim), reference, first));
        }
        proofs
    }

    fn proof(&mut self, said: &str, reference: &Ref, quoted: bool) -> Proof {
        let text = self.text(said);
        let line = self.answer.line(reference).filter(|_| quoted);
        let quote = line.map(|line| {
            let line = shorten(&quote(line, Unshowable::Escaped), LONGEST_QUOTE);
            self.masked(&line)
        });
        Proof { text, place: place(reference), quote }
    }

    fn candidate(&mut self, cause: &'a Cause, incident: &'a Incident) -> Candidate {
        Candidate {
            summary: self.text(&self.words.cause(&self.answer.of(incident, cause)).summary),
            sure: self.words.confidence(cause.confidence),
            component: self.text(&cause.component),
            code: cause.code.to_string(),
        }
    }

    fn status(&self, code: u16) -> Option<StatusMeaning> {
        let code = status(code);
        let article = knowledge::status(&code, self.lang)?;
        Some(StatusMeaning { meaning: format!("{} {}", article.meaning, article.producer), code })
    }

    fn item(&mut self, text: &str, reference: Option<&Ref>) -> Item {
        Item { text: self.text(text), place: reference.map(place) }
    }

    /// A sentence with names in it.
    fn text(&mut self, text: &str) -> String {
        clean(&self.masked(text))
    }

    fn masked(&mut self, text: &str) -> String {
        match &mut self.mask {
            Some(mask) => mask.hide(text),
            None => text.to_owned(),
        }
    }
}

fn place(reference: &Ref) -> String {
    clean(&reference.to_string())
}

/// What only shows the failure is no factor of it.
const fn shows(claim: &Claim) -> bool {
    matches!(claim, Claim::FirstBad { .. } | Claim::UpstreamErrors { .. } | Claim::FailingShare { .. })
}
