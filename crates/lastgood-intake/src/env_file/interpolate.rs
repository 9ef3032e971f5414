//! Compose's `$`: `$X`, `${X}`, `${X:-default}` and its kin, `$$` for the sign itself. The rules are those of the Compose
//! specification's interpolation section and of what Compose does where that is silent.

use std::sync::Arc;

use super::ComposeVersion;

/// Why a text cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// `${` without a name, an operator or an end that is known.
    Invalid,
    /// `${X:?…}` and X is not set. The message that stands there may have been taken for a default: it is not repeated.
    Required(Arc<str>),
}

impl std::fmt::Display for Unresolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invalid => f.write_str("invalid ${…}"),
            Self::Required(name) => write!(f, "required variable {name} is missing"),
        }
    }
}

/// Who knows variables, and how the version of Compose asks.
#[derive(Clone, Copy)]
pub struct Variables<'a> {
    /// The value of a variable that is set.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
    /// Which version.
    pub version: ComposeVersion,
}

/// A text with its variables replaced; one that nobody sets is empty. `lost` is set if that happened to a bare `$X`: what
/// was meant to be a part of a password is gone.
///
/// # Errors
/// If Compose would refuse it.
pub fn interpolate(text: &str, variables: Variables<'_>, lost: &mut bool) -> Result<String, Unresolved> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = if let Some(next) = after.strip_prefix('$') {
            out.push('$');
            next
        } else if let Some(inner) = after.strip_prefix('{') {
            let (expression, next) = braced(inner).ok_or(Unresolved::Invalid)?;
            out.push_str(&resolved(expression, variables, lost)?);
            next
        } else {
            let (name, next) = name_of(after);
            if name.is_empty() {
                out.push('$');
            } else {
                match (variables.lookup)(name) {
                    Some(value) => out.push_str(&value),
                    None => *lost = true,
                }
            }
            next
        };
    }
    out.push_str(rest);
    Ok(out)
}

/// A name at the beginning, and what follows.
fn name_of(text: &str) -> (&str, &str) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return ("", text);
    }
    text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()))
}

/// What stands between the braces, the first of which is gone already, and what follows. A brace closes on the line on which
/// it was opened, or not at all.
fn braced(inner: &str) -> Option<(&str, &str)> {
    let (name, behind) = name_of(inner);
    if name.is_empty() {
        return None;
    }
    if let Some(next) = behind.strip_prefix('}') {
        return Some((name, next));
    }
    if !behind.strip_prefix(':').unwrap_or(behind).starts_with(['-', '+', '?']) {
        return None;
    }
    let line = inner.split('\n').next().unwrap_or_default();
    let last = line.rfind('}')?;
    let end = closing(line.get(..=last)?).unwrap_or(last);
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}

/// Where the brace that is open ends. Braces in between are counted, whoever opened them, save that the sign right behind an
/// opening one is passed over: so Compose does. With one too many there is no such place, and the last brace of the line is it.
fn closing(inner: &str) -> Option<usize> {
    let mut open = 1;
    let mut signs = inner.bytes().enumerate().skip(1);
    while let Some((index, byte)) = signs.next() {
        if byte == b'}' {
            open -= 1;
            if open == 0 {
                return Some(index);
            }
        } else if byte == b'{' {
            open += 1;
            signs.next();
        }
    }
    None
}

fn resolved(expression: &str, variables: Variables<'_>, lost: &mut bool) -> Result<String, Unresolved> {
    let (name, operation) = name_of(expression);
    let value = (variables.lookup)(name);
    let filled = value.as_ref().is_some_and(|value| !value.is_empty());
    let or_empty = |value: Option<String>| value.unwrap_or_default();
    let (sign, word, counts) = match operation.strip_prefix(':') {
        Some(after) => (after.chars().next(), after.get(1..), filled),
        None => (operation.chars().next(), operation.get(1..), value.is_some()),
    };
    let word = word.unwrap_or_default();
    if variables.version == ComposeVersion::V2_26 {
        // What is not used is resolved all the same, and may be refused.
        interpolate(word, variables, &mut false)?;
    }
    match sign {
        None => Ok(or_empty(value)),
        Some('-') if counts => Ok(or_empty(value)),
        Some('-') => interpolate(word, variables, lost),
        Some('+') if counts => interpolate(word, variables, lost),
        Some('+') => Ok(String::new()),
        Some('?') if counts => Ok(or_empty(value)),
        Some('?') => {
            interpolate(word, variables, lost)?;
            Err(Unresolved::Required(Arc::from(name)))
        }
        _ => Err(Unresolved::Invalid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<String, Unresolved> {
        let lookup = |name: &str| match name {
            "X" => Some("x".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        interpolate(text, Variables { lookup: &lookup, version: ComposeVersion::V2_40 }, &mut false)
    }

    #[test]
    fn every_form_of_the_dollar() {
        for (text, meant) in [
            ("a$X.b", "ax.b"),
            ("${X}${NONE}$NONE!", "x!"),
            ("pa$$word", "pa$word"),
            ("$(date) $1 5$", "$(date) $1 5$"),
            ("${NONE:-d} ${NONE-d} ${EMPTY:-d} [${EMPTY-d}] ${X:-d}", "d d d [] x"),
            ("${X:+a} ${X+a} [${EMPTY:+a}] ${EMPTY+a} [${NONE+a}]", "a a [] a []"),
            ("${NONE:-${X}-${NONE:-y}}z}", "x-yz}"),
            ("${X?no} ${EMPTY?no}", "x "),
            ("${X:-{\"a\": 1}} ${NONE:-{\"a\": {}}}", "x {\"a\": {}}"),
            ("${NONE:-a} ${NONE:-b}} $}", "a b} $}"),
        ] {
            assert_eq!(with(text).as_deref(), Ok(meant), "{text}");
        }
    }

    #[test]
    fn what_compose_refuses_is_refused() {
        for text in ["${", "${}", "${X", "${1}", "${X!}", "${X:}", "${ X}", "${X:-a\nb}", "${NONE:-{}} ${X:-b}"] {
            assert_eq!(with(text), Err(Unresolved::Invalid), "{text}");
        }
        assert_eq!(with("${NONE:?set $X}"), Err(Unresolved::Required(Arc::from("NONE"))));
        assert_eq!(with("${NONE:?set ${}}"), Err(Unresolved::Invalid));
    }

    #[test]
    fn a_default_that_is_not_used_may_be_refused() {
        let lookup = |name: &str| (name == "X").then(|| "x".to_owned());
        let with = |version| interpolate("${X:-${NONE:?}}", Variables { lookup: &lookup, version }, &mut false);
        assert_eq!(with(ComposeVersion::V2_40).as_deref(), Ok("x"));
        assert!(with(ComposeVersion::V2_26).is_err());
    }

    #[test]
    fn a_password_that_lost_its_end_is_noticed() {
        let mut lost = false;
        let nobody = Variables { lookup: &|_| None, version: ComposeVersion::V2_40 };
        assert_eq!(interpolate("pa$word", nobody, &mut lost).as_deref(), Ok("pa"));
        assert!(lost);
    }
}
