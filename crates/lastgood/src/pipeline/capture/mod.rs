//! Writes a case: what `why` would read, with stand-ins for what is private, so that it can be sent and looked at
//! again. Every line stays where it is; the verdict is not looked at. The shape of the folder is `case`'s.

mod stack;

use std::collections::{HashMap, HashSet};
use std::io::{ErrorKind, Write};
use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use lastgood_intake::{Format, Interner, NginxConf, recognise};
use lastgood_model::{Gap, GapKind, NoteKind, Span, UnixMs};
use lastgood_world::{Blocks, NewFolder, file_facts, now};

use super::scan::{self, Scanned};
use super::survey::{LogSource, Survey};
use super::witness::Witness;
use super::{Collected, Subject, collect};
use crate::case::gaps::{Gaps, Written};
use crate::case::{Asked, CASE_TOML, CONFIGURATION, Case, CaseFile, GAPS_JSON, VERSION, zone_name};
use crate::complaint::Complaint;
use crate::investigation::{InvestigateArgs, Progress};
use crate::pipeline::stack::Looked;
use crate::pipeline::stack::logs::CONTAINER;
use crate::privacy;
use crate::privacy::addresses::address;
use crate::privacy::stand_ins::{Masked, StandIns};
use crate::render::compose_call::compose_call;
use crate::render::mask::upstreams;

/// Directives of nginx in which an address is this site's own and no client's.
const OWN_ADDRESSES: &[&str] =
    &["server", "listen", "resolver", "proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass"];

/// What is asked.
#[derive(Clone, Debug)]
pub struct CaptureArgs {
    /// What is to be captured.
    pub subject: InvestigateArgs,
    /// The question as it was typed, to be asked again.
    pub asked: Asked,
    /// The folder to write.
    pub output: PathBuf,
    /// Whether addresses stay as they are.
    pub with_addresses: bool,
    /// More than this is not captured, in bytes after unpacking.
    pub max_bytes: u64,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Captured {
    /// Files with contents, configurations included.
    pub files: u64,
    /// Lines.
    pub lines: u64,
    /// Of these, lines outside of the time asked about, which are blank now.
    pub blanked: u64,
    /// Bytes of the folder.
    pub size: u64,
    /// What gave way.
    pub masked: Masked,
    /// Whether this host was looked at as it is now.
    pub live: bool,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Folders that are absent because nothing of their kind was looked at.
    pub not_collected: Vec<&'static str>,
}

/// Writes the case.
///
/// # Errors
/// [`super::NoLogs`], or a [`Complaint`] if the folder cannot be written or there is too much for it.
pub fn capture(args: &CaptureArgs, progress: &dyn Progress) -> anyhow::Result<Captured> {
    let folder = NewFolder::begin(&args.output).map_err(|error| failed(&args.output, &error))?;
    let Collected { survey, live, host, clock, looked, service } = collect(&Subject::from(&args.subject))?;
    let interner = Interner::default();
    let (_, scanned) = scan::scan(&survey.sources, |_| false, || Witness::new(&interner), progress);
    let wanted = wanted(args, &survey, &scanned, clock)?;

    let mut known = privacy::stack::known(&looked.stack);
    let mut kept = stack::own_addresses(&looked.stack);
    kept.extend(upstreams(&interner.catalogue(survey.names.clone())));
    for (_, text) in &survey.configuration {
        known.learn_configuration(text);
        kept.extend(own_addresses(text));
    }
    let mut writing = Writing {
        folder,
        stand_ins: StandIns::new(kept, known, args.with_addresses),
        places: Places::default(),
        captured: Captured {
            files: 0,
            lines: 0,
            blanked: 0,
            size: 0,
            masked: Masked::default(),
            live,
            gaps: Vec::new(),
            not_collected: not_collected(&looked),
        },
    };
    let mut files = Vec::new();
    let mut gaps: Vec<Gap> =
        survey.gaps.iter().filter(|gap| !matches!(gap.why, GapKind::ZoneAssumed(_))).cloned().collect();
    for (source, scanned) in survey.sources.iter().zip(&scanned) {
        let pieces = wanted.as_ref().filter(|_| is_web_log(source)).map(|span| scanned.index.meeting(&[*span]));
        let file = writing.log(source, pieces.as_deref(), &survey, &mut gaps);
        files.push(file.map_err(|error| failed(&args.output, &error))?);
    }
    writing.say_copies(&survey, &mut files);
    files.extend(writing.configuration(&survey).map_err(|error| failed(&args.output, &error))?);
    let call = compose_call(&args.subject.stack, looked.stack.desired.as_ref());
    files.extend(writing.stack(&looked, &call).map_err(|error| failed(&args.output, &error))?);

    let at = clock.unwrap_or_else(now);
    let asked =
        Asked { change: args.asked.change.iter().map(|said| writing.text(said)).collect(), ..args.asked.clone() };
    let asked = Asked { service: service.as_deref().map(str::to_owned), ..asked };
    let case = Case {
        version: VERSION,
        tool: concat!("lastgood ", env!("CARGO_PKG_VERSION")).to_owned(),
        captured_at: moment(at).unwrap_or_default(),
        live,
        host: host.as_deref().map(str::to_owned),
        with_addresses: args.with_addresses,
        question: asked,
        files,
    };
    let missed = Gaps {
        gaps: gaps.iter().map(Written::from).collect(),
        not_collected: writing.captured.not_collected.iter().map(|part| (*part).to_owned()).collect(),
    };
    writing
        .folder
        .write(Path::new(CASE_TOML), toml::to_string(&case)?.as_bytes())
        .and_then(|()| writing.folder.write(Path::new(GAPS_JSON), &serde_json::to_vec_pretty(&missed)?))
        .map_err(|error| failed(&args.output, &error))?;
    let masked = writing.stand_ins.masked();
    let size = writing.folder.finish().map_err(|error| failed(&args.output, &error))?;
    Ok(Captured { size, masked, gaps, ..writing.captured })
}

fn not_collected(looked: &Looked) -> Vec<&'static str> {
    let docker = looked.stack.snapshot.is_none().then_some("docker");
    let project = looked.stack.desired.is_none().then_some("project");
    let probes = looked.stack.probes.is_empty().then_some("probes");
    docker.into_iter().chain(probes).chain(project).collect()
}

