//! What lies before us: which files there are, what each holds, which belong together, and in which zone they speak.
//! It reads beginnings only; lines are read by `scan.rs`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::{Offset, TimeZone};
use lastgood_intake::{Context, Format, NginxConf, ProxyError, Request, Scanner, Sink, recognise, rotation};
use lastgood_model::{ChangeKind, Fact, Gap, GapKind, Layers, Note, NoteKind, Span, UnixMs};
use lastgood_world::{Compression, Discovered, Input, LogFile, head};

use super::configuration::Configurations;
use super::same_content;
use super::stack::logs::CONTAINER;

/// Bytes that a file is recognised by, after unpacking.
const HEAD: usize = 64 * 1024;
/// So many of them are kept for telling files apart.
const BEGINNING: usize = 512;
/// So many files that nobody understands are named, if nothing better was found.
const MOST_STRANGERS: usize = 20;

/// A file whose lines will be read.
#[derive(Debug)]
pub(crate) struct LogSource {
    pub(crate) file: LogFile,
    pub(crate) format: Format,
    pub(crate) context: Context,
    /// Files with the same number are one rotated set.
    pub(crate) set: usize,
    /// The offset that its first request is written in, in seconds east of UTC.
    pub(crate) offset_s: Option<i32>,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Files to read.
    pub(crate) sources: Vec<LogSource>,
    /// Names of all files by id, also of those that are not read.
    pub(crate) names: Vec<Arc<str>>,
    /// How many files are alone in their sets is the rest: these sets have more than one.
    pub(crate) in_set: HashMap<usize, usize>,
    pub(crate) notes: Vec<Note>,
    pub(crate) gaps: Vec<Gap>,
    /// The zone of most of what is read, in seconds east of UTC.
    pub(crate) offset_s: i32,
    /// Configurations that were read, in that order.
    pub(crate) configuration: Vec<(PathBuf, Vec<u8>)>,
}

/// What the user says about the files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hints {
    /// The files and folders named.
    pub(crate) inputs: Vec<Input>,
    /// Zone of times without one.
    pub(crate) zone: Option<TimeZone>,
    /// A configuration to take formats from.
    pub(crate) nginx_conf: Option<PathBuf>,
    /// Configurations that are at hand already: those of containers, or of a case.
    pub(crate) configurations: Vec<(PathBuf, Vec<u8>)>,
    /// Zones that were concluded for files of a case, by what is shown for them.
    pub(crate) zones: HashMap<Arc<str>, TimeZone>,
    /// Formats and logs that the settings declare.
    pub(crate) declared: NginxConf,
    /// Whether the files are this host's own, now or when a case was captured: their times of modification mean something.
    pub(crate) live: bool,
    /// What the clock says; for lack of anything else.
    pub(crate) now: UnixMs,
}

/// Half a year: whatever lies this near to the middle of a year has one possible date in it.
const HALF_YEAR_MS: i64 = 182 * 24 * 3_600_000;

/// In which year times lie that do not say it.
struct Year {
    /// What the other logs say.
    beside: Option<UnixMs>,
    /// Whether a file's own time of modification counts.
    live: bool,
    /// The middle of the year that ends now.
    last_resort: UnixMs,
}

impl Year {
    fn of(heads: &[Head], hints: &Hints) -> Self {
        let beside = heads.iter().filter_map(|head| head.latest).max();
        Self { beside, live: hints.live, last_resort: hints.now.plus(-HALF_YEAR_MS) }
    }

    /// A moment near which the times of a file lie. One that names its years needs none, and any will do.
    fn about(&self, head: &Head) -> Option<UnixMs> {
        let own = head.file.modified.filter(|_| self.live);
        let unneeded = Some(self.last_resort).filter(|_| head.format.names_year());
        self.beside.or(own).or(unneeded)
    }
}

/// Looks at the beginnings of all files.
pub(crate) fn survey(found: Discovered, hints: &Hints) -> Survey {
    let mut survey = Survey {
        names: found.files.iter().map(|file| Arc::clone(&file.display)).collect(),
        gaps: found.gaps,
        ..Survey::default()
    };
    for again in found.again {
        let of = survey.names.get(again.of.0 as usize).cloned().unwrap_or_default();
        survey.notes.push(Note { kind: NoteKind::SameContent { file: again.display, of }, at: None, reference: None });
    }
    let mut configurations = Configurations::new(hints.declared.clone());
    if let Some(path) = &hints.nginx_conf {
        configurations.given(path, &mut survey.gaps);
    }
    configurations.taken(&hints.configurations);
    let (heads, strangers) = recognise_all(found.files, &mut configurations, &mut survey.gaps);
    survey.say_strangers(&strangers, &heads, hints);
    let heads = same_content::without_copies(heads, &mut survey.notes);
    survey.offset_s = main_offset(&heads).or_else(|| fixed_offset(hints.zone.as_ref()?)).unwrap_or(0);
    survey.choose_contexts(heads, hints, configurations.conclude());
    survey.configuration = configurations.into_texts();
    survey
}

