//! Requests over time for people: a row per bucket with a bar, a column for each key that fits, and the changes between
//! the rows where they happened. For programs: `course`.

use std::collections::HashMap;

use lastgood_model::{Change, UnixMs};

use super::answer::View;
use super::clock::Clock;
use super::course::escaped;
use super::layout::{Ink, Line, cut, pad, width};
use super::quote::clean;
use crate::pipeline::timeline::Course;
use crate::words::grouped;

/// Columns of a bar.
const BAR: usize = 12;
const LONGEST_NAME: usize = 24;
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// The table, ready to be written. `subject` is what was looked at.
#[must_use]
pub fn table(course: &Course, subject: &str, view: View) -> String {
    let words = view.lang.words();
    let labels = words.labels();
    let clock = Clock::new(course.offset_s);
    let looked = words.looked_at(&clean(subject), &course.read, &clock.zone());
    let mut lines = vec![Line::of(Ink::Dim, format!("{} {looked}", labels.looked_at))];
    let buckets = buckets(course);
    let table = Table { course, view, clock, columns: columns(course, view), peak: peak(&buckets) };
    lines.push(table.header());
    let mut changes = course.changes.iter().peekable();
    let mut before: Option<UnixMs> = None;
    for bucket in &buckets {
        let follows = before.is_none_or(|before| before.plus(course.per_ms) == bucket.from);
        while let Some(change) = changes.next_if(|change| change.span.from() < bucket.from) {
            lines.push(table.change(change));
        }
        if !follows {
            lines.push(Line::of(Ink::Dim, if view.unicode { "⋮" } else { ":" }));
        }
        if before.is_none_or(|before| clock.date(before) != clock.date(bucket.from)) {
            lines.push(Line::of(Ink::Strong, clock.date(bucket.from)));
        }
        lines.push(table.row(bucket));
        before = Some(bucket.from);
    }
    lines.extend(changes.map(|change| table.change(change)));
    lines.push(Line::of(Ink::Dim, format!("{} {}", labels.read, words.read(&course.read))));
    lines.into_iter().map(|line| line.render(view.colour) + "\n").collect()
}

/// All counts of one stretch of time.
struct Bucket {
    from: UnixMs,
    requests: u64,
    by_key: HashMap<u32, u64>,
}

fn buckets(course: &Course) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = Vec::new();
    for count in course.counts() {
        if buckets.last().is_none_or(|last| last.from != count.from) {
            buckets.push(Bucket { from: count.from, requests: 0, by_key: HashMap::new() });
        }
        if let Some(bucket) = buckets.last_mut() {
            bucket.requests += count.requests;
            *bucket.by_key.entry(count.key).or_default() += count.requests;
        }
    }
    buckets
}

fn peak(buckets: &[Bucket]) -> u64 {
    buckets.iter().map(|bucket| bucket.requests).max().unwrap_or(0)
}

/// A column of the table.
struct Column {
    key: u32,
    name: String,
    width: usize,
}

/// The keys with most requests, as many as fit, in the order of their texts.
fn columns(course: &Course, view: View) -> Vec<Column> {
    if course.by.is_empty() {
        return Vec::new();
    }
    let mut totals: HashMap<u32, (u64, u64)> = HashMap::new();
    let mut names: HashMap<u32, String> = HashMap::new();
    for count in course.counts() {
        let (total, most) = totals.entry(count.key).or_default();
        *total += count.requests;
        *most = count.requests.max(*most);
        names.entry(count.key).or_insert_with(|| {
            let texts: Vec<String> = course.texts(count).map(|text| clean(&escaped(text))).collect();
            cut(&texts.join(" "), LONGEST_NAME)
        });
    }
    let mut ranked: Vec<_> = totals.into_iter().collect();
    ranked.sort_by_key(|&(key, (total, _))| (std::cmp::Reverse(total), key));
    let mut room = view.width.saturating_sub(fixed_width(peak(&buckets(course))));
    let mut columns: Vec<Column> = Vec::new();
    for (key, (_, most)) in ranked {
        let name = names.remove(&key).unwrap_or_default();
        let width = width(&name).max(width(&grouped(most)));
        // A narrower one further down would be there for its width, not for its weight.
        let Some(left) = room.checked_sub(width + 2) else { break };
        room = left;
        columns.push(Column { key, name, width });
    }
    columns.sort_by_key(|column| column.key);
    columns
}

/// Time, requests and bar, with two blanks between them.
fn fixed_width(peak: u64) -> usize {
    8 + 2 + requests_width(peak) + 2 + BAR
}

fn requests_width(peak: u64) -> usize {
    width(&grouped(peak)).max(8)
}

struct Table<'a> {
    course: &'a Course,
    view: View,
    clock: Clock,
    columns: Vec<Column>,
    peak: u64,
}

impl Table<'_> {
    fn header(&self) -> Line {
        let requests = requests_width(self.peak);
        let mut text = format!("{:8}  {:>requests$}  {:BAR$}", "time", "requests", "");
        for column in &self.columns {
            text.push_str("  ");
            text.push_str(&" ".repeat(column.width.saturating_sub(width(&column.name))));
            text.push_str(&column.name);
        }
        Line::of(Ink::Dim, text)
    }

    fn row(&self, bucket: &Bucket) -> Line {
        let requests = requests_width(self.peak);
        let mut line = Line::of(Ink::Dim, self.clock.time(bucket.from))
            .and(Ink::Plain, format!("  {:>requests$}  ", grouped(bucket.requests)))
            .and(Ink::Good, pad(&self.bar(bucket.requests), BAR));
        for column in &self.columns {
            let count = bucket.by_key.get(&column.key).copied().unwrap_or(0);
            let text = if count == 0 { String::new() } else { grouped(count) };
            line = line.and(Ink::Plain, format!("  {text:>columns$}", columns = column.width));
        }
        line
    }

    fn bar(&self, requests: u64) -> String {
        let eighths = requests.saturating_mul(BAR as u64 * 8).div_ceil(self.peak.max(1));
        let eighths = usize::try_from(eighths).unwrap_or(0).min(BAR * 8);
        if !self.view.unicode {
            return "#".repeat(eighths.div_ceil(8));
        }
        let full = EIGHTHS[7].to_string().repeat(eighths / 8);
        match (eighths % 8).checked_sub(1).and_then(|part| EIGHTHS.get(part)) {
            Some(part) => format!("{full}{part}"),
            None => full,
        }
    }

    fn change(&self, change: &Change) -> Line {
        let day = self.course.counts().next().map_or(change.span.from(), |count| count.from);
        let mark = if self.view.unicode { "◆" } else { "*" };
        let what = clean(&self.view.lang.words().change(change.kind, &change.subject));
        Line::of(Ink::Dim, self.clock.beside(change.span.from(), day))
            .and(Ink::Strong, format!("  {mark} {what}"))
            .and(Ink::Dim, format!("  {}", clean(&change.reference.to_string())))
    }
}
