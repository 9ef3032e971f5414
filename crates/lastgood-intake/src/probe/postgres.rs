//! Messages of PostgreSQL's servers. The framing is a letter and a length; the library for it would bring hashes and random
//! numbers along, and is used where they are needed.

use std::sync::Arc;

use lastgood_model::{Asked, ProbeOutcome, ProbeTarget, Transcript, Turn};

use super::reach::unfinished;
use super::words::{line, shown};
use super::{Reading, turn};

pub(super) fn read(target: &ProbeTarget, transcript: &Transcript) -> Reading {
    if let Some(offer) = turn(transcript, Asked::TlsOffer).filter(|_| target.secure)
        && offer.heard != b"S"
    {
        return no_tls(offer);
    }
    let startups: Vec<&Turn> = transcript.turns.iter().filter(|turn| turn.asked == Asked::Startup).collect();
    let Some(startup) = startups.first() else { return (ProbeOutcome::Undecided, None) };
    if let [_, again] = startups.as_slice()
        && messages(&again.heard).any(|(tag, _)| tag == b'R')
    {
        // It would have let in with TLS.
        return (ProbeOutcome::WantsTls, error(startup).map(|error| error.words()));
    }
    let login = transcript.turns.iter().rfind(|turn| turn.asked == Asked::Login);
    let last = login.unwrap_or(startup);
    if let Some(error) = error(last) {
        return (error.outcome(), Some(error.words()));
    }
    let parameters = [startup].into_iter().copied().chain(login).flat_map(|turn| messages(&turn.heard));
    let mut serves = false;
    let mut version = None;
    for (tag, body) in parameters {
        match tag {
            b'Z' => serves = true,
            b'S' => match parameter(body) {
                Some((name @ (b"in_hot_standby" | b"default_transaction_read_only"), b"on")) => {
                    return (ProbeOutcome::ReadOnly, Some(shown(&[name, b"=on"].concat())));
                }
                Some((name @ b"server_version", value)) => version = Some(shown(&[name, b"=", value].concat())),
                _ => {}
            },
            _ => {}
        }
    }
    if serves {
        return (ProbeOutcome::Serves, version);
    }
    if let Some(reading) = strange(last) {
        return reading;
    }
    // It asked for something and got nothing.
    let wanted = messages(&last.heard).filter(|(tag, _)| *tag == b'R').filter_map(|(_, body)| body.first_chunk());
    match (wanted.last().map(|kind| u32::from_be_bytes(*kind)), login) {
        (Some(3 | 5 | 10), None) if target.password.is_none() => (ProbeOutcome::WantsPassword, None),
        (Some(kind), _) if kind != 0 => (ProbeOutcome::Undecided, Some(format!("AuthenticationRequest {kind}").into())),
        _ => unfinished(last).unwrap_or((ProbeOutcome::Undecided, None)),
    }
}

fn no_tls(offer: &Turn) -> Reading {
    if let Some(error) = error(offer) {
        return (error.outcome(), Some(error.words()));
    }
    match offer.heard.as_slice() {
        [b'N'] => (ProbeOutcome::NoTls, line(&offer.heard)),
        [] => unfinished(offer).unwrap_or((ProbeOutcome::Undecided, None)),
        heard => (ProbeOutcome::OtherProtocol, line(heard)),
    }
}

/// Nothing, or none of this protocol.
fn strange(turn: &Turn) -> Option<Reading> {
    let Some((tag, length)) = turn.heard.split_first() else { return unfinished(turn) };
    let known = matches!(tag, b'R' | b'E' | b'S' | b'N' | b'K' | b'Z' | b'v');
    let length = length.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
    if !known || length.is_some_and(|length| !(4..=32 * 1024).contains(&length)) {
        return Some((ProbeOutcome::OtherProtocol, line(&turn.heard)));
    }
    unfinished(turn).map(|(outcome, _)| (outcome, None))
}

