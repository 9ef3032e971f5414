//! What an engine or Compose answers, made fit to be handed on: JSON in which the values of variables keep their structure
//! only, and every other text what `stand_ins` leaves of it. Names, ids and numbers stay, so that it reads as before.

use serde_json::Value;

use super::env_value::Parts;
use super::secrets::is_secret_key;
use super::stand_ins::StandIns;

/// Fields of bodies that hold `KEY=value` each.
const ASSIGNMENTS: &str = "Env";
/// Fields of what Compose resolves that hold a value under each key.
const VARIABLES: [&str; 2] = ["environment", "args"];
/// Fewer digits may be anything.
const SHORTEST_ID: usize = 12;

/// A body without what is private. What is no JSON is a text.
#[must_use]
pub fn masked(body: &[u8], stand_ins: &mut StandIns) -> Vec<u8> {
    if let Ok(mut value) = serde_json::from_slice::<Value>(body) {
        mask(&mut value, stand_ins);
        return format!("{value:#}\n").into_bytes();
    }
    // A stream of events is one value a line.
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        match serde_json::from_slice::<Value>(line) {
            Ok(mut value) => {
                mask(&mut value, stand_ins);
                out.extend_from_slice(format!("{value}\n").as_bytes());
            }
            Err(_) => stand_ins.line(line, &mut out),
        }
    }
    out
}

/// What Compose resolved, in which it doubles every `$`: a value is masked as the one that the engine tells is.
#[must_use]
pub fn masked_answer(body: &[u8], stand_ins: &mut StandIns) -> Vec<u8> {
    let text = String::from_utf8_lossy(body).replace("$$", "$");
    let masked = masked(text.as_bytes(), stand_ins);
    String::from_utf8_lossy(&masked).replace('$', "$$").into_bytes()
}

/// A value of a variable of which only the structure is left.
#[must_use]
pub fn variable(key: &str, value: &str, stand_ins: &mut StandIns) -> String {
    let inner = value.trim();
    let around = |inside: &str| value.replacen(inner, inside, 1);
    if inner.is_empty() {
        return value.to_owned();
    }
    let mut stand_in = |text: &str| if text.is_empty() { String::new() } else { stand_ins.digest_of(text) };
    match Parts::of(key, inner) {
        Parts::Plain => value.to_owned(),
        Parts::Url { scheme, user, password, place, path, rest } => {
            let login = match (user, password) {
                ("", None) => String::new(),
                (user, None) => format!("{}@", stand_in(user)),
                (user, Some(password)) => format!("{}:{}@", stand_in(user), stand_in(password)),
            };
            let path =
                if is_secret_key(key) && path.len() > 1 { format!("/{}", stand_in(path)) } else { path.to_owned() };
            let rest =
                rest.split_at_checked(1).map(|(sign, rest)| format!("{sign}{}", stand_in(rest))).unwrap_or_default();
            around(&format!("{scheme}://{login}{place}{path}{rest}"))
        }
        Parts::Opaque => around(&stand_in(inner)),
    }
}

fn mask(value: &mut Value, stand_ins: &mut StandIns) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                field(key, value, stand_ins);
            }
        }
        Value::Array(items) => words(items, stand_ins),
        Value::String(said) => text(said, stand_ins),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn field(key: &str, value: &mut Value, stand_ins: &mut StandIns) {
    match value {
        Value::Array(items) if key == ASSIGNMENTS => {
            for item in items {
                let Value::String(assignment) = item else { continue };
                if let Some((key, value)) = assignment.split_once('=') {
                    *assignment = format!("{key}={}", variable(key, value, stand_ins));
                }
            }
        }
        Value::Object(fields) if VARIABLES.contains(&key) => {
            for (key, value) in fields {
                if let Value::String(text) = value {
                    *text = variable(key, text, stand_ins);
                }
            }
        }
        Value::String(text) if is_secret_key(key) && !text.is_empty() => *text = variable(key, text, stand_ins),
        value => mask(value, stand_ins),
    }
}

/// Words of a command, or any other list: behind an option that names a secret stands one.
fn words(items: &mut [Value], stand_ins: &mut StandIns) {
    let mut is_secret = false;
    for item in items {
        match item {
            Value::String(word) if is_secret => {
                *word = stand_ins.digest_of(word);
                is_secret = false;
            }
            Value::String(word) => {
                is_secret = word.starts_with('-') && !word.contains('=') && is_secret_key(word.trim_start_matches('-'));
                text(word, stand_ins);
            }
            other => mask(other, stand_ins),
        }
    }
}

