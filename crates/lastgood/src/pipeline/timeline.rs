//! Requests over time, by the keys asked for, with the changes on the same axis: reading and counting for
//! `lastgood timeline`. How it looks is decided in `render`.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use lastgood_intake::{Dimension, NginxConf};
use lastgood_model::{Catalogue, Change, Gap, Note, Read, Span, UnixMs};

use super::duplicates::LineSet;
use super::reread::Parts;
use super::scan::Scanned;
use super::stack::StackSubject;
use super::survey::Survey;
use super::tally::{Mark, Row, Ruling, Tally};
use super::{Collected, Subject, account, collect, overlaps, scan};
use crate::case::Opened;
use crate::investigation::Progress;
use crate::said::Moment;

/// Sets of texts that are told apart.
pub const MOST_KEYS: usize = 200_000;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct CourseArgs {
    /// Files, folders, pipes, or `-`.
    pub paths: Vec<PathBuf>,
    /// Keys to count apart by, in order.
    pub by: Vec<Dimension>,
    /// Width of a bucket, in milliseconds: whole seconds.
    pub per_ms: i64,
    /// Nothing before this counts.
    pub since: Option<Moment>,
    /// Nothing after this counts.
    pub until: Option<Moment>,
    /// Zone of inputs that name none.
    pub zone: Option<TimeZone>,
    /// An nginx configuration to take log formats from.
    pub nginx_conf: Option<PathBuf>,
    /// The case that is replayed, if it is one.
    pub case: Option<Opened>,
    /// Formats and logs that the settings declare.
    pub declared: NginxConf,
    /// Whose containers' logs are read, too; `None`: nobody's.
    pub stack: Option<StackSubject>,
}

/// Requests over time.
#[derive(Debug)]
pub struct Course {
    /// Width of a bucket, in milliseconds.
    pub per_ms: i64,
    /// Keys, in the order of the texts.
    pub by: Vec<Dimension>,
    rows: Vec<Row>,
    ruling: Ruling,
    /// Sets of texts, bytes as logged, each joined by newlines.
    texts: Vec<Box<[u8]>>,
    /// Changes, in order of time.
    pub changes: Vec<Change>,
    /// How much was read.
    pub read: Read,
    /// What was not read.
    pub gaps: Vec<Gap>,
    /// What was read once although it was there twice.
    pub notes: Vec<Note>,
    /// Zone of the answer, in seconds east of UTC.
    pub offset_s: i32,
    /// Whether there were more sets of texts than are told apart; the rest is counted under `{other}`.
    pub has_other: bool,
}

/// Requests of one bucket with one set of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// When the bucket begins.
    pub from: UnixMs,
    /// Which set of texts.
    pub key: u32,
    /// Requests.
    pub requests: u64,
}

impl Course {
    /// Counts in order of time and texts; buckets without requests are left out.
    pub fn counts(&self) -> impl Iterator<Item = Count> {
        self.rows.iter().map(|row| Count {
            from: self.ruling.begins(row.bucket),
            key: row.key,
            requests: u64::try_from(row.requests).unwrap_or(0),
        })
    }

    /// The texts of a count, one for each key, bytes as logged.
    pub fn texts(&self, count: Count) -> impl Iterator<Item = &[u8]> {
        let joined = self.texts.get(count.key as usize).map_or(&b""[..], |texts| texts);
        joined.split(|byte| *byte == b'\n').take(self.by.len())
    }
}

/// Reads and counts.
///
/// # Errors
/// [`super::NoLogs`] if nothing that was named is a log.
pub fn course(args: &CourseArgs, progress: &dyn Progress) -> anyhow::Result<Course> {
    let subject = Subject {
        paths: &args.paths,
        zone: args.zone.as_ref(),
        nginx_conf: args.nginx_conf.as_deref(),
        declared: &args.declared,
        case: args.case.as_ref(),
        stack: args.stack.as_ref(),
        since: args.since,
    };
    let Collected { mut survey, clock, .. } = collect(&subject)?;
    let ruling = Ruling {
        by: args.by.clone(),
        per_ms: args.per_ms.max(1),
        offset_ms: i64::from(survey.offset_s) * 1000,
        most_keys: MOST_KEYS,
        hashing: foldhash::quality::RandomState::default(),
    };
    let threads = scan::threads(survey.sources.len());
    let (tallies, scanned) =
        scan::scan(&survey.sources, |source| survey.has_siblings(source), || Tally::new(&ruling, threads), progress);
    let mut tally = Tally::new(&ruling, 1);
    for part in tallies {
        tally.merge(part);
    }
    let copies = overlaps::retract_copies(&survey.sources, &scanned, &mut tally);
    let read = account(&survey, &scanned, &copies);
    survey.note_reading(&scanned, &copies);

    let last_line = scanned.iter().filter_map(|scanned| Some(scanned.span()?.to())).max();
    let now = clock.or(last_line).unwrap_or_default();
    let bound = |moment: Option<Moment>| moment.map(|moment| moment.bound(now, survey.offset_s));
    let since = bound(args.since).unwrap_or(UnixMs::MIN);
    let until = bound(args.until).unwrap_or(UnixMs::MAX);
    trim(&mut tally, &survey, &scanned, &copies, (since, until));

    tally.happened.settle();
    let catalogue = Catalogue { sources: survey.names.clone(), ..Catalogue::default() };
    let mut changes = tally.happened.all_changes(|line| catalogue.reference(line));
    changes.retain(|change| since <= change.span.to() && change.span.from() <= until);
    let has_other = tally.has_other();
    let (mut rows, texts) = tally.finish();
    rows.retain(|row| {
        let from = ruling.begins(row.bucket);
        since <= from.plus(ruling.per_ms - 1) && from <= until && row.requests > 0
    });
    Ok(Course {
        per_ms: ruling.per_ms,
        by: args.by.clone(),
        rows,
        texts,
        changes,
        read,
        gaps: survey.gaps,
        notes: survey.notes,
        offset_s: survey.offset_s,
        has_other,
        ruling,
    })
}

/// Takes back the requests of the first and the last bucket that lie outside of the bounds: a bound may be known only
/// when the end of the logs is, and rarely falls between two buckets.
fn trim(
    tally: &mut Tally<'_>,
    survey: &Survey,
    scanned: &[Scanned<Mark>],
    copies: &[LineSet],
    (since, until): (UnixMs, UnixMs),
) {
    let ruling = tally.ruling();
    let mut cut: Vec<Span> = Vec::new();
    for (bound, inside) in [(since, since), (until, until.plus(1))] {
        if bound == UnixMs::MIN || bound == UnixMs::MAX {
            continue;
        }
        let bucket = ruling.around(bound);
        // Nothing is cut where the bound is the bucket's own.
        if bucket.from() < inside && inside <= bucket.to() && !cut.contains(&bucket) {
            cut.push(bucket);
        }
    }
    if cut.is_empty() {
        return;
    }
    for ((source, scanned), copies) in survey.sources.iter().zip(scanned).zip(copies) {
        if source.format.holds_requests() {
            let parts = Parts { source, copies, pieces: scanned.index.meeting(&cut) };
            parts.requests(&mut |request, _| {
                let outside = request.at < since || until < request.at;
                if outside && cut.iter().any(|bucket| bucket.contains(request.at)) {
                    tally.retract_request(source, request);
                }
            });
        }
    }
}
