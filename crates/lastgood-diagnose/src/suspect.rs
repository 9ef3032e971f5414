//! Where to look closely: slices and stretches that may hold an incident, found in the buckets.
//! It may suspect too much; what it suspects is judged request by request in `decide`.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;
use lastgood_model::{Atom, Catalogue, SliceId, Span, UnixMs};

use crate::attribution::{Dimension, Share, attribute};
use crate::cells::Cell;
use crate::episodes::{Episode, change_cost, episodes, fall, gain, good_rate};
use crate::lens::Lens;
use crate::scatter::Scatter;
use crate::series::{Point, Selection, collect, push, sum};
use crate::silence::{Silence, silences};
use crate::{Question, Timeline};

/// Incidents looked for in one run.
const MAX_SUSPECTS: usize = 16;

/// Requests of the slice that are looked at one by one on either side of a change, where there are as many.
const EDGE_REQUESTS: f64 = 400.0;

/// Bad stretches of the same traffic farther apart than this are two.
const JOIN_MS: i64 = 60_000;

/// Bad stretches this far apart may still be one trouble that comes and goes.
const TRAIN_GAP_MS: i64 = 600_000;

/// A stretch of time in which a part of the traffic may have gone bad.
#[derive(Clone, Debug)]
pub struct Suspect {
    /// What is bad about it.
    pub(crate) lens: Lens,
    /// Which part.
    pub(crate) selection: Selection,
    /// From the beginning of its first bad bucket to the end of its last.
    pub(crate) bad: Span,
    /// Around the turn to bad: what has to be read request by request.
    pub(crate) before: Span,
    /// Around the turn to good, or the end.
    pub(crate) after: Span,
    /// Requests and failures of the part before `before`, back to the previous suspect of the same part.
    pub(crate) good: (f64, f64),
    /// How much more than independent its failures scatter in good times.
    pub(crate) dispersion: f64,
    /// Whether it comes and goes, so that its stretch holds good times too.
    pub(crate) intermittent: bool,
}

impl Suspect {
    /// What has to be read again for it.
    #[must_use]
    pub fn span(&self) -> Span {
        self.before.cover(self.after)
    }
}

/// What deserves a close look.
#[derive(Clone, Debug, Default)]
pub struct Suspects {
    /// Where requests may have failed.
    pub(crate) failing: Vec<Suspect>,
    /// Where none came.
    pub(crate) silent: Vec<Silence>,
}

impl Suspects {
    /// What has to be read again.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.failing.iter().map(Suspect::span).chain(self.silent.iter().flat_map(Silence::spans)).collect()
    }
}

/// Finds what deserves a close look; empty for a healthy timeline.
#[must_use]
pub fn suspect(timeline: &mut Timeline, catalogue: &Catalogue, question: &Question) -> Suspects {
    timeline.settle();
    let mut suspects = failing(timeline, catalogue, question, Lens::Failures);
    for lens in Lens::OF_TURNS {
        suspects.extend(failing(timeline, catalogue, question, lens));
    }
    Suspects { failing: suspects, silent: silences(timeline, catalogue, question) }
}

fn failing(timeline: &Timeline, catalogue: &Catalogue, question: &Question, lens: Lens) -> Vec<Suspect> {
    let all = timeline.cells_in(question.window());
    let mut cells = if lens == Lens::Failures { all.to_vec() } else { lens.cells(all) };
    let looked_at: HashSet<SliceId, FixedState> = cells.iter().map(|cell| cell.slice).collect();
    let all_slices = Selection::of(&catalogue.slices, |_| true);
    // What a lens does not look at is no part of what it finds.
    let everything = all_slices.only(|slice| lens == Lens::Failures || looked_at.contains(&slice));
    let search = Search { timeline, catalogue, question, lens, everything };
    let mut found: Vec<Suspect> = Vec::new();
    while found.len() < MAX_SUSPECTS {
        let Some(seed) = search.strongest(&cells) else { break };
        let suspect = search.focus(&cells, &seed);
        // What was explained is taken away, so that the next round sees what it hid.
        let before = cells.len();
        cells.retain(|cell| {
            !(suspect.selection.holds(cell.slice) && suspect.bad.contains(timeline.begins(cell.bucket)))
        });
        let stuck = cells.len() == before;
        found.push(suspect);
        if stuck {
            break;
        }
    }
    found.sort_by_key(|suspect| suspect.bad.from());
    join(found, timeline.bucket_ms())
}

/// Whether a bad stretch belongs with the one before it: the pause is short, and shorter than the longer of them.
pub(crate) fn follows_closely(earlier: Span, later: Span) -> bool {
    let longer = earlier.length_ms().max(later.length_ms());
    later.from().since(earlier.to()) <= JOIN_MS.min(longer)
}