/// Whole messages: their letter and what they hold.
fn messages(heard: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = heard;
    std::iter::from_fn(move || {
        let (&tag, after) = rest.split_first()?;
        let length = usize::try_from(u32::from_be_bytes(*after.first_chunk()?)).ok()?.max(4);
        let body = after.get(4..length)?;
        rest = after.get(length..)?;
        Some((tag, body))
    })
}

fn parameter(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = body.split(|byte| *byte == 0);
    Some((parts.next()?, parts.next()?))
}

/// An error as the server says it.
struct Error<'a> {
    severity: &'a [u8],
    state: &'a [u8],
    message: &'a [u8],
    /// The function that it comes from: the same in every language.
    routine: &'a [u8],
}

fn error(turn: &Turn) -> Option<Error<'_>> {
    let (_, body) = messages(&turn.heard).find(|(tag, _)| *tag == b'E')?;
    let mut error = Error { severity: b"", state: b"", message: b"", routine: b"" };
    for field in body.split(|byte| *byte == 0) {
        match field.split_first() {
            Some((b'S', text)) => error.severity = text,
            Some((b'C', text)) => error.state = text,
            Some((b'M', text)) => error.message = text,
            Some((b'R', text)) => error.routine = text,
            _ => {}
        }
    }
    (!error.message.is_empty() || !error.state.is_empty()).then_some(error)
}

impl Error<'_> {
    /// As `psql` shows it where it is asked to say more.
    fn words(&self) -> Arc<str> {
        shown(&[self.severity, b":  ", self.state, b": ", self.message].concat())
    }

    fn outcome(&self) -> ProbeOutcome {
        let says = |words: &str| memchr::memmem::find(self.message, words.as_bytes()).is_some();
        match self.state {
            b"28P01" if says("no such user") => ProbeOutcome::NoSuchUser,
            b"28P01" => ProbeOutcome::RefusesPassword,
            b"28000" if says("pg_hba.conf") => ProbeOutcome::RefusesHost,
            b"28000" if says("not permitted to log in") => ProbeOutcome::RefusesAccess,
            b"28000" if self.routine == b"InitializeSessionUserId" || says("does not exist") => {
                ProbeOutcome::NoSuchUser
            }
            b"28000" if says("password authentication failed") => ProbeOutcome::RefusesPassword,
            b"3D000" => ProbeOutcome::NoSuchDatabase,
            b"53300" => ProbeOutcome::TooManyConnections,
            b"57P01" => ProbeOutcome::Stopping,
            b"57P03" if says("shutting down") => ProbeOutcome::Stopping,
            b"57P03" => ProbeOutcome::Starting,
            b"42501" | b"55000" => ProbeOutcome::RefusesAccess,
            // Poolers have one state for everything.
            _ if says("no such database") => ProbeOutcome::NoSuchDatabase,
            _ if says("no such user") => ProbeOutcome::NoSuchUser,
            _ if says("no more connections allowed") => ProbeOutcome::TooManyConnections,
            _ => ProbeOutcome::Undecided,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_by_their_state_whatever_the_language() {
        let outcome = |state: &str, message: &str, routine: &str| {
            Error {
                severity: b"FATAL",
                state: state.as_bytes(),
                message: message.as_bytes(),
                routine: routine.as_bytes(),
            }
            .outcome()
        };
        let korean = "\"app\" 롤(role) 없음";
        assert_eq!(outcome("28000", korean, "InitializeSessionUserId"), ProbeOutcome::NoSuchUser);
        assert_eq!(
            outcome("28P01", "사용자 \"app\"의 password 인증을 실패했습니다", "auth_failed"),
            ProbeOutcome::RefusesPassword
        );
        assert_eq!(outcome("57P01", "terminating connection due to administrator command", ""), ProbeOutcome::Stopping);
        // PgBouncer.
        assert_eq!(outcome("08P01", "no such database: shop", ""), ProbeOutcome::NoSuchDatabase);
        assert_eq!(
            outcome("08P01", "no more connections allowed (max_client_conn)", ""),
            ProbeOutcome::TooManyConnections
        );
        assert_eq!(outcome("XX000", "something", ""), ProbeOutcome::Undecided);
    }
}
