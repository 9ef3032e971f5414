//! nginx `log_format` strings, compiled to literals and variables. Combined and common are just two instances.
//! It splits a line into values; what the values mean stands in `access.rs`.

use std::sync::Arc;

use memchr::memchr;

use crate::timestamp;

/// What we want of a line; the index of its value in [`Values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Skip,
    Client,
    /// With a port behind it.
    ClientPort,
    ForwardedFor,
    TimeLocal,
    TimeIso,
    Msec,
    RequestLine,
    /// A request line that holds a whole URL.
    RequestUrl,
    Method,
    Target,
    Status,
    BodyBytes,
    SentBytes,
    Referrer,
    Agent,
    Host,
    HttpHost,
    ServerName,
    ServerPort,
    UpstreamAddr,
    /// With a scheme before it.
    UpstreamUrl,
    UpstreamStatus,
    RequestTime,
    RequestTimeMs,
    RequestTimeUs,
}

const FIELDS: usize = Field::RequestTimeUs as usize + 1;

impl Field {
    /// nginx's variables, and a few of ours for what other servers write: `$remote_addr_port`, `$request_url`,
    /// `$upstream_url`, `$request_time_ms` and `$request_time_us`.
    fn of(variable: &str) -> Self {
        match variable {
            "remote_addr" => Self::Client,
            "remote_addr_port" => Self::ClientPort,
            "http_x_forwarded_for" | "proxy_add_x_forwarded_for" | "http_x_real_ip" | "realip_remote_addr" => {
                Self::ForwardedFor
            }
            "time_local" => Self::TimeLocal,
            "time_iso8601" => Self::TimeIso,
            "msec" => Self::Msec,
            "request" => Self::RequestLine,
            "request_url" => Self::RequestUrl,
            "request_method" => Self::Method,
            "request_uri" | "uri" | "document_uri" => Self::Target,
            "status" => Self::Status,
            "body_bytes_sent" => Self::BodyBytes,
            "bytes_sent" => Self::SentBytes,
            "http_referer" => Self::Referrer,
            "http_user_agent" => Self::Agent,
            "host" => Self::Host,
            "http_host" => Self::HttpHost,
            "server_name" => Self::ServerName,
            "server_port" => Self::ServerPort,
            "upstream_addr" => Self::UpstreamAddr,
            "upstream_url" => Self::UpstreamUrl,
            "upstream_status" => Self::UpstreamStatus,
            "request_time" => Self::RequestTime,
            "request_time_ms" => Self::RequestTimeMs,
            "request_time_us" => Self::RequestTimeUs,
            _ => Self::Skip,
        }
    }

    /// Whether a value never holds a space: one found in it belongs to a line that is glued to this one.
    fn is_word(self) -> bool {
        use Field::{BodyBytes, Host, HttpHost, Method, Msec, RequestTime, SentBytes, ServerName, Status, TimeIso};
        matches!(
            self,
            BodyBytes | Host | HttpHost | Method | Msec | RequestTime | SentBytes | ServerName | Status | TimeIso
        )
    }

    /// The one length that a value has, where every other makes it unreadable.
    fn len(self) -> Option<usize> {
        match self {
            Self::Status => Some(3),
            Self::TimeLocal => Some(timestamp::LOCAL_LEN),
            _ => None,
        }
    }

    /// Whether a value without quotes may hold spaces, so that as the last of a line it reaches to the line's end.
    fn is_prose(self) -> bool {
        matches!(self, Self::Agent | Self::Referrer | Self::RequestLine | Self::RequestUrl | Self::ForwardedFor)
    }
}

/// The values of one line by [`Field`]; empty where the line has none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a>([&'a [u8]; FIELDS]);

impl<'a> Values<'a> {
    pub(crate) const EMPTY: Self = Self([b""; FIELDS]);

    #[inline]
    pub(crate) fn get(&self, field: Field) -> &'a [u8] {
        self.0[field as usize]
    }

    /// The value, empty if it is `-`.
    #[inline]
    pub(crate) fn present(&self, field: Field) -> &'a [u8] {
        match self.get(field) {
            b"-" => b"",
            value => value,
        }
    }

    fn set(&mut self, field: Field, value: &'a [u8]) {
        self.0[field as usize] = value;
    }
}

