//! One line while it is written, and where in it the facts stand without which it tells nothing.
//! Knowing that, a line can be cut so that nobody can argue about what is left of it.

use crate::clock::append;
use std::fmt::Arguments;

/// Bytes of one line, without a newline.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// What was written so far.
    pub bytes: Vec<u8>,
    /// Where the line itself begins: what is before it is put there by somebody else, and may stand alone.
    pub begins: usize,
    /// Where the later one of time and status begins: a line that is cut before it is no request.
    pub silent_until: usize,
    /// Where the last one of time, request and status ends: a line that is cut behind it tells all of them.
    pub told_from: usize,
}

impl Draft {
    /// Appends what is neither time nor request nor status.
    pub fn text(&mut self, text: Arguments<'_>) {
        append(&mut self.bytes, text);
    }

    /// Appends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends the time or the status.
    pub fn vital(&mut self, text: Arguments<'_>) {
        self.silent_until = self.bytes.len();
        self.request(text);
    }

    /// Appends the request, or its path.
    pub fn request(&mut self, text: Arguments<'_>) {
        append(&mut self.bytes, text);
        self.told_from = self.bytes.len();
    }

    /// Puts something before the line.
    pub fn prefix(&mut self, prefix: &[u8]) {
        self.bytes.splice(..0, prefix.iter().copied());
        self.begins += prefix.len();
        self.silent_until += prefix.len();
        self.told_from += prefix.len();
    }
}
