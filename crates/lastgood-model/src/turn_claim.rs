//! Claims about answers that turned: a route that was answered and is refused, or that nobody waits for any more, and what
//! of the proxy or the release behind it tells why. Words live in the binary.

use std::sync::Arc;

/// Something claimed of a route whose answers turned without failing.
#[derive(Clone, Debug, PartialEq)]
pub enum TurnClaim {
    /// What was answered is refused.
    Refused {
        /// With which status, mostly.
        status: u16,
        /// Refused requests.
        refused: u64,
        /// Requests since.
        of: u64,
        /// Good answers before, as far as they were looked at.
        answered: u64,
    },
    /// Whoever asks leaves before there is an answer.
    GaveUp {
        /// Clients that left.
        left: u64,
        /// Requests since.
        of: u64,
        /// Good answers before, as far as they were looked at.
        answered: u64,
        /// After how long they left, in milliseconds, where the log tells and they agree.
        waited_ms: Option<u32>,
    },
    /// Whoever asks is sent on, and comes back to the same place.
    SentRound {
        /// With which status, mostly.
        status: u16,
        /// Requests that were sent on.
        sent: u64,
        /// Requests since.
        of: u64,
        /// Good answers before, as far as they were looked at.
        answered: u64,
    },
    /// Nothing passes on whether users came over TLS.
    SchemeNotPassed {
        /// Who is asked.
        told: Arc<str>,
    },
    /// The application is asked for another path than users ask for.
    PathCut {
        /// What users ask for.
        asked: Arc<str>,
        /// What reaches the application.
        passed: Arc<str>,
    },
    /// A `proxy_pass` with a path of its own: it takes the place of the location's.
    PassReplaces {
        /// The `location`.
        location: Arc<str>,
        /// What is asked.
        host: Arc<str>,
    },
    /// Nothing passes on the host that users asked for, so that the name in `proxy_pass` is told.
    HostNotPassed {
        /// The name that is told.
        told: Arc<str>,
    },
}
