//! nginx's error log. Request bytes stand in it raw, quotes and all, so fields are found by their names from both ends
//! and never by splitting at quotes or commas. What a sentence means is told by `proxy_error_kind.rs`.

use jiff::tz::TimeZone;
use lastgood_model::{ProxyErrorKind, UnixMs};
use memchr::memchr;
use memchr::memmem::find;

use crate::nginx_life::Life;
use crate::proxy_error_kind::Kinds;
use crate::scan::{Line, Sink};
use crate::timestamp::{Clock, ERROR_LEN, put_right};

/// What may stand before the time: `nginx-1  | `, a container runtime's own time.
const MAX_PREFIX: usize = 128;

/// How loud a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `debug`
    #[default]
    Debug,
    /// `info`
    Info,
    /// `notice`
    Notice,
    /// `warn`
    Warn,
    /// `error`
    Error,
    /// `crit`
    Crit,
    /// `alert`
    Alert,
    /// `emerg`
    Emerg,
}

impl Level {
    /// The level of that name, as nginx and Apache write it.
    pub(crate) fn find(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"debug" => Self::Debug,
            b"info" => Self::Info,
            b"notice" => Self::Notice,
            b"warn" => Self::Warn,
            b"error" => Self::Error,
            b"crit" => Self::Crit,
            b"alert" => Self::Alert,
            b"emerg" => Self::Emerg,
            _ => return None,
        })
    }
}

/// One line of a proxy's error log. Fields are as written, without their quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyError<'a> {
    /// When.
    pub at: UnixMs,
    /// How loud.
    pub level: Level,
    /// Process that wrote it; 0 if the line does not say.
    pub pid: u32,
    /// Connection it is about, if any.
    pub connection: Option<u64>,
    /// The sentence, without the fields behind it.
    pub message: &'a [u8],
    /// What it says.
    pub kind: ProxyErrorKind,
    /// The operating system's error number, if it names one.
    pub errno: Option<u16>,
    /// `client:`
    pub client: Option<&'a [u8]>,
    /// `server:`, the first name of the server block.
    pub server: Option<&'a [u8]>,
    /// `request:`
    pub request: Option<&'a [u8]>,
    /// `subrequest:`
    pub subrequest: Option<&'a [u8]>,
    /// `upstream:`, with scheme and path; see [`upstream_name`].
    pub upstream: Option<&'a [u8]>,
    /// `host:`
    pub host: Option<&'a [u8]>,
    /// `referrer:`
    pub referrer: Option<&'a [u8]>,
}

impl Default for ProxyError<'_> {
    fn default() -> Self {
        Self {
            at: UnixMs::default(),
            level: Level::default(),
            pid: 0,
            connection: None,
            message: b"",
            kind: ProxyErrorKind::Other,
            errno: None,
            client: None,
            server: None,
            request: None,
            subrequest: None,
            upstream: None,
            host: None,
            referrer: None,
        }
    }
}

impl<'a> ProxyError<'a> {
    /// The upstream as [`upstream_name`] gives it; where no address was found for it, the name that was looked up.
    #[must_use]
    pub fn upstream_or_name(&self) -> Option<&'a [u8]> {
        self.upstream.map(upstream_name).or_else(|| {
            let end = find(self.message, b" could not be resolved")?;
            let start = memchr::memrchr(b' ', &self.message[..end]).map_or(0, |space| space + 1);
            (start < end).then(|| &self.message[start..end])
        })
    }
}

/// `host:port` or `unix:/path` of an upstream as the error log writes it (`http://unix:/run/app.sock:/a`), the same text
/// that `$upstream_addr` has; the group's name where all of its servers are down.
#[must_use]
pub fn upstream_name(upstream: &[u8]) -> &[u8] {
    let Some(scheme) = find(upstream, b"://") else { return upstream };
    let address = &upstream[scheme + 3..];
    let end = match address.strip_prefix(b"unix:") {
        Some(path) => memchr(b':', path).map(|end| end + b"unix:".len()),
        None => memchr::memchr2(b'/', b'?', address),
    };
    &address[..end.unwrap_or(address.len())]
}

/// Reads an error log. Keep one per file: a start or a reload of nginx is several lines and one fact.
#[derive(Debug)]
pub struct ErrorLog {
    clock: Clock,
    last_time: Option<UnixMs>,
    /// When the line was written, as what is around it says.
    around: Option<UnixMs>,
    kinds: Kinds,
    life: Life,
}

