//! PostgreSQL's log, with its usual prefix: `2022-11-16 11:04:56.123 UTC [1] LOG:  …`; between process and level a
//! prefix of one's own may name user and database.

use lastgood_model::UnixMs;

use crate::civil_time::CivilClock;
use crate::database_log::Word;

const LEVELS: [&[u8]; 10] = [
    b"LOG:  ",
    b"FATAL:  ",
    b"ERROR:  ",
    b"PANIC:  ",
    b"WARNING:  ",
    b"DETAIL:  ",
    b"HINT:  ",
    b"STATEMENT:  ",
    b"CONTEXT:  ",
    b"NOTICE:  ",
];
/// Behind the time, no longer than this may the prefix be.
const LONGEST_PREFIX: usize = 256;

/// Reads a line: when, and what with its level.
pub(crate) fn read<'a>(line: &'a [u8], clock: &CivilClock) -> Option<(UnixMs, &'a [u8])> {
    let (at, length) = clock.dated(line)?;
    // Letters of a zone that is not known are passed over.
    let rest = &line[length..];
    let open = memchr::memchr(b'[', rest.get(..rest.len().min(8))?)?;
    let close = open + memchr::memchr(b']', &rest[open..])?;
    if close == open + 1 || !rest[open + 1..close].iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') {
        return None;
    }
    let head = &rest[close..rest.len().min(close + LONGEST_PREFIX)];
    let level = LEVELS.iter().filter_map(|level| memchr::memmem::find(head, level)).min()?;
    Some((at, &rest[close + level..]))
}

/// What a message means.
pub(crate) fn word(message: &str) -> Option<Word> {
    let (level, text) = message.split_once(":  ")?;
    match level {
        "LOG" if text.starts_with("database system is ready to accept") => Some(Word::Started),
        "LOG" if text.starts_with("received ") && text.ends_with(" shutdown request") => Some(Word::Stopped),
        "LOG" if text.starts_with("database system is shut down") => Some(Word::Stopped),
        "LOG" if text.starts_with("server process") && text.contains("was terminated by signal") => Some(Word::Crashed),
        // It went down before, and only now can say so.
        "LOG" if text.starts_with("database system was interrupted") => Some(Word::Crashed),
        "PANIC" => Some(Word::Crashed),
        "FATAL" if text.starts_with("sorry, too many clients") || text.starts_with("remaining connection slots") => {
            Some(Word::Exhausted)
        }
        _ => None,
    }
}
