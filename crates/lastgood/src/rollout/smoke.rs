//! Smoke tests: requests of the user's own, in order, each with what has to come back; what one saves the next ones use. Where a service
//! is, is handed in: the candidate before the switch, the service itself after it.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use lastgood_world::request::{self, Request, Response, Unanswered};
use serde_json::Value;

use super::knock::{beginning, bracketed};
use super::manner::{SmokeTest, filled};

/// One try takes no longer, unless the test says so.
const WITHIN: Duration = Duration::from_secs(10);
/// Who has just started may stumble.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);
/// Any value that is there.
const ANY: &str = "*";

/// A test that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// What people call it.
    pub test: String,
    /// What was asked, without what stands behind a question mark.
    pub asked: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// Nobody gave a variable its value.
    NoValue(String),
    /// It is no URL that could be asked.
    NoUrl,
    /// There was none.
    Unanswered(Unanswered),
    /// It has another status than the one that is wanted; `None`: a 2xx. With the beginning of what it says.
    Status(u16, Option<u16>, String),
    /// It is no JSON; the beginning of what it is.
    NoJson(String),
    /// A field of it is not there, or empty.
    NoField(String),
    /// A field of it is another one than was wanted.
    Field(String),
}

/// Does them, one after the other. `place` tells a service's own address; `None`: the host is no service of the stack. Tests of hosts
/// for which `skip` holds are left out.
///
/// # Errors
/// In the first one that fails, whatever it was tried.
pub fn smoke(
    tests: &[SmokeTest],
    values: &BTreeMap<String, String>,
    place: impl Fn(&str) -> Option<String>,
    skip: impl Fn(&str) -> bool,
) -> Result<(), Box<Failed>> {
    let mut values = values.clone();
    for test in tests {
        if host(&test.url).is_some_and(&skip) {
            continue;
        }
        let mut tries = 1;
        while let Err(failed) = one(test, &mut values, &place) {
            let is_ours = matches!(failed.problem, Problem::NoValue(_) | Problem::NoUrl);
            if is_ours || tries == TRIES {
                return Err(Box::new(failed));
            }
            tries += 1;
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// The host of a URL.
#[must_use]
pub fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(authority.rsplit_once(':').map_or(authority, |(host, _)| host))
}

fn one(
    test: &SmokeTest,
    values: &mut BTreeMap<String, String>,
    place: impl Fn(&str) -> Option<String>,
) -> Result<(), Failed> {
    let shown = |url: &str| url.split(['?', '#']).next().unwrap_or_default().to_owned();
    let method = test.method.clone().unwrap_or_else(|| if test.body.is_some() { "POST" } else { "GET" }.to_owned());
    let asked = format!("{method} {}", shown(&test.url));
    let failed = |problem| Failed { test: test.name.clone(), asked: asked.clone(), problem };
    let fill =
        |text: &str| filled(text, |name| values.get(name).cloned()).map_err(|name| failed(Problem::NoValue(name)));
    let written = fill(&test.url)?;
    let mut headers = Vec::new();
    for (name, value) in &test.header {
        headers.push((name.clone(), fill(value)?));
    }
    let body = test.body.as_deref().map(fill).transpose()?;
    let has =
        |headers: &[(String, String)], name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    if body.as_deref().is_some_and(|body| serde_json::from_str::<Value>(body).is_ok()) && !has(&headers, "content-type")
    {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    let name = host(&written).ok_or_else(|| failed(Problem::NoUrl))?;
    let url = match (place(name), written.split_once("://")) {
        (Some(address), Some((scheme, rest))) => {
            if !has(&headers, "host") {
                headers.push(("Host".to_owned(), rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned()));
            }
            format!("{scheme}://{}", rest.replacen(name, &bracketed(&address), 1))
        }
        _ => written.clone(),
    };
    let within = test.within.map_or(WITHIN, |span| span.0);
    let request = Request { method, url, headers, body: body.unwrap_or_default().into_bytes(), within };
    let response = request::put(&request).map_err(|why| failed(Problem::Unanswered(why)))?;
    let saved = judged(test, &response).map_err(failed)?;
    values.extend(saved);
    Ok(())
}

/// What a right answer saves.
fn judged(test: &SmokeTest, response: &Response) -> Result<Vec<(String, String)>, Problem> {
    let is_right = match test.status {
        Some(status) => response.status == status,
        None => (200..300).contains(&response.status),
    };
    if !is_right {
        return Err(Problem::Status(response.status, test.status, beginning(&response.body)));
    }
    if test.expect.is_empty() && test.save.is_empty() {
        return Ok(Vec::new());
    }
    let body: Value = serde_json::from_slice(&response.body).map_err(|_| Problem::NoJson(beginning(&response.body)))?;
    for (path, wanted) in &test.expect {
        let found = field(&body, path).ok_or_else(|| Problem::NoField(path.clone()))?;
        if wanted != ANY && found != wanted {
            return Err(Problem::Field(path.clone()));
        }
    }
    let saved = test.save.iter().map(|(name, path)| match field(&body, path) {
        Some(Value::String(text)) => Ok((name.clone(), text.clone())),
        Some(value) => Ok((name.clone(), value.to_string())),
        None => Err(Problem::NoField(path.clone())),
    });
    saved.collect()
}

/// A field by its path, `user.roles.0`, if something stands there.
fn field<'v>(body: &'v Value, path: &str) -> Option<&'v Value> {
    let found = path.split('.').try_fold(body, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        value => value.get(part),
    })?;
    let is_empty = found.is_null() || found.as_str() == Some("");
    (!is_empty).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(text: &str) -> SmokeTest {
        toml::from_str(&format!("name = 't'\nurl = 'http://app:80/x'\n{text}")).unwrap()
    }

    fn judge(text: &str, status: u16, body: &str) -> Result<Vec<(String, String)>, Problem> {
        judged(&test(text), &Response { status, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn what_has_to_come_back() {
        assert_eq!(judge("", 204, ""), Ok(Vec::new()));
        assert_eq!(judge("", 302, "moved"), Err(Problem::Status(302, None, "moved".to_owned())));
        assert_eq!(judge("status = 401", 401, "no"), Ok(Vec::new()));
        assert_eq!(judge("status = 401", 200, ""), Err(Problem::Status(200, Some(401), String::new())));
        let body = r#"{"user":{"name":"kim","roles":["admin"],"age":7},"token":"","n":null}"#;
        assert_eq!(
            judge("expect = { 'user.name' = 'kim', 'user.roles.0' = '*', 'user.age' = 7 }", 200, body),
            Ok(vec![])
        );
        assert_eq!(judge("expect = { 'user.name' = 'lee' }", 200, body), Err(Problem::Field("user.name".into())));
        for path in ["token", "n", "user.roles.1", "x"] {
            let said = judge(&format!("expect = {{ '{path}' = '*' }}"), 200, body);
            assert_eq!(said, Err(Problem::NoField(path.into())));
        }
        assert_eq!(judge("save = { t = 'token' }", 200, "<html>"), Err(Problem::NoJson("<html>".into())));
        let saved = judge("save = { NAME = 'user.name', AGE = 'user.age' }", 200, body).unwrap();
        assert_eq!(saved, [("AGE".into(), "7".into()), ("NAME".into(), "kim".into())]);
    }

    #[test]
    fn the_host_of_a_url() {
        assert_eq!(host("http://app:8000/a?b"), Some("app"));
        assert_eq!(host("https://shop.example"), Some("shop.example"));
        assert_eq!(host("app/x"), None);
    }

    #[test]
    fn a_value_that_nobody_gave_is_named_at_once() {
        let tests = [test("body = '${PASSWORD}'")];
        let failed = smoke(&tests, &BTreeMap::new(), |_| None, |_| false).unwrap_err();
        assert_eq!(failed.problem, Problem::NoValue("PASSWORD".into()));
        assert_eq!(failed.asked, "POST http://app:80/x");
        assert!(smoke(&tests, &BTreeMap::new(), |_| None, |host| host == "app").is_ok());
    }
}
