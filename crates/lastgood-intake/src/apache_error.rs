//! Apache's error log, as 2.2 and 2.4 write it unless told otherwise: what its proxy modules say of upstreams, and when it
//! was started, reloaded and stopped. What applications print into it is passed over.

use jiff::tz::TimeZone;
use lastgood_model::{Fact, ProxyErrorKind as Kind, UnixMs};
use memchr::memmem::find;
use memchr::{memchr, memrchr};

use crate::nginx_error::{Level, ProxyError};
use crate::scan::{Line, Sink};
use crate::timestamp::{Clock, number, put_right};

/// What may stand before the time.
const MAX_PREFIX: usize = 128;
/// Its own number for "the timeout specified has expired".
const TIMED_OUT: u32 = 70_007;

/// Phrases that decide by themselves, of modules that a client cannot make say them.
const PHRASES: &[(&str, Kind)] = &[
    ("server reached Max", Kind::WorkerLimit),
    ("scoreboard is full", Kind::WorkerLimit),
    ("All workers are in error state", Kind::NoLiveUpstreams),
    ("disabling worker for", Kind::TemporarilyDisabled),
    ("disabled connection for", Kind::TemporarilyDisabled),
    ("DNS lookup failure", Kind::NameNotResolved),
    ("SSL Proxy", Kind::Tls),
    ("SSL Handshake with remote server", Kind::Tls),
    ("failed to enable ssl support", Kind::Tls),
    ("Corrupt status line returned by", Kind::BadAnswer),
    ("bad HTTP/1.1 header returned by", Kind::BadAnswer),
];

/// Phrases of a conversation with an upstream that broke off; the error number says how.
const BROKEN_OFF: &[&str] = &[
    "error reading status line from remote server",
    "Error reading from remote server",
    "Error dispatching request to",
    "Failed to read FastCGI header",
    "pass request body failed to",
    "read response header failed from",
    "error reading response body",
];

/// Reads such a log. Keep one per file: a graceful restart is several lines and one fact.
#[derive(Debug)]
pub(crate) struct ApacheErrorLog {
    clock: Clock,
    /// A restart that was asked for: what follows is no start.
    restarting: bool,
}

/// What stands before the sentence of a line.
struct Header<'a> {
    at: UnixMs,
    level: Level,
    /// Empty in 2.2.
    module: &'a [u8],
    pid: u32,
    client: Option<&'a [u8]>,
    /// The number of an error, the system's or Apache's own.
    errno: Option<u32>,
}

