//! Texts as numbers: slices, error shapes and names are told apart once and then carried as ids.
//! Bounded on purpose: whatever a hostile client sends, memory stays small and the rest is counted under `{other}`.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::quality::FixedState;
use lastgood_model::{
    AppCall, AppError, AppHit, AppShape, AppShapeId, AppWord, Atom, Catalogue, ErrorHit, ErrorShape, ErrorShapeId, Hit,
    LineRef, Slice, SliceId, SourceId, Visitor,
};

use crate::access::Request;
use crate::application::{AppEvent, AppSaid, CallSaid, ErrorSaid};
use crate::dimension::vhost;
use crate::nginx_error::ProxyError;
use crate::scan::Context;
use crate::signatures::Signatures;
use crate::{agent, error_shape, path_template, referrer};

/// Stands for everything beyond a bound.
pub const OTHER: &str = "{other}";
/// Path templates of one virtual host.
const MAX_PATHS: usize = 1_000;
/// Slices in all. More is a flood: its slices lose their path.
const MAX_SLICES: usize = 50_000;
/// Names in all.
const MAX_ATOMS: usize = 100_000;
/// Error shapes in all.
const MAX_SHAPES: usize = 5_000;
/// Sorts of things that applications write, in all.
const MAX_APP_SHAPES: usize = 4_000;
/// Longer names are cut.
const MAX_NAME: usize = 256;
/// Slices that one thread finds without a lock, as a power of two.
const RECENT: usize = 1 << 14;
/// Entries of the other caches of one thread.
const MAX_CACHED: usize = 1 << 14;

const METHODS: [&[u8]; 14] = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"PATCH",
    b"PROPFIND",
    b"MKCOL",
    b"MOVE",
    b"COPY",
    b"REPORT",
];

/// What a text is a name of. Each sort has its own bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Sort {
    Vhost,
    Upstream,
    Segment,
    Method,
    Agent,
    ReferrerHost,
    /// A path template of a virtual host.
    Path(Atom),
}

impl Sort {
    const fn bound(self) -> usize {
        match self {
            Self::Vhost | Self::Upstream | Self::Path(_) => MAX_PATHS,
            Self::Segment | Self::Agent | Self::ReferrerHost => 5_000,
            Self::Method => METHODS.len(),
        }
    }
}

/// The tables of one run, shared by all threads.
#[derive(Debug, Default)]
pub struct Interner {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    atoms: Vec<Arc<str>>,
    by_text: HashMap<Arc<str>, Atom>,
    /// Which texts were met as which sort, and how many of each: what the bounds count.
    known: HashMap<(Sort, Atom), ()>,
    counts: HashMap<Sort, usize>,
    slices: Vec<Slice>,
    by_slice: HashMap<Slice, SliceId>,
    shapes: Vec<ErrorShape>,
    by_shape: HashMap<ErrorShape, ErrorShapeId>,
    app_shapes: Vec<AppShape>,
    by_app_shape: HashMap<AppShape, AppShapeId>,
    /// Requests counted under `{other}`, by virtual host.
    other_paths: HashMap<Atom, u64>,
}

impl Interner {
    /// Everything that ids point at, once reading is done. `sources` are names by [`SourceId`].
    #[must_use]
    pub fn catalogue(&self, sources: Vec<Arc<str>>) -> Catalogue {
        let tables = self.lock();
        // Whoever read no application's line needs no sentences.
        let signatures = if tables.app_shapes.is_empty() { &[] } else { Signatures::known().all() };
        Catalogue {
            atoms: tables.atoms.clone(),
            slices: tables.slices.clone(),
            shapes: tables.shapes.clone(),
            app_shapes: tables.app_shapes.clone(),
            signatures: signatures.to_vec(),
            sources,
        }
    }

    /// Virtual hosts with more path templates than are told apart, and how many requests went to `{other}`; by name.
    /// Threads add theirs when they drop their [`LocalInterner`].
    #[must_use]
    pub fn other_paths(&self) -> Vec<(Arc<str>, u64)> {
        let tables = self.lock();
        let text = |atom: Atom| tables.atoms.get(atom.0 as usize).cloned().unwrap_or_default();
        let mut counts: Vec<_> = tables.other_paths.iter().map(|(vhost, count)| (text(*vhost), *count)).collect();
        counts.sort();
        counts
    }

