//! A journal as `journalctl -o json` exports it: boots, what systemd says of services, and what the kernel says of memory.
//! It joins records of one boot whatever their order, and leaves to others what a reboot means.

use std::collections::HashMap;

use lastgood_model::{Fact, UnixMs};
use serde::Deserialize;

use crate::journal_oom::{self, OomTask};
use crate::json_text::Text;
use crate::scan::{Line, Sink};

/// Boots, and services of all boots, that are kept apart: more is not a journal but an attack on memory.
const MAX_BOOTS: usize = 10_000;
const MAX_SPOKEN: usize = 100_000;
/// A unit that cannot write says so with every line; one line a minute is enough.
const NO_SPACE_EVERY_MS: i64 = 60_000;

/// Catalogue ids of systemd's messages, see `systemd.journal-fields(7)` and `journalctl --list-catalog`.
mod id {
    pub(super) const STARTED: &str = "39f53479d3a045ac8e11786248231fbf";
    pub(super) const STOPPED: &str = "9d1aaa27d60140bd96365438aad20286";
    pub(super) const START_FAILED: &str = "be02cf6855d2428ba40df7e9d022f03d";
    pub(super) const FAILED_WITH_RESULT: &str = "d9b373ed55a64feb8242e02dbe79a49c";
    pub(super) const OUT_OF_MEMORY: &str = "fe6faa94e7774663a0da52717891d8ef";
    pub(super) const JOURNAL_STARTED: &str = "f77379a8490b408bbe5f6940505a777b";
    pub(super) const JOURNAL_STOPPED: &str = "d93fb3c9c24d451a97cea615ce59c00b";
}

/// The fields of a record that we look at.
#[derive(Debug, Deserialize)]
struct Record<'a> {
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

/// A moment and the line that says it.
type At = (UnixMs, u64);

#[derive(Debug)]
struct Boot {
    first: At,
    last: At,
    /// Lines that only an orderly shutdown writes.
    shut_down: bool,
    journal_stopped: Option<UnixMs>,
    journal_started: Option<UnixMs>,
    /// First own record of each service.
    spoken: HashMap<String, At>,
}

/// Reads a journal export. What concerns a boot as a whole is said at the end, in order of time.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    boots: HashMap<String, Boot>,
    spoken: usize,
    oom_task: Option<OomTask>,
    /// Services whose process the kernel was seen killing, so that systemd's word for it is not a second one.
    oom_killed: HashMap<String, UnixMs>,
    no_space: HashMap<String, UnixMs>,
}

impl Journal {
    /// Reads one record.
    pub(crate) fn line(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        let line = memchr::memrchr(0, line).map_or(line, |last| &line[last + 1..]).trim_ascii();
        if line.is_empty() || line.starts_with(b"-- ") {
            return Line::Other;
        }
        let Ok(record) = serde_json::from_slice::<Record<'_>>(line) else { return Line::Unreadable };
        let Some(at) = microseconds(&record.time.0) else { return Line::Other };
        self.remember(&record, (at, number));
        self.tell(&record, (at, number), sink);
        Line::Parsed
    }

    /// Says when boots began and ended, and which services ran in each.
    pub(crate) fn finish(self, sink: &mut impl Sink) {
        let mut facts: Vec<(At, Fact)> = Vec::new();
        for (id, boot) in self.boots {
            let id: std::sync::Arc<str> = id.into();
            let clean = boot.is_clean();
            facts.push((boot.first, Fact::BootStarted { boot: id.clone() }));
            facts.extend(boot.spoken.into_iter().map(|(unit, at)| (at, Fact::UnitSpoke { unit: unit.into() })));
            facts.push((boot.last, Fact::BootEnded { boot: id, clean }));
        }
        // At one line a boot begins before somebody speaks in it, and ends after.
        facts.sort_by_key(|(at, fact)| (*at, matches!(fact, Fact::BootEnded { .. }), spoken_unit(fact).is_some()));
        for ((at, line), fact) in facts {
            sink.fact(Some(at), fact, line);
        }
    }