impl ApacheErrorLog {
    /// A reader for a log whose times are in this zone.
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self { clock: Clock::new(zone), restarting: false }
    }

    /// Reads a line of such a log that was written `at` that time, if something around it says so.
    pub(crate) fn line(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Line {
        if line.trim_ascii().is_empty() {
            return Line::Other;
        }
        match self.line_among_others(line, at, number, sink) {
            // The application's words spread over lines, and only the first has a time.
            Line::Unreadable if is_text(line) && !line.starts_with(b"[") => Line::Other,
            line => line,
        }
    }

    /// Reads a line that need not be of such a log.
    pub(crate) fn line_among_others(
        &mut self,
        line: &[u8],
        at: Option<UnixMs>,
        number: u64,
        sink: &mut impl Sink,
    ) -> Line {
        // An unclean shutdown leaves a block of NULs before the next line.
        let line = memrchr(0, line).map_or(line, |last| &line[last + 1..]);
        let Some((mut header, sentence)) = self.header(line) else { return Line::Unreadable };
        header.at = at.map_or(header.at, |around| put_right(header.at, around));
        let kind = kind(&header, sentence);
        let upstream = upstream(sentence).filter(|_| kind != Kind::Other || is_proxys(&header, sentence));
        if header.level >= Level::Warn || upstream.is_some() {
            let errno = header.errno.and_then(|errno| u16::try_from(errno).ok()).filter(|errno| *errno < 1000);
            let Header { at, level, pid, client, .. } = header;
            let error = ProxyError {
                at,
                level,
                pid,
                message: sentence,
                kind,
                errno,
                client,
                upstream,
                ..ProxyError::default()
            };
            sink.error(&error, number);
        }
        self.life(&header, sentence, number, sink);
        Line::Parsed
    }

    /// `[time] [module:level] [pid 1:tid 2] (111)Connection refused: [client 1.2.3.4:5] sentence`.
    fn header<'a>(&mut self, line: &'a [u8]) -> Option<(Header<'a>, &'a [u8])> {
        let start = time_position(line)?;
        let (time, rest) = bracketed(&line[start..])?;
        let (at, _) = self.clock.weekday_first(time)?;
        let (source, mut rest) = bracketed(rest)?;
        let (module, level) =
            memchr(b':', source).map_or((&b""[..], source), |colon| (&source[..colon], &source[colon + 1..]));
        let level = if level.starts_with(b"trace") { Level::Debug } else { Level::find(level)? };
        let mut header = Header { at, level, module, pid: 0, client: None, errno: None };
        loop {
            if let Some((word, after)) = bracketed(rest) {
                if let Some(client) = word.strip_prefix(b"client ") {
                    // 2.2 writes no port.
                    let port = memrchr(b':', client).filter(|_| !module.is_empty()).unwrap_or(client.len());
                    header.client = Some(&client[..port]);
                } else if let Some(pid) = word.strip_prefix(b"pid ") {
                    let end = memchr(b':', pid).unwrap_or(pid.len());
                    header.pid = number(&pid[..end]).and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0);
                } else if !word.starts_with(b"remote ") && !word.starts_with(b"tid ") {
                    // Part of the sentence.
                    break;
                }
                rest = after;
            } else if let Some((errno, after)) = errno(rest).filter(|_| header.errno.is_none()) {
                header.errno = Some(errno);
                rest = after;
            } else {
                break;
            }
        }
        let end = find(rest, b", referer: ").unwrap_or(rest.len());
        Some((header, &rest[..end]))
    }

    fn life(&mut self, header: &Header<'_>, sentence: &[u8], number: u64, sink: &mut impl Sink) {
        if header.client.is_some() || !(header.module.is_empty() || header.module.starts_with(b"mpm_")) {
            return;
        }
        let says = |phrase: &[u8]| find(sentence, phrase).is_some();
        let fact = match () {
            () if says(b"resuming normal operations") => {
                let restarted = std::mem::take(&mut self.restarting);
                (!restarted).then_some(Fact::ProxyStarted)
            }
            () if says(b"oing graceful restart") || says(b"Graceful restart requested") || says(b"SIGHUP received") => {
                self.restarting = true;
                Some(Fact::ProxyReloaded)
            }
            () if says(b"caught SIGTERM") || says(b"caught SIGWINCH") => {
                self.restarting = false;
                Some(Fact::ProxyStopped)
            }
            () => None,
        };
        if let Some(fact) = fact {
            sink.fact(Some(header.at), fact, number);
        }
    }
}

/// Where `[Fri Sep 09 ` begins: at the start, or behind a prefix.
fn time_position(line: &[u8]) -> Option<usize> {
    const DAYS: [&[u8]; 7] = [b"Mon ", b"Tue ", b"Wed ", b"Thu ", b"Fri ", b"Sat ", b"Sun "];
    let head = &line[..line.len().min(MAX_PREFIX)];
    memchr::memchr_iter(b'[', head).find(|open| DAYS.iter().any(|day| line[open + 1..].starts_with(day)))
}

/// What stands in brackets at the beginning, and what stands behind them.
fn bracketed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"[")?;
    let end = memchr(b']', inner)?;
    let rest = &inner[end + 1..];
    Some((&inner[..end], rest.strip_prefix(b" ").unwrap_or(rest)))
}

/// `(111)Connection refused: rest`.
fn errno(text: &[u8]) -> Option<(u32, &[u8])> {
    let inner = text.strip_prefix(b"(")?;
    let close = memchr(b')', inner)?;
    let errno = u32::try_from(number(&inner[..close])?).ok()?;
    let end = find(inner, b": ")?;
    Some((errno, &inner[end + 2..]))
}

