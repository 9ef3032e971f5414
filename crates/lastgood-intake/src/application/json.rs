//! An application's line that is one JSON object: what pino, winston, zap, logrus, slog, structlog, python-json-logger, logback
//! and their like write. A stack that is one of its values is read as if it had been printed.

use lastgood_model::{Severity, UnixMs};
use serde_json::{Map, Value};

use super::head::HeadClock;
use super::record::{Field, Record, field};

/// A longer line is none of a logger.
const MAX_LINE: usize = 256 * 1024;

/// Reads one. `None` if it is no object, or no line of a logger: that has a message and says how loud it is, or when.
pub(crate) fn read(text: &str, clock: &mut HeadClock) -> Option<Record> {
    if text.len() > MAX_LINE {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let mut record = Record::default();
    take(&mut record, value.as_object()?, clock);
    record.is_one().then_some(record)
}

fn take(record: &mut Record, object: &Map<String, Value>, clock: &mut HeadClock) {
    for (key, value) in object {
        match (field(key), value) {
            (_, Value::Object(inner)) if matches!(key.as_str(), "log" | "data" | "fields" | "attributes") => {
                take(record, inner, clock);
            }
            (Some(Field::Time), value) => record.at = record.at.or_else(|| time(value, clock)),
            (Some(Field::Level), Value::Number(number)) => {
                record.severity = record.severity.or_else(|| Some(loudness(number.as_u64()?)));
            }
            (Some(Field::Error), Value::Object(error)) => error_in(record, error),
            // A list of errors or of frames: the last one tells most.
            (Some(Field::Error), Value::Array(items)) => {
                if let Some(Value::Object(error)) = items.last() {
                    error_in(record, error);
                }
            }
            (Some(field), Value::String(text)) => record.take(field, text, None),
            (_, Value::Object(inner)) if matches!(key.as_str(), "req" | "request" | "http") => {
                let path = inner.get("url").or_else(|| inner.get("path")).and_then(Value::as_str);
                record.take(Field::Path, path.unwrap_or_default(), None);
            }
            _ => {}
        }
    }
}

/// An error that is an object.
fn error_in(record: &mut Record, error: &Map<String, Value>) {
    let text = |names: &[&str]| names.iter().find_map(|name| error.get(*name)?.as_str()).unwrap_or_default();
    record.take(Field::Class, text(&["type", "class", "name", "exc_type", "kind", "exception_class"]), None);
    let mut message = text(&["message", "msg", "exc_value", "exception_message", "error"]).to_owned();
    // What the operating system said stands beside the message.
    for key in ["code", "syscall", "hostname", "address", "port"] {
        let value = error.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        if let Some(value) = value.filter(|value| !message.contains(value.as_str())) {
            message.push('\n');
            message.push_str(key);
            message.push_str(": ");
            message.push_str(&value);
        }
    }
    record.take(Field::Error, message.trim_start_matches('\n'), None);
    record.take(Field::Stack, text(&["stack", "stacktrace", "stack_trace", "stackTrace", "traceback"]), None);
}

/// pino's and bunyan's numbers.
const fn loudness(level: u64) -> Severity {
    match level {
        0..=29 => Severity::Debug,
        30..=39 => Severity::Info,
        40..=49 => Severity::Warning,
        50..=59 => Severity::Error,
        _ => Severity::Critical,
    }
}

/// A time as text, or as a number of seconds, milliseconds, microseconds or nanoseconds since 1970.
fn time(value: &Value, clock: &mut HeadClock) -> Option<UnixMs> {
    if let Some(text) = value.as_str() {
        return clock.read(text.as_bytes()).map(|(at, _)| at);
    }
    let number = value.as_f64()?;
    let ms = match number {
        n if (1e8..1e11).contains(&n) => n * 1e3,
        n if (1e11..1e14).contains(&n) => n,
        n if (1e14..1e17).contains(&n) => n / 1e3,
        n if (1e17..1e20).contains(&n) => n / 1e6,
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "below 1e14")]
    Some(UnixMs(ms as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn parse(text: &str) -> Option<Record> {
        read(text, &mut HeadClock::new(TimeZone::UTC, None))
    }

    #[test]
    fn names_and_times_of_many_loggers() {
        for (text, severity, class, error) in [
            (
                r#"{"level":50,"time":1795289105123,"err":{"type":"ReplyError","message":"NOAUTH x","stack":"ReplyError: NOAUTH x\n    at x (/app/a.js:1:2)","code":"X"},"msg":"m"}"#,
                Severity::Error,
                "ReplyError",
                "NOAUTH x\ncode: X",
            ),
            (
                r#"{"level":"error","message":"m","timestamp":"2026-11-21T19:25:05.123Z","stack":"Error: m\n    at x (/a.js:1:2)"}"#,
                Severity::Error,
                "",
                "",
            ),
            (
                r#"{"level":"error","ts":1795289105.123,"caller":"main.go:12","msg":"m","error":"a: b\n\tc: d"}"#,
                Severity::Error,
                "",
                "a: b\n\tc: d",
            ),
            (
                r#"{"error":"EOF","level":"fatal","msg":"m","time":"2026-11-21T19:25:05.123Z"}"#,
                Severity::Critical,
                "",
                "EOF",
            ),
            (
                r#"{"event":"m","level":"error","timestamp":"2026-11-21T19:25:05.123456Z","exception":"Traceback (most recent call last):\nKeyError: 'x'"}"#,
                Severity::Error,
                "",
                "",
            ),
            (
                r#"{"asctime":"2026-11-21 19:25:05,123","levelname":"CRITICAL","message":"m"}"#,
                Severity::Critical,
                "",
                "",
            ),
            (
                r#"{"@timestamp":"2026-11-21T19:25:05.123Z","log.level":"ERROR","message":"m","error.type":"a.B","error.message":"c"}"#,
                Severity::Error,
                "a.B",
                "c",
            ),
            (
                r#"{"@timestamp":"2026-11-21T19:25:05.123Z","log":{"level":"warn"},"message":"m"}"#,
                Severity::Warning,
                "",
                "",
            ),
        ] {
            let record = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(record.severity, Some(severity), "{text}");
            assert_eq!(
                (record.message.as_str(), record.class.as_str(), record.error.as_str()),
                ("m", class, error),
                "{text}"
            );
            assert_eq!(record.at, Some(UnixMs(1_795_289_105_123)), "{text}");
            let traced = text.contains(r"\n    at") || text.contains("Traceback");
            assert_eq!(!record.stack.is_empty(), traced, "{text}");
        }
        assert_eq!(parse(r#"{"level":"error","msg":"x","req":{"url":"/v1/login"}}"#).unwrap().path, "/v1/login");
    }

    #[test]
    fn what_is_no_record_of_a_logger() {
        for text in [
            "",
            "{}",
            "[1]",
            r#"{"a":1}"#,
            r#"{"status":"UP"}"#,
            r#"{"msg":"x"}"#,
            r#"{"level":"error"}"#,
            r#"{"level":"error","msg":"x""#,
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
