//! What stands before the message of an application's line: when, how loud, by whom. Every framework has an order of its own,
//! so it is looked for where a head may be, and nowhere behind it: a level that is a word of a sentence is none.

use lastgood_model::{Severity, UnixMs};

use crate::civil_time::CivilClock;
use crate::timestamp::Clock;

/// A head is no longer, and has no more words.
const MAX_HEAD: usize = 160;
const MAX_WORDS: usize = 8;
/// Without a time before it, a level is one of the first words.
const MAX_WORDS_UNDATED: usize = 3;

/// A line that was taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    /// When, where the line says so.
    pub(crate) at: Option<UnixMs>,
    /// How loud, where it says so.
    pub(crate) severity: Option<Severity>,
    /// What is behind both.
    pub(crate) message: &'a str,
}

impl Head<'_> {
    /// Whether the line begins a record of its own.
    pub(crate) const fn is_one(&self) -> bool {
        self.at.is_some() || self.severity.is_some()
    }
}

/// Reads times at the beginning of a line. Keep one per writer.
#[derive(Debug)]
pub(crate) struct HeadClock {
    civil: CivilClock,
    clock: Clock,
}

impl HeadClock {
    pub(crate) fn new(zone: jiff::tz::TimeZone, about: Option<UnixMs>) -> Self {
        Self { civil: CivilClock::new(zone.clone(), about), clock: Clock::new(zone) }
    }

    /// A time, and how long it is written.
    pub(crate) fn read(&mut self, text: &[u8]) -> Option<(UnixMs, usize)> {
        if let Some(found) = self.civil.dated(text) {
            return Some(found);
        }
        // `2026/11/21 19:25:05`, also with a fraction: Go's own log.
        if let Some((at, _)) = text.get(..19).and_then(|time| self.clock.error_log(time)) {
            let fraction = match text.get(19) {
                Some(b'.' | b',') => 1 + text[20..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
                _ => 0,
            };
            return Some((at, 19 + fraction));
        }
        // `21/Nov/2026:19:25:05 +0000`
        text.get(..26).and_then(|time| self.clock.local(time)).map(|(at, _)| (at, 26))
    }

    /// Takes a line apart.
    pub(crate) fn head<'a>(&mut self, line: &'a str) -> Head<'a> {
        let text = line.trim_ascii_start();
        let indented = text.len() < line.len();
        // Ruby begins with the first letter of the level: `E, [2026-11-21T19:25:05.123456 #7] ERROR -- : text`.
        let open = match text.as_bytes() {
            [b'[' | b'(', ..] => 1,
            [letter, b',', b' ', b'[', ..] if letter.is_ascii_uppercase() => 4,
            // Some libraries of Go put their name before: `redis: 2026/11/21 19:25:05 pool.go:770: text`.
            bytes if !indented => text
                .find(": 2")
                .filter(|at| *at < 24 && bytes[..*at].iter().all(u8::is_ascii_alphanumeric))
                .map_or(0, |at| at + 2),
            _ => 0,
        };
        let (at, mut behind) = match self.read(&text.as_bytes()[open..]) {
            Some((at, length)) => (Some(at), open + length),
            None => (None, 0),
        };
        if at.is_none() && indented {
            return Head { message: text, ..Head::default() };
        }
        if let Some(rest) = text.get(behind..) {
            behind += rest.len() - rest.trim_start_matches([']', ')']).len();
        }
        let most = if at.is_some() { MAX_WORDS } else { MAX_WORDS_UNDATED };
        match level(text, behind, most) {
            Some((severity, end)) => Head { at, severity: Some(severity), message: after(text, end) },
            None if at.is_some() => Head { at, severity: None, message: after(text, behind) },
            None => Head { message: text, ..Head::default() },
        }
    }
}

/// The first level among the words from `from` on, and where it ends.
fn level(text: &str, from: usize, most: usize) -> Option<(Severity, usize)> {
    let bytes = text.as_bytes();
    let end = bytes.len().min(from + MAX_HEAD);
    let (mut at, mut words) = (from, 0);
    while at < end && words < most {
        let is_word =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/' | b'@' | b'$');
        let start = at + bytes[at..end].iter().position(is_word)?;
        let length = bytes[start..end].iter().take_while(|byte| is_word(byte)).count();
        let stop = start + length;
        let word = text.get(start..stop)?.trim_end_matches(['-', '.']);
        let before = start.checked_sub(1).map(|before| bytes[before]);
        let next = bytes.get(stop).copied();
        // A sentence begins where something is quoted or told; there is no head any more.
        if bytes[at..start].iter().any(|byte| matches!(byte, b'"' | b'{' | b'\'' | b'=')) {
            return None;
        }
        let enclosed = before == Some(b'[') && next == Some(b']') || before == Some(b'<') && next == Some(b'>');
        let told = next == Some(b':');
        if let Some(severity) = severity(word) {
            let shouted = word.bytes().all(|byte| byte.is_ascii_uppercase());
            // In lower case it is a level only in brackets, or at the very beginning with a colon.
            if shouted && (from > 0 || words == 0 || is_set_off(bytes, start, stop)) || enclosed || told && words == 0 {
                return Some((severity, stop));
            }
        }
        words += 1;
        at = stop;
    }
    None
}

