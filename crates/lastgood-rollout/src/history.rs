//! What became of rollouts, by what the ledger holds of them: in order, with their outcomes; which release is current, which ones can be
//! gone back to, and what was never finished. How a line of it is written, and where, is not known here.

use std::sync::Arc;

use lastgood_model::UnixMs;
use lastgood_model::release::Release;
use lastgood_model::rollout::{Action, Ending, Outcome, Plan, ReleaseId, Step};

use crate::drive::Record;
use crate::machine::{Act, Of};

/// A line of the ledger, as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: UnixMs,
    /// Which rollout it is of: a number of this ledger.
    pub rollout: u64,
    /// What it says.
    pub what: What,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A release that ran when nobody had deployed it, as it was found.
    Found(Release),
    /// A rollout is planned.
    Planned {
        /// Who asked for it.
        who: String,
        /// The release that it brings.
        release: Release,
        /// The one that it assumes.
        parent: Option<ReleaseId>,
        /// Services that it changes, and whether they are to go.
        services: Vec<(Arc<str>, bool)>,
        /// Services of the one that it assumes that were not well just then: whoever goes back owes them no more.
        unwell: Vec<Arc<str>>,
        /// Its steps.
        steps: Vec<Step>,
    },
    /// An act begins.
    Begun {
        /// The step that is done, or taken back; `None`: it is a look, or tidies up.
        step: Option<usize>,
        /// Whether it takes something back.
        undo: bool,
    },
    /// An act ended.
    Ended {
        /// Which.
        act: Action,
        /// Whether all is as it was to be.
        done: bool,
        /// Why it is not.
        why: Option<String>,
    },
    /// A service gave no answer where its users come in.
    Measured {
        /// Which.
        service: Arc<str>,
        /// For so long, in milliseconds.
        down_ms: u64,
    },
    /// What became of it.
    Finished(Outcome),
}

impl What {
    /// What a record of the driver says.
    #[must_use]
    pub fn of(record: &Record, why: Option<String>) -> Self {
        match record {
            Record::Begun(act) => Self::Begun { step: step(act), undo: matches!(act.of, Of::Undo(_)) },
            Record::Ended(act, ending) => Self::Ended { act: act.action.clone(), done: *ending == Ending::Done, why },
            Record::Finished(outcome) => Self::Finished(*outcome),
        }
    }
}

/// The step that an act does, or takes back.
#[must_use]
pub const fn step(act: &Act) -> Option<usize> {
    match act.of {
        Of::Step(step) | Of::Undo(step) => Some(step),
        Of::Look | Of::Close => None,
    }
}

/// One rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its number.
    pub number: u64,
    /// When it was planned, or found.
    pub at: UnixMs,
    /// When the last thing of it was written.
    pub until: UnixMs,
    /// Who asked for it; empty for what was found.
    pub who: String,
    /// The release.
    pub release: Release,
    /// The one that it assumed.
    pub parent: Option<ReleaseId>,
    /// Services that it was to change, and whether they were to go.
    pub services: Vec<(Arc<str>, bool)>,
    /// Services of the release that it assumed that were not well before it.
    pub unwell: Vec<Arc<str>>,
    /// What was to be done; empty for what was found.
    pub steps: Vec<Step>,
    /// So many of its steps may have begun.
    pub begun: usize,
    /// The step that is done, or taken back, by the last line that says one begins; and whether it is taken back.
    pub at_step: Option<(usize, bool)>,
    /// It is, or was, on its way back.
    pub back: bool,
    /// Whether the ledger calls it good, though nothing more stands there.
    pub confirmed: bool,
    /// What became of it; `None`: whoever drove it died, or drives it still.
    pub outcome: Option<Outcome>,
    /// How long services gave no answer, in milliseconds.
    pub down: Vec<(Arc<str>, u64)>,
    /// The first failure: the act, and why.
    pub failure: Option<(Action, Option<String>)>,
}

impl Past {
    /// Its plan.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan { parent: self.parent.clone(), target: self.release.id.clone(), steps: self.steps.clone() }
    }

    /// The act that began last; `None`: none did, or it is a look, or tidies up.
    #[must_use]
    pub fn act(&self) -> Option<&Action> {
        let (step, undo) = self.at_step?;
        let step = self.steps.get(step)?;
        if undo { step.undo.as_ref() } else { Some(&step.action) }
    }

    /// Whether it was found, and not deployed.
    #[must_use]
    pub const fn is_found(&self) -> bool {
        self.who.is_empty()
    }

    fn has_begun(&mut self, steps: usize) {
        self.begun = self.begun.max(steps.min(self.steps.len()));
    }
}

/// A moment in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The release that was current.
    pub current: Option<ReleaseId>,
    /// The number that the next rollout would have had.
    pub next: u64,
}

