//! The picture of the traffic for a page: bars, ticks, the onset and labelled moments, as coordinates. How it is painted
//! is the page's business; where labels stand is `flags`.

use lastgood_model::{Incident, UnixMs};
use serde::Serialize;

use super::clock::Clock;
use super::flags::{self, Place, Side};
use super::layout::{cut, width};
use super::outline::{Event, EventKind};
use super::series::{STEPS, Series};
use crate::words::{Words, grouped};

/// Height of the bars.
const PLOT: f64 = 140.0;
/// Left of it stand the numbers of the grid.
const LEFT: f64 = 40.0;
/// Right of it is room for half a tick's label.
const RIGHT: f64 = 18.0;
/// Below it stand times and dates.
const BELOW: f64 = 38.0;
/// From one row of labels to the next.
const ROW: f64 = 17.0;
/// Width of a column of text at 11 px; wide enough for every common font.
const COLUMN: f64 = 6.4;
/// Room for a tick's label, and for one that is a date.
const TICK: f64 = 64.0;
const DATE_TICK: f64 = 84.0;
/// A trigger this long before is worth a longer picture.
const LONGEST_LEAD_MS: i64 = 2 * 3_600_000;

const DAY_MS: i64 = 86_400_000;

/// For which screens a chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Class of its element.
    pub name: &'static str,
    /// Width of the drawing.
    pub width: f64,
    /// Bars at most.
    pub steps: usize,
    /// Columns of a label at most.
    pub label: usize,
}

/// For paper and screens.
pub const WIDE: Size = Size { name: "wide", width: 720.0, steps: 90, label: 46 };
/// For a phone.
pub const NARROW: Size = Size { name: "narrow", width: 340.0, steps: 45, label: 36 };

/// A drawing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chart {
    name: &'static str,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    grid: Vec<GridLine>,
    ticks: Vec<Tick>,
    turn: Option<Turn>,
    /// Path of the requests that did not fail.
    answered: String,
    /// Path of those that did.
    failed: String,
    flags: Vec<Flag>,
    /// What a bar stands for.
    scale: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct GridLine {
    y: f64,
    label: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Tick {
    x: f64,
    time: String,
    /// At the first tick of a day.
    date: Option<String>,
}

/// From the last good to the first bad.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Turn {
    x: f64,
    width: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Flag {
    kind: EventKind,
    x: f64,
    y: f64,
    text_x: f64,
    anchor: &'static str,
    time: String,
    text: String,
    /// Path of the sign at the top of its pole; its shape says what it is.
    mark: String,
}

/// The traffic around an incident, and the moments that explain it.
#[must_use]
pub fn series(incident: &Incident, course: &[Event], clock: Clock, size: Size) -> Option<Series> {
    let began = super::series::began(incident)?;
    let explains = |event: &&Event| {
        matches!(event.kind, EventKind::Factor | EventKind::Person) && began.since(event.at) < LONGEST_LEAD_MS
    };
    let moments: Vec<UnixMs> = course.iter().filter(explains).map(|event| event.at).collect();
    Series::around(incident, clock, size.steps, &moments)
}

/// Draws it.
#[must_use]
pub fn chart(incident: &Incident, course: &[Event], clock: Clock, words: &dyn Words, size: Size) -> Option<Chart> {
    let series = series(incident, course, clock, size)?;
    let scale = Scale::new(&series, size);
    let labelled = moments(course, &scale);
    let (texts, places) = labels(&labelled, &scale, clock, size);
    let rows = places.iter().flatten().map(|place| place.row + 1).max().unwrap_or(0);
    let top = 8.0 + ROW * count(rows) + if rows > 0 { 4.0 } else { 0.0 };
    let bottom = top + PLOT;
    let flags = labelled.iter().zip(texts).zip(places).filter_map(|((event, (time, text)), place)| {
        let place = place?;
        let y = round(top - 6.0 - ROW * (count(place.row) + 0.5));
        Some(Flag {
            kind: event.kind,
            x: place.pole,
            y,
            text_x: round(place.anchor()),
            anchor: if place.side == Side::Left { "end" } else { "start" },
            time,
            text,
            mark: mark(event.kind, place.pole, y),
        })
    });
    let turn = incident.onset.last_good.as_ref().zip(incident.onset.first_bad.as_ref()).map(|(good, bad)| {
        let (from, to) = (scale.x(good.at), scale.x(bad.at));
        // However short it was, it is seen.
        let width = (to - from).max(5.0);
        Turn { x: round(f64::midpoint(from, to) - width / 2.0), width: round(width) }
    });
    let (answered, failed) = bars(&series, &scale, bottom);
    Some(Chart {
        name: size.name,
        width: size.width,
        height: round(bottom + BELOW),
        left: LEFT,
        right: scale.right,
        top: round(top),
        bottom: round(bottom),
        grid: grid(&scale, bottom),
        ticks: ticks(&series, &scale, clock),
        turn,
        answered,
        failed,
        flags: flags.collect(),
        scale: words.scale(series.step_s(), series.peak()),
    })
}

/// From times and counts to lengths.
struct Scale {
    origin: UnixMs,
    end: UnixMs,
    right: f64,
    /// Width of a step.
    step: f64,
    /// What the highest line of the grid stands for.
    most: u64,
}

impl Scale {
    fn new(series: &Series, size: Size) -> Self {
        let steps = i64::try_from(series.sums.len()).unwrap_or(i64::MAX);
        let right = size.width - RIGHT;
        Self {
            origin: series.origin,
            end: series.origin.plus(series.step_ms.saturating_mul(steps)),
            right,
            step: (right - LEFT) / count(series.sums.len()),
            most: round_up(series.peak()),
        }
    }

    fn holds(&self, at: UnixMs) -> bool {
        self.origin <= at && at <= self.end
    }

    fn x(&self, at: UnixMs) -> f64 {
        let share = milliseconds(at.since(self.origin)) / milliseconds(self.end.since(self.origin).max(1));
        round(LEFT + share.clamp(0.0, 1.0) * (self.right - LEFT))
    }

    /// Height of a number of requests.
    fn height(&self, requests: u64) -> f64 {
        round(PLOT * number(requests) / number(self.most.max(1)))
    }
}

/// The most telling first.
const fn rank(kind: EventKind) -> u8 {
    match kind {
        EventKind::FirstBad => 0,
        EventKind::Recovered => 1,
        EventKind::Factor => 2,
        EventKind::Person => 3,
        EventKind::LastGood => 4,
        EventKind::Change => 5,
        EventKind::Symptom => 6,
    }
}

/// The moments that get a label: not those that only show the failure, and the most telling ones if there are many.
fn moments<'a>(course: &'a [Event], scale: &Scale) -> Vec<&'a Event> {
    let told = course.iter().filter(|event| event.kind != EventKind::Symptom && scale.holds(event.at));
    let mut told: Vec<&Event> = told.collect();
    told.sort_by_key(|event| (rank(event.kind), event.at));
    told.truncate(flags::MOST);
    told.sort_by_key(|event| event.at);
    told
}

