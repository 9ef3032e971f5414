//! MySQL and MariaDB: the greeting, one login as their clients do it, and a goodbye. By hand: the libraries for its packets are
//! large, and what is needed of them is a greeting, a login and an error.

use lastgood_model::{Asked, ProbeTarget, TurnEnd};
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::peer::{Peer, call};
use super::record::Record;
use super::tls::{Handshake, late_alert, secure};

const NATIVE: &[u8] = b"mysql_native_password";
const CACHING: &[u8] = b"caching_sha2_password";

/// What client and server can, as bits.
const LONG_PASSWORD: u32 = 1;
const CONNECT_WITH_DB: u32 = 1 << 3;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;

const UTF8MB4: u8 = 45;
const LARGEST_PACKET: u32 = 16 * 1024 * 1024;
/// No packet of a login is longer.
const LONGEST: usize = 16 * 1024;
/// What is none of this protocol is not waited for beyond this, in bytes.
const FIRST_WORDS: usize = 64;
/// A login has fewer steps.
const MOST_STEPS: usize = 4;

pub(super) fn ask(target: &ProbeTarget, record: &mut Record) {
    let Some(mut peer) = call(&target.host, target.port, record) else { return };
    let (heard, ended) = peer.hear(is_complete);
    record.turn(Asked::Greeting, heard.clone(), ended);
    let Some(greeting) = packet(&heard).and_then(|(_, payload)| Greeting::read(payload)) else { return };
    let password = target.password.as_ref().map(|password| password.expose().as_bytes()).unwrap_or_default();
    // Its own way of hashing ends in sending the password as it is, which only goes where nobody can listen in.
    let prefers = greeting.plugin == CACHING && !password.is_empty();
    let speaks_tls = greeting.can & SSL != 0;
    if target.secure && !speaks_tls {
        quit(peer);
        return;
    }
    let mut number = 1;
    let can = LONG_PASSWORD | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | PLUGIN_AUTH;
    let database = target.database.as_deref().filter(|database| !database.is_empty());
    let mut can = if database.is_some() { can | CONNECT_WITH_DB } else { can };
    if speaks_tls && (target.secure || prefers) {
        can |= SSL;
        peer.say(&framed(number, &first_fields(can)));
        number += 1;
        match secure(peer, &target.host, Asked::Tls, record) {
            Handshake::Secure(secured) => peer = secured,
            Handshake::NotTls | Handshake::Failed => return,
        }
    }
    let plugin = if greeting.plugin == CACHING { CACHING } else { NATIVE };
    let mut login = first_fields(can);
    login.extend(target.user.as_deref().unwrap_or_default().bytes().filter(|byte| *byte != 0));
    login.push(0);
    let scrambled = scramble(plugin, password, &greeting.salt);
    login.push(u8::try_from(scrambled.len()).unwrap_or_default());
    login.extend_from_slice(&scrambled);
    if let Some(database) = database {
        login.extend(database.bytes().filter(|byte| *byte != 0));
        login.push(0);
    }
    login.extend_from_slice(plugin);
    login.push(0);
    peer.say(&framed(number, &login));
    log_in(peer, password, record);
}

/// Answers what the server asks for, until it lets in or refuses.
fn log_in(mut peer: Peer, password: &[u8], record: &mut Record) {
    for _ in 0..MOST_STEPS {
        let (heard, ended) = peer.hear(is_complete);
        if let Some(alert) = late_alert(&mut peer) {
            record.alert(alert);
        }
        record.turn(Asked::Login, heard.clone(), ended);
        if ended != TurnEnd::Complete {
            return;
        }
        let Some((number, payload)) = last_packet(&heard) else { return };
        let number = number.wrapping_add(1);
        match payload {
            // Let in.
            [0, ..] => return quit(peer),
            // Another way to log in.
            [0xfe, rest @ ..] if !rest.is_empty() => {
                let mut parts = rest.splitn(2, |byte| *byte == 0);
                let plugin = parts.next().unwrap_or_default();
                let salt = parts.next().unwrap_or_default();
                if plugin != NATIVE && plugin != CACHING {
                    return;
                }
                let salt = salt.strip_suffix(&[0]).unwrap_or(salt);
                peer.say(&framed(number, &scramble(plugin, password, salt)));
            }
            // It knows the hash; what it makes of it follows.
            [1, 3] => {}
            // It wants the password itself.
            [1, 4] if peer.is_secure() => peer.say(&framed(number, &[password, &[0]].concat())),
            _ => return,
        }
    }
}

/// Says goodbye, so that the server does not count an aborted connection.
fn quit(peer: Peer) {
    peer.part(&framed(0, &[1]));
}

struct Greeting<'a> {
    can: u32,
    salt: Vec<u8>,
    plugin: &'a [u8],
}