/// How a line fits a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Every literal was found; the rest of the line is of this many bytes.
    Whole { extra: usize },
    /// A literal was missing after this many bytes; the values before it are whole.
    Cut { used: usize },
}

/// A variable and the literal after it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    field: Field,
    quoted: bool,
    /// The first place where the literal may begin is the only one.
    strict: bool,
    /// The one length that its values have, where that is so.
    len: Option<usize>,
    end: Literal,
}

/// A literal that is compared in one step where it is short, as nearly all are.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Literal {
    bytes: Box<[u8]>,
    word: u64,
    mask: u64,
}

/// How the lines of an access log are built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessFormat {
    name: Arc<str>,
    lead: Box<[u8]>,
    pieces: Box<[Piece]>,
    /// The piece of the written time, from which a line without its beginning can be read.
    time: Option<usize>,
}

impl AccessFormat {
    /// Compiles a `log_format` string. `None` if it names no time or no status, without which a line says nothing.
    #[must_use]
    pub fn compile(name: &str, format: &str) -> Option<Self> {
        let (lead, mut rest) = format.split_once('$')?;
        let mut pieces: Vec<Piece> = Vec::new();
        let mut quoted = lead.ends_with('"');
        loop {
            let (variable, after) = variable(rest);
            let (end, next) = after.split_once('$').map_or((after, None), |(end, next)| (end, Some(next)));
            let field = Field::of(variable);
            match pieces.last_mut() {
                // Two variables without anything between cannot be told apart: nobody knows where one ends.
                Some(before) if before.end.bytes.is_empty() => {
                    *before = Piece::new(Field::Skip, before.quoted, end);
                }
                _ => pieces.push(Piece::new(field, quoted, end)),
            }
            quoted = end.ends_with('"');
            match next {
                Some(next) => rest = next,
                None => break,
            }
        }
        let has = |wanted: &[Field]| pieces.iter().position(|piece| wanted.contains(&piece.field));
        has(&[Field::Status])?;
        has(&[Field::TimeLocal, Field::TimeIso, Field::Msec])?;
        let time = has(&[Field::TimeLocal, Field::TimeIso]);
        Some(Self { name: name.into(), lead: lead.as_bytes().into(), pieces: pieces.into(), time })
    }

    /// Compiles a format of ours, which is known to have a time and a status.
    pub(crate) fn built_in(name: &str, format: &str) -> Self {
        Self::compile(name, format).unwrap_or_else(|| Self {
            name: name.into(),
            lead: Box::default(),
            pieces: Box::default(),
            time: None,
        })
    }

    /// The name it was declared with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many of the values that we want it holds.
    #[must_use]
    pub fn richness(&self) -> usize {
        self.pieces.iter().filter(|piece| piece.field != Field::Skip).count()
    }

    /// Whether the times of lines say in which zone they are; those of the epoch do not.
    #[must_use]
    pub fn names_zone(&self) -> bool {
        self.time.is_some()
    }

