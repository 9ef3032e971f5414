//! Compose projects: what `docker compose config` says they are, and where in the user's files that stands. Files are merged
//! and interpolated by Compose itself, never here.

mod config;
mod places;
mod taken_in;
mod yaml;

pub use config::desired;
pub use places::{ComposeFile, Places};
pub use taken_in::{Named, named};
