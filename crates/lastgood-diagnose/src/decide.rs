//! The last step: suspects, close-ups, facts and changes become a verdict.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use lastgood_model::snapshot::Container;
use lastgood_model::{
    Ailment, Atom, Catalogue, Cause, CauseCode, Change, ChangeKind, Claim, Cleared, Edge, Evidence, Gap, GapKind, Hit,
    Impact, Incident, Link, Note, NoteKind, Onset, OnsetKind, ProxyErrorKind, Ref, Scope, Span, Standing, StateClaim,
    Status, UnixMs, Verdict, Weight,
};

use crate::acquitted::acquitted;
use crate::architecture;
use crate::builds;
use crate::closeup::Brink;
use crate::crowded::{Crowded, crowded};
use crate::finding::{Finding, Part, find};
use crate::host::Host;
use crate::judge::{Judgement, Known, judge};
use crate::lens::Lens;
use crate::rank::rank;
use crate::rules::stopped::{Quiet, explain};
use crate::rules::{Depth, Hypothesis, app_calls, rules_for, stale_upstream};
use crate::scene::Scene;
use crate::silence::Silence;
use crate::spoken::Spoken;
use crate::stack_scene::StackScene;
use crate::standing::{self, Group};
use crate::turned::{self, stands};
use crate::{CloseUp, Question, Suspects, Timeline, describe, host, layers};

/// Changes longer before the onset than this are history.
const LOOK_BACK_MS: i64 = 2 * 3_600_000;
/// Failures that nothing followed are laid to what is so now for no longer than this.
const FORGOTTEN_MS: i64 = 6 * 3_600_000;
/// Changes shown of one incident.
const MAX_CHANGES: usize = 12;
/// Buckets of the picture of an incident's traffic.
const PICTURE_BUCKETS: usize = 2_000;
/// A proxy writes its error line up to this much beside the access line.
pub(crate) const LOG_SKEW_MS: i64 = 2_000;