    /// Whether lines hold the address that answered.
    #[must_use]
    pub fn has_upstream(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece.field, Field::UpstreamAddr | Field::UpstreamUrl))
    }

    /// Whether the client's address comes first.
    pub(crate) fn begins_with_client(&self) -> bool {
        self.lead.is_empty() && self.pieces.first().is_some_and(|piece| piece.field == Field::Client)
    }

    /// Splits a line. `loose` lets a quoted value hold a quote that no literal follows.
    #[inline]
    pub(crate) fn split<'a>(&self, line: &'a [u8], loose: bool, values: &mut Values<'a>) -> Fit {
        match line.strip_prefix(&self.lead[..]) {
            Some(rest) => self.split_from(0, rest, self.lead.len(), loose, values),
            None => Fit::Cut { used: 0 },
        }
    }

    /// Splits a line that lost its beginning: `text` starts with the time.
    pub(crate) fn split_headless<'a>(&self, text: &'a [u8], values: &mut Values<'a>) -> Fit {
        self.time.map_or(Fit::Cut { used: 0 }, |time| self.split_from(time, text, 0, false, values))
    }

    /// Where the next written time begins in `text`, at or after `from`.
    pub(crate) fn find_time(&self, text: &[u8], from: usize) -> Option<usize> {
        match self.pieces.get(self.time?)?.field {
            Field::TimeIso => timestamp::find_iso8601(text, from),
            _ => timestamp::find_local(text, from),
        }
    }

    #[inline]
    fn split_from<'a>(&self, first: usize, text: &'a [u8], lead: usize, loose: bool, values: &mut Values<'a>) -> Fit {
        let mut rest = text;
        let mut value: &[u8] = b"";
        let used = |rest: &[u8]| lead + text.len() - rest.len();
        for piece in &self.pieces[first..] {
            let Some(len) = piece.value_len(rest, loose) else {
                // A line cut right behind the status still says it.
                if piece.field == Field::Status && rest.len() == 3 {
                    values.set(Field::Status, rest);
                }
                return Fit::Cut { used: used(rest) };
            };
            let after;
            (value, after) = rest.split_at(len);
            values.set(piece.field, value);
            rest = after.get(piece.end.bytes.len()..).unwrap_or_default();
        }
        match (rest.first(), self.pieces.last()) {
            (None | Some(b' ' | b'\t'), _) | (_, None) => Fit::Whole { extra: rest.len() },
            // What follows the last value is another value, never the middle of a word: a line is glued to this one,
            // behind the last value or, if that holds a time, within it.
            (Some(_), Some(last)) if self.find_time(value, 0).is_some() => {
                values.set(last.field, b"");
                Fit::Cut { used: used(rest) - value.len() - last.end.bytes.len() }
            }
            (Some(_), Some(_)) => Fit::Cut { used: used(rest) },
        }
    }
}

impl Piece {
    /// A variable that a quote may have opened, and the literal behind it.
    fn new(field: Field, opened: bool, end: &str) -> Self {
        let quoted = opened && (end.is_empty() || end.starts_with('"'));
        // Servers escape quotes inside values; a bare one belongs to another line or to an unescaped format.
        let strict = quoted || (field.is_word() && end.starts_with(' '));
        Self { field, quoted, strict, len: field.len(), end: Literal::new(end) }
    }

    /// Length of the value that `text` begins with; `None` if the literal behind it is missing.
    #[inline]
    fn value_len(&self, text: &[u8], loose: bool) -> Option<usize> {
        let Some(&first) = self.end.bytes.first() else {
            let to_end = self.field.is_prose();
            return Some(if to_end { text.len() } else { memchr(b' ', text).unwrap_or(text.len()) });
        };
        if let Some(len) = self.len {
            return text.get(len..).filter(|behind| self.end.begins(behind)).map(|_| len);
        }
        let mut from = 0;
        loop {
            let hit = from + find_near(first, &text[from..])?;
            from = hit + 1;
            if self.quoted && is_escaped(text, hit) {
                continue;
            }
            if self.end.begins(&text[hit..]) {
                return Some(hit);
            }
            if self.strict && !loose {
                return None;
            }
        }
    }
}

impl Literal {
    fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (mut word, mut mask) = ([0; 8], [0; 8]);
        for (place, byte) in bytes.iter().take(8).enumerate() {
            (word[place], mask[place]) = (*byte, 0xFF);
        }
        Self { bytes: bytes.into(), word: u64::from_le_bytes(word), mask: u64::from_le_bytes(mask) }
    }

    /// Whether the text begins with this literal, or ends within it: such a line is cut, and the value before is whole.
    #[inline]
    fn begins(&self, text: &[u8]) -> bool {
        match text.first_chunk() {
            Some(head) if self.bytes.len() <= 8 => u64::from_le_bytes(*head) & self.mask == self.word,
            _ => !text.is_empty() && (text.starts_with(&self.bytes) || self.bytes.starts_with(text)),
        }
    }
}

/// The first place of a byte. Most values are short: the first sixteen bytes are looked at in one step without a branch
/// for each, because a processor cannot foresee where a value ends.
#[inline]
pub(crate) fn find_near(byte: u8, text: &[u8]) -> Option<usize> {
    const ONES: u128 = u128::from_le_bytes([1; 16]);
    let Some(near) = text.first_chunk() else { return memchr(byte, text) };
    let differs = u128::from_le_bytes(*near) ^ (ONES * u128::from(byte));
    // The lowest bit set marks the first byte that does not differ; higher ones may be borrowed from it.
    let found = differs.wrapping_sub(ONES) & !differs & (ONES << 7);
    if found != 0 {
        return Some(found.trailing_zeros() as usize / 8);
    }
    memchr(byte, &text[16..]).map(|far| far + 16)
}

