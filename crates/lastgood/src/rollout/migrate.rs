//! Migrations: a command of the new release that brings the data forward, once, before anything of it is tried or switched; and the one
//! that takes that back. Each runs in a container of its own, with the image, variables and networks of its service.

use std::time::Duration;

use lastgood_world::engine::compose;

use super::candidate::LABEL;
use super::doer::{Hands, heard};
use super::manner::Migrate;
use super::trouble::Trouble;

/// So many of its last lines are shown.
const LINES: usize = 5;

impl Hands<'_> {
    /// Brings the data forward, or back. What somebody began who died ends first: twice at once is worse than late.
    pub(super) fn migrate(&self, back: bool, within: Duration) -> Result<(), Trouble> {
        // What the plan wants is said by the manner that it was made by; one that does not say it is of another version.
        let Some(Migrate { service, up, down, .. }) = &self.manner.migrate else { return Err(Trouble::Newer) };
        let command = if back { down.as_ref().ok_or(Trouble::Newer)? } else { up };
        let name = format!("lastgood-migration-{}", self.release(&self.target)?.project);
        compose::await_end(&name, within)?;
        let (code, lines) = self.run_once(service, command, &name, within)?;
        if code == 0 { Ok(()) } else { Err(Trouble::Migration(code, lines)) }
    }

    /// Runs a command in a container of a service of the new release, beside all others, and waits for its end: its exit code, and the
    /// last lines of what it said.
    pub(super) fn run_once(
        &self,
        service: &str,
        command: &[String],
        name: &str,
        within: Duration,
    ) -> Result<(i32, Vec<String>), Trouble> {
        heard(compose::drop_container(name, within)?)?;
        let label = format!("{LABEL}={service}");
        let ran = self.beside(service)?.run_once(service, command, (name, &label), within)?;
        heard(compose::drop_container(name, within)?)?;
        self.clear_beside()?;
        let said = [String::from_utf8_lossy(&ran.output).into_owned(), ran.complaint].concat();
        let lines: Vec<&str> = said.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let last = lines.iter().skip(lines.len().saturating_sub(LINES)).map(|line| (*line).to_owned());
        Ok((ran.code, last.collect()))
    }
}
