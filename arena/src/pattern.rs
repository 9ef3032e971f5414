//! Texts with gaps: the pieces between `…` have to stand in order. Holds no opinion of what they mean.

/// Whether the pieces of a pattern stand in a text, in order. What is no text (U+FFFD) is a gap too.
pub fn stands_in(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    pattern.split(['…', '\u{fffd}']).all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::stands_in;

    #[test]
    fn pieces_in_order() {
        assert!(stands_in("connect() failed…upstream", "connect() failed (111) while connecting to upstream"));
        assert!(!stands_in("upstream…connect()", "connect() then upstream"));
        assert!(stands_in("…", "anything"));
    }
}
