//! A page of a terminal: sections beside a margin of labels, and which of their rows give way when it would get longer
//! than a screen. What the sections say is `terminal`'s business.

use super::layout::{Ink, Line, pad};

/// A verdict fits these; `-v` shows the rest.
const MOST_LINES: usize = 40;

/// Sections of this rank and above keep what they want to keep even then.
const INDISPENSABLE: u8 = 60;

/// Rows that belong together, under one label.
#[derive(Clone, Debug)]
pub struct Section {
    /// In the margin of its first line.
    pub label: &'static str,
    /// Sections of low rank give way first.
    pub rank: u8,
    /// So many rows stay in any case.
    pub keep: usize,
    /// Each row stands or goes as a whole.
    pub rows: Vec<Vec<Line>>,
}

impl Section {
    fn lines(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }
}

enum Block {
    Fixed(Line),
    Section(Section),
}

/// A page as it grows.
pub struct Page {
    margin: usize,
    blocks: Vec<Block>,
}

impl Page {
    /// An empty one, with so many columns for labels.
    #[must_use]
    pub const fn new(margin: usize) -> Self {
        Self { margin, blocks: Vec::new() }
    }

    /// A line from edge to edge.
    pub fn line(&mut self, line: Line) {
        self.blocks.push(Block::Fixed(line));
    }

    /// A line that never gives way, beside its label.
    pub fn headline(&mut self, ink: Ink, label: &str, line: Line) {
        self.blocks.push(Block::Fixed(line.behind(ink, pad(label, self.margin))));
    }

    /// An empty line.
    pub fn gap(&mut self) {
        self.line(Line::default());
    }

    /// Rows; nothing if there are none.
    pub fn add(&mut self, section: Section) {
        if !section.rows.is_empty() {
            self.blocks.push(Block::Section(section));
        }
    }

    /// Takes rows away until the page fits a screen, and returns how many lines that were.
    pub fn fit(&mut self) -> usize {
        let before = self.lines();
        // One line will say how many are left out.
        if before > MOST_LINES {
            // First what may go, then, of the weakest sections, what should have stayed.
            while self.lines() > MOST_LINES - 1 && (self.shorten(0) || self.shorten(usize::MAX)) {}
        }
        before - self.lines()
    }

    /// Takes a row from the weakest section that can spare one, or need not keep as many as it wanted.
    fn shorten(&mut self, unwanted: usize) -> bool {
        let sections = self.blocks.iter_mut().filter_map(|block| match block {
            Block::Section(section) => Some(section),
            Block::Fixed(_) => None,
        });
        let spare = sections.filter(|section| {
            let keep = if section.rank < INDISPENSABLE { section.keep.saturating_sub(unwanted) } else { section.keep };
            section.rows.len() > keep
        });
        spare.min_by_key(|section| section.rank).is_some_and(|weakest| weakest.rows.pop().is_some())
    }

    fn lines(&self) -> usize {
        let lines = self.blocks.iter().map(|block| match block {
            Block::Fixed(_) => 1,
            Block::Section(section) => section.lines(),
        });
        lines.sum()
    }

    /// As it is written.
    #[must_use]
    pub fn render(self, colour: bool) -> String {
        let mut out = String::new();
        for block in self.blocks {
            match block {
                Block::Fixed(line) => out += &(line.render(colour) + "\n"),
                Block::Section(section) => {
                    for (index, line) in section.rows.into_iter().flatten().enumerate() {
                        let label = if index == 0 { section.label } else { "" };
                        out += &(line.behind(Ink::Dim, pad(label, self.margin)).render(colour) + "\n");
                    }
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(label: &'static str, rank: u8, keep: usize, rows: usize) -> Section {
        let rows = (0..rows).map(|row| vec![Line::of(Ink::Plain, format!("{label}{row}"))]).collect();
        Section { label, rank, keep, rows }
    }

    #[test]
    fn the_weakest_rows_give_way_and_some_stay() {
        let mut page = Page::new(4);
        page.add(section("a", 50, 0, 30));
        page.add(section("b", 10, 2, 20));
        page.line(Line::of(Ink::Plain, "end"));
        assert_eq!(page.fit(), 12, "39 lines are left, and one to say so");
        let text = page.render(false);
        assert!(text.starts_with("a   a0\n    a1\n"), "{text}");
        assert!(text.ends_with("b   b0\n    b1\n    b2\n    b3\n    b4\n    b5\n    b6\n    b7\nend\n"), "{text}");
    }

    #[test]
    fn what_should_have_stayed_goes_before_the_page_gets_too_long() {
        let mut page = Page::new(4);
        page.add(section("a", 90, 38, 38));
        page.add(section("b", 10, 2, 2));
        page.add(section("c", 20, 2, 2));
        assert_eq!(page.fit(), 3);
        assert!(page.render(false).ends_with("a37\nc   c0\n"));
    }

    #[test]
    fn a_page_that_fits_stays_whole() {
        let mut page = Page::new(4);
        page.add(section("a", 10, 0, 40));
        assert_eq!(page.fit(), 0);
    }
}