/// Whether the byte at `position` has an odd number of backslashes before it (`\"`).
#[inline]
fn is_escaped(text: &[u8], position: usize) -> bool {
    text[..position].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Splits `name rest` or `{name}rest`, what follows a `$`.
fn variable(text: &str) -> (&str, &str) {
    if let Some((name, rest)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (name, rest);
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPSTREAM: &str = concat!(
        r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "#,
        r#"rt=$request_time ua="$upstream_addr" us="$upstream_status" $host"#
    );

    fn split<'a>(format: &AccessFormat, line: &'a str) -> (Fit, Values<'a>) {
        let mut values = Values::EMPTY;
        (format.split(line.as_bytes(), false, &mut values), values)
    }

    #[test]
    fn combined_is_split() {
        let (fit, values) = split(
            &AccessFormat::combined(),
            r#"1.2.3.4 - joe [16/Nov/2022:11:04:56 +0900] "GET /a?b=\"c HTTP/1.1" 200 273 "-" "a\x22b""#,
        );
        assert_eq!(fit, Fit::Whole { extra: 0 });
        assert_eq!(values.get(Field::Client), b"1.2.3.4");
        assert_eq!(values.get(Field::TimeLocal), b"16/Nov/2022:11:04:56 +0900");
        assert_eq!(values.get(Field::RequestLine), br#"GET /a?b=\"c HTTP/1.1"#);
        assert_eq!(values.get(Field::Status), b"200");
        assert_eq!(values.present(Field::Referrer), b"");
        assert_eq!(values.get(Field::Agent), br"a\x22b");
    }

    #[test]
    fn upstream_fields_and_the_host_are_split() {
        let format = AccessFormat::compile("up", UPSTREAM).unwrap();
        let (fit, values) = split(
            &format,
            r#"1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] "GET / HTTP/1.1" 502 1 "-" "x" rt=0.010 ua="10.0.0.1:80, unix:/run/app.sock" us="502, 200" shop.example"#,
        );
        assert_eq!(fit, Fit::Whole { extra: 0 });
        assert_eq!(values.get(Field::UpstreamAddr), b"10.0.0.1:80, unix:/run/app.sock");
        assert_eq!(values.get(Field::Host), b"shop.example");
        assert!(format.has_upstream());
    }

    #[test]
    fn a_json_format_is_split() {
        let format = AccessFormat::compile(
            "json",
            r#"{"time":"$time_iso8601","request":"$request","status":$status,"ua":"${http_user_agent}"}"#,
        )
        .unwrap();
        let (fit, values) = split(
            &format,
            r#"{"time":"2026-11-21T19:25:05+00:00","request":"GET /\" HTTP/1.1","status":009,"ua":"a"}"#,
        );
        assert_eq!(fit, Fit::Whole { extra: 0 });
        assert_eq!(values.get(Field::Status), b"009");
        assert_eq!(values.get(Field::RequestLine), br#"GET /\" HTTP/1.1"#);
        assert_eq!(values.get(Field::Agent), b"a");
    }

    #[test]
    fn a_cut_line_gives_what_is_whole() {
        let format = AccessFormat::combined();
        let (fit, values) = split(&format, r#"1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] "GET / HTTP/1.1" 502"#);
        assert!(matches!(fit, Fit::Cut { .. }));
        assert_eq!(values.get(Field::Status), b"502");
        let (_, values) = split(&format, r#"1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] "GET / HTTP/1.1" 50"#);
        assert_eq!(values.get(Field::Status), b"");
        let (_, values) = split(&format, r#"1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] "GET / HTTP/1.1" 502 15"#);
        assert_eq!(values.get(Field::BodyBytes), b"");
    }

    #[test]
    fn formats_without_time_or_status_are_refused() {
        assert_eq!(AccessFormat::compile("x", "$remote_addr $status"), None);
        assert_eq!(AccessFormat::compile("x", "$time_local"), None);
        assert_eq!(AccessFormat::compile("x", "no variables"), None);
        assert!(AccessFormat::compile("x", "$msec$pid $status").is_none());
        assert!(AccessFormat::compile("x", "$msec $status").is_some());
    }
}
