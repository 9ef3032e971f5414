//! What an error log says of nginx itself: starts, reloads, stops and refused configurations. Each is several lines and
//! one fact. Lines about requests are none of its business.

use lastgood_model::{Fact, UnixMs};
use memchr::memchr;

use crate::nginx_error::{Level, ProxyError};
use crate::scan::Sink;

/// The lines of one reload are written at once.
const SAME_RELOAD_MS: i64 = 2_000;

/// What nginx was last seen doing with itself.
#[derive(Debug, Default)]
pub(crate) struct Life {
    phase: Phase,
    /// A reload that was asked for; it is one once the new configuration is accepted.
    asked: Option<(UnixMs, u64)>,
    /// The master process, once a line has shown it: workers get signals too, and theirs stop nothing.
    master: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Running,
    Starting,
    Reloading,
    Stopped,
}

impl Life {
    /// Looks at a line, and tells what it means if that is news.
    pub(crate) fn line(&mut self, error: &ProxyError<'_>, number: u64, sink: &mut impl Sink) {
        if error.connection.is_some() {
            return;
        }
        let mut tell = |fact| sink.fact(Some(error.at), fact, number);
        let message = error.message;
        match error.level {
            Level::Emerg => {
                // Asked to reload, it refused, and goes on with what it had.
                self.asked = None;
                self.phase = Phase::Running;
                tell(Fact::ProxyConfigRefused { message: String::from_utf8_lossy(message).into() });
            }
            Level::Notice if message.ends_with(b"reconfiguring") => self.asked(error, number, sink),
            // Only a start names the version; a reload prints the rest again.
            Level::Notice if is_version(message) => {
                if self.phase != Phase::Starting {
                    tell(Fact::ProxyStarted);
                }
                self.phase = Phase::Starting;
            }
            Level::Notice if message.starts_with(b"using the \"") && message.ends_with(b" event method") => {
                self.goes_on(Phase::Starting, error.at, number, sink);
            }
            Level::Notice if message == b"start worker processes" => {
                self.master = Some(error.pid);
                self.goes_on(Phase::Running, error.at, number, sink);
            }
            Level::Notice if is_stop(message) => {
                let is_masters = self.master.is_none_or(|master| master == error.pid);
                if is_masters && self.phase != Phase::Stopped {
                    self.phase = Phase::Stopped;
                    tell(Fact::ProxyStopped);
                }
            }
            _ => {}
        }
    }

    /// The log ended: a reload that nothing was said against was one.
    pub(crate) fn finish(mut self, sink: &mut impl Sink) {
        self.reloaded(sink);
    }

    fn asked(&mut self, error: &ProxyError<'_>, number: u64, sink: &mut impl Sink) {
        self.phase = Phase::Reloading;
        self.master = Some(error.pid);
        if self.asked.is_none_or(|(at, _)| error.at.since(at).abs() >= SAME_RELOAD_MS) {
            self.reloaded(sink);
            self.asked = Some((error.at, number));
        }
    }

    fn reloaded(&mut self, sink: &mut impl Sink) {
        if let Some((at, line)) = self.asked.take() {
            sink.fact(Some(at), Fact::ProxyReloaded, line);
        }
    }

    /// A line that both a start and a reload print; it begins a start only if neither is under way.
    fn goes_on(&mut self, next: Phase, at: UnixMs, number: u64, sink: &mut impl Sink) {
        match self.phase {
            Phase::Running | Phase::Stopped => {
                self.phase = next;
                sink.fact(Some(at), Fact::ProxyStarted, number);
            }
            Phase::Reloading => {
                self.reloaded(sink);
                if next == Phase::Running {
                    self.phase = next;
                }
            }
            Phase::Starting => self.phase = next,
        }
    }
}

/// `nginx/1.22.1`, `openresty/1.21.4.1`.
fn is_version(message: &[u8]) -> bool {
    let Some(slash) = memchr(b'/', message).filter(|slash| *slash > 0) else { return false };
    message[..slash].iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-')
        && message.get(slash + 1).is_some_and(u8::is_ascii_digit)
}

/// `signal 15 (SIGTERM) received from 1, exiting`: SIGINT, SIGQUIT or SIGTERM.
fn is_stop(message: &[u8]) -> bool {
    [&b"signal 2 "[..], b"signal 3 ", b"signal 15 "].iter().any(|signal| message.starts_with(signal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nginx_error::ErrorLog;
    use jiff::tz::TimeZone;

    #[derive(Default)]
    struct Facts(Vec<(u64, Fact)>);

    impl Sink for Facts {
        fn fact(&mut self, _: Option<UnixMs>, fact: Fact, line: u64) {
            self.0.push((line, fact));
        }
    }

    fn facts(text: &str) -> Vec<(u64, Fact)> {
        let (mut log, mut sink) = (ErrorLog::new(TimeZone::UTC), Facts::default());
        for (line, number) in text.lines().zip(1..) {
            log.line(line.as_bytes(), None, number, &mut sink);
        }
        log.finish(&mut sink);
        sink.0
    }

    fn refused(message: &str) -> Fact {
        Fact::ProxyConfigRefused { message: message.into() }
    }

    const AT: &str = "2026/11/21 19:25:04 [notice]";

    #[test]
    fn a_start_a_reload_and_a_stop_are_one_fact_each() {
        let text = format!(
            "{AT} 7#7: using the \"epoll\" event method\n{AT} 7#7: nginx/1.22.1\n{AT} 8#8: start worker processes\n\
             {AT} 8#8: signal 1 (SIGHUP) received from 9, reconfiguring\n{AT} 8#8: reconfiguring\n\
             {AT} 8#8: using the \"epoll\" event method\n{AT} 8#8: start worker processes\n\
             {AT} 10#10: signal 15 (SIGTERM) received from 8, exiting\n\
             {AT} 8#8: signal 15 (SIGTERM) received from 1, exiting\n{AT} 8#8: exit\n\
             {AT} 11#11: nginx/1.22.1\n{AT} 12#12: start worker processes\n{AT} 12#12: start worker process 13\n"
        );
        let expected =
            [(1, Fact::ProxyStarted), (4, Fact::ProxyReloaded), (9, Fact::ProxyStopped), (11, Fact::ProxyStarted)];
        assert_eq!(facts(&text), expected);
    }

    #[test]
    fn a_refused_reload_is_no_reload() {
        let text = format!(
            "{AT} 8#8: signal 1 (SIGHUP) received from 9, reconfiguring\n{AT} 8#8: reconfiguring\n\
             2026/11/21 19:25:04 [emerg] 8#8: unexpected \"}}\" in /n.conf:3\n\
             2026/11/21 19:26:04 [notice] 8#8: signal 1 (SIGHUP) received from 9, reconfiguring\n"
        );
        assert_eq!(facts(&text), [(3, refused("unexpected \"}\" in /n.conf:3")), (4, Fact::ProxyReloaded)]);
    }

    #[test]
    fn stderr_has_no_time_of_its_own() {
        let text = "nginx: [emerg] still could not bind()\n\
                    2026/11/21 19:26:46 [emerg] 7#7: host not found in upstream \"backend\" in /n.conf:3\n\
                    nginx: [emerg] still could not bind()\n";
        let expected = [
            (2, refused("host not found in upstream \"backend\" in /n.conf:3")),
            (3, refused("still could not bind()")),
        ];
        assert_eq!(facts(text), expected);
    }
}
