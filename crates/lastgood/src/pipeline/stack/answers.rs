//! Who answers the questions to a container engine: the engine itself, whose answers are kept, or a case in which they were
//! kept. What is asked stands in `engine` and `closer`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use lastgood_world::Damage;
use lastgood_world::engine::{Engine, text_of_frames};

/// Answers by the places at which a case holds them.
pub(crate) type Kept = BTreeMap<String, Vec<u8>>;

const JSON: &str = ".json";
const TEXT: &str = ".txt";
/// Digits of an id that tell it from others.
const ID: usize = 12;

/// Somebody who answers.
#[derive(Debug)]
pub(super) enum Answers {
    /// An engine, and what it answered.
    Engine(Engine, Mutex<Kept>),
    /// A case, and the version of the interface that was spoken when it was captured.
    Case(Kept),
}

impl Answers {
    pub(super) fn of(engine: Engine) -> Self {
        Self::Engine(engine, Mutex::default())
    }

    /// The version of the interface; a case does not know it.
    pub(super) fn api(&self) -> &str {
        match self {
            Self::Engine(engine, _) => engine.api(),
            Self::Case(_) => "",
        }
    }

    pub(super) fn get(&self, path: &str) -> Result<Vec<u8>, Damage> {
        self.get_all(&[path.to_owned()]).pop().unwrap_or(Err(Damage::NotFound))
    }

    /// The answers to several questions, in their order.
    pub(super) fn get_all(&self, paths: &[String]) -> Vec<Result<Vec<u8>, Damage>> {
        match self {
            Self::Engine(engine, kept) => {
                let answers = engine.get_all(paths);
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                for (path, answer) in paths.iter().zip(&answers) {
                    if let Ok(body) = answer {
                        let place = place(path);
                        // Without frames it is a text that a person can read, and is understood all the same.
                        let body = if place.ends_with(TEXT) { text_of_frames(body) } else { body.clone() };
                        kept.insert(place, body);
                    }
                }
                answers
            }
            Self::Case(kept) => {
                paths.iter().map(|path| kept.get(&place(path)).cloned().ok_or(Damage::NotFound)).collect()
            }
        }
    }

    /// What was answered so far.
    pub(super) fn into_kept(self) -> Kept {
        match self {
            Self::Engine(_, kept) => kept.into_inner().unwrap_or_else(PoisonError::into_inner),
            Self::Case(kept) => kept,
        }
    }
}

/// Where a case holds the answer to a question: `containers/b2a4c6d8e0f1.json` of `/containers/b2a4…/json`.
fn place(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(short).collect();
    match parts.last().map(String::as_str) {
        // The list of a kind, or what is known of one of them.
        Some("json") => {
            parts.pop();
            parts.join("/") + JSON
        }
        Some("logs") => parts.join("/") + TEXT,
        _ => parts.join("/") + JSON,
    }
}

/// A part of a path that may stand in a file's name.
fn short(part: &str) -> String {
    let id = part.strip_prefix("sha256:").unwrap_or(part);
    let is_id = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let part = if is_id { id.get(..ID).unwrap_or(id) } else { part };
    part.replace(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c), "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_has_a_place_of_its_own() {
        let id = "0123456789abcdef".repeat(4);
        for (path, wanted) in [
            ("/containers/json?all=1".to_owned(), "containers.json"),
            (format!("/containers/{id}/json"), "containers/0123456789ab.json"),
            (format!("/containers/{id}/logs?tail=20"), "containers/0123456789ab/logs.txt"),
            (format!("/images/sha256:{id}/history"), "images/0123456789ab/history.json"),
            ("/images/registry:5000/shop/api:1/json".to_owned(), "images/registry_5000/shop/api_1.json"),
            ("/version".to_owned(), "version.json"),
            ("/events?since=1&until=2".to_owned(), "events.json"),
        ] {
            assert_eq!(place(&path), wanted);
        }
    }

    #[test]
    fn a_case_answers_as_the_engine_did() {
        let case = Answers::Case(Kept::from([("containers.json".to_owned(), b"[]".to_vec())]));
        assert_eq!(case.get("/containers/json?all=1"), Ok(b"[]".to_vec()));
        assert_eq!(case.get("/networks"), Err(Damage::NotFound));
    }
}
