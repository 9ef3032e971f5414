//! Any bytes as the transcript of a probe: for the fuzzer, and for the test that reads its seeds again.
//!
//! `protocol flags (asked end length length bytes…)…`; a turn beyond those that there are is a certificate.

use lastgood_model::{Asked, ProbeProtocol, ProbeTarget, Secret, TlsSeen, Transcript, Turn, TurnEnd, UnixMs};

const ENDS: [TurnEnd; 8] = [
    TurnEnd::Complete,
    TurnEnd::Closed,
    TurnEnd::TimedOut,
    TurnEnd::Cut,
    TurnEnd::Tls,
    TurnEnd::System(104),
    TurnEnd::System(111),
    TurnEnd::System(113),
];

/// Who was asked, and what was heard.
pub fn transcript(input: &[u8]) -> Option<(ProbeTarget, Transcript)> {
    let [protocol, flags, rest @ ..] = input else { return None };
    let flag = |bit: u8| flags & (1 << bit) != 0;
    let target = ProbeTarget {
        protocol: ProbeProtocol::ALL[usize::from(*protocol) % ProbeProtocol::ALL.len()],
        host: "auth.shop.example".into(),
        port: 8080,
        secure: flag(0),
        path: "/realms/shop".into(),
        user: flag(1).then(|| "app".into()),
        password: flag(1).then(|| Secret::from("carbon")),
        database: None,
    };
    let mut seen = TlsSeen {
        distrust: flag(3).then(|| "UnknownIssuer".into()),
        other_name: flag(4),
        alert: flag(5).then_some(*protocol),
        failed: flag(6).then(|| "peer is incompatible".into()),
        ..TlsSeen::default()
    };
    let mut transcript = Transcript { at: UnixMs(1_700_000_000_000), took_ms: 7, ..Transcript::default() };
    if flag(7) {
        transcript.turns.push(Turn { asked: Asked::Connect, heard: Vec::new(), ended: TurnEnd::Complete });
    }
    let mut rest = rest;
    while let [asked, end, low, high, after @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(after.len());
        let (heard, next) = after.split_at(length);
        rest = next;
        match Asked::ALL.get(usize::from(*asked)) {
            Some(asked) => transcript.turns.push(Turn {
                asked: *asked,
                heard: heard.to_vec(),
                ended: ENDS[usize::from(*end) % ENDS.len()],
            }),
            None => seen.certificates.push(heard.to_vec()),
        }
    }
    transcript.tls = flag(2).then_some(seen);
    Some((target, transcript))
}