/// Whether marks stand around a word, as in `app - ERROR - text` and `app|ERROR|text`.
fn is_set_off(bytes: &[u8], start: usize, stop: usize) -> bool {
    let before = bytes[..start].iter().rev().find(|byte| **byte != b' ');
    let after = bytes[stop..].iter().find(|byte| **byte != b' ');
    let mark = |byte: Option<&u8>| matches!(byte, Some(b'-' | b'|' | b'[' | b']' | b'>' | b')'));
    mark(before) && (mark(after) || after == Some(&b':'))
}

/// The level of that name.
pub(crate) fn severity(word: &str) -> Option<Severity> {
    const NAMES: [(&str, Severity); 24] = [
        ("TRACE", Severity::Debug),
        ("VERBOSE", Severity::Debug),
        ("SILLY", Severity::Debug),
        ("DEBUG", Severity::Debug),
        ("FINE", Severity::Debug),
        ("DBG", Severity::Debug),
        ("INFO", Severity::Info),
        ("INFORMATION", Severity::Info),
        ("NOTICE", Severity::Info),
        ("INF", Severity::Info),
        ("WARN", Severity::Warning),
        ("WARNING", Severity::Warning),
        ("WRN", Severity::Warning),
        ("ERROR", Severity::Error),
        ("ERR", Severity::Error),
        ("FAIL", Severity::Error),
        ("SEVERE", Severity::Error),
        ("CRITICAL", Severity::Critical),
        ("CRIT", Severity::Critical),
        ("FATAL", Severity::Critical),
        ("FTL", Severity::Critical),
        ("ALERT", Severity::Critical),
        ("EMERG", Severity::Critical),
        ("PANIC", Severity::Critical),
    ];
    if word.len() > "INFORMATION".len() {
        return None;
    }
    NAMES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, severity)| *severity)
}

/// What is behind a level or a time, without the marks between.
fn after(text: &str, from: usize) -> &str {
    let rest = text.get(from..).unwrap_or_default();
    rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, ']' | ')' | '>' | ':' | '-' | '|' | ','))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn read(line: &str) -> (Option<i64>, Option<Severity>, String) {
        let head = HeadClock::new(TimeZone::UTC, None).head(line);
        (head.at.map(|at| at.0), head.severity, head.message.to_owned())
    }

    #[test]
    fn heads_of_many_frameworks() {
        use Severity::{Critical, Debug, Error, Info, Warning};
        let at = Some(1_795_289_105_000);
        let ms = Some(1_795_289_105_123);
        for (line, time, severity, message) in [
            ("CRITICAL main.py L.543 -> Error: x", None, Critical, "main.py L.543 -> Error: x"),
            ("2026-11-21 19:25:05,123 CRITICAL main.py L.5 -> x", ms, Critical, "main.py L.5 -> x"),
            ("ERROR:    Exception in ASGI application", None, Error, "Exception in ASGI application"),
            ("ERROR:root:it failed", None, Error, "root:it failed"),
            ("root - ERROR - it failed", None, Error, "it failed"),
            ("2026-11-21 19:25:05,123 - app.db - WARNING - slow", ms, Warning, "slow"),
            (
                "[2026-11-21 19:25:05 +0000] [7] [ERROR] Exception in worker process",
                at,
                Error,
                "Exception in worker process",
            ),
            (
                "2026-11-21T19:25:05.123Z  INFO 1 --- [main] c.a.App : Started",
                ms,
                Info,
                "1 --- [main] c.a.App : Started",
            ),
            (
                "2026-11-21 19:25:05.123 [http-nio-8080-exec-1] ERROR c.a.Shop - it failed",
                ms,
                Error,
                "c.a.Shop - it failed",
            ),
            ("19:25:05 x", None, Info, ""),
            ("[2026-11-21T19:25:05.123Z] error: it failed", ms, Error, "it failed"),
            ("error: it failed", None, Error, "it failed"),
            ("[error] it failed", None, Error, "it failed"),
            ("E, [2026-11-21T19:25:05.123456 #7] ERROR -- : it failed", ms, Error, "it failed"),
            ("2026/11/21 19:25:05 [ERROR] it failed", at, Error, "it failed"),
            ("DEBUG connectionpool.py: x", None, Debug, "connectionpool.py: x"),
        ] {
            if message.is_empty() {
                assert_eq!(read(line), (None, None, line.to_owned()));
                continue;
            }
            assert_eq!(read(line), (time, Some(severity), message.to_owned()), "{line}");
        }
        assert_eq!(read("2026/11/21 19:25:05 dial tcp: x"), (at, None, "dial tcp: x".to_owned()));
        assert_eq!(read("2026/11/21 19:25:05.123456 dial tcp: x"), (at, None, "dial tcp: x".to_owned()));
    }

    #[test]
    fn a_level_within_a_sentence_is_none() {
        for line in [
            "it was no ERROR at all",
            "    ERROR: indented",
            "the error: here",
            "user=\"x\" INFO",
            "{\"level\":\"ERROR\"}",
            "GET /ERROR 200",
            "org.postgresql.util.PSQLException: FATAL: password authentication failed",
            "",
            "Warning: an unusual thing happened",
        ] {
            let (at, severity, message) = read(line);
            if line.starts_with("Warning") {
                assert_eq!(severity, Some(Severity::Warning));
                continue;
            }
            assert_eq!((at, severity, message.as_str()), (None, None, line.trim_start()), "{line}");
        }
    }
}
