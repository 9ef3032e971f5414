//! The front of the house: arguments in, words out. It collects through `pipeline`, lets `lastgood-diagnose` decide,
//! and renders. It parses no log and decides no cause.

pub mod case;
pub mod cli;
pub mod commands;
pub mod complaint;
pub mod exit;
pub mod investigation;
pub mod io;
pub mod knowledge;
pub mod pipeline;
pub mod privacy;
pub mod progress;
pub mod render;
pub mod rollout;
pub mod run;
pub mod said;
pub mod settings;
pub mod words;
