//! English: headings, the five lines, durations. Claims, causes and asides stand in files of their own.

mod app;
mod asides;
mod builds;
mod causes;
mod claims;
mod flaw_advice;
pub(super) mod flaws;
mod hosts;
mod limits;
mod probes;
mod states;
mod turns;

use std::sync::Arc;

use lastgood_model::{
    Ailment, CauseCode, ChangeKind, Claim, Confidence, Detection, Gap, Incident, NoteKind, OnsetKind, ProbeClaim,
    ProxyErrorKind, Read, StateClaim, Status, UnitFileState, UnixMs,
};

use super::number::{grouped, parts, percent, status};
use super::{Account, CauseText, FlawText, Labels, Told, Words, is_name};
use crate::complaint::Complaint;
use crate::render::clock::Clock;

/// English.
pub(super) struct English;

/// An onset that is wider than this is told as an interval.
const NARROW_MS: i64 = 120_000;

impl Words for English {
    fn labels(&self) -> &'static Labels {
        &LABELS
    }

    fn claim(&self, claim: &Claim) -> String {
        claims::claim(claim)
    }

    fn change(&self, kind: ChangeKind, subject: &str) -> String {
        claims::change(kind, subject)
    }

    fn proxy_error(&self, kind: ProxyErrorKind, upstream: Option<&str>) -> String {
        claims::proxy_error(kind, upstream)
    }

    fn unit_state(&self, state: UnitFileState) -> &'static str {
        claims::unit_state(state)
    }

    fn cause(&self, account: &Account<'_>) -> CauseText {
        causes::cause(account)
    }

    fn flaw(&self, told: &Told<'_>) -> FlawText {
        flaws::flaw(told)
    }

    fn findings(&self, breaking: usize, knowing: usize) -> String {
        flaws::headline(breaking, knowing)
    }

    fn note(&self, kind: &NoteKind) -> String {
        asides::note(kind)
    }

    fn gap_what<'a>(&self, gap: &'a Gap) -> &'a str {
        asides::gap_what(gap)
    }

    fn gap_why(&self, gap: &Gap) -> String {
        asides::gap_why(gap)
    }

    fn brings_agent(&self, host: &str, bytes: u64) -> String {
        hosts::brings_agent(host, bytes)
    }

    fn removed(&self, host: &str, files: &[String]) -> String {
        hosts::removed(host, files)
    }

    fn complaint(&self, complaint: &Complaint) -> (String, Vec<String>) {
        asides::complaint(complaint)
    }

    fn confidence(&self, confidence: Confidence) -> &'static str {
        match confidence {
            Confidence::Confirmed => "confirmed",
            Confidence::Likely => "likely",
            Confidence::Possible => "possible",
        }
    }

    fn status(&self, status: Status) -> &'static str {
        match status {
            Status::Incident => "incident",
            Status::Healthy => "healthy",
            Status::Undetermined => "undetermined",
        }
    }

    fn onset_kind(&self, kind: OnsetKind) -> &'static str {
        match kind {
            OnsetKind::Bracketed => "good was seen before, bad after",
            OnsetKind::NoGoodSeen => "everything that was read is bad already",
            OnsetKind::NoBadSeen => "the requests stopped; no failure was logged",
            OnsetKind::Intermittent => "good and bad alternate",
        }
    }

    fn wrong(&self, incident: &Incident) -> String {
        let over = incident.onset.recovered.is_some();
        let who = name(incident);
        if let Some((first, others)) = incident.standing.split_first().filter(|_| incident.is_of_state()) {
            let wrong = states::ailing(&first.component, first.ailment);
            let others: Vec<String> =
                others.iter().take(2).map(|other| states::ailing(&other.component, other.ailment)).collect();
            return if others.is_empty() { wrong } else { format!("{wrong}; so {}", others.join(", ")) };
        }
        if incident.onset.kind == OnsetKind::NoBadSeen {
            let verb = if over { "got no requests for a while" } else { "gets no requests any more" };
            return format!("{who} {verb}");
        }
        let statuses: Vec<String> = incident.scope.statuses.iter().take(2).map(|code| status(*code)).collect();
        let verb = match (statuses.is_empty(), over) {
            (true, false) => "fails".to_owned(),
            (true, true) => "failed".to_owned(),
            (false, false) => format!("answers {}", statuses.join(" and ")),
            (false, true) => format!("answered {}", statuses.join(" and ")),
        };
        let (failed, requests) = (incident.impact.failed, incident.impact.requests);
        let place = match incident.scope.paths.as_slice() {
            [path] => format!(" on {path}"),
            _ => String::new(),
        };
        format!("{who} {verb}{place}: {} of {} requests failed", grouped(failed), grouped(requests))
    }

    fn since(&self, incident: &Incident, clock: &Clock, live: bool) -> String {
        let onset = &incident.onset;
        let day = onset.first_bad.as_ref().or(onset.last_good.as_ref()).map(|edge| edge.at);
        let end = onset.recovered.as_ref().map(|edge| clock.beside(edge.at, day.unwrap_or(edge.at)));
        let lasted = self.duration(incident.impact.duration_s);
        let until = match &end {
            Some(end) => format!("until {end} ({lasted})"),
            None if live => "still failing".to_owned(),
            None => "still failing at the end".to_owned(),
        };
        if let Some(bad) = onset.first_bad.as_ref().filter(|_| incident.is_of_state()) {
            let good = onset.last_good.as_ref().filter(|good| bad.at.since(good.at) > 0);
            let good = good.map_or(String::new(), |good| format!(" (last good {})", clock.beside(good.at, bad.at)));
            return match incident.impact.duration_s {
                // Nothing says when; it is so at the moment of looking.
                0 if onset.last_good.is_none() => format!("not known; so at {}", clock.full(bad.at)),
                _ => format!("{}{good}, still so ({lasted})", clock.full(bad.at)),
            };
        }
        match (&onset.last_good, &onset.first_bad) {
            (Some(good), Some(bad)) if bad.at.since(good.at) > NARROW_MS => {
                format!("between {} and {}, {until}", clock.full(good.at), clock.beside(bad.at, good.at))
            }
            (Some(good), Some(bad)) => {
                format!("{} (last good {}), {until}", clock.full(bad.at), clock.beside(good.at, bad.at))
            }
            // How long it really lasted is not known then.
            (None, Some(bad)) => {
                let until = end.map_or(until, |end| format!("until {end}"));
                format!("before {}, no good line; {until}", clock.full(bad.at))
            }
            (Some(good), None) => match end {
                Some(end) => format!("no request between {} and {end} ({lasted})", clock.full(good.at)),
                None => format!("after {}, the last request", clock.full(good.at)),
            },
            (None, None) if incident.is_of_build() => "not said: the output of a build has no times".to_owned(),
            (None, None) => "not known".to_owned(),
        }
    }

    fn sure(&self, account: &Account<'_>) -> String {
        let word = self.confidence(account.cause.confidence);
        let nothing = || match account.cause.code {
            CauseCode::Located => "nothing that was read points to a cause".to_owned(),
            _ => "it fits, and nothing proves it".to_owned(),
        };
        let proven = account.cause.confidence != Confidence::Possible && account.cause.code != CauseCode::Located;
        let why = match account.weightiest().filter(|_| proven) {
            // What it says stands in the line above.
            Some(Claim::UpstreamErrors { count, .. }) => match account.cause.confidence {
                Confidence::Confirmed => format!("the error log says so, {}×", grouped(*count)),
                Confidence::Likely | Confidence::Possible => {
                    format!("{} lines of the error log fit", grouped(*count))
                }
            },
            Some(Claim::ProxyStopped | Claim::ProxyConfigRefused { .. }) => "the error log says so".to_owned(),
            Some(Claim::UnitFailed { .. } | Claim::UnitStopped { .. } | Claim::OomKilled { .. }) => {
                "the journal says so".to_owned()
            }
            Some(Claim::State(StateClaim::Probe(ProbeClaim::Answered { asked, words: Some(words), .. }))) => {
                format!("{} answered {words}", asked.peer())
            }
            Some(claim) => self.claim(claim),
            None => nothing(),
        };
        format!("{word}: {why}")
    }

    fn impact(&self, incident: &Incident) -> Vec<String> {
        let (impact, scope) = (&incident.impact, &incident.scope);
        if incident.onset.kind == OnsetKind::NoBadSeen {
            return vec![format!("no request reached the host for {}", self.duration(impact.duration_s))];
        }
        if incident.is_of_build() {
            return vec!["there is no image of it; what runs already goes on".to_owned()];
        }
        if incident.is_of_state() {
            return vec!["seen in states alone: no failing request is known".to_owned()];
        }
        let about = if impact.clients_estimated { "about " } else { "" };
        let clients = match impact.clients {
            0 => "clients not known".to_owned(),
            1 => "1 client".to_owned(),
            many => format!("{about}{} clients", grouped(many)),
        };
        let share = percent(impact.failed, impact.requests);
        let mut first =
            format!("{} of {} requests failed ({share}), {clients}", grouped(impact.failed), grouped(impact.requests));
        if impact.duration_s > 0 {
            first += &format!(", {}", self.duration(impact.duration_s));
        }
        let mut lines = vec![first];
        if !scope.paths.is_empty() {
            lines.push(format!("paths: {}", listed(&scope.paths, 4)));
        }
        if let Some(method) = &scope.method {
            lines.push(format!("method: only {method}"));
        }
        if !impact.agents.is_empty() {
            lines.push(format!("applications: {}", self.counted(&impact.agents, 4)));
        }
        if !impact.referrers.is_empty() {
            lines.push(format!("came from: {}", self.counted(&impact.referrers, 3)));
        }
        lines
    }

    fn detection(&self, detection: &Detection, clock: &Clock, day: Option<UnixMs>) -> String {
        let told = |word: &str, at| format!("{word} {}", clock.beside(at, day.unwrap_or(at)));
        let times =
            [detection.noticed_at.map(|at| told("noticed", at)), detection.reported_at.map(|at| told("reported", at))];
        let times: Vec<String> = times.into_iter().flatten().collect();
        format!("{}; time to detect {}", times.join(", "), self.duration(detection.ttd_s))
    }

    fn ailing(&self, component: &str, ailment: Ailment) -> String {
        states::ailing(component, ailment)
    }

    fn healthy(&self, requests: u64, failed: u64) -> String {
        if failed == 0 {
            return format!("{} requests, none failed", grouped(requests));
        }
        format!(
            "{} requests, {} failed ({}): no incident",
            grouped(requests),
            grouped(failed),
            percent(failed, requests)
        )
    }

    fn healthy_state(&self, running: u64) -> String {
        let containers =
            if running == 1 { "1 container runs".to_owned() } else { format!("{} containers run", grouped(running)) };
        format!("{containers}, nothing is wrong with their state")
    }

    fn looked_at(&self, subject: &str, read: &Read, zone: &str) -> String {
        let (files, lines) = (plural(read.files, "file"), plural(read.lines, "line"));
        format!("{subject}: {files}, {lines}; times in {zone}")
    }

    fn project(&self, name: &str, files: &[Arc<str>]) -> String {
        if files.is_empty() { format!("project {name}") } else { format!("project {name} ({})", listed(files, 2)) }
    }

    fn probed(&self, containers: usize) -> String {
        match containers {
            1 => "dependencies were asked from 1 short-lived container, which is removed again".to_owned(),
            more => format!("dependencies were asked from {more} short-lived containers, which are removed again"),
        }
    }

    fn read(&self, read: &Read) -> String {
        let sum = format!(
            "{}, {} = {} parsed + {} other + {} unreadable",
            plural(read.files, "file"),
            plural(read.lines, "line"),
            grouped(read.parsed),
            grouped(read.other),
            grouped(read.unreadable),
        );
        match read.duplicates {
            0 => sum,
            count => format!("{sum} ({} stand in two files, counted once)", grouped(count)),
        }
    }

    fn scale(&self, seconds: u64, peak: u64) -> String {
        format!("{} each, peak {}", self.duration(seconds), grouped(peak))
    }

    fn left_out(&self, lines: usize) -> String {
        format!("{} left out: -v shows them", plural(u64::try_from(lines).unwrap_or(u64::MAX), "line"))
    }

    fn duration(&self, seconds: u64) -> String {
        let (days, hours, minutes, rest) = parts(seconds);
        let units = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")];
        let shown: Vec<String> =
            units.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
        if shown.is_empty() { "0 s".to_owned() } else { shown.join(" ") }
    }

    fn counted(&self, items: &[(Arc<str>, u64)], most: usize) -> String {
        let named = items.iter().take(most).map(|(name, count)| format!("{name} {}", grouped(*count)));
        let mut shown: Vec<String> = named.collect();
        if let Some(rest) = items.len().checked_sub(most).filter(|rest| *rest > 0) {
            shown.push(format!("{rest} more"));
        }
        shown.join(", ")
    }
}

