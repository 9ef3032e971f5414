//! Rollouts for real: what a release holds, which services it changes, and who does what the machine of `lastgood-rollout` says. On a
//! target everything happens in one process there; on the client nothing is known but what is sent.

pub mod act;
pub mod artifact;
mod bake;
mod beside;
mod candidate;
pub mod changes;
mod checked;
pub mod contents;
pub mod doer;
pub mod environment;
pub mod fetch;
mod gate;
pub mod grip;
pub mod guard;
mod health;
pub mod history;
mod hold;
pub mod hooks;
pub mod include;
mod knock;
mod looks;
pub mod making;
pub mod manner;
pub mod mended;
mod migrate;
mod outage;
mod patience;
pub mod record;
pub mod release;
mod reload;
pub mod route;
pub mod smoke;
mod stale;
pub mod survey;
pub mod target;
pub mod waste;