    /// A thread that panicked while it held the tables left them whole: every change to them is a push and an insert.
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn atom(&mut self, text: &str) -> Atom {
        if let Some(atom) = self.by_text.get(text) {
            return *atom;
        }
        let atom = Atom(index(self.atoms.len()));
        let text: Arc<str> = text.into();
        self.atoms.push(Arc::clone(&text));
        self.by_text.insert(text, atom);
        atom
    }

    /// The atom of a name, or that of `{other}` if there are too many names of this sort.
    fn name(&mut self, sort: Sort, name: &[u8]) -> Atom {
        let text = String::from_utf8_lossy(&name[..name.len().min(MAX_NAME)]);
        let existing = self.by_text.get(&*text).copied();
        if let Some(atom) = existing
            && self.known.contains_key(&(sort, atom))
        {
            return atom;
        }
        let count = self.counts.entry(sort).or_default();
        if *count >= sort.bound() || self.atoms.len() >= MAX_ATOMS {
            return self.atom(OTHER);
        }
        *count += 1;
        let atom = self.atom(&text);
        self.known.insert((sort, atom), ());
        atom
    }

    fn slice(&mut self, parts: &SliceParts<'_>) -> SliceId {
        let vhost = self.name(Sort::Vhost, parts.vhost);
        let slice = Slice {
            vhost,
            upstream: parts.upstream.map(|upstream| self.name(Sort::Upstream, upstream)),
            path: self.name(Sort::Path(vhost), parts.path),
            segment: self.name(Sort::Segment, parts.segment),
            method: self.name(Sort::Method, parts.method),
        };
        if let Some(id) = self.by_slice.get(&slice) {
            return *id;
        }
        let other = self.atom(OTHER);
        let slice = if self.slices.len() < MAX_SLICES {
            slice
        } else {
            // A bounded number of these: hosts times methods, with nothing else told apart.
            Slice { upstream: None, path: other, segment: other, ..slice }
        };
        *self.by_slice.entry(slice).or_insert_with(|| {
            self.slices.push(slice);
            SliceId(index(self.slices.len() - 1))
        })
    }

    /// A slice, and whether its path is `{other}`.
    fn slice_and_kind(&mut self, parts: &SliceParts<'_>) -> (SliceId, bool) {
        let id = self.slice(parts);
        let other = self.atom(OTHER);
        (id, self.slices.get(id.0 as usize).is_some_and(|slice| slice.path == other))
    }

    fn shape(&mut self, shape: ErrorShape) -> ErrorShapeId {
        if let Some(id) = self.by_shape.get(&shape) {
            return *id;
        }
        let shape = if self.shapes.len() < MAX_SHAPES {
            shape
        } else {
            ErrorShape { kind: shape.kind, upstream: None, server: None, message: OTHER.into() }
        };
        if let Some(id) = self.by_shape.get(&shape) {
            return *id;
        }
        let id = ErrorShapeId(index(self.shapes.len()));
        self.shapes.push(shape.clone());
        self.by_shape.insert(shape, id);
        id
    }

    fn app_shape(&mut self, shape: AppShape) -> AppShapeId {
        if let Some(id) = self.by_app_shape.get(&shape) {
            return *id;
        }
        let shape = if self.app_shapes.len() < MAX_APP_SHAPES { shape } else { beyond(shape) };
        if let Some(id) = self.by_app_shape.get(&shape) {
            return *id;
        }
        let id = AppShapeId(index(self.app_shapes.len()));
        self.app_shapes.push(shape.clone());
        self.by_app_shape.insert(shape, id);
        id
    }
}

/// What stays of a thing that is one too many: who wrote it is bounded by the files, what it says by the table of sentences.
fn beyond(shape: AppShape) -> AppShape {
    let none = || Arc::from("");
    let word = match shape.word {
        AppWord::Error(AppError { severity, signature, .. }) => AppWord::Error(AppError {
            severity,
            class: none(),
            message: OTHER.into(),
            outermost: none(),
            frame: none(),
            path: none(),
            signature,
            why: None,
            names: Vec::new(),
        }),
        AppWord::Call(_) => AppWord::Call(AppCall { method: none(), target: OTHER.into(), status: None }),
    };
    AppShape { who: shape.who, word }
}

