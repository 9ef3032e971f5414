//! The records of a host as text: what `journalctl` prints and what a syslog daemon writes into its files. It finds out
//! who wrote a line and where one boot ends and the next begins; what records mean is told by `records.rs`.

use crate::civil_time::{CivilClock, is_month_first};
use crate::records::{At, NO_ID, Record, Records};
use crate::scan::{Context, Line, Sink};

/// A boot's first line of the kernel may stand behind lines of others that were written at the same time; in front of
/// them nobody wrote for as long as a reboot takes at least.
const WRITTEN_AT_ONCE_MS: i64 = 10_000;
const REBOOT_MS: i64 = 2_000;
/// Longer names than this are no names.
const LONGEST_NAME: usize = 128;

/// Whose text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostText {
    /// Whether `journalctl` printed it; otherwise it is a syslog daemon's, or looks the same.
    pub by_journalctl: bool,
    /// Whether its times name a year.
    pub names_year: bool,
}

impl HostText {
    /// Whose text a line is, if it is a record's.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        let clock = CivilClock::new(jiff::tz::TimeZone::UTC, Some(lastgood_model::UnixMs(0)));
        let text = Text::read(line, &clock)?;
        // Without a process behind a name, any dated sentence would do.
        text.is_usual().then(|| Self {
            by_journalctl: !is_month_first(line) && !is_written_by_daemon(line),
            names_year: !is_month_first(line),
        })
    }
}

/// Reads a host's records as text.
#[derive(Debug)]
pub(crate) struct JournalText {
    clock: CivilClock,
    records: Records,
    /// Boots that were given a name, and the name of this one.
    boots: u32,
    boot: String,
    /// Id of a boot that the next record begins.
    next: Option<String>,
    /// The first record of this boot that stands here, and the last one read.
    first: Option<At>,
    last: Option<At>,
    /// The last and the first record around the latest stretch in which nobody wrote.
    pause: Option<(At, At)>,
}

impl JournalText {
    pub(crate) fn new(context: Context) -> Self {
        Self {
            clock: CivilClock::new(context.zone, context.about),
            records: Records::of_names(),
            boots: 0,
            boot: format!("{NO_ID}0"),
            first: None,
            next: None,
            last: None,
            pause: None,
        }
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        let line = memchr::memrchr(0, line).map_or(line, |last| &line[last + 1..]);
        // Further lines of a message are indented.
        if line.is_empty() || line[0] == b'\t' || (line[0] == b' ' && !is_month_first(line)) {
            return Line::Other;
        }
        if let Some(rest) = line.strip_prefix(b"-- ") {
            self.between(rest);
            return Line::Other;
        }
        let Some(text) = Text::read(line, &self.clock) else { return Line::Unreadable };
        let at = (text.at, number);
        let (identifier, message) = (String::from_utf8_lossy(text.identifier), String::from_utf8_lossy(text.message));
        let is_kernel = identifier == "kernel";
        self.turn(at, is_kernel && is_kernels_first(&message));
        let is_writer = identifier != "systemd" && !is_kernel && !identifier.starts_with('(');
        let record = Record {
            at,
            boot: &self.boot,
            message: &message,
            message_id: "",
            about: "",
            identifier: &identifier,
            writer: Some(&*identifier).filter(|_| is_writer),
            is_kernel,
            // systemd itself is the first process; its namesakes belong to single users.
            is_of_user: identifier == "systemd" && text.pid.is_some_and(|pid| pid != b"1"),
            job_result: "",
            unit_result: "",
        };
        self.records.take(&record, sink);
        self.last = Some(at);
        Line::Parsed
    }

    /// Says what concerns boots as a whole.
    pub(crate) fn finish(self, sink: &mut impl Sink) {
        self.records.finish(sink);
    }

