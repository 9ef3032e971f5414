//! HTTP/1.1: one request a connection, no redirect is followed, and only the beginning of a body is read.

use httparse::{EMPTY_HEADER, Response, Status};
use lastgood_model::{Asked, ProbeTarget, TurnEnd};

use super::peer::{MOST_HEARD, Peer};
use super::record::Record;
use super::tcp::{learn_if_secure, open_or_learn};
use super::tls::late_alert;

const MOST_HEADERS: usize = 100;
/// Headers that say something; the others may be personal.
const KEPT: [&str; 7] = ["date", "age", "server", "via", "content-type", "www-authenticate", "location"];
/// What is none of HTTP is not waited for beyond this, in bytes.
const FIRST_WORDS: usize = 64;

pub(super) fn ask(target: &ProbeTarget, record: &mut Record) {
    let _answer = put(target, Asked::Get, &Request::get(&target.path), KeptBody::Beginning, record);
}

/// What is asked for.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// Further headers, each with its line end.
    pub(super) headers: &'a str,
    pub(super) body: &'a str,
    /// Whether a secret stands in it: then it is sent only to whom is trusted.
    pub(super) holds_secret: bool,
}

impl<'a> Request<'a> {
    pub(super) const fn get(path: &'a str) -> Self {
        Self { method: "GET", path, headers: "", body: "", holds_secret: false }
    }
}

/// What of a body is handed on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeptBody {
    /// All that was read.
    Whole,
    /// Enough to see what it is.
    Beginning,
    /// Enough to see what is wrong; nothing if all is well: it is a secret then.
    Complaint,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Puts a request on a connection of its own. `None` if what came is no answer; the record says what it was.
