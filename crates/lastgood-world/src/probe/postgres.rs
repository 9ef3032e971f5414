//! PostgreSQL: a session is begun as its clients do it, with one login, and ended as soon as it may begin to ask. Nothing is asked
//! of the database itself.

use bytes::BytesMut;
use lastgood_model::{Asked, ProbeTarget, TurnEnd};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;

use super::peer::{Peer, call, call_again};
use super::record::Record;
use super::tls::{Handshake, late_alert, secure};

/// No message of a login is longer.
const LONGEST: usize = 32 * 1024;
/// What is none of this protocol is not waited for beyond this, in bytes.
const FIRST_WORDS: usize = 64;
/// A server that lets its clients hash longer than this wants something else of them. The default is 4096.
const MOST_ITERATIONS: u64 = 200_000;
/// A login has fewer steps.
const MOST_STEPS: usize = 4;

pub(super) fn ask(target: &ProbeTarget, record: &mut Record) {
    let Some(peer) = call(&target.host, target.port, record) else { return };
    let address = peer.address;
    let Some(mut peer) = (if target.secure { with_tls(target, peer, record) } else { Some(peer) }) else { return };
    let heard = begin(target, &mut peer, record);
    let refused_plain = !target.secure && messages(&heard).any(|(tag, body)| tag == b'E' && is_about_encryption(body));
    if refused_plain {
        drop(peer);
        // Whether it would do with TLS; the password stays here.
        let again = call_again(address, record).and_then(|peer| with_tls(target, peer, record));
        if let Some(mut peer) = again {
            begin(target, &mut peer, record);
        }
        return;
    }
    let heard = log_in(target, &mut peer, heard, record);
    let is_in = messages(&heard).any(|(tag, _)| tag == b'Z');
    // Who is not let in leaves without a word, as its own clients do.
    let goodbye = |buffer: &mut BytesMut| {
        frontend::terminate(buffer);
        Ok(())
    };
    peer.part(&if is_in { message(goodbye) } else { Vec::new() });
}

/// Agrees on TLS as the protocol has it: the client asks, the server says yes or no with one letter.
fn with_tls(target: &ProbeTarget, mut peer: Peer, record: &mut Record) -> Option<Peer> {
    peer.say(&message(|buffer| {
        frontend::ssl_request(buffer);
        Ok(())
    }));
    let (heard, ended) = peer.hear(|heard| !heard.is_empty() && (heard.len() == 1 || is_complete(heard)));
    let agreed = heard == b"S";
    record.turn(Asked::TlsOffer, heard, ended);
    if !agreed {
        return None;
    }
    match secure(peer, &target.host, Asked::Tls, record) {
        Handshake::Secure(peer) => Some(peer),
        Handshake::NotTls | Handshake::Failed => None,
    }
}

fn begin(target: &ProbeTarget, peer: &mut Peer, record: &mut Record) -> Vec<u8> {
    let user = target.user.as_deref().unwrap_or("postgres");
    let database = target.database.as_deref().filter(|database| !database.is_empty()).unwrap_or(user);
    let parameters =
        [("user", user), ("database", database), ("client_encoding", "UTF8"), ("application_name", "lastgood")];
    peer.say(&message(|buffer| frontend::startup_message(parameters, buffer)));
    hear(peer, Asked::Startup, record)
}

/// Answers what the server asks for, until it lets in or refuses. Without a password, or where it asks for something that is not
/// known here, it is left at that.
fn log_in(target: &ProbeTarget, peer: &mut Peer, mut heard: Vec<u8>, record: &mut Record) -> Vec<u8> {
    let Some(password) = target.password.as_ref().map(|password| password.expose().as_bytes()) else { return heard };
    let user = target.user.as_deref().unwrap_or("postgres").as_bytes();
    let mut scram: Option<ScramSha256> = None;
    for step in 0..MOST_STEPS {
        let Some((kind, body)) =
            messages(&heard).filter(|(tag, _)| *tag == b'R').filter_map(|(_, body)| request(body)).last()
        else {
            return heard;
        };
        let answer = match kind {
            3 if step == 0 => message(|buffer| frontend::password_message(password, buffer)),
            5 if step == 0 => {
                let Some(salt) = body.first_chunk() else { return heard };
                let hash = md5_hash(user, password, *salt);
                message(|buffer| frontend::password_message(hash.as_bytes(), buffer))
            }
            10 if body.split(|byte| *byte == 0).any(|mechanism| mechanism == SCRAM_SHA_256.as_bytes()) => {
                let begun = ScramSha256::new(password, ChannelBinding::unsupported());
                let first = begun.message().to_vec();
                scram = Some(begun);
                message(|buffer| frontend::sasl_initial_response(SCRAM_SHA_256, &first, buffer))
            }
            11 if iterations(body) <= MOST_ITERATIONS => {
                let Some(begun) = &mut scram else { return heard };
                if begun.update(body).is_err() {
                    return heard;
                }
                message(|buffer| frontend::sasl_response(begun.message(), buffer))
            }
            _ => return heard,
        };
        peer.say(&answer);
        heard = hear(peer, Asked::Login, record);
    }
    heard
}

/// How often the server lets its client hash.
fn iterations(challenge: &[u8]) -> u64 {
    let part = challenge.split(|byte| *byte == b',').find_map(|part| part.strip_prefix(b"i="));
    part.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()).unwrap_or(u64::MAX)
}

fn hear(peer: &mut Peer, asked: Asked, record: &mut Record) -> Vec<u8> {
    let (heard, ended) = peer.hear(is_complete);
    if let Some(alert) = late_alert(peer) {
        record.alert(alert);
    }
    let shown = if is_strange(&heard) { heard.clone() } else { without_secrets(&heard, ended) };
    record.turn(asked, shown, ended);
    heard
}

