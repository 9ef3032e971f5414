//! The loop that drives a rollout: what comes next is written down, then done, and how it ended is written down. Who does it, and
//! where it is written, is handed in; nothing is decided here.

use lastgood_model::rollout::{Action, Ending, Outcome};

use crate::machine::{Act, Machine, Next, Of};

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

/// Whoever does what the machine says.
pub trait Doer {
    /// Writes a record down for good.
    ///
    /// # Errors
    /// If it could not.
    fn write(&mut self, record: &Record) -> Result<(), Unwritten>;

    /// Does it, within its time.
    fn perform(&mut self, act: &Act) -> Ending;
}

/// Goes on until it is over.
pub fn drive(machine: &mut Machine<'_>, doer: &mut impl Doer) -> Outcome {
    loop {
        let act = match machine.next() {
            Next::Act(act) => act,
            Next::Finished(outcome) => {
                // Whoever reads the ledger without it takes the rollout up again and finds that nothing is left to do.
                let _unwritten = doer.write(&Record::Finished(outcome));
                return outcome;
            }
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

/// Where a rollout stands whose driver died, by what the ledger holds of it: the steps that began, whether it was confirmed, and
/// what became of it, if that stands there.
#[must_use]
pub fn standing(records: &[Record]) -> (Vec<usize>, bool, Option<Outcome>) {
    let mut begun: Vec<usize> = Vec::new();
    let (mut confirmed, mut outcome) = (false, None);
    for record in records {
        match record {
            Record::Begun(Act { of: Of::Step(step), .. }) if !begun.contains(step) => begun.push(*step),
            Record::Ended(Act { action: Action::Confirm, .. }, Ending::Done) => confirmed = true,
            // Whoever confirmed it went back all the same, since it was told that this could not be written.
            Record::Begun(Act { of: Of::Undo(_), .. }) => confirmed = false,
            Record::Finished(end) => outcome = Some(*end),
            Record::Begun(_) | Record::Ended(..) => {}
        }
    }
    (begun, confirmed, outcome)
}
