//! What is read of this very host, and whether at all: only where the logs in question are written to
//! by this host now. Nothing here changes anything.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use lastgood_intake::{Context, Format, KernelText, NginxConf, recognise, rotation};
use lastgood_model::{Gap, GapKind, Layers, SourceId, UnixMs};
use lastgood_world::{Discovered, Input, Said, Written, discover, head, listen, written_now};

use super::survey::{LogSource, Survey};

const JOURNAL: &str = "journal";
const KERNEL: &str = "kernel-log";
const UNIT_FILES: &str = "unit-files";
/// No longer than this before the logs begin is the journal read, and no longer than this in all.
const BEFORE_LOGS_MS: i64 = 24 * 3_600_000;
const LONGEST_JOURNAL_MS: i64 = 14 * 24 * 3_600_000;
const DEADLINE: Duration = Duration::from_secs(20);
/// What is told of a journal entry beside the fields that are always told.
const FIELDS: &str = "--output-fields=MESSAGE,MESSAGE_ID,PRIORITY,SYSLOG_IDENTIFIER,UNIT,USER_UNIT,_SYSTEMD_UNIT,\
                      _SYSTEMD_CGROUP,_TRANSPORT,_PID,_COMM,_BOOT_ID,JOB_TYPE,JOB_RESULT,UNIT_RESULT,EXIT_CODE,\
                      EXIT_STATUS,CODE_FUNC,_SOURCE_REALTIME_TIMESTAMP";
const HEAD: usize = 16 * 1024;

/// The host's own logs, where the user names none: what its services write to, with what was rotated away from it.
pub(crate) fn inputs_of_this_host() -> Vec<Input> {
    let mut inputs = Vec::new();
    for written in written_now() {
        let Some(folder) = written.path.parent() else { continue };
        let found = discover(&[Input::Path(written.path.clone())]);
        if !found.files.iter().any(is_web_log) {
            continue;
        }
        let stem = rotation::stem(&written.path.to_string_lossy());
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        let siblings = entries.filter_map(Result::ok).map(|entry| entry.path());
        let mut siblings: Vec<PathBuf> =
            siblings.filter(|path| path.is_file() && rotation::stem(&path.to_string_lossy()) == stem).collect();
        siblings.sort();
        inputs.extend(siblings.into_iter().map(Input::Path));
    }
    inputs
}

fn is_web_log(file: &lastgood_world::LogFile) -> bool {
    let bytes = head(file, HEAD).unwrap_or_default();
    let format = recognise(&bytes, file.name(), &NginxConf::default());
    format.holds_requests() || format.holds_proxy_errors()
}

/// Whether every path given is a log that this host writes to now, or a folder that holds one.
pub(crate) fn is_live(inputs: &[Input], found: &Discovered) -> bool {
    // Looking at every process is not for free, and a pipe decides.
    if inputs.is_empty() || inputs.contains(&Input::Stdin) {
        return false;
    }
    let written = written_now();
    let is_written = |file: &&lastgood_world::LogFile| written.iter().any(|written: &Written| written.is(file));
    let mut live = found.files.iter().filter(is_written).filter_map(|file| file.path.as_deref()).peekable();
    if live.peek().is_none() {
        return false;
    }
    let live: Vec<&Path> = live.collect();
    let stem = |path: &Path| rotation::stem(&path.to_string_lossy());
    inputs.iter().all(|input| match input {
        Input::Stdin => false,
        // What was rotated away from a live log is that host's, too.
        Input::Path(path) => live.iter().any(|live| live.starts_with(path) || stem(live) == stem(path)),
    })
}

/// Adds what the host's own tools say: its journal since the logs begin, and which units start at boot. What the
/// files at hand already say is not asked again.
pub(crate) fn add_host(survey: &mut Survey, begin: Option<UnixMs>, now: UnixMs) {
    let begin = begin.unwrap_or(now).plus(-BEFORE_LOGS_MS).max(now.plus(-LONGEST_JOURNAL_MS));
    let since = format!("--since=@{}", begin.0.div_euclid(1000));
    let journal = ["journalctl", "--output=json", "--no-pager", FIELDS, &since];
    survey.ask(&journal, JOURNAL, Format::Journal);
    let read = |format: &Format| survey.sources.iter().any(|source| source.format == *format);
    let is_whole = !survey.gaps.iter().any(|gap| &*gap.what == JOURNAL);
    // A journal that is read whole holds what the kernel says, too.
    if !(read(&Format::Journal) && is_whole) {
        let dmesg = ["dmesg", "--kernel", "--time-format", "iso", "--nopager"];
        survey.ask(&dmesg, KERNEL, Format::Kernel(KernelText { names_zone: true }));
    }
    survey.ask(&["systemctl", "list-unit-files", "--no-pager"], UNIT_FILES, Format::UnitFiles);
}

impl Survey {
    fn ask(&mut self, command: &[&str], display: &str, format: Format) {
        if self.sources.iter().any(|source| source.format == format) {
            return;
        }
        let what: Arc<str> = Arc::from(display);
        let id = SourceId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let Said { file, complaint, damage } = match listen(command, display, id, DEADLINE) {
            Ok(said) => said,
            Err(damage) => return self.gaps.push(Gap { what, why: damage.gap_kind(0) }),
        };
        if let Some(damage) = damage {
            self.gaps.push(Gap { what: Arc::clone(&what), why: damage.gap_kind(0) });
        } else if complaint.contains("not seeing messages") {
            // It then tells this user's own entries, and that is all that was read.
            self.gaps.push(Gap { what: Arc::clone(&what), why: GapKind::NoPermission });
        }
        if file.size == 0 {
            return;
        }
        let context = Context { zone: TimeZone::UTC, vhost: Arc::clone(&what), about: None, without: Layers::NONE };
        self.names.push(what);
        let set = usize::MAX;
        self.sources.push(LogSource { file, format, context, set, offset_s: None });
    }
}
