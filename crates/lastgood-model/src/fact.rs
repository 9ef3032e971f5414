//! Facts other than requests: what units, kernels and proxies said of themselves. No opinion of them.

use std::sync::Arc;

use crate::{BuildFact, ErrorShapeId, LineRef, UnixMs};

/// One fact at one time from one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// When; `None` where a fact has no time of its own (a unit list).
    pub at: Option<UnixMs>,
    /// Where it stands.
    pub line: LineRef,
    /// What it says.
    pub fact: Fact,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// First line of a boot.
    BootStarted {
        /// The journal's boot id.
        boot: Arc<str>,
    },
    /// Last line of a boot that another one followed, or at which the export ends.
    BootEnded {
        /// The journal's boot id.
        boot: Arc<str>,
        /// Whether the journal holds the shutdown's own lines; without them the machine crashed or lost power.
        clean: bool,
    },
    /// First line in a boot that a unit's own process wrote: it was running then.
    UnitSpoke {
        /// Unit name with suffix.
        unit: Arc<str>,
    },
    /// systemd finished starting a unit.
    UnitStarted {
        /// Unit name with suffix.
        unit: Arc<str>,
    },
    /// systemd finished stopping a unit.
    UnitStopped {
        /// Unit name with suffix.
        unit: Arc<str>,
    },
    /// A unit failed, or could not be started.
    UnitFailed {
        /// Unit name with suffix.
        unit: Arc<str>,
        /// systemd's word for it (`exit-code`, `signal`, `oom-kill`, `timeout`), or its last sentence.
        result: Arc<str>,
    },
    /// What a unit list says of a unit.
    UnitFile {
        /// Unit name with suffix.
        unit: Arc<str>,
        /// Whether it starts at boot.
        state: UnitFileState,
    },
    /// The kernel killed a process for lack of memory.
    OomKilled {
        /// Name of the process.
        process: Arc<str>,
        /// Its id.
        pid: u32,
        /// cgroup or unit that it belonged to, where a line says so.
        scope: Option<Arc<str>>,
    },
    /// The proxy's master process started.
    ProxyStarted,
    /// The proxy took over a changed configuration.
    ProxyReloaded,
    /// The proxy was told to stop.
    ProxyStopped,
    /// The proxy refused its configuration, with the sentence it gave.
    ProxyConfigRefused {
        /// nginx's sentence, without time and level.
        message: Arc<str>,
    },
    /// A database or cache became ready to take connections.
    DependencyStarted {
        /// What it is (`postgres`, `mysql`, `mariadb`, `redis`).
        who: Arc<str>,
    },
    /// A database or cache stopped.
    DependencyStopped {
        /// What it is.
        who: Arc<str>,
        /// Whether it was told to; otherwise it crashed.
        clean: bool,
    },
    /// A database or cache turned somebody away because all of its connections are taken.
    ConnectionsExhausted {
        /// What it is.
        who: Arc<str>,
    },
    /// A certificate that a server shows to others, or one of those that vouch for it.
    Certificate {
        /// Its names, as the certificate has them: host names, else the common name.
        names: Arc<str>,
        /// First moment at which it is valid.
        from: UnixMs,
        /// Last moment at which it is valid.
        until: UnixMs,
    },
    /// What the output of a build says.
    Build(BuildFact),
    /// A unit wrote that a file system has no room (`No space left on device`).
    NoSpace {
        /// Who wrote it.
        unit: Arc<str>,
    },
}

/// Whether a unit starts at boot, as `systemctl list-unit-files` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnitFileState {
    /// `enabled`, `enabled-runtime`, `alias`, `generated`.
    Enabled,
    /// `disabled`.
    Disabled,
    /// `masked`.
    Masked,
    /// `static`, `indirect`, `linked` and the like: started by others or by hand, the word itself proves nothing.
    Other,
}

/// One line of a proxy's error log that concerns an upstream or the proxy's own resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorHit {
    /// When.
    pub at: UnixMs,
    /// What.
    pub shape: ErrorShapeId,
    /// Where it stands.
    pub line: LineRef,
}

/// What a proxy's error line says, by its errno and its `while …` phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProxyErrorKind {
    /// `connect() failed (111: Connection refused)`: nothing listens there.
    ConnectRefused,
    /// `upstream timed out … while connecting to upstream`: nothing answers there.
    ConnectTimeout,
    /// `connect() … (113: No route to host)` or `(101: Network is unreachable)`.
    NoRoute,
    /// A unix socket that is not there (2).
    SocketMissing,
    /// A socket that the proxy may not open (13).
    SocketDenied,
    /// A unix socket whose backlog is full (11).
    SocketFull,
    /// A timeout while sending the request or reading the answer: connected, but slow.
    AnswerTimeout,
    /// `recv() failed (104: Connection reset by peer)` from an upstream.
    Reset,
    /// `upstream prematurely closed connection`.
    ClosedEarly,
    /// `no live upstreams while connecting to upstream`.
    NoLiveUpstreams,
    /// `upstream server temporarily disabled`: the proxy's own note, beside another line.
    TemporarilyDisabled,
    /// `host not found in upstream` or `… could not be resolved`.
    NameNotResolved,
    /// A TLS handshake with an upstream failed, for another reason than its certificate.
    Tls,
    /// An upstream answered a TLS handshake with something that is no TLS.
    NoTls,
    /// An upstream's certificate has ended, or has not begun.
    TlsExpired,
    /// An upstream's certificate is of nobody who is trusted.
    TlsUntrusted,
    /// An upstream's certificate is for another name.
    TlsNameMismatch,
    /// The upstream's answer was not what the protocol demands (invalid header, no valid HTTP/1.0 header, …).
    BadAnswer,
    /// `upstream sent too big header`.
    HeaderTooBig,
    /// `directory index of … is forbidden`: a folder was asked for that has no start page.
    NoIndex,
    /// `(28: No space left on device)`.
    NoSpace,
    /// `(24: Too many open files)`.
    TooManyFiles,
    /// `worker_connections are not enough`, or HAProxy's own limit of connections.
    WorkerConnections,
    /// `server reached MaxRequestWorkers`: Apache has no process or thread left for another request.
    WorkerLimit,
    /// The client went away or sent something invalid.
    ClientSide,
    /// A limit of the proxy itself on how often or how much at once somebody may ask (`limiting requests`).
    Limited,
    /// `client intended to send too large body`.
    BodyTooBig,
    /// A warning that breaks nothing (`buffered to a temporary file`).
    Harmless,
    /// A line that is none of these.
    Other,
}