    /// A line of `journalctl` between records: `-- Boot 0123… --`, `-- Reboot --`.
    fn between(&mut self, text: &[u8]) {
        let id = text.strip_prefix(b"Boot ").and_then(|rest| rest.get(..32));
        let id = id.filter(|id| id.iter().all(u8::is_ascii_hexdigit)).and_then(|id| str::from_utf8(id).ok());
        if id.is_some() || text.starts_with(b"Reboot ") {
            self.next = Some(id.map_or_else(|| self.name_next(), str::to_owned));
        }
    }

    /// Goes over to the next boot if this record begins one.
    fn turn(&mut self, at: At, is_kernels_first: bool) {
        let (Some(first), Some(last)) = (self.first, self.last) else {
            // Whatever stands between boots stands in front of the first one, too.
            self.boot = self.next.take().unwrap_or_else(|| std::mem::take(&mut self.boot));
            self.first = Some(at);
            return;
        };
        if at.0.since(last.0) >= REBOOT_MS {
            self.pause = Some((last, at));
        }
        if let Some(next) = self.next.take() {
            return self.go_over(next, last, at);
        }
        if !is_kernels_first {
            return;
        }
        let pause = self.pause.filter(|(_, after)| first.1 < after.1 && at.0.since(after.0) <= WRITTEN_AT_ONCE_MS);
        if let Some((last, after)) = pause {
            let next = self.name_next();
            self.go_over(next, last, after);
        } else if at.0.since(first.0) > WRITTEN_AT_ONCE_MS {
            let next = self.name_next();
            self.go_over(next, last, at);
        }
    }

    fn go_over(&mut self, next: String, last: At, first: At) {
        self.records.turned((&self.boot, last), (&next, first));
        self.boot = next;
        self.first = Some(first);
    }

    /// A name for a boot whose id nobody says.
    fn name_next(&mut self) -> String {
        self.boots = self.boots.saturating_add(1);
        format!("{NO_ID}{}", self.boots)
    }
}

/// `Linux version 6.1.0-18-amd64 (…)`, with or without the seconds since the machine was switched on.
fn is_kernels_first(message: &str) -> bool {
    let message = message.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(message, |(_, rest)| rest);
    message.starts_with("Linux version ")
}

/// rsyslog writes offsets with a colon and microseconds, `journalctl` writes neither or both; with both it is anybody's.
fn is_written_by_daemon(line: &[u8]) -> bool {
    line.get(10) == Some(&b'T') && memchr::memchr(b' ', line).is_some_and(|end| end >= 32 && line[end - 3] == b':')
}

/// One line, cut into its parts.
#[derive(Clone, Copy, Debug)]
struct Text<'a> {
    at: lastgood_model::UnixMs,
    identifier: &'a [u8],
    pid: Option<&'a [u8]>,
    message: &'a [u8],
}

impl<'a> Text<'a> {
    /// `Nov 16 11:06:31 host systemd[1]: Started app.service.`; `journalctl -o short-full` puts a weekday first.
    fn read(line: &'a [u8], clock: &CivilClock) -> Option<Self> {
        let (at, length) = clock.dated(line).or_else(|| clock.month_first(line)).or_else(|| {
            let weekday = memchr::memchr(b' ', line.get(..8)?)? + 1;
            clock.dated(&line[weekday..]).map(|(at, length)| (at, weekday + length))
        })?;
        let rest = line.get(length..)?.strip_prefix(b" ")?;
        let (host, rest) = rest.split_at_checked(memchr::memchr(b' ', rest)?)?;
        let rest = &rest[1..];
        let end = memchr::memchr2(b':', b'[', rest.get(..rest.len().min(LONGEST_NAME))?)?;
        let (identifier, rest) = rest.split_at(end);
        if host.is_empty() || identifier.is_empty() || identifier.contains(&b' ') {
            return None;
        }
        let (pid, rest) = match rest.strip_prefix(b"[") {
            Some(rest) => {
                let end = memchr::memchr(b']', rest)?;
                (Some(&rest[..end]), &rest[end + 1..])
            }
            None => (None, rest),
        };
        let message = rest.strip_prefix(b":")?;
        Some(Self { at, identifier, pid, message: message.strip_prefix(b" ").unwrap_or(message) })
    }