/// Why a folder is not written.
pub fn failed(folder: &Path, error: &std::io::Error) -> Complaint {
    let path = folder.display().to_string();
    match error.kind() {
        ErrorKind::AlreadyExists => Complaint::Exists { path },
        _ => Complaint::Write { path, why: error.to_string() },
    }
}

fn is_web_log(source: &LogSource) -> bool {
    source.format.holds_requests() || source.format.holds_proxy_errors()
}

/// The stretch of time that is kept of the logs, if not all of it fits.
fn wanted<M>(
    args: &CaptureArgs,
    survey: &Survey,
    scanned: &[Scanned<M>],
    clock: Option<UnixMs>,
) -> Result<Option<Span>, Complaint> {
    let all: u64 = scanned.iter().map(|scanned| scanned.bytes).sum();
    if all <= args.max_bytes {
        return Ok(None);
    }
    let (since, until) = (args.subject.since, args.subject.until);
    let last_line = scanned.iter().filter_map(|scanned| Some(scanned.span()?.to())).max();
    let now = clock.or(last_line).unwrap_or_default();
    let bound = |moment: crate::said::Moment| moment.bound(now, survey.offset_s);
    let span = Span::new(since.map_or(UnixMs::MIN, bound), until.map_or(UnixMs::MAX, bound));
    let bytes = |(source, scanned): (&LogSource, &Scanned<M>)| {
        if !is_web_log(source) {
            return scanned.bytes;
        }
        scanned.index.meeting(&[span]).iter().map(|(entry, end)| end.min(&scanned.bytes) - entry.offset).sum()
    };
    let left: u64 = survey.sources.iter().zip(scanned).map(bytes).sum();
    if (since.is_none() && until.is_none()) || left > args.max_bytes {
        return Err(Complaint::TooMuch { bytes: left.min(all), most: args.max_bytes });
    }
    Ok(Some(span))
}

/// Addresses that a configuration gives to the site itself.
fn own_addresses(text: &[u8]) -> HashSet<IpAddr> {
    let mut found = HashSet::new();
    for directive in text.split(|byte| b";{}\n".contains(byte)) {
        let directive = directive.trim_ascii();
        let word = directive.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if OWN_ADDRESSES.iter().any(|own| own.as_bytes() == word) {
            found.extend((0..directive.len()).filter_map(|at| address(directive, at)).map(|(address, _)| address));
        }
    }
    found
}

