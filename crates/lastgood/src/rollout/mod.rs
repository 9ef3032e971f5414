//! Rollouts for real: what a release holds, which services it changes, and who does what the machine of `lastgood-rollout` says. On a
//! target everything happens in one process there; on the client nothing is known but what is sent.

pub mod changes;
pub mod contents;
pub mod doer;
pub mod fetch;
mod gate;
mod grip;
pub mod history;
pub mod record;
pub mod release;
pub mod target;