pub(super) fn put(
    target: &ProbeTarget,
    asked: Asked,
    request: &Request<'_>,
    kept: KeptBody,
    record: &mut Record,
) -> Option<Answer> {
    let Request { method, path, headers, body, holds_secret } = request;
    let path = if path.is_empty() { "/" } else { path };
    let host = host_header(target);
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let bare = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: lastgood\r\nAccept: */*\r\n\
         Accept-Encoding: identity\r\nConnection: close\r\n"
    );
    // What is only asked to learn whether somebody speaks HTTP holds no secret.
    let probe = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let mut peer = open_or_learn(target, record, probe.as_bytes(), is_complete)?;
    if peer.is_secure() && !record.trusts() && *holds_secret {
        return None;
    }
    peer.say(format!("{bare}{headers}{length}\r\n{body}").as_bytes());
    let (heard, ended) = peer.hear(is_complete);
    if let Some(alert) = late_alert(&mut peer) {
        record.alert(alert);
    }
    take_down(target, asked, heard, ended, kept, peer, record)
}

fn take_down(
    target: &ProbeTarget,
    asked: Asked,
    heard: Vec<u8>,
    ended: TurnEnd,
    kept: KeptBody,
    peer: Peer,
    record: &mut Record,
) -> Option<Answer> {
    let Some(parsed) = parse(&heard) else {
        learn_after(target, asked, heard, ended, peer, record);
        return None;
    };
    let Parsed { status, head, body, .. } = parsed;
    let shown = match kept {
        KeptBody::Whole => body.as_slice(),
        KeptBody::Complaint if status < 300 => b"",
        KeptBody::Beginning | KeptBody::Complaint => body.get(..body.len().min(2048)).unwrap_or_default(),
    };
    // A body that is read no further is no answer that failed.
    let ended = if ended == TurnEnd::Cut { TurnEnd::Complete } else { ended };
    record.turn(asked, [head.as_bytes(), b"\r\n", shown].concat(), ended);
    peer.part(b"");
    Some(Answer { status, body })
}

fn learn_after(target: &ProbeTarget, asked: Asked, heard: Vec<u8>, ended: TurnEnd, peer: Peer, record: &mut Record) {
    record.turn(asked, heard.clone(), ended);
    learn_if_secure(target, &peer, &heard, ended, record);
}

/// The host as a browser writes it: without the port that goes without saying.
fn host_header(target: &ProbeTarget) -> String {
    let host = target.host.trim_start_matches('[').trim_end_matches(']');
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let usual = if target.secure { 443 } else { 80 };
    if target.port == usual { host } else { format!("{host}:{}", target.port) }
}

/// An answer, as far as it is there.
struct Parsed {
    status: u16,
    /// The status line and the headers that are kept, each with its line end.
    head: String,
    body: Vec<u8>,
    is_complete: bool,
}

fn is_complete(heard: &[u8]) -> bool {
    if !b"HTTP/".starts_with(heard.get(..5.min(heard.len())).unwrap_or_default()) {
        return heard.contains(&b'\n') || heard.len() >= FIRST_WORDS;
    }
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    match Response::new(&mut headers).parse(heard) {
        Ok(Status::Partial) => false,
        Ok(Status::Complete(_)) => parse(heard).is_none_or(|parsed| parsed.is_complete),
        Err(_) => true,
    }
}

fn parse(heard: &[u8]) -> Option<Parsed> {
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut response = Response::new(&mut headers);
    let Ok(Status::Complete(length)) = response.parse(heard) else { return None };
    let status = response.code?;
    let line = heard.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let mut head = format!("{}\r\n", String::from_utf8_lossy(line));
    let mut told_length = None;
    let mut in_chunks = false;
    for header in response.headers.iter() {
        let value = String::from_utf8_lossy(header.value);
        if KEPT.iter().any(|name| header.name.eq_ignore_ascii_case(name)) {
            // What stands behind a question mark of an address may be a token.
            let value = value.split('?').next().unwrap_or_default();
            head.push_str(&format!("{}: {value}\r\n", header.name));
        } else if header.name.eq_ignore_ascii_case("content-length") {
            told_length = value.trim().parse::<usize>().ok();
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            in_chunks = value.to_ascii_lowercase().contains("chunked");
        }
    }
    let rest = heard.get(length..).unwrap_or_default();
    let without_body = matches!(status, 204 | 304);
    let (body, is_complete) = if in_chunks {
        chunks(rest)
    } else {
        let told = if without_body { Some(0) } else { told_length };
        let here = rest.len().min(told.unwrap_or(MOST_HEARD));
        (rest.get(..here).unwrap_or_default().to_vec(), told.is_some_and(|told| rest.len() >= told))
    };
    Some(Parsed { status, head, body, is_complete })
}

/// A body that comes in pieces, as far as it is there, and whether that is all of it.
fn chunks(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Ok(Status::Complete((begin, length))) = httparse::parse_chunk_size(rest) {
        if length == 0 {
            return (body, true);
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let piece = rest.get(begin..).unwrap_or_default();
        body.extend_from_slice(piece.get(..length.min(piece.len())).unwrap_or_default());
        match piece.get(length.saturating_add(2)..) {
            Some(next) => rest = next,
            None => break,
        }
    }
    (body, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_it_says() {
        let plain = b"HTTP/1.1 404 Not Found\r\nDate: x\r\nSet-Cookie: a\r\nLocation: /a?token=b\r\nContent-Length: 2\r\n\r\nno";
        let parsed = parse(plain).unwrap();
        assert_eq!((parsed.status, parsed.is_complete), (404, true));
        assert_eq!(parsed.head, "HTTP/1.1 404 Not Found\r\nDate: x\r\nLocation: /a\r\n");
        assert!(!is_complete(&plain[..plain.len() - 1]));
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
        let parsed = parse(chunked).unwrap();
        assert_eq!((parsed.body.as_slice(), parsed.is_complete), (&b"abcde"[..], true));
        assert_eq!(parse(&chunked[..chunked.len() - 9]).map(|parsed| parsed.is_complete), Some(false));
        assert!(!is_complete(b"HTT"));
        assert!(is_complete(b"+PONG\r\n"));
        assert!(parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().is_complete);
        assert!(!is_complete(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab"));
    }

    proptest::proptest! {
        #[test]
        fn no_answer_panics(head in "(HTTP/1.[01] [0-9]{3} x\r\n)?(Transfer-Encoding: chunked\r\n|Content-Length: [0-9]{1,20}\r\n)?(\r\n)?",
                            body in proptest::collection::vec(proptest::num::u8::ANY, 0..200), pieces in "([0-9a-f]{1,17}\r\n[a-z]{0,5}\r\n){0,4}") {
            let heard = [head.as_bytes(), pieces.as_bytes(), &body].concat();
            let complete = is_complete(&heard);
            if let Some(parsed) = parse(&heard) {
                proptest::prop_assert!(parsed.body.len() <= heard.len());
                proptest::prop_assert!(complete || !parsed.is_complete);
            }
        }
    }
}
