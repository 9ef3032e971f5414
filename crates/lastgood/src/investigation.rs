//! What `why` and `report` ask the pipeline, and what they get back to render. Plain data between two rooms:
//! neither how logs are read nor how an answer looks.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use lastgood_intake::NginxConf;
use lastgood_model::{Catalogue, Layers, LineRef, Read, Ref, Traffic, UnixMs, Verdict};

use crate::case::Opened;
use crate::pipeline::stack::StackSubject;
use crate::said::Moment;

/// The question, as typed and understood, before anything was read.
#[derive(Clone, Debug, Default)]
pub struct InvestigateArgs {
    /// Files, folders, pipes, or `-` for standard input. Empty: this host as it is now.
    pub paths: Vec<PathBuf>,
    /// When somebody noticed.
    pub noticed_at: Option<Moment>,
    /// When somebody told us.
    pub reported_at: Option<Moment>,
    /// What a person says was changed, and when.
    pub changes: Vec<(Moment, Arc<str>)>,
    /// Nothing before this counts.
    pub since: Option<Moment>,
    /// Nothing after this counts.
    pub until: Option<Moment>,
    /// Zone of inputs that name none.
    pub zone: Option<TimeZone>,
    /// Zone of the answer, if it shall not be that of the failing slice's log.
    pub show_zone: Option<TimeZone>,
    /// Failures that end sooner than this are a blip, in milliseconds.
    pub min_duration_ms: i64,
    /// An nginx configuration to take log formats from.
    pub nginx_conf: Option<PathBuf>,
    /// The case that is replayed, if it is one.
    pub case: Option<Opened>,
    /// Formats and logs that the settings declare.
    pub declared: NginxConf,
    /// Which stack, where this host is looked at as it is now.
    pub stack: StackSubject,
    /// What only these layers know is left out.
    pub without: Layers,
}

/// What the pipeline brings back.
#[derive(Clone, Debug)]
pub struct Investigation {
    /// The answer.
    pub verdict: Verdict,
    /// How much was read.
    pub read: Read,
    /// What ids point at.
    pub catalogue: Catalogue,
    /// The lines that the verdict refers to, as they stand in the files, without their line ends.
    pub quotes: HashMap<LineRef, Vec<u8>>,
    /// The files that were read.
    pub files: Vec<FileRead>,
    /// Zone of the answer, in seconds east of UTC.
    pub offset_s: i32,
    /// Whether this host was looked at as it is now.
    pub live: bool,
    /// The host, where it is known (live).
    pub host: Option<Arc<str>>,
    /// "Now" as the verdict means it: the last line read, the clock when live.
    pub now: Option<UnixMs>,
    /// All requests over time.
    pub traffic: Traffic,
    /// The Compose project, if one was looked at.
    pub project: Option<ProjectSeen>,
    /// The service that was asked about, if one was.
    pub service: Option<Arc<str>>,
    /// How the user calls Compose for it: `docker compose -f docker-compose.prod.yml`.
    pub compose: String,
    /// What stands at references that are no lines of a log, fit to be shown.
    pub excerpts: HashMap<Ref, String>,
    /// How many short-lived containers were started to ask dependencies, and removed again.
    pub probed: usize,
}

/// A Compose project that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectSeen {
    /// Its name.
    pub name: Arc<str>,
    /// Its compose files, as the user names them.
    pub files: Vec<Arc<str>>,
    /// How many of its containers run.
    pub running: u64,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    /// As shown in references.
    pub display: Arc<str>,
    /// What it was understood as (`combined`, `nginx error.log`, `journal`).
    pub format: Arc<str>,
    /// Lines.
    pub lines: u64,
}

/// Somebody who is told how far the reading has come.
pub trait Progress: Sync {
    /// So many bytes lie ahead, as they lie on the disk. May be called again when more is to be read.
    fn ahead(&self, bytes: u64);
    /// So many of them have been read.
    fn read(&self, bytes: u64);
}
