//! Values that are not to be shown or handed on: of keys that look secret, of URLs with a user in front, and long opaque
//! ones. It says where they stand in a line, as bytes; it changes nothing.

use std::ops::Range;

/// Values longer than this are opaque to a reader and may be personal.
pub const LONGEST_VALUE: usize = 40;

/// Parts of keys whose values are never shown.
const SECRET: &[&str] = &[
    "pass",
    "pwd",
    "token",
    "secret",
    "session",
    "sess",
    "auth",
    "credential",
    "signature",
    "apikey",
    "accesskey",
    "jwt",
    "cookie",
    "otp",
    "ssn",
    "jumin",
    "cipher",
    "private",
];
/// Whole keys, or their ends after `_`, `-` or `.`, whose values are never shown.
const SECRET_WORDS: &[&str] = &["key", "sid", "sig", "enc", "pin", "dsn"];
/// A whole key that is a secret in a query (`?code=…` of a login) and an ordinary word elsewhere (`code=exited`).
const SECRET_IN_QUERY: &str = "code";
/// What a secret's place may hold without being one: `(using password: YES)`, `"session": null`, `auth=none`.
const NO_SECRETS: &[&str] = &["yes", "no", "true", "false", "null", "none", "off", "on", "-"];
/// Words of command lines and configurations behind which a secret stands, after blanks.
const BEFORE_SECRETS: &[&[u8]] =
    &[b"--password ", b"--pass ", b"--token ", b"--secret ", b"requirepass ", b"masterauth ", b"IDENTIFIED BY "];

/// Why something is private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its key or place says that it is a secret.
    Secret,
    /// It is long and says nothing to a reader; what it is nobody knows.
    Opaque,
    /// It is long. It may be a path or a list, and say something to a program.
    Long,
}

/// What is private and begins at `at`.
#[must_use]
pub fn private(line: &[u8], at: usize) -> Option<(Range<usize>, Why)> {
    value(line, at)
        .or_else(|| argument(line, at).map(|range| (range, Why::Secret)))
        .or_else(|| user_info(line, at).map(|range| (range, Why::Secret)))
        .or_else(|| long_run(line, at))
        .filter(|(range, _)| range.end > at)
}

/// Whether a key looks as if its value were a secret.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let key = key.trim_end_matches(']');
    let last = key.rsplit(['_', '-', '.', '[']).next().unwrap_or_default();
    has_secret_part(key) || SECRET_WORDS.contains(&last)
}

fn has_secret_part(key: &str) -> bool {
    // Who wrote or answers for something is no secret; what authorizes somebody is.
    let key = key.replace("authority", "").replace("authoriz", "auth").replace("author", "");
    SECRET.iter().any(|part| key.contains(part))
}

const fn ends_value(byte: u8) -> bool {
    matches!(byte, b'&' | b';' | b'"' | b'\'' | b'<' | b'>' | b'#' | b'\\') || byte.is_ascii_whitespace()
}

/// The value of `key=value`, `"key": "value"` or `key: value` that begins here, if it is private.
fn value(line: &[u8], at: usize) -> Option<(Range<usize>, Why)> {
    let field = field(line.get(..at)?)?;
    let rest = line.get(at..)?;
    // `Authorization: Bearer x`: the scheme is no secret, what follows is.
    let scheme = [&b"Bearer "[..], b"Basic ", b"Digest "].into_iter().find(|scheme| rest.starts_with(scheme));
    let start = at + scheme.map_or(0, <[u8]>::len);
    let rest = line.get(start..)?;
    let ends = |byte: &u8| match (field.written, field.quote) {
        (_, b"\"") => *byte == b'"',
        (_, b"'") => *byte == b'\'',
        (Written::Colon, b"") if field.key_is_quoted => ends_value(*byte) || b",]}".contains(byte),
        (Written::Colon, b"") if field.is_cookie() => matches!(byte, b'"' | b'\''),
        _ => ends_value(*byte),
    };
    let mut length = rest.iter().position(ends).unwrap_or(rest.len());
    if field.written == Written::Encoded {
        // The value of an encoded query ends where the encoded `&` stands.
        length = rest.get(..length)?.windows(3).position(|three| three == b"%26").unwrap_or(length);
    }
    let value = rest.get(..length)?;
    if field.is_secret() {
        if let Some(fallback) = fallback(value) {
            return Some((start + fallback.start..start + fallback.end, Why::Secret));
        }
        if !is_no_secret(value, field.quote) {
            return Some((start..start + length, Why::Secret));
        }
    }
    // In one JSON value a whole line of another log may stand; only a plain `key=value` is too long by itself.
    let long = field.written != Written::Colon && field.quote.is_empty() && length > LONGEST_VALUE;
    let why = if field.in_query || is_opaque(value) { Why::Opaque } else { Why::Long };
    long.then_some((start..start + length, why))
}

