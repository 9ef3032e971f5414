//! Where reading and thinking meet: a question in, an investigation out. The only place that knows both `world` and
//! `intake`. It renders nothing, and holds no opinion of its own about what is bad.

pub mod artifacts;
mod block_index;
pub mod building;
pub mod builds;
pub mod capture;
mod closeup;
mod configuration;
mod duplicates;
mod fold;
mod live;
mod named;
mod overlaps;
pub mod probe;
mod quotes;
pub mod remote;
mod replay;
mod reread;
mod same_content;
mod scan;
pub mod stack;
mod survey;
mod tally;
pub mod timeline;
mod touch;
mod witness;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lastgood_diagnose::{Question, StackScene, Timeline, decide, suspect};
use lastgood_intake::{Interner, NginxConf, Signatures};
use lastgood_model::{Gap, Layers, Note, NoteKind, Read, Ref, SourceId, UnixMs, Verdict};
use lastgood_world::{Input, boot_time, discover, host_name, now};

use crate::case::Opened;
use crate::investigation::{FileRead, InvestigateArgs, Investigation, Progress, ProjectSeen};
use crate::render::compose_call::compose_call;
use crate::rollout::history::under_way;
use crate::said::Moment;
use duplicates::LineSet;
use scan::Scanned;
use stack::{Looked, StackSubject};
use survey::{Hints, Survey, survey};
use witness::Witness;

/// Points of the picture of the traffic; what is drawn is coarser.
const POINTS: usize = 240;

/// There is nothing to read: no log among what was given. It says what was looked at.
#[derive(Debug, thiserror::Error)]
#[error("no logs found")]
pub struct NoLogs {
    /// What the user named, as given; empty if this host's own logs were looked for.
    pub looked_at: Vec<Arc<str>>,
    /// Files that are there and are no logs that we know, and what could not be read.
    pub gaps: Vec<Gap>,
    /// How many files there are.
    pub files: usize,
}

/// Reads what the question names and decides.
///
/// # Errors
/// [`NoLogs`] if nothing that was named is a log.
pub fn investigate(args: &InvestigateArgs, progress: &dyn Progress) -> anyhow::Result<Investigation> {
    let Collected { mut survey, live, host, clock, mut looked, service } = collect(&Subject::from(args))?;
    forget(args.without, &mut survey, &mut looked);
    let interner = Interner::default();
    let (witnesses, scanned) =
        scan::scan(&survey.sources, |source| survey.has_siblings(source), || Witness::new(&interner), progress);
    let mut timeline = Timeline::new();
    for witness in witnesses {
        timeline.merge(witness.timeline);
    }
    let many_paths = interner.other_paths();
    let mut witness = Witness::with(timeline, &interner);
    let copies = overlaps::retract_copies(&survey.sources, &scanned, &mut witness);
    let mut timeline = witness.timeline;

    let read = account(&survey, &scanned, &copies);
    survey.note_reading(&scanned, &copies);
    survey.notes.extend(many_paths.into_iter().map(|(vhost, other)| Note {
        kind: NoteKind::ManyPaths { other, vhost },
        at: None,
        reference: None,
    }));
    survey.notes.drain(..).for_each(|note| timeline.note(note));
    survey.gaps.drain(..).for_each(|gap| timeline.gap(gap));

    let last_line = scanned.iter().filter_map(|scanned| Some(scanned.span()?.to())).max();
    let now = clock.or(last_line);
    let question =
        Question { service: service.clone(), ..question(args, live, now.unwrap_or_default(), survey.offset_s) };
    let catalogue = interner.catalogue(survey.names.clone());
    let suspects = suspect(&mut timeline, &catalogue, &question);
    let closeup = closeup::close_up(&survey.sources, &scanned, &copies, &suspects, &interner, progress);
    // The second reading may have met names that the first had no use for.
    let catalogue = interner.catalogue(survey.names.clone());
    let traffic = timeline.traffic(POINTS, question.window(), |_| true);
    let scene = StackScene { without: args.without, ..StackScene::new(&looked.stack) };
    let verdict = decide(timeline, &suspects, closeup, &catalogue, &question, looked.is_seen().then_some(&scene));
    let quotes = quotes::quotes(&verdict, &survey.sources, &scanned, &looked.known);
    let excerpts = stack::excerpts::excerpts(quotes::references(&verdict), &looked);

    let offset_s = args.show_zone.as_ref().and_then(|zone| offset_at(zone, now?)).unwrap_or_else(|| {
        failing_source(&verdict).and_then(|id| survey.source(id)?.offset_s).unwrap_or(survey.offset_s)
    });
    let files = survey.sources.iter().zip(&scanned).map(|(source, scanned)| FileRead {
        display: Arc::clone(&source.file.display),
        format: Arc::from(source.format.name()),
        lines: scanned.counts.lines,
    });
    Ok(Investigation {
        read,
        quotes,
        files: files.collect(),
        offset_s,
        live,
        host,
        now,
        traffic,
        catalogue,
        verdict,
        project: looked.is_seen().then(|| project_seen(&scene)),
        service,
        compose: looked.call.unwrap_or_else(|| compose_call(&args.stack, looked.stack.desired.as_ref())),
        excerpts,
        probed: looked.probed,
    })
}

