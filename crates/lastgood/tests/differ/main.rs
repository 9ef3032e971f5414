//! What this tool believes of environment files and of Compose projects, against the real Docker Compose and real engines:
//! generated files, generated changes, engines of other versions, engines that hang, are absent or may not be asked. Also that
//! asking changes nothing and tells no secret. Needs `docker compose`: `scripts/test differ`.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test stops at the first surprise")]

#[path = "../live/bed.rs"]
#[expect(dead_code, reason = "the tests of live stacks use more of it")]
mod bed;
mod compose;
mod drift;
mod engines;
mod env_files;
mod env_text;
mod harmless;
mod project;
mod raw_files;
