//! What people and programs get to see, as whole snapshots in both languages. The verdicts are built by hand; whether
//! they are right is other tests' business.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod ami_502;
mod check;
mod checked_case;
mod commands;
mod init;
mod settings;
mod shapes;
mod streams;