fn is_text(line: &[u8]) -> bool {
    !line.iter().any(|byte| *byte < 0x20 && *byte != b'\t')
}

/// Whether Apache's own modules say it, and not somebody who was quoted: sentences of 2.2 name no module.
fn is_proxys(header: &Header<'_>, sentence: &[u8]) -> bool {
    match header.module {
        b"" => [&b"proxy: "[..], b"server reached ", b"SSL Proxy"].iter().any(|begin| sentence.starts_with(begin)),
        module => [&b"proxy"[..], b"ssl", b"mpm_", b"lbmethod"].iter().any(|own| module.starts_with(own)),
    }
}

fn kind(header: &Header<'_>, sentence: &[u8]) -> Kind {
    let says = |phrase: &str| find(sentence, phrase.as_bytes()).is_some();
    match header.errno {
        Some(24) => return Kind::TooManyFiles,
        Some(28) => return Kind::NoSpace,
        _ => {}
    }
    if header.module == b"core" && says("request failed: ") {
        return Kind::ClientSide;
    }
    if !is_proxys(header, sentence) {
        return Kind::Other;
    }
    if let Some((_, kind)) = PHRASES.iter().find(|(phrase, _)| says(phrase)) {
        return *kind;
    }
    if says("attempt to connect to") {
        return match header.errno {
            Some(111) => Kind::ConnectRefused,
            Some(110 | TIMED_OUT) => Kind::ConnectTimeout,
            Some(113 | 101) => Kind::NoRoute,
            Some(2) => Kind::SocketMissing,
            Some(13) => Kind::SocketDenied,
            Some(11) => Kind::SocketFull,
            Some(104) => Kind::Reset,
            _ => Kind::Other,
        };
    }
    if BROKEN_OFF.iter().any(|phrase| says(phrase)) {
        return match header.errno {
            Some(110 | TIMED_OUT) => Kind::AnswerTimeout,
            Some(32 | 103 | 104) => Kind::Reset,
            // The end of the stream, by Apache's own numbers; the reason stands in another line where there is none.
            Some(20_014 | 70_014) => Kind::ClosedEarly,
            _ => Kind::Other,
        };
    }
    Kind::Other
}

