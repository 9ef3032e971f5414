//! Cause codes: `class/name`, kebab-case, stable for ever. What they mean in words is told elsewhere.

use std::fmt;

macro_rules! codes {
    ($($variant:ident = $class:literal / $name:literal),+ $(,)?) => {
        /// A cause, as `class/name`. Codes may be added, never renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CauseCode { $(#[doc = concat!("`", $class, "/", $name, "`")] $variant),+ }

        impl CauseCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The class: `reboot`.
            #[must_use]
            pub const fn class(self) -> &'static str {
                match self { $(Self::$variant => $class),+ }
            }

            /// The name within the class: `not-started-after-reboot`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

codes! {
    ProcessDown = "process" / "process-down",
    OomKill = "memory" / "oom-kill",
    DiskFull = "storage" / "disk-full",
    TlsExpired = "tls" / "tls-expired",
    TlsChain = "tls" / "tls-chain",
    TlsNameMismatch = "tls" / "tls-name-mismatch",
    HeaderTooBig = "proxy" / "header-too-big",
    BodyTooBig = "proxy" / "body-too-big",
    RateLimit = "proxy" / "rate-limit",
    FdLimit = "resource-limit" / "fd-limit",
    WorkerLimit = "resource-limit" / "worker-limit",
    ServerConnLimit = "resource-limit" / "server-conn-limit",
    DependencyDown = "process" / "dependency-down",
    ConnectionClosed = "network" / "connection-closed",
    DnsFailure = "network" / "dns-failure",
    PortConflict = "address" / "port-conflict",
    ConfigSyntax = "configuration" / "config-syntax",
    HostDown = "reboot" / "host-down",
    NotStartedAfterReboot = "reboot" / "not-started-after-reboot",
    TimeoutSlow = "application" / "timeout-slow",
    AppBug = "application" / "app-bug",
    VersionIncompatible = "version" / "version-incompatible",
    BadEntrypoint = "startup" / "bad-entrypoint",
    HealthcheckBroken = "startup" / "healthcheck-broken",
    WrongArch = "version" / "wrong-arch",
    WrongNetwork = "network" / "wrong-network",
    WrongAddress = "address" / "wrong-address",
    StaleUpstreamIp = "address" / "stale-upstream-ip",
    StaleEnv = "environment" / "stale-env",
    BadMount = "storage" / "bad-mount",
    WrongCredential = "credentials" / "wrong-credential",
    MissingCredential = "credentials" / "missing-credential",
    AuthNotExpected = "credentials" / "auth-not-expected",
    ProtectedMode = "credentials" / "protected-mode",
    PersistenceFailing = "storage" / "persistence-failing",
    MemoryLimit = "memory" / "memory-limit",
    ReadOnly = "configuration" / "read-only",
    FirewallDrop = "network" / "firewall-drop",
    BindLoopback = "address" / "bind-loopback",
    SchemaMissing = "schema" / "schema-missing",
    Loading = "startup" / "loading",
    ProtocolMismatch = "version" / "protocol-mismatch",
    IssuerMismatch = "identity" / "issuer-mismatch",
    ClockSkew = "time" / "clock-skew",
    TlsNotYetValid = "tls" / "tls-not-yet-valid",
    TlsVersion = "tls" / "tls-version",
    Located = "unknown" / "located",
    EnvMissing = "environment" / "env-missing",
    EnvMalformed = "environment" / "env-malformed",
    Permission = "storage" / "permission",
    HeapLimit = "memory" / "heap-limit",
    BuildMissing = "startup" / "build-missing",
    RedirectUri = "identity" / "redirect-uri",
    WrongHostHeader = "proxy" / "wrong-host-header",
    Ipv6Mismatch = "network" / "ipv6-mismatch",
    ConfigSemantic = "configuration" / "config-semantic",
    VersionSkew = "version" / "version-skew",
    StartupOrder = "startup" / "startup-order",
    RedirectLoop = "proxy" / "redirect-loop",
}

impl CauseCode {
    /// Finds a code by `class/name` or by its name alone.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| {
            text == code.name()
                || text.split_once('/').is_some_and(|(class, name)| class == code.class() && name == code.name())
        })
    }
}

impl fmt::Display for CauseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.class(), self.name())
    }
}

/// How sure we are of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// It fits and nothing proves it.
    Possible,
    /// It explains what was seen better than its rivals.
    Likely,
    /// A probe, a state or an unambiguous line proves it.
    Confirmed,
}

impl Confidence {
    /// Stable name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Confirmed => "confirmed",
        }
    }
}