    fn remember(&mut self, record: &Record<'_>, at: At) {
        let id = &*record.boot.0;
        if id.is_empty() || (self.boots.len() >= MAX_BOOTS && !self.boots.contains_key(id)) {
            return;
        }
        if !self.boots.contains_key(id) {
            self.boots.insert(id.to_owned(), Boot::new(at));
        }
        let Some(boot) = self.boots.get_mut(id) else { return };
        boot.first = boot.first.min(at);
        boot.last = boot.last.max(at);
        boot.shut_down |= is_shutdown(record);
        match &*record.message_id.0 {
            id::JOURNAL_STOPPED => boot.journal_stopped = boot.journal_stopped.max(Some(at.0)),
            id::JOURNAL_STARTED => boot.journal_started = boot.journal_started.max(Some(at.0)),
            _ if record.message.0 == "Journal stopped" => {
                boot.journal_stopped = boot.journal_stopped.max(Some(at.0));
            }
            _ if record.message.0 == "Journal started" => {
                boot.journal_started = boot.journal_started.max(Some(at.0));
            }
            _ => {}
        }
        let Some(unit) = record.own_unit() else { return };
        match boot.spoken.get_mut(unit) {
            Some(first) => *first = (*first).min(at),
            None if self.spoken < MAX_SPOKEN => {
                self.spoken += 1;
                boot.spoken.insert(unit.to_owned(), at);
            }
            None => {}
        }
    }

    fn tell(&mut self, record: &Record<'_>, (at, line): At, sink: &mut impl Sink) {
        let message = &*record.message.0;
        if record.transport.0 == "kernel" || record.identifier.0 == "kernel" {
            if let Some(task) = journal_oom::task(message) {
                self.oom_task = Some(task);
            } else if let Some(killed) = journal_oom::killed(message, self.oom_task.as_ref()) {
                if let Fact::OomKilled { scope: Some(scope), .. } = &killed {
                    self.oom_killed.insert(scope.to_string(), at);
                }
                sink.fact(Some(at), killed, line);
            }
            return;
        }
        if record.is_systemd() {
            if let Some(fact) = self.word_of_systemd(record, at) {
                sink.fact(Some(at), fact, line);
            }
            return;
        }
        if memchr::memmem::find(message.as_bytes(), b"No space left on device").is_some()
            && let Some(unit) = record.own_unit()
        {
            let recent = self.no_space.get(unit).is_some_and(|last| at.since(*last).abs() < NO_SPACE_EVERY_MS);
            if !recent && self.no_space.len() < MAX_SPOKEN {
                self.no_space.insert(unit.to_owned(), at);
                sink.fact(Some(at), Fact::NoSpace { unit: unit.into() }, line);
            }
        }
    }

    /// What systemd says of a service.
    fn word_of_systemd(&self, record: &Record<'_>, at: UnixMs) -> Option<Fact> {
        // Managers of single users write under the same name, about units that are nobody's service.
        if record.by.0.starts_with("user@") {
            return None;
        }
        let message = &*record.message.0;
        let unit = service_in(&record.about.0).or_else(|| message.split([' ', ':']).find_map(service_in))?;
        let word = word(&record.message_id.0, message)?;
        let fact = match word {
            // A job that was skipped or whose dependency failed did not start anything.
            Word::Started if !matches!(&*record.job_result.0, "" | "done") => return None,
            Word::Started => Fact::UnitStarted { unit: unit.into() },
            Word::Stopped => Fact::UnitStopped { unit: unit.into() },
            Word::Failed => {
                let result = [&*record.unit_result.0, quoted(message), &*record.job_result.0, message];
                let result = result.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
                Fact::UnitFailed { unit: unit.into(), result: result.into() }
            }
            Word::OutOfMemory => {
                let known = self.oom_killed.get(unit).is_some_and(|killed| at.since(*killed).abs() < 60_000);
                if known {
                    return None;
                }
                // systemd does not say which process it was.
                let process = unit.strip_suffix(".service").unwrap_or(unit).into();
                Fact::OomKilled { process, pid: 0, scope: Some(unit.into()) }
            }
        };
        Some(fact)
    }
}

