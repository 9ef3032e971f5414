//! The close look: single requests around the turns of each suspect, and counts of what lies between.
//! Decides nothing; the same stretches may be read by several readers and merged.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use lastgood_model::{Atom, ClientId, Hit, LineRef, SliceId, Span, UnixMs, Visitor};

use crate::Suspects;
use crate::distinct::Distinct;
use crate::lens::Lens;
use crate::silence::Silence;
use crate::suspect::Suspect;

/// Single requests kept over all suspects. 64 bytes each.
const MAX_SAMPLES: usize = 250_000;

/// One request near a turn.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The request.
    pub hit: Hit,
    /// Who was hit, for failures.
    pub visitor: Option<Visitor>,
}

/// How a stretch of a suspect's requests went.
#[derive(Clone, Debug, Default)]
pub struct Toll {
    /// Requests.
    pub requests: u64,
    /// Failures.
    pub failed: u64,
    /// Clients that met a failure.
    pub clients: Distinct,
    /// Clients that asked at all.
    pub everybody: Distinct,
    /// The clients of the first few good answers.
    pub served: Vec<ClientId>,
    /// The only client that failed, while it is one.
    pub only_client: Option<ClientId>,
    /// Failures per status.
    pub statuses: HashMap<u16, u64, FixedState>,
    /// Failures per slice.
    pub slices: HashMap<SliceId, u64, FixedState>,
    /// Failures per referrer host.
    pub referrers: HashMap<Atom, u64, FixedState>,
    /// Failures per client application.
    pub agents: HashMap<Atom, u64, FixedState>,
    /// Failures that the upstream itself answered with this status, each with the first one.
    pub answered: HashMap<u16, Answered, FixedState>,
}

/// Failures that came from the upstream as they are.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// How many.
    pub count: u64,
    /// The first one.
    pub first: (UnixMs, LineRef),
}

impl Toll {
    /// Adds a request that went `bad`, or well.
    pub fn add(&mut self, hit: &Hit, bad: bool, visitor: impl FnOnce() -> Visitor) {
        self.requests += 1;
        self.everybody.add(hit.client);
        if !bad {
            if self.served.len() < 16 && !self.served.contains(&hit.client) {
                self.served.push(hit.client);
            }
            return;
        }
        self.only_client = (self.failed == 0 || self.only_client == Some(hit.client)).then_some(hit.client);
        self.failed += 1;
        self.clients.add(hit.client);
        *self.statuses.entry(hit.status).or_default() += 1;
        *self.slices.entry(hit.slice).or_default() += 1;
        let visitor = visitor();
        if let Some(host) = visitor.referrer_host {
            *self.referrers.entry(host).or_default() += 1;
        }
        if let Some(agent) = visitor.agent {
            *self.agents.entry(agent).or_default() += 1;
        }
        if let Some(status) = visitor.upstream_status.filter(|&status| status == hit.status) {
            self.answer(status, Answered { count: 1, first: (hit.at, hit.line) });
        }
    }

    /// Adds another stretch.
    pub fn merge(&mut self, other: &Self) {
        self.only_client = match (self.failed, other.failed) {
            (0, _) => other.only_client,
            (_, 0) => self.only_client,
            _ => self.only_client.filter(|&client| other.only_client == Some(client)),
        };
        self.requests += other.requests;
        self.failed += other.failed;
        self.clients.merge(&other.clients);
        self.everybody.merge(&other.everybody);
        for &client in &other.served {
            if self.served.len() < 16 && !self.served.contains(&client) {
                self.served.push(client);
            }
        }
        add_all(&mut self.statuses, &other.statuses);
        add_all(&mut self.slices, &other.slices);
        add_all(&mut self.referrers, &other.referrers);
        add_all(&mut self.agents, &other.agents);
        for (&status, &answered) in &other.answered {
            self.answer(status, answered);
        }
    }

    fn answer(&mut self, status: u16, more: Answered) {
        let known = self.answered.entry(status).or_insert(Answered { count: 0, first: more.first });
        known.count += more.count;
        known.first = known.first.min(more.first);
    }
}

fn add_all<K: Copy + Eq + std::hash::Hash>(to: &mut HashMap<K, u64, FixedState>, from: &HashMap<K, u64, FixedState>) {
    for (&key, &count) in from {
        *to.entry(key).or_default() += count;
    }
}

/// Traffic beside the suspect's, while it was bad.
#[derive(Clone, Copy, Debug)]
pub struct Bystander {
    /// Requests.
    pub requests: u64,
    /// Failures.
    pub failed: u64,
    /// The first good one.
    pub first: Option<(UnixMs, LineRef)>,
    /// The first failure.
    pub first_bad: Option<(UnixMs, LineRef)>,
}

impl Bystander {
    /// Adds another part.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.first = earlier(self.first, other.first);
        self.first_bad = earlier(self.first_bad, other.first_bad);
    }
}

/// What was seen of one suspect.
#[derive(Clone, Debug)]
pub struct Look {
    suspect: Suspect,
    /// Requests around the turns, in order of time and place once [`CloseUp::settle`] was called.
    pub samples: Vec<Sample>,
    /// What lies between the turns.
    pub between: Toll,
    /// Slices outside of the suspect's, while it was bad.
    pub bystanders: HashMap<SliceId, Bystander, FixedState>,
}

