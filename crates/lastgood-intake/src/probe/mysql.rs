//! Packets of the servers of MySQL and MariaDB: a greeting, what they want for a login, an error.

use std::sync::Arc;

use lastgood_model::{Asked, ProbeOutcome, ProbeTarget, Transcript, Turn};

use super::reach::unfinished;
use super::words::{line, shown};
use super::{Reading, turn};

/// The bit by which a server says that it speaks TLS.
const SSL: u16 = 1 << 11;

pub(super) fn read(target: &ProbeTarget, transcript: &Transcript) -> Reading {
    let Some(greeting) = turn(transcript, Asked::Greeting) else { return (ProbeOutcome::Undecided, None) };
    let Some(first) = packets(&greeting.heard).next() else { return strange(greeting) };
    if let Some(error) = Error::read(first) {
        return (error.outcome(target), Some(error.words()));
    }
    let Some((version, can)) = greeted(first) else { return (ProbeOutcome::OtherProtocol, line(&greeting.heard)) };
    if target.secure && can & SSL == 0 {
        return (ProbeOutcome::NoTls, Some(version));
    }
    let Some(last) = transcript.turns.iter().rfind(|turn| turn.asked == Asked::Login) else {
        return (ProbeOutcome::Undecided, Some(version));
    };
    match packets(&last.heard).last() {
        None => {
            unfinished(last).map_or((ProbeOutcome::Undecided, None), |(outcome, words)| match last.heard.is_empty() {
                true => (outcome, words),
                false => (outcome, None),
            })
        }
        Some([0, ..]) => (ProbeOutcome::Serves, Some(version)),
        // What it wants is not spoken here: the name of a plugin, or the password under a key of its own.
        Some([0xfe, plugin @ ..]) => {
            let plugin = plugin.split(|byte| *byte == 0).next().unwrap_or_default();
            (ProbeOutcome::Undecided, Some(shown(&[b"AuthSwitchRequest ", plugin].concat())))
        }
        Some([1, 4]) => (ProbeOutcome::Undecided, Some("AuthMoreData 4".into())),
        Some(packet) => match Error::read(packet) {
            Some(error) => (error.outcome(target), Some(error.words())),
            None => (ProbeOutcome::Undecided, Some(shown(packet))),
        },
    }
}

/// Nothing, the beginning of a packet, or none.
fn strange(turn: &Turn) -> Reading {
    let begins = match turn.heard.as_slice() {
        [_, high, 0, 0, rest @ ..] if *high < 0x40 => rest.first().is_none_or(|kind| matches!(kind, 10 | 0xff)),
        [] | [_] | [_, _] | [_, _, 0] => true,
        _ => false,
    };
    match unfinished(turn) {
        Some((outcome, words)) if begins && outcome != ProbeOutcome::OtherProtocol => {
            (outcome, words.filter(|_| turn.heard.is_empty()))
        }
        _ => (ProbeOutcome::OtherProtocol, line(&turn.heard)),
    }
}

/// What whole packets hold.
fn packets(heard: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = heard;
    std::iter::from_fn(move || {
        let [a, b, c, _, after @ ..] = rest else { return None };
        let length = usize::try_from(u32::from_le_bytes([*a, *b, *c, 0])).ok()?;
        let payload = after.get(..length)?;
        rest = after.get(length..)?;
        Some(payload)
    })
}

/// The version and the lower half of what the server can.
fn greeted(payload: &[u8]) -> Option<(Arc<str>, u16)> {
    let rest = payload.strip_prefix(&[10])?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    let [low, high] = *rest.get(end + 14..)?.first_chunk()?;
    Some((shown(rest.get(..end)?), u16::from_le_bytes([low, high])))
}

/// An error as the server says it.
struct Error<'a> {
    number: u16,
    state: Option<&'a [u8]>,
    message: &'a [u8],
}

