//! YAML as a tree that knows its lines. Aliases are followed, tags and types ignored: what a value means is not asked here.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser};

/// A node and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: u64,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Scalar(Arc<str>),
    List(Arc<[Node]>),
    /// Keys with their own lines, in order; a key may stand twice.
    Map(Arc<[(Arc<str>, u64, Node)]>),
}

/// A file that copies a part of itself again and again, each copy holding the last one, is none that a person wrote.
const MOST_NODES: usize = 200_000;

impl Node {
    /// The tree of the first document; as much of it as could be read is not given if it is damaged.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { events: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0 };
        loop {
            match reader.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (event, line) => return reader.node(event, line, 0),
            }
        }
    }

    /// What stands behind a key, merge keys followed: of two, the later one, as Compose has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The same with the line of the key itself.
    pub(super) fn entry(&self, key: &str) -> Option<(u64, &Node)> {
        let Kind::Map(pairs) = &self.kind else { return None };
        let own = pairs.iter().rev().find(|(name, _, _)| &**name == key).map(|(_, line, node)| (*line, node));
        own.or_else(|| {
            pairs.iter().filter(|(name, _, _)| &**name == "<<").find_map(|(_, _, merged)| match &merged.kind {
                Kind::List(list) => list.iter().find_map(|node| node.entry(key)),
                _ => merged.entry(key),
            })
        })
    }

    /// Keys in order with their lines, merged ones behind.
    pub(super) fn pairs(&self) -> Vec<(&Arc<str>, u64, &Node)> {
        let Kind::Map(pairs) = &self.kind else { return Vec::new() };
        let mut all = Vec::new();
        for (key, line, node) in pairs.iter() {
            if &**key != "<<" {
                all.push((key, *line, node));
            }
        }
        for (_, _, merged) in pairs.iter().filter(|(key, _, _)| &**key == "<<") {
            let sources: Vec<&Node> = match &merged.kind {
                Kind::List(list) => list.iter().collect(),
                _ => vec![merged],
            };
            for pair in sources.into_iter().flat_map(Node::pairs) {
                if !all.iter().any(|(key, _, _)| *key == pair.0) {
                    all.push(pair);
                }
            }
        }
        all
    }

    /// Items of a list.
    pub(super) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&Arc<str>> {
        match &self.kind {
            Kind::Scalar(text) => Some(text),
            _ => None,
        }
    }
}

/// Deeper than this nobody nests.
const DEEPEST: usize = 64;

struct Reader<'t> {
    events: Parser<'t, saphyr_parser::StrInput<'t>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Option<(Event<'t>, u64)> {
        let (event, span) = self.events.next()?.ok()?;
        Some((event, u64::try_from(span.start.line()).unwrap_or(0)))
    }

    fn node(&mut self, event: Event<'t>, line: u64, depth: usize) -> Option<Node> {
        self.nodes += 1;
        if depth > DEEPEST || self.nodes > MOST_NODES {
            return None;
        }
        let (kind, anchor) = match event {
            Event::Scalar(text, _, anchor, _) => (Kind::Scalar(Arc::from(text.as_ref())), anchor),
            Event::Alias(anchor) => {
                let kind = self.anchors.get(&anchor)?.kind.clone();
                return Some(Node { line, kind });
            }
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, line) => items.push(self.node(event, line, depth + 1)?),
                    }
                }
                (Kind::List(items.into()), anchor)
            }
            Event::MappingStart(anchor, _) => {
                let mut pairs = Vec::new();
                loop {
                    let (event, key_line) = match self.next()? {
                        (Event::MappingEnd, _) => break,
                        other => other,
                    };
                    let key = self.node(event, key_line, depth + 1)?;
                    let (event, line) = self.next()?;
                    let value = self.node(event, line, depth + 1)?;
                    pairs.push((key.text().cloned().unwrap_or_default(), key_line, value));
                }
                (Kind::Map(pairs.into()), anchor)
            }
            _ => return None,
        };
        let node = Node { line, kind };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_aliases_and_merge_keys() {
        let text = "x-env: &env\n  A: 1\n  B: 2\nservices:\n  api:\n    environment:\n      <<: *env\n      B: 3\n    ports: !override [\"80:80\"]\n";
        let root = Node::parse(text).unwrap();
        let api = root.get("services").unwrap().get("api").unwrap();
        let environment = api.get("environment").unwrap();
        assert_eq!(
            environment.entry("B").map(|(line, node)| (line, node.text().unwrap().to_string())),
            Some((8, "3".into()))
        );
        assert_eq!(environment.entry("A").map(|(line, _)| line), Some(2));
        assert_eq!(environment.pairs().len(), 2);
        assert_eq!(api.get("ports").unwrap().items().len(), 1);
    }

    #[test]
    fn a_file_that_grows_without_end_is_given_up() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..40 {
            let before = level - 1;
            text.push_str(&format!("a{level}: &a{level} [{}]\n", format!("*a{before}, ").repeat(10)));
        }
        // Copies are shared, so this costs nothing; what is walked is bounded by the caller's own depth.
        assert!(Node::parse(&text).is_some());
        assert_eq!(Node::parse("a: [1, 2"), None);
        assert!(Node::parse(&format!("{}x{}", "[".repeat(100), "]".repeat(100))).is_none());
    }
}