/// A file and what its beginning says.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) file: LogFile,
    pub(crate) format: Format,
    /// Its first line, whole; what copies of the file begin with, too.
    pub(crate) first_line: Option<Vec<u8>>,
    /// Its first bytes, by which most files that differ are told apart without reading them.
    pub(crate) beginning: Box<[u8]>,
    /// Of an access log: the offset of its first request.
    pub(crate) offset_s: Option<i32>,
    /// The latest moment that its beginning names with its year.
    pub(crate) latest: Option<UnixMs>,
}

fn recognise_all(
    files: Vec<LogFile>,
    configurations: &mut Configurations,
    gaps: &mut Vec<Gap>,
) -> (Vec<Head>, Vec<LogFile>) {
    let nothing = NginxConf::default();
    let mut looks = Vec::with_capacity(files.len());
    for file in files {
        match look(&file, &nothing) {
            Ok(Some(format)) => {
                if format.is_configuration() {
                    configurations.found(&file);
                }
                looks.push((file, format));
            }
            Ok(None) => {}
            Err(gap) => gaps.push(gap),
        }
    }
    let conf = configurations.conclude();
    let (mut heads, mut strangers) = (Vec::new(), Vec::new());
    for (file, first_look) in looks {
        // A declared format may be richer than the built-in one that also fits, or be the only one that fits.
        let again = !conf.log_formats.is_empty() && first_look.may_be_declared();
        let format = if again { look(&file, conf).ok().flatten().unwrap_or(first_look) } else { first_look };
        match format {
            Format::Unknown => strangers.push(file),
            format if format.is_configuration() => {}
            format => heads.push(describe(file, format)),
        }
    }
    (heads, strangers)
}

/// What a file holds; `None` if it is empty.
fn look(file: &LogFile, conf: &NginxConf) -> Result<Option<Format>, Gap> {
    let gap = |why| Gap { what: Arc::clone(&file.display), why };
    let bytes = head(file, HEAD).map_err(|damage| gap(damage.gap_kind(0)))?;
    match Compression::of(&bytes).name() {
        // Of an archive, or of something packed twice, one layer is taken off here and no more.
        Some(inner) => Err(gap(GapKind::Packed(Arc::from(inner)))),
        None if bytes.is_empty() => Ok(None),
        None => Ok(Some(recognise(&bytes, file.name(), conf))),
    }
}

fn describe(file: LogFile, format: Format) -> Head {
    let bytes = head(&file, HEAD).unwrap_or_default();
    let first_line = bytes.iter().position(|&byte| byte == b'\n').and_then(|end| bytes.get(..=end)).map(<[u8]>::to_vec);
    let mut said = Said::default();
    if format.names_year() {
        let context = Context { zone: TimeZone::UTC, vhost: Arc::from(""), about: None, without: Layers::NONE };
        Scanner::new(&format, context).feed(&bytes, &mut said);
    }
    let offset_s = said.offset_s.filter(|_| format.names_zone());
    let beginning = bytes.get(..BEGINNING.min(bytes.len())).unwrap_or_default().into();
    Head { file, format, first_line, beginning, offset_s, latest: said.latest }
}

/// What the beginning of a file says of its times.
#[derive(Default)]
struct Said {
    offset_s: Option<i32>,
    latest: Option<UnixMs>,
}

impl Sink for Said {
    fn request(&mut self, request: &Request<'_>, _line: u64) {
        self.offset_s.get_or_insert(request.offset_s);
        self.latest = self.latest.max(Some(request.at));
    }

    fn error(&mut self, error: &ProxyError<'_>, _line: u64) {
        self.latest = self.latest.max(Some(error.at));
    }

    fn fact(&mut self, at: Option<UnixMs>, _fact: Fact, _line: u64) {
        self.latest = self.latest.max(at);
    }

    fn change(&mut self, span: Span, _kind: ChangeKind, _subject: &str, _line: u64) {
        self.latest = self.latest.max(Some(span.to()));
    }
}

