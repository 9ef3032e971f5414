//! Makes up environment files: all ways to write an assignment, sensible and not. Which of them Compose refuses is not known here.

use std::fmt::Write;

use fastrand::Rng;

const KEYS: [&str; 16] = [
    "A",
    "B",
    "C",
    "X",
    "Y",
    "LONG_NAME",
    "lower",
    "_u",
    "KEY.with-signs",
    "A[0]",
    "한글",
    "DOT",
    "SH",
    "EMPTY",
    "NONE",
    "OWN",
];
/// Those that can be asked for with `$`.
const NAMES: [&str; 12] = ["A", "B", "C", "X", "Y", "LONG_NAME", "lower", "_u", "DOT", "SH", "EMPTY", "NONE"];
const OPERATORS: [&str; 6] = [":-", "-", ":+", "+", ":?", "?"];
const WORDS: [&str; 32] = [
    "abc",
    "한글 값",
    "p@ss",
    "x\\ y",
    "#",
    "a#b",
    " # c",
    "it's",
    "say \"hi\"",
    "\\",
    "\\n",
    "\\t",
    "\\$X",
    "\\0123",
    "\\01",
    "\\0400",
    "\\u0041",
    "{",
    "}",
    "=",
    ":",
    "é",
    "\u{a0}",
    "\u{3000}",
    "\t",
    "  ",
    "1",
    "https://u:p@h:1/?a=b&c",
    "$(date)",
    "~",
    "%20",
    "\\x41",
];
/// What a `$` may begin and is hardly meant.
const DOLLARS: [&str; 14] =
    ["$", "$$", "$1", "$$X", "$ X", "${", "${}", "${X", "${1}", "${X!}", "${X:}", "$X-$Y", "$$$X", "${ X }"];

/// A file for a reader of Compose's dialect.
pub fn env_text(rng: &mut Rng) -> String {
    let mut text = String::new();
    if rng.u8(..12) == 0 {
        text.push('\u{feff}');
    }
    for _ in 0..rng.usize(1..10) {
        statement(rng, &mut text);
    }
    finished(rng, text)
}

/// A file for a reader that takes lines as they stand.
pub fn raw_text(rng: &mut Rng) -> String {
    let mut text = String::new();
    if rng.u8(..12) == 0 {
        text.push('\u{feff}');
    }
    for _ in 0..rng.usize(1..10) {
        match rng.u8(..20) {
            0 => text.push_str(["# A=1", "  # no", "#"][rng.usize(..3)]),
            1 => text.push_str(["", "  ", "\t"][rng.usize(..3)]),
            2 | 3 => text.push_str(key(rng)),
            4 => write!(
                text,
                "{}{}",
                ["=", "A B", "\u{a0}", "A\t", "export A"][rng.usize(..5)],
                ["", "=1"][rng.usize(..2)]
            )
            .unwrap(),
            _ => {
                let indent = if rng.u8(..8) == 0 { [" ", "\t", "\u{3000}"][rng.usize(..3)] } else { "" };
                write!(text, "{indent}{}={}", key(rng), value(rng, 2).replace('\n', " ")).unwrap();
            }
        }
        text.push('\n');
    }
    finished(rng, text)
}

/// With the line ends of another system, or without the last one.
fn finished(rng: &mut Rng, text: String) -> String {
    let mut text = if rng.u8(..6) == 0 { text.replace('\n', "\r\n") } else { text };
    if rng.u8(..5) == 0 {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    text
}

fn key(rng: &mut Rng) -> &'static str {
    KEYS[rng.usize(..KEYS.len())]
}

fn statement(rng: &mut Rng, text: &mut String) {
    match rng.u8(..40) {
        0 | 1 => text.push_str(["# A=1\n", "  # 'no\n", "#\n"][rng.usize(..3)]),
        2 | 3 => text.push_str(["\n", "  \n", "\t\n", "\u{3000}\n"][rng.usize(..4)]),
        4 | 5 => text.push_str(&format!("{}{}\n", key(rng), ["", " ", "\t"][rng.usize(..3)])),
        6 if rng.bool() => {
            let strange = [
                "=v", "A B=1", "A!=1", "A$=1", "export", "export ", "\"A\"=1", "A\tB=1", ": v", "é=1", "²=1",
                "A=1;B=2", "%",
            ];
            text.push_str(strange[rng.usize(..strange.len())]);
            text.push('\n');
        }
        _ => assignment(rng, text),
    }
}

fn assignment(rng: &mut Rng, text: &mut String) {
    text.push_str(if rng.u8(..8) == 0 { ["  ", "\t", "\u{a0}"][rng.usize(..3)] } else { "" });
    text.push_str(if rng.u8(..8) == 0 { ["export ", "export\t", "export  "][rng.usize(..3)] } else { "" });
    text.push_str(key(rng));
    text.push_str(if rng.u8(..4) > 0 { "=" } else { [" = ", ": ", ":", "= ", " =", "=\t"][rng.usize(..6)] });
    let body = value(rng, 3);
    match rng.u8(..8) {
        0 => {}
        1 | 2 => quoted(rng, text, '"', &body),
        3 => quoted(rng, text, '\'', &body),
        _ => text.push_str(&body.replace('\n', " ")),
    }
    text.push('\n');
}

fn quoted(rng: &mut Rng, text: &mut String, quote: char, body: &str) {
    // Now and then nobody escapes what would close it, or nothing closes it.
    let careless = rng.u8(..10) == 0;
    let body = if careless { body.to_owned() } else { body.replace(quote, &format!("\\{quote}")) };
    let body = if careless { &*body } else { body.trim_end_matches('\\') };
    text.push(quote);
    text.push_str(body);
    if rng.u8(..30) > 0 {
        text.push(quote);
    }
    text.push_str(["", "", "", "", " ", " # c", "# c", " junk", "B=2"][rng.usize(..9)]);
}

/// A value, with a line end in it now and then.
pub fn value(rng: &mut Rng, depth: usize) -> String {
    let mut value = String::new();
    for _ in 0..rng.usize(..4) {
        match rng.u8(..10) {
            0..=4 => value.push_str(WORDS[rng.usize(..WORDS.len())]),
            5 if rng.u8(..4) == 0 => value.push_str(DOLLARS[rng.usize(..DOLLARS.len())]),
            5 if rng.u8(..4) == 0 => value.push('\n'),
            _ => value.push_str(&asked(rng, depth)),
        }
    }
    value
}

/// `$X` and its kin; what stands in for a value asks again.
fn asked(rng: &mut Rng, depth: usize) -> String {
    let name = NAMES[rng.usize(..NAMES.len())];
    match rng.u8(..4) {
        0 => format!("${name}"),
        1 => format!("${{{name}}}"),
        // What is required is missing only now and then.
        _ if depth > 0 && rng.u8(..12) > 0 => {
            format!("${{{name}{}{}}}", OPERATORS[rng.usize(..4)], value(rng, depth - 1))
        }
        _ => format!("${{{name}{}{}}}", OPERATORS[rng.usize(..6)], WORDS[rng.usize(..WORDS.len())]),
    }
}
