//! What applications wrote around a finding: their errors and their calls while it was bad and in a good stretch before, and
//! which of them came together with failing requests. Whom that blames is the rules' matter.

use std::sync::Arc;

use lastgood_model::topology::ComponentKind;
use lastgood_model::{AppCall, AppError, AppShape, AppShapeId, AppWord, Catalogue, Scope, Signature, Span, UnixMs};

use crate::address::is_localhost;
use crate::finding::Finding;
use crate::runs::AppRun;
use crate::stack_scene::StackScene;
use crate::standing;
use crate::utterances::Utterances;

/// What belongs to a request is written within this of its line in an access log.
const WITH_REQUEST_MS: i64 = 2_000;
/// Failing requests that are looked at.
const MAX_LOOKED_AT: usize = 2_000;

/// What applications wrote around a finding.
pub struct Spoken<'a> {
    all: &'a Utterances,
    catalogue: &'a Catalogue,
    /// Components that the failing requests go through; `None`: nobody knows, and whoever wrote may be one of them.
    concerned: Option<Vec<Arc<str>>>,
    stack: Option<&'a StackScene<'a>>,
    during: Vec<AppRun>,
    before: Vec<AppRun>,
}

/// An error that an application wrote while requests failed.
#[derive(Clone, Copy)]
pub struct SpokenError<'s> {
    /// How often, from when to when, and the first line.
    pub run: AppRun,
    /// Who wrote it.
    pub who: &'s Arc<str>,
    /// What.
    pub error: &'s AppError,
    /// The known sentence that it is.
    pub signature: Option<&'s Signature>,
    /// Where that does not say why, the one of the same chain that does.
    pub why: Option<&'s Signature>,
}

/// A call that an application made while requests failed.
#[derive(Clone, Copy)]
pub struct SpokenCall<'s> {
    /// How often, from when to when, and the first line.
    pub run: &'s AppRun,
    /// Who asked.
    pub who: &'s Arc<str>,
    /// Whom, and what came back.
    pub call: &'s AppCall,
}

impl<'a> Spoken<'a> {
    /// What was written in the bad stretch and in the calm one before.
    pub fn new(
        all: &'a Utterances,
        catalogue: &'a Catalogue,
        stack: Option<&'a StackScene<'a>>,
        scope: &Scope,
        (bad, calm): (Span, Span),
    ) -> Self {
        let concerned = stack.map(|stack| standing::concerned(stack, scope));
        let during = all.dated.within(bad);
        let before = all.dated.within(calm);
        Self { all, catalogue, concerned, stack, during, before }
    }