impl<'a> Error<'a> {
    fn read(packet: &'a [u8]) -> Option<Self> {
        let [0xff, low, high, rest @ ..] = packet else { return None };
        let number = u16::from_le_bytes([*low, *high]);
        // Before a login there is no state.
        Some(match rest.strip_prefix(b"#").and_then(|rest| rest.split_at_checked(5)) {
            Some((state, message)) => Self { number, state: Some(state), message },
            None => Self { number, state: None, message: rest },
        })
    }

    /// As its own client shows it.
    fn words(&self) -> Arc<str> {
        let number = self.number.to_string();
        match self.state {
            Some(state) => shown(&[b"ERROR ", number.as_bytes(), b" (", state, b"): ", self.message].concat()),
            None => shown(&[b"ERROR ", number.as_bytes(), b": ", self.message].concat()),
        }
    }

    fn outcome(&self, target: &ProbeTarget) -> ProbeOutcome {
        let says = |words: &str| memchr::memmem::find(self.message, words.as_bytes()).is_some();
        match self.number {
            _ if says("insecure transport") => ProbeOutcome::WantsTls,
            1045 if target.password.is_none() => ProbeOutcome::WantsPassword,
            1045 | 1698 => ProbeOutcome::RefusesPassword,
            1049 => ProbeOutcome::NoSuchDatabase,
            1044 | 1820 | 1862 | 3118 | 4151 => ProbeOutcome::RefusesAccess,
            1129 | 1130 => ProbeOutcome::RefusesHost,
            1040 | 1203 | 1226 => ProbeOutcome::TooManyConnections,
            1053 | 1927 => ProbeOutcome::Stopping,
            _ => ProbeOutcome::Undecided,
        }
    }
}

#[cfg(test)]
mod tests {
    use lastgood_model::{ProbeProtocol, Secret, TurnEnd};

    use super::*;

    fn said(packets: &[(Asked, &[u8])]) -> (ProbeOutcome, String) {
        let target = ProbeTarget {
            protocol: ProbeProtocol::Mysql,
            host: "db".into(),
            port: 3306,
            secure: false,
            path: "".into(),
            user: Some("app".into()),
            password: Some(Secret::from("carbon")),
            database: None,
        };
        let turn = |(asked, payload): &(Asked, &[u8])| Turn {
            asked: *asked,
            heard: [&[u8::try_from(payload.len()).unwrap(), 0, 0, 0], *payload].concat(),
            ended: TurnEnd::Complete,
        };
        let transcript = Transcript { turns: packets.iter().map(turn).collect(), ..Transcript::default() };
        let (outcome, words) = read(&target, &transcript);
        (outcome, words.map(|words| words.to_string()).unwrap_or_default())
    }

    #[test]
    fn what_servers_say_that_no_test_runs() {
        let greeting = (Asked::Greeting, &b"\x0a8.0.36\0\x05\0\0\0abcdefgh\0\xff\xff\xff\x02\0"[..]);
        let blocked = b"\xff\x69\x04Host '10.0.0.5' is blocked because of many connection errors";
        let words = "ERROR 1129: Host '10.0.0.5' is blocked because of many connection errors";
        assert_eq!(said(&[(Asked::Greeting, blocked)]), (ProbeOutcome::RefusesHost, words.to_owned()));
        let insecure = b"\xff\x57\x0c#HY000Connections using insecure transport are prohibited while --require_secure_transport=ON.";
        assert_eq!(said(&[greeting, (Asked::Login, insecure)]).0, ProbeOutcome::WantsTls);
        let stops = b"\xff\x1d\x04#08S01Server shutdown in progress";
        assert_eq!(said(&[greeting, (Asked::Login, stops)]).0, ProbeOutcome::Stopping);
        // It wants the password itself, under a key that it would send.
        let more = said(&[greeting, (Asked::Login, &[1, 4])]);
        assert_eq!(more, (ProbeOutcome::Undecided, "AuthMoreData 4".to_owned()));
        assert_eq!(said(&[greeting]), (ProbeOutcome::Undecided, "8.0.36".to_owned()));
    }
}
