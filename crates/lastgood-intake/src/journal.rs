//! A journal as `journalctl -o json` exports it: one record a line. What records mean is told by `records.rs`.

use lastgood_model::UnixMs;
use serde::Deserialize;

use crate::json_text::Text;
use crate::records::{self, Records};
use crate::scan::{Line, Sink};

/// The fields of a record that we look at.
#[derive(Debug, Deserialize)]
struct Fields<'a> {
    #[serde(rename = "__REALTIME_TIMESTAMP", borrow, default)]
    time: Text<'a>,
    #[serde(rename = "_BOOT_ID", borrow, default)]
    boot: Text<'a>,
    #[serde(rename = "MESSAGE", borrow, default)]
    message: Text<'a>,
    #[serde(rename = "MESSAGE_ID", borrow, default)]
    message_id: Text<'a>,
    #[serde(rename = "UNIT", borrow, default)]
    about: Text<'a>,
    #[serde(rename = "_SYSTEMD_UNIT", borrow, default)]
    by: Text<'a>,
    #[serde(rename = "SYSLOG_IDENTIFIER", borrow, default)]
    identifier: Text<'a>,
    #[serde(rename = "_TRANSPORT", borrow, default)]
    transport: Text<'a>,
    #[serde(rename = "JOB_RESULT", borrow, default)]
    job_result: Text<'a>,
    #[serde(rename = "UNIT_RESULT", borrow, default)]
    unit_result: Text<'a>,
}

/// Reads a journal export. What concerns a boot as a whole is said at the end, in order of time.
#[derive(Debug)]
pub(crate) struct Journal(Records);

impl Default for Journal {
    fn default() -> Self {
        Self(Records::of_units())
    }
}

impl Journal {
    /// Reads one record.
    pub(crate) fn line(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        let line = memchr::memrchr(0, line).map_or(line, |last| &line[last + 1..]).trim_ascii();
        if line.is_empty() || line.starts_with(b"-- ") {
            return Line::Other;
        }
        let Ok(fields) = serde_json::from_slice::<Fields<'_>>(line) else { return Line::Unreadable };
        let Some(at) = microseconds(&fields.time.0) else { return Line::Other };
        let identifier = &*fields.identifier.0;
        let record = records::Record {
            at: (at, number),
            boot: &fields.boot.0,
            message: &fields.message.0,
            message_id: &fields.message_id.0,
            about: &fields.about.0,
            identifier,
            // systemd's child writes as `(name)` before it becomes the service.
            writer: records::service_in(&fields.by.0)
                .filter(|_| identifier != "systemd" && !identifier.starts_with('(')),
            is_kernel: fields.transport.0 == "kernel" || identifier == "kernel",
            // Managers of single users write under the same name, about units that are nobody's service.
            is_of_user: fields.by.0.starts_with("user@"),
            job_result: &fields.job_result.0,
            unit_result: &fields.unit_result.0,
        };
        self.0.take(&record, sink);
        Line::Parsed
    }

    /// Says when boots began and ended, and which services ran in each.
    pub(crate) fn finish(self, sink: &mut impl Sink) {
        self.0.finish(sink);
    }
}

