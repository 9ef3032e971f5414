//! The loop that drives a rollout: what comes next is written down, then done, and how it ended is written down. Who does it, and
//! where it is written, is handed in; nothing is decided here.

use lastgood_model::rollout::{Action, Ending, Outcome};

use crate::machine::{Act, Machine, Next};

/// What the ledger holds of a rollout, in order, behind its plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// An act begins: written, and safe on the disk, before it does.
    Begun(Act),
    /// It ended.
    Ended(Act, Ending),
    /// What became of all of it.
    Finished(Outcome),
}

/// The ledger cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwritten;

/// Somebody else has the target by now, and brings the rollout to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// Whoever does what the machine says.
pub trait Doer {
    /// Makes sure that the target stays ours for as long as an act may take, and that there is room to write it down.
    ///
    /// # Errors
    /// If somebody else has it.
    fn hold(&mut self, act: &Act) -> Result<(), Lost>;

    /// Writes a record down for good.
    ///
    /// # Errors
    /// If it could not.
    fn write(&mut self, record: &Record) -> Result<(), Unwritten>;

    /// Does it, within its time.
    fn perform(&mut self, act: &Act) -> Ending;
}

/// Goes on until it is over.
///
/// # Errors
/// If somebody else drives it by now. What becomes of it is theirs to say: nothing more is done, or written.
pub fn drive(machine: &mut Machine<'_>, doer: &mut impl Doer) -> Result<Outcome, Lost> {
    let mut is_told = false;
    loop {
        let next = machine.next();
        if let Next::Act(act) = &next {
            // Before anything is written: it may be what makes room for that.
            doer.hold(act)?;
        }
        // Whoever comes next must not find free what looks as if nobody had finished it.
        let lets_go = matches!(&next, Next::Act(Act { action: Action::DropLease, .. }));
        if let (Some(outcome), true) = (machine.outcome(), lets_go || matches!(next, Next::Finished(_))) {
            // Whoever reads the ledger without it takes the rollout up again and finds that nothing is left to do.
            is_told = is_told || doer.write(&Record::Finished(outcome)).is_ok();
        }
        let act = match next {
            Next::Act(act) => act,
            Next::Finished(outcome) => return Ok(outcome),
        };
        if doer.write(&Record::Begun(act.clone())).is_err() && !machine.unwritten() {
            continue;
        }
        machine.begin();
        let mut ending = doer.perform(&act);
        let confirms = act.action == Action::Confirm && ending == Ending::Done;
        if doer.write(&Record::Ended(act, ending)).is_err() && confirms {
            // That record is the confirmation.
            ending = Ending::Failed;
        }
        machine.end(ending);
    }
}
