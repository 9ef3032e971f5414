//! One sentence with gaps, and how it is found in a text: `Connection to {host}:{port} refused`. Literal pieces in order, and
//! between them whatever a gap may hold. Not a regular expression: there is no repetition of groups and no alternative, so a
//! match costs little whatever the text is.
//!
//! | in a pattern | stands for |
//! |---|---|
//! | `{}` | anything on the same line |
//! | `{host}` `{port}` `{user}` `{database}` `{relation}` `{variable}` `{file}` `{program}` `{name}` | the same, and it is remembered what it names |
//! | `{number}` `{word}` `{address}` | digits; letters, digits and `_-.`; these and `:[]` |
//! | `{begin}` `{end}` | the beginning or the end of the text |
//! | `{edge}` | nothing, a blank, a colon or a `>` before it |

use lastgood_model::Piece;
use memchr::memmem::Finder;

/// So much a gap may hold.
const MAX_GAP: usize = 300;
/// Places where a pattern may begin that are tried in one text.
const MAX_TRIES: usize = 32;

/// So many steps are taken for one text: then it does not fit.
const MAX_STEPS: usize = 20_000;

/// A sentence with gaps.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// What stands before the first literal: a gap, and a mark before that.
    lead: Vec<Part>,
    finder: Finder<'static>,
    /// What follows it.
    rest: Vec<Part>,
    literals: usize,
    /// The longest literal, by which texts are searched for candidates.
    longest: Box<[u8]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(Box<[u8]>),
    Gap(Gap),
    Begin,
    End,
    Edge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    holds: Holds,
    names: Option<Piece>,
}

/// What a gap may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Anything,
    Unquoted,
    Digits,
    Word,
    Address,
    Path,
    Variable,
}

/// Stretches of a text and what they name.
pub(crate) type Names<'t> = Vec<(Piece, &'t [u8])>;

impl Pattern {
    /// Reads a pattern; `None` if it is not one, or has no literal.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts: Vec<Part> = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            literal.push_str(&rest[..open]);
            let tail = &rest[open..];
            if let Some(after) = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")) {
                literal.push_str(&tail[..1]);
                rest = after;
                continue;
            }
            let (word, after) = tail.strip_prefix('{')?.split_once('}')?;
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal).into_bytes().into()));
            }
            parts.push(part(word)?);
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.into_bytes().into()));
        }
        let first = parts.iter().position(|part| matches!(part, Part::Literal(_)))?;
        let rest = parts.split_off(first + 1);
        let Some(Part::Literal(anchor)) = parts.pop() else { return None };
        let of = |parts: &[Part]| -> Vec<Box<[u8]>> {
            let literals =
                parts.iter().filter_map(|part| if let Part::Literal(text) = part { Some(text) } else { None });
            literals.cloned().collect()
        };
        let mut all = of(&rest);
        all.insert(0, anchor.clone());
        let literals = all.iter().map(|text| text.len()).sum();
        // Of equally long ones the first.
        let longest = all.into_iter().rev().max_by_key(|text| text.len())?;
        Some(Self { lead: parts, finder: Finder::new(&anchor).into_owned(), rest, literals, longest })
    }

    /// How many bytes of it are literal: of two patterns that fit, the one with more says more.
    pub(crate) const fn literals(&self) -> usize {
        self.literals
    }

    /// Whether it names anything.
    pub(crate) fn names_any(&self) -> bool {
        let parts = self.lead.iter().chain(&self.rest);
        parts.into_iter().any(|part| matches!(part, Part::Gap(Gap { names: Some(_), .. })))
    }

    /// The longest of its literals.
    pub(crate) fn longest(&self) -> &[u8] {
        &self.longest
    }

    /// What it names in a text; `None` if the text does not hold it.
    pub(crate) fn find<'t>(&self, text: &'t [u8]) -> Option<Names<'t>> {
        let length = self.finder.needle().len();
        let mut steps = MAX_STEPS;
        self.finder.find_iter(text).take(MAX_TRIES).find_map(|at| {
            let mut names = self.before(text, at)?;
            follow(&self.rest, text, at + length, &mut names, &mut steps)?;
            Some(names)
        })
    }

    /// What stands before the first literal.
    fn before<'t>(&self, text: &'t [u8], at: usize) -> Option<Names<'t>> {
        let (mut names, mut begin) = (Names::new(), at);
        for part in self.lead.iter().rev() {
            match part {
                Part::Gap(gap) => {
                    let length =
                        text[..begin].iter().rev().take(MAX_GAP).take_while(|byte| gap.holds.may(**byte)).count();
                    if length == 0 && gap.holds != Holds::Anything {
                        return None;
                    }
                    names.extend(gap.names.map(|piece| (piece, &text[begin - length..begin])));
                    begin -= length;
                }
                Part::Begin if !text[..begin].trim_ascii().is_empty() => return None,
                Part::Edge if !is_edge(text[..begin].last().copied()) => return None,
                Part::Begin | Part::Edge | Part::End | Part::Literal(_) => {}
            }
        }
        Some(names)
    }
}

