//! Names and log lines that try to steer what shows them: escapes, controls, marks that turn the direction of writing
//! or take no room. No output hands them on.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::Value;

use crate::process::lastgood;
use crate::{folder, line};

const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}evil\u{200b}\u{2066}\u{feff}<script>alert(1)</script>";

/// Whether a text could do something to what shows it.
fn steering(text: &str) -> Option<char> {
    text.chars().find(|&c| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    })
}

#[test]
fn nothing_in_a_line_or_a_name_steers_what_shows_it() {
    // An outage whose every line carries the marks, in the path, the browser's name and the error log.
    let access: String = (0..1_200)
        .map(|second| {
            let status = if (600..900).contains(&second) { 502 } else { 200 };
            line(second, second % 9, &format!("/shop/{EVIL}"), status).replace("curl/7.88", EVIL)
        })
        .collect();
    let error: String = (600..900)
        .map(|second| {
            format!(
                "2022/11/16 12:{:02}:{:02} [error] 7#7: *1 connect() failed (111: Connection refused) while connecting \
                 to upstream, client: 10.0.0.1, server: {EVIL}, request: \"GET /shop/{EVIL} HTTP/1.1\", upstream: \
                 \"http://127.0.0.1:3000/{EVIL}\", host: \"{EVIL}\"\n",
                second / 60,
                second % 60
            )
        })
        .collect();
    let folder = folder([("new\nline-access.log", access.as_str()), ("new\nline-error.log", &error)]);
    for name in [&b"\x1b[31m\xff\xfe-access.log"[..], "\u{202e}gol.ssecca.log".as_bytes(), b"\xff\x9b.zip"] {
        fs::write(folder.path().join(OsStr::from_bytes(name)), line(5, 1, "/", 200)).unwrap();
    }
    fs::write(folder.path().join("\u{202e}\u{1b}[2J.zip"), "PK\x03\x04").unwrap();
    let path = folder.path().as_os_str();
    for arguments in [
        &["why"][..],
        &["why", "--json"],
        &["why", "--lang", "ko"],
        &["report"],
        &["report", "--format", "json"],
        &["timeline", "--by", "path"],
        &["timeline", "--by", "path", "--json"],
        &["timeline", "--by", "path", "--tsv"],
    ] {
        let ran = lastgood(arguments.iter().map(|argument| OsStr::new(*argument)).chain([path]));
        let steering = steering(&ran.stdout.replace('\t', " ")).or(steering(&ran.stderr));
        assert_eq!(steering, None, "{arguments:?}: {ran:?}");
        assert!(ran.code < 2, "{arguments:?}: {ran:?}");
        if arguments.contains(&"json") || arguments.contains(&"--json") {
            let parsed: Value = ran.json();
            assert!(parsed.is_object());
        }
        if arguments == ["report"] {
            let outside: String = ran.stdout.split('`').step_by(2).collect();
            assert!(!outside.contains("<script>"), "{}", ran.stdout);
        }
    }
}
