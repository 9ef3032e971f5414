//! Whatever listens: whether it accepts, and what it says unasked.

use std::time::Duration;

use lastgood_model::{Asked, ProbeTarget, TurnEnd};

use super::peer::{Peer, call};
use super::record::Record;
use super::tls::{Handshake, secure};

/// A peer that speaks first does so within this.
const LISTEN: Duration = Duration::from_millis(1_000);

pub(super) fn ask(target: &ProbeTarget, record: &mut Record) {
    let Some(mut peer) = open(target, record) else { return };
    let (heard, ended) = peer.hear_for(LISTEN, |heard| heard.contains(&b'\n') || heard.len() >= 512);
    record.turn(Asked::Greeting, heard, ended);
    peer.part(b"");
}

/// What is shown to those who come by this name: here, wherever the name may lead.
pub(super) fn see(target: &ProbeTarget, record: &mut Record) {
    if let Some(peer) = call("127.0.0.1", target.port, record)
        && let Handshake::Secure(peer) = secure(peer, &target.host, Asked::Tls, record)
    {
        peer.part(b"");
    }
}

/// A connection, as secure as it is wanted.
pub(super) fn open(target: &ProbeTarget, record: &mut Record) -> Option<Peer> {
    let peer = call(&target.host, target.port, record)?;
    if !target.secure {
        return Some(peer);
    }
    match secure(peer, &target.host, Asked::Tls, record) {
        Handshake::Secure(peer) => Some(peer),
        Handshake::NotTls | Handshake::Failed => None,
    }
}

/// A connection as [`open`] makes it. Where TLS is wanted and the peer knows none, it is asked plainly, to learn what it
/// speaks: `question` is put, and nothing secret may stand in it.
pub(super) fn open_or_learn(
    target: &ProbeTarget,
    record: &mut Record,
    question: &[u8],
    is_complete: impl FnMut(&[u8]) -> bool,
) -> Option<Peer> {
    let peer = call(&target.host, target.port, record)?;
    if !target.secure {
        return Some(peer);
    }
    let address = peer.address;
    match secure(peer, &target.host, Asked::Tls, record) {
        Handshake::Secure(peer) => return Some(peer),
        Handshake::Failed => return None,
        Handshake::NotTls => {}
    }
    let mut peer = super::peer::call_again(address, record)?;
    peer.say(question);
    let (heard, ended) = peer.hear(is_complete);
    record.turn(Asked::Plainly, heard, ended);
    peer.part(b"");
    None
}

/// Where a peer hung up on a plain question: whether it speaks TLS.
pub(super) fn learn_if_secure(target: &ProbeTarget, peer: &Peer, heard: &[u8], ended: TurnEnd, record: &mut Record) {
    let hung_up = heard.is_empty() && matches!(ended, TurnEnd::Closed | TurnEnd::System(_));
    // An alert of TLS in the clear.
    let alerted = matches!(heard, [0x15, 3, ..]);
    if peer.is_secure() || !(hung_up || alerted) || record.deadline.is_over() {
        return;
    }
    if let Some(peer) = super::peer::call_again(peer.address, record)
        && let Handshake::Secure(peer) = secure(peer, &target.host, Asked::Securely, record)
    {
        peer.part(b"");
    }
}