/// The bounds above keep every table far below 2³² entries.
fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Equal for equal parts; no two lists of parts run into each other.
#[inline]
fn hash_of_parts<const N: usize>(hashing: &FixedState, parts: [&[u8]; N]) -> u64 {
    let mut hasher = hashing.build_hasher();
    for part in parts {
        hasher.write(part);
        hasher.write_usize(part.len());
    }
    hasher.finish()
}

struct SliceParts<'a> {
    vhost: &'a [u8],
    upstream: Option<&'a [u8]>,
    path: &'a [u8],
    segment: &'a [u8],
    method: &'a [u8],
}

/// One thread's way to the shared tables: what it met before it finds without a lock.
#[derive(Debug)]
pub struct LocalInterner<'i> {
    shared: &'i Interner,
    hashing: FixedState,
    /// The slice of a hash of host, upstream, path and method as written: the last one at each place.
    recent: Vec<(u64, SliceId, bool)>,
    /// The slice of a hash of host, upstream, template, segment and method: for paths whose numbers are ever new.
    known: HashMap<u64, (SliceId, bool)>,
    names: HashMap<(u8, u64), Option<Atom>>,
    shapes: HashMap<u64, ErrorShapeId>,
    app_shapes: HashMap<u64, AppShapeId>,
    other: HashMap<SliceId, u64>,
    template: Vec<u8>,
}

impl<'i> LocalInterner<'i> {
    /// A way to these tables.
    #[must_use]
    pub fn new(shared: &'i Interner) -> Self {
        Self {
            shared,
            hashing: FixedState::with_seed(0x736c_6963_6573),
            recent: vec![(0, SliceId(0), false); RECENT],
            known: HashMap::new(),
            names: HashMap::new(),
            shapes: HashMap::new(),
            app_shapes: HashMap::new(),
            other: HashMap::new(),
            template: Vec::new(),
        }
    }

    /// A request as numbers.
    #[inline]
    pub fn hit(&mut self, request: &Request<'_>, source: SourceId, line: u64, context: &Context) -> Hit {
        Hit {
            at: request.at,
            slice: self.slice(request, context),
            status: request.status,
            client: request.client_id(),
            line: LineRef { source, line },
            took_ms: request.request_time_ms,
        }
    }

    #[inline]
    fn slice(&mut self, request: &Request<'_>, context: &Context) -> SliceId {
        let vhost = vhost(request, context);
        let upstream = request.first_upstream();
        let path = path_template::path(request.target).unwrap_or(path_template::INVALID);
        // Zero marks an empty place.
        let hash = hash_of_parts(&self.hashing, [vhost, upstream.unwrap_or_default(), path, request.method]) | 1;
        let place = (hash >> 40) as usize & (RECENT - 1);
        let (known, slice, is_other) = self.recent[place];
        if known == hash {
            if is_other {
                *self.other.entry(slice).or_default() += 1;
            }
            return slice;
        }
        self.unknown_slice(request, (vhost, upstream), (hash, place))
    }

    #[inline(never)]
    fn unknown_slice(
        &mut self,
        request: &Request<'_>,
        (vhost, upstream): (&[u8], Option<&[u8]>),
        (hash, place): (u64, usize),
    ) -> SliceId {
        self.template.clear();
        path_template::template(request.target, &mut self.template);
        let segment = path_template::segment(request.target);
        let parts = SliceParts {
            vhost,
            upstream,
            path: &self.template,
            segment: if segment.len() > 64 { b"/{}" } else { segment },
            method: if METHODS.contains(&request.method) { request.method } else { OTHER.as_bytes() },
        };
        let key = hash_of_parts(
            &self.hashing,
            [parts.vhost, parts.upstream.unwrap_or_default(), parts.path, parts.segment, parts.method],
        );
        let (id, is_other) = match self.known.get(&key) {
            Some(known) => *known,
            None => {
                let found = self.shared.lock().slice_and_kind(&parts);
                if self.known.len() < MAX_CACHED {
                    self.known.insert(key, found);
                }
                found
            }
        };
        if is_other {
            *self.other.entry(id).or_default() += 1;
        }
        self.recent[place] = (hash, id, is_other);
        id
    }

    /// Who sent a request: the host of its referrer and its application.
    pub fn visitor(&mut self, request: &Request<'_>) -> Visitor {
        Visitor {
            referrer_host: self.name(0, Sort::ReferrerHost, request.referrer, referrer::host),
            agent: self.name(1, Sort::Agent, request.agent, agent::product),
            upstream_status: request.last_upstream_status(),
        }
    }

