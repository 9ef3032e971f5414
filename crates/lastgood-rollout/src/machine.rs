//! The machine of a rollout: from how every act ended it says which one comes next, and in the end what became of it. It goes
//! forward until something fails, then back over every step that may have begun, looks whether all is as it was, and goes back once
//! more where it is not. It decides nothing that the plan has not decided.

use std::sync::Arc;

use lastgood_model::rollout::{Action, Ending, Outcome, Phase, Plan, Step};

/// An act that brings something back is tried so often.
const TRIES: u32 = 3;
/// The way back is gone so often until what is there is called broken.
const ROUNDS: u32 = 3;
/// Looking, and tidying up, may take so long where no step says it.
const LOOK_MS: u64 = 60_000;

/// What an act is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Of {
    /// The way forward: a step, by its place in the plan.
    Step(usize),
    /// The way back: the undo of a step.
    Undo(usize),
    /// A look whether the way back led where it should.
    Look,
    /// Tidying up.
    Close,
}

/// Something to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What.
    pub action: Action,
    /// What it is part of.
    pub of: Of,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This.
    Act(Act),
    /// Nothing: it is over.
    Finished(Outcome),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Forward {
        step: usize,
        tries: u32,
    },
    Back {
        /// Steps that are still to be undone; the last one first.
        left: Vec<usize>,
        tries: u32,
        round: u32,
        /// Whether an undo of this round failed as often as it was tried.
        gave_up: bool,
    },
    Looking {
        round: u32,
        /// So often all has to be found well.
        looks: u32,
    },
    Closing {
        outcome: Outcome,
        left: Vec<Action>,
        tries: u32,
    },
    Finished(Outcome),
}

/// A rollout as it goes.
#[derive(Clone, Debug)]
pub struct Machine<'p> {
    plan: &'p Plan,
    state: State,
    /// So many steps began: what they were to do may be done.
    begun: usize,
    /// Acts that failed, in order.
    failed: Vec<Act>,
}

impl<'p> Machine<'p> {
    /// At its beginning.
    #[must_use]
    pub const fn new(plan: &'p Plan) -> Self {
        Self { plan, state: State::Forward { step: 0, tries: 0 }, begun: 0, failed: Vec::new() }
    }

    /// One whose driver died. Without a confirmation it goes back; with one only tidying up is left.
    ///
    /// `begun` is how many steps the ledger says began. Whether they were done nobody knows.
    #[must_use]
    pub fn resumed(plan: &'p Plan, begun: usize, confirmed: bool) -> Self {
        let mut machine = Self { begun, ..Self::new(plan) };
        if confirmed {
            machine.close(Outcome::Good);
        } else {
            machine.fail();
        }
        machine
    }

    /// What is to be done now.
    #[must_use]
    pub fn next(&self) -> Next {
        let look = |action, of| Next::Act(Act { action, of, timeout_ms: LOOK_MS });
        match &self.state {
            State::Forward { step, .. } => match self.plan.steps.get(*step) {
                Some(next) => {
                    Next::Act(Act { action: next.action.clone(), of: Of::Step(*step), timeout_ms: next.timeout_ms })
                }
                None => Next::Finished(Outcome::Good),
            },
            State::Back { left, .. } => {
                let undo = left.last().and_then(|index| Some((*index, self.plan.steps.get(*index)?)));
                match undo.and_then(|(index, step)| Some((index, step, step.undo.clone()?))) {
                    Some((index, step, action)) => {
                        Next::Act(Act { action, of: Of::Undo(index), timeout_ms: step.timeout_ms })
                    }
                    // Only steps with an undo are put there, and the state changes with the last of them.
                    None => look(self.look(), Of::Look),
                }
            }
            State::Looking { .. } => look(self.look(), Of::Look),
            State::Closing { outcome, left, .. } => match left.last() {
                Some(action) => look(action.clone(), Of::Close),
                None => Next::Finished(*outcome),
            },
            State::Finished(outcome) => Next::Finished(*outcome),
        }
    }

    /// The act of `next` begins now: from here on it counts as one that may have been done.
    pub fn begin(&mut self) {
        if let State::Forward { step, .. } = self.state {
            self.begun = self.begun.max(step + 1);
        }
    }

    /// The act of `next` did not begin, since it could not be written down that it does: on the way forward that is a failure.
    /// Returns whether it has to be done all the same: the way back waits for nobody, nor does what comes after a release is good.
    pub fn unwritten(&mut self) -> bool {
        let State::Forward { step, tries } = self.state else { return true };
        let Some(this) = self.plan.steps.get(step).filter(|step| step.phase != Phase::After) else { return true };
        if let Next::Act(act) = self.next() {
            self.failed.push(act);
        }
        if this.action == Action::Confirm && tries + 1 < TRIES {
            // There may be room for it the next time: what was found good is not taken back for a line.
            self.state = State::Forward { step, tries: tries + 1 };
        } else {
            self.fail();
        }
        false
    }