impl<'a> Greeting<'a> {
    fn read(payload: &'a [u8]) -> Option<Self> {
        let rest = payload.strip_prefix(&[10])?;
        let rest = rest.get(rest.iter().position(|byte| *byte == 0)? + 1..)?;
        // The connection's number, the salt's first half, a zero.
        let mut salt = rest.get(4..12)?.to_vec();
        let rest = rest.get(13..)?;
        let [low_a, low_b, _, _, _, high_a, high_b, salt_length, ..] = *rest else { return None };
        let can = u32::from_le_bytes([low_a, low_b, high_a, high_b]);
        let rest = rest.get(18..).unwrap_or_default();
        let length = usize::from(salt_length).saturating_sub(8).max(13).min(rest.len());
        let second = rest.get(..length).unwrap_or_default();
        salt.extend_from_slice(second.strip_suffix(&[0]).unwrap_or(second));
        let plugin = rest.get(length..).unwrap_or_default();
        Some(Self { can, salt, plugin: plugin.split(|byte| *byte == 0).next().unwrap_or_default() })
    }
}

/// What a request for TLS and a login begin with.
fn first_fields(can: u32) -> Vec<u8> {
    let mut fields = can.to_le_bytes().to_vec();
    fields.extend_from_slice(&LARGEST_PACKET.to_le_bytes());
    fields.push(UTF8MB4);
    fields.extend_from_slice(&[0; 23]);
    fields
}

/// The password, hashed with the server's salt in the way of this plugin. No password is no hash.
fn scramble(plugin: &[u8], password: &[u8], salt: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let (algorithm, salt_first): (&'static Algorithm, bool) =
        if plugin == CACHING { (&SHA256, false) } else { (&SHA1_FOR_LEGACY_USE_ONLY, true) };
    let once = digest(algorithm, password);
    let twice = digest(algorithm, once.as_ref());
    let salted = if salt_first { [salt, twice.as_ref()].concat() } else { [twice.as_ref(), salt].concat() };
    let mask = digest(algorithm, &salted);
    once.as_ref().iter().zip(mask.as_ref()).map(|(one, other)| one ^ other).collect()
}

fn framed(number: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = u32::try_from(payload.len()).unwrap_or_default().to_le_bytes();
    [&[a, b, c, number], payload].concat()
}

/// The first packet: its number and what it holds.
fn packet(heard: &[u8]) -> Option<(u8, &[u8])> {
    let [a, b, c, number, ..] = *heard else { return None };
    let length = usize::try_from(u32::from_le_bytes([a, b, c, 0])).ok()?;
    Some((number, heard.get(4..4 + length)?))
}

fn last_packet(mut heard: &[u8]) -> Option<(u8, &[u8])> {
    let mut last = None;
    while let Some((number, payload)) = packet(heard) {
        last = Some((number, payload));
        heard = heard.get(4 + payload.len()..).unwrap_or_default();
    }
    last
}

fn is_complete(heard: &[u8]) -> bool {
    let [a, b, c, _, ..] = *heard else { return false };
    let length = usize::try_from(u32::from_le_bytes([a, b, c, 0])).unwrap_or(usize::MAX);
    if length > LONGEST {
        // None of this protocol.
        return heard.contains(&b'\n') || heard.len() >= FIRST_WORDS;
    }
    heard.len() >= 4 + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_is_read() {
        let greeting =
            b"\x0a5.5.5-10.11.19-MariaDB\0\x05\0\0\0abcdefgh\0\xfe\xff\x2d\x02\0\xff\x81\x15\0\0\0\0\0\0\x1d\0\0\0\
                         ijklmnopqrst\0mysql_native_password\0";
        let read = Greeting::read(greeting).unwrap();
        assert_eq!((read.salt.as_slice(), read.plugin), (&b"abcdefghijklmnopqrst"[..], NATIVE));
        assert_eq!((read.can & SSL, read.can & PLUGIN_AUTH), (SSL, PLUGIN_AUTH));
        for length in 0..greeting.len() {
            let _cut_short = Greeting::read(&greeting[..length]);
        }
        assert_eq!(last_packet(&[framed(2, &[1, 3]), framed(3, &[0, 0])].concat()), Some((3, &[0, 0][..])));
    }

    #[test]
    fn passwords_are_hashed_as_servers_expect() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        // By hand, with Python's hashlib.
        let salt = b"abcdefghijklmnopqrst";
        assert_eq!(hex(scramble(NATIVE, b"secret", salt)), "8817c50fa779daef010ee7577825b0847df9842e");
        assert_eq!(
            hex(scramble(CACHING, b"secret", salt)),
            "c76e2898612a4cf042c77fa8c4702c4c64c0c2c557c53c4d75595aaa6abae809"
        );
        assert!(scramble(NATIVE, b"", salt).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_packet_panics(heard in proptest::collection::vec(proptest::num::u8::ANY, 0..120)) {
            is_complete(&heard);
            last_packet(&heard);
            let _none = Greeting::read(&heard);
            let _none = Greeting::read(&[&[10], heard.as_slice()].concat());
            proptest::prop_assert!(is_complete(&framed(0, &heard)));
        }
    }
}
