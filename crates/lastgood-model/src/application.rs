//! What applications write of themselves: errors that they met, calls that they made, and which known sentences those are.
//! Whose fault an error is, is not said here.

use std::sync::Arc;

use crate::{CauseCode, Layers, LineRef, UnixMs};

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// For whoever writes the program.
    Debug,
    /// All is as it should be.
    Info,
    /// Something is odd.
    Warning,
    /// Something failed.
    Error,
    /// Nothing works any more.
    Critical,
}

/// Index of an [`AppShape`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppShapeId(pub u32);

/// Something that an application wrote once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppHit {
    /// When; `None` where neither the line nor anything around it says so.
    pub at: Option<UnixMs>,
    /// What.
    pub shape: AppShapeId,
    /// Where the line stands that says most of it.
    pub line: LineRef,
}

/// One kind of thing that an application writes: lines that differ only in numbers share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppShape {
    /// Who wrote it: a container, a service, or what the file is named after.
    pub who: Arc<str>,
    /// What.
    pub word: AppWord,
}

/// What an application writes of itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AppWord {
    /// It met an error.
    Error(AppError),
    /// It asked somebody.
    Call(AppCall),
}

/// An error, by the one at the root of its chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppError {
    /// How loud; `None` where the line does not say.
    pub severity: Option<Severity>,
    /// The root error's class, as the language writes it; empty where none is named.
    pub class: Arc<str>,
    /// The root error's message without what differs from line to line.
    pub message: Arc<str>,
    /// What it had become when it was written down, if that is another class.
    pub outermost: Arc<str>,
    /// The innermost place in the application's own code, `file:line`; empty where no traceback says it.
    pub frame: Arc<str>,
    /// The path of the request that it happened in, as a template; empty where nothing says it.
    pub path: Arc<str>,
    /// The known sentence that it is.
    pub signature: Option<SignatureId>,
    /// Where that does not say why, the one of the same chain that does.
    pub why: Option<SignatureId>,
    /// What the sentence names.
    pub names: Vec<(Piece, Arc<str>)>,
}

/// A call to somebody else over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppCall {
    /// Its method.
    pub method: Arc<str>,
    /// Whom, `host:port`.
    pub target: Arc<str>,
    /// What was answered; `None`: no answer came.
    pub status: Option<u16>,
}

/// Index of a [`Signature`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignatureId(pub u16);

/// A sentence that drivers and servers are known to write, and what it allows one to conclude.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Its name: `redis-noauth`.
    pub name: Arc<str>,
    /// What it is about.
    pub about: About,
    /// What is wrong when it is written; `None` where several things may be.
    pub code: Option<CauseCode>,
    /// How much it says.
    pub specificity: Specificity,
    /// The layers of a site that use it.
    pub layers: Layers,
}

/// How much a sentence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Specificity {
    /// Several components or causes share it: it decides nothing.
    Ambiguous,
    /// It says who, and not why.
    Component,
    /// It says who and why.
    Exact,
}

/// Declares an enum with a stable name for each variant, by which the data files call it.
macro_rules! named {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$inner])* $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The one of that name.
            #[must_use]
            pub fn find(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }
    };
}

named! {
    /// What a sentence is about.
    About {
        /// Redis and its kin.
        Redis = "redis",
        /// PostgreSQL.
        Postgres = "postgres",
        /// MySQL and MariaDB.
        Mysql = "mysql",
        /// A database, whichever.
        Database = "database",
        /// Something that is asked over HTTP.
        Http = "http",
        /// An identity provider.
        Oidc = "oidc",
        /// Names and addresses.
        Dns = "dns",
        /// Certificates and handshakes.
        Tls = "tls",
        /// The way between two of them.
        Network = "network",
        /// nginx.
        Nginx = "nginx",
        /// The container engine.
        Docker = "docker",
        /// Compose and its files.
        Compose = "compose",
        /// A registry of images.
        Registry = "registry",
        /// What an image holds.
        Image = "image",
        /// A volume or a file.
        Volume = "volume",
        /// Room on a disk.
        Disk = "disk",
        /// Memory.
        Memory = "memory",
        /// What a process was told.
        Environment = "environment",
        /// The application itself.
        Application = "application",
        /// The machine.
        Host = "host",
        /// Whoever asks.
        Client = "client",
    }
}

named! {
    /// What a part of a sentence names.
    Piece {
        /// A host.
        Host = "host",
        /// A port.
        Port = "port",
        /// A user or role.
        User = "user",
        /// A database.
        Database = "database",
        /// A table, a column, a relation.
        Relation = "relation",
        /// An environment variable.
        Variable = "variable",
        /// A file.
        File = "file",
        /// A program or module.
        Program = "program",
        /// Any other name.
        Name = "name",
    }
}

impl AppError {
    /// What the sentence names of this kind.
    #[must_use]
    pub fn named(&self, piece: Piece) -> Option<&Arc<str>> {
        self.names.iter().find(|(known, _)| *known == piece).map(|(_, text)| text)
    }
}
