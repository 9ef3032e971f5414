//! What the output of a build says: which step it is, what went wrong in it, how it ended. Not why.

use std::sync::Arc;

/// One thing that the output of a build says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildFact {
    /// The step that failed begins here.
    Step {
        /// What is built: a service, a Dockerfile, a package; empty where nothing says it.
        what: Arc<str>,
        /// The step, as the output names it: `[build 5/5] RUN npm run build`.
        step: Arc<str>,
    },
    /// The first line of it that says what is wrong.
    Error {
        /// What is built.
        what: Arc<str>,
        /// What the line says.
        kind: BuildError,
        /// What is missing or refused, if the line names it.
        name: Arc<str>,
    },
    /// What the image would be made of, as far as the steps say it. Only told of a step that another machine has to run.
    Image {
        /// What is built.
        what: Arc<str>,
        /// For which platform, as BuildKit names it: `linux/amd64`; empty where it is the builder's own.
        platform: Arc<str>,
        /// The image that the last stage begins with; empty where that is not said.
        base: Arc<str>,
        /// What the last stage takes from the one before; empty where that is not said.
        from: Arc<str>,
        /// Where it puts that.
        to: Arc<str>,
    },
    /// It ended with an error.
    Failed {
        /// What is built.
        what: Arc<str>,
        /// What the command ended with, if the output says so.
        code: Option<i64>,
    },
    /// It ended well.
    Succeeded,
}

/// What a line of a build says is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuildError {
    /// A program is made for another architecture.
    WrongArchitecture,
    /// A program is not there.
    ProgramMissing,
    /// A module or a file is not there.
    ModuleMissing,
    /// A package or an image that should be fetched does not exist, or not in that version.
    PackageMissing,
    /// Whoever fetches may not.
    Denied,
    /// A name does not resolve, or a server does not answer.
    NoAnswer,
    /// The disk is full.
    NoSpace,
    /// The source is refused by a compiler.
    Refused,
    /// A test failed.
    TestFailed,
    /// The description of the build itself is wrong.
    Malformed,
    /// Something else.
    Other,
}
