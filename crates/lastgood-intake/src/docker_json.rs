//! A line of Docker's json-file log driver. Damaged ones give what is left of them: a crash leaves NULs, a full disk cuts
//! lines and glues the next one to them.

use std::borrow::Cow;

use memchr::memmem::{find, find_iter};
use serde::Deserialize;

use crate::envelope::Letter;
use crate::timestamp::Clock;

/// How the driver begins every line.
const BEGIN: &[u8] = b"{\"log\":\"";
/// What follows the text.
const END: &[u8] = b"\",\"stream\":\"";

#[derive(Debug, Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(borrow, default)]
    stream: Cow<'a, str>,
    #[serde(borrow, default)]
    time: Cow<'a, str>,
}

/// Hands on the letters in a line, and says how many there were.
pub(crate) fn open(line: &[u8], clock: &mut Clock, take: &mut impl FnMut(Letter<'_>)) -> usize {
    if let Ok(record) = serde_json::from_slice::<Record<'_>>(line)
        && (!record.stream.is_empty() || !record.time.is_empty())
    {
        let text = record.log.as_bytes();
        let whole = text.strip_suffix(b"\n");
        take(Letter {
            service: b"",
            stream: record.stream.as_bytes(),
            at: clock.iso8601(record.time.as_bytes()).map(|(at, _)| at),
            text: whole.map_or(text, |text| text.strip_suffix(b"\r").unwrap_or(text)),
            goes_on: whole.is_none(),
        });
        return 1;
    }
    line.split(|byte| *byte == 0).map(|fragment| open_damaged(fragment, clock, take)).sum()
}

/// A fragment without NULs: perhaps the end of a line, then perhaps several lines, the last perhaps cut.
#[cold]
fn open_damaged(fragment: &[u8], clock: &mut Clock, take: &mut impl FnMut(Letter<'_>)) -> usize {
    let begins: Vec<usize> = find_iter(fragment, BEGIN).collect();
    let first = begins.first().copied().unwrap_or(fragment.len());
    let mut found = 0;
    // Without its beginning a text is known by what follows it.
    if first > 0 && find(&fragment[..first], END).is_some() {
        found += open_piece(&fragment[..first], clock, take);
    }
    for (index, begin) in begins.iter().enumerate() {
        let end = begins.get(index + 1).copied().unwrap_or(fragment.len());
        found += open_piece(&fragment[begin + BEGIN.len()..end], clock, take);
    }
    found
}

/// The text up to its closing quote, or as far as it was written.
fn open_piece(piece: &[u8], clock: &mut Clock, take: &mut impl FnMut(Letter<'_>)) -> usize {
    let (escaped, rest) = piece.split_at(find(piece, END).unwrap_or(piece.len()));
    let text = unescaped(escaped);
    let rest = rest.get(END.len()..).unwrap_or_default();
    let stream = &rest[..rest.iter().position(|byte| *byte == b'"').unwrap_or(0)];
    let at = find(rest, b"\"time\":\"").and_then(|start| {
        let time = &rest[start + b"\"time\":\"".len()..];
        clock.iso8601(&time[..time.iter().position(|byte| *byte == b'"')?])
    });
    let text = text.trim_ascii_end();
    if text.is_empty() {
        return 0;
    }
    // Whatever it was, its rest is lost: nothing is waited for.
    take(Letter { service: b"", stream, at: at.map(|(at, _)| at), text, goes_on: false });
    1
}

/// What stands between the quotes of a JSON string that may have been cut within an escape.
fn unescaped(escaped: &[u8]) -> Vec<u8> {
    // Docker writes U+FFFD for what is no UTF-8; a byte that was damaged later must not cost the escapes around it.
    let text = String::from_utf8_lossy(escaped);
    let escaped = text.as_bytes();
    for lost in 0..=escaped.len().min(b"\\u00e".len()) {
        let quoted = [b"\"", &escaped[..escaped.len() - lost], b"\""].concat();
        if let Ok(text) = serde_json::from_slice::<String>(&quoted) {
            return text.into_bytes();
        }
    }
    escaped.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    const LINE: &str = r#"{"log":"a \"b\" \u003cc\u003e\n","stream":"stderr","time":"2026-11-21T19:25:05.123456789Z"}"#;

    fn texts(line: &str) -> Vec<String> {
        let mut found = Vec::new();
        let count = open(line.as_bytes(), &mut Clock::new(TimeZone::UTC), &mut |letter| {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let more = if letter.goes_on { "+" } else { "" };
            found.push(format!(
                "{}/{}/{}{more}",
                text(letter.stream),
                letter.at.map_or(0, |at| at.0),
                text(letter.text)
            ));
        });
        assert_eq!(count, found.len());
        found
    }

    #[test]
    fn whole_lines_and_pieces() {
        assert_eq!(texts(LINE), ["stderr/1795289105123/a \"b\" <c>"]);
        assert_eq!(texts(&LINE.replace("\\n\"", "\"")), ["stderr/1795289105123/a \"b\" <c>+"]);
        assert_eq!(texts(&LINE.replace("\\n\"", "\\r\\n\"")), ["stderr/1795289105123/a \"b\" <c>"]);
        let other_order = r#"{"time":"2026-11-21T19:25:05Z","attrs":{"tag":"x"},"stream":"stdout","log":"x\n"}"#;
        assert_eq!(texts(other_order), ["stdout/1795289105000/x"]);
        for line in ["", "{}", "x", r#"{"log":"x\n"}x"#, r#"{"log":7,"stream":"stdout"}"#, "[1]"] {
            assert!(texts(line).iter().all(|text| text == "/0/x"), "{line}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_cost_only_themselves() {
        let line = [&br#"{"log":"\"GET /?"#[..], b"\xed\xff", br#"\" 200\n","stream":"stdout","time":"x"}"#].concat();
        let mut found = Vec::new();
        open(&line, &mut Clock::new(TimeZone::UTC), &mut |letter| found.push(letter.text.to_vec()));
        assert_eq!(found, ["\"GET /?\u{fffd}\u{fffd}\" 200".as_bytes()]);
    }

    #[test]
    fn damaged_lines_give_what_is_left() {
        let whole = "stderr/1795289105123/a \"b\" <c>";
        assert_eq!(texts(&format!("\0\0{LINE}\0")), [whole]);
        assert_eq!(texts(&format!("{LINE}{LINE}")), [whole, whole]);
        assert_eq!(texts(&format!("{}{LINE}", &LINE[..14])), ["/0/a \"b", whole]);
        assert_eq!(texts(&LINE[10..]), ["stderr/1795289105123/\"b\" <c>"]);
        assert_eq!(texts(&LINE[..LINE.len() - 9]), ["stderr/0/a \"b\" <c>"]);
        for cut in 9..LINE.len() {
            let found = texts(&LINE[..cut]);
            assert_eq!(found.len(), 1, "{cut}");
            assert!(found[0].contains("/a"), "{cut}: {found:?}");
        }
    }
}
