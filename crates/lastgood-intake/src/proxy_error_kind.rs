//! What a sentence of nginx's error log means, by its errno and its `while …` phrase. One table, read from the top.
//! It names what happened on the wire, not whose fault it is.

use std::borrow::Cow;

use lastgood_model::ProxyErrorKind as Kind;
use memchr::memmem::find;

use crate::nginx_error::{Level, ProxyError};
use crate::timestamp::number;

/// Phrases that decide by themselves, the more special ones first.
const PHRASES: &[(&str, Kind)] = &[
    ("worker_connections are not enough", Kind::WorkerConnections),
    ("no live upstreams", Kind::NoLiveUpstreams),
    ("upstream server temporarily disabled", Kind::TemporarilyDisabled),
    ("host not found in ", Kind::NameNotResolved),
    ("could not be resolved", Kind::NameNotResolved),
    ("no resolver defined to resolve", Kind::NameNotResolved),
    ("while resolving", Kind::NameNotResolved),
    ("buffered to a temporary file", Kind::Harmless),
    ("upstream sent more data than specified", Kind::Harmless),
    ("directory index of ", Kind::NoIndex),
    ("limiting requests", Kind::Limited),
    ("delaying request", Kind::Harmless),
    ("limiting connections", Kind::Limited),
    ("client intended to send too large", Kind::BodyTooBig),
    ("client prematurely closed connection", Kind::ClientSide),
    ("upstream prematurely closed", Kind::ClosedEarly),
    ("upstream closed connection", Kind::ClosedEarly),
    ("upstream sent too big header", Kind::HeaderTooBig),
    ("upstream SSL certificate does not match", Kind::TlsNameMismatch),
    ("certificate verify error: (9:", Kind::TlsExpired),
    ("certificate verify error: (10:", Kind::TlsExpired),
    ("certificate verify error: (62:", Kind::TlsNameMismatch),
    ("upstream SSL certificate", Kind::TlsUntrusted),
    ("upstream sent", Kind::BadAnswer),
    ("upstream rejected", Kind::BadAnswer),
    ("unexpected response", Kind::BadAnswer),
    // The reason stands in another line, that of the subrequest.
    ("auth request unexpected status", Kind::Other),
];

/// Phrases that say that the other end is the client's.
const CLIENT: &[&str] = &[
    "client ",
    "while reading client request",
    "while waiting for request",
    "while sending to client",
    "while sending response to client",
    "while keepalive",
    "while SSL handshaking",
    "closed keepalive connection",
    "in SSL handshake",
];

/// Longer sentences are not remembered.
const MAX_KNOWN: usize = 1024;

/// Kinds of sentences, with the last few remembered: a broken upstream repeats the same ones for hours.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    recent: [Known; 8],
    oldest: usize,
}

#[derive(Debug, Default)]
struct Known {
    message: Vec<u8>,
    level: Level,
    upstream: bool,
    meaning: Option<(Kind, Option<u16>)>,
}

impl Kinds {
    /// The kind of a line and its errno.
    pub(crate) fn of(&mut self, error: &ProxyError<'_>) -> (Kind, Option<u16>) {
        let upstream = error.upstream.is_some();
        let is_this =
            |known: &&Known| known.message == error.message && known.level == error.level && known.upstream == upstream;
        if let Some(meaning) = self.recent.iter().find(is_this).and_then(|known| known.meaning) {
            return meaning;
        }
        let meaning = of(error);
        if error.message.len() > MAX_KNOWN {
            return meaning;
        }
        let place = &mut self.recent[self.oldest];
        place.message.clear();
        place.message.extend_from_slice(error.message);
        (place.level, place.upstream, place.meaning) = (error.level, upstream, Some(meaning));
        self.oldest = (self.oldest + 1) % self.recent.len();
        meaning
    }
}

fn of(error: &ProxyError<'_>) -> (Kind, Option<u16>) {
    let words = own_words(error.message);
    let errno = errno(&words);
    (kind(error, &words, errno), errno)
}

/// The sentence without what it quotes: file names and headers are a client's words and must not pass for nginx's.
fn own_words(message: &[u8]) -> Cow<'_, [u8]> {
    match (memchr::memchr(b'"', message), memchr::memrchr(b'"', message)) {
        (Some(first), Some(last)) if first < last => Cow::Owned([&message[..first], &message[last + 1..]].concat()),
        _ => Cow::Borrowed(message),
    }
}