fn moment(at: UnixMs) -> Option<String> {
    Timestamp::from_millisecond(at.0).ok().map(|at| at.to_string())
}

/// A case being written.
struct Writing {
    folder: NewFolder,
    stand_ins: StandIns,
    places: Places,
    captured: Captured,
}

impl Writing {
    /// Writes a log; of one that is not kept whole only the lines of `pieces`.
    fn log(
        &mut self,
        source: &LogSource,
        pieces: Option<&[(super::block_index::Entry, u64)]>,
        survey: &Survey,
        gaps: &mut Vec<Gap>,
    ) -> std::io::Result<CaseFile> {
        let path = self.places.of(source);
        let mut to = self.folder.packed(Path::new(&path))?;
        let mut lines = 0;
        let (mut out, mut in_certificate) = (Vec::new(), false);
        match Blocks::open(&source.file) {
            // Addresses in binary records would not be found: nothing of them is kept.
            Ok(_) if !source.format.is_text() => {
                gaps.push(Gap { what: Arc::clone(&source.file.display), why: GapKind::NotGiven });
            }
            Ok(mut blocks) => {
                loop {
                    let offset = blocks.offset();
                    let Some(block) = blocks.next_block() else { break };
                    let is_kept = pieces
                        .is_none_or(|pieces| pieces.iter().any(|(entry, end)| (entry.offset..*end).contains(&offset)));
                    out.clear();
                    for line in block.split_inclusive(|byte| *byte == b'\n') {
                        lines += 1;
                        let text = line.strip_suffix(b"\n").unwrap_or(line);
                        if source.format == Format::Certificate {
                            keep_certificate(text, &mut in_certificate, &mut out);
                        } else if is_kept {
                            self.stand_ins.line(text, &mut out);
                        } else {
                            self.captured.blanked += 1;
                        }
                        out.extend_from_slice(line.get(text.len()..).unwrap_or_default());
                    }
                    to.write_all(&out)?;
                }
                if let Some(damage) = blocks.damage() {
                    gaps.push(Gap { what: Arc::clone(&source.file.display), why: damage.gap_kind(lines) });
                }
            }
            Err(damage) => gaps.push(Gap { what: Arc::clone(&source.file.display), why: damage.gap_kind(0) }),
        }
        self.captured.files += 1;
        self.captured.lines += lines;
        let assumed = |gap: &Gap| matches!(gap.why, GapKind::ZoneAssumed(_)) && gap.what == source.file.display;
        let zone = if survey.gaps.iter().any(assumed) { None } else { zone_name(&source.context.zone) };
        Ok(CaseFile {
            path,
            format: source.format.name().to_owned(),
            zone,
            sha256: Some(to.finish()?),
            ..described(source.file.path.as_deref(), &source.file.display)
        })
    }

    /// Names the files that were left out because others say the same.
    fn say_copies(&mut self, survey: &Survey, files: &mut Vec<CaseFile>) {
        let places: HashMap<&str, String> = survey
            .sources
            .iter()
            .zip(files.iter())
            .map(|(source, file)| (&*source.file.display, file.path.clone()))
            .collect();
        for note in &survey.notes {
            if let NoteKind::SameContent { file, of } = &note.kind {
                let path = self.places.named("logs", file);
                let same_as = places.get(&**of).cloned().unwrap_or_else(|| of.to_string());
                files.push(CaseFile {
                    path,
                    original: file.to_string(),
                    same_as: Some(same_as),
                    ..CaseFile::default()
                });
            }
        }
    }