fn microseconds(text: &str) -> Option<UnixMs> {
    let us: i64 = text.parse().ok()?;
    Some(UnixMs(us.div_euclid(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Context, Scanner};
    use crate::{Counts, Format};
    use jiff::tz::TimeZone;
    use lastgood_model::Fact;

    #[derive(Default)]
    struct Facts(Vec<(i64, Fact, u64)>);

    impl Sink for Facts {
        fn fact(&mut self, at: Option<UnixMs>, fact: Fact, line: u64) {
            self.0.push((at.unwrap().0, fact, line));
        }
    }

    fn read(text: &str) -> (Counts, Vec<(i64, Fact, u64)>) {
        let context =
            Context { zone: TimeZone::UTC, vhost: "".into(), about: None, without: lastgood_model::Layers::NONE };
        let (mut scanner, mut facts) = (Scanner::new(&Format::Journal, context), Facts::default());
        scanner.feed(text.as_bytes(), &mut facts);
        (scanner.finish(&mut facts), facts.0)
    }

    /// A record of a boot at a second, with further fields.
    fn record(boot: &str, second: i64, fields: &str) -> String {
        format!("{{\"__REALTIME_TIMESTAMP\":\"{second}000000\",\"_BOOT_ID\":\"{boot}\",{fields}}}\n")
    }

    fn systemd(boot: &str, second: i64, fields: &str) -> String {
        record(
            boot,
            second,
            &format!("\"SYSLOG_IDENTIFIER\":\"systemd\",\"_PID\":\"1\",\"_SYSTEMD_UNIT\":\"init.scope\",{fields}"),
        )
    }

    #[test]
    fn a_reboot_is_told_whatever_the_order() {
        let lines = [
            record("a", 1, r#""_SYSTEMD_UNIT":"app.service","SYSLOG_IDENTIFIER":"app","MESSAGE":"ready""#),
            record("a", 2, r#""_SYSTEMD_UNIT":"app.service","SYSLOG_IDENTIFIER":"app","MESSAGE":[104,105]"#),
            systemd(
                "a",
                3,
                r#""MESSAGE":"Stopped The app.","MESSAGE_ID":"9d1aaa27d60140bd96365438aad20286","UNIT":"app.service","JOB_RESULT":"done""#,
            ),
            systemd("a", 4, r#""MESSAGE":"Reached target System Reboot.""#),
            record("b", 9, r#""_TRANSPORT":"kernel","MESSAGE":"Linux version 6.1""#),
            systemd(
                "b",
                10,
                r#""MESSAGE":"Started nginx.service - web server.","MESSAGE_ID":"39f53479d3a045ac8e11786248231fbf","UNIT":"nginx.service","JOB_RESULT":"done""#,
            ),
            record("b", 11, r#""_SYSTEMD_UNIT":"nginx.service","SYSLOG_IDENTIFIER":"nginx","MESSAGE":null"#),
        ];
        let (counts, facts) = read(&lines.concat());
        assert_eq!((counts.lines, counts.parsed), (7, 7));
        let expected = [
            (3_000, Fact::UnitStopped { unit: "app.service".into() }, 3),
            (10_000, Fact::UnitStarted { unit: "nginx.service".into() }, 6),
            (1_000, Fact::BootStarted { boot: "a".into() }, 1),
            (1_000, Fact::UnitSpoke { unit: "app.service".into() }, 1),
            (4_000, Fact::BootEnded { boot: "a".into(), clean: true }, 4),
            (9_000, Fact::BootStarted { boot: "b".into() }, 5),
            (11_000, Fact::UnitSpoke { unit: "nginx.service".into() }, 7),
            (11_000, Fact::BootEnded { boot: "b".into(), clean: false }, 7),
        ];
        assert_eq!(facts, expected);
        // `journalctl -r` gives the same facts, with other line numbers.
        let reversed: String = lines.iter().rev().cloned().collect();
        let without_lines = |facts: Vec<(i64, Fact, u64)>| {
            let mut facts: Vec<_> = facts.into_iter().map(|(at, fact, _)| (at, format!("{fact:?}"))).collect();
            facts.sort();
            facts
        };
        assert_eq!(without_lines(read(&reversed).1), without_lines(facts));
    }

    #[test]
    fn failures_have_systemds_word() {
        let text = [
            systemd(
                "a",
                1,
                r#""MESSAGE":"app.service: Failed with result 'exit-code'.","MESSAGE_ID":"d9b373ed55a64feb8242e02dbe79a49c","UNIT":"app.service","UNIT_RESULT":"exit-code""#,
            ),
            systemd("a", 2, r#""MESSAGE":"app.service: Failed with result 'timeout'.""#),
            systemd(
                "a",
                3,
                r#""MESSAGE":"Dependency failed for The app.","UNIT":"app.service","JOB_RESULT":"dependency","MESSAGE_ID":"be02cf6855d2428ba40df7e9d022f03d""#,
            ),
            systemd("a", 4, r#""MESSAGE":"Failed to start b.service - B.""#),
            systemd("a", 5, r#""MESSAGE":"Started Session 7.","UNIT":"session-7.scope""#),
            systemd(
                "a",
                6,
                r#""MESSAGE":"Condition check resulted in X being skipped.","UNIT":"x.service","MESSAGE_ID":"39f53479d3a045ac8e11786248231fbf","JOB_RESULT":"skipped""#,
            ),
        ];
        let failed = |unit: &str, result: &str| Fact::UnitFailed { unit: unit.into(), result: result.into() };
        let facts: Vec<Fact> = read(&text.concat()).1.into_iter().map(|(_, fact, _)| fact).collect();
        assert_eq!(
            facts[..4],
            [
                failed("app.service", "exit-code"),
                failed("app.service", "timeout"),
                failed("app.service", "dependency"),
                failed("b.service", "Failed to start b.service - B."),
            ]
        );
        assert!(facts[4..].iter().all(|fact| matches!(fact, Fact::BootStarted { .. } | Fact::BootEnded { .. })));
    }

    #[test]
    fn a_kernel_kill_is_told_once_with_its_unit() {
        let kernel =
            |second, message: &str| record("a", second, &format!(r#""_TRANSPORT":"kernel","MESSAGE":"{message}""#));
        let text = [
            kernel(
                1,
                "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/app.service,task=java,pid=1234,uid=0",
            ),
            kernel(1, "Out of memory: Killed process 1234 (java) total-vm:1kB, anon-rss:1kB"),
            systemd(
                "a",
                2,
                r#""MESSAGE":"app.service: A process of this unit has been killed by the OOM killer.","UNIT":"app.service""#,
            ),
            systemd(
                "a",
                200,
                r#""MESSAGE":"b.service: A process of this unit has been killed by the OOM killer.","UNIT":"b.service","MESSAGE_ID":"fe6faa94e7774663a0da52717891d8ef""#,
            ),
        ];
        let killed = |process: &str, pid, scope: &str| Fact::OomKilled {
            process: process.into(),
            pid,
            scope: Some(scope.into()),
        };
        let facts: Vec<Fact> = read(&text.concat()).1.into_iter().map(|(_, fact, _)| fact).take(2).collect();
        assert_eq!(facts, [killed("java", 1234, "app.service"), killed("b", 0, "b.service")]);
    }

    #[test]
    fn a_journal_that_restarted_is_no_shutdown() {
        let stop =
            |second| record("a", second, r#""SYSLOG_IDENTIFIER":"systemd-journald","MESSAGE":"Journal stopped""#);
        let start =
            |second| record("a", second, r#""SYSLOG_IDENTIFIER":"systemd-journald","MESSAGE":"Journal started""#);
        let clean = |text: &str| {
            read(text).1.into_iter().any(|(_, fact, _)| matches!(fact, Fact::BootEnded { clean: true, .. }))
        };
        assert!(clean(&[start(1), stop(2)].concat()));
        assert!(!clean(&[start(1), stop(2), start(3)].concat()));
    }

    #[test]
    fn a_full_disk_is_told_once_a_minute() {
        let full =
            |second| record("a", second, r#""_SYSTEMD_UNIT":"db.service","MESSAGE":"write: No space left on device""#);
        let facts = read(&[full(1), full(2), full(50), full(70)].concat()).1;
        let times: Vec<i64> =
            facts.iter().filter(|(_, fact, _)| matches!(fact, Fact::NoSpace { .. })).map(|(at, ..)| *at).collect();
        assert_eq!(times, [1_000, 70_000]);
    }

    #[test]
    fn damage_is_counted() {
        let text = format!(
            "{}\n\n{{\"a\":1}}\n-- No entries --\n{{\"__REALTIME\n",
            record("a", 1, "\"MESSAGE\":\"x\"").trim()
        );
        let (counts, _) = read(&text);
        assert_eq!((counts.lines, counts.parsed, counts.other, counts.unreadable), (5, 1, 3, 1));
    }
}