    fn name(&mut self, cache: u8, sort: Sort, text: &[u8], name_of: fn(&[u8]) -> Option<&[u8]>) -> Option<Atom> {
        if text.is_empty() {
            return None;
        }
        // Referrers carry long queries: only what names the host is looked at.
        let key = (cache, self.hash_of(if cache == 0 { name_of(text)? } else { text }));
        if let Some(known) = self.names.get(&key) {
            return *known;
        }
        let atom = name_of(text).map(|name| self.shared.lock().name(sort, name));
        if self.names.len() < MAX_CACHED {
            self.names.insert(key, atom);
        }
        atom
    }

    /// A line of an error log as numbers.
    pub fn error(&mut self, error: &ProxyError<'_>, source: SourceId, line: u64) -> ErrorHit {
        let upstream = error.upstream_or_name();
        let key = self.hashing.hash_one((error.kind, upstream, error.server, error.message));
        let shape = match self.shapes.get(&key) {
            Some(shape) => *shape,
            None => {
                let shape = self.shared.lock().shape(ErrorShape {
                    kind: error.kind,
                    upstream: upstream.map(text),
                    server: error.server.map(text),
                    message: text(&error_shape::message(error)),
                });
                if self.shapes.len() < MAX_CACHED {
                    self.shapes.insert(key, shape);
                }
                shape
            }
        };
        ErrorHit { at: error.at, shape, line: LineRef { source, line } }
    }

    /// What an application wrote, as numbers.
    pub fn application(&mut self, event: &AppEvent<'_>, source: SourceId, line: u64, context: &Context) -> AppHit {
        let who: &str = if event.service.is_empty() { &context.vhost } else { event.service };
        let key = self.hashing.hash_one((who, said_key(&event.said)));
        let shape = match self.app_shapes.get(&key) {
            Some(shape) => *shape,
            None => {
                let word = app_word(&event.said, &mut self.template);
                let shape = self.shared.lock().app_shape(AppShape { who: text(who.as_bytes()), word });
                if self.app_shapes.len() < MAX_CACHED {
                    self.app_shapes.insert(key, shape);
                }
                shape
            }
        };
        AppHit { at: event.at, shape, line: LineRef { source, line } }
    }

    fn hash_of(&self, text: &[u8]) -> u64 {
        let mut hasher = self.hashing.build_hasher();
        hasher.write(text);
        hasher.finish()
    }
}

impl Drop for LocalInterner<'_> {
    fn drop(&mut self) {
        let mut tables = self.shared.lock();
        for (slice, count) in self.other.drain() {
            if let Some(vhost) = tables.slices.get(slice.0 as usize).map(|slice| slice.vhost) {
                *tables.other_paths.entry(vhost).or_default() += count;
            }
        }
    }
}

/// What tells two things apart that an application wrote, as it wrote them.
fn said_key<'e>(said: &'e AppSaid<'e>) -> impl Hash + 'e {
    match said {
        AppSaid::Error(error) => (
            [error.class, error.message, error.outermost, error.frame, error.path],
            error.signature,
            error.severity.map_or(0, |severity| 1 + severity as u16),
            0,
        ),
        AppSaid::Call(call) => {
            ([call.method, call.host, "", "", ""], None, call.port, call.status.map_or(1, |status| status + 2))
        }
    }
}

/// What an application wrote, without what differs from line to line.
fn app_word(said: &AppSaid<'_>, template: &mut Vec<u8>) -> AppWord {
    match said {
        AppSaid::Error(ErrorSaid { severity, class, message, outermost, frame, path, signature, why, names }) => {
            template.clear();
            if !path.is_empty() {
                path_template::template(path.as_bytes(), template);
            }
            AppWord::Error(AppError {
                severity: *severity,
                class: text(class.as_bytes()),
                // Of a known sentence it is enough to know which, and what it names.
                message: if signature.is_some() {
                    Arc::from("")
                } else {
                    text(&error_shape::without_numbers(message.as_bytes()))
                },
                outermost: text(outermost.as_bytes()),
                frame: text(frame.as_bytes()),
                path: text(template),
                signature: *signature,
                why: *why,
                names: names.iter().map(|(piece, name)| (*piece, text(name.as_bytes()))).collect(),
            })
        }
        AppSaid::Call(CallSaid { method, host, port, status }) => AppWord::Call(AppCall {
            method: text(method.as_bytes()),
            target: text(format!("{host}:{port}").as_bytes()),
            status: *status,
        }),
    }
}

