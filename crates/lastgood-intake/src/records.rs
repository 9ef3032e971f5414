//! What the records of a host mean, however they are written down: boots, what systemd says of services, what the kernel
//! says of memory. It joins records of one boot whatever their order, and leaves to others what a reboot means.

use std::collections::{HashMap, HashSet};

use lastgood_model::{Fact, UnixMs};

use crate::journal_oom::{self, OomTask};
use crate::scan::Sink;

/// Boots, and services of all boots, that are kept apart: more is not a journal but an attack on memory.
const MAX_BOOTS: usize = 10_000;
const MAX_SPOKEN: usize = 100_000;
/// A unit that cannot write says so with every line; one line a minute is enough.
const NO_SPACE_EVERY_MS: i64 = 60_000;
/// A boot that has no id of the journal is called by this and a number.
pub(crate) const NO_ID: char = '#';

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

/// One record. Texts are empty where it does not say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) at: At,
    /// The boot it belongs to: the journal's id, or whatever tells boots of one file apart.
    pub(crate) boot: &'a str,
    pub(crate) message: &'a str,
    pub(crate) message_id: &'a str,
    /// The unit that a record of systemd is about.
    pub(crate) about: &'a str,
    pub(crate) identifier: &'a str,
    /// The service whose own process wrote this; where records do not name services, who it says it is.
    pub(crate) writer: Option<&'a str>,
    pub(crate) is_kernel: bool,
    /// Written by a manager of a single user's units.
    pub(crate) is_of_user: bool,
    pub(crate) job_result: &'a str,
    pub(crate) unit_result: &'a str,
}

/// A moment and the line that says it.
pub(crate) type At = (UnixMs, u64);

#[derive(Debug)]
struct Boot {
    first: At,
    last: At,
    /// Lines that only an orderly shutdown writes.
    shut_down: bool,
    journal_stopped: Option<UnixMs>,
    journal_started: Option<UnixMs>,
    /// Whether its first record is known to follow another boot's last one, and its last to precede another's first.
    has_begun: bool,
    has_ended: bool,
    /// First own record of each service.
    spoken: HashMap<String, At>,
}

/// Takes the records of one file. What concerns a boot as a whole is said at the end, in order of time.
#[derive(Debug, Default)]
pub(crate) struct Records {
    boots: HashMap<String, Boot>,
    spoken: usize,
    oom_task: Option<OomTask>,
    /// Services whose process the kernel was seen killing, so that systemd's word for it is not a second one.
    oom_killed: HashMap<String, UnixMs>,
    no_space: HashMap<String, UnixMs>,
    /// Services that systemd spoke of, where records do not name the service that wrote them.
    named: Option<HashSet<String>>,
}

impl Records {
    /// For records that name the service which wrote them.
    pub(crate) fn of_units() -> Self {
        Self::default()
    }

    /// For records that only say who wrote them: `app` is `app.service` if systemd speaks of that.
    pub(crate) fn of_names() -> Self {
        Self { named: Some(HashSet::new()), ..Self::default() }
    }

    /// Reads one record.
    pub(crate) fn take(&mut self, record: &Record<'_>, sink: &mut impl Sink) {
        self.remember(record, record.at);
        self.tell(record, record.at, sink);
    }

    /// Says when boots began and ended, and which services ran in each.
    pub(crate) fn finish(self, sink: &mut impl Sink) {
        let mut facts: Vec<(At, Fact)> = Vec::new();
        for (id, boot) in self.boots {
            let id: std::sync::Arc<str> = if id.starts_with(NO_ID) { "".into() } else { id.into() };
            let clean = boot.is_clean();
            // What merely stands first or last in a text file began or ended no boot: another file may go on with it.
            if self.named.is_none() || boot.has_begun {
                facts.push((boot.first, Fact::BootStarted { boot: id.clone() }));
            }
            if self.named.is_none() || boot.has_ended || clean {
                facts.push((boot.last, Fact::BootEnded { boot: id, clean }));
            }
            facts.extend(boot.spoken.into_iter().filter_map(|(writer, at)| {
                let unit = match &self.named {
                    Some(named) => Some(format!("{writer}.service")).filter(|unit| named.contains(unit))?,
                    None => writer,
                };
                Some((at, Fact::UnitSpoke { unit: unit.into() }))
            }));
        }
        // At one line a boot begins before somebody speaks in it, and ends after.
        facts.sort_by_key(|(at, fact)| (*at, matches!(fact, Fact::BootEnded { .. }), spoken_unit(fact).is_some()));
        for ((at, line), fact) in facts {
            sink.fact(Some(at), fact, line);
        }
    }

