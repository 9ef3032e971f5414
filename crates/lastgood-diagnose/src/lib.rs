//! Facts to a verdict: fold, onset, attribution, rules, ranking.
//! No bytes, no IO, no clock, no prose, and nothing here can fail: what is not known becomes a gap.

pub mod attribution;
mod cells;
pub mod closeup;
pub mod decide;
mod episodes;
mod error_runs;
mod outcome;
pub mod question;
mod refused;
mod series;
pub mod suspect;
pub mod timeline;

pub use closeup::CloseUp;
pub use decide::decide;
pub use question::Question;
pub use suspect::{Suspect, suspect};
pub use timeline::Timeline;
