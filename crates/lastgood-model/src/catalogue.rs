//! The tables that numbers in the hot path point into. Filled while reading, frozen for reasoning.

use std::sync::Arc;

use crate::{AppShape, AppShapeId, LineRef, ProxyErrorKind, Ref, Signature, SignatureId, SourceId};

/// Index of an interned string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Atom(pub u32);

/// Index of a [`Slice`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SliceId(pub u32);

/// Index of an [`ErrorShape`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorShapeId(pub u32);

/// A part of the traffic: the finest one that is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    /// Host as logged, else the name of the file set.
    pub vhost: Atom,
    /// Address that was tried first (`127.0.0.1:8080`, `unix:/run/app.sock`): chosen before anybody knew how the
    /// request would end. `None` if the format has no such field or the proxy answered by itself.
    pub upstream: Option<Atom>,
    /// Path template: query cut, numbers and tokens as `{}`.
    pub path: Atom,
    /// First path segment.
    pub segment: Atom,
    /// Method.
    pub method: Atom,
}

/// One kind of line in a proxy's error log: lines that differ only in client and request share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErrorShape {
    /// What happened.
    pub kind: ProxyErrorKind,
    /// Upstream as `host:port` or `unix:/path`, without scheme and path.
    pub upstream: Option<Arc<str>>,
    /// The `server:` field: first name of the server block.
    pub server: Option<Arc<str>>,
    /// The sentence without its fields: `connect() failed (111: Connection refused) while connecting to upstream`.
    pub message: Arc<str>,
}

/// Everything that ids point at.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Interned strings.
    pub atoms: Vec<Arc<str>>,
    /// Slices.
    pub slices: Vec<Slice>,
    /// Error shapes.
    pub shapes: Vec<ErrorShape>,
    /// What applications write.
    pub app_shapes: Vec<AppShape>,
    /// Sentences that are known.
    pub signatures: Vec<Signature>,
    /// Sources as shown to the user.
    pub sources: Vec<Arc<str>>,
}

impl Catalogue {
    /// The text behind an atom; empty for an id that is not ours.
    #[must_use]
    pub fn text(&self, atom: Atom) -> &str {
        self.atoms.get(atom.0 as usize).map_or("", |text| text)
    }

    /// The slice behind an id.
    #[must_use]
    pub fn slice(&self, id: SliceId) -> Option<&Slice> {
        self.slices.get(id.0 as usize)
    }

    /// The shape behind an id.
    #[must_use]
    pub fn shape(&self, id: ErrorShapeId) -> Option<&ErrorShape> {
        self.shapes.get(id.0 as usize)
    }

    /// The shape behind an id.
    #[must_use]
    pub fn app_shape(&self, id: AppShapeId) -> Option<&AppShape> {
        self.app_shapes.get(id.0 as usize)
    }

    /// The sentence behind an id.
    #[must_use]
    pub fn signature(&self, id: SignatureId) -> Option<&Signature> {
        self.signatures.get(usize::from(id.0))
    }

    /// A source's name as shown; empty for an id that is not ours.
    #[must_use]
    pub fn source(&self, id: SourceId) -> Arc<str> {
        self.sources.get(id.0 as usize).cloned().unwrap_or_default()
    }

    /// A line reference as the user sees it.
    #[must_use]
    pub fn reference(&self, at: LineRef) -> Ref {
        Ref::Line { file: self.source(at.source), at }
    }
}