/// The upstream that a sentence names, as the access log would.
fn upstream(sentence: &[u8]) -> Option<&[u8]> {
    const BEFORE: [&[u8]; 7] = [
        b"attempt to connect to Unix domain socket ",
        b"attempt to connect to ",
        b"from remote server ",
        b"failed to make connection to backend: ",
        b"pass request body failed to ",
        b"worker for (",
        b"disabled connection for (",
    ];
    let named = BEFORE.iter().find_map(|before| Some(&sentence[find(sentence, before)? + before.len()..]));
    let text = named.or_else(|| Some(&sentence[find(sentence, b"balancer://")?..]))?;
    let end = memchr::memchr3(b' ', b')', b',', text).unwrap_or(text.len());
    let name = text[..end].strip_suffix(b":").unwrap_or(&text[..end]);
    (!name.is_empty() && name != b"returned").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Context, Counts, Scanner};
    use crate::{Format, NginxConf, recognise};

    #[derive(Default)]
    struct Told(Vec<String>);

    impl Sink for Told {
        fn error(&mut self, error: &ProxyError<'_>, line: u64) {
            let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or(b"-")).into_owned();
            let (upstream, client) = (text(error.upstream_or_name()), text(error.client));
            self.0.push(format!("{line} {:?} {upstream} {client}", error.kind));
        }

        fn fact(&mut self, at: Option<UnixMs>, fact: Fact, line: u64) {
            self.0.push(format!("{line} {fact:?} {}", at.unwrap_or_default().0));
        }
    }

    fn read(text: &str) -> (Counts, Vec<String>) {
        let mut scanner = Scanner::new(
            &Format::ApacheError,
            Context { zone: TimeZone::UTC, vhost: "v".into(), about: None, without: lastgood_model::Layers::NONE },
        );
        let mut told = Told::default();
        scanner.feed(text.as_bytes(), &mut told);
        (scanner.finish(&mut told), told.0)
    }

    /// What a line of 2.4 tells, behind its number.
    fn told(rest: &str) -> String {
        let line = format!("[Fri Sep 09 10:42:29.902022 2011] {rest}");
        assert_eq!(recognise(line.as_bytes(), "error.log", &NginxConf::default()).name(), "apache-error");
        let (counts, told) = read(&line);
        assert_eq!((counts.parsed, told.len()), (1, 1), "{rest}");
        told[0][2..].to_owned()
    }

    #[test]
    fn sentences_of_the_proxy_modules_have_kinds() {
        for (rest, said) in [
            (
                "[proxy:error] [pid 35708:tid 4328636416] (111)Connection refused: AH00957: HTTP: attempt to connect to 127.0.0.1:8080 (localhost) failed",
                "ConnectRefused 127.0.0.1:8080 -",
            ),
            (
                "[proxy:error] [pid 7] (70007)The timeout specified has expired: AH00957: HTTP: attempt to connect to [2001:db8::1]:80 (app:80) failed",
                "ConnectTimeout [2001:db8::1]:80 -",
            ),
            (
                "[proxy:error] [pid 7] (2)No such file or directory: AH02454: FCGI: attempt to connect to Unix domain socket /run/php/fpm.sock (*:80) failed",
                "SocketMissing /run/php/fpm.sock -",
            ),
            (
                "[proxy_http:error] [pid 7:tid 1] (70007)The timeout specified has expired: [client 10.0.0.7:41] AH01102: error reading status line from remote server localhost:8080, referer: http://a/",
                "AnswerTimeout localhost:8080 10.0.0.7",
            ),
            (
                "[proxy_http:error] [pid 7] (104)Connection reset by peer: [client 10.0.0.7:41] AH01102: error reading status line from remote server app:80",
                "Reset app:80 10.0.0.7",
            ),
            (
                "[proxy_http:error] [pid 7] (20014)Internal error (specific information not available): [client 2001:db8::7:41] AH01102: error reading status line from remote server app:80",
                "ClosedEarly app:80 2001:db8::7",
            ),
            (
                "[proxy_http:error] [pid 7] [client 10.0.0.7:41] AH01114: HTTP: failed to make connection to backend: localhost, referer: http://a/",
                "Other localhost 10.0.0.7",
            ),
            (
                "[proxy:error] [pid 7] AH00959: ap_proxy_connect_backend disabling worker for (localhost) for 60s",
                "TemporarilyDisabled localhost -",
            ),
            (
                "[proxy_balancer:error] [pid 7] [client 10.0.0.7:41] AH01167: balancer://app: All workers are in error state",
                "NoLiveUpstreams app 10.0.0.7",
            ),
            (
                "[proxy:error] [pid 7] [client 10.0.0.7:41] AH00898: DNS lookup failure for: app returned by /a",
                "NameNotResolved - 10.0.0.7",
            ),
            (
                "[ssl:error] [pid 7] [remote 10.0.0.1:443] AH02039: SSL Proxy: certificate verification failed",
                "Tls - -",
            ),
            (
                "[proxy_fcgi:error] [pid 7] (70007)The timeout specified has expired: [client 10.0.0.7:41] AH01075: Error dispatching request to : (polling)",
                "AnswerTimeout - 10.0.0.7",
            ),
            (
                "[proxy_fcgi:error] [pid 7] [client 10.0.0.7:41] AH01071: Got error 'PHP message: attempt to go'",
                "Other - 10.0.0.7",
            ),
            (
                "[mpm_prefork:error] [pid 7] AH00161: server reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting",
                "WorkerLimit - -",
            ),
            (
                "[mpm_event:error] [pid 7:tid 1] AH00484: server reached MaxRequestWorkers setting, consider raising it",
                "WorkerLimit - -",
            ),
            (
                "[core:error] [pid 7] (24)Too many open files: AH00132: file permissions deny server access: /a",
                "TooManyFiles - -",
            ),
            (
                "[core:error] [pid 7] [client 10.0.0.7:41] AH00128: File does not exist: /srv/attempt to connect to evil:1",
                "Other - 10.0.0.7",
            ),
        ] {
            assert_eq!(told(rest), said, "{rest}");
        }
    }

    #[test]
    fn lines_of_2_2_say_the_same() {
        let (counts, told) = read(
            "[Wed Oct 11 14:32:52 2000] [error] (111)Connection refused: proxy: HTTP: attempt to connect to 127.0.0.1:8080 (localhost) failed\n\
             [Wed Oct 11 14:32:53 2000] [error] [client 2001:db8::7] (70007)The timeout specified has expired: proxy: error reading status line from remote server localhost\n\
             [Wed Oct 11 14:32:54 2000] [error] server reached MaxClients setting, consider raising the MaxClients setting\n\
             [Wed Oct 11 14:32:55 2000] [error] [client 127.0.0.1] client denied by server configuration: /export/home\n",
        );
        assert_eq!(counts.parsed, 4);
        assert_eq!(
            told,
            [
                "1 ConnectRefused 127.0.0.1:8080 -",
                "2 AnswerTimeout localhost 2001:db8::7",
                "3 WorkerLimit - -",
                "4 Other - 127.0.0.1"
            ]
        );
    }

    #[test]
    fn starts_reloads_and_stops_are_told_once() {
        let line = |rest: &str| format!("[Fri Sep 09 10:42:29.902022 2011] [mpm_event:notice] [pid 1:tid 2] {rest}\n");
        let text = [
            line("AH00489: Apache/2.4.57 (Debian) configured -- resuming normal operations"),
            line("AH00094: Command line: '/usr/sbin/apache2'"),
            line("AH00493: SIGUSR1 received.  Doing graceful restart"),
            line("AH00489: Apache/2.4.57 (Debian) configured -- resuming normal operations"),
            line("AH00491: caught SIGTERM, shutting down"),
            line("AH00163: Apache/2.4.57 (Debian) configured -- resuming normal operations"),
        ]
        .concat();
        let at = 1_315_564_949_902_i64;
        let expected = [(1, "Started"), (3, "Reloaded"), (5, "Stopped"), (6, "Started")];
        assert_eq!(read(&text).1, expected.map(|(line, what)| format!("{line} Proxy{what} {at}")));
    }

    #[test]
    fn damage_and_continuations() {
        let line = "[Fri Sep 09 10:42:29.902022 2011] [proxy:error] [pid 1] (111)Connection refused: AH00957: HTTP: attempt to connect to a:1 (a) failed";
        let text = format!(
            "{line}\r\n\0\0\0{line}\napache-1  | {line}\nStack trace:\n#0 {{main}}\n\n{}\n[Fri Sep 39 1\n\u{1}\u{2}\n",
            &line[..40]
        );
        let (counts, told) = read(&text);
        assert_eq!(told, ["1 ConnectRefused a:1 -", "2 ConnectRefused a:1 -", "3 ConnectRefused a:1 -"]);
        assert_eq!((counts.parsed, counts.other, counts.unreadable), (3, 3, 3));
    }

    #[test]
    fn the_one_stream_of_a_container_is_read_whole() {
        let text = "10.0.0.7 - - [09/Sep/2011:10:42:29 +0000] \"GET / HTTP/1.1\" 503 299\n\
            [Fri Sep 09 10:42:29.902022 2011] [proxy:error] [pid 1] (111)Connection refused: AH00957: HTTP: attempt to connect to a:1 (a) failed\n";
        let format = recognise(text.as_bytes(), "-", &NginxConf::default());
        let mut scanner = Scanner::new(
            &format,
            Context { zone: TimeZone::UTC, vhost: "v".into(), about: None, without: lastgood_model::Layers::NONE },
        );
        let mut told = Told::default();
        scanner.feed(text.as_bytes(), &mut told);
        assert_eq!((format.name(), told.0.clone()), ("common", vec!["2 ConnectRefused a:1 -".to_owned()]));
        assert_eq!(scanner.finish(&mut told).parsed, 2);
    }
}
