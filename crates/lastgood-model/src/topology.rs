//! Topology: which component asks which. Proxy to service to dependency; what an edge is made of, not whether it works.

use std::sync::Arc;

use crate::Ref;

/// Components and who asks whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    /// Components by index.
    pub components: Vec<Component>,
    /// Edges between them.
    pub edges: Vec<Edge>,
}

/// Something that answers, or asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// As the user's own files write it: a service, a container, `nginx`, a host name.
    pub name: Arc<str>,
    /// Its container, if it has one.
    pub container: Option<Arc<str>>,
    /// The Compose project that it belongs to, if that is not the one looked at.
    pub foreign: Option<Arc<str>>,
    /// What it is.
    pub kind: ComponentKind,
}

/// What a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComponentKind {
    /// Passes requests on.
    Proxy,
    /// A service of the project.
    Service,
    /// A container of nobody or of another project.
    Container,
    /// A process of the host itself.
    Host,
    /// Something outside of the host.
    Outside,
}

/// One asks the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Index of who asks.
    pub from: usize,
    /// Index of who is asked; `None`: the address leads to nothing that is known.
    pub to: Option<usize>,
    /// The address, `host:port`, as the asking side writes it.
    pub address: Arc<str>,
    /// The host in it.
    pub host: Arc<str>,
    /// The port in it, or that of its scheme.
    pub port: Option<u16>,
    /// `redis`, `postgres`, `http`, …, if the address or its port says so.
    pub protocol: Option<Arc<str>>,
    /// What says so.
    pub via: Via,
    /// Where.
    pub at: Option<Ref>,
}

/// What an edge is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// A proxy's configuration.
    Proxy,
    /// A variable, by its key; of a group (`X_HOST`, `X_PORT`), the host's.
    Variable {
        /// Its key.
        key: Arc<str>,
        /// The key that holds a password for it, if there is one: of the group, or the same one.
        password_key: Option<Arc<str>>,
    },
    /// `depends_on` alone.
    DependsOn,
}

impl Topology {
    /// The component of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.components.iter().position(|component| &*component.name == name)
    }

    /// What a component asks.
    pub fn asks(&self, from: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.from == from)
    }

    /// Who asks a component.
    pub fn asked_by(&self, to: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.to == Some(to))
    }
}
