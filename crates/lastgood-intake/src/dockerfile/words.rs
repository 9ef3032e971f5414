//! Words of an instruction: its flags, its assignments, and variables in them.

/// The values of a flag: `--from=build`, several times perhaps. Flags stand before everything else.
pub(super) fn flag(rest: &str, name: &str) -> Vec<String> {
    let flags = rest.split_ascii_whitespace().map_while(|word| word.strip_prefix("--"));
    let values = flags.filter_map(|flag| flag.split_once('=')).filter(|(flag, _)| *flag == name);
    values.map(|(_, value)| value.trim_matches(['"', '\'']).to_owned()).collect()
}

/// `A=1 B="2 3" C`.
pub(super) fn assignments(rest: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut rest = rest.trim_start();
    while !rest.is_empty() {
        let end = word_end(rest);
        let (word, after) = rest.split_at(end);
        rest = after.trim_start();
        let (key, value) = match word.split_once('=') {
            Some((key, value)) => (key, Some(unquoted(value))),
            None => (word, None),
        };
        found.push((key.to_owned(), value));
    }
    found
}

/// Where a word ends: at a blank outside of quotes.
fn word_end(text: &str) -> usize {
    let mut quote = None;
    for (at, sign) in text.char_indices() {
        match quote {
            Some(open) if sign == open => quote = None,
            Some(_) => {}
            None if sign == '"' || sign == '\'' => quote = Some(sign),
            None if sign.is_ascii_whitespace() => return at,
            None => {}
        }
    }
    text.len()
}

fn unquoted(text: &str) -> String {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text).to_owned()
}

/// Puts values in the place of `$X`, `${X}`, `${X:-else}` and `${X:+instead}`. What nobody sets stays as it is written.
pub(super) fn expand(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out += rest.get(..at).unwrap_or_default();
        let after = rest.get(at + 1..).unwrap_or_default();
        let (taken, filled) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((inner, _)) => (inner.len() + 2, in_braces(inner, value)),
            None => {
                let end = after.find(|c: char| !is_of_a_name(c)).unwrap_or(after.len());
                (end, after.get(..end).filter(|name| !name.is_empty()).and_then(value))
            }
        };
        let written = rest.get(at..at + 1 + taken).unwrap_or_default();
        out += filled.as_deref().unwrap_or(written);
        rest = after.get(taken..).unwrap_or_default();
    }
    out + rest
}

fn in_braces(inner: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let end = inner.find(|c: char| !is_of_a_name(c)).unwrap_or(inner.len());
    let (name, operation) = inner.split_at(end);
    let set = value(name);
    let full = set.clone().filter(|text| !text.is_empty());
    if let Some(other) = operation.strip_prefix(":-") {
        return full.or_else(|| Some(expand(other, value)));
    }
    if let Some(other) = operation.strip_prefix(":+") {
        return Some(full.map(|_| expand(other, value)).unwrap_or_default());
    }
    if let Some(other) = operation.strip_prefix('-') {
        return set.or_else(|| Some(expand(other, value)));
    }
    if let Some(other) = operation.strip_prefix('+') {
        return Some(set.map(|_| expand(other, value)).unwrap_or_default());
    }
    set
}

const fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_stand_in_front() {
        assert_eq!(flag("--mount=type=cache,target=/x --mount=type=bind,from=b run --mount=no", "mount").len(), 2);
        assert_eq!(flag("--from=\"build\" /a /b", "from"), ["build"]);
        assert!(flag("/a --from=x", "from").is_empty());
    }

    #[test]
    fn arguments_with_and_without_values() {
        let pair = |key: &str, value: Option<&str>| (key.to_owned(), value.map(str::to_owned));
        let wanted = [pair("A", Some("1")), pair("B", Some("2 3")), pair("C", None), pair("D", Some(""))];
        assert_eq!(assignments(" A=1  B=\"2 3\" C D="), wanted);
    }

    #[test]
    fn variables_are_filled_in() {
        let value = |name: &str| match name {
            "A" => Some("one".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, filled) in [
            ("$A/x", "one/x"),
            ("x${A}y", "xoney"),
            ("${B:-two}:$A", "two:one"),
            ("${EMPTY:-two}${EMPTY-three}", "two"),
            ("${A:+yes}${B:+no}${A+yes}", "yesyes"),
            ("${B-$A}", "one"),
            ("$B ${C}", "$B ${C}"),
            ("cost 5$", "cost 5$"),
            ("${open", "${open"),
            ("é$A", "éone"),
        ] {
            assert_eq!(expand(text, &value), filled, "{text}");
        }
    }
}
