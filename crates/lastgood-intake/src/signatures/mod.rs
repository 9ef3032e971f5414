//! The sentences that drivers and servers are known to write: `knowledge/signatures/`, compiled in, and how one of them is
//! found in a text. A text is searched once for the literals of all patterns; only a pattern whose literal was met is tried.
//! What follows from a sentence is not decided here.

mod pattern;

use std::cmp::Reverse;
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;
use lastgood_model::snapshot::KnownWords;
use lastgood_model::{About, CauseCode, Layer, Layers, Piece, Signature, SignatureId, Specificity};
use serde::Deserialize;

use pattern::{Names, Pattern};

const TEXTS: [&str; 8] = [
    include_str!("../../../../knowledge/signatures/redis.toml"),
    include_str!("../../../../knowledge/signatures/postgres.toml"),
    include_str!("../../../../knowledge/signatures/mysql.toml"),
    include_str!("../../../../knowledge/signatures/nginx.toml"),
    include_str!("../../../../knowledge/signatures/container.toml"),
    include_str!("../../../../knowledge/signatures/runtime.toml"),
    include_str!("../../../../knowledge/signatures/network.toml"),
    include_str!("../../../../knowledge/signatures/identity.toml"),
];

/// Longer names are cut.
const MAX_NAME: usize = 128;

/// A sentence as it is written down.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    about: String,
    /// `class/name`; one that no rule proposes yet says nothing.
    #[serde(default)]
    cause: Option<String>,
    specificity: String,
    /// Instead of the file's.
    #[serde(default)]
    layers: Option<Vec<String>>,
    says: Vec<String>,
    /// Lines that it fits, at least one a pattern.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test of every signature"))]
    examples: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    layers: Vec<String>,
    signature: Vec<Written>,
}

/// Every sentence that is known.
#[derive(Debug)]
pub struct Signatures {
    all: Vec<Signature>,
    patterns: Vec<Known>,
    /// Finds the literals of all patterns.
    literals: Option<AhoCorasick>,
}

/// A pattern of a sentence, and how much that says.
#[derive(Debug)]
struct Known {
    signature: SignatureId,
    pattern: Pattern,
    rank: Rank,
}

/// Of two sentences that fit a text the one with the greater rank counts: it says more, it says why, it says of whom, or it is
/// the longer one. Of equal ones the first counts.
type Rank = (Specificity, bool, bool, usize);

/// A sentence that was found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) signature: SignatureId,
    pub(crate) specificity: Specificity,
    /// Whether it says what is wrong, and not only with whom.
    pub(crate) says_why: bool,
    /// What it names.
    pub(crate) names: Vec<(Piece, String)>,
}

impl Signatures {
    /// All of them. They are read when the first text is.
    #[must_use]
    pub fn known() -> &'static Self {
        static KNOWN: OnceLock<Signatures> = OnceLock::new();
        KNOWN.get_or_init(|| Self::of(&written()))
    }

    fn of(written: &[Written]) -> Self {
        let (mut all, mut patterns) = (Vec::new(), Vec::new());
        for written in written {
            let id = SignatureId(u16::try_from(all.len()).unwrap_or(u16::MAX));
            // What is compiled in is whole; a test sees to that.
            let (Some(about), Some(specificity)) = (About::find(&written.about), specificity(&written.specificity))
            else {
                continue;
            };
            let code = written.cause.as_deref().and_then(CauseCode::find);
            let layers = written.layers.iter().flatten().filter_map(|name| Layer::find(name)).collect();
            all.push(Signature { name: written.name.as_str().into(), about, code, specificity, layers });
            patterns.extend(written.says.iter().filter_map(|says| {
                let pattern = Pattern::parse(says)?;
                let rank = (specificity, written.cause.is_some(), pattern.names_any(), pattern.literals());
                Some(Known { signature: id, pattern, rank })
            }));
        }
        let literals = AhoCorasick::new(patterns.iter().map(|known| known.pattern.longest())).ok();
        Self { all, patterns, literals }
    }

    /// Every one, by its id.
    #[must_use]
    pub fn all(&self) -> &[Signature] {
        &self.all
    }

    /// The last of some lines that is a sentence which says who and why.
    #[must_use]
    pub fn last_exact(&self, lines: &[Arc<str>], without: Layers) -> Option<KnownWords> {
        lines.iter().enumerate().rev().find_map(|(line, text)| {
            let found = self.find(text, without).filter(|found| found.specificity == Specificity::Exact)?;
            let signature = self.all.get(usize::from(found.signature.0))?.clone();
            let names = found.names.into_iter().map(|(piece, name)| (piece, Arc::from(name))).collect();
            Some(KnownWords { line, signature, names })
        })
    }

    /// The sentence that says most of those in a text, of those that are not only used `without` which nothing is to be known.
    pub(crate) fn find(&self, text: &str, without: Layers) -> Option<Found> {
        let best = self.best(text.as_bytes(), without);
        // In a quoted text the quotes are escaped.
        if best.is_none() && text.contains("\\\"") {
            return self.best(text.replace("\\\"", "\"").as_bytes(), without);
        }
        best
    }

    fn best(&self, text: &[u8], without: Layers) -> Option<Found> {
        let literals = self.literals.as_ref()?;
        let mut tried: Vec<usize> = Vec::new();
        let mut best: Option<(&Known, Names<'_>)> = None;
        for met in literals.find_overlapping_iter(text) {
            let index = met.pattern().as_usize();
            if tried.contains(&index) {
                continue;
            }
            tried.push(index);
            let Some(known) = self.patterns.get(index) else { continue };
            if self.all.get(usize::from(known.signature.0)).is_some_and(|known| known.layers.only_in(without)) {
                continue;
            }
            let order = |known: &Known| (known.rank, Reverse(known.signature));
            if best.as_ref().is_none_or(|(best, _)| order(known) > order(best))
                && let Some(names) = known.pattern.find(text)
            {
                best = Some((known, names));
            }
        }
        let (known, names) = best?;
        let text = |name: &[u8]| String::from_utf8_lossy(&name[..name.len().min(MAX_NAME)]).into_owned();
        let names = names.into_iter().map(|(piece, name)| (piece, text(name))).collect();
        Some(Found { signature: known.signature, specificity: known.rank.0, says_why: known.rank.1, names })
    }
}

