//! An access log whose lines are built as a `log_format` says: the fast path, and the way to the slow one.
//! How a line is split is in `log_format.rs`, what its values mean in `access.rs`, how damage is undone in `damage.rs`.

use std::sync::Arc;

use lastgood_model::UnixMs;
use memchr::memchr;

use crate::access::Request;
use crate::apache_error::ApacheErrorLog;
use crate::damage::{Repair, may_hold_record};
use crate::log_format::{AccessFormat, Fit};
use crate::nginx_error::ErrorLog;
use crate::scan::{Context, Line, Sink};
use crate::timestamp::Clock;

/// An access log, with the error lines that stand among its own where a container writes both to one stream.
#[derive(Debug)]
pub(crate) struct AccessLog {
    format: Arc<AccessFormat>,
    clock: Clock,
    repair: Repair,
    errors: ErrorLog,
    apache_errors: ApacheErrorLog,
}

impl AccessLog {
    pub(crate) fn new(format: Arc<AccessFormat>, context: Context) -> Self {
        Self {
            format,
            clock: Clock::new(context.zone.clone()),
            repair: Repair::default(),
            errors: ErrorLog::new(context.zone.clone()),
            apache_errors: ApacheErrorLog::new(context.zone),
        }
    }

    /// Reads one line, written `at` that time if something around it says so. `nul_in_block` may be true without a NUL in this line;
    /// it spares looking for one in every line.
    #[inline]
    pub(crate) fn line(
        &mut self,
        line: &[u8],
        nul_in_block: bool,
        at: Option<UnixMs>,
        number: u64,
        sink: &mut impl Sink,
    ) -> Line {
        let nul = nul_in_block && memchr(0, line).is_some();
        if !nul
            && let Some((request, Fit::Whole { extra })) = self.format.read(line, &mut self.clock)
            && (extra == 0 || !may_hold_record(&self.format, line, extra))
        {
            sink.request(&request, number);
            return Line::Parsed;
        }
        self.difficult_line(line, at, number, sink)
    }

    /// The file ended.
    pub(crate) fn finish(self, sink: &mut impl Sink) {
        self.errors.finish(sink);
    }

    #[cold]
    fn difficult_line(&mut self, line: &[u8], at: Option<UnixMs>, number: u64, sink: &mut impl Sink) -> Line {
        if matches!(line.trim_ascii_start().first(), None | Some(b'#')) {
            return Line::Other;
        }
        let emit = |request: &Request<'_>| sink.request(request, number);
        if self.repair.records(&self.format, line, &mut self.clock, emit) > 0 {
            return Line::Parsed;
        }
        match self.errors.line_among_others(line, at, number, sink) {
            Line::Unreadable if is_entrypoint(line) => Line::Other,
            Line::Unreadable => self.apache_errors.line_among_others(line, at, number, sink),
            line => line,
        }
    }
}

/// What nginx's own container image says before nginx starts, on the stream that the access log goes to.
pub(crate) fn is_entrypoint(line: &[u8]) -> bool {
    [&b"/docker-entrypoint."[..], b".sh: info: "].iter().any(|part| memchr::memmem::find(line, part).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;
    use crate::nginx_error::ProxyError;
    use crate::scan::{Counts, Scanner};
    use jiff::tz::TimeZone;

    #[derive(Default)]
    struct Told(Vec<String>);

    impl Sink for Told {
        fn request(&mut self, request: &Request<'_>, line: u64) {
            self.0.push(format!("{line} {}", request.status));
        }

        fn error(&mut self, error: &ProxyError<'_>, line: u64) {
            self.0.push(format!("{line} {:?}", error.kind));
        }
    }

    #[test]
    fn one_stream_of_a_container_is_read_whole() {
        let text = b"/docker-entrypoint.sh: Configuration complete; ready for start up\n\
            10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6\n\
            2026/11/21 19:25:04 [notice] 1#1: nginx/1.22.1\n\
            1.2.3.4 - - [21/Nov/2026:19:25:05 +0000] \"GET / HTTP/1.1\" 502 157 \"-\" \"curl\" \"-\"\r\n\
            2026/11/21 19:25:05 [error] 7#7: *3 connect() failed (111: Connection refused) while connecting to upstream\n\
            \n\
            1.2.3.4 - - [21/Nov/2026:19:25:06 +0000] \"GET /";
        let format = Format::Access(Arc::new(AccessFormat::combined()));
        let mut scanner = Scanner::new(
            &format,
            Context { zone: TimeZone::UTC, vhost: "shop".into(), about: None, without: lastgood_model::Layers::NONE },
        );
        let mut told = Told::default();
        scanner.feed(text, &mut told);
        let counts = scanner.finish(&mut told);
        assert_eq!(told.0, ["4 502", "5 ConnectRefused"]);
        let expected = Counts { bytes: text.len() as u64, lines: 7, parsed: 3, other: 3, unreadable: 1 };
        assert_eq!(counts, expected);
    }
}