impl ErrorLog {
    /// A reader for a log whose times are in this zone.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        Self { clock: Clock::new(zone), last_time: None, around: None, kinds: Kinds::default(), life: Life::default() }
    }

    /// Reads a line of an error log that was written `at` that time, if something around it says so.
    pub(crate) fn line(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Line {
        if line.trim_ascii().is_empty() {
            return Line::Other;
        }
        match self.line_among_others(line, at, number, sink) {
            // The application's words spread over lines (FastCGI's stderr), and only the first has a time.
            Line::Unreadable if is_text(line) && !starts_like_a_time(line) => Line::Other,
            line => line,
        }
    }

    /// Reads a line that need not be of an error log.
    pub(crate) fn line_among_others(
        &mut self,
        line: &[u8],
        at: Option<UnixMs>,
        number: u64,
        sink: &mut impl Sink,
    ) -> Line {
        self.around = at;
        // An unclean shutdown leaves a block of NULs before the next line.
        let line = memchr::memrchr(0, line).map_or(line, |last| &line[last + 1..]);
        if let Some(error) = self.read(line) {
            self.tell(&error, number, sink);
            return Line::Parsed;
        }
        self.line_of_stderr(line, number, sink)
    }

    /// `nginx: [emerg] …`, as a start prints it where the error log is not open yet: without a time of its own.
    fn line_of_stderr(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        let Some(found) = find(&line[..line.len().min(MAX_PREFIX)], b"nginx: [") else { return Line::Unreadable };
        let rest = &line[found + b"nginx: [".len()..];
        let Some(end) = memchr(b']', rest).filter(|end| Level::find(&rest[..*end]).is_some()) else {
            return Line::Unreadable;
        };
        let Some(at) = self.last_time else { return Line::Other };
        let level = Level::find(&rest[..end]).unwrap_or_default();
        let mut error = ProxyError { at, level, message: rest[end + 1..].trim_ascii(), ..ProxyError::default() };
        (error.kind, error.errno) = self.kinds.of(&error);
        self.tell(&error, number, sink);
        Line::Parsed
    }

    /// Reads one line; `None` if it has no time, no level or no process.
    pub fn read<'a>(&mut self, line: &'a [u8]) -> Option<ProxyError<'a>> {
        let start = time_position(line)?;
        let (at, _) = self.clock.error_log(&line[start..start + ERROR_LEN])?;
        let at = self.around.map_or(at, |around| put_right(at, around));
        let rest = line[start + ERROR_LEN..].strip_prefix(b" [")?;
        let bracket = memchr(b']', rest).filter(|end| *end <= b"notice".len())?;
        let level = Level::find(&rest[..bracket])?;
        let rest = rest[bracket + 1..].strip_prefix(b" ")?;
        // `pid#tid: `
        let colon = memchr(b':', rest).filter(|end| *end <= 32)?;
        let hash = memchr(b'#', &rest[..colon])?;
        let pid = u32::try_from(crate::timestamp::number(&rest[..hash])?).ok()?;
        let rest = rest[colon + 1..].trim_ascii_start();
        let (connection, sentence) = connection(rest);
        let mut error = fields(sentence);
        (error.at, error.level, error.pid, error.connection) = (at, level, pid, connection);
        (error.kind, error.errno) = self.kinds.of(&error);
        self.last_time = Some(at);
        Some(error)
    }

    fn tell(&mut self, error: &ProxyError<'_>, number: u64, sink: &mut impl Sink) {
        if error.level >= Level::Warn || error.upstream.is_some() {
            sink.error(error, number);
        }
        self.life.line(error, number, sink);
    }

    /// The log ended.
    pub(crate) fn finish(self, sink: &mut impl Sink) {
        self.life.finish(sink);
    }
}

/// Where `2026/11/21 19:25:05 [` begins: at the start, or behind a prefix.
fn time_position(line: &[u8]) -> Option<usize> {
    let is_time = |start: usize| {
        line.get(start..start + ERROR_LEN + 2).is_some_and(|text| {
            [text[4], text[7], text[10], text[13], text[16], text[19], text[20]] == *b"// :: [" && digits(&text[..4])
        })
    };
    if is_time(0) {
        return Some(0);
    }
    let head = &line[..line.len().min(MAX_PREFIX)];
    memchr::memchr_iter(b' ', head).map(|space| space + 1).find(|start| is_time(*start))
}

fn digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

fn starts_like_a_time(line: &[u8]) -> bool {
    line.len() >= 5 && digits(&line[..4]) && line[4] == b'/'
}

/// Whether these are words rather than damage.
fn is_text(line: &[u8]) -> bool {
    !line.iter().any(|byte| *byte < 0x20 && *byte != b'\t')
}

/// `*3 rest`.
fn connection(text: &[u8]) -> (Option<u64>, &[u8]) {
    let number = text.strip_prefix(b"*").and_then(|rest| {
        let end = memchr(b' ', rest)?;
        Some((crate::timestamp::number(&rest[..end])?, &rest[end + 1..]))
    });
    number.map_or((None, text), |(number, rest)| (Some(number), rest))
}