/// What stands in for a variable of a compose file that nobody sets, `${PASSWORD:-here}`: it is a value as any other, and so is
/// a message behind `?`, which may have been meant to be one.
fn fallback(value: &[u8]) -> Option<Range<usize>> {
    let inner = value.strip_prefix(b"${")?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let name = inner.iter().take_while(|byte| is_name(byte)).count();
    let colon = usize::from(inner.get(name) == Some(&b':'));
    if !matches!(inner.get(name + colon), Some(b'-' | b'+' | b'?')) {
        return None;
    }
    let start = 2 + name + colon + 1;
    let end = value.iter().rposition(|byte| *byte == b'}').unwrap_or(value.len());
    let word = value.get(start..end)?;
    match fallback(word) {
        Some(deeper) => Some(start + deeper.start..start + deeper.end),
        None => (!is_no_secret(word, b"")).then_some(start..end),
    }
}

/// Empty, a word that tells nothing, a variable of a configuration, or the beginning of something that has parts.
fn is_no_secret(value: &[u8], quote: &[u8]) -> bool {
    let word = value.trim_ascii();
    let word = word.strip_suffix(b")").or_else(|| word.strip_suffix(b",")).unwrap_or(word);
    let plain = std::str::from_utf8(word).is_ok_and(|word| NO_SECRETS.contains(&word.to_ascii_lowercase().as_str()));
    word.is_empty() || plain || word.starts_with(b"$") || (quote.is_empty() && matches!(word, [b'{' | b'[' | b'(', ..]))
}

/// How a key and its value are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// `key=value`
    Equals,
    /// `key%3Dvalue`: a query inside of a query.
    Encoded,
    /// `key: value`
    Colon,
}

/// A key whose value begins.
struct Field<'a> {
    key: &'a [u8],
    written: Written,
    /// What the value is quoted by: nothing, `"`, `'`, or `\"` where it stands in a text that is itself quoted.
    quote: &'static [u8],
    key_is_quoted: bool,
    in_query: bool,
}

impl Field<'_> {
    fn is_secret(&self) -> bool {
        let key = String::from_utf8_lossy(self.key).to_ascii_lowercase();
        // Behind a colon a short word is a sentence's: `key: not found`.
        let sentence = self.written == Written::Colon && self.quote.is_empty() && !self.key_is_quoted;
        // So is what an exception says of itself: `AuthenticationError: Authentication required.`
        let exception = sentence && (key.ends_with("error") || key.ends_with("exception"));
        (if sentence { has_secret_part(&key) && !exception } else { is_secret_key(&key) })
            || (self.in_query && key == SECRET_IN_QUERY)
    }

    fn is_cookie(&self) -> bool {
        self.key.eq_ignore_ascii_case(b"cookie") || self.key.eq_ignore_ascii_case(b"set-cookie")
    }
}

/// The field whose value begins after `before`.
fn field(before: &[u8]) -> Option<Field<'_>> {
    // Most positions of most lines are told here.
    if !matches!(before.last()?, b'=' | b'"' | b'\'' | b'D' | b'd' | b':' | b' ' | b'\t') {
        return None;
    }
    let quote = [&b"\\\""[..], b"\"", b"'"].into_iter().find(|quote| before.ends_with(quote)).unwrap_or_default();
    let front = before.strip_suffix(quote)?;
    let mut key_is_quoted = false;
    let (front, written) = if let Some(front) = front.strip_suffix(b"=") {
        (front, Written::Equals)
    } else if let Some(front) = front.strip_suffix(b"%3D").or_else(|| front.strip_suffix(b"%3d")) {
        (front, Written::Encoded)
    } else {
        let named = front.trim_ascii_end().strip_suffix(b":")?;
        key_is_quoted = named.ends_with(b"\"");
        // `a:b` alone may be a time or an address; a header or a JSON field has a blank or quotes.
        if quote.is_empty() && !key_is_quoted && front.len() == named.len() + 1 {
            return None;
        }
        let named = named.strip_suffix(b"\\\"").or_else(|| named.strip_suffix(b"\"")).unwrap_or(named);
        (named, Written::Colon)
    };
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']' | b'%');
    let length = front.iter().rev().take_while(|byte| part(byte)).count();
    let (rest, key) = front.split_at_checked(front.len() - length)?;
    let key = if written == Written::Encoded { key.rsplit(|byte| *byte == b'%').next()? } else { key };
    (!key.is_empty()).then(|| Field {
        key,
        written,
        quote,
        key_is_quoted,
        in_query: rest.ends_with(b"?") || rest.ends_with(b"&"),
    })
}

