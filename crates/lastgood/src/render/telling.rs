//! How a rollout is told: to people as text, or to programs as events. What is said stands in `rollout.rs` and `events.rs`.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use lastgood_model::rollout::Outcome;

use super::answer::{Answer, View};
use super::events::{self, Events};
use super::quote::repeated;
use super::rollout::{self, Teller};
use super::terminal;
use crate::rollout::doer::Watcher;
use crate::rollout::target::{Ended, Refusal, Seen};

/// So many lines are shown of what failed in a way that nobody knows.
const LINES: usize = 15;

/// A way to tell it.
#[derive(Clone, Copy, Debug)]
pub struct Telling {
    /// To programs.
    pub json: bool,
    /// To people.
    pub view: View,
    /// Since when.
    begun: Instant,
}

impl Telling {
    /// From now on.
    #[must_use]
    pub fn new(json: bool, view: View) -> Self {
        Self { json, view, begun: Instant::now() }
    }

    /// Who tells each act as it ends.
    pub fn watcher<'o>(self, out: &'o mut dyn Write) -> Box<dyn Watcher + 'o> {
        if self.json { Box::new(Events::new(out, self.view)) } else { Box::new(Teller { out, view: self.view }) }
    }

    /// What is going to be done.
    #[must_use]
    pub fn plan(self, seen: &Seen, folder: &str) -> String {
        if self.json { events::plan(seen, folder, self.view) } else { rollout::plan(seen, folder, self.view) }
    }

    /// There is nothing to do, which the plan tells people.
    #[must_use]
    pub fn nothing(self, seen: &Seen) -> String {
        if self.json { events::outcome("nothing", seen, self.begun, None) } else { String::new() }
    }

    /// It was only to be planned.
    #[must_use]
    pub fn planned(self, seen: &Seen) -> String {
        if self.json {
            events::outcome("planned", seen, self.begun, None)
        } else {
            format!("{}\n", self.view.lang.rollout().only_planned)
        }
    }

    /// It is refused before anything is touched. What would break it the plan tells programs.
    #[must_use]
    pub fn refused(self, seen: &Seen, refusal: Refusal) -> String {
        match (refusal, self.json) {
            (Refusal::WouldBreak, false) => rollout::findings(seen, self.view) + &self.outcome(Outcome::Refused, seen),
            (Refusal::WouldBreak, true) => self.outcome(Outcome::Refused, seen),
            (_, false) => rollout::refused(seen, refusal, self.view),
            (_, true) => {
                let (what, hints) = self.view.lang.refusal(refusal, seen.release.id.short());
                let why = std::iter::once(what).chain(hints).collect::<Vec<_>>().join("; ");
                events::outcome(Outcome::Refused.name(), seen, self.begun, Some(why))
            }
        }
    }

    /// What became of it; and where somebody has to look, what is there in `live`.
    #[must_use]
    pub fn ended(self, ended: &Ended, seen: &Seen, live: &Path) -> String {
        if self.json {
            events::ended(ended, seen, self.begun, self.view)
        } else {
            rollout::ended(ended, live, self.view)
        }
    }

    /// What became of one whose driver had died. Its acts tell programs.
    #[must_use]
    pub fn taken_up(self, ended: &Ended, live: &Path) -> String {
        if self.json { String::new() } else { rollout::ended(ended, live, self.view) + "\n" }
    }

    fn outcome(self, outcome: Outcome, seen: &Seen) -> String {
        if self.json {
            events::outcome(outcome.name(), seen, self.begun, None)
        } else {
            rollout::outcome(outcome, &seen.release.id, seen.parent.as_ref().map(|parent| &parent.id), self.view)
        }
    }

    /// Why a build failed.
    #[must_use]
    pub fn failed_build(self, answer: Answer<'_>) -> String {
        if self.json { events::failed_build(answer, self.view) } else { terminal::render(answer, self.view) }
    }

    /// What a build, or a test, said last that failed in a way that nobody knows.
    #[must_use]
    pub fn failed_somehow(self, command: &str, output: &str) -> String {
        let lines: Vec<String> = output.lines().filter(|line| !line.trim().is_empty()).map(repeated).collect();
        let last = lines.iter().skip(lines.len().saturating_sub(LINES));
        let text: Vec<&str> = last.map(String::as_str).collect();
        if self.json {
            events::failed_somehow(text.join("\n"))
        } else if text.is_empty() {
            format!("{}\n", self.view.lang.failed_somehow(command, true))
        } else {
            format!("{}\n\n{}\n", self.view.lang.failed_somehow(command, false), text.join("\n"))
        }
    }
}
