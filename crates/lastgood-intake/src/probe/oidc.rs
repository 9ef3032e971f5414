//! Answers of a provider of OpenID Connect: what it says of itself, and whether it knows the client.

use std::sync::Arc;

use lastgood_model::{Asked, ProbeOutcome, ProbeTarget, Transcript};
use serde_json::Value;

use super::http::Answer;
use super::reach::unfinished;
use super::words::{line, shown};
use super::{Reading, turn};

pub(super) fn read(target: &ProbeTarget, transcript: &Transcript) -> Reading {
    let Some(discovery) = turn(transcript, Asked::Discovery) else { return (ProbeOutcome::Undecided, None) };
    let answer = match Answer::read(discovery) {
        Ok(answer) => answer,
        Err(reading) => return reading,
    };
    let document = match document(&answer) {
        Ok(document) => document,
        Err(Some(reading)) => return reading,
        // A page that is there for every path.
        Err(None) => {
            let fault = unfinished(discovery).unwrap_or((ProbeOutcome::OtherProtocol, line(answer.body)));
            return fault;
        }
    };
    if let Some(refused) = turn(transcript, Asked::Token).and_then(|turn| Answer::read(turn).ok()).and_then(client) {
        return refused;
    }
    if let Some(Err(reading)) = turn(transcript, Asked::Keys).map(Answer::read).map(keys) {
        return reading;
    }
    if let Some(seconds) = answer.ahead(transcript.at) {
        return (ProbeOutcome::ClockDiffers { seconds }, answer.header("date").and_then(|date| line(date.as_bytes())));
    }
    let said = document.get("issuer").and_then(Value::as_str).unwrap_or_default();
    if !is_called(target, said) {
        let said = shown(said.as_bytes());
        return (ProbeOutcome::IssuerDiffers { said: Arc::clone(&said) }, Some(said));
    }
    // Everything else is fine; whether the client is known was not found out in time.
    if turn(transcript, Asked::Token).is_some_and(|turn| Answer::read(turn).is_err()) {
        let words = turn(transcript, Asked::Token).and_then(unfinished).and_then(|(_, words)| words);
        return (ProbeOutcome::Undecided, words.or_else(|| Some("ETIMEDOUT".into())));
    }
    (ProbeOutcome::Serves, Some(shown(said.as_bytes())))
}

/// What the issuer says of itself, or what is said instead. `Err(None)`: something that is no such document.
fn document(answer: &Answer<'_>) -> Result<Value, Option<Reading>> {
    let json = serde_json::from_slice::<Value>(answer.body).ok().filter(Value::is_object);
    match (answer.status, json) {
        (200, Some(document)) if document.get("issuer").is_some_and(Value::is_string) => Ok(document),
        (200..300, _) => Err(None),
        (404, Some(_)) => Err(Some((ProbeOutcome::NoSuchRealm, line(answer.body)))),
        (status, Some(_)) if status >= 400 => Err(Some((ProbeOutcome::HttpStatus(status), line(answer.body)))),
        (status, _) => Err(Some(answer.fault().unwrap_or((ProbeOutcome::HttpStatus(status), answer.first_line())))),
    }
}

/// What is wrong with the client; `None` if it is known, whatever it may not do.
fn client(answer: Answer<'_>) -> Option<Reading> {
    if answer.status < 400 {
        return None;
    }
    let words = line(answer.body).or_else(|| answer.first_line());
    let json = serde_json::from_slice::<Value>(answer.body).unwrap_or_default();
    let of = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default();
    let description = of("error_description");
    match of("error") {
        "invalid_client" => Some((ProbeOutcome::RefusesClient, words)),
        // Keycloak says the same of a wrong secret and of a client that is known and has no account of its own.
        "unauthorized_client" if description.contains("credentials") => Some((ProbeOutcome::RefusesClient, words)),
        "unauthorized_client"
        | "unsupported_grant_type"
        | "invalid_scope"
        | "invalid_grant"
        | "access_denied"
        | "invalid_request" => None,
        _ if matches!(answer.status, 401 | 403) => Some((ProbeOutcome::RefusesClient, words)),
        _ => Some((ProbeOutcome::HttpStatus(answer.status), words)),
    }
}

fn keys(answer: Result<Answer<'_>, Reading>) -> Result<(), Reading> {
    match answer {
        Ok(answer) if answer.status == 200 => Ok(()),
        Ok(answer) => Err((ProbeOutcome::HttpStatus(answer.status), answer.first_line())),
        // The time was up.
        Err((ProbeOutcome::Silent, _)) => Ok(()),
        Err(reading) => Err(reading),
    }
}

/// Whether an issuer calls itself as it was called. One slash at the end more or less is the same to everybody.
fn is_called(target: &ProbeTarget, said: &str) -> bool {
    let (scheme, usual) = if target.secure { ("https", 443) } else { ("http", 80) };
    let host = target.host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let path = target.path.trim_end_matches('/');
    let path = path.strip_suffix("/.well-known/openid-configuration").unwrap_or(path).trim_end_matches('/');
    let mut called = vec![format!("{scheme}://{host}:{}{path}", target.port)];
    if target.port == usual {
        called.push(format!("{scheme}://{host}{path}"));
    }
    let said = said.trim_end_matches('/');
    let (front, rest) = said.split_at(
        said.find("://").and_then(|at| said.get(at + 3..)?.find('/').map(|end| at + 3 + end)).unwrap_or(said.len()),
    );
    let said = format!("{}{rest}", front.to_ascii_lowercase());
    called.contains(&said)
}

#[cfg(test)]
mod tests {
    use lastgood_model::ProbeProtocol;

    use super::*;

    #[test]
    fn an_issuer_is_compared_with_what_was_called() {
        let target = |secure, port, path: &str| ProbeTarget {
            protocol: ProbeProtocol::Oidc,
            host: "Auth.shop".into(),
            port,
            secure,
            path: path.into(),
            user: None,
            password: None,
            database: None,
        };
        assert!(is_called(&target(true, 443, "/realms/a"), "https://auth.shop/realms/a"));
        assert!(is_called(&target(true, 443, "/realms/a/"), "https://AUTH.shop:443/realms/a"));
        assert!(is_called(&target(false, 8080, ""), "http://auth.shop:8080/"));
        assert!(!is_called(&target(false, 8080, "/realms/a"), "http://auth.shop:8080/realms/A"));
        assert!(!is_called(&target(false, 8080, "/realms/a"), "http://auth.shop/realms/a"));
        assert!(!is_called(&target(false, 8080, ""), "://"));
    }
}
