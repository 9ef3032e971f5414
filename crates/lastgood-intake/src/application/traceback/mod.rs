//! Errors that are printed over many lines: they are put together to one, and the chain of causes is followed to its root. How
//! each language prints them stands in a file of its own. Lines of others that stand between are left to others.

mod go;
mod java;
mod node;
mod python;
pub(crate) mod thrown;

use go::Go;
use java::Java;
use node::Node;
use python::Python;
use thrown::Thrown;

/// Errors of one chain that are kept.
const MAX_CHAIN: usize = 24;
/// A traceback is no longer; what goes on is not understood.
const MAX_LINES: u64 = 5_000;

/// The errors of a traceback in the order in which they were printed, each with how far in it stood.
#[derive(Debug, Default)]
pub(crate) struct Chain(Vec<(usize, Thrown)>);

impl Chain {
    fn push(&mut self, thrown: Thrown, depth: usize) {
        if self.0.len() < MAX_CHAIN {
            self.0.push((depth, thrown));
        }
    }

    fn push_first(&mut self, thrown: Thrown) {
        if self.0.len() < MAX_CHAIN {
            self.0.insert(0, (0, thrown));
        }
    }

    /// Adds to the message of the last one.
    fn add(&mut self, text: &str) {
        if let Some((_, last)) = self.0.last_mut() {
            last.add(text);
        }
    }

    /// A place of the last one.
    fn at(&mut self, frame: String, is_own: bool, nearer: bool) {
        if let Some((_, last)) = self.0.last_mut() {
            last.at(frame, is_own, nearer);
        }
    }
}

/// Reads the lines of one traceback.
#[derive(Debug)]
pub(crate) struct Traceback {
    language: Language,
    chain: Chain,
    lines: u64,
}

#[derive(Debug)]
enum Language {
    Python(Python),
    Java(Java),
    Node(Node),
    Go(Go),
}

/// What a line is to a traceback that does not go on yet: its beginning, or the first frame of one that began with an error
/// that was printed before.
pub(crate) enum Beginning {
    /// It is its first line.
    Here(Traceback),
    /// Its first line was printed before: the nearest line before that is an error.
    Before(Kind),
}

/// Which language prints such frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Java,
    Node,
    Go,
}

impl Traceback {
    /// Whether a line begins one.
    pub(crate) fn begins(text: &str, number: u64) -> Option<Beginning> {
        if let Some(python) = Python::begins(text) {
            return Some(Beginning::Here(Self::new(Language::Python(python))));
        }
        if let Some(message) = go::begins(text) {
            let mut traceback = Self::new(Language::Go(Go::default()));
            traceback.chain.push(Thrown::new("panic", message, number), 0);
            return Some(Beginning::Here(traceback));
        }
        let kind = if java::is_frame(text) {
            Kind::Java
        } else if node::is_frame(text) {
            Kind::Node
        } else if go::is_goroutine(text) {
            Kind::Go
        } else {
            return None;
        };
        Some(Beginning::Before(kind))
    }

    /// One whose first line was printed before; the line that is at hand is still to be read.
    pub(crate) fn after(kind: Kind, first: Thrown) -> Self {
        let mut traceback = Self::new(match kind {
            Kind::Java => Language::Java(Java::default()),
            Kind::Node => Language::Node(Node::default()),
            Kind::Go => Language::Go(Go::default()),
        });
        traceback.chain.push(first, 0);
        traceback
    }

    fn new(language: Language) -> Self {
        Self { language, chain: Chain::default(), lines: 0 }
    }

    /// Reads a line; false if it is none of its lines. `is_head`: the line begins a record of its own.
    pub(crate) fn line(&mut self, text: &str, is_head: bool, number: u64) -> bool {
        self.lines += 1;
        if self.lines > MAX_LINES {
            return false;
        }
        match &mut self.language {
            Language::Python(python) => python.line(text, is_head, number, &mut self.chain),
            Language::Java(java) => java.line(text, is_head, number, &mut self.chain),
            Language::Node(node) => node.line(text, number, &mut self.chain),
            Language::Go(go) => go.line(text, is_head, number, &mut self.chain),
        }
    }

    /// Whether nothing has to follow.
    pub(crate) const fn is_complete(&self) -> bool {
        match &self.language {
            Language::Python(python) => python.is_complete(),
            Language::Java(_) | Language::Node(_) | Language::Go(_) => true,
        }
    }

    /// Whether another one may still join it, though it is complete.
    pub(crate) const fn may_be_joined(&self) -> bool {
        matches!(self.language, Language::Python(_))
    }

