//! Transcripts of probes to answers: what was heard of a peer, and what it comes to. Total: any bytes give an answer. Nothing is
//! asked here, and who is to blame is not known here.

mod http;
mod mysql;
mod oidc;
mod postgres;
mod reach;
mod redis;
mod tcp;
mod tls;
mod words;

use std::sync::Arc;

use lastgood_model::{Asked, ProbeAnswer, ProbeOutcome, ProbeProtocol, ProbeTarget, Transcript, Turn};

/// An outcome and the words that say so.
type Reading = (ProbeOutcome, Option<Arc<str>>);

/// What came of a probe.
#[must_use]
pub fn probe_answer(target: &ProbeTarget, transcript: &Transcript) -> ProbeAnswer {
    let (outcome, words) = reach::unreached(target, transcript).unwrap_or_else(|| match target.protocol {
        ProbeProtocol::Redis => redis::read(transcript),
        ProbeProtocol::Http => http::read(transcript),
        ProbeProtocol::Tcp | ProbeProtocol::Front => tcp::read(transcript),
        ProbeProtocol::Oidc => oidc::read(target, transcript),
        ProbeProtocol::Postgres => postgres::read(target, transcript),
        ProbeProtocol::Mysql => mysql::read(target, transcript),
    });
    let words = words.map(words::shortened);
    ProbeAnswer { outcome, words, addresses: transcript.addresses.clone(), took_ms: transcript.took_ms }
}

/// The first such turn.
fn turn(transcript: &Transcript, asked: Asked) -> Option<&Turn> {
    transcript.turns.iter().find(|turn| turn.asked == asked)
}
