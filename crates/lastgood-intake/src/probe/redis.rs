//! Replies of Redis and its kin.

use std::sync::Arc;

use lastgood_model::{Asked, ProbeOutcome, Transcript, Turn, TurnEnd};

use super::reach::unfinished;
use super::words::{line, shown};
use super::{Reading, turn};

pub(super) fn read(transcript: &Transcript) -> Reading {
    let Some(first) = turn(transcript, Asked::Ping) else { return (ProbeOutcome::Undecided, None) };
    if let Some(reading) = strange(first) {
        return reading;
    }
    let login = turn(transcript, Asked::Login);
    if let Some(refused) = login.and_then(refused_login) {
        return refused;
    }
    // What counts is what it says to whom it has let in.
    let ping = transcript.turns.iter().rfind(|turn| turn.asked == Asked::Ping).unwrap_or(first);
    if let Some(reading) = unfinished(ping).or_else(|| refused_command(&ping.heard, login.is_some())) {
        return reading;
    }
    if let Some(refused) = turn(transcript, Asked::Database).and_then(refused_database) {
        return refused;
    }
    if let Some(poor) = turn(transcript, Asked::Facts).and_then(|facts| of_facts(&facts.heard)) {
        return poor;
    }
    (ProbeOutcome::Serves, line(&ping.heard))
}

/// Nothing, or no reply.
fn strange(turn: &Turn) -> Option<Reading> {
    match turn.heard.first() {
        None => Some(unfinished(turn).unwrap_or((ProbeOutcome::Undecided, None))),
        Some(b'+' | b'-') if turn.ended != TurnEnd::Cut => unfinished(turn),
        // An alert of TLS in the clear.
        Some(0x15) if turn.heard.get(1) == Some(&3) => Some((ProbeOutcome::WantsTls, line(&turn.heard))),
        Some(_) => Some((ProbeOutcome::OtherProtocol, line(&turn.heard))),
    }
}

fn refused_login(login: &Turn) -> Option<Reading> {
    if login.heard.starts_with(b"+") {
        return None;
    }
    if !login.heard.starts_with(b"-") {
        return strange(login);
    }
    let words = line(&login.heard);
    let text = words.as_deref().unwrap_or_default();
    let wants_none = text.contains("without any password configured") || text.contains("but no password is set");
    let outcome = if wants_none {
        ProbeOutcome::WantsNoPassword
    } else if text.starts_with("-LOADING") {
        ProbeOutcome::Starting
    } else if text.starts_with("-NOPERM") {
        ProbeOutcome::RefusesAccess
    } else {
        ProbeOutcome::RefusesPassword
    };
    Some((outcome, words))
}

fn refused_command(heard: &[u8], logged_in: bool) -> Option<Reading> {
    let words = line(heard)?;
    let error = words.strip_prefix('-')?;
    let first = error.split(' ').next().unwrap_or_default();
    let outcome = match first {
        "DENIED" => ProbeOutcome::RefusesHost,
        "NOAUTH" if logged_in => ProbeOutcome::RefusesPassword,
        "NOAUTH" => ProbeOutcome::WantsPassword,
        "LOADING" => ProbeOutcome::Starting,
        "MISCONF" => ProbeOutcome::CannotPersist,
        "OOM" => ProbeOutcome::MemoryFull,
        "READONLY" | "MASTERDOWN" | "NOREPLICAS" => ProbeOutcome::ReadOnly,
        "NOPERM" => ProbeOutcome::RefusesAccess,
        _ if error.contains("max number of clients") => ProbeOutcome::TooManyConnections,
        _ if error.contains("operation not permitted") => ProbeOutcome::WantsPassword,
        _ => ProbeOutcome::Undecided,
    };
    Some((outcome, Some(words)))
}

fn refused_database(database: &Turn) -> Option<Reading> {
    let words = line(&database.heard)?;
    let error = words.strip_prefix('-')?;
    if error.starts_with("NOPERM") {
        return Some((ProbeOutcome::RefusesAccess, Some(words)));
    }
    // Out of range, no number at all, or a cluster, which has one only.
    error.starts_with("ERR").then(|| (ProbeOutcome::NoSuchDatabase, Some(Arc::clone(&words))))
}

/// What it tells of itself: `key:value` lines.
fn of_facts(heard: &[u8]) -> Option<Reading> {
    let of = |key: &str| {
        let mut lines = heard.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines.find(|line| line.strip_prefix(key.as_bytes()).is_some_and(|rest| rest.starts_with(b":")))
    };
    let said = |keys: &[&str]| -> Option<Arc<str>> {
        let lines: Vec<Arc<str>> = keys.iter().filter_map(|key| of(key)).map(shown).collect();
        Some(lines.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ").into())
    };
    let is = |key: &str, value: &str| {
        of(key).is_some_and(|line| line.get(key.len() + 1..).is_some_and(|own| own == value.as_bytes()))
    };
    let number = |key: &str| -> Option<u64> { std::str::from_utf8(of(key)?.get(key.len() + 1..)?).ok()?.parse().ok() };
    if is("loading", "1") {
        return Some((ProbeOutcome::Starting, said(&["loading"])));
    }
    if is("role", "slave") && !is("slave_read_only", "0") {
        return Some((ProbeOutcome::ReadOnly, said(&["role", "slave_read_only", "master_link_status"])));
    }
    let used = number("used_memory").unwrap_or_default();
    let used = used.saturating_sub(number("mem_not_counted_for_evict").unwrap_or_default());
    let most = number("maxmemory").unwrap_or_default();
    if most > 0 && used >= most && is("maxmemory_policy", "noeviction") {
        return Some((ProbeOutcome::MemoryFull, said(&["used_memory", "maxmemory", "maxmemory_policy"])));
    }
    None
}
