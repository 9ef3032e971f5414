//! Why a run could not even begin, or end: each names the thing and knows a way out. Their words stand in `words`.
//! What could not be read on the way is a gap of the verdict, not a complaint.

use std::fmt;

use lastgood_model::Gap;

use crate::pipeline::remote::{HostFault, ImageFault};
use crate::render::postmortem::Mistake;
use crate::rollout::artifact::ArtifactFault;
use crate::rollout::contents::ContentFault;
use crate::rollout::trouble::Trouble;
use crate::settings::SettingsFault;
use crate::words::Lang;

/// A reason to stop with exit code 2.
#[derive(Clone, Debug, PartialEq)]
pub enum Complaint {
    /// Not a time.
    Time {
        /// `--since` and the like.
        flag: &'static str,
        /// What was typed.
        given: String,
    },
    /// Not a time and what was changed.
    Change {
        /// What was typed.
        given: String,
    },
    /// Not a size.
    Size {
        /// What was typed.
        given: String,
    },
    /// Not a duration.
    Duration {
        /// The option.
        flag: &'static str,
        /// What was typed.
        given: String,
    },
    /// Not a zone that we know.
    Zone {
        /// The option.
        flag: &'static str,
        /// What was typed.
        given: String,
    },
    /// No path was given, and this host is not looked at by this version.
    NoPath,
    /// Neither a cause code nor a status.
    Topic {
        /// What was typed.
        given: String,
        /// Codes that look like it, nearest first.
        near: Vec<String>,
    },
    /// No such command.
    Command {
        /// What was typed.
        given: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Several targets, and none named.
    Targets {
        /// Their names.
        names: Vec<String>,
    },
    /// A host has to be named, and none was.
    NoHost,
    /// No target of that name.
    Target {
        /// What was typed.
        given: String,
        /// The one that was probably meant.
        near: Option<String>,
    },
    /// A file of this machine, to be asked of another one.
    FileThere {
        /// The file.
        path: String,
        /// The host.
        host: String,
    },
    /// A host that was not asked, or did not answer.
    Host {
        /// Which.
        host: String,
        /// Why.
        fault: HostFault,
    },
    /// Images do not get to a host.
    Images {
        /// Which.
        host: String,
        /// Why.
        fault: ImageFault,
    },
    /// What was built here cannot become an image there.
    Artifact {
        /// The service whose image it was to be.
        service: String,
        /// The host; `None`: this machine.
        host: Option<String>,
        /// Why.
        fault: ArtifactFault,
    },
    /// The settings name a service that the project does not have.
    Nobody {
        /// Where they do.
        key: String,
        /// The service.
        service: String,
        /// Those that it has.
        has: Vec<String>,
        /// It is in a profile that is not asked for.
        hidden: bool,
    },
    /// A hook failed.
    Hook {
        /// Which: `before` or `after`.
        name: &'static str,
        /// Its exit code.
        code: i32,
        /// What it complained of.
        said: String,
    },
    /// A rollout could not begin.
    Rollout {
        /// Why.
        trouble: Trouble,
    },
    /// The files here make no release.
    Contents {
        /// Why.
        fault: ContentFault,
    },
    /// There is no such release to go back to.
    NoRelease {
        /// What was typed, if anything.
        given: Option<String>,
        /// Good releases that are kept, the last one first.
        known: Vec<String>,
    },
    /// `lastgood.toml` is not right.
    Settings {
        /// The file.
        path: String,
        /// What is wrong with it.
        fault: SettingsFault,
    },
    /// Nothing that was named is a log.
    NoLogs {
        /// What was named; empty for this host's own logs.
        looked_at: Vec<String>,
        /// How many files are there.
        files: usize,
        /// What could not be read, or is no log.
        gaps: Vec<Gap>,
    },
    /// Everything was read and nobody can tell whether anything is wrong; why not stands in the answer.
    Undetermined,
    /// A folder that cannot be read as a case.
    Case {
        /// The folder.
        folder: String,
        /// Why not.
        why: String,
    },
    /// A case that a newer version wrote.
    NewerCase {
        /// The folder.
        folder: String,
        /// Its version.
        version: u64,
    },
    /// What shall be written is there already.
    Exists {
        /// Where.
        path: String,
    },
    /// There is no compose file, here or above.
    NoProject,
    /// No nginx is seen that passes requests to a service, or to any.
    NoProxy {
        /// Which.
        service: Option<String>,
    },
    /// There is a `lastgood.toml` already.
    SettingsExist {
        /// Where.
        path: String,
    },
    /// More than may be captured.
    TooMuch {
        /// Bytes after unpacking.
        bytes: u64,
        /// The limit.
        most: u64,
    },
    /// The answer could not be written to a file.
    Write {
        /// Where to.
        path: String,
        /// The system's word for it.
        why: String,
    },
    /// A template could not be read.
    TemplateRead {
        /// The file.
        path: String,
        /// The system's word for it.
        why: String,
    },
    /// A template says what cannot be filled.
    Template {
        /// The file.
        path: String,
        /// What, and in which line.
        mistake: Mistake,
    },
    /// A template was given for a shape that takes none.
    TemplateFormat {
        /// That shape.
        format: &'static str,
    },
    /// Something that only its finder has words for.
    Other {
        /// What.
        what: String,
        /// Ways out.
        hints: Vec<String>,
    },
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Lang::En.words().complaint(self).0)
    }
}

impl std::error::Error for Complaint {}
