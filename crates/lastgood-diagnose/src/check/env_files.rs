//! Environment files by themselves: what Compose refuses, what was lost in reading, who may read them.

use std::sync::Arc;

use lastgood_model::Ref;
use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::stack::{EnvEntry, EnvFile, EnvRole};

use super::{Look, finding};

/// Files with values that count; one that has several roles comes once.
pub(super) fn real<'a>(look: &Look<'a>) -> impl Iterator<Item = &'a EnvFile> + use<'a> {
    let files = &look.stack.env_files;
    files.iter().enumerate().filter_map(|(index, file)| {
        let before = files.get(..index).unwrap_or_default();
        let is_new = !before.iter().any(|other| other.path == file.path && other.role != EnvRole::Example);
        (file.role != EnvRole::Example && is_new).then_some(file)
    })
}

pub(super) fn at(file: &EnvFile, line: u64) -> Ref {
    Ref::Text { file: file.path.clone(), line }
}

/// What nobody can be told. Compose reads it, and the engine refuses the container; in `.env`, Compose up to 2.26 refuses it.
const UNTELLABLE: &str = "a value without a name, or with a NUL in it";

/// Files that Compose does not understand.
pub(super) fn refused(look: &Look<'_>, found: &mut Vec<Finding>) {
    for file in real(look) {
        let is_told = |other: &EnvFile| other.path == file.path && matches!(other.role, EnvRole::Container(_));
        let matters = look.stack.refused.is_some() || look.stack.env_files.iter().any(is_told);
        let untellable = || {
            let entry = file.entries.iter().find(|entry| entry.is_untellable())?;
            Some((entry.line, Arc::from(UNTELLABLE)))
        };
        let Some((line, words)) = file.fault.clone().or_else(|| untellable().filter(|_| matters)) else { continue };
        let flaw = Flaw::EnvFileRefused { words };
        found.push(finding(Severity::WillBreak, file.path.clone(), flaw, Some(at(file, line))));
    }
}

/// Values of which a part was taken for a variable.
pub(super) fn dollars_lost(look: &Look<'_>, found: &mut Vec<Finding>) {
    for file in real(look) {
        for entry in file.entries.iter().filter(|entry| entry.lost_dollar) {
            let flaw = Flaw::DollarLost { key: entry.key.clone() };
            found.push(finding(Severity::WillBreak, file.path.clone(), flaw, Some(at(file, entry.line))));
        }
    }
}

/// Values with the line end of Windows in them.
pub(super) fn carriage_returns(look: &Look<'_>, found: &mut Vec<Finding>) {
    for file in real(look) {
        let entries: Vec<&EnvEntry> = file.entries.iter().filter(|entry| entry.carriage_return).collect();
        let Some(first) = entries.first() else { continue };
        let keys: Vec<Arc<str>> = entries.iter().map(|entry| entry.key.clone()).collect();
        let refs = Some(at(file, first.line));
        found.push(finding(Severity::WillBreak, file.path.clone(), Flaw::CarriageReturn { keys }, refs));
    }
}

/// Files with secrets in them that every user of the host may read.
pub(super) fn readable(look: &Look<'_>, found: &mut Vec<Finding>) {
    for file in real(look).filter(|file| file.world_readable) {
        let is_secret = |entry: &&EnvEntry| {
            (look.question.is_secret_key)(&entry.key) && entry.value.as_ref().is_some_and(|value| !value.is_blank())
        };
        let secrets: Vec<&EnvEntry> = file.entries.iter().filter(is_secret).collect();
        let Some(first) = secrets.first() else { continue };
        let keys = secrets.iter().map(|entry| entry.key.clone()).collect();
        let refs = Some(at(file, first.line));
        found.push(finding(Severity::WorthKnowing, file.path.clone(), Flaw::EnvFileReadable { keys }, refs));
    }
}
