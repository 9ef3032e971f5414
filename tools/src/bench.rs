//! Benches: runs tools on generated sets and compares their answers with the truth.
//! It starts the tools as a user would, as processes; it links none of them.

pub mod child;
pub mod formats;
pub mod live;
pub mod onset;
pub mod rivals;
pub mod rows;
pub mod score;
pub mod speed;
pub mod tally;
pub mod verdict;
