//! `lastgood.verdict/1`: the wire form of a verdict, written here and nowhere else.
//! Prose fields (`summary`, `claim`, `what`, `why`, `fix`, `prevention`) are in the language of the run; everything
//! that a program compares is not.

use std::sync::Arc;

use lastgood_model::{Cause, Change, Cleared, Edge, Evidence, Incident, Link, Read, Ref, Standing, UnixMs};
use serde::Serialize;

use super::answer::Answer;
use super::clock::Clock;
use super::mask::Mask;
use super::paste::commands;
use super::quote::{Unshowable, inert_json, quote};
use crate::words::Lang;

/// The whole document.
#[derive(Serialize)]
struct Document {
    /// Name and version of this shape.
    schema: &'static str,
    /// What was looked at.
    subject: Subject,
    /// `incident`, `healthy` or `undetermined`.
    status: &'static str,
    /// In order of onset.
    incidents: Vec<IncidentShape>,
    /// Seen, and no incident.
    notes: Vec<NoteShape>,
    /// What could not be looked at.
    gaps: Vec<GapShape>,
    /// How many short-lived containers were started to ask dependencies, and removed again.
    probed: usize,
    /// How much was read.
    read: ReadShape,
}

#[derive(Serialize)]
struct Subject {
    /// Known only when this host was looked at as it is now.
    host: Option<String>,
    /// The Compose project; none where no stack was looked at.
    project: Option<String>,
    /// The files that were read, as references name them.
    files: Vec<String>,
}

#[derive(Serialize)]
struct IncidentShape {
    onset: OnsetShape,
    scope: ScopeShape,
    impact: ImpactShape,
    /// `null` when nobody said when it was noticed.
    detection: Option<DetectionShape>,
    /// Just before the onset, nearest first.
    changes: Vec<ChangeShape>,
    /// `causes[0]` is the verdict, the others are its rivals.
    causes: Vec<CauseShape>,
    /// What will fail once this is fixed, as causes of their own.
    next: Vec<CauseShape>,
    /// Components whose state is bad: the faulty one first, then those that only follow from it.
    standing: Vec<StandingShape>,
    /// What was looked at and is fine.
    cleared: Vec<ClearedShape>,
}

#[derive(Serialize)]
struct OnsetShape {
    /// `bracketed`, `no-good-seen`, `no-bad-seen` or `intermittent`.
    kind: &'static str,
    last_good: Option<EdgeShape>,
    first_bad: Option<EdgeShape>,
    /// `null` while it goes on.
    recovered: Option<EdgeShape>,
}

#[derive(Serialize)]
struct EdgeShape {
    at: String,
    #[serde(rename = "ref")]
    reference: String,
}

#[derive(Serialize)]
struct ScopeShape {
    vhost: Option<String>,
    upstream: Option<String>,
    /// Path templates, most failures first.
    paths: Vec<String>,
    /// Most frequent first; nginx's `009` is 9.
    statuses: Vec<u16>,
}

#[derive(Serialize)]
struct ImpactShape {
    requests: u64,
    failed: u64,
    clients: u64,
    /// Up to the recovery, else up to now.
    duration_s: u64,
    referrers: Vec<CountShape>,
    agents: Vec<CountShape>,
}

#[derive(Serialize)]
struct CountShape {
    name: String,
    count: u64,
}

#[derive(Serialize)]
struct DetectionShape {
    noticed_at: Option<String>,
    reported_at: Option<String>,
    ttd_s: u64,
}

#[derive(Serialize)]
struct ChangeShape {
    from: String,
    to: String,
    kind: &'static str,
    subject: String,
    /// Only a person says so.
    reported: bool,
    #[serde(rename = "ref")]
    reference: String,
}

#[derive(Serialize)]
struct CauseShape {
    /// `class/name`.
    code: String,
    class: &'static str,
    component: String,
    /// `confirmed`, `likely` or `possible`.
    confidence: &'static str,
    /// Share among the causes considered, 0–1.
    score: f64,
    summary: String,
    /// Trigger → mechanism → symptom.
    chain: Vec<LinkShape>,
    evidence: Vec<EvidenceShape>,
    against: Vec<EvidenceShape>,
    fix: String,
    prevention: String,
    /// To be pasted into a shell.
    commands: Vec<String>,
}

#[derive(Serialize)]
struct LinkShape {
    /// `null` where the source has no time (a unit list).
    at: Option<String>,
    what: String,
    #[serde(rename = "ref")]
    reference: String,
}

