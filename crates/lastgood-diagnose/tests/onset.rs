//! The whole diagnosis in memory, on traffic drawn from known rates: is the onset where it was put, how wide is the
//! interval, and is a healthy site left alone? Not a substitute for the table over real log files.

use std::sync::Arc;

use fastrand::Rng;
use lastgood_diagnose::{CloseUp, Question, Timeline, decide, suspect};
use lastgood_model::{
    Atom, Catalogue, ClientId, Hit, LineRef, Slice, SliceId, SourceId, Status, UnixMs, Verdict, Visitor,
};

/// Slices 0–2 are the application's, 3 is served by the proxy itself.
fn catalogue() -> Catalogue {
    let atoms = ["shop", "GET", "/a", "/b", "/c", "/static", "POST"];
    let slice = |segment: u32, method: u32| Slice {
        vhost: Atom(0),
        upstream: None,
        path: Atom(segment),
        segment: Atom(segment),
        method: Atom(method),
    };
    Catalogue {
        atoms: atoms.iter().map(|&text| Arc::from(text)).collect(),
        slices: vec![slice(2, 1), slice(3, 1), slice(4, 6), slice(5, 1)],
        shapes: Vec::new(),
        app_shapes: vec![],
        signatures: vec![],
        sources: vec![Arc::from("access.log")],
    }
}

struct Site {
    rng: Rng,
    hits: Vec<Hit>,
}

impl Site {
    /// `count` requests at `per_second`, each failing as `failing(second, slice)` says.
    fn new(seed: u64, count: u64, per_second: f64, failing: impl Fn(f64, u32) -> f64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut seconds = 0.0;
        let mut hits = Vec::new();
        for line in 1..=count {
            seconds += -(1.0 - rng.f64()).ln() / per_second;
            let slice = rng.u32(0..4);
            let failed = rng.f64() < failing(seconds, slice);
            #[expect(clippy::cast_possible_truncation, reason = "a day of seconds")]
            let at = UnixMs::from_seconds(1_700_000_000 + seconds as i64);
            hits.push(Hit {
                at,
                slice: SliceId(slice),
                status: if failed { 502 } else { 200 },
                client: ClientId(rng.u64(1..500)),
                line: LineRef { source: SourceId(0), line },
                took_ms: None,
            });
        }
        Self { rng, hits }
    }

    fn verdict(&self) -> Verdict {
        self.asked(&Question::default())
    }

    fn asked(&self, question: &Question) -> Verdict {
        let catalogue = catalogue();
        let mut timeline = Timeline::new();
        self.hits.iter().for_each(|hit| timeline.hit(hit));
        let suspects = suspect(&mut timeline, &catalogue, question);
        let mut closeup = CloseUp::new(&suspects);
        let visitor = || Visitor::default();
        self.hits.iter().filter(|hit| closeup.wants(hit.at)).copied().collect::<Vec<_>>().iter().for_each(|hit| {
            closeup.hit(hit, visitor);
        });
        decide(timeline, &suspects, closeup, &catalogue, question, None)
    }
}

/// Over many seeds: (covered, median width, incidents found beyond the first).
fn measure(rate: f64, static_fails: bool) -> (f64, u64, usize) {
    let (mut covered, mut widths, mut extra, seeds) = (0.0, Vec::new(), 0, 60_u32);
    for seed in 0..seeds {
        let (onset, per_second) = (2000.0, 2.0);
        let site = Site::new(seed.into(), 8000, per_second, |second, slice| {
            if second >= onset && (static_fails || slice < 3) { rate } else { 0.001 }
        });
        let verdict = site.verdict();
        extra += verdict.incidents.len().saturating_sub(1);
        let Some(incident) = verdict.incidents.first() else { continue };
        let (Some(good), Some(bad)) = (&incident.onset.last_good, &incident.onset.first_bad) else { continue };
        let truth = UnixMs::from_seconds(1_700_002_000);
        covered += f64::from(u8::from(good.at <= truth && truth <= bad.at));
        widths.extend(incident.onset.width_requests);
    }
    widths.sort_unstable();
    (covered / f64::from(seeds), widths[widths.len() / 2], extra)
}

