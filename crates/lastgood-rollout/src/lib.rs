//! A rollout: its plan, complete before the first act; the machine that says what comes next; and the way back.
//! No IO, no clock, no diagnosis: acts are done by whoever drives the machine, and how they ended is all that it hears.

pub mod drive;
pub mod history;
pub mod machine;
pub mod plan;
pub mod remains;

pub use drive::{Doer, Lost, Record, drive};
pub use history::{Bar, History, Past};
pub use machine::{Act, Machine, Next, Of};
pub use plan::{Intent, Migration, ServiceIntent, SwitchBy, plan};
pub use remains::{Remains, Runs};