impl Look {
    /// What is taken for bad in it.
    pub fn lens(&self) -> Lens {
        self.suspect.lens
    }

    /// How much was answered well before what was looked at one by one.
    pub fn answered_before(&self) -> f64 {
        self.suspect.good.0 - self.suspect.good.1
    }

    fn take(&mut self, hit: &Hit, visitor: impl FnOnce() -> Visitor, room: &mut usize) {
        let suspect = &self.suspect;
        let Some(bad) = suspect.lens.is_bad(hit.status) else { return };
        if !suspect.selection.holds(hit.slice) {
            if suspect.bad.contains(hit.at) {
                self.stand_by(hit, bad);
            }
        } else if suspect.before.contains(hit.at) || suspect.after.contains(hit.at) {
            if let Some(left) = room.checked_sub(1) {
                *room = left;
                let visitor = bad.then(visitor);
                self.samples.push(Sample { hit: *hit, visitor });
            }
        } else {
            self.between.add(hit, bad, visitor);
        }
    }

    fn stand_by(&mut self, hit: &Hit, failed: bool) {
        let mark = Some((hit.at, hit.line));
        let (first, first_bad) = if failed { (None, mark) } else { (mark, None) };
        let seen = Bystander { requests: 1, failed: u64::from(failed), first, first_bad };
        self.bystanders.entry(hit.slice).and_modify(|known| known.add(&seen)).or_insert(seen);
    }
}

fn earlier<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The two requests around a silence.
#[derive(Clone, Debug)]
pub struct Brink {
    silence: Silence,
    /// The last one before it.
    pub last: Option<Hit>,
    /// The first one after it.
    pub first: Option<Hit>,
}

impl Brink {
    fn take(&mut self, hit: &Hit) {
        let key = |hit: &Hit| (hit.at, hit.line);
        if self.silence.before.contains(hit.at) && self.last.is_none_or(|last| key(&last) < key(hit)) {
            self.last = Some(*hit);
        }
        if self.silence.after.is_some_and(|after| after.contains(hit.at))
            && self.first.is_none_or(|first| key(hit) < key(&first))
        {
            self.first = Some(*hit);
        }
    }
}

/// What a second reading of the suspects' stretches yields. Mergeable.
#[derive(Clone, Debug, Default)]
pub struct CloseUp {
    looks: Vec<Look>,
    brinks: Vec<Brink>,
    spans: Vec<Span>,
    span: Option<Span>,
    samples: usize,
}

impl CloseUp {
    /// Ready to look at these.
    #[must_use]
    pub fn new(suspects: &Suspects) -> Self {
        let looks = suspects.failing.iter().map(|suspect| Look {
            suspect: suspect.clone(),
            samples: Vec::new(),
            between: Toll::default(),
            bystanders: HashMap::default(),
        });
        let brinks = suspects.silent.iter().map(|silence| Brink { silence: silence.clone(), last: None, first: None });
        let spans = suspects.spans();
        let span = spans.iter().copied().reduce(Span::cover);
        Self { looks: looks.collect(), brinks: brinks.collect(), spans, span, samples: 0 }
    }

    /// Whether any suspect's stretch holds this moment.
    #[must_use]
    pub fn wants(&self, at: UnixMs) -> bool {
        self.span.is_some_and(|span| span.contains(at)) && self.spans.iter().any(|span| span.contains(at))
    }

    /// Looks at a request; `visitor` is only asked for failures that count.
    pub fn hit(&mut self, hit: &Hit, visitor: impl Fn() -> Visitor) {
        for brink in &mut self.brinks {
            brink.take(hit);
        }
        let mut room = MAX_SAMPLES - self.samples;
        for look in &mut self.looks {
            if look.suspect.span().contains(hit.at) {
                look.take(hit, &visitor, &mut room);
            }
        }
        self.samples = MAX_SAMPLES - room;
    }

    /// Adds what another reader saw.
    pub fn merge(&mut self, other: Self) {
        self.samples = (self.samples + other.samples).min(MAX_SAMPLES);
        for (mine, theirs) in self.brinks.iter_mut().zip(other.brinks) {
            for hit in theirs.last.iter().chain(&theirs.first) {
                mine.take(hit);
            }
        }
        for (mine, theirs) in self.looks.iter_mut().zip(other.looks) {
            mine.samples.extend(theirs.samples);
            mine.between.merge(&theirs.between);
            for (slice, seen) in theirs.bystanders {
                mine.bystanders.entry(slice).and_modify(|known| known.add(&seen)).or_insert(seen);
            }
        }
    }

    /// Puts the samples in order and hands the looks out, one a suspect, and the brinks, one a silence.
    pub(crate) fn settle(mut self) -> (Vec<Look>, Vec<Brink>) {
        for look in &mut self.looks {
            look.samples.sort_by_key(|sample| (sample.hit.at, sample.hit.line));
        }
        (self.looks, self.brinks)
    }

    /// Whether requests had to be left out for lack of room.
    pub(crate) const fn is_full(&self) -> bool {
        self.samples >= MAX_SAMPLES
    }
}
