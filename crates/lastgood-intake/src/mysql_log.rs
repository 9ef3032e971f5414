//! The error logs of MySQL and MariaDB: `2022-11-16T02:04:56.123456Z 0 [System] …` and `2022-11-16 11:04:56 0 [Note] …`.

use lastgood_model::UnixMs;

use crate::civil_time::CivilClock;
use crate::database_log::Word;

const LEVELS: [&[u8]; 5] = [b"[System] ", b"[Note] ", b"[Warning] ", b"[ERROR] ", b"[Error] "];

/// Reads a line: when, and what behind its level.
pub(crate) fn read<'a>(line: &'a [u8], clock: &CivilClock) -> Option<(UnixMs, &'a [u8])> {
    let (at, length) = clock.dated(line)?;
    let rest = line[length..].trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = rest[digits..].strip_prefix(b" ").filter(|_| digits > 0)?;
    LEVELS.iter().find_map(|level| rest.strip_prefix(*level)).map(|message| (at, message))
}

/// MySQL writes `T` and a zone, MariaDB neither.
pub(crate) fn names_zone(line: &[u8]) -> bool {
    line.get(10) == Some(&b'T')
}

/// What a message means.
pub(crate) fn word(message: &str) -> Option<Word> {
    let says = |text: &str| message.contains(text);
    if says(": ready for connections") {
        Some(Word::Started)
    } else if says("Normal shutdown") || says("Shutdown complete") || says("Received SHUTDOWN from user") {
        Some(Word::Stopped)
    } else if says("mysqld got signal") || says("mariadbd got signal") || says("mysqld got exception") {
        Some(Word::Crashed)
    } else if says("Too many connections") {
        Some(Word::Exhausted)
    } else {
        None
    }
}
