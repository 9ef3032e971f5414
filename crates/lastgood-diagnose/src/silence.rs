//! Traffic that stopped: a stretch without any request that the site's own rhythm cannot account for.
//! What may have stopped it stands in `stop.rs`. It looks at all traffic together: a host that is down is down for all.

use lastgood_model::{Catalogue, Span, UnixMs};

use crate::host::Host;
use crate::stop::{Stop, stops};
use crate::{Question, Timeline};

/// A silence is less probable than this, in nats: one in a million.
const IMPROBABLE: f64 = 13.8;
/// Silences looked for in one run.
const MAX_SILENCES: usize = 8;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// An hour of the day that was seen for less than this has no rate of its own.
const SEEN_MS: i64 = 600_000;

/// A stretch without requests.
#[derive(Clone, Debug)]
pub struct Silence {
    /// The bucket that holds the last request before it.
    pub(crate) before: Span,
    /// The bucket that holds the first one after it; `None` while it goes on.
    pub(crate) after: Option<Span>,
    /// How many requests were to be expected in it.
    pub(crate) expected: f64,
    /// What was stopped then; empty if nothing at hand says.
    pub(crate) stops: Vec<Stop>,
}

impl Silence {
    /// What has to be read again for its two edges.
    pub(crate) fn spans(&self) -> impl Iterator<Item = Span> {
        std::iter::once(self.before).chain(self.after)
    }
}

/// A gap between two buckets with requests.
struct Gap {
    before: Span,
    after: Option<Span>,
    quiet: Span,
}

/// Finds silences; `timeline` has been settled.
pub(crate) fn silences(timeline: &Timeline, catalogue: &Catalogue, question: &Question) -> Vec<Silence> {
    let buckets = buckets(timeline);
    let (Some(first), Some(last)) = (buckets.first(), buckets.last()) else { return Vec::new() };
    let rhythm = Rhythm::of(&buckets, first.0.cover(last.0));
    let ends_now = question.now.filter(|now| question.live && *now > last.0.to()).map(|now| Gap {
        before: last.0,
        after: None,
        quiet: Span::new(last.0.to(), now),
    });
    let between = buckets.windows(2).map(|pair| Gap {
        before: pair[0].0,
        after: Some(pair[1].0),
        quiet: Span::new(pair[0].0.to(), pair[1].0.from()),
    });
    let mut gaps: Vec<(Gap, f64)> = between
        .filter(|gap| gap.quiet.length_ms() > timeline.bucket_ms())
        .chain(ends_now)
        .map(|gap| {
            let expected = rhythm.without(gap.quiet).expected(gap.quiet);
            (gap, expected)
        })
        .collect();
    gaps.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.quiet.from().cmp(&b.0.quiet.from())));

    let all_stops = stops(timeline, &Host::from_facts(&timeline.facts), catalogue);
    let explained: Vec<Vec<Stop>> = gaps
        .iter()
        .take(MAX_SILENCES)
        .map(|(gap, _)| {
            let rhythm = rhythm.without(gap.quiet);
            let reach = Span::new(gap.before.from(), gap.after.map_or(gap.quiet.to(), Span::to));
            all_stops.iter().filter(|stop| accounts_for(stop, reach, gap.quiet, &rhythm)).cloned().collect()
        })
        .collect();
    // Each gap that nobody stopped tells how irregular the site is by itself: the longest of n exponential waits is
    // ln n times as long as a typical one.
    let places = count(buckets.len()).ln().max(1.0);
    let scale_without = |index: usize| {
        let others = gaps
            .iter()
            .enumerate()
            .filter(|&(other, _)| other != index && explained.get(other).is_none_or(Vec::is_empty));
        others.map(|(_, (_, expected))| expected / places).fold(1.0, f64::max)
    };
    let mut found: Vec<Silence> = explained
        .iter()
        .enumerate()
        .filter_map(|(index, stops)| {
            let (gap, expected) = gaps.get(index)?;
            let improbable = expected / scale_without(index) > IMPROBABLE + places;
            let asked = gap.quiet.meets(question.window());
            let long = gap.quiet.length_ms() >= question.min_duration_ms;
            (improbable && asked && long).then(|| Silence {
                before: gap.before,
                after: gap.after,
                expected: *expected,
                stops: stops.clone(),
            })
        })
        .collect();
    found.sort_by_key(|silence| silence.before.from());
    found
}

/// Whether what was stopped accounts for a silence: it went down when the requests ended and came up when they came
/// back, and in between most of the missing requests would have come.
fn accounts_for(stop: &Stop, reach: Span, quiet: Span, rhythm: &Rhythm) -> bool {
    const SLACK_MS: i64 = 10_000;
    let up = stop.up.as_ref().map_or(reach.to(), |edge| edge.at);
    let down = stop.down.at;
    if down < reach.from().plus(-SLACK_MS) || up > reach.to().plus(SLACK_MS) || up < down {
        return false;
    }
    let covered = Span::new(down.clamp(quiet.from(), quiet.to()), up.clamp(quiet.from(), quiet.to()));
    rhythm.expected(covered) >= 0.6 * rhythm.expected(quiet)
}

/// Buckets with requests, each with how many: those that were given up count, since somebody asked.
fn buckets(timeline: &Timeline) -> Vec<(Span, f64)> {
    let mut buckets: Vec<(Span, f64)> = Vec::new();
    for cell in timeline.cells() {
        let begins = timeline.begins(cell.bucket);
        let requests = f64::from(cell.counts.requests) + f64::from(cell.counts.abandoned);
        match buckets.last_mut().filter(|(span, _)| span.from() == begins) {
            Some((_, sum)) => *sum += requests,
            None => buckets.push((Span::new(begins, begins.plus(timeline.bucket_ms() - 1)), requests)),
        }
    }
    buckets
}

