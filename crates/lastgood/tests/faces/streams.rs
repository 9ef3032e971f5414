//! A run inside this process: what it makes of terminals, colours, widths and readers that go away.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};

use lastgood::exit::Exit;
use lastgood::io::Io;
use lastgood::run::run;

/// A run of these arguments; with it both streams.
fn in_process(arguments: &[&str], variables: &[(&str, &str)], terminal: bool) -> (Exit, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let environment: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut io = Io {
        stdout: &mut stdout,
        stderr: &mut stderr,
        stdout_is_terminal: terminal,
        stderr_is_terminal: terminal,
        columns: None,
        environment,
    };
    let exit = run(["lastgood"].iter().chain(arguments).map(OsString::from), &mut io);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (exit, text(stdout), text(stderr))
}

#[test]
fn a_terminal_gets_colours_unless_they_are_unwanted() {
    let painted = |variables: &[(&str, &str)]| in_process(&["explain", "502"], variables, true).1.contains('\u{1b}');
    assert!(painted(&[("TERM", "xterm")]));
    assert!(!painted(&[("NO_COLOR", "1")]));
    assert!(!painted(&[("TERM", "dumb")]));
    assert!(painted(&[("NO_COLOR", "")]), "an empty NO_COLOR is none");
    assert!(!in_process(&["explain", "502"], &[], false).1.contains('\u{1b}'));
}

#[test]
fn lines_are_as_wide_as_the_terminal() {
    let widest = |columns: &str| {
        let (_, text, _) = in_process(&["explain", "disk-full"], &[("COLUMNS", columns)], true);
        text.lines().map(lastgood::render::layout::width).max().unwrap_or(0)
    };
    assert!(widest("60") <= 60 + 8, "escapes aside");
    assert!(widest("120") > 80);
    assert!(widest("nonsense") <= 80 + 8);
}

#[test]
fn usage_is_explained_where_it_belongs() {
    let (exit, stdout, stderr) = in_process(&["why", "--noticed"], &[], false);
    assert_eq!((exit, stdout.as_str()), (Exit::Unknown, ""));
    assert!(stderr.starts_with("error: "), "{stderr}");
    let (exit, stdout, stderr) = in_process(&["--version"], &[], false);
    assert_eq!((exit, stderr.as_str()), (Exit::Good, ""));
    assert!(stdout.starts_with("lastgood "), "{stdout}");
}

/// A reader that has seen enough.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::Error::from(io::ErrorKind::BrokenPipe))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut stderr = Vec::new();
    let mut io = Io {
        stdout: &mut Gone,
        stderr: &mut stderr,
        stdout_is_terminal: false,
        stderr_is_terminal: false,
        columns: None,
        environment: BTreeMap::new(),
    };
    let exit = run(["lastgood", "explain", "502"].map(OsString::from), &mut io);
    assert_eq!((exit, stderr.as_slice()), (Exit::Good, &[][..]));
}