    fn is_usual(&self) -> bool {
        self.pid.is_some_and(|pid| pid.iter().all(u8::is_ascii_digit)) || self.identifier == b"kernel"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Context, Scanner};
    use crate::{Counts, Format, NginxConf, recognise};
    use jiff::tz::{Offset, TimeZone};
    use lastgood_model::{Fact, UnixMs};

    #[derive(Default)]
    struct Facts(Vec<(String, Fact, u64)>);

    impl Sink for Facts {
        fn fact(&mut self, at: Option<UnixMs>, fact: Fact, line: u64) {
            let at = jiff::Timestamp::from_millisecond(at.unwrap().0).unwrap();
            self.0.push((Offset::constant(9).to_datetime(at).to_string(), fact, line));
        }
    }

    fn read(text: &str) -> (Counts, Vec<(String, Fact, u64)>) {
        let format = recognise(text.as_bytes(), "x", &NginxConf::default());
        assert!(matches!(format, Format::HostText(_)), "{format:?}");
        let about = Some(UnixMs::from_seconds(1_668_564_450));
        let zone = TimeZone::fixed(Offset::constant(9));
        let mut scanner =
            Scanner::new(&format, Context { zone, vhost: "".into(), about, without: lastgood_model::Layers::NONE });
        let mut facts = Facts::default();
        scanner.feed(text.as_bytes(), &mut facts);
        (scanner.finish(&mut facts), facts.0)
    }

    fn name(text: &str) -> String {
        recognise(text.as_bytes(), "x", &NginxConf::default()).name().to_owned()
    }

