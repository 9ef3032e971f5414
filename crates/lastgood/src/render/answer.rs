//! What all shapes of an answer share: the investigation, how it is to be shown, and the quoted lines behind
//! references. No shape of its own.

use lastgood_model::{Cause, Incident, Ref};

use super::clock::Clock;
use crate::investigation::Investigation;
use crate::words::{Account, Lang, Words};

/// How an answer is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Language.
    pub lang: Lang,
    /// Colours may be used.
    pub colour: bool,
    /// Characters beyond ASCII may be drawn with.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
    /// Everything, however long.
    pub verbose: bool,
}

/// An investigation to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// What was found.
    pub found: &'a Investigation,
    /// What was looked at, as the user named it.
    pub asked: &'a [std::path::PathBuf],
}

impl<'a> Answer<'a> {
    /// The clock of the answer.
    #[must_use]
    pub fn clock(self) -> Clock {
        Clock::new(self.found.offset_s)
    }

    /// The raw line behind a reference.
    #[must_use]
    pub fn line(self, reference: &Ref) -> Option<&'a [u8]> {
        match reference {
            Ref::Line { at, .. } => self.found.quotes.get(at).map(Vec::as_slice),
            Ref::Text { .. } | Ref::Key { .. } => self.found.excerpts.get(reference).map(String::as_bytes),
        }
    }

    /// Host, or paths, in few words.
    #[must_use]
    pub fn subject(self, words: &dyn Words) -> String {
        let host = self.found.host.as_deref().filter(|_| self.found.live);
        let named = self.asked.iter().take(2).map(|path| match path.to_string_lossy().as_ref() {
            "-" => words.labels().standard_input.to_owned(),
            path => path.to_owned(),
        });
        let project = self
            .found
            .project
            .as_ref()
            .filter(|project| !project.name.is_empty())
            .map(|project| words.project(&project.name, &project.files));
        let mut parts: Vec<String> = host
            .map(str::to_owned)
            .into_iter()
            .chain(project)
            .chain(self.found.service.as_deref().map(str::to_owned))
            .chain(named)
            .collect();
        if self.asked.len() > 2 {
            parts.push("…".to_owned());
        }
        parts.join(", ")
    }

    /// The incident that a person has to hear of first: one that goes on before one that is over, then the bigger.
    #[must_use]
    pub fn lead(self) -> Option<usize> {
        let weight = |incident: &Incident| (incident.onset.recovered.is_none(), incident.impact.failed);
        let incidents = self.found.verdict.incidents.iter().enumerate();
        incidents.rev().max_by_key(|(_, incident)| weight(incident)).map(|(index, _)| index)
    }

    /// A cause as its words see it.
    #[must_use]
    pub fn of(self, incident: &'a Incident, cause: &'a Cause) -> Account<'a> {
        Account { incident, cause, compose: &self.found.compose }
    }

    /// The verdict on an incident: its first cause.
    #[must_use]
    pub fn account(self, incident: &'a Incident) -> Option<Account<'a>> {
        incident.causes.first().map(|cause| self.of(incident, cause))
    }
}
