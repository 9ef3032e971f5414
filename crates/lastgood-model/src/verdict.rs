//! The verdict: what `why` answers. Its wire form is `lastgood.verdict/1`, written by the binary.

use std::sync::Arc;

use crate::rollout::UnderWay;
use crate::{Incident, Ref, UnixMs};

/// Whether something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// At least one incident.
    Incident,
    /// Requests were read and nothing is wrong.
    Healthy,
    /// Could not tell whether anything is wrong.
    Undetermined,
}

impl Status {
    /// Stable name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Healthy => "healthy",
            Self::Undetermined => "undetermined",
        }
    }
}

/// What `why` answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whether something is wrong.
    pub status: Status,
    /// Incidents in order of onset.
    pub incidents: Vec<Incident>,
    /// Seen, and no incident.
    pub notes: Vec<Note>,
    /// What could not be looked at.
    pub gaps: Vec<Gap>,
}

/// Seen, and no incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What.
    pub kind: NoteKind,
    /// When it began, where it has a time.
    pub at: Option<UnixMs>,
    /// Where a human can see it.
    pub reference: Option<Ref>,
}

/// Sorts of notes, with their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// Failures that ended within the minimum duration.
    Blip {
        /// Failures.
        failed: u64,
        /// First to last, in seconds.
        seconds: u64,
        /// Virtual host.
        vhost: Arc<str>,
    },
    /// An incident of a live host that was over before it was asked about.
    Recovered {
        /// Failures.
        failed: u64,
        /// First failure to recovery, in seconds.
        seconds: u64,
        /// Virtual host.
        vhost: Arc<str>,
    },
    /// Scattered failures, in which no bad stretch stands out.
    SteadyFailures {
        /// Failures.
        failed: u64,
        /// Requests.
        requests: u64,
        /// Virtual host.
        vhost: Arc<str>,
    },
    /// Failures that one client alone met while others were served.
    OneClient {
        /// Failures.
        failed: u64,
        /// Virtual host.
        vhost: Arc<str>,
    },
    /// Many 4xx answers to few clients: a scan or a broken client.
    ClientErrors {
        /// 4xx answers in the stretch.
        count: u64,
        /// Share of the busiest client, in percent.
        busiest_percent: u8,
        /// Virtual host.
        vhost: Arc<str>,
    },
    /// A limit that the site set itself (413, 429, 431) turned a few clients away: what it is for.
    Limited {
        /// Refused requests.
        refused: u64,
        /// Clients that met them.
        clients: u64,
        /// Virtual host.
        vhost: Arc<str>,
    },
    /// No request came although many were to be expected, and nothing at hand says why.
    Silence {
        /// How many, by the rate of these hours of the day.
        expected: u64,
        /// For how long, in seconds.
        seconds: u64,
    },
    /// Upstream errors in the error log without failed requests: the proxy tried another one.
    Retried {
        /// Error lines.
        count: u64,
        /// Upstream, if one is named.
        upstream: Option<Arc<str>>,
    },
    /// A file that says the same as another one, or begins it, and was read once.
    SameContent {
        /// The file that was not counted.
        file: Arc<str>,
        /// The one that was.
        of: Arc<str>,
    },
    /// Lines that stand in two files of one set, counted once.
    DuplicateLines {
        /// How many.
        count: u64,
        /// Where.
        file: Arc<str>,
    },
    /// More files than are named say the same as another one, or share lines with it.
    MoreFiles {
        /// How many.
        files: u64,
    },
    /// A vhost has more path templates than are told apart.
    ManyPaths {
        /// Requests counted under `{other}`.
        other: u64,
        /// Virtual host.
        vhost: Arc<str>,
    },
    /// A container was told other values than the files hold now, and nothing is known to fail of it.
    StaleVariables {
        /// The service.
        service: Arc<str>,
        /// The variables.
        keys: Vec<Arc<str>>,
    },
    /// A container runs whose image is labelled for another machine than this.
    OtherArchitecture {
        /// Its service.
        service: Arc<str>,
        /// What the label says.
        label: Arc<str>,
        /// What the machine is.
        host: Arc<str>,
    },
    /// Incidents that do not concern the service that was asked about.
    Elsewhere {
        /// How many.
        incidents: u64,
        /// Components that they concern.
        components: Vec<Arc<str>>,
    },
    /// A rollout goes on: what it does to its own services is no fault of theirs.
    RolloutUnderWay(UnderWay),
    /// A process was killed for lack of memory and nothing links it to the failures.
    UnrelatedOom {
        /// Process name.
        process: Arc<str>,
    },
}

