//! A suspect seen request by request: exactly when it turned bad, when it turned good, and what it cost.
//! It does not say why.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use lastgood_model::{Hit, OnsetKind, Span, UnixMs};

use crate::change_point::{Turn, turn_to_bad, turn_to_good};
use crate::closeup::{Look, Sample, Toll};
use crate::divided::{Division, divide};
use crate::episodes::{Episode, change_cost, episodes, gain, good_rate};
use crate::series::{Point, Selection};
use crate::suspect::{Suspect, follows_closely};

/// A bad stretch of one part of the traffic.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// Which part.
    pub selection: Selection,
    /// How much of the turn was seen.
    pub kind: OnsetKind,
    /// The last success before the earliest plausible change.
    pub last_good: Option<Hit>,
    /// The first failure at or after the latest plausible change.
    pub first_bad: Hit,
    /// The last failure.
    pub last_bad: Hit,
    /// The first success of the good stretch that followed.
    pub recovered: Option<Hit>,
    /// Requests from `last_good` to `first_bad`.
    pub width: Option<u64>,
    /// What it cost.
    pub toll: Toll,
    /// What went on beside it.
    pub look: &'a Look,
    /// Whether it was one stretch with another finding, which failed otherwise.
    pub part: Part,
}

/// What a finding is of its stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// What was over when the other began.
    Early,
    /// What failed from then on.
    Late,
}

impl Finding<'_> {
    /// From the first failure to the recovery, or to `now`.
    #[must_use]
    pub fn bad(&self, now: UnixMs) -> Span {
        let end = self.recovered.map_or_else(|| now.max(self.last_bad.at), |hit| hit.at);
        Span::new(self.first_bad.at, end.max(self.first_bad.at))
    }

    /// The interval in which good turned bad.
    #[must_use]
    pub fn onset(&self) -> Span {
        Span::new(self.last_good.map_or(self.first_bad.at, |hit| hit.at), self.first_bad.at)
    }
}

/// Looks at a suspect; several findings if it falls apart under the eye, none if nothing is left of it.
#[must_use]
pub fn find<'a>(suspect: &'a Suspect, look: &'a Look) -> Vec<Finding<'a>> {
    let samples = &look.samples;
    if suspect.intermittent && look.between.requests == 0 {
        let row = Row { suspect, look, after: (0.0, 0.0) };
        let all = (0, samples.len().saturating_sub(1), samples.len());
        if let Some(division) = divide(&suspect.selection, samples, all) {
            return row.apart(samples, (0, all.0, all.1, all.2), &division).collect();
        }
    }
    if look.between.requests > 0 || suspect.intermittent {
        return whole(suspect, look).into_iter().collect();
    }
    let points: Vec<Point> = samples
        .iter()
        .map(|sample| Point { at: sample.hit.at, n: 1.0, k: if failed(sample) { 1.0 } else { 0.0 } })
        .collect();
    let stretches = joined(&episodes(&points), &points);
    let mut found = Vec::new();
    for (index, &(first, last)) in stretches.iter().enumerate() {
        let from = index.checked_sub(1).map_or(0, |previous| stretches[previous].1 + 1);
        let until = stretches.get(index + 1).map_or(samples.len(), |next| next.0);
        let row = Row { suspect, look, after: (0.0, 0.0) };
        match divide(&suspect.selection, samples, (first, last, until)) {
            Some(division) => {
                let apart = row.apart(samples, (from, first, last, until), &division);
                found.extend(apart);
            }
            None => found.extend(row.finding(&suspect.selection, &samples[from..=last], &samples[first..until], None)),
        }
    }
    if found.is_empty() { whole(suspect, look).into_iter().collect() } else { found }
}

/// The first and last indices of bad stretches; those that follow one another closely are one.
fn joined(stretches: &[Episode], points: &[Point]) -> Vec<(usize, usize)> {
    let span = |first: usize, last: usize| Span::new(points[first].at, points[last].at);
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for stretch in stretches {
        let here = span(stretch.first, stretch.last);
        match joined.last_mut() {
            Some(last) if follows_closely(span(last.0, last.1), here) => last.1 = stretch.last,
            _ => joined.push((stretch.first, stretch.last)),
        }
    }
    joined
}

