//! What the kernel says, as `dmesg` prints it with whole times: `dmesg --time-format iso` and `dmesg -T`. It tells whom the
//! kernel killed for lack of memory, where no journal does. Seconds since the start alone are no time, and are not read.

use crate::civil_time::CivilClock;
use crate::records::{Record, Records};
use crate::scan::{Context, Line, Sink};

/// `Nov 26 20:13:05 2026`; servers that write nearly the same add a fraction.
const STAMP: usize = 20;

/// In which form its times are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelText {
    /// Whether they name their zone.
    pub names_zone: bool,
}

impl KernelText {
    /// The form of a line, if it is one of these.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        let clock = CivilClock::new(jiff::tz::TimeZone::UTC, None);
        read(line, &clock).map(|(_, _, names_zone)| Self { names_zone })
    }
}

/// Reads the kernel's lines.
#[derive(Debug)]
pub(crate) struct KernelLog {
    clock: CivilClock,
    records: Records,
}

impl KernelLog {
    pub(crate) fn new(context: Context) -> Self {
        Self { clock: CivilClock::new(context.zone, None), records: Records::of_names() }
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        if line.trim_ascii().is_empty() {
            return Line::Other;
        }
        let Some((at, message, _)) = read(line, &self.clock) else { return Line::Unreadable };
        let message = String::from_utf8_lossy(message);
        let record = Record {
            at: (at, number),
            // The buffer forgets its oldest lines: it is not known whether the first one here began a boot.
            boot: "",
            message: &message,
            message_id: "",
            about: "",
            identifier: "kernel",
            writer: None,
            is_kernel: true,
            is_of_user: false,
            job_result: "",
            unit_result: "",
        };
        self.records.take(&record, sink);
        Line::Parsed
    }
}

/// When, what, and whether it says in which zone.
fn read<'l>(line: &'l [u8], clock: &CivilClock) -> Option<(lastgood_model::UnixMs, &'l [u8], bool)> {
    if let Some(rest) = line.strip_prefix(b"[") {
        // `[Thu Nov 26 20:13:05 2026] message`
        let end = memchr::memchr(b']', rest.get(..rest.len().min(32))?)?;
        let (time, message) = (&rest[..end], rest[end + 1..].strip_prefix(b" ")?);
        let time = time.get(memchr::memchr(b' ', time)? + 1..).filter(|time| time.len() == STAMP)?;
        let year = time.get(time.len().checked_sub(5)?..)?.strip_prefix(b" ")?;
        let (month_and_day, of_day) = time[..time.len() - 5].split_at_checked(6)?;
        let day: Vec<u8> = month_and_day.get(4..)?.iter().copied().filter(|byte| *byte != b' ').collect();
        let written = [&day[..], b" ", month_and_day.get(..3)?, b" ", year, of_day].concat();
        let (at, length) = clock.day_first(&written)?;
        return (length == written.len()).then_some((at, message, false));
    }
    // `2026-11-26T20:13:05,412341+09:00 message`; nobody else writes a comma there.
    if line.get(19) != Some(&b',') || line.get(10) != Some(&b'T') {
        return None;
    }
    let (at, length) = clock.dated(line)?;
    let names_zone = line.get(length.checked_sub(6)?).is_some_and(|sign| b"+-".contains(sign));
    let message = line.get(length..)?.strip_prefix(b" ")?;
    names_zone.then_some((at, message, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Scanner;
    use crate::{Counts, Format, NginxConf, recognise};
    use jiff::tz::{Offset, TimeZone};
    use lastgood_model::{Fact, UnixMs};

    #[derive(Default)]
    struct Facts(Vec<(UnixMs, Fact, u64)>);

    impl Sink for Facts {
        fn fact(&mut self, at: Option<UnixMs>, fact: Fact, line: u64) {
            self.0.push((at.unwrap(), fact, line));
        }
    }

    fn scan(text: &str) -> (Format, Counts, Vec<(UnixMs, Fact, u64)>) {
        let format = recognise(text.as_bytes(), "x", &NginxConf::default());
        let zone = TimeZone::fixed(Offset::constant(9));
        let mut scanner = Scanner::new(
            &format,
            Context { zone, vhost: "".into(), about: None, without: lastgood_model::Layers::NONE },
        );
        let mut facts = Facts::default();
        scanner.feed(text.as_bytes(), &mut facts);
        let counts = scanner.finish(&mut facts);
        (format, counts, facts.0)
    }

    const MOMENT: UnixMs = UnixMs(1_795_691_585_000); // 2026-11-26T20:13:05+09:00

    #[test]
    fn whom_the_kernel_killed_in_either_form() {
        let killed = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/docker/ab,task_memcg=/docker/ab,task=java,pid=77,uid=0";
        let words = "Memory cgroup out of memory: Killed process 77 (java) total-vm:1kB";
        for (stamp, names_zone, ms) in [
            ("2026-11-26T20:13:05,412341+09:00", true, 412),
            ("2026-11-26T11:13:05,000000+00:00", true, 0),
            ("[Thu Nov 26 20:13:05 2026]", false, 0),
        ] {
            let text = format!(
                "{stamp} {killed}\n\n{stamp} {words}\n{stamp} docker0: port 1(veth1) entered blocking state\nrest of a line\n"
            );
            let (format, counts, facts) = scan(&text);
            assert_eq!(format, Format::Kernel(KernelText { names_zone }));
            assert_eq!((counts.parsed, counts.other, counts.unreadable), (3, 1, 1));
            let scope = Some("/docker/ab".into());
            assert_eq!(facts, [(MOMENT.plus(ms), Fact::OomKilled { process: "java".into(), pid: 77, scope }, 3)]);
        }
    }

    #[test]
    fn days_of_one_digit() {
        let clock = CivilClock::new(TimeZone::UTC, None);
        let (at, message, _) = read(b"[Sun Nov  1 00:00:07 2026] x: y", &clock).unwrap();
        assert_eq!((at, message), (UnixMs(1_793_491_207_000), &b"x: y"[..]));
    }

    #[test]
    fn what_is_something_else() {
        for line in [
            "[    0.000000] Linux version 6.1.0",
            "2026-11-26T20:13:05.412341+09:00 web kernel: x",
            "2026-11-26T20:13:05,412 INFO started",
            "2026-11-26T20:13:05,412341 x",
            "[Thu Nov 26 20:13:05.000001 2026] [core:notice] [pid 1] x",
            "[Thu Nov 26 20:13:05 2026]",
            "[Thu] x",
            "[]",
            "",
        ] {
            assert_eq!(KernelText::of(line.as_bytes()), None, "{line}");
        }
        let apache = "[Sat Nov 28 16:41:47 2026] [error] [client 203.0.113.9] File does not exist: /x\n";
        assert_eq!(scan(apache).0, Format::ApacheError);
    }
}