    /// One boot ended with a record and another began with the next one.
    pub(crate) fn turned(&mut self, (old, last): (&str, At), (new, first): (&str, At)) {
        if let Some(boot) = self.boots.get_mut(old) {
            boot.last = last;
            boot.has_ended = true;
        }
        if self.boots.len() < MAX_BOOTS {
            let boot = self.boots.entry(new.to_owned()).or_insert_with(|| Boot::new(first));
            boot.has_begun = true;
        }
    }

    fn remember(&mut self, record: &Record<'_>, at: At) {
        let id = record.boot;
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
        match record.message_id {
            id::JOURNAL_STOPPED => boot.journal_stopped = boot.journal_stopped.max(Some(at.0)),
            id::JOURNAL_STARTED => boot.journal_started = boot.journal_started.max(Some(at.0)),
            _ if record.message == "Journal stopped" => {
                boot.journal_stopped = boot.journal_stopped.max(Some(at.0));
            }
            _ if record.message == "Journal started" => {
                boot.journal_started = boot.journal_started.max(Some(at.0));
            }
            _ => {}
        }
        let Some(unit) = record.writer else { return };
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
        let message = record.message;
        if record.is_kernel {
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
            && let Some(unit) = record.writer
        {
            let recent = self.no_space.get(unit).is_some_and(|last| at.since(*last).abs() < NO_SPACE_EVERY_MS);
            if !recent && self.no_space.len() < MAX_SPOKEN {
                self.no_space.insert(unit.to_owned(), at);
                sink.fact(Some(at), Fact::NoSpace { unit: unit.into() }, line);
            }
        }
    }

    /// What systemd says of a service.
    fn word_of_systemd(&mut self, record: &Record<'_>, at: UnixMs) -> Option<Fact> {
        if record.is_of_user {
            return None;
        }
        let message = record.message;
        let unit = service_in(record.about)
            .or_else(|| message.split([' ', ':']).find_map(|word| service_in(word.trim_end_matches('.'))))?;
        if let Some(named) = self.named.as_mut().filter(|named| named.len() < MAX_SPOKEN && !named.contains(unit)) {
            named.insert(unit.to_owned());
        }
        let word = word(record.message_id, message)?;
        let fact = match word {
            // A job that was skipped or whose dependency failed did not start anything.
            Word::Started if !matches!(record.job_result, "" | "done") => return None,
            Word::Started => Fact::UnitStarted { unit: unit.into() },
            Word::Stopped => Fact::UnitStopped { unit: unit.into() },
            Word::Failed => {
                let result = [record.unit_result, quoted(message), record.job_result, message];
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
            has_begun: false,
            has_ended: false,
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
        self.identifier == "systemd"
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
    let message = record.message;
    record.identifier == "systemd-shutdown"
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
pub(crate) fn service_in(text: &str) -> Option<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    (text.len() > ".service".len() && text.len() <= 255 && text.ends_with(".service") && text.chars().all(is_name))
        .then_some(text)
}

/// `exit-code` of `app.service: Failed with result 'exit-code'.`
fn quoted(message: &str) -> &str {
    message.split_once("result '").and_then(|(_, rest)| rest.split_once('\'')).map_or("", |(result, _)| result)
}

fn spoken_unit(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::UnitSpoke { unit } => Some(unit),
        _ => None,
    }
}