/// The suspect as one stretch, seen at both of its ends.
fn whole<'a>(suspect: &'a Suspect, look: &'a Look) -> Option<Finding<'a>> {
    let samples = &look.samples;
    let ends = samples.partition_point(|sample| sample.hit.at <= suspect.before.to());
    let begins = samples.partition_point(|sample| sample.hit.at < suspect.after.from());
    #[expect(clippy::cast_precision_loss, reason = "a count of requests is far below 2^52")]
    let between = (look.between.requests as f64, look.between.failed as f64);
    let row = Row { suspect, look, after: between };
    row.finding(&suspect.selection, &samples[..ends], &samples[begins.min(samples.len())..], Some(&look.between))
}

/// Whether it went bad as its suspect sees it: only then is it known who was hit.
const fn failed(sample: &Sample) -> bool {
    sample.visitor.is_some()
}

/// A suspect with what was counted around the requests at hand.
struct Row<'a> {
    suspect: &'a Suspect,
    look: &'a Look,
    after: (f64, f64),
}

impl<'a> Row<'a> {
    /// The two findings of a stretch that divides.
    fn apart(
        &self,
        samples: &[Sample],
        (from, first, last, until): (usize, usize, usize, usize),
        division: &Division,
    ) -> impl Iterator<Item = Finding<'a>> {
        let is = |sample: &Sample, status: u16| failed(sample) && sample.hit.status == status;
        let early: Vec<Sample> =
            samples[first..until].iter().filter(|sample| !is(sample, division.late)).copied().collect();
        let early = self.finding(&self.suspect.selection, &samples[from..division.at], &early, None);
        let of_late = |sample: &&Sample| division.selection.holds(sample.hit.slice) && !is(sample, division.early);
        let opening: Vec<Sample> = samples[from..=last].iter().filter(of_late).copied().collect();
        let closing: Vec<Sample> = samples[division.at..until].iter().filter(of_late).copied().collect();
        let late = self.finding(&division.selection, &opening, &closing, None);
        let early = early.map(|finding| Finding { part: Part::Early, ..finding });
        early.into_iter().chain(late.map(|finding| Finding { part: Part::Late, ..finding }))
    }

    /// The finding between the turn in `opening` and the turn in `closing`; the two may share requests.
    fn finding(
        &self,
        selection: &Selection,
        opening: &[Sample],
        closing: &[Sample],
        between: Option<&Toll>,
    ) -> Option<Finding<'a>> {
        let Turn { last_good, first_bad } = self.opens(opening, closing)?;
        let started = opening[first_bad].hit;
        let from = key(&started);
        let closing = &closing[closing.partition_point(|sample| key(&sample.hit) < from)..];

        let failures: Vec<bool> = closing.iter().map(failed).collect();
        let end = turn_to_good(&failures, self.after, self.suspect.good, self.suspect.dispersion);
        let recovered = end.and_then(|end| (end..closing.len()).find(|&index| !failures[index]));
        let stop = recovered.unwrap_or(closing.len());
        let last_bad = (0..stop).rev().find(|&index| failures[index]).map_or(started, |index| closing[index].hit);
        let recovered = recovered.map(|index| closing[index].hit);

        let mut toll = between.cloned().unwrap_or_default();
        let until = recovered.as_ref().map(key);
        let mut counted = None;
        for sample in opening.iter().chain(closing) {
            let place = key(&sample.hit);
            // The two rows may share requests; in order, each place counts once.
            if place >= from && until.is_none_or(|until| place < until) && counted < Some(place) {
                counted = Some(place);
                toll.add(&sample.hit, failed(sample), || sample.visitor.unwrap_or_default());
            }
        }
        let kind = match last_good {
            None => OnsetKind::NoGoodSeen,
            Some(_) if self.suspect.intermittent => OnsetKind::Intermittent,
            Some(_) => OnsetKind::Bracketed,
        };
        Some(Finding {
            selection: selection.clone(),
            kind,
            last_good: last_good.map(|index| opening[index].hit),
            first_bad: started,
            last_bad: if key(&last_bad) < from { started } else { last_bad },
            recovered,
            width: last_good.map(|index| (first_bad - index) as u64),
            toll,
            look: self.look,
            part: Part::Whole,
        })
    }

    /// The turn to bad. Where nearly all failures share one status, those of another are somebody else's and say
    /// nothing of when this began.
    fn opens(&self, opening: &[Sample], closing: &[Sample]) -> Option<Turn> {
        let (status, share) = commonest_failure(opening.iter().chain(closing));
        let telling = |sample: &Sample| !failed(sample) || share < ONE_STATUS || sample.hit.status == status;
        let kept: Vec<usize> = (0..opening.len()).filter(|&index| telling(&opening[index])).collect();
        let failures: Vec<bool> = kept.iter().map(|&index| failed(&opening[index])).collect();
        let good = self.good_tally(opening, status, share);
        let dispersion = self.suspect.dispersion;
        let mut turn = turn_to_bad(&failures, good, self.after, dispersion)?;
        // A failure that grows has its steepest step late: what rose before it belongs to it.
        while let Some(earlier) = turn.last_good.and_then(|end| rise(&failures[..=end], good, dispersion)) {
            turn = earlier;
        }
        Some(Turn { last_good: turn.last_good.map(|index| kept[index]), first_bad: kept[turn.first_bad] })
    }

    /// What was counted in good times before, of which only failures with the telling status count. The buckets do
    /// not tell statuses apart; their share is that among the requests seen one by one before the bad stretch.
    fn good_tally(&self, opening: &[Sample], status: u16, share: f64) -> (f64, f64) {
        let (n, k) = self.suspect.good;
        if share < ONE_STATUS {
            return (n, k);
        }
        let (mut same, mut all) = (0.5, 1.0);
        for sample in opening.iter().filter(|s| failed(s) && s.hit.at < self.suspect.bad.from()) {
            same += f64::from(u8::from(sample.hit.status == status));
            all += 1.0;
        }
        (n, k * same / all)
    }
}

