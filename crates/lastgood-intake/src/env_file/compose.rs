//! Compose's dialect: quotes, comments, `export`, values over several lines, escapes, `$`. A statement is not a line: what
//! stands behind a closing quote begins the next one.

use std::sync::Arc;

use lastgood_model::Secret;
use lastgood_model::stack::EnvEntry;

use super::{Around, EnvRead, Variables, interpolate, splits};

pub(super) fn read(text: &str, around: Around<'_>) -> EnvRead {
    let mut reader = Reader { whole: text, rest: text, read: EnvRead::default(), around };
    while reader.skip_to_statement() {
        let line = reader.line();
        if let Err(why) = reader.statement(line) {
            reader.read.fault = Some((line, why));
            break;
        }
    }
    reader.read
}

struct Reader<'t> {
    whole: &'t str,
    rest: &'t str,
    read: EnvRead,
    around: Around<'t>,
}

/// What became of a value on its way.
#[derive(Clone, Copy, Default)]
struct Marks {
    lost_dollar: bool,
    cut: bool,
}

/// White space that is no end of a line.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

impl Reader<'_> {
    /// The line that is read now, from 1.
    fn line(&self) -> u64 {
        let done = self.whole.len() - self.rest.len();
        let before = self.whole.get(..done).unwrap_or_default();
        before.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1
    }

    /// Over blanks, empty lines and comments; whether anything is left.
    fn skip_to_statement(&mut self) -> bool {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                return !self.rest.is_empty();
            }
            self.rest = self.rest.find('\n').and_then(|end| self.rest.get(end..)).unwrap_or_default();
        }
    }

    fn statement(&mut self, line: u64) -> Result<(), Arc<str>> {
        if let Some(after) = self.rest.strip_prefix("export")
            && after.starts_with(char::is_whitespace)
        {
            self.rest = after.trim_start_matches(is_blank);
            if self.rest.is_empty() {
                return Err(Arc::from("nothing is exported"));
            }
        }
        let (key, sign) = self.key()?;
        if key.contains(' ') {
            return Err(Arc::from("a key cannot contain a blank"));
        }
        // A key alone takes its value from outside; without a value there, there is none.
        if sign == Some('\n') {
            let value = (self.around.first)(&key);
            self.push(key, value, line, Marks::default());
            return Ok(());
        }
        let mut marks = Marks::default();
        let value = self.value(&mut marks)?;
        self.push(key, Some(value), line, marks);
        Ok(())
    }

    /// A key, and the sign behind it. At the end of the file, where no sign is, there is no key either: what stands there is
    /// a value. Compose has it so.
    fn key(&mut self) -> Result<(String, Option<char>), Arc<str>> {
        for (index, c) in self.rest.char_indices() {
            match c {
                '=' | ':' | '\n' => {
                    let (key, after) = self.rest.split_at(index);
                    let key = key.trim_end().to_owned();
                    self.rest = after.get(1..).unwrap_or_default().trim_start_matches(is_blank);
                    return Ok((key, Some(c)));
                }
                '_' | '.' | '-' | '[' | ']' => {}
                c if is_blank(c) || c.is_alphabetic() || c.is_numeric() => {}
                c => return Err(Arc::from(format!("unexpected {c:?} in a key"))),
            }
        }
        self.rest = self.rest.trim_start_matches(is_blank);
        Ok((String::new(), None))
    }

    fn value(&mut self, marks: &mut Marks) -> Result<String, Arc<str>> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else {
            let (value, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
            self.rest = rest;
            let (value, comment) = value.split_once(" #").unwrap_or((value, ""));
            // Who writes a comment puts a blank behind its sign.
            marks.cut = !value.trim_end().is_empty() && comment.starts_with(|c: char| !is_blank(c) && c != '#');
            return self.resolved(value.trim_end(), &mut marks.lost_dollar);
        };
        let body = self.rest.get(1..).unwrap_or_default();
        let (value, end) = quoted(body, quote).ok_or_else(|| Arc::<str>::from("a quote is not closed"))?;
        self.rest = body.get(end..).unwrap_or_default();
        if quote == '"' { self.resolved(&unescaped(&value), &mut marks.lost_dollar) } else { Ok(value) }
    }

    fn resolved(&self, text: &str, lost: &mut bool) -> Result<String, Arc<str>> {
        let earlier = |name: &str| self.read.value(name).map(|value| value.expose().to_owned());
        let lookup =
            |name: &str| (self.around.first)(name).or_else(|| earlier(name)).or_else(|| (self.around.last)(name));
        let variables = Variables { lookup: &lookup, version: self.around.version };
        interpolate(text, variables, lost).map_err(|why| Arc::from(why.to_string()))
    }

    fn push(&mut self, key: String, value: Option<String>, line: u64, marks: Marks) {
        let Marks { lost_dollar, cut } = marks;
        let carriage_return = value.as_ref().is_some_and(|value| value.contains('\r'));
        let splits = value.as_deref().is_some_and(splits);
        let value = value.map(Secret::from);
        self.read.entries.push(EnvEntry { key: key.into(), value, line, lost_dollar, carriage_return, splits, cut });
    }
}