impl Boot {
    fn new(at: At) -> Self {
        Self {
            first: at,
            last: at,
            shut_down: false,
            journal_stopped: None,
            journal_started: None,
            spoken: HashMap::new(),
        }
    }

    /// A journal that stopped and did not start again in this boot was stopped by the shutdown.
    fn is_clean(&self) -> bool {
        self.shut_down || (self.journal_stopped.is_some() && self.journal_stopped >= self.journal_started)
    }
}

impl Record<'_> {
    fn is_systemd(&self) -> bool {
        self.identifier.0 == "systemd"
    }

    /// The service whose own process wrote this. systemd's child writes as `(name)` before it becomes the service.
    fn own_unit(&self) -> Option<&str> {
        service_in(&self.by.0).filter(|_| !self.is_systemd() && !self.identifier.0.starts_with('('))
    }
}

/// What systemd says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Started,
    Stopped,
    Failed,
    OutOfMemory,
}

/// By the message's id, or by its sentence where an export or an old systemd has none.
fn word(message_id: &str, message: &str) -> Option<Word> {
    match message_id {
        id::STARTED => return Some(Word::Started),
        id::STOPPED => return Some(Word::Stopped),
        id::START_FAILED | id::FAILED_WITH_RESULT => return Some(Word::Failed),
        id::OUT_OF_MEMORY => return Some(Word::OutOfMemory),
        _ => {}
    }
    let ends = |text: &str| message.trim_end().ends_with(text);
    if message.contains("killed by the OOM killer") {
        return Some(Word::OutOfMemory);
    }
    if message.starts_with("Failed to start ")
        || message.starts_with("Dependency failed for ")
        || message.contains(": Failed with result '")
    {
        return Some(Word::Failed);
    }
    match message.split_once(' ') {
        Some(("Started" | "Finished", _)) if ends(".") => Some(Word::Started),
        Some(("Stopped", _)) if ends(".") => Some(Word::Stopped),
        _ => None,
    }
}

/// Lines of an orderly shutdown: the last targets, and the program that runs after systemd's own end.
fn is_shutdown(record: &Record<'_>) -> bool {
    let message = &*record.message.0;
    record.identifier.0 == "systemd-shutdown"
        || (record.is_systemd()
            && message.starts_with("Reached target ")
            && [
                "Shutdown",
                "Reboot",
                "Power-Off",
                "Power Off",
                "Poweroff",
                "Halt",
                "shutdown.target",
                "reboot.target",
                "poweroff.target",
            ]
            .iter()
            .any(|target| message.contains(target)))
}

/// The text itself if it is a service's name.
fn service_in(text: &str) -> Option<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    (text.len() > ".service".len() && text.len() <= 255 && text.ends_with(".service") && text.chars().all(is_name))
        .then_some(text)
}

/// `exit-code` of `app.service: Failed with result 'exit-code'.`
fn quoted(message: &str) -> &str {
    message.split_once("result '").and_then(|(_, rest)| rest.split_once('\'')).map_or("", |(result, _)| result)
}

fn microseconds(text: &str) -> Option<UnixMs> {
    let us: i64 = text.parse().ok()?;
    Some(UnixMs(us.div_euclid(1000)))
}

fn spoken_unit(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::UnitSpoke { unit } => Some(unit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Context, Scanner};
    use crate::{Counts, Format};
    use jiff::tz::TimeZone;

    #[derive(Default)]
    struct Facts(Vec<(i64, Fact, u64)>);

    impl Sink for Facts {
        fn fact(&mut self, at: Option<UnixMs>, fact: Fact, line: u64) {
            self.0.push((at.unwrap().0, fact, line));
        }
    }

    fn read(text: &str) -> (Counts, Vec<(i64, Fact, u64)>) {
        let context = Context { zone: TimeZone::UTC, vhost: "".into() };
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