fn written() -> Vec<Written> {
    let files = TEXTS.iter().filter_map(|text| toml::from_str::<File>(text).ok());
    let with_layers = |File { layers, signature }: File| {
        let own = move |written: Written| Written {
            layers: Some(written.layers.unwrap_or_else(|| layers.clone())),
            ..written
        };
        signature.into_iter().map(own)
    };
    files.flat_map(with_layers).collect()
}

fn specificity(name: &str) -> Option<Specificity> {
    Some(match name {
        "exact" => Specificity::Exact,
        "component" => Specificity::Component,
        "ambiguous" => Specificity::Ambiguous,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_signature_is_whole() {
        for text in TEXTS {
            let file: Result<File, _> = toml::from_str(text);
            assert!(file.is_ok(), "{}", file.err().map(|error| error.to_string()).unwrap_or_default());
        }
        let written = written();
        let names: BTreeSet<&str> = written.iter().map(|written| written.name.as_str()).collect();
        assert_eq!(names.len(), written.len(), "two of one name");
        assert_eq!(Signatures::known().all().len(), written.len());
        for written in &written {
            let name = &written.name;
            assert!(About::find(&written.about).is_some(), "{name}: about {}", written.about);
            assert!(specificity(&written.specificity).is_some(), "{name}: {}", written.specificity);
            assert!(!written.says.is_empty(), "{name}");
            let layers = written.layers.iter().flatten();
            assert!(layers.clone().all(|layer| Layer::find(layer).is_some()), "{name}: {:?}", written.layers);
            if let Some(cause) = &written.cause {
                let well_formed =
                    cause.split_once('/').is_some_and(|(class, name)| !class.is_empty() && !name.is_empty());
                assert!(well_formed, "{name}: {cause}");
            }
            for says in &written.says {
                let pattern = Pattern::parse(says);
                assert!(pattern.as_ref().is_some_and(|pattern| pattern.longest().len() >= 4), "{name}: {says}");
            }
        }
    }

    #[test]
    fn every_signature_is_found_in_its_own_examples_and_no_other_is() {
        let known = Signatures::known();
        let mut wrong = Vec::new();
        for written in written() {
            let patterns: Vec<Pattern> = written.says.iter().filter_map(|says| Pattern::parse(says)).collect();
            for (says, pattern) in written.says.iter().zip(&patterns) {
                if !written
                    .examples
                    .iter()
                    .any(|example| pattern.find(example.as_bytes()).is_some() || example.contains("\\\""))
                {
                    wrong.push(format!("{}: no example of {says}", written.name));
                }
            }
            for example in &written.examples {
                let found =
                    known.find(example, Layers::NONE).and_then(|found| known.all().get(usize::from(found.signature.0)));
                if found.is_none_or(|found| *found.name != *written.name) {
                    wrong.push(format!("{}: {example}\n      is {:?}", written.name, found.map(|found| &found.name)));
                }
            }
        }
        assert!(wrong.is_empty(), "\n  {}", wrong.join("\n  "));
    }

    #[test]
    fn without_a_layer_a_sentence_is_what_others_make_of_it() {
        let known = Signatures::known();
        let line =
            "redis.exceptions.ConnectionError: Error 111 connecting to cache:6379. ECONNREFUSED: read ECONNRESET";
        let name = |without| {
            let found = known.find(line, without)?;
            known.all().get(usize::from(found.signature.0)).map(|signature| signature.name.to_string())
        };
        assert!(name(Layers::NONE).is_some_and(|name| name.starts_with("redis")));
        assert_eq!(name(Layers::of(&[Layer::Redis])).as_deref(), Some("net-reset"));
    }

    #[test]
    fn what_is_no_sentence_of_anybody_is_not_found() {
        let known = Signatures::known();
        for text in [
            "",
            "user_repository.py L.1525 No rows found.",
            "[cached since 186s ago] ('',)",
            "KeyError: 'user_id'",
            "POST /v1/auth/login HTTP/1.1\" 500 Internal Server Error",
            "Application startup complete.",
            "GET /connection/refused 200",
        ] {
            assert_eq!(known.find(text, Layers::NONE), None, "{text}");
        }
    }
}