/// Why a rollout may not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    /// Another one was never finished.
    Unfinished,
    /// Something was brought out, or tried, since somebody looked.
    Stale,
}

/// All that a ledger tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// In order.
    pub rollouts: Vec<Past>,
    /// Lines that could not be read.
    pub damaged: usize,
    /// A newer lastgood wrote here: nothing may be added.
    pub newer: bool,
}

impl History {
    /// Takes in the next line.
    pub fn add(&mut self, line: Line) {
        let Line { at, rollout, what } = line;
        let found = matches!(what, What::Found(_));
        let (who, release, parent, services, unwell, steps) = match what {
            What::Found(release) => (String::new(), release, None, Vec::new(), Vec::new(), Vec::new()),
            What::Planned { who, release, parent, services, unwell, steps } => {
                (who, release, parent, services, unwell, steps)
            }
            what => return self.go_on(rollout, at, what),
        };
        self.rollouts.push(Past {
            number: rollout,
            at,
            until: at,
            who,
            release,
            parent,
            services,
            unwell,
            steps,
            begun: 0,
            at_step: None,
            back: false,
            confirmed: found,
            outcome: found.then_some(Outcome::Good),
            down: Vec::new(),
            failure: None,
        });
    }

    /// Takes in a line that cannot be read. It may have said that one more step begins.
    pub fn add_damaged(&mut self) {
        self.damaged += 1;
        if let Some(last) = self.rollouts.last_mut() {
            last.has_begun(last.begun + 1);
        }
    }

    fn go_on(&mut self, rollout: u64, at: UnixMs, what: What) {
        let Some(past) = self.rollouts.iter_mut().rev().find(|past| past.number == rollout) else { return };
        past.until = at;
        if let What::Begun { step, undo } = what {
            past.at_step = step.map(|step| (step, undo));
            past.back |= undo;
        }
        if let What::Begun { step: Some(step), .. } = what {
            // Steps begin in order, and only what began is taken back: also if a line of that is lost.
            past.has_begun(step + 1);
        }
        match what {
            // Whoever goes back after a confirmation was told that it could not be written.
            What::Begun { undo: true, .. } => past.confirmed = false,
            What::Ended { act, done: true, .. } => past.confirmed |= act == Action::Confirm,
            // How what came after it is over went changes nothing.
            What::Ended { act, done: false, why } if past.outcome.is_none() => {
                past.failure.get_or_insert((act, why));
            }
            What::Finished(outcome) => past.outcome = Some(outcome),
            What::Measured { service, down_ms } => past.down.push((service, down_ms)),
            What::Begun { .. } | What::Ended { .. } | What::Found(_) | What::Planned { .. } => {}
        }
    }

    /// The release that serves, as far as the ledger knows: the last good one.
    #[must_use]
    pub fn current(&self) -> Option<&Release> {
        self.good().next()
    }

    /// The last good release that was deployed, and not only found.
    #[must_use]
    pub fn deployed(&self) -> Option<&Release> {
        self.good_ones().find(|past| !past.is_found()).map(|past| &past.release)
    }

    /// The release whose files lie on the target, as far as is known: the last good one that was deployed; where there is none, the last one
    /// that failed with nothing to go back to, since its files stay.
    #[must_use]
    pub fn placed(&self) -> Option<&Release> {
        let stays = |past: &&Past| {
            matches!(past.outcome, Some(Outcome::Down | Outcome::Stopped | Outcome::UndoFailed)) && !past.is_found()
        };
        self.deployed().or_else(|| self.rollouts.iter().rev().find(stays).map(|past| &past.release))
    }

    /// Good releases, the last one first; each once.
    pub fn good(&self) -> impl Iterator<Item = &Release> {
        let mut seen: Vec<&ReleaseId> = Vec::new();
        self.good_ones().map(|past| &past.release).filter(move |release| {
            let is_new = !seen.contains(&&release.id);
            seen.push(&release.id);
            is_new
        })
    }

    fn good_ones(&self) -> impl Iterator<Item = &Past> {
        self.rollouts.iter().rev().filter(|past| past.outcome == Some(Outcome::Good))
    }

    /// The good release whose id begins so, or, where none is wanted, the one before the current one.
    #[must_use]
    pub fn earlier(&self, wanted: Option<&str>) -> Option<&Release> {
        match wanted {
            Some(begin) => self.good().find(|release| release.id.0.starts_with(begin)),
            None => self.good().nth(1),
        }
    }

    /// Releases that stay so that `keep` good ones can be gone back to. `newest` is one that is not called good yet, and counts.
    #[must_use]
    pub fn staying(&self, keep: usize, newest: Option<&ReleaseId>) -> Vec<ReleaseId> {
        let good = self.good().map(|release| &release.id).filter(|id| Some(*id) != newest);
        newest.into_iter().chain(good).take(keep).cloned().collect()
    }