/// Whether the parts follow one another from `at` on.
fn follow<'t>(parts: &[Part], text: &'t [u8], at: usize, names: &mut Names<'t>, steps: &mut usize) -> Option<()> {
    *steps = steps.checked_sub(1)?;
    let Some((part, rest)) = parts.split_first() else { return Some(()) };
    match part {
        Part::Literal(literal) if text.get(at..)?.starts_with(literal) => {
            follow(rest, text, at + literal.len(), names, steps)
        }
        Part::Literal(_) => None,
        Part::Begin if at == 0 => follow(rest, text, at, names, steps),
        Part::End if text[at..].trim_ascii().is_empty() => follow(rest, text, at, names, steps),
        Part::Edge if is_edge(text[..at].last().copied()) => follow(rest, text, at, names, steps),
        Part::Begin | Part::End | Part::Edge => None,
        Part::Gap(gap) => {
            let most = text[at..].iter().take(MAX_GAP).take_while(|byte| gap.holds.may(**byte)).count();
            let known = names.len();
            let mut ends = 0..=most;
            let mut next = || if gap.holds.is_greedy() { ends.next_back() } else { ends.next() };
            while let Some(length) = next() {
                if length == 0 && !gap.holds.may_be_empty() {
                    continue;
                }
                // The last gap takes what it can.
                let length = if rest.is_empty() { most } else { length };
                names.extend(gap.names.map(|piece| (piece, &text[at..at + length])));
                if follow(rest, text, at + length, names, steps).is_some() {
                    return Some(());
                }
                names.truncate(known);
            }
            None
        }
    }
}

fn part(word: &str) -> Option<Part> {
    let gap = |holds, names| Some(Part::Gap(Gap { holds, names }));
    match word {
        "" => gap(Holds::Anything, None),
        "number" => gap(Holds::Digits, None),
        "word" => gap(Holds::Word, None),
        "address" => gap(Holds::Address, None),
        "begin" => Some(Part::Begin),
        "end" => Some(Part::End),
        "edge" => Some(Part::Edge),
        word => {
            let piece = Piece::find(word)?;
            let holds = match piece {
                Piece::Host => Holds::Word,
                Piece::Port => Holds::Digits,
                Piece::Variable => Holds::Variable,
                Piece::File => Holds::Path,
                Piece::User | Piece::Database | Piece::Relation | Piece::Program | Piece::Name => Holds::Unquoted,
            };
            gap(holds, Some(piece))
        }
    }
}

impl Holds {
    const fn may(self, byte: u8) -> bool {
        match self {
            Self::Anything => byte != b'\n',
            Self::Unquoted => !matches!(byte, b'"' | b'\'' | b'`' | b'\n'),
            Self::Digits => byte.is_ascii_digit(),
            Self::Word => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Address => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'[' | b']'),
            Self::Path => !matches!(byte, b'"' | b'\'' | b'`') && !byte.is_ascii_whitespace(),
            Self::Variable => byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_',
        }
    }

    /// Whether it takes as much as it can. What may hold anything takes as little as it can.
    const fn is_greedy(self) -> bool {
        !matches!(self, Self::Anything | Self::Unquoted)
    }

    const fn may_be_empty(self) -> bool {
        matches!(self, Self::Anything | Self::Unquoted)
    }
}

const fn is_edge(before: Option<u8>) -> bool {
    matches!(before, None | Some(b':' | b'>' | b' ' | b'\t' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, text: &str) -> Option<String> {
        let names = Pattern::parse(pattern).unwrap().find(text.as_bytes())?;
        let shown = names.iter().map(|(piece, name)| format!("{}={}", piece.name(), String::from_utf8_lossy(name)));
        Some(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn gaps_hold_what_they_may() {
        let refused = "Connection to {host}:{port} refused.";
        assert_eq!(find(refused, "x: Connection to pg-1.x:5433 refused. y").as_deref(), Some("host=pg-1.x port=5433"));
        assert_eq!(find(refused, "Connection to pg refused."), None);
        assert_eq!(find(refused, "Connection to :1 refused."), None);
        assert_eq!(find("database \"{database}\" does", "database \"a\r\" does").as_deref(), Some("database=a\r"));
        assert_eq!(find("user '{user}'@'{name}' (", "user ''@'%' (").as_deref(), Some("user= name=%"));
        assert_eq!(find("KeyError: '{variable}'", "KeyError: 'SECRET_KEY'").as_deref(), Some("variable=SECRET_KEY"));
        assert_eq!(find("KeyError: '{variable}'", "KeyError: 'user'"), None);
        assert_eq!(find("lookup {host}: no", "lookup a.b.c: no such host").as_deref(), Some("host=a.b.c"));
        assert_eq!(find("at end {file}", "at end /x/y z").as_deref(), Some("file=/x/y"));
    }

    #[test]
    fn what_stands_before_the_first_literal() {
        assert_eq!(find("{host} could not be", "say: kvs could not be x").as_deref(), Some("host=kvs"));
        assert_eq!(find("{host} could not be", " could not be"), None);
        let bare = "{edge}Authentication required.{end}";
        for text in ["Authentication required.", "-> Error: Authentication required. ", ">Authentication required."] {
            assert!(find(bare, text).is_some(), "{text}");
        }
        for text in ["Proxy-Authentication required.", "Authentication required. Log in"] {
            assert_eq!(find(bare, text), None, "{text}");
        }
    }

    #[test]
    fn a_later_place_is_tried_and_no_text_takes_long() {
        assert_eq!(find("a{number}b", "ax a12b").as_deref(), Some(""));
        let long = "a ".repeat(100_000);
        assert_eq!(find("a{}a{}a{}z", &long), None);
        assert_eq!(find("{{{}}}", "x {y}").as_deref(), Some(""));
    }

    #[test]
    fn what_is_no_pattern() {
        for text in ["", "{}", "{host}", "a{b", "a}", "{nobody} x"] {
            assert!(Pattern::parse(text).is_none(), "{text}");
        }
    }
}