    /// The act of `next` ended.
    pub fn end(&mut self, ending: Ending) {
        let done = ending == Ending::Done;
        if let (false, Next::Act(act)) = (done, self.next()) {
            self.failed.push(act);
        }
        match &mut self.state {
            State::Forward { step, tries } => {
                let Some(this) = self.plan.steps.get(*step) else { return };
                // What comes after the new release is good does not make it bad.
                if done || this.phase == Phase::After {
                    let next = *step + 1;
                    if next < self.plan.steps.len() {
                        self.state = State::Forward { step: next, tries: 0 };
                    } else {
                        self.close(Outcome::Good);
                    }
                } else if this.action == Action::Confirm && *tries + 1 < TRIES {
                    *tries += 1;
                } else {
                    self.fail();
                }
            }
            State::Back { left, tries, round, gave_up } => {
                if done || *tries + 1 >= TRIES {
                    left.pop();
                    *tries = 0;
                    *gave_up |= !done;
                } else {
                    *tries += 1;
                }
                if left.is_empty() {
                    // Where an undo says that it failed and a look that all is well, one of the two is wrong.
                    self.state = State::Looking { round: *round, looks: if *gave_up { 2 } else { 1 } };
                }
            }
            State::Looking { round, looks } => {
                let (round, looks) = (*round, *looks);
                if done && looks > 1 {
                    self.state = State::Looking { round, looks: looks - 1 };
                } else if done {
                    self.close(self.taken_back());
                } else if round + 1 < ROUNDS {
                    // What an undo says of itself may be wrong: all of them once more, which costs nothing where they were right.
                    self.state =
                        State::Back { left: self.undoable(round + 1), tries: 0, round: round + 1, gave_up: false };
                } else if self.has_switched() {
                    self.close(Outcome::UndoFailed);
                } else {
                    // What serves was not touched. That it is not as it should be is somebody else's doing.
                    self.close(Outcome::Refused);
                }
            }
            State::Closing { left, tries, outcome } => {
                if done || *tries + 1 >= TRIES {
                    left.pop();
                    *tries = 0;
                } else {
                    *tries += 1;
                }
                if left.is_empty() {
                    self.state = State::Finished(*outcome);
                }
            }
            State::Finished(_) => {}
        }
    }

    /// Acts that failed so far, in order; the first one is why it went back.
    #[must_use]
    pub fn failed(&self) -> &[Act] {
        &self.failed
    }

    /// Whether it is on its way back, or came back.
    #[must_use]
    pub const fn goes_back(&self) -> bool {
        !matches!(self.state, State::Forward { .. } | State::Closing { outcome: Outcome::Good, .. })
    }

    /// What became of it, as soon as that cannot change any more.
    #[must_use]
    pub const fn outcome(&self) -> Option<Outcome> {
        match self.state {
            State::Closing { outcome, .. } | State::Finished(outcome) => Some(outcome),
            State::Forward { .. } | State::Back { .. } | State::Looking { .. } => None,
        }
    }

    /// Whether data was brought forward, or may have been, and bringing it back failed.
    #[must_use]
    pub fn leaves_data(&self) -> bool {
        self.failed.iter().any(|act| act.action == Action::MigrateBack)
    }

    fn begun(&self) -> impl Iterator<Item = &'p Step> {
        self.plan.steps.iter().take(self.begun)
    }

    /// Steps that began and can be taken back; the last one is the first to be.
    /// In a later round also switches that never began: somebody else may have made containers from the live files meanwhile.
    fn undoable(&self, round: u32) -> Vec<usize> {
        let is_place = |undo: &Action| matches!(undo, Action::Place { .. });
        let all = self.plan.steps.iter().enumerate().filter_map(|(index, step)| Some((index, step.undo.as_ref()?)));
        let began = |(index, _): &(usize, &Action)| *index < self.begun;
        if !all.clone().any(|undo| began(&undo)) {
            return Vec::new();
        }
        // Somebody may have edited live files before. Where all is to be as it was, so are these.
        let also = |undo: &Action| is_place(undo) || round > 0 && matches!(undo, Action::Switch { .. });
        let returns = all.filter(|undo| began(undo) || also(undo.1) && self.has_switched());
        // The way forward backwards; but containers are made from the live files, so these come first on both ways.
        let (places, others): (Vec<_>, Vec<_>) = returns.partition(|(_, undo)| is_place(undo));
        others.into_iter().chain(places).map(|(index, _)| index).collect()
    }

    fn fail(&mut self) {
        if self.begun().any(|step| step.one_way) {
            return self.close(Outcome::Stopped);
        }
        let left = self.undoable(0);
        if left.is_empty() {
            return self.close(Outcome::Refused);
        }
        self.state = State::Back { left, tries: 0, round: 0, gave_up: false };
    }

    /// Whether anything that serves may have been touched.
    fn has_switched(&self) -> bool {
        self.begun().any(|step| step.phase == Phase::Switch)
    }

    fn look(&self) -> Action {
        Action::Verify { release: self.plan.parent.clone() }
    }

    /// What it is called when all is as it was.
    fn taken_back(&self) -> Outcome {
        match (self.has_switched(), &self.plan.parent) {
            (false, _) => Outcome::Refused,
            (true, Some(_)) => Outcome::RolledBack,
            (true, None) => Outcome::Down,
        }
    }

    /// What was held is let go of: the target last, which is in the hands of whoever drives, and before it what goes back by itself.
    fn close(&mut self, outcome: Outcome) {
        let mut left = vec![Action::DropLease];
        left.extend(self.begun().find(|step| step.action == Action::Arm).map(|_| Action::Disarm));
        left.extend(self.begun().filter_map(|step| match &step.action {
            // Also where it was dropped: who says so may be wrong, and one that stays takes room and connections.
            Action::StartCandidate { service } => Some(Action::DropCandidate { service: Arc::clone(service) }),
            _ => None,
        }));
        self.state = State::Closing { outcome, left, tries: 0 };
    }
}