    /// Whether a release was ever placed by a rollout, and not only found.
    #[must_use]
    pub fn was_deployed(&self, id: &ReleaseId) -> bool {
        self.rollouts.iter().any(|past| past.release.id == *id && !past.is_found())
    }

    /// When a release became good for the last time.
    #[must_use]
    pub fn good_since(&self, id: &ReleaseId) -> Option<UnixMs> {
        self.good_ones().find(|past| past.release.id == *id).map(|past| past.at)
    }

    /// How long a service gave no answer when it was made anew last, in milliseconds.
    #[must_use]
    pub fn down(&self, service: &str) -> Option<u64> {
        let all = self.rollouts.iter().rev().flat_map(|past| &past.down);
        all.into_iter().find(|(name, _)| &**name == service).map(|(_, down)| *down)
    }

    /// A release that was deployed, or found, at some time.
    #[must_use]
    pub fn release(&self, id: &ReleaseId) -> Option<&Release> {
        self.rollouts.iter().map(|past| &past.release).find(|release| release.id == *id)
    }

    /// The last rollout, if it was never finished. An earlier one is over whatever is written of it: nobody begins before.
    #[must_use]
    pub fn open(&self) -> Option<&Past> {
        self.rollouts.last().filter(|past| past.outcome.is_none())
    }

    /// The rollout that goes on, where somebody who lives has the target. Without one it was never finished.
    #[must_use]
    pub fn under_way(&self, is_held: bool) -> Option<&Past> {
        self.open().filter(|_| is_held)
    }

    /// How far it goes: whoever looked at a target is to find it the same when a rollout begins.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment { current: self.current().map(|release| release.id.clone()), next: self.next() }
    }

    /// Whether a rollout may begin by what was seen at a moment.
    ///
    /// # Errors
    /// If it may not: why.
    pub fn admits(&self, seen: &Moment) -> Result<(), Bar> {
        if self.open().is_some() {
            // What is on the target now is neither release, and the way back from there would be the other one's.
            return Err(Bar::Unfinished);
        }
        // Where the same release is current again, what was found beside it may be gone all the same.
        if self.moment() == *seen { Ok(()) } else { Err(Bar::Stale) }
    }

    /// The number of the next one.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.rollouts.iter().map(|past| past.number).max().unwrap_or(0) + 1
    }
}

#[cfg(test)]
mod tests {
    use lastgood_model::rollout::Phase;

    use super::*;

    fn id(name: &str) -> ReleaseId {
        ReleaseId(Arc::from(name))
    }

    fn release(name: &str) -> Release {
        let (arguments, services, files) = (Vec::new(), Vec::new(), Vec::new());
        Release { id: id(name), project: Arc::from("shop"), arguments, services, files }
    }

    /// A ledger of rollouts that are done as told: each release, and what became of it.
    fn history(rollouts: &[(&str, Option<Outcome>)]) -> History {
        let mut history = History::default();
        for (number, (name, outcome)) in (1..).zip(rollouts) {
            plan(&mut history, number, name);
            if let Some(outcome) = outcome {
                tell(&mut history, number, What::Finished(*outcome));
            }
        }
        history
    }

    fn tell(history: &mut History, rollout: u64, what: What) {
        let at = UnixMs(i64::try_from(rollout).unwrap() * 1_000);
        history.add(Line { at, rollout, what });
    }

    fn plan(history: &mut History, rollout: u64, name: &str) {
        let step = |action| Step { action, undo: None, phase: Phase::Switch, one_way: false, timeout_ms: 1 };
        let steps = vec![step(Action::Keep), step(Action::Smoke), step(Action::Confirm)];
        let (who, parent, services) = ("me".to_owned(), None, Vec::new());
        tell(
            history,
            rollout,
            What::Planned { who, release: release(name), parent, services, unwell: Vec::new(), steps },
        );
    }

    #[test]
    fn only_the_last_rollout_can_be_unfinished() {
        use Outcome::{Good, RolledBack};
        let open = |rollouts: &[_]| history(rollouts).open().map(|past| past.number);
        assert_eq!(open(&[("a", Some(Good)), ("b", None)]), Some(2));
        assert_eq!(open(&[("a", None), ("b", Some(Good))]), None, "how the first one ended was lost");
        assert_eq!(open(&[]), None);
        let past = history(&[("a", Some(Good)), ("b", Some(RolledBack))]);
        assert_eq!(past.admits(&past.moment()), Ok(()));
        assert_eq!(past.admits(&history(&[("a", Some(Good))]).moment()), Err(Bar::Stale), "somebody tried b meanwhile");
        assert_eq!(past.admits(&history(&[("a", None), ("b", None)]).moment()), Err(Bar::Stale));
        let unfinished = history(&[("a", Some(Good)), ("b", None)]);
        assert_eq!(unfinished.admits(&unfinished.moment()), Err(Bar::Unfinished));
    }

