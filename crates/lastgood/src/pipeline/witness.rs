//! What `why` folds lines into: the diagnosis' timeline. Only bytes become numbers here; what they mean is decided
//! in `lastgood-diagnose`.

use std::sync::Arc;

use lastgood_diagnose::Timeline;
use lastgood_intake::{AppEvent, Interner, LocalInterner, ProxyError, Request};
use lastgood_model::{Change, ChangeKind, ErrorHit, Fact, Hit, LineRef, Observation, Ref, Span, UnixMs};

use super::fold::Fold;
use super::survey::LogSource;

/// One thread's part of the timeline.
pub(crate) struct Witness<'i> {
    names: LocalInterner<'i>,
    pub(crate) timeline: Timeline,
}

/// A line of either kind, to be taken back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    Request(Hit),
    Error(ErrorHit),
}

impl<'i> Witness<'i> {
    pub(crate) fn new(interner: &'i Interner) -> Self {
        Self::with(Timeline::new(), interner)
    }

    pub(crate) fn with(timeline: Timeline, interner: &'i Interner) -> Self {
        Self { names: LocalInterner::new(interner), timeline }
    }
}

impl Fold for Witness<'_> {
    type Mark = Mark;

    #[inline]
    fn request(&mut self, source: &LogSource, request: &Request<'_>, line: u64) {
        let hit = self.names.hit(request, source.file.id, line, &source.context);
        self.timeline.hit(&hit);
    }

    fn mark(&mut self, source: &LogSource, request: &Request<'_>, line: u64) -> Mark {
        Mark::Request(self.names.hit(request, source.file.id, line, &source.context))
    }

    fn error(&mut self, source: &LogSource, error: &ProxyError<'_>, line: u64) {
        let hit = self.names.error(error, source.file.id, line);
        self.timeline.error(&hit);
    }

    fn mark_error(&mut self, source: &LogSource, error: &ProxyError<'_>, line: u64) -> Mark {
        Mark::Error(self.names.error(error, source.file.id, line))
    }

    fn retract(&mut self, mark: &Mark) {
        match mark {
            Mark::Request(hit) => self.timeline.retract(hit),
            Mark::Error(error) => self.timeline.retract_error(error),
        }
    }

    fn application(&mut self, source: &LogSource, event: &AppEvent<'_>, line: u64) {
        let hit = self.names.application(event, source.file.id, line, &source.context);
        self.timeline.application(&hit);
    }

    fn fact(&mut self, source: &LogSource, at: Option<UnixMs>, fact: Fact, line: u64) {
        self.timeline.observe(Observation { at, line: LineRef { source: source.file.id, line }, fact });
    }

    fn change(&mut self, source: &LogSource, span: Span, kind: ChangeKind, subject: &str, line: u64) {
        let at = LineRef { source: source.file.id, line };
        let reference = Ref::Line { file: Arc::clone(&source.file.display), at };
        self.timeline.change(Change { span, kind, subject: Arc::from(subject), reported: false, reference });
    }
}