/// Makes one of suspects of the same traffic that follow one another closely: a failure that grows shows as steps.
fn join(suspects: Vec<Suspect>, bucket_ms: i64) -> Vec<Suspect> {
    let mut joined: Vec<Suspect> = Vec::new();
    for suspect in suspects {
        let belongs = |earlier: &&mut Suspect| {
            let reach = Span::new(earlier.bad.from(), earlier.bad.to().plus(2 * bucket_ms));
            // What all felt for a moment and what a part feels for longer are told apart, or the part would end with the moment.
            let longer = |part: &Suspect, whole: &Suspect| {
                part.selection.is_part_of(&whole.selection) && part.bad.length_ms() > whole.bad.length_ms()
            };
            let is_left = longer(&suspect, earlier) || longer(earlier, &suspect);
            follows_closely(reach, suspect.bad) && earlier.selection.meets(&suspect.selection) && !is_left
        };
        match joined.iter_mut().rev().find(belongs) {
            Some(earlier) => {
                if suspect.bad.to() > earlier.bad.to() {
                    earlier.after = suspect.after;
                }
                earlier.bad = earlier.bad.cover(suspect.bad);
                earlier.selection.add(&suspect.selection);
                earlier.intermittent |= suspect.intermittent;
            }
            None => joined.push(suspect),
        }
    }
    joined
}

/// An episode that stands out, and the slices in whose series it does.
struct Seed {
    selection: Selection,
    span: Span,
    margin: f64,
}

/// The series of all traffic, with its bad stretches.
struct Whole {
    points: Vec<Point>,
    episodes: Vec<Episode>,
}

struct Search<'a> {
    timeline: &'a Timeline,
    catalogue: &'a Catalogue,
    question: &'a Question,
    lens: Lens,
    everything: Selection,
}