    /// Its errors, the root first.
    pub(crate) fn settle(self) -> Vec<Thrown> {
        let Self { language, mut chain, .. } = self;
        let root_first = match &language {
            Language::Python(_) | Language::Go(_) => true,
            Language::Java(java) => java.is_root_first(),
            Language::Node(_) => false,
        };
        if !root_first {
            chain.0.reverse();
        }
        // The members of a group are what it consists of: they lie deeper, however late they were printed.
        chain.0.sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
        chain.0.into_iter().map(|(_, thrown)| thrown).collect()
    }
}

/// The chain of an error that a record holds as one text, the root first; `number` is the record's line.
pub(crate) fn in_text(text: &str, number: u64) -> Vec<Thrown> {
    let mut open: Option<Traceback> = None;
    let mut found: Vec<Thrown> = Vec::new();
    let mut before: Vec<&str> = Vec::new();
    for line in text.lines().take(usize::try_from(MAX_LINES).unwrap_or(usize::MAX)) {
        if let Some(traceback) = &mut open {
            if traceback.line(line, false, number) {
                continue;
            }
            found.extend(open.take().map(Traceback::settle).unwrap_or_default());
        }
        match Traceback::begins(line, number) {
            Some(Beginning::Here(traceback)) => open = Some(traceback),
            Some(Beginning::Before(kind)) => {
                let Some(mut traceback) = introduced(kind, before.drain(..).map(|line| (line, number))) else {
                    continue;
                };
                traceback.line(line, false, number);
                open = Some(traceback);
            }
            None => before.push(line),
        }
    }
    found.extend(open.map(Traceback::settle).unwrap_or_default());
    if found.is_empty() {
        found.extend(
            before
                .iter()
                .find_map(|line| thrown::thrown(line))
                .map(|(class, message)| Thrown::new(class, message, number)),
        );
    }
    found
}

/// The first place of the application's own in a stack that names no error.
pub(crate) fn place_in(text: &str) -> Option<(String, bool)> {
    let places = || text.lines().filter_map(go::place);
    let place = places().find(|place| !is_library(place)).or_else(|| places().next())?;
    let is_own = !is_library(&place);
    Some((place, is_own))
}

/// The root of a wrapped error that is one sentence.
pub(crate) fn unwrapped(message: &str) -> &str {
    let root = go::root(message).trim_ascii();
    if root.is_empty() { message } else { root }
}

/// A traceback whose first frame is at hand: the last of the lines before it that is an error begins it, and those behind that
/// go on with its message.
pub(crate) fn introduced<'t>(kind: Kind, lines: impl Iterator<Item = (&'t str, u64)>) -> Option<Traceback> {
    let lines: Vec<(&str, u64)> = lines.collect();
    let error = |text| thrown::thrown(text).or_else(|| thrown_within(kind, text));
    let place = lines.iter().rposition(|(text, _)| error(text).is_some())?;
    let (text, number) = lines.get(place)?;
    let (class, message) = error(text)?;
    let mut first = Thrown::new(class, message, *number);
    for (text, _) in lines.iter().skip(place + 1).filter(|(text, _)| !text.trim_ascii().is_empty()) {
        first.add(text.trim_ascii());
    }
    Some(Traceback::after(kind, first))
}

/// An error at the end of a sentence: `Failed: java.lang.IllegalStateException: x`; of Node one that is no class: `error: x`.
fn thrown_within(kind: Kind, text: &str) -> Option<(&str, &str)> {
    let text = text.trim_ascii();
    if kind == Kind::Node
        && let Some(message) = text.strip_prefix("error: ")
    {
        return Some(("error", message));
    }
    if kind == Kind::Go {
        return Some((
            "panic",
            text.split_once("panic serving ")
                .map_or(text, |(_, rest)| rest.split_once(": ").map_or(rest, |(_, message)| message)),
        ));
    }
    text.match_indices(": ").filter_map(|(at, _)| thrown::thrown(text.get(at + 2..)?)).next()
}

/// Whether a file belongs to the language or to a library.
fn is_library(file: &str) -> bool {
    const PLACES: [&str; 10] = [
        "site-packages/",
        "dist-packages/",
        "/lib/python3",
        "node_modules/",
        "/pkg/mod/",
        "/usr/local/go/src/",
        "/usr/lib/go",
        "/go/src/runtime/",
        "/vendor/",
        "/.pyenv/versions/",
    ];
    PLACES.iter().any(|place| file.contains(place))
}

#[cfg(test)]
mod tests;