/// Decides.
#[must_use]
pub fn decide(
    timeline: Timeline,
    suspects: &Suspects,
    closeup: CloseUp,
    catalogue: &Catalogue,
    question: &Question,
    stack: Option<&StackScene<'_>>,
) -> Verdict {
    let now = question.now.or_else(|| timeline.requests().map(Span::to)).unwrap_or(UnixMs(0));
    let mut gaps = timeline.gaps.clone();
    if closeup.is_full() {
        gaps.push(Gap { what: Arc::from("close-up"), why: GapKind::TooLarge });
    }
    let (looks, brinks) = closeup.settle();
    let findings: Vec<Finding<'_>> =
        suspects.failing.iter().zip(&looks).flat_map(|(suspect, look)| find(suspect, look)).collect();
    // What is so now explains nothing of a time that was asked about.
    let stack = stack.filter(|_| question.until.is_none());
    let groups = stack.map(standing::groups).unwrap_or_default();
    let mut pending: Vec<&Group> = groups.iter().collect();
    let host = Host::from_facts(&timeline.facts);
    let desk = Desk { timeline: &timeline, catalogue, question, now, host, stack };
    let known = Known {
        stands: |finding: &Finding<'_>| stands(finding, catalogue, question.min_duration_ms, desk.was_changed(finding)),
        explained: |finding: &Finding<'_>| desk.is_explained(finding),
    };
    let judgements = judge(&findings, question, now, &known);
    let mut notes = timeline.notes.clone();
    let mut incidents = Vec::new();
    let grave: Vec<&Finding<'_>> = findings
        .iter()
        .zip(&judgements)
        .filter(|(_, judgement)| matches!(judgement, Judgement::Incident | Judgement::Recovered))
        .map(|(finding, _)| finding)
        .collect();
    for (finding, judgement) in findings.iter().zip(&judgements) {
        let joined = desk.joined(finding, &groups);
        // A few failures, or those of one client, are no incident of the traffic; with a proven fault behind them they are.
        let proven = joined.iter().any(|group| group.is_grave() && group.is_decisive());
        let judgement = match judgement {
            // What was over before something else began is not what is so now.
            Judgement::Blip | Judgement::OneClient if proven && finding.part != Part::Early => &Judgement::Incident,
            judgement => judgement,
        };
        match judgement {
            Judgement::Incident => {
                pending.retain(|group| !joined.iter().any(|joined| joined.bearer == group.bearer));
                incidents.push(desk.incident(finding, &joined));
            }
            Judgement::Blip => notes.push(desk.note(finding, |vhost| NoteKind::Blip {
                failed: finding.toll.failed,
                seconds: u64::try_from(finding.last_bad.at.since(finding.first_bad.at) / 1000).unwrap_or(0),
                vhost,
            })),
            Judgement::Recovered => notes.push(desk.note(finding, |vhost| NoteKind::Recovered {
                failed: finding.toll.failed,
                seconds: u64::try_from(finding.bad(now).length_ms() / 1000).unwrap_or(0),
                vhost,
            })),
            Judgement::OneClient => {
                notes.push(desk.note(finding, |vhost| NoteKind::OneClient { failed: finding.toll.failed, vhost }));
            }
            Judgement::Limited => notes.push(desk.note(finding, |vhost| NoteKind::Limited {
                refused: finding.toll.failed,
                clients: finding.toll.clients.count().0,
                vhost,
            })),
            Judgement::Nothing => {}
        }
    }
    for (silence, brink) in suspects.silent.iter().zip(&brinks) {
        match desk.silence(silence, brink, &grave) {
            Some(Still::Incident(incident)) => incidents.push(*incident),
            Some(Still::Note(note)) => notes.push(note),
            None => {}
        }
    }
    incidents.extend(pending.iter().filter(|group| group.is_grave()).filter_map(|group| desk.of_state(group)));
    notes.extend(pending.iter().filter(|group| !group.is_grave()).flat_map(|group| stale(group)));
    incidents.extend(builds::incidents(&timeline.facts, catalogue));
    for found in crowded(&timeline, catalogue, question, now) {
        // Where requests failed of it, that says more.
        if !incidents.iter().any(|incident| incident.causes.iter().any(|cause| cause.code == found.code)) {
            incidents.push(desk.of_crowd(&found));
        }
    }
    incidents.sort_by_key(|incident| {
        incident.onset.first_bad.as_ref().or(incident.onset.last_good.as_ref()).map(|edge| edge.at)
    });
    let turned = findings
        .iter()
        .zip(&judgements)
        .any(|(finding, judgement)| finding.look.lens() == Lens::Refusals && *judgement == Judgement::Incident);
    notes.extend(desk.background(&findings, !turned));
    notes.extend(desk.stray_kills(&incidents));
    notes.extend(stack.and_then(|scene| scene.stack.rollout.as_ref()).map(|rollout| Note {
        kind: NoteKind::RolloutUnderWay(rollout.clone()),
        at: Some(rollout.since),
        reference: None,
    }));
    notes.extend(stack.into_iter().flat_map(|stack| architecture::mislabelled(stack, question.service.as_deref())));
    if let (Some(service), Some(stack)) = (&question.service, stack) {
        notes.extend(narrow(&mut incidents, stack, service));
    }
    let asked_about = !timeline.cells_in(question.window()).is_empty();
    let status = match (incidents.is_empty(), timeline.requests()) {
        (false, _) => Status::Incident,
        (true, Some(_)) if asked_about => Status::Healthy,
        (true, _) if desk.saw_it_run() || builds::any_succeeded(&timeline.facts) => Status::Healthy,
        (true, read) => {
            let why = if read.is_some() { GapKind::NothingThen } else { GapKind::NoAccessLog };
            gaps.push(Gap { what: Arc::from("access log"), why });
            Status::Undetermined
        }
    };
    // Where a state says everything, nobody misses a log.
    if incidents.iter().any(|incident| !incident.is_of_state()) {
        gaps.extend(desk.missing());
    }
    gaps.sort();
    gaps.dedup();
    Verdict { status, incidents, notes, gaps }
}