/// Takes the fields off a sentence. The last three stand behind raw request bytes and are found from the right, so that
/// nothing a client writes into its URL is taken for them; what is left is then read from the left.
fn fields(sentence: &[u8]) -> ProxyError<'_> {
    // The stream module counts bytes behind everything else.
    let (rest, _) = quoted_from_right(sentence, b", bytes from/to client:");
    let (rest, referrer) = quoted_from_right(rest, b", referrer: \"");
    let (rest, host) = quoted_from_right(rest, b", host: \"");
    let (rest, upstream) = quoted_from_right(rest, b", upstream: \"");
    let (rest, request) = split_left(rest, b", request: \"");
    let (request, subrequest) = match request {
        Some(request) => {
            let (request, subrequest) = quoted_from_right(request, b", subrequest: \"");
            (Some(unquoted(request)), subrequest)
        }
        None => (None, None),
    };
    let (rest, server) = split_left(rest, b", server: ");
    let (rest, client) = split_left(rest, b", client: ");
    let (message, _) = split_left(rest, b", resolver: ");
    let filled = |value: Option<&'_ [u8]>| value.is_some_and(|value| !value.is_empty());
    ProxyError {
        message,
        client: client.filter(|_| filled(client)),
        server: server.filter(|_| filled(server)),
        request,
        subrequest,
        upstream: upstream.filter(|_| filled(upstream)),
        host: host.filter(|_| filled(host)),
        referrer: referrer.filter(|_| filled(referrer)),
        ..ProxyError::default()
    }
}

fn quoted_from_right<'a>(text: &'a [u8], name: &[u8]) -> (&'a [u8], Option<&'a [u8]>) {
    match memchr::memrchr_iter(b',', text).find(|comma| text[*comma..].starts_with(name)) {
        Some(start) => (&text[..start], Some(unquoted(&text[start + name.len()..]))),
        None => (text, None),
    }
}

fn split_left<'a>(text: &'a [u8], name: &[u8]) -> (&'a [u8], Option<&'a [u8]>) {
    match memchr::memchr_iter(b',', text).find(|comma| text[*comma..].starts_with(name)) {
        Some(start) => (&text[..start], Some(&text[start + name.len()..])),
        None => (text, None),
    }
}

/// A value up to its closing quote, which a line cut at nginx's 2048 bytes lacks.
fn unquoted(value: &[u8]) -> &[u8] {
    memchr::memrchr(b'"', value).map_or(value, |end| &value[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> ErrorLog {
        ErrorLog::new(TimeZone::UTC)
    }

    struct Nobody;

    impl Sink for Nobody {}

    #[test]
    fn addresses_are_what_the_access_log_says() {
        for (written, name) in [
            ("http://127.0.0.1:9999/x?enc=abc", "127.0.0.1:9999"),
            ("http://unix:/srv/lab/missing.sock:/unixmissing?enc=abc", "unix:/srv/lab/missing.sock"),
            ("http://[2001:db8::1]:80/unreach?enc=abc", "[2001:db8::1]:80"),
            ("fastcgi://unix:/run/php.sock", "unix:/run/php.sock"),
            ("grpc://127.0.0.1:9000", "127.0.0.1:9000"),
            ("http://dead2?x", "dead2"),
            ("127.0.0.1:9999", "127.0.0.1:9999"),
            ("backend/server", "backend/server"),
            ("", ""),
        ] {
            assert_eq!(upstream_name(written.as_bytes()), name.as_bytes(), "{written}");
        }
    }

    #[test]
    fn a_client_cannot_write_fields() {
        let line = br#"2026/11/21 19:25:05 [error] 7#7: *3 connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, server: a, request: "GET /, upstream: "http://evil:1/" HTTP/1.1", upstream: "http://127.0.0.1:9999/, host: "b", host: "a", referrer: "x", upstream: "http://evil:2/"#;
        let mut log = log();
        let error = log.read(line).unwrap();
        assert_eq!(upstream_name(error.upstream.unwrap()), b"127.0.0.1:9999");
        assert_eq!(error.host, Some(&b"a"[..]));
        assert_eq!(error.request, Some(&br#"GET /, upstream: "http://evil:1/" HTTP/1.1"#[..]));
    }

    #[test]
    fn cut_lines_keep_what_they_have() {
        let line = br#"2026/11/21 19:25:05 [error] 7#7: *3 connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, server: a, request: "GET /?enc=abc HTTP/1.1", upstream: "http://127.0.0.1:9999/?enc=ab"#;
        let mut log = log();
        let error = log.read(line).unwrap();
        assert_eq!(error.kind, ProxyErrorKind::ConnectRefused);
        assert_eq!(upstream_name(error.upstream.unwrap()), b"127.0.0.1:9999");
        assert_eq!(log.read(&line[..200]).unwrap().request, Some(&b"GET /?enc=abc HTTP/1.1"[..]));
        assert_eq!(log.read(&line[..26]), None);
    }

    #[test]
    fn prefixes_and_continuations_are_no_damage() {
        let text = "nginx-1  | 2026/11/21 19:25:05 [error] 7#7: *3 FastCGI sent in stderr: \"PHP message: x\n\
                    Stack trace:\n\
                    \n\
                    2026/13/21 19:25:05 [error] 7#7: x\n\
                    \u{1}\u{2}";
        let (mut log, mut sink) = (log(), Nobody);
        let lines: Vec<Line> =
            text.lines().zip(1..).map(|(line, number)| log.line(line.as_bytes(), None, number, &mut sink)).collect();
        assert_eq!(lines, [Line::Parsed, Line::Other, Line::Other, Line::Unreadable, Line::Unreadable]);
    }
}