/// `hunter2` of `--password hunter2`, `requirepass hunter2`, `IDENTIFIED BY 'hunter2'`.
fn argument(line: &[u8], at: usize) -> Option<Range<usize>> {
    let before = line.get(..at)?;
    let before = before.strip_suffix(b"'").or_else(|| before.strip_suffix(b"\"")).unwrap_or(before);
    if before.last() != Some(&b' ') {
        return None;
    }
    BEFORE_SECRETS.iter().find(|word| before.ends_with(word))?;
    let rest = line.get(at..)?;
    let length = rest.iter().position(|byte| ends_value(*byte)).unwrap_or(rest.len());
    (length > 0 && !is_no_secret(rest.get(..length)?, b"")).then_some(at..at + length)
}

/// `user:password@` of a URL that begins here.
fn user_info(line: &[u8], at: usize) -> Option<Range<usize>> {
    line.get(..at)?.ends_with(b"://").then_some(())?;
    let authority = line.get(at..)?;
    let ends = |byte: &u8| *byte == b'/' || *byte == b'?' || ends_value(*byte);
    let end = authority.iter().position(ends).unwrap_or(authority.len());
    let ends_all = |byte: &u8| ends_value(*byte) && !b"#&;".contains(byte);
    let whole = authority.iter().position(ends_all).unwrap_or(authority.len());
    // A sign in the password may end the address for whoever reads it, and what follows is of the password all the same.
    let begins = line.get(..at - 3)?.iter().rposition(|byte| !byte.is_ascii_alphanumeric() && *byte != b'+');
    let address = line.get(begins.map_or(0, |before| before + 1)..at + whole)?;
    let splits = std::str::from_utf8(address).is_ok_and(lastgood_intake::env_file::splits);
    let sign = authority.get(..if splits { whole } else { end })?.iter().rposition(|byte| *byte == b'@')?;
    let login = authority.get(..sign)?;
    let password =
        login.iter().position(|byte| *byte == b':').and_then(|colon| login.get(colon + 1..)).unwrap_or(login);
    (sign > 0 && !is_reference(password)).then_some(at..at + sign)
}

/// `${CACHE_PASSWORD}`, as a compose file says where a value comes from: a name, and no value.
fn is_reference(text: &[u8]) -> bool {
    let name = text.strip_prefix(b"${").and_then(|text| text.strip_suffix(b"}"));
    name.is_some_and(|name| !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'))
}

/// A run of letters, digits and signs of encodings that begins here and is too long to mean anything to a reader.
fn long_run(line: &[u8], at: usize) -> Option<(Range<usize>, Why)> {
    if at > 0 && line.get(at - 1).is_some_and(is_part) {
        return None;
    }
    let rest = line.get(at..)?;
    let signed = rest.starts_with(b"eyJ");
    let length = rest.iter().take_while(|byte| is_part(byte) || (signed && **byte == b'.')).count();
    let run = rest.get(..length).filter(|run| run.len() > LONGEST_VALUE)?;
    let shown = !run.iter().any(u8::is_ascii_digit) && run.contains(&b'-');
    (!shown).then(|| (at..at + length, if is_opaque(run) { Why::Opaque } else { Why::Long }))
}

fn is_part(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'%' | b'+' | b'~')
}