/// One message, or none if it cannot be written: a zero in a name.
fn message(write: impl FnOnce(&mut BytesMut) -> std::io::Result<()>) -> Vec<u8> {
    let mut buffer = BytesMut::new();
    if write(&mut buffer).is_err() {
        return Vec::new();
    }
    buffer.to_vec()
}

/// Whole messages: their letter and what they hold.
fn messages(heard: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = heard;
    std::iter::from_fn(move || {
        let (&tag, after) = rest.split_first()?;
        let length = usize::try_from(u32::from_be_bytes(*after.first_chunk()?)).ok()?;
        let body = after.get(4..length.max(4))?;
        rest = after.get(length.max(4)..)?;
        Some((tag, body))
    })
}

/// The kind of a request for a login, and what comes with it.
fn request(body: &[u8]) -> Option<(u32, &[u8])> {
    Some((u32::from_be_bytes(*body.first_chunk()?), body.get(4..)?))
}

/// Whether it is the client's turn, or nothing more will come.
fn is_complete(heard: &[u8]) -> bool {
    if is_strange(heard) {
        return heard.contains(&b'\n') || heard.len() >= FIRST_WORDS;
    }
    messages(heard).any(|(tag, body)| match tag {
        b'E' | b'Z' => true,
        // It is let in, or all but.
        b'R' => request(body).is_some_and(|(kind, _)| !matches!(kind, 0 | 12)),
        _ => false,
    })
}

/// Whether this is none of the protocol.
fn is_strange(heard: &[u8]) -> bool {
    let Some((tag, length)) = heard.split_first() else { return false };
    let known = matches!(tag, b'R' | b'E' | b'S' | b'N' | b'K' | b'Z' | b'v');
    let length = length.first_chunk().map(|bytes| usize::try_from(u32::from_be_bytes(*bytes)).unwrap_or(usize::MAX));
    !known || length.is_some_and(|length| !(4..=LONGEST).contains(&length))
}

/// What a login is made of, and the key with which a session could be cancelled, stay here.
fn without_secrets(heard: &[u8], ended: TurnEnd) -> Vec<u8> {
    let mut shown = Vec::new();
    let mut whole = 0;
    for (tag, body) in messages(heard) {
        whole += body.len() + 5;
        let kept = match tag {
            b'R' => body.get(..4).unwrap_or_default(),
            b'K' => b"",
            _ => body,
        };
        shown.push(tag);
        shown.extend_from_slice(&u32::try_from(kept.len() + 4).unwrap_or(4).to_be_bytes());
        shown.extend_from_slice(kept);
    }
    if ended != TurnEnd::Complete {
        let begun = heard.get(whole..).unwrap_or_default();
        if !matches!(begun.first(), Some(b'R' | b'K')) {
            shown.extend_from_slice(begun);
        }
    }
    shown
}

/// `no pg_hba.conf entry for host …, no encryption`; up to version 13 `SSL off`.
fn is_about_encryption(error: &[u8]) -> bool {
    let has = |words: &[u8]| memchr::memmem::find(error, words).is_some();
    has(b"pg_hba.conf") && (has(b"no encryption") || has(b"SSL off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(tag: u8, body: &[u8]) -> Vec<u8> {
        [&[tag][..], &u32::try_from(body.len() + 4).unwrap().to_be_bytes(), body].concat()
    }

    #[test]
    fn it_is_known_whose_turn_it_is() {
        let ok = framed(b'R', &[0, 0, 0, 0]);
        assert!(!is_complete(&ok));
        assert!(is_complete(&[ok.as_slice(), &framed(b'Z', b"I")].concat()));
        assert!(is_complete(&framed(b'R', b"\0\0\0\x05salt")));
        assert!(is_complete(&framed(b'E', b"SFATAL\0C28P01\0\0")));
        assert!(!is_complete(&framed(b'E', b"SFATAL\0")[..7]));
        assert!(is_complete(b"HTTP/1.1 400 Bad Request\r\n"));
        assert!(!is_complete(b"HTTP"));
        assert!(is_strange(b"R\xff\xff\xff\xff"));
        assert_eq!(messages(b"R\0\0\0\0").count() + messages(b"E\0\0\0\x09ab").count(), 1);
    }

    #[test]
    fn what_a_login_is_made_of_stays() {
        let heard = [framed(b'R', b"\0\0\0\x0br=nonce,s=salt,i=4096"), framed(b'K', b"pid.key.")].concat();
        let shown = without_secrets(&heard, TurnEnd::Complete);
        assert_eq!(shown, [framed(b'R', b"\0\0\0\x0b"), framed(b'K', b"")].concat());
        let cut = without_secrets(&heard[..heard.len() - 1], TurnEnd::TimedOut);
        assert_eq!(cut, framed(b'R', b"\0\0\0\x0b"));
        assert_eq!((iterations(b"r=x,s=y,i=4096"), iterations(b"i=99999999999999999999")), (4096, u64::MAX));
    }

    proptest::proptest! {
        #[test]
        fn no_message_panics(tag in "[RESNKZv]", length in proptest::num::u32::ANY, heard in proptest::collection::vec(proptest::num::u8::ANY, 0..100)) {
            for bytes in [heard.clone(), [tag.as_bytes(), &length.to_be_bytes(), &heard].concat(), framed(tag.as_bytes()[0], &heard)] {
                is_complete(&bytes);
                iterations(&bytes);
                is_about_encryption(&bytes);
                let shown = without_secrets(&bytes, TurnEnd::Closed);
                proptest::prop_assert!(shown.len() <= bytes.len());
            }
        }
    }
}