#[test]
fn a_total_outage_is_bracketed_by_neighbours() {
    let (covered, width, extra) = measure(1.0, false);
    assert!(covered >= 0.97, "covered {covered}");
    assert_eq!((width, extra), (1, 0));
}

#[test]
fn half_failing_is_bracketed_closely() {
    let (covered, width, extra) = measure(0.5, true);
    assert!(covered >= 0.95, "covered {covered}");
    assert!(width <= 8 && extra == 0, "width {width}, extra {extra}");
}

#[test]
fn a_fifth_failing_is_bracketed() {
    let (covered, width, extra) = measure(0.2, true);
    assert!(covered >= 0.93, "covered {covered}");
    assert!(width <= 60 && extra == 0, "width {width}, extra {extra}");
}

#[test]
fn healthy_sites_are_left_alone() {
    for seed in 0..100 {
        let mut site = Site::new(seed, 6000, 1.0, |_, _| 0.005);
        assert_eq!(site.verdict().status, Status::Healthy, "seed {seed}");
        // The same with short bursts.
        for _ in 0..6 {
            let start = site.rng.usize(0..5980);
            for hit in &mut site.hits[start..start + 9] {
                if site.rng.f64() < 0.5 {
                    hit.status = 502;
                }
            }
        }
        assert_eq!(site.verdict().status, Status::Healthy, "bursty, seed {seed}: {:#?}", site.verdict().incidents);
    }
}

#[test]
fn two_lines_are_enough_for_an_honest_half() {
    let mut site = Site::new(1, 2, 0.001, |_, _| 0.0);
    site.hits[1].status = 502;
    site.hits[1].slice = SliceId(1);
    site.hits[0].slice = SliceId(0);
    let verdict = site.verdict();
    assert_eq!(verdict.status, Status::Incident);
    let incident = &verdict.incidents[0];
    assert_eq!(incident.onset.last_good.as_ref().map(|edge| edge.at), Some(site.hits[0].at));
    assert_eq!(incident.onset.first_bad.as_ref().map(|edge| edge.at), Some(site.hits[1].at));
    assert_eq!(incident.impact.failed, 1);
    assert_eq!(incident.causes.iter().map(|cause| cause.code.to_string()).collect::<Vec<_>>(), ["unknown/located"]);
}

/// An outage of ten minutes, and calm for as long after it.
fn ten_minutes() -> Site {
    Site::new(3, 6000, 2.0, |second, slice| f64::from(u8::from(slice < 3 && (1200.0..1800.0).contains(&second))))
}

#[test]
fn only_the_time_asked_about_counts() {
    let (site, at) = (ten_minutes(), |second: i64| Some(UnixMs::from_seconds(1_700_000_000 + second)));
    let status = |since, until| site.asked(&Question { since, until, ..Question::default() }).status;
    assert_eq!(status(None, None), Status::Incident);
    assert_eq!(status(None, at(1100)), Status::Healthy);
    assert_eq!(status(at(1900), None), Status::Healthy);
    assert_eq!(status(at(90_000), None), Status::Undetermined);
}

#[test]
fn what_a_live_host_got_over_is_a_note() {
    let site = ten_minutes();
    let live = Question { live: true, now: site.hits.last().map(|hit| hit.at), ..Question::default() };
    let verdict = site.asked(&live);
    assert_eq!(verdict.status, Status::Healthy);
    assert!(verdict.notes.iter().any(|note| note.kind.name() == "recovered"), "{:?}", verdict.notes);
    let since = Some(UnixMs::from_seconds(1_700_000_000));
    assert_eq!(site.asked(&Question { since, ..live }).status, Status::Incident);
}
