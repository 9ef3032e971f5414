//! `lastgood timeline`: requests over time, with the changes on the same axis.

use lastgood_intake::Dimension;

use crate::case::Opened;
use crate::cli::question::{moment, zone};
use crate::cli::timeline::{Key, TimelineArgs};
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::timeline::{Course, CourseArgs, MOST_KEYS, course};
use crate::render::answer::View;
use crate::render::course::{json, tsv};
use crate::render::course_table::table;
use crate::render::quote::clean;
use crate::said;
use crate::settings::Settings;

/// A row stands for whole seconds: most logs know no finer time.
const SECOND_MS: i64 = 1_000;
/// Lines about files on standard error; what is wrong with a hundred is wrong with their folder. JSON has them all.
const MOST_ASIDES: usize = 20;

/// Runs it.
pub fn run(args: &TimelineArgs, settings: &Settings, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let asked = understand(args, settings)?;
    let found = {
        let progress = super::progress(io);
        course(&asked, progress.as_ref())?
    };
    if args.json {
        json(&found, view.lang.words(), io.stdout)?;
    } else {
        if args.tsv {
            tsv(&found, io.stdout)?;
        } else {
            let named: Vec<_> = asked.paths.iter().map(|path| path.to_string_lossy()).collect();
            let named = match named.as_slice() {
                [] => lastgood_world::host_name().unwrap_or_default(),
                named => named.join(", ").into(),
            };
            io.stdout.write_all(table(&found, &named, view).as_bytes())?;
        }
        asides(&found, view, io)?;
    }
    if found.has_other {
        let text = view.lang.many_keys(MOST_KEYS as u64);
        writeln!(io.stderr, "lastgood: {}: {text}", view.lang.words().labels().notes)?;
    }
    Ok(Exit::Good)
}

/// What was not read stands beside the table, not in it.
fn asides(found: &Course, view: View, io: &mut Io<'_>) -> std::io::Result<()> {
    let words = view.lang.words();
    let gaps = found.gaps.iter().map(|gap| {
        let what = format!("{}: {}", words.gap_what(gap), words.gap_why(gap));
        (words.labels().gaps, what)
    });
    let notes = found.notes.iter().map(|note| (words.labels().notes, words.note(&note.kind)));
    let mut asides = gaps.chain(notes);
    for (label, what) in asides.by_ref().take(MOST_ASIDES) {
        writeln!(io.stderr, "lastgood: {label}: {}", clean(&what))?;
    }
    match asides.count() {
        0 => Ok(()),
        more => writeln!(io.stderr, "lastgood: … +{more}"),
    }
}

fn understand(args: &TimelineArgs, settings: &Settings) -> Result<CourseArgs, Complaint> {
    let per_ms = said::duration_ms(&args.per)
        .filter(|per| *per >= SECOND_MS && per % SECOND_MS == 0)
        .ok_or_else(|| Complaint::Duration { flag: "--per", given: args.per.clone() })?;
    let by = args.by.iter().map(|key| match key {
        Key::Vhost => Dimension::Vhost,
        Key::Segment => Dimension::Segment,
        Key::Path => Dimension::Path,
        Key::Upstream => Dimension::Upstream,
        Key::Method => Dimension::Method,
        Key::Status => Dimension::Status,
        Key::Class => Dimension::Class,
    });
    let case = Opened::among(&args.logs, args.case.as_deref())?;
    let before = case.as_ref().map(|case| case.case.question.clone()).unwrap_or_default();
    let or = |now: &Option<String>, before: Option<String>| now.clone().or(before);
    Ok(CourseArgs {
        paths: case.as_ref().map_or_else(|| args.logs.clone(), |case| vec![case.folder.clone()]),
        by: by.collect(),
        per_ms,
        since: moment("--since", or(&args.since, before.since).as_deref())?,
        until: moment("--until", or(&args.until, before.until).as_deref())?,
        zone: zone("--tz", or(&args.tz, before.tz).as_deref())?,
        nginx_conf: args.nginx_conf.clone(),
        // Where nothing is named, containers have logs, too.
        stack: (case.is_none() && args.logs.is_empty()).then(|| args.stack.subject()),
        case,
        declared: settings.logs.clone(),
    })
}
