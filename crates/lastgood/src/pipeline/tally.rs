//! What `timeline` folds requests into: counts by stretch of time and by the keys asked for. One lookup a line, and
//! memory for what is written out, not for what is read.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use lastgood_diagnose::Timeline;
use lastgood_intake::{Dimension, ProxyError, Request, dimension};
use lastgood_model::{Change, ChangeKind, Fact, LineRef, Observation, Ref, Span, UnixMs};

use super::fold::Fold;
use super::survey::LogSource;

/// Stands for everything beyond the bound.
const OTHER: &str = "{other}";
/// Between the texts of a key: no text of a line holds it.
const SEPARATOR: u8 = b'\n';
/// Longer texts are cut, in bytes.
const LONGEST_TEXT: usize = 1024;
/// So many counts wait before equal ones are added up.
const WAITING: usize = 200_000;

/// What to count.
#[derive(Clone, Debug)]
pub(crate) struct Ruling {
    /// Keys, in order.
    pub(crate) by: Vec<Dimension>,
    /// Width of a bucket in milliseconds.
    pub(crate) per_ms: i64,
    /// Buckets begin at multiples of the width in a zone so many milliseconds east of UTC.
    pub(crate) offset_ms: i64,
    /// Sets of texts that are told apart; the rest is `{other}`.
    pub(crate) most_keys: usize,
    /// The same in all threads, another in every run: nobody can prepare lines that collide.
    pub(crate) hashing: foldhash::quality::RandomState,
}

impl Ruling {
    /// Buckets are whole seconds and more, so that their numbers last until 2106; what is beyond 1970 or then counts at
    /// that end.
    fn bucket(&self, at: UnixMs) -> u32 {
        let number = at.plus(self.offset_ms).0.div_euclid(self.per_ms);
        u32::try_from(number.max(0)).unwrap_or(u32::MAX)
    }

    /// When a bucket begins.
    pub(crate) fn begins(&self, bucket: u32) -> UnixMs {
        UnixMs(i64::from(bucket).saturating_mul(self.per_ms)).plus(-self.offset_ms)
    }

    /// The bucket that holds a moment, from its first millisecond to its last.
    pub(crate) fn around(&self, moment: UnixMs) -> Span {
        let begin = self.begins(self.bucket(moment));
        Span::new(begin, begin.plus(self.per_ms - 1))
    }
}

/// Requests of one bucket with one set of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) bucket: u32,
    /// Index of the set of texts.
    pub(crate) key: u32,
    /// Negative only while what was taken back is not yet added up.
    pub(crate) requests: i64,
}

/// A request, to be taken back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    Request { bucket: u32, key: u64 },
    Nothing,
}

/// One thread's counts.
pub(crate) struct Tally<'r> {
    ruling: &'r Ruling,
    most_keys: usize,
    /// By hash of the texts.
    ids: HashMap<u64, u32, foldhash::fast::FixedState>,
    texts: Vec<Box<[u8]>>,
    other: Option<u32>,
    /// The bucket being counted, by key, and which keys it has.
    now: u32,
    counts: Vec<i64>,
    met: Vec<u32>,
    rows: Vec<Row>,
    added_up: usize,
    text: Vec<u8>,
    /// Facts and changes; it is given no request.
    pub(crate) happened: Timeline,
}

impl<'r> Tally<'r> {
    /// `most_keys` of the ruling are shared among the threads.
    pub(crate) fn new(ruling: &'r Ruling, threads: usize) -> Self {
        Self {
            ruling,
            most_keys: ruling.most_keys / threads.max(1),
            ids: HashMap::default(),
            texts: Vec::new(),
            other: None,
            now: 0,
            counts: Vec::new(),
            met: Vec::new(),
            rows: Vec::new(),
            added_up: 0,
            text: Vec::new(),
            happened: Timeline::new(),
        }
    }

