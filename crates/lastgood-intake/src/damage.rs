//! Lines of an access log that the fast path does not take whole: NUL blocks, mangled brackets, lost beginnings, lines
//! cut or glued together. It finds every record that can still be read, and never invents a value.

use std::iter;
use std::ops::Range;

use crate::access::Request;
use crate::log_format::{AccessFormat, Fit};
use crate::timestamp::Clock;

/// Times that are tried as the beginning of a record: a line made of nothing else must not take for ever.
const MAX_TIMES: usize = 200;

/// Reads damaged lines. Keep one per file: it owns the buffer that repaired text is built in.
#[derive(Clone, Debug, Default)]
pub struct Repair {
    text: Vec<u8>,
}

impl Repair {
    /// Hands every record of `line` that can be read to `emit`, and says how many there were. A line holds more than
    /// one when a crash or a full disk lost the newline between them.
    pub fn records(
        &mut self,
        format: &AccessFormat,
        line: &[u8],
        clock: &mut Clock,
        mut emit: impl FnMut(&Request<'_>),
    ) -> usize {
        let mut found = 0;
        for fragment in line.split(|byte| *byte == 0).filter(|fragment| !fragment.is_empty()) {
            let text = self.unmangled(format, fragment);
            found += records_of_text(format, text, clock, &mut emit);
        }
        found
    }

    /// The text itself, or a repaired copy if a mangled bracket stands before one of its times.
    fn unmangled<'t>(&'t mut self, format: &AccessFormat, text: &'t [u8]) -> &'t [u8] {
        let times = iter::successors(format.find_time(text, 0), |time| format.find_time(text, time + 1));
        let is_mangled =
            |time: usize| [&[0xC4][..], &[0xC3, 0x84]].iter().any(|bracket| text[..time].ends_with(bracket));
        if !times.take(MAX_TIMES).any(is_mangled) {
            return text;
        }
        self.text.clear();
        let mut rest = text;
        while let Some((&first, after)) = rest.split_first() {
            let (byte, used) = match (first, after.first()) {
                (0xC2, Some(0xA7)) => (b'@', 2),
                (0xC3, Some(&low)) => ascii_of_german(low | 0x40).map_or((first, 1), |byte| (byte, 2)),
                (0xA7, _) => (b'@', 1),
                _ => (ascii_of_german(first).unwrap_or(first), 1),
            };
            self.text.push(byte);
            rest = &rest[used..];
        }
        &self.text
    }
}

/// What stood there before a terminal with the German 7-bit character set (DIN 66003) showed a letter in its place.
/// Servers escape everything beyond ASCII, so in a line with such a bracket every such letter is one.
fn ascii_of_german(latin1: u8) -> Option<u8> {
    Some(match latin1 {
        0xC4 => b'[',
        0xD6 => b'\\',
        0xDC => b']',
        0xE4 => b'{',
        0xF6 => b'|',
        0xFC => b'}',
        0xDF => b'~',
        _ => return None,
    })
}

fn records_of_text(
    format: &AccessFormat,
    text: &[u8],
    clock: &mut Clock,
    emit: &mut impl FnMut(&Request<'_>),
) -> usize {
    let mut found = 0;
    let mut from = 0;
    if let Some((request, fit)) = format.read(text, clock) {
        emit(&request);
        found += 1;
        from = end(fit, text.len());
    }
    // Further records, or the first one if its beginning is lost, are found by their time.
    for _ in 0..MAX_TIMES {
        let Some(time) = format.find_time(text, from) else { break };
        from = time + 1;
        if let Some((request, fit)) = format.read_headless(&text[time..], clock) {
            emit(&request);
            found += 1;
            from = time + end(fit, text.len() - time).max(1);
        }
    }
    if found == 0
        && let Some((request, _)) = format.read_loose(text, clock)
    {
        emit(&request);
        found += 1;
    }
    found
}

/// Where the record ends in a text of `len` bytes.
fn end(fit: Fit, len: usize) -> usize {
    match fit {
        Fit::Whole { extra } => len - extra,
        Fit::Cut { used } => used,
    }
}

/// Whether text behind a whole record may hold another one.
#[must_use]
pub fn may_hold_record(format: &AccessFormat, line: &[u8], extra: usize) -> bool {
    let tail: Range<usize> = line.len() - extra.min(line.len())..line.len();
    format.find_time(&line[tail], 0).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    const LINE: &str = r#"1.2.3.4 - - [16/Nov/2022:11:26:28 +0900] "GET /join/user-form?enc=Ab HTTP/1.1" 502 568 "https://a.example/" "A [x] {y}\x22""#;

    /// Keys, clients and statuses of all records in a line.
    fn records(line: &[u8]) -> Vec<(u64, Vec<u8>, u16)> {
        let mut found = Vec::new();
        let mut clock = Clock::new(TimeZone::UTC);
        Repair::default().records(&AccessFormat::combined(), line, &mut clock, |request| {
            found.push((request.key().request, request.client.to_vec(), request.status));
        });
        found
    }

    fn plain() -> (u64, Vec<u8>, u16) {
        records(LINE.as_bytes()).remove(0)
    }

    #[test]
    fn brackets_of_a_german_terminal_are_undone() {
        let utf8: String = LINE
            .chars()
            .map(|c| match c {
                '[' => 'Ä',
                ']' => 'Ü',
                '{' => 'ä',
                '}' => 'ü',
                '\\' => 'Ö',
                c => c,
            })
            .collect();
        let latin1: Vec<u8> = utf8.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        assert_eq!(records(utf8.as_bytes()), [plain()]);
        assert_eq!(records(&latin1), [plain()]);
    }

    #[test]
    fn a_line_without_its_beginning_has_no_client() {
        let (key, _, status) = plain();
        let bracket = LINE.find('[').unwrap();
        assert_eq!(records(&LINE.as_bytes()[bracket..]), [(key, vec![], status)]);
        let mangled = LINE[bracket..].replacen('[', "Ä", 1).replacen("] \"", "Ü \"", 1);
        assert_eq!(records(mangled.as_bytes()), [(key, vec![], status)]);
    }

    #[test]
    fn nul_blocks_hide_nothing() {
        let nul = [&[0u8; 4096][..], LINE.as_bytes()].concat();
        assert_eq!(records(&nul), [plain()]);
        let cut = &LINE.as_bytes()[..LINE.find("568").unwrap()];
        let both = [cut, &[0u8; 7], LINE.as_bytes()].concat();
        assert_eq!(records(&both).len(), 2);
        assert_eq!(records(&both)[1], plain());
        let early = [&LINE.as_bytes()[..12], &[0u8; 7], LINE.as_bytes(), &[0u8; 9]].concat();
        assert_eq!(records(&early), [plain()]);
    }

    #[test]
    fn glued_lines_are_both_found() {
        let (key, _, status) = plain();
        // Cut before its status, the first one is lost and the second has no known beginning.
        let early = format!("{}{LINE}", &LINE[..60]);
        assert_eq!(records(early.as_bytes()), [(key, vec![], status)]);
        // Cut behind its status, both can be read.
        let late = format!("{}{LINE}", &LINE[..LINE.find("https").unwrap() + 9]);
        let found = records(late.as_bytes());
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].1, b"1.2.3.4");
        assert_eq!(found[1], (key, vec![], status));
        // The second one with brackets of another terminal.
        let mangled = LINE.replacen('[', "Ä", 1).replacen("] \"", "Ü \"", 1);
        let early = format!("{}{mangled}", &LINE[..36]);
        assert_eq!(records(early.as_bytes())[0].2, status);
        let late = format!("{}{LINE}", &LINE[..LINE.len() - 3]);
        let found = records(late.as_bytes());
        assert_eq!((found.len(), found[1].0), (2, key));
        // Whole, with only the newline lost.
        let whole = format!("{LINE}{LINE}");
        assert_eq!(records(whole.as_bytes()), [plain(), (key, vec![], status)]);
    }

    #[test]
    fn a_line_cut_before_its_status_is_not_read() {
        let status = LINE.find("502").unwrap();
        for cut in 0..LINE.len() {
            assert_eq!(records(&LINE.as_bytes()[..cut]).len(), usize::from(cut >= status + 3), "{cut}");
        }
    }

    #[test]
    fn bare_quotes_are_read_where_nothing_else_can_be() {
        let line = LINE.replace("?enc=Ab", "?a=\"b\"c");
        assert_eq!(records(line.as_bytes()).len(), 1);
    }
}