#[derive(Serialize)]
struct EvidenceShape {
    claim: String,
    #[serde(rename = "ref")]
    reference: String,
    /// Stands verbatim at `ref`; what was shortened or left out is `…`. `null` where `ref` is not a line.
    quote: Option<String>,
}

#[derive(Serialize)]
struct StandingShape {
    component: String,
    /// `down`, `not-started`, `restarting`, `cut-off`, `misled`, `unserved`, `distrusted`, `crowded`, `unhealthy`, `maimed`, `not-built` or `host-short`.
    state: &'static str,
    summary: String,
    #[serde(rename = "ref")]
    reference: String,
}

#[derive(Serialize)]
struct ClearedShape {
    component: String,
    because: String,
    #[serde(rename = "ref")]
    reference: String,
    /// What stands there.
    quote: Option<String>,
}

#[derive(Serialize)]
struct NoteShape {
    kind: &'static str,
    at: Option<String>,
    summary: String,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

#[derive(Serialize)]
struct GapShape {
    what: String,
    why: String,
}

/// `lines = parsed + other + unreadable`.
#[derive(Serialize)]
struct ReadShape {
    files: u64,
    bytes: u64,
    lines: u64,
    parsed: u64,
    other: u64,
    unreadable: u64,
    /// Of the parsed lines, those that stand in another file too.
    duplicates: u64,
}

impl From<Read> for ReadShape {
    fn from(read: Read) -> Self {
        let Read { files, bytes, lines, parsed, other, unreadable, duplicates } = read;
        Self { files, bytes, lines, parsed, other, unreadable, duplicates }
    }
}

/// The answer as `lastgood.verdict/1`, with a line end. With a mask, without anybody's address.
#[must_use]
pub fn render(answer: Answer<'_>, lang: Lang, mask: Option<&mut Mask>) -> String {
    // Numbers, texts and vectors: there is nothing in it that JSON cannot hold.
    inert_json(serde_json::to_string_pretty(&shape(answer, lang, mask)).unwrap_or_default()) + "\n"
}

/// The same, to be taken apart.
#[must_use]
pub fn document(answer: Answer<'_>, lang: Lang, mask: Option<&mut Mask>) -> serde_json::Value {
    serde_json::to_value(shape(answer, lang, mask)).unwrap_or_default()
}

fn shape(answer: Answer<'_>, lang: Lang, mask: Option<&mut Mask>) -> Document {
    Shaper { answer, lang, clock: answer.clock(), mask }.document()
}

struct Shaper<'a, 'm> {
    answer: Answer<'a>,
    lang: Lang,
    clock: Clock,
    mask: Option<&'m mut Mask>,
}

impl<'a> Shaper<'a, '_> {
    fn document(&mut self) -> Document {
        let found = self.answer.found;
        let words = self.lang.words();
        Document {
            schema: "lastgood.verdict/1",
            subject: Subject {
                host: found.host.as_deref().filter(|_| found.live).map(str::to_owned),
                project: found.project.as_ref().map(|project| project.name.to_string()),
                files: found.files.iter().map(|file| file.display.to_string()).collect(),
            },
            status: found.verdict.status.name(),
            incidents: found.verdict.incidents.iter().map(|incident| self.incident(incident)).collect(),
            notes: found
                .verdict
                .notes
                .iter()
                .map(|note| NoteShape {
                    kind: note.kind.name(),
                    at: note.at.map(|at| self.time(at)),
                    summary: self.masked(words.note(&note.kind)),
                    reference: note.reference.as_ref().map(Ref::to_string),
                })
                .collect(),
            gaps: found
                .verdict
                .gaps
                .iter()
                .map(|gap| GapShape { what: gap.what.to_string(), why: words.gap_why(gap) })
                .collect(),
            probed: found.probed,
            read: found.read.into(),
        }
    }

