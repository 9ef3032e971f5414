//! Columns of a terminal: how wide a text is, cutting, wrapping, padding, and colour. Wide characters count twice.
//! What stands where is decided in `terminal`.

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text with blanks up to `columns`.
#[must_use]
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text in at most `columns`, its end given up for `…`.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let kept = beginning(text, columns.saturating_sub(1));
    format!("{}…", kept.trim_end())
}

/// As much of the beginning as fits.
#[must_use]
pub fn beginning(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    end.map_or(text, |(at, _)| text.get(..at).unwrap_or(text))
}

/// As much of the end as fits.
#[must_use]
pub fn ending(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let begin = text.char_indices().rev().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    begin.map_or(text, |(at, c)| text.get(at + c.len_utf8()..).unwrap_or(text))
}

/// Lines of at most `columns`, broken at blanks; a word that is longer stands alone and uncut.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { continue };
        if line.is_empty() {
            line.push_str(word);
        } else if width(line) + 1 + width(word) <= columns {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Ordinary text.
    Plain,
    /// Labels, references.
    Dim,
    /// What matters most.
    Strong,
    /// Something is wrong.
    Bad,
    /// Something is fine.
    Good,
    /// To be typed.
    Command,
}

impl Ink {
    const fn style(self) -> Style {
        let style = Style::new();
        match self {
            Self::Plain => style,
            Self::Dim => style.dimmed(),
            Self::Strong => style.bold(),
            Self::Bad => style.bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))),
            Self::Good => style.bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))),
            Self::Command => style.bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan))),
        }
    }
}

/// A line of a terminal: pieces of text, each of one colour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(Vec<(Ink, String)>);

impl Line {
    /// One piece.
    #[must_use]
    pub fn of(ink: Ink, text: impl Into<String>) -> Self {
        Self(vec![(ink, text.into())])
    }

    /// With another piece behind it.
    #[must_use]
    pub fn and(mut self, ink: Ink, text: impl Into<String>) -> Self {
        self.0.push((ink, text.into()));
        self
    }

    /// With blanks or a label before it.
    #[must_use]
    pub fn behind(mut self, ink: Ink, text: impl Into<String>) -> Self {
        self.0.insert(0, (ink, text.into()));
        self
    }

    /// Columns that it takes.
    #[must_use]
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// As it is written.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut out = String::new();
        for (ink, text) in &self.0 {
            if !colour || *ink == Ink::Plain || text.trim().is_empty() {
                out.push_str(text);
            } else {
                let style = ink.style();
                out.push_str(&format!("{style}{text}{style:#}"));
            }
        }
        if colour { out } else { out.trim_end().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(width("원인 nginx"), 10);
        assert_eq!(pad("원인", 6), "원인  ");
        assert_eq!(cut("원인과 근거", 8), "원인과…");
        assert_eq!(beginning("원인", 3), "원");
        assert_eq!(ending("원인", 3), "인");
        assert_eq!(ending("abc", 9), "abc");
    }

    #[test]
    fn wraps_at_blanks_and_leaves_long_words_whole() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a /very/long/path b", 5), ["a", "/very/long/path", "b"]);
        assert_eq!(wrap("로그를 모두 읽음", 9), ["로그를", "모두 읽음"]);
    }

    #[test]
    fn colour_only_where_allowed() {
        let line = Line::of(Ink::Bad, "wrong").and(Ink::Plain, " all of it ");
        assert_eq!(line.render(false), "wrong all of it");
        assert!(line.render(true).starts_with("\u{1b}["));
    }
}
