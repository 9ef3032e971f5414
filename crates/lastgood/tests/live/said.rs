//! What a command has to have said. How it is run stands in `bed.rs`.

use crate::bed::Said;

impl Said {
    /// All of it, however it is laid out.
    pub fn text(&self) -> String {
        format!("{} {}", self.stdout, self.stderr).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// It ended with that code, and says these words.
    pub fn ends(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        let text = self.text();
        for word in words {
            assert!(text.contains(word), "no `{word}`: {}{}", self.stdout, self.stderr);
        }
    }
}