    fn incident(&mut self, incident: &'a Incident) -> IncidentShape {
        let edge = |edge: &Edge| EdgeShape { at: self.time(edge.at), reference: edge.reference.to_string() };
        let onset = OnsetShape {
            kind: incident.onset.kind.name(),
            last_good: incident.onset.last_good.as_ref().map(edge),
            first_bad: incident.onset.first_bad.as_ref().map(edge),
            recovered: incident.onset.recovered.as_ref().map(edge),
        };
        let detection = incident.detection.as_ref().map(|detection| DetectionShape {
            noticed_at: detection.noticed_at.map(|at| self.time(at)),
            reported_at: detection.reported_at.map(|at| self.time(at)),
            ttd_s: detection.ttd_s,
        });
        let impact = &incident.impact;
        IncidentShape {
            onset,
            scope: ScopeShape {
                vhost: incident.scope.vhost.as_deref().map(str::to_owned),
                upstream: incident.scope.upstream.as_deref().map(str::to_owned),
                paths: incident.scope.paths.iter().map(|path| self.masked(path.to_string())).collect(),
                statuses: incident.scope.statuses.clone(),
            },
            impact: ImpactShape {
                requests: impact.requests,
                failed: impact.failed,
                clients: impact.clients,
                duration_s: impact.duration_s,
                referrers: self.counts(&impact.referrers),
                agents: self.counts(&impact.agents),
            },
            detection,
            changes: incident.changes.iter().map(|change| self.change(change)).collect(),
            causes: incident.causes.iter().map(|cause| self.cause(incident, cause)).collect(),
            next: incident.next.iter().map(|cause| self.cause(incident, cause)).collect(),
            standing: incident.standing.iter().map(|standing| self.standing(standing)).collect(),
            cleared: incident.cleared.iter().map(|cleared| self.cleared(cleared)).collect(),
        }
    }

    fn counts(&mut self, counts: &[(Arc<str>, u64)]) -> Vec<CountShape> {
        counts.iter().map(|(name, count)| CountShape { name: self.masked(name.to_string()), count: *count }).collect()
    }

    fn change(&mut self, change: &Change) -> ChangeShape {
        ChangeShape {
            from: self.time(change.span.from()),
            to: self.time(change.span.to()),
            kind: change.kind.name(),
            subject: self.masked(change.subject.to_string()),
            reported: change.reported,
            reference: change.reference.to_string(),
        }
    }

    fn cause(&mut self, incident: &'a Incident, cause: &'a Cause) -> CauseShape {
        let account = self.answer.of(incident, cause);
        let text = self.lang.words().cause(&account);
        CauseShape {
            code: cause.code.to_string(),
            class: cause.code.class(),
            component: cause.component.to_string(),
            confidence: cause.confidence.name(),
            score: (cause.score * 1000.0).round() / 1000.0,
            summary: self.masked(text.summary),
            chain: cause.chain.iter().map(|link| self.link(link)).collect(),
            evidence: cause.evidence.iter().map(|evidence| self.evidence(evidence)).collect(),
            against: cause.against.iter().map(|evidence| self.evidence(evidence)).collect(),
            fix: self.masked(text.fix),
            prevention: text.prevention.join(" "),
            commands: commands(&account),
        }
    }

    fn link(&mut self, link: &Link) -> LinkShape {
        LinkShape {
            at: link.at.map(|at| self.time(at)),
            what: self.masked(self.lang.words().claim(&link.what)),
            reference: link.reference.to_string(),
        }
    }

    fn evidence(&mut self, evidence: &Evidence) -> EvidenceShape {
        let line = self.answer.line(&evidence.reference);
        EvidenceShape {
            claim: self.masked(self.lang.words().claim(&evidence.claim)),
            reference: evidence.reference.to_string(),
            quote: line.map(|line| self.masked(quote(line, Unshowable::Left))),
        }
    }

    fn standing(&mut self, standing: &Standing) -> StandingShape {
        let summary = self.lang.words().ailing(&standing.component, standing.ailment);
        StandingShape {
            component: self.masked(standing.component.to_string()),
            state: standing.ailment.name(),
            summary: self.masked(summary),
            reference: standing.reference.to_string(),
        }
    }

    fn cleared(&mut self, cleared: &Cleared) -> ClearedShape {
        let line = self.answer.line(&cleared.reference);
        ClearedShape {
            quote: line.map(|line| self.masked(quote(line, Unshowable::Left))),
            component: self.masked(cleared.component.to_string()),
            because: self.lang.words().claim(&cleared.because),
            reference: cleared.reference.to_string(),
        }
    }

    fn time(&self, at: UnixMs) -> String {
        self.clock.rfc3339(at)
    }

    fn masked(&mut self, text: String) -> String {
        match &mut self.mask {
            Some(mask) => mask.hide(&text),
            None => text,
        }
    }
}