/// The turn to bad within a row that ends just before a worse one; `None` if its end is as good as its beginning.
fn rise(row: &[bool], good: (f64, f64), dispersion: f64) -> Option<Turn> {
    let turn = turn_to_bad(row, good, (0.0, 0.0), dispersion)?;
    let start = turn.last_good?;
    let tally =
        |part: &[bool]| part.iter().fold((0.0, 0.0), |(n, k), &failed| (n + 1.0, k + f64::from(u8::from(failed))));
    let (calm, risen) = (tally(&row[..=start]), tally(&row[turn.first_bad..]));
    let rate = good_rate(good.0 + calm.0, good.1 + calm.1);
    let stands_out = gain(risen.0, risen.1, rate) / dispersion > change_cost(row.len());
    (stands_out && risen.1 / risen.0 >= (3.0 * rate).max(0.05)).then_some(turn)
}

/// From this share on, one status is that of the incident.
const ONE_STATUS: f64 = 0.9;

/// The most frequent status of failures, and its share among them.
fn commonest_failure<'s>(samples: impl Iterator<Item = &'s Sample>) -> (u16, f64) {
    let mut counts: HashMap<u16, f64, FixedState> = HashMap::default();
    for sample in samples.filter(|sample| failed(sample)) {
        *counts.entry(sample.hit.status).or_default() += 1.0;
    }
    let all: f64 = counts.values().sum();
    counts
        .into_iter()
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map_or((0, 0.0), |(status, count)| (status, count / all))
}

/// The order of requests: by time, then by place.
const fn key(hit: &Hit) -> (UnixMs, lastgood_model::LineRef) {
    (hit.at, hit.line)
}
