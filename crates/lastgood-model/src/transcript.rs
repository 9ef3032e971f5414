//! Transcript: what was heard while one question was put over the network, turn by turn, as bytes and errors of the system.
//! What it comes to is read from it elsewhere. Secrets that were sent do not stand in it.

use std::sync::Arc;

use crate::UnixMs;

/// What stands in the place of each byte of a secret that a peer repeated.
pub const HIDDEN: u8 = 0x1a;

/// What was heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// When it began, by our clock.
    pub at: UnixMs,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// Addresses that the name stood for.
    pub addresses: Vec<Arc<str>>,
    /// What was agreed on or seen of TLS, if it was tried: of the last connection that tried.
    pub tls: Option<TlsSeen>,
    /// Turn by turn.
    pub turns: Vec<Turn>,
}

/// One thing that was done, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// What was done.
    pub asked: Asked,
    /// What came back, as far as it was read.
    pub heard: Vec<u8>,
    /// How it ended.
    pub ended: TurnEnd,
}

/// What was done in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asked {
    /// The name was looked up. What is heard is the nameserver's word: `NXDOMAIN`, `SERVFAIL`.
    Name,
    /// One address was called. What is heard is that address.
    Connect,
    /// TLS was begun. What is heard are the first bytes, if they were none of TLS.
    Tls,
    /// The same address was asked again without TLS, to learn what it speaks.
    Plainly,
    /// The same address was asked again with TLS, to learn what it speaks.
    Securely,
    /// Nothing: we listened.
    Greeting,
    /// Whether it is there: `PING`.
    Ping,
    /// To be let in.
    Login,
    /// For a database.
    Database,
    /// What it says of itself.
    Facts,
    /// Whether it would speak TLS on this connection.
    TlsOffer,
    /// To begin a session.
    Startup,
    /// For a path.
    Get,
    /// For what an issuer says of itself.
    Discovery,
    /// For a token.
    Token,
    /// For the keys that tokens are signed with.
    Keys,
}

impl Asked {
    /// Everything that can be done.
    pub const ALL: [Self; 16] = [
        Self::Name,
        Self::Connect,
        Self::Tls,
        Self::Plainly,
        Self::Securely,
        Self::Greeting,
        Self::Ping,
        Self::Login,
        Self::Database,
        Self::Facts,
        Self::TlsOffer,
        Self::Startup,
        Self::Get,
        Self::Discovery,
        Self::Token,
        Self::Keys,
    ];

    /// Stable name, as on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Plainly => "plainly",
            Self::Securely => "securely",
            Self::Greeting => "greeting",
            Self::Ping => "ping",
            Self::Login => "login",
            Self::Database => "database",
            Self::Facts => "facts",
            Self::TlsOffer => "tls-offer",
            Self::Startup => "startup",
            Self::Get => "get",
            Self::Discovery => "discovery",
            Self::Token => "token",
            Self::Keys => "keys",
        }
    }
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnEnd {
    /// All of the answer is there.
    Complete,
    /// There was more than is read.
    Cut,
    /// The peer closed the connection.
    Closed,
    /// The time was up.
    TimedOut,
    /// An error of the operating system, by its number.
    System(i32),
    /// TLS failed; [`TlsSeen`] says how.
    Tls,
}

impl TurnEnd {
    /// Those without a number, by their stable names.
    pub const PLAIN: [(&'static str, Self); 5] = [
        ("complete", Self::Complete),
        ("cut", Self::Cut),
        ("closed", Self::Closed),
        ("timed-out", Self::TimedOut),
        ("tls", Self::Tls),
    ];
}

/// What was seen of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSeen {
    /// Certificates that the peer sent, its own first, as DER.
    pub certificates: Vec<Vec<u8>>,
    /// Why it would not be trusted, in the verifier's words; `None`: it would be, or it did not come to that.
    pub distrust: Option<Arc<str>>,
    /// Whether its certificate is for another name.
    pub other_name: bool,
    /// The alert that the peer sent, by its number.
    pub alert: Option<u8>,
    /// What failed on our side, in the library's words.
    pub failed: Option<Arc<str>>,
    /// The version that was agreed on.
    pub version: Option<Arc<str>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_has_a_name_of_its_own() {
        let mut names = Asked::ALL.map(Asked::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Asked::ALL.len());
    }
}
