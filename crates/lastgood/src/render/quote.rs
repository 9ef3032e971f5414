//! Log text made fit to be shown: nothing that steers a terminal or turns text around, no long opaque value, no value
//! of a key that looks secret. Everything else stands as it stands in the log. What is secret: `privacy/secrets.rs`;
//! whose address it is: `mask`.

use super::layout::{beginning, ending, width};
use crate::privacy::secrets::{Why, private};

/// How to write what cannot be shown as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unshowable {
    /// As an escape that a person can read: `\x1b`, `\u{202e}`, `\xc4`.
    Escaped,
    /// As `…`, so that every piece between two of them stands verbatim in the log.
    Left,
}

/// So much of a line is looked at; nobody reads on.
const LONGEST_LINE: usize = 16 * 1024;

/// A log line fit to be shown.
#[must_use]
pub fn quote(line: &[u8], unshowable: Unshowable) -> String {
    let (line, rest) = line.split_at_checked(LONGEST_LINE).unwrap_or((line, &[]));
    let mut out = String::with_capacity(line.len());
    let mut shown = 0;
    for hidden in hidden(line) {
        if let Some(piece) = line.get(shown..hidden.start) {
            show(piece, unshowable, &mut out);
        }
        elide(&mut out);
        shown = hidden.end;
    }
    show(line.get(shown..).unwrap_or_default(), unshowable, &mut out);
    if !rest.is_empty() {
        elide(&mut out);
    }
    out
}

/// A name or a sentence with names in it, fit to be shown.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    show(text.as_bytes(), Unshowable::Escaped, &mut out);
    out
}

