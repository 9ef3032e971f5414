//! Probe: one question to something that is asked over the network, put as whoever depends on it would put it, and what came
//! back. Who is to blame for an answer is not said here.

use std::sync::Arc;

use crate::Secret;

/// Whom to ask, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeTarget {
    /// What it is expected to speak.
    pub protocol: ProbeProtocol,
    /// The host, as the asking side writes it.
    pub host: Arc<str>,
    /// The port.
    pub port: u16,
    /// Whether the asking side wants TLS: from the first byte on, or as the protocol agrees on it.
    pub secure: bool,
    /// The path of a URL, with its slash; empty where there is none.
    pub path: Arc<str>,
    /// As whom: a user, a role, a client id.
    pub user: Option<Arc<str>>,
    /// The password that the asking side would send; `None`: it has none to send.
    pub password: Option<Secret>,
    /// The database: a name, or a number of Redis.
    pub database: Option<Arc<str>>,
}

/// What a peer is expected to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeProtocol {
    /// Redis and its kin.
    Redis,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// HTTP.
    Http,
    /// OpenID Connect below a URL: the issuer's, or that of a Keycloak realm.
    Oidc,
    /// Anything: whether it accepts, and what it says unasked.
    Tcp,
    /// What a server shows to those who come to it by this name over TLS, asked on its own loopback.
    Front,
}

impl Told {
    /// Stable name, as in a case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Declared => "declared",
        }
    }
}

impl TlsFault {
    /// Stable kebab-case name, as in a case.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::OtherName { .. } => "other-name",
            Self::UnknownIssuer { .. } => "unknown-issuer",
            Self::NothingInCommon => "nothing-in-common",
            Self::Alert(_) => "alert",
        }
    }
}

impl ProbeProtocol {
    /// Every protocol.
    pub const ALL: [Self; 7] =
        [Self::Redis, Self::Postgres, Self::Mysql, Self::Http, Self::Oidc, Self::Tcp, Self::Front];

    /// Stable name, as in a case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Http => "http",
            Self::Oidc => "oidc",
            Self::Tcp => "tcp",
            Self::Front => "front",
        }
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeAnswer {
    /// What it comes to.
    pub outcome: ProbeOutcome,
    /// The words that say so, verbatim, one line: the peer's own, or the name of the system's error.
    pub words: Option<Arc<str>>,
    /// Addresses that the host's name stood for.
    pub addresses: Vec<Arc<str>>,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
}

/// What an answer comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeOutcome {
    /// The name stands for nothing.
    NoSuchName,
    /// Whoever resolves names did not answer, or could not.
    NameserverFails,
    /// Nobody listens on that port there.
    Refused,
    /// Nothing came back: something swallows what is sent, or nobody has the address.
    Unanswered,
    /// There is no way to that address from here.
    NoRoute,
    /// It accepted and said nothing in time.
    Silent,
    /// It accepted and hung up without an answer.
    HungUp,
    /// It speaks something else.
    OtherProtocol,
    /// It serves whoever asks like this.
    Serves,
    /// It wants a password and got none.
    WantsPassword,
    /// It refuses the user or the password that it got.
    RefusesPassword,
    /// It got a password and wants none.
    WantsNoPassword,
    /// It does not let in whoever asks from here, whatever they know: `pg_hba.conf`, protected mode, a blocked host.
    RefusesHost,
    /// The user may log in and not do this.
    RefusesAccess,
    /// It has no such user.
    NoSuchUser,
    /// It has no such database.
    NoSuchDatabase,
    /// It takes no more connections.
    TooManyConnections,
    /// It is still starting, or reading its data.
    Starting,
    /// It is shutting down.
    Stopping,
    /// It takes no writes: a replica, or set so.
    ReadOnly,
    /// It takes no writes since it could not save them.
    CannotPersist,
    /// It takes no writes since its memory is used up.
    MemoryFull,
    /// The peer speaks no TLS, and it was wanted.
    NoTls,
    /// The peer wants TLS, and none was spoken.
    WantsTls,
    /// TLS was wanted and could not be agreed on.
    Tls(TlsFault),
    /// It answers with this HTTP status, which is an error.
    HttpStatus(u16),
    /// The provider calls itself otherwise than it was called.
    IssuerDiffers {
        /// What it calls itself.
        said: Arc<str>,
    },
    /// The realm or issuer is not there.
    NoSuchRealm,
    /// The client id or its secret is refused.
    RefusesClient,
    /// Its clock differs from ours.
    ClockDiffers {
        /// By how many seconds it is ahead.
        seconds: i64,
    },
    /// It answered, and whether it would serve cannot be told from that; the words say what it said.
    Undecided,
}

