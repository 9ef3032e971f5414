//! JSON that a server wrote by pasting values into a template, made into JSON that a parser takes: nginx's `escape=json`
//! leaves numbers like `009` and bytes that are no UTF-8, other escapings leave `\x16`, and a crash cuts the line.
//! It changes as little as it can and understands nothing; whether the result is JSON is for the parser to say.

use serde::de::IgnoredAny;

/// Deeper nesting is no log line.
const MAX_DEPTH: usize = 32;

/// A copy that is well-formed wherever the text gave a hint how it was meant. A text that ends too early is cut back to
/// its last whole member and closed.
pub(crate) fn repaired(broken: &[u8]) -> String {
    let text = String::from_utf8_lossy(broken);
    let mut repair =
        Repair { rest: &text, out: String::with_capacity(text.len() + 16), open: Vec::new(), last: (0, 0) };
    repair.run();
    repair.out
}

struct Repair<'a> {
    rest: &'a str,
    out: String,
    /// What closes each object and array that is open.
    open: Vec<char>,
    /// Length of `out` and depth behind the last whole member.
    last: (usize, usize),
}

impl Repair<'_> {
    fn run(&mut self) {
        while let Some(next) = self.rest.chars().next() {
            match next {
                '"' => {
                    if !self.string() {
                        break;
                    }
                    continue;
                }
                '{' | '[' if self.open.len() == MAX_DEPTH => break,
                '{' => self.open.push('}'),
                '[' => self.open.push(']'),
                ',' | '}' | ']' => {
                    self.fill_empty_value();
                    self.last = (self.out.len(), self.open.len());
                    if next != ',' {
                        self.open.pop();
                    }
                }
                ':' => {}
                next if next.is_ascii_whitespace() => {}
                _ => {
                    if !self.bare_value() {
                        break;
                    }
                    continue;
                }
            }
            self.out.push(next);
            self.rest = &self.rest[next.len_utf8()..];
            if self.open.is_empty() {
                return;
            }
        }
        self.close();
    }

    /// `"rt":,` and `"rt":}` have no value.
    fn fill_empty_value(&mut self) {
        if self.out.trim_ascii_end().ends_with(':') {
            self.out.push_str("null");
        }
    }

    /// A value without quotes. False if the text ends with it: nobody knows whether it is whole.
    fn bare_value(&mut self) -> bool {
        let ends = |c: char| matches!(c, ',' | '}' | ']' | '"' | ':') || c.is_ascii_whitespace();
        let Some(length) = self.rest.find(ends) else { return false };
        let (value, rest) = self.rest.split_at(length);
        self.rest = rest;
        if serde_json::from_str::<IgnoredAny>(value).is_ok() {
            self.out.push_str(value);
        } else {
            self.out.push('"');
            self.out.push_str(&value.replace('\\', "\\\\"));
            self.out.push('"');
        }
        true
    }

    /// A string. False if the text ends within it.
    fn string(&mut self) -> bool {
        self.out.push('"');
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            let behind = &self.rest[at + c.len_utf8()..];
            match c {
                '"' if closes(behind) => {
                    self.out.push('"');
                    self.rest = behind;
                    return true;
                }
                '"' => self.out.push_str("\\\""),
                '\\' if is_escape(behind) => {
                    self.out.push('\\');
                    // What is escaped is part of it, a quote above all.
                    if let Some((_, escaped)) = chars.next() {
                        self.out.push(escaped);
                    }
                }
                '\\' => self.out.push_str("\\\\"),
                c if c.is_ascii_control() => self.out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        false
    }

    /// Cuts back to what is whole, if what stands there is not, and closes it.
    fn close(&mut self) {
        let closed = |out: &str, open: &[char]| out.chars().chain(open.iter().rev().copied()).collect::<String>();
        let whole = closed(&self.out, &self.open);
        let (length, depth) = self.last;
        self.out = match serde_json::from_str::<IgnoredAny>(&whole) {
            Ok(_) => whole,
            Err(_) => closed(self.out.get(..length).unwrap_or_default(), self.open.get(..depth).unwrap_or_default()),
        };
    }
}

/// Whether a quote with this behind it closes its string: a bare one within a value has other text behind it.
fn closes(behind: &str) -> bool {
    matches!(behind.trim_ascii_start().chars().next(), None | Some(',' | '}' | ']' | ':'))
}

/// Whether this, behind a backslash, is an escape of JSON.
fn is_escape(behind: &str) -> bool {
    match behind.as_bytes() {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => true,
        [b'u', a, b, c, d, ..] => [a, b, c, d].into_iter().all(u8::is_ascii_hexdigit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_templates_leave_is_repaired() {
        for (broken, expected) in [
            (r#"{"status":009,"x":1}"#, r#"{"status":"009","x":1}"#),
            (r#"{"rt":,"urt":-,"b":}"#, r#"{"rt":null,"urt":"-","b":null}"#),
            (r#"{"r":"\x16\x03 \u0041 \" \q"}"#, r#"{"r":"\\x16\\x03 \u0041 \" \\q"}"#),
            (r#"{"ua":"a "b" c","x":1}"#, r#"{"ua":"a \"b\" c","x":1}"#),
            ("{\"r\":\"a\tb\"}", r#"{"r":"a\u0009b"}"#),
            (r#"{"t":0.010, 0.000,"x":1}"#, r#"{"t":0.010, 0.000,"x":1}"#),
            (r#"{"a":[1,2],"b":{"c":d}}{"x"#, r#"{"a":[1,2],"b":{"c":"d"}}"#),
        ] {
            assert_eq!(repaired(broken.as_bytes()), expected, "{broken}");
        }
        assert_eq!(repaired(b"{\"r\":\"a\xff\"}"), "{\"r\":\"a\u{fffd}\"}");
    }

    #[test]
    fn a_cut_text_keeps_what_is_whole() {
        for (cut, expected) in [
            (r#"{"a":1,"b":"x"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":"x""#, r#"{"a":1,"b":"x"}"#),
            (r#"{"a":1,"b""#, r#"{"a":1}"#),
            (r#"{"a":1,"b":"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":50"#, r#"{"a":1}"#),
            (r#"{"a":{"c":[1,"#, r#"{"a":{"c":[1]}}"#),
            (r#"{"a":{"c":1},"b":"\"#, r#"{"a":{"c":1}}"#),
            (r#"{"a"#, ""),
        ] {
            assert_eq!(repaired(cut.as_bytes()), expected, "{cut}");
        }
    }

    #[test]
    fn nonsense_ends() {
        let deep = "[".repeat(100_000);
        assert!(repaired(deep.as_bytes()).len() < 100);
        assert_eq!(repaired(b"}"), "}");
        assert_eq!(repaired(b""), "");
    }
}
