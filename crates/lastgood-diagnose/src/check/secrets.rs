//! Secrets where others can read them: in the layers of an image, on a command line.

use std::sync::Arc;

use lastgood_model::Secret;
use lastgood_model::check::{Finding, Flaw, Severity};

use super::{Look, finding, of_engine};

/// Words of keys that are meant to be seen although they look like secrets.
const PUBLIC: [&str; 3] = ["GPG", "PUBLIC", "FINGERPRINT"];

/// Keys with values in the history of the project's images.
pub(super) fn in_images(look: &Look<'_>, found: &mut Vec<Finding>) {
    for service in look.services() {
        let Some(image) = look.image(service) else { continue };
        let mut told: Vec<&str> = Vec::new();
        for (key, value) in image.history.iter().flat_map(assignments) {
            let is_secret = (look.question.is_secret_key)(key) && !PUBLIC.iter().any(|word| key.contains(word));
            if !is_secret || !is_a_value(value) || told.contains(&key) {
                continue;
            }
            told.push(key);
            let flaw = Flaw::SecretInImage { image: service.image.clone(), key: key.into() };
            let at = of_engine(&service.image, "History");
            found.push(finding(Severity::WorthKnowing, service.name.clone(), flaw, Some(at)));
        }
    }
}

/// Options of the project's commands that a secret stands behind.
pub(super) fn on_command_lines(look: &Look<'_>, found: &mut Vec<Finding>) {
    for service in look.services() {
        let words = service.entrypoint.iter().chain(&service.command).flatten();
        // A shell's command is one word with many in it.
        let words: Vec<&str> = words.flat_map(|word| word.expose().split_whitespace()).collect();
        let next = words.iter().skip(1).map(Some).chain([None]);
        let option = words.iter().zip(next).find_map(|(word, next)| {
            let (option, value) = match word.split_once('=') {
                Some((option, value)) => (option, Some(value)),
                None => (*word, next.copied()),
            };
            let is_secret = option.starts_with("--") && is_secret_option(look, option);
            let is_given = value.is_some_and(|value| !value.starts_with('-') && is_a_value(value));
            (is_secret && is_given).then_some(option)
        });
        if let Some(option) = option {
            let flaw = Flaw::SecretOnCommandLine { option: option.into() };
            found.push(finding(Severity::WorthKnowing, service.name.clone(), flaw, service.at.clone()));
        }
    }
}

/// An option that names a file holds no secret itself.
fn is_secret_option(look: &Look<'_>, option: &str) -> bool {
    let name = option.trim_start_matches('-');
    !["file", "path", "dir", "url"].iter().any(|end| name.ends_with(end)) && (look.question.is_secret_key)(name)
}

/// `ENV K=v`, `ARG K=v` and the arguments of a `RUN`, as an image's history tells them.
fn assignments(command: &Secret) -> Vec<(&str, &str)> {
    let text = command.expose();
    let instruction = text.split_once("#(nop)").map_or(text, |(_, after)| after).trim();
    let text = if let Some(rest) = instruction.strip_prefix("ENV ").or_else(|| instruction.strip_prefix("ARG ")) {
        rest
    } else {
        // `|1 TOKEN=x /bin/sh -c …`, with `RUN ` before it or not.
        let arguments = instruction.strip_prefix("RUN ").unwrap_or(instruction).strip_prefix('|');
        arguments.and_then(|rest| rest.split_once("/bin/sh")).map_or("", |(arguments, _)| arguments)
    };
    text.split_whitespace().filter_map(|word| word.split_once('=')).collect()
}

/// Not empty, and no variable that is filled in elsewhere.
fn is_a_value(value: &str) -> bool {
    let value: Arc<str> = value.trim_matches(['"', '\'']).into();
    !value.is_empty() && !value.starts_with('$')
}
