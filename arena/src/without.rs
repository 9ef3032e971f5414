//! The second table: how each layer's faults fare when what only that layer uses is switched off, as if its kind of fault had never been
//! seen. It only counts; marks are `score`'s.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::result::Played;
use crate::score::{Outcome, wilson};
use crate::table::Share;

/// How faults end, from the best to the worst.
const ENDS: [(&str, &[Outcome]); 6] = [
    ("component and code", &[Outcome::Exact]),
    ("component and class", &[Outcome::Exact, Outcome::Class]),
    ("unknown, rightly located", &[Outcome::Located]),
    ("unknown otherwise", &[Outcome::Unknown]),
    ("wrong", &[Outcome::Wrong]),
    ("said to be healthy", &[Outcome::Missed]),
];

/// Rounds, each played without its own layer.
pub struct Without<'a> {
    pub played: &'a [Played],
}

impl Without<'_> {
    fn layers(&self) -> BTreeMap<&str, Vec<Outcome>> {
        let mut layers: BTreeMap<&str, Vec<Outcome>> = BTreeMap::new();
        for played in self.played {
            layers.entry(&played.layer).or_default().extend(played.score.as_ref().map(|score| score.marks.outcome));
        }
        layers
    }

    /// For people.
    pub fn markdown(&self) -> String {
        let layers = self.layers();
        let all: Vec<Outcome> = layers.values().flatten().copied().collect();
        let heads: Vec<&str> = ENDS.iter().map(|(name, _)| *name).collect();
        let mut lines =
            vec![format!("| without | {} |", heads.join(" | ")), format!("|---{}|", "|---".repeat(ENDS.len()))];
        for (layer, outcomes) in layers.iter().chain([(&"each its own", &all)]) {
            let cells = ENDS.map(|(_, ends)| Share::among(outcomes, ends).to_string());
            lines.push(format!("| {layer} | {} |", cells.join(" | ")));
        }
        lines.push("\n| wrong | what happened | said |\n|---|---|---|".to_owned());
        for played in self.played {
            let Some(score) = played.score.as_ref().filter(|score| score.marks.outcome == Outcome::Wrong) else {
                continue;
            };
            lines.push(format!(
                "| `{}`, without {} | {} ({}) | {} |",
                played.round, played.layer, played.title, played.expected, score.marks.said
            ));
        }
        lines.join("\n") + "\n"
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let layers = self.layers().into_iter().map(|(layer, outcomes)| {
            let ends = ENDS.map(|(name, ends)| {
                let hits = outcomes.iter().filter(|outcome| ends.contains(outcome)).count();
                let (low, high) = wilson(hits, outcomes.len());
                (name.to_owned(), json!({"hits": hits, "of": outcomes.len(), "low": low, "high": high}))
            });
            (layer.to_owned(), Value::Object(ends.into_iter().collect()))
        });
        json!({"schema": "lastgood.arena.without/1", "layers": Value::Object(layers.collect()), "rounds": self.played})
    }
}