/// What the labels say and where they stand. Where they are too many for the room, the most telling ones keep their
/// words and the others only their times.
fn labels(events: &[&Event], scale: &Scale, clock: Clock, size: Size) -> (Vec<(String, String)>, Vec<Option<Place>>) {
    let place = |texts: &[(String, String)]| {
        let length = |(time, text): &(String, String)| columns(width(time) + 1 + width(text));
        let poles = events.iter().map(|event| scale.x(event.at));
        flags::place(&poles.zip(texts.iter().map(length)).collect::<Vec<_>>(), 2.0, size.width - 2.0)
    };
    let complete = |places: &[Option<Place>]| places.iter().all(Option::is_some);
    let full: Vec<(String, String)> = events.iter().map(|event| label(event, scale, clock, size)).collect();
    let places = place(&full);
    if complete(&places) {
        return (full, places);
    }
    let mut texts: Vec<(String, String)> = full.iter().map(|(time, _)| (time.clone(), String::new())).collect();
    let mut places = place(&texts);
    let mut telling: Vec<usize> = (0..events.len()).collect();
    telling.sort_by_key(|index| events.get(*index).map(|event| rank(event.kind)));
    for index in telling {
        let mut more = texts.clone();
        if let (Some(slot), Some(wanted)) = (more.get_mut(index), full.get(index)) {
            wanted.clone_into(slot);
        }
        let tried = place(&more);
        if complete(&tried) {
            (texts, places) = (more, tried);
        }
    }
    (texts, places)
}

/// Time and words of a label; the words up to their first stop.
fn label(event: &Event, scale: &Scale, clock: Clock, size: Size) -> (String, String) {
    let time = clock.beside(event.at, scale.origin);
    let stops = [", ", ": ", " ("].into_iter().filter_map(|stop| event.text.find(stop));
    let text = stops.min().and_then(|end| event.text.get(..end)).unwrap_or(&event.text);
    let x = scale.x(event.at);
    let beside = ((x.max(size.width - x) - 10.0) / COLUMN).floor();
    let mut room = size.label;
    while room > 0 && count(room) > beside {
        room -= 1;
    }
    (time.clone(), cut(text, room.saturating_sub(width(&time) + 1)))
}