    const SYSLOG: &str = "\
Nov 16 11:04:01 web app[812]: GET /orders 200
Nov 16 11:06:20 web systemd[1]: Stopping app.service - The app...
Nov 16 11:06:21 web systemd[1]: Stopped app.service - The app.
Nov 16 11:06:24 web systemd[1]: Reached target reboot.target - System Reboot.
Nov 16 11:06:24 web systemd-shutdown[1]: Syncing filesystems and block devices.
Nov 16 11:06:51 web systemd-modules-load[251]: Inserted module 'lp'
Nov 16 11:06:51 web kernel: [    0.000000] Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)
Nov 16 11:06:51 web kernel: [    0.000000] Command line: BOOT_IMAGE=/boot/vmlinuz-6.1.0-18-amd64
Nov 16 11:06:56 web systemd[1]: Started nginx.service - A high performance web server and a reverse proxy server.
Nov 16 11:07:02 web systemd[901]: Started dbus.service - D-Bus User Message Bus.
";

    #[test]
    fn a_reboot_is_known_from_syslog() {
        let (counts, facts) = read(SYSLOG);
        assert_eq!((counts.lines, counts.parsed), (10, 10));
        let on = |time: &str| format!("2022-11-16T11:{time}");
        let expected = [
            (on("06:21"), Fact::UnitStopped { unit: "app.service".into() }, 3),
            (on("06:56"), Fact::UnitStarted { unit: "nginx.service".into() }, 9),
            (on("04:01"), Fact::UnitSpoke { unit: "app.service".into() }, 1),
            (on("06:24"), Fact::BootEnded { boot: "".into(), clean: true }, 5),
            (on("06:51"), Fact::BootStarted { boot: "".into() }, 6),
        ];
        assert_eq!(facts, expected);
    }

    #[test]
    fn journalctl_says_where_boots_end() {
        let text = "\
2022-11-16T11:06:24+0900 web systemd[1]: Reached target System Reboot.
-- Boot 0123456789abcdef0123456789abcdef --
2022-11-16T11:06:51+0900 web kernel: Linux version 6.1.0
2022-11-16T11:06:52+0900 web systemd[1]: app.service: Failed with result 'exit-code'.
        a further line
-- Reboot --
2022-11-16T11:08:00+0900 web kernel: Linux version 6.1.0
";
        let (counts, facts) = read(text);
        assert_eq!((counts.parsed, counts.other, counts.unreadable), (4, 3, 0));
        let of: Vec<String> = facts.iter().map(|(_, fact, line)| format!("{line} {fact:?}")).collect();
        assert_eq!(
            of,
            [
                r#"4 UnitFailed { unit: "app.service", result: "exit-code" }"#,
                r#"1 BootEnded { boot: "", clean: true }"#,
                r#"3 BootStarted { boot: "0123456789abcdef0123456789abcdef" }"#,
                r#"4 BootEnded { boot: "0123456789abcdef0123456789abcdef", clean: false }"#,
                r#"7 BootStarted { boot: "" }"#,
            ]
        );
    }

    #[test]
    fn a_file_that_begins_or_ends_is_no_boot() {
        let text = "Nov 16 11:06:51 web kernel: Linux version 6.1.0\nNov 16 11:06:52 web cron[7]: (root) CMD (true)\n";
        assert_eq!(read(text).1, []);
    }

    #[test]
    fn the_kernel_names_what_it_kills() {
        let text = "\
Nov 16 11:06:51 web kernel: [12.5] oom-kill:constraint=CONSTRAINT_NONE,task_memcg=/system.slice/app.service,task=java,pid=77,uid=0
Nov 16 11:06:51 web kernel: [12.5] Out of memory: Killed process 77 (java) total-vm:1kB, anon-rss:1kB
Nov 16 11:06:51 web db[9]: could not write: No space left on device
";
        let facts: Vec<Fact> = read(text).1.into_iter().map(|(_, fact, _)| fact).collect();
        let killed = Fact::OomKilled { process: "java".into(), pid: 77, scope: Some("app.service".into()) };
        assert_eq!(facts, [killed, Fact::NoSpace { unit: "db".into() }]);
    }

    #[test]
    fn every_way_of_writing_is_known() {
        for (text, expected) in [
            ("Nov 16 11:06:31 web systemd[1]: Started a.service.\n", "syslog"),
            ("11월 16 11:06:31 web systemd[1]: Started a.service.\n", "syslog"),
            ("Nov 16 11:06:31.123456 web systemd[1]: Started a.service.\n", "syslog"),
            ("2022-11-16T11:06:31.123456+09:00 web systemd[1]: Started a.service.\n", "syslog"),
            ("2022-11-16T11:06:31+0900 web systemd[1]: Started a.service.\n", "journal-text"),
            ("2022-11-16T11:06:31+09:00 web systemd[1]: Started a.service.\n", "journal-text"),
            ("2022-11-16T11:06:31.123456+0900 web systemd[1]: Started a.service.\n", "journal-text"),
            ("Wed 2022-11-16 11:06:31 KST web systemd[1]: Started a.service.\n", "journal-text"),
            ("수 2022-11-16 02:06:31 UTC web systemd[1]: Started a.service.\n", "journal-text"),
        ] {
            assert_eq!(name(text), expected, "{text}");
            let (_, facts) = read(text);
            let (at, ..) = &facts[0];
            assert!(at.starts_with("2022-11-16T11:06:31"), "{text} {at}");
        }
        assert_eq!(name("2022-11-16 11:06:31 said: hello\n"), "unknown");
    }

    #[test]
    fn damage_is_counted() {
        let (counts, _) = read(
            "Nov 16 11:06:31 web systemd[1]: x\n\n16 11:06:31 web a[1]: x\n\0\0Nov 16 11:06:31 web a[1]: x\nNov 16",
        );
        assert_eq!((counts.parsed, counts.other, counts.unreadable), (2, 1, 2));
    }
}
