//! The log of Redis and Valkey: `1:M 16 Nov 2022 11:04:56.123 * Ready to accept connections`.

use lastgood_model::UnixMs;

use crate::civil_time::CivilClock;
use crate::database_log::Word;

/// Reads a line: when, and what behind its level.
pub(crate) fn read<'a>(line: &'a [u8], clock: &CivilClock) -> Option<(UnixMs, &'a [u8])> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = line[digits..].strip_prefix(b":").filter(|_| digits > 0)?;
    let [b'M' | b'S' | b'C' | b'X', b' ', rest @ ..] = rest else { return None };
    let (at, length) = clock.day_first(rest)?;
    match &rest[length..] {
        [b' ', b'.' | b'-' | b'*' | b'#', b' ', message @ ..] => Some((at, message)),
        _ => None,
    }
}

/// What a message means.
pub(crate) fn word(message: &str) -> Option<Word> {
    let says = |text: &str| message.contains(text);
    if message.starts_with("Ready to accept connections") || says("The server is now ready to accept connections") {
        Some(Word::Started)
    } else if message.starts_with("User requested shutdown") || says("is now ready to exit") {
        Some(Word::Stopped)
    } else if says("crashed by signal") || says("BUG REPORT START") {
        Some(Word::Crashed)
    } else if says("max number of clients reached") {
        Some(Word::Exhausted)
    } else {
        None
    }
}