impl NoteKind {
    /// Stable kebab-case name, as in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Blip { .. } => "blip",
            Self::Recovered { .. } => "recovered",
            Self::SteadyFailures { .. } => "steady-failures",
            Self::OneClient { .. } => "one-client",
            Self::ClientErrors { .. } => "client-errors",
            Self::Limited { .. } => "limited",
            Self::Silence { .. } => "silence",
            Self::Retried { .. } => "retried",
            Self::SameContent { .. } => "same-content",
            Self::DuplicateLines { .. } => "duplicate-lines",
            Self::MoreFiles { .. } => "more-files",
            Self::ManyPaths { .. } => "many-paths",
            Self::StaleVariables { .. } => "stale-variables",
            Self::OtherArchitecture { .. } => "other-architecture",
            Self::Elsewhere { .. } => "elsewhere",
            Self::RolloutUnderWay(_) => "rollout-under-way",
            Self::UnrelatedOom { .. } => "unrelated-oom",
        }
    }
}

/// What could not be looked at, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// What: a path, or a kind of source such as `journal`.
    pub what: Arc<str>,
    /// Why.
    pub why: GapKind,
}

/// Why something could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapKind {
    /// It is not there.
    NotFound,
    /// No permission; the way out is to run as somebody who may.
    NoPermission,
    /// A pipe met in a folder, a socket or a device: not opened.
    NotAFile,
    /// Reading failed with this message of the operating system.
    Io(Arc<str>),
    /// A compressed file ends too early or is damaged; what came before was used.
    Truncated {
        /// Lines that could be read before the damage.
        lines: u64,
    },
    /// Packed by something that is not unpacked here, or packed twice; the way out is to unpack it first.
    Packed(Arc<str>),
    /// Nothing in it is of a format that we know.
    UnknownFormat,
    /// Its lines do not say when they were written, and nothing around them does.
    NoTimes,
    /// A kind of source that the question would need, and nobody gave it to us.
    NotGiven,
    /// It belongs to the machine that the container engine runs on, which is another one, or may be.
    OtherMachine,
    /// To look into it would have changed something: the engine makes a folder of this missing source of a mount.
    SourceMissing(Arc<str>),
    /// Nothing on this machine tells.
    NothingTells,
    /// Times without a zone were read in this one because nothing says which it is.
    ZoneAssumed(Arc<str>),
    /// Times without a year were taken for the latest such times, because nothing says which year it is.
    YearAssumed,
    /// No request falls into the time that was asked about.
    NothingThen,
    /// There is no access log: failures cannot be set against successes.
    NoAccessLog,
    /// Compose makes something else of these keys than was read here; its values count.
    OtherThanCompose(Arc<str>),
    /// Bigger than the limit; the rest was not read.
    TooLarge,
    /// The host is short of memory or disk, so nothing was started to ask with.
    NoRoomToProbe,
    /// Nothing could be asked with these eyes; what stood in the way.
    NotProbed(Arc<str>),
    /// There are more files than are read.
    TooManyFiles {
        /// How many were left out.
        left_out: u64,
    },
    /// This one and others, which are not named, for the same reason.
    AndMore {
        /// How many others.
        files: u64,
        /// The reason.
        why: Box<GapKind>,
    },
}

/// How much was read. `lines = parsed + other + unreadable`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Files.
    pub files: u64,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Lines understood.
    pub parsed: u64,
    /// Lines that are text and say nothing of interest in their format (blank lines, continuations, comments).
    pub other: u64,
    /// Lines too damaged to understand.
    pub unreadable: u64,
    /// Of the parsed lines, those that stand in another file too and were counted once.
    pub duplicates: u64,
}

impl Read {
    /// Adds another reading.
    pub fn add(&mut self, more: Self) {
        self.files += more.files;
        self.bytes += more.bytes;
        self.lines += more.lines;
        self.parsed += more.parsed;
        self.other += more.other;
        self.unreadable += more.unreadable;
        self.duplicates += more.duplicates;
    }
}
