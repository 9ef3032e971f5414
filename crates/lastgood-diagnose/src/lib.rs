//! Facts to a verdict: fold, onset, attribution, rules, ranking.
//! No bytes, no IO, no clock, no prose, and nothing here can fail: what is not known becomes a gap.

mod address;
pub mod architecture;
pub mod attribution;
mod boots;
mod cells;
mod change_point;
pub mod check;
pub mod closeup;
pub mod condition;
pub mod decide;
mod describe;
mod distinct;
pub mod drift;
mod episodes;
mod error_runs;
mod faults;
mod finding;
mod host;
mod judge;
pub mod nearest;
mod outcome;
pub mod overview;
pub mod question;
mod rank;
mod refused;
mod rules;
mod scatter;
mod scene;
mod series;
pub mod silence;
mod slowed;
pub mod stack_scene;
mod standing;
mod stop;
pub mod suspect;
pub mod timeline;
pub mod topology;

pub use closeup::CloseUp;
pub use condition::Condition;
pub use decide::decide;
pub use question::Question;
pub use stack_scene::StackScene;
pub use suspect::{Suspects, suspect};
pub use timeline::Timeline;