fn text(text: &mut String, stand_ins: &mut StandIns) {
    let id = text.strip_prefix("sha256:").unwrap_or(text);
    if id.len() >= SHORTEST_ID && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return;
    }
    let mut out = Vec::with_capacity(text.len());
    stand_ins.line(text.as_bytes(), &mut out);
    *text = String::from_utf8_lossy(&out).into_owned();
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;
    use crate::privacy::known::Known;

    fn stand_ins() -> StandIns {
        let mut known = Known::default();
        known.learn(b"carbon-kvs-8");
        StandIns::new(HashSet::new(), known, false)
    }

    #[test]
    fn structure_stays_and_secrets_go() {
        let id = "0123456789abcdef".repeat(4);
        let body = json!({
            "Id": id, "Image": format!("sha256:{id}"), "Name": "/shop-api",
            "Config": {
                "Env": ["BASE=http://keycloak:8080/auth", "PORT=8000", "BLANK=", "NAME=kim lee", "KVS_PASSWORD=abc",
                        "URL=postgresql://shop:carbon-db@db:5432/shop?x=1"],
                "Cmd": ["redis-server", "--requirepass", "kvs", "--port", "6379"],
                "Labels": {"traefik.token": "abcdefgh", "note": "carbon-kvs-8"},
            },
            "State": {"Health": {"Log": [{"Output": "NOAUTH for carbon-kvs-8"}]}},
        });
        let mut stand_ins = stand_ins();
        let out: Value = serde_json::from_slice(&masked(body.to_string().as_bytes(), &mut stand_ins)).unwrap();
        assert_eq!((&out["Id"], &out["Image"], &out["Name"]), (&body["Id"], &body["Image"], &body["Name"]));
        let env = |index: usize| out["Config"]["Env"][index].as_str().unwrap().to_owned();
        assert_eq!(
            (env(0), env(1), env(2)),
            ("BASE=http://keycloak:8080/auth".into(), "PORT=8000".into(), "BLANK=".into())
        );
        assert!(env(5).starts_with("URL=postgresql://") && env(5).contains("@db:5432/shop?"));
        assert_eq!(out["Config"]["Cmd"][4], "6379");
        let text = out.to_string();
        for secret in ["kim lee", "=abc\"", "carbon", "\"kvs\"", "abcdefgh", "x=1"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }

    #[test]
    fn equal_values_stay_equal_wherever_they_stand() {
        let mut stand_ins = stand_ins();
        let declared = json!({"services": {"api": {"environment": {"MODE": "dark red", "NONE": null}}}});
        let running = json!({"Config": {"Env": ["MODE=dark red"]}});
        let mut of = |value: &Value| -> Value {
            serde_json::from_slice(&masked(value.to_string().as_bytes(), &mut stand_ins)).unwrap()
        };
        let mode = of(&declared)["services"]["api"]["environment"]["MODE"].as_str().unwrap().to_owned();
        assert_eq!(of(&running)["Config"]["Env"][0], format!("MODE={mode}"));
        assert_ne!(mode, "dark red");
    }

    #[test]
    fn a_dollar_is_one_sign_on_both_sides() {
        let mut stand_ins = stand_ins();
        let declared = json!({"environment": {"MODE": "dark $$red", "PORT": "80"}, "command": ["echo", "$$HOME"]});
        let declared = masked_answer(declared.to_string().as_bytes(), &mut stand_ins);
        let declared: Value = serde_json::from_slice(&declared).unwrap();
        let running = masked(json!({"Env": ["MODE=dark $red"]}).to_string().as_bytes(), &mut stand_ins);
        let running: Value = serde_json::from_slice(&running).unwrap();
        let mode = declared["environment"]["MODE"].as_str().unwrap();
        assert_eq!(running["Env"][0], format!("MODE={mode}"));
        assert_eq!(declared["command"][1], "$$HOME");
    }

    #[test]
    fn what_surrounds_a_value_stays() {
        let mut stand_ins = stand_ins();
        assert!(variable("A", " secret words\r", &mut stand_ins).ends_with('\r'));
        assert_eq!(variable("A", " \t", &mut stand_ins), " \t");
    }
}