impl ProbeOutcome {
    /// Those that say it all by their name.
    pub const PLAIN: [Self; 27] = [
        Self::NoSuchName,
        Self::NameserverFails,
        Self::Refused,
        Self::Unanswered,
        Self::NoRoute,
        Self::Silent,
        Self::HungUp,
        Self::OtherProtocol,
        Self::Serves,
        Self::WantsPassword,
        Self::RefusesPassword,
        Self::WantsNoPassword,
        Self::RefusesHost,
        Self::RefusesAccess,
        Self::NoSuchUser,
        Self::NoSuchDatabase,
        Self::TooManyConnections,
        Self::Starting,
        Self::Stopping,
        Self::ReadOnly,
        Self::CannotPersist,
        Self::MemoryFull,
        Self::NoTls,
        Self::WantsTls,
        Self::NoSuchRealm,
        Self::RefusesClient,
        Self::Undecided,
    ];

    /// Stable kebab-case name, as in a case.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoSuchName => "no-such-name",
            Self::NameserverFails => "nameserver-fails",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
            Self::NoRoute => "no-route",
            Self::Silent => "silent",
            Self::HungUp => "hung-up",
            Self::OtherProtocol => "other-protocol",
            Self::Serves => "serves",
            Self::WantsPassword => "wants-password",
            Self::RefusesPassword => "refuses-password",
            Self::WantsNoPassword => "wants-no-password",
            Self::RefusesHost => "refuses-host",
            Self::RefusesAccess => "refuses-access",
            Self::NoSuchUser => "no-such-user",
            Self::NoSuchDatabase => "no-such-database",
            Self::TooManyConnections => "too-many-connections",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::ReadOnly => "read-only",
            Self::CannotPersist => "cannot-persist",
            Self::MemoryFull => "memory-full",
            Self::NoTls => "no-tls",
            Self::WantsTls => "wants-tls",
            Self::NoSuchRealm => "no-such-realm",
            Self::RefusesClient => "refuses-client",
            Self::Undecided => "undecided",
            Self::Tls(_) => "tls",
            Self::HttpStatus(_) => "http-status",
            Self::IssuerDiffers { .. } => "issuer-differs",
            Self::ClockDiffers { .. } => "clock-differs",
        }
    }

    /// Whether the one that was asked said something that it speaks for itself.
    #[must_use]
    pub const fn is_an_answer(&self) -> bool {
        !matches!(
            self,
            Self::NoSuchName
                | Self::NameserverFails
                | Self::Refused
                | Self::Unanswered
                | Self::NoRoute
                | Self::Silent
                | Self::HungUp
                | Self::OtherProtocol
        )
    }
}

/// Why TLS could not be agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate has ended.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The certificate is for other names.
    OtherName {
        /// For which.
        names: Vec<Arc<str>>,
    },
    /// Nobody trusted signed it: a certificate between is missing, or its issuer is nobody's.
    UnknownIssuer {
        /// Whether the server sent no more than its own certificate, which somebody else signed.
        alone: bool,
    },
    /// No version or cipher that both have.
    NothingInCommon,
    /// The peer sent this alert.
    Alert(Arc<str>),
}

/// A probe on behalf of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeQuestion {
    /// The component that depends on what is asked.
    pub from: Arc<str>,
    /// The component that is asked, if that is known.
    pub to: Option<Arc<str>>,
    /// The variable that holds the address.
    pub key: Arc<str>,
    /// The variable that holds the password, if there is one.
    pub password_key: Option<Arc<str>>,
    /// By whose values it is asked.
    pub told: Told,
    /// Whom, and how.
    pub target: ProbeTarget,
}

/// A probe that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// What was asked.
    pub question: ProbeQuestion,
    /// What came back.
    pub answer: ProbeAnswer,
}

/// Whose values a probe follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Told {
    /// What the container that runs was told.
    Running,
    /// What the files say, where that differs: what its next container will be told.
    Declared,
}
