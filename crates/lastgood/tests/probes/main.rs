//! Real servers in every state that a dependency may be in, and what a probe makes of each: the right outcome, the server's own
//! words, within two seconds, and no secret anywhere. Needs the servers: `scripts/test probes`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and says what it asked"
)]

mod agent;
mod ask;
mod daemon;
mod hostile;
mod keycloak;
mod lab;
mod mariadb;
mod name;
mod peer;
mod postgres;
mod redis;
mod web;