/// Whether a long value is one piece of noise: not a path, a list or a name made of words and numbers
/// (`driver-insu-prod-2-blue.service`).
fn is_opaque(value: &[u8]) -> bool {
    let of_encodings = |byte: &u8| is_part(byte) || b"=/.".contains(byte);
    if !value.iter().all(of_encodings) {
        return false;
    }
    let word = |piece: &[u8]| {
        let letters = piece.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (letters, number) = piece.split_at(letters);
        let cased = letters.iter().skip(1).all(u8::is_ascii_lowercase) || letters.iter().all(u8::is_ascii_uppercase);
        let number = number.len() <= 4 && number.iter().all(u8::is_ascii_digit);
        (cased && number && letters.len() <= 24) || piece.iter().all(u8::is_ascii_digit)
    };
    !value.split(|byte| b"-_+%~=/.".contains(byte)).all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a line, and why.
    fn found(line: &str) -> Vec<(&str, Why)> {
        let (mut found, mut at) = (Vec::new(), 0);
        while at < line.len() {
            match private(line.as_bytes(), at) {
                Some((range, why)) => {
                    found.push((&line[range.clone()], why));
                    at = range.end;
                }
                None => at += 1,
            }
        }
        found
    }

    #[test]
    fn what_an_exception_says_is_no_secret() {
        assert!(found("redis.exceptions.AuthenticationError: Authentication required.").is_empty());
        assert!(found("TokenException: expired").is_empty());
        assert_eq!(found("AuthenticationError: password=hunter2"), [("hunter2", Why::Secret)]);
    }

    #[test]
    fn a_password_is_hidden_to_its_end_and_a_reference_is_none() {
        let secret = |line| found(line).first().map(|(text, _)| *text);
        assert_eq!(secret("to postgresql://shop:carbon@word/72@db:5432/shop"), Some("shop:carbon@word/72"));
        assert_eq!(secret("amqp://shop:carbon#word@mq:5672"), Some("shop:carbon#word"));
        assert_eq!(secret("postgresql://shop:carbon@db:5432/shop"), Some("shop:carbon"));
        assert_eq!(secret("REDIS_URL: \"redis://:${CACHE_PASSWORD}@cache:6379/0\""), None);
        assert_eq!(secret("redis://:$carbon@cache:6379/0"), Some(":$carbon"));
    }

    #[test]
    fn secrets_are_found_however_they_are_written() {
        for (line, secret) in [
            ("password=\"hunter2 x\" y", "hunter2 x"),
            ("password='hunter2'", "hunter2"),
            ("{\\\"token\\\":\\\"hunter2\\\"}", "hunter2"),
            ("{\"token\":\"hunter2\"}", "hunter2"),
            ("{\"pin\": 1234}", "1234"),
            ("?next=%2Flogin%3Fpassword%3Dhunter2%26a%3Db", "hunter2"),
            ("--password hunter2 --x", "hunter2"),
            ("IDENTIFIED BY 'hunter2'", "hunter2"),
            ("Cookie: a=b; c=d\"", "a=b; c=d"),
            ("authorization: Basic aHVudGVyMg==", "aHVudGVyMg=="),
            ("DB_PASSWORD: ${DB_PASSWORD:-hunter2}", "hunter2"),
            ("- DB_PASSWORD=${A:-${B-hunter2}}", "hunter2"),
            ("environment: {PASSWORD: '${X:?hunter2}'}", "hunter2"),
        ] {
            assert_eq!(found(line), [(secret, Why::Secret)], "{line}");
        }
    }

    #[test]
    fn what_says_something_is_kept() {
        for line in [
            "Access denied for user 'app' (using password: YES)",
            "{\"session\": null, \"auth\": {\"authority\":\"a.example\"}}",
            "log_format x 'sess=$cookie_session';",
            "author=kim",
            "DB_PASSWORD: ${DB_PASSWORD}",
            "DB_PASSWORD: ${DB_PASSWORD:-${OTHER:-}}",
        ] {
            assert_eq!(found(line), [], "{line}");
        }
    }

    #[test]
    fn noise_is_told_from_names_and_lists() {
        let token = "a1B2c3D4".repeat(6);
        assert_eq!(found(&format!("/reset/{token}/x")), [(token.as_str(), Why::Opaque)]);
        let path = "task_memcg=/system.slice/driver-insu-of-the-whole-shop.service,task=java";
        assert_eq!(found(path).first().map(|(_, why)| *why), Some(Why::Long));
        let unit = "toggle-driver-insu-prod-2-blue-and-green-backend";
        assert_eq!(found(unit), [(unit, Why::Long)]);
    }
}