/// The failing part by its name; a log from standard input has none.
fn name(incident: &Incident) -> &str {
    let scope = &incident.scope;
    name_of(scope.vhost.as_deref().or(scope.upstream.as_deref()).unwrap_or_default())
}

fn name_of(vhost: &str) -> &str {
    if is_name(vhost) { vhost } else { "the site" }
}

fn listed(names: &[Arc<str>], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    let rest = names.len().saturating_sub(most);
    let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    shown.join(", ") + &more
}

fn plural(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

const LABELS: Labels = Labels {
    looked_at: "looked at",
    standard_input: "standard input",
    wrong: "wrong",
    since: "since",
    because: "because",
    sure: "sure",
    next: "next",
    healthy: "healthy",
    span: "from",
    undetermined: "unclear",
    could_not_tell: "could not tell whether anything is wrong",
    requests: "requests",
    failing: "failing",
    chain: "chain",
    turn: "turn",
    last_good: "last good",
    first_bad: "first bad",
    recovered: "good again",
    follows: "follows",
    upcoming: "then",
    evidence: "evidence",
    against: "against",
    changes: "changes",
    cleared: "cleared",
    impact: "impact",
    rivals: "or",
    others: "also",
    rollout: "deploy",
    notes: "noted",
    gaps: "not seen",
    fix: "fix",
    prevention: "prevent",
    commands: "commands",
    read: "read",
    probed: "probed",
    files: "files",
    more: "more",
    reported: "as reported",
    error: "error",
    hint: "hint",
};