/// Bytes as text, not longer than a name may be.
fn text(bytes: &[u8]) -> Arc<str> {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_NAME)]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    const SOURCE: SourceId = SourceId(3);

    fn context() -> Context {
        Context { zone: TimeZone::UTC, vhost: "shop".into(), about: None, without: lastgood_model::Layers::NONE }
    }

    fn get(target: &str) -> Request<'_> {
        Request { method: b"GET", target: target.as_bytes(), status: 200, client: b"1.2.3.4", ..Request::default() }
    }

    #[test]
    fn equal_parts_of_traffic_are_one_slice() {
        let shared = Interner::default();
        let mut one = LocalInterner::new(&shared);
        let mut two = LocalInterner::new(&shared);
        let a = one.hit(&get("/order/1?x"), SOURCE, 7, &context());
        let b = two.hit(&get("/order/2?y"), SOURCE, 8, &context());
        assert_eq!(a.slice, b.slice);
        assert_eq!(a.line, LineRef { source: SOURCE, line: 7 });
        let post = Request { method: b"POST", ..get("/order/1") };
        assert_ne!(one.hit(&post, SOURCE, 9, &context()).slice, a.slice);
        let upstream = Request { upstream_addr: b"a:1, b:2", ..get("/order/1") };
        let c = one.hit(&upstream, SOURCE, 9, &context());
        let catalogue = shared.catalogue(vec!["x".into()]);
        let slice = catalogue.slice(c.slice).unwrap();
        assert_eq!(catalogue.text(slice.vhost), "shop");
        assert_eq!(catalogue.text(slice.upstream.unwrap()), "a:1");
        assert_eq!(catalogue.text(slice.path), "/order/{}");
        assert_eq!(catalogue.text(slice.segment), "/order");
        assert_eq!(catalogue.text(slice.method), "GET");
    }

    #[test]
    fn paths_beyond_the_bound_are_counted() {
        let shared = Interner::default();
        let mut local = LocalInterner::new(&shared);
        let word = |n: usize| n.to_string().bytes().map(|digit| char::from(b'a' + digit - b'0')).collect::<String>();
        for round in 0..2 {
            for n in 0..1_500 {
                local.hit(&get(&format!("/p{}", word(n))), SOURCE, n as u64, &context());
            }
            assert!(shared.other_paths().is_empty(), "{round}: counted when the thread is done");
        }
        drop(local);
        assert_eq!(shared.other_paths(), [("shop".into(), 1_000)]);
        assert!(shared.catalogue(vec![]).slices.len() < 2_500);
    }

    #[test]
    fn a_flood_of_everything_stays_bounded() {
        let shared = Interner::default();
        let mut local = LocalInterner::new(&shared);
        for n in 0..200_000u32 {
            let (host, upstream) = (format!("h{}", n % 7_000), format!("u{}", n % 6_000));
            let (path, method) = (format!("/x{n:x}y/z"), format!("M{n}"));
            let request = Request {
                host: host.as_bytes(),
                upstream_addr: upstream.as_bytes(),
                target: path.as_bytes(),
                method: method.as_bytes(),
                referrer: host.as_bytes(),
                agent: path.as_bytes(),
                ..Request::default()
            };
            local.hit(&request, SOURCE, 1, &context());
            local.visitor(&request);
        }
        let catalogue = shared.catalogue(vec![]);
        assert!(catalogue.slices.len() <= MAX_SLICES + 1_001 * 15, "{}", catalogue.slices.len());
        assert!(catalogue.atoms.len() <= MAX_ATOMS + 1, "{}", catalogue.atoms.len());
    }

    #[test]
    fn visitors_have_names() {
        let shared = Interner::default();
        let mut local = LocalInterner::new(&shared);
        let request = Request { referrer: b"https://a.example/x?enc=1", agent: b"CarNaviApp/5.1", ..get("/") };
        let visitor = local.visitor(&request);
        assert_eq!(local.visitor(&request), visitor);
        assert_eq!(local.visitor(&get("/")), Visitor::default());
        let catalogue = shared.catalogue(vec![]);
        assert_eq!(catalogue.text(visitor.referrer_host.unwrap()), "a.example");
        assert_eq!(catalogue.text(visitor.agent.unwrap()), "CarNaviApp");
    }
}