fn bars(series: &Series, scale: &Scale, bottom: f64) -> (String, String) {
    let gap = if scale.step > 6.0 { 1.0 } else { 0.0 };
    let (mut answered, mut failed) = (String::new(), String::new());
    for (index, (requests, bad)) in series.sums.iter().enumerate() {
        let x = round(LEFT + scale.step * count(index));
        let whole = scale.height(*requests);
        // A single failure is seen among thousands.
        let part = if *bad > 0 { scale.height(*bad).max(1.5) } else { 0.0 };
        let width = round(scale.step - gap);
        if whole > part {
            answered += &bar(x, bottom - whole, width, whole - part);
        }
        if part > 0.0 {
            failed += &bar(x, bottom - part, width, part);
        }
    }
    (answered, failed)
}

fn bar(x: f64, y: f64, width: f64, height: f64) -> String {
    format!("M{x} {}h{width}v{}h-{width}z", round(y), round(height))
}

fn grid(scale: &Scale, bottom: f64) -> Vec<GridLine> {
    let values = if scale.most.is_multiple_of(2) { vec![scale.most / 2, scale.most] } else { vec![scale.most] };
    let line = |value| GridLine { y: round(bottom - scale.height(value)), label: grouped(value) };
    values.into_iter().map(line).collect()
}

/// At round times of this zone's clock, as many as have room.
fn ticks(series: &Series, scale: &Scale, clock: Clock) -> Vec<Tick> {
    let span = scale.end.since(series.origin);
    let fits = |step: &i64| {
        let room = if *step < DAY_MS { TICK } else { DATE_TICK };
        milliseconds(span) / milliseconds(*step) <= (scale.right - LEFT) / room
    };
    let step = STEPS.iter().map(|seconds| seconds * 1000).find(fits).unwrap_or(span.max(1));
    let mut ticks = Vec::new();
    let mut day = None;
    let mut at = clock.step(series.origin, step);
    while at <= scale.end {
        // Half of a label has to fit beside its tick.
        if at >= series.origin && scale.x(at) <= scale.right + RIGHT - TICK / 4.0 {
            let date = clock.date(at);
            let new = day.as_ref() != Some(&date);
            let time = if step < 60_000 { clock.time(at) } else { clock.minute(at) };
            ticks.push(match (step >= DAY_MS, new) {
                // Midnights need no time of day.
                (true, _) => Tick { x: scale.x(at), time: date.clone(), date: None },
                (false, true) => Tick { x: scale.x(at), time, date: Some(date.clone()) },
                (false, false) => Tick { x: scale.x(at), time, date: None },
            });
            day = Some(date);
        }
        at = at.plus(step);
    }
    ticks
}

/// The sign of a moment, as a path around this point.
fn mark(kind: EventKind, x: f64, y: f64) -> String {
    match kind {
        EventKind::FirstBad | EventKind::Symptom => format!("M{} {}h8l-4 7z", x - 4.0, y - 3.5),
        EventKind::Recovered => format!("M{} {}h8l-4 -7z", x - 4.0, y + 3.5),
        EventKind::Factor | EventKind::Change => format!("M{x} {}l4 4l-4 4l-4 -4z", y - 4.0),
        EventKind::Person => format!("M{} {}h6v6h-6z", x - 3.0, y - 3.0),
        EventKind::LastGood => format!("M{} {y}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z", x - 3.0),
    }
}

/// The next number that begins with 1, 2, 3, 4, 5, 6 or 8 and ends in zeros.
fn round_up(most: u64) -> u64 {
    let mut unit: u64 = 1;
    while unit.saturating_mul(10) < most {
        unit = unit.saturating_mul(10);
    }
    let rounds = [1, 2, 3, 4, 5, 6, 8, 10].map(|digit| unit.saturating_mul(digit));
    rounds.into_iter().find(|round| *round >= most).unwrap_or(most)
}

fn columns(columns: usize) -> f64 {
    count(columns) * COLUMN
}

/// Tenths of a unit are finer than any screen.
fn round(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

#[expect(clippy::cast_precision_loss, reason = "lengths on a screen")]
const fn count(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "lengths on a screen")]
const fn number(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "lengths on a screen")]
const fn milliseconds(ms: i64) -> f64 {
    ms as f64
}