/// The text up to the closing quote, and where what follows begins. A backslash keeps the quote behind it, and stays with
/// anything else; two of them stay two.
fn quoted(body: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut escaping = false;
    for (index, c) in body.char_indices() {
        if c == quote {
            if !escaping {
                return Some((value, index + quote.len_utf8()));
            }
            escaping = false;
            value.push(c);
        } else if c == '\\' && !escaping {
            escaping = true;
        } else {
            if escaping {
                value.push('\\');
            }
            escaping = false;
            value.push(c);
        }
    }
    None
}

/// Escapes inside of double quotes.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let Some(c) = after.chars().next() else {
            out.push('\\');
            return out;
        };
        let (meant, used) = match c {
            'a' => ("\u{7}", 1),
            'b' => ("\u{8}", 1),
            'f' => ("\u{c}", 1),
            'n' => ("\n", 1),
            'r' => ("\r", 1),
            't' => ("\t", 1),
            'v' => ("\u{b}", 1),
            '$' => ("$$", 1),
            '"' => ("\"", 1),
            '\\' => ("\\", 1),
            // Three octal digits behind a zero are a sign; with fewer, or with too large a number, the zero alone is gone.
            '0' => {
                let digits = after.get(1..).unwrap_or_default();
                let octal: String = digits.chars().take(3).take_while(|c| ('0'..='7').contains(c)).collect();
                match u8::from_str_radix(&octal, 8) {
                    Ok(byte) if octal.len() == 3 => {
                        out.push(char::from(byte));
                        ("", 4)
                    }
                    _ => ("\\", 1),
                }
            }
            _ => ("\\", 0),
        };
        out.push_str(meant);
        rest = after.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env_file::ComposeVersion;

    fn around(first: &dyn Fn(&str) -> Option<String>) -> Around<'_> {
        Around { first, last: &|_| None, version: ComposeVersion::V2_40 }
    }

    fn one(text: &str) -> Vec<(String, Option<String>)> {
        let outside = |key: &str| (key == "HOME").then(|| "/h".to_owned());
        let read = read(text, around(&outside));
        assert_eq!(read.fault, None, "{text}");
        read.entries.into_iter().map(|e| (e.key.to_string(), e.value.map(|value| value.expose().to_owned()))).collect()
    }

    #[test]
    fn every_way_to_write_a_value() {
        for (text, key, value) in [
            ("A=b # c\n", "A", "b"),
            ("A=b#c\n", "A", "b#c"),
            ("A: b\n", "A", "b"),
            ("export A=b\r\n", "A", "b"),
            ("A='x\\'y'\n", "A", "x'y"),
            ("A='$HOME'\n", "A", "$HOME"),
            ("A=\"$HOME\\n\\t\\$HOME\"\n", "A", "/h\n\t$HOME"),
            ("A=a\\nb\n", "A", "a\\nb"),
            ("A=\"\\u0041\"\n", "A", "\\u0041"),
            ("A=\"one\ntwo\"\n", "A", "one\ntwo"),
            ("A=\"\\0123\\012\\0\\0400\"\n", "A", "S\\12\\\\400"),
            ("A= # b\n", "A", "# b"),
            ("A= \n", "A", ""),
            ("A.B-C=1\n", "A.B-C", "1"),
            ("A=x\\ y\n", "A", "x\\ y"),
            ("A=p@ss'w\"d\n", "A", "p@ss'w\"d"),
            ("A=한글 값\n", "A", "한글 값"),
            ("=v\n", "", "v"),
            ("A", "", "A"),
        ] {
            assert_eq!(one(text), [(key.to_owned(), Some(value.to_owned()))], "{text}");
        }
    }

    #[test]
    fn a_value_that_a_hash_cut_off_is_known_and_a_comment_is_none() {
        let cut = |text: &str| read(text, around(&|_| None)).entries.first().is_some_and(|entry| entry.cut);
        assert!(cut("P=carbon #word-71\n"));
        for text in [
            "P=carbon # word\n",
            "P=carbon#word\n",
            "P='carbon #word'\n",
            "P= #word\n",
            "P=carbon ## word\n",
            "P=carbon #\n",
        ] {
            assert!(!cut(text), "{text}");
        }
    }

    #[test]
    fn a_bare_key_without_a_value_leaves_an_earlier_one() {
        let read = read("A=1\nA\nB=$A\n", around(&|_| None));
        assert_eq!(read.value("A").map(Secret::expose), Some("1"));
        assert_eq!(read.value("B").map(Secret::expose), Some("1"));
    }

    #[test]
    fn earlier_lines_are_seen_and_bare_keys_are_inherited() {
        let read = one("A=1\nB=$A${C:-2}\nHOME\nNONE\n");
        let value = |key: &str| read.iter().find(|(known, _)| known == key).and_then(|(_, value)| value.clone());
        assert_eq!((value("B").as_deref(), value("HOME").as_deref(), value("NONE")), (Some("12"), Some("/h"), None));
    }

    #[test]
    fn what_compose_refuses_is_a_fault_of_its_line() {
        for (text, line) in [
            ("A=1\nB=\"open\n", 2),
            ("A B=1\n", 1),
            ("\n#\nA$=1\n", 3),
            ("A=${X:?no}\n", 1),
            ("A=${\n", 1),
            ("A=1\nexport ", 2),
        ] {
            assert_eq!(read(text, around(&|_| None)).fault.map(|(line, _)| line), Some(line), "{text}");
        }
    }
}
