//! Whether a peer was reached at all: its name, its address, TLS. What it said then is read by protocol.

use lastgood_model::{Asked, ProbeOutcome, ProbeProtocol, ProbeTarget, TlsFault, Transcript, Turn, TurnEnd};

use super::words::{error_name, line};
use super::{Reading, tls, turn};

const ECONNREFUSED: i32 = 111;
const EINVAL: i32 = 22;

/// What kept it from being reached; `None` if nothing did.
pub(super) fn unreached(target: &ProbeTarget, transcript: &Transcript) -> Option<Reading> {
    name(transcript).or_else(|| connection(transcript)).or_else(|| encryption(target, transcript))
}

fn name(transcript: &Transcript) -> Option<Reading> {
    let asked = turn(transcript, Asked::Name)?;
    let word = line(&asked.heard);
    match (asked.ended, word.as_deref()) {
        (TurnEnd::Complete, None) => None,
        (TurnEnd::System(EINVAL), _) | (TurnEnd::Complete, Some("NXDOMAIN" | "NODATA")) => {
            Some((ProbeOutcome::NoSuchName, word))
        }
        (TurnEnd::System(number), _) => Some((ProbeOutcome::NameserverFails, Some(error_name(number)))),
        (TurnEnd::Complete, _) => Some((ProbeOutcome::NameserverFails, word)),
        _ => Some((ProbeOutcome::NameserverFails, Some("ETIMEDOUT".into()))),
    }
}

/// Of several addresses that failed, the one that says most: that somebody refused, then that there is no way.
fn connection(transcript: &Transcript) -> Option<Reading> {
    let mut calls = transcript.turns.iter().filter(|turn| turn.asked == Asked::Connect).peekable();
    if calls.peek().is_none() {
        // Nothing was done: the probe itself broke down.
        return Some((ProbeOutcome::Undecided, None));
    }
    let read = |turn: &Turn| match turn.ended {
        TurnEnd::Complete => (3, None),
        TurnEnd::System(ECONNREFUSED) => (2, Some((ProbeOutcome::Refused, Some(error_name(ECONNREFUSED))))),
        TurnEnd::System(110) | TurnEnd::TimedOut => (1, Some((ProbeOutcome::Unanswered, Some("ETIMEDOUT".into())))),
        TurnEnd::System(number) => (0, Some((ProbeOutcome::NoRoute, Some(error_name(number))))),
        TurnEnd::Closed | TurnEnd::Cut | TurnEnd::Tls => (0, Some((ProbeOutcome::Unanswered, None))),
    };
    calls.map(read).max_by_key(|(says, _)| *says)?.1
}

fn encryption(target: &ProbeTarget, transcript: &Transcript) -> Option<Reading> {
    if let Some(secretly) = turn(transcript, Asked::Securely) {
        let alert = transcript.tls.as_ref().is_some_and(|seen| seen.alert.is_some());
        if secretly.ended == TurnEnd::Complete || alert {
            let before = transcript.turns.iter().take_while(|turn| turn.asked != Asked::Securely).last();
            return Some((ProbeOutcome::WantsTls, before.and_then(words_of_end)));
        }
    }
    let tried = turn(transcript, Asked::Tls).filter(|_| target.secure)?;
    let seen = transcript.tls.as_ref()?;
    if tried.ended == TurnEnd::Complete {
        let alert = seen.alert.map(tls::alert);
        // Clients of databases do not ask who vouches for a server unless they are told to.
        let judges = !matches!(target.protocol, ProbeProtocol::Postgres | ProbeProtocol::Mysql);
        return tls::judge(seen, transcript.at).filter(|_| judges).or(alert);
    }
    if let Some(number) = seen.alert {
        return Some(tls::alert(number));
    }
    if let Some(words) = line(&tried.heard) {
        return Some((ProbeOutcome::NoTls, Some(words)));
    }
    if let Some(words) = turn(transcript, Asked::Plainly).and_then(|plainly| line(&plainly.heard)) {
        return Some((ProbeOutcome::NoTls, Some(words)));
    }
    match (&seen.failed, tried.ended) {
        (Some(failed), _) if failed.starts_with("peer is incompatible") => {
            Some((ProbeOutcome::Tls(TlsFault::NothingInCommon), Some(failed.clone())))
        }
        (Some(failed), _) => Some((ProbeOutcome::OtherProtocol, Some(failed.clone()))),
        (None, _) => unfinished(tried),
    }
}

/// What a turn comes to that has no answer; `None` if it has one.
pub(super) fn unfinished(turn: &Turn) -> Option<Reading> {
    let outcome = match turn.ended {
        TurnEnd::Complete => return None,
        TurnEnd::Cut => ProbeOutcome::OtherProtocol,
        TurnEnd::TimedOut => ProbeOutcome::Silent,
        TurnEnd::Closed | TurnEnd::System(_) | TurnEnd::Tls => ProbeOutcome::HungUp,
    };
    Some((outcome, words_of_end(turn)))
}

/// What was said, else the system's name for the end.
fn words_of_end(turn: &Turn) -> Option<std::sync::Arc<str>> {
    line(&turn.heard).or_else(|| match turn.ended {
        TurnEnd::System(number) => Some(error_name(number)),
        TurnEnd::Closed => Some("EOF".into()),
        _ => None,
    })
}
