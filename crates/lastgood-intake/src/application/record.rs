//! What a structured line says, whether it is JSON or `key=value`: the names that loggers give to time, level, message and error,
//! brought down to one.

use lastgood_model::{Severity, UnixMs};

use super::head::severity;

/// What a record says. Texts are empty where it does not.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) at: Option<UnixMs>,
    pub(crate) severity: Option<Severity>,
    pub(crate) message: String,
    /// Class and message of the error that it holds.
    pub(crate) class: String,
    pub(crate) error: String,
    /// What a language would have printed of it.
    pub(crate) stack: String,
    /// The path of the request that it tells of.
    pub(crate) path: String,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Time,
    Level,
    Message,
    /// An error: its message, or all of it.
    Error,
    Class,
    Stack,
    Path,
}

/// What a name stands for, if it is one of those that loggers use.
pub(crate) fn field(name: &str) -> Option<Field> {
    Some(match name {
        "time" | "timestamp" | "@timestamp" | "ts" | "@t" | "t" | "asctime" | "datetime" | "date" => Field::Time,
        "level" | "severity" | "lvl" | "levelname" | "log.level" | "@l" | "loglevel" | "level_name"
        | "severity_text" => Field::Level,
        "msg" | "message" | "event" | "@m" | "@mt" | "log" | "text" | "body" | "short_message" => Field::Message,
        "err" | "error" | "exception" | "exc_info" | "e" | "cause" | "@x" | "reason" | "err_msg" | "error.message"
        | "exception.message" | "error_message" | "err.message" | "errors" => Field::Error,
        "error.type" | "exception.type" | "error_type" | "exception_class" | "err.type" => Field::Class,
        "stack"
        | "stacktrace"
        | "stack_trace"
        | "stackTrace"
        | "exc_text"
        | "errorVerbose"
        | "error.stack_trace"
        | "exception.stacktrace"
        | "traceback" => Field::Stack,
        "path" | "url" | "uri" | "request_path" | "req.url" => Field::Path,
        _ => return None,
    })
}

impl Record {
    /// Takes a value that is a text. The first one of a kind counts.
    pub(crate) fn take(&mut self, field: Field, text: &str, at: Option<UnixMs>) {
        let fill = |place: &mut String, text: &str| {
            if place.is_empty() {
                text.clone_into(place);
            }
        };
        match field {
            Field::Time => self.at = self.at.or(at),
            Field::Level => self.severity = self.severity.or_else(|| severity(text)),
            Field::Message => fill(&mut self.message, text),
            Field::Class => fill(&mut self.class, text),
            Field::Error | Field::Stack if is_printed(text) => fill(&mut self.stack, text),
            Field::Error => fill(&mut self.error, text),
            Field::Stack => fill(&mut self.stack, text),
            Field::Path if text.starts_with('/') => fill(&mut self.path, text),
            Field::Path => {}
        }
    }

    /// Whether a logger wrote it: it says something, and how loud or when.
    pub(crate) fn is_one(&self) -> bool {
        let speaks = !self.message.is_empty() || !self.error.is_empty() || !self.stack.is_empty();
        speaks && (self.severity.is_some() || self.at.is_some())
    }
}

/// Whether a text is an error as a language prints it, with its frames.
fn is_printed(text: &str) -> bool {
    text.contains("\n    at ") || text.contains("\n\tat ") || text.contains("Traceback (most recent call last):")
}