/// The stack: that of a case, or of this machine as it is now.
#[must_use]
pub fn look(case: Option<&Opened>, subject: &StackSubject) -> Looked {
    case.map_or_else(|| look_here(subject), replay::look)
}

/// That of this machine, and the rollout that goes on there meanwhile, if one does: also one that was over before all was seen.
fn look_here(subject: &StackSubject) -> Looked {
    let before = stack::folder_of(subject).and_then(|folder| under_way(&folder));
    let mut looked = stack::look(subject);
    looked.stack.rollout = looked.folder.as_deref().and_then(under_way).or(before);
    looked
}

/// What is to be looked at.
struct Subject<'a> {
    paths: &'a [PathBuf],
    zone: Option<&'a TimeZone>,
    nginx_conf: Option<&'a Path>,
    /// Formats and logs that the settings declare.
    declared: &'a NginxConf,
    case: Option<&'a Opened>,
    /// Which stack; `None` where containers do not matter.
    stack: Option<&'a StackSubject>,
    /// What was before does not matter.
    since: Option<Moment>,
}

impl<'a> From<&'a InvestigateArgs> for Subject<'a> {
    fn from(args: &'a InvestigateArgs) -> Self {
        Self {
            paths: &args.paths,
            zone: args.zone.as_ref(),
            nginx_conf: args.nginx_conf.as_deref(),
            declared: &args.declared,
            case: args.case.as_ref(),
            stack: Some(&args.stack),
            since: args.since,
        }
    }
}

/// What lies before us, and whether it is this host as it is now, or as it was when a case was captured.
struct Collected {
    survey: Survey,
    live: bool,
    host: Option<Arc<str>>,
    /// What the clock of a live host says, or said.
    clock: Option<UnixMs>,
    /// The containers and what is declared of them; nothing where only logs are read.
    looked: Looked,
    /// The service that was asked about.
    service: Option<Arc<str>>,
}

fn collect(subject: &Subject<'_>) -> Result<Collected, NoLogs> {
    const OWN_CONFIGURATION: &str = "/etc/nginx/nginx.conf";
    if let Some(case) = subject.case {
        return replay::collect(case, subject);
    }
    let (mut looked, mut service, mut paths) = (None, None, subject.paths);
    if let ([path], Some(stack)) = (paths, subject.stack)
        && let Some(word) = stack::bare_word(path)
    {
        let seen = look_here(stack);
        if StackScene::new(&seen.stack).knows(&word) {
            (service, paths) = (Some(word), &[]);
        }
        looked = Some(seen);
    }
    if paths.is_empty() && looked.is_none() {
        looked = subject.stack.map(look_here);
    }
    // What this machine logs says nothing of containers on another one.
    let elsewhere = paths.is_empty() && looked.as_ref().is_some_and(|looked| looked.elsewhere);
    let named: Vec<Input> = paths
        .iter()
        .map(|path| if path.as_os_str() == "-" { Input::Stdin } else { Input::Path(path.clone()) })
        .collect();
    let inputs = match named.as_slice() {
        [] if elsewhere => Vec::new(),
        [] => live::inputs_of_this_host(),
        named => named.to_vec(),
    };
    let mut found = discover(&inputs);
    let files = found.files.len();
    let live = named.is_empty() || live::is_live(&named, &found);
    let mut hints = Hints {
        inputs,
        zone: subject.zone.cloned(),
        nginx_conf: subject.nginx_conf.map(Path::to_owned),
        declared: subject.declared.clone(),
        live,
        now: now(),
        ..Hints::default()
    };
    if live && !elsewhere && hints.nginx_conf.is_none() && Path::new(OWN_CONFIGURATION).is_file() {
        hints.nginx_conf = Some(OWN_CONFIGURATION.into());
    }
    let looked = if live { looked.or_else(|| subject.stack.map(look_here)) } else { None };
    let looked = looked.unwrap_or_default();
    if looked.is_seen() {
        let begin = begin_of_logs(subject, hints.now);
        let (logs, missed) = stack::logs::logs(&looked.stack, found.files.len(), begin);
        found.files.extend(logs);
        found.gaps.extend(missed);
        if subject.nginx_conf.is_none() {
            hints.configurations = looked.proxy_texts();
        }
    }
    let mut survey = survey(found, &hints);
    // Whoever finds nothing to read wants to know first why no stack was seen.
    survey.gaps.splice(0..0, looked.gaps.iter().cloned());
    let mut survey = if looked.is_seen() { survey } else { with_logs(survey, paths, files)? };
    if live && !elsewhere {
        live::add_host(&mut survey, boot_time(), now());
    }
    let clock = if looked.is_seen() { looked.stack.at } else { now() };
    let host = if elsewhere { looked.stack.host.name.clone() } else { host_name() };
    Ok(Collected { survey, live, host: host.filter(|_| live), clock: live.then_some(clock), looked, service })
}

