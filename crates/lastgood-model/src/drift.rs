//! Drift: where what runs differs from what the files would create. The difference alone; whether it hurts is not said here.

use std::sync::Arc;

use crate::{Ref, Secret, Span, UnixMs};

/// How one service differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// The service; of a container whose service is declared no more, the one it was created for.
    pub service: Arc<str>,
    /// Its container; `None` if there is none.
    pub container: Option<Arc<str>>,
    /// When that was created.
    pub created: Option<UnixMs>,
    /// In what; never empty.
    pub differences: Vec<Difference>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// There is no container of it.
    NotCreated,
    /// Its service is declared no more.
    Orphan,
    /// A variable: what the container was told is not what it would be told now.
    Variable(VariableDrift),
    /// Another image would be used: ids, and names where known.
    Image {
        /// What the files name.
        declared: Arc<str>,
        /// What it runs on.
        running: Arc<str>,
        /// The same name stands for another image now; else another name is declared.
        rebuilt: bool,
    },
    /// A network that it would join and is not attached to, by the engine's name.
    NetworkMissing(Arc<str>),
    /// A network that it is attached to and would not join.
    NetworkExtra(Arc<str>),
    /// It is attached to a network of that name which is gone: it was made anew since.
    NetworkReplaced(Arc<str>),
    /// A mount that it would have and has not, by its target; or one from elsewhere.
    Mount {
        /// Where it is in the container.
        target: Arc<str>,
        /// From where it would be; `None`: it would not be there.
        declared: Option<Arc<str>>,
        /// From where it is; `None`: it is not there.
        running: Option<Arc<str>>,
    },
    /// The host's file behind a bind mount was replaced; the container still sees the old one.
    MountReplaced {
        /// Where it is in the container.
        target: Arc<str>,
    },
    /// Published ports differ, each side as Compose writes them.
    Ports {
        /// What would be published.
        declared: Vec<Arc<str>>,
        /// What is.
        running: Vec<Arc<str>>,
    },
    /// Another restart policy.
    Restart {
        /// What would be.
        declared: Arc<str>,
        /// What is.
        running: Arc<str>,
    },
    /// Another of its settings, by Compose's name for it: `command`, `healthcheck`, `cap_add`.
    Setting(&'static str),
    /// Another number of containers.
    Replicas {
        /// How many there would be.
        declared: u32,
        /// How many there are.
        running: u32,
    },
    /// The proxy connects to an address that is not the service's any more.
    StaleUpstream {
        /// The proxy's container or `nginx`.
        proxy: Arc<str>,
        /// The name that it looked up when it read its configuration.
        name: Arc<str>,
        /// When it read it.
        read_at: UnixMs,
        /// When the service's container was started since.
        started: UnixMs,
    },
}

/// A variable that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableDrift {
    /// Its key.
    pub key: Arc<str>,
    /// What its container would be told; `None`: nothing.
    pub declared: Option<Secret>,
    /// What it was told; `None`: nothing.
    pub running: Option<Secret>,
    /// Where the declared value stands, where that is known.
    pub at: Option<Ref>,
    /// When that file was edited, as its times say: from its modification to its arrival here.
    pub edited: Option<Span>,
}

impl Drift {
    /// The variables among the differences.
    pub fn variables(&self) -> impl Iterator<Item = &VariableDrift> {
        self.differences.iter().filter_map(|difference| match difference {
            Difference::Variable(variable) => Some(variable),
            _ => None,
        })
    }
}
