//! Faults of real containers, and what `why` and `status` say of them: a folder a fault below `faults/`, made by a script,
//! looked at, mended as the product would have it, looked at again. Needs a Docker engine: `scripts/test live`.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod architectures;
mod artifacts;
mod bed;
mod broken;
mod built;
mod by_hand;
mod carried;
mod checks;
mod clients;
mod composed;
mod deploy;
mod eyes;
mod faults;
mod guarded;
mod health;
mod hooks;
mod hosts;
mod load;
mod model;
mod newcomer_vms;
mod passing;
mod proxied;
mod refused;
mod released_env;
mod remains;
mod said;
mod secrecy;
mod site;
mod story;
mod story_vm;
mod transfer;
mod under_way;
mod vms;