/// What a person typed, repeated: without the secrets that may be in it.
#[must_use]
pub fn repeated(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let (bytes, mut at) = (text.as_bytes(), 0);
    while at < bytes.len() {
        match private(bytes, at) {
            Some((range, Why::Secret)) => {
                out.extend_from_slice(bytes.get(at..range.start).unwrap_or_default());
                out.extend_from_slice("…".as_bytes());
                at = range.end;
            }
            _ => {
                out.extend(bytes.get(at));
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// JSON that says the same and, printed as it is, steers no terminal: a program reads the names unchanged.
#[must_use]
pub fn inert_json(json: String) -> String {
    // Line ends are the document's own; within a text they are escaped already, as all of ASCII's controls but one are.
    let is_inert = |c: char| c == '\n' || !steers(c);
    if json.chars().all(is_inert) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_inert(c) {
            out.push(c);
        } else {
            out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

fn elide(out: &mut String) {
    if !out.ends_with('…') {
        out.push('…');
    }
}

fn show(bytes: &[u8], unshowable: Unshowable, out: &mut String) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if !steers(c) {
                out.push(c);
            } else if unshowable == Unshowable::Left {
                elide(out);
            } else if c == '\t' {
                out.push_str("\\t");
            } else if u32::from(c) < 0x100 {
                out.push_str(&format!("\\x{:02x}", u32::from(c)));
            } else {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
            }
        }
        for byte in chunk.invalid() {
            match unshowable {
                Unshowable::Escaped => out.push_str(&format!("\\x{byte:02X}")),
                Unshowable::Left => elide(out),
            }
        }
    }
}

/// Controls, and characters that turn, join or hide what stands beside them.
pub(super) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Stretches of a line that are not to be shown, in order, not overlapping.
fn hidden(line: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let hide = private(line, at).map(|(range, _)| range);
        match hide {
            Some(range) if range.end > at => {
                at = range.end;
                found.push(range);
            }
            _ => at += 1,
        }
    }
    found
}

/// A quote in at most `columns`. What tells most is kept: in an access line the time up to the status, in a journal
/// line the message.
#[must_use]
pub fn shorten(quote: &str, columns: usize) -> String {
    if width(quote) <= columns {
        return quote.to_owned();
    }
    let Some((from, to)) = focus(quote) else {
        return format!("{}…", beginning(quote, columns.saturating_sub(1)));
    };
    let from = if width(quote.get(..to).unwrap_or(quote)) < columns { 0 } else { from };
    let front = if from == 0 { "" } else { "…" };
    let room = columns.saturating_sub(width(front) + 1);
    let wanted = quote.get(from..to).unwrap_or(quote);
    if width(wanted) <= room {
        let kept = beginning(quote.get(from..).unwrap_or(quote), room);
        let back = if from + kept.len() == quote.len() { "" } else { "…" };
        return join(front, kept, back);
    }
    // Its middle gives way: the request's path is the least of it.
    let tail = ending(wanted, room / 3);
    let head = beginning(wanted, room.saturating_sub(width(tail) + 1));
    let back = if to == quote.len() { "" } else { "…" };
    join(front, &format!("{head}…{tail}"), back)
}

fn join(front: &str, middle: &str, back: &str) -> String {
    format!("{front}{middle}{back}").replace("……", "…")
}

/// The stretch that tells most, if it is not the beginning.
fn focus(quote: &str) -> Option<(usize, usize)> {
    if let Some(at) = quote.find("\"MESSAGE\"") {
        let from = quote.get(at + 9..).and_then(|rest| rest.find('"')).map_or(at, |open| at + 9 + open);
        let length = quote.get(from + 1..).and_then(|rest| rest.find('"')).map_or(quote.len() - from, |end| end + 2);
        return Some((from, from + length));
    }
    // `" 502 `: the quote that closes the request, then the status.
    let bytes = quote.as_bytes();
    let status = bytes.windows(6).position(|six| {
        six.starts_with(b"\" ")
            && six.get(2..5).is_some_and(|code| code.iter().all(u8::is_ascii_digit))
            && six[5] == b' '
    });
    let at = status?;
    let head = quote.get(..at)?;
    // A bracket, or what became of it on its way.
    let time = ["[", "Ä", "\\xC4"].into_iter().filter_map(|open| head.find(open)).min();
    Some((time.unwrap_or(0), at + 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &[u8]) -> String {
        quote(line, Unshowable::Escaped)
    }

    #[test]
    fn an_ordinary_line_stands_verbatim() {
        let line = "192.0.2.7 - - [16/Nov/2022:11:06:33 +0900] \"GET /api/quote/48211?page=3 HTTP/1.1\" 200 1318 \
                    \"https://app.carnavi.example/insu\" \"Mozilla/5.0 (Linux; Android 12; 한국어)\"";
        assert_eq!(shown(line.as_bytes()), line);
        assert_eq!(quote(line.as_bytes(), Unshowable::Left), line);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(shown(b"a\x1b[31mred\x1b]0;title\x07\x00\x7f\tb"), "a\\x1b[31mred\\x1b]0;title\\x07\\x00\\x7f\\tb");
        assert_eq!(shown("\u{9b}31m".as_bytes()), "\\x9b31m");
        assert_eq!(shown("gpj.\u{202e}exe\u{200f}\u{2066}".as_bytes()), "gpj.\\u{202e}exe\\u{200f}\\u{2066}");
        assert_eq!(shown(b"\xc416/Nov\xdc \xff"), "\\xC416/Nov\\xDC \\xFF");
        assert_eq!(clean("unit\n\u{1b}[2J"), "unit\\x0a\\x1b[2J");
    }

    #[test]
    fn json_says_the_same_and_steers_nothing() {
        let name = "a\u{202e}b\u{7f}\u{9b}2J\u{e0041}\n한";
        let json = inert_json(serde_json::to_string_pretty(&[name]).unwrap());
        assert!(json.chars().all(|c| c == '\n' || !steers(c)), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [name]);
    }

    #[test]
    fn what_is_left_stands_verbatim_between_ellipses() {
        let line = b"\xc416/Nov/2022\xdc \x1b[1m\"GET /a?enc=abcdefgh HTTP/1.1\" 502";
        let quote = quote(line, Unshowable::Left);
        assert_eq!(quote, "…16/Nov/2022… …[1m\"GET /a?enc=… HTTP/1.1\" 502");
        for piece in quote.split('…') {
            assert!(line.windows(piece.len().max(1)).any(|part| part == piece.as_bytes()) || piece.is_empty());
        }
    }

    #[test]
    fn long_and_secret_values_are_not_shown() {
        let enc = "Zx9".repeat(300);
        let line =
            format!("\"GET /join/user-form?step=2&enc={enc} HTTP/1.1\" 502 568 \"https://a.example/?enc={enc}\"");
        assert_eq!(
            shown(line.as_bytes()),
            "\"GET /join/user-form?step=2&enc=… HTTP/1.1\" 502 568 \"https://a.example/?enc=…\""
        );
        for (line, wanted) in [
            ("/cb?code=ab&state=x", "/cb?code=…&state=x"),
            ("?status_code=200", "?status_code=200"),
            ("Main process exited, code=exited, status=137", "Main process exited, code=exited, status=137"),
            ("exit code: 137", "exit code: 137"),
            ("?keyword=car&monkey=1", "?keyword=car&monkey=1"),
            ("?api_key=1&PASSWORD=2&Session-Id=3", "?api_key=…&PASSWORD=…&Session-Id=…"),
            ("?user[password]=x", "?user[password]=…"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
            ("{\"password\": \"a b\", \"user\": \"c\"}", "{\"password\": \"…\", \"user\": \"c\"}"),
            ("{\"access_token\":\"abc\"}", "{\"access_token\":\"…\"}"),
            ("redis://app:s3cret@10.0.0.1:6379/0", "redis://…@10.0.0.1:6379/0"),
            ("upstream: \"http://127.0.0.1:8080/a\"", "upstream: \"http://127.0.0.1:8080/a\""),
            ("?token=", "?token="),
        ] {
            assert_eq!(shown(line.as_bytes()), wanted);
        }
    }

    #[test]
    fn long_runs_in_a_path_are_not_shown() {
        let token = "a1B2c3D4".repeat(6);
        assert_eq!(shown(format!("GET /reset/{token}/now").as_bytes()), "GET /reset/…/now");
        let jwt = format!("eyJhbGciOiJIUzI1NiJ9.{token}.{token}");
        assert_eq!(shown(format!("GET /t/{jwt} x").as_bytes()), "GET /t/… x");
        let words = "/a-path-of-many-ordinary-words-that-say-something/x";
        assert_eq!(shown(words.as_bytes()), words);
    }

    #[test]
    fn a_shortened_access_line_keeps_time_and_status() {
        let line =
            "203.0.113.124 - - [16/Nov/2022:11:06:33 +0900] \"GET /api/quote/48211 HTTP/1.1\" 200 1318 \"-\" \"x\"";
        assert_eq!(shorten(line, 70), "…[16/Nov/2022:11:06:33 +0900] \"GET /api/quote/48211 HTTP/1.1\" 200 131…");
        let long = line.replace("48211", &"segment/".repeat(20));
        let short = shorten(&long, 70);
        assert!(width(&short) <= 70 && short.contains("11:06:33") && short.ends_with("\" 200…"), "{short}");
    }

    #[test]
    fn a_shortened_journal_line_keeps_the_message() {
        let line = format!(
            "{{\"__CURSOR\":\"{}\",\"MESSAGE\":\"Started nginx.\",\"UNIT\":\"nginx.service\"}}",
            "s".repeat(90)
        );
        assert_eq!(shorten(&line, 40), "…\"Started nginx.\",\"UNIT\":\"nginx.service…");
    }
}
