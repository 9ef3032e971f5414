//! Record: the transcript of one probe while it is written, with its deadline and what may not stand in it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use lastgood_model::{Asked, ProbeTarget, TlsSeen, Transcript, Turn, TurnEnd};

use super::deadline::Deadline;
use super::hush::Hush;
use crate::host::now;

/// What is kept of an answer that does not end.
const KEPT_OF_ENDLESS: usize = 1024;
/// A probe does not take more turns.
const MOST_TURNS: usize = 40;

/// A transcript that is being written.
pub(super) struct Record {
    pub(super) deadline: Deadline,
    begun: Instant,
    hush: Hush,
    transcript: Transcript,
    /// The name that was looked up last, and its addresses.
    pub(super) known: Option<(Arc<str>, Vec<IpAddr>)>,
}

impl Record {
    pub(super) fn new(target: &ProbeTarget, deadline: Deadline) -> Self {
        let mut hush = Hush::default();
        if let Some(password) = &target.password {
            hush.learn(password.expose());
        }
        let transcript = Transcript { at: now(), ..Transcript::default() };
        Self { deadline, begun: Instant::now(), hush, transcript, known: None }
    }

    /// One turn is over.
    pub(super) fn turn(&mut self, asked: Asked, mut heard: Vec<u8>, ended: TurnEnd) {
        if self.transcript.turns.len() >= MOST_TURNS {
            return;
        }
        self.hush.hush(&mut heard);
        if ended == TurnEnd::Cut {
            heard.truncate(KEPT_OF_ENDLESS);
        }
        self.transcript.turns.push(Turn { asked, heard, ended });
    }

    pub(super) fn addresses(&mut self, addresses: impl Iterator<Item = String>) {
        self.transcript.addresses = addresses.map(Into::into).collect();
    }

    pub(super) fn tls(&mut self, seen: TlsSeen) {
        self.transcript.tls = Some(seen);
    }

    /// Whether a secret may be said to whom TLS was agreed on with.
    pub(super) fn trusts(&self) -> bool {
        self.transcript.tls.as_ref().is_some_and(|seen| seen.distrust.is_none() && !seen.other_name)
    }

    /// An alert that came after everything was agreed on, as one about our own certificate does.
    pub(super) fn alert(&mut self, alert: u8) {
        self.transcript.tls.get_or_insert_default().alert = Some(alert);
    }

    pub(super) fn finish(mut self) -> Transcript {
        self.transcript.took_ms = u32::try_from(self.begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        self.transcript
    }
}
