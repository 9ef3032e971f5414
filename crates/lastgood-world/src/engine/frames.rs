//! Takes the text out of an engine's log stream, in which stdout and stderr are interleaved as frames. A container with a
//! terminal has no frames: its stream is the text.

/// Each frame begins with its stream, three zeros, and its length.
const HEADER: usize = 8;

/// The text of a log body, whichever form it has. A frame that is cut short is used as far as it goes.
#[must_use]
pub fn text_of_frames(body: &[u8]) -> Vec<u8> {
    if !begins_with_frame(body) {
        return body.to_vec();
    }
    let mut text = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((header, after)) = rest.split_first_chunk::<HEADER>() {
        let [_, _, _, _, a, b, c, d] = *header;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX).min(after.len());
        let (frame, next) = after.split_at(length);
        text.extend_from_slice(frame);
        rest = next;
    }
    text
}

fn begins_with_frame(body: &[u8]) -> bool {
    matches!(body, [0..=2, 0, 0, 0, ..]) && body.len() >= HEADER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_joined_and_a_terminal_has_none() {
        let body = b"\x01\0\0\0\0\0\0\x04one\n\x02\0\0\0\0\0\0\x04two\n\x01\0\0\0\0\0\0\x09cut";
        assert_eq!(text_of_frames(body), b"one\ntwo\ncut");
        assert_eq!(text_of_frames(b"plain\r\n"), b"plain\r\n");
        assert_eq!(text_of_frames(b""), b"");
        assert_eq!(text_of_frames(b"\x01\0\0"), b"\x01\0\0");
    }
}