fn kind(error: &ProxyError<'_>, message: &[u8], errno: Option<u16>) -> Kind {
    let says = |phrase: &str| find(message, phrase.as_bytes()).is_some();
    // Whatever it was doing: these are the host's.
    match errno {
        Some(24) => return Kind::TooManyFiles,
        Some(28) => return Kind::NoSpace,
        _ => {}
    }
    if let Some((_, kind)) = PHRASES.iter().find(|(phrase, _)| says(phrase)) {
        return *kind;
    }
    let to_upstream = says("upstream") || error.upstream.is_some();
    if says("timed out") && to_upstream && !says("client timed out") {
        return match () {
            () if says("while connecting to upstream") => Kind::ConnectTimeout,
            // An idle websocket ends like this, and nginx itself calls it mere information.
            () if says("while proxying upgraded connection") && error.level <= Level::Info => Kind::Harmless,
            () => Kind::AnswerTimeout,
        };
    }
    if message.starts_with(b"connect() ") {
        return connect(errno);
    }
    if to_upstream && !says("to client") {
        if says("SSL") {
            // What came back is no record of TLS, such as plain HTTP.
            return if says("wrong version number") || says("packet length too long") {
                Kind::NoTls
            } else {
                Kind::Tls
            };
        }
        // 104 is a reset, 32 a broken pipe: the other end closed while nginx was still at it.
        if matches!(errno, Some(104 | 32)) {
            return Kind::Reset;
        }
    }
    if CLIENT.iter().any(|phrase| says(phrase)) { Kind::ClientSide } else { Kind::Other }
}

/// Why a connection could not be made.
fn connect(errno: Option<u16>) -> Kind {
    match errno {
        Some(111) => Kind::ConnectRefused,
        Some(110) => Kind::ConnectTimeout,
        Some(113 | 101) => Kind::NoRoute,
        Some(2) => Kind::SocketMissing,
        Some(13) => Kind::SocketDenied,
        Some(11) => Kind::SocketFull,
        Some(104) => Kind::Reset,
        _ => Kind::Other,
    }
}

/// `111` of `(111: Connection refused)`.
fn errno(message: &[u8]) -> Option<u16> {
    memchr::memchr_iter(b'(', message).find_map(|open| {
        let rest = &message[open + 1..];
        let colon = rest.iter().take(6).position(|byte| *byte == b':')?;
        rest.get(colon + 1).filter(|byte| **byte == b' ')?;
        u16::try_from(number(&rest[..colon])?).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_message(level: Level, message: &str, upstream: bool) -> (Kind, Option<u16>) {
        let upstream = upstream.then_some(&b"http://a:1/"[..]);
        of(&ProxyError { level, message: message.as_bytes(), upstream, ..ProxyError::default() })
    }

    #[test]
    fn sentences_have_kinds() {
        for (message, kind, errno) in [
            ("directory index of \"/srv/pages/\" is forbidden", Kind::NoIndex, None),
            (
                "connect() failed (111: Connection refused) while connecting to upstream",
                Kind::ConnectRefused,
                Some(111),
            ),
            (
                "upstream timed out (110: Connection timed out) while connecting to upstream",
                Kind::ConnectTimeout,
                Some(110),
            ),
            (
                "upstream timed out (110: Connection timed out) while SSL handshaking to upstream",
                Kind::AnswerTimeout,
                Some(110),
            ),
            ("connect() failed (113: No route to host) while connecting to upstream", Kind::NoRoute, Some(113)),
            ("connect() failed (113: Host is unreachable) while connecting to upstream", Kind::NoRoute, Some(113)),
            (
                "SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream",
                Kind::NoTls,
                None,
            ),
            ("peer closed connection in SSL handshake while SSL handshaking to upstream", Kind::Tls, None),
            (
                "upstream SSL certificate verify error: (18:self-signed certificate) while SSL handshaking to upstream",
                Kind::TlsUntrusted,
                None,
            ),
            (
                "upstream SSL certificate verify error: (10:certificate has expired) while SSL handshaking to upstream",
                Kind::TlsExpired,
                None,
            ),
            (
                "upstream SSL certificate does not match \"api.example.com\" while SSL handshaking to upstream",
                Kind::TlsNameMismatch,
                None,
            ),
            ("socket() failed (24: Too many open files) while connecting to upstream", Kind::TooManyFiles, Some(24)),
            ("writev() failed (32: Broken pipe) while sending request to upstream", Kind::Reset, Some(32)),
            (
                "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while sending request to upstream",
                Kind::ClientSide,
                None,
            ),
            (
                "upstream prematurely closed FastCGI stdout while reading response header from upstream",
                Kind::ClosedEarly,
                None,
            ),
        ] {
            assert_eq!(of_message(Level::Error, message, true), (kind, errno), "{message}");
        }
        for (message, kind, errno) in [
            (
                "SSL_do_handshake() failed (SSL: error:0A000102:SSL routines::unsupported protocol) while SSL handshaking",
                Kind::ClientSide,
                None,
            ),
            (
                "recv() failed (104: Connection reset by peer) while reading client request line",
                Kind::ClientSide,
                Some(104),
            ),
            ("send() failed (111: Connection refused) while resolving", Kind::NameNotResolved, Some(111)),
            ("worker process 30758 exited on signal 11", Kind::Other, None),
            ("open() \"/x (111: no live upstreams\" failed (2: No such file or directory)", Kind::Other, Some(2)),
        ] {
            assert_eq!(of_message(Level::Error, message, false), (kind, errno), "{message}");
        }
        let idle = "upstream timed out (110: Connection timed out) while proxying upgraded connection";
        assert_eq!(of_message(Level::Info, idle, true).0, Kind::Harmless);
    }
}