    pub(crate) fn ruling(&self) -> &'r Ruling {
        self.ruling
    }

    /// Adds what another thread counted.
    pub(crate) fn merge(&mut self, mut other: Self) {
        self.flush();
        other.flush();
        other.add_up();
        self.most_keys = self.ruling.most_keys;
        let mut ids = vec![0; other.texts.len()];
        let mut keys: Vec<(u64, u32)> = other.ids.into_iter().collect();
        keys.sort_unstable_by_key(|(_, id)| *id);
        for (hash, id) in keys {
            let text = other.texts.get_mut(id as usize).map(std::mem::take).unwrap_or_default();
            let mine = self.id(hash, &text);
            if let Some(place) = ids.get_mut(id as usize) {
                *place = mine;
            }
        }
        if let Some(id) = other.other {
            let mine = self.other();
            if let Some(place) = ids.get_mut(id as usize) {
                *place = mine;
            }
        }
        let renamed = |row: Row| Row { key: ids.get(row.key as usize).copied().unwrap_or_default(), ..row };
        self.rows.extend(other.rows.into_iter().map(renamed));
        self.happened.merge(other.happened);
        self.add_up();
    }

    /// Takes a request back that lies outside of what is asked for.
    pub(crate) fn retract_request(&mut self, source: &LogSource, request: &Request<'_>) {
        let (bucket, key) = self.place(source, request);
        self.retract(&Mark::Request { bucket, key });
    }

    /// The rows in order of time and texts; and the texts of each key, joined by newlines.
    pub(crate) fn finish(mut self) -> (Vec<Row>, Vec<Box<[u8]>>) {
        self.flush();
        let mut order: Vec<u32> = (0..u32::try_from(self.texts.len()).unwrap_or(u32::MAX)).collect();
        let split = |id: &u32| self.texts.get(*id as usize).map(|text| text.split(|byte| *byte == SEPARATOR));
        order.sort_by(|a, b| split(a).into_iter().flatten().cmp(split(b).into_iter().flatten()));
        let mut ranks = vec![0; order.len()];
        for (rank, id) in (0..).zip(&order) {
            if let Some(place) = ranks.get_mut(*id as usize) {
                *place = rank;
            }
        }
        for row in &mut self.rows {
            row.key = ranks.get(row.key as usize).copied().unwrap_or_default();
        }
        self.add_up();
        let mut texts = self.texts;
        let texts =
            order.into_iter().map(|id| texts.get_mut(id as usize).map(std::mem::take).unwrap_or_default()).collect();
        (self.rows, texts)
    }

    /// Whether some requests were counted under `{other}`.
    pub(crate) fn has_other(&self) -> bool {
        self.other.is_some()
    }

    /// The bucket of a request and the hash of its texts, which are left in `self.text`.
    #[inline]
    fn place(&mut self, source: &LogSource, request: &Request<'_>) -> (u32, u64) {
        self.text.clear();
        for (index, key) in self.ruling.by.iter().enumerate() {
            if index > 0 {
                self.text.push(SEPARATOR);
            }
            let begin = self.text.len();
            dimension::dimension(request, *key, &source.context, &mut self.text);
            self.text.truncate(begin + LONGEST_TEXT);
        }
        (self.ruling.bucket(request.at), self.ruling.hashing.hash_one(self.text.as_slice()))
    }

    #[inline]
    fn count(&mut self, bucket: u32, id: u32, requests: i64) {
        if bucket != self.now {
            self.flush();
            self.now = bucket;
        }
        let index = id as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(index) {
            if *count == 0 {
                self.met.push(id);
            }
            *count += requests;
        }
    }

    /// Number of a set of texts, a new one if there is room.
    #[inline]
    fn id(&mut self, hash: u64, text: &[u8]) -> u32 {
        match self.ids.get(&hash) {
            Some(id) => *id,
            None if self.ids.len() >= self.most_keys => self.other(),
            None => {
                let id = self.add_text(text.into());
                self.ids.insert(hash, id);
                id
            }
        }
    }

    fn other(&mut self) -> u32 {
        if let Some(other) = self.other {
            return other;
        }
        let id = self.add_text(vec![OTHER; self.ruling.by.len()].join("\n").into_bytes().into());
        self.other = Some(id);
        id
    }

    fn add_text(&mut self, text: Box<[u8]>) -> u32 {
        let id = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text);
        id
    }

    fn flush(&mut self) {
        for key in self.met.drain(..) {
            let count = self.counts.get_mut(key as usize).map(std::mem::take).unwrap_or_default();
            if count != 0 {
                self.rows.push(Row { bucket: self.now, key, requests: count });
            }
        }
        if self.rows.len() > WAITING + self.added_up * 2 {
            self.add_up();
        }
    }

    /// Sorts the rows and adds up equal ones.
    fn add_up(&mut self) {
        self.rows.sort_unstable_by_key(|row| (row.bucket, row.key));
        self.rows.dedup_by(|next, row| {
            let same = (next.bucket, next.key) == (row.bucket, row.key);
            if same {
                row.requests += next.requests;
            }
            same
        });
        self.rows.retain(|row| row.requests != 0);
        self.added_up = self.rows.len();
    }
}

impl Fold for Tally<'_> {
    type Mark = Mark;

    #[inline]
    fn request(&mut self, source: &LogSource, request: &Request<'_>, _line: u64) {
        let (bucket, hash) = self.place(source, request);
        let id = match self.ids.get(&hash) {
            Some(id) => *id,
            None => {
                let text = std::mem::take(&mut self.text);
                let id = self.id(hash, &text);
                self.text = text;
                id
            }
        };
        self.count(bucket, id, 1);
    }

    fn mark(&mut self, source: &LogSource, request: &Request<'_>, _line: u64) -> Mark {
        let (bucket, key) = self.place(source, request);
        Mark::Request { bucket, key }
    }

    fn error(&mut self, _source: &LogSource, _error: &ProxyError<'_>, _line: u64) {}

    fn mark_error(&mut self, _source: &LogSource, _error: &ProxyError<'_>, _line: u64) -> Mark {
        Mark::Nothing
    }

    fn retract(&mut self, mark: &Mark) {
        let Mark::Request { bucket, key } = mark else { return };
        // What was counted had a key; if it has none of its own, it was one of the others.
        let id = self.ids.get(key).copied().unwrap_or_else(|| self.other());
        self.count(*bucket, id, -1);
    }

    fn fact(&mut self, source: &LogSource, at: Option<UnixMs>, fact: Fact, line: u64) {
        self.happened.observe(Observation { at, line: LineRef { source: source.file.id, line }, fact });
    }

    fn change(&mut self, source: &LogSource, span: Span, kind: ChangeKind, subject: &str, line: u64) {
        let at = LineRef { source: source.file.id, line };
        let reference = Ref::Line { file: Arc::clone(&source.file.display), at };
        self.happened.change(Change { span, kind, subject: Arc::from(subject), reported: false, reference });
    }
}
