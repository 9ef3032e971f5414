//! Secrets whose values are known, because a configuration holds them: found again in other files, as they are, in
//! base64 and as a URL writes them.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::secrets::is_secret_key;

/// Shorter ones stand in too many other words.
const SHORTEST: usize = 6;
/// Values beyond this many are not looked for elsewhere.
const MOST: usize = 2_000;
/// Bytes by which a place is told not to hold any of them.
const START: usize = 3;
/// Directives of nginx whose first word is a name and whose second is its value.
const NAMED_VALUES: &[&str] = &[
    "proxy_set_header",
    "grpc_set_header",
    "add_header",
    "more_set_headers",
    "fastcgi_param",
    "uwsgi_param",
    "scgi_param",
    "set",
    "default",
];
/// Directives of nginx whose value is a secret.
const SECRET_VALUES: &[&str] = &["secure_link_secret"];

/// Forms of known secrets.
#[derive(Clone, Debug, Default)]
pub struct Known {
    forms: Vec<Vec<u8>>,
    by_start: HashMap<[u8; START], Vec<usize>>,
}

impl Known {
    /// Takes the secrets of an nginx configuration.
    pub fn learn_configuration(&mut self, text: &[u8]) {
        for directive in text.split(|byte| b";{}\n".contains(byte)) {
            let directive = String::from_utf8_lossy(directive);
            let words = words(directive.trim());
            let value = match words.as_slice() {
                [directive, name, value, ..] if NAMED_VALUES.contains(&directive.as_str()) => {
                    Some(value).filter(|_| is_secret_key(name.trim_start_matches('$')))
                }
                [directive, value] if SECRET_VALUES.contains(&directive.as_str()) => Some(value),
                [directive, assignment] if directive == "env" => {
                    let (name, value) = assignment.split_once('=').unwrap_or_default();
                    if is_secret_key(name) {
                        self.learn(value.as_bytes());
                    }
                    None
                }
                _ => None,
            };
            if let Some(value) = value.filter(|value| !value.starts_with('$')) {
                let scheme = ["Bearer ", "Basic "].into_iter().find_map(|scheme| value.strip_prefix(scheme));
                self.learn(scheme.unwrap_or(value).as_bytes());
            }
        }
    }

    /// Takes a secret.
    pub fn learn(&mut self, secret: &[u8]) {
        if secret.len() < SHORTEST || self.forms.len() >= MOST {
            return;
        }
        let mut forms = vec![secret.to_vec()];
        forms.extend([true, false].map(|capital| in_url(secret, capital)));
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            // Where it stands behind other bytes, its first and last signs are shared with them.
            for shift in 0..3 {
                let encoded = engine.encode([&vec![0; shift][..], secret].concat());
                let first = (shift * 8).div_ceil(6);
                let last = (shift + secret.len()) * 8 / 6;
                forms.extend(encoded.as_bytes().get(first..last).map(<[u8]>::to_vec));
            }
        }
        for form in forms {
            let Some(start) = form.first_chunk::<START>() else { continue };
            let begin_alike = self.by_start.entry(*start).or_default();
            if form.len() >= SHORTEST && !begin_alike.iter().any(|other| self.forms.get(*other) == Some(&form)) {
                begin_alike.push(self.forms.len());
                self.forms.push(form);
            }
        }
    }

    /// The length of the longest secret that stands at `at`.
    #[must_use]
    pub fn at(&self, text: &[u8], at: usize) -> Option<usize> {
        if self.forms.is_empty() {
            return None;
        }
        let rest = text.get(at..)?;
        let begin_alike = self.by_start.get(rest.first_chunk::<START>()?)?;
        let forms = begin_alike.iter().filter_map(|index| self.forms.get(*index));
        forms.filter(|form| rest.starts_with(form)).map(Vec::len).max()
    }

    /// The text with `…` in the place of each secret; `None` if none stands in it.
    #[must_use]
    pub fn without(&self, text: &[u8]) -> Option<Vec<u8>> {
        let (mut out, mut at, mut copied) = (Vec::new(), 0, 0);
        while at < text.len() {
            match self.at(text, at) {
                Some(length) => {
                    out.extend_from_slice(text.get(copied..at).unwrap_or_default());
                    out.extend_from_slice("…".as_bytes());
                    at += length;
                    copied = at;
                }
                None => at += 1,
            }
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        (copied > 0).then_some(out)
    }
}

/// The words of a directive; one in quotes is one, without them.
fn words(directive: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), directive);
    while let Some(first) = rest.chars().next() {
        let (word, tail) = match first {
            '"' | '\'' => {
                let inner = rest.get(1..).unwrap_or_default();
                inner.split_once(first).unwrap_or((inner, ""))
            }
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = tail.trim_start();
    }
    words
}

fn in_url(secret: &[u8], capital: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(secret.len() * 3);
    for byte in secret {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(*byte);
        } else if capital {
            out.extend(format!("%{byte:02X}").bytes());
        } else {
            out.extend(format!("%{byte:02x}").bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form() {
        let mut known = Known::default();
        known.learn_configuration(
            br#"http { proxy_set_header Authorization "Bearer s3cr/t+x!"; set $api_token 'hunter22'; env DB_PASSWORD=pa55word;
                proxy_set_header X-Token $http_x_token; proxy_pass http://a-backend:8080; auth_request /auth-page;
                secure_link_secret linksecret; }"#,
        );
        let url = "s3cr%2ft%2Bx%21";
        for secret in ["s3cr/t+x!", "s3cr%2Ft%2Bx%21", "hunter22", "pa55word", "linksecret"] {
            assert_eq!(known.at(format!("x{secret}y").as_bytes(), 1), Some(secret.len()), "{secret}");
        }
        assert_eq!(known.at(url.as_bytes(), 0), None, "mixed letters are nobody's encoding");
        for front in ["", "u", "us", "use", "user:"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{front}hunter22:x"));
            let found = (0..encoded.len()).find_map(|at| known.at(encoded.as_bytes(), at));
            assert!(found.is_some_and(|length| length >= 9), "{front} {encoded}");
        }
        for kept in ["http://a-backend:8080", "/auth-page", "$http_x_token"] {
            assert_eq!(known.at(kept.as_bytes(), 0), None, "{kept}");
        }
    }
}
