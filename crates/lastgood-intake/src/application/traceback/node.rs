//! A stack of Node.js: the error, its frames, and where it is printed as an object, what that holds: `[cause]`, the errors of an
//! `AggregateError`, the code of the system's error.

use super::thrown::{Thrown, thrown};
use super::{Chain, is_library};

/// Objects in objects are followed so deep.
const MAX_DEPTH: usize = 32;
/// Properties of an error that say what it is.
const TELLING: [&str; 7] = ["code", "errno", "syscall", "hostname", "address", "port", "sqlMessage"];

/// Reads one.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// How many objects are open.
    depth: usize,
    /// Whether anything of it was read but its first line.
    begun: bool,
}

/// `    at find (/app/shop.js:12:5)`
pub(crate) fn is_frame(text: &str) -> bool {
    frame(text).is_some()
}

impl Node {
    /// Reads a line; false if it is none of its lines.
    pub(crate) fn line(&mut self, text: &str, number: u64, chain: &mut Chain) -> bool {
        let body = text.trim_ascii();
        if let Some((place, is_own)) = frame(text) {
            self.begun = true;
            chain.at(place, is_own, false);
            self.opened(body);
            return true;
        }
        let indented = text.starts_with([' ', '\t']);
        if self.depth > 0 && (indented || body.starts_with(['}', ']'])) {
            self.property(body, number, chain);
            return true;
        }
        // Other libraries print the cause below, as Java does.
        if self.begun
            && let Some(cause) = strip_caused_by(body)
        {
            let (class, message) = thrown(cause).unwrap_or(("", cause));
            chain.push(Thrown::new(class, message, number), 0);
            return true;
        }
        if self.begun && body.starts_with("... ") && body.contains("matching cause stack trace") {
            self.opened(body);
            return true;
        }
        false
    }

    fn property(&mut self, body: &str, number: u64, chain: &mut Chain) {
        if body.starts_with(['}', ']']) {
            self.depth -= 1;
            return self.opened(body);
        }
        let (key, value) = body.split_once(": ").unwrap_or(("", body));
        let key = key.trim_matches(['\'', '"', '[', ']']);
        match (key, thrown(value)) {
            ("cause" | "originalError" | "original" | "parent" | "error" | "err", Some((class, message))) => {
                chain.push(Thrown::new(class, message.trim_end_matches(" {"), number), 0);
            }
            // The first of several; the others are the same attempt at another address.
            _ if thrown(body).is_some() => {
                let (class, message) = thrown(body).unwrap_or_default();
                chain.push(Thrown::new(class, message.trim_end_matches(" {"), number), 0);
            }
            _ if TELLING.contains(&key) => chain.add(&format!("{key}: {}", value.trim_end_matches(','))),
            _ => {}
        }
        self.opened(body);
    }

    fn opened(&mut self, body: &str) {
        if body.ends_with(['{', '[']) && self.depth < MAX_DEPTH {
            self.depth += 1;
        }
    }
}

fn strip_caused_by(body: &str) -> Option<&str> {
    ["Caused by: ", "caused by: ", "[cause]: "].iter().find_map(|lead| body.strip_prefix(lead))
}

fn frame(text: &str) -> Option<(String, bool)> {
    let body = text.strip_prefix([' ', '\t'])?.trim_ascii().strip_prefix("at ")?;
    let body = body.strip_suffix('{').map_or(body, str::trim_ascii_end);
    let place = body.strip_suffix(')').and_then(|body| body.rsplit_once('(')).map_or(body, |(_, place)| place);
    let place = place.strip_prefix("async ").unwrap_or(place);
    if ["<anonymous>", "native", "eval"].iter().any(|word| place.starts_with(word)) {
        return Some((place.to_owned(), false));
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    if !is_number(column) || !is_number(line) || file.contains('(') {
        return None;
    }
    let file = file.strip_prefix("file://").unwrap_or(file);
    let is_own = !is_library(file) && !file.starts_with("node:") && !file.starts_with("internal/");
    Some((format!("{file}:{line}"), is_own))
}