/// Requests per hour of the day, and how long each hour was seen.
#[derive(Clone)]
struct Rhythm {
    requests: [f64; 24],
    seen_ms: [i64; 24],
}

impl Rhythm {
    fn of(buckets: &[(Span, f64)], all: Span) -> Self {
        let mut requests = [0.0; 24];
        for (span, n) in buckets {
            requests[hour(span.from())] += n;
        }
        Self { requests, seen_ms: hours(all) }
    }

    /// The rhythm of the other times.
    fn without(&self, quiet: Span) -> Self {
        let mut seen_ms = self.seen_ms;
        for (seen, less) in seen_ms.iter_mut().zip(hours(quiet)) {
            *seen = (*seen - less).max(0);
        }
        Self { requests: self.requests, seen_ms }
    }

    /// How many requests a stretch would have had. An hour that was never seen counts as the quietest one.
    fn expected(&self, span: Span) -> f64 {
        let rate = |index: usize| {
            (self.seen_ms[index] >= SEEN_MS).then(|| self.requests[index] / count_ms(self.seen_ms[index]))
        };
        let quietest = (0..24).filter_map(rate).fold(f64::INFINITY, f64::min);
        let quietest = if quietest.is_finite() {
            quietest
        } else {
            // Minutes of data: all of them together.
            self.requests.iter().sum::<f64>() / count_ms(self.seen_ms.iter().sum::<i64>().max(1))
        };
        hours(span).iter().enumerate().map(|(index, &ms)| count_ms(ms) * rate(index).unwrap_or(quietest)).sum()
    }
}

fn hour(at: UnixMs) -> usize {
    usize::try_from(at.0.rem_euclid(DAY_MS) / HOUR_MS).unwrap_or(0)
}

/// How much of a stretch falls into each hour of the day (UTC; any other zone only names them differently).
fn hours(span: Span) -> [i64; 24] {
    let days = span.length_ms() / DAY_MS;
    let mut hours = [days * HOUR_MS; 24];
    let (mut at, end) = (span.from().plus(days * DAY_MS), span.to());
    while at < end {
        let next = UnixMs((at.0.div_euclid(HOUR_MS) + 1) * HOUR_MS).min(end);
        hours[hour(at)] += next.since(at);
        at = next;
    }
    hours
}

#[expect(clippy::cast_precision_loss, reason = "a count is far below 2^52")]
fn count(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of data are far below 2^52")]
fn count_ms(ms: i64) -> f64 {
    ms as f64
}

#[cfg(test)]
mod tests {
    use lastgood_model::{ClientId, Fact, Hit, LineRef, Observation, SliceId, SourceId};

    use super::*;

    const LINE: LineRef = LineRef { source: SourceId(0), line: 1 };

    /// A day of requests every ten seconds, at night every five minutes, but for what `silent` names (in seconds).
    fn timeline(silent: impl Fn(i64) -> bool) -> Timeline {
        let mut timeline = Timeline::new();
        for second in (0..3 * 86_400_i64).step_by(10) {
            let night = (second / 3600) % 24 < 6;
            if !silent(second) && (!night || second % 300 == 0) {
                let at = UnixMs::from_seconds(second);
                timeline.hit(&Hit {
                    at,
                    slice: SliceId(0),
                    status: 200,
                    client: ClientId(1),
                    line: LINE,
                    took_ms: None,
                });
            }
        }
        timeline
    }

    fn found(mut timeline: Timeline, stops: &[(i64, Fact)]) -> Vec<(i64, bool)> {
        for (second, fact) in stops {
            let at = Some(UnixMs::from_seconds(*second));
            timeline.observe(Observation { at, line: LINE, fact: fact.clone() });
        }
        timeline.settle();
        silences(&timeline, &Catalogue::default(), &Question::default())
            .iter()
            .map(|silence| (silence.before.from().0 / 1000, !silence.stops.is_empty()))
            .collect()
    }

    #[test]
    fn a_silence_by_day_stands_out_and_one_by_night_does_not() {
        let noon = 86_400 + 43_200;
        assert_eq!(found(timeline(|second| (noon..noon + 600).contains(&second)), &[]), [(noon - 10, false)]);
        let night = 86_400 + 7_200;
        assert_eq!(found(timeline(|second| (night..night + 1500).contains(&second)), &[]), []);
    }

    #[test]
    fn what_was_stopped_meanwhile_explains_it() {
        let noon = 86_400 + 43_200;
        let silent = || timeline(|second| (noon..noon + 600).contains(&second));
        let stopped = [(noon - 2, Fact::ProxyStopped), (noon + 595, Fact::ProxyStarted)];
        assert_eq!(found(silent(), &stopped), [(noon - 10, true)]);
        let restarted = [(noon - 2, Fact::ProxyStopped), (noon + 1, Fact::ProxyStarted)];
        assert_eq!(found(silent(), &restarted), [(noon - 10, false)], "up again at once");
        let earlier = [(noon - 3600, Fact::ProxyStopped), (noon - 3599, Fact::ProxyStarted)];
        assert_eq!(found(silent(), &earlier), [(noon - 10, false)], "an hour before");
    }

    #[test]
    fn a_site_that_often_pauses_is_not_silent() {
        let pauses = timeline(|second| second % 7200 < 1500);
        assert_eq!(found(pauses, &[]), []);
    }

    #[test]
    fn files_that_end_are_no_silence() {
        assert_eq!(found(timeline(|second| second > 86_400 + 50_000), &[]), []);
    }
}