impl Search<'_> {
    /// The episode that stands out most, over all series along one dimension.
    fn strongest(&self, cells: &[Cell]) -> Option<Seed> {
        let everything = self.everything.clone();
        let all = collect(cells.iter(), |bucket| self.timeline.begins(bucket));
        let whole = Whole { episodes: episodes(&all), points: all };
        let mut best = self.stands_out(&whole.points, &whole, 0.0).map(|(span, margin)| Seed {
            selection: everything,
            span,
            margin,
        });
        for dimension in Dimension::ALL {
            let series = self.by_element(cells, dimension);
            if series.len() < 2 {
                continue;
            }
            #[expect(clippy::cast_precision_loss, reason = "at most some thousand elements")]
            let choice = (series.len() as f64).ln() + 1.0;
            for (element, points) in series {
                if sum(&points).1 == 0.0 {
                    continue;
                }
                let Some((span, margin)) = self.stands_out(&points, &whole, choice) else { continue };
                if best.as_ref().is_none_or(|best| margin > best.margin) {
                    let of_element = Selection::of(&self.catalogue.slices, |slice| dimension.element(slice) == element);
                    let selection = of_element.only(|slice| self.everything.holds(slice));
                    best = Some(Seed { selection, span, margin });
                }
            }
        }
        best
    }

    fn by_element(&self, cells: &[Cell], dimension: Dimension) -> HashMap<Option<Atom>, Vec<Point>, FixedState> {
        let mut series: HashMap<Option<Atom>, Vec<Point>, FixedState> = HashMap::default();
        for cell in cells {
            let Some(slice) = self.catalogue.slice(cell.slice) else { continue };
            let points = series.entry(dimension.element(slice)).or_default();
            push(points, self.timeline.begins(cell.bucket), cell);
        }
        series
    }

    /// The best episode of a series that clears the bar, with its margin over it in nats.
    fn stands_out(&self, points: &[Point], whole: &Whole, choice: f64) -> Option<(Span, f64)> {
        let found = episodes(points);
        found
            .iter()
            .filter_map(|episode| {
                let bar = self.bar(points, episode) + choice;
                let gain = self.gain(points, &found, episode).filter(|&gain| gain > bar)?;
                let margin = gain / self.dispersion(points, &found, episode, whole) - bar;
                (margin > 0.0).then_some((self.span_of(points, episode), margin))
            })
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// What an episode must gain, in nats: it could have begun anywhere, and ended anywhere unless it goes on.
    fn bar(&self, points: &[Point], episode: &Episode) -> f64 {
        let change = change_cost(points.len());
        if episode.first == 0 || episode.last + 1 == points.len() { change } else { 2.0 * change }
    }

    /// What an episode gains against the rest of its series, in nats; `None` if it would not matter to anybody.
    fn gain(&self, points: &[Point], all: &[Episode], episode: &Episode) -> Option<f64> {
        let rest = self.rest(points, all, episode);
        let (n, k) = points
            .iter()
            .enumerate()
            .filter(|&(index, _)| rest(index))
            .fold((0.0, 0.0), |(n, k), (_, point)| (n + point.n, k + point.k));
        let good = good_rate(n, k);
        // A rate that was never lower is the site's own, unless nobody could call it that.
        let matters = episode.rate() >= (3.0 * good).max(0.05) && (n > 0.0 || episode.rate() >= 0.2);
        matters.then(|| gain(episode.n, episode.k, good))
    }

    /// How much failures come together in the rest of the series. A thin series shows little of that by itself, so
    /// what the whole traffic shows at other times counts as well.
    fn dispersion(&self, points: &[Point], all: &[Episode], episode: &Episode, whole: &Whole) -> f64 {
        let rest = self.rest(points, all, episode);
        let own = Scatter::measure(points, |index| !rest(index));
        let span = self.span_of(points, episode);
        let around = Span::new(span.from().plus(-self.timeline.bucket_ms()), span.to().plus(1));
        let of_all = Scatter::measure(&whole.points, |index| {
            around.contains(whole.points[index].at) || self.is_strong(&whole.points, &whole.episodes, index)
        });
        own.or(of_all).dispersion(points)
    }

    /// Which points are neither of an episode nor of another one that nobody could take for a burst.
    fn rest<'e>(
        &'e self,
        points: &'e [Point],
        all: &'e [Episode],
        episode: &'e Episode,
    ) -> impl Fn(usize) -> bool + 'e {
        move |index| !episode.touches(index) && !self.is_strong(points, all, index)
    }

    /// Whether a point is of an episode that nobody could take for a burst.
    fn is_strong(&self, points: &[Point], episodes: &[Episode], index: usize) -> bool {
        episodes.iter().filter(|episode| episode.touches(index)).any(|episode| {
            episode.rate() >= 0.3 && self.span_of(points, episode).length_ms() >= self.question.min_duration_ms
        })
    }

    fn span_of(&self, points: &[Point], episode: &Episode) -> Span {
        let (from, to) = episode.times(points);
        Span::new(from, to.plus(self.timeline.bucket_ms() - 1))
    }

    /// Narrows a seed to the slices that fail in it, and finds the episode again in their own series.
    fn focus(&self, cells: &[Cell], seed: &Seed) -> Suspect {
        let mut selection = seed.selection.clone();
        let mut span = seed.span;
        // The slices depend on the stretch and the stretch on the slices; two rounds settle them.
        for _ in 0..2 {
            let everything = self.everything.clone();
            let (shares, good) = self.shares(cells, span, &everything);
            let wide = attribute(self.catalogue, &everything, &shares, good);
            let narrow = attribute(self.catalogue, &seed.selection, &shares, good);
            // The wide one must not miss what the seed saw; else the seed's own part is a matter of its own.
            let failures = |s: &Selection| -> u64 {
                s.ids().filter_map(|id| shares.get(id.0 as usize)).map(|x| u64::from(x.inside.failed)).sum()
            };
            selection = if failures(&wide) * 10 >= failures(&narrow) * 9 { wide } else { narrow };
            let points = self.series(cells, &selection);
            let found = self.spans(&points).into_iter().filter(|found| found.meets(span)).max_by_key(|f| f.length_ms());
            match found {
                Some(found) if found != span => span = found,
                _ => break,
            }
        }
        let points = self.series(cells, &selection);
        let train = match self.train(&self.spans(&points), span).as_slice() {
            [whole] => vec![self.until_it_falls(&points, *whole)],
            train => train.to_vec(),
        };
        self.frame(&points, selection, &train)
    }

    /// The bad stretches of a series that are worth a change each.
    fn spans(&self, points: &[Point]) -> Vec<Span> {
        episodes(points).iter().map(|episode| self.span_of(points, episode)).collect()
    }

    /// The stretches that belong with `seed`: itself, or three and more that come and go in like measure.
    fn train(&self, spans: &[Span], seed: Span) -> Vec<Span> {
        let Some(middle) = spans.iter().position(|span| span.meets(seed)) else { return vec![seed] };
        let (mut first, mut last) = (middle, middle);
        let near = |a: Span, b: Span, longest: i64| b.from().since(a.to()) <= (3 * longest).max(TRAIN_GAP_MS);
        loop {
            let longest = spans[first..=last].iter().map(|span| span.length_ms()).max().unwrap_or(0);
            if first > 0 && near(spans[first - 1], spans[first], longest) {
                first -= 1;
            } else if last + 1 < spans.len() && near(spans[last], spans[last + 1], longest) {
                last += 1;
            } else {
                break;
            }
        }
        let mut lengths: Vec<i64> = spans[first..=last].iter().map(|span| span.length_ms()).collect();
        lengths.sort_unstable();
        let median = lengths[lengths.len() / 2] + 1;
        if lengths.len() >= 3 && median >= self.question.min_duration_ms {
            spans[first..=last].to_vec()
        } else {
            vec![spans[middle]]
        }
    }

    /// What is bad together: as a restart that everybody feels, after which one route goes on failing. What is left then is looked at by
    /// itself, or it would seem to end with what was better soon.
    fn until_it_falls(&self, points: &[Point], span: Span) -> Span {
        let within: Vec<Point> = points.iter().copied().filter(|point| span.contains(point.at)).collect();
        let end = fall(&within).and_then(|index| within.get(index));
        end.map_or(span, |point| Span::new(span.from(), point.at.plus(-1)))
    }

    fn series(&self, cells: &[Cell], selection: &Selection) -> Vec<Point> {
        collect(cells.iter().filter(|cell| selection.holds(cell.slice)), |bucket| self.timeline.begins(bucket))
    }

    /// Counts per slice inside and outside of a stretch, and the failure rate outside.
    fn shares(&self, cells: &[Cell], span: Span, selection: &Selection) -> (Vec<Share>, f64) {
        let mut shares = vec![Share::default(); self.catalogue.slices.len()];
        let (mut n, mut k) = (0.0, 0.0);
        for cell in cells.iter().filter(|cell| selection.holds(cell.slice)) {
            let Some(share) = shares.get_mut(cell.slice.0 as usize) else { continue };
            if span.contains(self.timeline.begins(cell.bucket)) {
                share.inside.requests += cell.counts.requests;
                share.inside.failed += cell.counts.failed;
            } else {
                share.outside += u64::from(cell.counts.requests);
                n += f64::from(cell.counts.requests);
                k += f64::from(cell.counts.failed);
            }
        }
        (shares, good_rate(n, k))
    }

    /// Decides how far around a train of bad stretches single requests are needed.
    fn frame(&self, points: &[Point], selection: Selection, train: &[Span]) -> Suspect {
        let width = self.timeline.bucket_ms();
        let bad = train.iter().copied().reduce(Span::cover).unwrap_or(Span::at(UnixMs(0)));
        let index_of = |at: UnixMs| points.partition_point(|point| point.at < at);
        let (opening, closing) = (train.first().copied().unwrap_or(bad), train.last().copied().unwrap_or(bad));
        let (first, first_ends) = (index_of(opening.from()), index_of(opening.to()));
        let (last_begins, last) = (index_of(closing.from()), index_of(closing.to()));
        let from = walk_back(&points[..first]);
        let into = first + walk(&points[first..first_ends.max(first)]);
        let out_of = last_begins + walk_back(&points[last_begins..last.max(last_begins)]);
        let until = last + walk(&points[last..]);
        let at = |index: usize| points.get(index).map_or(bad.to(), |point| point.at);
        let bad_stretches = episodes(points);
        let is_bad = |index: usize| bad_stretches.iter().any(|episode| episode.touches(index));
        let good = points[..from]
            .iter()
            .enumerate()
            .filter(|&(index, _)| !is_bad(index))
            .fold((0.0, 0.0), |(n, k), (_, point)| (n + point.n, k + point.k));
        // What rises before a bad stretch belongs to it more than to the good times.
        let dispersion =
            Scatter::measure(points, |index| is_bad(index) || (from..until).contains(&index)).dispersion(points);
        Suspect {
            lens: self.lens,
            selection,
            bad,
            before: Span::new(at(from), at(into.saturating_sub(1)).plus(width - 1)),
            after: Span::new(at(out_of), at(until.saturating_sub(1)).plus(width - 1)),
            good,
            dispersion,
            intermittent: train.len() > 1,
        }
    }
}

/// From which index on the end of `points` holds [`EDGE_REQUESTS`], and two points at least.
fn walk_back(points: &[Point]) -> usize {
    let reversed: Vec<Point> = points.iter().rev().copied().collect();
    points.len() - walk(&reversed)
}

/// How many points from the beginning hold [`EDGE_REQUESTS`], and two points at least.
fn walk(points: &[Point]) -> usize {
    let mut seen = 0.0;
    points
        .iter()
        .enumerate()
        .take_while(|&(taken, point)| {
            let more = seen < EDGE_REQUESTS || taken < 2;
            seen += point.n;
            more
        })
        .count()
}
