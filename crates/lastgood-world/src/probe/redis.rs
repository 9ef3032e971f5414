//! Redis and its kin: `PING` first, `AUTH` once where there is a password, then what it tells of itself. Nothing is written.

use lastgood_model::{Asked, ProbeTarget, TurnEnd};

use super::peer::Peer;
use super::record::Record;
use super::tcp::{learn_if_secure, open_or_learn};
use super::tls::late_alert;

/// What is none of this protocol is not waited for beyond this, in bytes.
const FIRST_WORDS: usize = 64;

pub(super) fn ask(target: &ProbeTarget, record: &mut Record) {
    let ping = command(&["PING"]);
    let Some(mut peer) = open_or_learn(target, record, &ping, is_complete) else { return };
    let (heard, ended) = put(&mut peer, Asked::Ping, &ping, record);
    if ended != TurnEnd::Complete || !heard.starts_with(b"+") && !heard.starts_with(b"-") {
        learn_if_secure(target, &peer, &heard, ended, record);
        return;
    }
    let is_open = !heard.starts_with(b"-DENIED") && !heard.starts_with(b"-ERR max number of clients");
    let mut is_in = is_open && !heard.starts_with(b"-NOAUTH") && !heard.starts_with(b"-ERR operation not permitted");
    if let Some(password) = target.password.as_ref().filter(|_| is_open) {
        if peer.is_secure() && !record.trusts() {
            return;
        }
        let login = match &target.user {
            Some(user) => command(&["AUTH", user, password.expose()]),
            None => command(&["AUTH", password.expose()]),
        };
        let (heard, _) = put(&mut peer, Asked::Login, &login, record);
        if !heard.starts_with(b"+") {
            peer.part(b"");
            return;
        }
        if !is_in {
            put(&mut peer, Asked::Ping, &ping, record);
        }
        is_in = true;
    }
    if is_in {
        if let Some(database) = target.database.as_deref().filter(|database| !matches!(*database, "" | "0")) {
            put(&mut peer, Asked::Database, &command(&["SELECT", database]), record);
        }
        put(&mut peer, Asked::Facts, &command(&["INFO"]), record);
    }
    peer.part(b"");
}

fn put(peer: &mut Peer, asked: Asked, command: &[u8], record: &mut Record) -> (Vec<u8>, TurnEnd) {
    peer.say(command);
    let (heard, ended) = peer.hear(is_complete);
    if let Some(alert) = late_alert(peer) {
        record.alert(alert);
    }
    record.turn(asked, heard.clone(), ended);
    (heard, ended)
}

fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}

/// Whether a reply is all there. What is no reply is, once there is enough of it to tell.
fn is_complete(heard: &[u8]) -> bool {
    let line = || heard.iter().position(|byte| *byte == b'\n');
    match heard.first() {
        None => false,
        Some(b'+' | b'-' | b':') => line().is_some(),
        Some(b'$' | b'=') => line().is_some_and(|end| {
            let digits = heard.get(1..end).unwrap_or_default().trim_ascii();
            let length = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<usize>().ok());
            // A length that is none ends it.
            length.is_none_or(|length| heard.len() >= end.saturating_add(length).saturating_add(3))
        }),
        Some(_) => line().is_some() || heard.len() >= FIRST_WORDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_told_from_the_beginning_of_one() {
        for complete in
            ["+PONG\r\n", "-ERR x\r\n", "$4\r\nrole\r\n", "$0\r\n\r\n", "$-1\r\n", "HTTP/1.1 400\n", "=x\r\n"]
        {
            assert!(is_complete(complete.as_bytes()), "{complete}");
            assert!(!is_complete(&complete.as_bytes()[..complete.len() - 1]), "{complete}");
        }
        assert!(!is_complete(b"$18446744073709551615\r\nx"));
        assert_eq!(command(&["AUTH", "é"]), "*2\r\n$4\r\nAUTH\r\n$2\r\né\r\n".as_bytes());
    }

    proptest::proptest! {
        #[test]
        fn no_reply_panics(heard in proptest::collection::vec(proptest::num::u8::ANY, 0..100), length in "[$=+-]-?[0-9]{0,30}\r\n") {
            is_complete(&heard);
            is_complete(&[length.as_bytes(), &heard].concat());
        }
    }
}
