//! The packed bytes, a buffer at a time. What they mean is the decoders' business.

use std::io::{self, Read};

use crate::damage::Damage;
use crate::handle::Handle;

const INPUT: usize = 64 * 1024;

/// A buffer between a file and a decoder.
pub(super) struct Input {
    handle: Handle,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    failure: Option<Damage>,
    starved: bool,
}

impl Input {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle, buffer: vec![0; INPUT].into_boxed_slice(), at: 0, end: 0, failure: None, starved: false }
    }

    /// Bytes taken from the file so far.
    pub(super) fn position(&self) -> u64 {
        self.handle.position()
    }

    /// Some bytes that follow; none at the end of the file, or where it cannot be read any more.
    pub(super) fn bytes(&mut self) -> &[u8] {
        self.peek(1);
        self.buffer.get(self.at..self.end).unwrap_or_default()
    }

    /// The next `count` bytes; less at the end.
    pub(super) fn peek(&mut self, count: usize) -> &[u8] {
        if self.end - self.at < count {
            self.buffer.copy_within(self.at..self.end, 0);
            self.end -= self.at;
            self.at = 0;
            match self.handle.fill(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(read) => self.end += read,
                Err(error) => self.failure = Some(Damage::from(error)),
            }
            self.starved |= self.end < count;
        }
        let end = self.end.min(self.at + count);
        self.buffer.get(self.at..end).unwrap_or_default()
    }

    /// Goes forward over bytes that were seen.
    pub(super) fn take(&mut self, count: usize) {
        self.at = self.end.min(self.at + count);
    }

    /// Goes forward over bytes that nobody wants. Says whether there were so many.
    pub(super) fn skip(&mut self, mut count: u64) -> bool {
        while count > 0 {
            let here = self.bytes().len();
            if here == 0 {
                return false;
            }
            let step = usize::try_from(count).unwrap_or(here).min(here);
            self.take(step);
            count -= step as u64;
        }
        true
    }

    /// Whether somebody wanted bytes behind the end.
    pub(super) fn is_starved(&self) -> bool {
        self.starved
    }

    /// Why the file could not be read on.
    pub(super) fn failure(&mut self) -> Option<Damage> {
        self.failure.take()
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.bytes();
        let length = bytes.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..length), bytes.get(..length)) {
            to.copy_from_slice(from);
        }
        self.take(length);
        Ok(length)
    }
}
