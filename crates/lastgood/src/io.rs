//! What a run may know of its surroundings: two streams, whether they are terminals, how wide, and the environment.
//! Handed in, so that tests run without a process. Standard input is opened by `lastgood-world`, only for `-`.

use std::collections::BTreeMap;
use std::io::{ErrorKind, IsTerminal, Write};

use crate::complaint::Complaint;
use crate::pipeline::NoLogs;
use crate::render::quote::{clean, repeated};
use crate::words::Lang;

/// The surroundings of a run.
pub struct Io<'a> {
    /// Answers.
    pub stdout: &'a mut dyn Write,
    /// Complaints and progress.
    pub stderr: &'a mut dyn Write,
    /// Whether a person reads the answers as they come.
    pub stdout_is_terminal: bool,
    /// Whether a person sees the complaints as they come.
    pub stderr_is_terminal: bool,
    /// Columns of the terminal that answers go to, if they go to one.
    pub columns: Option<usize>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
}

impl<'a> Io<'a> {
    /// Those of this process.
    pub fn of_process(stdout: &'a mut dyn Write, stderr: &'a mut dyn Write) -> Self {
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        Self {
            stdout,
            stderr,
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            columns: terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0)),
            environment: std::env::vars_os().map(|(key, value)| (text(key), text(value))).collect(),
        }
    }

    /// The same surroundings, with answers that go elsewhere.
    pub fn answering<'b>(&'b mut self, stdout: &'b mut dyn Write) -> Io<'b> {
        Io { stdout, stderr: &mut *self.stderr, environment: self.environment.clone(), ..*self }
    }

    /// Writes an answer. A reader who has seen enough (`lastgood why … | head`) is no failure.
    pub fn answer(&mut self, text: &str) -> std::io::Result<()> {
        match self.stdout.write_all(text.as_bytes()).and_then(|()| self.stdout.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Says why a run ended without an answer, and the ways out, one a line.
    pub fn complain(&mut self, error: &anyhow::Error, lang: Lang) -> std::io::Result<()> {
        let labels = lang.words().labels();
        let (what, hints) = if let Some(complaint) = error.downcast_ref::<Complaint>() {
            lang.words().complaint(complaint)
        } else if let Some(none) = error.downcast_ref::<NoLogs>() {
            lang.words().complaint(&Complaint::NoLogs {
                looked_at: none.looked_at.iter().map(ToString::to_string).collect(),
                files: none.files,
                gaps: none.gaps.clone(),
            })
        } else {
            (format!("{error:#}"), Vec::new())
        };
        writeln!(self.stderr, "lastgood: {}: {}", labels.error, clean(&repeated(&what)))?;
        for hint in hints {
            writeln!(self.stderr, "{}: {}", labels.hint, clean(&repeated(&hint)))?;
        }
        Ok(())
    }

    /// A variable that is set and not blank.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The first locale variable that says something about characters and language, as POSIX ranks them.
    #[must_use]
    pub fn locale(&self) -> Option<&str> {
        ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| self.variable(name))
    }

    /// Whether the locale's characters are UTF-8; a pipe gets UTF-8 in any case.
    #[must_use]
    pub fn speaks_utf8(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| self.variable(name));
        let utf8 = |locale: &str| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        };
        !self.stdout_is_terminal || locale.is_some_and(utf8)
    }

    /// Columns to write in.
    #[must_use]
    pub fn width(&self) -> usize {
        let told = self.variable("COLUMNS").and_then(|columns| columns.parse().ok());
        told.or(self.columns).unwrap_or(80).clamp(40, 160)
    }
}
