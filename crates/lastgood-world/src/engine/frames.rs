//! Takes the text out of an engine's log stream, in which stdout and stderr are interleaved as frames. A container with a
//! terminal has no frames: its stream is the text.

use std::io::{self, Read};

/// Each frame begins with its stream, three zeros, and its length.
const HEADER: usize = 8;

/// The text of a log stream, whichever form it has. A frame that is cut short is used as far as it goes.
#[derive(Debug)]
pub(crate) struct Frames<R> {
    stream: R,
    state: State,
}

#[derive(Debug)]
enum State {
    Begin,
    /// What was read to see that there are no frames, and from where of it is not yet handed on.
    Bare(Vec<u8>, usize),
    /// Bytes left of this frame.
    Framed(usize),
}

impl<R: Read> Frames<R> {
    pub(crate) const fn new(stream: R) -> Self {
        Self { stream, state: State::Begin }
    }

    /// The next header, as far as there is one.
    fn header(&mut self) -> io::Result<Vec<u8>> {
        let mut header = Vec::with_capacity(HEADER);
        self.stream.by_ref().take(HEADER as u64).read_to_end(&mut header)?;
        Ok(header)
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.state {
                State::Begin => {
                    let header = self.header()?;
                    self.state = length(&header).map_or(State::Bare(header, 0), State::Framed);
                }
                State::Bare(first, at) => {
                    let read = first.get(*at..).unwrap_or_default().read(out)?;
                    *at += read;
                    return if read > 0 { Ok(read) } else { self.stream.read(out) };
                }
                State::Framed(0) => match length(&self.header()?) {
                    Some(length) => self.state = State::Framed(length),
                    None => return Ok(0),
                },
                State::Framed(left) => {
                    let room = (*left).min(out.len());
                    let read = self.stream.read(out.get_mut(..room).unwrap_or_default())?;
                    *left -= read;
                    return Ok(read);
                }
            }
        }
    }
}

/// The length of the frame that this is the header of.
fn length(header: &[u8]) -> Option<usize> {
    match *header {
        [0..=2, 0, 0, 0, a, b, c, d] => usize::try_from(u32::from_be_bytes([a, b, c, d])).ok(),
        _ => None,
    }
}

/// The text of a log body.
#[must_use]
pub fn text_of_frames(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len());
    // Reading from memory does not fail.
    let _read = Frames::new(body).read_to_end(&mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_joined_and_a_terminal_has_none() {
        let body = b"\x01\0\0\0\0\0\0\x04one\n\x02\0\0\0\0\0\0\x00\x02\0\0\0\0\0\0\x04two\n\x01\0\0\0\0\0\0\x09cut";
        assert_eq!(text_of_frames(body), b"one\ntwo\ncut");
        assert_eq!(text_of_frames(b"plain text\r\n"), b"plain text\r\n");
        assert_eq!(text_of_frames(b"short"), b"short");
        assert_eq!(text_of_frames(b""), b"");
        assert_eq!(text_of_frames(b"\x01\0\0"), b"\x01\0\0");
    }

    #[test]
    fn frames_are_read_in_pieces_of_any_size() {
        let body = b"\x01\0\0\0\0\0\0\x04one\n\x02\0\0\0\0\0\0\x04two\n";
        for size in 1..10 {
            let (mut frames, mut piece, mut text) = (Frames::new(&body[..]), vec![0; size], Vec::new());
            while let Ok(read @ 1..) = frames.read(&mut piece) {
                text.extend_from_slice(&piece[..read]);
            }
            assert_eq!(text, b"one\ntwo\n", "{size}");
        }
    }
}