    /// The errors of whoever may have to do with it, most frequent first.
    pub fn errors(&self) -> impl Iterator<Item = SpokenError<'_>> {
        self.words().filter_map(|(run, shape)| self.error(*run, shape))
    }

    fn error<'s>(&'s self, run: AppRun, shape: &'s AppShape) -> Option<SpokenError<'s>> {
        let AppWord::Error(error) = &shape.word else { return None };
        Some(SpokenError {
            run,
            who: &shape.who,
            error,
            signature: error.signature.and_then(|id| self.catalogue.signature(id)),
            why: error.why.and_then(|id| self.catalogue.signature(id)),
        })
    }

    /// The calls of whoever may have to do with it, most frequent first.
    pub fn calls(&self) -> impl Iterator<Item = SpokenCall<'_>> {
        self.words().filter_map(|(run, shape)| match &shape.word {
            AppWord::Call(call) => Some(SpokenCall { run, who: &shape.who, call }),
            AppWord::Error(_) => None,
        })
    }

    /// Errors without a time, as if they had been written at `at`: nobody knows whether they have to do with it.
    pub fn undated(&self, at: UnixMs) -> impl Iterator<Item = SpokenError<'_>> {
        let all = self.all.undated.iter().filter_map(move |(&shape, &(count, line))| {
            let run = AppRun { shape, count, first: (at, line), last: at };
            self.error(run, self.catalogue.app_shape(shape)?)
        });
        all.filter(|said| self.is_concerned(said.who))
    }

    /// How often the same was written in the calm stretch before.
    #[must_use]
    pub fn before(&self, shape: AppShapeId) -> u64 {
        self.before.iter().find(|run| run.shape == shape).map_or(0, |run| run.count)
    }

    /// Of the failing requests that were looked at, how many came within a moment of such a line, and how many they are.
    #[must_use]
    pub fn met(&self, shape: AppShapeId, finding: &Finding<'_>) -> (u64, u64) {
        let bad = Span::new(finding.first_bad.at, finding.last_bad.at);
        let failed = finding.look.samples.iter().filter(|sample| sample.visitor.is_some()).map(|sample| &sample.hit);
        let failed = failed.filter(|hit| bad.contains(hit.at)).take(MAX_LOOKED_AT);
        failed.fold((0, 0), |(met, all), hit| {
            let near = Span::new(hit.at.plus(-WITH_REQUEST_MS), hit.at.plus(WITH_REQUEST_MS));
            (met + u64::from(self.all.dated.any_within(shape, near)), all + 1)
        })
    }

    /// How users speak of whoever wrote a line.
    #[must_use]
    pub fn component(&self, who: &Arc<str>) -> Arc<str> {
        let named = self.stack.and_then(|stack| stack.topology.components.get(self.index(who)?));
        named.map_or_else(|| Arc::clone(who), |component| Arc::clone(&component.name))
    }

    /// The place of whoever wrote a line among the components.
    #[must_use]
    pub fn index(&self, who: &str) -> Option<usize> {
        let stack = self.stack?;
        // `docker compose logs` numbers the containers of a service.
        let service = || who.rsplit_once('-').filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
        stack.named(who).or_else(|| stack.named(service()?.0))
    }

    /// The component that a host means, as somebody writes it; else the host itself.
    #[must_use]
    pub fn named(&self, who: &str, host: &str) -> Arc<str> {
        let found = self.stack.and_then(|stack| {
            let topology = &stack.topology;
            let asked = self.index(who).and_then(|from| topology.asks(from).find(|edge| &*edge.host == host)?.to);
            topology.components.get(asked.or_else(|| stack.named(host))?)
        });
        found.map_or_else(|| Arc::from(host), |component| Arc::clone(&component.name))
    }

    /// The component that somebody calls at `host:port`. One on its own machine is called by its port.
    #[must_use]
    pub fn called(&self, who: &str, target: &Arc<str>) -> Arc<str> {
        match target.rsplit_once(':') {
            Some((host, _)) if !is_localhost(host) => self.named(who, host),
            _ => Arc::clone(target),
        }
    }

    /// The one component of such protocols that somebody asks, and no second one.
    #[must_use]
    pub fn asked(&self, who: &str, protocols: &[&str]) -> Option<Arc<str>> {
        self.stack?.asked(self.index(who)?, protocols)
    }

    /// Whether a component passes requests on, and says little of why.
    #[must_use]
    pub fn is_proxy(&self, who: &str) -> bool {
        let component = self.index(who).and_then(|index| self.stack?.topology.components.get(index));
        component.is_some_and(|component| component.kind == ComponentKind::Proxy)
    }

    fn words(&self) -> impl Iterator<Item = (&AppRun, &AppShape)> {
        let all = self.during.iter().filter_map(|run| Some((run, self.catalogue.app_shape(run.shape)?)));
        all.filter(|(_, shape)| self.is_concerned(&shape.who))
    }

    /// Whether somebody may have to do with it. Of whom nothing is known, that cannot be excluded.
    fn is_concerned(&self, who: &Arc<str>) -> bool {
        match (&self.concerned, self.index(who)) {
            (Some(concerned), Some(_)) => concerned.contains(&self.component(who)),
            _ => true,
        }
    }
}
