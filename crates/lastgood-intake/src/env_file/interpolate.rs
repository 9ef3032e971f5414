//! Compose's `$`: `$X`, `${X}`, `${X:-default}` and its kin, `$$` for the sign itself. The rules are those of the Compose
//! specification's interpolation section and of what Compose does where that is silent.

use std::sync::Arc;

/// Why a text cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// `${` without a name, an operator or an end that is known.
    Invalid,
    /// `${X:?…}` and X is not set, with the message that stands there.
    Required(Arc<str>, Arc<str>),
}

impl std::fmt::Display for Unresolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invalid => f.write_str("invalid ${…}"),
            Self::Required(name, message) if message.is_empty() => write!(f, "required variable {name} is missing"),
            Self::Required(name, message) => write!(f, "required variable {name} is missing: {message}"),
        }
    }
}

/// A text with its variables replaced; one that nobody sets is empty. `lost` is set if that happened to a bare `$X`: what
/// was meant to be a part of a password is gone.
///
/// # Errors
/// If Compose would refuse it.
pub fn interpolate(text: &str, lookup: &dyn Fn(&str) -> Option<String>, lost: &mut bool) -> Result<String, Unresolved> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = if let Some(next) = after.strip_prefix('$') {
            out.push('$');
            next
        } else if let Some(inner) = after.strip_prefix('{') {
            let end = closing(inner).ok_or(Unresolved::Invalid)?;
            let (expression, next) = inner.split_at(end);
            out.push_str(&braced(expression, lookup, lost)?);
            next.strip_prefix('}').unwrap_or(next)
        } else {
            let (name, next) = name_of(after);
            if name.is_empty() {
                out.push('$');
            } else {
                match lookup(name) {
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

/// Where the brace that is open ends; those of `${` in between are their own.
fn closing(inner: &str) -> Option<usize> {
    let mut open = 1;
    let bytes = inner.as_bytes();
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        if byte == b'}' {
            open -= 1;
            if open == 0 {
                return Some(index);
            }
        } else if byte == b'$' && bytes.get(index + 1) == Some(&b'{') {
            open += 1;
            index += 1;
        }
        index += 1;
    }
    None
}

fn braced(expression: &str, lookup: &dyn Fn(&str) -> Option<String>, lost: &mut bool) -> Result<String, Unresolved> {
    let (name, operation) = name_of(expression);
    if name.is_empty() {
        return Err(Unresolved::Invalid);
    }
    let value = lookup(name);
    let filled = value.as_ref().is_some_and(|value| !value.is_empty());
    let or_empty = |value: Option<String>| value.unwrap_or_default();
    let (sign, word, counts) = match operation.strip_prefix(':') {
        Some(after) => (after.chars().next(), after.get(1..), filled),
        None => (operation.chars().next(), operation.get(1..), value.is_some()),
    };
    let word = word.unwrap_or_default();
    match sign {
        None if operation.is_empty() => Ok(or_empty(value)),
        Some('-') if counts => Ok(or_empty(value)),
        Some('-') => interpolate(word, lookup, lost),
        Some('+') if counts => interpolate(word, lookup, lost),
        Some('+') => Ok(String::new()),
        Some('?') if counts => Ok(or_empty(value)),
        Some('?') => Err(Unresolved::Required(Arc::from(name), interpolate(word, lookup, lost)?.into())),
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
        interpolate(text, &lookup, &mut false)
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
        ] {
            assert_eq!(with(text).as_deref(), Ok(meant), "{text}");
        }
    }

    #[test]
    fn what_compose_refuses_is_refused() {
        for text in ["${", "${}", "${X", "${1}", "${X!}", "${X:}", "${ X}"] {
            assert_eq!(with(text), Err(Unresolved::Invalid), "{text}");
        }
        let required = Unresolved::Required(Arc::from("NONE"), Arc::from("set x"));
        assert_eq!(with("${NONE:?set $X}"), Err(required));
    }

    #[test]
    fn a_password_that_lost_its_end_is_noticed() {
        let mut lost = false;
        assert_eq!(interpolate("pa$word", &|_| None, &mut lost).as_deref(), Ok("pa"));
        assert!(lost);
    }
}