impl Survey {
    /// Puts a head's file among those to read.
    fn choose_contexts(&mut self, heads: Vec<Head>, hints: &Hints, conf: &NginxConf) {
        let year = Year::of(&heads, hints);
        let mut sets: HashMap<(String, String), usize> = HashMap::new();
        let offsets: Vec<(Option<PathBuf>, i32)> =
            heads.iter().filter_map(|head| Some((head.file.folder().map(Path::to_owned), head.offset_s?))).collect();
        let mut assumed = Vec::new();
        for head in heads {
            // The names of containers are their own; they are not rotated.
            let container = head.file.path.is_none().then(|| head.file.display.strip_prefix(CONTAINER)).flatten();
            let stem = container.map_or_else(|| rotation::stem(&head.file.display), |_| head.file.display.to_string());
            // A file's name may hold any byte; a text of a log line never holds a newline, and some rely on that.
            // What came through a pipe has no name, only a descriptor's number.
            let unnamed = container.unwrap_or("-");
            let named = head.file.path.as_ref().map_or(unnamed, |_| rotation::vhost_of(&stem));
            // A name that says nothing: the configuration may say whose log it is.
            let named = conf.server_of(&stem).filter(|_| stem.ends_with(named)).unwrap_or(named);
            let vhost = Arc::from(named.replace('\n', " "));
            let next = sets.len();
            let set = *sets.entry((stem, head.format.name().to_owned())).or_insert(next);
            *self.in_set.entry(set).or_default() += 1;
            let neighbour = offsets.iter().find(|(folder, _)| folder.as_deref() == head.file.folder());
            // A log without zones was written by the same machine as the one beside it, which has them.
            let said = hints.zone.as_ref().or_else(|| hints.zones.get(&head.file.display));
            let known = said.cloned().or_else(|| {
                let (_, offset_s) = neighbour.or_else(|| only(&offsets))?;
                Offset::from_seconds(*offset_s).ok().map(TimeZone::fixed)
            });
            if !head.format.has_times() {
                self.gaps.push(Gap { what: Arc::clone(&head.file.display), why: GapKind::NoTimes });
            } else if known.is_none() && !head.format.names_zone() {
                assumed.push(Arc::clone(&head.file.display));
            }
            let about = year.about(&head);
            if about.is_none() {
                self.gaps.push(Gap { what: Arc::clone(&head.file.display), why: GapKind::YearAssumed });
            }
            let about = about.or(Some(year.last_resort));
            let context = Context { zone: known.unwrap_or(TimeZone::UTC), vhost, about, without: Layers::NONE };
            self.sources.push(LogSource {
                file: head.file,
                format: head.format,
                context,
                set,
                offset_s: head.offset_s,
            });
        }
        self.gaps.extend(assumed.into_iter().map(|what| Gap { what, why: GapKind::ZoneAssumed(Arc::from("UTC")) }));
    }

    /// Names what nobody understands, unless it is plainly no log and there is enough else to read.
    fn say_strangers(&mut self, strangers: &[LogFile], heads: &[Head], hints: &Hints) {
        let any_access = heads.iter().any(|head| head.format.holds_requests());
        let asked_for = |file: &LogFile| {
            hints.inputs.iter().any(|input| match input {
                Input::Stdin => file.path.is_none(),
                Input::Path(path) => path.to_string_lossy() == *file.display,
            })
        };
        let named = strangers.iter().filter(|file| asked_for(file) || sounds_like_a_log(file.name()));
        let others = strangers.iter().filter(|file| !asked_for(file) && !sounds_like_a_log(file.name()));
        let others = others.take(if any_access { 0 } else { MOST_STRANGERS });
        let unknown = named.chain(others).map(|file| Arc::clone(&file.display));
        self.gaps.extend(unknown.map(|what| Gap { what, why: GapKind::UnknownFormat }));
    }
}

/// `x.log`, `access_log`, `error.1`, `syslog`, `messages-20221116`; not `catalogue.json`, `CHANGELOG.md`.
fn sounds_like_a_log(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let stem = rotation::stem(&name);
    stem.ends_with("log") && !stem.ends_with("changelog")
        || ["access", "error", "messages", "journal"].contains(&stem.as_str())
}

/// The offset of most access logs, by their number.
fn main_offset(heads: &[Head]) -> Option<i32> {
    let mut times: Vec<(i32, usize)> = Vec::new();
    for offset in heads.iter().filter_map(|head| head.offset_s) {
        match times.iter_mut().find(|(known, _)| *known == offset) {
            Some((_, count)) => *count += 1,
            None => times.push((offset, 1)),
        }
    }
    // The first one met wins a tie.
    times.iter().rev().max_by_key(|(_, count)| *count).map(|(offset, _)| *offset)
}

fn fixed_offset(zone: &TimeZone) -> Option<i32> {
    zone.to_fixed_offset().ok().map(Offset::seconds)
}

/// The first, if all of them say the same.
fn only(offsets: &[(Option<PathBuf>, i32)]) -> Option<&(Option<PathBuf>, i32)> {
    offsets.first().filter(|(_, first)| offsets.iter().all(|(_, offset)| offset == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_logs_are_told_from_others() {
        for name in ["a.log", "a.log.3.zst", "access_log", "error.1", "syslog", "messages-20221116", "kern.log.xz"] {
            assert!(sounds_like_a_log(name), "{name}");
        }
        for name in ["README.md", "CHANGELOG.md", "CHANGELOG", "catalogue.json", "blog.html", "logo.png", "nginx.conf"]
        {
            assert!(!sounds_like_a_log(name), "{name}");
        }
    }
}
