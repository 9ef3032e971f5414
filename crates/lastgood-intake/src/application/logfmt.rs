//! A line of `key=value` pairs, as logrus and Go's slog write them: `time="…" level=error msg="login failed" error="…"`.

use std::borrow::Cow;

use super::head::HeadClock;
use super::record::{Field, Record, field};

/// Pairs of one line that are looked at.
const MAX_PAIRS: usize = 64;

/// Reads one; `None` if it is none, or says neither how loud it is nor what.
pub(crate) fn read(text: &str, clock: &mut HeadClock) -> Option<Record> {
    let is_pairs = text.contains("level=") || text.contains("lvl=");
    if !is_pairs || !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut record = Record::default();
    let mut rest = text;
    for _ in 0..MAX_PAIRS {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            break;
        }
        let (key, behind) = rest.split_once('=')?;
        if key.is_empty() || key.contains([' ', '"', '\'']) {
            return None;
        }
        let (value, behind) = value(behind);
        rest = behind;
        if let Some(field) = field(key) {
            let at = if field == Field::Time { clock.read(value.as_bytes()).map(|(at, _)| at) } else { None };
            record.take(field, &value, at);
        }
    }
    (record.severity.is_some() && record.is_one()).then_some(record)
}

/// A value and what is behind it.
fn value(text: &str) -> (Cow<'_, str>, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_once(' ').unwrap_or((text, ""));
        return (Cow::Borrowed(value), rest);
    };
    let mut plain = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, c)) = letters.next() {
        match c {
            '"' => return (Cow::Owned(plain), quoted.get(at + 1..).unwrap_or_default()),
            '\\' => plain.push(match letters.next() {
                Some((_, 'n')) => '\n',
                Some((_, 't')) => '\t',
                Some((_, other)) => other,
                None => '\\',
            }),
            c => plain.push(c),
        }
    }
    // It was cut off.
    (Cow::Owned(plain), "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use lastgood_model::{Severity, UnixMs};

    fn parse(text: &str) -> Option<Record> {
        read(text, &mut HeadClock::new(TimeZone::UTC, None))
    }

    #[test]
    fn pairs_of_loggers() {
        for text in [
            r#"time="2026-11-21T19:25:05Z" level=error msg="login \"x\" failed" error="a: b\n\tc""#,
            r#"time=2026-11-21T19:25:05.000Z level=ERROR msg="login \"x\" failed" err="a: b\n\tc""#,
        ] {
            let record = parse(text).unwrap();
            assert_eq!(record.at, Some(UnixMs(1_795_289_105_000)), "{text}");
            assert_eq!(record.severity, Some(Severity::Error));
            assert_eq!((record.message.as_str(), record.error.as_str()), ("login \"x\" failed", "a: b\n\tc"));
        }
        assert_eq!(parse("time=\"2026-11-21T17:26:22Z\" level=info msg=listening").unwrap().message, "listening");
        assert_eq!(parse("level=warning msg=\"cut of").unwrap().message, "cut of");
    }

    #[test]
    fn what_is_no_line_of_pairs() {
        for text in ["", "level", "level=", "the level=error of it", "a=1 b=2", "level=error", "x y level=error msg=z"]
        {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
