//! What in log text is somebody's own: where it stands (`addresses`, `secrets`, `known`), and what is written in its
//! place when logs are handed on (`stand_ins`). How a document shows what was taken out is decided in `render`.

pub mod addresses;
pub mod bodies;
pub mod env_value;
pub mod hide_values;
pub mod known;
pub mod secrets;
pub mod stack;
pub mod stand_ins;