    /// Writes the configurations of the servers.
    fn configuration(&mut self, survey: &Survey) -> std::io::Result<Vec<CaseFile>> {
        let root = survey.configuration.first().and_then(|(path, _)| path.parent());
        let root = root.filter(|root| root.is_absolute()).unwrap_or(Path::new("/"));
        let mut files = Vec::new();
        for (path, text) in &survey.configuration {
            // Of a container, whose name stands before a colon that not every file system takes.
            let in_container = path.to_string_lossy().replacen(":/", "/", 1);
            let below = path.strip_prefix(root).unwrap_or(Path::new(&in_container));
            let server = match recognise(text, "", &NginxConf::default()) {
                Format::ApacheConf => "apache",
                _ => "nginx",
            };
            let place = self.places.plain(&format!("project/{server}"), &below.to_string_lossy());
            let mut out = Vec::with_capacity(text.len());
            for line in text.split_inclusive(|byte| *byte == b'\n') {
                self.stand_ins.line(line, &mut out);
            }
            self.folder.write(Path::new(&place), &out)?;
            self.captured.files += 1;
            files.push(CaseFile {
                path: place,
                format: format!("{server}{CONFIGURATION}"),
                ..described(Some(path), &path.to_string_lossy())
            });
        }
        Ok(files)
    }

    /// A text that a person typed.
    fn text(&mut self, said: &str) -> String {
        let mut out = Vec::new();
        self.stand_ins.line(said.as_bytes(), &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// What the file system says of a file, if it is one.
fn described(path: Option<&Path>, shown: &str) -> CaseFile {
    let facts = path.and_then(file_facts);
    let time = |(seconds, nanoseconds): (i64, i64)| {
        Some(Timestamp::new(seconds, i32::try_from(nanoseconds).ok()?).ok()?.to_string())
    };
    CaseFile {
        original: path.map_or_else(|| shown.to_owned(), |path| path.to_string_lossy().into_owned()),
        modified: facts.and_then(|facts| time(facts.modified)),
        changed: facts.and_then(|facts| time(facts.changed)),
        mode: facts.map(|facts| format!("{:04o}", facts.mode)),
        ..CaseFile::default()
    }
}

/// Where the files of a case lie: under the names that are shown for them, so that they form the same sets.
#[derive(Default)]
struct Places {
    taken: HashSet<String>,
}

impl Places {
    fn of(&mut self, source: &LogSource) -> String {
        let folder = if is_web_log(source) { "logs" } else { "host" };
        // What came through a pipe has no name; what a tool of the host said has one.
        if let Some(container) = source.file.display.strip_prefix(CONTAINER).filter(|_| source.file.path.is_none()) {
            return self.named(folder, &format!("docker/{container}.log"));
        }
        let is_pipe = source.file.path.is_none() && source.set != usize::MAX;
        self.named(folder, if is_pipe { "-" } else { &source.file.display })
    }

    fn named(&mut self, folder: &str, shown: &str) -> String {
        let packed = if shown.ends_with(".gz") { shown.to_owned() } else { format!("{shown}.gz") };
        self.plain(folder, &packed)
    }

    fn plain(&mut self, folder: &str, shown: &str) -> String {
        let names = Path::new(shown).components().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        });
        let below = names.collect::<Vec<_>>().join("/");
        let mut place = format!("{folder}/{below}");
        let mut number = 2;
        while !self.taken.insert(place.clone()) {
            place = format!("{folder}/{number}/{below}");
            number += 1;
        }
        place
    }
}

/// A certificate is public and kept as it is; what else stands in its file may be a key, and only its line is kept.
fn keep_certificate(line: &[u8], inside: &mut bool, out: &mut Vec<u8>) {
    let text = line.trim_ascii();
    *inside |= text == b"-----BEGIN CERTIFICATE-----";
    if *inside {
        out.extend_from_slice(line);
    }
    *inside &= text != b"-----END CERTIFICATE-----";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_apart_and_below() {
        let mut places = Places::default();
        let mut place = |shown: &str| places.named("logs", shown);
        assert_eq!(place("/var/log/nginx/a.log"), "logs/var/log/nginx/a.log.gz");
        assert_eq!(place("../a.log.2.gz"), "logs/a.log.2.gz");
        assert_eq!(place("-"), "logs/-.gz");
        assert_eq!(place("-"), "logs/2/-.gz");
    }

    #[test]
    fn a_site_keeps_its_own_addresses() {
        let conf = b"upstream a { server 10.0.0.5:80; }\nlisten 10.0.0.1:443;\nallow 203.0.113.7;\n";
        let own: HashSet<IpAddr> = ["10.0.0.5", "10.0.0.1"].iter().map(|own| own.parse().unwrap()).collect();
        assert_eq!(own_addresses(conf), own);
    }
}
