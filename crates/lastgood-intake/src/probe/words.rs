//! The words of a peer as one line that can be shown: verbatim as far as they are text. And the names of the system's errors.

use std::sync::Arc;

use lastgood_model::transcript::HIDDEN;

/// A line is cut behind this many characters.
const LONGEST: usize = 240;

/// The first line that says something: one with a word in it, else one that is not blank.
pub(super) fn line(heard: &[u8]) -> Option<Arc<str>> {
    let filled = |line: &&[u8]| !line.is_empty();
    // In the packets of some protocols texts end with a zero, and a line's end is a number.
    let mut texts = heard.split(|byte| matches!(byte, b'\n' | 0)).map(<[u8]>::trim_ascii);
    let word = texts.find(|text| text.windows(3).any(|three| three.iter().all(u8::is_ascii_alphanumeric)));
    let mut lines = heard.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    word.or_else(|| lines.find(filled)).map(shown)
}

/// All of it as one line.
pub(super) fn shown(bytes: &[u8]) -> Arc<str> {
    let mut text = String::new();
    let mut length = 0;
    for chunk in bytes.get(..bytes.len().min(LONGEST * 4)).unwrap_or_default().utf8_chunks() {
        for sign in chunk.valid().chars() {
            match sign {
                sign if sign == char::from(HIDDEN) => {
                    if text.ends_with('…') {
                        continue;
                    }
                    text.push('…');
                }
                '\t' => text.push(' '),
                sign if sign.is_control() || is_invisible(sign) => text.extend(sign.escape_unicode()),
                sign => text.push(sign),
            }
            length += 1;
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
            length += 1;
        }
        if length > LONGEST {
            break;
        }
    }
    shortened(text.into())
}

/// Cut, if it is too long.
pub(super) fn shortened(text: Arc<str>) -> Arc<str> {
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect::<String>().into()
}

/// Signs that turn a line around or take no place.
const fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The name of an error of Linux.
pub(super) fn error_name(number: i32) -> Arc<str> {
    let name = match number {
        1 => "EPERM",
        11 => "EAGAIN",
        13 => "EACCES",
        22 => "EINVAL",
        24 => "EMFILE",
        32 => "EPIPE",
        71 => "EPROTO",
        97 => "EAFNOSUPPORT",
        99 => "EADDRNOTAVAIL",
        100 => "ENETDOWN",
        101 => "ENETUNREACH",
        102 => "ENETRESET",
        103 => "ECONNABORTED",
        104 => "ECONNRESET",
        105 => "ENOBUFS",
        110 => "ETIMEDOUT",
        111 => "ECONNREFUSED",
        112 => "EHOSTDOWN",
        113 => "EHOSTUNREACH",
        _ => return Arc::from(format!("error {number}")),
    };
    Arc::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_line_of_text() {
        let said = |bytes: &[u8]| line(bytes).map(|words| words.to_string());
        assert_eq!(said(b"\r\n-NOAUTH Authentication required.\r\nx"), Some("-NOAUTH Authentication required.".into()));
        assert_eq!(said(b"\x15\x03\x01\xff"), Some(r"\u{15}\u{3}\u{1}\xff".into()));
        assert_eq!(said(b"user \x1a\x1a\x1a x"), Some("user … x".into()));
        assert_eq!(said(b"\x1b[31mred"), Some(r"\u{1b}[31mred".into()));
        assert_eq!(said(b"\n \r\n"), None);
        assert_eq!(said(&[b'x'; 1000]).map(|words| words.chars().count()), Some(LONGEST));
    }
}