/// From when on the logs of containers are read: a day is enough for most questions, and who asks about an earlier time says so.
fn begin_of_logs(subject: &Subject<'_>, now: UnixMs) -> UnixMs {
    const DAY_MS: i64 = 24 * 3_600_000;
    let offset_s = subject.zone.and_then(|zone| offset_at(zone, now)).unwrap_or(0);
    let asked = subject.since.map_or(now, |moment| moment.bound(now, offset_s));
    asked.min(now).plus(-DAY_MS)
}

/// The project as an answer names it.
fn project_seen(scene: &StackScene<'_>) -> ProjectSeen {
    let desired = scene.stack.desired.as_ref();
    ProjectSeen {
        name: desired.map(|desired| Arc::clone(&desired.project)).unwrap_or_default(),
        files: desired.map(|desired| desired.files.clone()).unwrap_or_default(),
        running: scene.containers().filter(|container| container.is_running()).count() as u64,
    }
}

/// A survey that found something to read.
fn with_logs(mut survey: Survey, paths: &[PathBuf], files: usize) -> Result<Survey, NoLogs> {
    if survey.sources.iter().any(|source| source.format.is_log()) {
        return Ok(survey);
    }
    named::few_gaps(&mut survey.gaps);
    let looked_at = paths.iter().map(|path| Arc::from(path.to_string_lossy())).collect();
    Err(NoLogs { looked_at, gaps: survey.gaps, files })
}

fn question(args: &InvestigateArgs, live: bool, now: UnixMs, offset_s: i32) -> Question {
    Question {
        now: live.then_some(now),
        live,
        since: args.since.map(|moment| moment.bound(now, offset_s)),
        until: args.until.map(|moment| moment.bound(now, offset_s)),
        min_duration_ms: args.min_duration_ms,
        noticed_at: args.noticed_at.map(|moment| moment.said(now, offset_s)),
        reported_at: args.reported_at.map(|moment| moment.said(now, offset_s)),
        reported_changes: args
            .changes
            .iter()
            .map(|(moment, what)| (moment.said(now, offset_s), Arc::clone(what)))
            .collect(),
        service: None,
        offset_s,
        without: args.without,
    }
}

/// Reads the words of applications and of containers that ended without the sentences that only these layers use.
fn forget(without: Layers, survey: &mut Survey, looked: &mut Looked) {
    if without == Layers::NONE {
        return;
    }
    survey.sources.iter_mut().for_each(|source| source.context.without = without);
    for container in looked.stack.snapshot.iter_mut().flat_map(|snapshot| &mut snapshot.containers) {
        container.known_words = Signatures::known().last_exact(&container.last_words, without);
    }
}

/// Adds up what was read.
fn account<M>(survey: &Survey, scanned: &[Scanned<M>], copies: &[LineSet]) -> Read {
    let mut read = Read::default();
    for ((_, scanned), copies) in survey.sources.iter().zip(scanned).zip(copies) {
        read.add(Read {
            files: 1,
            bytes: scanned.bytes,
            lines: scanned.counts.lines,
            parsed: scanned.counts.parsed,
            other: scanned.counts.other,
            unreadable: scanned.counts.unreadable,
            duplicates: copies.count(),
        });
    }
    read
}

impl Survey {
    /// Whether other files are of the same set.
    fn has_siblings(&self, source: &survey::LogSource) -> bool {
        self.in_set.get(&source.set).is_some_and(|&files| files > 1)
    }

    fn source(&self, id: SourceId) -> Option<&survey::LogSource> {
        self.sources.iter().find(|source| source.file.id == id)
    }

    /// Says what was damaged and what was counted once.
    fn note_reading<M>(&mut self, scanned: &[Scanned<M>], copies: &[LineSet]) {
        for ((source, scanned), copies) in self.sources.iter().zip(scanned).zip(copies) {
            let file = Arc::clone(&source.file.display);
            if let Some(damage) = &scanned.damage {
                self.gaps.push(Gap { what: Arc::clone(&file), why: damage.gap_kind(scanned.counts.lines) });
            }
            if copies.count() > 0 {
                let kind = NoteKind::DuplicateLines { count: copies.count(), file };
                self.notes.push(Note { kind, at: None, reference: None });
            }
        }
        named::few_gaps(&mut self.gaps);
        named::few_notes(&mut self.notes);
    }
}

/// The log that shows the first incident.
fn failing_source(verdict: &Verdict) -> Option<SourceId> {
    let onset = &verdict.incidents.first()?.onset;
    let edge = onset.first_bad.as_ref().or(onset.last_good.as_ref())?;
    match &edge.reference {
        Ref::Line { at, .. } => Some(at.source),
        Ref::Text { .. } | Ref::Key { .. } => None,
    }
}

pub(crate) fn offset_at(zone: &TimeZone, moment: UnixMs) -> Option<i32> {
    Some(zone.to_offset(Timestamp::from_millisecond(moment.0).ok()?).seconds())
}
