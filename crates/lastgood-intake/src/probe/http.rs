//! Answers of HTTP: the status, whether it wanted TLS, and what time it is there.

use jiff::fmt::rfc2822::DateTimeParser;
use lastgood_model::{Asked, ProbeOutcome, Transcript, Turn, UnixMs};

use super::reach::unfinished;
use super::words::line;
use super::{Reading, turn};

/// Clocks may differ by so many seconds: requests take time, and tokens are checked less exactly.
const TOLERATED: i64 = 60;
/// What servers say who are asked plainly on a port for TLS.
const WANT_TLS: [&str; 4] = [
    "plain HTTP request was sent to HTTPS port",
    "Client sent an HTTP request to an HTTPS server",
    "speaking plain HTTP to an SSL-enabled server port",
    "This combination of host and port requires TLS",
];

pub(super) fn read(transcript: &Transcript) -> Reading {
    let Some(get) = turn(transcript, Asked::Get) else { return (ProbeOutcome::Undecided, None) };
    let answer = match Answer::read(get) {
        Ok(answer) => answer,
        Err(reading) => return reading,
    };
    if let Some(fault) = answer.fault() {
        return fault;
    }
    if let Some(seconds) = answer.ahead(transcript.at) {
        return (ProbeOutcome::ClockDiffers { seconds }, answer.header("date").and_then(|date| line(date.as_bytes())));
    }
    (ProbeOutcome::Serves, line(&get.heard))
}

/// An answer as it was taken down: a status line, some headers, a body.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    head: &'a str,
    pub(super) body: &'a [u8],
    first_line: &'a [u8],
}

impl<'a> Answer<'a> {
    /// Reads it, or says what it is instead.
    pub(super) fn read(turn: &'a Turn) -> Result<Self, Reading> {
        let heard = turn.heard.as_slice();
        if !heard.starts_with(b"HTTP/") {
            let begins = !heard.is_empty() && b"HTTP/".starts_with(heard);
            let alerted = matches!(heard, [0x15, 3, ..]);
            return Err(match unfinished(turn) {
                _ if alerted => (ProbeOutcome::WantsTls, line(heard)),
                Some(reading) if heard.is_empty() || begins => reading,
                _ => (ProbeOutcome::OtherProtocol, line(heard)),
            });
        }
        let (head, body) = match memchr::memmem::find(heard, b"\r\n\r\n") {
            Some(end) => (heard.get(..end), heard.get(end + 4..)),
            None => return Err(unfinished(turn).unwrap_or((ProbeOutcome::OtherProtocol, line(heard)))),
        };
        let head = std::str::from_utf8(head.unwrap_or_default()).unwrap_or_default();
        let status = head.split_ascii_whitespace().nth(1).and_then(|status| status.parse().ok());
        let first_line = heard.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match status {
            Some(status) => Ok(Self { status, head, body: body.unwrap_or_default(), first_line }),
            None => Err((ProbeOutcome::OtherProtocol, line(heard))),
        }
    }

    /// What an error comes to; `None` if it is none.
    pub(super) fn fault(&self) -> Option<Reading> {
        if self.status < 400 {
            return None;
        }
        let body = String::from_utf8_lossy(self.body);
        if let Some(words) = WANT_TLS.iter().find_map(|words| body.lines().find(|line| line.contains(words))) {
            let words = words.trim().trim_start_matches("<head><title>").trim_start_matches("<title>");
            let words = words.split('<').next().unwrap_or(words);
            return Some((ProbeOutcome::WantsTls, line(words.as_bytes())));
        }
        Some((ProbeOutcome::HttpStatus(self.status), self.first_line()))
    }

    /// Its status line.
    pub(super) fn first_line(&self) -> Option<std::sync::Arc<str>> {
        line(self.first_line)
    }

    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// By how many seconds the peer's clock is ahead, if that is more than is tolerated. What a cache kept tells nothing.
    pub(super) fn ahead(&self, now: UnixMs) -> Option<i64> {
        if self.header("age").is_some() {
            return None;
        }
        let there = DateTimeParser::new().parse_timestamp(self.header("date")?).ok()?;
        let seconds = there.as_second().saturating_sub(now.0 / 1000);
        (seconds.abs() > TOLERATED).then_some(seconds)
    }
}
