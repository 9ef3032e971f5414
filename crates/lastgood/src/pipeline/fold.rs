//! What a reading of many files is folded into, and what feeds it: the seam between the shared way of reading and
//! what `why` and `timeline` each make of the lines. It opens no file.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::quality::FixedState;
use lastgood_intake::{AppEvent, ProxyError, Request, Sink};
use lastgood_model::{ChangeKind, ClientId, Fact, Span, UnixMs};

use super::block_index::Extent;
use super::duplicates::Line;
use super::survey::LogSource;

const ERRORS: FixedState = FixedState::with_seed(0x6572_726f_7273);

/// Takes lines of any file, in any order of files; one for each thread, put together by the caller.
pub(crate) trait Fold: Send {
    /// What it needs to take a line back that turns out to be a copy.
    type Mark: Copy + Send;

    /// A request.
    fn request(&mut self, file: &LogSource, request: &Request<'_>, line: u64);

    /// What it would need to take this request back.
    fn mark(&mut self, file: &LogSource, request: &Request<'_>, line: u64) -> Self::Mark;

    /// A line of a proxy's error log.
    fn error(&mut self, file: &LogSource, error: &ProxyError<'_>, line: u64);

    /// What it would need to take this line back.
    fn mark_error(&mut self, file: &LogSource, error: &ProxyError<'_>, line: u64) -> Self::Mark;

    /// Takes a line back.
    fn retract(&mut self, mark: &Self::Mark);

    /// Something that an application wrote.
    fn application(&mut self, file: &LogSource, event: &AppEvent<'_>, line: u64) {
        let _ = (file, event, line);
    }

    /// A fact.
    fn fact(&mut self, file: &LogSource, at: Option<UnixMs>, fact: Fact, line: u64);

    /// A change.
    fn change(&mut self, file: &LogSource, span: Span, kind: ChangeKind, subject: &str, line: u64);
}

/// Feeds the lines of one file to a fold and notes the times of those that can have copies.
pub(crate) struct Feed<'a, F> {
    pub(crate) fold: &'a mut F,
    pub(crate) file: &'a LogSource,
    /// Times met since it was last taken.
    pub(crate) extent: Extent,
}

impl<F: Fold> Sink for Feed<'_, F> {
    #[inline]
    fn request(&mut self, request: &Request<'_>, line: u64) {
        self.extent.add(request.at);
        self.fold.request(self.file, request, line);
    }

    fn error(&mut self, error: &ProxyError<'_>, line: u64) {
        self.extent.add(error.at);
        self.fold.error(self.file, error, line);
    }

    fn application(&mut self, event: &AppEvent<'_>, line: u64) {
        self.fold.application(self.file, event, line);
    }

    fn fact(&mut self, at: Option<UnixMs>, fact: Fact, line: u64) {
        self.fold.fact(self.file, at, fact, line);
    }

    fn change(&mut self, span: Span, kind: ChangeKind, subject: &str, line: u64) {
        self.fold.change(self.file, span, kind, subject, line);
    }
}

/// Collects what identifies lines, instead of folding them.
pub(crate) struct Identify<'a, F: Fold> {
    pub(crate) fold: &'a mut F,
    pub(crate) file: &'a LogSource,
    /// Lines of the file before the first that is fed.
    pub(crate) lines_before: u64,
    pub(crate) lines: Vec<Line<F::Mark>>,
}

impl<F: Fold> Sink for Identify<'_, F> {
    fn request(&mut self, request: &Request<'_>, line: u64) {
        let (key, line) = (request.key(), line + self.lines_before);
        let item = self.fold.mark(self.file, request, line);
        self.lines.push(Line { at: request.at, hash: key.request, client: key.client, line, item });
    }

    fn error(&mut self, error: &ProxyError<'_>, line: u64) {
        let line = line + self.lines_before;
        let item = self.fold.mark_error(self.file, error, line);
        // Other than in an access log, a client's address is one of many things that an error line may lack.
        self.lines.push(Line { at: error.at, hash: identity(error), client: ClientId::UNKNOWN, line, item });
    }
}

fn identity(error: &ProxyError<'_>) -> u64 {
    let mut hasher = ERRORS.build_hasher();
    (error.at.0, error.pid, error.connection, error.message, error.client, error.server).hash(&mut hasher);
    (error.request, error.subrequest, error.upstream, error.host, error.referrer).hash(&mut hasher);
    hasher.finish()
}
