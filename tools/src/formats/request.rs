//! The requests that every format tells of, each in its own words, and the site they were made to.
//! What stands in a log about them is up to the writers.

use crate::clock::Zone;

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// When it had been answered, which is when most servers log it.
    pub at_ms: i64,
    /// Its number, from 1.
    pub serial: u64,
    /// The client's address.
    pub client: String,
    /// The client's port.
    pub port: u16,
    /// HTTP method.
    pub method: &'static str,
    /// Path and query.
    pub target: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Bytes of the body.
    pub bytes: u64,
    /// The `User-Agent` header.
    pub agent: &'static str,
    /// How long it took; the answer was on its way from `at_ms - took_ms` on.
    pub took_ms: u32,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered by the application with this status.
    Answered(u16),
    /// The application could not be reached.
    Refused,
}

/// Who is asked: one vhost in front of one application.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// `shop`, also the name of the Compose service of the proxy.
    pub name: &'static str,
    /// The `Host` header.
    pub host: &'static str,
    /// Address and port of the application.
    pub upstream: &'static str,
    /// The zone that its servers write in, if their format lets them choose.
    pub zone: Zone,
    /// What a client is told when the application cannot be reached.
    pub failing: u16,
}

impl Request {
    /// The status that the client saw.
    #[must_use]
    pub const fn status(&self, site: &Site) -> u16 {
        match self.outcome {
            Outcome::Answered(status) => status,
            Outcome::Refused => site.failing,
        }
    }

    /// Whether the application did answer.
    #[must_use]
    pub const fn answered(&self) -> bool {
        matches!(self.outcome, Outcome::Answered(_))
    }

    /// When it arrived.
    #[must_use]
    pub const fn begun_ms(&self) -> i64 {
        self.at_ms - self.took_ms as i64
    }

    /// Its first line.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {} HTTP/1.1", self.method, self.target)
    }
}
