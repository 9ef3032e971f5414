//! What a status means for the person who asked: the one place where "failed" is defined.

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered, or redirected.
    Good,
    /// The server's side failed: 5xx, an answer that was not HTTP at all (nginx logs those as `009`), or a limit that the
    /// site itself set (413, 429, 431).
    Failed,
    /// The client's side was refused (other 4xx): never an incident by itself, since clients choose what they ask for.
    Refused,
    /// The client left before there was an answer (nginx's 499, 460 of Amazon's load balancers): nobody knows what it
    /// would have been.
    Abandoned,
}

impl Outcome {
    /// The outcome behind a status. 501 and 505 answer a request that no client of the site would send, so they
    /// are the client's.
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            460 | 499 => Self::Abandoned,
            413 | 429 | 431 => Self::Failed,
            501 | 505 | 400..=498 => Self::Refused,
            0..=99 | 500..=599 => Self::Failed,
            _ => Self::Good,
        }
    }

    /// Whether the server's side failed.
    #[must_use]
    pub const fn failed(self) -> bool {
        matches!(self, Self::Failed)
    }

    /// Whether a status says that a limit of the site was met. Such a failure may be what the limit is for.
    #[must_use]
    pub const fn is_limit(status: u16) -> bool {
        matches!(status, 413 | 429 | 431)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_not_http_is_a_failure() {
        assert!(Outcome::of(9).failed());
        assert!(Outcome::of(502).failed());
        assert!(!Outcome::of(404).failed());
        assert!(!Outcome::of(304).failed());
        assert!(!Outcome::of(501).failed());
        assert_eq!(Outcome::of(460), Outcome::Abandoned);
    }
}