    #[test]
    fn files_are_of_the_last_good_release_or_of_the_first_that_failed() {
        use Outcome::{Down, Good, Refused, RolledBack};
        let placed = |rollouts: &[_]| history(rollouts).placed().map(|release| release.id.0.to_string());
        assert_eq!(placed(&[("a", Some(Refused))]), None, "they came to lie nowhere");
        assert_eq!(placed(&[("a", Some(Down)), ("b", Some(Refused))]).as_deref(), Some("a"));
        assert_eq!(placed(&[("a", Some(Down)), ("b", Some(Good)), ("c", Some(RolledBack))]).as_deref(), Some("b"));
    }

    #[test]
    fn a_line_that_is_lost_may_have_begun_a_step() {
        let mut past = History::default();
        let begun = |history: &History| history.open().map(|past| past.begun);
        plan(&mut past, 1, "a");
        assert_eq!(begun(&past), Some(0));
        tell(&mut past, 1, What::Begun { step: Some(0), undo: false });
        past.add_damaged();
        assert_eq!((begun(&past), past.damaged), (Some(2), 1));
        for _ in 0..9 {
            past.add_damaged();
        }
        assert_eq!(begun(&past), Some(3), "there are no more");
        let mut back = History::default();
        plan(&mut back, 1, "a");
        tell(&mut back, 1, What::Begun { step: Some(1), undo: true });
        assert_eq!(begun(&back), Some(2), "what is taken back began, and so did all before it");
    }

    #[test]
    fn what_goes_on_is_known_while_somebody_lives_who_does_it() {
        let mut past = history(&[("a", Some(Outcome::Good)), ("b", None)]);
        let act = |history: &History| history.under_way(true).map(|past| (past.act().cloned(), past.back));
        assert_eq!(act(&past), Some((None, false)), "it is planned");
        assert_eq!(past.under_way(false), None, "nobody is at it any more");
        tell(&mut past, 2, What::Begun { step: Some(1), undo: false });
        assert_eq!(act(&past), Some((Some(Action::Smoke), false)));
        // A look is no step, nothing takes the first one back, and there is no tenth.
        for (step, undo, back) in
            [(None, false, false), (Some(0), true, true), (None, false, true), (Some(9), false, true)]
        {
            tell(&mut past, 2, What::Begun { step, undo });
            assert_eq!(act(&past), Some((None, back)));
        }
        tell(&mut past, 2, What::Finished(Outcome::Refused));
        assert_eq!(act(&past), None);
    }

    #[test]
    fn a_confirmation_counts_until_somebody_goes_back_all_the_same() {
        let mut past = History::default();
        plan(&mut past, 1, "a");
        let is_confirmed = |history: &History| history.open().map(|past| past.confirmed);
        tell(&mut past, 1, What::Ended { act: Action::Confirm, done: true, why: None });
        assert_eq!(is_confirmed(&past), Some(true));
        tell(&mut past, 1, What::Begun { step: Some(0), undo: true });
        assert_eq!(is_confirmed(&past), Some(false));
        tell(&mut past, 1, What::Ended { act: Action::Smoke, done: false, why: Some("404".to_owned()) });
        tell(&mut past, 1, What::Finished(Outcome::RolledBack));
        tell(&mut past, 1, What::Ended { act: Action::DropLease, done: false, why: None });
        assert_eq!(past.rollouts[0].failure, Some((Action::Smoke, Some("404".to_owned()))));
    }

    #[test]
    fn what_can_be_gone_back_to_are_good_releases_each_once() {
        use Outcome::{Good, Refused};
        let past = history(&[
            ("a1", Some(Good)),
            ("b1", Some(Good)),
            ("c1", Some(Refused)),
            ("a1", Some(Good)),
            ("d1", Some(Good)),
        ]);
        let good: Vec<&str> = past.good().map(|release| &*release.id.0).collect();
        assert_eq!(good, ["d1", "a1", "b1"]);
        let earlier = |wanted| past.earlier(wanted).map(|release| &*release.id.0);
        assert_eq!((earlier(None), earlier(Some("b")), earlier(Some("c"))), (Some("a1"), Some("b1"), None));
        assert_eq!(past.staying(2, None), [id("d1"), id("a1")]);
        assert_eq!(past.staying(2, Some(&id("e1"))), [id("e1"), id("d1")]);
        assert_eq!(past.staying(3, Some(&id("a1"))), [id("a1"), id("d1"), id("b1")]);
        assert_eq!(past.good_since(&id("a1")), Some(UnixMs(4_000)));
    }
}
