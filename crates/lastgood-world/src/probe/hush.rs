//! Hush: takes the secret that a probe sends out of what it hears: a peer may repeat it, as it is, in base64 or as a URL
//! writes it. Lengths stay, since what was heard is framed by them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use lastgood_model::transcript::HIDDEN;

/// From here on a secret is looked for inside of words, too, and in other forms.
const LONG: usize = 6;
/// Shorter ones hide nothing, and stand in every second word.
const SHORTEST: usize = 3;

/// What is not to be heard.
#[derive(Clone, Default)]
pub(super) struct Hush {
    /// Forms, and whether one counts inside of a word.
    forms: Vec<(Vec<u8>, bool)>,
}

impl Hush {
    pub(super) fn learn(&mut self, secret: &str) {
        let bytes = secret.as_bytes();
        // `200` is a status before it is a secret.
        if bytes.len() < SHORTEST || (bytes.len() == SHORTEST && bytes.iter().all(u8::is_ascii_digit)) {
            return;
        }
        let is_long = bytes.len() >= LONG;
        self.forms.push((bytes.to_vec(), is_long));
        if !is_long {
            return;
        }
        let in_url = escaped(secret);
        self.forms.push((in_url.to_ascii_lowercase().into_bytes(), true));
        self.forms.push((secret.chars().flat_map(char::escape_default).collect::<String>().into_bytes(), true));
        for bytes in [bytes, in_url.as_bytes()] {
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                // Where it stands behind other bytes, its first and last signs are shared with them.
                for shift in 0..3 {
                    let encoded = engine.encode([&vec![0; shift], bytes].concat());
                    let first = (shift * 8).div_ceil(6);
                    let last = (shift + bytes.len()) * 8 / 6;
                    self.forms.extend(encoded.as_bytes().get(first..last).map(|form| (form.to_vec(), true)));
                }
            }
        }
        self.forms.push((in_url.into_bytes(), true));
    }

    /// Takes it out.
    pub(super) fn hush(&self, heard: &mut [u8]) {
        for (form, inside) in &self.forms {
            let mut from = 0;
            while let Some(at) = heard.get(from..).and_then(|rest| memchr::memmem::find(rest, form)) {
                let (start, end) = (from + at, from + at + form.len());
                let joins = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
                let in_word = joins(start.checked_sub(1).and_then(|before| heard.get(before))) || joins(heard.get(end));
                if *inside || !in_word {
                    heard.get_mut(start..end).unwrap_or_default().fill(HIDDEN);
                }
                from = end;
            }
        }
    }
}

/// As it stands in a form or in the user part of a URL.
pub(super) fn escaped(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(secret: &str, text: &str) -> String {
        let mut hush = Hush::default();
        hush.learn(secret);
        let mut bytes = text.as_bytes().to_vec();
        hush.hush(&mut bytes);
        assert_eq!(bytes.len(), text.len());
        String::from_utf8(bytes).unwrap().replace('\u{1a}', "*")
    }

    #[test]
    fn a_secret_is_taken_out_in_every_form() {
        assert_eq!(heard("carbon/8", "-ERR carbon/8x carbon%2F8 carbon%2f8"), "-ERR ********x ********** **********");
        let basic = STANDARD_NO_PAD.encode("backend:carbon-client-26");
        assert_eq!(heard("carbon-client-26", &basic).matches('*').count(), 21);
        assert_eq!(heard("pa\"ss\\word", r#"{"x":"pa\"ss\\word"}"#), r#"{"x":"************"}"#);
    }

    #[test]
    fn a_short_one_only_where_it_stands_alone() {
        assert_eq!(heard("pass", "pass: password pass"), "****: password ****");
        assert_eq!(heard("200", "HTTP/1.1 200 OK"), "HTTP/1.1 200 OK");
        assert_eq!(heard("1", "HTTP/1.1 200 OK"), "HTTP/1.1 200 OK");
    }

    proptest::proptest! {
        #[test]
        fn what_is_taken_out_is_gone(secret in "[ -~é]{6,20}", before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
            let shown = heard(&secret, &format!("{before}{secret}{after}"));
            proptest::prop_assert!(!shown.contains(&secret), "{}", shown);
        }
    }
}