/// What a silence is.
enum Still {
    Incident(Box<Incident>),
    Note(Note),
}

/// Everything that is at hand while findings become incidents.
struct Desk<'a> {
    timeline: &'a Timeline,
    catalogue: &'a Catalogue,
    question: &'a Question,
    now: UnixMs,
    host: Host,
    stack: Option<&'a StackScene<'a>>,
}

impl Desk<'_> {
    /// Faults that failing requests of this finding may come from, the worst first.
    fn joined<'g>(&self, finding: &Finding<'_>, groups: &'g [Group]) -> Vec<&'g Group> {
        let Some(stack) = self.stack else { return Vec::new() };
        // Who refuses was asked, and answers.
        if matches!(finding.look.lens(), Lens::Refusals | Lens::Rounds) {
            return Vec::new();
        }
        let concerned = standing::concerned(stack, &describe::scope(finding, self.catalogue));
        let bad = finding.bad(self.now);
        // That something else was answered since does not mean that this is.
        let over = finding.recovered.is_some_and(|hit| finding.toll.slices.contains_key(&hit.slice))
            || self.now.since(bad.to()) > FORGOTTEN_MS;
        let fits =
            |group: &&Group| standing::fits(group, finding.onset(), bad, finding.last_good.is_some(), over, self.now);
        let mut joined: Vec<&Group> =
            groups.iter().filter(|group| concerned.contains(&group.bearer)).filter(fits).collect();
        // Of faults that are as bad, the one that began with the failures comes first.
        joined.sort_by_key(|group| standing::nearness(group, finding.first_bad.at, self.now));
        joined
    }

    /// Whether something that may turn answers was changed just before: the proxy, a host, or a container that was started.
    fn was_changed(&self, finding: &Finding<'_>) -> bool {
        let around = turned::around(finding);
        let started = || {
            let containers = self.stack.into_iter().flat_map(StackScene::containers);
            containers.filter_map(|container| container.state.started).any(|at| around.contains(at))
        };
        let changes = self.changes(finding.onset());
        changes.iter().any(|change| turned::may_turn(change.kind) && change.span.meets(around)) || started()
    }

    /// Whether the proxy's own error log names what is wrong with nearly every failed request: no refusal to connect and no
    /// timeout, which a restart has as well, and no limit, which may do what it is for.
    fn is_explained(&self, finding: &Finding<'_>) -> bool {
        use ProxyErrorKind::{
            HeaderTooBig, NoSpace, NoTls, SocketDenied, TlsExpired, TlsNameMismatch, TlsUntrusted, TooManyFiles,
            WorkerConnections, WorkerLimit,
        };
        let names = |kind| {
            matches!(
                kind,
                HeaderTooBig
                    | NoSpace
                    | NoTls
                    | SocketDenied
                    | TlsExpired
                    | TlsNameMismatch
                    | TlsUntrusted
                    | TooManyFiles
                    | WorkerConnections
                    | WorkerLimit
            )
        };
        let (first, last) = (finding.first_bad.at, finding.last_bad.at);
        let runs = self.timeline.errors.within(Span::new(first.plus(-LOG_SKEW_MS), last.plus(LOG_SKEW_MS)));
        let named = runs.iter().filter(|run| self.catalogue.shape(run.shape).is_some_and(|shape| names(shape.kind)));
        named.map(|run| run.count).sum::<u64>() * 10 >= finding.toll.failed * 8
    }

    /// A fault that no failing request shows.
    fn of_state(&self, group: &Group) -> Option<Incident> {
        let fault = group.worst()?;
        let (last_good, first_bad) = (fault.last_good.clone(), fault.first_bad.clone());
        let at = first_bad.at;
        let data_begins = self.timeline.requests().map_or(UnixMs::MIN, Span::from);
        let kind = if last_good.is_some() { OnsetKind::Bracketed } else { OnsetKind::NoGoodSeen };
        let causes = rank(group.hypotheses());
        Some(Incident {
            detection: describe::detection(self.question, at, data_begins),
            changes: self.changes(Span::new(last_good.as_ref().map_or(at, |edge| edge.at), at)),
            onset: Onset { kind, last_good, first_bad: Some(first_bad), recovered: None, width_requests: None },
            scope: Scope::default(),
            impact: Impact { duration_s: u64::try_from(self.now.since(at) / 1000).unwrap_or(0), ..Impact::default() },
            cleared: self.acquitted(&[&group.bearer], &causes),
            causes,
            next: group.next(),
            standing: group.standings(),
            traffic: self.timeline.traffic(PICTURE_BUCKETS, Span::ALL, |_| false),
        })
    }

    /// A proxy that had no room for those who came.
    fn of_crowd(&self, found: &Crowded) -> Incident {
        let (at, line) = found.run.first;
        let reference = self.catalogue.reference(line);
        let component = self.stack.and_then(|stack| stack.writer_of(&reference)).unwrap_or_else(|| Arc::from("nginx"));
        let what = Claim::UpstreamErrors { kind: found.kind, upstream: None, count: found.run.count };
        let data_begins = self.timeline.requests().map_or(UnixMs::MIN, Span::from);
        let hypothesis = Hypothesis {
            code: found.code,
            component: Arc::clone(&component),
            evidence: vec![Evidence { claim: what.clone(), reference: reference.clone(), weight: Weight::Decisive }],
            against: Vec::new(),
            chain: vec![Link { at: Some(at), what, reference: reference.clone() }],
            depth: Depth::Origin,
        };
        Incident {
            detection: describe::detection(self.question, at, data_begins),
            changes: self.changes(Span::at(at)),
            onset: Onset {
                kind: OnsetKind::NoGoodSeen,
                last_good: None,
                first_bad: Some(Edge { at, reference: reference.clone() }),
                recovered: None,
                width_requests: None,
            },
            scope: Scope::default(),
            impact: Impact {
                duration_s: u64::try_from(found.run.last.since(at) / 1000).unwrap_or(0),
                ..Impact::default()
            },
            cleared: Vec::new(),
            causes: rank(vec![hypothesis]),
            next: Vec::new(),
            standing: vec![Standing { component, ailment: Ailment::Crowded, reference }],
            traffic: self.timeline.traffic(PICTURE_BUCKETS, Span::ALL, |_| false),
        }
    }

    /// What probes clear.
    fn acquitted(&self, bearers: &[&Arc<str>], causes: &[Cause]) -> Vec<Cleared> {
        self.stack.map(|stack| acquitted(stack, bearers, causes)).unwrap_or_default()
    }

    /// Whether the engine was asked and showed something that runs.
    fn saw_it_run(&self) -> bool {
        self.stack.is_some_and(|stack| stack.containers().any(Container::is_running))
    }

    fn incident(&self, finding: &Finding<'_>, joined: &[&Group]) -> Incident {
        let scope = describe::scope(finding, self.catalogue);
        let bad = finding.bad(self.now);
        let changes = self.changes(finding.onset());
        let errors_span = Span::new(bad.from().plus(-LOG_SKEW_MS), bad.to().plus(LOG_SKEW_MS));
        let calm_end = finding.onset().from().plus(-LOG_SKEW_MS);
        let calm = Span::new(calm_end.plus(-bad.length_ms()), calm_end);
        let scene = Scene {
            catalogue: self.catalogue,
            finding,
            scope: &scope,
            onset: finding.onset(),
            bad,
            errors: self.timeline.errors.within(errors_span),
            errors_before: self.timeline.errors.within(calm),
            changes: &changes,
            host: &self.host,
            spoken: Spoken::new(&self.timeline.said, self.catalogue, self.stack, &scope, (errors_span, calm)),
            stack: self.stack,
        };
        let rules = rules_for(finding.look.lens(), self.question.without);
        let mut hypotheses: Vec<Hypothesis> = rules.filter_map(|rule| rule.propose(&scene)).collect();
        let possible = |hypothesis: &Hypothesis| !stale_upstream::is_refuted(hypothesis, &scene);
        let of_state = joined.first().into_iter().flat_map(|group| group.hypotheses()).filter(possible);
        hypotheses.extend(of_state.map(|mut hypothesis| {
            hypothesis.chain.push(scene.symptom());
            hypothesis
        }));
        let causes = rank(hypotheses);
        let answering =
            app_calls::cleared(&scene, |component| causes.iter().any(|cause| &*cause.component == component));
        let mut next: Vec<Cause> = joined.iter().flat_map(|group| group.next()).collect();
        let others = joined.iter().skip(1).filter(|group| group.is_grave());
        next.extend(others.flat_map(|group| standing::proven(group.hypotheses().into_iter())));
        let bearers: Vec<&Arc<str>> = joined.iter().map(|group| &group.bearer).collect();
        let data_begins = self.timeline.requests().map_or(UnixMs::MIN, Span::from);
        // Whatever other requests were answered since: what is proven to be so now is not over.
        let stands = joined.iter().any(|group| group.is_grave() && group.is_decisive());
        let mut onset = describe::onset(finding, self.catalogue);
        let mut impact = describe::impact(finding, self.catalogue, self.now);
        if stands && onset.recovered.take().is_some() {
            impact.duration_s = u64::try_from(self.now.since(finding.first_bad.at) / 1000).unwrap_or(0);
        }
        Incident {
            onset,
            impact,
            detection: describe::detection(self.question, finding.first_bad.at, data_begins),
            cleared: self
                .acquitted(&bearers, &causes)
                .into_iter()
                .chain(answering)
                .chain(describe::cleared(finding, self.catalogue))
                .collect(),
            traffic: self.timeline.traffic_through(finding.look.lens(), PICTURE_BUCKETS, Span::ALL, |slice| {
                finding.selection.holds(slice)
            }),
            standing: joined.iter().filter(|group| group.is_grave()).flat_map(|group| group.standings()).collect(),
            scope,
            changes,
            causes,
            next,
        }
    }

    /// Traffic that stopped; `None` if it is part of something else, as the pause between a reboot and the first failure.
    fn silence(&self, silence: &Silence, brink: &Brink, grave: &[&Finding<'_>]) -> Option<Still> {
        let edge = |hit: Hit| Edge { at: hit.at, reference: self.catalogue.reference(hit.line) };
        let last = edge(brink.last?);
        let first = brink.first.map(edge);
        let quiet = Span::new(last.at, first.as_ref().map_or(self.now, |edge| edge.at));
        if grave.iter().any(|finding| finding.onset().cover(finding.bad(self.now)).meets(quiet)) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of requests")]
        let expected = silence.expected.round() as u64;
        let seconds = u64::try_from(quiet.length_ms() / 1000).unwrap_or(0);
        let over = self.question.is_about_now()
            && first.as_ref().is_some_and(|first| self.now.since(first.at) >= self.question.min_duration_ms);
        if silence.stops.is_empty() || over {
            let kind = NoteKind::Silence { expected, seconds };
            return Some(Still::Note(Note { kind, at: Some(last.at), reference: Some(last.reference) }));
        }
        let stops = &silence.stops;
        let went_down = stops.iter().map(|stop| stop.down.at).min().unwrap_or(last.at);
        let changes = self.changes(Span::new(last.at, went_down.max(last.at)));
        let quiet = Quiet {
            stops,
            expected,
            seconds,
            last: &last,
            first: first.as_ref(),
            changes: &changes,
            stack: self.stack,
        };
        let mut explained = explain(&quiet);
        explained.retain(|hypothesis| !layers::of(hypothesis.code).only_in(self.question.without));
        if explained.is_empty() {
            let kind = NoteKind::Silence { expected, seconds };
            return Some(Still::Note(Note { kind, at: Some(last.at), reference: Some(last.reference) }));
        }
        let causes = rank(explained);
        let data_begins = self.timeline.requests().map_or(UnixMs::MIN, Span::from);
        let mut vhosts = self.catalogue.slices.iter().map(|slice| slice.vhost);
        let vhost = vhosts.next().filter(|first| vhosts.all(|vhost| vhost == *first));
        Some(Still::Incident(Box::new(Incident {
            detection: describe::detection(self.question, last.at, data_begins),
            onset: Onset {
                kind: OnsetKind::NoBadSeen,
                last_good: Some(last),
                first_bad: None,
                recovered: first,
                width_requests: None,
            },
            scope: Scope { vhost: vhost.map(|vhost| Arc::from(self.catalogue.text(vhost))), ..Scope::default() },
            impact: Impact { duration_s: seconds, ..Impact::default() },
            changes,
            causes,
            next: Vec::new(),
            standing: Vec::new(),
            cleared: Vec::new(),
            traffic: self.timeline.traffic(PICTURE_BUCKETS, Span::ALL, |_| true),
        })))
    }

    /// What was changed before or in the onset, nearest first.
    fn changes(&self, onset: Span) -> Vec<Change> {
        // Access logs cut their times to seconds: what happened within the second of the first failure may have
        // come before it.
        let window = Span::new(onset.from().plus(-LOOK_BACK_MS), onset.to().plus(999));
        let data_begins = self.timeline.requests().map_or(UnixMs::MIN, Span::from);
        let reported = self.question.reported_changes.iter().map(|(said, text)| Change {
            span: Span::at(said.resolve(onset.to(), data_begins, self.question.offset_s)),
            kind: ChangeKind::Reported,
            subject: Arc::clone(text),
            reported: true,
            reference: Ref::Key { source: Arc::from("reported"), key: Arc::from("--change") },
        });
        let mut changes: Vec<Change> = self.timeline.changes.clone();
        changes.extend(host::changes(&self.timeline.facts, &self.host, |line| self.catalogue.reference(line)));
        changes.extend(reported);
        changes.retain(|change| change.span.meets(window));
        changes.sort_by_key(|change| {
            (minor(change.kind), onset.to().since(change.span.to()).max(0), change.span.from(), change.kind)
        });
        changes.truncate(MAX_CHANGES);
        changes
    }

    fn note(&self, finding: &Finding<'_>, kind: impl FnOnce(Arc<str>) -> NoteKind) -> Note {
        let vhost = describe::scope(finding, self.catalogue).vhost.unwrap_or_else(|| Arc::from("-"));
        let first = finding.first_bad;
        Note { kind: kind(vhost), at: Some(first.at), reference: Some(self.catalogue.reference(first.line)) }
    }

    /// What was seen beside the findings: scattered failures, refused clients, retried upstreams.
    fn background(&self, findings: &[Finding<'_>], tells_refusals: bool) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut vhosts: HashMap<Atom, (u64, u64), FixedState> = HashMap::default();
        for cell in self.timeline.cells_in(self.question.window()) {
            let Some(slice) = self.catalogue.slice(cell.slice) else { continue };
            let begins = self.timeline.begins(cell.bucket);
            let width = Span::new(begins, begins.plus(self.timeline.bucket_ms() - 1));
            let explained = findings
                .iter()
                .filter(|finding| finding.look.lens() == Lens::Failures)
                .any(|finding| finding.selection.holds(cell.slice) && finding.bad(self.now).meets(width));
            let (requests, failed) = vhosts.entry(slice.vhost).or_default();
            *requests += u64::from(cell.counts.requests);
            *failed += if explained { 0 } else { u64::from(cell.counts.failed) };
        }
        let mut scattered: Vec<_> = vhosts.into_iter().filter(|&(_, (_, failed))| failed > 0).collect();
        scattered.sort_by_key(|&(vhost, (_, failed))| (std::cmp::Reverse(failed), self.catalogue.text(vhost)));
        notes.extend(scattered.into_iter().take(5).map(|(vhost, (requests, failed))| {
            let name = Arc::from(self.catalogue.text(vhost));
            match self.outage(vhost, failed) {
                Some((at, seconds)) => {
                    Note { kind: NoteKind::Blip { failed, seconds, vhost: name }, at: Some(at), reference: None }
                }
                None => {
                    Note { kind: NoteKind::SteadyFailures { failed, requests, vhost: name }, at: None, reference: None }
                }
            }
        }));
        notes.extend(self.refused().filter(|_| tells_refusals));
        notes.extend(self.retried(findings));
        notes
    }

    /// Where all failures of a virtual host stand together and most requests failed meanwhile: when, and for how many seconds.
    /// That is a short outage, and nothing that fails here and there.
    fn outage(&self, vhost: Atom, failed: u64) -> Option<(UnixMs, u64)> {
        const FEWEST: u64 = 5;
        const SHORT_MS: i64 = 60_000;
        let own = || {
            let cells = self.timeline.cells_in(self.question.window()).iter();
            cells.filter(|cell| self.catalogue.slice(cell.slice).is_some_and(|slice| slice.vhost == vhost))
        };
        let failing = || own().filter(|cell| cell.counts.failed > 0).map(|cell| cell.bucket);
        let (first, last) = (failing().min()?, failing().max()?);
        let ends = self.timeline.begins(last).plus(self.timeline.bucket_ms());
        let length = ends.since(self.timeline.begins(first));
        let meanwhile = own().filter(|cell| (first..=last).contains(&cell.bucket));
        let requests: u64 = meanwhile.map(|cell| u64::from(cell.counts.requests)).sum();
        let is_one = failed >= FEWEST && length <= SHORT_MS && failed * 2 >= requests;
        is_one.then(|| (self.timeline.begins(first), u64::try_from(length / 1000).unwrap_or(0)))
    }

    fn refused(&self) -> Option<Note> {
        let total = self.timeline.refused.total();
        let busiest = self.timeline.refused.busiest().filter(|busiest| total >= 50 && busiest.count * 4 >= total)?;
        if !self.question.window().contains(busiest.first.0) {
            return None;
        }
        Some(Note {
            kind: NoteKind::ClientErrors {
                count: total,
                busiest_percent: u8::try_from(busiest.count * 100 / total).unwrap_or(100),
                vhost: Arc::from("-"),
            },
            at: Some(busiest.first.0),
            reference: Some(self.catalogue.reference(busiest.first.1)),
        })
    }

    /// Upstream errors at times without a finding: the proxy got an answer elsewhere.
    fn retried(&self, findings: &[Finding<'_>]) -> Option<Note> {
        const UPSTREAM: &[ProxyErrorKind] = &[
            ProxyErrorKind::ConnectRefused,
            ProxyErrorKind::ConnectTimeout,
            ProxyErrorKind::AnswerTimeout,
            ProxyErrorKind::Reset,
            ProxyErrorKind::ClosedEarly,
        ];
        let failed = findings.iter().any(|finding| finding.look.lens() == Lens::Failures);
        if failed || self.timeline.cells_in(self.question.window()).is_empty() {
            return None;
        }
        let runs = self.timeline.errors.within(self.question.window());
        let run =
            runs.iter().find(|run| self.catalogue.shape(run.shape).is_some_and(|s| UPSTREAM.contains(&s.kind)))?;
        let upstream = self.catalogue.shape(run.shape).and_then(|shape| shape.upstream.clone());
        Some(Note {
            kind: NoteKind::Retried { count: run.count, upstream },
            at: Some(run.first.0),
            reference: Some(self.catalogue.reference(run.first.1)),
        })
    }

    /// Kills that no cause of an incident names.
    fn stray_kills(&self, incidents: &[Incident]) -> Vec<Note> {
        let named: Vec<&Ref> = incidents
            .iter()
            .flat_map(|incident| &incident.causes)
            .flat_map(|cause| cause.evidence.iter().map(|evidence| &evidence.reference))
            .collect();
        self.host
            .kills
            .iter()
            .map(|kill| (kill, self.catalogue.reference(kill.mark.1)))
            .filter(|(_, reference)| !named.contains(&reference))
            .take(5)
            .map(|(kill, reference)| Note {
                kind: NoteKind::UnrelatedOom { process: Arc::clone(&kill.process) },
                at: Some(kill.mark.0),
                reference: Some(reference),
            })
            .collect()
    }

    /// Kinds of sources that would have helped and were not there.
    fn missing(&self) -> Vec<Gap> {
        let audit = self.timeline.changes.iter().any(|change| is_of_cloud(change.kind));
        [
            ("error log", !self.timeline.errors.within(Span::ALL).is_empty() || !self.host.proxy.is_empty()),
            ("journal", self.host.has_journal),
            ("unit list", self.host.has_unit_list),
            ("cloud audit log", audit),
        ]
        .into_iter()
        .filter(|&(_, present)| !present)
        .map(|(what, _)| Gap { what: Arc::from(what), why: GapKind::NotGiven })
        .collect()
    }
}

/// Leaves the incidents that concern a service, its own first, and says how many others there are.
fn narrow(incidents: &mut Vec<Incident>, stack: &StackScene<'_>, service: &str) -> Option<Note> {
    let concern = |incident: &Incident| standing::concerns(stack, incident, service);
    let (mut kept, others): (Vec<Incident>, Vec<Incident>) =
        incidents.drain(..).partition(|incident| concern(incident).is_some());
    kept.sort_by_key(concern);
    *incidents = kept;
    if others.is_empty() {
        return None;
    }
    let causes = others.iter().filter_map(|incident| incident.causes.first());
    let mut components: Vec<Arc<str>> = causes.map(|cause| Arc::clone(&cause.component)).collect();
    components.dedup();
    let kind = NoteKind::Elsewhere { incidents: others.len() as u64, components };
    Some(Note { kind, at: None, reference: None })
}

/// What differs without having broken anything.
fn stale(group: &Group) -> Vec<Note> {
    let faults = group.faults.iter().filter(|fault| fault.hypothesis.code == CauseCode::StaleEnv);
    faults
        .map(|fault| {
            let evidence = fault.hypothesis.evidence.iter();
            let keys = evidence.filter_map(|evidence| match &evidence.claim {
                Claim::State(StateClaim::ValueDiffers { key, .. }) => Some(Arc::clone(key)),
                _ => None,
            });
            Note {
                kind: NoteKind::StaleVariables { service: Arc::clone(&fault.bearer), keys: keys.collect() },
                at: Some(fault.first_bad.at),
                reference: Some(fault.first_bad.reference.clone()),
            }
        })
        .collect()
}

/// What only a cloud's own audit log tells.
const fn is_of_cloud(kind: ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::MachineImage
            | ChangeKind::MachineImageNoReboot
            | ChangeKind::InstanceReboot
            | ChangeKind::InstanceStop
            | ChangeKind::InstanceStart
            | ChangeKind::SecurityGroup
            | ChangeKind::TargetGroup
    )
}

/// Units come and go all day: they stand behind what was done to the host.
const fn minor(kind: ChangeKind) -> bool {
    matches!(kind, ChangeKind::UnitStarted | ChangeKind::UnitStopped)
}
