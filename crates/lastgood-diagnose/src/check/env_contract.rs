//! What the environment promises: the keys of the example, and addresses that are whole. An empty value is a finding only
//! where something wants one.

use std::sync::Arc;

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::desired::Service;
use lastgood_model::stack::{EnvEntry, EnvFile, EnvRole};

use super::env_files::{at, real};
use super::{Look, finding};

/// Words in the name of an example that the real file's name has not.
const EXAMPLE_WORDS: [&str; 5] = ["example", "sample", "template", "dist", "tmpl"];
/// Ends of keys that hold the name of a machine; with another end, `_PORT`, they are two halves.
const HOST_ENDS: [&str; 3] = ["_HOST", "_HOSTNAME", "_ADDR"];

/// Keys of an example against those of the file that it is an example of.
pub(super) fn against_the_example(look: &Look<'_>, found: &mut Vec<Finding>) {
    for example in look.stack.env_files.iter().filter(|file| file.role == EnvRole::Example) {
        let Some(file) = real(look).find(|file| is_example_of(&example.path, &file.path)) else { continue };
        let name = || example.path.clone();
        let wanted: Vec<&EnvEntry> = last_of_each(example);
        let there = last_of_each(file);
        let find = |key: &str| there.iter().find(|entry| &*entry.key == key);
        let has_value = |entry: &EnvEntry| entry.value.as_ref().is_some_and(|value| !value.is_blank());

        let missing = wanted.iter().filter(|entry| has_value(entry) && find(&entry.key).is_none());
        let missing = missing.filter(|entry| !is_provided(look, &entry.key));
        let (lost, missing): (Vec<&EnvEntry>, Vec<&EnvEntry>) = missing.partition(|entry| is_lost(look, &entry.key));
        let mut add = |severity, entries: &[&EnvEntry], from: &EnvFile, flaw: fn(Vec<Arc<str>>, Arc<str>) -> Flaw| {
            if let Some(first) = entries.first() {
                let keys = entries.iter().map(|entry| entry.key.clone()).collect();
                found.push(finding(severity, file.path.clone(), flaw(keys, name()), Some(at(from, first.line))));
            }
        };
        add(Severity::WillBreak, &lost, example, |keys, example| Flaw::KeysLost { keys, example });
        add(Severity::WorthKnowing, &missing, example, |keys, example| Flaw::KeysMissing { keys, example });
        let new: Vec<&EnvEntry> =
            there.iter().filter(|entry| !wanted.iter().any(|other| other.key == entry.key)).copied().collect();
        add(Severity::WorthKnowing, &new, file, |keys, example| Flaw::KeysUndocumented { keys, example });
        let blank = wanted.iter().filter(|entry| has_value(entry)).filter_map(|entry| find(&entry.key));
        let blank = blank.filter(|entry| !has_value(entry) && !is_half(look, &entry.key));
        let blank: Vec<&EnvEntry> = blank.copied().collect();
        add(Severity::WorthKnowing, &blank, file, |keys, example| Flaw::KeysBlank { keys, example });
    }
}

/// A host without a port, or a port without a host, where both keys are there.
pub(super) fn half_addresses(look: &Look<'_>, found: &mut Vec<Finding>) {
    for service in look.services() {
        for (key, partner) in halves(service) {
            let refs = declared_at(look, service, &key);
            let flaw = Flaw::HalfAddress { key, partner };
            found.push(finding(Severity::WillBreak, service.name.clone(), flaw, refs));
        }
    }
}

/// Blank keys of a service, each with the partner that has a value.
fn halves(service: &Service) -> Vec<(Arc<str>, Arc<str>)> {
    let is_blank = |key: &str| service.variable(key).map(lastgood_model::Secret::is_blank);
    let mut found = Vec::new();
    for (key, _) in &service.environment {
        let Some(stem) = HOST_ENDS.iter().find_map(|end| key.strip_suffix(end)) else { continue };
        let port: Arc<str> = format!("{stem}_PORT").into();
        match (is_blank(key), is_blank(&port)) {
            (Some(true), Some(false)) => found.push((key.clone(), port)),
            (Some(false), Some(true)) => found.push((port, key.clone())),
            _ => {}
        }
    }
    found
}

fn is_half(look: &Look<'_>, key: &str) -> bool {
    look.services().any(|service| halves(service).iter().any(|(blank, _)| &**blank == key))
}

/// Where the value that a service is told stands: in its own `environment`, else in the last file that has it.
pub(super) fn declared_at(look: &Look<'_>, service: &Service, key: &str) -> Option<lastgood_model::Ref> {
    let own = service.environment_at.iter().find(|(name, _)| &**name == key).map(|(_, at)| at.clone());
    own.or_else(|| {
        let of_it = |file: &&EnvFile| matches!(&file.role, EnvRole::Container(of) if of.contains(&service.name));
        let files = look.stack.env_files.iter().filter(of_it).rev();
        let mut lines = files.filter_map(|file| Some(at(file, file.entry(key)?.line)));
        lines.next()
    })
}

/// Somebody else gives it a value: `environment`, or the compose file's own default.
fn is_provided(look: &Look<'_>, key: &str) -> bool {
    look.services().any(|service| service.variable(key).is_some_and(|value| !value.is_blank()))
        || look.stack.asked.iter().any(|asked| &*asked.key == key && (asked.has_default || !asked.unset))
}

/// A container that runs was told it, and the next one will not be.
fn is_lost(look: &Look<'_>, key: &str) -> bool {
    let mut gone = look.drift.iter().flat_map(lastgood_model::Drift::variables);
    gone.any(|variable| &*variable.key == key && variable.declared.is_none() && variable.running.is_some())
}

/// Of each key the assignment that counts.
fn last_of_each(file: &EnvFile) -> Vec<&EnvEntry> {
    let counts = |entry: &&EnvEntry| file.entry(&entry.key).is_some_and(|last| std::ptr::eq(last, *entry));
    file.entries.iter().filter(counts).collect()
}

/// `.env.example` is an example of `.env`, `backend.sample.env` of `backend.env`.
fn is_example_of(example: &str, file: &str) -> bool {
    let parts = |path: &str| -> Vec<String> {
        let words = path.split(['.', '-', '_']).filter(|word| !EXAMPLE_WORDS.contains(word));
        words.map(str::to_owned).collect()
    };
    parts(example) == parts(file)
}

#[cfg(test)]
mod name_tests {
    use super::*;

    #[test]
    fn an_example_is_known_by_its_name() {
        for (example, file) in
            [(".env.example", ".env"), ("env/backend.sample.env", "env/backend.env"), (".env-dist", ".env")]
        {
            assert!(is_example_of(example, file), "{example} {file}");
        }
        assert!(!is_example_of(".env.example", "backend.env"));
    }
}
